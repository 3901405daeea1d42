"""What a recoding made of a table: at which level each distinct row speaks of each column, and what that loses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from parvis.frozen import dataclass
from parvis.privacy.microdata.coding import Coded, Floats, Ints, packed

Levels = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Recoded:
    """``level[r, j]`` is the level of the hierarchy at which the distinct row ``r`` gives its column ``j``.

    A row where ``kept`` is false is left out of the file: it counts as a loss of 1 in each of its cells.
    """

    coded: Coded
    level: Levels
    kept: NDArray[np.bool_]

    @property
    def loss(self) -> float:
        """Mean over all cells of (leaves covered - 1) / (leaves - 1): 0 as it was, 1 when nothing is left."""
        return float(np.mean(self.loss_by_column)) if self.coded.hierarchies else 0.0

    @property
    def loss_by_column(self) -> tuple[float, ...]:
        weight, rows = self.coded.count, max(float(self.coded.count.sum()), 1.0)
        return tuple(
            float((self.cell_loss(place) * weight).sum() / rows) for place in range(len(self.coded.hierarchies))
        )

    def cell_loss(self, place: int) -> Floats:
        """Return what each distinct row loses in one column."""
        table = self.coded.hierarchies[place].loss
        return np.where(self.kept, table[self.level[:, place], self.coded.rows[:, place]], 1.0)

    def classes(self) -> Ints:
        """Return the class of each distinct row: rows of one class read the same. Those left out are -1."""
        cells, sizes = [], []
        for place, hierarchy in enumerate(self.coded.hierarchies):
            seen: dict[str, int] = {}  # a word that comes back at another level reads the same
            number = np.array([seen.setdefault(word, len(seen)) for level in hierarchy.words for word in level])
            cells.append(number[self._word(place)])
            sizes.append(len(seen))
        key, _ = packed(cells, sizes, len(self.kept))
        found = np.full(len(self.kept), -1, np.int64)
        found[self.kept] = np.unique(key[self.kept], return_inverse=True)[1]
        return found

    def columns(self) -> dict[str, Any]:
        """Return the quasi-identifiers as they would be published: Arrow arrays, a cell for each row kept, in order."""
        distinct = self.coded.of[self.kept_rows()]
        told: dict[str, Any] = {}
        for place, hierarchy in enumerate(self.coded.hierarchies):
            words: Any = pa.array([word for level in hierarchy.words for word in level], pa.string())
            told[hierarchy.name] = words.take(pa.array(self._word(place)[distinct]))
        return told

    def kept_rows(self) -> Ints:
        """Return the places, in the table, of the rows that are kept."""
        return np.flatnonzero(self.kept[self.coded.of])

    def _word(self, place: int) -> Ints:
        """Return, for each distinct row, the place of its word in a column among the words of all levels."""
        hierarchy, level = self.coded.hierarchies[place], self.level[:, place]
        first = np.cumsum([0, *(len(words) for words in hierarchy.words[:-1])])
        code: Ints = first[level] + hierarchy.codes[level, self.coded.rows[:, place]]
        return code
