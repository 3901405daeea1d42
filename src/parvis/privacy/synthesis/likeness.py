"""How far a synthetic copy is from its original: each column, and each pair of columns, by the share of rows to change."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from parvis.privacy.microdata.coding import Floats, Ints
from parvis.privacy.rehearsal import Synthetic
from parvis.privacy.synthesis.domain import Domain


def between(domains: Sequence[Domain], codes: Sequence[Ints]) -> Synthetic:
    """Return the distances (0: alike, 1: nothing in common) between the codes of the original and those drawn."""
    alone = {
        d.column.name: _apart(_shares(d.codes, d.size), _shares(own, d.size))
        for d, own in zip(domains, codes, strict=True)
    }
    pairs = []
    for (first, one), (second, other) in itertools.combinations(zip(domains, codes, strict=True), 2):
        size = first.size * second.size
        before = _shares(first.codes * second.size + second.codes, size)
        after = _shares(one * second.size + other, size)
        pairs.append(
            (first.column.label or first.column.name, second.column.label or second.column.name, _apart(before, after))
        )
    worst = max(pairs, key=lambda p: p[2], default=())
    return Synthetic(0, 0.0, alone, float(np.mean([p[2] for p in pairs])) if pairs else 0.0, tuple(worst))


def _shares(codes: Ints, size: int) -> Floats:
    return np.asarray(np.bincount(codes, minlength=size) / max(len(codes), 1))


def _apart(before: Floats, after: Floats) -> float:
    return float(np.abs(before - after).sum() / 2)
