"""How far a table lets persons be told apart, and what its classes tell about them: figures, never a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from parvis.frozen import dataclass
from parvis.privacy.microdata import demand
from parvis.privacy.microdata.coding import Beside, Coded, Floats, Ints, packed
from parvis.privacy.microdata.demand import Bools, Closeness


@dataclass(frozen=True, slots=True)
class Singling:
    """How far persons stand alone. Counts are of rows; risks and shares go from 0 to 1.

    prosecutor: the attacker knows that the person is in the table (``highest`` risk, ``share`` of rows above
    ``threshold``); marketer: the share of rows that an attacker who tries them all would name rightly, in the table or,
    ``journalist``, among the population. ``population_uniques`` is how many rows are likely alone in the population too.
    """

    rows: int
    classes: int
    k: int  # the smallest class, in persons
    uniques: int  # rows alone in the table
    highest: float  # the highest risk of a row: 1 / k
    above: float  # share of rows whose risk passes the threshold
    marketer: float
    population_uniques: float = 0.0
    journalist: float = 0.0
    method: str = ""  # of the estimate: "zayatz", "pitman", "snb", or "table" when the table holds everybody


@dataclass(frozen=True, slots=True)
class Inference:
    """What the classes tell of one sensitive column.

    l: the least number of values in a class, its ``entropy`` (as a number of values) and the smallest c for which
    recursive (c, 2)-diversity holds; t: the largest distance between a class and the whole; ``disclosure``: the largest
    |log(share in the class / share in the table)| over all values (infinite when a value is missing from a class);
    ``homogeneous``: rows whose class has a single value; ``guessed``: share of rows guessed by the commonest value of
    their class, and ``baseline`` by the commonest of the table.
    """

    column: str
    l: int  # noqa: E741 - its name everywhere
    entropy: float
    recursive: float
    t: float
    disclosure: float
    homogeneous: int
    guessed: float
    baseline: float


def singling(coded: Coded, classes: Ints | None = None, population: int = 0, threshold: float = 0.2) -> Singling:
    """Return how far persons of a table stand alone. ``classes`` (of ``Recoded``) tells the rows after a recoding.

    ``population`` is the number of inhabitants that the table is drawn from: 0 when it holds them all.
    """
    of = np.arange(len(coded.rows)) if classes is None else classes
    inside = np.flatnonzero(of >= 0)
    groups = int(of.max()) + 1 if len(inside) else 0
    if not groups:
        return Singling(0, 0, 0, 0, 0.0, 0.0, 0.0, method="table")
    rows = np.bincount(of[inside], coded.count[inside], groups)
    heads = demand.heads(coded, inside, of[inside], groups)
    total, persons = float(rows.sum()), float(heads.sum())
    above = float(rows[1 / heads > threshold].sum()) / total
    uniques = float((rows * (heads == 1)).sum())
    found = {"table": uniques} if population <= persons else population_uniques(heads, population)
    method, alone = next(iter(found.items()))
    fraction = 1.0 if population <= persons else persons / population
    return Singling(
        rows=int(total),
        classes=groups,
        k=int(heads.min()),
        uniques=int(uniques),
        highest=1 / float(heads.min()),
        above=above,
        marketer=groups / total,
        population_uniques=min(alone, uniques),
        journalist=groups / total * fraction,
        method=method,
    )


def population_uniques(sizes: Floats, population: int) -> dict[str, float]:
    """Return estimates of how many persons of the table are alone in the population too, the preferred one first.

    Pitman (Hoshino 2001) while its equations have a solution, else the slide negative binomial (Chen and McNulty 1998),
    else Zayatz (1991). As in Dankar et al. 2012 (doi:10.1186/1472-6947-12-66), Zayatz or SNB for a large share of the
    population, Pitman for a small one.
    """
    counts = np.bincount(sizes.astype(np.int64))
    sample = float(sizes.sum())
    fraction = sample / population
    found = {"zayatz": _zayatz(counts, sample, population)}
    pitman = _pitman(counts, sample, population)
    if pitman is not None:
        found["pitman"] = pitman
    snb = _snb(counts, fraction)
    if snb is not None:
        found["snb"] = snb
    order = ("pitman", "zayatz", "snb") if fraction <= 0.1 else ("snb", "zayatz", "pitman")
    return {name: found[name] for name in order if name in found}


def _zayatz(counts: Ints, sample: float, population: int) -> float:
    """Uniques of the sample times the chance that one is unique in the population, sizes being as in the sample."""
    classes = float(counts[1:].sum())
    if len(counts) < 2 or not counts[1]:
        return 0.0
    size = np.arange(1, len(counts))
    share = counts[1:] / classes
    # Chance that one member of a class of each size falls in the sample, and no other (hypergeometric).
    log = np.log(size) + np.array([_log_choose(population - i, sample - 1) for i in size.tolist()])
    chance = np.exp(log - _log_choose(population, sample)) * share
    return float(counts[1] * chance[0] / chance.sum()) if chance.sum() else 0.0


def _log_choose(n: float, r: float) -> float:
    if r < 0 or r > n:
        return -math.inf
    return math.lgamma(n + 1) - math.lgamma(r + 1) - math.lgamma(n - r + 1)


def _pitman(counts: Ints, sample: float, population: int) -> float | None:
    """The Pitman model, fitted by Newton's method on its likelihood; None when it does not settle."""
    uniques = float(counts[1]) if len(counts) > 1 else 0.0
    pairs = float(counts[2]) if len(counts) > 2 else 0.0
    classes = float(counts[1:].sum())
    if not uniques or not pairs or classes >= sample:
        return None
    c = uniques * (uniques - 1) / pairs
    if not c:
        return None
    theta = (sample * classes * c - uniques * (sample - 1) * (2 * classes + c)) / (
        2 * uniques * classes + uniques * c - sample * c
    )
    alpha = (theta * (uniques - sample) + (sample - 1) * uniques) / (sample * classes)
    fitted = _likeliest(counts, classes, sample, theta, alpha)
    if fitted is None:
        return None
    theta, alpha = fitted
    log = math.lgamma(theta + 1) - math.lgamma(theta + alpha) + alpha * math.log(population)
    alone = math.exp(log)  # uniques of the population
    return min(alone * sample / population, uniques)


