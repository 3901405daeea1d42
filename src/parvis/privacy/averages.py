"""Numbers of a protected table replaced by the means of people who are alike, as an ``Averaging`` asks: applied, its price.

People are alike first by what is shown of them (the classes that made their rows alike), then by the numbers themselves:
so the numbers join what a group shares, and nobody stands alone by them either.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from parvis.errors import InputError
from parvis.privacy import policy as policies
from parvis.privacy import sql
from parvis.privacy.microdata import coding
from parvis.privacy.microdata.coding import Floats, Ints
from parvis.privacy.microdata.microaggregation import in_blocks
from parvis.privacy.microdata.settle import refused
from parvis.privacy.rehearsal import Averaged
from parvis.text import number
from parvis.values import Averaging, Column, Kind, msg

LEAST, MOST = 2, 1000  # persons of a group
NUMBERS = (Kind.INTEGER, Kind.NUMBER)
NOTE = msg("Chaque nombre est la moyenne d'au moins {k} personnes.")
_AMOUNTS = frozenset(
    {"", "age", "amount", "percentage", "unit", *policies.AVERAGED}
)  # meanings of what can be added up
_KNOWN = 3  # numbers that make a mean: of two, each gives the other
_PRECISION = 2  # digits of a mean beyond the size of what the column varies by


def candidates(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the names of the columns whose numbers may become means: a code, a year or a place is no amount."""
    return tuple(c.name for c in columns if c.kind in NUMBERS and c.meaning in policies.ADDED_UP)


def apply(
    path: Path, columns: Sequence[Column], wanted: Averaging, keys: Sequence[str], person: str, out: Path
) -> Averaged:
    """Write the table with the numbers of the wanted columns replaced by means, and return what that cost.

    ``keys`` are the columns by which rows were made alike: each mean is that of rows that share them. A cell without a
    number gets the mean of its group too; a mean of fewer than three known numbers is not told.
    Raises: InputError for a wish that makes no sense; RefusedError with fewer than k rows.
    """
    names = _sound(wanted, columns, pq.read_schema(path).names)
    held = pq.read_table(path)
    if held.num_rows < wanted.k:
        raise refused()
    numbers = np.stack([_floats(held.column(n)) for n in names], axis=1)
    groups = _groups(held, numbers, wanted.k, keys, person)
    means = _means(numbers, groups, wanted.k)
    for place, name in enumerate(names):
        cells = pa.array(_rounded(means[:, place], numbers[:, place]), pa.float64(), from_pandas=True)
        held = held.set_column(held.schema.get_field_index(name), name, cells)
    pq.write_table(held, out, compression="zstd", row_group_size=sql.GROUP)
    lost = [_lost(numbers[:, at], means[:, at]) for at in range(len(names))]
    return Averaged(wanted.k, int(groups.max()) + 1 if len(groups) else 0, dict(zip(names, lost, strict=True)))


def described(column: Column, wanted: Averaging) -> Column:
    """Return a column of means as its readers must know it."""
    note = NOTE.format(k=number(wanted.k))
    said = f"{column.description} {note}".strip()
    return dataclasses.replace(column, kind=Kind.NUMBER, description=said)


def _sound(wanted: Averaging, columns: Sequence[Column], held: Sequence[str]) -> list[str]:
    if not LEAST <= wanted.k <= MOST:
        raise InputError("Un groupe compte de {least} à {most} personnes.", least=LEAST, most=MOST)
    labels = {c.name: c.label or c.name for c in columns}
    allowed = set(candidates(columns))
    names = [n for n in wanted.columns if n in held]  # what a rule takes away needs no mean
    if not names:
        raise InputError("Choisissez au moins une colonne de nombres à remplacer par des moyennes.")
    for name in names:
        if name not in allowed:
            raise InputError("« {column} » n'est pas une colonne de nombres.", column=labels.get(name, name))
    return names


def _floats(cells: Any) -> Floats:
    found = cells.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def _groups(held: pa.Table, numbers: Floats, k: int, keys: Sequence[str], person: str) -> Ints:
    """Return the group of each row, of k rows at the least: classes of the keys, divided where they are large enough."""
    coded = [coding.words_of(held.column(n)) for n in keys if n in held.column_names]
    packed, _ = coding.packed([places for _, places in coded], [len(words) for words, _ in coded], len(numbers))
    whose = coding.words_of(held.column(person))[1] if person in held.column_names else None
    filled = np.where(np.isnan(numbers), _centres(numbers), numbers)
    spread = filled.std(0)
    filled = filled / np.where(spread > 0, spread, 1.0)
    groups, count = np.empty(len(numbers), np.int64), 0
    order = np.argsort(packed, kind="stable")
    starts = np.flatnonzero(np.diff(packed[order], prepend=-1))
    for rows in np.split(order, starts[1:]):
        own = in_blocks(filled[rows], k) if len(rows) >= 2 * k else np.zeros(len(rows), np.int64)
        # Rows of one and the same person are not several people.
        if whose is not None and min(len(np.unique(whose[rows[own == g]])) for g in np.unique(own)) < k:
            own = np.zeros(len(rows), np.int64)
        groups[rows] = own + count
        count += int(own.max()) + 1
    return groups


def _centres(numbers: Floats) -> Floats:
    known = ~np.isnan(numbers)
    return np.asarray(np.where(known, numbers, 0.0).sum(0) / np.maximum(known.sum(0), 1))


def _means(numbers: Floats, groups: Ints, k: int) -> Floats:
    """Return the mean of each row's group, NaN where too few numbers make it: it would be that of one of them."""
    known = ~np.isnan(numbers)
    columns = []
    for at in range(numbers.shape[1]):
        size = np.bincount(groups, known[:, at])
        total = np.bincount(groups, np.where(known[:, at], numbers[:, at], 0.0))
        columns.append(np.where(size >= min(k, _KNOWN), total / np.maximum(size, 1), np.nan)[groups])
    return np.stack(columns, axis=1)


def _rounded(means: Floats, numbers: Floats) -> Floats:
    """Return means without the digits that say nothing: what a column varies by tells how many there are."""
    spread = float(np.nanstd(numbers)) if not np.isnan(numbers).all() else 0.0
    digits = max(0, _PRECISION - math.floor(math.log10(spread))) if spread > 0 else _PRECISION
    return np.asarray(np.round(means, min(digits, 12)))


def _lost(numbers: Floats, means: Floats) -> float:
    """Return the share of what a column varies by that its means hide, 0..1; a number that is no longer told counts whole."""
    known = ~np.isnan(numbers)
    if not known.any():
        return 0.0
    own = numbers[known]
    shown = np.where(np.isnan(means[known]), own.mean(), means[known])
    total = float(((own - own.mean()) ** 2).sum())
    return min(1.0, float(((own - shown) ** 2).sum()) / total) if total else 0.0
