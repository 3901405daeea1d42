"""Questions: a ``Query`` becomes parameterised SQL here and nowhere else, and a query worker answers it.

Columns are checked against the version's manifest, every value is bound, and what the reader wrote never becomes SQL
text. Rows come in the shelf's order; a cursor goes on after the last row of a page, whatever the order asked.

Semantics: text compares exactly (``CONTAINS``, ``STARTS`` and ``Search`` fold case and accents); a comparison with an
empty cell is never true, ``!=`` included; empty cells sort last; ``COUNT_DISTINCT`` is exact and ignores empty cells.
Expressions (``Query.shown``, ``by``, ``sorts``, ``Holds``) are those of ``store.expressions``.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from parvis.errors import InputError, LimitError, UnknownColumn
from parvis.frozen import dataclass
from parvis.store import expressions, index
from parvis.store.expressions import Compiler, Made
from parvis.values import (
    Aggregate,
    All,
    Box,
    Calc,
    Call,
    Column,
    Expression,
    Field,
    Function,
    Holds,
    Kind,
    Named,
    Not,
    Op,
    Order,
    Page,
    Query,
    Search,
    Some,
    Sort,
    Test,
    Version,
    Where,
    to_json,
)

if TYPE_CHECKING:
    from parvis.store.pool import Pool

MAX_ROWS = 1000  # of a page
MAX_GROUPS = 20_000
MAX_PARTS = 200  # conditions in one question
MAX_DEPTH = 20
MAX_LIST = 1000  # values of an IN
MAX_TEXT = 1000  # characters of one value
MAX_CURSOR = 900  # characters of the keys that a cursor carries; beyond, it counts rows instead
ROW = "{row}"  # the worker puts the name of the row's number here

_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_ORDERED = (*_NUMBERS, Kind.DATE, Kind.DATETIME, Kind.TIME)  # that a side index has sorted
_COMPARED = {Op.EQ: "=", Op.NE: "<>", Op.LT: "<", Op.LE: "<=", Op.GT: ">", Op.GE: ">="}
_CASTS = {
    Kind.INTEGER: "DOUBLE",
    Kind.NUMBER: "DOUBLE",
    Kind.DATE: "DATE",
    Kind.DATETIME: "TIMESTAMP",
    Kind.TIME: "TIME",
    Kind.BOOLEAN: "BOOLEAN",
}
_FUNCTIONS = {
    Function.SUM: "sum",
    Function.AVG: "avg",
    Function.MIN: "min",
    Function.MAX: "max",
    Function.MEDIAN: "median",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL over one version; ``{source}`` and ``{row}`` are the only places left, filled by the worker."""

    sql: str
    parameters: Sequence[Any]
    columns: Sequence[Column]  # of the answer
    total: str = ""  # SQL that counts all rows, "" when it is known or not asked
    total_parameters: Sequence[Any] = ()
    cursor: int = 0  # how many last columns of each row serve the cursor and are not part of the answer
    geometry: Sequence[int] = ()  # positions of GeoJSON text in a row
    seen: int = 0  # rows that came before this page
    lookup: Mapping[str, Any] | None = None  # the same page asked of the side index
    numbers: Mapping[str, Any] | None = None  # the same page by its rows' numbers, for the side index to give the rows
    tally: Mapping[str, Any] | None = None  # the same groups asked of the side index
    told: Sequence[int] = ()  # positions of geometries that are GeoJSON in the file of an export too


@dataclass(frozen=True, slots=True)
class Written:
    """The answer to a question, its rows as the JSON that a reader gets: a list of objects, one a row."""

    columns: Sequence[Column]
    rows: bytes
    total: int | None = None
    cursor: str = ""  # "" on the last page


Rows = Sequence[Sequence[Any]]


def run(pool: Pool, version: Version, query: Query, table: Rows | None = None) -> Page:
    """Return the page that answers a query over a version.

    ``table`` gives the rows themselves, JSON-safe, in the order of the version's columns, when they are on no shelf: those
    of a catalogue.

    Raises: UnknownColumn, InputError (value that does not fit a column, bad cursor), LimitError (too long, too much
    memory), BusyError (too many questions at once).
    """
    plainer = _places_apart(query) if table is None else query
    statement, told, body = _asked(pool, version, plainer, named=False, table=table)
    if plainer is not query:
        return _put_together(version, query, statement, told, json.loads(body))
    rows = tuple(tuple(row) for row in json.loads(body))
    return Page(statement.columns, rows, told["total"], told["cursor"])


def _places_apart(query: Query) -> Query:
    """Return a question whose only calculations are places as one about their columns: it has faster ways."""
    if not query.shown or query.by or query.having or query.sample or query.group or query.aggregates:
        return query
    sorts = _plain_orders(query)
    parts = [_columns_of(n.expression) for n in query.shown]
    if len(sorts) < len(query.sorts) or not all(parts):
        return query
    select = tuple(dict.fromkeys(name for part in parts for name in part))
    return dataclasses.replace(query, select=select, order=(*query.order, *sorts), shown=(), sorts=())


def _plain_orders(query: Query) -> list[Order]:
    """Return the orders of a question that are by a column as it is, whatever its name in the answer."""
    shown = {n.name: n.expression for n in query.shown}
    asked = [(shown.get(s.by) if isinstance(s.by, str) else s.by, s.descending) for s in query.sorts]
    return [Order(by.name, descending) for by, descending in asked if isinstance(by, Field)]


def _columns_of(expression: Expression) -> tuple[str, ...]:
    """Return the column that an expression is, the two that make a place, or nothing."""
    if isinstance(expression, Field):
        return (expression.name,)
    if isinstance(expression, Call) and expression.what is Calc.POINT:
        names = tuple(a.name for a in expression.arguments if isinstance(a, Field))
        return names if len(names) == 2 else ()
    return ()


