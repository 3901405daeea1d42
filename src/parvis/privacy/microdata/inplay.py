"""The rows of a recoding that pay enough to be worth an effort, and their classes, which moves change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from parvis.frozen import dataclass
from parvis.privacy.microdata.coding import Floats, Ints
from parvis.privacy.microdata.lattice import Lattice
from parvis.privacy.microdata.recoded import Levels, Recoded

TINY = 1e-9  # what gains no more than this is left as it is
_WORK = 1.5e6  # rows that are looked at in one go, all lists together
_LEAST = 0.3  # rows that pay less than this share of the mean are left where they are


@dataclass(frozen=True, eq=False)
class Runs:
    """Lists of places, one after the other: that of ``n`` is ``flat[start[n] : start[n] + length[n]]``."""

    flat: Ints
    length: Ints

    @property
    def start(self) -> Ints:
        return np.cumsum(self.length) - self.length

    @property
    def owner(self) -> Ints:
        """The list that each place of ``flat`` belongs to."""
        return np.repeat(np.arange(len(self.length)), self.length)

    def of(self, chosen: Ints) -> Runs:
        """Return some of the lists, in the order asked."""
        length = self.length[chosen]
        first = self.start[chosen] - (np.cumsum(length) - length)
        return Runs(self.flat[np.repeat(first, length) + np.arange(int(length.sum()))], length)

    def each(self) -> list[Ints]:
        """Return each list by itself."""
        begin = self.start
        return [
            self.flat[first:last] for first, last in zip(begin.tolist(), (begin + self.length).tolist(), strict=True)
        ]

    def joined(self, many: int) -> Runs:
        """Return lists that each hold ``many`` of these, which follow one another."""
        return Runs(self.flat, self.length.reshape(-1, many).sum(1))


class Play:
    """Rows in play, all rows of a class being in or none. What a row pays is its cost in its class.

    ``group`` numbers the classes from 0 on, without a gap; ``changed`` marks, for each who asks, the rows of the classes
    that moves have made since it last looked.
    """

    def __init__(self, lattice: Lattice, k: int, recoded: Recoded) -> None:
        self.lattice, self.k, self._before = lattice, k, recoded
        coded = recoded.coded
        paid: Floats = np.zeros(len(coded.rows))
        for place, table in enumerate(lattice.costs):
            paid += table[recoded.level[:, place], coded.rows[:, place]]
        mean = float((paid * coded.count).sum()) / max(float(coded.count.sum()), 1.0)
        self.at = np.flatnonzero(recoded.kept & (paid > _LEAST * mean))
        self.columns = [np.ascontiguousarray(coded.rows[self.at, j]) for j in range(coded.rows.shape[1])]
        self.weight: Floats = coded.count[self.at]
        self.paid: Floats = paid[self.at]
        self.level = recoded.level[self.at].copy()
        key: Ints = np.zeros(len(self.at), np.int64)
        for place, words in enumerate(lattice.keys):
            level = self.level[:, place].astype(np.int64)
            key += words[level, self.columns[place]] * (2 * level + 3)
        self.group: Ints = np.unique(key, return_inverse=True)[1]
        # Two sets of rows are the same when the sums of their marks are (chance says otherwise once in 10^19).
        self.mark: Ints = np.random.default_rng(len(self.at)).integers(-(2**62), 2**62, len(self.at))
        self.changed: dict[int, NDArray[np.bool_]] = {}

    def recoded(self) -> Recoded:
        """Return the recoding that the moves made so far end with."""
        level = self._before.level.copy()
        level[self.at] = self.level
        return Recoded(self._before.coded, level, self._before.kept)

    @property
    def groups(self) -> int:
        return int(self.group.max()) + 1 if len(self.group) else 0

    def held(self) -> Floats:
        """Return how many rows of the table each class holds."""
        return np.bincount(self.group, self.weight, self.groups).astype(np.float64)

    def members(self) -> Runs:
        """Return the rows of each class."""
        return Runs(np.argsort(self.group, kind="stable"), np.bincount(self.group, minlength=self.groups))

    def look(self, who: int) -> NDArray[np.bool_]:
        """Return which rows stand in classes that have changed since ``who`` last looked; the first time, all."""
        seen = self.changed.get(who, np.ones(len(self.at), bool))
        self.changed[who] = np.zeros(len(self.at), bool)
        return seen

    def renew(self, row: Ints) -> None:
        """Say that the classes of some rows have changed."""
        for seen in self.changed.values():
            seen[row] = True

    def settle(self, row: Ints) -> None:
        """Number the classes anew, and take the levels and prices anew of those given by all their rows."""
        self.group = np.unique(self.group, return_inverse=True)[1]
        self.renew(row)
        row = row[np.argsort(self.group[row], kind="stable")]
        start = starts(self.group[row])
        level, cost = self.common(row, start)
        length = np.diff(np.append(start, len(row)))
        self.level[row], self.paid[row] = np.repeat(level, length, axis=0), np.repeat(cost, length)

    def common(self, row: Ints, start: Ints) -> tuple[Levels, Floats]:
        """Return, for each list of rows, the lowest level of each column at which they read the same, and its price.

        A list begins at each place of ``start``; none is empty.
        """
        level = np.zeros((len(start), len(self.columns)), np.int8)
        cost = np.zeros(len(start))
        if not len(start):
            return level, cost
        length = np.diff(np.append(start, len(row)))
        first = row[start]
        for place, (hierarchy, column) in enumerate(zip(self.lattice.hierarchies, self.columns, strict=True)):
            told = column[row]
            apart = np.minimum.reduceat(told, start) != np.maximum.reduceat(told, start)
            if apart.any():
                told = told[np.repeat(apart, length)]
                begin = np.cumsum(length[apart]) - length[apart]
                high = np.ones(len(begin), np.int8)
                for codes in hierarchy.codes[1:-1]:
                    word = codes[told]
                    high += np.minimum.reduceat(word, begin) != np.maximum.reduceat(word, begin)
                level[apart, place] = high
            cost += self.lattice.costs[place][level[:, place], column[first]]
        return level, cost


def starts(key: Ints) -> Ints:
    """Return where each run of equal values begins."""
    edge = np.ones(len(key), bool)
    np.not_equal(key[1:], key[:-1], out=edge[1:])
    return edge.nonzero()[0]


def affordable(work: Ints) -> NDArray[np.bool_]:
    """Return which pieces of work, the shortest ones, can be done in one go; ``work`` is in rows."""
    order = np.argsort(work, kind="stable")
    kept = np.zeros(len(work), bool)
    kept[order[np.cumsum(work[order]) <= _WORK]] = True
    return kept
