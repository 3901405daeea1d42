"""TomTom OV2: points of interest for navigation devices, in hundred thousandths of degrees, each with a name."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from parvis.store.writers.frame import Format
from parvis.values import Kind

if TYPE_CHECKING:
    import pyarrow as pa

    from parvis.store.writers.batches import Rows

FORMAT = Format(".ov2", "application/octet-stream", "TomTom OV2", placed=True, named=False, exact=True)


def write(rows: Rows, told: Mapping[str, Any]) -> Iterator[bytes]:
    wanted = [c for c in rows.shown if c.name == told["options"].get("name_field")]
    texts = [*wanted, *(c for c in rows.shown if c.kind is Kind.TEXT)]
    for batch in rows.batches():
        names = [batch.column(c.at[0]).to_pylist() for c in texts]
        out = []
        for n, x, y in _places(rows, batch):
            name = next((str(column[n]) for column in names if column[n] is not None), "")
            said = name.encode("latin-1", "replace")[:200] + b"\0"
            out.append(struct.pack("<BIii", 2, 13 + len(said), round(x * 100_000), round(y * 100_000)) + said)
        if out:
            yield b"".join(out)


def _places(rows: Rows, batch: pa.RecordBatch) -> Iterator[tuple[int, float, float]]:
    """Yield the number of a row, longitude and latitude, for each point that the rows have."""
    import shapely

    from parvis.store.writers import layer

    assert rows.place is not None
    if len(at := rows.cells[rows.place].at) == 2:
        x, y = (batch.column(n).to_pylist() for n in at)
        for n, (east, north) in enumerate(zip(x, y, strict=True)):
            if east is not None and north is not None:
                yield n, east, north
        return
    parts, numbers = shapely.get_parts(layer.shapes(rows, batch), return_index=True)
    for part, number in zip(parts, numbers, strict=True):
        if part.geom_type == "Point" and not part.is_empty:
            yield int(number), part.x, part.y
