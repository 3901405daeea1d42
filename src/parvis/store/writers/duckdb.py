"""DuckDB: a base of one table of rows and one that says what they are, which any version since 1.0 opens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from parvis.store.writers import sqlite
from parvis.store.writers.frame import Format
from parvis.values import Kind

if TYPE_CHECKING:
    from parvis.store.writers.batches import Rows

FORMAT = Format(".duckdb", "application/vnd.duckdb", "DuckDB", whole=True)
_TYPES = {
    Kind.INTEGER: "BIGINT", Kind.NUMBER: "DOUBLE", Kind.BOOLEAN: "BOOLEAN", Kind.DATE: "DATE", Kind.DATETIME: "TIMESTAMP",
    Kind.TIME: "TIME",
}  # fmt: skip


def write(rows: Rows, told: Mapping[str, Any]) -> Iterator[bytes]:
    from parvis.store.writers import batches

    path = rows.work / "export.duckdb"
    quoted = str(path).replace("'", "''")
    rows.engine.execute(f"ATTACH '{quoted}' AS given (STORAGE_VERSION 'v1.0.0')")
    try:
        names = sqlite.columns(rows.shown)
        shown = ", ".join(
            f"TRY_CAST(c{c.at[0]} AS {_TYPES.get(c.kind, 'VARCHAR')}) AS {sqlite.quoted(n)}"
            for n, c in zip(names, rows.shown, strict=True)
        )
        rows.relation.project(shown).create(f"given.main.{sqlite.TABLE}")
        rows.engine.execute(f"CREATE TABLE given.main.{sqlite.ABOUT} (nom VARCHAR, valeur VARCHAR)")
        for name, text in told["about"].items():
            rows.engine.execute(f"INSERT INTO given.main.{sqlite.ABOUT} VALUES (?, ?)", [name, text])
    finally:
        rows.engine.execute("DETACH given")
    yield from batches.read(path)
