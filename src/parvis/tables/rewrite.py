"""A large Parquet file made of another, column by column, in a third of the time that a query takes.

Columns that stay as they are go through Arrow still encoded: a text that comes often is read and written once for a
group of rows. A column that changes is reckoned once for each of its distinct texts; numbers plainly written
(« 1234,5 ») are read by Arrow, and only the others by the SQL, which stays the one that says what a cell is worth.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from parvis.frozen import dataclass
from parvis.tables.forms import forms

LARGE = 50_000  # rows under which a query is as fast
GROUP = 122_880  # rows of a group, as the engine makes them
_FEW = 3  # a column is reckoned by its distinct texts when there are this many times fewer than rows
_PROBES = ("12", "-12", "12,5", "12.5", "1,234", "1.234", "007")
_SAFE = (pa.int64(), pa.float64(), pa.bool_(), pa.date32(), pa.timestamp("us"), pa.string(), pa.binary())


@dataclass(frozen=True, slots=True)
class Written:
    """A column to write: ``source`` as it is when there is no ``sql``, else what the SQL makes of that column."""

    name: str
    source: str
    sql: str = ""
    plain: bool = False  # each filled cell is known to be a number plainly written


@dataclass(frozen=True, slots=True)
class Counts:
    """What an SQL expression makes of the cells of a column: how many are filled, and how many give a value."""

    filled: int = 0
    fitting: int = 0
    missing: int = 0  # cells without a value for which another condition is true
    marked: int = 0  # filled cells for which a third one is


def rewrite(engine: Any, source: Path, out: Path, columns: Sequence[Written], *, level: int) -> bool:
    """Write ``out`` from ``source``, in its order; False, with nothing written, when a type needs the engine's writer.

    ``engine`` is a DuckDB connection whose functions the SQL may use; ``level`` is that of zstd, 0 for none.
    """
    if not all(_plain(t) for t in pq.read_schema(source).types):
        return False
    writer: pq.ParquetWriter | None = None
    try:
        for table in _groups(source, [c.source for c in columns]):
            made = [_made(engine, c, table.column(c.source)) for c in columns]
            if writer is None:
                held = [a.type.value_type if pa.types.is_dictionary(a.type) else a.type for a in made]
                if not all(t in _SAFE for t in held):
                    return False
                schema = pa.schema([pa.field(c.name, a.type) for c, a in zip(columns, made, strict=True)])
                writer = _writer(out, schema, level)
            made = [_as(a, f.type) for a, f in zip(made, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(made, schema=schema), row_group_size=len(table))
    finally:
        if writer is not None:
            writer.close()
    return writer is not None


def counted_values(engine: Any, rows: Any, column: str, sql: str, missing: str, marked: str = "") -> Counts:
    """Return the same as ``counted`` from the values of a column, each with how many ``__times`` it comes."""
    engine.register("counted_values", rows)
    try:
        told = engine.execute(
            f"SELECT sum(__times) FILTER ({column} IS NOT NULL), sum(__times) FILTER (v IS NOT NULL), "
            f"sum(__times) FILTER ({column} IS NOT NULL AND v IS NULL AND {missing}), "
            f"sum(__times) FILTER ({column} IS NOT NULL AND {marked or 'false'}) FROM (SELECT *, {sql} AS v FROM counted_values)"
        ).fetchall()[0]
    finally:
        engine.unregister("counted_values")
    filled, fitting, gone, zeros = (int(n or 0) for n in told)
    return Counts(filled, fitting, gone, zeros)


def all_plain(engine: Any, rows: Any, column: str, sql: str) -> bool:
    """True when the forms of a column are all those of numbers plainly written, which Arrow reads as the SQL does."""
    if rows is None:
        return False
    held = rows.column("form").drop_null().combine_chunks()
    plain = _plainly(engine, column, sql, held)
    return plain is not None and bool(pc.all(plain).as_py())


def counted_forms(engine: Any, rows: Any, column: str, sql: str, missing: str, marked: str = "") -> Counts | None:
    """Return the same from the forms of a column, when they are all those of numbers plainly written; else None."""
    if rows is None or marked:
        return None
    held = rows.filter(rows.column("form").is_valid())
    if not all_plain(engine, rows, column, sql):
        return None
    filled = pc.sum(held.column("__times")).as_py() or 0
    return Counts(filled, filled, 0, 0)


def counted(engine: Any, source: Path, column: str, sql: str, missing: str, marked: str = "") -> Counts:
    """Return what an expression makes of a column. ``missing`` and ``marked`` are SQL conditions on its cells."""
    filled = fitting = gone = zeros = 0
    for table in _groups(source, [column]):
        cells = table.column(column)
        filled += len(cells) - cells.null_count
        values, times = _distinct(cells)
        plain = None if marked else _plainly(engine, column, sql, values)
        if plain is not None:
            fitting += pc.sum(pc.if_else(plain, times, 0)).as_py() or 0
            kept = pc.invert(plain)
            values, times = values.filter(kept), times.filter(kept)
        if not len(values):
            continue
        rows = pa.table({column: values, "__times": times})
        engine.register("rewritten_cells", rows)
        told = engine.execute(
            f"SELECT sum(__times) FILTER (v IS NOT NULL), sum(__times) FILTER (v IS NULL AND {missing}), "
            f"sum(__times) FILTER ({marked or 'false'}) FROM (SELECT *, {sql} AS v FROM rewritten_cells) "
            f"WHERE {column} IS NOT NULL"
        ).fetchall()[0]
        engine.unregister("rewritten_cells")
        fitting, gone, zeros = (have + int(more or 0) for have, more in zip((fitting, gone, zeros), told, strict=True))
    return Counts(filled, fitting, gone, zeros)


def _writer(out: Path, schema: Any, level: int) -> Any:
    encoded: Any = [f.name for f in schema if pa.types.is_dictionary(f.type)]
    unlike = {f.name: "DELTA_BYTE_ARRAY" for f in schema if pa.types.is_string(f.type)}
    packing: dict[str, Any] = {"compression": "zstd", "compression_level": level} if level else {"compression": "none"}
    return pq.ParquetWriter(
        out, schema, use_dictionary=encoded, store_schema=False, column_encoding=unlike or None, **packing
    )


def _as(cells: Any, kind: Any) -> Any:
    """Return cells in the form that their column was begun in: encoded or not."""
    if cells.type == kind:
        return cells
    return cells.dictionary_encode() if pa.types.is_dictionary(kind) else cells.dictionary_decode()


def encoded(path: Path, names: Sequence[str]) -> list[str]:
    """Return the columns of text, among some of a Parquet file, that are kept encoded and can be read so."""
    meta = pq.read_metadata(path)
    if not meta.num_row_groups:
        return []
    texts = {f.name for f in meta.schema.to_arrow_schema() if pa.types.is_string(f.type)}
    chunks = [meta.row_group(g).column(i) for g in range(meta.num_row_groups) for i in range(meta.num_columns)]
    delta = {c.path_in_schema for c in chunks if any(e.startswith("DELTA") for e in c.encodings)}
    coded = {c.path_in_schema for c in chunks if any("DICTIONARY" in e for e in c.encodings)}
    return [n for n in names if n in (texts - delta) & coded]


# --- Rows -----------------------------------------------------------------------------------------


def _plain(kind: Any) -> bool:
    return kind in _SAFE or kind in (pa.int32(), pa.large_string())


def _groups(source: Path, columns: Sequence[str]) -> Iterator[Any]:
    """Yield the rows by groups of about ``GROUP``, text still encoded."""
    names = list(dict.fromkeys(columns))
    with pq.ParquetFile(source, read_dictionary=encoded(source, names)) as file:
        some: list[int] = []
        for group in range(file.num_row_groups):
            some.append(group)
            rows = sum(file.metadata.row_group(g).num_rows for g in some)
            if rows >= GROUP // 2 or group == file.num_row_groups - 1:
                table = file.read_row_groups(some, columns=names, use_threads=False)
                yield table.unify_dictionaries() if len(some) > 1 else table
                some = []


def _made(engine: Any, column: Written, cells: Any) -> Any:
    """Return the cells of a column to write, encoded when that is how they came and their texts come often."""
    if not column.sql:
        cells = _joined(cells)
        return cells.dictionary_decode() if pa.types.is_dictionary(cells.type) and _unlike(cells) else cells
    joined = _joined(cells)
    if pa.types.is_dictionary(joined.type) and not _unlike(joined):
        return _asked(engine, column.source, column.sql, joined.dictionary).take(joined.indices)
    values = joined.dictionary_decode() if pa.types.is_dictionary(joined.type) else joined
    if column.plain:
        return _read(engine, column, values, values.is_valid())
    plain = _plainly(engine, column.source, column.sql, values)
    if plain is None:
        return _asked(engine, column.source, column.sql, values)
    return _read(engine, column, values, plain)


def _joined(cells: Any) -> Any:
    return cells.chunk(0) if cells.num_chunks == 1 else cells.combine_chunks()


def _unlike(cells: Any) -> bool:
    """True for encoded texts that nearly all differ: encoding them again would cost and save nothing."""
    return pa.types.is_string(cells.type) or (
        pa.types.is_dictionary(cells.type) and len(cells.dictionary) * _FEW > len(cells)
    )


def _distinct(cells: Any) -> tuple[Any, Any]:
    """Return filled texts and how often each comes: once each, or as they stand when they nearly all differ."""
    joined = _joined(cells)
    if not pa.types.is_dictionary(joined.type):
        joined = joined.drop_null()
        return joined, pa.array([1], pa.int64()).take(pa.array([0] * len(joined)))
    if _unlike(joined):
        values = joined.dictionary_decode().drop_null()
        return values, pc.add(pc.cast(pc.is_null(values), pa.int64()), 1)
    counts = pc.value_counts(joined.indices.drop_null())
    return joined.dictionary.take(counts.field("values")), counts.field("counts")


# --- Values ---------------------------------------------------------------------------------------


_known: OrderedDict[str, Any] = OrderedDict()  # what each SQL makes of the probes: it is asked again for each group
_KEPT = 200


def _probed(engine: Any, name: str, sql: str) -> Any:
    """Return what the SQL makes of ``_PROBES``."""
    told = _known.get(sql)
    if told is None:
        told = _known[sql] = _asked(engine, name, sql, pa.array(_PROBES, pa.string()))
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return told


def _asked(engine: Any, name: str, sql: str, values: Any) -> Any:
    """Return what the SQL makes of texts, in their order."""
    engine.register("rewritten_cells", pa.table({name: values}))
    try:
        made = engine.sql(f"SELECT {sql} AS v FROM rewritten_cells").to_arrow_table().column(0).combine_chunks()
    finally:
        engine.unregister("rewritten_cells")
    return made.chunk(0) if isinstance(made, pa.ChunkedArray) else made


def _plainly(engine: Any, name: str, sql: str, values: Any) -> Any:
    """Return which texts are numbers whose plain reading is surely the SQL's, None when too few are.

    The SQL itself is asked how it reads a few: with a comma, with a point, with a sign.
    """
    told = _probed(engine, name, sql)
    if told.type not in (pa.float64(), pa.int64()):
        return None
    whole, below, comma, point, grouped_comma, grouped_point, zeros = told.to_pylist()
    if whole != 12 or zeros != 7:
        return None
    sign = "-?" if below == -12 else ""
    decimal = ""
    if told.type == pa.float64() and comma == 12.5 and grouped_comma == 1.234:
        decimal = r"(?:,\d{1,15})?"
    elif told.type == pa.float64() and point == 12.5 and grouped_point == 1.234:
        decimal = r"(?:\.\d{1,15})?"
    plain = pc.fill_null(_matching(values, rf"\A{sign}\d{{1,15}}{decimal}\z"), False)
    return plain if (pc.sum(plain).as_py() or 0) * 2 >= len(values) else None


def _matching(texts: Any, pattern: str) -> Any:
    """Return which texts a regular expression finds, where it takes any digit for another."""
    seen = forms(texts)
    if seen is None:
        return pc.match_substring_regex(texts, pattern)
    return pc.match_substring_regex(seen.dictionary, pattern).take(seen.indices)


_POINTS = bytes(0x2E if byte == 0x2C else byte for byte in range(256))


def _pointed(texts: Any) -> Any:
    """Return numbers with a point for their comma, all of them at once: one plainly written has a single comma, if any."""
    valid, ends, data = texts.buffers()
    if data is None:
        return texts
    points = pa.py_buffer(data.to_pybytes().translate(_POINTS))
    return pa.Array.from_buffers(texts.type, len(texts), [valid, ends, points], texts.null_count, texts.offset)


def _read(engine: Any, column: Written, values: Any, plain: Any) -> Any:
    """Return numbers: those plainly written read by Arrow, the others by the SQL."""
    kind = _probed(engine, column.source, column.sql).type
    whole = column.plain or pc.all(plain).as_py()
    shown = values if whole else pc.if_else(plain, values, pa.scalar(None, values.type))
    numbers = _pointed(shown).cast(kind)
    if whole:
        return numbers
    rest = pc.and_(pc.invert(plain), values.is_valid())
    if not pc.any(rest).as_py():
        return numbers
    return pc.replace_with_mask(numbers, rest, _asked(engine, column.source, column.sql, values.filter(rest)))
