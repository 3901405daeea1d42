"""How a side index is laid out: arrays one after the other, then a directory of them, then the mark of its format.

Only ``store.index`` writes one, and a query worker reads it through ``store.indexed``: the web process never loads
this.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from parvis.tables import engine as engines
from parvis.tables import rewrite
from parvis.values import Column, Kind, Version

MAGIC = b"PARVIS-INDEX-1\n"
POSTED = 64  # distinct values from which the rows of each are listed
_WIDE = 400 << 20  # bytes of text in one column, beyond which it is left to the object
_EARLIEST, _LATEST = -719_162, 2_932_896  # days that a calendar date can say
_DAY = 86_400_000_000  # microseconds
_CELL = 32  # places of a cell of the map, as far as they lie evenly
_SIDE = 1024  # cells of a side of the map at most
_DRAWN = 1 << 16  # places looked at to see where the cells must be small
_DECIMALS = 6  # of amounts and measures, at most
_EXACT = 2.0**53  # whole numbers that a float holds


class _Sections:
    """Arrays written one after the other, each told by (start, length, type)."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.at = stream, 0

    def add(self, array: Any) -> tuple[int, int, str]:
        start = self.at
        size = array.dtype.itemsize * len(array)
        self.stream.write(np.ascontiguousarray(array).data)
        pad = -size % 64
        self.stream.write(bytes(pad))
        self.at += size + pad
        return start, len(array), array.dtype.str


def write(stream: BinaryIO, source: Path, version: Version) -> None:
    """Write the index of a version from its object. A column that cannot be laid out is left to the object."""
    out = _Sections(stream)
    columns: dict[str, Any] = {}
    for column in version.columns:
        told = _column(out, source, column, version.rows)
        if told is not None:
            columns[column.name] = told
    told = {"rows": version.rows, "columns": columns}
    if version.point and all(columns.get(name, {}).get("is") in ("numbers", "integers") for name in version.point):
        told["places"] = _places(out, source, version.point)
    directory = json.dumps(told, ensure_ascii=False).encode()
    stream.write(directory + len(directory).to_bytes(8, "little") + MAGIC)


