"""Local recoding: each class of rows is blurred just as it needs, by walking the ways to blur from the cheapest on.

The walk ("peel"): distinct rows with weights; nodes (one level a column) from the cheapest for the rows still in hand to
the dearest; at each node every class that already meets the demand is let go. Choosing classes by their cost alone lets
rows that are easy to place go together, and leaves the odd ones to one another at a high price. So a first walk tells
what each row is likely to cost in the end, and the next takes that price off the cost of the classes that hold such
rows, as the prices of a Lagrangian relaxation of the covering problem would. Of all walks, each part of the table keeps
the one that does it best (``splice``). Classes that need only be large then exchange rows (``exchange``); those that must
hold more are walked some more times instead, with prices that rough walks have told.
"""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Sequence

import numpy as np

from parvis.frozen import dataclass
from parvis.privacy.microdata.coding import Coded, Floats, Ints
from parvis.privacy.microdata.demand import Bools, Demand
from parvis.privacy.microdata.exchange import exchanged
from parvis.privacy.microdata.inplay import starts
from parvis.privacy.microdata.lattice import Lattice, Nodes, Sums, buckets, whole
from parvis.privacy.microdata.recoded import Recoded
from parvis.privacy.microdata.settle import settled
from parvis.privacy.microdata.splice import spliced

_AGAIN = ((0.4, 0.05, 1.2), (0.4, 0.1, 1.1))  # share of prices, bulk and bend of each walk made after rough ones
_PRICES = (0.4, 0.05, 1.1)  # the same of the one walk made before classes exchange rows
_NEARLY = 0.9  # share of k that a node held together when it was looked at, to be looked at again
_ROUGH = 3  # rough walks that prices come from
_NOISE = 0.1
_PRICED = 2e9  # rows times nodes up to which the walk is done again with prices
_EXCHANGED = 150_000  # distinct rows up to which classes exchange rows
_AHEAD = 400  # nodes sorted at a time
_STALE = 0.98  # costs are taken anew when this share of the rows is left
_SPARSE = 0.85  # and what was let go is swept out at this one
_SLACK = 0.003  # how much dearer than its turn a class may be let go, when prices set the turns


@dataclass(frozen=True, eq=False)
class Turns:
    """In which order classes are let go.

    ``price`` is what each distinct row is expected to cost, ``bulk`` how much a class is favoured for its size,
    ``noise`` a factor for each node, to make another walk of the same table.
    """

    price: Floats | None = None
    bulk: float = 0.0
    noise: Floats | None = None
    slack: float = 1e-12


def peel(
    coded: Coded, demand: Demand, importance: Sequence[float] = (), nodes: Nodes | None = None, again: bool = True
) -> Recoded:
    """Return the table recoded class by class, so that each class meets the demand, losing as little as it can.

    ``importance`` says for each column how dear a loss is there (1 each without it); ``nodes`` restricts the walk;
    ``again`` lets a table that is not too large be walked a second time, with prices, and its classes exchange rows.
    Raises: RefusedError when not even the whole table as one class meets the demand.
    """
    weights = tuple(importance) or (1.0,) * len(coded.hierarchies)
    lattice = Lattice(coded.hierarchies, whole(coded.hierarchies) if nodes is None else nodes, weights)
    first = Walk(coded, lattice, demand).go()
    best = settled(coded, lattice, demand, first.node)
    if not again or len(coded.rows) * len(lattice.nodes) > _PRICED or not (first.node >= 0).any():
        return best
    if first.asks_more:
        return _walked_again(coded, lattice, demand, first.node, best)
    best = _walked_with_prices(coded, lattice, demand, first, best)
    return exchanged(lattice, demand.k, best) if len(coded.rows) <= _EXCHANGED else best


def _walked_with_prices(coded: Coded, lattice: Lattice, demand: Demand, first: Walk, best: Recoded) -> Recoded:
    """Return what is best of a first walk, and of another that knows what rows cost in it."""
    share, bulk, bend = _PRICES
    full = np.flatnonzero(first.fullest >= _NEARLY * demand.k)
    small = dataclasses.replace(lattice, nodes=lattice.nodes[full], bend=bend)
    paid = _paid(coded, lattice, first.node)
    bent = _paid(coded, dataclasses.replace(lattice, bend=bend), first.node)
    scale = float((bent * coded.count).sum()) / max(float((paid * coded.count).sum()), 1e-300)
    price = _expected(coded, lattice, [paid], np.random.default_rng(len(paid)))
    last = Walk(coded, small, demand, Turns(share * scale * price, bulk, slack=_SLACK)).go()
    return spliced(lattice, best, settled(coded, dataclasses.replace(small, bend=1.0), demand, last.node))


