"""OGC API Features (parts 1, 2 and 3) and OGC API Tiles over our own store: ``/ogc`` and what lies under it.

A collection is a dataset whose rows have a place. QGIS, GDAL and the town's mapping tools read it with no plugin. Beyond
the standard: ``version`` for an old state, ``sortby``, ``properties``, ``skipGeometry``, and no wall: ``offset`` goes to
the last row. A reader of pages is led to the dataset's page.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from parvis.dialects import cql2, ogc_crs, ogc_items, ogc_openapi, ogc_tiles
from parvis.dialects.ogc_request import (
    CORS,
    GEOJSON,
    JSON,
    OPENAPI,
    PREFIX,
    PREFLIGHT,
    SCHEMA,
    Asked,
    ParameterError,
    extent,
    fault,
    faulty,
    found,
    is_placed,
    led,
    link,
    property_columns,
    time_column,
    wants_page,
    whole,
)
from parvis.errors import ParvisError, UnknownName
from parvis.store.cache import Cache
from parvis.store.pool import Pool
from parvis.values import Column, Kind, Version
from parvis.web import METHODS, Catalogue, Entry, Request, Response, Site, finished

TITLE = "OGC API Features et Tiles"
PAGE = 1000  # collections told at once
_SPEC = "http://www.opengis.net/spec"
CONFORMANCE = (
    *(f"{_SPEC}/ogcapi-common-1/1.0/conf/{c}" for c in ("core", "landing-page", "json", "oas30")),
    f"{_SPEC}/ogcapi-common-2/1.0/conf/collections",
    *(f"{_SPEC}/ogcapi-features-1/1.0/conf/{c}" for c in ("core", "geojson", "oas30")),
    f"{_SPEC}/ogcapi-features-2/1.0/conf/crs",
    *(
        f"{_SPEC}/ogcapi-features-3/1.0/conf/{c}"
        for c in ("queryables", "queryables-query-parameters", "filter", "features-filter")
    ),
    *(
        f"{_SPEC}/cql2/1.0/conf/{c}"
        for c in (
            "cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison",
            "accent-insensitive-comparison", "basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions",
            "temporal-functions", "property-property", "arithmetic", "functions",
        )
    ),
    *(
        f"{_SPEC}/ogcapi-tiles-1/1.0/conf/{c}"
        for c in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "tilejson", "oas30")
    ),
    f"{_SPEC}/tms/2.0/conf/tilematrixset",
    f"{_SPEC}/tms/2.0/conf/json-tilematrixset",
)  # fmt: skip
Handler = Callable[[Asked], Response]


def answer(
    request: Request,
    catalogue: Catalogue,
    pool: Pool,
    site: Site,
    cache: Cache | None = None,
    now: datetime.datetime | None = None,
) -> Response:
    """Return the response to any request under ``/ogc``: faults too, as the standard words them."""
    try:
        response = _dispatched(request, catalogue, pool, site, cache, now or datetime.datetime.now(datetime.UTC))
    except ParvisError as error:
        response = fault(error)
    return finished(request, response, CORS)


def _dispatched(
    request: Request, catalogue: Catalogue, pool: Pool, site: Site, cache: Cache | None, now: datetime.datetime
) -> Response:
    if not (request.path == PREFIX or request.path.startswith(PREFIX + "/")):
        raise UnknownName("Cette adresse n'existe pas.")
    rest = request.path[len(PREFIX) :].rstrip("/") or "/"
    for pattern, handler in _ROUTES:
        if match := pattern.fullmatch(rest):
            if request.method == "OPTIONS":
                return Response(204, headers=PREFLIGHT)
            if request.method not in METHODS:
                return faulty(405, "MethodNotAllowed", "Cette API ne fait que lire.", {"allow": ", ".join(METHODS)})
            return handler(Asked(request, match.groupdict(), catalogue, pool, site, cache, now))
    raise UnknownName("Cette adresse n'existe pas.")


# --- The whole ------------------------------------------------------------------------------------


def _told(asked: Asked, value: Any, page: str, media_type: str = JSON, *known: str) -> Response:
    """Return a document, or lead a reader of pages to the page that tells the same."""
    asked.only("f", *known)
    if asked.get("f") not in ("", "json", "html"):
        raise ParameterError("« f » vaut json ou html, pas « {said} ».", said=asked.get("f")[:40])
    if wants_page(asked.request):
        return led(page)
    return whole(asked, value, media_type)


def _root(asked: Asked) -> Response:
    links = [
        link(asked.url(), "self", JSON, "Ce document"),
        link(asked.url("api"), "service-desc", OPENAPI, "La description de l'API (OpenAPI 3.0)"),
        link(f"{asked.request.base}/api-docs/", "service-doc", "text/html", "La documentation de l'API"),
        link(asked.url("conformance"), "conformance", JSON, "Les classes de conformité"),
        link(asked.url("conformance"), "http://www.opengis.net/def/rel/ogc/1.0/conformance", JSON),
        link(asked.url("functions"), "http://www.opengis.net/def/rel/ogc/1.0/functions", JSON),
        link(asked.url("collections"), "data", JSON, "Les collections"),
        link(asked.url("collections"), "http://www.opengis.net/def/rel/ogc/1.0/data", JSON),
        link(asked.url("tileMatrixSets"), "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes", JSON),
    ]
    told = {
        "title": f"Données ouvertes : {asked.site.name}", "description": asked.site.description or
        f"Les jeux de données de {asked.site.name} qui ont une place sur la carte.", "attribution": asked.site.name,
        "links": links,
    }  # fmt: skip
    return _told(asked, told, f"{asked.request.base}{asked.site.home}")


def _conformance(asked: Asked) -> Response:
    return _told(asked, {"conformsTo": list(CONFORMANCE)}, f"{asked.request.base}/api-docs/")


def _functions(asked: Asked) -> Response:
    """Tell the functions that a filter may call."""
    told = [
        {
            "name": name,
            "description": function.title,
            "arguments": [{"title": "valeur", "type": list(function.takes)}],
            "returns": [function.gives],
        }
        for name, function in cql2.FUNCTIONS.items()
    ]
    return _told(asked, {"functions": told}, f"{asked.request.base}/api-docs/")


def _api(asked: Asked) -> Response:
    entries, _ = _placed_entries(asked, 100, 0)
    described = ogc_openapi.document(asked.request.base, asked.site.name, [(e.id, e.version) for e in entries])
    return _told(asked, described, f"{asked.request.base}/api-docs/", OPENAPI)


# --- Collections ----------------------------------------------------------------------------------


def _placed_entries(asked: Asked, limit: int, offset: int) -> tuple[list[Entry], bool]:
    """Return the datasets of a page that have places, and whether the catalogue goes on."""
    out: list[Entry] = []
    start, end = offset, offset + limit
    while start < end:
        listing = asked.catalogue.list("", {}, "stable", min(100, end - start), start, faceted=False)
        out += [e for e in listing.entries if is_placed(e.version)]
        start += len(listing.entries)
        if not listing.entries or start >= listing.total:
            return out, False
    return out, True


def _collections(asked: Asked) -> Response:
    asked.only("f", "limit", "offset", "bbox", "datetime")
    limit, offset = asked.number("limit", PAGE, 1, PAGE), asked.number("offset", 0, 0, ogc_items.FAR)
    if asked.get("bbox") or asked.get("datetime"):
        near = [e for e in _placed_entries(asked, ogc_items.FAR, 0)[0] if _meets(asked, e.version)]
        entries, more = near[offset : offset + limit], len(near) > offset + limit
    else:
        entries, more = _placed_entries(asked, limit, offset)
    links = [link(asked.url("collections"), "self", JSON, "Les collections")]
    if more:
        kept = {n: asked.get(n) for n in ("bbox", "datetime") if asked.get(n)}
        query = urlencode({**kept, "limit": limit, "offset": offset + limit})
        links.append(link(f"{asked.url('collections')}?{query}", "next", JSON, "Page suivante"))
    told = {
        "links": links, "crs": [ogc_crs.uri(c) for c in ogc_crs.SYSTEMS],
        "collections": [_described(asked, e, e.version, global_crs=True) for e in entries],
    }  # fmt: skip
    return _told(asked, told, f"{asked.request.base}{asked.site.home}", JSON, "limit", "offset", "bbox", "datetime")


def _meets(asked: Asked, version: Version) -> bool:
    """True when what is known of a collection's extent meets what is asked; an extent that nobody knows meets all."""
    if asked.get("bbox"):
        west, south, east, north = ogc_crs.checked_box(ogc_items.sides_of(asked.get("bbox")), ogc_crs.CRS84)
        spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
        box = extent(version) or (west, south, east, north)
        across = any(box[0] <= right and left <= box[2] for left, right in spans)
        if not (across and box[1] <= north and south <= box[3]):
            return False
    if asked.get("datetime"):
        low, high = (str(end.value)[:10] if end else "" for end in ogc_items.interval_of(asked.get("datetime")))
        first, last = (said[:10] if said else "" for said in _times(version, time_column(version)) or ("", ""))
        if (low and last and last < low) or (high and first and first > high):
            return False
    return True


