"""The same verdict as Validata, line by line and field by field, except where Validata is wrong."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parvis.profiling.profile import profile as profile_of
from parvis.schemas.schema import Schema, from_table_schema, load
from parvis.tables import read as reading
from parvis.tables import repairs, types
from parvis.tables.table import RawTable
from parvis.validation import run
from parvis.values import Finding, Parcel

HERE = Path(__file__).parents[1] / "cases" / "validata"
CASES: list[dict[str, Any]] = tomllib.loads((HERE / "cases.toml").read_text("utf-8"))["case"]
VERDICTS: dict[str, Any] = json.loads((HERE / "verdicts.json").read_text("utf-8"))
DIFFERENT: dict[str, dict[str, str]] = tomllib.loads((HERE / "differences.toml").read_text("utf-8"))
Cell = tuple[int, str]
# What Validata says of a whole line, and we of several columns: the line is compared, not the field.
_LINES = ("one-of-required", "primary-key", "unique-error")
_OURS = ("schema.together_one_of", "schema.not_unique")


def schema_of(case: Mapping[str, Any]) -> Schema:
    fields = [{"type": "string", **f} for f in case.get("fields", [{"name": "v"}])]
    document: dict[str, Any] = {"fields": fields, "custom_checks": case.get("checks", [])}
    document |= {"primaryKey": case["key"]} if "key" in case else {}
    document |= {"missingValues": case["missing"]} if "missing" in case else {}
    return from_table_schema(document, "essai")


def checked(case: Mapping[str, Any], work: Path) -> Sequence[Finding]:
    schema = schema_of(case)
    labels = case.get("header") or [f.name for f in schema.fields]
    rows = case.get("rows") or [[cell] for cell in case["cells"]]
    cells: dict[str, Any] = {f"c{i}": pa.array([r[i] or None for r in rows], pa.string()) for i in range(len(labels))}
    cells["__line"] = pa.array(range(2, len(rows) + 2), pa.int64())
    pq.write_table(pa.table(cells), work / "raw.parquet")
    raw = RawTable("", work / "raw.parquet", tuple(labels), len(rows), format="csv")
    columns = types.infer(raw)
    types.write(raw, columns, work / "typed.parquet")
    profile = profile_of(raw, columns, work / "typed.parquet")
    mapping = {c.label: c.name for c in profile.columns if schema.field(c.label)}
    return run.check(work / "typed.parquet", raw, profile, schema, mapping, lines=100_000)


def ours(found: Sequence[Finding], fields: Mapping[str, str]) -> set[Cell]:
    """Return the cells that a schema's remark is about; what nobody else checks is left out."""
    out: set[Cell] = set()
    for finding in found:
        if not finding.lines and (finding.place is None or finding.place.line is None):
            continue  # about the table as a whole
        if finding.code.startswith("schema.") or finding.code == "values.siret_key":
            assert len(finding.lines) == min(finding.count, 100_000), finding.code
            label = finding.place.column if finding.place and finding.code not in _OURS else ""
            out |= {(line, fields.get(label, label)) for line in finding.lines}
    return out


def theirs(verdict: Mapping[str, Any]) -> set[Cell]:
    blank = {line for line, _, code in verdict["cells"] if code == "blank-row"}
    return {(n, "" if code in _LINES else field) for n, field, code in verdict["cells"] if n not in blank}


def judged(name: str, mine: set[Cell], other: set[Cell], names: Mapping[Cell, str]) -> None:
    """Hold both verdicts against each other; what differs must be listed, with the reason, and nothing else."""
    differ = {names.get(cell, cell[1]) for cell in mine ^ other}
    assert differ == set(DIFFERENT.get(name, {})), (
        f"{name}: {differ}, only we: {sorted(mine - other)[:20]}, only Validata: {sorted(other - mine)[:20]}"
    )


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_small_tables_have_the_verdict_of_validata(tmp_path: Path, case: Mapping[str, Any]) -> None:
    verdict = VERDICTS["cases"][case["name"]]
    found = checked(case, tmp_path)
    rows = case.get("rows") or [[cell] for cell in case["cells"]]
    values = {(line, f): " | ".join(row) for line, row in enumerate(rows, 2) for f in ("", "v")}
    skipped = {line for line, _, code in verdict["cells"] if code == "blank-row"}
    judged(case["name"], {c for c in ours(found, {}) if c[0] not in skipped}, theirs(verdict), values)
    missing = {str(f.values["field"]) for f in found if f.code == "schema.missing_field"}
    assert missing == {field for code, field in verdict["table"] if code == "missing-label"}
    assert ("cohesive-columns-value" in dict(map(tuple, verdict["table"]))) is any(
        f.code == "schema.missing_together" for f in found
    )


@pytest.mark.shared
@pytest.mark.parametrize("name", VERDICTS["files"])
def test_real_examples_have_the_verdict_of_validata(shared: Path, tmp_path: Path, name: str) -> None:
    verdict = VERDICTS["files"][name]
    source = shared / "data" / name
    read = reading.read(Parcel(source, source.name, "0", source.stat().st_size), tmp_path / "read")
    table = read.tables[0]
    raw = repairs.apply(table, repairs.propose(table), tmp_path)
    columns = types.infer(raw)
    types.write(raw, columns, tmp_path / "typed.parquet")
    profile = profile_of(raw, columns, tmp_path / "typed.parquet")
    schema = load(verdict["schema"])
    mapping = {f.name: c.name for f in schema.fields for c in profile.columns if c.label == f.name}
    found = run.check(tmp_path / "typed.parquet", raw, profile, schema, mapping, lines=100_000)
    if ["schema-error", ""] not in verdict["table"]:
        read_lines = set(
            pq.read_table(raw.path, columns=["__line"])["__line"].to_pylist()
        )  # totals and notes are left out
        judged(name, ours(found, {}), {c for c in theirs(verdict) if c[0] in read_lines}, {})


@pytest.mark.filterwarnings("ignore:.*schema-sync:DeprecationWarning")
@pytest.mark.parametrize("case", [c for c in CASES if "checks" not in c], ids=lambda c: c["name"])
def test_small_tables_have_the_verdict_of_frictionless(tmp_path: Path, case: Mapping[str, Any]) -> None:
    import frictionless

    schema: dict[str, Any] = {"fields": [{"type": "string", **f} for f in case.get("fields", [{"name": "v"}])]}
    if any("customCheck" in f for f in schema["fields"]):
        pytest.skip("frictionless knows no French format")
    schema |= {"primaryKey": case["key"]} if "key" in case else {}
    schema |= {"missingValues": case["missing"]} if "missing" in case else {}
    rows = case.get("rows") or [[cell] for cell in case["cells"]]
    header = case.get("header") or [f["name"] for f in schema["fields"]]
    resource = frictionless.Resource(
        data=[header, *rows],
        schema=frictionless.Schema.from_descriptor(schema),
        detector=frictionless.Detector(schema_sync=True),
    )
    told = frictionless.validate(resource).flatten(["rowNumber", "fieldName", "type"])
    blank = {n for n, _, code in told if code == "blank-row"}
    other = {(n, "" if code in _LINES else field or "") for n, field, code in told if n and n not in blank}
    mine = {c for c in ours(checked(case, tmp_path), {}) if c[0] not in blank}
    names = {(line, f): " | ".join(row) for line, row in enumerate(rows, 2) for f in ("", "v")}
    judged(case["name"], mine, other, names)
