"""Tables recoded so that nobody stands alone: what is promised is counted again by a GROUP BY of what would be published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from parvis.errors import InputError, RefusedError, UnknownColumn
from parvis.privacy.microdata import coding, hierarchies, local, whole
from parvis.privacy.microdata.coding import Coded
from parvis.privacy.microdata.demand import Closeness, Demand, Diversity
from parvis.privacy.microdata.lattice import Lattice
from parvis.privacy.microdata.lattice import whole as nodes_of
from parvis.privacy.microdata.recoded import Recoded
from parvis.privacy.microdata.settle import settled
from parvis.privacy.microdata.splice import spliced

AGES = [str(age) for age in range(20, 60)]
TOWNS = ["Fontclaire", "Valbrune", "Rocheplate", "Boisjoli"]


def age() -> hierarchies.Hierarchy:
    return hierarchies.of_lines("age", [(a, f"{int(a) // 5 * 5}", f"{int(a) // 10 * 10} ans") for a in AGES])


def town() -> hierarchies.Hierarchy:
    return hierarchies.of_lines("commune", [(t, "nord" if t[0] < "G" else "sud") for t in TOWNS])


def register(rows: int, seed: int, persons: bool = False) -> Coded:
    chance = np.random.default_rng(seed)
    columns = {
        "age": [AGES[i] for i in chance.integers(0, len(AGES), rows)],
        "commune": [TOWNS[i] for i in chance.choice(4, rows, p=[0.7, 0.2, 0.07, 0.03])],
        "aide": [str(i) for i in chance.choice(4, rows, p=[0.7, 0.2, 0.07, 0.03])],
        "foyer": [str(i) for i in chance.integers(0, max(rows // 3, 1), rows)],
    }
    return coding.coded(columns, [age(), town()], sensitive=["aide"], person="foyer" if persons else "")


def smallest(recoded: Recoded) -> int:
    """The smallest class of the published columns, by a GROUP BY that knows nothing of how they were made."""
    published = pa.table(recoded.columns())
    names = ", ".join(f'"{name}"' for name in published.column_names)
    counted = duckdb.from_arrow(published).query("published", f"SELECT count(*) AS n FROM published GROUP BY {names}")
    return int(min(n for (n,) in counted.fetchall()))


def published_with(recoded: Recoded, **beside: Sequence[str]) -> list[tuple[str, ...]]:
    rows = recoded.kept_rows()
    told = [column.to_pylist() for column in recoded.columns().values()]
    return list(zip(*told, *([values[row] for row in rows] for values in beside.values()), strict=True))


@pytest.mark.parametrize("rows", [12, 60, 500])
@pytest.mark.parametrize("k", [2, 3, 5, 11])
def test_no_row_is_published_in_a_class_smaller_than_k(rows: int, k: int) -> None:
    for seed in range(5):
        recoded = local.peel(register(rows, seed), Demand(k))
        assert smallest(recoded) >= k
        assert 0 <= recoded.loss <= 1
        assert len(recoded.kept_rows()) == rows


def test_a_table_smaller_than_k_is_refused_with_kind_words() -> None:
    with pytest.raises(RefusedError, match="pas même le tableau entier"):
        local.peel(register(4, 0), Demand(5))


def test_rows_already_many_lose_nothing() -> None:
    columns = {"age": ["20"] * 5 + ["31"] * 5, "commune": ["Valbrune"] * 10}
    recoded = local.peel(coding.coded(columns, [age(), town()]), Demand(5))
    assert recoded.loss == 0
    assert recoded.columns()["age"].to_pylist() == ["20"] * 5 + ["31"] * 5


def test_rows_come_out_in_the_order_of_the_table() -> None:
    columns = {"age": ["20", "59", "20", "58"], "commune": ["Valbrune", "Fontclaire", "Valbrune", "Fontclaire"]}
    recoded = local.peel(coding.coded(columns, [age(), town()]), Demand(2))
    assert recoded.columns()["age"].to_pylist() == ["20", "55", "20", "55"]


def test_an_empty_cell_is_a_value_of_its_own() -> None:
    column = ["a", None, "a", None]
    coded = coding.coded({"x": column}, [hierarchies.flat("x", ["a", ""])])
    assert len(coded.rows) == 2
    assert local.peel(coded, Demand(2)).columns()["x"].to_pylist() == ["a", "", "a", ""]


def test_k_counts_persons_when_a_key_says_who_they_are() -> None:
    columns = {"age": ["20"] * 6 + ["30"] * 6, "foyer": ["A"] * 6 + list("BCDEFG")}
    rows = local.peel(coding.coded(columns, [age()]), Demand(3))
    persons = local.peel(coding.coded(columns, [age()], person="foyer"), Demand(3))
    assert rows.loss == 0
    assert set(persons.columns()["age"].to_pylist()) == {"30", "*"} or persons.loss == 1


@pytest.mark.parametrize("seed", range(4))
def test_persons_are_counted_once_in_a_class_whatever_their_rows(seed: int) -> None:
    coded = register(300, seed, persons=True)
    recoded = local.peel(coded, Demand(5))
    assert coded.persons is not None
    held: dict[int, set[int]] = {}
    for row, value in zip(coded.persons.row, coded.persons.value, strict=True):
        held.setdefault(int(recoded.classes()[row]), set()).add(int(value))
    assert min(map(len, held.values())) >= 5


@pytest.mark.parametrize("kind", ["distinct", "entropy", "recursive"])
@pytest.mark.parametrize("wanted", [2, 3])
def test_each_class_holds_varied_sensitive_values(kind: str, wanted: int) -> None:
    chance = np.random.default_rng(5)
    share = [0.7, 0.2, 0.07, 0.03] if kind == "distinct" else [0.3, 0.3, 0.2, 0.2]
    helped = [str(i) for i in chance.choice(4, 400, p=share)]
    ages = [AGES[i] for i in chance.integers(0, 40, 400)]
    coded = coding.coded({"age": ages, "aide": helped}, [age()], sensitive=["aide"])
    recoded = local.peel(coded, Demand(3, diversity=(Diversity("aide", wanted, kind),)))  # type: ignore[arg-type]
    classes: dict[str, list[str]] = {}
    for told, value in published_with(recoded, aide=helped):
        classes.setdefault(told, []).append(value)
    for values in classes.values():
        counts = sorted((values.count(v) for v in set(values)), reverse=True)
        shares = np.array(counts) / len(values)
        assert len(values) >= 3
        if kind == "distinct":
            assert len(counts) >= wanted
        elif kind == "entropy":
            assert -(shares * np.log(shares)).sum() >= np.log(wanted) - 1e-9
        else:
            assert counts[0] < 3.0 * sum(counts[wanted - 1 :])


@pytest.mark.parametrize("kind", ["equal", "ordered", "hierarchical"])
@pytest.mark.parametrize("t", [0.4, 0.2])
def test_each_class_is_spread_as_the_whole_table(kind: str, t: float) -> None:
    chance = np.random.default_rng(6)
    helped = [str(i) for i in chance.integers(0, 4, 400)]
    ages = [AGES[i] for i in chance.integers(0, 40, 400)]
    branches = hierarchies.of_lines("aide", [("0", "bas"), ("1", "bas"), ("2", "haut"), ("3", "haut")])
    coded = coding.coded({"age": ages, "aide": helped}, [age()], sensitive=["aide"])
    asked = Closeness("aide", t, kind, branches)  # type: ignore[arg-type]
    recoded = local.peel(coded, Demand(3, closeness=(asked,)))
    whole = np.array([helped.count(str(v)) for v in range(4)]) / 400
    classes: dict[str, list[str]] = {}
    for told, value in published_with(recoded, aide=helped):
        classes.setdefault(told, []).append(value)
    for values in classes.values():
        gap = np.array([values.count(str(v)) for v in range(4)]) / len(values) - whole
        if kind == "equal":
            moved = np.abs(gap).sum() / 2
        elif kind == "ordered":
            moved = np.abs(np.cumsum(gap)).sum() / 3
        else:
            moved = sum(min(max(a, 0) + max(b, 0), max(-a, 0) + max(-b, 0)) for a, b in (gap[:2], gap[2:])) / 2
            moved += abs(gap[:2].sum())
        assert moved <= t + 1e-9


def test_l_that_no_table_could_meet_is_refused() -> None:
    coded = coding.coded({"age": ["20", "21"], "aide": ["a", "a"]}, [age()], sensitive=["aide"])
    with pytest.raises(RefusedError):
        local.peel(coded, Demand(2, diversity=(Diversity("aide", 2),)))


def test_a_column_dear_to_the_town_loses_less() -> None:
    coded = register(200, 1)
    towards_age = local.peel(coded, Demand(5), importance=(10, 1)).loss_by_column
    towards_town = local.peel(coded, Demand(5), importance=(1, 10)).loss_by_column
    assert towards_age[0] < towards_town[0]
    assert towards_town[1] <= towards_age[1]


def test_a_walk_repeated_gives_the_same() -> None:
    one, two = (local.peel(register(400, 3), Demand(5)) for _ in range(2))
    assert np.array_equal(one.level, two.level)


def test_a_file_is_read_through_its_hierarchies(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"age": [20, 20, 31], "autre": ["x", "y", "z"]}), path)
    coded = coding.coded_file(path, [age()], sensitive=["autre"])
    assert coded.count.tolist() == [2, 1]
    with pytest.raises(UnknownColumn, match="commune"):
        coding.coded_file(path, [town()])


def test_a_value_that_the_hierarchy_lacks_is_named() -> None:
    with pytest.raises(InputError, match="« age » ne connaît pas la valeur « 107 »"):
        coding.coded({"age": ["107"]}, [age()])


def test_a_hierarchy_that_is_not_nested_is_refused() -> None:
    with pytest.raises(InputError, match="plusieurs mots"):
        hierarchies.of_lines("x", [("1", "a", "A"), ("2", "a", "B")])
    with pytest.raises(InputError, match="ligne 2"):
        hierarchies.of_lines("x", [("1", "a"), ("1", "b")])
    with pytest.raises(InputError, match="vide"):
        hierarchies.of_lines("x", [])


def test_a_level_that_joins_nothing_is_left_out_and_everything_ends_in_one_word() -> None:
    made = hierarchies.of_lines("x", [("1", "un", "petit"), ("2", "deux", "petit"), ("3", "trois", "grand")])
    assert [len(words) for words in made.words] == [3, 2, 1]
    assert made.loss[:, 0].tolist() == [0, 0.5, 1]


def test_tables_of_many_columns_are_numbered_without_overflow() -> None:
    cells = [np.arange(10) % 7 for _ in range(40)]
    key, _ = coding.packed(cells, [1000] * 40, 10)
    assert len(np.unique(key)) == 7


# --- One level a column -----------------------------------------------------------------------------


def brute(coded: Coded, k: int, left_out: float) -> float:
    """The least loss over every node, by counting them all."""
    rows = [tuple(coded.rows[r]) for r in coded.of]
    found = np.inf
    for node in np.ndindex(*(h.depth for h in coded.hierarchies)):
        told = [
            tuple(h.codes[level, v] for h, level, v in zip(coded.hierarchies, node, row, strict=True)) for row in rows
        ]
        cost, gone = 0.0, 0
        for row, read in zip(rows, told, strict=True):
            if told.count(read) < k:
                gone += 1
                cost += 1
            else:
                cost += np.mean([h.loss[level, v] for h, level, v in zip(coded.hierarchies, node, row, strict=True)])
        if gone <= left_out * len(rows):
            found = min(found, cost / len(rows))
    return float(found)


@pytest.mark.parametrize("left_out", [0.0, 0.05, 1.0])
@pytest.mark.parametrize("k", [2, 4])
def test_one_level_a_column_is_the_best_there_is(k: int, left_out: float) -> None:
    for seed in range(4):
        coded = register(50, seed)
        recoded = whole.recode(coded, Demand(k), left_out)
        assert recoded.loss == pytest.approx(brute(coded, k, left_out))
        assert not recoded.kept.any() or smallest(recoded) >= k
        assert len(np.unique(recoded.level, axis=0)) == 1


def test_rows_are_left_out_only_as_far_as_allowed() -> None:
    recoded = whole.recode(register(200, 2), Demand(5), left_out=0.02)
    assert 200 - len(recoded.kept_rows()) <= 4


def test_one_level_a_column_meets_what_is_asked_of_sensitive_values() -> None:
    helped = [str(i) for i in np.random.default_rng(6).integers(0, 4, 400)]
    ages = [AGES[i] for i in np.random.default_rng(7).integers(0, 40, 400)]
    coded = coding.coded({"age": ages, "aide": helped}, [age()], sensitive=["aide"])
    recoded = whole.recode(coded, Demand(3, diversity=(Diversity("aide", 3),)))
    classes: dict[str, set[str]] = {}
    for told, value in published_with(recoded, aide=helped):
        classes.setdefault(told, set()).add(value)
    assert min(map(len, classes.values())) >= 3


def test_one_level_a_column_is_refused_when_nothing_can_reach_it() -> None:
    with pytest.raises(RefusedError, match="Aucun niveau de détail"):
        whole.recode(register(4, 0), Demand(5))


# --- The files of the field -------------------------------------------------------------------------


def benchmark(shared: Path, name: str, stem: str = "") -> Coded:
    """A table of the field with its hierarchies, read in place."""
    folder = shared / "data" / "privacy" / name
    table = csv.read_csv(folder / f"{stem or name}.csv", parse_options=csv.ParseOptions(delimiter=";"))
    ladders = [hierarchies.given(folder / f"{stem or name}_hierarchy_{c}.csv", c) for c in table.column_names]
    return coding.coded({c: table[c] for c in table.column_names}, ladders)


@pytest.mark.shared
def test_adult_with_one_level_a_column_loses_what_the_optimum_loses(shared: Path) -> None:
    coded = benchmark(shared, "adult")
    for left_out, loss, gone in ((0.0, 0.6355, 0), (0.02, 0.3575, 506), (1.0, 0.2277, 2553)):
        recoded = whole.recode(coded, Demand(5), left_out)
        assert round(recoded.loss, 4) == loss
        assert len(coded.of) - len(recoded.kept_rows()) == gone


@pytest.mark.shared
@pytest.mark.parametrize(("k", "at_most"), [(5, 0.0503), (10, 0.0740)])
def test_adult_class_by_class_loses_less_than_the_tools_of_the_field(shared: Path, k: int, at_most: float) -> None:
    recoded = local.peel(benchmark(shared, "adult"), Demand(k))
    assert smallest(recoded) >= k
    assert recoded.loss <= at_most


# --- Two recodings made into one --------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_the_best_of_two_recodings_is_no_worse_than_either_and_as_safe(seed: int) -> None:
    coded = register(400, seed)
    lattice = Lattice(coded.hierarchies, nodes_of(coded.hierarchies), (1.0, 1.0))
    chance = np.random.default_rng(seed)
    made = []
    for _ in range(2):
        turns = local.Turns(noise=np.exp(chance.normal(0, 0.4, len(lattice.nodes))), slack=0.05)
        made.append(settled(coded, lattice, Demand(5), local.Walk(coded, lattice, Demand(5), turns).go().node))
    both = spliced(lattice, *made)
    assert both.loss <= min(one.loss for one in made) + 1e-12
    assert smallest(both) >= 5


def test_one_recoding_with_itself_stays_as_it_is() -> None:
    one = local.peel(register(100, 1), Demand(3))
    lattice = Lattice(one.coded.hierarchies, nodes_of(one.coded.hierarchies), (1.0, 1.0))
    assert np.array_equal(spliced(lattice, one, one).level, one.level)