def _put_together(
    version: Version, query: Query, statement: Statement, told: Mapping[str, Any], rows: Sequence[Sequence[Any]]
) -> Page:
    """Return the page of a question whose places were asked apart."""
    at = {c.name: n for n, c in enumerate(statement.columns)}
    columns, makers = [], list[tuple[int, ...]]()
    for item in query.shown:
        names = _columns_of(item.expression)
        held = statement.columns[at[names[0]]]
        kind = held.kind if len(names) == 1 else Kind.GEOMETRY
        columns.append(Column(item.name, held.label if held.name == item.name else item.name, kind))
        makers.append(tuple(at[n] for n in names))
    found = tuple(tuple(_cell_of(row, maker) for maker in makers) for row in rows)
    return Page(columns, found, told["total"], told["cursor"])


def _cell_of(row: Sequence[Any], places: tuple[int, ...]) -> Any:
    if len(places) == 1:
        return row[places[0]]
    x, y = row[places[0]], row[places[1]]
    return None if x is None or y is None else {"lon": x, "lat": y}


def written(pool: Pool, version: Version, query: Query) -> Written:
    """Return the same as ``run`` with rows already written: what costs least when they are only to be given."""
    statement, told, body = _asked(pool, version, query, named=True)
    return Written(statement.columns, body, told["total"], told["cursor"])


def _asked(
    pool: Pool, version: Version, query: Query, named: bool, table: Rows | None = None
) -> tuple[Statement, dict[str, Any], bytes]:
    query = _plain(query)
    condition = hashlib.sha256(repr((version.id, query.where, query.zone)).encode("utf-8", "replace")).digest()
    known = pool.totals.get(condition) if query.count and _counts(query) else None
    statement = compile_query(version, query if known is None else dataclasses.replace(query, count=False))
    names = [c.name for c in statement.columns] if named else []
    if table is None and (statement.lookup is not None or statement.tally is not None):
        # Most of these are answered by the side index: the rest of the question is written only when it is not.
        brief = {"object": version.object, "limit": query.limit, "names": names}
        told, body = pool.ask({**brief, "lookup": statement.lookup, "tally": statement.tally})
        if not told.get("absent"):
            return _finished(pool, version, query, statement, condition, known, told, body)
    request: dict[str, Any] = {
        "object": version.object,
        "sql": statement.sql,
        "parameters": list(statement.parameters),
        "total": statement.total,
        "total_parameters": list(statement.total_parameters),
        "geometry": list(statement.geometry),
        "limit": query.limit,
        "keys": statement.cursor,
        "names": names,
        "seen": statement.seen if statement.cursor else None,
    }
    if table is not None:
        request["table"] = {"columns": [[c.name, str(c.kind)] for c in version.columns], "rows": table}
    if statement.numbers is not None:
        request["numbers"] = statement.numbers
    told, body = pool.ask(request)
    return _finished(pool, version, query, statement, condition, known, told, body)


def _finished(
    pool: Pool, version: Version, query: Query, statement: Statement, condition: bytes, known: int | None,
    told: Mapping[str, Any], body: bytes,
) -> tuple[Statement, dict[str, Any], bytes]:  # fmt: skip
    """Return a statement, what is told of its rows, and these."""
    total = told.get("total") if known is None else known
    if total is not None and _counts(query):
        pool.totals.put(condition, total)
    if query.count and total is None:
        total = version.rows if not _grouped(query) and not query.sample else told["count"]
    cursor = ""
    if statement.cursor and "last" in told:
        last = told["last"] if not query.sorts else []
        cursor = _cursor(version, query, last, statement.seen + told["count"])
    return statement, {"total": total if query.count else None, "cursor": cursor}, body


def _counts(query: Query) -> bool:
    """True when the total of a question is that of its condition alone, the same on all its pages."""
    return query.where is not None and not query.sample and not _grouped(query)


def _grouped(query: Query) -> bool:
    """True when a row of the answer stands for a group of rows."""
    shown = any(expressions.aggregates(n.expression) for n in query.shown)
    return bool(query.group or query.aggregates or query.by or shown)


def compile_query(version: Version, query: Query) -> Statement:
    """Return the SQL of a query over a version. Raises as ``run`` does for what was asked."""
    query = _plain(query)
    if query.calculated:
        return _calculated_groups(version, query) if _grouped(query) else _calculated_rows(version, query)
    if query.group or query.aggregates:
        return _groups(version, query)
    return _rows(version, query)


def compile_export(version: Version, query: Query, exact: bool = False, most: int | None = None) -> Statement:
    """Return the SQL of the rows of a query, all or the first ``most``, in the shelf's order unless it says otherwise.

    ``exact`` gives geometries as they are kept (WKB) rather than as GeoJSON.
    """
    query = _plain(query)
    whole = most is None and not query.offset
    tail, bound = ("", []) if whole else (" LIMIT ? OFFSET ?", [10**15 if most is None else most, query.offset])
    if query.calculated:
        if _grouped(query):
            return _calculated_groups(version, query, exact=exact, tail=(tail, bound))
        return _calculated_rows(version, query, exact=exact, tail=(tail, bound))
    columns = _selected(version, query.select)
    where, parameters = _where(version, query.where, query.zone)
    orders = [_order(_key(version, o), o.descending) for o in query.order]
    listed = ", ".join(_quoted(c.name) for c in columns) if exact else _list(columns)
    sql = f"SELECT {listed} FROM {{source}}{where}{_sorting(orders)}{tail}"
    return Statement(sql, [*parameters, *bound], columns, geometry=_shapes(columns))


def _plain(query: Query) -> Query:
    """Return a question without calculations when it has none but names: it has faster ways."""
    if not query.calculated or query.by or query.having or query.sample:
        return query
    shown = [n.expression.name for n in query.shown if isinstance(n.expression, Field) and n.expression.name == n.name]
    sorts = _plain_orders(query)
    if len(shown) < len(query.shown) or len(sorts) < len(query.sorts) or len(set(shown)) < len(shown):
        return query
    return dataclasses.replace(
        query, select=tuple(shown) or query.select, order=(*query.order, *sorts), shown=(), sorts=()
    )


