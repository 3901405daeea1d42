"""What an attacker has before him: the table that would be published, and what he may know of the people in it.

Columns are coded as whole numbers, so that a million rows are compared by numpy alone. What is published of a column may
be the same, coarser, or noisy; ``Case.candidates`` gives the published rows that a person may be, whatever was done.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.privacy import roles, sql
from parvis.privacy.meanings import QUASI
from parvis.text import listed
from parvis.values import Column, Kind

Array = Any  # numpy arrays: their shapes are in the docstrings

SEED = 20140410  # the same table gives the same figures
GONE, SAME, COARSE, NOISY = "gone", "same", "coarse", "noisy"  # what became of a column
_COORDINATES = frozenset({"longitude", "latitude", "easting", "northing"})
_NOISE = 5  # rows a published value has on average under which a changed number is taken for a noisy one
_MANY = 20_000  # possible rows from which some of them tell how many there are ...
_TRUSTED = 200  # ... when at least so many are left
_NAMED = 4  # columns named in a sentence, one more when it is the last
_WORDS, _SAMPLE = 6, 300  # words of a cell from which it is running text, and cells by which that is settled
_MEASURED = 0.5  # share of distinct values above which a decimal number is a measure that nobody knows of anybody


@dataclass(frozen=True, eq=False)
class Coded:
    """A column as numbers: ``codes`` (n,) from 0 to ``size`` - 1, an empty cell being a value like another."""

    column: Column
    codes: Array
    values: Any  # Arrow array (size,), the value of each code
    position: Array | None  # (n,) float64, NaN where empty: the place of a number or a date on its axis

    @property
    def size(self) -> int:
        return len(self.values)

    @cached_property
    def counts(self) -> Array:
        """(size,): rows of each code."""
        return np.bincount(self.codes, minlength=self.size)


@dataclass(frozen=True, eq=False)
class Case:
    """A published table beside its original. Row i of ``published`` stands for the original's row ``rows[i]``.

    ``known`` are the names of columns that an outsider may know of somebody, ``sensitive`` what he would learn;
    ``person`` is the column that says whose a row is, when a person may have several.
    """

    original: dict[str, Coded]
    published: dict[str, Coded]
    lines: Array  # (rows,) line of each published row in the original file
    known: tuple[str, ...]
    sensitive: tuple[str, ...]
    people: Array  # (rows,) whose each published row is
    rows: int
    total: int  # rows of the original
    ordered: bool  # the published rows stand in the order of the original
    matters: frozenset[str] = frozenset()  # what the sensitive columns are about, as the thresholds name it
    _index: dict[str, tuple[Array, Array]] = field(default_factory=dict)
    _became: dict[str, str] = field(default_factory=dict)
    _relations: dict[str, tuple[Array, Array]] = field(default_factory=dict)

    @cached_property
    def number(self) -> int:
        """Persons behind the published rows."""
        return len(np.unique(self.people))

    def label(self, name: str) -> str:
        coded = self.original.get(name) or self.published[name]
        return coded.column.label or name

    def became(self, name: str) -> str:
        """Return what became of an original column: GONE, SAME, COARSE or NOISY."""
        if name not in self._became:
            self._became[name] = self._compared(name)
        return self._became[name]

    def _compared(self, name: str) -> str:
        if name not in self.published:
            return GONE
        if name not in self.original:  # made for the publication: who knows it knows it as it is shown
            return SAME
        before, after = self.original[name], self.published[name]
        if _equal(before, after):
            return SAME
        if before.position is not None and after.position is not None and self.rows < _NOISE * after.size:
            return NOISY
        return COARSE

    def true(self, name: str) -> Array:
        """Return (rows,): what is published of a column is true of the person, be it coarser; false once exchanged or noised."""
        if name not in self.original or self.became(name) == SAME:
            return np.ones(self.rows, bool)
        before, after = self.original[name], self.published[name]
        numbers: dict[str | None, int] = {}
        first = np.array([numbers.setdefault(v, len(numbers)) for v in texts(before)] or [0])
        held = len(numbers)
        second = np.array([numbers.setdefault(v, len(numbers)) for v in texts(after)] or [0])
        shown = second[after.codes]
        return (shown == first[before.codes]) | (shown >= held)

    # --- Who a person may be ---

    def candidates(self, row: int, names: Sequence[str]) -> Array:
        """Return the published rows that the person of a published row may be, for one who knows her ``names``.

        Of a coarse column, a row is possible when its value was published for somebody who has her value. Of a noisy
        one, when it is as near to her value as her own row is: the attacker takes the nearest.
        """
        exact = [n for n in names if n in self.published and self.became(n) != NOISY]
        allowed = {n: self._allowed(row, n) for n in exact}
        if not exact:
            rows = np.arange(self.rows)
        else:
            first = min(exact, key=lambda n: int(self.published[n].counts[allowed[n]].sum()))
            rows = self._filtered(row, self._rows_of(first, allowed[first]), exact, first)
        return self._nearest(row, rows, [n for n in names if n in self.published and self.became(n) == NOISY])

    def possible(self, row: int, names: Sequence[str]) -> float:
        """Return how many persons the person of a row may be for one who knows her ``names``, estimated when they are many."""
        held = [n for n in names if n in self.published]
        exact = [n for n in held if self.became(n) != NOISY]
        if exact and len(exact) == len(held) and self.number == self.rows:
            counts = {n: int(self.published[n].counts[self._allowed(row, n)].sum()) for n in exact}
            first = min(exact, key=counts.__getitem__)
            if len(exact) == 1:
                return counts[first]
            if counts[first] > _MANY:
                step = counts[first] // _MANY + 1
                rows = self._filtered(row, self._rows_of(first, self._allowed(row, first))[::step], exact, first)
                if len(rows) >= _TRUSTED:
                    return float(len(rows) * step)
        return max(self.persons(self.candidates(row, names)), 1)

    def _filtered(self, row: int, rows: Array, exact: Sequence[str], first: str) -> Array:
        for name in exact:
            if name != first:
                mask = np.zeros(self.published[name].size, bool)
                mask[self._allowed(row, name)] = True
                rows = rows[mask[self.published[name].codes[rows]]]
        return rows

    def _nearest(self, row: int, rows: Array, names: Sequence[str]) -> Array:
        if not names:
            return rows
        far = np.zeros(len(rows))
        own = 0.0
        for name in names:
            before, after = self.original[name].position, self.published[name].position
            assert before is not None and after is not None
            spread = float(np.nanstd(after)) or 1.0
            away = np.abs(after - before[row]) / spread
            away = np.where(np.isnan(away), 10.0, away)
            far += away[rows] ** 2
            own += float(away[row]) ** 2
        return rows[far <= own + 1e-12]

    def _allowed(self, row: int, name: str) -> Array:
        """Return the published codes that go with the value that a person has in a column."""
        if name not in self.original:
            return self.published[name].codes[row : row + 1]
        if name not in self._relations:
            before, after = self.original[name], self.published[name]
            pairs = np.unique(before.codes.astype(np.int64) * after.size + after.codes)
            starts = np.searchsorted(pairs, np.arange(before.size + 1, dtype=np.int64) * after.size)
            self._relations[name] = (starts, pairs % after.size)
        starts, codes = self._relations[name]
        value = int(self.original[name].codes[row])
        return codes[starts[value] : starts[value + 1]]

    def _rows_of(self, name: str, codes: Array) -> Array:
        """Return the published rows that have one of these codes."""
        if name not in self._index:
            coded = self.published[name]
            self._index[name] = (
                np.argsort(coded.codes, kind="stable"),
                np.concatenate([[0], np.cumsum(coded.counts)]),
            )
        order, starts = self._index[name]
        parts = [order[starts[c] : starts[c + 1]] for c in codes]
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def persons(self, rows: Array) -> int:
        """Return how many persons stand behind published rows."""
        if self.number == self.rows:
            return len(rows)
        return len(np.unique(self.people[rows]))

    # --- Groups ---

    def grouped(self, names: Sequence[str]) -> tuple[Array, Array]:
        """Return (group of each published row, persons in each group) by the published values of ``names``."""
        groups = combined([self.published[n].codes for n in names], self.rows)
        return groups, self.sizes(groups)

    def sizes(self, groups: Array) -> Array:
        """Return how many persons each group holds."""
        count = int(groups.max()) + 1 if len(groups) else 0
        if self.number == self.rows:
            return np.bincount(groups, minlength=count)
        pairs = np.unique(groups.astype(np.int64) * self.rows + self.people)
        return np.bincount((pairs // self.rows).astype(np.int64), minlength=count)

    def sample(self, count: int) -> Array:
        """Return published rows drawn at random, always the same."""
        if count >= self.rows:
            return np.arange(self.rows)
        return np.sort(np.random.default_rng(SEED).choice(self.rows, count, replace=False))

    def shown(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.label(n) for n in names)

    def named(self, names: Sequence[str]) -> str:
        """Return the columns as a sentence names them, the first ones of many."""
        return named(self.shown(names))

    def lines_of(self, rows: Array) -> tuple[int, ...]:
        """Return the lines in the original file of at most ten published rows."""
        return tuple(int(self.lines[r]) for r in rows[:10])


def named(labels: Sequence[str]) -> str:
    """Return labels as a sentence names them: « âge », « sexe » et 3 autres colonnes."""
    some = [f"« {label} »" for label in labels]
    if len(some) <= _NAMED + 1:
        return listed(some)
    return f"{', '.join(some[:_NAMED])} et {len(some) - _NAMED} autres colonnes"


def open_case(
    original: Path,
    before: Sequence[Column],
    published: Path,
    after: Sequence[Column],
    *,
    rows: Sequence[int] | None = None,
    known: Sequence[str] | None = None,
    sensitive: Sequence[str] | None = None,
    person: str = "",
) -> Case:
    """Return the case of a published Parquet beside its original, typed Parquet.

    ``rows`` gives the original row (from 0) of each published one; None when all are there, in order. ``known`` and
    ``sensitive`` are names of columns, found by meaning and by measurement when not given.
    Raises: InputError when rows and tables do not fit.
    """
    total = pq.read_metadata(original).num_rows
    count = pq.read_metadata(published).num_rows
    at = np.arange(total) if rows is None else np.asarray(rows, np.int64)
    if len(at) != count or (len(at) and (at.min() < 0 or at.max() >= total)):
        raise InputError("La copie à publier ne correspond pas, ligne à ligne, au tableau d'origine.")
    first = {c.name: c for c in before if c.kind is not Kind.GEOMETRY}
    last = {c.name: c for c in after if c.kind is not Kind.GEOMETRY}
    held = load(original, list(first.values()), at)
    shown = load(published, list(last.values()))
    lines = _lines(original, at)
    protected = _secrets(held, shown)
    secret = tuple(protected) if sensitive is None else tuple(n for n in sensitive if n in held or n in shown)
    whose = held[person].codes if person in held else np.arange(count)
    chosen = tuple(known) if known is not None else knowable(held, shown, secret, person)
    ordered = bool(np.all(np.diff(at) > 0)) if count > 1 else True
    matters = frozenset(protected.get(n, "") or {**shown, **held}[n].column.meaning for n in secret)
    return Case(held, shown, lines, chosen, secret, np.asarray(whose, np.int64), count, total, ordered, matters)


def load(path: Path, columns: Sequence[Column], rows: Array | None = None) -> dict[str, Coded]:
    """Return the columns of a Parquet file, coded; ``rows`` takes those rows, in that order."""
    out = {}
    with pq.ParquetFile(path) as file:
        for column in columns:
            cells: Any = file.read(columns=[column.name]).column(0).combine_chunks()
            if rows is not None and (len(rows) != len(cells) or bool((np.diff(rows) != 1).any())):
                cells = cells.take(pa.array(rows))
            out[column.name] = coded(column, cells)
    return out


def coded(column: Column, cells: Any) -> Coded:
    """Return the cells of a column (an Arrow array), coded."""
    told: Any = cells if pa.types.is_dictionary(cells.type) else pc.dictionary_encode(cells, null_encoding="encode")
    codes = told.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return Coded(column, codes, told.dictionary, _positions(told.dictionary, codes))


def _positions(values: Any, codes: Array) -> Array | None:
    kind = values.type
    if pa.types.is_decimal(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        of_value = values.cast(pa.float64(), safe=False)
    elif pa.types.is_date32(kind):
        of_value = values.cast(pa.int32()).cast(pa.float64())
    elif pa.types.is_timestamp(kind):
        of_value = values.cast(pa.int64(), safe=False).cast(pa.float64(), safe=False)
    else:
        return None
    return of_value.to_numpy(zero_copy_only=False).astype(np.float64)[codes]


def combined(columns: Sequence[Array], rows: int) -> Array:
    """Return (rows,): the same number for rows that are alike in all the columns; not every number need be taken."""
    key = np.zeros(rows, np.int64)
    top = 1
    for codes in columns:
        size = int(codes.max()) + 1 if len(codes) else 1
        if top > (1 << 62) // max(size, 1):
            key = _renumbered(key)
            top = int(key.max()) + 1
        key = key * size + codes
        top *= size
    return key if top <= _DENSE * rows + _ALWAYS else _renumbered(key)


_DENSE, _ALWAYS = 4, 1 << 16  # numbers for a row, and in all, that are worth no renumbering


def _renumbered(key: Array) -> Array:
    """Return numbers from 0 without holes, by a table of hashes: sorting a million rows costs ten times more."""
    return pa.array(key).dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)


def texts(column: Coded) -> list[str | None]:
    """Return the value of each code as text."""
    try:
        return list(column.values.cast(pa.string()).to_pylist())
    except pa.ArrowException:
        return [None if v is None else str(v) for v in column.values.to_pylist()]


def knowable(
    original: dict[str, Coded], published: dict[str, Coded], sensitive: Sequence[str], person: str = ""
) -> tuple[str, ...]:
    """Return the columns that an outsider may know of somebody: all but what is sensitive, measured, or empty.

    By measurement and not by name: a column counts as soon as it tells rows apart. A decimal number that nearly never
    comes twice is a measure, unless it is a place; running text is known to nobody word for word, and what it says of
    people is looked for in another way; an amount granted or the state of a file is known to its service alone.
    """
    out = []
    for name, held in {**published, **original}.items():
        column, rows = held.column, len(held.codes)
        measure = column.kind is Kind.NUMBER and held.size > _MEASURED * rows and column.meaning not in _COORDINATES
        unknown = (measure and column.meaning not in QUASI) or _prose(held) or roles.kept_inside(column, _choices(held))
        if name in (*sensitive, person, sql.LINE) or held.size < 2 or unknown:
            continue
        out.append(name)
    return tuple(n for n in out if n in published) + tuple(n for n in out if n not in published)


def _prose(held: Coded) -> bool:
    """True for running text: cells of several words that nearly never come twice."""
    if held.column.kind is not Kind.TEXT or held.size <= _MEASURED * len(held.codes):
        return False
    some = [t for t in texts(held)[:_SAMPLE] if t]
    return bool(some) and sum(len(t.split()) for t in some) >= _WORDS * len(some)


def _secrets(original: dict[str, Coded], published: dict[str, Coded]) -> Mapping[str, str]:
    """Return the columns that say what others must not learn of someone, and on what matter."""
    return roles.protected({n: (c.column, _choices(c)) for n, c in {**published, **original}.items()})


def _choices(held: Coded) -> list[str]:
    """Return the different values of a column, some of them when they are many."""
    return [t for t in texts(dataclasses.replace(held, values=held.values[: _SAMPLE + 1])) if t]


def _lines(original: Path, rows: Array) -> Array:
    if sql.LINE not in pq.read_schema(original).names:
        return rows + 2
    told = pq.read_table(original, columns=[sql.LINE]).column(0).to_numpy()
    return told[rows]


def _equal(before: Coded, after: Coded) -> bool:
    if len(before.codes) != len(after.codes):
        return False
    if before.size != after.size:
        return False
    pairs = np.unique(before.codes * after.size + after.codes)
    if len(pairs) != before.size:  # not one to one
        return False
    first, second = texts(before), texts(after)
    return all(first[int(p) // after.size] == second[int(p) % after.size] for p in pairs)


def follows(positions: Array) -> float:
    """Return the share of neighbours, among those that differ, that go up: about 0.5 for a table without order."""
    steps = np.diff(positions[~np.isnan(positions)])
    differ = int((steps != 0).sum())
    return int((steps > 0).sum()) / differ if differ else 0.5
