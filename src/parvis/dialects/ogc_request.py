"""What every address of OGC's APIs shares: the request, its faults, its collections, and kept answers."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from parvis import __version__
from parvis.errors import BusyError, GoneError, InputError, LimitError, RefusedError, UnknownName
from parvis.frozen import dataclass
from parvis.store.cache import Answer, Cache
from parvis.store.pool import Pool
from parvis.values import Column, Kind, Version
from parvis.web import FRESH, Catalogue, Entry, Request, Response, Site, matches, opened, preflight

PREFIX = "/ogc"
STANDARD = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
CORS = opened("Content-Crs", "ETag", "Link", "Retry-After", "Content-Range", "Accept-Ranges")
PREFLIGHT = preflight("Accept", "Authorization", "Content-Type", "If-None-Match", "Range")
JSON, GEOJSON, SCHEMA = "application/json", "application/geo+json", "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


class ParameterError(InputError):
    """A parameter that does not exist here, or whose value cannot be read."""


def fault(error: Exception) -> Response:
    """Return what the dialect says of an error."""
    headers = {"cache-control": "no-store"}
    if isinstance(error, BusyError):
        return faulty(503, "ServerBusy", error.text, {**headers, "retry-after": str(error.retry_after)})
    if isinstance(error, GoneError):
        return faulty(410, "Gone", error.text, headers)
    if isinstance(error, UnknownName):
        return faulty(404, "NotFound", error.text, headers)
    if isinstance(error, InputError):
        return faulty(400, "InvalidParameterValue", error.text, headers)
    if isinstance(error, LimitError):
        return faulty(400, "QueryTooHeavy", error.text, headers)
    if isinstance(error, RefusedError):
        return faulty(403, "Forbidden", error.text, headers)
    return faulty(500, "ServerError", "Une panne est survenue de notre fait. Réessayez plus tard.", headers)


def faulty(status: int, code: str, description: str, headers: Mapping[str, str]) -> Response:
    return Response(status, dumped({"code": code, "description": description}), headers=headers)


# --- The request ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """One request on its route."""

    request: Request
    places: Mapping[str, str]
    catalogue: Catalogue
    pool: Pool
    site: Site
    cache: Cache | None
    now: datetime.datetime

    def page(self, entry: Entry) -> str:
        """Return the address of the page that a person reads of a dataset."""
        return self.request.base + self.site.dataset_page.format(slug=entry.slug)

    def get(self, name: str, default: str = "") -> str:
        return self.request.get(name, default).strip()

    def only(self, *known: str) -> None:
        """Refuse a parameter that the address does not know, or that it is told twice. Raises: ParameterError."""
        told = [name for name, _ in self.request.query]
        for name in told:
            if name not in known:
                raise ParameterError(
                    "Le paramètre « {name} » n'existe pas.", "Paramètres : {known}.", name=name[:60], known=", ".join(known)
                )  # fmt: skip
            if told.count(name) > 1:
                raise ParameterError("Le paramètre « {name} » est dit deux fois.", name=name[:60])

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number; above ``high`` it is ``high``, as the standard wants. Raises: ParameterError."""
        said = self.get(name)
        if not said:
            if name in (n for n, _ in self.request.query):
                raise ParameterError("« {name} » attend un nombre entier.", name=name)
            return default
        if not re.fullmatch(r"\d{1,12}", said, re.ASCII) or int(said) < low:
            raise ParameterError(
                "« {name} » attend un nombre entier à partir de {low}, pas « {said} ».", name=name, low=low, said=said[:40]
            )  # fmt: skip
        return min(int(said), high)

    def url(self, *parts: str, query: Sequence[tuple[str, str]] = ()) -> str:
        """Return an address under ours."""
        tail = f"?{urlencode([(n, v) for n, v in query if v])}" if query else ""
        return "/".join([f"{self.request.base}{PREFIX}", *(quote(p, safe="") for p in parts)]) + tail


