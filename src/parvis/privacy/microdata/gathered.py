"""Rows gathered by likeness, k at a time: for many columns, or when a cell may say « 30 à 34 » or « A, B ou C ».

A class begins with the row least like the last one, and takes in the row that widens it least until it holds k persons
(k-member: Byun et al. 2007, doi:10.1007/978-3-540-71703-4_18), in blocks of rows that already resemble one another.
Nothing here grows with the number of ways to blur: 24 columns are no harder than 9.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from parvis.frozen import dataclass
from parvis.privacy.microdata import local
from parvis.privacy.microdata.coding import Coded, Floats, Ints
from parvis.privacy.microdata.demand import Bools, Demand, in_order
from parvis.privacy.microdata.lattice import Lattice
from parvis.privacy.microdata.recoded import Recoded
from parvis.privacy.microdata.settle import refused, settled

_BLOCK = 2_000  # rows among which a class is sought
_LARGE, _SMALL_BLOCK = 100_000, 400  # past so many rows, the time counts more than the last hundredth
_LEARNT = 6_000  # nodes that are walked again


def by_words(coded: Coded, demand: Demand, importance: Sequence[float] = ()) -> Recoded:
    """Return the table recoded with the words of its hierarchies, for any number of columns.

    Raises: RefusedError when not even the whole table as one class meets the demand.
    """
    weights = tuple(importance) or (1.0,) * len(coded.hierarchies)
    lattice = Lattice(coded.hierarchies, np.zeros((1, len(coded.hierarchies)), np.int8), weights)
    group = _grouped(coded, demand, _Words(coded, lattice))
    placed = np.flatnonzero(group >= 0)
    groups = int(group.max()) + 1 if len(placed) else 0
    if groups:
        group[placed] = np.where(demand.holds(coded, placed, group[placed], groups)[group[placed]], group[placed], -1)
    # Each class has its own node, the lowest under which all its rows read the same.
    told, node = _lowest(coded, group)
    return settled(coded, Lattice(coded.hierarchies, told, weights), demand, node)


def by_learnt_nodes(coded: Coded, demand: Demand, importance: Sequence[float] = ()) -> Recoded:
    """Return the better of ``by_words`` and of a walk over the nodes that its classes stand at, the commonest ones.

    For tables of so many columns that the whole lattice cannot be walked: the rows themselves say which nodes matter.
    Raises: as ``by_words``.
    """
    weights = tuple(importance) or (1.0,) * len(coded.hierarchies)
    near = by_words(coded, demand, weights)
    nodes, count = np.unique(near.level, axis=0, return_counts=True)
    top = np.array([[h.depth - 1 for h in coded.hierarchies]], np.int8)
    shuffled = np.random.default_rng(len(nodes)).permutation(len(nodes))  # most come once: take some of everywhere
    chosen = shuffled[np.argsort(-count[shuffled], kind="stable")[:_LEARNT]]
    nodes = np.unique(np.concatenate([nodes[chosen], top]), axis=0)
    walked = local.peel(coded, demand, weights, nodes, again=False)
    return min(near, walked, key=lambda recoded: local.weighed(recoded, weights))


def _lowest(coded: Coded, group: Ints) -> tuple[np.ndarray, Ints]:
    """Return one line of levels for each class, and the line of each row (-1 for those in none)."""
    placed = np.flatnonzero(group >= 0)
    if not len(placed):
        return np.zeros((1, len(coded.hierarchies)), np.int8), group
    order = placed[np.argsort(group[placed], kind="stable")]
    numbers, start = np.unique(group[order], return_index=True)
    levels = np.zeros((len(numbers), len(coded.hierarchies)), np.int8)
    for place, hierarchy in enumerate(coded.hierarchies):
        for level in range(hierarchy.depth - 1):
            told = hierarchy.codes[level, coded.rows[order, place]]
            levels[:, place] += np.minimum.reduceat(told, start) != np.maximum.reduceat(told, start)
    node = np.full(len(group), -1, np.int64)
    node[placed] = np.searchsorted(numbers, group[placed])
    return levels, node


@dataclass(frozen=True, eq=False)
class Gathered:
    """A recoding where each class says, in each column, the values that it holds: a span of them, or their list."""

    coded: Coded
    group: Ints  # of each distinct row
    spread: Floats  # one line a class, one column a column: (values covered - 1) / (values - 1)
    said: tuple[tuple[str, ...], ...]  # for each column, the word of each class

    @property
    def loss(self) -> float:
        return float(np.mean(self.loss_by_column)) if self.said else 0.0

    @property
    def loss_by_column(self) -> tuple[float, ...]:
        weight = self.coded.count
        return tuple(
            float((self.spread[self.group, j] * weight).sum() / max(weight.sum(), 1.0)) for j in range(len(self.said))
        )

    def classes(self) -> Ints:
        """Return the class of each distinct row."""
        return self.group

    def columns(self) -> dict[str, Any]:
        """Return the quasi-identifiers as they would be published: Arrow arrays, a cell a row, in their order."""
        places = pa.array(self.group[self.coded.of])
        texts: list[Any] = [pa.array(words, pa.string()) for words in self.said]
        return {name: words.take(places) for name, words in zip(self.coded.names, texts, strict=True)}

    def kept_rows(self) -> Ints:
        return np.arange(len(self.coded.of))


def by_sets(coded: Coded, demand: Demand, ordered: Collection[str] = (), importance: Sequence[float] = ()) -> Gathered:
    """Return the table with spans of values in the ``ordered`` columns and lists of values in the others.

    Hierarchies are not used: only their leaves are. Raises: RefusedError, as ``by_words``.
    """
    weights = tuple(importance) or (1.0,) * len(coded.hierarchies)
    model = _Sets(coded, [name in ordered for name in coded.names], weights)
    group = _grouped(coded, demand, model)
    group = _joined(coded, demand, model, group)
    group = np.unique(group, return_inverse=True)[1]
    classes = _members(group)
    spread = np.array([model.spread(rows) for rows in classes]).reshape(len(classes), len(coded.hierarchies))
    said = tuple(tuple(model.say(place, rows) for rows in classes) for place in range(len(coded.hierarchies)))
    return Gathered(coded, group, spread, said)


def _members(group: Ints) -> list[Ints]:
    """Return the rows of each class; those of class -1 are in none."""
    placed = np.flatnonzero(group >= 0)
    if not len(placed):
        return []
    order = placed[np.argsort(group[placed], kind="stable")]
    return np.split(order, np.cumsum(np.bincount(group[placed]))[:-1])


class _Model(Protocol):
    """How wide a class becomes. Rows are places among the block opened last."""

    def open(self, rows: Ints) -> None: ...
    def begin(self, row: int) -> None: ...
    def widths(self) -> Floats: ...
    def add(self, row: int) -> None: ...


def _grouped(coded: Coded, demand: Demand, model: _Model) -> Ints:
    """Return the class of each distinct row; -1 for the last ones, too few for a class."""
    group = np.full(len(coded.rows), -1, np.int64)
    many = np.flatnonzero(demand.holds(coded, np.arange(len(group)), np.arange(len(group)), len(group)))
    group[many] = np.arange(len(many))
    number = len(many)
    left = _alike(coded, np.flatnonzero(group < 0))
    waiting = left[:0]
    block = _BLOCK if len(left) <= _LARGE else _SMALL_BLOCK
    for at in range(0, len(left), block):
        rows = np.concatenate([waiting, left[at : at + block]])
        number = _block(coded, demand.k, model, rows, group, number)
        waiting = rows[group[rows] < 0]
    return group


def _block(coded: Coded, k: int, model: _Model, rows: Ints, group: Ints, number: int) -> int:
    """Make classes among some rows, written in ``group``, until fewer than k persons are left; return the next number."""
    model.open(rows)
    heads = coded.heads[rows]
    barred = np.zeros(len(rows))  # infinite once a row is taken
    left, seed = float(heads.sum()), 0
    while left >= k:
        model.begin(seed)
        held, chosen = heads[seed], [seed]
        barred[seed] = np.inf
        while held < k:
            row = int(np.argmin(model.widths() + barred))
            model.add(row)
            chosen.append(row)
            barred[row] = np.inf
            held += heads[row]
        group[rows[chosen]] = number
        number += 1
        left -= held
        seed = int(np.argmax(np.where(barred == 0, model.widths(), -1.0)))
    return number


def _alike(coded: Coded, rows: Ints) -> Ints:
    """Return the rows in an order where those that read the same with broad words stand together."""
    keys = []
    for level in range(max((h.depth for h in coded.hierarchies), default=0)):
        for place, hierarchy in enumerate(coded.hierarchies):
            if level < hierarchy.depth:
                keys.append(hierarchy.codes[level, coded.rows[rows, place]])
    return rows[np.lexsort(keys)] if keys else rows


class _Words:
    """Classes as wide as the words of the hierarchies that cover them."""

    def __init__(self, coded: Coded, lattice: Lattice) -> None:
        self.coded, self.costs = coded, lattice.costs
        self.deepest = max((h.depth for h in coded.hierarchies), default=1)
        self.first = np.arange(len(coded.hierarchies))[:, None] * self.deepest

    def open(self, rows: Ints) -> None:
        self.leaves = self.coded.rows[rows]
        self.told = [h.codes[:, self.leaves[:, j]] for j, h in enumerate(self.coded.hierarchies)]

    def begin(self, row: int) -> None:
        self.meet = np.array([(told != told[:, row : row + 1]).sum(0) for told in self.told])
        table = np.zeros((len(self.told), self.deepest))
        for place, cost in enumerate(self.costs):
            table[place, : len(cost)] = cost[:, self.leaves[row, place]]
        self.table = table.reshape(-1)
        self.level = np.zeros((len(self.told), 1), np.int64)

    def widths(self) -> Floats:
        width: Floats = self.table[np.maximum(self.meet, self.level) + self.first].sum(0)
        return width

    def add(self, row: int) -> None:
        self.level = np.maximum(self.level, self.meet[:, row : row + 1])


class _Sets:
    """Classes as wide as the spans and lists of their values."""

    def __init__(self, coded: Coded, ordered: Sequence[bool], weights: Sequence[float]) -> None:
        self.coded, self.ordered = coded, ordered
        self.order = [in_order(h.values) for h in coded.hierarchies]
        self.rank = [np.argsort(order) for order in self.order]
        self.size = np.array([max(len(h.values) - 1, 1) for h in coded.hierarchies], np.float64)
        self.weight = np.array(weights) / (sum(weights) or 1.0)
        self.at = (
            np.stack([rank[coded.rows[:, j]] for j, rank in enumerate(self.rank)], axis=1) if self.rank else coded.rows
        )

    def open(self, rows: Ints) -> None:
        self.block = self.at[rows].T

    def begin(self, row: int) -> None:
        self.low, self.high = self.block[:, row].copy(), self.block[:, row].copy()
        self.inside = [column == column[row] for column in self.block]
        self.held = np.ones(len(self.block))

    def widths(self) -> Floats:
        width = np.zeros(self.block.shape[1])
        for place, column in enumerate(self.block):
            if self.ordered[place]:
                span = np.maximum(column, self.high[place]) - np.minimum(column, self.low[place])
            else:
                span = self.held[place] - self.inside[place]
            width += span * (self.weight[place] / self.size[place])
        return width

    def add(self, row: int) -> None:
        added = self.block[:, row]
        self.low, self.high = np.minimum(self.low, added), np.maximum(self.high, added)
        for place, column in enumerate(self.block):
            if not self.ordered[place] and not self.inside[place][row]:
                self.inside[place] |= column == column[row]
                self.held[place] += 1

    def spread(self, rows: Ints) -> Floats:
        """Return how much of each column a class covers."""
        at = self.at[rows]
        span = at.max(0) - at.min(0)
        wide = [span[j] if ordered else len(set(at[:, j].tolist())) - 1 for j, ordered in enumerate(self.ordered)]
        return np.array(wide) / self.size

    def say(self, place: int, rows: Ints) -> str:
        """Return what a class says in a column: « 30 à 34 », « A, B ou C », « * » when it holds every value."""
        values, order = self.coded.hierarchies[place].values, self.order[place]
        held = sorted(set(self.at[rows, place].tolist()))
        words: list[str] = [values[order[at]] for at in held]
        if len(words) == 1:
            return words[0]
        if len(words) == len(values) or (self.ordered[place] and held[-1] - held[0] == len(values) - 1):
            return "*"
        if self.ordered[place]:
            return f"{words[0]} à {words[-1]}"
        return f"{', '.join(words[:-1])} ou {words[-1]}"


def _joined(coded: Coded, demand: Demand, model: _Sets, group: Ints) -> Ints:
    """Put the rows left in the classes that they widen least, then join the classes that do not meet the demand."""
    members = _members(group)
    loose = [np.array([row]) for row in np.flatnonzero(group < 0)]
    held: Bools = np.zeros(0, bool)
    if members:
        placed = np.flatnonzero(group >= 0)
        held = demand.holds(coded, placed, group[placed], len(members))
    done = [rows for rows, good in zip(members, held, strict=True) if good]
    open_ = [rows for rows, good in zip(members, held, strict=True) if not good] + loose
    while open_:
        rows = open_.pop()
        if not done and not open_:
            raise refused()
        near = done or open_
        lows = np.array([model.at[one].min(0) for one in near])
        highs = np.array([model.at[one].max(0) for one in near])
        at = model.at[rows]
        wider = np.maximum(highs, at.max(0)) - np.minimum(lows, at.min(0))
        place = int(np.argmin((wider / model.size * model.weight).sum(1)))
        joined = np.concatenate([near.pop(place), rows])
        good = bool(demand.holds(coded, joined, np.zeros(len(joined), np.int64), 1)[0])
        (done if good else open_).append(joined)
    out = np.empty(len(group), np.int64)
    for number, rows in enumerate(done):
        out[rows] = number
    return out
