"""Exports: all the rows of a question as a file, streamed with bounded memory.

``stream`` is for the portal; ``written`` runs in a query worker, where a writer of ``store.writers`` turns the engine's rows
into chunks. Text that a spreadsheet would take for a formula is preceded by an apostrophe in CSV; cells of workbooks are typed
and need nothing; JSON, Parquet and the bases are exact.
"""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parvis.errors import InputError
from parvis.store import query as asking
from parvis.store import writers
from parvis.store.writers import WRITERS, frame, ical
from parvis.store.writers.archive import TooLongError
from parvis.store.writers.csv import DELIMITERS
from parvis.store.writers.frame import PLACE, Cell, Format, Frame
from parvis.values import Calc, Call, Expression, Field, Kind, Named, Query, Sort, Version

if TYPE_CHECKING:
    import duckdb

    from parvis.store.pool import Pool

FORMATS: Mapping[str, Format] = writers.FORMATS
BATCH = 2048  # rows: the first of them leave the sooner
_OURS = frozenset(
    ("csv", "xlsx", "ods", "json", "jsonl", "geojson", "parquet", "arrow", "sqlite", "duckdb")
)  # whole tables


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
    (semicolons, decimal comma, days first); ``options`` are those of ``writers.frame.Frame``: with them, the file is in the
    fashion of other systems. Raises: InputError when the format does not fit the data.
    """
    check(version, query, format)
    told = {**(options or {}), **({"profile": profile} if profile else {})}
    if told.get("delimiter", ";") not in DELIMITERS:
        raise InputError("« delimiter » attend une virgule, un point-virgule, une barre ou une tabulation.")
    _check_system(int(told.get("epsg", 4326)))
    known, writer = FORMATS[format], WRITERS[format]
    foreign = bool(options) or format not in _OURS
    placed = query
    if known.placed:
        placed = placed_apart(version, query) if foreign else _with_place(version, query)
    split = hasattr(writer, "lines") or known.placed
    statement, made = _framed(version, placed, known, most, told, foreign=foreign, ours=not options, split=split)
    request: dict[str, Any] = {"object": version.object}
    if hasattr(writer, "lines"):
        lines = writer.lines(made)
        sql, parameters = lines.over(statement.sql, statement.parameters, len(statement.columns))
        file = {"format": format, "about": dict(made.about), "head": lines.head, "tail": lines.tail, "cut": lines.cut}
    else:
        width = ", ".join(f"c{n}" for n in range(len(statement.columns)))
        sql, parameters = f"SELECT * FROM ({statement.sql}) AS t({width})", list(statement.parameters)
        file = {
            "format": format, "about": dict(made.about), "options": {**told, "labels": {}}, "place": made.place,
            "cells": [dataclasses.asdict(c) for c in made.cells], "bbox": list(version.bbox),
            "everywhere": _everywhere(version, query),
        }  # fmt: skip
    if known.most and version.rows > known.most:
        file["most"] = known.most
    request |= {"sql": sql, "parameters": parameters, "export": file}
    yield from pool.stream(request, frame.WHOLE if known.whole else frame.SILENT)


def _framed(
    version: Version, query: Query, known: Format, most: int | None, options: Mapping[str, Any],
    *, foreign: bool, ours: bool, split: bool,
) -> tuple[asking.Statement, Frame]:  # fmt: skip
    """Return the SQL of the rows, and where each column of the file is found in them."""
    asked, spots = _pairs_apart(query) if split and query.calculated and not query.by else (query, [])
    statement = asking.compile_export(version, asked, exact=known.exact, most=most)
    kinds = [c.kind for c in statement.columns]
    if not spots:
        spots = [(c.name, (n,)) for n, c in enumerate(statement.columns)]
    labels: Mapping[str, str] = options.get("labels", {})
    columns, points, lists = {c.name: c for c in statement.columns}, _points(query), _lists(query)
    cells = [
        Cell(
            name, Kind.GEOMETRY if len(at) == 2 else kinds[at[0]], at,
            labels.get(name) or (columns[name].label if name in columns else name), name in points, name in lists,
        )
        for name, at in spots
    ]  # fmt: skip
    place = None
    if known.placed:
        wanted = PLACE if foreign else version.geometry
        place = next((n for n, c in enumerate(cells) if c.name == wanted), None)
        if place is None:  # a pair of columns, which stay among the properties
            at = [next(n for n, c in enumerate(cells) if c.name == name) for name in version.point]
            cells.append(Cell(PLACE, Kind.GEOMETRY, tuple(cells[n].at[0] for n in at)))
            place = len(cells) - 1
    return statement, Frame(cells, place, foreign, ours, options, frame.about(version))


def _check_system(epsg: int) -> None:
    if epsg == 4326:
        return
    import pyproj

    try:
        pyproj.CRS.from_epsg(epsg)
    except pyproj.exceptions.CRSError as error:
        raise InputError("Le système de coordonnées EPSG:{code} n'existe pas.", code=epsg, parameter="epsg") from error


def _everywhere(version: Version, query: Query) -> bool:
    """True when every row has a place, so that an index of places holds them all."""
    names = [version.geometry] if version.geometry else list(version.point)
    found = [version.column(n) for n in names]
    return query.where is None and not query.by and all(c is not None and c.filled == version.rows for c in found)


def _points(query: Query) -> set[str]:
    """Return the names of the columns that are places: two numbers, which are properties and not shapes."""
    named = [n for n in (*query.by, *query.shown) if isinstance(n.expression, Call)]
    points = (Calc.POINT, Calc.CENTROID, Calc.CLUSTER)
    return {n.name for n in named if isinstance(n.expression, Call) and n.expression.what in points} - {PLACE}


def _lists(query: Query) -> set[str]:
    """Return the names of the columns that are lists of values, and no text of several."""
    if query.by:
        return set()
    calls = [(n.name, n.expression) for n in query.shown if isinstance(n.expression, Call)]
    return {name for name, call in calls if call.what is Calc.PARTS and len(call.arguments) == 2}


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
    known = FORMATS[format]
    if known.placed and not (version.geometry or version.point):
        raise InputError("Ce jeu de données n'a pas de coordonnées : il n'a pas d'export {format}.", format=known.title)
    if format == "ical" and not ical.fits(version.columns):
        raise InputError(
            "Ce jeu de données n'a pas de dates avec un titre : il n'a pas d'export {format}.", format=known.title
        )
    if known.most and version.rows > known.most and query.where is None:
        raise InputError(
            "Un fichier {format} ne peut tenir plus de {limit} lignes.", "Filtrez, ou prenez le CSV.",
            format=known.title, limit=known.most,
        )  # fmt: skip
    asking.compile_export(version, query)


def possible(version: Version) -> list[str]:
    """Return the formats that a catalogue names, in which all of a version can be had."""
    return [name for name in writable(version) if FORMATS[name].named]


def writable(version: Version) -> list[str]:
    """Return every format in which all of a version can be had, those of few programs included."""
    placed = bool(version.geometry or version.point)
    return [
        name
        for name, known in FORMATS.items()
        if not (known.placed and not placed)
        and not (known.most and version.rows > known.most)
        and not (name == "ical" and not ical.fits(version.columns))
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
    return dataclasses.replace(query, shown=(*shown, Named(place, PLACE)), select=(), order=(), sorts=sorts)


# --- In the worker --------------------------------------------------------------------------------


def written(
    engine: duckdb.DuckDBPyConnection, rows: duckdb.DuckDBPyRelation, told: Mapping[str, Any], work: Path
) -> Iterator[bytes]:
    """Yield the chunks of a file from the rows of a question. ``told`` is what ``stream`` says of it.

    ``engine`` is a connection of its own; ``work`` a folder where files that are written whole may lie meanwhile.
    """
    writer = WRITERS[told["format"]]
    if "most" in told and rows.limit(told["most"] + 1).aggregate("count(*)").fetchall()[0][0] > told["most"]:
        raise TooLongError
    if hasattr(writer, "lines"):
        chunks = frame.written(rows.to_arrow_reader(BATCH), told)
        yield from writer.packed(chunks, told) if hasattr(writer, "packed") else chunks
        return
    from parvis.store.writers import batches

    with tempfile.TemporaryDirectory(dir=work) as place:
        asked = batches.Rows(rows, engine, Path(place), batches.cells(told["cells"]), told["place"])
        yield from writer.write(asked, told)
