"""GTFS: the tables of one timetable, each a dataset of its own, put together again for the programs of transport.

Which table a version is, is told by the columns that the standard wants of it (gtfs.org, Schedule Reference). The tables of
one archive came together: they have the same original.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from parvis.errors import InputError
from parvis.store import query as asking
from parvis.store.pool import Pool
from parvis.store.writers import csv, frame, sql
from parvis.store.writers.archive import Archive
from parvis.store.writers.frame import Cell, Format, Frame
from parvis.values import Extra, Kind, Query, Version

NAME = "gtfs"
FORMAT = Format(".zip", "application/zip", "GTFS")
STANDARD = "https://gtfs.org/documentation/schedule/reference/"
NEEDED = ("stops", "routes", "trips", "stop_times")
# The columns that only this table has together; the first table that has them all is the one.
_TABLES: Mapping[str, Sequence[str]] = {
    "stop_times": ("trip_id", "stop_id", "stop_sequence"),
    "frequencies": ("trip_id", "start_time", "headway_secs"),
    "trips": ("trip_id", "route_id", "service_id"),
    "calendar_dates": ("service_id", "date", "exception_type"),
    "calendar": ("service_id", "monday", "sunday", "start_date"),
    "shapes": ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"),
    "agency": ("agency_name", "agency_url", "agency_timezone"),
    "routes": ("route_id", "route_type"),
    "transfers": ("from_stop_id", "to_stop_id", "transfer_type"),
    "pathways": ("pathway_id", "from_stop_id", "to_stop_id"),
    "stops": ("stop_id", "stop_name"),
    "levels": ("level_id", "level_index"),
    "fare_attributes": ("fare_id", "price", "payment_method"),
    "fare_rules": ("fare_id",),
    "feed_info": ("feed_publisher_name", "feed_publisher_url", "feed_lang"),
    "attributions": ("organization_name",),
    "translations": ("table_name", "field_name", "language", "translation"),
}


def member(version: Version) -> str:
    """Return the name of the table of a timetable that a version is, "" for anything else."""
    names = {c.label for c in version.columns} | {c.name for c in version.columns}
    return next((table for table, wanted in _TABLES.items() if names.issuperset(wanted)), "")


def together(version: Version, others: Sequence[Version]) -> dict[str, Version]:
    """Return the tables of the timetable that a version is of, by their names; none when it is of none, or not whole."""
    if not version.source_digest or not member(version):
        return {}
    found = {member(v): v for v in others if v.source_digest == version.source_digest and member(v)}
    found[member(version)] = version
    return {name: found[name] for name in _TABLES if name in found} if found.keys() >= set(NEEDED) else {}


def whole(slug: str) -> Extra:
    """Return what is told of the archive beside the files of one of its tables, the dataset ``slug``."""
    return Extra(NAME, FORMAT.title, FORMAT.media_type, f"{slug}-gtfs{FORMAT.suffix}", follows=STANDARD)


def stream(pool: Pool, tables: Mapping[str, Version]) -> Iterator[bytes]:
    """Yield the archive of a timetable. Raises: InputError when a table that it cannot do without is not there."""
    if not tables.keys() >= set(NEEDED):
        raise InputError(
            "Ce jeu de données n'est pas d'un réseau de transport publié en entier : il n'a pas d'export GTFS.",
            "Il y faut les arrêts, les lignes, les courses et les horaires.",
        )
    archive = Archive()
    for name, version in tables.items():
        yield from archive.streamed(f"{name}.txt", _lines(pool, version))
    if "attributions" not in tables:
        yield archive.kept("attributions.txt", _attribution(next(iter(tables.values()))).encode())
    yield archive.end()


def _lines(pool: Pool, version: Version) -> Iterator[bytes]:
    statement = asking.compile_export(version, Query())
    cells = [Cell(c.name, c.kind, (n,), c.label) for n, c in enumerate(statement.columns)]
    said = ", ',', ".join(_cell(c) for c in cells)
    head = ",".join(c.name for c in cells)
    lines = frame.Lines(f"concat({said}, chr(13), chr(10))", head=f"{head}\r\n")
    text, parameters = lines.over(statement.sql, statement.parameters, len(cells))
    file = {"format": "csv", "about": {}, "head": lines.head, "tail": "", "cut": 0}
    yield from pool.stream(
        {"object": version.object, "sql": text, "parameters": parameters, "export": file}, frame.SILENT
    )


def _cell(cell: Cell) -> str:
    """Return a cell as the standard writes it: days without signs, yes and no as figures, text as it is."""
    name, plain = sql.column(cell), Frame([cell])
    if cell.kind is Kind.DATE:
        return f"coalesce(strftime({name}, '%Y%m%d'), '')"
    if cell.kind is Kind.BOOLEAN:
        return f"(CASE WHEN {name} THEN '1' WHEN NOT {name} THEN '0' ELSE '' END)"
    if cell.kind is not Kind.TEXT:
        return f"coalesce({sql.text(cell, plain)}, '')"
    signs = " OR ".join(f"contains({name}, {s})" for s in ("','", "'\"'", "chr(10)", "chr(13)"))
    between = f"concat('\"', replace({name}, '\"', '\"\"'), '\"')"
    return f"(CASE WHEN {name} IS NULL THEN '' WHEN {signs} THEN {between} ELSE {name} END)"


def _attribution(version: Version) -> str:
    """Return the table that says whose the data are, as the standard has it."""
    about = frame.about(version)
    said = [about.get("attribution") or about.get("title", ""), "1", about.get("licence_url", "")]
    return (
        "organization_name,is_producer,attribution_url\r\n"
        + ",".join(csv.quoted(s, ",", every=False) for s in said)
        + "\r\n"
    )
