"""Dates and numbers are recognised by what their cells hold, and the quick way answers as the patterns do."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parvis.dates import SHAPES, shapes_of
from parvis.tables import numbers

CELLS = [
    "2024-03-01", "1/3/2024", "12/31/24", "01-02-2024", "1.2.2024", "2024.2.1", "2024/02/01", "20240201", "1er août 2024",
    "2 FÉVRIER 2024", "31 septembre 2024", "2024-03-01 10:00", "2024-03-01T10:00:00.123456Z", "2024-03-01T10:00:00+02:00",
    "01/02/2024 9:05", "01/02/2024 09:05:59", "9:05", "23:59:59", "", "Fontclaire", "٢٠٢٤-٠١-٠١", "12", "2017-11-09/2017-12-31",
]  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
def test_shapes_are_those_whose_pattern_is_the_cell(cell: str) -> None:
    assert shapes_of(cell) == tuple(s for s in SHAPES if s.matches(cell))


@settings(deadline=None)
@given(st.one_of(st.text("0129-/.: TZ+eraoût", max_size=28), st.one_of(*(st.from_regex(s.pattern) for s in SHAPES))))
def test_shapes_are_those_whose_pattern_is_the_cell_whatever_it_is(cell: str) -> None:
    assert shapes_of(cell) == tuple(s for s in SHAPES if s.matches(cell))


NUMBERS = ["12", "-12", "1 234,56", "1.234,5", "1,234.5", "12.50", "(45,00)", "45,00-", "12 m2", "7 m3", "m1", "3 %", "4 €",
           "1e5", "Lac 2", "NC", "−7", "٣"]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(NUMBERS), st.text("019 ,.-m2€", max_size=8)), max_size=25))
def test_writings_fit_nine_cells_in_ten(cells: list[str]) -> None:
    told = numbers.writings(cells)
    for writing in told:
        pattern = writing.pattern().replace("[0-9]", r"\d")
        assert sum(re.fullmatch(pattern, c) is not None for c in cells) >= 0.9 * len(cells)
    plain = Counter(bool(re.fullmatch(r"[-+]?\d{1,18}", c)) for c in cells)
    assert any(w.plain and w.whole for w in told) == (bool(cells) and plain[True] >= 0.9 * len(cells))
    units = {"m2" for c in cells if c.endswith("m2")}
    assert all(w.unit != "m2" or units for w in told)
