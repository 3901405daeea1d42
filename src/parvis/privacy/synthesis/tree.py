"""Columns and pairs measured with noise: each column, then the pairs that tell most, chosen in private to make a tree.

Everything is drawn exactly (``tabular.noise``), under one budget rho of concentrated differential privacy: a third for the
columns, a third to choose the pairs, a third to measure them. The distance from what independence would give, less what
chance gives, stands for mutual information: one person changes it by one, and the information by much more.

Source: McKenna, Miklau and Sheldon 2021, arXiv:2108.04978; McKenna et al. 2022, arXiv:2201.12677 (the size of a pair taken
        off); Cesar and Rogers 2021, arXiv:2004.07223 (the exponential
        mechanism of epsilon spends epsilon² / 8).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from parvis.frozen import dataclass
from parvis.privacy.microdata.coding import Floats
from parvis.privacy.stream import Stream
from parvis.privacy.synthesis.domain import Domain
from parvis.privacy.tabular import noise

_TURNS = 12  # of the fit of a pair to its two columns
_NOTHING = -1e15  # of a value that the copy never has
_PARTS = 10**6  # denominators of a budget


@dataclass(frozen=True, eq=False)
class Tree:
    """What was measured: ``rows`` in all, the counts of each column, and of each pair (parent, child), roots first."""

    rows: int
    columns: Sequence[Floats]
    pairs: Sequence[tuple[int, int, Floats]]  # (place of the parent, of the child, (m, n) counts)


def measure(domains: Sequence[Domain], epsilon: float, delta: float, stream: Stream) -> Tree:
    """Return the columns and the pairs of a table, noisy, spending epsilon (and delta) in all."""
    rho = Fraction(noise.rho_of(epsilon, delta)).limit_denominator(_PARTS)
    count = len(domains)
    share = rho if count == 1 else rho / 3
    columns = [_noisy(_count(d), share / count, stream) for d in domains]
    rows = max(1, round(float(np.mean([c.sum() for c in columns]))))
    shut = [np.arange(d.size) == (-1 if d.empty else 0) for d in domains]
    columns = [_fitted(np.where(s, _NOTHING, c), rows) for c, s in zip(columns, shut, strict=True)]
    if count == 1:
        return Tree(rows, columns, ())
    chosen = _chosen(domains, columns, rows, share / (count - 1), stream)
    pairs = []
    for parent, child in _rooted(chosen, columns):
        held = _counts(domains[parent], domains[child])
        never = shut[parent][:, None] | shut[child][None, :]
        measured = _fitted(np.where(never, _NOTHING, _noisy(held, share / (count - 1), stream)), rows)
        pairs.append((parent, child, _raked(measured, columns[parent], columns[child])))
    return Tree(rows, columns, tuple(pairs))


# --- Steps ----------------------------------------------------------------------------------------


def _count(domain: Domain) -> Floats:
    return np.bincount(domain.codes, minlength=domain.size).astype(np.float64)


def _counts(first: Domain, second: Domain) -> Floats:
    held = np.bincount(first.codes * second.size + second.codes, minlength=first.size * second.size)
    return np.asarray(held.reshape(first.size, second.size), np.float64)


def _noisy(counts: Floats, rho: Fraction, stream: Stream) -> Floats:
    """Return counts with discrete Gaussian noise: one person more changes one of them by one."""
    variance = 1 / (2 * rho)
    drawn = [noise.discrete_gaussian(variance, stream) for _ in range(counts.size)]
    return np.asarray(counts + np.array(drawn, np.float64).reshape(counts.shape))


def _fitted(counts: Floats, rows: int) -> Floats:
    """Return the nearest counts that are not below nothing and sum to the rows: cutting alone would leave too many people."""
    flat = np.sort(counts.ravel())[::-1]
    over = (np.cumsum(flat) - rows) / np.arange(1, len(flat) + 1)
    last = np.flatnonzero(flat > over)[-1]
    return np.asarray(np.maximum(counts - over[last], 0.0))


def _raked(pair: Floats, first: Floats, second: Floats) -> Floats:
    """Return a pair's counts bent until they agree with those of its two columns."""
    # Where the columns have people and the pair none, independence says how they meet.
    made = pair + 1e-3 * np.outer(first, second) / max(first.sum(), 1.0)
    for _ in range(_TURNS):
        made = made * (first / np.maximum(made.sum(1), 1e-12))[:, None]
        made = made * (second / np.maximum(made.sum(0), 1e-12))[None, :]
    return np.asarray(made)


def _chosen(
    domains: Sequence[Domain], columns: Sequence[Floats], rows: int, rho: Fraction, stream: Stream
) -> list[tuple[int, int]]:
    """Return the pairs of a tree, each drawn among those that join two parts of it, the more telling the likelier."""
    power = Fraction(math.sqrt(8 * rho)).limit_denominator(_PARTS)  # epsilon of each choice
    deviation = math.sqrt(1 / (2 * rho))  # of the noise that each pair will be measured with
    scores = {}
    for a, b in itertools.combinations(range(len(domains)), 2):
        alone = np.outer(columns[a], columns[b]) / rows
        apart = float(np.abs(_counts(domains[a], domains[b]) - alone).sum())
        # What chance and the noise to come give to the pair: a large one would win by its size alone.
        scores[a, b] = math.floor(apart - float(np.sqrt(2 / np.pi * (alone + deviation**2)).sum()))
    part, chosen = list(range(len(domains))), []
    for _ in range(len(domains) - 1):
        open_ones = [pair for pair in scores if part[pair[0]] != part[pair[1]]]
        a, b = _drawn(open_ones, [scores[p] for p in open_ones], power, stream)
        chosen.append((a, b))
        old, new = part[b], part[a]
        part = [new if p == old else p for p in part]
    return chosen


def _drawn(pairs: Sequence[tuple[int, int]], scores: Sequence[int], power: Fraction, stream: Stream) -> tuple[int, int]:
    """Return a pair with a chance proportional to exp(power × score / 2): drawn at will, and kept with the right chance."""
    best = max(scores)
    while True:
        at = stream.randrange(len(pairs))
        if noise.chance_exp(power * (best - scores[at]) / 2, stream):
            return pairs[at]


def _rooted(chosen: Sequence[tuple[int, int]], columns: Sequence[Floats]) -> list[tuple[int, int]]:
    """Return the pairs as (parent, child) from the column of most pairs, each parent told before its children."""
    near: dict[int, list[int]] = {at: [] for at in range(len(columns))}
    for a, b in chosen:
        near[a].append(b)
        near[b].append(a)
    root = max(near, key=lambda at: (len(near[at]), -at))
    out, seen, waiting = [], {root}, [root]
    while waiting:
        parent = waiting.pop(0)
        for child in sorted(near[parent]):
            if child not in seen:
                seen.add(child)
                out.append((parent, child))
                waiting.append(child)
    return out