# --- Rows -----------------------------------------------------------------------------------------


def _rows(version: Version, query: Query) -> Statement:
    _check_page(query, MAX_ROWS)
    columns = _selected(version, query.select)
    where, parameters = _where(version, query.where, query.zone)
    total, total_parameters = "", parameters
    if query.count and query.where is not None:
        total = f"SELECT count(*) FROM {{source}}{where}"
    spot = _read_cursor(version, query)
    skipped = query.offset + (spot.seen if spot and not spot.keys else 0)
    alone = where
    after, after_parameters = _after(version, query, spot)
    if after:
        where = f"{where} AND {after}" if where else f" WHERE {after}"
    keys = [_key(version, o) for o in query.order]
    sorting = _sorting([_order(key, o.descending) for key, o in zip(keys, query.order, strict=True)])
    tail = f" FROM {{source}}{where}{sorting} LIMIT ? OFFSET ?"
    bound = [*parameters, *after_parameters, query.limit + 1, skipped]
    numbers = None
    if version.rows >= index.WORTH:
        numbers = _numbers(query, [*keys, ROW], tail, bound, alone, total_parameters, spot, skipped)
        numbers["columns"] = [c.name for c in columns]
    return Statement(
        f"SELECT {', '.join([_list(columns), *keys, ROW])}{tail}",
        bound,
        columns,
        total,
        total_parameters,
        len(keys) + 1,
        _shapes(columns),
        query.offset + (spot.seen if spot else 0),
        _lookup(version, query, columns, spot),
        numbers,
    )


def _numbers(
    query: Query, keys: Sequence[str], tail: str, bound: Sequence[Any], where: str, parameters: Sequence[Any],
    spot: _Spot | None, skipped: int,
) -> dict[str, Any]:  # fmt: skip
    """Return SQL that reads no more of the object than the conditions need, and gives the numbers of a page's rows.

    ``counted``: one answer, the count of all rows and the numbers of the first ones, ``skipped`` of which are to be
    passed, when texts must be folded for both and what is skipped is little; otherwise one answer a row, its keys and
    its number.
    """
    if query.order or not query.count or skipped > MAX_ROWS or not _folds(query.where):
        return {"sql": f"SELECT {', '.join(keys)}{tail}", "parameters": list(bound), "counted": False}
    after = f" FILTER (WHERE {ROW} > ?)" if spot and spot.keys else ""
    sql = f"SELECT count(*), min({ROW}, {query.limit + 1 + skipped}){after} FROM {{source}}{where}"
    first = [spot.keys[-1]] if spot and after else []
    return {"sql": sql, "parameters": [*first, *parameters], "counted": True, "skipped": skipped}


def _folds(where: Where | None) -> bool:
    """True for a condition that folds a text in every row: what costs most, and is worth doing once."""
    if isinstance(where, All | Some):
        return any(_folds(p) for p in where.parts)
    if isinstance(where, Not):
        return _folds(where.part)
    return isinstance(where, Search) or (isinstance(where, Test) and where.op in (Op.CONTAINS, Op.STARTS))


def _lookup(version: Version, query: Query, columns: Sequence[Column], spot: _Spot | None) -> dict[str, Any] | None:
    """Return how a side index finds a page, None when the object must be asked."""
    if version.rows < index.WORTH or (spot and (query.order or not spot.keys)) or len(query.order) > 1:
        return None
    if any(_known(version, o.name, "order").kind not in _ORDERED for o in query.order):
        return None
    try:
        where = _sought(version, query.where) if query.where is not None else None
    except _NotSoughtError:
        return None
    return {
        "where": where,
        "after": spot.keys[-1] if spot else -1,
        "skip": query.offset,
        "order": [query.order[0].name, query.order[0].descending] if query.order else None,
        "columns": [c.name for c in columns],
    }


class _NotSoughtError(Exception):
    """A side index has no answer to this condition."""


def _sought(version: Version, where: Where) -> list[Any]:
    """Return a condition as ``store.indexed`` reads it. Raises: _NotSoughtError."""
    if isinstance(where, All | Some):
        return ["all" if isinstance(where, All) else "some", [_sought(version, p) for p in where.parts]]
    if isinstance(where, Not):
        return ["not", _sought(version, where.part)]
    if isinstance(where, Holds):
        raise _NotSoughtError
    if isinstance(where, Search):
        words, texts = _folded(where.words).split()[:12], [c.name for c in version.columns if c.kind is Kind.TEXT]
        return ["search", words, texts]
    if isinstance(where, Box):
        if version.geometry or not version.point:
            raise _NotSoughtError
        if where.west > where.east:
            halves = (
                Box(where.west, where.south, 180.0, where.north),
                Box(-180.0, where.south, where.east, where.north),
            )
            return ["some", [_sought(version, half) for half in halves]]
        return ["box", *version.point, where.west, where.south, where.east, where.north]
    column = _known(version, where.column)
    if where.op in (Op.NULL, Op.FILLED):
        if column.kind is Kind.GEOMETRY:
            raise _NotSoughtError
        return [str(where.op), column.name, None]
    if where.op in (Op.CONTAINS, Op.STARTS):
        if column.kind is not Kind.TEXT:
            raise _NotSoughtError
        return [str(where.op), column.name, _folded(str(where.value))]
    if where.op is Op.IN:
        values = where.value if isinstance(where.value, list | tuple) else (where.value,)
        return [str(where.op), column.name, [fit(column, v) for v in values]]
    if column.kind is Kind.TEXT and where.op not in (Op.EQ, Op.NE):
        raise _NotSoughtError  # values lie as JSON writes them, not in the order of their signs
    return [str(where.op), column.name, fit(column, where.value)]


def _sorting(orders: Sequence[str]) -> str:
    """Return the sort of rows, none for the shelf's own order: a worker has one thread and keeps it."""
    return f" ORDER BY {', '.join([*orders, ROW])}" if orders else ""


