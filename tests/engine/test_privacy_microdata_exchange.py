"""Classes that exchange rows: the table costs less, and no class holds fewer rows than asked."""

from __future__ import annotations

import numpy as np
import pytest

from parvis.privacy.microdata import coding, division, hierarchies, inplay, local, sending
from parvis.privacy.microdata.coding import Coded
from parvis.privacy.microdata.demand import Demand
from parvis.privacy.microdata.exchange import exchanged
from parvis.privacy.microdata.lattice import Lattice
from parvis.privacy.microdata.lattice import whole as nodes_of
from parvis.privacy.microdata.recoded import Recoded


def made(rows: int, seed: int, columns: int = 4) -> Coded:
    """A table of columns of 16 values each, some values being much more frequent than others."""
    chance = np.random.default_rng(seed)
    keys = [
        hierarchies.of_lines(f"c{j}", [(str(v), f"{v // 2}b", f"{v // 4}d", f"{v // 8}h") for v in range(16)])
        for j in range(columns)
    ]
    cells = {
        f"c{j}": [str(v) for v in np.minimum(chance.geometric(0.2 + 0.1 * (j % 2), rows) - 1, 15)]
        for j in range(columns)
    }
    return coding.coded(cells, keys)


def lattice_of(coded: Coded, importance: tuple[float, ...] = ()) -> Lattice:
    return Lattice(coded.hierarchies, nodes_of(coded.hierarchies), importance or (1.0,) * len(coded.hierarchies))


def smallest(recoded: Recoded) -> float:
    return float(np.bincount(recoded.classes(), recoded.coded.count).min())


@pytest.mark.parametrize("k", [2, 3, 5, 10])
@pytest.mark.parametrize("seed", range(4))
def test_an_exchange_costs_no_more_and_leaves_no_small_class(k: int, seed: int) -> None:
    coded = made(60 + 400 * seed, seed)
    walked = local.peel(coded, Demand(k), again=False)
    better = exchanged(lattice_of(coded), k, walked)
    assert smallest(better) >= k
    assert better.loss <= walked.loss + 1e-12
    assert len(better.kept_rows()) == len(coded.of)


def test_an_exchange_finds_what_no_walk_finds() -> None:
    coded = made(2000, 1)
    walked = local.peel(coded, Demand(5), again=False)
    assert exchanged(lattice_of(coded), 5, walked).loss < 0.99 * walked.loss


def test_an_exchange_minds_what_is_dear() -> None:
    coded = made(600, 3)
    dear = (10.0, 1.0, 1.0, 1.0)
    walked = local.peel(coded, Demand(5), dear, again=False)
    better = exchanged(lattice_of(coded, dear), 5, walked)
    assert local.weighed(better, dear) <= local.weighed(walked, dear) + 1e-12
    assert smallest(better) >= 5


def test_a_table_that_loses_nothing_is_left_as_it_is() -> None:
    columns = {"x": ["0"] * 5 + ["1"] * 5}
    coded = coding.coded(columns, [hierarchies.flat("x", ["0", "1"])])
    walked = local.peel(coded, Demand(5), again=False)
    assert exchanged(lattice_of(coded), 5, walked).loss == 0


def test_the_same_table_gives_the_same_classes_twice() -> None:
    coded = made(800, 2)
    walked = local.peel(coded, Demand(5), again=False)
    one, two = (exchanged(lattice_of(coded), 5, walked) for _ in range(2))
    assert np.array_equal(one.level, two.level)


def test_classes_of_thousands_of_rows_are_divided_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two columns of many values without a middle level: one class holds most rows, and touches all boxes."""
    monkeypatch.setattr(inplay, "_WORK", 5e3)
    monkeypatch.setattr(division, "_SETS", 1e3)
    monkeypatch.setattr(division, "_TRIED", 1e3)
    monkeypatch.setattr(division, "_HELD", 2e3)
    monkeypatch.setattr(sending, "_WORK", 1e4)
    monkeypatch.setattr(sending, "_TOLD", 1e4)
    chance = np.random.default_rng(4)
    words = [str(v) for v in range(300)]
    cells = {name: [str(v) for v in np.minimum(chance.zipf(1.3, 4000), 299)] for name in ("x", "y")}
    coded = coding.coded(cells, [hierarchies.flat(name, words) for name in cells])
    walked = local.peel(coded, Demand(10), again=False)
    better = exchanged(lattice_of(coded), 10, walked)
    assert smallest(better) >= 10
    assert better.loss <= walked.loss + 1e-12
