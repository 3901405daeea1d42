"""Between Django and the dialects: a request of ours in, a response of theirs out."""

from __future__ import annotations

import dataclasses
import datetime
import logging
import re
import time

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt

from parvis import __version__
from parvis.dialects import ckan, dcat, native, oai, ods, ogc, scdl, tabular, wfs, wfs_post
from parvis.dialects import metrics as told_metrics
from parvis.web import Request, Response
from parvis_portal.api import counting, engine, keys, mcp
from parvis_portal.api.catalogue import PortalCatalogue, RowsCatalogue, site
from parvis_portal.people.models import User

_ROWS = re.compile(r"/(?:records|aggregates)/?$")
_DATASET_ROWS = re.compile(r"/datasets/[^/]+/(?:records|aggregates|facets|exports)(?:/|$)")
_PLACES = re.compile(r"/(?:items|tiles|xyz)(?:/|$)")
_STARTED = time.monotonic()
KEEP = "X-Parvis-Keep"  # said to ``api.front`` alone, which takes it off


@csrf_exempt
def read(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Answer any request under /api/v1."""
    catalogue = RowsCatalogue() if _ROWS.search(rest) else PortalCatalogue()
    return sent(native.answer(asked(request), catalogue, engine.pool(), engine.cache()))


@csrf_exempt
def told(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Tell the catalogue, or one dataset, to a harvester."""
    return sent(dcat.answer(asked(request), PortalCatalogue(), site()))


def catalogue_file(request: HttpRequest) -> HttpResponseBase:
    """Give the catalogue as the national schema wants it."""
    return sent(scdl.answer(asked(request), PortalCatalogue(), site()))


@csrf_exempt
def archive(request: HttpRequest) -> HttpResponseBase:
    """Answer a harvester of OAI-PMH, which may ask by a form."""
    told = asked(request)
    if request.method == "POST":
        form = tuple((n, v) for n, values in request.POST.lists() for v in values if isinstance(v, str))
        told = dataclasses.replace(told, query=form)
    return sent(oai.answer(told, PortalCatalogue(), site()))


def negotiated(request: HttpRequest, path: str) -> HttpResponseBase | None:
    """Return the statements of what a page shows to the program that prefers them, None to a reader of pages."""
    if not dcat.preferred(request.headers.get("Accept", "")):
        return None
    return sent(dcat.answer(dataclasses.replace(asked(request), path=path), PortalCatalogue(), site()))


@csrf_exempt
def explore(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Answer the programs that know Opendatasoft's Explore API."""
    told, now = asked(request), datetime.datetime.now(datetime.UTC)

    def answer(user: User | None) -> Response:
        catalogue = RowsCatalogue() if user is None and _DATASET_ROWS.search(rest) else PortalCatalogue(user)
        return ods.answer(told, catalogue, engine.pool(), engine.cache(), now)

    return sent(keys.answered(request, told, answer))


@csrf_exempt
def features(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Answer the maps that know OGC API Features and Tiles."""
    catalogue = RowsCatalogue() if _PLACES.search(rest) else PortalCatalogue()
    now = datetime.datetime.now(datetime.UTC)
    return sent(ogc.answer(asked(request), catalogue, engine.pool(), site(), engine.cache(), now))


@csrf_exempt
def old_features(request: HttpRequest) -> HttpResponseBase:
    """Answer the desktops that know WFS, which may ask by a body."""
    body = request.read(wfs_post.BODY + 1) if request.method == "POST" else b""
    told = dataclasses.replace(asked(request), body=body)
    return sent(wfs.answer(told, PortalCatalogue(), engine.pool(), site()))


@csrf_exempt
def tables(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Answer the programs that know the tabular API of data.gouv.fr."""
    catalogue = RowsCatalogue() if "/data/" in f"/{rest}/" else PortalCatalogue()
    return sent(tabular.answer(asked(request), catalogue, engine.pool(), engine.cache()))


@csrf_exempt
def metrics(request: HttpRequest) -> HttpResponseBase:
    """Answer the programs that ask how often things were downloaded."""
    return sent(told_metrics.answer(asked(request), counting.counted, engine.pool()))


def tables_health(request: HttpRequest) -> HttpResponseBase:
    """Say that the tabular API is there, as its clients ask."""
    return JsonResponse({"status": "ok", "version": __version__, "uptime_seconds": time.monotonic() - _STARTED})


@csrf_exempt
def action(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Answer the programs that know CKAN's Action API, which may ask by the body."""
    body = request.read(ckan.BODY + 1) if request.method in ("POST", "PUT") else b""
    told = dataclasses.replace(asked(request), body=body)
    return sent(ckan.answer(told, PortalCatalogue(), engine.pool(), site()))


@csrf_exempt
def assistant(request: HttpRequest) -> HttpResponseBase:
    """Answer the programs that speak for people, by the Model Context Protocol."""
    body = request.read(mcp.BODY + 1) if request.method == "POST" else b""
    told = dataclasses.replace(asked(request), body=body)
    return sent(mcp.answer(told, PortalCatalogue(), engine.pool(), site(), tuple(settings.MCP_ORIGINS)))


def door(request: HttpRequest) -> HttpResponseBase:
    """Lead who tries /api/ to the page that explains it."""
    return redirect("site:api")


def asked(request: HttpRequest) -> Request:
    """Return Django's request as the dialects know it. A crowd of parameters stays whole: no route knows its name."""
    try:
        query = tuple(
            (name, value) for name, values in request.GET.lists() for value in values if isinstance(value, str)
        )
    except TooManyFieldsSent:
        query = ((request.META.get("QUERY_STRING", "")[:60], ""),)
    return Request(
        method=request.method or "GET",
        path=request.path,
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        base=base(request),
    )


def base(request: HttpRequest) -> str:
    """Return the address the portal is seen from, without a trailing slash."""
    return settings.ADDRESS or f"{request.scheme}://{request.get_host()}"


def sent(response: Response) -> HttpResponseBase:
    """Return a dialect's response as Django's."""
    out: HttpResponse | StreamingHttpResponse
    if isinstance(response.body, bytes):
        out = HttpResponse(response.body, status=response.status, content_type=response.media_type)
    else:
        out = StreamingHttpResponse(response.body, status=response.status, content_type=response.media_type)
    for name, value in response.headers.items():
        out[name] = value
    if response.cacheable:
        out[KEEP] = "1"
    if response.status in _REFUSALS:
        logging.getLogger("parvis.api").info("refused with %s", response.status)
        out._has_been_logged = True  # type: ignore[union-attr]  # Django would tell it as an error of ours
    return out


_REFUSALS = (501, 503)  # what is not served, or not now: no fault of the portal