def _after(version: Version, query: Query, spot: _Spot | None) -> tuple[str, list[Any]]:
    """Return the condition that goes on after a cursor: keys in lexicographic order, empty cells last."""
    if spot is None or not spot.keys:
        return "", []
    keys = [_key(version, o) for o in query.order]
    casts = [_cast(_known(version, o.name), v) for o, v in zip(query.order, spot.keys[:-1], strict=True)]
    choices: list[str] = []
    parameters: list[Any] = []
    for place, value in enumerate(spot.keys):
        same = [f"{k} IS NOT DISTINCT FROM {c}" for k, c in zip(keys[:place], casts[:place], strict=True)]
        if place == len(keys):
            step = f"{ROW} > ?"
        elif value is None:
            continue  # nothing comes after an empty cell but the next rows, which the last choice takes
        else:
            step = f"({keys[place]} {'<' if query.order[place].descending else '>'} {casts[place]} OR {keys[place]} IS NULL)"
        choices.append(" AND ".join([*same, step]))
        parameters.extend(spot.keys[: place + 1])
    return f"({' OR '.join(f'({c})' for c in choices)})", parameters


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a page ended: the keys of its last row (none when they are too long to travel), and how many rows came."""

    keys: Sequence[Any]
    seen: int


def _cursor(version: Version, query: Query, keys: Sequence[Any], seen: int) -> str:
    body = json.dumps([_mark(version, query), list(keys), seen], separators=(",", ":"))
    if len(body) > MAX_CURSOR:
        body = json.dumps([_mark(version, query), [], seen])
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def _read_cursor(version: Version, query: Query) -> _Spot | None:
    if not query.cursor:
        return None
    if len(query.cursor) > 2 * MAX_CURSOR or not query.cursor.isascii():
        raise _bad_cursor()
    try:
        mark, keys, seen = json.loads(base64.urlsafe_b64decode(query.cursor + "=" * (-len(query.cursor) % 4)))
    except (ValueError, binascii.Error, TypeError, RecursionError) as error:
        raise _bad_cursor() from error
    if mark != _mark(version, query) or not isinstance(keys, list) or len(keys) not in (0, len(query.order) + 1):
        raise _bad_cursor()
    if type(seen) is not int or not 0 <= seen <= version.rows:
        raise _bad_cursor()
    if keys:
        if type(keys[-1]) is not int or not 0 <= keys[-1] < 2**62:
            raise _bad_cursor()
        try:
            for order, key in zip(query.order, keys[:-1], strict=True):
                if key is not None:
                    fit(_known(version, order.name, "order"), key)
        except InputError as error:
            raise _bad_cursor() from error
    return _Spot(keys, seen)


def _mark(version: Version, query: Query) -> str:
    """Return what ties a cursor to its version, its conditions and its order."""
    parts = [version.id, to_json(query.where), to_json(query.order)]
    if query.sorts or query.sample or query.zone:
        parts += [to_json(query.sorts), query.sample, query.seed, query.zone]
    said = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _bad_cursor() -> InputError:
    return InputError(
        "Ce curseur n'est pas celui de cette requête.",
        "Reprenez depuis la première page, sans « cursor ».",
        parameter="cursor",
    )


# --- Groups ---------------------------------------------------------------------------------------


def _groups(version: Version, query: Query) -> Statement:
    _check_page(query, MAX_GROUPS)
    if query.cursor:
        raise InputError("« cursor » ne va pas avec un regroupement.", "Utilisez « offset ».")
    keys = [_known(version, name, "group") for name in dict.fromkeys(query.group)]
    for key in keys:
        if key.kind is Kind.GEOMETRY:
            raise InputError(
                "La colonne « {name} » est une géométrie : on ne peut pas regrouper par elle.", name=key.name
            )
    asked = query.aggregates or (Aggregate(Function.COUNT, "", "count"),)
    where, parameters = _where(version, query.where, query.zone)
    columns = [*keys]
    select = [_quoted(k.name) for k in keys]
    for item in asked:
        column, expression = _aggregate(version, item)
        if column.name in {c.name for c in columns}:
            raise InputError("Deux résultats portent le nom « {name} ».", "Donnez un autre nom.", name=column.name)
        columns.append(column)
        select.append(f"{expression} AS {_quoted(column.name)}")
    names = {c.name for c in columns}
    for order in query.order:
        if order.name not in names:
            raise no_column(order.name, names, "order")
    orders = [_order(_quoted(o.name), o.descending) for o in query.order]
    orders += [_order(_quoted(k.name), False) for k in keys]
    group = f" GROUP BY {', '.join(_quoted(k.name) for k in keys)}" if keys else ""
    sorting = f" ORDER BY {', '.join(orders)}" if orders else ""
    inner = f"SELECT {', '.join(select)} FROM {{source}}{where}{group}"
    total = f"SELECT count(*) FROM ({inner})" if query.count and keys else ""
    return Statement(
        f"{inner}{sorting} LIMIT ? OFFSET ?",
        [*parameters, query.limit, query.offset],
        columns,
        total,
        parameters,
        tally=_tally(
            version, query, [k.name for k in keys], [(str(a.function), a.column) for a in asked],
            [("key", n) for n in range(len(keys))] + [("figure", n) for n in range(len(asked))],
            [([c.name for c in columns].index(o.name), o.descending) for o in query.order],
        ),
    )  # fmt: skip


def _tally(
    version: Version, query: Query, keys: Sequence[str], figures: Sequence[tuple[str, str]], answer: Sequence[tuple[str, int]],
    orders: Sequence[tuple[int, bool]],
) -> dict[str, Any] | None:  # fmt: skip
    """Return groups as ``store.tallied`` reads them, None when the object must be asked."""
    if version.rows < index.WORTH or query.having is not None or any(f == Function.MEDIAN for f, _ in figures):
        return None
    try:
        where = _sought(version, query.where) if query.where is not None else None
    except _NotSoughtError:
        return None
    return {
        "where": where, "keys": list(keys), "figures": [list(f) for f in figures], "answer": [list(a) for a in answer],
        "orders": [list(o) for o in orders], "limit": query.limit, "offset": query.offset,
    }  # fmt: skip


def _calculated_tally(version: Version, query: Query, shown: Sequence[Named]) -> dict[str, Any] | None:
    """Return calculated groups as ``store.tallied`` reads them, when they are by columns as they are."""
    keys = [k.expression for k in query.by]
    figures: list[tuple[str, str]] = []
    answer: list[tuple[str, int]] = []
    for item in shown:
        if item.expression in keys:
            answer.append(("key", keys.index(item.expression)))
            continue
        figure = _figure_of(item.expression)
        if figure is None:
            return None
        answer.append(("figure", len(figures)))
        figures.append(figure)
    names, orders = [n.name for n in shown], list[tuple[int, bool]]()
    for sort in query.sorts:
        same = [n for n, item in enumerate(shown) if sort.by in (item.name, item.expression)]
        if not same:
            return None
        orders.append((names.index(sort.by) if isinstance(sort.by, str) else same[0], sort.descending))
    columns = [k.name for k in keys if isinstance(k, Field)]
    if len(columns) < len(keys):
        return None
    return _tally(version, query, columns, figures, answer, orders)


def _figure_of(expression: Expression) -> tuple[str, str] | None:
    """Return a calculation over a column as it is, None for any other."""
    if not isinstance(expression, Call) or expression.what not in _TALLIED:
        return None
    if not expression.arguments:
        return str(expression.what), ""
    held = expression.arguments[0]
    return (str(expression.what), held.name) if isinstance(held, Field) and len(expression.arguments) == 1 else None


_TALLIED = (Calc.COUNT, Calc.COUNT_DISTINCT, Calc.SUM, Calc.AVG, Calc.MIN, Calc.MAX)


def _aggregate(version: Version, item: Aggregate) -> tuple[Column, str]:
    held = _known(version, item.column, "aggregates") if item.column else None
    name = item.name or (f"{item.function}_{item.column}" if item.column else str(item.function))
    if not name.isidentifier() or len(name) > 100:
        raise InputError("« {name} » n'est pas un nom de résultat possible.", name=name[:100])
    if item.function is Function.COUNT:
        return Column(name, name, Kind.INTEGER), f"count({_quoted(held.name)})" if held else "count(*)"
    column = held or _known(version, item.column, "aggregates")
    quoted = _quoted(column.name)
    if item.function is Function.COUNT_DISTINCT:
        return Column(name, name, Kind.INTEGER), f"count(DISTINCT {quoted})"
    if item.function in (Function.SUM, Function.AVG, Function.MEDIAN) and column.kind not in _NUMBERS:
        raise InputError(
            "« {function} » demande une colonne de nombres ; « {column} » n'en est pas une.",
            function=str(item.function),
            column=column.name,
        )
    if column.kind is Kind.GEOMETRY:
        raise InputError("« {function} » ne va pas avec une géométrie.", function=str(item.function))
    kind = Kind.NUMBER if item.function in (Function.AVG, Function.MEDIAN) else column.kind
    return Column(name, name, kind, unit=column.unit), f"{_FUNCTIONS[item.function]}({quoted})"


# --- Calculations ---------------------------------------------------------------------------------

Tail = tuple[str, Sequence[Any]]


def _calculated_rows(version: Version, query: Query, exact: bool = False, tail: Tail | None = None) -> Statement:
    """Return the SQL of rows with calculated columns or orders. A cursor counts rows, but in the shelf's own order."""
    if query.group or query.aggregates or query.having:
        raise InputError("Une condition sur des groupes demande un regroupement.", parameter="having")
    if any(expressions.aggregates(s.by) for s in query.sorts if not isinstance(s.by, str)):
        raise InputError("Trier par un calcul sur des groupes demande un regroupement.", parameter="order")
    compiler = Compiler(version, query.zone, parameter="select")
    columns, pieces = _shown(compiler, query.shown or _all_named(version, query.select), exact)
    made = {n.name: p for n, p in zip(query.shown, pieces, strict=False)}
    where, parameters = _where(version, query.where, query.zone)
    source, drawn = "{source}", list(parameters)
    if query.sample:
        source = f"(SELECT * FROM {{source}}{where} ORDER BY hash({ROW}, ?), {ROW} LIMIT ?)"
        drawn, where = [*parameters, query.seed, min(query.sample, 10**12)], ""
    by_name = [_key(version, o) for o in query.order]
    orders = [_order(key, o.descending) for key, o in zip(by_name, query.order, strict=True)]
    sorted_by, sort_values = _sorts(Compiler(version, query.zone, parameter="order"), query.sorts, made)
    orders += sorted_by
    list_sql = ", ".join(f"{p.sql} AS c{n}" for n, p in enumerate(pieces))
    bound = [*_values(pieces), *drawn]
    geometry = [n for n, c in enumerate(columns) if c.kind is Kind.GEOMETRY]
    if tail is not None:
        sql = f"SELECT {list_sql} FROM {source}{where}{_sorting(orders)}{tail[0]}"
        told = [n for n, p in enumerate(pieces) if p.told]
        return Statement(sql, [*bound, *sort_values, *tail[1]], columns, geometry=geometry, told=told)
    _check_page(query, MAX_ROWS)
    spot = _read_cursor(version, query)
    skipped = query.offset + (spot.seen if spot and not spot.keys else 0)
    after, after_values = _after(version, query, spot) if not query.sorts else ("", [])
    if after:
        where = f"{where} AND {after}" if where else f" WHERE {after}"
    total, total_values = "", drawn
    if query.count and query.sample:
        total = f"SELECT count(*) FROM {source}"
    elif query.count and query.where is not None:
        total = f"SELECT count(*) FROM {{source}}{_where(version, query.where, query.zone)[0]}"
    # What a cursor must hold of a row: nothing when the order is calculated, it counts rows then.
    keys = [] if query.sorts else [*by_name, ROW]
    listed = ", ".join([list_sql, *(keys or [ROW])])
    return Statement(
        f"SELECT {listed} FROM {source}{where}{_sorting(orders)} LIMIT ? OFFSET ?",
        [*bound, *after_values, *sort_values, query.limit + 1, skipped],
        columns,
        total,
        total_values,
        max(len(keys), 1),
        geometry,
        query.offset + (spot.seen if spot else 0),
    )


