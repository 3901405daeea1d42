"""FlatGeobuf: a layer with its index of places, when every row has one and nothing is left out.

The index is at the head of the file, which is then written whole before it leaves. The rows of a question that are points have
none: they leave while they are written, behind a header whose blanks (how many there are, and the box around them) are filled
from a first look at the question.
"""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parvis.store.writers import sqlite
from parvis.store.writers.frame import Format

if TYPE_CHECKING:
    from parvis.store.writers.batches import Rows

FORMAT = Format(".fgb", "application/vnd.flatgeobuf", "FlatGeobuf", named=False, placed=True, whole=True, exact=True)
_PAUSE = 0.002  # seconds between two looks at a file that grows
_TURN = 8192  # rows that GDAL is given at once, for the first ones to leave early
# What GDAL leaves blank in the header of a file without an index until it closes it: a number of features, four sides.
_UNCOUNTED, _UNBOUNDED = struct.pack("<q", 0xDEADBEEF), struct.pack("<d", float("nan"))


def write(rows: Rows, told: Mapping[str, Any]) -> Iterator[bytes]:
    from parvis.store.writers import batches

    path = rows.work / "export.fgb"
    points = rows.place is not None and len(rows.cells[rows.place].at) == 2
    if points and not told["everywhere"] and int(told["options"].get("epsg", 4326)) == 4326:
        yield from _followed(rows, path, told)
        return
    _layer(rows, path, told, index=bool(told["everywhere"]), kind="Point" if points else "Unknown")
    yield from batches.read(path)


def _layer(rows: Rows, path: Path, told: Mapping[str, Any], *, index: bool, kind: str, **more: Any) -> None:
    from parvis.store.writers import layer

    about = told["about"]
    layer.write(
        rows, path, "FlatGeobuf", sqlite.columns(rows.plain), told, layer="donnees", kind=kind,
        options={"SPATIAL_INDEX": "YES" if index else "NO", "TITLE": about.get("title", ""),
                 "DESCRIPTION": about.get("attribution", "")}, **more,
    )  # fmt: skip


def _followed(rows: Rows, path: Path, told: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the file of points while GDAL writes it, in a thread that a reader who leaves stops."""
    count, box = _measured(rows)
    if not count:
        from parvis.store.writers import batches

        _layer(rows, path, told, index=False, kind="Point")
        yield from batches.read(path)
        return
    writing, left = _Writing(), threading.Event()
    thread = threading.Thread(target=writing, args=(rows, path, told, left), daemon=True)
    thread.start()
    try:
        chunks = _growing(path, thread)
        yield _filled(chunks, count, box)
        yield from chunks
    finally:
        left.set()
        thread.join()
    if writing.fault is not None:
        raise writing.fault


class _Writing:
    """Writes the layer, and keeps what stopped it."""

    def __init__(self) -> None:
        self.fault: BaseException | None = None

    def __call__(self, rows: Rows, path: Path, told: Mapping[str, Any], left: threading.Event) -> None:
        try:
            _layer(rows, path, told, index=False, kind="Point", turn=_TURN, left=left)
        except BaseException as error:
            self.fault = error


def _measured(rows: Rows) -> tuple[int, tuple[float, ...]]:
    """Return how many rows there are, and the box around their places."""
    assert rows.place is not None
    x, y = (f"c{n}" for n in rows.cells[rows.place].at)
    there = f"FILTER (isfinite({x}) AND isfinite({y}))"
    sides = ", ".join(f"{f}(CAST({n} AS DOUBLE)) {there}" for f, n in (("min", x), ("min", y), ("max", x), ("max", y)))
    found: Any = rows.relation.aggregate(f"count(*), {sides}").fetchall()[0]
    return int(found[0]), tuple(found[1:]) if found[1] is not None else ()


def _growing(path: Path, thread: threading.Thread) -> Iterator[bytes]:
    """Yield a file that is being written, to its end."""
    from parvis.store.writers.batches import CHUNK

    while not path.exists() and thread.is_alive():
        time.sleep(_PAUSE)
    if not path.exists():
        return
    with path.open("rb") as stream:
        while True:
            ended = not thread.is_alive()
            if chunk := stream.read(CHUNK):
                yield chunk
            elif ended:
                return
            else:
                time.sleep(_PAUSE)


def _filled(chunks: Iterator[bytes], count: int, box: tuple[float, ...]) -> bytes:
    """Return the start of the file, its header whole and without blanks."""
    start = bytearray()
    for chunk in chunks:
        start += chunk
        if len(start) > 12 and len(start) >= 12 + int.from_bytes(start[8:12], "little"):
            break
    end = 12 + int.from_bytes(start[8:12], "little")
    head = bytes(start[:end]).replace(_UNCOUNTED, struct.pack("<q", count), 1)
    if box:
        head = head.replace(_UNBOUNDED * 4, struct.pack("<4d", *box), 1)
    return head + bytes(start[end:])
