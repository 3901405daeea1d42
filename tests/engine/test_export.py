"""Exports: each format read back by another program's reader, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from parvis.errors import InputError
from parvis.store import export
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import Kind, Op, Order, Query, Test

Test.__test__ = False  # type: ignore[attr-defined]  # a value of ours, not a test class
SOME = Query(where=Test("annee", Op.GE, 1950), order=(Order("hauteur", True),))


def whole(pool: Any, version: Any, form: str, query: Query = Query(), profile: str = "") -> bytes:  # noqa: B008  frozen
    return b"".join(export.stream(pool, version, query, form, profile))


def wanted(town: Any, query: Query) -> list[dict[str, Any]]:
    if query is not SOME:
        return list(town.rows)
    kept = [r for r in town.rows if r["annee"] is not None and r["annee"] >= 1950]
    filled = sorted((r for r in kept if r["hauteur"] is not None), key=lambda r: r["hauteur"], reverse=True)
    return filled + [r for r in kept if r["hauteur"] is None]


def said(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in row.items()}


@pytest.mark.parametrize("query", [Query(), SOME], ids=["all", "some"])
def test_json_and_json_lines_are_exact(town: Any, pool: Any, query: Query) -> None:
    rows = [said(r) for r in wanted(town, query)]
    assert json.loads(whole(pool, town.trees, "json", query)) == rows
    assert [json.loads(line) for line in whole(pool, town.trees, "jsonl", query).splitlines()] == rows


@pytest.mark.parametrize("query", [Query(), SOME], ids=["all", "some"])
def test_parquet_is_exact(town: Any, pool: Any, query: Query) -> None:
    table = pq.read_table(io.BytesIO(whole(pool, town.trees, "parquet", query)))
    assert table.to_pylist() == wanted(town, query)


@pytest.mark.parametrize("query", [Query(), SOME], ids=["all", "some"])
def test_csv_gives_every_cell_back(town: Any, pool: Any, query: Query) -> None:
    text = whole(pool, town.trees, "csv", query).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(wanted(town, query))
    for row, true in zip(rows, wanted(town, query), strict=True):
        for name, value in said(true).items():
            cell = row[name].removeprefix("'") if name == "essence" else row[name]
            if value is None:
                assert cell == ""
            elif isinstance(value, bool):
                assert cell == str(value).lower()
            elif isinstance(value, int | float):
                assert float(cell) == value
            else:
                assert cell == value


def test_the_csv_for_spreadsheets_is_french(town: Any, pool: Any) -> None:
    body = whole(pool, town.trees, "csv", Query(where=Test("code", Op.EQ, "00012")), "excel")
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";"))
    row = dict(zip(rows[0], rows[1], strict=True))
    true = town.rows[12]
    assert row["Plante le"] == true["plante_le"].strftime("%d/%m/%Y")
    assert row["Hauteur"] == str(true["hauteur"]).replace(".", ",")
    assert row["Remarquable"] == "vrai"
    assert row["Code"] == "00012"


def test_a_workbook_read_back_by_another_reader_has_the_same_typed_cells(town: Any, pool: Any, tmp_path: Path) -> None:
    import python_calamine

    path = tmp_path / "export.xlsx"
    path.write_bytes(whole(pool, town.trees, "xlsx"))
    lines = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert len(lines) == 501
    for line, true in zip(lines[1:], town.rows, strict=True):
        row = dict(zip(true, line, strict=True))
        assert row["code"] == true["code"]
        assert row["essence"] == (true["essence"] or "")  # typed as text: nothing to escape, nothing that runs
        assert row["annee"] == (true["annee"] if true["annee"] is not None else "")
        assert row["plante_le"] == (true["plante_le"] if true["plante_le"] else "")


def test_the_same_export_twice_gives_the_same_bytes(town: Any, pool: Any) -> None:
    for form in export.writable(town.trees):
        if form == "duckdb":  # the engine leaves in its blocks what memory held
            continue
        assert whole(pool, town.trees, form) == whole(pool, town.trees, form), form


def test_geojson_places_points_and_polygons(town: Any, pool: Any) -> None:
    points = json.loads(whole(pool, town.trees, "geojson", Query(select=("code",))))
    assert points["type"] == "FeatureCollection"
    assert len(points["features"]) == 500
    for feature, true in zip(points["features"], town.rows, strict=True):
        place = [true["longitude"], true["latitude"]]
        assert feature["geometry"] == (None if None in place else {"type": "Point", "coordinates": place})
    shapes = json.loads(whole(pool, town.parcels, "geojson"))["features"]
    assert shapes[0]["geometry"]["type"] == "Polygon"
    assert shapes[0]["properties"] == {"parcelle": "P0", "surface": 0.0}
    assert shapes[-1]["geometry"] is None


def test_parquet_of_places_is_geoparquet(town: Any, pool: Any) -> None:
    import shapely

    table = pq.read_table(io.BytesIO(whole(pool, town.parcels, "parquet")))
    geo = json.loads(table.schema.metadata[b"geo"])
    assert geo["primary_column"] == "geometry"
    assert geo["columns"]["geometry"]["encoding"] == "WKB"
    assert shapely.from_wkb(table["geometry"][2].as_py()).equals(shapely.box(2, 42, 2.5, 42.5))
    assert b"geo" not in (pq.read_table(io.BytesIO(whole(pool, town.trees, "parquet"))).schema.metadata or {})


def test_an_export_of_no_row_is_a_file_of_its_format(town: Any, pool: Any) -> None:
    none = Query(where=Test("code", Op.EQ, "rien"))
    assert json.loads(whole(pool, town.trees, "json", none)) == []
    assert whole(pool, town.trees, "jsonl", none) == b""
    assert json.loads(whole(pool, town.trees, "geojson", none))["features"] == []
    assert whole(pool, town.trees, "csv", none).decode().strip() == ",".join(r for r in town.rows[0])
    assert pq.read_table(io.BytesIO(whole(pool, town.trees, "parquet", none))).num_rows == 0
    assert whole(pool, town.trees, "xlsx", none)[:2] == b"PK"


def test_a_long_export_comes_in_pieces(town: Any, pool: Any) -> None:
    pieces = list(export.stream(pool, town.indexed, Query(), "jsonl"))
    assert len(pieces) > 3
    assert sum(p.count(b"\n") for p in pieces) == 25_000


FORMULAS = ["=1+1", "+33 1 42", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1", "=HYPERLINK(\"http://x\")",
            "+A1", "-A1"]  # fmt: skip
PLAIN = ["-12,5", "+33142345678", "1 000", "a=b", "école", "-5", "'quoted", '"double"', "l'été;fin", "x\ny", ""]


@pytest.fixture
def texts(tmp_path: Path, making: Any) -> Any:
    rows = [{"n": i, "t": t} for i, t in enumerate([*FORMULAS, *PLAIN])]
    folder = Folder(tmp_path / "data")
    safe = making.protected(tmp_path / "t.parquet", {"n": Kind.INTEGER, "t": Kind.TEXT}, rows)
    version, own = making.put(folder, safe, "dddddddddddd"), Pool(folder, workers=1)
    yield version, own
    own.close()


@pytest.mark.parametrize("profile", ["", "excel"])
def test_no_cell_of_a_csv_runs_in_a_spreadsheet_and_no_plain_cell_changes(texts: Any, profile: str) -> None:
    version, own = texts
    text = whole(own, version, "csv", profile=profile).decode("utf-8-sig")
    cells = [r[1] for r in csv.reader(io.StringIO(text, newline=""), delimiter=";" if profile else ",")][1:]
    for cell, true in zip(cells, [*FORMULAS, *PLAIN], strict=True):
        assert cell == (f"'{true}" if true in FORMULAS and true != "+33 1 42" else true)
        assert not cell or cell[0] not in "=@\t\r\n＝"


@pytest.mark.parametrize("profile", ["", "excel"])
def test_no_header_of_a_csv_runs_in_a_spreadsheet(texts: Any, profile: str) -> None:
    """A file's own headers are as foreign as its cells."""
    version, own = texts
    labels = {"n": "=cmd|' /C calc'!A0", "t": "École"}
    named = dataclasses.replace(
        version, columns=tuple(dataclasses.replace(c, label=labels[c.name]) for c in version.columns)
    )
    options = None if profile else {"use_labels": True, "labels": labels}
    body = b"".join(export.stream(own, named, Query(), "csv", profile, options=options))
    assert body.decode("utf-8-sig").splitlines()[0] == "'=cmd|' /C calc'!A0;École"


