"""What the tests of the readers share: bytes in, tables out, with no cage around."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import shapely

from parvis.tables.read import read_into
from parvis.tables.sink import Sink
from parvis.tables.table import Limits


def told(tmp_path: Path, content: Any, name: str, limits: Limits | None = None) -> Sink:
    """Return what reading these bytes (or this value, as JSON) gives; the file lies under a name without suffix."""
    path = tmp_path / "sent"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return of(tmp_path, path, name, limits)


def of(tmp_path: Path, path: Path, name: str = "", limits: Limits | None = None) -> Sink:
    """Return what reading a file gives."""
    work = tmp_path / "work"
    work.mkdir()
    sink = Sink(work, limits)
    read_into(path, name or path.name, sink)
    kept = {t.path for t in sink.tables}
    assert set(work.iterdir()) == kept, "a reader left something behind"
    return sink


def cells(sink: Sink, table: int = 0) -> list[dict[str, Any]]:
    """Return the rows of a table, by label."""
    raw = sink.tables[table]
    rows = pq.read_table(raw.path).to_pylist()
    return [{label: row[f"c{i}"] for i, label in enumerate(raw.labels)} for row in rows]


def lines(sink: Sink, table: int = 0) -> list[int]:
    return [row["__line"] for row in pq.read_table(sink.tables[table].path).to_pylist()]


def shapes(sink: Sink, table: int = 0) -> list[Any]:
    return list(shapely.from_wkb(pq.read_table(sink.tables[table].path).column("__geometry").to_pylist()))


def places(sink: Sink, table: int = 0) -> list[tuple[float, float] | None]:
    """Return the points of a table, rounded to some hundred metres."""
    return [None if s is None else (round(s.x, 3), round(s.y, 3)) for s in shapes(sink, table)]


def codes(sink: Sink) -> list[str]:
    return [f.code for f in sink.findings]
