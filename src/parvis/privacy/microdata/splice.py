"""Two recodings of a table made into one that is better than both: each part of the table from the one that does it best."""

from __future__ import annotations

import numpy as np

from parvis.privacy.microdata.coding import Coded, Floats, Ints
from parvis.privacy.microdata.lattice import Lattice
from parvis.privacy.microdata.recoded import Levels, Recoded


def spliced(lattice: Lattice, one: Recoded, two: Recoded) -> Recoded:
    """Return, for each set of rows that both recodings cut into whole classes, the classes of the cheaper one.

    ``lattice`` says what is dear. Every class of the result is a class of one or the other: what each of them met, the
    result meets. Both keep all the rows.
    """
    first, second = _classes(one, lattice), _classes(two, lattice)
    part = _parts(first, second)
    count = one.coded.count
    gain = np.bincount(part, (_paid(one.coded, lattice, one.level) - _paid(one.coded, lattice, two.level)) * count)
    return Recoded(one.coded, np.where((gain > 0)[part, None], two.level, one.level), one.kept)


def _classes(recoded: Recoded, lattice: Lattice) -> Ints:
    key = np.zeros(len(recoded.level), np.int64)
    for place, table in enumerate(lattice.keys):
        level = recoded.level[:, place].astype(np.int64)
        key += table[level, recoded.coded.rows[:, place]] * (2 * level + 3)
    return np.unique(key, return_inverse=True)[1]


def _parts(first: Ints, second: Ints) -> Ints:
    """Return for each row the number of the smallest set of rows, around it, that both partitions cut into whole classes."""
    one, two = _Members(first), _Members(second)
    label = np.arange(len(one.start))
    while True:
        lower = one.least(two.least(label[first])[second])
        lower = lower[lower]  # a class whose label is another's takes what that one has found
        if np.array_equal(lower, label):
            return label[first]
        label = lower


class _Members:
    """The rows of each class, for taking the least of something over them."""

    def __init__(self, group: Ints) -> None:
        self.order = np.argsort(group, kind="stable")
        self.start = np.flatnonzero(np.diff(group[self.order], prepend=-1))

    def least(self, values: Ints) -> Ints:
        return np.minimum.reduceat(values[self.order], self.start)


def _paid(coded: Coded, lattice: Lattice, level: Levels) -> Floats:
    paid = np.zeros(len(level))
    for place, table in enumerate(lattice.costs):
        paid += table[level[:, place], coded.rows[:, place]]
    return paid
