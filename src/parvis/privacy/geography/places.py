"""The places of the rows of a Parquet table: two columns of degrees, or a column of points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from parvis.values import Column, Kind

Array = Any

_POINT = 21  # bytes of a point in WKB: order, kind, longitude, latitude
_LITTLE = b"\x01\x01\x00\x00\x00"


def degrees_of(path: Path, columns: Sequence[Column]) -> tuple[Array, Array, tuple[str, ...]] | None:
    """Return (longitudes, latitudes, labels of the columns), NaN where a row has no point; None for a table without any."""
    by_meaning = {c.meaning: c for c in columns if c.kind is Kind.NUMBER}
    if "longitude" in by_meaning and "latitude" in by_meaning:
        pair = (by_meaning["longitude"], by_meaning["latitude"])
        lon, lat = (_numbers(path, c.name) for c in pair)
        return lon, lat, tuple(c.label or c.name for c in pair)
    shape = next((c for c in columns if c.kind is Kind.GEOMETRY), None)
    if shape is None:
        return None
    lon, lat = _points(path, shape.name)
    return None if np.isnan(lon).all() else (lon, lat, (shape.label or shape.name,))


def _numbers(path: Path, name: str) -> Array:
    column: Any = pq.read_table(path, columns=[name]).column(0)
    return column.cast(pa.float64(), safe=False).to_numpy().astype(float)


def _points(path: Path, name: str) -> tuple[Array, Array]:
    """Return the degrees of the cells that are points; a line or an area is nobody's place."""
    cells = pq.read_table(path, columns=[name]).column(0).to_pylist()
    held = [c if c is not None and len(c) == _POINT and c[:5] == _LITTLE else None for c in cells]
    nothing = np.array([np.nan, np.nan]).tobytes()
    told = np.frombuffer(b"".join(c[5:] if c is not None else nothing for c in held), "<f8").reshape(-1, 2)
    return told[:, 0], told[:, 1]
