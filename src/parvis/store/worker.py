"""A query worker: a disposable process that answers questions over public objects, and can do nothing else.

Started by ``store.pool``. It speaks frames over one socket: a JSON request in, a JSON answer out, or for an export
raw chunks, an empty frame, then a JSON answer. Before the first request it gives up the network, the disk but for the
public objects, and all memory above its limit. After an internal error it ends itself: one statement can spoil the
engine for all that follow.
"""

from __future__ import annotations

import datetime
import decimal
import json
import math
import os
import sys
from collections import OrderedDict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet  # noqa: F401  loaded before the limit of memory, which counts what comes after

from parvis.store import export
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
        self.indexed: OrderedDict[str, None] = OrderedDict()  # the last asked for at the end

    def answer(self, request: dict[str, Any], connection: Connection) -> dict[str, Any]:
        source, row = self.source(request["object"], "export" in request or request["scan"])

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
        rows = self.engine.execute(filled(request["sql"]), request["parameters"]).fetchall()
        shapes = request["geometry"]
        told: dict[str, Any] = {"rows": [_safe_row(row, shapes) for row in rows]}
        seen, read = request["seen"], len(told["rows"])
        if request["total"] and seen is not None and 0 < read <= request["limit"]:
            told["total"] = seen + read  # the page is the last one: its end is the count
        elif request["total"]:
            told["total"] = self.engine.execute(filled(request["total"]), request["total_parameters"]).fetchall()[0][0]
        return told

    def source(self, content: str, scan: bool) -> tuple[str, str]:
        """Return the SQL of an object's rows and of a row's number: its side index for a page when there is one, else
        the object itself."""
        if not content.isalnum():
            raise ValueError(content)
        if not scan and self.attached(content):
            return f'"{content}".t', "rowid"
        path = self.objects / content[:2] / f"{content}.parquet"
        return f"read_parquet('{path}', file_row_number=true)", "file_row_number"

    def attached(self, content: str) -> bool:
        """True once the index of an object is open; it may have been made since the last question."""
        if content in self.indexed:
            self.indexed.move_to_end(content)
            return True
        index = self.indexes / f"{content}.duckdb"
        if not index.exists():
            return False
        self.engine.execute(f"ATTACH '{index}' AS \"{content}\" (READ_ONLY)")
        self.indexed[content] = None
        if len(self.indexed) > KEPT:
            old, _ = self.indexed.popitem(last=False)
            self.engine.execute(f'DETACH "{old}"')
        return True


def _safe_row(row: tuple[Any, ...], shapes: list[int]) -> list[Any]:
    out = [_safe(cell) for cell in row]
    for index in shapes:
        out[index] = json.loads(out[index]) if out[index] else None
    return out


def _safe(cell: Any) -> Any:
    if cell is None or isinstance(cell, str | int):
        return cell
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else None
    if isinstance(cell, decimal.Decimal):
        return float(cell)
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


def _error(error: Exception) -> dict[str, Any]:
    """Name what went wrong; the engine's own words may hold paths of the server and never leave."""
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return {"error": "memory"}
    if isinstance(error, duckdb.InterruptException) or "max_execution_time" in str(error):
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
