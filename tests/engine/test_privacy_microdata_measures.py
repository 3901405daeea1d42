"""Figures of risk, each against a count done another way or a figure known beforehand."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from parvis.privacy.microdata import coding, hierarchies, measures
from parvis.privacy.microdata.coding import Coded
from parvis.privacy.microdata.demand import Closeness


def table(columns: dict[str, list[str]], sensitive: tuple[str, ...] = ()) -> Coded:
    keys = [hierarchies.flat(name, values) for name, values in columns.items() if name not in sensitive]
    return coding.coded(columns, keys, sensitive)


def test_risks_of_a_small_table_are_those_counted_by_hand() -> None:
    told = measures.singling(table({"a": list("xxxyyz")}))
    assert (told.rows, told.classes, told.k, told.uniques) == (6, 3, 1, 1)
    assert told.highest == 1
    assert told.marketer == 0.5
    assert told.above == 1  # every row is above one chance in five
    assert (told.population_uniques, told.method) == (1, "table")


def test_an_empty_table_has_no_risk() -> None:
    told = measures.singling(table({"a": []}))
    assert (told.rows, told.k, told.highest) == (0, 0, 0)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_persons_alone_in_the_population_are_estimated_within_a_half(share: float) -> None:
    chance = np.random.default_rng(3)
    people = 20_000
    population = np.minimum(chance.zipf(1.35, people), 10**6) * 50 + chance.integers(0, 6, people)
    drawn = chance.random(people) < share
    _, of, size = np.unique(population, return_inverse=True, return_counts=True)
    truly = int((size[of][drawn] == 1).sum())
    told = measures.singling(table({"a": [str(v) for v in population[drawn]]}), population=people)
    assert told.method in ("pitman", "zayatz", "snb")
    assert truly / 2 <= told.population_uniques <= truly * 2
    assert told.population_uniques <= told.uniques
    assert told.journalist == pytest.approx(told.marketer * told.rows / people)


def test_what_classes_tell_of_a_sensitive_column() -> None:
    coded = table({"a": list("xxxxyyyy"), "s": list("1112" + "3333")}, ("s",))
    told = measures.inference(coded)[0]
    assert (told.l, told.homogeneous) == (1, 4)
    assert told.entropy == pytest.approx(1)
    assert math.isinf(told.recursive)
    assert math.isinf(told.disclosure)
    assert told.t == pytest.approx(0.5)
    assert told.guessed == pytest.approx(7 / 8)
    assert told.baseline == pytest.approx(4 / 8)


def test_distances_are_those_of_the_article() -> None:
    # Li et al. 2007, section 4.1: salaries 3k to 11k; {3,4,5} is 0.375 from the whole and {6,8,11} is 0.167.
    salaries = [f"{n}" for n in range(3, 12)]
    coded = table({"a": list("xxxyzyzzy"), "s": salaries}, ("s",))
    told = measures.inference(coded, closeness=[Closeness("s", 1, "ordered")])[0]
    assert told.t == pytest.approx(0.375)
    one = table({"a": list("pppxpxppx"), "s": salaries}, ("s",))
    whole = coding.coded({"a": list("pppxpxppx"), "s": salaries}, [hierarchies.flat("a", "px")], ["s"])
    assert one.sensitive[0].values == whole.sensitive[0].values
    spread = measures.demand.spread(one.sensitive[0], np.array([1]), np.array([0]), 1)
    held = measures.demand.distance(Closeness("s", 1, "ordered"), spread, one.sensitive[0])
    assert held[0] == pytest.approx(0.167, abs=0.001)


def test_combinations_that_identify_are_the_minimal_ones() -> None:
    chance = np.random.default_rng(8)
    columns = {name: [str(v) for v in chance.integers(0, 6, 150)] for name in "abcd"}
    rows = list(zip(*columns.values(), strict=True))
    expected: dict[tuple[str, ...], int] = {}
    for row in rows:
        alone: list[tuple[int, ...]] = []
        for size in range(1, 5):
            for chosen in combinations(range(4), size):
                if any(set(less) <= set(chosen) for less in alone):
                    continue
                if sum(all(other[c] == row[c] for c in chosen) for other in rows) == 1:
                    alone.append(chosen)
        for chosen in alone:
            name = tuple("abcd"[c] for c in chosen)
            expected[name] = expected.get(name, 0) + 1
    told = {c.columns: c.rows for c in measures.combinations_that_identify(table(columns))}
    assert told == expected


def test_the_rows_singled_out_say_by_what() -> None:
    columns = {"age": ["30"] * 9 + ["97"], "commune": ["A", "B"] * 5, "couleur": ["bleu"] * 10}
    told = measures.most_singled(table(columns), number=3)
    assert told[0].row == 9
    assert told[0].columns == ("age",)
    assert told[0].values == ("97",)
    assert told[0].shared_by == 1
    assert len(told) == 1