def _calculated_groups(version: Version, query: Query, exact: bool = False, tail: Tail | None = None) -> Statement:
    """Return the SQL of groups: inside, the keys and what is calculated over rows; outside, what is made of them."""
    if query.group or query.aggregates or query.order or query.select:
        raise InputError("Un regroupement se dit d'une seule façon.", parameter="group")
    if query.cursor:
        raise InputError("« cursor » ne va pas avec un regroupement.", "Utilisez « offset ».")
    inner = Compiler(version, query.zone, parameter="group")
    shown = [*(k for k in query.by if k.name not in {n.name for n in query.shown}), *query.shown]
    if len({n.name for n in shown}) < len(shown):
        raise InputError("Deux résultats portent le même nom.", "Donnez un autre nom.", parameter="select")
    known: dict[Expression, Made] = {}
    pieces: list[Made] = []
    keys = [_group_key(inner, key, known, pieces) for key in query.by]
    for key in query.by:
        if isinstance(key.expression, Call) and key.expression.what is Calc.CLUSTER:
            known[key.expression] = _middle(inner, key.expression, pieces)
    selecting = Compiler(version, query.zone, known, parameter="select")
    over = [n.expression for n in shown] + [s.by for s in query.sorts if not isinstance(s.by, str)]
    for call in dict.fromkeys(found for e in over for found in expressions.aggregates(e)):
        made = selecting(call)
        known[call] = Made(f"a{len(pieces)}", (), made.kind, told=made.told)
        pieces.append(made)
    known |= {Field(key.name): known[key.expression] for key in query.by}
    where, parameters = _where(version, query.where, query.zone)
    group = f" GROUP BY {', '.join(str(n + 1) for n in range(len(keys)))}" if keys else ""
    if not pieces:
        raise InputError("Un regroupement demande au moins une colonne.", parameter="group")
    list_sql = ", ".join(f"{p.sql} AS a{n}" for n, p in enumerate(pieces))
    outer = Compiler(version, query.zone, known, closed=True, parameter="select")
    columns, outside = _shown(outer, shown, exact)
    made_of = {n.name: p for n, p in zip(shown, outside, strict=True)}
    orders, sort_values = _sorts(
        Compiler(version, query.zone, known, closed=True, parameter="order"), query.sorts, made_of
    )
    orders += [f"a{n} ASC NULLS LAST" for n in range(len(keys))]
    having, having_values = _having(version, query, {Field(n): p for n, p in made_of.items()} | known)
    shown_sql = ", ".join(f"{p.sql} AS c{n}" for n, p in enumerate(outside))
    grouped = f"(SELECT {list_sql} FROM {{source}}{where}{group}){having}"
    bound = [*_values(pieces), *parameters, *having_values]
    plain = tail is None
    if tail is None:
        _check_page(query, MAX_GROUPS)
        tail = (" LIMIT ? OFFSET ?", [query.limit, query.offset])
    sorting = f" ORDER BY {', '.join(orders)}" if orders else ""
    return Statement(
        f"SELECT {shown_sql} FROM {grouped}{sorting}{tail[0]}",
        [*_values(outside), *bound, *sort_values, *tail[1]],
        columns,
        f"SELECT count(*) FROM {grouped}" if query.count and (keys or having) else "",
        bound,
        geometry=[n for n, c in enumerate(columns) if c.kind is Kind.GEOMETRY],
        tally=_calculated_tally(version, query, shown) if plain else None,
        told=[n for n, p in enumerate(outside) if p.told],
    )


