"""A typed table written again with its places hidden: what a policy applies when a person chooses squares or a move."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.privacy.geography import grid, masking, plane
from parvis.privacy.geography.areas import Area, gather
from parvis.privacy.geography.places import degrees_of
from parvis.privacy.geography.plane import Points
from parvis.values import Column, Kind, msg

Array = Any

SQUARE, SIDE = "carreau", "carreau_m"  # columns that squares add
AREA, AREA_LABEL = "quartier_publie", msg("Quartier publié")
SQUARE_LABEL, SIDE_LABEL = msg("Carreau"), msg("Côté du carreau (m)")
_GROUP = 122_880  # rows of a Parquet row group


@dataclass(frozen=True, slots=True)
class Placed:
    """What was written: ``columns`` of the new table, rows without a place any more, and what the reader still sees."""

    path: Path
    columns: tuple[Column, ...]
    withheld: int
    by_size: Mapping[int, int] = field(default_factory=dict)  # rows by side of square, metres
    moved: float | None = None  # metres, for half of the rows
    by_area: Mapping[str, int] = field(default_factory=dict)  # rows by name


def in_squares(
    typed: Path, columns: Sequence[Column], out: Path, *, k: int, overlapping: bool = True, home: str = ""
) -> Placed:
    """Write the table with each place replaced by its square of at least ``k`` homes, whose name and side are added.

    ``overlapping``: each home has the smallest square possible, and squares nest; else they never overlap. ``home`` is the
    column that says whose household a row is. Two columns of degrees get the centre, a column of points the outline.
    Raises: InputError when the table has no places.
    """
    points, labels = _points(typed, columns, home)
    laid = (grid.finest if overlapping else grid.partition)(points, k)
    sides = [laid.squares[s].size if s >= 0 else None for s in laid.square.tolist()]
    shapes = [laid.squares[s].outline if s >= 0 else None for s in laid.square.tolist()]
    added = {
        SQUARE: (SQUARE_LABEL, pa.array(laid.names(), pa.string())),
        SIDE: (SIDE_LABEL, pa.array(sides, pa.int64())),
    }
    told = _write(typed, columns, out, labels, plane.degrees(laid.centres, points.system), shapes, added)
    return Placed(out, told, laid.withheld, laid.by_size())


def in_areas(
    typed: Path, columns: Sequence[Column], out: Path, given: Sequence[Area], *, k: int, home: str = ""
) -> Placed:
    """Write the table with each place replaced by the area it lies in, or by several joined until ``k`` homes are there.

    The name of the area is added. Two columns of degrees get a point inside it, a column of points its outline; a row out
    of all areas loses its place. Raises: InputError when the table has no places, or an outline is none.
    """
    import shapely

    found = degrees_of(typed, columns)
    points, labels = _points(typed, columns, home)
    assert found is not None
    laid = gather(found[0], found[1], points, given, k)
    by_code = {a.code: a.outline for a in given}
    outlines = [shapely.union_all(shapely.from_wkb([by_code[c] for c in g.codes])) for g in laid.groups]
    inside = shapely.get_coordinates(shapely.point_on_surface(outlines)) if outlines else np.empty((0, 2))
    at = np.where(laid.group >= 0, laid.group, len(outlines))
    degrees = np.vstack([np.round(inside, 6), [[np.nan, np.nan]]])[at]
    wkb = [*(shapely.to_wkb(o, output_dimension=2) for o in outlines), None]
    shapes = [wkb[g] for g in at.tolist()]
    added = {AREA: (AREA_LABEL, pa.array(laid.labels(), pa.string()))}
    told = _write(typed, columns, out, labels, (degrees[:, 0], degrees[:, 1]), shapes, added)
    withheld = int((points.placed & (laid.group < 0)).sum())
    return Placed(out, told, withheld, by_area={g.label: g.rows for g in laid.groups})


def moved(
    typed: Path,
    columns: Sequence[Column],
    out: Path,
    secret: bytes,
    *,
    k: int,
    home: str = "",
    homes: tuple[Sequence[float], Sequence[float]] | None = None,
) -> Placed:
    """Write the table with each place moved among at least ``k`` homes. ``homes``: (longitudes, latitudes) of the town's.

    Raises: InputError when the table has no places, or the secret is too short.
    """
    points, labels = _points(typed, columns, home)
    base = plane.points(*homes, system=points.system).households() if homes is not None else None
    told = masking.move(points, secret, k=k, homes=base)
    lon, lat = plane.degrees(told.xy, points.system)
    shapes = [None if np.isnan(x) else struct.pack("<BIdd", 1, 1, x, y) for x, y in zip(lon, lat, strict=True)]
    written = _write(typed, columns, out, labels, (lon, lat), shapes, {})
    return Placed(out, written, told.withheld, moved=told.median)


# --- Steps ----------------------------------------------------------------------------------------


def _points(typed: Path, columns: Sequence[Column], home: str) -> tuple[Points, set[str]]:
    found = degrees_of(typed, columns)
    if found is None:
        raise InputError("Ce tableau n'a pas de colonnes de longitude et de latitude, ni de points.")
    whose = pq.read_table(typed, columns=[home]).column(0).to_pylist() if home else None
    shape = next((c.name for c in columns if c.kind is Kind.GEOMETRY), "")
    names = {c.name for c in columns if c.meaning in ("longitude", "latitude")} | ({shape} if shape else set())
    return plane.points(found[0], found[1], whose), names


def _write(
    typed: Path,
    columns: Sequence[Column],
    out: Path,
    places: set[str],
    degrees: tuple[Array, Array],
    shapes: Sequence[bytes | None],
    added: Mapping[str, tuple[str, Any]],
) -> tuple[Column, ...]:
    """Write the Parquet and return its columns: every column of a place is replaced, none keeps its statistics."""
    table = pq.read_table(typed)
    for column in (c for c in columns if c.name in places):
        at = table.column_names.index(column.name)
        if column.kind is Kind.GEOMETRY:
            cells: Any = pa.array(shapes, pa.binary())
        else:
            cells = pa.array(degrees[0] if column.meaning == "longitude" else degrees[1], from_pandas=True)
        table = table.set_column(at, column.name, cells)
    for name, (_, cells) in added.items():
        table = table.append_column(_free(name, table.column_names), cells)
    pq.write_table(table.replace_schema_metadata(None), out, compression="zstd", row_group_size=_GROUP)
    fresh = [_plain(c, table) if c.name in places else c for c in columns]
    names = table.column_names[len(table.column_names) - len(added) :]
    for name, (label, cells) in zip(names, added.values(), strict=True):
        whole = pa.types.is_integer(cells.type)
        column = Column(name, label, Kind.INTEGER if whole else Kind.TEXT, unit="m" if whole else "")
        fresh.append(_plain(column, table))
    return tuple(fresh)


def _free(name: str, taken: Sequence[str]) -> str:
    return name if name not in taken else next(f"{name}_{i}" for i in range(2, 1000) if f"{name}_{i}" not in taken)


def _plain(column: Column, table: pa.Table) -> Column:
    """Return a column without what was known of its former values."""
    cells: Any = table.column(column.name)
    filled = len(cells) - cells.null_count
    return dataclasses.replace(
        column,
        filled=filled,
        distinct=len(cells.unique()) - int(cells.null_count > 0),
        minimum=None,
        maximum=None,
        mean=None,
        examples=(),
    )
