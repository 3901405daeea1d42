"""Exports: all the rows of a question as a file, streamed with bounded memory.

``stream`` is for the portal; ``written`` runs in a query worker and turns the engine's batches into chunks. Text that
a spreadsheet would take for a formula is preceded by an apostrophe in CSV; XLSX cells are typed and need nothing;
JSON and Parquet are exact.
"""

from __future__ import annotations

import dataclasses
import datetime
import io
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from parvis.errors import InputError
from parvis.store import files, lines
from parvis.store import query as asking
from parvis.values import Calc, Call, Expression, Field, Kind, Named, Query, Sort, Version

if TYPE_CHECKING:
    import pyarrow as pa

    from parvis.store.pool import Pool

BATCH = 8192  # rows
GROUP = 65_536  # rows of a Parquet group
_LONG_AGO = datetime.datetime(2000, 1, 1)  # noqa: DTZ001  a workbook's dates have no zone
XLSX_ROWS = 1_048_575
SECONDS = 20.0  # without a chunk, after which an export is given up
XLSX_SECONDS = 300.0  # a workbook is written whole before its first byte leaves


@dataclass(frozen=True, slots=True)
class Format:
    suffix: str
    media_type: str
    title: str


FORMATS: Mapping[str, Format] = {
    "csv": Format(".csv", "text/csv; charset=utf-8", "CSV"),
    "xlsx": Format(".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel"),
    "json": Format(".json", "application/json; charset=utf-8", "JSON"),
    "jsonl": Format(".jsonl", "application/x-ndjson; charset=utf-8", "JSON Lines"),
    "geojson": Format(".geojson", "application/geo+json; charset=utf-8", "GeoJSON"),
    "parquet": Format(".parquet", "application/vnd.apache.parquet", "Parquet"),
    "kml": Format(".kml", "application/vnd.google-earth.kml+xml; charset=utf-8", "KML"),
    "gpx": Format(".gpx", "application/gpx+xml; charset=utf-8", "GPX"),
    "shp": Format(".zip", "application/zip", "Shapefile"),
    "fgb": Format(".fgb", "application/vnd.flatgeobuf", "FlatGeobuf"),
    "ov2": Format(".ov2", "application/octet-stream", "TomTom OV2"),
    "turtle": Format(".ttl", "text/turtle; charset=utf-8", "RDF Turtle"),
    "rdfxml": Format(".rdf", "application/rdf+xml; charset=utf-8", "RDF/XML"),
    "jsonld": Format(".jsonld", "application/ld+json; charset=utf-8", "JSON-LD"),
}
PLACED = frozenset(("geojson", "kml", "gpx", "shp", "fgb", "ov2"))  # formats of places
_ASKED = frozenset(("fgb", "ov2", "turtle", "rdfxml", "jsonld"))  # given to who asks, named in no catalogue
WHOLE = frozenset(("xlsx", "shp", "fgb"))  # written whole before the first byte leaves
LAYER_ROWS = 300_000  # of a shapefile or FlatGeobuf, which are held whole