def _group_key(compiler: Compiler, key: Named, known: dict[Expression, Made], pieces: list[Made]) -> int:
    """Put a key among the pieces and say what stands for it outside."""
    if isinstance(key.expression, Call) and key.expression.what is Calc.PARTS:
        made = expressions.each_part(compiler, key.expression.arguments)
    else:
        made = compiler(key.expression)
    if expressions.aggregates(key.expression):
        raise InputError("On ne regroupe pas par un calcul sur des lignes.", parameter="group")
    if made.shape:
        raise InputError(
            "« {name} » est une géométrie : on ne peut pas regrouper par elle.", name=key.name[:100], parameter="group"
        )
    place = len(pieces)
    pieces.append(made)
    known[key.expression] = Made(f"a{place}", (), made.kind)
    return place


def _middle(compiler: Compiler, cluster: Call, pieces: list[Made]) -> Made:
    """Return what tells a cell of the map: the middle of the places it holds."""
    place = compiler(Call(Calc.CENTROID, cluster.arguments[:1]))
    assert place.x is not None and place.y is not None
    sides = []
    for axis in (place.x, place.y):
        sides.append(Made(f"a{len(pieces)}", (), Kind.NUMBER))
        pieces.append(Made(f"avg({axis.sql})", axis.parameters, Kind.NUMBER))
    return expressions.point(*sides)


def _shown(compiler: Compiler, named: Sequence[Named], exact: bool) -> tuple[list[Column], list[Made]]:
    """Return the columns of an answer and their pieces."""
    columns, pieces = [], []
    for item in named:
        made = compiler(item.expression)
        held = compiler.version.column(item.expression.name) if isinstance(item.expression, Field) else None
        kind = made.kind or Kind.TEXT
        label = held.label if held and held.name == item.name else item.name
        columns.append(Column(item.name, label, kind, unit=held.unit if held else ""))
        pieces.append(made if exact and not made.literal else expressions.shown(made))
    return columns, pieces


def _all_named(version: Version, names: Sequence[str]) -> list[Named]:
    return [Named(Field(c.name), c.name) for c in _selected(version, names)]


