"""Counting persons in given areas (districts, IRIS, sections), small areas joined to a neighbour until k homes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.privacy.geography.plane import Points
from parvis.privacy.rehearsal import MOST_AREAS
from parvis.text import fold
from parvis.values import Column, Kind

Array = Any

_NONE = -1


@dataclass(frozen=True, slots=True)
class Area:
    """A given area: its code, its name, its outline in WKB, longitude and latitude."""

    code: str
    name: str
    outline: bytes


@dataclass(frozen=True, slots=True)
class Group:
    """One area, or several joined: published as such, with the homes and rows in it."""

    codes: Sequence[str]
    names: Sequence[str]
    homes: int
    rows: int

    @property
    def label(self) -> str:
        return " + ".join(self.names)


@dataclass(frozen=True, eq=False)
class Gathered:
    """``group`` (n,): the group of each row among ``groups``, -1 out of all areas, without a place, or withheld."""

    groups: Sequence[Group]
    group: Array

    def labels(self) -> list[str | None]:
        return [self.groups[g].label if g != _NONE else None for g in self.group.tolist()]


_NAMED = re.compile(r"\b(?:nom|name|lib|libelle|intitule|quartier|secteur|iris|zone)\w*")
_APART = 0.9  # of the values of the column that has most, from which another tells the areas apart as well
_POLYGONS = frozenset({3, 6})  # WKB: polygon, multipolygon


def read(path: Path, columns: Sequence[Column]) -> tuple[Area, ...]:
    """Return the areas of a Parquet layer, named by the column that says best which is which.

    Raises: InputError for a layer without outlines, or of too many.
    """
    shape = next((c.name for c in columns if c.kind is Kind.GEOMETRY), "")
    cells: list[Any] = pq.read_table(path, columns=[shape]).column(0).to_pylist() if shape else []
    kept = [row for row, cell in enumerate(cells) if cell is not None and _kind(cell) in _POLYGONS]
    if not kept or len(kept) > MOST_AREAS:
        raise InputError(
            "Cette couche ne donne pas de quartiers : il y faut de 1 à {most} contours.",
            "Choisissez une couche de quartiers, d'IRIS ou de sections.", most=MOST_AREAS,
        )  # fmt: skip
    names = _names(path, columns, len(cells))
    return tuple(Area(str(row + 1), names[row], cells[row]) for row in kept)


def _kind(cell: bytes) -> int:
    """Return the kind of a WKB shape, whatever its byte order and its further dimensions."""
    code = int.from_bytes(cell[1:5], "little" if cell[:1] == b"\x01" else "big")
    return code % 1000 & 0xFF


def _names(path: Path, columns: Sequence[Column], rows: int) -> list[str]:
    """Return what each area is called: the column of words that differ, one whose header says « nom » first."""
    words = [c for c in columns if c.kind is Kind.TEXT and c.filled and not c.meaning.startswith("insee")]
    best = max((c.distinct for c in words), default=0)
    ranked = sorted(words, key=lambda c: (c.distinct < _APART * best, not _said(c)))
    if not ranked:
        return [str(row + 1) for row in range(rows)]
    found = pq.read_table(path, columns=[ranked[0].name]).column(0).to_pylist()
    return [str(name).strip() if name else str(row + 1) for row, name in enumerate(found)]


def _said(column: Column) -> bool:
    return bool(_NAMED.search(fold(column.label or column.name).replace("_", " ")))


def gather(
    longitudes: Sequence[float], latitudes: Sequence[float], points: Points, given: Sequence[Area], k: int
) -> Gathered:
    """Return the group of areas of each row, every group of at least ``k`` homes; rows of a town with fewer are withheld.

    ``points`` are the same places (``plane.points``), for the households. Raises: InputError for an outline that is none.
    """
    import shapely

    try:
        shapes = shapely.from_wkb([a.outline for a in given])
    except shapely.errors.GEOSException as error:
        raise InputError("Un contour de la couche de quartiers ne peut pas être lu.") from error
    held = _inside(longitudes, latitudes, points, shapes)
    of_area = np.arange(len(given))
    homes = [set(points.homes[held == i].tolist()) for i in range(len(given))]
    touching = _neighbours(shapes)
    while True:
        sizes = {
            g: len(set[int]().union(*(homes[i] for i in np.flatnonzero(of_area == g)))) for g in set(of_area.tolist())
        }
        small = [g for g, n in sizes.items() if 0 < n < k]
        if not small or len(sizes) == 1:
            break
        one = min(small, key=lambda g: sizes[g])
        other = _nearest(one, of_area, touching, shapes, sizes)
        of_area[of_area == one] = other
    return _gathered(given, of_area, held, points, {g for g, n in sizes.items() if n >= k})


def _inside(longitudes: Sequence[float], latitudes: Sequence[float], points: Points, shapes: Array) -> Array:
    """Return (n,): the area of each row, -1 out of all; a place on a border goes to the first."""
    import shapely

    held = np.full(len(points.xy), _NONE)
    rows = np.flatnonzero(points.placed)
    if len(rows) and len(shapes):
        places = shapely.points(np.asarray(longitudes, float)[rows], np.asarray(latitudes, float)[rows])
        at, area = shapely.STRtree(shapes).query(places, predicate="intersects")
        order = np.lexsort((-area, at))
        held[rows[at[order]]] = area[order]  # the last written is the first area
    return held


def _neighbours(shapes: Array) -> list[set[int]]:
    import shapely

    out: list[set[int]] = [set() for _ in shapes]
    if len(shapes):
        first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        for a, b in zip(first.tolist(), second.tolist(), strict=True):
            if a != b:
                out[a].add(b)
    return out


def _nearest(group: int, of_area: Array, touching: Sequence[set[int]], shapes: Array, sizes: dict[int, int]) -> int:
    """Return the group that a small one joins: the least populated of those that touch it, else the nearest."""
    import shapely

    members = np.flatnonzero(of_area == group).tolist()
    beside = {int(of_area[t]) for m in members for t in touching[m]} - {group}
    lived = {g for g in beside if sizes[g]} or beside
    if lived:
        return min(lived, key=lambda g: (sizes[g], g))
    ours = shapely.union_all(shapes[members])
    others = [g for g in sizes if g != group]
    return min(others, key=lambda g: float(shapely.distance(ours, shapely.union_all(shapes[of_area == g]))))


def _gathered(given: Sequence[Area], of_area: Array, held: Array, points: Points, kept: set[int]) -> Gathered:
    groups: list[Group] = []
    number: dict[int, int] = {}
    for g in sorted(kept):
        members = np.flatnonzero(of_area == g).tolist()
        rows = np.flatnonzero(np.isin(held, members))
        number[g] = len(groups)
        groups.append(
            Group(
                codes=tuple(given[i].code for i in members),
                names=tuple(given[i].name for i in members),
                homes=len(np.unique(points.homes[rows])),
                rows=len(rows),
            )
        )
    found = np.array([number.get(int(g), _NONE) for g in of_area] + [_NONE])
    return Gathered(tuple(groups), found[held])
