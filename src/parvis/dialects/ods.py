"""Opendatasoft's Explore API, versions 2.1 and 2.0, over our own store: the addresses that reusers' programs know.

Names, limits and faults are those of the contract. Beyond it, for whoever asks: no wall at 10,000 rows (``cursor`` goes on,
``X-Parvis-Cursor`` gives the next one), exact counts of distinct values, facets without end, and ``version`` for an old
state. ``strict=true`` gives the walls back. Nothing is redirected.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

from parvis.dialects import extras, ods_attachments, ods_catalogue, ods_openapi, ods_records
from parvis.dialects.ods_request import (
    CORS,
    PREFIXES,
    PREFLIGHT,
    Asked,
    NoRouteError,
    fault,
    faulty,
    told_whole,
)
from parvis.errors import ParvisError
from parvis.store.cache import Cache
from parvis.store.pool import Pool
from parvis.web import METHODS, Catalogue, Request, Response, finished

TITLE = "Opendatasoft Explore 2.1 et 2.0"
Handler = Callable[[Asked], Response]
OLD = {"ods-explore-api-deprecation": "Explore API v2.0: use /api/explore/v2.1."}  # its own clients warn who reads them


def answer(
    request: Request, catalogue: Catalogue, pool: Pool, cache: Cache | None = None, now: datetime.datetime | None = None
) -> Response:
    """Return the response to any request under the prefixes: faults too, as the original words them."""
    try:
        response = _dispatched(request, catalogue, pool, cache, now or datetime.datetime.now(datetime.UTC))
    except ParvisError as error:
        response = fault(error)
    old = not request.path.startswith(PREFIXES[0])
    return finished(request, response, {**CORS, **OLD} if old else CORS)


# --- Routes ---------------------------------------------------------------------------------------


def _dispatched(
    request: Request, catalogue: Catalogue, pool: Pool, cache: Cache | None, now: datetime.datetime
) -> Response:
    prefix = next((p for p in PREFIXES if request.path.startswith(p + "/") or request.path == p), None)
    if prefix is None:
        raise NoRouteError("This resource does not exist.")
    rest = request.path[len(prefix) :].rstrip("/") or "/"
    rest = re.sub(r"^/(?:catalog|monitoring|shared|opendatasoft)(?=/|$)", "/catalog", rest)
    for pattern, handler in _ROUTES:
        if match := pattern.fullmatch(rest):
            if request.method == "OPTIONS":
                return Response(204, headers=PREFLIGHT)
            if request.method not in METHODS:
                said = f"The method {request.method[:20]} is not allowed for the requested URL."
                return faulty(405, "MethodNotAllowed", said, {"allow": ", ".join(METHODS)})
            return handler(Asked(request, prefix, match.groupdict(), catalogue, pool, cache, now))
    raise NoRouteError("The requested resource does not exist.")


def _root(asked: Asked) -> Response:
    links = [{"rel": "self", "href": asked.url("/")}, {"rel": "catalog", "href": asked.url("/catalog")}]
    return told_whole(asked, {"links": links})


def _described(asked: Asked) -> Response:
    formats = (*ods_records.FORMATS, ods_records.TILE, *extras.NAMES)
    told = ods_openapi.document(asked.request.base, formats, ods_catalogue.FORMATS)
    return told_whole(asked, told)


_DATASET = r"/catalog/datasets/(?P<dataset>[^/]+)"
_ROUTES: list[tuple[re.Pattern[str], Handler]] = [
    (re.compile(r"/"), _root),
    (re.compile(r"/swagger\.json"), _described),
    (re.compile(r"/catalog"), _root),
    (re.compile(r"/catalog/datasets"), ods_catalogue.datasets),
    (re.compile(r"/catalog/aggregates"), ods_catalogue.datasets),
    (re.compile(r"/catalog/facets"), ods_catalogue.facets),
    (re.compile(r"/catalog/exports"), ods_catalogue.exports),
    (re.compile(r"/catalog/exports/(?P<format>[^/]+)"), ods_catalogue.exported),
    (re.compile(_DATASET), ods_catalogue.dataset),
    (re.compile(_DATASET + r"/records"), ods_records.records),
    (re.compile(_DATASET + r"/(?P<what>aggregates)"), ods_records.records),
    (re.compile(_DATASET + r"/records/(?P<record>[^/]+)"), ods_records.one_record),
    (re.compile(_DATASET + r"/facets"), ods_records.facets),
    (re.compile(_DATASET + r"/exports"), ods_records.exports),
    (re.compile(_DATASET + r"/exports/(?P<format>[^/]+)"), ods_records.exported),
    (re.compile(_DATASET + r"/attachments"), ods_attachments.attachments),
]