def _sorts(compiler: Compiler, sorts: Sequence[Sort], made: Mapping[str, Made]) -> tuple[list[str], list[Any]]:
    """Return the orders that expressions say, and their values."""
    orders, values = [], list[Any]()
    for sort in sorts:
        if isinstance(sort.by, str):
            if sort.by not in made:
                raise no_column(sort.by, set(made), "order")
            piece = made[sort.by]
        else:
            piece = compiler(sort.by)
        if piece.shape:
            raise InputError("On ne peut pas trier par une géométrie.", parameter="order")
        orders.append(_order(f"({piece.sql})", sort.descending))
        values.extend(piece.parameters)
    return orders, values


def _values(pieces: Sequence[Made]) -> list[Any]:
    return [v for p in pieces for v in p.parameters]


def _having(version: Version, query: Query, known: Mapping[Expression, Made]) -> tuple[str, list[Any]]:
    if query.having is None:
        return "", []
    compiler, left = Compiler(version, query.zone, known, closed=True, parameter="having"), [MAX_PARTS]

    def said(where: Where, depth: int) -> Made:
        left[0] -= 1
        if depth > MAX_DEPTH or left[0] < 0:
            raise LimitError("Cette condition est trop longue ou trop imbriquée.", "Posez plusieurs questions.")
        if isinstance(where, Holds):
            return compiler.condition(where.expression)
        if isinstance(where, Not):
            part = said(where.part, depth + 1)
            return Made(f"(NOT coalesce({part.sql}, FALSE))", part.parameters, Kind.BOOLEAN)
        if isinstance(where, All | Some) and where.parts:
            parts = [said(p, depth + 1) for p in where.parts]
            word = " AND " if isinstance(where, All) else " OR "
            return Made(f"({word.join(p.sql for p in parts)})", tuple(_values(parts)), Kind.BOOLEAN)
        raise InputError("Cette condition ne va pas avec des groupes.", parameter="having")

    made = said(query.having, 0)
    return f" WHERE {made.sql}", list(made.parameters)


# --- Conditions -----------------------------------------------------------------------------------


def _where(version: Version, where: Where | None, zone: str = "") -> tuple[str, list[Any]]:
    if where is None:
        return "", []
    parameters: list[Any] = []
    left = [MAX_PARTS]
    sql = _condition(Compiler(version, zone, parameter="where"), where, parameters, 0, left)
    return f" WHERE {sql}", parameters


def _condition(compiler: Compiler, where: Where, parameters: list[Any], depth: int, left: list[int]) -> str:
    version = compiler.version
    left[0] -= 1
    if depth > MAX_DEPTH or left[0] < 0:
        raise LimitError("Cette condition est trop longue ou trop imbriquée.", "Posez plusieurs questions.")
    if isinstance(where, All | Some):
        if not where.parts:
            return "TRUE" if isinstance(where, All) else "FALSE"
        word = " AND " if isinstance(where, All) else " OR "
        return f"({word.join(_condition(compiler, p, parameters, depth + 1, left) for p in where.parts)})"
    if isinstance(where, Not):
        return f"(NOT coalesce({_condition(compiler, where.part, parameters, depth + 1, left)}, FALSE))"
    if isinstance(where, Search):
        return _search(version, where, parameters)
    if isinstance(where, Box):
        return _box(version, where, parameters)
    if isinstance(where, Holds):
        made = compiler.condition(where.expression)
        parameters.extend(made.parameters)
        return made.sql
    return _test(version, where, parameters)


def _test(version: Version, test: Test, parameters: list[Any]) -> str:
    column = _known(version, test.column)
    name = _quoted(column.name)
    if test.op is Op.NULL:
        return f"{name} IS NULL"
    if test.op is Op.FILLED:
        return f"{name} IS NOT NULL"
    if column.kind is Kind.GEOMETRY:
        raise InputError("La colonne « {name} » est une géométrie : utilisez « bbox ».", name=column.name)
    if test.op in (Op.CONTAINS, Op.STARTS):
        parameters.append(_folded(str(test.value)))
        function = "contains" if test.op is Op.CONTAINS else "starts_with"
        return f"{function}({_fold_sql(column)}, ?)"
    if test.op is Op.IN:
        values = test.value if isinstance(test.value, list | tuple) else (test.value,)
        if len(values) > MAX_LIST:
            raise LimitError("Une liste ne peut dépasser {limit} valeurs.", limit=MAX_LIST)
        if not values:
            return "FALSE"
        bound = [fit(column, v) for v in values]
        parameters.extend(bound)
        return f"{name} IN ({', '.join(_cast(column, v) for v in bound)})"
    value = fit(column, test.value)
    parameters.append(value)
    return f"{name} {_COMPARED[test.op]} {_cast(column, value)}"


def _search(version: Version, search: Search, parameters: list[Any]) -> str:
    words = _folded(search.words).split()[:12]
    texts = [_fold_sql(c) for c in version.columns if c.kind is Kind.TEXT]
    if not words or not texts:
        return "TRUE" if not words else "FALSE"
    row = f"concat_ws(' ', {', '.join(texts)})"
    parameters.extend(words)
    return f"({' AND '.join(f'contains({row}, ?)' for _ in words)})"


def _box(version: Version, box: Box, parameters: list[Any]) -> str:
    """Return the rows whose point lies in the box, or whose geometry's own box meets it; borders count.

    A west greater than the east goes round by the 180th meridian.
    """
    numbers = (box.west, box.south, box.east, box.north)
    if not all(isinstance(n, int | float) and -400 <= n <= 400 for n in numbers) or box.south > box.north:
        raise InputError("« bbox » attend ouest, sud, est, nord, en degrés.", parameter="where")
    if box.west > box.east:
        halves = (Box(box.west, box.south, 180.0, box.north), Box(-180.0, box.south, box.east, box.north))
        return f"({' OR '.join(_box(version, half, parameters) for half in halves)})"
    if version.geometry:
        ring = f"{box.west} {box.south},{box.east} {box.south},{box.east} {box.north},{box.west} {box.north}"
        parameters.append(f"POLYGON(({ring},{box.west} {box.south}))")
        shape = f"ST_GeomFromWKB({_quoted(version.geometry)})"
        return f"({_quoted(version.geometry)} IS NOT NULL AND {shape} && CAST(? AS GEOMETRY))"
    if version.point:
        longitude, latitude = (_quoted(_known(version, name).name) for name in version.point)
        parameters.extend((box.west, box.east, box.south, box.north))
        return f"({longitude} BETWEEN ? AND ? AND {latitude} BETWEEN ? AND ?)"
    raise InputError("Ce jeu de données n'a pas de coordonnées : « bbox » ne s'y applique pas.", parameter="where")


