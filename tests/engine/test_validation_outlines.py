"""Points inside the commune, exactly, when its outline is known: invented communes, two squares side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner

from parvis import pipeline
from parvis.cli.folder import outlines as verb
from parvis.errors import InputError
from parvis.store import backup
from parvis.store.folder import Folder
from parvis.values import Finding, Preparation

NOW = "2026-11-25T10:00:00+00:00"
HERE, THERE = "58999", "58998"  # no commune has these codes
WEST, EAST = (3.0, 47.0, 3.1, 47.1), (3.1, 47.0, 3.2, 47.1)


def layer(path: Path, communes: dict[str, Any], label: str = "code", **more: str) -> Path:
    features = [
        {"type": "Feature", "properties": {"nom": f"Commune {code}", label: code, **more}, "geometry": shape}
        for code, shape in communes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


def square(box: tuple[float, ...]) -> dict[str, Any]:
    return dict(shapely.geometry.mapping(shapely.box(*box)))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "data").mkdir()
    folder = Folder(tmp_path / "data")
    given, kept = pipeline.outline(folder, layer(tmp_path / "c.geojson", {HERE: square(WEST), THERE: square(EAST)}))
    assert (given, kept) == (2, 2)
    return folder


def prepared(folder: Folder, text: str, territory: str = HERE) -> Preparation:
    path = folder.root / "points.csv"
    path.write_text(text, "utf-8")
    with path.open("rb") as stream:
        parcel = pipeline.collect(folder, "points.csv", stream, origin="test", now=NOW)
    (found,) = pipeline.prepare(folder, parcel, territory=territory, now=NOW).preparations
    return found


def said(preparation: Preparation) -> dict[str, Finding]:
    return {f.code: f for f in preparation.findings if f.code.startswith("values.point")}


def points(*rows: tuple[str, float, float]) -> str:
    return "nom;code_insee;longitude;latitude\n" + "".join(
        f"Lieu {n};{code};{x};{y}\n" for n, (code, x, y) in enumerate(rows)
    )


def test_a_point_of_the_next_commune_is_said_with_its_line(folder: Folder) -> None:
    good = [(HERE, 3.01 + n / 100, 47.05) for n in range(8)]
    told = said(prepared(folder, points(*good, (HERE, 3.11, 47.05), (THERE, 3.15, 47.05))))
    finding = told["values.point_off_outline"]
    assert finding.count == 1 and finding.lines == (10,) and finding.place is not None and finding.place.line == 10
    assert "100 m" in finding.text and "58999 : 3.11" in finding.examples[0]


def test_the_tolerance_is_what_it_says(folder: Folder) -> None:
    metre = 1 / (111_200 * 0.6811)  # of longitude, in degrees, at 47.05 north
    rows = [(HERE, 3.05, 47.05)] * 5 + [(HERE, 3.1 + 90 * metre, 47.05), (HERE, 3.1 + 115 * metre, 47.05)]
    assert said(prepared(folder, points(*rows)))["values.point_off_outline"].lines == (8,)


def test_the_town_s_own_outline_holds_where_no_code_is_given(folder: Folder) -> None:
    rows = "".join(f"Arbre {n};{3.01 + n / 200};47.05\n" for n in range(12))
    told = said(prepared(folder, f"espece;longitude;latitude\n{rows}Chêne;3.19;47.05\n"))
    assert told["values.point_out_of_town"].severity == "info" and told["values.point_out_of_town"].lines == (14,)
    away = rows.replace(";47.05", ";48.9")
    assert said(prepared(folder, f"espece;longitude;latitude\n{away}"))["values.point_none_in_town"].count == 12
    half = rows + rows.replace(";3.0", ";3.15")
    assert "values.point_out_of_town" not in said(prepared(folder, f"espece;longitude;latitude\n{half}"))
    assert said(prepared(folder, f"espece;longitude;latitude\n{rows}", territory="")) == {}


def test_shapes_are_looked_at_too(folder: Folder, tmp_path: Path) -> None:
    shapes = {f"z{n}": square((3.01 + n / 100, 47.01, 3.015 + n / 100, 47.02)) for n in range(7)}
    shapes["far"] = square((3.4, 47.0, 3.41, 47.01))
    text = layer(tmp_path / "zones.geojson", shapes, "zone").read_text("utf-8")
    path = folder.root / "zones.geojson"
    path.write_text(text, "utf-8")
    with path.open("rb") as stream:
        parcel = pipeline.collect(folder, "zones.geojson", stream, origin="test", now=NOW)
    (found,) = pipeline.prepare(folder, parcel, territory=HERE, now=NOW).preparations
    assert said(found)["values.point_out_of_town"].count == 1


def test_a_backup_holds_them(folder: Folder, tmp_path: Path) -> None:
    backup.backup(folder, tmp_path / "copy")
    backup.restore(tmp_path / "copy", tmp_path / "again")
    assert Folder(tmp_path / "again").outlines.read_bytes() == folder.outlines.read_bytes()


def test_an_unknown_commune_is_left_to_the_rougher_checks(folder: Folder) -> None:
    rows = [("01004", 5.35 + n / 1000, 45.95) for n in range(9)]
    assert "values.point_off_outline" not in said(prepared(folder, points(*rows, ("01004", 6.9, 45.9))))


def test_outlines_are_given_by_a_verb_again_and_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    one = layer(tmp_path / "a.geojson", {HERE: square(WEST)}, "INSEE_COM")
    two = layer(tmp_path / "b.geojson", {HERE: square(EAST), THERE: square(EAST)}, "code")
    answer = CliRunner().invoke(verb, [str(one), str(two), "--data", str(data), "--json"])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.output) == {"given": 3, "kept": 2}
    rows = [(HERE, 3.15, 47.05)] * 6
    assert said(prepared(Folder(data), points(*rows))) == {}, "the last one given counts"


@pytest.mark.parametrize(
    "content",
    [b"a;b\n1;2\n", b"", b"{", json.dumps({"type": "FeatureCollection", "features": []}).encode(),
     json.dumps({"type": "FeatureCollection", "features": [
         {"type": "Feature", "properties": {"code": "58999"}, "geometry": {"type": "Point", "coordinates": [3, 47]}}]}).encode(),
     json.dumps({"type": "FeatureCollection", "features": [
         {"type": "Feature", "properties": {"rue": "x"}, "geometry": square(WEST)}]}).encode()],
)  # fmt: skip
def test_what_is_no_layer_of_communes_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.geojson"
    path.write_bytes(content)
    folder = Folder(tmp_path / "data")
    with pytest.raises(InputError) as told:
        pipeline.outline(folder, path)
    assert told.value.text and not folder.outlines.exists()
