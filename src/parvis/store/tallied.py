"""Groups counted by a side index: codes and plain arrays are summed in some milliseconds, where a scan takes ten times more.

A question is what JSON carries: ``where`` as ``store.indexed`` reads it (or None), ``keys`` (columns), ``figures`` ([function of
``values.Function``, column or ""]), ``answer`` (["key" or "figure", place] for each column of the answer), ``orders`` ([column
of the answer, descending]), ``limit``, ``offset``. Sums of whole numbers are exact, or left to the object.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parvis.store import indexed
from parvis.store.indexed import AbsentError, Index

MOST_GROUPS = 2_000_000  # that the keys could make
MOST_PAIRS = 20_000_000  # of a group and a value, to count different ones
MOST_SPAN = 300_000  # whole numbers or days from the first to the last
_EXACT = 2.0**53


@dataclass(frozen=True, slots=True)
class _Axis:
    """A column as small numbers: the code of each chosen row, how many codes there are, which one is the empty cell."""

    codes: Any
    size: int
    empty: int
    column: Any
    first: int = 0

    def values(self, codes: Any) -> list[Any]:
        """Return what codes stand for, as JSON has it."""
        column = self.column
        if isinstance(column, indexed._Codes):
            filled = codes[codes != 0].astype(np.int64) - 1
            texts = iter(json.loads(b"[" + b",".join(column.values.written(filled)) + b"]"))
            return [next(texts) if c else None for c in codes.tolist()]
        if isinstance(column, indexed._Flags):
            return [(False, True, None)[c] for c in codes.tolist()]
        return [None if c == 0 else json.loads(column.say(c - 1 + self.first)) for c in codes.tolist()]


def tallied(base: Index, asked: Mapping[str, Any]) -> tuple[list[list[Any]], int]:
    """Return the groups of a page and how many there are in all.

    Raises: AbsentError when the object must be asked; LateError.
    """
    rows = _chosen(base, asked["where"])
    axes = [_axis(base, name, rows) for name in asked["keys"]]
    size = 1
    for axis in axes:
        size *= axis.size
    if size > MOST_GROUPS:
        raise AbsentError
    code = _combined(axes, base.rows if rows is None else len(rows))
    base._in_time()
    counts = np.bincount(code, minlength=size)
    groups = np.flatnonzero(counts) if axes else np.zeros(1, np.int64)
    keys, left = list[list[Any]](), groups
    for axis in reversed(axes):
        left, own = np.divmod(left, axis.size)
        keys.insert(0, axis.values(own))
    figures = []
    for function, name in asked["figures"]:
        figures.append(_figure(base, function, name, rows, code, counts, size, groups))
        base._in_time()
    parts = {"key": keys, "figure": figures}
    found = [list(row) for row in zip(*(parts[kind][place] for kind, place in asked["answer"]), strict=True)]
    return _sorted(found, keys, asked), len(groups)


def _chosen(base: Index, where: Any) -> Any:
    """Return the numbers of the rows that meet a condition, None for all."""
    if where is None:
        return None
    listed = base._listed(where)
    rows = listed if listed is not None else np.flatnonzero(base._marked(where, None))
    return rows if len(rows) < base.rows else None


def _axis(base: Index, name: str, rows: Any) -> _Axis:
    column = base._column(name)
    if isinstance(column, indexed._Codes):
        return _Axis(column.codes if rows is None else column.codes.take(rows), column.size + 1, 0, column)
    if isinstance(column, indexed._Flags):
        return _Axis(column.values if rows is None else column.values.take(rows), 3, 2, column)
    if not isinstance(column, indexed._Measures) or column.told["is"] not in ("integers", "dates") or not base.rows:
        raise AbsentError
    first, last = int(column.values.min()), int(column.values.max())
    if last - first > MOST_SPAN:
        raise AbsentError
    codes = (column.values if rows is None else column.values.take(rows)) - (first - 1)
    if column.empty is not None:
        codes = np.where(column.empty if rows is None else column.empty.take(rows), 0, codes)
    return _Axis(codes, last - first + 2, 0, column, first)


def _combined(axes: Sequence[_Axis], rows: int) -> Any:
    if not axes:
        return np.zeros(rows, np.int64)
    code = axes[0].codes.astype(np.int64)
    for axis in axes[1:]:
        code = code * axis.size + axis.codes
    return code


def _figure(
    base: Index, function: str, name: str, rows: Any, code: Any, counts: Any, size: int, groups: Any
) -> list[Any]:
    """Return one calculation for each group, empty where the group holds no value."""
    if function == "count" and not name:
        found: list[Any] = (counts[groups] if len(counts) else np.zeros(1, np.int64)).tolist()
        return found
    if function == "count_distinct":
        return _different(_axis(base, name, rows), code, size, groups)
    column = base._column(name)
    if function == "count":
        filled = column.marked("filled", None, rows)
        held: list[Any] = np.bincount(code[filled], minlength=size)[groups].tolist()
        return held
    if not isinstance(column, indexed._Measures) or column.told["is"] not in ("integers", "numbers", "dates"):
        raise AbsentError
    values = column.values if rows is None else column.values.take(rows)
    if column.empty is not None:
        filled = ~(column.empty if rows is None else column.empty.take(rows))
        values, code = values[filled], code[filled]
    there = (counts if column.empty is None else np.bincount(code, minlength=size))[groups]
    return _measured(function, column, values, code, size, groups, there)


def _measured(function: str, column: Any, values: Any, code: Any, size: int, groups: Any, there: Any) -> list[Any]:
    whole = column.told["is"] != "numbers"
    if function in ("min", "max"):
        start = (np.iinfo(values.dtype) if whole else np.finfo(values.dtype)).max
        out = np.full(size, start if function == "min" else -start, values.dtype)
        (np.minimum if function == "min" else np.maximum).at(out, code, values)
        return [
            json.loads(column.say(v)) if n else None for v, n in zip(out[groups].tolist(), there.tolist(), strict=True)
        ]
    if function not in ("sum", "avg") or column.told["is"] == "dates":
        raise AbsentError
    if whole and len(values) and max(abs(int(values.min())), abs(int(values.max()))) * len(values) >= _EXACT:
        raise AbsentError  # a sum that a float may not hold exactly
    sums = np.bincount(code, weights=values, minlength=size)[groups].tolist()
    pairs = zip(sums, there.tolist(), strict=True)
    if function == "avg":
        return [s / n if n else None for s, n in pairs]
    return [(int(s) if whole else s) if n else None for s, n in pairs]


def _different(axis: _Axis, code: Any, size: int, groups: Any) -> list[Any]:
    if size * axis.size > MOST_PAIRS:
        raise AbsentError
    seen = np.zeros((size, axis.size), bool)
    seen[code, axis.codes] = True
    seen[:, axis.empty] = False
    found: list[Any] = seen[groups].sum(axis=1).tolist()
    return found


def _sorted(found: list[list[Any]], keys: Sequence[Sequence[Any]], asked: Mapping[str, Any]) -> list[list[Any]]:
    """Return a page of groups: by the orders asked, then by the keys; empty cells last."""
    places = list(range(len(found)))
    for values in reversed(keys):
        places = _by(places, values, False)
    for place, descending in reversed(asked["orders"]):
        places = _by(places, [row[place] for row in found], descending)
    return [found[p] for p in places[asked["offset"] : asked["offset"] + asked["limit"]]]


def _by(places: Sequence[int], values: Sequence[Any], descending: bool) -> list[int]:
    filled = [p for p in places if values[p] is not None]
    filled.sort(key=lambda p: values[p], reverse=descending)
    return filled + [p for p in places if values[p] is None]
