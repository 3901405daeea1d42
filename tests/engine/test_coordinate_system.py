"""Coordinates read in the system that a person says: columns, layers, what was wrongly recognised, what nobody knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import shapely
from tests.engine.test_every_repair import content, table

import reading
from parvis.france import SYSTEMS
from parvis.tables import layer, recipe
from parvis.tables.table import RawTable
from parvis.values import Finding, Recipe, Step

HALL = (2.351, 48.8567)


def step(system: int | str, x: str = "", y: str = "") -> Recipe:
    return Recipe((Step("coordinate_system", {"system": str(system), "x": x, "y": y}, origin="hand"),))


def run(raw: RawTable, told: Recipe, work: Path) -> tuple[RawTable, Step, dict[str, Finding]]:
    mended, steps = recipe.run(raw, told, work)
    done = next(s for s in steps if s.repair == "coordinate_system")
    return mended, done, {f.code: f for f in mended.findings}


def written(code: int, lon: float, lat: float) -> tuple[float, float]:
    """A place as a file in this system has it."""
    shape = layer.as_written(
        layer.wkb_shapes([shapely.to_wkb(shapely.Point(lon, lat))]), layer.pyproj.CRS.from_epsg(code)
    )
    return float(shape[0].x), float(shape[0].y)


def metres(work: Path, code: int, places: list[tuple[float, float]]) -> RawTable:
    rows: list[list[Any]] = [["a", *(f"{v:.6f}" for v in written(code, *p))] for p in places]
    return table(work, ["nom", "abscisse", "ordonnée"], rows)


@pytest.mark.parametrize("code", SYSTEMS)
def test_every_system_offered_brings_its_own_points_home(tmp_path: Path, code: int) -> None:
    area = layer.pyproj.CRS.from_epsg(code).area_of_use
    assert area is not None
    place = HALL if code in (4326, 3857) else ((area.west + area.east) / 2, (area.south + area.north) / 2)
    _, done, found = run(metres(tmp_path, code, [place]), step(code, "abscisse", "ordonnée"), tmp_path)
    assert done.found and done.text.startswith("Coordonnées (« abscisse », « ordonnée ») lues en")
    assert f"{place[0]:.5f}" in done.after[0] and f"{place[1]:.5f}" in done.after[0] and "abscisse" in done.before[0]
    if code in (4326, 3857, 2154, 3163):
        assert "1 point(s) sur 1" in done.text and "geo.system_outside" not in found


def test_the_wrong_system_is_said_with_the_one_that_fits(tmp_path: Path) -> None:
    raw = metres(tmp_path, 3949, [HALL, (2.36, 48.86)])
    _, done, found = run(raw, step(27572, "abscisse", "ordonnée"), tmp_path)
    said = found["geo.system_outside"]
    assert said.count == 2 and "Lambert CC49" in said.hint.format(**said.values) and said.severity == "warn"
    assert said.fix is not None and dict(said.fix.parameters) == {"system": "3949", "x": "abscisse", "y": "ordonnée"}
    mended, done, found = run(raw, step(3949, "abscisse", "ordonnée"), tmp_path)
    assert "geo.system_outside" not in found and "2 point(s) sur 2 tombent en France" in done.text
    (_, rows) = content(mended)
    assert float(rows[0][-2]) == pytest.approx(HALL[0], abs=1e-6)
    assert done.before[0].startswith("abscisse : 1652") and "longitude : 2.35100" in done.after[0]


def test_it_takes_the_place_of_what_was_recognised(tmp_path: Path) -> None:
    """Parvis added a longitude and a latitude by itself: they are reckoned again, and no second pair is added."""
    x, y = written(3949, *HALL)
    raw = table(tmp_path, ["nom", "X", "Y"], [["a", f"{x}", f"{y}"], ["b", f"{x + 50}", f"{y}"]])
    mended, _ = recipe.run(raw, None, tmp_path)
    assert list(mended.labels)[-2:] == ["longitude", "latitude"]
    mended, done, _ = run(raw, step(3948, "X", "Y"), tmp_path)
    assert list(mended.labels) == ["nom", "X", "Y", "longitude", "latitude"] and done.found
    assert float(content(mended)[1][0][-1]) == pytest.approx(56.8, abs=0.1)  # CC48 counts from another parallel


def test_a_layer_is_read_in_another_system(tmp_path: Path) -> None:
    x, y = written(3948, 2.35, 48.01)
    features = [{"type": "Feature", "properties": {"n": "a"}, "geometry": {"type": "Point", "coordinates": [x, y]}}]
    crs = {"type": "name", "properties": {"name": "EPSG:3949"}}  # what the file declares is false
    sink = reading.told(tmp_path, {"type": "FeatureCollection", "features": features, "crs": crs}, "x.geojson")
    raw = sink.tables[0]
    mended, done, _ = run(raw, step(3948), tmp_path)
    (shape,) = shapely.from_wkb(pq.read_table(mended.path).column("__geometry").to_pylist())
    assert (round(shape.x, 5), round(shape.y, 5)) == (2.35, 48.01) and mended.crs == "EPSG:3948"
    assert "les formes de la couche" in done.text and done.before and done.after
    kept = recipe.kept([done])
    again, _, _ = run(raw, Recipe(kept), tmp_path)
    assert again.crs == "EPSG:3948", "the next file is read so too"
    off = Recipe((Step("coordinate_system", {"system": "3948", "x": "", "y": ""}, origin="hand", off=True),))
    undone, _ = recipe.run(raw, off, tmp_path)
    assert undone.crs == raw.crs


def test_a_step_that_is_off_remarks_nothing(tmp_path: Path) -> None:
    raw = metres(tmp_path, 3949, [HALL, (2.36, 48.86)])
    wrong = Step("coordinate_system", {"system": "27572", "x": "abscisse", "y": "ordonnée"}, origin="hand", off=True)
    mended, _ = recipe.run(raw, Recipe((wrong,)), tmp_path)
    assert "geo.system_outside" not in {f.code for f in mended.findings}


def test_a_layer_of_no_known_system_finds_its_place(tmp_path: Path) -> None:
    """Nothing is declared, and the numbers fall nowhere in the usual systems: a local grid moved by an office."""
    point = {"type": "Point", "coordinates": [3_500_000.0, 2_600_000.0]}
    sink = reading.told(
        tmp_path,
        {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"n": "a"}, "geometry": point}]},
        "x.geojson",
    )
    raw = sink.tables[0]
    assert [f.code for f in sink.findings] == ["geo.unknown_system"]
    mended, done, found = run(raw, step(2154), tmp_path)
    assert done.found and mended.crs == "EPSG:2154" and found["geo.system_outside"].count == 1
    assert pq.read_table(mended.path).column("__geometry").null_count == 0


@pytest.mark.parametrize(
    "told",
    [step(2154), step(1, "X", "Y"), step("", "X", "Y"), step("x" * 9, "X", "Y"), step(2154, "X", "X"), step(2154, "X"),
     step(2154, "", "Y"), step(2154, "nom", "Y")],
)  # fmt: skip
def test_a_step_that_makes_no_sense_changes_nothing(tmp_path: Path, told: Recipe) -> None:
    raw = table(tmp_path, ["nom", "X", "Y"], [["a", "12", "13"]])
    mended, done, found = run(raw, told, tmp_path)
    assert not done.found and list(mended.labels) == ["nom", "X", "Y"]
    assert {"repairs.not_found", "repairs.failed", "repairs.column_missing"} & set(found)
