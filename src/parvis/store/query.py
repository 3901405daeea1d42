"""Questions: a ``Query`` becomes parameterised SQL here and nowhere else, and a query worker answers it.

Columns are checked against the version's manifest, every value is bound, and what the reader wrote never becomes SQL
text. Rows come in the shelf's order; a cursor goes on after the last row of a page, whatever the order asked.

Semantics: text compares exactly (``CONTAINS``, ``STARTS`` and ``Search`` fold case and accents); a comparison with an
empty cell is never true, ``!=`` included; empty cells sort last; ``COUNT_DISTINCT`` is exact and ignores empty cells.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parvis.errors import InputError, LimitError, UnknownColumn
from parvis.store import index
from parvis.values import (
    Aggregate,
    All,
    Box,
    Column,
    Function,
    Kind,
    Not,
    Op,
    Order,
    Page,
    Query,
    Search,
    Some,
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
    lookup: _Lookup | None = None  # the same page asked of the side index
    numbers: _Numbers | None = None  # the same page by its rows' numbers, for the side index to give the rows


def run(pool: Pool, version: Version, query: Query) -> Page:
    """Return the page that answers a query over a version.

    Raises: UnknownColumn, InputError (value that does not fit a column, bad cursor), LimitError (too long, too much
    memory), BusyError (too many questions at once).
    """
    condition = hashlib.sha256(repr((version.id, query.where)).encode("utf-8", "replace")).digest()
    known = pool.totals.get(condition) if query.count and _counts(query) else None
    statement = compile_query(version, query if known is None else dataclasses.replace(query, count=False))
    told = pool.ask(
        {
            "object": version.object,
            "sql": statement.sql,
            "parameters": list(statement.parameters),
            "total": statement.total,
            "total_parameters": list(statement.total_parameters),
            "geometry": list(statement.geometry),
            "limit": query.limit,
            "seen": statement.seen if statement.cursor else None,
            **(statement.lookup.asked() if statement.lookup else {}),
            **(statement.numbers.asked() if statement.numbers else {}),
        }
    )
    rows = told["rows"]
    total = told.get("total") if known is None else known
    if total is not None and _counts(query):
        pool.totals.put(condition, total)
    if query.count and total is None:
        total = version.rows if not query.group and not query.aggregates else len(rows)
    cursor, more = "", len(rows) > query.limit
    if more:
        rows = rows[: query.limit]
    if statement.cursor and more and rows:
        cursor = _cursor(version, query, rows[-1][-statement.cursor :], statement.seen + len(rows))
    if statement.cursor:
        rows = [row[: -statement.cursor] for row in rows]
    return Page(statement.columns, tuple(tuple(r) for r in rows), total if query.count else None, cursor)


def _counts(query: Query) -> bool:
    """True when the total of a question is that of its condition alone, the same on all its pages."""
    return query.where is not None and not query.group and not query.aggregates


def compile_query(version: Version, query: Query) -> Statement:
    """Return the SQL of a query over a version. Raises as ``run`` does for what was asked."""
    if query.group or query.aggregates:
        return _groups(version, query)
    return _rows(version, query)


def compile_export(version: Version, query: Query, exact: bool = False) -> Statement:
    """Return the SQL of all the rows of a query, in the shelf's order unless it says otherwise.

    ``exact`` gives geometries as they are kept (WKB) rather than as GeoJSON.
    """
    columns = _selected(version, query.select)
    where, parameters = _where(version, query.where)
    orders = [_order(_key(version, o), o.descending) for o in query.order]
    listed = ", ".join(_quoted(c.name) for c in columns) if exact else _list(columns)
    sql = f"SELECT {listed} FROM {{source}}{where}{_sorting(orders)}"
    return Statement(sql, parameters, columns, geometry=_shapes(columns))


# --- Rows -----------------------------------------------------------------------------------------


def _rows(version: Version, query: Query) -> Statement:
    _check_page(query, MAX_ROWS)
    columns = _selected(version, query.select)
    where, parameters = _where(version, query.where)
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
        found = _Numbers(f"SELECT {', '.join([*keys, ROW])}{tail}", bound, _fetch(columns), _flags(columns))
        numbers = found if query.order else _counted(found, query, alone, total_parameters, spot, skipped)
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


@dataclass(frozen=True, slots=True)
class _Numbers:
    """SQL that reads no more of the object than the conditions need, and gives the numbers of a page's rows.

    ``counted``: one answer, the count of all rows and the numbers of the first ones, ``skipped`` of which are to be
    passed; otherwise one answer a row, its keys and its number.
    """

    sql: str
    parameters: Sequence[Any]
    fetch: str  # asks the side index for rows by their numbers, whose list is to be added
    flags: Sequence[int]  # positions of booleans, which are 0 and 1 there
    counted: bool = False
    skipped: int = 0

    def asked(self) -> dict[str, Any]:
        return {
            "numbers": self.sql,
            "numbers_parameters": list(self.parameters),
            "fetch": self.fetch,
            "flags": list(self.flags),
            "counted": self.counted,
            "skipped": self.skipped,
        }


def _counted(
    found: _Numbers, query: Query, where: str, parameters: Sequence[Any], spot: _Spot | None, skipped: int
) -> _Numbers:
    """Return the same in one pass with the count, when texts must be folded for both and what is skipped is little."""
    if not query.count or skipped > MAX_ROWS or not _folds(query.where):
        return found
    after = f" FILTER (WHERE {ROW} > ?)" if spot and spot.keys else ""
    sql = f"SELECT count(*), min({ROW}, {query.limit + 1 + skipped}){after} FROM {{source}}{where}"
    bound = [*([spot.keys[-1]] if spot and after else []), *parameters]
    return dataclasses.replace(found, sql=sql, parameters=bound, counted=True, skipped=skipped)


def _folds(where: Where | None) -> bool:
    """True for a condition that folds a text in every row: what costs most, and is worth doing once."""
    if isinstance(where, All | Some):
        return any(_folds(p) for p in where.parts)
    if isinstance(where, Not):
        return _folds(where.part)
    return isinstance(where, Search) or (isinstance(where, Test) and where.op in (Op.CONTAINS, Op.STARTS))


def _fetch(columns: Sequence[Column]) -> str:
    return f"SELECT rowid, {', '.join(_quoted(c.name) for c in columns)} FROM t WHERE rowid IN "


def _flags(columns: Sequence[Column]) -> list[int]:
    return [n for n, c in enumerate(columns) if c.kind is Kind.BOOLEAN]


@dataclass(frozen=True, slots=True)
class _Lookup:
    """SQL for the side index: SQLite's, over the few conditions that mean the same there."""

    sql: str
    parameters: Sequence[Any]
    total: str
    total_parameters: Sequence[Any]
    flags: Sequence[int]  # positions of booleans, which are 0 and 1 there

    def asked(self) -> dict[str, Any]:
        return {
            "lookup": self.sql,
            "lookup_parameters": list(self.parameters),
            "lookup_total": self.total,
            "lookup_total_parameters": list(self.total_parameters),
            "flags": list(self.flags),
        }


