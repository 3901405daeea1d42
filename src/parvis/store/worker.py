"""A query worker: a disposable process that answers questions over public objects, and can do nothing else.

Started by ``store.pool``. It speaks frames over one socket: a JSON request in, a JSON answer out, or for an export
raw chunks, an empty frame, then a JSON answer. Before the first request it gives up the network, the disk but for the
public objects, and all memory above its limit. After an internal error it ends itself: one statement can spoil the
engine for all that follow.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections import OrderedDict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet  # noqa: F401  loaded before the limit of memory, which counts what comes after

from parvis.store import export
from parvis.store import index as indexing
from parvis.tables import confinement

MEMORY = 900 << 20  # bytes of address space above the programs themselves
ENGINE_MEMORY = "400MB"
KEPT = 40  # indexes kept open
LONG = 10**6  # seconds of CPU: a worker lives as long as it behaves


class Worker:
    def __init__(self, objects: Path, indexes: Path, work: Path, seconds: float) -> None:
        self.objects, self.indexes = objects, indexes
        self.engine = duckdb.connect(
            config={
                "threads": 1,
                "memory_limit": ENGINE_MEMORY,
                "temp_directory": str(work / "sort"),
                "max_temp_directory_size": "2GB",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "python_enable_replacements": False,
            }
        )
        self.engine.execute("SET parquet_metadata_cache=true")
        self.engine.execute("SET enable_progress_bar=false")
        self.engine.execute(f"SET max_execution_time={int(seconds * 1000)}")
        self.seconds = seconds
        self.indexed: OrderedDict[str, sqlite3.Connection] = OrderedDict()  # the last asked for at the end

    def answer(self, request: dict[str, Any], connection: Connection) -> dict[str, Any]:
        if request.get("lookup") and (found := self.looked_up(request)) is not None:
            return found
        source, row = self.source(request["object"])

        def filled(sql: str) -> str:
            return sql.replace("{source}", source).replace("{row}", row)

        if "export" in request:
            # A connection of its own has no limit of time (the reader's patience is the limit of an export) and is
            # closed whatever happens: a result left open would spoil the next question.
            apart = self.engine.cursor()
            try:
                result = apart.sql(filled(request["sql"]), params=request["parameters"])
                for chunk in export.written(result, request["export"]):
                    connection.send_bytes(chunk)
                return {"rows": None}
            finally:
                apart.close()
                connection.send_bytes(b"")
        base = self.index(request["object"]) if "numbers" in request else None
        if base is not None:
            numbers = self.engine.execute(filled(request["numbers"]), request["numbers_parameters"]).fetchall()
            if request["counted"]:
                first = (numbers[0][1] or [])[request["skipped"] :]
                return {"rows": _numbered(base, request, [(n,) for n in first]), "total": numbers[0][0]}
            told: dict[str, Any] = {"rows": _numbered(base, request, numbers)}
        else:
            rows = self.engine.execute(filled(request["sql"]), request["parameters"]).fetchall()
            told = {"rows": [_safe_row(row, request["geometry"]) for row in rows]}
        if request["total"] and _ends(request, len(told["rows"])):
            told["total"] = request["seen"] + len(told["rows"])
        elif request["total"]:
            told["total"] = self.engine.execute(filled(request["total"]), request["total_parameters"]).fetchall()[0][0]
        return told

    def source(self, content: str) -> tuple[str, str]:
        """Return the SQL of an object's rows and of a row's number."""
        if not content.isalnum():
            raise ValueError(content)
        path = self.objects / content[:2] / f"{content}.parquet"
        return f"read_parquet('{path}', file_row_number=true)", "file_row_number"

    def looked_up(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Return the answer that the object's side index gives, None when it has no index."""
        base = self.index(request["object"])
        if base is None:
            return None
        rows: list[Any] = base.execute(request["lookup"], request["lookup_parameters"]).fetchall()
        if request["geometry"] or request["flags"]:
            rows = [_lived_row(row, request["geometry"], request["flags"]) for row in rows]
        told: dict[str, Any] = {"rows": rows}
        if request["total"] and _ends(request, len(rows)):
            told["total"] = request["seen"] + len(rows)
        elif request["total"]:
            told["total"] = base.execute(request["lookup_total"], request["lookup_total_parameters"]).fetchone()[0]
        return told

    def index(self, content: str) -> sqlite3.Connection | None:
        """Return the side index of an object, its clock at zero; it may have been made since the last question."""
        found = self.indexed.get(content) or self.opened(content)
        if found is not None:
            self.indexed.move_to_end(content)
            limit = time.monotonic() + self.seconds
            found.set_progress_handler(lambda: time.monotonic() > limit, 50_000)
        return found

    def opened(self, content: str) -> sqlite3.Connection | None:
        path = indexing.path(self.indexes, content)
        if not content.isalnum() or not path.exists():
            return None
        found = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
        for pragma in ("temp_store=memory", "cache_size=-8192", "query_only=on"):
            found.execute(f"PRAGMA {pragma}")
        self.indexed[content] = found
        if len(self.indexed) > KEPT:
            self.indexed.popitem(last=False)[1].close()
        return found


