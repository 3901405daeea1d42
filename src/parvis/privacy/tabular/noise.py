"""Differential privacy for counts and sums: exact noise from whole numbers alone, and a budget kept for each dataset.

Noise drawn with floating numbers betrays what it covers by its last bits (Mironov 2012, doi:10.1145/2382196.2382264); here
every draw is made of fair whole ones. Each release uses up part of what a dataset may ever tell of one person; once it is
used up, nothing more is released: two releases of half the noise would be averaged.

Source: Canonne, Kamath and Steinke 2020, arXiv:2004.00010 (algorithms 1 to 3, and the conversion of rho to epsilon).
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Protocol, TypeVar

from parvis.errors import InputError, RefusedError
from parvis.frozen import dataclass
from parvis.privacy.law import french

K = TypeVar("K")
_FINEST = 10**6  # denominators of what is asked: 0.1 is a tenth, not the binary number nearest to it


class Random(Protocol):
    """A source of fair whole numbers."""

    def randrange(self, stop: int, /) -> int: ...


def _exact(value: float | str | Fraction, name: str) -> Fraction:
    try:
        exact = Fraction(value).limit_denominator(_FINEST)
    except (ValueError, OverflowError, ZeroDivisionError):
        exact = Fraction(0)
    if exact <= 0:
        raise InputError("Le bruit demande un nombre positif pour « {name} ».", name=name)
    return exact


# --- Draws ----------------------------------------------------------------------------------------


def _chance(part: Fraction, random: Random) -> bool:
    """Draw True with this chance."""
    return random.randrange(part.denominator) < part.numerator


def chance_exp(power: Fraction, random: Random) -> bool:
    """Draw True with the chance exp(-power), for power >= 0."""
    while power > 1:
        if not chance_exp(Fraction(1), random):
            return False
        power -= 1
    step = 1
    while _chance(power / step, random):
        step += 1
    return step % 2 == 1


def discrete_laplace(scale: Fraction, random: Random) -> int:
    """Draw a whole number x with a chance proportional to exp(-|x| / scale)."""
    over, under = scale.numerator, scale.denominator
    while True:
        start = random.randrange(over)
        if not chance_exp(Fraction(start, over), random):
            continue
        turns = 0
        while chance_exp(Fraction(1), random):
            turns += 1
        size = (start + over * turns) // under
        negative = random.randrange(2) == 1
        if not (negative and size == 0):
            return -size if negative else size


def discrete_gaussian(variance: Fraction, random: Random) -> int:
    """Draw a whole number x with a chance proportional to exp(-x² / (2 × variance))."""
    # The largest whole number whose square is no more than the variance, plus one: no root of a float.
    scale = Fraction(math.isqrt(variance.numerator // variance.denominator) + 1)
    while True:
        drawn = discrete_laplace(scale, random)
        off = (abs(drawn) - variance / scale) ** 2 / (2 * variance)
        if chance_exp(off, random):
            return drawn


# --- Budget ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spent:
    """One release: what it was, when, and what it used. Exactly one of ``epsilon`` and ``rho`` is above nothing."""

    what: str
    at: str  # ISO 8601 day
    epsilon: float = 0.0  # pure, by discrete Laplace noise
    rho: float = 0.0  # concentrated, by discrete Gaussian noise


@dataclass(frozen=True, slots=True)
class Budget:
    """What a dataset may tell of one person over its whole life: ``epsilon`` with the chance ``delta`` of more."""

    dataset: str
    epsilon: float
    delta: float = 1e-6
    spent: Sequence[Spent] = ()

    @property
    def used(self) -> float:
        return used(self.spent, self.delta)

    @property
    def left(self) -> float:
        return max(0.0, self.epsilon - self.used)

    def spend(self, one: Spent) -> Budget:
        """Return the budget after one more release. Raises: RefusedError when it would be passed."""
        if (one.epsilon > 0) == (one.rho > 0):
            raise InputError("Une diffusion dépense un seul des deux : epsilon ou rho.")
        after = (*self.spent, one)
        if used(after, self.delta) > self.epsilon * (1 + 1e-12):
            raise RefusedError(
                "Le budget de confidentialité de « {dataset} » ne suffit plus : il reste {left} sur {epsilon}.",
                "Publiez avec plus de bruit, ou gardez les chiffres déjà diffusés.",
                dataset=self.dataset, left=french(round(self.left, 3)), epsilon=french(self.epsilon),
            )  # fmt: skip
        return Budget(self.dataset, self.epsilon, self.delta, after)


def used(spent: Iterable[Spent], delta: float) -> float:
    """Return the epsilon that releases use together: the pure ones added up, the concentrated ones too, then turned."""
    known = list(spent)
    pure, rho = sum(s.epsilon for s in known), sum(s.rho for s in known)
    # A pure epsilon is a rho of its half square: the better of the two ways to add them up.
    together = rho + sum(s.epsilon**2 / 2 for s in known)
    ways = [epsilon_of(together, delta)] if known else [0.0]
    ways.append(pure + (epsilon_of(rho, delta) if rho else 0.0))
    return min(ways)


def epsilon_of(rho: float, delta: float) -> float:
    """Return the epsilon that rho keeps within, but for a chance delta."""
    return rho + 2 * math.sqrt(rho * math.log(1 / delta)) if rho > 0 else 0.0


def rho_of(epsilon: float, delta: float) -> float:
    """Return the rho that keeps within epsilon, but for a chance delta."""
    far = math.log(1 / delta)
    return (math.sqrt(far + epsilon) - math.sqrt(far)) ** 2


# --- Tables ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Noise:
    """How much is added: ``law`` "laplace" (pure epsilon) or "gaussian" (rho), and in how many cells one person may be."""

    amount: float  # epsilon or rho
    law: str = "laplace"
    cells_of_one: int = 1  # cells of the table that one person counts in, at most

    def spent(self, what: str, at: str) -> Spent:
        """Return the line of the budget for a release with this noise."""
        if self.law == "laplace":
            return Spent(what, at, epsilon=self.amount)
        return Spent(what, at, rho=self.amount)


def noisy_counts(counts: Mapping[K, int], noise: Noise, random: Random | None = None) -> dict[K, int]:
    """Return counts with noise, never below nothing. Totals are for the reader to add up: give only the finest cells.

    A count of a category that nobody is in must be given too, as 0: its absence would tell.
    """
    draw = drawn(noise, Fraction(1), random)
    return {cell: max(0, count + draw()) for cell, count in counts.items()}


def noisy_sums(
    amounts: Mapping[K, Iterable[float]],
    noise: Noise,
    low: float,
    high: float,
    step: float = 1.0,
    random: Random | None = None,
) -> dict[K, float]:
    """Return sums with noise, in units of ``step``.

    ``amounts`` are each person's own in each cell; one below ``low`` or above ``high`` counts as that bound, which must be
    chosen without looking at the amounts: it is by how much one person can change a sum.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high and step > 0):
        raise InputError("Les bornes d'un montant sont deux nombres, le plus petit d'abord, et le pas est positif.")
    most = max(abs(math.floor(low / step)), abs(math.ceil(high / step)), 1)
    draw = drawn(noise, Fraction(most), random)
    found = {}
    for cell, each in amounts.items():
        whole = sum(round(min(max(0.0 if math.isnan(a) else a, low), high) / step) for a in each)
        found[cell] = (whole + draw()) * step
    return found


