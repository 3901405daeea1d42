"""Dates written month first: put in order when a column proves it, said when only its neighbour does."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from parvis.tables import recipe, repairs, types
from parvis.tables.sink import Sink
from parvis.tables.table import RawTable
from parvis.values import Kind, Recipe

AMERICAN = ["04/15/2024", "04/03/2024", "12/31/2024", "01/02/2025"]
FRENCH = ["15/04/2024", "03/04/2024", "31/12/2024", "02/01/2025"]
DOUBTFUL = ["05/04/2024", "06/05/2024", "07/12/2024", "02/03/2025"]


def table(work: Path, **columns: list[str]) -> RawTable:
    sink = Sink(work)
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    sink.rows("", list(columns), list(enumerate(rows, 2)), header_line=1)
    return sink.tables[0]


def cells(raw: RawTable, label: str) -> list[str]:
    return [str(c) for c in pq.read_table(raw.path).column(f"c{list(raw.labels).index(label)}").to_pylist()]


def test_a_column_that_proves_its_order_is_put_right_and_said(tmp_path: Path) -> None:
    mended, done = recipe.run(table(tmp_path, reçu=AMERICAN, clos=FRENCH), None, tmp_path)
    (step,) = [s for s in done if s.repair == "american_dates"]
    assert "« reçu » : 4 date(s)" in step.text
    assert cells(mended, "reçu") == ["2024-04-15", "2024-04-03", "2024-12-31", "2025-01-02"]
    assert cells(mended, "clos") == FRENCH
    assert [c.kind for c in types.infer(mended)] == [Kind.DATE, Kind.DATE]
    assert not [f for f in mended.findings if f.code.startswith("dates.")]


def test_a_doubtful_column_beside_an_american_one_is_said_and_a_person_decides(tmp_path: Path) -> None:
    raw = table(tmp_path, reçu=AMERICAN, payé=DOUBTFUL)
    mended, _ = recipe.run(raw, None, tmp_path)
    assert cells(mended, "payé") == DOUBTFUL
    (finding,) = [f for f in mended.findings if f.code == "dates.month_first"]
    assert "« payé »" in finding.text and "« reçu »" in finding.text
    assert finding.fix is not None
    decided, _ = recipe.run(raw, Recipe((finding.fix,)), tmp_path)
    assert cells(decided, "payé") == ["2024-05-04", "2024-06-05", "2024-07-12", "2025-02-03"]
    assert not [f for f in decided.findings if f.code.startswith("dates.")]


def test_nothing_is_said_of_doubtful_dates_alone_or_beside_french_ones(tmp_path: Path) -> None:
    for columns in ({"payé": DOUBTFUL}, {"payé": DOUBTFUL, "clos": FRENCH, "reçu": AMERICAN}):
        mended = repairs.apply(table(tmp_path, **columns), (), tmp_path)
        assert "dates.month_first" not in [f.code for f in mended.findings]


def test_a_column_with_both_orders_is_said_with_their_numbers(tmp_path: Path) -> None:
    raw = table(tmp_path, reçu=[*AMERICAN, *FRENCH[:3]])
    assert not [s for s in repairs.propose(raw) if s.repair == "american_dates"]
    (finding,) = [f for f in repairs.apply(raw, (), tmp_path).findings if f.code == "dates.two_orders"]
    assert "2 date(s) ont le mois en premier, 2 le jour ; 3 autre(s)" in finding.text
