"""Arrow (IPC file, also called Feather 2), compressed by LZ4; licence and attribution among the schema's own words."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from parvis.store.writers.frame import Format
from parvis.store.writers.parquet import Drain, described

if TYPE_CHECKING:
    from parvis.store.writers.batches import Rows

FORMAT = Format(".arrow", "application/vnd.apache.arrow.file", "Arrow", exact=True)


def write(rows: Rows, told: Mapping[str, Any]) -> Iterator[bytes]:
    import pyarrow as pa

    sink, batches = Drain(), iter(rows.batches())
    first = next(batches, None)
    schema = described(
        rows, told, first.schema if first is not None else rows.relation.limit(0).to_arrow_table().schema
    )
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(cast(Any, sink), schema, options=options) as writer:
        for batch in itertools.chain([first] if first is not None else [], batches):
            clean = batch.take(pa.array(range(len(batch)), pa.int32()))  # what memory held under empty cells stays here
            writer.write_batch(clean.rename_columns(schema.names).replace_schema_metadata(schema.metadata))
            yield from sink.drain()
    yield from sink.drain()
