"""Hostile and damaged files: each one ends as its manifest promises, in French, with a table or a reason."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from parvis import pipeline
from parvis.tables import cage
from parvis.tables.read import read
from parvis.values import Finding, Parcel, Severity

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "badfiles"
ELSEWHERE = {"jpeg-gps"}  # the photo of a report: another door than that of tables
REFUSED = {"pdf-black", "docx-tracked"}  # no table stands in them: their question is put in the refusal itself
ENGLISH = re.compile(r"\b(?:the|error|failed|invalid|cannot|traceback|exception|unexpected)\b", re.IGNORECASE)
VERDICTS = {"reject", "ask", "accept", "accept_with_warnings"}


def cases() -> list[dict[str, Any]]:
    manifest = FOLDER / "manifest.json"
    return json.loads(manifest.read_text("utf-8"))["cases"] if manifest.exists() else []


def bytes_of(case: dict[str, Any], shared: Path, tmp_path: Path) -> Path:
    """Return the file of a case; big ones are made when needed."""
    if case.get("file") is None:
        return shared / "badfiles" / "ordinaire.csv"
    if case.get("stored", True):
        return shared / "badfiles" / str(case["file"])
    made = tmp_path / Path(case["file"]).name
    maker = shared / "badfiles" / "gen.py"
    subprocess.run([sys.executable, str(maker), "make", case["id"], str(made)], check=True, capture_output=True)
    return made


@pytest.mark.shared
@pytest.mark.parametrize("case", [c for c in cases() if c["id"] not in ELSEWHERE], ids=lambda c: c["id"])
def test_a_bad_file_ends_as_its_manifest_promises(case: dict[str, Any], shared: Path, tmp_path: Path) -> None:
    path = bytes_of(case, shared, tmp_path)
    expected = case["expected"]
    if case.get("upload_name"):
        told = read(Parcel(path, case["upload_name"], "", path.stat().st_size), tmp_path / "read")
        assert told.tables or said(told.findings, Severity.REFUSE)
        assert all("/" not in f.text and "\n" not in f.text for f in told.findings)
        return
    began = time.monotonic()
    with pipeline.opened(path) as (reception, tables):
        assert time.monotonic() - began < expected["limits"]["seconds"]
        findings = [*reception.findings, *(f for t in tables for f in t.preparation.findings)]
        text = "\n".join(whole(f) for f in findings)
        text += "\n".join(s.message.format(**s.values) for t in tables for s in t.steps)
        assert not ENGLISH.search(text), text
        verdict = outcome(bool(tables), findings)
        allowed = {expected["verdict"]} | {v for v in VERDICTS if re.search(rf"\b{v}\b", case.get("note", ""))}
        if case["id"] in REFUSED:
            allowed = {"reject"}
        if "accept" in allowed:  # a remark more never hurts what is accepted
            allowed |= {"accept_with_warnings"}
        assert verdict in allowed, f"{verdict}: {text}"
        if case["id"] != "rdf-xxe":  # its words are those of a harvest
            for pattern in expected["must_mention"]:
                assert re.search(pattern, text), f"{pattern} is not said in: {text}"
        if tables:
            check_facts(expected.get("facts") or {}, tables)


def outcome(read_something: bool, findings: list[Finding]) -> str:
    if not read_something:
        assert said(findings, Severity.REFUSE)
        return "reject"
    if said(findings, Severity.BLOCK):
        return "ask"
    return "accept_with_warnings" if findings else "accept"


def said(findings: Any, severity: Severity) -> bool:
    return any(f.severity is severity for f in findings)


def whole(finding: Finding) -> str:
    return " ".join(t.format(**finding.values) for t in (finding.message, finding.hint, finding.why) if t)


def check_facts(facts: dict[str, Any], tables: Any) -> None:
    """Hold the typed table against the facts of the manifest."""
    first = tables[0]
    content = pq.read_table(first.typed).drop_columns(["__line"])
    columns = {c.label: c for c in first.preparation.profile.columns} | {
        c.name: c for c in first.preparation.profile.columns
    }
    if "rows" in facts:
        assert content.num_rows == facts["rows"]
    if "columns" in facts:
        assert len(first.preparation.profile.columns) == facts["columns"]
    if "distinct_names" in facts:
        assert len({c.name for c in first.preparation.profile.columns}) == facts["distinct_names"]
    for place, value in (facts.get("cells") or {}).items():
        row, _, label = place.partition(".")
        got = content.column(columns[label].name)[int(row)].as_py()
        assert (str(got) if isinstance(value, str) else got) == value, place
    for label, kind in (facts.get("types") or {}).items():
        assert ("text" if columns[label].kind == "text" else "number") == kind, label
    for label, count in (facts.get("nulls") or {}).items():
        assert content.column(columns[label].name).null_count == count, label
    if "occurrences" in facts:
        assert content.num_rows == facts["occurrences"]
        moments = [m.isoformat() for m in content.column(columns["Début"].name).to_pylist()]
        assert [moments[0], moments[-1]] == [
            facts["first"][:19],
            facts["last"][:19],
        ]  # what the clock of the place shows
    if facts.get("valid_after"):
        import shapely

        assert all(shapely.is_valid(shapely.from_wkb(content.column("geometry").to_pylist())))


@pytest.mark.shared
def test_the_next_ordinary_file_is_read_after_all_the_bad_ones(shared: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("entites.xlsx", "budget.xml", "pied.parquet", "lien.zip", "nan.json")):
        read(Parcel(shared / "badfiles" / name, name, "", 1), tmp_path / str(number))
    told = read(Parcel(shared / "badfiles" / "ordinaire.csv", "ordinaire.csv", "", 1), tmp_path / "last")
    assert told.tables[0].rows == 2
    assert cage.state()["memory"]