def _walked_again(coded: Coded, lattice: Lattice, demand: Demand, node: Ints, best: Recoded) -> Recoded:
    """Return what is best of a first walk, of rough ones over the nodes it used, and of walks that know prices."""
    chance = np.random.default_rng(len(node))
    used = np.unique(node[node >= 0])
    small = dataclasses.replace(lattice, nodes=lattice.nodes[used])
    paid = [_paid(coded, lattice, node)]
    for _ in range(_ROUGH):
        noise = np.exp(chance.normal(0, _NOISE, len(used)))
        rough = Walk(coded, small, demand, Turns(noise=noise, slack=_SLACK)).go().node
        paid.append(_paid(coded, small, rough))
    price = _expected(coded, lattice, paid, chance)
    for share, bulk, bend in _AGAIN:
        bent = dataclasses.replace(lattice, bend=bend)
        scale = float((_paid(coded, bent, node) * coded.count).sum()) / max(
            float((paid[0] * coded.count).sum()), 1e-300
        )
        turns = Turns(share * scale * price, bulk, slack=_SLACK)
        last = Walk(coded, bent, demand, turns).go().node
        best = spliced(lattice, best, settled(coded, bent, demand, last))
    return best


def weighed(recoded: Recoded, importance: Sequence[float]) -> float:
    """Return the loss, each column counting as it is dear."""
    return float(np.average(recoded.loss_by_column, weights=importance)) if len(importance) else 0.0


def _expected(coded: Coded, lattice: Lattice, paid: list[Floats], chance: np.random.Generator) -> Floats:
    """Return what each distinct row may be expected to cost: the mean of the walks so far, and of the rows like it."""
    mean: Floats = np.mean(paid, axis=0)
    price: Floats = (mean + _smoothed(coded, lattice, mean, chance)) / 2
    return price


def _paid(coded: Coded, lattice: Lattice, node: Ints) -> Floats:
    """Return what each distinct row costs at its node; 1 where it has none."""
    paid = np.ones(len(node))
    placed = node >= 0
    cost = np.zeros(int(placed.sum()))
    for place, table in enumerate(lattice.costs):
        cost += table[lattice.nodes[node[placed], place], coded.rows[placed, place]]
    paid[placed] = cost
    return paid


def _smoothed(coded: Coded, lattice: Lattice, paid: Floats, chance: np.random.Generator) -> Floats:
    """Return the costs that the values of each row foretell: a sum over columns, then what rows of the same boxes have more."""
    weight = coded.count
    told = np.full(len(paid), float((paid * weight).sum() / weight.sum()))
    parts = [np.zeros(len(h.values)) for h in coded.hierarchies]
    for _ in range(3):
        for place, part in enumerate(parts):
            value = coded.rows[:, place]
            rest = paid - told + part[value]
            new = np.bincount(value, weight * rest, len(part)) / (np.bincount(value, weight, len(part)) + 3)
            told += (new - part)[value]
            parts[place] = new
    more = np.zeros(len(paid))
    boxes = 20
    for _ in range(boxes):
        key = np.zeros(len(paid), np.int64)
        for place, table in enumerate(lattice.keys):
            key += table[chance.integers(len(table))][coded.rows[:, place]]
        _, box = np.unique(key, return_inverse=True)
        more += (np.bincount(box, weight * (paid - told)) / (np.bincount(box, weight) + 5))[box] / boxes
    return told + more


