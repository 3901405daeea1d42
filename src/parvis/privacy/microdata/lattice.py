"""The ways to blur a table with one level a column (nodes), and what it takes to look at many of them quickly.

The key of a row at a node is a sum of random 64-bit numbers, one for each word: two rows get the same sum when they read
the same (chance says otherwise once in 10^19). The columns are split in two halves, whose partial sums are kept, so that
looking at a node costs one addition a row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parvis.frozen import dataclass
from parvis.privacy.microdata.coding import Floats, Ints
from parvis.privacy.microdata.hierarchies import Hierarchy

Nodes = NDArray[np.int8]
_MEMORY = 192e6  # bytes of partial sums that are kept


@dataclass(frozen=True, eq=False)
class Lattice:
    """``nodes`` has one line a node and one level a column; ``importance`` says how dear a loss is, column by column."""

    hierarchies: tuple[Hierarchy, ...]
    nodes: Nodes
    importance: tuple[float, ...]
    bend: float = (
        1.0  # exponent of the losses that set the order: above 1, several small losses are preferred to a large one
    )

    @cached_property
    def costs(self) -> tuple[Floats, ...]:
        """The share of each level of each leaf in the cost of a row: one table a column."""
        whole = sum(self.importance) or 1.0
        return tuple(
            h.loss**self.bend * (weight / whole) for h, weight in zip(self.hierarchies, self.importance, strict=True)
        )

    @cached_property
    def keys(self) -> tuple[Ints, ...]:
        """A random number for the word of each level of each leaf: one table a column. Seeded: runs repeat."""
        chance = np.random.default_rng(20_02)  # k-anonymity was written in 2002
        return tuple(
            np.array([chance.integers(-(2**62), 2**62, len(w))[c] for w, c in zip(h.words, h.codes, strict=True)])
            for h in self.hierarchies
        )

    @cached_property
    def cut(self) -> int:
        """How many columns stand in the left half."""
        depths = [h.depth for h in self.hierarchies]
        return min(range(len(depths) + 1), key=lambda at: math.prod(depths[:at]) + math.prod(depths[at:]))

    @cached_property
    def left(self) -> tuple[Nodes, Ints]:
        return _parts(self.nodes[:, : self.cut])

    @cached_property
    def right(self) -> tuple[Nodes, Ints]:
        return _parts(self.nodes[:, self.cut :])


class Sums:
    """The keys of some rows at any node, or their costs. ``columns`` holds their leaves, one array a column."""

    def __init__(
        self, lattice: Lattice, columns: Sequence[NDArray[np.int32]], tables: Sequence[NDArray[Any]] | None = None
    ) -> None:
        self.lattice, self.columns = lattice, list(columns)
        self.tables = lattice.keys if tables is None else tables
        self._left: dict[int, NDArray[Any]] = {}
        self._right: dict[int, NDArray[Any]] = {}

    def at(self, node: int) -> NDArray[Any]:
        """Return the key of each row at a node: the same for two rows that read the same there."""
        left = self._half(node, self.lattice.left, self._left, 0)
        both: NDArray[Any] = left + self._half(node, self.lattice.right, self._right, self.lattice.cut)
        return both

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Go on with some of the rows only."""
        self.columns = [column[rows] for column in self.columns]
        self._left = {part: keys[rows] for part, keys in self._left.items()}
        self._right = {part: keys[rows] for part, keys in self._right.items()}

    def _half(self, node: int, parts: tuple[Nodes, Ints], kept: dict[int, NDArray[Any]], shift: int) -> NDArray[Any]:
        part = int(parts[1][node])
        found = kept.get(part)
        if found is None:
            size = len(self.columns[0]) if self.columns else 0
            if (len(self._left) + len(self._right) + 1) * 8 * size > _MEMORY:
                self._left.clear()
                self._right.clear()
            found = np.zeros(size, self.tables[0].dtype if self.tables else np.int64)
            for place, level in enumerate(parts[0][part], start=shift):
                found += self.tables[place][level][self.columns[place]]
            kept[part] = found
        return found


def buckets(keys: Ints) -> Ints:
    """Return a small number for each key, the same for the same key: what is rare by its bucket is rare."""
    bits = max(8, (4 * len(keys)).bit_length() - 1)
    return keys & ((1 << bits) - 1)


def whole(hierarchies: Sequence[Hierarchy]) -> Nodes:
    """Return all the nodes: every level of every column with every other."""
    depths = [h.depth for h in hierarchies]
    if not depths:
        return np.zeros((1, 0), np.int8)
    return np.stack(np.unravel_index(np.arange(math.prod(depths)), depths), axis=1).astype(np.int8)


def _parts(nodes: Nodes) -> tuple[Nodes, Ints]:
    if not nodes.shape[1]:
        return nodes[:1], np.zeros(len(nodes), np.int64)
    parts, place = np.unique(nodes, axis=0, return_inverse=True)
    return parts, place.reshape(-1)
