"""SQLite: one table of rows, and one that says what they are; dates as ISO texts, as SQLite's own functions read them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from parvis.store.writers.frame import Cell, Format
from parvis.values import Kind

if TYPE_CHECKING:
    from parvis.store.writers.batches import Rows

FORMAT = Format(".sqlite", "application/vnd.sqlite3", "SQLite", whole=True)
TABLE, ABOUT = "donnees", "a_propos"
_TYPES = {Kind.INTEGER: "INTEGER", Kind.NUMBER: "REAL", Kind.BOOLEAN: "INTEGER"}
_TURN = 20_000  # rows that the engine gives at once


def write(rows: Rows, told: Mapping[str, Any]) -> Iterator[bytes]:
    from parvis.store.writers import batches

    path = rows.work / "export.sqlite"
    base = sqlite3.connect(path, isolation_level=None)
    try:
        base.execute("PRAGMA journal_mode=OFF")
        base.execute("PRAGMA synchronous=OFF")
        base.execute("PRAGMA cache_size=-16000")
        base.execute("BEGIN")
        names = columns(rows.shown)
        typed = ", ".join(f"{quoted(n)} {_TYPES.get(c.kind, 'TEXT')}" for n, c in zip(names, rows.shown, strict=True))
        base.execute(f"CREATE TABLE {TABLE} ({typed})")
        sql = f"INSERT INTO {TABLE} VALUES ({', '.join('?' for _ in names)})"
        shown = ", ".join(_cell(c) for c in rows.shown)
        for batch in rows.relation.project(shown).to_arrow_reader(_TURN):
            base.executemany(sql, zip(*(c.to_pylist() for c in batch.columns), strict=True))
        base.execute(f"CREATE TABLE {ABOUT} (nom TEXT PRIMARY KEY, valeur TEXT)")
        base.executemany(f"INSERT INTO {ABOUT} VALUES (?, ?)", list(told["about"].items()))
        base.execute("COMMIT")
    finally:
        base.close()
    yield from batches.read(path)


def columns(cells: list[Cell]) -> list[str]:
    """Return names that differ for a base that takes « a » and « A » for one."""
    out: list[str] = []
    seen = set[str]()
    for cell in cells:
        name, turn = cell.name, 2
        while name.casefold() in seen:
            name, turn = f"{cell.name}_{turn}", turn + 1
        seen.add(name.casefold())
        out.append(name)
    return out


def _cell(cell: Cell) -> str:
    name = f"c{cell.at[0]}"
    if cell.kind is Kind.NUMBER:
        return f"CASE WHEN isfinite({name}) THEN CAST({name} AS DOUBLE) END"
    if cell.kind is Kind.INTEGER:
        return f"CASE WHEN {name} BETWEEN -9223372036854775808 AND 9223372036854775807 THEN CAST({name} AS BIGINT) END"
    if cell.kind is Kind.BOOLEAN:
        return f"CAST({name} AS TINYINT)"
    if cell.kind is Kind.DATETIME:
        return f"strftime({name}, '%Y-%m-%dT%H:%M:%S')"
    return f"CAST({name} AS VARCHAR)"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\0", "") + '"'
