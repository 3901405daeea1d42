"""All that a dialect may know of the web: a request, a response, and the catalogue of what the caller may see.

Handlers are pure functions ``(request, catalogue, ...) -> Response``; the portal and the bare adapter
turn their own requests into ours. Nothing here knows sessions nor cookies.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Protocol

from parvis.frozen import dataclass
from parvis.values import Extra, Metadata, Ready, Version


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str  # decoded, with its leading slash
    query: Sequence[tuple[str, str]] = ()  # in order, repeated names kept
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    base: str = ""  # "https://data.ville.fr", without a trailing slash

    def all(self, name: str) -> list[str]:
        return [v for n, v in self.query if n == name]

    def get(self, name: str, default: str = "") -> str:
        for known, value in self.query:
            if known == name:
                return value
        return default


@dataclass(frozen=True, slots=True)
class Response:
    """``body`` is bytes, or an iterable of chunks for a stream. ``cacheable``: the same request on the same
    state of the catalogue always gives these bytes."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    media_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    cacheable: bool = False


# --- The head of an answer ------------------------------------------------------------------------

METHODS = ("GET", "HEAD", "OPTIONS")
FRESH = "public, max-age=60"  # a withdrawal must be felt soon, by caches too
PINNED = "public, max-age=3600, immutable"  # what a version says never changes; an hour, for it may be withdrawn
_VERSION = re.compile(r"/versions/[^/]+(?:/|$)")


def opened(*exposed: str) -> dict[str, str]:
    """Return the headers by which a page of any site may read an answer, and these headers of it."""
    told = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff"}
    return {**told, "access-control-expose-headers": ", ".join(exposed)} if exposed else told


def preflight(*accepted: str, methods: Sequence[str] = METHODS) -> dict[str, str]:
    """Return the headers by which a browser learns what it may ask, with these headers."""
    return {
        "access-control-allow-methods": ", ".join(methods),
        "access-control-allow-headers": ", ".join(accepted),
        "access-control-max-age": "86400",
        "allow": ", ".join(methods),
    }


def matches(request: Request, tag: str) -> bool:
    """True when who asks already has the answer of this ``ETag``."""
    wanted = request.headers.get("if-none-match", "")
    return bool(wanted) and any(known.strip().removeprefix("W/") in ("*", tag) for known in wanted.split(","))


def finished(request: Request, response: Response, heads: Mapping[str, str]) -> Response:
    """Return a response with the heads of its dialect, and without its body when the head alone was asked for.

    A whole answer that a cache may keep has an ``ETag``: 304 for who has it. What was asked of one version is said never
    to change.
    """
    headers, body, status = {**heads, **response.headers}, response.body, response.status
    kept = headers.get("cache-control", FRESH)
    if status == 200 and isinstance(body, bytes) and request.method in METHODS and kept.startswith("public"):
        if (tag := headers.get("etag", "")) == "":
            tag = headers["etag"] = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
        if matches(request, tag):
            status, body = 304, b""
            headers.pop("content-disposition", None)
    if status in (200, 304) and headers.get("cache-control") == FRESH and pinned(request):
        headers["cache-control"] = PINNED
    if request.method == "HEAD":
        if isinstance(body, bytes) and body:
            headers["content-length"] = str(len(body))
        body = b""
    return dataclasses.replace(response, status=status, body=body, headers=headers)


def pinned(request: Request) -> bool:
    """True for a question about one version, which is all that it depends on. (WFS names its own version so.)"""
    if request.path.startswith("/ogc/wfs"):
        return False
    return bool(request.get("version").strip()) or bool(_VERSION.search(request.path))


# --- What is told ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """A dataset as the caller may see it: never built for one that he may not."""

    id: str  # stable, never derived from the title
    slug: str
    organisation: str  # slug
    organisation_name: str
    metadata: Metadata
    version: Version  # the current one
    versions: Sequence[str]  # ids, newest first, those that may be asked for
    created_at: str
    modified_at: str
    mailbox: str = ""  # of the organisation
    siret: str = ""  # of the organisation
    frame: Sequence[float] = ()  # of the organisation's layers: west, south, east, north in WGS84
    files: Mapping[str, Ready] = field(default_factory=dict)  # that lie written of the current version, by format
    extras: Sequence[Extra] = ()  # files given with the current version beside those of its rows


@dataclass(frozen=True, slots=True)
class Site:
    """Who holds the portal, and where people read what programs are told. Addresses start after ``Request.base``."""

    name: str
    description: str = ""
    mailbox: str = ""
    siret: str = ""
    territory: str = ""  # INSEE code of the commune
    home: str = "/"
    dataset_page: str = "/donnees/{slug}/"
    organisation_page: str = "/organisations/{slug}/"


@dataclass(frozen=True, slots=True)
class Listing:
    entries: Sequence[Entry]
    total: int
    facets: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)


class Catalogue(Protocol):
    """What the caller may see. ``find`` raises ``UnknownName``, or ``GoneError`` when it was withdrawn.

    ``list`` takes as filters the facets' names, and ``since`` and ``until`` (ISO 8601) for the last change; its order is
    "recent", "title", "rows" or "stable", which no change of a dataset moves. ``faceted`` counts what each choice would leave.
    """

    def find(self, dataset: str) -> Entry: ...

    def version(self, dataset: str, version: str) -> Version: ...

    def list(
        self,
        words: str = "",
        filters: Mapping[str, str] = ...,
        order: str = "",
        limit: int = 20,
        offset: int = 0,
        *,
        faceted: bool = True,
    ) -> Listing: ...
