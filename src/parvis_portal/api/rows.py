"""Questions about rows, answered before Django: what a published version holds asks nothing of people nor sessions.

Django takes longer to pass such a question on than a query worker to answer it. Here it is read, given to the same dialect,
and its answer put under the same headers. Whatever is not plain goes to Django as before: a dataset not yet asked for
since the catalogue's stamp moved, a host that is not ours, an address that is not in ASCII, any failure.
"""

from __future__ import annotations

import functools
import http
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from csp.utils import build_policy
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from parvis.dialects import native, tabular
from parvis.web import Catalogue, Request, Response
from parvis_portal.api import engine
from parvis_portal.api.catalogue import KnownCatalogue, NotYetError
from parvis_portal.api.front import IN_LOOP, KEEP, SlowError

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
MOST_ARGUMENTS = 100  # beyond, Django says what it thinks of them
SHORT = 600  # characters of a question that are read in a millisecond or two
# A limit of 200 rows or more, or a name written in another way, which might be that of a limit.
_MANY = re.compile(r"(?:^|&)(?:(?:limit|page_size)=(?!\d{1,2}(?:&|$)|1\d\d(?:&|$))|[^=&]*[%+][^&]*)")


def _native(request: Request, catalogue: Catalogue) -> Response:
    return native.answer(request, catalogue, engine.pool(), engine.cache())


def _tabular(request: Request, catalogue: Catalogue) -> Response:
    return tabular.answer(request, catalogue, engine.pool(), engine.cache())


# How the addresses about rows begin, and how they end.
_ROUTES = (
    ("/api/v1/datasets/", re.compile(r"/api/v1/datasets/[^/]+/(?:records|aggregates)/?"), _native),
    ("/api/resources/", re.compile(r"/api/resources/[^/]+/data/"), _tabular),
)


class Rows:
    """A WSGI application around another."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        response = self._answer(environ)
        if response is None:
            if environ.get(IN_LOOP):
                raise SlowError
            return self.inner(environ, start)
        body = response.body
        assert isinstance(body, bytes)
        headers = {"content-type": response.media_type, **response.headers, **_manners(_scheme(environ))}
        if response.status not in (204, 304):
            headers.setdefault("content-length", str(len(body)))
        if response.cacheable:
            headers[KEEP] = "1"
        start(f"{response.status} {http.HTTPStatus(response.status).phrase}", list(headers.items()))
        return [body]

    @staticmethod
    def quick(method: str, path: str, query: str) -> bool:
        """True for a question about rows that is read, and its answer written, in no time: it may be the loop's own work."""
        if method != "GET" or len(query) > SHORT or _MANY.search(query):
            return False
        return any(path.startswith(start) and route.fullmatch(path) for start, route, _ in _ROUTES)

    def _answer(self, environ: dict[str, Any]) -> Response | None:
        """Return the response to a question about rows, None for what is Django's to answer."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
        handler = next((h for start, route, h in _ROUTES if path.startswith(start) and route.fullmatch(path)), None)
        if handler is None or not (path + query).isascii() or query.count("&") >= MOST_ARGUMENTS:
            return None
        host = environ.get("HTTP_HOST", "")
        if not _ours(host):
            return None
        try:
            response = handler(_asked(environ, path, query, host), KnownCatalogue())
        except NotYetError:
            return None
        return response if isinstance(response.body, bytes) else None


@functools.lru_cache(1000)
def _ours(host: str) -> bool:
    """True for a host that Django would believe, said plainly."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _asked(environ: dict[str, Any], path: str, query: str, host: str) -> Request:
    arguments: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        arguments.setdefault(name, []).append(value)
    return Request(
        environ["REQUEST_METHOD"],
        path,
        tuple((name, value) for name, values in arguments.items() for value in values),
        {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")},
        base=settings.ADDRESS or f"{_scheme(environ)}://{host}",
    )


def _scheme(environ: dict[str, Any]) -> str:
    """Return how the reader came, as a proxy of ours tells it."""
    if settings.BEHIND_PROXY and "HTTP_X_FORWARDED_PROTO" in environ:
        return "https" if environ["HTTP_X_FORWARDED_PROTO"].split(",")[0].strip() == "https" else "http"
    return str(environ["wsgi.url_scheme"])


@functools.lru_cache(4)
def _manners(scheme: str) -> dict[str, str]:
    """Return the headers that Django's layers put on any answer; a test holds the two together."""
    manners = {
        "x-frame-options": settings.X_FRAME_OPTIONS,
        "x-content-type-options": "nosniff",
        "content-language": settings.LANGUAGE_CODE,
        "referrer-policy": settings.SECURE_REFERRER_POLICY or "same-origin",
        "content-security-policy": build_policy(),
        "cross-origin-opener-policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY or "same-origin",
    }
    if settings.SECURE_HSTS_SECONDS and scheme == "https":
        manners["strict-transport-security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
    return manners
