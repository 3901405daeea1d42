"""Records, facets and exports of one dataset, as Opendatasoft gives them."""

from __future__ import annotations

import dataclasses
import re
import zlib
from collections.abc import Iterator
from typing import Any

from parvis.dialects import extras, ods_fields, odsql
from parvis.dialects.ods_request import (
    Asked,
    RestError,
    asked_version,
    conditions,
    depends_on_time,
    dumped,
    facet_values,
    facets_body,
    headers_of,
    instant,
    kept,
    page_links,
    question,
    question_mark,
    setting_of,
    told_whole,
    written_rows,
)  # fmt: skip
from parvis.dialects.odsql import OdsqlError, Setting
from parvis.errors import InputError, UnknownName
from parvis.store import export, expressions, tiles
from parvis.store import query as asking
from parvis.values import Calc, Call, Expression, Holds, Kind, Literal, Named, Query, Version
from parvis.web import Entry, Response, matches

FORMATS = {
    "csv": "csv", "xlsx": "xlsx", "json": "json", "jsonl": "jsonl", "geojson": "geojson", "parquet": "parquet",
    "kml": "kml", "gpx": "gpx", "turtle": "turtle", "n3": "turtle", "jsonld": "jsonld", "rdfxml": "rdfxml",
    "ov2": "ov2", "fgb": "fgb", "shp": "shp", "ical": "ical",
    "ods": "ods", "gpkg": "gpkg", "arrow": "arrow", "sqlite": "sqlite", "duckdb": "duckdb",  # that the original has not
}  # fmt: skip
TILE = "mvt"


# --- Records --------------------------------------------------------------------------------------


def records(asked: Asked) -> Response:
    entry, version = asked_version(asked)
    return kept(asked, version, lambda: _records_of(asked, entry, version))


def _records_of(asked: Asked, entry: Entry, version: Version) -> tuple[bytes, dict[str, str]]:
    setting = setting_of(asked, version)
    query = question(asked, setting, ods_fields.shown_names(version))
    grouped = bool(query.by) or not query.count
    told = not grouped and (asked.old or asked.flag("include_links") or asked.flag("include_app_metas"))
    if told:
        query = dataclasses.replace(query, shown=(*query.shown, Named(Call(Calc.ROW), _ROW)))
    page = asking.run(asked.pool, version, query)
    rows = _with_clusters(query, written_rows(page.columns, page.rows, asked.zone, _several(query)))
    body: dict[str, Any] = {} if grouped else {"total_count": page.total}
    if grouped and asked.places.get("what") == "aggregates":
        body = {"aggregations": rows}
    elif asked.old:
        body["links"] = page_links(asked, query, page.total)
        body["records"] = [_old_record(asked, entry, version, row) for row in rows] if told else [
            {"record": {"fields": row}} for row in rows
        ]  # fmt: skip
    else:
        if asked.flag("include_links"):
            body["_links"] = page_links(asked, query, page.total)
        body["results"] = [_record(asked, entry, version, row) for row in rows] if told else rows
    return dumped(body), {"x-parvis-cursor": page.cursor} if page.cursor else {}


