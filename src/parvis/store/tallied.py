"""Groups counted by a side index: codes and plain arrays are summed in some milliseconds, where a scan takes ten times more.

A question is what JSON carries: ``where`` as ``store.indexed`` reads it (or None), ``keys`` (columns), ``figures`` ([function of
``values.Function``, column or ""]), ``answer`` (["key" or "figure", place] for each column of the answer), ``orders`` ([column
of the answer, descending]), ``limit``, ``offset``. Sums of whole numbers are exact, or left to the object; so are those of
amounts, whose decimals are few. What is asked again of another span of an amount, a year or a day (a slider, a choice of dates)
is told from groups counted once for each block of that order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from parvis.frozen import dataclass
from parvis.store import indexed
from parvis.store.indexed import AbsentError, Index

MOST_GROUPS = 2_000_000  # that the keys could make
MOST_PAIRS = 20_000_000  # of a group and a value, to count different ones
MOST_SPAN = 300_000  # whole numbers or days from the first to the last
KEPT, MOST_KEPT = 64, 20_000  # groupings of all rows that an index remembers, and cells of the largest
_EXACT = 2.0**53
_BLOCK = 1 << 16  # rows reckoned at a time: what they need stays in the processor's own memory
_WIDE = 1 << 12  # groups beyond which all rows are reckoned at once
_STEP = 1 << 12  # rows of a block in the order of a column, at least
_HELD, _RANGES = 1 << 17, 8  # groups of all blocks that a worker remembers, of so many kinds of questions
_FIGURES = 4  # of such a question, at most


def tallied(base: Index, asked: Mapping[str, Any]) -> tuple[list[list[Any]], int]:
    """Return the groups of a page and how many there are in all.

    Raises: AbsentError when the object must be asked; LateError.
    """
    if asked["where"] is None:
        keys, figures = _remembered(base, asked)
    else:
        keys, figures = _ranged(base, asked) or _reckoned(base, asked)
    parts = {"key": keys, "figure": figures}
    found = [list(row) for row in zip(*(parts[kind][place] for kind, place in asked["answer"]), strict=True)]
    return _sorted(found, keys, asked), len((keys or figures)[0])


def _remembered(base: Index, asked: Mapping[str, Any]) -> tuple[list[list[Any]], list[list[Any]]]:
    """Return the groups of all rows: what never changes is reckoned once."""
    question = json.dumps([asked["keys"], asked["figures"]])
    known = base.sums.get(question)
    if known is None:
        keys, figures = known = _reckoned(base, asked)
        if sum(map(len, (*keys, *figures))) > MOST_KEPT:
            return known
        base.sums[question] = known
        while len(base.sums) > KEPT:
            base.sums.popitem(last=False)
    base.sums.move_to_end(question)
    found: tuple[list[list[Any]], list[list[Any]]] = known
    return found


def _reckoned(base: Index, asked: Mapping[str, Any]) -> tuple[list[list[Any]], list[list[Any]]]:
    """Return the keys of the groups, column by column, and their figures."""
    groups = _Groups(base, asked)
    for block in _blocks(base, asked["where"], base.rows if groups.size > _WIDE else _BLOCK):
        groups.feed(block)
        base._in_time()
    return groups.told()


class _Groups:
    """The groups of a question and their figures, fed with rows."""

    def __init__(self, base: Index, asked: Mapping[str, Any]) -> None:
        self.axes = [_Axis(base, name) for name in asked["keys"]]
        self.size = 1
        for axis in self.axes:
            self.size *= axis.size
        if self.size > MOST_GROUPS:
            raise AbsentError
        self.figures = [_figure(base, function, name, self.size) for function, name in asked["figures"]]
        self.counts = np.zeros(self.size, np.int64)

    def feed(self, block: _Block) -> None:
        code = _combined(self.axes, block)
        there = np.bincount(code, minlength=self.size)
        self.counts += there
        for figure in self.figures:
            figure.feed(block, code, there)

    def told(self) -> tuple[list[list[Any]], list[list[Any]]]:
        groups = np.flatnonzero(self.counts) if self.axes else np.zeros(1, np.int64)
        keys, left = list[list[Any]](), groups
        for axis in reversed(self.axes):
            left, own = np.divmod(left, axis.size)
            keys.insert(0, axis.values(own))
        return keys, [figure.told(groups) for figure in self.figures]

    def states(self) -> list[tuple[Any, Any]]:
        """Return the arrays that rows feed, each with what joins two of them."""
        return [(self.counts, np.add), *(state for figure in self.figures for state in figure.states())]


# --- Spans of a column ----------------------------------------------------------------------------


def _ranged(base: Index, asked: Mapping[str, Any]) -> tuple[list[list[Any]], list[list[Any]]] | None:
    """Return the groups of the rows between two values of a column, None when they are to be looked for one by one.

    Only what is the same in whatever order rows come: an answer never depends on what was asked before.
    """
    span = base.span(asked["where"])
    if span is None or len(asked["figures"]) > _FIGURES:
        return None
    name, order, low, high = span.name, span.order, span.low, span.high
    groups = _Groups(base, asked)
    if groups.size > _WIDE or not all(figure.steady for figure in groups.figures):
        return None
    step = _STEP
    while -(-len(order) // step) * groups.size > _HELD:
        step *= 2
    first, last = -(-low // step), high // step
    if last - first < 4:  # few enough to be looked at
        edges = [(low, high)]
    else:
        held = _held(base, name, order, asked, step)
        if held is None:
            return None
        for (state, join), blocks in zip(groups.states(), held, strict=True):
            join(state, join.reduce(blocks[first:last], axis=0), out=state)
        edges = [(low, first * step), (last * step, high)]
    for start, stop in edges:
        if start < stop:
            groups.feed(_Block(0, base.rows, order[start:stop].astype(np.int64)))
    return groups.told()


def _held(base: Index, name: str, order: Any, asked: Mapping[str, Any], step: int) -> list[Any] | None:
    """Return what rows feed, block by block of an order; None the first time, when nobody knows if it will be asked again."""
    question = json.dumps([name, asked["keys"], asked["figures"]])
    known = base.spans.get(question)
    if known is None and question in base.spans:
        whole = list[list[Any]]()
        for start in range(0, len(order), step):
            groups = _Groups(base, asked)
            groups.feed(_Block(0, base.rows, order[start : start + step].astype(np.int64)))
            whole.append([state for state, _ in groups.states()])
            base._in_time()
        known = [np.array(states) for states in zip(*whole, strict=True)]
    base.spans[question] = known
    base.spans.move_to_end(question)
    while len(base.spans) > _RANGES:
        base.spans.popitem(last=False)
    return known


# --- Rows -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Block:
    """Some rows that follow one another, or those ``picked`` among them by their places."""

    start: int
    stop: int
    picked: Any = None

    def __len__(self) -> int:
        return self.stop - self.start if self.picked is None else len(self.picked)

    def of(self, array: Any) -> Any:
        part = array[self.start : self.stop]
        return part if self.picked is None else part.take(self.picked)

    def rows(self) -> Any:
        return np.arange(self.start, self.stop) if self.picked is None else self.picked + self.start


def _blocks(base: Index, where: Any, size: int) -> Iterator[_Block]:
    """Yield the rows that meet a condition, some at a time."""
    if where is not None and (listed := base._listed(where)) is not None:
        yield _Block(0, base.rows, listed)
        return
    marked = base._marked(where, None) if where is not None else None
    for start in range(0, base.rows, max(size, 1)):
        stop = min(start + size, base.rows)
        picked = np.flatnonzero(marked[start:stop]) if marked is not None else None
        yield _Block(start, stop, picked if picked is None or len(picked) < stop - start else None)


class _Axis:
    """A column as small numbers: their codes, how many there are, which one is the empty cell."""

    def __init__(self, base: Index, name: str) -> None:
        self.column: Any = base._column(name)
        column = self.column
        self.empty = self.first = 0
        if isinstance(column, indexed._Codes):
            self.size = column.size + 1
        elif isinstance(column, indexed._Flags):
            self.size, self.empty = 3, 2
        elif isinstance(column, indexed._Measures) and column.told["is"] in ("integers", "dates") and base.rows:
            self.first, last = column.span
            if last - self.first > MOST_SPAN:
                raise AbsentError
            self.size = last - self.first + 2
        else:
            raise AbsentError

    def codes(self, block: _Block) -> Any:
        column = self.column
        if isinstance(column, indexed._Codes):
            return block.of(column.codes)
        if isinstance(column, indexed._Flags):
            return block.of(column.values)
        codes = block.of(column.values) - (self.first - 1)
        return codes if column.empty is None else np.where(block.of(column.empty), 0, codes)

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


def _combined(axes: Sequence[_Axis], block: _Block) -> Any:
    if not axes:
        return np.zeros(len(block), np.int64)
    code = axes[0].codes(block).astype(np.int64)
    for axis in axes[1:]:
        code *= axis.size
        code += axis.codes(block)
    return code


# --- Figures --------------------------------------------------------------------------------------


class _Figure(Protocol):
    """One calculation, fed with the rows of each block (their groups, how many each group has), told for some groups.

    ``steady`` when it does not depend on the order of rows, and ``states`` of two parts can be joined.
    """

    steady: bool

    def feed(self, block: _Block, code: Any, there: Any) -> None: ...

    def told(self, groups: Any) -> list[Any]: ...

    def states(self) -> list[tuple[Any, Any]]: ...


def _figure(base: Index, function: str, name: str, size: int) -> _Figure:
    """Return what reckons a function of a column. Raises: AbsentError."""
    if function == "count":
        return _Count(base._column(name) if name else None, size)
    if function == "count_distinct":
        return _Different(_Axis(base, name), size)
    column = base._column(name)
    if not isinstance(column, indexed._Measures) or column.told["is"] not in ("integers", "numbers", "dates"):
        raise AbsentError
    if function in ("min", "max"):
        return _Edge(function, column, size)
    if function not in ("sum", "avg") or column.told["is"] == "dates":
        raise AbsentError
    return _Sum(function, column, size)


class _Count:
    steady = True

    def __init__(self, column: Any, size: int) -> None:
        self.column, self.sums = column, np.zeros(size, np.int64)

    def states(self) -> list[tuple[Any, Any]]:
        return [(self.sums, np.add)]

    def feed(self, block: _Block, code: Any, there: Any) -> None:
        if self.column is not None:
            filled = self.column.marked("filled", None, block.rows())
            there = np.bincount(code[filled], minlength=len(self.sums))
        self.sums += there

    def told(self, groups: Any) -> list[Any]:
        found: list[Any] = self.sums[groups].tolist()
        return found


class _Different:
    steady = False  # what was seen of each block would take too much room

    def states(self) -> list[tuple[Any, Any]]:
        return []

    def __init__(self, axis: _Axis, size: int) -> None:
        if size * axis.size > MOST_PAIRS:
            raise AbsentError
        self.axis, self.seen = axis, np.zeros((size, axis.size), bool)

    def feed(self, block: _Block, code: Any, there: Any) -> None:
        self.seen[code, self.axis.codes(block)] = True

    def told(self, groups: Any) -> list[Any]:
        self.seen[:, self.axis.empty] = False
        found: list[Any] = self.seen[groups].sum(axis=1).tolist()
        return found


class _Filled:
    """What looks at the filled cells of a column of numbers or days."""

    steady = True

    def __init__(self, function: str, column: Any, size: int) -> None:
        self.function, self.column, self.size = function, column, size
        self.whole = column.told["is"] != "numbers"
        self.there = np.zeros(size, np.int64)

    def filled(self, block: _Block, code: Any, there: Any) -> tuple[Any, Any]:
        """Return the filled values of a block and their groups, and count them."""
        values = block.of(self.column.values)
        if self.column.empty is not None:
            kept = np.flatnonzero(~block.of(self.column.empty))
            values, code = values.take(kept), code.take(kept)
            there = np.bincount(code, minlength=self.size)
        self.there += there
        return values, code


class _Edge(_Filled):
    def __init__(self, function: str, column: Any, size: int) -> None:
        super().__init__(function, column, size)
        kind = column.values.dtype
        start = (np.iinfo(kind) if self.whole else np.finfo(kind)).max
        self.out = np.full(size, start if function == "min" else -start, kind)
        self.keeps: Any = np.minimum if function == "min" else np.maximum

    def feed(self, block: _Block, code: Any, there: Any) -> None:
        values, code = self.filled(block, code, there)
        self.keeps.at(self.out, code, values)

    def states(self) -> list[tuple[Any, Any]]:
        return [(self.there, np.add), (self.out, self.keeps)]

    def told(self, groups: Any) -> list[Any]:
        pairs = zip(self.out[groups].tolist(), self.there[groups].tolist(), strict=True)
        return [json.loads(self.column.say(v)) if n else None for v, n in pairs]


class _Sum(_Filled):
    def __init__(self, function: str, column: Any, size: int) -> None:
        super().__init__(function, column, size)
        if self.whole and len(column.values) and max(map(abs, column.span)) * len(column.values) >= _EXACT:
            raise AbsentError  # a sum that a float may not hold exactly
        self.sums = np.zeros(size, np.float64)
        self.steady = self.whole or "decimals" in column.told
        self.scale = 10.0 ** column.told.get("decimals", 0)  # of amounts, cents are summed, exactly

    def feed(self, block: _Block, code: Any, there: Any) -> None:
        values, code = self.filled(block, code, there)
        if self.scale != 1:
            values = np.rint(values * self.scale)
        self.sums += np.bincount(code, weights=values, minlength=self.size)

    def states(self) -> list[tuple[Any, Any]]:
        return [(self.there, np.add), (self.sums, np.add)]

    def told(self, groups: Any) -> list[Any]:
        pairs = zip((self.sums[groups] / self.scale).tolist(), self.there[groups].tolist(), strict=True)
        if self.function == "avg":
            return [s / n if n else None for s, n in pairs]
        return [(int(s) if self.whole else s) if n else None for s, n in pairs]


# --- Orders ---------------------------------------------------------------------------------------


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
