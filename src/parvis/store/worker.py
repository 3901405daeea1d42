"""A query worker: a disposable process that answers questions over public objects, and can do nothing else.

Started by ``store.pool``. It speaks frames over one socket: a JSON request in; an answer out, which is a line of JSON
then the rows as JSON, ready to be given; for an export, raw chunks and an empty frame come first. Before the first
request it gives up the network, the disk but for the public objects, and all memory above its limit. After an internal
error it ends itself: one statement can spoil the engine for all that follow.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb
import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet  # loaded before the limit of memory, which counts what comes after

from parvis.store import cells, export, tallied
from parvis.store import index as indexing
from parvis.store.indexed import AbsentError, Index, LateError
from parvis.store.writers import archive
from parvis.tables import confinement

if TYPE_CHECKING:
    from parvis.store.shapes import Shapes

MAPPED = indexing.LARGEST + (256 << 20)  # bytes of the indexes kept open
OWN = 900 << 20  # bytes of memory above the programs themselves; the maps of indexes are the system's to hold
ENGINE_MEMORY = "400MB"
AHEAD = "256KiB"  # of a file, made before its first byte leaves; the engine would make 10 MB
_SHAPES = re.compile(r"\b(?:point|shape)_[a-z]+\(")
_LONG_FRAME = 1 << 31  # bytes of a frame whose length takes eight bytes more
NICE = 5  # a crowd must be told at once that there is no place: who answers the door goes before who works
LONG = 10**6  # seconds of CPU: a worker lives as long as it behaves


class Worker:
    def __init__(self, objects: Path, indexes: Path, work: Path, seconds: float) -> None:
        self.objects, self.indexes, self.work = objects, indexes, work
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
        # A second wall behind that of the kernel: objects and its own folder for the engine, and nothing of this may change.
        self.engine.execute("SET allowed_directories=[?, ?]", [f"{objects}/", f"{work}/"])
        self.engine.execute("SET enable_external_access=false")
        self.engine.execute("SET allowed_configs=['streaming_buffer_size']")  # what of a file is made before it is sent
        self.engine.execute("SET lock_configuration=true")
        self.seconds = self.time = seconds  # of any question, and of the one in hand
        self.shapes: Shapes | None = None  # made at the first question that knows shapes
        self.indexed: OrderedDict[str, Index] = OrderedDict()  # the last asked for at the end
        self.asked = 0  # questions received
        self.busy = False

    def stop_when_told(self, stops: int) -> None:
        """Stop a question when its number comes by a pipe: its reader has gone. A thread's whole work."""
        while told := os.read(stops, 8):
            number = int.from_bytes(told, "little")
            while self.asked < number:  # it is on its way
                time.sleep(0.005)
            while self.busy and self.asked == number:
                for base in tuple(self.indexed.values()):
                    base.limit = 0.0
                self.engine.interrupt()  # forgotten when the engine begins a statement just then: said again
                time.sleep(0.01)

    def answer(self, request: dict[str, Any], connection: Connection) -> tuple[dict[str, Any], bytes]:
        """Return what is told of the rows, and the rows as JSON."""
        self.time = min(float(request.get("seconds", self.seconds)), self.seconds)
        if self.time == self.seconds:
            return self.told(request, connection)
        watch = threading.Timer(self.time, self.engine.interrupt)
        watch.start()
        try:
            return self.told(request, connection)
        finally:
            watch.cancel()

    def told(self, request: dict[str, Any], connection: Connection) -> tuple[dict[str, Any], bytes]:
        began = time.monotonic()
        if "sql" not in request and "tile" not in request and "pyramid" not in request:
            asked = self.looked_up if request["lookup"] is not None else self.tallied
            return asked(request) or ({"absent": True}, b"")
        source, row = self.table(request["table"]) if "table" in request else self.source(request["object"])

        other = self.source(request["other"])[0] if "other" in request else ""

        def filled(sql: str) -> str:
            return sql.replace("{source}", source).replace("{row}", row).replace("{other}", other)

        if "tile" in request:
            return {}, self.tile(request, filled)
        if "pyramid" in request:
            return self.pyramid(request, filled, connection)
        if "export" in request:
            # A connection of its own has no limit of time (the reader's patience is the limit of an export) and is
            # closed whatever happens: a result left open would spoil the next question.
            apart = self.engine.cursor()
            try:
                apart.execute(f"SET streaming_buffer_size='{AHEAD}'")
                relation = apart.sql(filled(request["sql"]), params=self.bound(request["sql"], request["parameters"]))
                for chunk in export.written(apart, relation, request["export"], self.work):
                    if chunk:  # an empty frame says the end
                        connection.send_bytes(chunk)
                return {}, b""
            finally:
                apart.close()
                connection.send_bytes(b"")
        found = self.numbered(request, filled) if "numbers" in request else None
        if found is None:
            parameters = self.bound(request["sql"], request["parameters"])
            rows = self.engine.execute(filled(request["sql"]), parameters).fetchall()
            found = _page(request, rows)
        told, body = found
        if request["total"] and "total" not in told:
            if _ends(request, told):
                told["total"] = request["seen"] + told["count"]
            else:
                parameters = self.bound(request["total"], request["total_parameters"])
                left = self.time - (time.monotonic() - began)  # a page and its total have one time for both
                watch = threading.Timer(max(left, 0.05), self.engine.interrupt)
                watch.start()
                try:
                    told["total"] = self.engine.execute(filled(request["total"]), parameters).fetchall()[0][0]
                finally:
                    watch.cancel()
        return told, body

    def tile(self, request: dict[str, Any], filled: Any) -> bytes:
        """Return a vector tile. Points are counted before their attributes are read: a crowd has none."""
        from parvis.store import tilework

        told = request["tile"]
        if "gathered" in request:
            cells_of = self.arrow(request["gathered"], filled)
            if (pyarrow.compute.sum(cells_of.column(1)).as_py() or 0) > told["crowd"]:
                return tilework.gathered(cells_of.select([1, 2, 3]), told)
        if "bare" in request:
            bare = self.arrow(request["bare"], filled)
            if bare.num_rows > told["crowd"]:
                return tilework.one(bare, told)
            if not bare.num_rows:
                return b""
        return tilework.one(self.arrow(request["rows"], filled), told)

    def pyramid(self, request: dict[str, Any], filled: Any, connection: Connection) -> tuple[dict[str, Any], bytes]:
        """Send a file of all tiles, chunk by chunk."""
        from parvis.store import pmtiles, tilework

        apart = self.engine.cursor()  # without limit of time, as an export
        try:
            table = self.arrow(request["rows"], filled, apart)
            for chunk in tilework.archive(table, request["pyramid"]):
                if chunk:
                    connection.send_bytes(chunk)
            return {}, b""
        except pmtiles.TooLargeError:
            return {"error": "memory"}, b""
        finally:
            apart.close()
            connection.send_bytes(b"")

    def arrow(self, asked: dict[str, Any], filled: Any, engine: Any = None) -> pyarrow.Table:
        """Return the rows of a question by columns, under the names of the question."""
        parameters = self.bound(asked["sql"], asked["parameters"])
        result = (engine or self.engine).sql(filled(asked["sql"]), params=parameters)
        return cast(pyarrow.Table, result.to_arrow_table()).rename_columns(asked["names"])

    def table(self, told: dict[str, Any]) -> tuple[str, str]:
        """Return the SQL of rows that came with the question, and of a row's number."""
        names = [name for name, _ in told["columns"]]
        cells = list(zip(*told["rows"], strict=True)) or [()] * len(names)
        arrays = [_typed(values, kind) for values, (_, kind) in zip(cells, told["columns"], strict=True)]
        numbers = pyarrow.array(range(len(told["rows"])), pyarrow.int64())
        self.engine.register("came", pyarrow.table([*arrays, numbers], [*names, "file_row_number"]))
        return "came", "file_row_number"

    def bound(self, sql: str, parameters: list[Any]) -> list[Any]:
        """Return the values of a question, the functions on shapes ready when it has some."""
        if self.shapes is None and _SHAPES.search(sql):
            from parvis.store.shapes import Shapes

            self.shapes = Shapes(self.engine)
        return self.shapes.bound(parameters) if self.shapes is not None else parameters

    def source(self, content: str) -> tuple[str, str]:
        """Return the SQL of an object's rows and of a row's number."""
        if not content.isalnum():
            raise ValueError(content)
        path = self.objects / content[:2] / f"{content}.parquet"
        return f"read_parquet('{path}', file_row_number=true)", "file_row_number"

    def looked_up(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes] | None:
        """Return the answer that the object's side index gives, None when the object must be asked."""
        base = self.index(request["object"])
        if base is None:
            return None
        asked, limit = request["lookup"], request["limit"]
        try:
            if asked["order"]:
                by, descending = asked["order"]
                rows, total = base.sorted(asked["where"], by, descending, asked["skip"], limit + 1)
            else:
                rows, total = base.page(asked["where"], asked["after"], asked["skip"], limit + 1)
            body = base.written(rows[:limit], asked["columns"], bool(request["names"]))
        except AbsentError:
            return None
        told = {"count": min(len(rows), limit), "more": len(rows) > limit, "total": total}
        if len(rows) > limit > 0:
            last = int(rows[limit - 1])
            keys = [base.cell(asked["order"][0], last)] if asked["order"] else []
            told["last"] = [*keys, last]
        return told, body

    def tallied(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes] | None:
        """Return the groups that the object's side index counts, None when the object must be asked."""
        base = self.index(request["object"])
        if base is None:
            return None
        try:
            rows, total = tallied.tallied(base, request["tally"])
        except AbsentError:
            return None
        names = request["names"]
        body = cells.dumped([dict(zip(names, row, strict=True)) for row in rows] if names else rows)
        return {"count": len(rows), "more": False, "total": total}, body

    def numbered(self, request: dict[str, Any], filled: Any) -> tuple[dict[str, Any], bytes] | None:
        """Return the page whose rows the object numbers and the side index gives, None when there is no index."""
        base = self.index(request["object"])
        if base is None:
            return None
        limit, asked = request["limit"], request["numbers"]
        try:
            base.written(numpy.zeros(0, numpy.int64), asked["columns"], False)
        except AbsentError:
            return None
        parameters = self.bound(asked["sql"], asked["parameters"])
        found = self.engine.execute(filled(asked["sql"]), parameters).fetchall()
        told: dict[str, Any] = {}
        if asked["counted"]:
            told["total"] = found[0][0]
            found = [(n,) for n in (found[0][1] or [])[asked["skipped"] :]]
        rows = numpy.array([keys[-1] for keys in found[:limit]], numpy.int64)
        told |= {"count": len(rows), "more": len(found) > limit}
        if len(found) > limit > 0:
            told["last"] = [cells.plain(key) for key in found[limit - 1]]
        return told, base.written(rows, asked["columns"], bool(request["names"]))

    def index(self, content: str) -> Index | None:
        """Return the side index of an object, its clock at zero; it may have been made since the last question."""
        found = self.indexed.get(content) or self.opened(content)
        if found is not None:
            self.indexed.move_to_end(content)
            found.start(self.time)
        return found

    def opened(self, content: str) -> Index | None:
        path = self.indexes / f"{content}.index"
        if not content.isalnum() or not path.exists():
            return None
        size = path.stat().st_size
        while self.indexed and size + sum(i.size for i in self.indexed.values()) > MAPPED:
            self.indexed.popitem(last=False)  # its map goes with it
        try:
            self.indexed[content] = Index(path)
        except (AbsentError, ValueError, OSError):
            return None
        return self.indexed[content]


