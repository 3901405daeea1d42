"""Offers: the same demand in several shapes, each with its price and what it leaves."""

from __future__ import annotations

from itertools import count, pairwise
from pathlib import Path

import numpy as np
import pytest
from pyarrow import csv

from parvis.errors import RefusedError
from parvis.privacy.microdata import coding, hierarchies, made, measures, offer, whole
from parvis.privacy.microdata.coding import Coded
from parvis.privacy.microdata.demand import Demand, Diversity


def people(rows: int = 300) -> Coded:
    chance = np.random.default_rng(1)
    columns = {
        "age": [str(v) for v in chance.integers(0, 95, rows)],
        "commune": [str(v) for v in chance.choice(["58194", "58086", "21231"], rows)],
        "aide": [str(v) for v in chance.integers(0, 3, rows)],
    }
    keys = [
        made.made("age", sorted(set(columns["age"]), key=int), kind="age"),
        made.made("commune", ["58194", "58086", "21231"], kind="commune"),
    ]
    return coding.coded(columns, keys, sensitive=["aide"])


def test_each_shape_says_its_price_and_what_it_leaves() -> None:
    ticks = count()
    told = offer.offers(
        people(),
        Demand(5),
        ("classes", "columns", "sets"),
        left_out=0,
        ordered=["age"],
        clock=lambda: float(next(ticks)),
    )
    assert {one.shape for one in told} == {"classes", "columns", "sets"}
    assert [one.loss for one in told] == sorted(one.loss for one in told)
    for one in told:
        assert one.before.k == 1
        assert one.after.k >= 5
        assert one.after.highest <= 0.2 < one.before.highest
        assert one.loss == pytest.approx(np.mean([lost for _, lost in one.by_column]))
        assert one.cpu == 1
        assert one.told_after[0].l >= one.told_before[0].l
        assert one.title
    by_shape = {one.shape: one for one in told}
    assert by_shape["classes"].loss <= by_shape["columns"].loss


def test_what_no_shape_can_reach_is_refused() -> None:
    with pytest.raises(RefusedError):
        offer.offers(people(), Demand(5, diversity=(Diversity("aide", 9),)), left_out=0)


def test_a_slider_costs_more_as_k_grows() -> None:
    notches = offer.slider(people(), Demand(1), (2, 5, 11, 1000))
    assert [n.k for n in notches] == [2, 5, 11]
    assert all(a.loss <= b.loss and a.risk >= b.risk for a, b in pairwise(notches))


def test_a_table_of_many_columns_has_its_two_shapes() -> None:
    chance = np.random.default_rng(1)
    columns = {f"c{j}": [str(v) for v in chance.integers(0, 9, 200)] for j in range(20)}
    keys = [made.made(name, sorted(set(values)), kind="amount") for name, values in columns.items()]
    told = offer.offers(coding.coded(columns, keys), Demand(5), left_out=1)
    assert {one.shape for one in told} == {"classes", "columns"}
    assert all(one.after.k >= 5 for one in told)


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(("name", "columns"), [("creditcard", 24), ("mach2019", 16)])
def test_the_widest_tables_of_the_field_are_done(shared: Path, name: str, columns: int) -> None:
    folder = shared / "data" / "privacy" / name
    table = csv.read_csv(folder / f"{name}_int.csv", parse_options=csv.ParseOptions(delimiter=";")).slice(0, 6000)
    keys = [hierarchies.given(folder / f"{name}_int_hierarchy_{c}.csv", c) for c in table.column_names]
    coded = coding.coded({c: table[c] for c in table.column_names}, keys)
    assert len(keys) == columns
    by_class, by_column = offer.by_class(coded, Demand(5)), whole.recode(coded, Demand(5), 0.05)
    for recoded in (by_class, by_column):
        classes = recoded.classes()
        assert np.bincount(classes[classes >= 0], coded.count[classes >= 0]).min() >= 5
    assert by_class.loss < by_column.loss


@pytest.mark.parametrize(
    ("columns", "keys"),
    [
        ({"a": []}, [hierarchies.flat("a", ["x"])]),
        ({"a": ["1"] * 6}, []),
        ({"a": ["1"] * 6}, [hierarchies.flat("a", ["1"])]),
        ({"a": [None] * 6}, [hierarchies.flat("a", [""])]),
    ],
)
def test_poor_tables_have_their_offers(columns: dict[str, list[str]], keys: list[hierarchies.Hierarchy]) -> None:
    coded = coding.coded(columns, keys)
    told = offer.offers(coded, Demand(3), ("classes", "columns", "sets"))
    assert {one.loss for one in told} == {0}
    assert measures.combinations_that_identify(coded) == measures.most_singled(coded) == ()