def _lookup(version: Version, query: Query, columns: Sequence[Column], spot: _Spot | None) -> _Lookup | None:
    """Return how a side index finds a page, None when reading the object is the right way."""
    if query.order or version.rows < index.WORTH or (spot and not spot.keys):
        return None
    tests = query.where.parts if isinstance(query.where, All) else (query.where,) if query.where else ()
    parts, parameters = [], list[Any]()
    trees = {c.name for c in index.selective(version)}
    for test in tests:
        if not isinstance(test, Test) or test.op not in (Op.EQ, Op.IN):
            return None
        column = _known(version, test.column)
        values = test.value if isinstance(test.value, list | tuple) else (test.value,)
        if column.kind not in (Kind.TEXT, Kind.INTEGER, Kind.DATE) or not values or len(values) > MAX_LIST:
            return None
        parts.append(f"{_quoted(column.name)} IN ({', '.join('?' * len(values))})")
        parameters.extend(fit(column, v) for v in values)
    if tests and trees.isdisjoint(t.column for t in tests if isinstance(t, Test)):
        return None
    where, before = " AND ".join(parts), list(parameters)
    if spot:
        parts.append("rowid > ?")
        parameters.append(spot.keys[-1])
    offset = query.offset
    if not tests and not spot:  # rows are numbered without a hole
        parts.append("rowid >= ?")
        parameters.append(offset)
        offset = 0
    said = f" WHERE {' AND '.join(parts)}" if parts else ""
    listed = ", ".join(_quoted(c.name) for c in columns)
    return _Lookup(
        f"SELECT {listed}, rowid FROM t{said} ORDER BY rowid LIMIT ? OFFSET ?",
        [*parameters, query.limit + 1, offset],
        f"SELECT count(*) FROM t WHERE {where}" if where else "",
        before,
        _flags(columns),
    )


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
    said = json.dumps([version.id, to_json(query.where), to_json(query.order)], sort_keys=True, default=str)
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
    where, parameters = _where(version, query.where)
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
    )


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


# --- Conditions -----------------------------------------------------------------------------------


def _where(version: Version, where: Where | None) -> tuple[str, list[Any]]:
    if where is None:
        return "", []
    parameters: list[Any] = []
    left = [MAX_PARTS]
    sql = _condition(version, where, parameters, 0, left)
    return f" WHERE {sql}", parameters


def _condition(version: Version, where: Where, parameters: list[Any], depth: int, left: list[int]) -> str:
    left[0] -= 1
    if depth > MAX_DEPTH or left[0] < 0:
        raise LimitError("Cette condition est trop longue ou trop imbriquée.", "Posez plusieurs questions.")
    if isinstance(where, All | Some):
        if not where.parts:
            return "TRUE" if isinstance(where, All) else "FALSE"
        word = " AND " if isinstance(where, All) else " OR "
        return f"({word.join(_condition(version, p, parameters, depth + 1, left) for p in where.parts)})"
    if isinstance(where, Not):
        return f"(NOT coalesce({_condition(version, where.part, parameters, depth + 1, left)}, FALSE))"
    if isinstance(where, Search):
        return _search(version, where, parameters)
    if isinstance(where, Box):
        return _box(version, where, parameters)
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
    import unicodedata

    if len(text) > MAX_TEXT:
        raise LimitError("Une valeur ne peut dépasser {limit} caractères.", limit=MAX_TEXT)
    plain = unicodedata.normalize("NFD", text.lower())
    return unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))


def _check_page(query: Query, most: int) -> None:
    if not 0 <= query.limit <= most:
        raise InputError("« limit » va de 0 à {most}.", "Pour tout obtenir, utilisez l'export.", most=most)
    if not 0 <= query.offset <= 10**12:
        raise InputError("« offset » ne peut pas être négatif.")