def wants_page(request: Request, page: str = "html") -> bool:
    """True for a reader who prefers a page to data: by ``f``, or by what his program accepts."""
    if said := request.get("f"):
        return said == page
    best, chosen = 0.0, False
    for position, part in enumerate(request.headers.get("accept", "").split(",")):
        kind, *parameters = (p.strip().lower() for p in part.split(";"))
        try:
            share = next((float(p[2:]) for p in parameters if p.startswith("q=")), 1.0) - position * 1e-6
        except ValueError:
            share = 0.0
        if share > best and kind:
            best, chosen = share, kind in ("text/html", "application/xhtml+xml")
    return chosen


def led(address: str) -> Response:
    """Lead a person to the page that tells the same."""
    return Response(303, headers={"location": address, "vary": "Accept"})


# --- Collections ----------------------------------------------------------------------------------


def is_placed(version: Version) -> bool:
    """True for rows that have a place: only those are features."""
    return bool(version.geometry or version.point)


def found(asked: Asked) -> tuple[Entry, Version]:
    """Return the collection of an address. Raises: UnknownName, GoneError."""
    name = asked.places["collection"]
    entry = asked.catalogue.find(name)
    wanted = asked.get("version")
    version = asked.catalogue.version(entry.id, wanted) if wanted else entry.version
    if not is_placed(version):
        raise UnknownName(
            "Le jeu de données « {name} » n'a pas de coordonnées : ce n'est pas une collection.",
            "Lisez-le par l'API native.",
            name=name[:60],
        )
    return entry, version


def property_columns(version: Version) -> list[Column]:
    """Return the columns that are properties of a feature: all but its own geometry."""
    return [c for c in version.columns if c.kind is not Kind.GEOMETRY]


def time_column(version: Version) -> Column | None:
    """Return the column that ``datetime`` asks: the first that holds moments or dates."""
    return next((c for c in version.columns if c.kind in (Kind.DATE, Kind.DATETIME)), None)


def extent(version: Version) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north of a version when they are known."""
    if len(version.bbox) == 4:
        west, south, east, north = (float(v) for v in version.bbox)
        return west, south, east, north
    columns = [version.column(n) for n in version.point]
    if len(columns) == 2 and all(c is not None and _number(c.minimum) and _number(c.maximum) for c in columns):
        x, y = columns
        assert x is not None and y is not None
        return float(x.minimum), float(y.minimum), float(x.maximum), float(y.maximum)
    return None


def _number(value: Any) -> bool:
    return isinstance(value, int | float)


# --- Answers --------------------------------------------------------------------------------------


def whole(asked: Asked, value: Any, media_type: str = JSON, headers: Mapping[str, str] | None = None) -> Response:
    """Return a document made anew each time, named by its digest."""
    body = dumped(value)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    told = {"etag": tag, "cache-control": FRESH, "vary": "Accept", **(headers or {})}
    if matches(asked.request, tag):
        return Response(304, headers=told)
    return Response(200, body, media_type, told, cacheable=True)


def kept(
    asked: Asked,
    version: Version,
    make: Callable[[], tuple[bytes, Mapping[str, str]]],
    media_type: str,
    fresh: str = FRESH,
) -> Response:
    """Return an answer about a version, made once and kept."""
    mark = marked(asked.request)
    headers = {"etag": f'"{version.id}-{mark}"', "cache-control": fresh, "vary": "Accept"}
    if matches(asked.request, headers["etag"]):
        return Response(304, headers=headers)
    answer = asked.cache.get(version.id, mark) if asked.cache is not None else None
    if answer is None:
        answer = Answer(*make())
        if asked.cache is not None:
            asked.cache.put(version.id, mark, answer)
    return Response(200, answer.body, media_type, {**headers, **answer.headers}, cacheable=True)


def marked(request: Request) -> str:
    """Return what names a question among all those of a version."""
    said = [request.base, request.path, sorted(request.query), __version__]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:24]


def dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")


def link(href: str, rel: str, media_type: str = JSON, title: str = "", **more: Any) -> dict[str, Any]:
    return {"href": href, "rel": rel, "type": media_type, **({"title": title} if title else {}), **more}
