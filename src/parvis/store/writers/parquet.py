"""Parquet, GeoParquet 1.1 when there is a geometry; licence and attribution among the file's own words."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from parvis.store.writers.frame import Format
from parvis.values import Kind

if TYPE_CHECKING:
    import pyarrow as pa

    from parvis.store.writers.batches import Rows

FORMAT = Format(".parquet", "application/vnd.apache.parquet", "Parquet", common=True, exact=True)
GROUP = 65_536  # rows of a group


def write(rows: Rows, told: Mapping[str, Any]) -> Iterator[bytes]:
    import pyarrow.parquet as pq

    sink, batches = Drain(), iter(rows.batches())
    first = next(batches, None)
    schema = described(
        rows, told, first.schema if first is not None else rows.relation.limit(0).to_arrow_table().schema
    )
    compression = told["options"].get("compression", "zstd")
    with pq.ParquetWriter(cast(Any, sink), schema, compression=compression) as writer:
        yield from sink.drain()  # the question is answered: who waits is told so before a whole group is there
        for group in _groups(first, batches, schema):
            writer.write_table(group, row_group_size=GROUP)
            yield from sink.drain()
    yield from sink.drain()


def described(rows: Rows, told: Mapping[str, Any], found: pa.Schema) -> pa.Schema:
    """Return the schema of the file with what it says of itself."""
    words = {name.encode(): text.encode() for name, text in told["about"].items()}
    shapes = [c.name for c in rows.shown if c.kind is Kind.GEOMETRY]
    if shapes:
        words[b"geo"] = json.dumps(_geo(shapes[0], told["bbox"])).encode()
    return rows.schema(found).with_metadata(words)


def _groups(first: pa.RecordBatch | None, batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the rows in tables long enough to be read fast."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = [first] if first is not None else []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= GROUP - len(batch):
            yield pa.Table.from_batches(waiting).rename_columns(schema.names).replace_schema_metadata(schema.metadata)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting).rename_columns(schema.names).replace_schema_metadata(schema.metadata)


def _geo(shape: str, bbox: list[float]) -> dict[str, Any]:
    """Return the GeoParquet 1.1 description of a WKB column in longitude and latitude (the CRS it means by default)."""
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": []}
    if len(bbox) == 4:
        column["bbox"] = bbox
    return {"version": "1.1.0", "primary_column": shape, "columns": {shape: column}}


class Drain(io.RawIOBase):
    """A file that is only written: what was written can be taken away at once."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[bytes] = []
        self.position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def write(self, data: Any) -> int:
        part = bytes(data)
        self.parts.append(part)
        self.position += len(part)
        return len(part)

    def drain(self) -> Iterator[bytes]:
        parts, self.parts = self.parts, []
        if parts:
            yield b"".join(parts)
