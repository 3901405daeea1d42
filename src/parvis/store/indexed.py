"""Questions answered by a side index: which rows meet a condition, and those rows as JSON.

A condition is a list as JSON carries it: ["all", parts], ["some", parts], ["not", part], [an operator of
``values.Op``, column, value], ["search", words, columns], ["box", longitude, latitude, west, south, east, north].
Conditions are true or not: a comparison with an empty cell is never true. Where few rows hold a value they are
listed and the other conditions look at these alone; otherwise each condition marks all the rows.
"""

from __future__ import annotations

import datetime
import json
import mmap
import time
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

import numpy as np

from parvis.frozen import dataclass
from parvis.store import layout

Rows = Any  # sorted numbers of rows, or None for all of them
_SOME = 8  # rows are listed when there are this many times fewer than in the table
_FEW = 64  # the same of those of a span, which are to be sorted
_HITS = 2000  # places of a text looked at one by one, before every text is asked
_BLOCK = 1 << 16  # rows where the first ones of a page are looked for at a time
_FIRST = 1 << 12  # the same in an order, at first
_CACHED = 20_000  # written values of a column that a worker remembers
_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001  moments have no zone
_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip


class AbsentError(Exception):
    """The index does not know this column, or not for this question: the object answers."""


class LateError(Exception):
    """The question took more than its time."""


@dataclass(frozen=True, slots=True)
class Span:
    """The rows from ``low`` to ``high`` of the ``order`` of a column, from its least value to its greatest."""

    name: str
    order: Any
    low: int
    high: int


