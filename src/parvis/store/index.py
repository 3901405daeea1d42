"""The side index of a version: a SQLite file made from its object, so that the smallest questions need no scan.

It answers two: the next page in the shelf's order, and the rows whose text in a column is one of some values. A page
then costs 0.3 ms of CPU over 1,000,000 rows, where Parquet costs 60 and an indexed DuckDB table 2 to 5; everything
else is asked of the object (ADR 10). It is never the truth: built at publication when the version is large, erased
with its object or when a newer version is current, rebuilt at will.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import math
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.store import disk, shelf
from parvis.store.folder import Folder
from parvis.values import Column, Kind, Version

WORTH = 20_000  # rows; under it the object itself answers in a few milliseconds
MOST = 6  # columns that get a tree
BATCH = 20_000  # rows
MEMORY = "600MB"


def path(indexes: Path, content: str) -> Path:
    """Return where the index of an object lies, if it has one."""
    return indexes / f"{content}.sqlite"


def build(folder: Folder, version: Version) -> bool:
    """Make the index of a version if it is worth one and absent; True when there is one afterwards."""
    target = path(folder.indexes, version.object)
    if target.exists():
        return True
    if version.rows < WORTH or version.column("rowid"):  # a column of that name would hide the row's own number
        return False
    waiting = folder.staging / f"{secrets.token_hex(16)}.sqlite"
    with disk.said_kindly():
        try:
            _write(waiting, folder.object(version.object), version)
            disk.flush_file(waiting)
            disk.rename(waiting, target)
        except OverflowError:  # an integer beyond 64 bits: SQLite has none
            return False
        finally:
            waiting.unlink(missing_ok=True)
        _sweep(folder, version.object)
    return True


def selective(version: Version) -> list[Column]:
    """Return the columns worth a tree: an equality on them leaves few rows."""
    rows = version.rows
    useful = [c for c in version.columns if c.kind is Kind.TEXT and c.distinct > 200 and c.filled > rows / 20]
    return sorted(useful, key=lambda c: (-min(c.distinct, rows // 4), c.name))[:MOST]


def plain(cell: Any) -> Any:
    """Return a cell as JSON has it: an ISO date, a number, nothing for a number that is none."""
    if cell is None or isinstance(cell, str | int):
        return cell
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else None
    if isinstance(cell, decimal.Decimal):
        return float(cell)
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


def _write(target: Path, source: Path, version: Version) -> None:
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as base:
        for pragma in ("journal_mode=off", "synchronous=off", "locking_mode=exclusive", "cache_size=-65536"):
            base.execute(f"PRAGMA {pragma}")
        names = [_quoted(c.name) for c in version.columns]
        base.execute(f"CREATE TABLE t ({', '.join(names)})")
        base.execute("BEGIN")
        places = ", ".join("?" * (len(names) + 1))
        base.executemany(f"INSERT INTO t (rowid, {', '.join(names)}) VALUES ({places})", _rows(source, version))
        for number, column in enumerate(selective(version)):
            base.execute(f"CREATE INDEX i{number} ON t ({_quoted(column.name)})")
        base.execute("COMMIT")


def _rows(source: Path, version: Version) -> Iterator[Sequence[Any]]:
    """Yield each row after its number, as JSON has it; places as GeoJSON text."""
    import duckdb

    asked = ", ".join(
        f"ST_AsGeoJSON(ST_GeomFromWKB({_quoted(c.name)}))" if c.kind is Kind.GEOMETRY else _quoted(c.name)
        for c in version.columns
    )
    odd = [n for n, c in enumerate(version.columns, 1) if c.kind not in (Kind.TEXT, Kind.GEOMETRY, Kind.INTEGER)]
    with duckdb.connect(config={"memory_limit": MEMORY, "threads": 1}) as engine:
        engine.execute("SET enable_progress_bar=false")  # it would be written among the answers of a command
        result = engine.execute(
            f"SELECT file_row_number, {asked} FROM read_parquet(?, file_row_number=true)", [str(source)]
        )
        while rows := result.fetchmany(BATCH):
            for row in rows:
                cells = list(row)
                for n in odd:
                    cells[n] = plain(cells[n])
                yield cells


def _sweep(folder: Folder, new: str) -> None:
    """Erase the indexes that no current version asks for: old versions answer from their object."""
    current = {shelf.load(folder, known.current).object for known in shelf.records(folder) if known.current}
    for found in folder.indexes.iterdir():
        if found.suffix != ".sqlite" or (found.stem not in current and found.stem != new):
            disk.erase(found)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
