"""Opendatasoft's first API, still in programs, embeds and links: search, download, analyse, clusters, catalogue.

Its own habits are kept: empty cells are left out, a place is latitude then longitude, a sort is from the largest unless a
minus says otherwise. Downloads are served at both addresses that links use, without redirect.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from parvis.dialects import extras, ods_catalogue, ods_fields, ods_v1_analysis, ods_v1_query, odsql
from parvis.dialects.ods_records import FORMATS, record_id, version_of_record
from parvis.dialects.ods_request import (
    CORS,
    PREFLIGHT,
    Asked,
    RestError,
    depends_on_time,
    dumped,
    facet_values,
    found_entry,
    headers_of,
    instant,
    kept,
    question_mark,
    refined,
    setting_of,
)
from parvis.dialects.odsql import Setting
from parvis.errors import BusyError, GoneError, InputError, LimitError, ParvisError, UnknownName
from parvis.store import export, expressions
from parvis.store import query as asking
from parvis.store.cache import Cache
from parvis.store.pool import Pool
from parvis.values import (
    All,
    Calc,
    Call,
    Expression,
    Holds,
    Kind,
    Literal,
    Named,
    Not,
    Query,
    Some,
    Sort,
    Version,
    Where,
)
from parvis.web import METHODS, Catalogue, Entry, Request, Response, finished

TITLE = "Opendatasoft, première API"
ROWS, MOST_ROWS, WALL = 10, 10_000, 10_000
HEAVY = 24 << 20  # bytes of a page of rows; a download has no such end
SECONDS = 4.0  # for all the questions that a page of rows takes
_ROW = "\x1frow"
_FILES = {**FORMATS, "xls": "xlsx", "jsonv1": "json", "jsonp": "json", "geojsonp": "geojson"}


def answer(
    request: Request, catalogue: Catalogue, pool: Pool, cache: Cache | None = None, now: datetime.datetime | None = None
) -> Response:
    """Return the response to any request of the first API: faults too."""
    try:
        response = _dispatched(request, catalogue, pool, cache, now or datetime.datetime.now(datetime.UTC))
    except ParvisError as error:
        response = fault(error)
    body = response.body
    callback = request.get("callback")
    if request.get("pretty_print").lower() == "true" and isinstance(body, bytes) and body[:1] in (b"{", b"["):
        body = json.dumps(json.loads(body), ensure_ascii=False, indent=4).encode("utf-8", "replace")
        response = dataclasses.replace(response, body=body)
    called = request.method == "GET" and re.fullmatch(r"[A-Za-z_$][\w$.]{0,60}", callback)
    told = isinstance(body, bytes) and response.media_type.startswith("application/json") and response.status != 304
    if called and told and isinstance(body, bytes):
        body = b"/**/%b(%b);" % (callback.encode(), body)
        response = dataclasses.replace(response, media_type="application/javascript; charset=utf-8")
    return finished(request, dataclasses.replace(response, body=body), CORS)


def fault(error: Exception) -> Response:
    """Return what the first API says of an error: a number and a sentence."""
    headers, status, code = {"cache-control": "no-store"}, 500, 10000
    if isinstance(error, BusyError):
        headers["retry-after"] = str(error.retry_after)
        status, code = 503, 10003
    elif isinstance(error, GoneError):
        status, code = 410, 20002
    elif isinstance(error, UnknownName):
        status, code = 404, 20002
    elif isinstance(error, InputError | LimitError):
        status, code = 400, 10005
    said = error.text if isinstance(error, ParvisError) else "Une panne est survenue de notre fait."
    return Response(status, dumped({"errorcode": code, "error": said}), headers=headers)


# --- Routes ---------------------------------------------------------------------------------------


def _dispatched(
    request: Request, catalogue: Catalogue, pool: Pool, cache: Cache | None, now: datetime.datetime
) -> Response:
    for pattern, handler in _ROUTES:
        if match := pattern.fullmatch(request.path):
            if request.method == "OPTIONS":
                return Response(204, headers=PREFLIGHT)
            if request.method not in (*METHODS, "POST"):
                said = {"errorcode": 10001, "error": "This method is not allowed."}
                return Response(405, dumped(said), headers={"allow": ", ".join((*METHODS, "POST"))})
            places = match.groupdict()
            places.setdefault("dataset", request.get("dataset").strip())
            return handler(Asked(request, "/api/explore/v2.1", places, catalogue, pool, cache, now))
    raise UnknownName("This address does not exist.")


def _entry(asked: Asked) -> tuple[Entry, Version]:
    name = asked.places["dataset"]
    if not name:
        raise RestError("Parameter dataset is missing.")
    try:
        entry = found_entry(asked.catalogue, name)
    except UnknownName:  # « dataset@portal » names where a dataset came from
        if "@" not in name:
            raise
        entry = found_entry(asked.catalogue, name.partition("@")[0])
    wanted = asked.get("version")
    return entry, asked.catalogue.version(entry.id, wanted) if wanted else entry.version


# --- The question ---------------------------------------------------------------------------------


def _where(asked: Asked, setting: Setting, without: str = "") -> Where | None:
    """Return all the conditions of a request, but the refinements of one facet."""
    parts: list[Where] = []
    for name, text in asked.request.query:
        if name not in ("q", "query") and not name.startswith("q."):
            continue
        if (found := ods_v1_query.where(text, setting)) is not None:
            parts.append(found)
    for text in asked.all("geofilter.distance"):
        parts.append(ods_v1_query.distance(text, setting))
    for text in asked.all("geofilter.polygon"):
        parts.append(ods_v1_query.polygon(text, setting))
    for text in asked.all("geofilter.bbox"):
        parts.append(ods_v1_query.box(text, setting))
    disjunctive, either = _disjunctive(asked), dict[str, list[Where]]()
    for name, value in asked.request.query:
        kind, _, field = name.partition(".")
        if kind in ("refine", "exclude") and field and field != without:
            found = refined(setting, field, value, name)
            if kind == "refine" and field in disjunctive:
                either.setdefault(field, []).append(found)
            else:
                parts.append(found if kind == "refine" else Not(found))
    parts += [Some(tuple(found)) for found in either.values()]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _disjunctive(asked: Asked) -> set[str]:
    """Return the facets whose values add rows to each other."""
    named = (
        n.removeprefix("disjunctive.") for n, v in asked.request.query if n.startswith("disjunctive.") and v != "false"
    )
    return set(named)


def _sorts(asked: Asked, setting: Setting) -> tuple[Sort, ...]:
    """Return the orders asked for: from the largest, from the smallest after a minus."""
    found = []
    for text in (part.strip() for said in asked.all("sort") for part in said.split(",")):
        name = text.lstrip("+-")
        known = setting.fields.get(name)
        if known is None:
            raise RestError(f"Unknown field in sort: {name[:60]}")
        if known.kind is not Kind.GEOMETRY:
            found.append(Sort(known.expression, not text.startswith("-")))
    return tuple(found)


def _names(asked: Asked, setting: Setting, version: Version) -> list[str]:
    wanted = [p.strip() for said in asked.all("fields") for p in said.split(",") if p.strip()]
    return [n for n in wanted if n in setting.fields] or list(ods_fields.shown_names(version))


def _whole(asked: Asked, name: str, default: int, most: int) -> int:
    said = asked.get(name)
    if not said:
        return default
    if not re.fullmatch(r"-?\d{1,10}", said) or not -1 <= int(said) <= most:
        raise RestError(f"Invalid value for {name}: an integer from -1 to {most} is expected.")
    return int(said)


def _rows_of(asked: Asked, version: Version, query: Query) -> Iterator[dict[str, Any]]:
    """Yield the rows of a question as they are written here, page after page."""
    left, offset, cursor = query.limit, query.offset, ""
    while left > 0:
        one = dataclasses.replace(query, limit=min(left, asking.MAX_ROWS), offset=offset, cursor=cursor, count=False)
        page = asking.run(asked.pool, version, one)
        shape = [(c.name, c.kind) for c in page.columns]
        for row in page.rows:
            yield {n: v if n == _ROW else _cell(v, k, asked) for (n, k), v in zip(shape, row, strict=True)}
        left, offset, cursor = left - len(page.rows), 0, page.cursor
        if not cursor:
            return


def _cell(value: Any, kind: Kind, asked: Asked) -> Any:
    if isinstance(value, dict):
        return [value["lat"], value["lon"]] if "lon" in value else value
    return ods_fields.cell(value, kind, asked.zone)


def _record(entry: Entry, version: Version, row: dict[str, Any]) -> dict[str, Any]:
    identity = record_id(version, row.pop(_ROW))
    fields = {n: v for n, v in row.items() if v is not None}
    told: dict[str, Any] = {"datasetid": entry.slug, "recordid": identity, "fields": fields}
    place = fields.get(ods_fields.POINT)
    if isinstance(place, list):
        told["geometry"] = {"type": "Point", "coordinates": [place[1], place[0]]}
    elif isinstance(shape := fields.get(ods_fields.SHAPE), dict):
        told["geometry"] = shape
    told["record_timestamp"] = instant(version.created_at)
    return told


# --- Records --------------------------------------------------------------------------------------


def _search(asked: Asked) -> Response:
    entry, version = _entry(asked)
    form = asked.get("format") or "json"
    if form not in ("json", "jsonp", "geojson", "geojsonp"):
        return _download(asked, ROWS)
    places = form.startswith("geojson")
    response = _kept(asked, version, lambda: _search_of(asked, entry, version, places))
    return dataclasses.replace(response, media_type="application/geo+json; charset=utf-8") if places else response


def _kept(asked: Asked, version: Version, answering: Callable[[], tuple[bytes, dict[str, str]]]) -> Response:
    """Return an answer kept as long as its version lasts, unless its question depends on the time."""
    if any("#now" in v.lower() for n, v in asked.request.query if n in ("q", "query") or n.startswith("q.")):
        body, more = answering()
        return Response(200, body, headers={"cache-control": "no-cache", **more})
    return kept(asked, version, answering)


def _search_of(asked: Asked, entry: Entry, version: Version, places: bool) -> tuple[bytes, dict[str, str]]:
    setting = setting_of(asked, version)
    rows, start = _whole(asked, "rows", ROWS, MOST_ROWS), max(_whole(asked, "start", 0, 10**9), 0)
    rows = MOST_ROWS if rows < 0 else rows
    if asked.strict and rows + start > WALL:
        raise RestError("The sum of rows and start must not exceed 10000.")
    where = _where(asked, setting)
    names = _names(asked, setting, version)
    asked_for = tuple(Named(setting.fields[n].expression, n) for n in names)
    shown = (*ods_fields.joined(asked_for, ";"), Named(Call(Calc.ROW), _ROW))
    query = Query(shown=shown, where=where, sorts=_sorts(asked, setting), limit=rows, offset=start, zone=setting.zone)
    counted = asking.run(asked.pool, version, dataclasses.replace(query, limit=0, offset=0))
    told: dict[str, Any] = {"nhits": counted.total, "parameters": _parameters(asked, entry, rows, start)}
    written = b",".join(_written(asked, entry, version, query, places))
    if places:
        return b'{"type":"FeatureCollection","features":[%b]}' % written, {}
    groups = _facet_groups(asked, version, setting)
    after = dumped({"facet_groups": groups})[1:] if groups else b"}"
    return b'%b,"records":[%b]%b%b' % (dumped(told)[:-1], written, b"," if groups else b"", after), {}


def _written(asked: Asked, entry: Entry, version: Version, query: Query, places: bool) -> list[bytes]:
    """Return each row of a page as it is sent. Raises: LimitError when they are too heavy, or come too slowly."""
    out: list[bytes] = []
    size, until = 0, time.monotonic() + SECONDS
    for row in _rows_of(asked, version, query):
        record = _record(entry, version, row)
        out.append(dumped(_feature(record) if places else record))
        size += len(out[-1])
        if size > HEAVY or time.monotonic() > until:
            raise LimitError(
                "Cette page est trop lourde.", "Demandez moins de lignes ou de champs, ou le téléchargement."
            )
    return out


def _parameters(asked: Asked, entry: Entry, rows: int, start: int) -> dict[str, Any]:
    told: dict[str, Any] = {"dataset": entry.slug, "rows": rows, "start": start, "format": "json",
                            "timezone": asked.get("timezone") or "UTC"}  # fmt: skip
    for name in ("q", "lang"):
        if asked.get(name):
            told[name] = asked.get(name)
    for name in ("sort", "facet", "fields"):
        if asked.all(name):
            told[name] = asked.all(name)
    for kind in ("refine", "exclude", "disjunctive"):
        held: dict[str, Any] = {}
        for name, value in asked.request.query:
            if name.startswith(f"{kind}."):
                field = name.removeprefix(f"{kind}.")
                known = held.get(field)
                held[field] = value if known is None else [*known, value] if isinstance(known, list) else [known, value]
        if held:
            told[kind] = held
    return told


def _facet_groups(asked: Asked, version: Version, setting: Setting) -> list[dict[str, Any]]:
    disjunctive = _disjunctive(asked)
    out = []
    for name in [p.strip() for said in asked.all("facet") for p in said.split(",") if p.strip()][:50]:
        known = setting.fields.get(name)
        if known is None or known.kind is Kind.GEOMETRY:
            continue
        expression: Expression = known.expression
        dated = known.kind in (Kind.DATE, Kind.DATETIME)
        if dated:
            expression = Call(Calc.FORMAT, (expression, Literal("%Y/%m/%d", Kind.TEXT)))
        where = _where(asked, setting, without=name if name in disjunctive else "")
        page = asking.run(
            asked.pool,
            version,
            Query(by=(Named(expression, "value"),), shown=(Named(Call(Calc.COUNT), "n"),), where=where, count=False,
                  limit=asking.MAX_GROUPS, zone=setting.zone),
        )  # fmt: skip
        counts = [(_said(r[0]), r[1]) for r in page.rows if r[0] is not None]
        marked = _marked(asked, name)
        numeric = known.kind in expressions.NUMBERS
        facets = facet_values(marked, name, counts, _facet(asked, name), "/" if dated else "", numeric)
        out.append({"name": name, "facets": [_with_path(f) for f in facets]})
    return out


def _facet(asked: Asked, name: str) -> odsql.Facet:
    sort = asked.get(f"facetsort.{name}")
    return odsql.Facet(name, sort=sort if sort in ("count", "-count", "alphanum", "-alphanum", "num", "-num") else "")


def _marked(asked: Asked, name: str) -> Asked:
    """Return the request with the refinements of a facet written as the second API does."""
    query = [
        (n.partition(".")[0], f"{name}:{json.dumps(v, ensure_ascii=False)}")
        for n, v in asked.request.query
        if n in (f"refine.{name}", f"exclude.{name}")
    ]
    return dataclasses.replace(asked, request=dataclasses.replace(asked.request, query=query))


def _with_path(facet: Mapping[str, Any]) -> dict[str, Any]:
    told = {n: v for n, v in facet.items() if n != "value"}
    told["path"] = facet["value"]
    if "facets" in facet:
        told["facets"] = [_with_path(f) for f in facet["facets"]]
    return told


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _one_record(asked: Asked) -> Response:
    entry, _ = _entry(asked)
    identity = asked.places["record"]
    version = version_of_record(asked, entry, identity) if re.fullmatch(r"[0-9a-f]{40}", identity) else None
    if version is None:
        raise UnknownName("Unknown record: {name}", name=identity[:60])
    found = version
    return kept(asked, found, lambda: _one_record_of(asked, entry, found, int(identity[24:], 16)))


def _one_record_of(asked: Asked, entry: Entry, version: Version, row: int) -> tuple[bytes, dict[str, str]]:
    setting = setting_of(asked, version)
    told = tuple(Named(setting.fields[n].expression, n) for n in _names(asked, setting, version))
    shown = ods_fields.joined(told, ";")
    where = Holds(Call(Calc.EQ, (Call(Calc.ROW), Literal(min(row, 2**62), Kind.INTEGER))))
    query = Query(shown=(*shown, Named(Call(Calc.ROW), _ROW)), where=where, limit=1, zone=setting.zone)
    for found in _rows_of(asked, version, query):
        return dumped(_record(entry, version, found)), {}
    raise UnknownName("Unknown record: {name}", name=asked.places["record"][:60])


def _feature(record: Mapping[str, Any]) -> dict[str, Any]:
    fields = record["fields"]
    shape = fields.get(ods_fields.SHAPE)
    geometry = shape["geometry"] if isinstance(shape, dict) and "geometry" in shape else shape or record.get("geometry")
    kept_fields = {n: v for n, v in fields.items() if n != ods_fields.SHAPE}
    return {"type": "Feature", "geometry": geometry, "properties": {**kept_fields, "recordid": record["recordid"]}}


# --- Downloads ------------------------------------------------------------------------------------


def _download(asked: Asked, default: int = -1) -> Response:
    """Return a file of rows, ``default`` of them unless it is said, all for -1."""
    entry, version = _entry(asked)
    setting = setting_of(asked, version)
    name = asked.get("format") or "csv"
    if name in extras.NAMES:
        return extras.given(asked.request, asked.catalogue, asked.pool, entry, version, name)
    form = _FILES.get(name, "")
    if form not in export.FORMATS:
        raise RestError(f"Unknown format: {name[:30]}")
    rows = _whole(asked, "rows", default, 10**9)
    told = tuple(Named(setting.fields[n].expression, n) for n in _names(asked, setting, version))
    shown = ods_fields.joined(told, ";")
    query = Query(
        shown=shown, where=_where(asked, setting), sorts=_sorts(asked, setting), zone=setting.zone,
        offset=max(_whole(asked, "start", 0, 10**9), 0), limit=version.rows if rows < 0 else rows,
    )  # fmt: skip
    export.check(version, query, form)
    known = export.FORMATS[form]
    headers = {} if depends_on_time(asked) else headers_of(version, question_mark(asked))
    headers["content-disposition"] = f'attachment; filename="{entry.slug}{known.suffix}"'
    if asked.request.method == "HEAD":
        return Response(200, b"", known.media_type, headers)
    if form == "json":
        rowed = dataclasses.replace(query, shown=(*shown, Named(Call(Calc.ROW), _ROW)))
        return Response(200, export.opened(_json(asked, entry, version, rowed)), known.media_type, headers)
    separator = {"\\t": "\t", "tab": "\t"}.get(
        asked.request.get("csv_separator", ";"), asked.request.get("csv_separator", ";")
    )
    if separator not in (";", ",", "\t", "|"):
        raise RestError("Unknown csv_separator.")
    options = {
        "delimiter": separator, "use_labels": asked.flag("use_labels_for_header"), "zone": asked.zone.key if asked.zone else "",
        "labels": {f.name: f.label for f in ods_fields.fields(version)}, "epsg": asked.number("epsg", 4326, 1, 999_999),
        "base": f"{asked.request.base}/id/{quote(entry.slug)}", "compression": "snappy",
    }  # fmt: skip
    most = None if rows < 0 else rows
    chunks = export.opened(export.stream(asked.pool, version, query, form, most=most, options=options))
    return Response(200, chunks, known.media_type, headers)


def _json(asked: Asked, entry: Entry, version: Version, query: Query) -> Iterator[bytes]:
    yield b"["
    first = True
    for row in _rows_of(asked, version, query):
        body = dumped(_record(entry, version, row))
        yield body if first else b",\n" + body
        first = False
    yield b"]\n"


# --- Analysis -------------------------------------------------------------------------------------


def _analyze(asked: Asked) -> Response:
    return _calculated(asked, ods_v1_analysis.analyzed)


def _geocluster(asked: Asked) -> Response:
    return _calculated(asked, ods_v1_analysis.clustered)


def _bounding_box(asked: Asked) -> Response:
    return _calculated(asked, ods_v1_analysis.bounded)


Calculation = Callable[[Asked, Version, Setting, Where | None], tuple[bytes, dict[str, str]]]


def _calculated(asked: Asked, calculation: Calculation) -> Response:
    _, version = _entry(asked)

    def told() -> tuple[bytes, dict[str, str]]:
        setting = setting_of(asked, version)
        return calculation(asked, version, setting, _where(asked, setting))

    response = _kept(asked, version, told)
    kind = response.headers.get("content-type", "")
    rest = {n: v for n, v in response.headers.items() if n != "content-type"}
    return dataclasses.replace(response, media_type=kind, headers=rest) if kind else response


# --- Catalogue ------------------------------------------------------------------------------------


def _datasets(asked: Asked) -> Response:
    held, setting = ods_catalogue.table(asked), ods_catalogue.setting_of(asked)
    rows, start = _whole(asked, "rows", ROWS, asking.MAX_ROWS), max(_whole(asked, "start", 0, 10**9), 0)
    where = _where(asked, setting)
    query = Query(
        shown=(Named(setting.fields["dataset_id"].expression, "id"),), where=where, sorts=_sorts(asked, setting),
        limit=asking.MAX_ROWS if rows < 0 else rows, offset=start,
    )  # fmt: skip
    page = asking.run(asked.pool, held.version, query, table=held.rows)
    by_slug = {e.slug: e for e in held.entries}
    told: dict[str, Any] = {
        "nhits": page.total,
        "parameters": {"rows": rows, "start": start, "format": "json", "timezone": asked.get("timezone") or "UTC"},
        "datasets": [_dataset_said(asked, by_slug[row[0]]) for row in page.rows],
    }
    groups = []
    for name in [p for said in asked.all("facet") for p in said.split(",") if p in setting.fields][:50]:
        counts = ods_catalogue.counted(asked, held, setting.fields[name], where)
        dated = setting.fields[name].kind is Kind.DATETIME
        facets = facet_values(_marked(asked, name), name, counts, odsql.Facet(name), "/" if dated else "")
        groups.append({"name": name, "facets": [_with_path(f) for f in facets]})
    if groups:
        told["facet_groups"] = groups
    return Response(200, dumped(told), headers={"cache-control": "no-cache"})


def _dataset(asked: Asked) -> Response:
    entry, version = _entry(asked)
    return Response(200, dumped(_dataset_said(asked, entry, version)), headers={"cache-control": "no-cache"})


def _dataset_said(asked: Asked, entry: Entry, version: Version | None = None) -> dict[str, Any]:
    told = ods_catalogue.told(asked, entry, version)
    metas = {n: v for n, v in told["metas"]["default"].items() if v is not None}
    return {
        "datasetid": told["dataset_id"], "has_records": True, "data_visible": True, "features": told["features"],
        "attachments": told["attachments"], "fields": [_field_said(f) for f in told["fields"]], "metas": metas,
    }  # fmt: skip


def _field_said(field: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field with its annotations as a list, as the first API has them."""
    annotations = [{"name": n, "args": list(v)} for n, v in field["annotations"].items()]
    return {**{n: v for n, v in field.items() if v is not None}, "annotations": annotations}


Handler = Callable[[Asked], Response]
_ROUTES: list[tuple[re.Pattern[str], Handler]] = [
    (re.compile(r"/api/records/1\.0/search/?"), _search),
    (re.compile(r"/api/records/1\.0/download/?"), _download),
    (re.compile(r"/api/records/1\.0/analyze/?"), _analyze),
    (re.compile(r"/api/records/1\.0/geocluster/?"), _geocluster),
    (re.compile(r"/api/records/1\.0/boundingbox/?"), _bounding_box),
    (re.compile(r"/api/datasets/1\.0/search/?"), _datasets),
    (re.compile(r"/api/datasets/1\.0/(?P<dataset>[^/]+)/records/(?P<record>[^/]+)/?"), _one_record),
    (re.compile(r"/api/datasets/1\.0/(?P<dataset>[^/]+)/?"), _dataset),
    (re.compile(r"/explore/dataset/(?P<dataset>[^/]+)/download/?"), _download),
]
