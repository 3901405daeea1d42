"""A column written at once holds the same texts as its cells written one by one."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.tables.cell_text import ERRORS, column, joined, text

BLANK = ["", " ", "\t\n", "\u00a0", "\u2003 ", "\u3000"]
WORDS = st.one_of(st.text(max_size=12), st.sampled_from([*BLANK, *sorted(ERRORS), "#12", "É", "« non »", "0123"]))
NUMBERS = st.one_of(
    st.floats(),
    st.integers(-(10**16), 10**16).map(float),
    st.decimals(-(10**9), 10**9, places=2).map(float),
    st.sampled_from([0.0, -0.0, 0.1 + 0.2, 1e-7, 1e15, 1e22, 28034063900739.0, 123456789012345.6]),
)
KINDS = (
    WORDS,
    NUMBERS,
    st.booleans(),
    st.integers(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(min_value=dt.timedelta(0)),
)
BLANKS = st.sampled_from([None, *BLANK])


def columns() -> Any:
    """Columns of one kind, of one kind with holes, and of everything."""
    alone = [st.lists(kind, max_size=40) for kind in KINDS]
    holed = [st.lists(st.one_of(kind, BLANKS), max_size=40) for kind in KINDS]
    return st.one_of(*alone, *holed, st.lists(st.one_of(*KINDS, BLANKS), max_size=40))


@given(columns(), columns())
def test_a_column_is_written_as_its_cells_are(first: list[Any], second: list[Any]) -> None:
    told = [text(cell) for cell in (*first, *second)]
    texts, errors = joined([column(tuple(cells)) for cells in (first, second)])
    assert errors == {i: said for i, said in enumerate(told) if said in ERRORS}
    assert texts.to_pylist() == [None if i in errors else said for i, said in enumerate(told)]


def test_values_that_come_again_are_not_confused() -> None:
    cells = [1.0, True, 1, "1", False, 0.0, -0.0] * 10
    assert joined([column(cells)])[0].to_pylist() == ["1", "vrai", "1", "1", "faux", "0", "0"] * 10


def test_only_signs_that_show_nothing_make_an_empty_cell() -> None:
    signs = [chr(n) for n in range(sys.maxunicode + 1) if not 0xD800 <= n < 0xE000]
    shown = joined([column(signs)])[0].to_pylist()
    assert [c for c, said in zip(signs, shown, strict=True) if said is None] == [c for c in signs if not c.strip()]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (12.0, "12"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.3"),
        (28034063900739.0, "28034063900739"),
        (1234567890123456.0, "1234567890123460"),
        (0.0000001, "0.0000001"),
        (1e20, "100000000000000000000"),
        (float("nan"), None),
        (float("inf"), None),
        (True, "vrai"),
        (dt.datetime(2024, 3, 5), "2024-03-05"),  # noqa: DTZ001  no zone in a cell
        (dt.datetime(2024, 3, 5, 8, 30), "2024-03-05 08:30:00"),  # noqa: DTZ001  no zone in a cell
        (dt.timedelta(hours=26, minutes=5), "26:05:00"),
        ("  ", None),
    ],
)
def test_a_cell_is_the_text_that_the_agent_sees(cell: Any, said: str | None) -> None:
    assert text(cell) == said
