"""Counts rounded, moved or made noisy instead of hidden: what is promised of each way holds, and its price is told."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parvis.errors import InputError, LimitError
from parvis.privacy import protect as protecting
from parvis.privacy.rehearsal import Hidden
from parvis.privacy.tabular import ways
from parvis.privacy.tabular.programme import Programme
from parvis.privacy.tabular.secret import Roles, linked
from parvis.values import Column, Hiding, Kind, Policy, Profile

SECRET = b"a secret of thirty-two bytes ..."
AGES = ("18-39 ans", "40-64 ans", "65 ans et plus")
GRID = {"Centre": (41, 52, 38), "Gare": (3, 47, 60), "Vergers": (55, 44, 7), "Port": (0, 4, 210)}
WANTED = Hiding(("quartier", "age"), ("beneficiaires",), way="round", decided_by="x")


def aids(grid: Mapping[str, tuple[int, ...]] | None = None) -> pa.Table:
    """People who get an aid by district and age, with the totals of both."""
    held = {**(grid or GRID)}
    held["Ensemble"] = tuple(sum(own) for own in zip(*held.values(), strict=True))
    rows = [(q, a, n) for q, line in held.items() for a, n in zip((*AGES, "Ensemble"), (*line, sum(line)), strict=True)]
    names, ages, counts = zip(*rows, strict=True)
    return pa.table({"quartier": list(names), "age": list(ages), "beneficiaires": list(counts)})


def applied(way: str, table: pa.Table | None = None, secret: bytes = SECRET, **more: Any) -> tuple[list[Any], Hidden]:
    wanted = dataclasses.replace(WANTED, way=way, **more)
    made, told = ways.apply(aids() if table is None else table, wanted, secret)
    return made.column("beneficiaires").to_pylist(), told


def test_a_rounded_table_shows_no_small_count_and_its_totals_are_true_sums() -> None:
    shown, told = applied("round", base=10)
    assert all(n % 10 == 0 for n in shown)
    by_cell = dict(
        zip(zip(*(aids().column(c).to_pylist() for c in ("quartier", "age")), strict=True), shown, strict=True)
    )
    for place in (*GRID, "Ensemble"):
        assert by_cell[place, "Ensemble"] == sum(by_cell[place, a] for a in AGES)
    for age in (*AGES, "Ensemble"):
        assert by_cell["Ensemble", age] == sum(by_cell[q, age] for q in GRID)
    before = aids().column("beneficiaires").to_pylist()
    off = np.abs(np.array(shown) - np.array(before))
    assert off.max() < 10 and told.furthest == off.max() and told.off == pytest.approx(off.mean())
    assert told.sums and told.way == "round" and told.moved == (off > 0).sum() and told.primary == 0
    assert told.loss == pytest.approx(off.sum() / sum(before))


def test_a_base_that_lets_small_counts_be_read_is_refused() -> None:
    with pytest.raises(InputError, match="moins de 11"):
        applied("round", base=5)
    assert applied("round", base=3, unit="companies")[1].cells == 20


def test_cell_keys_show_no_small_count_and_the_same_figure_in_every_table() -> None:
    shown, told = applied("key")
    assert all(n == 0 or n >= 11 for n in shown), shown
    assert not told.sums and 0 < told.furthest <= 15
    assert shown == applied("key")[0] != applied("key", secret=b"y" * 32)[0]
    # A cell that another table shows too has the same figure there, unless who is counted in it changed.
    fewer = aids({q: line for q, line in GRID.items() if q != "Port"})
    other, _ = applied("key", fewer)
    here = dict(zip(zip(*(aids().column(c).to_pylist() for c in ("quartier", "age")), strict=True), shown, strict=True))
    there = dict(zip(zip(*(fewer.column(c).to_pylist() for c in ("quartier", "age")), strict=True), other, strict=True))
    assert all(there[cell] == here[cell] for cell in there if cell[0] in ("Centre", "Gare", "Vergers"))
    assert applied("key", aids().set_column(2, "beneficiaires", pa.array([None] + [5] * 19)))[0][0] is None
    with pytest.raises(InputError, match="nombres entiers"):
        applied("key", aids().set_column(2, "beneficiaires", pa.array([1.5] * 20)))


def test_noise_is_new_for_other_figures_and_the_same_for_the_same_ones() -> None:
    shown, told = applied("noise", epsilon=1.0)
    assert shown == applied("noise", epsilon=1.0)[0], "made again after a crash, it gives the same"
    assert min(shown) >= 0 and told.epsilon == 1.0 and told.off > 0
    one_more = {**GRID, "Port": (0, 4, 211)}
    differences = [a - b for a, b in zip(applied("noise", aids(one_more))[0], shown, strict=True)]
    assert sum(d != 0 for d in differences) > 6, "noise shared by two publications would give their difference"
    assert [round(x) for x in applied("noise", epsilon=0.999)[0]] != shown


def test_noise_is_refused_beside_a_total_that_is_wrong() -> None:
    rows = {"quartier": ["Centre", "Gare", "Vergers", "Ensemble"], "beneficiaires": [40, 20, 30, 65]}
    wanted = Hiding(("quartier",), ("beneficiaires",), way="noise")
    with pytest.raises(InputError, match="inférieur à la somme"):
        ways.apply(pa.table(rows), wanted, SECRET)
    assert ways.apply(pa.table(rows).slice(0, 3), wanted, SECRET)[1].cells == 3


def test_noise_is_larger_when_one_person_counts_more() -> None:
    large = {q: tuple(1000 + n for n in line) for q, line in GRID.items()}
    off = {
        each: np.mean([applied("noise", aids(large), bytes([s]) * 32, each=each)[1].off for s in range(30)])
        for each in (1, 10)
    }
    assert 5 < off[10] / off[1] < 20


def test_noise_gives_the_combinations_that_nobody_is_in_too() -> None:
    table = pa.table({
        "code": ["1", "1", "2"], "quartier": ["Centre", "Centre", "Gare"], "age": ["jeunes", "vieux", "jeunes"],
        "beneficiaires": [40, 20, 30],
    })  # fmt: skip
    wanted = Hiding(("code", "quartier", "age"), ("beneficiaires",), way="noise", epsilon=2.0)
    made, told = ways.apply(table, wanted, SECRET)
    added = made.slice(3).to_pylist()
    assert [(r["code"], r["quartier"], r["age"]) for r in added] == [("2", "Gare", "vieux")] and told.cells == 4
    pairs = [(str(n), str(m % 300)) for n in range(300) for m in (n, n + 1)]
    wide = pa.table({"a": [a for a, _ in pairs], "b": [b for _, b in pairs], "n": [1] * 600})
    with pytest.raises(LimitError, match="combinaisons vides"):
        ways.apply(wide, Hiding(("a", "b"), ("n",), way="noise"), SECRET)


def test_how_often_one_person_counts_is_guessed_from_the_table(tmp_path: Path) -> None:
    table = pa.table({
        "annee": [2023, 2024] * 2, "quartier": ["Centre", "Centre", "Gare", "Gare"], "femmes": [1, 2, 3, 4],
        "hommes": [2, 2, 2, 2], "ensemble": [3, 4, 5, 6],
    })  # fmt: skip
    roles = Roles(("annee", "quartier"), ("femmes", "hommes", "ensemble"))
    assert len(linked(table, roles).axes) == 3
    pq.write_table(table, tmp_path / "a.parquet")
    wanted = Hiding(roles.dimensions, roles.values)
    assert ways.figures_of_one(tmp_path / "a.parquet", wanted) == 4, "two years, women or men; the total adds them up"
    pq.write_table(aids(), tmp_path / "b.parquet")
    assert ways.figures_of_one(tmp_path / "b.parquet", WANTED) == 1


@pytest.mark.parametrize("wrong", [{"way": "magic"}, {"epsilon": 0.0}, {"epsilon": 100.0}, {"each": 0}, {"most": -1.0},
                                   {"values": ("x",)}])  # fmt: skip
def test_a_way_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        ways.apply(aids(), dataclasses.replace(WANTED, **{"way": "noise", **wrong}), SECRET)


@pytest.mark.parametrize("way", ["round", "key", "noise"])
def test_what_is_published_says_how_its_figures_were_protected(tmp_path: Path, way: str) -> None:
    path = tmp_path / "typed.parquet"
    pq.write_table(aids(), path)
    kinds = {"quartier": Kind.TEXT, "age": Kind.TEXT, "beneficiaires": Kind.INTEGER}
    columns = tuple(Column(n, n, k, filled=20, minimum=3, examples=("3",)) for n, k in kinds.items())
    policy = Policy(hiding=dataclasses.replace(WANTED, way=way))
    safe = protecting.protect(path, Profile("csv", 20, columns), policy, tmp_path / "safe.parquet")
    told = safe.columns[2]
    assert told.description and told.kind is Kind.INTEGER and len(safe.columns) == 3
    shown: list[Any] = pq.read_table(safe.path).column("beneficiaires").to_pylist()
    assert told.minimum == min(shown) and (3 in shown or "3" not in told.examples)
    assert safe.hidden is not None and safe.hidden.way == way and safe.columns[0].description == ""


def test_amounts_are_made_noisy_and_never_rounded() -> None:
    table = pa.table(
        {"quartier": ["Centre", "Gare", "Ensemble"], "montant": [52_000.5, 1200.0, 53_200.5], "nb": [80, 2, 82]}
    )
    sums = Hiding(("quartier",), ("montant",), contributors="nb", way="noise", epsilon=2.0, most=900.0)
    made, told = ways.apply(table, sums, SECRET)
    shown = made.to_pydict()
    assert set(shown) == {"quartier", "montant"}, "how many stand behind would be a small count"
    assert 100 < told.off < 5000 and all(float(m).is_integer() for m in shown["montant"])
    for way in ("round", "key"):
        with pytest.raises(InputError, match="montants"):
            ways.apply(table, dataclasses.replace(sums, way=way), SECRET)
    losses = pa.table({"quartier": ["Centre", "Gare"], "solde": [-5000, 200]})
    below = Hiding(("quartier",), ("solde",), contributors="", way="noise", epsilon=5.0, most=10.0)
    assert min(ways.apply(losses, below, SECRET)[0].column("solde").to_pylist()) < -4000


@pytest.mark.parametrize("base", [10, 20])
def test_who_knows_the_sums_still_cannot_narrow_a_rounded_small_count(base: int) -> None:
    """The attacker of hidden cells, before a rounded table: the true figures add up, each within a base of what is shown."""
    wanted = dataclasses.replace(WANTED, base=base)
    table = aids()
    shown = ways.apply(table, wanted, SECRET)[0].column("beneficiaires").to_pylist()
    known = linked(table, Roles(WANTED.dimensions, WANTED.values))
    low, high = np.zeros(len(known.equations)), np.zeros(len(known.equations))
    for at, row, _ in known.places:
        low[at], high[at] = max(0, shown[row] - base + 1), shown[row] + base - 1
    for at, row, _ in known.places:
        true = table.column("beneficiaires")[row].as_py()
        if not 0 < true < 11:
            continue
        ends = []
        for sign in (1.0, -1.0):
            price = np.zeros(len(low))
            price[at] = sign
            programme = Programme(low, high, price)
            nothing = np.zeros(len(known.equations.rows))
            programme.add_rows(known.equations.rows, nothing, nothing)
            assert programme.solve() is not None
            ends.append(float(programme.point()[at]))
        assert ends[1] - ends[0] >= base - 1, "as wide as the rounding itself"
        assert ends[0] < true or ends[1] > true
