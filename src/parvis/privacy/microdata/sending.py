"""Rows of dear classes sent to others, which grow to take them in.

Few rows hold much of the loss: those that no class wanted, gathered at a high price. A class may be given up, each row
going where it costs the least; or the one row that makes it dear may go, another coming in where too few are left.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from parvis.frozen import dataclass
from parvis.privacy.microdata.coding import Floats, Ints
from parvis.privacy.microdata.inplay import TINY, Play, Runs, affordable
from parvis.privacy.microdata.recoded import Levels

_GIVEN_UP = 1000  # classes that are tried at a time
_SENT = 500  # and single rows
_WORK = 1e8  # prices that are looked up at a time
_ROWS = 20_000  # rows that are sent one by one
_TOLD = 3e7  # and that are kept


def give_up(play: Play) -> float:
    """Give up the dearest classes, their rows going to others, wherever that gains; return the gain."""
    if play.groups < 2:
        return 0.0
    paid = np.bincount(play.group, play.weight * play.paid) / play.held()
    dearest = np.argsort(-paid, kind="stable")
    dearest = dearest[: _most(play, play.members().of(dearest[:_GIVEN_UP]))]
    hosts = _Hosts(play, np.flatnonzero(np.isin(play.group, dearest)))
    gain = sum(hosts.without(group) for group in dearest.tolist())
    play.settle(np.zeros(0, np.int64))
    return gain


def send(play: Play) -> float:
    """Send rows that make their class dear to others, taking one in where too few are left; return the gain."""
    if play.groups < 2:
        return 0.0
    row, alone, level = _without_one(play)
    own, whole = play.weight[row], play.held()[play.group[row]]
    spared = (whole - own) * (play.paid[row] - alone)  # what the others of the class no longer pay
    spare = whole - own >= play.k
    worth = np.flatnonzero(spared > own * play.paid[row] / 2)
    worth = worth[np.argsort(-spared[worth], kind="stable")][:_SENT]
    worth = worth[: _most(play, Runs(row[worth], np.ones(len(worth), np.int64)))]
    if not len(worth):
        return 0.0
    hosts, fillers = _Hosts(play, row[worth]), _Fillers(play, row[spare], spared[spare])
    touched: set[int] = set()
    total = 0.0
    for place in worth.tolist():
        one, old = int(row[place]), int(play.group[row[place]])
        if old in touched:
            continue
        new, growth = hosts.nearest(one, old)
        left = float(spared[place] + own[place] * play.paid[one]) - growth
        moves = [(one, old, new)]
        if not spare[place] and left > TINY:
            lone = _Lone(hosts.other(one, old), level[place], float(whole[place] - own[place]), float(alone[place]))
            filler, cost = fillers.cheapest(lone, old)
            moves.append((filler, int(play.group[filler]), old))
            left -= cost
        groups = {new, *(group for _, group, _ in moves)}
        if left > TINY and touched.isdisjoint(groups) and len(groups) == len(moves) + 1:
            touched |= groups
            total += left
            hosts.shift(moves)
    play.settle(np.zeros(0, np.int64))
    return total


def _most(play: Play, lists: Runs) -> int:
    """Return how many lists of rows, the first ones, can be sent elsewhere within the time and the memory that there is."""
    most = len(lists.length)
    while most:
        rows = lists.flat[: int(lists.length[:most].sum())]
        quick = len(rows) * play.groups <= _WORK and len(rows) <= _ROWS
        if quick and sum(len(np.unique(column[rows])) for column in play.columns) * play.groups <= _TOLD:
            break
        most //= 2
    return most


def _without_one(play: Play) -> tuple[Ints, Floats, Levels]:
    """Return the rows that have others in their class, the price of these without each, and their levels."""
    members = play.members()
    row = np.flatnonzero(members.length[play.group] > 1)
    row = row[affordable(members.length[play.group[row]])]
    whole = members.of(play.group[row])
    others = whole.flat[whole.flat != row[whole.owner]]
    level, cost = play.common(others, np.cumsum(whole.length - 1) - (whole.length - 1))
    return row, cost, level


@dataclass(frozen=True, slots=True)
class _Host:
    """A class with rows that it would take in: a leaf of each column, its levels, its weight and what it pays in all."""

    leaf: list[int]
    level: list[int]
    weight: float
    paid: float
    rows: list[int]


class _Hosts:
    """The classes as boxes that may grow to take in rows of others.

    ``told[j][leaf, class]`` is the share of column ``j`` in the price of the class once it holds such a leaf, and
    ``meet[j][leaf, other]`` the level at which two leaves read the same; only the leaves of ``wanted`` rows are told.
    """

    def __init__(self, play: Play, wanted: Ints) -> None:
        self.play = play
        members = play.members()
        self.members = members.each()
        self.first = members.flat[members.start]
        self.weight, self.cost = play.held(), play.paid[self.first]
        self.line: list[list[int]] = []
        self.meet: list[NDArray[np.int8]] = []
        self.told: list[NDArray[np.float32]] = []
        for column, hierarchy in zip(play.columns, play.lattice.hierarchies, strict=True):
            leaves, line = np.unique(column[wanted], return_inverse=True)
            lines = np.full(len(column), -1, np.int64)
            lines[wanted] = line
            meet = np.zeros((len(leaves), hierarchy.codes.shape[1]), np.int8)
            for codes in hierarchy.codes[:-1]:
                meet += codes[leaves][:, None] != codes
            self.line.append(lines.tolist())
            self.meet.append(meet)
            self.told.append(np.zeros((len(leaves), len(self.first)), np.float32))
        self._tell(np.arange(len(self.first)))

    def _tell(self, groups: Ints) -> None:
        """Take the prices of some classes anew."""
        first = self.first[groups]
        for place, cost in enumerate(self.play.lattice.costs):
            own = self.play.columns[place][first]
            level = np.maximum(self.meet[place][:, own], self.play.level[first, place])
            self.told[place][:, groups] = cost[level, own]

    def other(self, row: int, group: int) -> int:
        """Return another row of a class."""
        rows = self.members[group]
        return int(rows[1] if rows[0] == row else rows[0])

    def nearest(self, row: int, group: int) -> tuple[int, float]:
        """Return the class where a row of ``group`` costs the least, and what it costs there, growth and all."""
        price = np.zeros(len(self.weight), np.float32)
        for line, told in zip(self.line, self.told, strict=True):
            price += told[line[row]]
        growth = self.weight * (price - self.cost) + self.play.weight[row] * price
        growth[group] = np.inf
        best = int(growth.argmin())
        return best, float(growth[best])

    def without(self, group: int) -> float:
        """Send the rows of a class to others, one after the other, if that costs less; return the gain."""
        left = float(self.weight[group] * self.cost[group]) if len(self.members[group]) else 0.0
        joined: dict[int, _Host] = {}
        for row in self.members[group].tolist():
            best, growth = self.nearest(row, group)
            for number, host in joined.items():  # those that have grown already are dearer, or cheaper, than told
                grown = self._grown(host, row)
                if number == best or grown.paid - host.paid < growth:
                    best, growth = number, grown.paid - host.paid
            host = joined[best] if best in joined else self._host(best)
            joined[best] = self._grown(host, row)
            left -= joined[best].paid - host.paid
            if left <= TINY:
                return 0.0
        if joined:
            self._move(group, joined)
        return left

    def shift(self, moves: Sequence[tuple[int, int, int]]) -> None:
        """Move rows, each from a class to another."""
        play = self.play
        for row, old, new in moves:
            self.members[old] = self.members[old][self.members[old] != row]
            self.members[new] = np.append(self.members[new], row)
        changed = list({group for _, old, new in moves for group in (old, new)})
        for number in changed:
            rows = self.members[number]
            level, cost = play.common(rows, np.zeros(1, np.int64))
            play.group[rows], play.level[rows], play.paid[rows] = number, level[0], cost[0]
            self.first[number], self.weight[number], self.cost[number] = rows[0], play.weight[rows].sum(), cost[0]
            play.renew(rows)
        self._tell(np.array(changed))

    def _host(self, group: int) -> _Host:
        first, weight = int(self.first[group]), float(self.weight[group])
        leaf = [int(column[first]) for column in self.play.columns]
        return _Host(leaf, self.play.level[first].tolist(), weight, weight * float(self.cost[group]), [])

    def _grown(self, host: _Host, row: int) -> _Host:
        level, price = [], 0.0
        for place, (leaf, high) in enumerate(zip(host.leaf, host.level, strict=True)):
            up = max(high, int(self.meet[place][self.line[place][row], leaf]))
            price += float(self.play.lattice.costs[place][up, leaf])
            level.append(up)
        weight = host.weight + float(self.play.weight[row])
        return _Host(host.leaf, level, weight, weight * price, [*host.rows, row])

    def _move(self, group: int, joined: dict[int, _Host]) -> None:
        play = self.play
        for number, host in joined.items():
            rows = self.members[number] = np.append(self.members[number], host.rows)
            play.group[rows], play.level[rows], play.paid[rows] = number, host.level, host.paid / host.weight
            self.weight[number], self.cost[number] = host.weight, host.paid / host.weight
            play.renew(rows)
        # What is given up takes nobody in any more: it would cost without end.
        self.members[group], self.weight[group], self.cost[group] = self.members[group][:0], np.inf, -np.inf
        self._tell(np.array(list(joined)))


@dataclass(frozen=True, slots=True)
class _Lone:
    """What is left of a class that a row has left: one of its rows, their levels, weight and price."""

    row: int
    level: Levels
    weight: float
    paid: float


class _Fillers:
    """Rows that their classes can spare. ``spared`` is what the others of its class no longer pay without each."""

    def __init__(self, play: Play, rows: Ints, spared: Floats) -> None:
        self.play, self.rows = play, rows
        self.weight = play.weight[rows]
        self.saved = spared + self.weight * play.paid[rows]
        self.columns = [column[rows] for column in play.columns]

    def cheapest(self, lone: _Lone, group: int) -> tuple[int, float]:
        """Return the row that completes a class for the least, and what that costs in all; endless when there is none."""
        if not len(self.rows):
            return lone.row, np.inf
        play = self.play
        price = np.zeros(len(self.rows))
        for place, (hierarchy, column) in enumerate(zip(play.lattice.hierarchies, self.columns, strict=True)):
            leaf = play.columns[place][lone.row]
            meet = (hierarchy.codes != hierarchy.codes[:, leaf][:, None]).sum(0)
            price += play.lattice.costs[place][np.maximum(meet, lone.level[place]), leaf][column]
        cost = (lone.weight + self.weight) * price - lone.weight * lone.paid - self.saved
        cost[(lone.weight + self.weight < play.k) | (play.group[self.rows] == group)] = np.inf
        best = int(cost.argmin())
        return int(self.rows[best]), float(cost[best])
