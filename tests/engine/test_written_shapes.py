"""Shapes written as text in a column become a layer, wherever they fall and whatever they hide."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import shapely

from parvis.tables import recipe
from parvis.tables.read import read_into
from parvis.tables.sink import Sink
from parvis.tables.table import SHAPE, RawTable
from parvis.values import Recipe, Step

SQUARE = "POLYGON (({0} {1}, {2} {1}, {2} {3}, {0} {1}))"
DEGREES = SQUARE.format(2.35, 48.85, 2.36, 48.86)
METRES = SQUARE.format(652381, 6862047, 652481, 6862147)


def repaired(work: Path, cells: list[str]) -> tuple[RawTable, tuple[Step, ...]]:
    file = work / "zones.csv"
    rows = "".join(f'{n};"{cell.replace(chr(34), chr(34) * 2)}"\n' for n, cell in enumerate(cells))
    file.write_text("id;forme\n" + rows, "utf-8")
    (work / "read").mkdir()
    sink = Sink(work / "read")
    read_into(file, file.name, sink)
    return recipe.run(sink.tables[0], None, work)


def shapes(raw: RawTable) -> list[Any]:
    return list(shapely.from_wkb(pq.read_table(raw.path)[SHAPE].to_pylist()))


@pytest.mark.parametrize("cell", [DEGREES, METRES, f"SRID=2154;{METRES}"])
def test_a_shape_is_drawn_where_it_falls_in_degrees_or_in_metres(tmp_path: Path, cell: str) -> None:
    raw, steps = repaired(tmp_path, [cell] * 5)
    assert [s.repair for s in steps] == ["written_shapes"]
    assert raw.geometry and raw.labels == ("id",)
    west, south, east, north = shapely.total_bounds(shapes(raw))
    assert 2.3 < west < east < 2.4 and 48.8 < south < north < 48.9


def test_a_geojson_feature_is_a_shape_too(tmp_path: Path) -> None:
    told = '{"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[2.3, 48.8], [2.4, 48.9]]}}'
    raw, _ = repaired(tmp_path, [told] * 4)
    assert [s.geom_type for s in shapes(raw)] == ["LineString"] * 4


def test_a_shape_that_was_cut_is_said_and_its_row_is_kept(tmp_path: Path) -> None:
    raw, _ = repaired(tmp_path, [*[DEGREES] * 20, "POLYGON ((2.35 48.85, 2.3)"])
    assert raw.rows == 21 and shapes(raw)[-1] is None
    assert [f.values["count"] for f in raw.findings if f.code == "geo.unread_shapes"] == [1]


def test_shapes_nested_without_end_stop_nobody(tmp_path: Path) -> None:
    deep = "GEOMETRYCOLLECTION(" * 20_000 + "POINT(2 48)" + ")" * 20_000
    brackets = '{"type": "Polygon", "coordinates": ' + "[" * 50_000 + "]" * 50_000 + "}"
    raw, _ = repaired(tmp_path, [*[DEGREES] * 30, deep, brackets])
    assert raw.rows == 32 and shapes(raw)[-2:] == [None, None]


def test_a_step_that_is_off_leaves_the_text_as_it_is(tmp_path: Path) -> None:
    _, steps = repaired(tmp_path, [DEGREES] * 3)
    sink = Sink(tmp_path / "read")
    read_into(tmp_path / "zones.csv", "zones.csv", sink)
    off = Recipe((replace(steps[0], off=True),))
    raw, _ = recipe.run(sink.tables[0], off, tmp_path)
    assert not raw.geometry and raw.labels == ("id", "forme")
