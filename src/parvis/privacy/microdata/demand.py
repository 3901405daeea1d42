"""What a class of rows that read the same must hold before it may be let go: k persons, and varied sensitive values."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from parvis.errors import InputError, UnknownColumn
from parvis.frozen import dataclass
from parvis.privacy.microdata.coding import Beside, Coded, Floats, Ints
from parvis.privacy.microdata.hierarchies import Hierarchy
from parvis.values import msg

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Diversity:
    """At least ``l`` values of a sensitive column in each class.

    ``distinct``: l values; ``entropy``: their entropy is at least log l; ``recursive``: the most frequent is rarer than
    ``c`` times all but the l - 1 most frequent. Source: Machanavajjhala et al. 2007, doi:10.1145/1217299.1217302.
    """

    column: str
    l: float  # noqa: E741 - its name everywhere
    kind: Literal["distinct", "entropy", "recursive"] = "distinct"
    c: float = 3.0


@dataclass(frozen=True, slots=True)
class Closeness:
    """In each class the values of a sensitive column are spread as in the whole table, within ``t`` (earth mover's distance).

    ``equal``: every two values are as far apart; ``ordered``: values stand in their order; ``hierarchical``: as far as
    the level of ``hierarchy`` where they meet. Source: Li et al. 2007, doi:10.1109/ICDE.2007.367856.
    """

    column: str
    t: float
    kind: Literal["equal", "ordered", "hierarchical"] = "equal"
    hierarchy: Hierarchy | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """``k`` persons a class (rows, when the table has no key of persons), and what is asked of sensitive columns."""

    k: int
    diversity: tuple[Diversity, ...] = ()
    closeness: tuple[Closeness, ...] = field(default=())

    def holds(self, coded: Coded, rows: Ints, group: Ints, groups: int) -> Bools:
        """Return for each of ``groups`` classes whether it may be let go; ``group`` numbers the class of each of ``rows``."""
        held = heads(coded, rows, group, groups) >= self.k
        tables: dict[str, Floats] = {}
        asks: tuple[Diversity | Closeness, ...] = (*self.diversity, *self.closeness)
        for asked in asks:
            beside = sensitive(coded, asked.column)
            if asked.column not in tables:
                tables[asked.column] = spread(beside, rows, group, groups)
            held &= met(asked, tables[asked.column], beside)
        return held


def heads(coded: Coded, rows: Ints, group: Ints, groups: int) -> Floats:
    """Return how many persons each class holds; one who has rows in several distinct rows counts once."""
    if coded.persons is None:
        return np.bincount(group, coded.count[rows], groups).astype(np.float64)
    picked, owner = _pairs(coded.persons, rows)
    seen = np.unique(group[owner] * len(coded.persons.values) + coded.persons.value[picked])
    return np.bincount(seen // max(len(coded.persons.values), 1), minlength=groups).astype(np.float64)


def spread(beside: Beside, rows: Ints, group: Ints, groups: int) -> Floats:
    """Return how many rows of each class hold each sensitive value: one line a class, one column a value."""
    picked, owner = _pairs(beside, rows)
    wide = len(beside.values)
    flat = np.bincount(
        group[owner] * wide + beside.value[picked], weights=beside.count[picked], minlength=groups * wide
    )
    return flat.reshape(groups, wide).astype(np.float64)


def met(asked: Diversity | Closeness, table: Floats, beside: Beside) -> Bools:
    """Return for each line of ``spread`` whether it meets what is asked."""
    if isinstance(asked, Closeness):
        return distance(asked, table, beside) <= asked.t + 1e-9
    ranked = -np.sort(-table, axis=1)
    if asked.kind == "distinct":
        good: Bools = (table > 0).sum(1) >= asked.l
    elif asked.kind == "entropy":
        good = entropy(table) >= np.log(asked.l) - 1e-9
    else:
        good = ranked[:, 0] < asked.c * ranked[:, int(asked.l) - 1 :].sum(1)
    return good


def entropy(table: Floats) -> Floats:
    """Return the entropy of each line, in nats."""
    share = table / np.maximum(table.sum(1, keepdims=True), 1e-300)
    found: Floats = -(share * np.log(np.where(share > 0, share, 1.0))).sum(1)
    return found


def overall(beside: Beside) -> Floats:
    """Return the share of each sensitive value in the whole table."""
    found = np.bincount(beside.value, weights=beside.count, minlength=len(beside.values))
    share: Floats = found / max(found.sum(), 1.0)
    return share


def distance(asked: Closeness, table: Floats, beside: Beside) -> Floats:
    """Return the earth mover's distance, from 0 to 1, between each line of ``spread`` and the whole table.

    Raises: InputError when a hierarchical distance has no hierarchy, or one that lacks a value.
    """
    gap = table / np.maximum(table.sum(1, keepdims=True), 1e-300) - overall(beside)
    if asked.kind == "hierarchical":
        return _along(asked, gap, beside.values)
    moved: Floats = np.abs(gap).sum(1) / 2
    if asked.kind == "ordered":
        moved = np.abs(np.cumsum(gap[:, in_order(beside.values)], axis=1)).sum(1) / max(gap.shape[1] - 1, 1)
    return moved


def in_order(values: tuple[str, ...]) -> Ints:
    """Return the places of values in their order: of numbers when all are numbers, else of texts (ISO dates too)."""
    try:
        return np.argsort([float(value.replace(",", ".")) for value in values], kind="stable")
    except ValueError:
        return np.argsort(np.array(values, dtype=str), kind="stable")


def _along(asked: Closeness, gap: Floats, values: tuple[str, ...]) -> Floats:
    """What must move between the branches of each word, times how high that word stands (Li et al., section 4.2)."""
    hierarchy = asked.hierarchy
    leaf = {} if hierarchy is None else {value: place for place, value in enumerate(hierarchy.values)}
    lacking = [value for value in values if value not in leaf]
    if hierarchy is None or lacking:
        raise InputError(
            msg("La hiérarchie de « {column} » ne connaît pas la valeur « {value} »."),
            column=asked.column,
            value=lacking[0] if lacking else "",
        )
    at = np.array([leaf[value] for value in values])
    total = np.zeros(len(gap))
    branch = gap @ _under(at, len(hierarchy.values))
    for level in range(1, hierarchy.depth):
        parent = np.zeros(len(hierarchy.words[level - 1]), np.int64)
        parent[hierarchy.codes[level - 1]] = hierarchy.codes[level]
        if level == 1:
            branch = branch[:, np.argsort(hierarchy.codes[0])]
        above = _under(parent, len(hierarchy.words[level]))
        moved = np.minimum(np.maximum(branch, 0) @ above, np.maximum(-branch, 0) @ above).sum(1)
        total += moved * level / (hierarchy.depth - 1)
        branch = branch @ above
    return total


def _under(parent: Ints, wide: int) -> Floats:
    """Return the table that sums columns by their parent."""
    table = np.zeros((len(parent), wide))
    table[np.arange(len(parent)), parent] = 1.0
    return table


def sensitive(coded: Coded, column: str) -> Beside:
    """Return a sensitive column of the table. Raises: UnknownColumn."""
    for beside in coded.sensitive:
        if beside.name == column:
            return beside
    raise UnknownColumn(msg("Le tableau n'a pas de colonne sensible « {column} »."), column=column)


def _pairs(beside: Beside, rows: Ints) -> tuple[Ints, Ints]:
    """Return the places of the pairs of some distinct rows, and for each the place of its row among them."""
    start, size = beside.start[rows], beside.start[rows + 1] - beside.start[rows]
    owner = np.repeat(np.arange(len(rows)), size)
    first = np.cumsum(size) - size
    return start[owner] + np.arange(len(owner)) - first[owner], owner