_TYPES: dict[str, Any] = {
    "text": pyarrow.string(),
    "integer": pyarrow.int64(), "number": pyarrow.float64(), "boolean": pyarrow.bool_(), "date": pyarrow.date32(),
    "datetime": pyarrow.timestamp("us"),
}  # fmt: skip


def _typed(values: Sequence[Any], kind: str) -> Any:
    """Return cells as a column; dates come as ISO texts."""
    if kind in ("date", "datetime"):
        return pyarrow.array(list(values), pyarrow.string()).cast(_TYPES[kind])
    return pyarrow.array(list(values), _TYPES[kind])


def _page(request: dict[str, Any], rows: Sequence[tuple[Any, ...]]) -> tuple[dict[str, Any], bytes]:
    """Return what is told of rows that the object gave, and these rows as JSON, their keys cut off."""
    limit, keys = request["limit"], request["keys"]
    more = bool(keys) and len(rows) > limit
    told: dict[str, Any] = {"count": limit if more else len(rows), "more": more}
    if more:
        rows = rows[:limit]
        if rows:
            told["last"] = [cells.plain(cell) for cell in rows[-1][-keys:]]
    shown = [_safe_row(row[:-keys] if keys else row, request["geometry"]) for row in rows]
    names = request["names"]
    return told, cells.dumped([dict(zip(names, row, strict=True)) for row in shown] if names else shown)


