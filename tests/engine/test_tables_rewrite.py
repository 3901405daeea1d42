"""A large table is typed and copied through Arrow: cell by cell what the engine's own query gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from parvis.tables import rewrite, types
from parvis.tables.readers.csv import _of_one_text
from parvis.tables.table import RawTable

AMOUNTS = (
    "12",
    "-12",
    "1234,5",
    "1 234,50",
    "1.234,5",
    "(45,00)",
    "45,00-",
    "12 €",
    "0,1",
    "-0,0",
    "NC",
    "x",
    "007",
    None,
)
POINTS = (
    "12.5",
    "1,234.5",
    "1.234",
    "1,234",
    "-.5",
    "5.",
    "1e3",
    "123456789012345678",
    "99999999999999999999.5",
    "-",
    None,
)
WHOLE = ("1", "-2", "007", " 3 ", "12345678901234567890", "1 234", "4,0", "+5", "n.d.", None)
DATES = ("2026-01-31", "2026-1-3", "31/01/2026", "0001-01-01", "2026-02-30", "demain", None)
WORDS = ("oui", "non", "OUI", "nc", "peut-être", None)
TEXTS = st.one_of(st.none(), st.text(min_size=1, max_size=12).filter(str.strip))


def column(cells: tuple[str | None, ...], draw: Any) -> Any:
    usual = [c for c in cells if c][:1]
    return draw(st.lists(st.sampled_from((*usual * 20, *cells)), min_size=60, max_size=60))


@st.composite
def tables(draw: Any) -> list[list[str | None]]:
    chosen = [draw(st.sampled_from((AMOUNTS, POINTS, WHOLE, DATES, WORDS))) for _ in range(3)]
    plain = [f"{draw(st.integers(-(10**6), 10**6))},{n % 100:02d}" for n in range(60)]
    texts = draw(st.lists(TEXTS, min_size=60, max_size=60))
    return [
        *(column(c, draw) for c in chosen),
        [f"{n},5" for n in range(60)],
        plain,
        texts,
        [f"R-{n}" for n in range(60)],
    ]


def raw_of(work: Path, columns: list[list[str | None]]) -> RawTable:
    cells = {f"c{i}": pa.array(c, pa.string()) for i, c in enumerate(columns)}
    cells["__line"] = pa.array(range(2, 62), pa.int64())
    pq.write_table(pa.table(cells), work / "raw.parquet", row_group_size=25)
    return RawTable("", work / "raw.parquet", [f"col {i}" for i in range(len(columns))], 60)


@settings(max_examples=25, deadline=None)
@given(columns=tables())
@example(columns=[["1,5", "2,5", None] * 20, [None] * 60, ["oui"] * 60])
@example(columns=[["12"] * 59 + ["007"], ["1.234"] * 60, ["1,234"] * 59 + ["x"]])
def test_typing_a_large_table_gives_what_a_query_gives(
    tmp_path_factory: pytest.TempPathFactory, columns: list[list[str | None]]
) -> None:
    work: Path = tmp_path_factory.mktemp("rewrite")
    raw = raw_of(work, columns)
    told, rows = [], []
    for large in (1, 10**9):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(rewrite, "LARGE", large)
            patched.setattr(rewrite, "GROUP", 40)
            typed = types.infer(raw)
            types.write(raw, typed, work / f"{large}.parquet")
        told.append(typed)
        found = duckdb.sql(f"SELECT * FROM read_parquet('{work}/{large}.parquet')")
        rows.append((found.columns, [str(t) for t in found.types], [tuple(map(repr, r)) for r in found.fetchall()]))
    assert told[0] == told[1]
    assert rows[0] == rows[1]


@settings(max_examples=15, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=200), often=st.booleans())
def test_a_copy_of_a_copy_keeps_every_cell(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str | None], often: bool
) -> None:
    work: Path = tmp_path_factory.mktemp("copy")
    cells = texts * 7 if often else texts
    table = pa.table({"texte": pa.array(cells, pa.string()), "n": pa.array(range(len(cells)), pa.int64())})
    pq.write_table(table, work / "0.parquet", row_group_size=50)
    with duckdb.connect() as engine:
        for turn in range(3):
            columns = [rewrite.Written(n, n) for n in ("texte", "n")]
            source, out = work / f"{turn}.parquet", work / f"{turn + 1}.parquet"
            assert rewrite.rewrite(engine, source, out, columns, level=1)
    assert pq.read_table(work / "3.parquet").equals(table)


def test_times_are_left_to_the_engine(tmp_path: Path) -> None:
    pq.write_table(pa.table({"h": pa.array([1], pa.time64("us"))}), tmp_path / "t.parquet")
    with duckdb.connect() as engine:
        assert not rewrite.rewrite(engine, tmp_path / "t.parquet", tmp_path / "o", [rewrite.Written("h", "h")], level=1)
    assert not (tmp_path / "o").exists()


CELLS = st.sampled_from(["aa", "aa", "aa", "aa", "a", "aaa", "ab", "ba", "é", "", None])


@given(st.lists(st.lists(CELLS, max_size=4), max_size=3) | st.lists(st.lists(st.just("été"), max_size=4), max_size=3))
@example([["abab", "abab"], ["baba", "abab"]])
@example([["aa", "aa"], ["aa", "a", "aaa"]])
def test_a_column_of_one_text_is_known_by_its_bytes_and_no_other_is(parts: list[list[str | None]]) -> None:
    cells = pa.chunked_array([pa.array(["x", *part], pa.string()).slice(1) for part in parts], pa.string())
    flat = [cell for part in parts for cell in part]
    coded = _of_one_text(cells)
    assert (coded is not None) == (len(set(flat)) == 1 and bool(flat[0]))
    if coded is not None:
        assert coded.to_pylist() == flat
        assert coded.type == cells.dictionary_encode().type