def _numbered(base: sqlite3.Connection, request: dict[str, Any], found: list[tuple[Any, ...]]) -> list[list[Any]]:
    """Return rows of the side index by their numbers, each followed by its keys and its number."""
    numbers = [keys[-1] for keys in found]
    rows = {row[0]: row[1:] for row in base.execute(f"{request['fetch']}({','.join('?' * len(numbers))})", numbers)}
    shapes, flags = request["geometry"], request["flags"]
    return [[*_lived_row(rows[keys[-1]], shapes, flags), *map(indexing.plain, keys)] for keys in found]


def _ends(request: dict[str, Any], read: int) -> bool:
    """True when a page is the last one: where it ends is then the count."""
    return request["seen"] is not None and 0 < read <= request["limit"]


def _lived_row(row: tuple[Any, ...], shapes: list[int], flags: list[int]) -> list[Any]:
    """Return a row of the side index with its shapes and its booleans, which SQLite has not."""
    out = list(row)
    for index in shapes:
        out[index] = json.loads(out[index]) if out[index] else None
    for index in flags:
        out[index] = bool(out[index]) if out[index] is not None else None
    return out


def _safe_row(row: tuple[Any, ...], shapes: list[int]) -> list[Any]:
    out = [indexing.plain(cell) for cell in row]
    for index in shapes:
        out[index] = json.loads(out[index]) if out[index] else None
    return out


def _error(error: Exception) -> dict[str, Any]:
    """Name what went wrong; the engine's own words may hold paths of the server and never leave."""
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return {"error": "memory"}
    if isinstance(error, duckdb.InterruptException) or "max_execution_time" in str(error):
        return {"error": "time"}
    if isinstance(error, sqlite3.OperationalError) and "interrupted" in str(error):
        return {"error": "time"}
    if isinstance(error, duckdb.ConversionException | duckdb.OutOfRangeException | duckdb.InvalidInputException):
        return {"error": "value"}
    if isinstance(error, export.TooLongError):
        return {"error": "rows"}
    if isinstance(error, duckdb.IOException | FileNotFoundError):
        return {"error": "object"}
    sys.stderr.write(f"query worker: {type(error).__name__}: {error}\n")
    return {"error": "internal", "fatal": True}


def main(descriptor: int, objects: Path, indexes: Path, work: Path, seconds: float) -> None:
    connection = Connection(descriptor)
    # The engine comes after: Linux confines the thread that asks and those it starts later, and the engine has its own.
    confinement.confine(
        {
            "reads": [str(objects), str(indexes)],
            "writes": [str(work)],
            "memory": MEMORY,
            "seconds": LONG,
            "disk": 2 << 30,
        }
    )
    worker = Worker(objects, indexes, work, seconds)
    worker.engine.execute("SELECT 1")
    connection.send_bytes(b"ready")
    while True:
        try:
            request = json.loads(connection.recv_bytes())
        except EOFError:
            return
        try:
            told = worker.answer(request, connection)
        except Exception as error:
            told = _error(error)
        connection.send_bytes(json.dumps(told).encode())
        if told.get("fatal"):
            os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]), float(sys.argv[5]))