def _with_clusters(query: Query, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return groups with their clusters told as the original does: by their middle, under a name of its own."""
    named = {
        n.name
        for n in (*query.by, *query.shown)
        if isinstance(n.expression, Call) and n.expression.what is Calc.CLUSTER
    }
    for row in rows if named else ():
        for name in named:
            middle = row[name]
            row[name] = {"cluster_centroid": {"lat": middle["lat"], "lon": middle["lon"]}} if middle else None
    return rows


_ROW = "\x1frow"


def _several(query: Query) -> frozenset[str]:
    """Return the columns whose cells hold several values: none among groups, which count each value apart."""
    return frozenset() if query.by else ods_fields.several(query.shown)


def record_id(version: Version, row: int) -> str:
    """Return the identity of a row: the content it is of, and its place there. It lasts as long as the content."""
    return f"{version.object[:24]}{row:016x}"


def _record(asked: Asked, entry: Entry, version: Version, row: dict[str, Any]) -> dict[str, Any]:
    identity = record_id(version, row.pop(_ROW))
    if asked.flag("include_app_metas"):
        stamp = instant(version.created_at)
        row = {"_id": identity, "_timestamp": stamp, "_size": len(dumped(row)), **row}
    if asked.flag("include_links"):
        row = {"_links": _record_links(asked, entry, identity), **row}
    return row


def _old_record(asked: Asked, entry: Entry, version: Version, row: dict[str, Any]) -> dict[str, Any]:
    identity = record_id(version, row.pop(_ROW))
    record = {
        "id": identity,
        "timestamp": instant(version.created_at),
        "size": len(dumped(row)),
        "fields": row,
    }
    return {"links": _record_links(asked, entry, identity), "record": record}


def _record_links(asked: Asked, entry: Entry, identity: str) -> list[dict[str, str]]:
    path = f"/catalog/datasets/{entry.slug}"
    return [
        {"rel": "self", "href": asked.url(f"{path}/records/{identity}")},
        {"rel": "datasets", "href": asked.url("/catalog/datasets")},
        {"rel": "dataset", "href": asked.url(path)},
    ]


def one_record(asked: Asked) -> Response:
    entry, _ = asked_version(asked)
    identity = asked.places["record"]
    missing = UnknownName("The requested record {name} does not exist.", name=identity[:60])
    if not re.fullmatch(r"[0-9a-f]{40}", identity):
        raise missing
    version = version_of_record(asked, entry, identity)
    if version is None or int(identity[24:], 16) >= version.rows:
        raise missing
    return kept(asked, version, lambda: _one_record_of(asked, entry, version, int(identity[24:], 16)))


def version_of_record(asked: Asked, entry: Entry, identity: str) -> Version | None:
    """Return the version that holds a record: the current one, or an older one that was named."""
    for name in dict.fromkeys((entry.version.id, *entry.versions)):
        version = entry.version if name == entry.version.id else asked.catalogue.version(entry.id, name)
        if version.object.startswith(identity[:24]):
            return version
    return None


def _one_record_of(asked: Asked, entry: Entry, version: Version, row: int) -> tuple[bytes, dict[str, str]]:
    setting = setting_of(asked, version)
    names = ods_fields.shown_names(version)
    shown = odsql.select(asked.get("select") or "*", setting, names)
    where = Holds(Call(Calc.EQ, (Call(Calc.ROW), Literal(row, Kind.INTEGER))))
    shown = (*shown, Named(Call(Calc.ROW), _ROW))
    page = asking.run(asked.pool, version, Query(shown=shown, where=where, limit=1, count=False, zone=setting.zone))
    rows = written_rows(page.columns, page.rows, asked.zone, ods_fields.several(shown))
    if not rows:
        raise UnknownName("The requested record {name} does not exist.", name=record_id(version, row))
    told = _old_record(asked, entry, version, rows[0]) if asked.old else _record(asked, entry, version, rows[0])
    return dumped(told), {}


# --- Facets ---------------------------------------------------------------------------------------


def facets(asked: Asked) -> Response:
    _, version = asked_version(asked)
    return kept(asked, version, lambda: _facets_of(asked, version))


def _facets_of(asked: Asked, version: Version) -> tuple[bytes, dict[str, str]]:
    setting = setting_of(asked, version)
    wanted = [odsql.facet(text) for text in asked.all("facet")]
    if not wanted:
        names = [f.name for f in ods_fields.fields(version) if "facet" in f.annotations]
        wanted = [odsql.Facet(name) for name in names]
    if len(wanted) > 50:
        raise RestError("Invalid value for facet API parameter: too many facets.")
    found = []
    for facet in wanted:
        counts = _counts(asked, version, setting, facet)
        if counts is not None:
            found.append({"name": facet.name, "facets": counts})
    return facets_body(asked, found), {}


def _counts(asked: Asked, version: Version, setting: Setting, facet: odsql.Facet) -> list[dict[str, Any]] | None:
    known = setting.fields.get(facet.name) or setting.fields.get(facet.name.lower())
    if known is None:
        raise OdsqlError(f"Unknown field: {facet.name[:100]}.", "facet")
    if known.kind is Kind.GEOMETRY:
        raise OdsqlError(f"{facet.name[:100]} cannot be a facet.", "facet")
    expression: Expression = known.expression
    separator = facet.separator or "/" if facet.hierarchical else ""
    if known.kind in (Kind.DATE, Kind.DATETIME):
        expression, separator = Call(Calc.FORMAT, (expression, Literal("%Y/%m/%d", Kind.TEXT))), "/"
    where = conditions(asked, setting, without=known.name if facet.disjunctive else "")
    counts: list[tuple[Any, int]] = []
    while len(counts) % asking.MAX_GROUPS == 0:  # as many values as there are
        page = asking.run(
            asked.pool,
            version,
            Query(
                by=(Named(expression, "value"),), shown=(Named(Call(Calc.COUNT), "n"),), where=where, count=False,
                limit=asking.MAX_GROUPS, offset=len(counts), zone=setting.zone,
            ),
        )  # fmt: skip
        counts += [(r[0], r[1]) for r in page.rows]
        if not page.rows:
            break
    said = [(_facet_text(v), n) for v, n in counts if v is not None]
    return facet_values(asked, known.name, said, facet, separator, numeric=known.kind in expressions.NUMBERS)


def _facet_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


# --- Exports --------------------------------------------------------------------------------------


def exports(asked: Asked) -> Response:
    entry, version = asked_version(asked)
    path = f"/catalog/datasets/{entry.slug}/exports"
    links = [{"rel": "self", "href": asked.url(path)}]
    links += [{"rel": name, "href": asked.url(f"{path}/{name}")} for name in possible(version)]
    more = extras.of(asked.catalogue, asked.pool.folder, entry, version)
    links += [{"rel": e.format, "href": asked.url(f"{path}/{e.format}")} for e in more]
    return told_whole(asked, {"links": links})


def possible(version: Version) -> list[str]:
    """Return the export formats in which all of a version can be had."""
    ours = export.writable(version)
    placed = [TILE] if version.geometry or version.point else []
    return [*(name for name, form in FORMATS.items() if form in ours), *placed]


def exported(asked: Asked) -> Response:
    entry, version = asked_version(asked)
    name = asked.places["format"]
    if name in extras.NAMES:
        return extras.given(asked.request, asked.catalogue, asked.pool, entry, version, name)
    form = FORMATS.get(name, "")
    if form not in export.FORMATS and name != TILE:
        raise RestError(
            f"Invalid value for format API parameter: {name[:30]} was found but one of {', '.join(FORMATS)} is expected."
        )
    headers = headers_of(version, question_mark(asked))
    if matches(asked.request, headers["etag"]) and not depends_on_time(asked):
        return Response(304, headers=headers)
    setting = setting_of(asked, version)
    query = question(asked, setting, ods_fields.shown_names(version), export=True)
    if name == TILE:
        return _tile(asked, entry, version, query, headers)
    options = _export_options(asked)
    known = export.FORMATS[form]
    if not query.by and not known.lists:
        query = dataclasses.replace(query, shown=ods_fields.joined(query.shown, options["list_separator"]))
    options["labels"] = {f.name: f.label for f in ods_fields.fields(version)}
    suffix, media = known.suffix, known.media_type
    most = None if query.limit < 0 else query.limit
    try:
        export.check(version, query, form)
    except InputError as error:
        if "parameter" in error.values:
            raise
        raise RestError(error.text) from error
    headers["content-disposition"] = (
        f'attachment; filename="{entry.slug}{suffix}{".gz" if options["compressed"] else ""}"'
    )
    if asked.request.method == "HEAD":
        return Response(200, b"", media, headers)
    chunks = export.opened(
        export.stream(
            asked.pool, version, query, form, most=most, options={k: v for k, v in options.items() if k != "compressed"}
        )
    )
    if options["compressed"]:
        return Response(200, _squeezed(chunks), "application/gzip", headers)
    return Response(200, chunks, media, headers)


def _tile(asked: Asked, entry: Entry, version: Version, query: Query, headers: dict[str, str]) -> Response:
    """Return the one vector tile that holds every place, its deepest."""
    try:
        tiles.placed(version)
    except InputError as error:
        raise RestError(error.text) from error
    headers["content-disposition"] = f'attachment; filename="{entry.slug}.mvt"'
    body = (
        b"" if asked.request.method == "HEAD" else tiles.tile(asked.pool, version, *tiles.around(version), query.where)
    )
    return Response(200, body, "application/vnd.mapbox-vector-tile", headers)


def _export_options(asked: Asked) -> dict[str, Any]:
    """Return how a file is written: as the dialect does unless the parameters say otherwise."""
    delimiter = asked.request.get("delimiter", ";") or ";"
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)
    if delimiter not in (";", ",", "\t", "|"):
        raise RestError(
            f"Invalid value for delimiter API parameter: {delimiter[:5]} was found but one of ; , \\t | is expected."
        )
    compression = asked.get("parquet_compression") or "snappy"
    if compression not in ("snappy", "zstd"):
        raise RestError(
            f"Invalid value for parquet_compression API parameter: {compression[:20]} was found but snappy or zstd is expected."
        )
    epsg = asked.number("epsg", 4326, 1, 999_999)
    return {
        "delimiter": delimiter,
        "quote_all": asked.flag("quote_all"),
        "bom": asked.flag("with_bom", default=not asked.old),
        "use_labels": asked.flag("use_labels"),
        "list_separator": asked.request.get("list_separator", ",")[:5],
        "compression": compression,
        "epsg": epsg,
        "zone": asked.zone.key if asked.zone else "",
        "name_field": asked.get("name_field"),
        "description_fields": [n.strip() for n in asked.get("description_field_list").split(",") if n.strip()],
        "extension": asked.flag("use_extension", default=not asked.old),
        "base": f"{asked.request.base}/id/{asked.places.get('dataset', '')}",
        "compressed": asked.flag("compressed"),
    }


class _squeezed:  # noqa: N801  a stream, used as a function
    """A stream compressed as it goes; closing it closes its source."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        press = zlib.compressobj(6, zlib.DEFLATED, 31)
        for chunk in self._chunks:
            if made := press.compress(chunk):
                yield made
        yield press.flush()

    def close(self) -> None:
        if close := getattr(self._chunks, "close", None):
            close()