def fit(column: Column, value: Any) -> Any:
    """Return a value as a column compares it. Raises: InputError, saying what the column expects."""
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise LimitError("Une valeur ne peut dépasser {limit} caractères.", limit=MAX_TEXT)
    try:
        return _CONVERTERS[column.kind](value)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(
            "La colonne « {column} » contient {kind} ; « {value} » n'en est pas.",
            column=column.name,
            kind=_EXPECTED[column.kind],
            value=str(value)[:80],
        ) from error


def _number(value: Any) -> float:
    number = float(str(value).replace(",", ".").replace("\u00a0", "").replace("\u202f", ""))
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _integer(value: Any) -> int | float:
    """Return an exact integer when it is one: a float would confuse the long identifiers that end alike."""
    try:
        whole = value if isinstance(value, int) else int(str(value))
    except ValueError:
        return _number(value)
    return whole if -(2**63) <= whole < 2**63 else float(whole)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    said = str(value).strip().lower()
    if said in {"true", "oui", "vrai", "1", "yes"}:
        return True
    if said in {"false", "non", "faux", "0", "no"}:
        return False
    raise ValueError(value)


def _moment(value: Any) -> str:
    return datetime.datetime.fromisoformat(str(value)).replace(tzinfo=None).isoformat(sep=" ")


_CONVERTERS: dict[Kind, Any] = {
    Kind.TEXT: str,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: lambda v: datetime.date.fromisoformat(str(v)[:10]).isoformat(),
    Kind.DATETIME: _moment,
    Kind.TIME: lambda v: datetime.time.fromisoformat(str(v)).isoformat(),
}
_EXPECTED = {
    Kind.TEXT: "du texte",
    Kind.INTEGER: "des nombres entiers",
    Kind.NUMBER: "des nombres",
    Kind.BOOLEAN: "oui ou non",
    Kind.DATE: "des dates (AAAA-MM-JJ)",
    Kind.DATETIME: "des dates et heures (AAAA-MM-JJTHH:MM)",
    Kind.TIME: "des heures (HH:MM)",
}


# --- Names ----------------------------------------------------------------------------------------


def _selected(version: Version, names: Sequence[str]) -> list[Column]:
    if not names:
        return list(version.columns)
    return [_known(version, name, "select") for name in dict.fromkeys(names)]


def _known(version: Version, name: str, parameter: str = "") -> Column:
    column = version.column(name)
    if column is None:
        raise no_column(name, [c.name for c in version.columns], parameter)
    return column


def no_column(name: str, known: Sequence[str] | set[str], parameter: str = "") -> UnknownColumn:
    """Return the error for a column that is not there; ``parameter`` says where it was asked for."""
    return UnknownColumn(
        "La colonne « {name} » n'existe pas.",
        "Colonnes : {known}.",
        name=name[:100],
        known=", ".join(sorted(known)),
        parameter=parameter,
    )


def _list(columns: Sequence[Column]) -> str:
    def one(column: Column) -> str:
        quoted = _quoted(column.name)
        if column.kind is Kind.GEOMETRY:
            return f"CAST(ST_AsGeoJSON(ST_GeomFromWKB({quoted})) AS VARCHAR) AS {quoted}"
        return quoted

    return ", ".join(one(c) for c in columns)


def _shapes(columns: Sequence[Column]) -> list[int]:
    return [i for i, c in enumerate(columns) if c.kind is Kind.GEOMETRY]


def _quoted(name: str) -> str:
    """Return a checked name between quotes; names of the manifest hold only letters, digits and ``_``."""
    return '"' + name.replace('"', '""') + '"'


def _key(version: Version, order: Order) -> str:
    """Return what rows are sorted by: a number that is none (NaN, infinite) sorts with the empty cells, as it is shown."""
    column = _known(version, order.name, "order")
    if column.kind is Kind.GEOMETRY:
        raise InputError(
            "La colonne « {name} » est une géométrie : on ne peut pas trier par elle.",
            name=column.name,
            parameter="order",
        )
    quoted = _quoted(column.name)
    return f"(CASE WHEN isfinite({quoted}) THEN {quoted} END)" if column.kind is Kind.NUMBER else quoted


def _order(key: str, descending: bool) -> str:
    return f"{key} {'DESC' if descending else 'ASC'} NULLS LAST"


def _cast(column: Column, value: Any) -> str:
    wanted = "BIGINT" if column.kind is Kind.INTEGER and isinstance(value, int) else _CASTS.get(column.kind)
    return f"CAST(? AS {wanted})" if wanted else "?"


def _fold_sql(column: Column) -> str:
    quoted = _quoted(column.name)
    text = quoted if column.kind is Kind.TEXT else f"CAST({quoted} AS VARCHAR)"
    return f"strip_accents(lower({text}))"


def _folded(text: str) -> str:
    """Fold as the engine does: lower case, then accents off."""
    if len(text) > MAX_TEXT:
        raise LimitError("Une valeur ne peut dépasser {limit} caractères.", limit=MAX_TEXT)
    return expressions.folded(text)


def _check_page(query: Query, most: int) -> None:
    if not 0 <= query.limit <= most:
        raise InputError("« limit » va de 0 à {most}.", "Pour tout obtenir, utilisez l'export.", most=most)
    if not 0 <= query.offset <= 10**12:
        raise InputError("« offset » ne peut pas être négatif.")
