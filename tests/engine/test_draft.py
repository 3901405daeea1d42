"""A table under repair shows its cells by their texts: each once, and what is seen of one holds for all."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import MonkeyPatch, TempPathFactory

from parvis.tables import draft as draft_module
from parvis.tables.draft import Draft, mostly
from parvis.tables.repairs import drop_totals
from parvis.tables.sink import Sink
from parvis.tables.table import RawTable

CELLS = st.lists(st.lists(st.sampled_from([None, "a", "b", " b", "c\nd", "12"]), min_size=2, max_size=2), max_size=30)


def table(work: Path, labels: list[str], rows: list[list[str | None]]) -> RawTable:
    sink = Sink(work)
    sink.rows("", labels, list(enumerate(rows, 2)), header_line=1)
    return sink.tables[0]


@settings(deadline=None)
@given(rows=CELLS)
def test_each_text_is_seen_once_with_its_first_row(
    rows: list[list[str | None]], tmp_path_factory: TempPathFactory
) -> None:
    with Draft(table(tmp_path_factory.mktemp("t"), ["x", "y"], rows)) as draft:
        for i in range(2):
            cells = [r[i] for r in rows]
            filled = [c for c in cells if c is not None]
            seen = draft.seen(i)
            assert dict(zip(seen.texts, seen.times, strict=True)) == Counter(filled)
            assert list(seen.texts) == list(dict.fromkeys(filled))
            assert list(seen.rows) == [cells.index(t) for t in seen.texts]
            assert seen.joined == "\n".join(seen.texts)
            assert draft.column(i) == filled
            assert draft.few(i, 3) == filled[:3]
            for share in (0.5, 0.9):
                fit = sum(c.strip() == "b" for c in filled)
                assert mostly(seen, re.compile("b"), share) == (bool(filled) and fit >= share * len(filled))
        assert draft.sample(4) == [tuple(r) for r in rows[:4]]


def test_columns_that_a_step_leaves_keep_their_cells(tmp_path: Path) -> None:
    with Draft(table(tmp_path, ["x", "y"], [["a", "1"], ["b", None], ["a", "3"]])) as draft:
        kept, mark = draft.cells(0), draft.mark()
        draft.rewrite({1: "coalesce(c1, '2')"})
        assert draft.cells(0) is kept
        assert draft.column(1) == ["1", "2", "3"]
        draft.keep("c0 = 'a'")
        assert draft.column(0) == ["a", "a"]
        assert list(draft.seen(1).texts) == ["1", "3"]
        draft.back(mark)
        assert draft.column(1) == ["1", "3"]
        assert draft.cells(0) is kept


def test_columns_left_out_leave_the_rows_in_their_order(tmp_path: Path) -> None:
    rows: list[list[str | None]] = [[str(n), None, str(-n)] for n in range(500)]
    with Draft(table(tmp_path, ["x", "", "y"], rows)) as draft:
        draft.project([("y", "c2", 2), ("x", "c0", 0)])
        assert draft.sample(1000) == [(r[2], r[0]) for r in rows]
        assert draft.labels == ["y", "x"]


def test_the_total_of_a_big_table_is_looked_for_at_its_end(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(draft_module, "BIG", 3)
    rows: list[list[str | None]] = [["60", "100"], ["61", "50"], ["62", "10"], ["63", "1"]]
    with Draft(table(tmp_path, ["nature", "montant"], [*rows, ["TOTAL", "161"]])) as draft:
        (step,) = drop_totals.propose(draft)
        assert step.values["count"] == 1
        assert drop_totals.apply(draft, {})
        assert draft.rows() == 4
    with Draft(table(tmp_path, ["nature", "montant"], rows)) as draft:
        assert not drop_totals.propose(draft)
        assert not drop_totals.apply(draft, {})
