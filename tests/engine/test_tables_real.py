"""Real municipal files: the right header, the right types, the right number of rows, the right place on the map."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import shapely

from parvis.tables import repairs, types
from parvis.tables.read import read
from parvis.tables.table import SHAPE, RawTable
from parvis.values import Parcel, Severity

EXPECTED: dict[str, Any] = tomllib.loads(Path(__file__).with_name("expected_shapes.toml").read_text("utf-8"))
SHARE = 0.85
FILES = 60
NEAR = 0.05  # degrees
FOLDERS = ("subventions", "equipements", "deliberations", "finances", "marches", "elections", "environnement", "mobilite",
           "services", "vie-locale", "urbanisme", "geographie", "budget-totem")  # fmt: skip

MISSED = {  # known to be read wrong: side tables, two headers in one sheet, commas that nothing protects
    ("finances/montpellier-FinanceLocal_2011/VilleMTP_MTP_FinancesLocal_2011.csv", ""),
    (
        "marches/montpellier-MarchesConclus/VilleMTP_MTP_MarchesConclus_2012.xls",
        "Feuil1 / MARCHES DE FOURNITURES CONCLUS EN 2012",
    ),
    (
        "marches/montpellier-MarchesConclus/VilleMTP_MTP_MarchesConclus_2012.xls",
        "Feuil1 / MARCHES DE SERVICES CONCLUS EN 2012",
    ),
    ("subventions/departements/2018_Publication_données_Open_data_Subventions_Conventions.csv", ""),
    ("subventions/departements/201903_Publication_données_Open_data_Subventions_Conventions.csv", ""),
    ("subventions/departements/data.gouv-cd53-21-12-2018.xlsx", "Feuil1"),
    ("subventions/montpellier-AttribSub/VilleMTP_MTP_AttribSub_2014.ods", "Subventions"),
    ("environnement/montpellier-AirLR-StationAir/AirLR_LR_StationAir.kmz", ""),
}


def looked(path: Path, work: Path, wanted: set[str]) -> dict[str, dict[str, Any]]:
    """Return what the wanted tables of a file are once read, repaired and typed."""
    work.mkdir()
    told = read(Parcel(path, path.name, "", path.stat().st_size), work / "read")
    out: dict[str, dict[str, Any]] = {}
    for number, raw in enumerate(told.tables):
        if raw.name not in wanted:
            continue
        place = work / str(number)
        place.mkdir()
        mended = repairs.apply(raw, repairs.propose(raw), place)
        columns = types.infer(mended)
        types.write(mended, columns, place / "typed.parquet")
        out[mended.name] = {
            "header": mended.header_line or 0,
            "columns": len(mended.labels),
            "first": mended.labels[0],
            "last": mended.labels[-1],
            "rows": mended.rows,
            "crs": mended.crs,
            "near": first_place(mended),
            "types": {c.label: str(c.kind) for c in columns},
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
    out = [f"{k}: {wanted[k]!r} wanted, {got[k]!r} read" for k in ("header", "columns", "first", "last", "rows", "crs")
           if k in wanted and wanted[k] != got[k]]  # fmt: skip
    if "near" in wanted and any(abs(a - b) > NEAR for a, b in zip(wanted["near"], got["near"], strict=True)):
        out.append(f"near {wanted['near']} wanted, {got['near']} read")
    for label, kind in wanted["types"].items():
        if got["types"].get(label) != kind:
            out.append(f"{label}: {kind} wanted, {got['types'].get(label)} read")
    return out


@pytest.mark.shared
@pytest.mark.parametrize("folder", FOLDERS)
def test_real_tables_are_read_right(folder: str, shared: Path, tmp_path: Path) -> None:
    said: list[str] = []
    for number, (file, shape) in enumerate((f, s) for f, s in EXPECTED.items() if f.startswith(f"{folder}/")):
        names = {wanted.get("table", "") for wanted in shape["tables"]}
        got = looked(shared / "data" / file, tmp_path / str(number), names)
        for wanted in shape["tables"]:
            name = wanted.get("table", "")
            faults = misses(wanted, got.get(name))
            if faults and (file, name) not in MISSED:
                said.append(f"{file} [{name}]: " + " ; ".join(faults))
    assert not said, "\n".join(said)


def test_most_real_tables_are_among_those_read_right() -> None:
    tables = {(file, wanted.get("table", "")) for file, shape in EXPECTED.items() for wanted in shape["tables"]}
    assert tables >= MISSED
    assert len(EXPECTED) >= FILES
    assert {file.partition("/")[0] for file in EXPECTED} == set(FOLDERS)
    print(f"\n{len(tables - MISSED)} of {len(tables)} tables of {len(EXPECTED)} real files are read right")
    assert len(tables - MISSED) >= SHARE * len(tables)


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS)
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