def _column(out: _Sections, source: Path, column: Column, rows: int) -> dict[str, Any] | None:
    """Write one column and return what is told of it, None for one that is left to the object."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if column.kind is Kind.GEOMETRY:
            return _shapes(out, source, column)
        coded = column.kind is Kind.TEXT and column.distinct * 3 <= rows
        read = rewrite.encoded(source, [column.name]) if coded else None
        cells = pq.read_table(source, columns=[column.name], read_dictionary=read).column(0)
        if coded and not read:
            cells = cells.dictionary_encode()
        if column.kind is Kind.TEXT:
            if coded:
                return _coded(out, cells.unify_dictionaries().combine_chunks())
            return _texts(out, cells.combine_chunks())
        if column.kind is Kind.BOOLEAN:
            flags = np.asarray(cells.combine_chunks().cast(pa.uint8()).fill_null(2))
            return {"is": "flags", "values": out.add(flags)}
        return _measures(out, cells.combine_chunks())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError):
        return None


def _coded(out: _Sections, cells: Any) -> dict[str, Any] | None:
    """Write a column of few values: the sorted values, the code of each row (0 when empty), the rows of each code."""
    import pyarrow.compute as pc

    if not hasattr(cells, "dictionary"):  # a table of no row, or of nothing but empty cells
        cells = cells.dictionary_encode()
    values = cells.dictionary
    written, odd = _as_json(values)
    order = np.asarray(pc.array_sort_indices(written))
    rank = np.empty(len(order) + 1, np.uint32)
    rank[order] = np.arange(1, len(order) + 1)
    rank[-1] = 0
    codes = rank[np.asarray(cells.indices.fill_null(len(order)))].astype(_smallest(len(order)))
    counts = np.bincount(codes, minlength=len(order) + 1).astype(np.uint32)
    told = {"is": "codes", "codes": out.add(codes), "counts": out.add(counts)}
    told |= _blob(out, "text", written.take(order))
    if not len(order):
        return told
    folded = _folded(values)
    if odd or not folded.equals(values):
        told |= _blob(out, "folded", folded.take(order))
    if len(order) > POSTED:
        told["rows"] = out.add(np.argsort(codes, kind="stable").astype(np.uint32))
    return told


def _texts(out: _Sections, cells: Any) -> dict[str, Any] | None:
    """Write a column where nearly every row differs: each cell, and the rows sorted by a key of their text."""
    if cells.nbytes > _WIDE:
        return None
    written, odd = _as_json(cells)
    told: dict[str, Any] = {"is": "texts", "empty": cells.null_count}
    starts, data = _parts(written)
    told |= {"text": out.add(data), "text_starts": out.add(starts)}
    keys = text_keys(starts, data)
    order = np.argsort(keys)
    told |= {"keys": out.add(keys[order]), "rows": out.add(order.astype(np.uint32))}
    folded = _folded(cells)
    if odd or not folded.equals(cells):
        told |= _blob(out, "folded", folded.fill_null(""))
    return told


def _shapes(out: _Sections, source: Path, column: Column) -> dict[str, Any] | None:
    with engines.connect(threads=1) as engine:
        quoted = '"' + column.name.replace('"', '""') + '"'
        shown = f"coalesce(CAST(ST_AsGeoJSON(ST_GeomFromWKB({quoted})) AS VARCHAR), 'null')"
        cells = engine.sql(f"SELECT {shown} FROM read_parquet(?)", params=[str(source)]).to_arrow_table()
    if cells.nbytes > _WIDE:
        return None
    return {"is": "shapes", **_blob(out, "text", cells.column(0).combine_chunks())}


def _places(out: _Sections, source: Path, names: Sequence[str]) -> dict[str, Any]:
    """Write the rows of each cell of a map, whose lines are close where places are many: a box reads few of them."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(source, columns=list(names))
    filled = pc.and_(pc.is_valid(table.column(names[0])), pc.is_valid(table.column(names[1])))
    rows = np.flatnonzero(np.asarray(filled)).astype(np.uint32)
    side = int(min(max((len(rows) / _CELL) ** 0.5, 1), _SIDE))
    told: dict[str, Any] = {"columns": list(names), "side": side}
    cells = np.zeros(len(rows), np.int32)
    for name, axis in zip(names, ("x", "y"), strict=True):
        values = table.column(name).to_numpy().astype(np.float64)[rows]
        drawn = np.sort(values[:: max(len(values) // _DRAWN, 1)])
        lines = drawn[np.arange(1, side) * len(drawn) // side]
        told[axis] = out.add(lines)
        cells = cells * side + np.searchsorted(lines, values, "right").astype(np.int32)
    told["rows"] = out.add(rows[np.argsort(cells, kind="stable")])
    starts = np.zeros(side * side + 1, np.uint32)
    np.cumsum(np.bincount(cells, minlength=side * side), out=starts[1:])
    told["starts"] = out.add(starts)
    return told


def _measures(out: _Sections, cells: Any) -> dict[str, Any] | None:
    """Write numbers, dates and times as an array, and which cells are empty."""
    import pyarrow as pa

    told: dict[str, Any] = {}
    kind = cells.type
    if pa.types.is_integer(kind):
        told["is"], values = "integers", cells.cast(pa.int64())
    elif pa.types.is_floating(kind):
        told["is"], values = "numbers", cells.cast(pa.float64())
    elif pa.types.is_date32(kind):
        told["is"], values = "dates", cells.cast(pa.int32())
    elif pa.types.is_timestamp(kind) and kind.tz is None:
        told["is"], values = "moments", cells.cast(pa.timestamp("us")).cast(pa.int64())
    elif pa.types.is_time64(kind):
        told["is"], values = "times", cells.cast(pa.time64("us")).cast(pa.int64())
    else:
        return None
    array = np.asarray(values.fill_null(0))
    if told["is"] == "numbers" and not np.isfinite(array).all():
        return None
    if told["is"] in ("dates", "moments") and len(array):
        day = 1 if told["is"] == "dates" else _DAY
        if array.min() < _EARLIEST * day or array.max() > (_LATEST + 1) * day - 1:
            return None
    told["values"] = out.add(array)
    if told["is"] == "numbers" and (decimals := _decimals(array)) is not None:
        told["decimals"] = decimals
    order = np.argsort(array, kind="stable").astype(np.uint32)
    if cells.null_count:
        empty = np.asarray(cells.is_null())
        told["empty"] = out.add(empty.astype(np.uint8))
        order = order[~empty[order]]
    told["order"] = out.add(order)
    return told


def _decimals(values: Any) -> int | None:
    """Return how many decimals write all numbers, None when they are too many for a sum to hold them exactly."""
    for decimals in range(_DECIMALS + 1):
        scaled = np.rint(values * 10.0**decimals)
        if np.abs(scaled).sum() >= _EXACT:
            return None
        if (scaled / 10.0**decimals == values).all():
            return decimals
    return None


# --- Text -----------------------------------------------------------------------------------------


def _as_json(cells: Any) -> tuple[Any, bool]:
    """Return cells as JSON writes them, and whether a sign had to be escaped in some; an empty one is « null »."""
    import pyarrow as pa
    import pyarrow.compute as pc

    written = pc.binary_join_element_wise('"', cells, '"', "")
    _, data = _parts(cells.fill_null("") if cells.null_count else cells)
    odd = bool(((data < 32) | (data == ord('"')) | (data == ord("\\"))).any())
    if odd:
        escaped = pc.fill_null(pc.match_substring_regex(cells, r'["\\\x00-\x1f]'), False)
        mended = [encode_basestring(cell) for cell in cells.filter(escaped).to_pylist()]
        written = pc.replace_with_mask(written, escaped, pa.array(mended, written.type))
    return written.fill_null("null"), odd


def _folded(cells: Any) -> Any:
    """Return cells in lower case without accents, exactly as the engine folds them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.all(pc.string_is_ascii(cells), min_count=0).as_py():
        return pc.ascii_lower(cells)
    table = pa.table({"cell": cells})
    with engines.connect(threads=1) as engine:
        engine.register("cells", table)
        return engine.sql("SELECT strip_accents(lower(cell)) FROM cells").to_arrow_table().column(0).combine_chunks()


def _parts(cells: Any) -> tuple[Any, Any]:
    """Return where each text starts (one place more than texts) and the bytes of all."""
    _, offsets, data = cells.buffers()
    starts = np.frombuffer(offsets, np.int32, len(cells) + 1, cells.offset * 4).astype(np.uint32)
    held = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    held = held[int(starts[0]) : int(starts[-1])]
    return starts - starts[0], held


def _blob(out: _Sections, name: str, cells: Any) -> dict[str, Any]:
    starts, data = _parts(cells)
    return {name: out.add(data), f"{name}_starts": out.add(starts)}


def text_keys(starts: Any, data: Any) -> Any:
    """Return a 32-bit key of each text, made of its length, its first, middle and last eight bytes."""
    first, ends = starts[:-1].astype(np.int64), starts[1:].astype(np.int64)
    lengths = ends - first
    padded = np.concatenate([data, np.zeros(8, np.uint8)])
    words = np.ndarray((len(padded) - 7,), "<u8", padded, strides=(1,))  # eight bytes from each place
    masks = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)
    mask = masks[np.minimum(lengths, 8)]
    rest = np.maximum(lengths - 8, 0)
    out = (words[first] & mask) * np.uint64(0x9E3779B97F4A7C15)
    out ^= (words[first + rest] & mask) * np.uint64(0xC2B2AE3D27D4EB4F)
    out += (words[first + rest // 2] & mask) * np.uint64(0x165667B19E3779F9) + lengths.astype(np.uint64)
    out ^= out >> np.uint64(29)
    out *= np.uint64(0xBF58476D1CE4E5B9)
    return (out >> np.uint64(32)).astype(np.uint32)


def _smallest(most: int) -> Any:
    return np.uint8 if most < 1 << 8 else np.uint16 if most < 1 << 16 else np.uint32