def _collection(asked: Asked) -> Response:
    entry, version = found(asked)
    return _told(asked, _described(asked, entry, version), asked.page(entry), JSON, "version")


def _described(asked: Asked, entry: Entry, version: Version, *, global_crs: bool = False) -> dict[str, Any]:
    metadata, here = version.metadata, ("collections", entry.id)
    old = [("version", asked.get("version"))]
    items = asked.url(*here, "items", query=old)
    links = [
        link(asked.url(*here, query=old), "self", JSON, "Cette collection"),
        link(asked.page(entry), "alternate", "text/html", "La page du jeu de données"),
        link(items, "items", GEOJSON, "Les objets"),
        link(asked.url(*here, "queryables", query=old), "http://www.opengis.net/def/rel/ogc/1.0/queryables", SCHEMA),
        link(asked.url(*here, "schema", query=old), "describedby", SCHEMA, "Le schéma des objets"),
        link(asked.url(*here, "tiles", query=old), "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector", JSON),
        link(asked.url(*here, "tilejson.json", query=old), "tilejson", JSON, "Les tuiles (TileJSON)"),
        link(f"{asked.request.base}/dataset/{entry.id}.ttl", "describedby", "text/turtle", "Les métadonnées"),
    ]
    box, column = extent(version), time_column(version)
    told: dict[str, Any] = {
        "id": entry.id,
        "title": metadata.title,
        "description": metadata.description,
        "keywords": list(metadata.keywords),
        "attribution": metadata.attribution or metadata.producer or entry.organisation_name,
        "itemType": "feature",
        "storageCrs": ogc_crs.uri(ogc_crs.CRS84),
        "crs": ["#/crs"] if global_crs else [ogc_crs.uri(c) for c in ogc_crs.SYSTEMS],
        "links": links,
    }
    around: dict[str, Any] = {}
    if box is not None:
        around["spatial"] = {"bbox": [list(box)], "crs": ogc_crs.uri(ogc_crs.CRS84)}
    times = _times(version, column)
    if times is not None:
        trs = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
        around["temporal"] = {"interval": [times], "trs": trs}
    if around:
        told["extent"] = around
    return told