def _ends(request: dict[str, Any], told: dict[str, Any]) -> bool:
    """True when a page is the last one: where it ends is then the count."""
    return request["seen"] is not None and told["count"] > 0 and not told["more"]


def _safe_row(row: tuple[Any, ...], shapes: list[int]) -> list[Any]:
    out = [cells.plain(cell) for cell in row]
    for index in shapes:
        out[index] = json.loads(out[index]) if out[index] else None
    return out


def _error(error: Exception) -> dict[str, Any]:
    """Name what went wrong; the engine's own words may hold paths of the server and never leave."""
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return {"error": "memory"}
    if isinstance(error, duckdb.InterruptException) or "max_execution_time" in str(error):
        return {"error": "time"}
    if isinstance(error, LateError):
        return {"error": "time"}
    if isinstance(error, duckdb.ConversionException | duckdb.OutOfRangeException | duckdb.InvalidInputException):
        return {"error": "value"}
    if isinstance(error, archive.TooLongError):
        return {"error": "rows"}
    if isinstance(error, duckdb.IOException | FileNotFoundError):
        return {"error": "object"}
    sys.stderr.write(f"query worker: {type(error).__name__}: {error}\n")
    return {"error": "internal", "fatal": True}


def _send(descriptor: int, told: bytes, body: bytes) -> None:
    """Send an answer as ``Connection.send_bytes`` would, in one write: whoever waits is woken once."""
    size = len(told) + 1 + len(body)
    head = size.to_bytes(4, "big") if size < _LONG_FRAME else b"\xff\xff\xff\xff" + size.to_bytes(8, "big")
    parts = [memoryview(p) for p in (head, told, b"\n", body)]
    while parts:
        sent = os.writev(descriptor, parts)
        while parts and sent >= len(parts[0]):
            sent -= len(parts.pop(0))
        if parts:
            parts[0] = parts[0][sent:]


