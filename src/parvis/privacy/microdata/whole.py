"""Global recoding: one level a column for the whole table, the best there is, found without looking at every node.

Nodes are looked at from the cheapest on. What a node costs before any row is left out is less than what it costs after,
so the search ends when the next one is dearer than the best found: its answer is the optimum. A pair of columns that
leaves out too many rows on its own does so with any other column beside it: all nodes below are set aside unseen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from parvis.errors import RefusedError
from parvis.privacy.microdata.coding import Coded, Ints
from parvis.privacy.microdata.demand import Bools, Demand
from parvis.privacy.microdata.lattice import Lattice, Nodes, Sums, buckets, whole
from parvis.privacy.microdata.recoded import Recoded
from parvis.values import msg

MANY = 200_000  # nodes up to which all are thought of
_FEW = 500  # nodes up to which each is looked at, without asking first which pairs of columns forbid it


def recode(
    coded: Coded, demand: Demand, left_out: float = 0.0, importance: Sequence[float] = (), nodes: Nodes | None = None
) -> Recoded:
    """Return the table with one level a column, the least lossy that meets the demand.

    ``left_out`` is the share of rows, from 0 to 1, that may be left out of the file; each counts as a loss of 1 in all
    its cells. ``importance`` says how dear a loss is in each column.
    Past ``MANY`` nodes the answer is good, no longer proved the best.
    Raises: RefusedError when no node meets the demand.
    """
    weights = tuple(importance) or (1.0,) * len(coded.hierarchies)
    if nodes is None and math.prod(h.depth for h in coded.hierarchies) > MANY:
        return _downhill(coded, demand, left_out, weights)
    lattice = Lattice(coded.hierarchies, whole(coded.hierarchies) if nodes is None else nodes, weights)
    best, kept = _Search(coded, lattice, demand, left_out).best()
    if best is None:
        raise RefusedError(
            msg("Aucun niveau de détail commun à tout le tableau n'atteint le niveau demandé."),
            msg("Permettez que des lignes soient retirées, ou baissez le niveau demandé."),
        )
    level = np.repeat(lattice.nodes[best : best + 1], len(coded.rows), axis=0)
    return Recoded(coded, level, kept)


def _downhill(coded: Coded, demand: Demand, left_out: float, weights: tuple[float, ...]) -> Recoded:
    """Return a good node of a lattice too large to be searched: from the top, down by the column that gains the most.

    Raises: RefusedError when not even the top meets the demand.
    """
    node = np.array([h.depth - 1 for h in coded.hierarchies], np.int8)
    best = recode(coded, demand, left_out, weights, node[None])
    while True:
        below = [node - step for step in np.eye(len(node), dtype=np.int8) if (node >= step).all()]
        if not below:
            return best
        try:
            lower = recode(coded, demand, left_out, weights, np.array(below, np.int8))
        except RefusedError:
            return best
        if _cost(lower, weights) >= _cost(best, weights):
            return best
        best, node = lower, lower.level[0]


def _cost(recoded: Recoded, weights: tuple[float, ...]) -> float:
    return float(np.average(recoded.loss_by_column, weights=weights))


class _Search:
    def __init__(self, coded: Coded, lattice: Lattice, demand: Demand, left_out: float) -> None:
        self.coded, self.lattice, self.demand = coded, lattice, demand
        columns = [np.ascontiguousarray(coded.rows[:, j]) for j in range(coded.rows.shape[1])]
        self.sums = Sums(lattice, columns)
        self.rows = float(coded.count.sum())
        self.may_go = left_out * self.rows + 1e-9

    def best(self) -> tuple[int | None, Bools]:
        """Return the optimal node and the distinct rows that it keeps."""
        cost = np.zeros(len(self.lattice.nodes))
        for place, (table, column) in enumerate(zip(self.lattice.costs, self.sums.columns, strict=True)):
            mean = table @ np.bincount(column, self.coded.count, table.shape[1]) / max(self.rows, 1.0)
            cost += mean[self.lattice.nodes[:, place]]
        hopeless = self._hopeless()
        found, least, kept = None, np.inf, np.zeros(len(self.coded.rows), bool)
        for node in np.argsort(cost, kind="stable"):
            if cost[node] >= least:
                break
            if hopeless[node]:
                continue
            stays = self._stays(int(node), least - cost[node])
            if stays is None:
                continue
            total = float(cost[node] + self._lost(int(node), ~stays))
            if total < least:
                found, least, kept = int(node), total, stays
        return found, kept

    def _stays(self, node: int, margin: float) -> Bools | None:
        """Return the rows in classes that meet the demand; None when too many are not, or cost more than ``margin``."""
        key = self.sums.at(node)
        bucket = buckets(key)
        rare = np.bincount(bucket, self.coded.heads)[bucket] < self.demand.k
        if self._too_many(rare) or self._lost(node, rare) >= margin:
            return None  # already so among the rows whose bucket is small, and there are more
        _, group = np.unique(key, return_inverse=True)
        groups = int(group.max()) + 1 if len(group) else 0
        stays = self.demand.holds(self.coded, np.arange(len(key)), group, groups)[group]
        return None if self._too_many(~stays) else stays

    def _too_many(self, gone: Bools) -> bool:
        return float(self.coded.count[gone].sum()) > self.may_go

    def _lost(self, node: int, gone: Bools) -> float:
        """Return what leaving rows out adds to the cost of a node."""
        rows = np.flatnonzero(gone)
        cost = np.zeros(len(rows))
        for place, (table, column) in enumerate(zip(self.lattice.costs, self.sums.columns, strict=True)):
            cost += table[self.lattice.nodes[node, place]][column[rows]]
        return float((self.coded.count[rows] * (1 - cost)).sum()) / max(self.rows, 1.0)

    def _hopeless(self) -> Bools:
        """Return the nodes that two of their columns alone forbid."""
        nodes = self.lattice.nodes
        found = np.zeros(len(nodes), bool)
        if self.may_go >= self.rows or len(nodes) < _FEW:
            return found
        for one, two in combinations(range(nodes.shape[1]), 2):
            forbidden = self._forbidden(one, two)
            found |= forbidden[nodes[:, one], nodes[:, two]]
        return found

    def _forbidden(self, one: int, two: int) -> Bools:
        """Return for each level of two columns whether these, with nothing else told, leave too many rows out."""
        first, second = self.coded.hierarchies[one], self.coded.hierarchies[two]
        table = np.zeros((first.depth, second.depth), bool)
        wide = len(second.values)
        both: Ints = self.sums.columns[one].astype(np.int64) * wide + self.sums.columns[two]
        cells, place = np.unique(both, return_inverse=True)
        rows = np.bincount(place, self.coded.count)
        heads = np.bincount(place, self.coded.heads)
        a, b = np.divmod(cells, wide)
        for up in range(first.depth - 1, -1, -1):
            for over in range(second.depth - 1, -1, -1):
                if table[min(up + 1, first.depth - 1), over] or table[up, min(over + 1, second.depth - 1)]:
                    table[up, over] = True
                    continue
                key = first.codes[up][a] * wide + second.codes[over][b]
                small = np.bincount(key, heads)[key] < self.demand.k
                table[up, over] = float(rows[small].sum()) > self.may_go
        return table
