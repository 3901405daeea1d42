"""Layers of places that GDAL writes from batches of Arrow: their shapes as WKB, in the system that is asked for."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely

from parvis.store.writers.batches import Rows, reader
from parvis.store.writers.frame import Cell
from parvis.values import Kind

SHAPE = "geom"
TURN = 65_536  # rows that GDAL is given at once
_TYPES: Mapping[Kind, pa.DataType] = {
    Kind.INTEGER: pa.int64(), Kind.NUMBER: pa.float64(), Kind.BOOLEAN: pa.bool_(), Kind.DATE: pa.date32(),
    Kind.DATETIME: pa.timestamp("ms"),
}  # fmt: skip
_POINT = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])


def write(
    rows: Rows, path: Path, driver: str, names: Sequence[str], told: Mapping[str, Any], *,
    kind: str = "Unknown", only: Sequence[int] = (), options: Mapping[str, str] | None = None,
    dataset: Mapping[str, str] | None = None, words: Mapping[str, str] | None = None, layer: str = "", turn: int = TURN,
    left: threading.Event | None = None,
) -> None:  # fmt: skip
    """Write a layer of the rows, or of those whose shapes are of the types ``only`` (numbers of shapely).

    ``names`` are those of the columns of the file, which the format may want short; ``turn`` how many rows GDAL is given at
    once; it is given no more once ``left`` is set.
    """
    cells = rows.plain
    shape = SHAPE
    while shape in names:
        shape += "_"
    typed = [pa.field(n, _type(c)) for n, c in zip(names, cells, strict=True)]
    schema = pa.schema([*typed, pa.field(shape, pa.binary())])
    epsg = int(told["options"].get("epsg", 4326))
    found = _batches(rows, cells, schema, epsg, only, turn)
    batches = (b for b in itertools.takewhile(lambda _: left is None or not left.is_set(), found) if len(b))
    pyogrio.write_arrow(
        reader(schema, batches), path, layer=layer or None, driver=driver, geometry_name=shape, geometry_type=kind,
        crs=f"EPSG:{epsg}", dataset_options=dict(dataset or {}), layer_options=dict(options or {}),
        layer_metadata=dict(words or {}) or None,
    )  # fmt: skip


def _batches(
    rows: Rows, cells: Sequence[Cell], schema: pa.Schema, epsg: int, only: Sequence[int], turn: int
) -> Iterator[pa.RecordBatch]:
    for found in rows.batches(turn):
        batch = found
        if not only and epsg == 4326 and rows.place is not None and len(rows.cells[rows.place].at) == 2:
            placed = _points(rows, batch)
        else:
            drawn = moved(shapes(rows, batch), epsg)
            if only:
                chosen = np.isin(shapely.get_type_id(drawn), list(only))
                batch, drawn = batch.filter(pa.array(chosen)), drawn[chosen]
            placed = pa.array(shapely.to_wkb(drawn, output_dimension=2).tolist(), pa.binary())
        columns = [_column(batch.column(c.at[0]), c) for c in cells]
        yield pa.RecordBatch.from_arrays([*columns, placed], schema=schema)


def _points(rows: Rows, batch: pa.RecordBatch) -> Any:
    """Return the places of two numbers as WKB, empty where one of them is."""
    assert rows.place is not None
    x, y = (batch.column(n).cast(pa.float64()) for n in rows.cells[rows.place].at)
    out = np.empty(len(batch), _POINT)
    out["order"], out["kind"] = 1, 1
    out["x"], out["y"] = (np.asarray(a.fill_null(np.nan)) for a in (x, y))
    missing = ~(np.isfinite(out["x"]) & np.isfinite(out["y"]))
    bounds: Any = np.arange(len(batch) + 1, dtype=np.int32) * _POINT.itemsize
    held: Any = out
    mask = pa.array(~missing).buffers()[1] if missing.any() else None
    return pa.Array.from_buffers(pa.binary(), len(batch), [mask, pa.py_buffer(bounds), pa.py_buffer(held)])


def shapes(rows: Rows, batch: pa.RecordBatch) -> Any:
    """Return the places of a batch as shapes of shapely, None where there is none."""
    assert rows.place is not None
    cell = rows.cells[rows.place]
    if len(cell.at) == 2:
        x, y = (np.asarray(batch.column(n).cast(pa.float64()).fill_null(np.nan)) for n in cell.at)
        found = np.isfinite(x) & np.isfinite(y)
        out = np.full(len(batch), None, object)
        out[found] = shapely.points(x[found], y[found])
        return out
    held = batch.column(cell.at[0]).to_pylist()
    if any(isinstance(h, str) for h in held):
        return np.array([_said(h) for h in held] or [], object)
    return shapely.from_wkb(np.array(held, object), on_invalid="ignore") if held else np.array([], object)


def _said(text: str | None) -> Any:
    """Return a shape that a calculation told: GeoJSON, or the two numbers of a place."""
    if text is None:
        return None
    if text.startswith('{"lon"'):
        place = json.loads(text)
        return shapely.Point(place["lon"], place["lat"])
    return shapely.from_geojson(text, on_invalid="ignore")


def moved(drawn: Any, epsg: int) -> Any:
    """Return shapes in another system of coordinates: metres to the millimetre."""
    if epsg == 4326 or not len(drawn):
        return drawn
    import pyproj

    move = pyproj.Transformer.from_crs(4326, epsg, always_xy=True)

    def there(places: Any) -> Any:
        x, y = move.transform(places[:, 0], places[:, 1])
        return np.round(np.column_stack([x, y]), 3)

    return shapely.transform(drawn, there)


def families(rows: Rows) -> list[int]:
    """Return the types of the shapes that the rows have, in order."""
    seen = set[int]()
    for batch in rows.batches(TURN):
        seen |= {int(n) for n in np.unique(shapely.get_type_id(shapes(rows, batch)))}
    return sorted(seen)


def _type(cell: Cell) -> pa.DataType:
    return _TYPES.get(cell.kind, pa.string())


def _column(array: Any, cell: Cell) -> Any:
    return array.cast(_type(cell), safe=False)
