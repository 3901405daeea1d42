"""Questions asked of the values of a column, when each comes often, get the answers that the rows give."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parvis import pipeline
from parvis.profiling.profile import profile as profile_of
from parvis.schemas.match import mapped
from parvis.schemas.schema import from_table_schema
from parvis.tables import types
from parvis.tables.table import RawTable
from parvis.validation import run
from parvis.validation.checks import duplicate_rows

LABELS = ("siret", "nature", "jour", 'le "quoi"', "part")
CELLS = (
    ("21440036100015", "21440036100016", "214", None),
    ("aide en nature", "aide", 'l\'"aide"', None),
    ("2026-01-31", "31/01/2026", "demain", None),
    ("oui", "non", "c1", None),
    ("0,5", "0.5", "12", None),
)
SCHEMA = from_table_schema(
    {
        "title": "Essai",
        "fields": [
            {"name": "siret", "type": "string", "constraints": {"pattern": r"^\d{14}$", "required": True}},
            {
                "name": "nature",
                "type": "string",
                "constraints": {"enum": ["aide en nature", 'l\'"aide"'], "maxLength": 9},
            },
            {"name": "jour", "type": "date", "constraints": {"required": True}},
            {"name": 'le "quoi"', "type": "boolean"},
            {"name": "part", "type": "number", "constraints": {"maximum": 1}},
        ],
    },
    "essai",
)
rows = st.lists(st.tuples(*(st.sampled_from(c) for c in CELLS)), min_size=20, max_size=60)


@settings(max_examples=25, deadline=None)
@given(rows=rows)
def test_the_values_tell_what_the_rows_tell(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, ...]]
) -> None:
    work: Path = tmp_path_factory.mktemp("values")
    table = {f"c{i}": pa.array([r[i] for r in rows], pa.string()) for i in range(len(LABELS))}
    pq.write_table(pa.table({**table, "__line": pa.array(range(2, len(rows) + 2), pa.int64())}), work / "raw.parquet")
    raw = RawTable("", work / "raw.parquet", LABELS, len(rows), format="csv")
    columns = types.infer(raw)
    types.write(raw, columns, work / "typed.parquet")
    profile = profile_of(raw, columns, work / "typed.parquet")
    mapping = mapped(profile.columns, SCHEMA)
    told = []
    for often in (1, 10**9):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(run, "_OFTEN", often)
            patched.setattr(duplicate_rows, "EXACT", often)
            patched.setattr(duplicate_rows, "_VARIOUS", 0.1)
            told.append(run.check(work / "typed.parquet", raw, profile, SCHEMA, mapping))
    assert told[0] == told[1]
    assert told[0]


@pytest.mark.parametrize(
    ("last", "doubles"),
    [(["R-99", "3"], 0), (["R-98", "3"], 0), (["R-98", "98"], 1), ([None, "3"], 0)],
    ids=["all differ", "a reference given twice", "a row that comes twice", "a reference that is missing"],
)
def test_rows_of_a_large_table_that_come_twice_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: list[str | None], doubles: int
) -> None:
    monkeypatch.setattr(duplicate_rows, "EXACT", 10)
    rows = [[f"R-{n}", str(n)] for n in range(99)] + [[cell or "" for cell in last]]
    path = tmp_path / "aides.csv"
    path.write_text("reference;montant\n" + "".join(f"{a};{b}\n" for a, b in rows), "utf-8")
    told = pipeline.check(path).preparations[0].findings
    assert sum(f.count for f in told if f.code == "rows.duplicate") == doubles
    assert [f.lines for f in told if f.code == "rows.duplicate"] == [(101,)] * doubles