def main(descriptor: int, objects: Path, indexes: Path, work: Path, seconds: float, stops: int) -> None:
    connection = Connection(descriptor)
    os.nice(NICE)
    # The engine comes after: Linux confines the thread that asks and those it starts later, and the engine has its own.
    confinement.confine(
        {
            "reads": [str(objects), str(indexes)],
            "writes": [str(work)],
            "memory": OWN + MAPPED,
            "own": OWN,
            "seconds": LONG,
            "disk": 2 << 30,
        }
    )
    worker = Worker(objects, indexes, work, seconds)
    worker.engine.execute("SELECT 1").fetchall()  # an answer left open would stop what comes next
    threading.Thread(target=worker.stop_when_told, args=(stops,), daemon=True).start()
    connection.send_bytes(b"ready")
    while True:
        try:
            request = json.loads(connection.recv_bytes())
        except EOFError:
            return
        body = b""
        worker.busy = True
        worker.asked += 1
        try:
            told, body = worker.answer(request, connection)
        except Exception as error:
            told = _error(error)
        worker.busy = False
        _send(descriptor, json.dumps(told).encode(), body)
        if told.get("fatal"):
            os._exit(1)


if __name__ == "__main__":
    paths = [Path(told) for told in sys.argv[2:5]]
    main(int(sys.argv[1]), paths[0], paths[1], paths[2], float(sys.argv[5]), int(sys.argv[6]))
