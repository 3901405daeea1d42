"""Real municipal files: the right header, the right types, the right number of rows."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from parvis.tables import repairs, types
from parvis.tables.read import read
from parvis.values import Parcel, Severity

EXPECTED: dict[str, Any] = tomllib.loads(Path(__file__).with_name("expected_shapes.toml").read_text("utf-8"))
SHARE = 0.85


def looked(path: Path, work: Path) -> dict[str, dict[str, Any]]:
    """Return what each table of a file is once read, repaired and typed."""
    work.mkdir()
    told = read(Parcel(path, path.name, "", path.stat().st_size), work / "read")
    out: dict[str, dict[str, Any]] = {}
    for number, raw in enumerate(told.tables):
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
            "types": {c.label: str(c.kind) for c in columns},
        }
    return out


def misses(wanted: dict[str, Any], got: dict[str, Any] | None) -> list[str]:
    if got is None:
        return ["table not found"]
    out = [f"{k}: {wanted[k]!r} wanted, {got[k]!r} read" for k in ("header", "columns", "first", "last", "rows")
           if k in wanted and wanted[k] != got[k]]  # fmt: skip
    for label, kind in wanted["types"].items():
        if got["types"].get(label) != kind:
            out.append(f"{label}: {kind} wanted, {got['types'].get(label)} read")
    return out


@pytest.mark.shared
def test_real_tables_are_read_right(shared: Path, tmp_path: Path) -> None:
    right = wrong = 0
    said: list[str] = []
    for number, (file, shape) in enumerate(EXPECTED.items()):
        got = looked(shared / "data" / file, tmp_path / str(number))
        for wanted in shape["tables"]:
            faults = misses(wanted, got.get(wanted.get("table", "")))
            right, wrong = right + (not faults), wrong + bool(faults)
            if faults:
                said.append(f"{file} [{wanted.get('table', '')}]: " + " ; ".join(faults))
    print(f"\n{right} of {right + wrong} tables of {len(EXPECTED)} real files are read right")
    print("\n".join(said))
    assert len(EXPECTED) >= 45
    assert right >= SHARE * (right + wrong), "\n".join(said)


@pytest.mark.shared
@pytest.mark.slow
def test_no_real_file_ends_without_a_sentence(shared: Path, tmp_path: Path) -> None:
    folders = ("subventions", "equipements", "deliberations", "finances", "marches", "elections", "environnement",
               "mobilite", "services", "vie-locale", "urbanisme", "geographie")  # fmt: skip
    files = [p for f in folders for p in sorted((shared / "data" / f).rglob("*")) if p.is_file()]
    for number, path in enumerate(files):
        told = read(Parcel(path, path.name, "", path.stat().st_size), tmp_path / str(number))
        refused = [f for f in told.findings if f.severity is Severity.REFUSE]
        assert told.tables or refused, path.name
        for finding in told.findings:
            assert finding.text, path.name
            assert "échouer" not in finding.text, f"{path.name}: {finding.text}"