class Index:
    """The index of one object. Not for several threads; ``size`` is what it takes of the address space."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            self.map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        self.size = len(self.map)
        end = self.size - len(layout.MAGIC)
        if self.size < 40 or self.map[end:] != layout.MAGIC:
            raise AbsentError
        length = int.from_bytes(self.map[end - 8 : end], "little")
        told = json.loads(self.map[end - 8 - length : end - 8])
        self.rows: int = told["rows"]
        self.told: dict[str, Any] = told["columns"]
        self.places = _Places(self.map, told["places"]) if "places" in told else None
        self.columns: dict[str, _Column] = {}
        self.limit = float("inf")
        self.sums: OrderedDict[Any, Any] = OrderedDict()  # of whole columns: what ``store.tallied`` remembers
        self.spans: OrderedDict[Any, Any] = OrderedDict()  # the same of the parts of an order

    def start(self, seconds: float) -> None:
        """Give the next question its time."""
        self.limit = time.monotonic() + seconds

    def page(self, where: Any, after: int, skip: int, count: int) -> tuple[Any, int]:
        """Return the numbers of ``count`` rows that meet a condition, those after a row, and how many meet it at all.

        Raises: AbsentError when the object must be asked; LateError.
        """
        if where is None:
            first = after + 1 + skip
            return np.arange(first, max(min(first + count, self.rows), first)), self.rows
        listed = self._listed(where)
        if listed is not None:
            first = int(np.searchsorted(listed, after, "right")) + skip
            return listed[first : first + count], len(listed)
        span = self.span(where)
        if span is not None:  # how many they are is known: only the first ones are looked for
            return self._sooner(where, after + 1, skip, count), span.high - span.low
        marked = self._marked(where, None)
        return _first(marked, after + 1, skip, count), int(np.count_nonzero(marked))

    def _sooner(self, where: Any, first: int, skip: int, count: int) -> Any:
        """Return the numbers of ``count`` rows that meet a condition, from a row on."""
        found, left = list[Any](), skip + count
        while first < self.rows and left > 0:
            self._in_time()
            rows = np.arange(first, min(first + _BLOCK, self.rows))
            found.append(rows[self._marked(where, rows)][:left])
            left -= len(found[-1])
            first += _BLOCK
        return np.concatenate(found)[skip:] if found else np.zeros(0, np.int64)

    def sorted(self, where: Any, by: str, descending: bool, skip: int, count: int) -> tuple[Any, int]:
        """Return the numbers of ``count`` rows that meet a condition, in the order of a column of numbers or days (empty
        cells last, equal ones as they lie), and how many meet it at all. Raises: AbsentError, LateError.
        """
        column = self._column(by)
        if not isinstance(column, _Measures) or "order" not in column.told:
            raise AbsentError
        listed = self._listed(where) if where is not None else None
        if listed is not None:
            return column.sorted(listed, descending)[skip : skip + count], len(listed)
        span = self.span(where) if where is not None else None
        if span is not None and span.name == by:
            marked, total, ranked = None, span.high - span.low, column.ranked(descending, span)
        else:
            marked = None if where is None else self._marked(where, None)
            total = self.rows if marked is None else int(np.count_nonzero(marked))
            ranked = column.ranked(descending)
        found, left = list[Any](), skip + count
        for some in ranked:
            self._in_time()
            rows = some if marked is None else some[marked[some]]
            found.append(rows[:left])
            left -= len(found[-1])
            if left <= 0:
                break
        return np.concatenate(found)[skip:] if found else np.zeros(0, np.int64), total

    def span(self, where: Any) -> Span | None:
        """Return between which rows of the order of a column a condition keeps them, None when it is no such condition."""
        tests = where[1] if where[0] == "all" else [where]
        if (
            not tests
            or not all(len(t) == 3 and t[0] in ("=", "<", "<=", ">", ">=") for t in tests)
            or len({t[1] for t in tests}) > 1
        ):
            return None
        name = tests[0][1]
        column = self._column(name)
        if not isinstance(column, _Measures) or "order" not in column.told:
            return None
        order = column.array("order")
        low, high = 0, len(order)
        for said, _, value in tests:
            below, up_to = (column.place(order, value, after) for after in (False, True))
            if said in ("=", ">", ">="):
                low = max(low, up_to if said == ">" else below)
            if said in ("=", "<", "<="):
                high = min(high, below if said == "<" else up_to)
        return Span(name, order, low, max(low, high))

    def written(self, rows: Any, columns: Sequence[str], named: bool) -> bytes:
        """Return rows by their numbers as a JSON list, of objects when ``named``, else of lists."""
        cells = [self._column(name).written(rows) for name in columns]
        places = [(encode_basestring(n).encode().replace(b"%", b"%%") + b":%b") if named else b"%b" for n in columns]
        shape = (b"{%b}" if named else b"[%b]").replace(b"%b", b",".join(places), 1)
        return b"[" + b",".join([shape % row for row in zip(*cells, strict=True)]) + b"]"

    def cell(self, column: str, row: int) -> Any:
        """Return a cell, as JSON has it."""
        return json.loads(self._column(column).written(np.array([row]))[0])

    # --- Conditions ---

    def _column(self, name: str) -> _Column:
        found = self.columns.get(name)
        if found is None:
            if name not in self.told:
                raise AbsentError
            found = self.columns[name] = _KINDS[self.told[name]["is"]](self.map, self.told[name], self.rows)
        return found

    def _listed(self, where: Any) -> Any:
        """Return the rows that meet a condition when the index lists them and they are few, else None."""
        self._in_time()
        said = where[0]
        span = self.span(where)
        if span is not None:
            few = span.high - span.low <= self.rows // _FEW
            return np.sort(span.order[span.low : span.high]).astype(np.int64) if few else None
        if said == "all":
            lists = [
                (len(found), n, found) for n, part in enumerate(where[1]) if (found := self._listed(part)) is not None
            ]
            if not lists:
                return None
            _, chosen, rows = min(lists, key=lambda x: x[0])
            for n, part in enumerate(where[1]):
                if n != chosen:
                    rows = rows[self._marked(part, rows)]
            return rows
        if said == "some":
            found = []
            for part in where[1]:
                rows = self._listed(part)
                if rows is None:
                    return None
                found.append(rows)
            return np.unique(np.concatenate(found)) if found else None
        if said in ("=", "in", "contains", "starts"):
            return self._column(where[1]).listed(said, where[2])
        if said == "box" and self.places is not None and self.places.columns == where[1:3]:
            near = self.places.near(where[3:], self.rows // _SOME)
            return None if near is None else near[self._marked(where, near)]
        return None

    def _marked(self, where: Any, rows: Rows) -> Any:
        """Return which of some rows (all for None) meet a condition."""
        self._in_time()
        said = where[0]
        if said in ("all", "some"):
            out = None
            for part in where[1]:
                marks = self._marked(part, rows)
                out = marks if out is None else (out & marks if said == "all" else out | marks)
            if out is None:
                return np.full(self.rows if rows is None else len(rows), said == "all")
            return out
        if said == "not":
            return ~self._marked(where[1], rows)
        if said == "search":
            out = np.full(self.rows if rows is None else len(rows), True)
            for word in where[1]:
                held = np.zeros(len(out), bool)
                for name in where[2]:
                    held |= self._column(name).marked("contains", word, rows)
                    self._in_time()
                out &= held
            return out
        if said == "box":
            x, y = self._column(where[1]), self._column(where[2])
            west, south, east, north = where[3:]
            out = x.marked(">=", west, rows) & x.marked("<=", east, rows)
            return out & y.marked(">=", south, rows) & y.marked("<=", north, rows)
        return self._column(where[1]).marked(said, where[2], rows)

    def _in_time(self) -> None:
        if time.monotonic() > self.limit:
            raise LateError


def _first(marked: Any, start: int, skip: int, count: int) -> Any:
    """Return the numbers of the first marked rows from a place, some passed; no more rows are read than needed."""
    found, left = [], skip + count
    while start < len(marked) and left > 0:
        some = np.flatnonzero(marked[start : start + _BLOCK])[:left] + start
        found.append(some)
        left -= len(some)
        start += _BLOCK
    return np.concatenate(found)[skip:] if found else np.zeros(0, np.int64)


class _Places:
    """The cells of a map, and the rows of each."""

    def __init__(self, data: mmap.mmap, told: Mapping[str, Any]) -> None:
        def array(name: str) -> Any:
            start, length, kind = told[name]
            return np.frombuffer(data, kind, length, start)

        self.columns, self.side = told["columns"], told["side"]
        self.x, self.y, self.rows, self.starts = array("x"), array("y"), array("rows"), array("starts")

    def near(self, box: Sequence[float], most: int) -> Any:
        """Return the sorted rows of the cells that a box meets, None when they are more than ``most``."""
        west, south, east, north = box
        first, last = np.searchsorted(self.x, (west, east), "right").tolist()
        low, high = np.searchsorted(self.y, (south, north), "right").tolist()
        columns = np.arange(first, last + 1) * self.side
        begins, ends = self.starts[columns + low], self.starts[columns + high + 1]
        if int((ends - begins).sum()) > most:
            return None
        parts = [self.rows[a:b] for a, b in zip(begins.tolist(), ends.tolist(), strict=True)]
        return np.sort(np.concatenate(parts)).astype(np.int64) if parts else np.zeros(0, np.int64)


# --- Columns --------------------------------------------------------------------------------------


class _Column:
    """One column of an index."""

    def __init__(self, data: mmap.mmap, told: Mapping[str, Any], rows: int) -> None:
        self.map, self.told, self.count = data, told, rows

    def array(self, name: str) -> Any:
        start, length, kind = self.told[name]
        return np.frombuffer(self.map, kind, length, start)

    def written(self, rows: Any) -> list[bytes]:
        """Return cells as JSON."""
        raise NotImplementedError

    def listed(self, said: str, value: Any) -> Any:
        """Return the sorted rows that meet a condition when they are few and known, else None."""
        return None

    def marked(self, said: str, value: Any, rows: Rows) -> Any:
        """Return which of some rows meet a condition. Raises: AbsentError."""
        raise AbsentError


class _Flags(_Column):
    _WORDS = (b"false", b"true", b"null")

    def __init__(self, data: mmap.mmap, told: Mapping[str, Any], rows: int) -> None:
        super().__init__(data, told, rows)
        self.values = self.array("values")

    def written(self, rows: Any) -> list[bytes]:
        return [self._WORDS[v] for v in self.values[rows].tolist()]

    def marked(self, said: str, value: Any, rows: Rows) -> Any:
        cells = self.values if rows is None else self.values[rows]
        if said == "null":
            return cells == 2
        if said == "filled":
            return cells != 2
        if said == "in":
            return (cells != 2) & np.isin(cells, [int(v) for v in value])
        if said in _COMPARED:
            return _COMPARED[said](cells, int(value)) & (cells != 2)
        raise AbsentError


class _Measures(_Column):
    """Numbers, dates and times."""

    def __init__(self, data: mmap.mmap, told: Mapping[str, Any], rows: int) -> None:
        super().__init__(data, told, rows)
        self.values = self.array("values")
        self.empty = self.array("empty").view(bool) if "empty" in told else None

    def written(self, rows: Any) -> list[bytes]:
        out = self.said(self.values[rows].tolist())
        if self.empty is not None:
            for n in np.flatnonzero(self.empty[rows]).tolist():
                out[n] = b"null"
        return out

    def sorted(self, rows: Any, descending: bool) -> Any:
        """Return rows by their cells: the empty ones last, equal ones as they came."""
        filled = rows if self.empty is None else rows[~self.empty[rows]]
        out = filled[np.argsort(self.values[filled], kind="stable")]
        if descending:
            out = _turned(out, self.values[out])
        return out if len(filled) == len(rows) else np.concatenate([out, rows[self.empty[rows]]])  # type: ignore[index]

    def ranked(self, descending: bool, span: Span | None = None) -> Iterator[Any]:
        """Yield all rows by their cells, or those of a span, some at a time: the empty ones last, equal ones as they lie."""
        order = self.array("order")
        low, high = (span.low, span.high) if span is not None else (0, len(order))
        size = _FIRST  # a page takes few of them, a rare condition all
        while low < high and not descending:
            yield order[low : min(low + size, high)].astype(np.int64)
            low, size = low + size, min(size * 2, _BLOCK)
        stop = high
        while low < stop:
            start = max(stop - size, low)
            size = min(size * 2, _BLOCK)
            if start > low:  # equal cells stay together
                least = self.values[order[start]]
                start = bisect_left(range(start + 1), least, low, key=lambda n: self.values[order[n]])
            rows = order[start:stop].astype(np.int64)
            yield _turned(rows, self.values[rows])
            stop = start
        if self.empty is not None and span is None:
            yield np.flatnonzero(self.empty)

    def place(self, order: Any, value: Any, after: bool) -> int:
        """Return where a value stands in the order of cells: before those that equal it, or after them."""
        wanted, find = self.hear(value), bisect_right if after else bisect_left
        return find(range(len(order)), wanted, key=lambda n: self.values[order[n]])

    @cached_property
    def span(self) -> tuple[Any, Any]:
        """The least and the greatest value, 0 counted where a cell is empty."""
        return self.values.min().item(), self.values.max().item()

    def said(self, values: list[Any]) -> list[bytes]:
        return repr(values).encode()[1:-1].split(b", ") if values else []

    def say(self, value: Any) -> bytes:
        return repr(value).encode()

    def hear(self, value: Any) -> Any:
        """Return a value of a question as the array holds it."""
        return value

    def marked(self, said: str, value: Any, rows: Rows) -> Any:
        cells = self.values if rows is None else self.values[rows]
        empty = self.empty if rows is None or self.empty is None else self.empty[rows]
        if said == "null":
            return np.zeros(len(cells), bool) if empty is None else empty.copy()
        if said == "filled":
            return np.ones(len(cells), bool) if empty is None else ~empty
        if said == "in":
            marks = np.zeros(len(cells), bool)
            for one in value:
                marks |= cells == self.hear(one)
        elif said in _COMPARED:
            marks = _COMPARED[said](cells, self.hear(value))
        else:
            raise AbsentError
        return marks if empty is None else marks & ~empty


def _turned(rows: Any, values: Any) -> Any:
    """Return rows sorted by their values from the greatest to the least; equal ones stay as they are."""
    groups = np.zeros(len(rows), np.int64)
    np.cumsum(values[1:] != values[:-1], out=groups[1:])
    return rows[np.argsort(-groups, kind="stable")]


class _Days(_Measures):
    """What is said by itself, and remembered: few days and moments make many cells."""

    def __init__(self, data: mmap.mmap, told: Mapping[str, Any], rows: int) -> None:
        super().__init__(data, told, rows)
        self.known: dict[Any, bytes] = {}

    def said(self, values: list[Any]) -> list[bytes]:
        known = self.known
        if len(known) > _CACHED:
            known.clear()
        for value in values:
            if value not in known:
                known[value] = self.say(value)
        return [known[value] for value in values]


class _Dates(_Days):
    def say(self, value: Any) -> bytes:
        return f'"{datetime.date.fromordinal(value + 719_163).isoformat()}"'.encode()

    def hear(self, value: Any) -> Any:
        return datetime.date.fromisoformat(value).toordinal() - 719_163


class _Moments(_Days):
    def say(self, value: Any) -> bytes:
        return f'"{(_EPOCH + datetime.timedelta(microseconds=value)).isoformat()}"'.encode()

    def hear(self, value: Any) -> Any:
        return (datetime.datetime.fromisoformat(value) - _EPOCH) // datetime.timedelta(microseconds=1)


class _Times(_Moments):
    def say(self, value: Any) -> bytes:
        return f'"{(_EPOCH + datetime.timedelta(microseconds=value)).time().isoformat()}"'.encode()

    def hear(self, value: Any) -> Any:
        return super().hear(f"1970-01-01 {value}")


class _Shapes(_Column):
    """Cells kept as JSON, which can only be given."""

    def __init__(self, data: mmap.mmap, told: Mapping[str, Any], rows: int) -> None:
        super().__init__(data, told, rows)
        self.starts, self.base = self.array("text_starts"), told["text"][0]

    def written(self, rows: Any) -> list[bytes]:
        first, last = (self.starts[rows] + self.base).tolist(), (self.starts[rows + 1] + self.base).tolist()
        data = self.map
        return [data[a:b] for a, b in zip(first, last, strict=True)]


class _Texts(_Shapes):
    """Text that nearly always differs."""

    def __init__(self, data: mmap.mmap, told: Mapping[str, Any], rows: int) -> None:
        super().__init__(data, told, rows)
        self.folded = _Folded(self) if "folded" in told or "empty" in told else None

    def listed(self, said: str, value: Any) -> Any:
        if said not in ("=", "in"):
            return None
        keys, order = self.array("keys"), self.array("rows")
        found = []
        for one in {value} if said == "=" else set(value):
            wanted = _encoded(one)
            key = layout.text_keys(np.array([0, len(wanted)], np.uint32), np.frombuffer(wanted, np.uint8))[0]
            rows = order[np.searchsorted(keys, key) : np.searchsorted(keys, key, "right")]
            if len(rows) > self.count // _SOME:
                return None
            same = [cell == wanted for cell in self.written(rows.astype(np.int64))]
            found.append(rows[np.array(same, bool)])
        return np.sort(np.concatenate(found)).astype(np.int64) if found else np.zeros(0, np.int64)

    def marked(self, said: str, value: Any, rows: Rows) -> Any:
        if said in ("null", "filled"):
            filled = self._filled(rows)
            return filled if said == "filled" else ~filled
        if said in ("=", "!=", "in") and rows is not None:
            wanted = {_encoded(v) for v in (value if said == "in" else (value,))}
            marks = np.array([cell in wanted for cell in self.written(rows)], bool)
            return marks if said != "!=" else ~marks & self._filled(rows)
        if said in ("=", "!=", "in"):
            listed = self.listed("=" if said == "!=" else said, value)
            if listed is None:
                raise AbsentError
            marks = np.zeros(self.count, bool)
            marks[listed] = True
            return marks if said != "!=" else ~marks & self._filled(None)
        if said in ("contains", "starts"):
            marks = _Folded(self).marked(said, value)
            marks &= self._filled(None)
            return marks if rows is None else marks[rows]
        raise AbsentError

    def _filled(self, rows: Rows) -> Any:
        if not self.told["empty"]:
            return np.ones(self.count if rows is None else len(rows), bool)
        first = self.starts[:-1] if rows is None else self.starts[rows]
        return self.array("text")[first] == ord('"')


class _Codes(_Column):
    """Text of few values: each row holds the number of its value, 0 when empty."""

    def __init__(self, data: mmap.mmap, told: Mapping[str, Any], rows: int) -> None:
        super().__init__(data, told, rows)
        self.codes, self.counts = self.array("codes"), self.array("counts")
        self.values = _Shapes(data, told, rows)
        self.size = len(self.counts) - 1
        self.ends = np.cumsum(self.counts, dtype=np.int64)
        self.known: dict[int, bytes] = {0: b"null"}

    def written(self, rows: Any) -> list[bytes]:
        codes = self.codes[rows].tolist()
        known = self.known
        unknown = [c for c in set(codes) if c not in known]
        if unknown:
            if len(known) > _CACHED:
                known = self.known = {0: b"null"}
                unknown = [c for c in set(codes) if c]
            known.update(zip(unknown, self.values.written(np.array(unknown, np.int64) - 1), strict=True))
        return [known[c] for c in codes]

    def listed(self, said: str, value: Any) -> Any:
        if "rows" not in self.told:
            return None
        codes = self._codes_of(said, value)
        if int(self.counts[codes].sum()) > self.count // _SOME:
            return None
        rows = self.array("rows")
        found = [rows[self.ends[c] - int(self.counts[c]) : self.ends[c]] for c in codes.tolist()]
        if not found:
            return np.zeros(0, np.int64)
        if len(found) == 1:
            return found[0].astype(np.int64)
        return np.sort(np.concatenate(found)).astype(np.int64)

    def marked(self, said: str, value: Any, rows: Rows) -> Any:
        codes = self.codes if rows is None else self.codes[rows]
        if said == "null":
            return codes == 0
        if said == "filled":
            return codes != 0
        found = self._codes_of("=" if said == "!=" else said, value)
        if said == "!=":
            return (codes != 0) if not len(found) else (codes != 0) & (codes != found[0])
        if not len(found):
            return np.zeros(len(codes), bool)
        if len(found) == 1:
            return codes == found[0]
        table = np.zeros(self.size + 1, bool)
        table[found] = True
        return table[codes]

    def _codes_of(self, said: str, value: Any) -> Any:
        """Return the codes of the values that meet a condition."""
        if said in ("=", "in"):
            found = {self._code(v) for v in ((value,) if said == "=" else value)}
            return np.array(sorted(found - {0}), np.int64)
        if said in ("contains", "starts"):
            return np.flatnonzero(_Folded(self).marked(said, value)) + 1
        raise AbsentError

    def _code(self, value: str) -> int:
        """Return the code of a text, 0 when no row holds it."""
        wanted, starts, base, data = _encoded(value), self.values.starts, self.values.base, self.map
        low, high = 0, self.size
        while low < high:
            middle = (low + high) // 2
            if data[base + int(starts[middle]) : base + int(starts[middle + 1])] < wanted:
                low = middle + 1
            else:
                high = middle
        found = low < self.size and data[base + int(starts[low]) : base + int(starts[low + 1])] == wanted
        return low + 1 if found else 0


class _Folded:
    """The folded texts of a column: apart, or the texts themselves between their quotes when folding changes nothing."""

    def __init__(self, column: _Texts | _Codes) -> None:
        apart = "folded" in column.told
        name, trim = ("folded", 0) if apart else ("text", 1)
        self.map, self.base = column.map, column.told[name][0]
        self.end = self.base + column.told[name][1]
        starts = column.array(f"{name}_starts")
        self.starts, self.trim = starts, trim

    def marked(self, said: str, value: str) -> Any:
        """Return which texts contain or start with a folded text."""
        marks = np.zeros(len(self.starts) - 1, bool)
        try:
            needle = value.encode()
        except UnicodeEncodeError:  # half a sign, which no file holds
            return marks
        if not needle:
            return ~marks
        at, seen = self.map.find(needle, self.base, self.end), 0
        while at >= 0 and seen < _HITS:
            seen += 1
            place = at - self.base
            n = int(np.searchsorted(self.starts, place, "right")) - 1
            first, last = int(self.starts[n]) + self.trim, int(self.starts[n + 1]) - self.trim
            if place >= first and place + len(needle) <= last and (said == "contains" or place == first):
                marks[n] = True
                at = self.map.find(needle, self.base + last, self.end)
            else:
                at = self.map.find(needle, at + 1, self.end)
        return marks if at < 0 else self._all(said, value)

    def _all(self, said: str, value: str) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        starts, data = pa.py_buffer(self.starts.astype(np.int32)), memoryview(self.map)[self.base : self.end]
        cells: Any = pa.Array.from_buffers(pa.string(), len(self.starts) - 1, [None, starts, pa.py_buffer(data)])
        if self.trim:
            cells = pc.binary_slice(cells.cast(pa.binary()), 1, -1).cast(pa.string())
        return np.asarray(pc.match_substring(cells, value) if said == "contains" else pc.starts_with(cells, value))


def _encoded(value: str) -> bytes:
    return encode_basestring(value).encode("utf-8", "surrogatepass")


_KINDS: Mapping[str, Any] = {
    "codes": _Codes, "texts": _Texts, "shapes": _Shapes, "flags": _Flags, "integers": _Measures, "numbers": _Measures,
    "dates": _Dates, "moments": _Moments, "times": _Times,
}  # fmt: skip