def _likeliest(counts: Ints, classes: float, sample: float, theta: float, alpha: float) -> tuple[float, float] | None:
    """Return theta and alpha where the derivatives of the likelihood vanish."""
    i = np.arange(1, int(classes))
    n = np.arange(1, int(sample))
    sizes = np.flatnonzero(counts[2:]) + 2
    for _ in range(60):
        if not (0 < alpha < 1 and theta > -alpha) or not math.isfinite(theta):
            return None
        a, b = 1 / (theta + i * alpha), 1 / (theta + n)
        inner = [1 / (np.arange(1, size) - alpha) for size in sizes.tolist()]
        weight = counts[sizes]
        slope = np.array(
            [a.sum() - b.sum(), (i * a).sum() - sum(w * x.sum() for w, x in zip(weight, inner, strict=True))]
        )
        bend = -(i * a * a).sum()
        curve = np.array(
            [
                [-(a * a).sum() + (b * b).sum(), bend],
                [bend, -(i * i * a * a).sum() - sum(w * (x * x).sum() for w, x in zip(weight, inner, strict=True))],
            ]
        )
        try:
            step = np.linalg.solve(curve, slope)
        except np.linalg.LinAlgError:
            return None
        theta, alpha = theta - float(step[0]), alpha - float(step[1])
        if abs(step[0]) < 1e-6 * max(abs(theta), 1) and abs(step[1]) < 1e-9:
            return (theta, alpha) if 0 < alpha < 1 and theta > -alpha else None
    return None


def _snb(counts: Ints, fraction: float) -> float | None:
    """The slide negative binomial model: a class of the population has 1 + NB(r, p) persons, each seen with one chance.

    Fitted on the classes unseen, seen once and seen twice, the mean size being known; None when nothing is to be fitted.
    """
    if len(counts) < 3 or not counts[1] or not counts[2] or fraction >= 1:
        return None
    classes, persons = float(counts[1:].sum()), float((np.arange(len(counts)) * counts).sum())
    total = classes + np.linspace(0, classes * (1 / fraction - 1), 400)[:-1, None]
    more = persons / fraction / total - 1
    r = np.geomspace(1e-4, 50, 400)[None, :]
    p = r / (r + np.maximum(more, 1e-9))
    odd = 1 - fraction
    tilt = (1 - p) / (1 - (1 - p) * odd)
    height = (p / (1 - (1 - p) * odd)) ** r  # z · height is the generating function of sizes at z = 1 - fraction
    unseen = odd * height
    once = fraction * height * (1 + odd * r * tilt)
    twice = fraction**2 / 2 * height * r * tilt * (2 + odd * (r + 1) * tilt)
    seen = np.array([classes, counts[1], counts[2]])
    miss = (1 - unseen - seen[0] / total) ** 2 + (once - seen[1] / total) ** 2 + (twice - seen[2] / total) ** 2
    at = np.unravel_index(int(np.argmin(miss)), miss.shape)
    return min(float((p**r)[at]) * float(total[at[0], 0]) * fraction, float(counts[1]))


def inference(coded: Coded, classes: Ints | None = None, closeness: Sequence[Closeness] = ()) -> tuple[Inference, ...]:
    """Return what the classes tell of each sensitive column. ``closeness`` says how far its values are apart."""
    asked = {one.column: one for one in closeness}
    return tuple(_told(coded, classes, b, asked.get(b.name, Closeness(b.name, 1.0))) for b in coded.sensitive)


