"""What changed between two versions, row by row: rows that came and went, and cells that are no longer the same.

Rows are told apart by columns whose values are all different in both versions, found by the manifests or said by who asks.
Without any, a changed row is one that went and one that came. Columns are those that both versions have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.store import query as asking
from parvis.values import Column, Kind, Version

if TYPE_CHECKING:
    from parvis.store.pool import Pool

MOST = 1000  # changes of a page
EXACT = 100_000  # rows up to which a manifest's count of different values is exact
MOST_KEYS = 5
_IDENTITY = re.compile(
    r"^(?:id|uid|uuid|code|num|numero|identifiant|reference|ref|cle|siret|matricule)(?:_|$)|_(?:id|uid|uuid)$"
)


class What(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row as it is now, or as it was when it went; ``cells``: column -> what it held, what it holds."""

    what: What
    row: dict[str, Any]
    cells: dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of changes and how many there are in all. ``key`` are the columns that tell rows apart."""

    key: Sequence[str]
    added: int
    removed: int
    changed: int
    rows: Sequence[RowChange]
    columns_added: Sequence[Column]
    columns_removed: Sequence[Column]


def between(
    pool: Pool,
    before: Version,
    after: Version,
    *,
    key: Sequence[str] = (),
    only: What | None = None,
    limit: int = 100,
    offset: int = 0,
) -> Changes:
    """Return what changed from a version to another of the same dataset.

    ``key``: columns whose values together are those of one row only. Raises: UnknownColumn, InputError when they are not,
    LimitError when the tables are too long to be compared in time.
    """
    if not 0 <= limit <= MOST or not 0 <= offset <= 10**12:
        raise InputError("« limit » va de 0 à {most}.", most=MOST, parameter="limit")
    olds = {c.name: c for c in before.columns}
    common = [c for c in after.columns if c.name in olds]
    new = [c for c in after.columns if c.name not in olds]
    gone = [c for c in before.columns if c.name not in {c.name for c in after.columns}]
    if not common:
        raise InputError("Ces deux versions n'ont aucune colonne commune.")
    chosen = _said_key(pool, before, after, key) if key else _found_key(pool, before, after, common)
    counts, rows = _compared(pool, before, after, common, chosen, only, limit, offset)
    return Changes(chosen, *counts, rows, new, gone)


def _said_key(pool: Pool, before: Version, after: Version, key: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(key))
    if len(names) > MOST_KEYS:
        raise InputError("« key » prend {most} colonnes au plus.", most=MOST_KEYS, parameter="key")
    for version in (before, after):
        for name in names:
            column = version.column(name)
            if column is None:
                raise asking.no_column(name, [c.name for c in version.columns], "key")
            if column.kind is Kind.GEOMETRY:
                raise InputError("Une géométrie ne distingue pas les lignes.", parameter="key")
    if not _tells_apart(pool, before, after, names):
        raise InputError(
            "Ces colonnes ne distinguent pas les lignes : {names}.", names=", ".join(names), parameter="key"
        )
    return names


def _found_key(pool: Pool, before: Version, after: Version, common: Sequence[Column]) -> list[str]:
    """Return a column that tells rows apart: one that looks like an identity first, else the leftmost."""
    held = [c for c in common if c.kind in (Kind.TEXT, Kind.INTEGER)]
    held = [c for c in held if all(_may_be_key(v, v.column(c.name)) for v in (before, after))]
    held.sort(key=lambda c: not _IDENTITY.search(c.name))
    for column in held[:3]:
        if _tells_apart(pool, before, after, [column.name]):
            return [column.name]
    return []


def _may_be_key(version: Version, column: Column | None) -> bool:
    if column is None or column.filled < version.rows:
        return False
    return column.distinct == version.rows if version.rows <= EXACT else column.distinct > 0.9 * version.rows


def _tells_apart(pool: Pool, before: Version, after: Version, names: Sequence[str]) -> bool:
    """True when no two rows of a version have the same key, nor an empty one."""
    listed = ", ".join(_quoted(n) for n in names)
    empty = " OR ".join(f"{_quoted(n)} IS NULL" for n in names)
    one = "SELECT count(*), count(DISTINCT ({})), count(*) FILTER (WHERE {}) FROM {}"
    sql = " UNION ALL ".join(one.format(listed, empty, source) for source in ("{source}", "{other}"))
    found = _asked(pool, before, after, sql, [])
    return all(rows == distinct and not holes for rows, distinct, holes in found)


def _compared(
    pool: Pool, before: Version, after: Version, common: Sequence[Column], key: Sequence[str], only: What | None,
    limit: int, offset: int,
) -> tuple[tuple[int, int, int], list[RowChange]]:  # fmt: skip
    table = _keyed(before, after, common, key) if key else _unkeyed(common)
    counted = ", ".join(f"count(*) FILTER (WHERE what = '{w}')" for w in What)
    ((added, removed, changed),) = _asked(pool, before, after, f"WITH {table} SELECT {counted} FROM told", [])
    if limit == 0:
        return (added, removed, changed), []
    where = " WHERE what = ?" if only else ""
    sql = f"WITH {table} SELECT * EXCLUDE (place) FROM told{where} ORDER BY place, what LIMIT ? OFFSET ?"
    found = _asked(pool, before, after, sql, [*([str(only)] if only else []), limit, offset])
    return (added, removed, changed), [_change(row, common) for row in found]


def _change(row: Sequence[Any], common: Sequence[Column]) -> RowChange:
    what, count = What(row[0]), len(common)
    olds, news = row[1 : 1 + count], row[1 + count : 1 + 2 * count]
    now = olds if what is What.REMOVED else news
    shown = {c.name: _shape(v, c) for c, v in zip(common, now, strict=True)}
    cells = {}
    if what is What.CHANGED:
        pairs = zip(common, olds, news, strict=True)
        cells = {c.name: (_shape(a, c), _shape(b, c)) for c, a, b in pairs if a != b}
    return RowChange(what, shown, cells)


def _shape(value: Any, column: Column) -> Any:
    return json.loads(value) if column.kind is Kind.GEOMETRY and isinstance(value, str) else value


def _keyed(before: Version, after: Version, common: Sequence[Column], key: Sequence[str]) -> str:
    """Return the SQL of a table « told »: what happened, the cells before, the cells after, an order."""
    same = " AND ".join(f"b.{_quoted(k)} = a.{_quoted(k)}" for k in key)
    first = _quoted(key[0])
    differ = " OR ".join(f"b.{_quoted(c.name)} IS DISTINCT FROM a.{_quoted(c.name)}" for c in common)
    olds = ", ".join(f"{_given('b', c)} AS b{n}" for n, c in enumerate(common))
    news = ", ".join(f"{_given('a', c)} AS a{n}" for n, c in enumerate(common))
    what = f"CASE WHEN b.{first} IS NULL THEN 'added' WHEN a.{first} IS NULL THEN 'removed' ELSE 'changed' END"
    return (
        f"b AS (SELECT {_cells(before, after, common)}, {{row}} AS r FROM {{other}}), "
        f"a AS (SELECT {_cells(before, after, common)}, {{row}} AS r FROM {{source}}), "
        f"told AS (SELECT {what} AS what, {olds}, {news}, coalesce(a.r, b.r) AS place FROM b FULL JOIN a ON {same} "
        f"WHERE b.{first} IS NULL OR a.{first} IS NULL OR {differ})"
    )


def _unkeyed(common: Sequence[Column]) -> str:
    cells = ", ".join(f"{_plain(c)} AS {_quoted(c.name)}" for c in common)
    named = ", ".join(f"{_quoted(c.name)} AS {{}}{n}" for n, c in enumerate(common))
    nothing = ", ".join(f"NULL AS {{}}{n}" for n in range(len(common)))
    came = "(SELECT {0} FROM {1} EXCEPT ALL SELECT {0} FROM {2})"
    rows = "SELECT '{0}' AS what, {1}, {2}, row_number() OVER () AS place FROM {3}"
    added = rows.format(
        "added", nothing.replace("{}", "b"), named.replace("{}", "a"), came.format(cells, "{source}", "{other}")
    )
    gone = rows.format(
        "removed", named.replace("{}", "b"), nothing.replace("{}", "a"), came.format(cells, "{other}", "{source}")
    )
    return f"told AS ({added} UNION ALL {gone})"


def _cells(before: Version, after: Version, common: Sequence[Column]) -> str:
    """Return the cells of a version; those of a column whose type changed as text, so that « 12 » is still 12."""
    out = []
    for column in common:
        old = before.column(column.name)
        name = _quoted(column.name)
        out.append(name if old is not None and old.kind is column.kind else f"CAST({name} AS VARCHAR) AS {name}")
    return ", ".join(out)


def _plain(column: Column) -> str:
    return _quoted(column.name) if column.kind is Kind.GEOMETRY else f"CAST({_quoted(column.name)} AS VARCHAR)"


def _given(table: str, column: Column) -> str:
    name = f"{table}.{_quoted(column.name)}"
    return f"CAST(ST_AsGeoJSON(ST_GeomFromWKB({name})) AS VARCHAR)" if column.kind is Kind.GEOMETRY else name


def _asked(pool: Pool, before: Version, after: Version, sql: str, parameters: Sequence[Any]) -> list[Any]:
    request: dict[str, Any] = {
        "object": after.object, "other": before.object, "sql": sql, "parameters": list(parameters), "total": "",
        "total_parameters": [], "geometry": [], "limit": 0, "keys": 0, "names": [], "seen": None,
    }  # fmt: skip
    _, body = pool.ask(request)
    found: list[Any] = json.loads(body)
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
