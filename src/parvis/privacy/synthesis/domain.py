"""Which values a synthetic copy may hold: those that enough people share, and spans whose ends nobody is alone at.

The vocabulary of a copy is not noisy: a value that fewer than k people have is never in it, whatever is drawn. That is what
the noise of the counts leans on, and it is said with the copy.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import field
from typing import Any

import numpy as np
import pyarrow as pa

from parvis.frozen import dataclass
from parvis.privacy.microdata.coding import Floats, Ints, words_of
from parvis.values import Column, Kind, msg

MOST_WORDS, MOST_SPANS, FEWEST_SPANS = 40, 30, 6  # values of a column; the rarer ones are one, « autre »
_ROWS_OF_SPAN = 150  # on average
OTHER = msg("autre")
_LEFT_OUT = frozenset(
    "longitude latitude easting northing identifier pseudonym case_number parcel account siret siren plate".split()
)
_SPANNED = (Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.DATETIME)
_KEPT = 0.5  # share of the rows whose value others share under which a column of words has nothing to copy


@dataclass(frozen=True, eq=False)
class Domain:
    """A column as codes. ``words`` are the values of the codes, or ``edges`` (m + 1,) the ends of the spans that they are.

    Code 0 is an empty cell, which the copy has none of when too few of the original are (``empty``). ``codes`` (rows,) are
    the original's. ``step`` is what a number drawn in a span is rounded to.
    """

    column: Column
    codes: Ints
    words: Sequence[str | None] = ()
    edges: Floats = field(default_factory=lambda: np.empty(0))
    step: float = 1.0
    empty: bool = True

    @property
    def size(self) -> int:
        return len(self.words) if self.words else len(self.edges)

    def without(self, rows: Ints) -> Domain:
        """Return the same domain for other rows."""
        return dataclasses.replace(self, codes=self.codes[rows])


def domains_of(table: pa.Table, columns: Sequence[Column], k: int) -> tuple[list[Domain], list[Column]]:
    """Return the columns that can be copied, and those that cannot: places, identifiers, texts that are each one's own."""
    made, left = [], []
    for column in columns:
        found = _domain(table.column(column.name), column, k)
        if found is None:
            left.append(column)
        else:
            made.append(found)
    return made, left


def cells_of(domain: Domain, codes: Ints, chance: np.random.Generator) -> Any:
    """Return the Arrow cells of drawn codes; a number lies anywhere in its span."""
    if domain.words:
        words = np.array(domain.words, object)[codes]
        kind = pa.bool_() if domain.column.kind is Kind.BOOLEAN else pa.string()
        cells = [None if w is None else w == "true" for w in words] if kind == pa.bool_() else words.tolist()
        return pa.array(cells, kind)
    span = np.maximum(codes - 1, 0)
    low, high = domain.edges[span], domain.edges[span + 1]
    drawn = low + chance.random(len(codes)) * (high - low)
    drawn = np.floor(drawn / domain.step) * domain.step
    return _as_cells(np.where(codes == 0, np.nan, np.maximum(drawn, low)), domain.column.kind)


def _as_cells(numbers: Floats, kind: Kind) -> Any:
    empty = np.isnan(numbers)
    if kind is Kind.NUMBER:
        return pa.array(np.round(numbers, 9), pa.float64(), from_pandas=True)
    whole = np.where(empty, 0, np.round(np.nan_to_num(numbers))).astype(np.int64)
    held = pa.array(whole, pa.int64(), mask=empty)
    if kind is Kind.DATE:
        return held.cast(pa.int32()).cast(pa.date32())
    return held.cast(pa.timestamp("s")) if kind is Kind.DATETIME else held


# --- Steps ----------------------------------------------------------------------------------------


def _domain(cells: Any, column: Column, k: int) -> Domain | None:
    if column.kind is Kind.GEOMETRY or column.meaning in _LEFT_OUT:
        return None
    return _spans(cells, column, k) if column.kind in _SPANNED else _words(cells, column, k)


def _words(cells: Any, column: Column, k: int) -> Domain | None:
    values, places = words_of(cells)
    counts = np.bincount(places, minlength=len(values))
    known = [i for i in np.argsort(-counts, kind="stable").tolist() if counts[i] >= k and values[i] != ""][:MOST_WORDS]
    if not known or counts[known].sum() < _KEPT * (len(places) - counts[[v == "" for v in values]].sum()):
        return None
    words: list[str | None] = [None, *(values[i] for i in known)]
    rest = [i for i in range(len(values)) if i not in set(known) and values[i] != ""]
    code = np.zeros(len(values), np.int64)
    code[known] = np.arange(1, len(known) + 1)
    if rest and column.kind is Kind.TEXT:
        code[rest] = len(words)
        words.append(OTHER)
    return _without_few_empty(Domain(column, code[places], tuple(words)), k)


def _spans(cells: Any, column: Column, k: int) -> Domain | None:
    numbers = _numbers(cells, column.kind)
    known = np.sort(numbers[np.isfinite(numbers)])
    if len(known) < 2 * k:
        return None
    whole = column.kind is not Kind.NUMBER
    most = min(MOST_SPANS, max(FEWEST_SPANS, len(numbers) // _ROWS_OF_SPAN))
    edges = _edges(float(known[k - 1]), float(known[-k]), whole, most)
    held = np.clip(np.searchsorted(edges, numbers, side="right"), 1, len(edges) - 1)
    width = float(edges[1] - edges[0])
    step = float(60 if column.kind is Kind.DATETIME else 1) if whole else 10.0 ** (math.floor(math.log10(width)) - 1)
    codes = np.where(np.isfinite(numbers), held, 0).astype(np.int64)
    return _without_few_empty(Domain(column, codes, edges=edges, step=step), k)


def _without_few_empty(domain: Domain, k: int) -> Domain:
    """Return a domain without empty cells when fewer than k are: they then count as the commonest value."""
    counts = np.bincount(domain.codes, minlength=domain.size)
    if counts[0] >= k:
        return domain
    commonest = int(counts[1:].argmax()) + 1
    return dataclasses.replace(domain, codes=np.where(domain.codes == 0, commonest, domain.codes), empty=False)


def _numbers(cells: Any, kind: Kind) -> Floats:
    if kind is Kind.DATE:
        cells = cells.cast(pa.date32()).cast(pa.int32())
    elif kind is Kind.DATETIME:
        cells = cells.cast(pa.timestamp("s")).cast(pa.int64())
    return np.asarray(cells.cast(pa.float64(), safe=False).to_numpy(), np.float64)


def _edges(low: float, high: float, whole: bool, most: int) -> Floats:
    """Return the ends of about so many spans of one round width that hold low and high: no end is anybody's own number."""
    wanted = max((high - low) / most, 1.0 if whole else 1e-9)
    tens = 10.0 ** math.floor(math.log10(wanted))
    width = next(m * tens for m in (1, 2, 5, 10) if m * tens >= wanted * (1 - 1e-9))
    if whole:
        width = float(math.ceil(width))
    start = math.floor(low / width)
    count = math.floor(high / width) - start + 1
    return np.asarray((start + np.arange(count + 1)) * width, np.float64)
