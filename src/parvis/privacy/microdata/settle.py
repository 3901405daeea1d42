"""The last rows of a walk: those that no class took join the class that they hurt least, so that none is left bare."""

from __future__ import annotations

import numpy as np

from parvis.errors import RefusedError
from parvis.privacy.microdata.coding import Coded, Floats, Ints
from parvis.privacy.microdata.demand import Demand
from parvis.privacy.microdata.lattice import Lattice
from parvis.privacy.microdata.recoded import Levels, Recoded
from parvis.values import msg

_TRIED = 8  # classes offered to a row before it goes with the other rows that nobody wants
_ALONE = 400  # rows that look for a class one by one; beyond, they go together


def settled(coded: Coded, lattice: Lattice, demand: Demand, node: Ints) -> Recoded:
    """Return the recoding that a walk ended with, its last rows placed.

    Raises: RefusedError when not even the whole table as one class meets the demand.
    """
    level = lattice.nodes[np.maximum(node, 0)].astype(np.int8)
    last = np.flatnonzero(node < 0)
    if len(last):
        places = _Places(coded, lattice, demand, node, level)
        apart = [row for row in last if len(last) > _ALONE or not places.join(int(row))]
        if apart:
            places.gather(np.array(apart))
    return Recoded(coded, level, np.ones(len(node), bool))


def refused() -> RefusedError:
    """The error of a demand that the whole table as one class does not meet."""
    return RefusedError(
        msg("Aucun regroupement des lignes n'atteint le niveau demandé, pas même le tableau entier."),
        msg("Baissez le niveau demandé, ou retirez une colonne sensible."),
    )


class _Places:
    """The classes of a walk, as boxes that may grow. ``level`` is written in place."""

    def __init__(self, coded: Coded, lattice: Lattice, demand: Demand, node: Ints, level: Levels) -> None:
        self.coded, self.lattice, self.demand, self.level = coded, lattice, demand, level
        placed = np.flatnonzero(node >= 0)
        key = np.zeros(len(placed), np.int64)
        for j, table in enumerate(lattice.keys):
            key += table[level[placed, j], coded.rows[placed, j]] * (2 * level[placed, j].astype(np.int64) + 3)
        _, first, group = np.unique(key, return_index=True, return_inverse=True)
        order = np.argsort(group, kind="stable")
        ends = np.cumsum(np.bincount(group, minlength=len(first))).tolist()
        placed_in_order = placed[order]
        self.members = [placed_in_order[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
        self.sample = placed[first]
        self.size = np.bincount(group, coded.count[placed], len(first))
        self.box = level[self.sample].copy()

    def join(self, row: int) -> bool:
        """Put a row in the class where that costs least, if the class then still meets the demand."""
        if not self.members:
            return False
        box, growth = self._grown(np.array([row]), self.lattice.nodes[0] * 0)
        for place in np.argsort(growth, kind="stable")[:_TRIED]:
            members = np.append(self.members[place], row)
            if self._meets(members):
                self.members[place] = members
                self.size[place] += self.coded.count[row]
                self.box[place] = box[place]
                self.level[members] = box[place]
                return True
        return False

    def gather(self, rows: Ints) -> None:
        """Make one class of rows, taking in the nearest classes until it meets the demand."""
        box = self._common(rows)
        while not self._meets(rows):
            open_ = self.size > 0
            if not len(open_) or not open_.any():
                raise refused()
            grown, growth = self._grown(rows, box)
            place = int(np.argmin(np.where(open_, growth, np.inf)))
            rows = np.concatenate([rows, self.members[place]])
            box = grown[place]
            self.size[place] = 0
        self.level[rows] = box

    def _meets(self, rows: Ints) -> bool:
        return bool(self.demand.holds(self.coded, rows, np.zeros(len(rows), np.int64), 1)[0])

    def _common(self, rows: Ints) -> Levels:
        """Return the lowest level of each column at which the rows read the same."""
        found = []
        for j, hierarchy in enumerate(self.coded.hierarchies):
            told = hierarchy.codes[:, self.coded.rows[rows, j]]
            found.append(int(np.argmax((told == told[:, :1]).all(1))))
        return np.array(found, np.int8)

    def _grown(self, rows: Ints, box: Levels) -> tuple[Levels, Floats]:
        """Return, for each class, its levels once the rows (within ``box``) are in it, and what that costs in all."""
        grown = np.zeros_like(self.box)
        before, after = np.zeros(len(self.box)), np.zeros(len(self.box))
        for j, hierarchy in enumerate(self.coded.hierarchies):
            leaf = self.coded.rows[self.sample, j]
            apart = hierarchy.codes[:, leaf] != hierarchy.codes[:, self.coded.rows[rows[0], j]][:, None]
            level = np.maximum(np.maximum(apart.sum(0), self.box[:, j]), box[j])
            cost = self.lattice.costs[j]
            before += cost[self.box[:, j], leaf]
            after += cost[level, leaf]
            grown[:, j] = level
        return grown, self.size * (after - before) + float(self.coded.count[rows].sum()) * after
