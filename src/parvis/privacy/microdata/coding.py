"""A table as whole numbers: each distinct row of its quasi-identifiers once, with how many rows and persons it stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from parvis.errors import InputError, UnknownColumn
from parvis.frozen import dataclass
from parvis.privacy.microdata.hierarchies import Hierarchy
from parvis.values import msg

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Beside:
    """What each distinct row holds of another column (a sensitive one, or the key of a person), row by row.

    ``row`` is sorted; ``value`` is a code under ``values``; ``count`` says how many rows of the table hold the pair.
    ``start[r] : start[r + 1]`` are the pairs of the distinct row ``r``.
    """

    name: str
    values: tuple[str, ...]
    row: Ints
    value: Ints
    count: Floats
    start: Ints


@dataclass(frozen=True, eq=False)
class Coded:
    """A table through its quasi-identifiers.

    Shape:  ``rows`` is m distinct rows by q columns, in codes of ``hierarchies``; ``of`` gives for each of the n rows
            of the table its distinct row; ``count`` has m whole numbers that sum to n.
    """

    hierarchies: tuple[Hierarchy, ...]
    rows: NDArray[np.int32]
    of: Ints
    count: Floats
    sensitive: tuple[Beside, ...] = ()
    persons: Beside | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(h.name for h in self.hierarchies)

    @cached_property
    def heads(self) -> Floats:
        """How many persons each distinct row holds: rows, unless a key of persons was given."""
        return self.count if self.persons is None else np.diff(self.persons.start).astype(np.float64)


def coded(
    columns: Mapping[str, Any],
    hierarchies: Sequence[Hierarchy],
    sensitive: Sequence[str] = (),
    person: str = "",
) -> Coded:
    """Return the table of ``columns`` through the columns that have a hierarchy. An empty cell is the value «».

    A column is a sequence of values or an Arrow array; one cell a row.

    Raises: UnknownColumn; InputError, naming the column and the value, for a value that its hierarchy does not hold.
    """
    for name in (*(h.name for h in hierarchies), *sensitive, *([person] if person else [])):
        if name not in columns:
            raise UnknownColumn(msg("Le tableau n'a pas de colonne « {column} »."), column=name)
    cells = [_leaves(columns[h.name], h) for h in hierarchies]
    size = len(columns[hierarchies[0].name]) if hierarchies else 0
    key, _ = packed(cells, [len(h.values) for h in hierarchies], size)
    _, first, of, count = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    rows = np.empty((len(first), len(cells)), np.int32)
    for place, column in enumerate(cells):
        rows[:, place] = column[first]
    return Coded(
        tuple(hierarchies),
        rows,
        of,
        count.astype(np.float64),
        tuple(_beside(name, columns[name], of, len(first)) for name in sensitive),
        _beside(person, columns[person], of, len(first)) if person else None,
    )


def coded_file(path: Path, hierarchies: Sequence[Hierarchy], sensitive: Sequence[str] = (), person: str = "") -> Coded:
    """Return a Parquet table through the columns that have a hierarchy. Raises: as ``coded``."""
    wanted = list(dict.fromkeys([*(h.name for h in hierarchies), *sensitive, *([person] if person else [])]))
    known = pq.read_schema(path).names
    table = pq.read_table(path, columns=[name for name in wanted if name in known])
    return coded({name: table[name] for name in table.column_names}, hierarchies, sensitive, person)


def words_of(column: Any) -> tuple[tuple[str, ...], Ints]:
    """Return the distinct values of a column as text, and the place among them of each cell. Empty cells are «»."""
    array: Any = column
    if not isinstance(column, pa.Array | pa.ChunkedArray):
        array = pa.array([None if cell is None else str(cell) for cell in column], pa.string())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    found = [str(value) for value in pc.cast(array.dictionary, pa.string()).to_pylist()]
    places = array.indices
    if places.null_count:
        if "" not in found:
            found.append("")
        places = places.fill_null(found.index(""))
    return tuple(found), places.to_numpy(zero_copy_only=False).astype(np.int64)


def packed(cells: Sequence[NDArray[Any]], sizes: Sequence[int], rows: int) -> tuple[Ints, int]:
    """Return one whole number a row that two rows share only when all their cells are the same, and its bound.

    Where the product of the sizes would pass 63 bits, what is packed so far is numbered anew.
    """
    key, bound = np.zeros(rows, np.int64), 1
    for column, size in zip(cells, sizes, strict=True):
        if bound * size >= 2**62:
            found, key = np.unique(key, return_inverse=True)
            bound = len(found)
        key = key * size + column
        bound *= size
    return key, bound


def _leaves(column: Any, hierarchy: Hierarchy) -> NDArray[np.int32]:
    values, places = words_of(column)
    leaf = {value: place for place, value in enumerate(hierarchy.values)}
    table = np.array([leaf.get(value, -1) for value in values], np.int32)
    missing = np.flatnonzero(table < 0)
    if len(missing):
        raise InputError(
            msg("La hiérarchie de « {column} » ne connaît pas la valeur « {value} »."),
            msg("Ajoutez cette valeur à la hiérarchie, ou laissez Parvis en faire une à partir du tableau."),
            column=hierarchy.name,
            value=values[missing[0]],
        )
    return table[places] if len(table) else np.zeros(0, np.int32)


def _beside(name: str, column: Any, of: Ints, rows: int) -> Beside:
    values, places = words_of(column)
    key, count = np.unique(of * max(len(values), 1) + places, return_counts=True)
    row, value = np.divmod(key, max(len(values), 1))
    start = np.searchsorted(row, np.arange(rows + 1))
    return Beside(name, values, row, value, count.astype(np.float64), start)
