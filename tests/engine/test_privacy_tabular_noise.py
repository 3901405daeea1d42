"""Rounding, cell keys and differential privacy: what is published is off by what was asked, and no more."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parvis.errors import InputError, RefusedError
from parvis.privacy.stream import Stream
from parvis.privacy.tabular import noise as privacy
from parvis.privacy.tabular.cell_key import cell_keys, moved, noise_table, row_keys
from parvis.privacy.tabular.equations import Axis, Equations, Table, link
from parvis.privacy.tabular.noise import (
    Budget,
    Noise,
    Spent,
    discrete_gaussian,
    discrete_laplace,
    noisy_counts,
    noisy_sums,
)
from parvis.privacy.tabular.rounding import at_random, controlled, nearest

SECRET = b"a secret of thirty-two bytes ..."


def cube(shape: tuple[int, ...], cells: list[int]) -> Equations:
    full = np.array(cells[: math.prod(shape)], float).reshape(shape)
    for at in range(len(shape)):
        full = np.concatenate([full, full.sum(axis=at, keepdims=True)], axis=at)
    axes = [Axis(f"x{a}", "T", (("T", tuple(map(str, range(n)))),)) for a, n in enumerate(shape)]
    names = [[*map(str, range(n)), "T"] for n in shape]
    return link(
        [Table(axes, {tuple(names[a][i] for a, i in enumerate(at)): float(full[at]) for at in np.ndindex(full.shape)})]
    )


# --- Rounding -------------------------------------------------------------------------------------


def test_the_nearest_multiple_a_half_away_from_nothing() -> None:
    assert nearest(np.array([0, 2, 2.5, 7, 12.5, -2.5]), 5).tolist() == [0, 0, 5, 5, 15, -5]


def test_random_rounding_is_right_on_average_and_the_same_twice() -> None:
    keys = [(("c", str(i)),) for i in range(4000)]
    values = np.full(4000, 7.0)
    once = at_random(values, keys, 10, SECRET)
    assert set(once) == {0.0, 10.0} and once.mean() == pytest.approx(7, abs=0.25)
    assert (at_random(values, keys, 10, SECRET) == once).all()
    assert (at_random(values, keys, 10, b"x" * 32) != once).any()
    assert at_random(np.array([20.0]), keys[:1], 10, SECRET) == 20


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=12, max_size=12), st.sampled_from([3, 5, 10]), st.booleans())
def test_controlled_rounding_keeps_every_sum(cells: list[int], base: int, drawn: bool) -> None:
    equations = cube((3, 4), cells)
    found = controlled(equations, base, SECRET if drawn else b"")
    assert (found % base == 0).all() and np.abs(found - equations.values).max() < base
    for where, signs in equations.rows:
        assert (found[where] * signs).sum() == 0


def test_controlled_rounding_of_three_dimensions_may_go_further_but_adds_up() -> None:
    equations = cube((2, 2, 2), [1, 2, 2, 1, 2, 1, 1, 2])
    found = controlled(equations, 3)
    assert all((found[where] * signs).sum() == 0 for where, signs in equations.rows)
    assert np.abs(found - equations.values).max() < 9


@pytest.mark.parametrize("base", [0, 1, -5, 2.5, True])
def test_a_base_that_is_none_is_refused(base: float) -> None:
    with pytest.raises(InputError, match="nombre entier"):
        nearest(np.ones(1), base)  # type: ignore[arg-type]


# --- Cell keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("most", "variance", "hidden"), [(5, 2.0, 2), (2, 1.0, 0), (8, 3.0, 4), (10, 6.5, 3)])
def test_the_noise_table_is_centred_of_the_variance_asked_and_shows_no_small_count(
    most: int, variance: float, hidden: int
) -> None:
    table = noise_table(most, variance, hidden)
    moves = np.arange(-most, most + 1)
    assert table.chances.sum(1) == pytest.approx(1)
    assert table.chances @ moves == pytest.approx(0, abs=1e-9)
    assert table.chances[-1] @ moves**2 == pytest.approx(variance, rel=1e-6)
    for count, row in enumerate(table.chances):
        shown = count + moves[row > 1e-15]
        assert ((shown == 0) | (shown > hidden)).all()
    assert table.chances[0, most] == 1
    # No noise of the same mean, variance and reach has more entropy: move a little along what keeps all three.
    row = table.chances[-1]
    away = np.linalg.svd(np.array([np.ones(len(moves)), moves, moves**2], float))[2][3:]
    for way in away:
        for step in (1e-4, -1e-4):
            other = row + step * way * row.min()
            assert -(other * np.log(other)).sum() <= -(row * np.log(row)).sum() + 1e-12


def test_the_same_people_have_the_same_noise_in_every_table() -> None:
    who = [str(i) for i in range(300)]
    keys = row_keys(who, SECRET)
    by_street = np.arange(300) % 7
    table = noise_table()
    counts = np.bincount(by_street)
    first = moved(counts, cell_keys(keys, by_street, 7), table)
    order = np.random.default_rng(0).permutation(300)
    again = moved(counts, cell_keys(keys[order], by_street[order], 7), table)
    assert (first == again).all() and np.abs(first - counts).max() <= table.most
    assert (moved(counts, cell_keys(row_keys(who, b"other"), by_street, 7), table) != first).any()


def test_many_cells_move_as_the_table_says() -> None:
    table = noise_table(5, 2.0, 2)
    keys = row_keys([str(i) for i in range(20_000)], SECRET)
    shown = moved(np.full(20_000, 12), keys, table)
    assert shown.mean() == pytest.approx(12, abs=0.05) and shown.var() == pytest.approx(2, abs=0.1)
    small = moved(np.full(20_000, 1), keys, table)
    assert set(small.tolist()) <= {0, 3, 4, 5, 6} and small.mean() == pytest.approx(1, abs=0.06)
    assert moved(np.zeros(3, int), keys[:3], table).tolist() == [0, 0, 0]


def test_a_noise_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="n'existe pas"):
        noise_table(2, 9.0, 0)


# --- Differential privacy -------------------------------------------------------------------------


def law(chances: dict[int, float]) -> dict[int, float]:
    total = sum(chances.values())
    return {x: c / total for x, c in chances.items()}


@pytest.mark.parametrize("scale", [Fraction(1, 2), Fraction(2), Fraction(7, 3)])
def test_laplace_noise_follows_its_law(scale: Fraction) -> None:
    source = random.Random(1)
    drawn = [discrete_laplace(scale, source) for _ in range(12_000)]
    expected = law({x: math.exp(-abs(x) / float(scale)) for x in range(-80, 81)})
    for x in range(-4, 5):
        assert drawn.count(x) / len(drawn) == pytest.approx(expected[x], abs=0.016)


@pytest.mark.parametrize("variance", [Fraction(1, 3), Fraction(4), Fraction(50, 7)])
def test_gaussian_noise_follows_its_law(variance: Fraction) -> None:
    source = random.Random(2)
    drawn = [discrete_gaussian(variance, source) for _ in range(12_000)]
    expected = law({x: math.exp(-x * x / (2 * float(variance))) for x in range(-80, 81)})
    for x in range(-4, 5):
        assert drawn.count(x) / len(drawn) == pytest.approx(expected[x], abs=0.016)


class Undecided(Exception):
    """The draws given so far do not settle the outcome; it holds how many ways the next one may go."""


def every(draw: Callable[[Any], int], least: Fraction) -> tuple[dict[int, Fraction], Fraction]:
    """Return the chance of each outcome of a draw by trying all that its source may say, and what was left untried.

    Branches less likely than ``least`` are left. Everything is in fractions: no law is approached, it is found.
    """
    found: dict[int, Fraction] = {}
    left = Fraction(0)
    waiting: list[tuple[tuple[int, ...], Fraction]] = [((), Fraction(1))]
    while waiting:
        said, weight = waiting.pop()
        if weight < least:
            left += weight
            continue
        answers = iter(said)

        class Told:
            def randrange(self, stop: int, /, answers: Iterator[int] = answers) -> int:
                if stop == 1:
                    return 0
                for answer in answers:
                    return answer
                raise Undecided(stop)

        try:
            outcome = draw(Told())
        except Undecided as ways:
            stop = int(ways.args[0])
            waiting += [((*said, answer), weight / stop) for answer in range(stop)]
        else:
            found[outcome] = found.get(outcome, Fraction(0)) + weight
    return found, left


@pytest.mark.parametrize("power", [Fraction(1, 2), Fraction(1), Fraction(3, 2)])
def test_the_chance_of_an_exponential_is_exact(power: Fraction) -> None:
    found, left = every(lambda source: int(privacy.chance_exp(power, source)), Fraction(1, 10**6))
    assert float(left) < 2e-3
    assert float(found[1]) <= math.exp(-power) <= float(found[1] + left)


@pytest.mark.parametrize("scale", [Fraction(1), Fraction(1, 2), Fraction(2)])
def test_laplace_noise_is_drawn_exactly_and_not_nearly(scale: Fraction) -> None:
    found, left = every(lambda source: discrete_laplace(scale, source), Fraction(1, 10**5))
    expected = law({x: math.exp(-abs(x) / float(scale)) for x in range(-200, 201)})
    assert float(left) < 0.12
    for x in range(-2, 3):
        assert float(found[x]) <= expected[x] + 1e-12 and expected[x] <= float(found[x] + left) + 1e-12
    assert found[1] == found[-1], "what is left apart, both sides are the same fraction"


def test_no_floating_number_comes_near_a_draw() -> None:
    """A draw made with floats has nothing but zeros past its 53rd bit."""
    source = Stream(SECRET, "large")
    drawn = [discrete_laplace(Fraction(2**80), source) for _ in range(400)]
    assert max(map(abs, drawn)) > 2**79
    assert 120 < sum(d & 1 for d in drawn) < 280 and 120 < sum((d >> 7) & 1 for d in drawn) < 280
    tiny = [discrete_gaussian(Fraction(1, 10**30), source) for _ in range(50)]
    assert set(tiny) == {0}


def test_a_stream_is_fair_repeats_itself_and_nothing_else() -> None:
    drawn = [Stream(SECRET, "dé").randrange(6) for _ in range(2)]
    assert drawn[0] == drawn[1]
    source = Stream(SECRET, "dé")
    counts = np.bincount([source.randrange(6) for _ in range(12_000)], minlength=6)
    assert ((counts - 2000) ** 2 / 2000).sum() < 25, "chi-squared, five degrees of freedom, one in ten thousand"
    wide = [source.randrange(2**70 + 3) for _ in range(300)]
    assert max(wide) < 2**70 + 3 and len(set(wide)) == 300
    assert [Stream(SECRET, "a").randrange(2**60), Stream(b"x" * 32, "dé").randrange(2**60)] != [
        Stream(SECRET, "dé").randrange(2**60)
    ] * 2
    assert source.randrange(1) == 0
    for wrong in (0, -3):
        with pytest.raises(ValueError, match=str(wrong)):
            source.randrange(wrong)
    with pytest.raises(ValueError, match="secret"):
        Stream(b"short", "x")


def test_two_neighbours_give_nearly_the_same_figures() -> None:
    """The promise itself, on the law: one person more changes each chance by at most exp(epsilon)."""
    source, epsilon = random.Random(3), 0.5
    here, there = ([noisy_counts({"a": n}, Noise(epsilon), source)["a"] for _ in range(15_000)] for n in (50, 51))
    for x in range(47, 55):
        assert here.count(x) <= there.count(x) * math.exp(epsilon) * 1.2
        assert there.count(x) <= here.count(x) * math.exp(epsilon) * 1.2


def test_counts_stay_counts_and_sums_are_held_to_their_bounds() -> None:
    source = random.Random(4)
    counts = noisy_counts({str(i): 0 for i in range(500)}, Noise(0.2), source)
    assert min(counts.values()) == 0 and all(isinstance(c, int) for c in counts.values())
    sums = noisy_sums({"a": [10.0] * 100, "b": [10.0] * 99 + [1e9]}, Noise(50.0), 0, 20, 0.01, source)
    assert sums["a"] == pytest.approx(1000, abs=5) and sums["b"] == pytest.approx(1010, abs=5)
    with pytest.raises(InputError, match="bornes"):
        noisy_sums({"a": [1.0]}, Noise(1.0), 5, 1)


def test_what_readers_are_told_of_the_error_holds() -> None:
    source = random.Random(5)
    for noise in (Noise(0.5), Noise(0.05, "gaussian"), Noise(1.0, cells_of_one=3)):
        off = [abs(noisy_counts({"a": 10_000}, noise, source)["a"] - 10_000) for _ in range(2000)]
        assert sum(o > privacy.within(noise) for o in off) / len(off) < 0.065


def test_a_budget_is_used_up_and_then_nothing_more_is_told() -> None:
    budget = Budget("aides-sociales", 1.0)
    for month in range(1, 5):
        budget = budget.spend(Noise(0.25).spent("effectifs", f"2026-{month:02}-01"))
    assert budget.left == pytest.approx(0) and len(budget.spent) == 4
    with pytest.raises(RefusedError, match="ne suffit plus"):
        budget.spend(Spent("encore", "2026-06-01", epsilon=0.01))
    with pytest.raises(InputError):
        Budget("x", 1.0).spend(Spent("rien", "2026-01-01"))


def test_many_small_releases_cost_less_than_their_sum() -> None:
    spent = [Spent("s", "2026-01-01", epsilon=0.02) for _ in range(400)]
    assert privacy.used(spent, 1e-6) < 0.6 * sum(s.epsilon for s in spent)
    assert privacy.used([Spent("g", "2026-01-01", rho=0.02)], 1e-6) == pytest.approx(
        0.02 + 2 * math.sqrt(0.02 * math.log(1e6))
    )
    assert privacy.used([], 1e-6) == 0


@pytest.mark.parametrize("noise", [Noise(0.0), Noise(-1.0), Noise(float("nan")), Noise(float("inf")), Noise(1.0, "uniform"),
                                   Noise(1.0, cells_of_one=0)])  # fmt: skip
def test_a_noise_that_protects_nobody_is_refused(noise: Noise) -> None:
    with pytest.raises(InputError):
        noisy_counts({"a": 1}, noise)