def _told(coded: Coded, classes: Ints | None, beside: Beside, asked: Closeness) -> Inference:
    of = np.arange(len(coded.rows)) if classes is None else classes
    inside = np.flatnonzero(of >= 0)
    if not len(inside):
        return Inference(beside.name, 0, 0.0, 0.0, 0.0, 0.0, 0, 0.0, 0.0)
    table = demand.spread(beside, inside, of[inside], int(of.max()) + 1)
    rows, whole = table.sum(1), demand.overall(beside)
    ranked = -np.sort(-table, axis=1)
    values = (table > 0).sum(1)
    rest = ranked[:, 1:].sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(np.log(table / rows[:, None] / whole))
        recursive = np.where(rest > 0, ranked[:, 0] / rest, np.inf)
    return Inference(
        beside.name,
        l=int(values.min()),
        entropy=float(np.exp(demand.entropy(table).min())),
        recursive=float(recursive.max()),
        t=float(demand.distance(asked, table, beside).max()),
        disclosure=float(apart[:, whole > 0].max()),
        homogeneous=int(rows[values == 1].sum()),
        guessed=float(ranked[:, 0].sum() / rows.sum()),
        baseline=float(whole.max()),
    )


# --- Which combinations identify --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Combination:
    """Columns that together single rows out, when no fewer of them do. Counts are of rows."""

    columns: tuple[str, ...]
    rows: int  # singled out by these columns, and by none of their subsets


@dataclass(frozen=True, slots=True)
class Singled:
    """A row that would be singled out: its place in the table, what a reader would look for, and how few share it.

    ``columns`` and ``values`` are the smallest combination that does it; ``score`` grows as the combinations are
    smaller and more numerous (SUDA: Elliot et al. 2002).
    """

    row: int
    columns: tuple[str, ...]
    values: tuple[str, ...]
    shared_by: int
    score: float


_LARGEST = 4  # columns in a combination: beyond, a reader would have to know too much
_COMBINATIONS = 4_000  # looked at, the smallest first
_TABLED = 2**22  # cells up to which a count is made of them all


def combinations_that_identify(coded: Coded, largest: int = _LARGEST, below: int = 2) -> tuple[Combination, ...]:
    """Return the minimal combinations of columns that leave fewer than ``below`` persons, by rows singled out.

    Found by counting, whatever the columns are called: a column that nobody would suspect is caught as the others.
    """
    found = [
        Combination(tuple(coded.names[c] for c in columns), int(coded.count[rows].sum()))
        for columns, rows in _minimal(coded, largest, below)
    ]
    return tuple(sorted(found, key=lambda c: (-c.rows, len(c.columns))))


def most_singled(coded: Coded, number: int = 10, largest: int = _LARGEST, below: int = 2) -> tuple[Singled, ...]:
    """Return the rows that would be singled out the most easily, and the combination that does it."""
    score = np.zeros(len(coded.rows))
    least: dict[int, tuple[int, ...]] = {}
    width = len(coded.hierarchies)
    for columns, rows in _minimal(coded, largest, below):
        score[rows] += math.factorial(max(width - len(columns), 0))  # how many larger combinations it makes unique
        for row in rows.tolist():
            if row not in least or len(columns) < len(least[row]):
                least[row] = columns
    order = sorted(least, key=lambda row: (-score[row], len(least[row]), row))[:number]
    first = {int(d): int(r) for r, d in reversed(list(enumerate(coded.of)))} if order else {}
    top = math.factorial(max(width, 1))
    return tuple(_singled(coded, row, least[row], first[row], float(score[row]) / top) for row in order)


def _singled(coded: Coded, row: int, columns: tuple[int, ...], place: int, score: float) -> Singled:
    values = tuple(coded.hierarchies[c].values[coded.rows[row, c]] for c in columns)
    same = (coded.rows[:, columns] == coded.rows[row, columns]).all(1)
    heads = demand.heads(coded, np.flatnonzero(same), np.zeros(int(same.sum()), np.int64), 1)
    return Singled(place, tuple(coded.names[c] for c in columns), values, int(heads[0]), score)


def _minimal(coded: Coded, largest: int, below: int) -> list[tuple[tuple[int, ...], Ints]]:
    """Return each combination with the distinct rows that it singles out while none of its subsets does."""
    width, rows = len(coded.hierarchies), len(coded.rows)
    found: list[tuple[tuple[int, ...], Ints]] = []
    smaller: dict[tuple[int, ...], Bools] = {(): np.zeros(rows, bool)}
    looked = 0
    for size in range(1, min(largest, width) + 1):
        caught: dict[tuple[int, ...], Bools] = {}
        for columns in combinations(range(width), size):
            looked += 1
            if looked > _COMBINATIONS:
                return found
            before = np.zeros(rows, bool)
            for less in combinations(columns, size - 1):
                before |= smaller[less]
            few = before if before.all() else _few(coded, columns, below)
            new = np.flatnonzero(few & ~before)
            caught[columns] = before | few
            if len(new):
                found.append((columns, new))
        smaller = caught
    return found


def _few(coded: Coded, columns: tuple[int, ...], below: int) -> Bools:
    """Return the distinct rows that fewer than ``below`` persons share, seen through some columns."""
    sizes = [len(coded.hierarchies[c].values) for c in columns]
    key, bound = packed([coded.rows[:, c] for c in columns], sizes, len(coded.rows))
    if bound > _TABLED or coded.persons is not None:
        _, key = np.unique(key, return_inverse=True)
        bound = int(key.max()) + 1 if len(key) else 0
    rare: Bools = demand.heads(coded, np.arange(len(key)), key, bound)[key] < below
    return rare
