"""Squares of 200 m, 1 km, 2 km and more, each as small as the number of homes in it allows.

The squares are those of Insee (system 3035, lower left corner in metres), so that what is published meets its data.
Two ways: ``partition`` cuts a square only when all its parts hold enough homes: nothing overlaps; ``finest`` gives each
home the smallest square in which those that no smaller square could take are enough: more precise, and squares nest.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.privacy.geography.plane import Points, degrees, polygon

Array = Any

SIZES = (200, 1000, 2000, 4000, 8000, 16000, 32000, 64000)  # metres, each a multiple of the one before
_NONE = -1


@dataclass(frozen=True, slots=True)
class Square:
    """A published square: its Insee name, its side in metres, its outline, and what stands in it."""

    name: str  # "CRS3035RES200mN2471000E3871000"
    size: int
    outline: bytes  # WKB, WGS84
    homes: int
    rows: int


@dataclass(frozen=True, eq=False)
class Laid:
    """What became of each row: ``square`` (n,) is its square among ``squares``, -1 when it is withheld or has no place."""

    squares: Sequence[Square]
    square: Array
    centres: Array  # (n, 2) metres, NaN where there is none
    k: int

    @property
    def withheld(self) -> int:
        return int((self.square == _NONE).sum())

    def names(self) -> list[str | None]:
        """Return the name of each row's square."""
        return [self.squares[s].name if s != _NONE else None for s in self.square.tolist()]

    def by_size(self) -> dict[int, int]:
        """Return the number of rows by side of square: what the reader still sees."""
        sizes = [self.squares[s].size for s in self.square.tolist() if s != _NONE]
        return {size: sizes.count(size) for size in sorted(set(sizes))}


def partition(points: Points, k: int, sizes: Sequence[int] = SIZES) -> Laid:
    """Return squares that do not overlap, each of at least ``k`` homes. Rows are withheld when all of them hold fewer.

    Raises: InputError for a k under 2 or sizes that do not nest.
    """
    chosen = _sound(k, sizes)
    rows = np.flatnonzero(points.placed)
    cells, sides = _top(points, rows, k, chosen)
    for size in reversed(chosen):
        finer = _cells(points.xy[rows], size)
        fit = sides == _larger(size, chosen)
        if not fit.any():
            continue
        parent, child = _numbered(cells[fit]), _numbered(finer[fit])
        least = np.full(int(parent.max()) + 1, np.iinfo(np.int64).max)
        np.minimum.at(least, parent, _homes(child, points.homes[rows][fit])[child])
        split = np.zeros(len(rows), bool)
        split[np.flatnonzero(fit)[least[parent] >= k]] = True
        cells[split], sides[split] = finer[split], size
    return _laid(points, rows, cells, sides, k)


def finest(points: Points, k: int, sizes: Sequence[int] = SIZES) -> Laid:
    """Return for each home the smallest square in which at least ``k`` homes were left to place: squares nest.

    What is left at the end joins the smallest group of the same largest square. Raises: as ``partition``.
    """
    chosen = _sound(k, sizes)
    rows = np.flatnonzero(points.placed)
    cells, sides = np.zeros((len(rows), 2), np.int64), np.zeros(len(rows), np.int64)
    left = np.ones(len(rows), bool)
    for size in chosen:
        at = np.flatnonzero(left)
        if not len(at):
            break
        here = _cells(points.xy[rows[at]], size)
        groups = _numbered(here)
        enough = _homes(groups, points.homes[rows[at]])[groups] >= k
        cells[at[enough]], sides[at[enough]] = here[enough], size
        left[at[enough]] = False
    if left.any():
        _join(points, rows, cells, sides, left, k, chosen[-1])
    return _laid(points, rows, cells, sides, k)


# --- Steps ----------------------------------------------------------------------------------------


def _sound(k: int, sizes: Sequence[int]) -> tuple[int, ...]:
    chosen = tuple(sorted(sizes))
    nested = all(b % a == 0 for a, b in pairwise(chosen))
    if k < 2 or not chosen or chosen[0] < 1 or not nested:
        raise InputError("Un carroyage demande au moins 2 foyers par carreau et des côtés qui s'emboîtent.")
    return chosen


def _top(points: Points, rows: Array, k: int, sizes: Sequence[int]) -> tuple[Array, Array]:
    """Return the largest squares; those of fewer than k homes are withheld together with nobody: side 0."""
    cells = _cells(points.xy[rows], sizes[-1])
    sides = np.full(len(rows), sizes[-1], np.int64)
    if len(rows):
        groups = _numbered(cells)
        sides[_homes(groups, points.homes[rows])[groups] < k] = 0
    return cells, sides


def _larger(size: int, sizes: Sequence[int]) -> int:
    after = [s for s in sizes if s > size]
    return after[0] if after else -1


def _join(points: Points, rows: Array, cells: Array, sides: Array, left: Array, k: int, top: int) -> None:
    """Give what is left of each largest square to it, taking in its smallest groups until they are enough."""
    over = _cells(points.xy[rows], top)
    whole = _numbered(over)
    homes = points.homes[rows]
    for one in np.unique(whole[left]):
        inside = np.flatnonzero(whole == one)
        taken = inside[left[inside]]
        others = inside[~left[inside]]
        if len(others):
            keys = _numbered(np.column_stack([cells[others], sides[others]]))
            for group in np.argsort(_homes(keys, homes[others]), kind="stable"):
                if len(np.unique(homes[taken])) >= k:
                    break
                taken = np.concatenate([taken, others[keys == group]])
        if len(np.unique(homes[taken])) >= k:
            cells[taken], sides[taken] = over[taken], top


def _cells(xy: Array, size: int) -> Array:
    """Return (n, 2): the lower left corner of the square of each place, in metres."""
    return (np.floor(xy / size) * size).astype(np.int64)


def _numbered(keys: Array) -> Array:
    return np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)


def _homes(groups: Array, homes: Array) -> Array:
    """Return the number of households of each group."""
    size = int(homes.max()) + 1
    pairs = np.unique(groups.astype(np.int64) * size + homes)
    return np.bincount(pairs // size, minlength=int(groups.max()) + 1)


def _laid(points: Points, rows: Array, cells: Array, sides: Array, k: int) -> Laid:
    square = np.full(len(points.xy), _NONE)
    centres = np.full((len(points.xy), 2), np.nan)
    kept = sides > 0
    if not kept.any():
        return Laid((), square, centres, k)
    keys = np.column_stack([sides[kept], cells[kept]])
    unique, groups = np.unique(keys, axis=0, return_inverse=True)
    groups = groups.reshape(-1)
    homes = _homes(groups, points.homes[rows[kept]])
    counts = np.bincount(groups)
    squares = tuple(
        Square(
            name=f"CRS{points.system}RES{size}mN{y}E{x}",
            size=int(size),
            outline=_outline(int(x), int(y), int(size), points.system),
            homes=int(homes[i]),
            rows=int(counts[i]),
        )
        for i, (size, x, y) in enumerate(unique.tolist())
    )
    square[rows[kept]] = groups
    centres[rows[kept]] = cells[kept] + sides[kept][:, None] / 2
    return Laid(squares, square, centres, k)


def _outline(x: int, y: int, size: int, system: int) -> bytes:
    corners = np.array([[x, y], [x + size, y], [x + size, y + size], [x, y + size]], float)
    lon, lat = degrees(corners, system)
    return polygon(list(zip(lon.tolist(), lat.tolist(), strict=True)))