def _times(version: Version, column: Column | None) -> list[str | None] | None:
    """Return the first and the last moment of a version, None when neither is known."""
    metadata = version.metadata
    ends = [metadata.temporal_start or None, metadata.temporal_end or None]
    if column is not None and not any(ends):
        ends = [column.minimum, column.maximum]
    said = [_moment(str(e)) if e else None for e in ends]
    return said if any(said) else None


def _moment(said: str) -> str:
    said = said.replace(" ", "T")
    if len(said) <= 10:
        return f"{said[:10]}T00:00:00Z" if len(said) == 10 else said
    return said if said.endswith("Z") or re.search(r"[+-]\d\d:\d\d$", said) else f"{said}Z"


# --- What may be asked ----------------------------------------------------------------------------

_JSON_TYPES: dict[Kind, dict[str, str]] = {
    Kind.TEXT: {"type": "string"}, Kind.INTEGER: {"type": "integer"}, Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"}, Kind.DATE: {"type": "string", "format": "date"},
    Kind.DATETIME: {"type": "string", "format": "date-time"}, Kind.TIME: {"type": "string", "format": "time"},
}  # fmt: skip


def _queryables(asked: Asked) -> Response:
    entry, version = found(asked)
    told = _schema(asked, entry, version, "queryables")
    return _told(asked, {**told, "additionalProperties": False}, asked.page(entry), SCHEMA, "version")