class _Draw(Protocol):
    def __call__(self) -> int: ...


def drawn(noise: Noise, most: Fraction, random: Random | None) -> _Draw:
    """Return what draws the noise of a cell. ``most``: by how much one person changes one cell."""
    source = random or secrets.SystemRandom()
    amount = _exact(noise.amount, "epsilon" if noise.law == "laplace" else "rho")
    if noise.cells_of_one < 1:
        raise InputError("Une personne compte dans une cellule au moins.")
    if noise.law == "laplace":
        scale = most * noise.cells_of_one / amount
        return lambda: discrete_laplace(scale, source)
    if noise.law == "gaussian":
        variance = most**2 * noise.cells_of_one / (2 * amount)
        return lambda: discrete_gaussian(variance, source)
    raise InputError("Le bruit est « laplace » ou « gaussian ».")


def within(noise: Noise, most: float = 1.0, confidence: float = 0.95) -> float:
    """Return by how much a published figure is off at the most, nineteen times in twenty: what is told to readers."""
    if noise.law == "laplace":
        return math.ceil(most * noise.cells_of_one / noise.amount * math.log(1 / (1 - confidence)))
    deviation = most * math.sqrt(noise.cells_of_one / (2 * noise.amount))
    return math.ceil(deviation * math.sqrt(2 * math.log(2 / (1 - confidence))))
