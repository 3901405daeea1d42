"""Figures rounded to a base, three ways: to the nearest, at random without bias, or so that the totals still add up.

Rounding to the nearest says least and protects least: a total and its rounded parts narrow each other down. At random, a
cell always rounds the same way, since a reader who asked twice would average. Controlled rounding keeps every sum true.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import numpy as np

from parvis.errors import InputError, LimitError
from parvis.privacy.tabular.equations import Equations, Key
from parvis.privacy.tabular.programme import Floats, Programme

_WIDEST = 3  # bases that controlled rounding may go away from a figure, when the nearest two do not add up


def nearest(values: Floats, base: int) -> Floats:
    """Return each figure rounded to the nearest multiple of the base, a half away from nothing."""
    _sound(base)
    return np.asarray(np.sign(values) * np.floor(np.abs(values) / base + 0.5) * base)


def at_random(values: Floats, keys: Sequence[Key], base: int, secret: bytes) -> Floats:
    """Return each figure at one of its two multiples, the nearer the likelier: right on average.

    ``keys`` name the cells and ``secret`` (32 bytes, kept) draws for them: the same cell with the same figure rounds the
    same way in every table and every version.
    """
    _sound(base)
    low = np.floor(values / base)
    part = values / base - low
    drawn = np.array(
        [drawn_for(secret, f"{key}|{value!r}|{base}") for key, value in zip(keys, values.tolist(), strict=True)]
    )
    return np.asarray((low + (drawn < part)) * base)


def drawn_for(secret: bytes, name: str) -> float:
    """Return a number from 0 to 1 that only who holds the secret can tell: always the same for a name."""
    digest = hmac.new(secret, name.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def controlled(equations: Equations, base: int, secret: bytes = b"") -> Floats:
    """Return every figure at a multiple of the base so that all the sums hold, as near as can be.

    A figure that is a multiple already stays. With a ``secret`` the choice is drawn (figures of the same size do not all go
    the same way); without it the nearest is sought.
    Raises: LimitError when no rounding adds up within three bases, which can be with three dimensions or more.
    """
    _sound(base)
    values = equations.values
    low = np.floor(values / base + 1e-9)
    part = np.clip(values / base - low, 0.0, 1.0)
    part[part < 1e-9] = 0.0
    for wide in range(_WIDEST + 1):
        found = _rounded(equations, low, part, wide, secret)
        if found is not None:
            return found * base
    raise LimitError("Aucun arrondi à {base} ne garde les totaux justes : prenez une base plus petite.", base=base)


def _rounded(equations: Equations, low: Floats, part: Floats, wide: int, secret: bytes) -> Floats | None:
    """Columns: one step up (0 or 1) a figure, then steps beyond, dearer the further."""
    n = len(low)
    cost = 1 - 2 * part
    if secret:
        drawn = np.array([drawn_for(secret, str(k)) for k in equations.keys])
        cost = np.where(drawn < part, -1.0, 1.0) + 0.1 * cost
    up = (part > 0).astype(float)
    beyond = np.where(part > 0, float(wide), 0.0)
    programme = Programme(
        np.zeros(3 * n), np.concatenate([up, beyond, beyond]), np.concatenate([cost, np.full(2 * n, 4.0 * n)])
    )
    rows = [
        (np.concatenate([cells, cells + n, cells + 2 * n]), np.concatenate([signs, signs, -signs]))
        for cells, signs in equations.rows
    ]
    needs = np.array([-float((signs * low[cells]).sum()) for cells, signs in equations.rows])
    programme.add_rows(rows, needs, needs)
    programme.whole(np.arange(3 * n, dtype=np.int32))
    programme.set(mip_rel_gap=0.02, mip_max_nodes=2000)
    if programme.solve() is None:
        return None
    point = np.round(programme.point())
    return np.asarray(low + point[:n] + point[n : 2 * n] - point[2 * n :])


def _sound(base: int) -> None:
    if isinstance(base, bool) or not isinstance(base, int) or not 2 <= base <= 1_000_000:
        raise InputError("La base d'un arrondi est un nombre entier, de 2 à 1 000 000.")