def _schema_of(asked: Asked) -> Response:
    entry, version = found(asked)
    return _told(asked, _schema(asked, entry, version, "schema"), asked.page(entry), SCHEMA, "version")


def _schema(asked: Asked, entry: Entry, version: Version, what: str) -> dict[str, Any]:
    time, properties = time_column(version), dict[str, Any]()
    place = version.geometry or cql2.EVERYWHERE
    format_ = "geometry-any" if version.geometry else "geometry-point"
    properties[place] = {"title": "Géométrie", "x-ogc-role": "primary-geometry", "format": format_}
    for column in property_columns(version):
        told: dict[str, Any] = {"title": column.label or column.name, **_JSON_TYPES[column.kind]}
        if column.description:
            told["description"] = column.description
        if column.unit:
            told["x-ogc-unit"] = column.unit
        if time is not None and column.name == time.name:
            told["x-ogc-role"] = "primary-instant"
        properties[column.name] = told
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": asked.url("collections", entry.id, what),
        "title": version.metadata.title, "type": "object", "properties": properties,
    }  # fmt: skip


_COLLECTION = r"/collections/(?P<collection>[^/]+)"
_TILES = _COLLECTION + r"/tiles"
_ROUTES: list[tuple[re.Pattern[str], Handler]] = [
    (re.compile(r"/"), _root),
    (re.compile(r"/api"), _api),
    (re.compile(r"/conformance"), _conformance),
    (re.compile(r"/functions"), _functions),
    (re.compile(r"/collections"), _collections),
    (re.compile(_COLLECTION + r"\.pmtiles"), ogc_tiles.archive),
    (re.compile(_COLLECTION), _collection),
    (re.compile(_COLLECTION + r"/items"), ogc_items.items),
    (re.compile(_COLLECTION + r"/items/(?P<feature>[^/]+)"), ogc_items.item),
    (re.compile(_COLLECTION + r"/queryables"), _queryables),
    (re.compile(_COLLECTION + r"/schema"), _schema_of),
    (re.compile(r"/tileMatrixSets"), ogc_tiles.schemes),
    (re.compile(r"/tileMatrixSets/(?P<scheme>[^/]+)"), ogc_tiles.scheme),
    (re.compile(_TILES), ogc_tiles.tilesets),
    (re.compile(_TILES + r"/(?P<scheme>[^/]+)"), ogc_tiles.tileset),
    (re.compile(_TILES + r"/(?P<scheme>[^/]+)/(?P<z>[^/]+)/(?P<y>[^/]+)/(?P<x>[^/]+)"), ogc_tiles.tile),
    (re.compile(_COLLECTION + r"/tilejson\.json"), ogc_tiles.tilejson),
    (re.compile(_COLLECTION + r"/xyz/(?P<z>[^/]+)/(?P<x>[^/]+)/(?P<y>[^/]+)\.(?:pbf|mvt)"), ogc_tiles.tile),
]
