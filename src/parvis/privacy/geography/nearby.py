"""Counts and distances among homes, exact, by numpy alone: squares that double until they hold enough neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Array = Any  # numpy arrays: their shapes are in the docstrings

_FINEST = 25.0  # metres of the first squares
_LEVELS = 24  # doublings: 25 m to 400,000 km
_CHUNK = 4_000_000  # distances computed at once


def kth_distance(xy: Array, homes: Array, k: int) -> Array:
    """Return (n,): the distance in metres from each place to the k-th nearest home, infinite when there are fewer.

    ``xy`` (n, 2), ``homes`` (m, 2), one row for each household; a home at the place itself counts.
    """
    out = np.full(len(xy), np.inf)
    if len(homes) < k or not len(xy):
        return out
    left = np.arange(len(xy))
    size = _start(homes, k)
    for _ in range(_LEVELS):
        done = np.zeros(len(xy), bool)
        for some, near in _blocks(xy, left, homes, size):
            if len(near) < k:
                continue
            far = np.partition(_distances(xy[some], homes[near]), k - 1, axis=1)[:, k - 1]
            sure = far <= size  # all that lies within one square's width was looked at
            out[some[sure]] = far[sure]
            done[some[sure]] = True
        left = left[~done[left]]
        if not len(left):
            break
        size *= 2
    return out


def within(xy: Array, radius: Array, homes: Array) -> Array:
    """Return (n,): the number of homes at most ``radius`` (n,) metres from each place."""
    out = np.zeros(len(xy), np.int64)
    if not len(homes) or not len(xy):
        return out
    level = np.ceil(np.log2(np.maximum(radius, _FINEST) / _FINEST) - 1e-12).astype(int)
    for one in np.unique(level):
        rows = np.flatnonzero(level == one)
        for some, near in _blocks(xy, rows, homes, _FINEST * 2.0 ** int(one)):
            if len(near):
                out[some] = (_distances(xy[some], homes[near]) <= radius[some, None] + 1e-9).sum(axis=1)
    return out


def origins(xy: Array, homes: Array, low: Array, high: Array) -> Array:
    """Return (n,): the homes that each place is between ``low`` (m,) and ``high`` (m,) metres from, each home its own."""
    out = np.zeros(len(xy), np.int64)
    known = np.isfinite(low) & np.isfinite(high)
    level = np.ceil(np.log2(np.maximum(np.where(known, high, _FINEST), _FINEST) / _FINEST) - 1e-12).astype(int)
    for one in np.unique(level[known]):
        some = np.flatnonzero(known & (level == one))
        for rows, near in _blocks(xy, np.arange(len(xy)), homes[some], _FINEST * 2.0 ** int(one)):
            if len(near):
                far = _distances(xy[rows], homes[some[near]])
                out[rows] += ((far >= low[some[near]]) & (far <= high[some[near]])).sum(axis=1)
    return out


def _start(homes: Array, k: int) -> float:
    """Return the first size of squares for which the squares that hold homes hold a few of those looked for."""
    size = _FINEST
    for _ in range(_LEVELS):
        if len(homes) / len(np.unique(_keys(homes, size))) >= max(1.0, k / 3):
            break
        size *= 2
    return size


def _blocks(xy: Array, rows: Array, homes: Array, size: float) -> Iterator[tuple[Array, Array]]:
    """Yield (rows of one square, homes of that square and of the eight around it)."""
    of_homes = _keys(homes, size)
    order = np.argsort(of_homes, kind="stable")
    sorted_homes = of_homes[order]
    of_rows = _keys(xy[rows], size)
    by = np.argsort(of_rows, kind="stable")
    cells, starts = np.unique(of_rows[by], return_index=True)
    ends = np.append(starts[1:], len(rows))
    around = (cells[:, None] + np.array([-_STRIDE, 0, _STRIDE])[None, :]).reshape(-1)
    low = np.searchsorted(sorted_homes, around - 1).reshape(-1, 3)
    high = np.searchsorted(sorted_homes, around + 1, side="right").reshape(-1, 3)
    for i in range(len(cells)):
        near = np.concatenate([order[low[i, j] : high[i, j]] for j in range(3)])
        some = rows[by[starts[i] : ends[i]]]
        step = max(1, _CHUNK // max(len(near), 1))
        for at in range(0, len(some), step):
            yield some[at : at + step], near


_STRIDE = 1 << 31


def _keys(xy: Array, size: float) -> Array:
    """Return one whole number for the square of each place: the squares north and south of it are its neighbours."""
    cell = np.floor(xy / size).astype(np.int64) + (1 << 29)
    return cell[:, 0] * _STRIDE + cell[:, 1]


def _distances(first: Array, second: Array) -> Array:
    return np.hypot(first[:, None, 0] - second[None, :, 0], first[:, None, 1] - second[None, :, 1])