def stream(
    pool: Pool,
    version: Version,
    query: Query,
    format: str,
    profile: str = "",
    *,
    most: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> Iterator[bytes]:
    """Yield a file of the rows of a query, all or the first ``most`` (its limit and cursor do not count).

    ``format`` is a key of ``FORMATS``; ``profile`` "excel" gives a CSV that a French spreadsheet opens by itself
    (semicolons, decimal comma, days first); ``options`` are those of ``store.written``. Raises: InputError when the format
    does not fit the data.
    """
    check(version, query, format)
    foreign = bool(options) or format not in _OURS
    placed = query
    if format in PLACED:
        placed = placed_apart(version, query) if foreign else _with_place(version, query)
    if not profile and lines.able(format, options or {}):
        told = _lines_of(version, placed, format, most, dict(options or {}), foreign)
        yield from pool.stream(told, SECONDS)
        return
    statement = asking.compile_export(version, placed, exact=format == "parquet", most=most)
    labels = {c.name: c.label for c in statement.columns}
    told = {
        "format": format,
        "profile": profile,
        "kinds": {c.name: str(c.kind) for c in statement.columns},
        "labels": labels,
        "geometry": version.geometry,
        "point": list(version.point),
        "title": version.metadata.title,
        "bbox": list(version.bbox),
        "created_at": version.created_at,
        "names": [c.name for c in statement.columns],
        "told": list(statement.told),
        "foreign": foreign,
        "points": sorted(_points(placed)),
        **(options or {}),
    }
    told["labels"] = {**labels, **told["labels"]}
    request = {"object": version.object, "sql": statement.sql, "parameters": list(statement.parameters), "export": told}
    yield from pool.stream(request, XLSX_SECONDS if format in WHOLE else SECONDS)


def _lines_of(
    version: Version, query: Query, format: str, most: int | None, options: dict[str, Any], foreign: bool
) -> dict[str, Any]:
    """Return what a worker is asked for a file that the engine writes line by line."""
    labels: Mapping[str, str] = options.get("labels", {})
    pairs = query.calculated and not query.by
    asked, spots = _pairs_apart(query) if pairs else (query, [])
    statement = asking.compile_export(version, asked, most=most)
    kinds = [c.kind for c in statement.columns]
    if not spots:
        spots = [(c.name, (n,)) for n, c in enumerate(statement.columns)]
    columns = {c.name: c for c in statement.columns}
    points = _points(query)
    layout = [
        lines.Place(
            name, Kind.GEOMETRY if len(at) == 2 else kinds[at[0]], at,
            labels.get(name) or (columns[name].label if name in columns else name), name in points,
        )
        for name, at in spots
    ]  # fmt: skip
    place = None
    if format == "geojson":
        wanted = files.PLACE if foreign else version.geometry
        place = next((n for n, p in enumerate(layout) if p.name == wanted), None)
        if place is None:  # a pair of columns, which stay among the properties
            at = [next(n for n, p in enumerate(layout) if p.name == name) for name in version.point]
            layout.append(lines.Place(files.PLACE, Kind.GEOMETRY, tuple(layout[n].at[0] for n in at)))
            place = len(layout) - 1
    made = lines.lines(
        statement.sql, statement.parameters, len(kinds), layout, format, options,
        foreign=foreign, title=version.metadata.title, place=place,
    )  # fmt: skip
    told = {"lines": True, "head": made.head, "tail": made.tail, "cut": made.cut}
    return {"object": version.object, "sql": made.sql, "parameters": list(made.parameters), "export": told}


def _points(query: Query) -> set[str]:
    """Return the names of the columns that are places: two numbers, which are properties and not shapes."""
    named = [n for n in (*query.by, *query.shown) if isinstance(n.expression, Call)]
    points = (Calc.POINT, Calc.CENTROID, Calc.CLUSTER)
    return {n.name for n in named if isinstance(n.expression, Call) and n.expression.what in points} - {files.PLACE}


Spots = list[tuple[str, tuple[int, ...]]]


def _pairs_apart(query: Query) -> tuple[Query, Spots]:
    """Return a question whose places are two columns each, and where each column of the file is found."""
    shown: list[Named] = []
    spots: Spots = []
    for item in query.shown:
        held = item.expression
        if isinstance(held, Call) and held.what is Calc.POINT and all(isinstance(a, Field) for a in held.arguments):
            spots.append((item.name, (len(shown), len(shown) + 1)))
            shown += [Named(a, f"{item.name}\x1f{n}") for n, a in enumerate(held.arguments)]
        else:
            spots.append((item.name, (len(shown),)))
            shown.append(item)
    if not query.shown:
        return query, []
    names = {n.name for n in shown}
    sorts = tuple(
        dataclasses.replace(s, by=next(n.expression for n in query.shown if n.name == s.by))
        if isinstance(s.by, str) and s.by not in names
        else s
        for s in query.sorts
    )
    return dataclasses.replace(query, shown=tuple(shown), sorts=sorts), spots


def check(version: Version, query: Query, format: str) -> None:
    """Raise the InputError that ``stream`` would for a format that does not fit the data, a column or a condition."""
    if format not in FORMATS:
        raise InputError(
            "Le format « {format} » n'existe pas.", "Formats : {known}.", format=format[:40], known=", ".join(FORMATS)
        )
    if format in PLACED and not (version.geometry or version.point):
        title = FORMATS[format].title
        raise InputError("Ce jeu de données n'a pas de coordonnées : il n'a pas d'export {format}.", format=title)
    if format == "xlsx" and version.rows > XLSX_ROWS and query.where is None:
        raise InputError(
            "Un classeur Excel ne peut tenir plus de {limit} lignes.", "Filtrez, ou prenez le CSV.", limit=XLSX_ROWS
        )
    if format in ("shp", "fgb") and version.rows > LAYER_ROWS and query.where is None:
        raise InputError(
            "Ce format ne peut tenir plus de {limit} lignes.", "Filtrez, ou prenez le GeoJSON.", limit=LAYER_ROWS
        )
    asking.compile_export(version, query)


def possible(version: Version) -> list[str]:
    """Return the formats that a catalogue names, in which all of a version can be had."""
    return [name for name in writable(version) if name not in _ASKED]


def writable(version: Version) -> list[str]:
    """Return every format in which all of a version can be had, those of few programs included."""
    placed = bool(version.geometry or version.point)
    return [
        name
        for name in FORMATS
        if not (name in PLACED and not placed)
        and not (name == "xlsx" and version.rows > XLSX_ROWS)
        and not (name in ("shp", "fgb") and version.rows > LAYER_ROWS)
    ]


def _with_place(version: Version, query: Query) -> Query:
    """Return the query with the columns that place its rows on the map."""
    if query.calculated or not query.select:
        return query
    needed = (version.geometry,) if version.geometry else tuple(version.point)
    return dataclasses.replace(query, select=tuple(dict.fromkeys((*query.select, *needed))))


def opened(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Return the same chunks once the first is there: a question that cannot be answered still gets its status."""
    first = next(chunks, b"")
    return _Chain(first, chunks)


class _Chain:
    """The first chunk, then the others; closed by a reader that leaves, it frees the worker behind."""

    def __init__(self, first: bytes, rest: Iterator[bytes]) -> None:
        self._rest = rest
        self._all = itertools.chain((first,), rest)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._all)

    def close(self) -> None:
        if close := getattr(self._rest, "close", None):
            close()


def placed_apart(version: Version, query: Query) -> Query:
    """Return the query with one more column that places its rows, for a file that has no column for it."""
    shown = query.shown or tuple(Named(Field(n), n) for n in query.select or [c.name for c in version.columns])
    place: Expression = Field(version.geometry)
    if not version.geometry:
        place = Call(Calc.POINT, tuple(Field(n) for n in version.point))
    if query.by:  # only what stands for the group can place it
        keys = [k for k in query.by if isinstance(k.expression, Call) and k.expression.what is Calc.CLUSTER]
        if not keys:
            raise InputError("Un regroupement n'a de place sur la carte que par « geo_cluster ».", parameter="group")
        place = keys[0].expression
    sorts = (*query.sorts, *(Sort(Field(o.name), o.descending) for o in query.order))
    return dataclasses.replace(query, shown=(*shown, Named(place, files.PLACE)), select=(), order=(), sorts=sorts)


class TooLongError(Exception):
    """A workbook cannot hold all the rows: half of them would be a lie."""


# --- In the worker --------------------------------------------------------------------------------


def written(result: Any, told: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the chunks of a file from a DuckDB result. ``told`` is what ``stream`` says of it."""
    if told.get("lines"):
        yield from lines.written(result.to_arrow_reader(BATCH), told)
        return
    reader = _Named(result.to_arrow_reader(BATCH), told["names"])
    if told["foreign"] and told["format"] in files.WRITERS:
        yield from files.WRITERS[told["format"]](cast(Any, reader), told)
        return
    writers: Mapping[str, Any] = {
        "csv": _csv,
        "json": _json,
        "jsonl": _jsonl,
        "geojson": _geojson,
        "parquet": _parquet,
        "xlsx": _xlsx,
    }
    yield from writers[told["format"]](reader, told)


class _Named:
    """Batches under the names of the answer, which the SQL does not know."""

    def __init__(self, reader: pa.RecordBatchReader, names: Sequence[str]) -> None:
        import pyarrow as pa

        self._reader = reader
        self.schema = pa.schema([f.with_name(n) for f, n in zip(reader.schema, names, strict=True)])

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._reader:
            yield batch.rename_columns(self.schema.names)


_OURS = ("csv", "json", "jsonl", "geojson", "parquet", "xlsx")


def _csv(reader: pa.RecordBatchReader, told: Mapping[str, Any]) -> Iterator[bytes]:
    excel = told["profile"] == "excel"
    separator = ";" if excel else ","
    names = reader.schema.names
    if excel:
        yield b"\xef\xbb\xbf"
    yield (
        separator.join(files.cell(files.harmless(told["labels"][n]) if excel else n, separator, False) for n in names)
        + "\r\n"
    ).encode()
    kinds = [told["kinds"][n] for n in names]
    for batch in reader:
        columns = [_csv_column(c, k, excel, separator) for c, k in zip(batch.columns, kinds, strict=True)]
        yield "".join(f"{separator.join(row)}\r\n" for row in zip(*columns, strict=True)).encode()


def _csv_column(column: Any, kind: str, excel: bool, separator: str) -> list[str]:
    values = column.to_pylist()
    if kind in (Kind.TEXT, Kind.GEOMETRY):
        return ["" if v is None else files.cell(files.harmless(v), separator, False) for v in values]
    if kind in (Kind.INTEGER, Kind.NUMBER):
        said = ["" if v is None else _number(v) for v in values]
        return [s.replace(".", ",") for s in said] if excel else said
    if kind == Kind.BOOLEAN:
        words = ("faux", "vrai") if excel else ("false", "true")
        return ["" if v is None else words[v] for v in values]
    if kind == Kind.DATE and excel:
        return ["" if v is None else v.strftime("%d/%m/%Y") for v in values]
    return ["" if v is None else v.isoformat() for v in values]


def _number(value: Any) -> str:
    if isinstance(value, float):
        return (
            repr(value)
            if math.isfinite(value) and value != int(value)
            else f"{value:.0f}"
            if math.isfinite(value)
            else ""
        )
    return str(value)


def _records(batch: pa.RecordBatch, shapes: Sequence[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = batch.to_pylist()
    for name in shapes:
        for row in rows:
            row[name] = json.loads(row[name]) if row[name] else None
    return rows


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else float(value)


def _dump(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain, allow_nan=False, separators=(",", ":"))
    except ValueError:  # an infinite number: JSON has none
        clean = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in value.items()}
        return json.dumps(clean, ensure_ascii=False, default=_plain, separators=(",", ":"))


def _shapes(told: Mapping[str, Any], reader: pa.RecordBatchReader) -> list[str]:
    return [n for n in reader.schema.names if told["kinds"][n] == Kind.GEOMETRY]


def _json(reader: pa.RecordBatchReader, told: Mapping[str, Any]) -> Iterator[bytes]:
    shapes, first = _shapes(told, reader), True
    yield b"["
    for batch in reader:
        body = ",\n".join(map(_dump, _records(batch, shapes)))
        if body:
            yield (body if first else f",\n{body}").encode()
            first = False
    yield b"]\n"


def _jsonl(reader: pa.RecordBatchReader, told: Mapping[str, Any]) -> Iterator[bytes]:
    shapes = _shapes(told, reader)
    for batch in reader:
        yield "".join(f"{_dump(r)}\n" for r in _records(batch, shapes)).encode()


def _geojson(reader: pa.RecordBatchReader, told: Mapping[str, Any]) -> Iterator[bytes]:
    shapes, first = _shapes(told, reader), True
    yield f'{{"type":"FeatureCollection","name":{_dump(told["title"])},"features":['.encode()
    for batch in reader:
        body = ",\n".join(_dump(_feature(r, told)) for r in _records(batch, shapes))
        if body:
            yield (body if first else f",\n{body}").encode()
            first = False
    yield b"]}\n"


def _feature(row: dict[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    if told["geometry"]:
        geometry = row.pop(told["geometry"])
    else:
        place = [row.get(name) for name in told["point"]]
        geometry = None if None in place else {"type": "Point", "coordinates": place}
    return {"type": "Feature", "geometry": geometry, "properties": row}


def _parquet(reader: pa.RecordBatchReader, told: Mapping[str, Any]) -> Iterator[bytes]:
    import pyarrow.parquet as pq

    sink, schema = _Drain(), reader.schema
    if shapes := _shapes(told, reader):
        schema = schema.with_metadata({**(schema.metadata or {}), b"geo": json.dumps(_geo(shapes[0], told)).encode()})
    with pq.ParquetWriter(cast(Any, sink), schema, compression=told.get("compression", "zstd")) as writer:
        for group in _groups(reader, schema):
            writer.write_table(group, row_group_size=GROUP)
            yield from sink.drain()
    yield from sink.drain()


def _groups(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the rows in tables long enough to be read fast."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    for batch in reader:
        waiting.append(batch.replace_schema_metadata(schema.metadata))
        if sum(map(len, waiting)) >= GROUP - BATCH:
            yield pa.Table.from_batches(waiting, schema)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting, schema)


def _geo(shape: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the GeoParquet 1.1 description of a WKB column in longitude and latitude (the CRS it means by default)."""
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": []}
    if len(told["bbox"]) == 4:
        column["bbox"] = told["bbox"]
    return {"version": "1.1.0", "primary_column": shape, "columns": {shape: column}}


class _Drain(io.RawIOBase):
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


def _xlsx(reader: pa.RecordBatchReader, told: Mapping[str, Any]) -> Iterator[bytes]:
    import tempfile
    from pathlib import Path

    import xlsxwriter

    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "export.xlsx"
        book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "tmpdir": work}
        )
        made = told["created_at"]
        book.set_properties({"created": datetime.datetime.fromisoformat(made[:19]) if made else _LONG_AGO})
        sheet = book.add_worksheet("Données")
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        formats = {Kind.DATE: day, Kind.DATETIME: moment}
        kinds = [Kind(told["kinds"][n]) for n in reader.schema.names]
        bold = book.add_format({"bold": True})
        for c, name in enumerate(reader.schema.names):
            sheet.write_string(0, c, told["labels"][name], bold)
        line = 1
        for batch in reader:
            columns = [c.to_pylist() for c in batch.columns]
            for row in zip(*columns, strict=True):
                if line > XLSX_ROWS:
                    raise TooLongError
                for c, value in enumerate(row):
                    if value is not None:
                        _xlsx_cell(sheet, (line, c), value, kinds[c], formats.get(kinds[c]))
                line += 1
        book.close()
        with path.open("rb") as stream:
            while chunk := stream.read(1 << 18):
                yield chunk


def _xlsx_cell(sheet: Any, at: tuple[int, int], value: Any, kind: Kind, style: Any) -> None:
    line, column = at
    if kind in (Kind.INTEGER, Kind.NUMBER):
        if math.isfinite(value):
            sheet.write_number(line, column, float(value))
    elif kind is Kind.BOOLEAN:
        sheet.write_boolean(line, column, value)
    elif kind in (Kind.DATE, Kind.DATETIME) and value.year >= 1900:
        sheet.write_datetime(line, column, value.replace(tzinfo=None) if kind is Kind.DATETIME else value, style)
    else:
        sheet.write_string(line, column, value if isinstance(value, str) else value.isoformat())
