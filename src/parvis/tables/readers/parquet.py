"""Parquet and GeoParquet: columns to text, shapes to WGS84."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError, LimitError
from parvis.tables.sink import too_wide
from parvis.values import Finding, Severity, msg

TITLE = "Parquet"
SUFFIXES = (".parquet", ".geoparquet", ".pq")

_BATCH = 10_000
_MAGIC = b"PAR1"


def recognises(path: Path, head: bytes) -> float:
    return 0.95 if head.startswith(_MAGIC) else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the table into the sink."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, memory_map=False, thrift_string_size_limit=64 << 20) as file:
            return _read(file, sink)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, OSError, UnicodeDecodeError) as error:
        raise InputError(
            "Ce fichier Parquet est endommagé ou incomplet : il est illisible.",
            "L'envoi a peut-être été coupé : recréez le fichier et renvoyez-le.",
            code="parquet.damaged",
        ) from error


def _read(file: Any, sink: Any) -> Sequence[Finding]:
    from parvis.tables import layer

    schema = file.schema_arrow
    if len(schema) > sink.limits.columns:
        raise too_wide(len(schema), sink.limits.columns)
    if file.metadata.num_rows > sink.limits.rows:
        raise LimitError("Ce tableau a plus de {limit} lignes : c'est plus que la limite.", limit=sink.limits.rows)
    shape, crs = _geometry(schema)
    names = [n for n in schema.names if n != shape]
    secret = [n for n in names if _is_bytes(schema.field(n).type)]
    places = {n: i for i, n in enumerate(schema.names)}

    def chunks() -> Iterator[layer.Chunk]:
        import numpy as np

        for batch in file.iter_batches(batch_size=_BATCH, use_threads=False):
            cells = [layer.text(batch.column(places[n])) for n in names]
            shapes = np.full(batch.num_rows, None, object)
            if shape:
                shapes = layer.wkb_shapes(batch.column(places[shape]).to_numpy(zero_copy_only=False))
            yield layer.Chunk(cells, shapes)

    layer.write(sink, "", names, chunks, crs=crs, silent=True, format="parquet", encoding="utf-8")
    return [_bytes_left(secret)] if secret else []


def _geometry(schema: Any) -> tuple[str, str]:
    """Return the column of shapes of a GeoParquet file and its reference system, or two empty texts."""
    try:
        told = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
        column = str(told.get("primary_column", ""))
        about = told.get("columns", {}).get(column, {})
        if about.get("encoding") != "WKB" or not _is_bytes(schema.field(column).type):
            return "", ""
        crs = about.get("crs")
        return column, json.dumps(crs) if isinstance(crs, dict) else ""
    except (ValueError, AttributeError, KeyError, RecursionError):
        return "", ""


def _is_bytes(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _bytes_left(names: Sequence[str]) -> Finding:
    return Finding(
        "parquet.bytes",
        Severity.INFO,
        msg("Des colonnes de ce fichier sont binaires ({names}) : ce qui n'y est pas du texte n'a pas été lu."),
        values={"names": ", ".join(names[:10])},
    )