def test_a_workbook_holds_formulas_as_text(texts: Any, tmp_path: Path) -> None:
    import zipfile

    version, own = texts
    path = tmp_path / "x.xlsx"
    path.write_bytes(whole(own, version, "xlsx"))
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
        names = book.namelist()
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet
    assert not any("vba" in n or "external" in n for n in names)


def test_numbers_that_are_none_leave_an_empty_cell(tmp_path: Path, making: Any) -> None:
    values = [1.5, math.nan, math.inf, -math.inf, 1e300, 1e-7, None, 3.0]
    folder = Folder(tmp_path / "data")
    safe = making.protected(tmp_path / "t.parquet", {"x": Kind.NUMBER}, [{"x": v} for v in values])
    version, own = making.put(folder, safe, "dddddddddddd"), Pool(folder, workers=1)
    try:
        told = [r["x"] for r in json.loads(whole(own, version, "json"))]
        assert told == [1.5, None, None, None, 1e300, 1e-7, None, 3.0]
        lines = whole(own, version, "csv").decode().split("\r\n")[1:-1]
        assert [float(x) if x else None for x in lines] == told
        assert whole(own, version, "xlsx")[:2] == b"PK"
    finally:
        own.close()


def test_a_format_or_a_column_that_is_not_there_is_refused(town: Any, pool: Any) -> None:
    for form, query in (("docx", Query()), ("csv", Query(select=("rien",))), ("csv", Query(order=(Order("rien"),)))):
        with pytest.raises(InputError):
            whole(pool, town.trees, form, query)
        with pytest.raises(InputError):
            export.check(town.trees, query, form)
