"""The cells that say too much by themselves: too few persons or companies, one that makes nearly all, a zero in a small group.

The thresholds are those of ``privacy.law`` (data, each with its source); a town may be stricter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from parvis.frozen import dataclass
from parvis.privacy import law
from parvis.privacy.tabular.attacker import Reach
from parvis.privacy.tabular.equations import Equations
from parvis.privacy.tabular.programme import Floats, Ints

PERSONS, COMPANIES = "persons", "companies"


class Reason(StrEnum):
    """Why a cell is hidden, the strongest last; NONE when nothing is wrong with it."""

    NONE = ""
    EMPTY = "empty"  # it came without a value: somebody hid it already
    NOBODY = "nobody"  # a zero that says of each person of a small group that she is not concerned
    NEAR = "near"  # p %: the second can tell the first within p %
    DOMINANT = "dominant"  # (n, k): the n largest make more than k of the cell
    FEW = "few"


_ORDER = tuple(Reason)


@dataclass(frozen=True, slots=True)
class Rules:
    """From how many on a cell may be shown, and how far a hidden one must stay unknown.

    ``margin`` is how many persons a hidden count may lack or have more, at least: a tenth of five persons protects nobody.
    ``spread`` is how far above a hidden count an outsider thinks it may be, at least.
    """

    unit: str = PERSONS
    least: float = 11  # persons or companies
    shares: Sequence[tuple[int, float]] = ()  # (n, k): the n largest may make at most k of a cell
    percent: float | None = None  # p: nobody may tell another within p, a part
    nobody_under: float = 11  # persons of a group in which a zero is not shown; 0 to show them
    interval: float = 0.1  # part of its value by which a hidden cell must stay unknown, each way
    margin: float = 2
    spread: float = 10


def rules_for(unit: str, subjects: Iterable[str] = ()) -> Rules:
    """Return the rules of the law's thresholds for persons or companies, and for the subjects of the table."""
    interval = law.threshold("interval", subjects).value
    if unit == COMPANIES:
        share = law.threshold("dominance", subjects).value
        least = law.threshold("cell_companies", subjects).value
        return Rules(COMPANIES, least, ((1, share),), nobody_under=0, interval=interval, margin=0, spread=0)
    least = law.threshold("cell_persons", subjects).value
    return Rules(PERSONS, least, nobody_under=least, interval=interval, spread=least - 1)


@dataclass(frozen=True, eq=False, slots=True)
class Contributors:
    """Who stands behind each cell of the equations.

    Shape:  ``counts`` (n,): persons or companies, NaN where not known. ``largest`` (n, m): the m largest contributions in
            the unit of the values, in any order, empty (n, 0) for counts.
    """

    counts: Floats
    largest: Floats


def sensitive(
    equations: Equations, who: Contributors, rules: Rules, empty: npt.NDArray[np.bool_] | None = None
) -> Sequence[Reason]:
    """Return for each cell why it may not be shown. ``empty`` marks those that came without a value."""
    found = np.zeros(len(equations), np.int64)
    values = np.nan_to_num(np.abs(equations.values))

    def mark(cells: npt.NDArray[np.bool_], reason: Reason) -> None:
        found[cells] = np.maximum(found[cells], _ORDER.index(reason))

    mark((who.counts > 0) & (who.counts < rules.least), Reason.FEW)
    largest = -np.sort(-np.nan_to_num(np.abs(who.largest)), axis=1)
    for count, share in rules.shares:
        top = largest[:, :count].sum(1)
        mark((top > share * values) & (top > 0), Reason.DOMINANT)
    if rules.percent is not None and largest.shape[1] >= 2:
        rest = values - largest[:, :2].sum(1)
        mark((rest < rules.percent * largest[:, 0]) & (largest[:, 0] > 0), Reason.NEAR)
    for cells, signs in equations.rows:
        whole = cells[signs < 0]
        if rules.nobody_under and np.any((who.counts[whole] > 0) & (who.counts[whole] < rules.nobody_under)):
            parts = cells[signs > 0]
            mark(_only(parts[who.counts[parts] == 0], len(found)), Reason.NOBODY)
    if empty is not None:
        found[empty] = _ORDER.index(Reason.EMPTY)  # what was put in its place only fits: it is no figure
    return tuple(_ORDER[at] for at in found)


def _only(cells: Ints, n: int) -> npt.NDArray[np.bool_]:
    marked = np.zeros(n, bool)
    marked[cells] = True
    return marked


def reach_of(equations: Equations, reasons: Sequence[Reason], who: Contributors, rules: Rules) -> Reach:
    """Return how far each cell may move for an outsider, and how far the sensitive ones must be able to.

    She knows that a hidden cell lies between nothing and twice its value, or some persons more. A zero that is not
    sensitive is never hidden for another's sake: that nobody is there is often known.
    """
    marked = np.array([r is not Reason.NONE for r in reasons])
    size = np.abs(equations.values)
    up = np.maximum(size, rules.spread if rules.unit == PERSONS else 0.0)
    up = np.where((size > 0) | marked, up, 0.0)
    least = np.maximum(rules.interval * size, rules.margin)
    if who.largest.shape[1] >= 2 and rules.percent is not None:
        first = -np.sort(-np.nan_to_num(np.abs(who.largest)), axis=1)
        lacking = rules.percent * first[:, 0] - (size - first[:, :2].sum(1))
        least = np.maximum(least, np.where(marked, lacking, 0.0))
    return Reach(
        marked, size, up, np.where(marked, np.minimum(least, size), 0.0), np.where(marked, np.minimum(least, up), 0.0)
    )
