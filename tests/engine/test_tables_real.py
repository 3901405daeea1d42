"""Real municipal files: the right header, names and types, the right number of rows, the right place on the map."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import shapely

from parvis.errors import ParvisError
from parvis.tables import repairs, types
from parvis.tables.read import read, read_into
from parvis.tables.sink import Sink
from parvis.tables.table import SHAPE, RawTable
from parvis.values import Parcel, Severity

EXPECTED: dict[str, Any] = tomllib.loads(Path(__file__).with_name("expected_shapes.toml").read_text("utf-8"))
SHARE = 0.97
FILES = 450
NEAR = 0.05  # degrees
FOLDERS = ("accessibilite", "budget-totem", "catalogue", "deliberations", "donnees-personnelles", "donnees-sensibles",
           "elections", "environnement", "equipements", "finances", "geographie", "marches", "mobilite", "participation",
           "schema-exemples", "secret-statistique", "services", "subventions", "urbanisme", "vie-locale")  # fmt: skip
BIG = ("privacy", "reference", "studies")
LETTERS = {"t": "text", "i": "integer", "n": "number", "b": "boolean", "d": "date", "m": "datetime", "h": "time"}
DERIVED = {"coordinate_pair", "projected_coordinates", "geocode"}  # repairs that add columns to those of the file

MISSED: dict[tuple[str, str], str] = {  # (file, table) -> why it is read otherwise than a person would
    (
        "schema-exemples/gtfs/gtfs-accessibility.zip",
        "Horaires aux arrêts",
    ): "a table of a timetable that has a header and no row is not shown",
}


def looked(path: Path, work: Path) -> dict[str, dict[str, Any]]:
    """Return what the tables of a file are once read, repaired and typed; {} for a file refused in a sentence."""
    (work / "read").mkdir(parents=True)
    sink = Sink(work / "read")
    try:
        read_into(path, path.name, sink)
    except ParvisError:
        return {}
    out: dict[str, dict[str, Any]] = {}
    for number, raw in enumerate(sink.tables):
        place = work / str(number)
        place.mkdir()
        steps = [s for s in repairs.propose(raw) if s.repair not in DERIVED]
        mended = repairs.apply(raw, steps, place)
        columns = types.infer(mended)
        types.write(mended, columns, place / "typed.parquet")
        out[mended.name] = {
            "header": mended.header_line or 0,
            "columns": len(mended.labels),
            "labels": list(mended.labels),
            "first": mended.labels[0],
            "last": mended.labels[-1],
            "rows": mended.rows,
            "crs": mended.crs,
            "encoding": mended.encoding or None,
            "near": first_place(mended),
            "types": {c.label: str(c.kind) for c in columns},
            "kinds": [str(c.kind) for c in columns],
        }
    return out


def first_place(raw: RawTable) -> tuple[float, float]:
    """Return the middle of the first shape of a layer."""
    if not raw.geometry:
        return (0.0, 0.0)
    shapes = shapely.from_wkb(pq.read_table(raw.path, columns=[SHAPE]).column(0).slice(0, 1).to_pylist())
    return (shapes[0].centroid.x, shapes[0].centroid.y)


def misses(wanted: dict[str, Any], got: dict[str, Any] | None) -> list[str]:
    if got is None:
        return ["table not found"]
    out = [f"{k}: {wanted[k]!r} wanted, {got[k]!r} read"
           for k in ("header", "columns", "first", "last", "rows", "crs", "encoding")
           if k in wanted and wanted[k] != got[k]]  # fmt: skip
    if "near" in wanted and any(abs(a - b) > NEAR for a, b in zip(wanted["near"], got["near"], strict=True)):
        out.append(f"near {wanted['near']} wanted, {got['near']} read")
    labels = wanted.get("labels")
    if labels is not None and labels != got["labels"]:
        odd = [(a, b) for a, b in zip(labels, got["labels"], strict=False) if a != b]
        out.append(f"labels: {len(labels)} wanted, {len(got['labels'])} read, first other {odd[:1]}")
    for number, (letter, kind) in enumerate(zip(wanted.get("kinds", ""), got["kinds"], strict=False)):
        if letter != "?" and LETTERS[letter] != kind:
            out.append(f"{got['labels'][number] or number + 1}: {LETTERS[letter]} wanted, {kind} read")
    for label, kind in wanted.get("types", {}).items():
        if got["types"].get(label) != kind:
            out.append(f"{label}: {kind} wanted, {got['types'].get(label)} read")
    return out


def said(folder: str, shared: Path, work: Path) -> list[str]:
    """Return a line for each table of a folder that is read otherwise than expected, or rightly against all hope."""
    out: list[str] = []
    for number, (file, shape) in enumerate((f, s) for f, s in EXPECTED.items() if f.startswith(f"{folder}/")):
        got = looked(shared / "data" / file, work / str(number))
        for wanted in shape["tables"]:
            name = wanted.get("table", "")
            faults = misses(wanted, got.get(name))
            if bool(faults) != ((file, name) in MISSED):
                out.append(f"{file} [{name}]: " + (" ; ".join(faults) or "read right, though it is among the missed"))
    return out


@pytest.mark.shared
@pytest.mark.parametrize("folder", FOLDERS)
def test_real_tables_are_read_right(folder: str, shared: Path, tmp_path: Path) -> None:
    lines = said(folder, shared, tmp_path)
    assert not lines, "\n".join(lines)


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("folder", BIG)
def test_real_big_tables_are_read_right(folder: str, shared: Path, tmp_path: Path) -> None:
    lines = said(folder, shared, tmp_path)
    assert not lines, "\n".join(lines)


def test_nearly_all_real_tables_are_among_those_read_right() -> None:
    tables = {(file, wanted.get("table", "")) for file, shape in EXPECTED.items() for wanted in shape["tables"]}
    assert tables >= set(MISSED)
    assert len(EXPECTED) >= FILES
    assert {file.partition("/")[0] for file in EXPECTED} == {*FOLDERS, *BIG}
    right = len(tables) - len(MISSED)
    for (file, name), why in MISSED.items():
        print(f"\nmissed: {file} [{name}]: {why}")
    print(f"\n{right} of {len(tables)} tables of {len(EXPECTED)} real files are read right ({right / len(tables):.1%})")
    assert right >= SHARE * len(tables)


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("folder", (*FOLDERS, *BIG))
def test_every_real_file_ends_in_tables_or_in_a_sentence(folder: str, shared: Path, tmp_path: Path) -> None:
    files = [p for p in sorted((shared / "data" / folder).rglob("*")) if p.is_file()]
    assert files
    for number, path in enumerate(files):
        told = read(Parcel(path, path.name, "", path.stat().st_size), tmp_path / str(number))
        refused = [f for f in told.findings if f.severity is Severity.REFUSE]
        assert told.tables or refused, path.name
        for finding in told.findings:
            assert finding.text, path.name
            assert finding.hint.format(**finding.values) or finding.severity is not Severity.REFUSE, path.name
            assert "échouer" not in finding.text, f"{path.name}: {finding.text}"
            assert "pas encore" not in finding.text or "PDF" in finding.text, f"{path.name}: {finding.text}"