class Walk:
    """One walk over the nodes of a lattice, letting classes go as they meet the demand.

    At the end ``node`` gives for each distinct row its node, -1 for those that no class took.
    """

    def __init__(self, coded: Coded, lattice: Lattice, demand: Demand, turns: Turns | None = None) -> None:
        self.coded, self.lattice, self.demand = coded, lattice, demand
        self.turns = turns or Turns()
        self.node = np.full(len(coded.rows), -1, np.int64)
        self.fullest = np.zeros(len(lattice.nodes))  # persons together at each node when it was looked at, at the most
        self.looked = 0
        self._at = np.arange(len(coded.rows))
        self._sums = Sums(lattice, [np.ascontiguousarray(coded.rows[:, j]) for j in range(coded.rows.shape[1])])
        self._weight = coded.count.copy()
        self._heads = self._weight if coded.persons is None else coded.heads.copy()
        self._price = None if self.turns.price is None else self.turns.price.copy()
        self._live = np.ones(len(self._at), bool)
        self._done = np.zeros(len(lattice.nodes), bool)
        self._held = [
            np.bincount(column, self._weight, table.shape[1])
            for column, table in zip(self._sums.columns, lattice.costs, strict=True)
        ]
        self._gone: list[tuple[Ints, Floats]] = []
        self.asks_more = bool(demand.diversity or demand.closeness or coded.persons is not None)

    def go(self) -> Walk:
        """Walk to the end: until no row is left, or no node."""
        own = np.full(len(self.lattice.nodes), -np.inf)
        left = last = len(self._at)
        heap, horizon, mean = self._turns(own)
        while left and heap:
            turn, node = heapq.heappop(heap)
            self._done[node] = True
            self.looked += 1
            taken, later = self._look(node, turn + self.turns.slack, mean)
            if later is not None:
                own[node], self._done[node] = later, False
                if later <= horizon:
                    heapq.heappush(heap, (later, node))
            if taken is not None:
                self._let_go(node, taken)
                left -= len(taken)
            if left < _STALE * last or (left and not heap):
                last = left
                if left < _SPARSE * len(self._at):
                    self._sweep()
                heap, horizon, mean = self._turns(own)
        return self

    def _turns(self, own: Floats) -> tuple[list[tuple[float, int]], float, float]:
        """Return the next nodes and their turns, the last turn among them, and the mean price of the rows in hand."""
        self._forget()
        weight = max(float(self._weight.sum()), 1e-300)
        means = [table @ held / weight for table, held in zip(self.lattice.costs, self._held, strict=True)]
        turn = self._half_costs(means, left=True) + self._half_costs(means, left=False)
        if self.turns.noise is not None:
            turn *= self.turns.noise
        rest = np.flatnonzero(~self._done)
        turn = np.maximum(turn[rest], own[rest])
        horizon = np.inf
        if len(rest) > _AHEAD:
            chosen = np.argpartition(turn, _AHEAD)[:_AHEAD]
            rest, turn = rest[chosen], turn[chosen]
            horizon = float(turn.max())
        heap = list(zip(turn.tolist(), rest.tolist(), strict=True))
        heapq.heapify(heap)
        return heap, horizon, 0.0 if self._price is None else float((self._price * self._weight).sum()) / weight

    def _forget(self) -> None:
        """Take the rows let go since the last time off the weight of each leaf."""
        if self._gone:
            places = np.concatenate([taken for taken, _ in self._gone])
            weights = np.concatenate([weight for _, weight in self._gone])
            for place, column in enumerate(self._sums.columns):
                self._held[place] -= np.bincount(column[places], weights, len(self._held[place]))
            self._gone = []

    def _half_costs(self, means: list[Floats], left: bool) -> Floats:
        parts, place = self.lattice.left if left else self.lattice.right
        shift = 0 if left else self.lattice.cut
        cost = np.zeros(len(parts))
        for column in range(parts.shape[1]):
            cost += means[column + shift][parts[:, column]]
        return cost[place]

    def _look(self, node: int, turn: float, mean: float) -> tuple[Ints | None, float | None]:
        """Return the places of the rows that may be let go at this node, and the turn of those whose time comes later."""
        key = self._sums.at(node)
        bucket = buckets(key)
        held = np.bincount(bucket, self._heads)
        self.fullest[node] = most = max(held.max(), self.fullest[node])
        if most < self.demand.k:
            return None, None
        near = (held >= self.demand.k)[bucket].nonzero()[0]
        near = near[self._live[near]]
        near = near[key[near].argsort()]  # classes stand together
        told = key[near]
        start = starts(told)
        size = np.add.reduceat(self._heads[near], start) if len(near) else np.zeros(0)
        ripe = size >= self.demand.k
        if self.asks_more and ripe.any():
            ripe = self._meets(near, start, ripe)
        if not ripe.any():
            return None, None
        due = self._due(node, near, start, size, mean)
        late = ripe & (due > turn)
        later = float(due[late].min()) if late.any() else None
        taken = near[np.repeat(ripe & ~late, _lengths(start, len(near)))]
        return (taken if len(taken) else None), later

    def _meets(self, near: Ints, start: Ints, ripe: Bools) -> Bools:
        """Return which of the classes that are large enough meet all of the demand."""
        length = _lengths(start, len(near))
        rows = self._at[near[np.repeat(ripe, length)]]
        met = np.zeros(len(ripe), bool)
        held = length[ripe]
        met[ripe] = self.demand.holds(self.coded, rows, np.repeat(np.arange(len(held)), held), len(held))
        return met

    def _due(self, node: int, near: Ints, start: Ints, size: Floats, mean: float) -> Floats:
        """Return the turn of each class: its cost, less what its rows would otherwise cost."""
        one = near[start]
        cost = np.zeros(len(one))
        for table, level, column in zip(self.lattice.costs, self.lattice.nodes[node], self._sums.columns, strict=True):
            if level:
                cost += table[level][column[one]]
        if self.turns.bulk:
            cost *= 1 - self.turns.bulk * np.log(np.maximum(size / self.demand.k, 1.0))
        if self._price is not None:
            weight = self._weight[near]
            cost += mean - np.add.reduceat(self._price[near] * weight, start) / np.add.reduceat(weight, start)
        return cost

    def _let_go(self, node: int, taken: Ints) -> None:
        self.node[self._at[taken]] = node
        self._gone.append((taken, self._weight[taken]))
        self._weight[taken] = 0
        self._heads[taken] = 0
        self._live[taken] = False

    def _sweep(self) -> None:
        """Keep in hand only the rows that are left."""
        self._forget()
        live = self._live
        self._at, self._weight = self._at[live], self._weight[live]
        self._heads = self._weight if self.coded.persons is None else self._heads[live]
        self._price = None if self._price is None else self._price[live]
        self._sums.keep(live)
        self._live = np.ones(len(self._at), bool)


def _lengths(start: Ints, end: int) -> Ints:
    """Return how many rows each class holds, from where it begins."""
    length = np.empty_like(start)
    length[:-1] = start[1:] - start[:-1]
    length[-1:] = end - start[-1:]
    return length
