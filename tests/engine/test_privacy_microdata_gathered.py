"""Rows gathered by likeness, and numbers replaced by means: the promise counted again, the figures those of the field."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv

from parvis.errors import InputError, RefusedError
from parvis.privacy.microdata import coding, gathered, hierarchies, made, microaggregation
from parvis.privacy.microdata.coding import Coded
from parvis.privacy.microdata.demand import Demand, Diversity


def wide(rows: int, columns: int, seed: int) -> Coded:
    chance = np.random.default_rng(seed)
    table = {f"c{j}": [str(v) for v in chance.integers(0, 3 + 4 * j, rows)] for j in range(columns)}
    table["aide"] = [str(v) for v in chance.integers(0, 4, rows)]
    ladders = [
        made.made(name, sorted(set(values), key=int), kind="amount") for name, values in table.items() if name != "aide"
    ]
    return coding.coded(table, ladders, sensitive=["aide"])


def smallest(columns: dict[str, pa.Array]) -> int:
    published = pa.table(columns)
    names = ", ".join(f'"{name}"' for name in published.column_names)
    counted = duckdb.from_arrow(published).query("published", f"SELECT count(*) FROM published GROUP BY {names}")
    return min(n for (n,) in counted.fetchall())


@pytest.mark.parametrize("k", [2, 5, 11])
@pytest.mark.parametrize("columns", [1, 3, 9])
def test_gathered_rows_hold_k_in_each_class(k: int, columns: int) -> None:
    coded = wide(200, columns, k)
    words, learnt = gathered.by_words(coded, Demand(k)), gathered.by_learnt_nodes(coded, Demand(k))
    sets = gathered.by_sets(coded, Demand(k), ordered=["c0", "c2"])
    assert smallest(words.columns()) >= k
    assert smallest(learnt.columns()) >= k
    assert smallest(sets.columns()) >= k
    assert learnt.loss <= words.loss + 1e-12
    assert 0 <= sets.loss <= 1


def test_gathered_classes_hold_varied_sensitive_values() -> None:
    coded = wide(200, 3, 4)
    demand = Demand(3, diversity=(Diversity("aide", 3),))
    for recoded in (gathered.by_words(coded, demand), gathered.by_sets(coded, demand)):
        classes = recoded.classes()
        held: dict[int, set[int]] = {}
        for row, value in zip(coded.sensitive[0].row, coded.sensitive[0].value, strict=True):
            held.setdefault(int(classes[row]), set()).add(int(value))
        assert min(map(len, held.values())) >= 3


def test_fewer_rows_than_k_are_refused() -> None:
    for gather in (gathered.by_words, gathered.by_sets, gathered.by_learnt_nodes):
        with pytest.raises(RefusedError):
            gather(wide(4, 2, 0), Demand(5))


def test_spans_and_lists_are_said_as_people_write_them() -> None:
    columns = {"age": ["30", "31", "34", "70", "71", "99"], "ville": ["A", "B", "C", "D", "D", "D"]}
    keys = [hierarchies.flat(name, values) for name, values in (("age", columns["age"]), ("ville", "ABCD"))]
    told = gathered.by_sets(coding.coded(columns, keys), Demand(3), ordered=["age"]).columns()
    assert told["age"].to_pylist() == ["30 à 34"] * 3 + ["70 à 99"] * 3
    assert told["ville"].to_pylist() == ["A, B ou C"] * 3 + ["D"] * 3


def test_a_class_with_every_value_says_nothing_of_them() -> None:
    columns = {"x": ["1", "2", "3"]}
    told = gathered.by_sets(coding.coded(columns, [hierarchies.flat("x", "123")]), Demand(3)).columns()
    assert told["x"].to_pylist() == ["*"] * 3


@pytest.mark.shared
def test_adult_in_spans_and_lists_loses_half_of_what_words_lose(shared: Path) -> None:
    folder = shared / "data" / "privacy" / "adult"
    table = csv.read_csv(folder / "adult.csv", parse_options=csv.ParseOptions(delimiter=";"))
    ladders = [hierarchies.given(folder / f"adult_hierarchy_{c}.csv", c) for c in table.column_names]
    coded = coding.coded({c: table[c] for c in table.column_names}, ladders)
    recoded = gathered.by_sets(coded, Demand(5), ordered=["age"])
    assert smallest(recoded.columns()) >= 5
    assert recoded.loss <= 0.0265


# --- Means ------------------------------------------------------------------------------------------

KNOWN = {
    "CASCrefmicrodata": (5.692, 9.088, 14.156),
    "EIA": (0.592, 1.588, 3.270),
    "Tarragona": (16.933, 22.462, 33.193),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", KNOWN)
def test_means_lose_what_the_reference_loses(shared: Path, name: str) -> None:
    path = shared / "data" / "privacy" / "microagg" / f"{name}.csv"
    read = csv.read_csv(path, parse_options=csv.ParseOptions(delimiter=";"))
    table = np.stack([read[c].to_numpy() for c in read.column_names], axis=1).astype(np.float64)
    for k, known in zip((3, 5, 10), KNOWN[name], strict=True):
        group = microaggregation.mdav(table, k)
        assert round(microaggregation.information_lost(table, group), 3) == known
        assert np.bincount(group).min() >= k


@settings(deadline=None)
@given(rows=st.integers(3, 60), k=st.integers(1, 3), seed=st.integers(0, 99))
def test_means_stand_for_k_rows_at_least_and_keep_the_totals(rows: int, k: int, seed: int) -> None:
    table = np.random.default_rng(seed).integers(0, 9, (rows, 2)).astype(np.float64)
    for gather in (microaggregation.mdav, microaggregation.v_mdav):
        group = gather(table, k)
        assert np.bincount(group).min() >= k
        told = microaggregation.averaged(table, group)
        assert told.sum(0) == pytest.approx(table.sum(0))


def test_means_want_numbers_in_all_cells_and_enough_rows() -> None:
    with pytest.raises(InputError, match="nombres dans toutes les cellules"):
        microaggregation.mdav(np.array([[1.0], [np.nan]]), 2)
    with pytest.raises(RefusedError):
        microaggregation.mdav(np.array([[1.0], [2.0]]), 3)


def test_ends_are_cut_where_k_rows_stand() -> None:
    numbers = np.arange(100.0)
    low, high = microaggregation.bounds_for(numbers, 5)
    told = microaggregation.cut(numbers, low, high)
    assert (told == told.min()).sum() == (told == told.max()).sum() == 5


def test_rounding_by_chance_keeps_the_mean() -> None:
    numbers = np.full(20_000, 13.0)
    assert set(microaggregation.rounded(numbers, 5)) == {15.0}
    told = microaggregation.rounded(numbers, 5, seed=1)
    assert set(told) == {10.0, 15.0}
    assert told.mean() == pytest.approx(13, abs=0.1)
    with pytest.raises(InputError):
        microaggregation.rounded(numbers, 0)


def test_exchanged_numbers_stay_the_same_as_a_whole_and_near_their_rank() -> None:
    keys = np.random.default_rng(3).integers(0, 2**63, 1001).astype(np.uint64)
    taken = microaggregation.partners(keys, 50)
    assert sorted(taken) == list(range(1001)) and (taken != np.arange(1001)).all()
    assert np.abs(taken - np.arange(1001)).max() <= 51
    assert (microaggregation.partners(keys, 50) == taken).all()
    for few in (0, 1, 2, 3):
        assert len(microaggregation.partners(keys[:few], 1)) == few


def test_values_drawn_anew_keep_their_shares() -> None:
    codes = np.repeat([0, 1, 2], [6000, 3000, 1000])
    keys = np.random.default_rng(4).integers(0, 2**64, 10_000, np.uint64)
    told = microaggregation.drawn_by(codes, 0.3, keys)
    assert np.bincount(told) / 10_000 == pytest.approx([0.6, 0.3, 0.1], abs=0.01)
    assert (told == codes).mean() == pytest.approx(0.7 + 0.3 * (0.36 + 0.09 + 0.01), abs=0.02)
