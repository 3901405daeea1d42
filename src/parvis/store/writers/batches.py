"""Rows as a writer of whole columns gets them: batches of Arrow, the engine's own relation, and a folder to write in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from parvis.frozen import dataclass
from parvis.store.writers.frame import Cell
from parvis.values import Kind

BATCH = 8192  # rows
CHUNK = 1 << 18  # bytes of a file that leave at once


@dataclass(frozen=True, slots=True)
class Rows:
    """The answer to a question, which is asked anew each time that its rows are read."""

    relation: duckdb.DuckDBPyRelation
    engine: duckdb.DuckDBPyConnection
    work: Path  # empty folder of its own, which is erased after it
    cells: Sequence[Cell]
    place: int | None

    @property
    def shown(self) -> list[Cell]:
        """The columns of the file: all but the one that places its rows."""
        return [c for n, c in enumerate(self.cells) if n != self.place]

    @property
    def plain(self) -> list[Cell]:
        """The columns that tell of a feature: no shape among them."""
        return [c for c in self.shown if c.kind is not Kind.GEOMETRY]

    def batches(self, size: int = BATCH) -> Iterator[pa.RecordBatch]:
        """Yield the columns of the question, without their names."""
        yield from self.relation.to_arrow_reader(size)

    def schema(self, batch: pa.Schema) -> pa.Schema:
        """Return the schema of the columns of the file, under their names."""
        return pa.schema([batch.field(c.at[0]).with_name(c.name) for c in self.shown])


def cells(said: Sequence[Mapping[str, Any]]) -> list[Cell]:
    """Return cells as a worker was told of them."""
    return [Cell(c["name"], Kind(c["kind"]), c["at"], c["label"], c["point"]) for c in said]


def read(path: Path) -> Iterator[bytes]:
    """Yield a file that was written, piece by piece."""
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def reader(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(schema, batches)
