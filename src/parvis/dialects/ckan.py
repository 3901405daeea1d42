"""CKAN's Action API, version 3, over our own store: ``/api/3/action/<name>``, ``/api/action/<name>`` and the dump of rows.

A package is a dataset, a resource one of the forms in which it is had; the rows are under the resource of its CSV, whose
columns are named as the file names them and whose ``_id`` is the number of a row from 1. Groups are the themes. Envelopes,
names and faults are those of the contract; what writes is refused. Beyond it: no wall on the rows of an answer but what
``limit`` says, ``version`` for an old state; ``strict=true`` gives the walls back.
"""

from __future__ import annotations

import dataclasses
import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from parvis import __version__
from parvis.catalogue.licences import LICENCES
from parvis.catalogue.themes import THEMES
from parvis.dialects import extras, labels, solr
from parvis.errors import BusyError, GoneError, InputError, ParvisError, UnknownName
from parvis.frozen import dataclass
from parvis.store import export
from parvis.store import query as asking
from parvis.store.pool import Pool
from parvis.store.writers import csv
from parvis.text import fold
from parvis.values import (
    All,
    Calc,
    Call,
    Column,
    Expression,
    Extra,
    Field,
    Holds,
    Kind,
    Literal,
    Named,
    Op,
    Query,
    Search,
    Some,
    Sort,
    Test,
    Version,
    Where,
)
from parvis.web import Catalogue, Entry, Request, Response, Site, finished, opened

CORS = {
    **opened(),
    "access-control-allow-methods": "POST, PUT, GET, DELETE, OPTIONS",
    "access-control-allow-headers": "X-CKAN-API-KEY, Authorization, Content-Type",
}
LIMIT, WALL = 100, 32_000  # rows of datastore_search
ROWS, MOST_ROWS = 10, 1000  # packages of package_search
PAGE = 1000  # rows asked of the store at once
SCANNED = 100  # entries of the catalogue read at once
BODY = 1 << 20  # bytes of a question
CKAN_VERSION = "2.11.3"  # whose contract this is
_ACTION = re.compile(r"/api/(?:[123]/)?action/([A-Za-z0-9_]+)/?")
_DUMP = re.compile(r"/datastore/dump/([^/]+)/?")
_CALLBACK = re.compile(r"[A-Za-z_$][\w.$\[\]]{0,80}")
_ROW = "_id"
_ROW_VALUE = Call(Calc.ADD, (Call(Calc.ROW), Literal(1, Kind.INTEGER)))
_TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "text", Kind.INTEGER: "int4", Kind.NUMBER: "numeric", Kind.BOOLEAN: "bool", Kind.DATE: "date",
    Kind.DATETIME: "timestamp", Kind.TIME: "text", Kind.GEOMETRY: "json",
}  # fmt: skip
_LICENCES = {"lov2": "lov2", "odbl": "odc-odbl"}  # our names, and those that CKAN's clients know
_WRITES = re.compile(
    r"(?:package|resource|organization|group|tag|vocabulary|datastore|user|member|organization_member|group_member|"
    r"resource_view|api_token|follow|unfollow|dashboard|bulk|term|task_status|rating|related|activity|invite|job|config)_"
    r"(?:create|update|patch|delete|upsert|purge|revise|invite|reorder|dataset|user|group|revoke|cancel|clear|mark)\w*"
)


class _ActionError(ParvisError):
    """A fault in the envelope of the contract."""

    def __init__(self, status: int, kind: str, **told: Any) -> None:
        super().__init__("{said}", said=told.get("message", kind))
        self.status, self.kind, self.told = status, kind, told


class _PlainError(ParvisError):
    """What CKAN answers with a bare sentence: an action without a name, a body without a meaning."""


def answer(request: Request, catalogue: Catalogue, pool: Pool, site: Site) -> Response:
    """Return the response to any request under ``/api/3``, ``/api/action`` or ``/datastore/dump``."""
    try:
        response = _dispatched(request, catalogue, pool, site)
    except _PlainError as error:
        response = Response(400, _dumped(error.text), headers={"cache-control": "no-store"})
    except ParvisError as error:
        response = fault(error, request)
    return finished(request, response, CORS)


def fault(error: ParvisError, request: Request) -> Response:
    """Return an error in the envelope that CKAN's clients read."""
    headers = {"cache-control": "no-store"}
    if isinstance(error, _ActionError):
        status, told = error.status, {"__type": error.kind, **error.told}
    elif isinstance(error, GoneError):
        status, told = 410, {"__type": "Not Found Error", "message": error.text}
    elif isinstance(error, UnknownName):
        status, told = 404, {"__type": "Not Found Error", "message": f"Not found: {error.text}"}
    elif isinstance(error, BusyError):
        status, told, headers["retry-after"] = (
            503,
            {"__type": "Internal Server Error", "message": error.text},
            str(error.retry_after),
        )
    elif isinstance(error, InputError):
        status, told = 409, {"__type": "Validation Error", "query": [error.text]}
    else:
        status, told = 500, {"__type": "Internal Server Error", "message": "Une panne est survenue de notre fait."}
    match = _ACTION.fullmatch(request.path)
    said = {"help": _help_url(request, match[1] if match else ""), "success": False, "error": told}
    return Response(status, _dumped(said), headers=headers)


# --- The request ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    request: Request
    action: str
    arguments: Mapping[str, Any]
    catalogue: Catalogue
    pool: Pool
    site: Site

    @property
    def base(self) -> str:
        return self.request.base

    @property
    def strict(self) -> bool:
        return self.flag("strict")

    def text(self, name: str, default: str = "") -> str:
        value = self.arguments.get(name)
        return (
            default
            if value is None
            else str(value).strip()
            if not isinstance(value, dict | list)
            else json.dumps(value)
        )

    def needed(self, name: str) -> str:
        if not self.text(name):
            raise _ActionError(409, "Validation Error", **{name: ["Missing value"]})
        return self.text(name)

    def flag(self, name: str, default: bool = False) -> bool:
        text = self.text(name).lower()
        return default if not text else text in ("true", "yes", "t", "y", "1", "on")

    def whole(self, name: str, default: int) -> int:
        text = self.text(name)
        if not text:
            return default
        if not re.fullmatch(r"-?\d{1,9}", text):
            raise _ActionError(409, "Validation Error", **{name: ["Invalid integer"]})
        if text.startswith("-"):
            raise _ActionError(409, "Validation Error", **{name: ["Must be a natural number"]})
        return int(text)

    def value(self, name: str) -> Any:
        """Return an argument that is JSON, whether it came as such or as its text."""
        value = self.arguments.get(name)
        if isinstance(value, str) and value.strip()[:1] in '{["' and value.strip():
            try:
                return json.loads(value)
            except (ValueError, RecursionError):
                if value.strip()[:1] in "{[":
                    raise _ActionError(409, "Validation Error", **{name: ["Cannot parse JSON"]}) from None
        return value

    def texts(self, name: str) -> list[str]:
        """Return an argument that is a list, or its text with commas."""
        value = self.value(name)
        if value is None:
            return []
        parts = value if isinstance(value, list) else str(value).split(",")
        return [str(p).strip() for p in parts if str(p).strip()]


def _dispatched(request: Request, catalogue: Catalogue, pool: Pool, site: Site) -> Response:
    if request.method == "OPTIONS":
        return Response(204)
    if match := _DUMP.fullmatch(request.path):
        return _dump(_Asked(request, "datastore_dump", dict(request.query), catalogue, pool, site), match[1])
    if request.path.rstrip("/") in ("/api/3", "/api/2", "/api/1"):
        return Response(200, _dumped({"version": int(request.path.rstrip("/")[-1])}))
    match = _ACTION.fullmatch(request.path)
    if match is None:
        raise UnknownName("Cette adresse n'existe pas.")
    action = match[1]
    if action not in ACTIONS:
        if _WRITES.fullmatch(action):
            raise _ActionError(
                403, "Authorization Error", message="Access denied: ce portail ne s'écrit pas par cette API."
            )
        raise _PlainError("Bad request: Action name not known: {name}", name=action[:100])
    asked = _Asked(request, action, _arguments(request), catalogue, pool, site)
    told = {"help": _help_url(request, action), "success": True, "result": ACTIONS[action][0](asked)}
    body, headers = _dumped(told), {"cache-control": "public, max-age=60"}
    callback = request.get("callback")
    if callback and request.method == "GET":
        if not _CALLBACK.fullmatch(callback):
            raise _PlainError("Bad request: callback")
        return Response(
            200, b"/**/" + callback.encode() + b"(" + body + b");", "application/javascript; charset=utf-8", headers
        )
    return Response(200, body, "application/json;charset=utf-8", headers, cacheable=request.method == "GET")


def _arguments(request: Request) -> Mapping[str, Any]:
    """Return what an action is given: the address's own, a form's, or the JSON of a body."""
    asked: dict[str, Any] = {}
    for name, value in request.query:
        asked[name] = (
            [*asked[name], value]
            if isinstance(asked.get(name), list)
            else [asked[name], value]
            if name in asked
            else value
        )
    if request.method not in ("POST", "PUT") or not request.body.strip():
        return asked
    if len(request.body) > BODY:
        raise _PlainError("Bad request: the body is too long")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    text = request.body.decode("utf-8", "replace")
    if kind == "application/x-www-form-urlencoded" and not text.lstrip().startswith("{"):
        return {**asked, **dict(parse_qsl(text, keep_blank_values=True, max_num_fields=200))}
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise _PlainError("Bad request: JSON Error: Error decoding JSON data.") from None
    if not isinstance(told, dict):
        raise _PlainError(
            "Bad request: JSON Error: Request data JSON decoded to {told} but it needs to be a dictionary.",
            told=type(told).__name__,
        )
    return {**asked, **told}


def _help_url(request: Request, action: str) -> str:
    return f"{request.base}/api/3/action/help_show?{urlencode({'name': action})}"


# --- The site and its lists -----------------------------------------------------------------------


def _status(asked: _Asked) -> Any:
    return {
        "site_title": asked.site.name, "site_description": asked.site.description, "site_url": asked.base,
        "ckan_version": CKAN_VERSION, "error_emails_to": None, "locale_default": "fr",
        "extensions": ["datastore", "dcat", "parvis"], "parvis_version": __version__,
    }  # fmt: skip


def _help(asked: _Asked) -> Any:
    name = asked.needed("name")
    if name not in ACTIONS:
        raise _ActionError(404, "Not Found Error", message="Not found: Action function not found.")
    return ACTIONS[name][1]


def _package_list(asked: _Asked) -> Any:
    limit, offset = asked.whole("limit", 0), asked.whole("offset", 0)
    names = sorted(e.slug for e in _entries(asked.catalogue))
    return names[offset : offset + limit] if limit else names[offset:]


def _current(asked: _Asked) -> Any:
    limit = min(asked.whole("limit", ROWS), MOST_ROWS)
    found = _paged(asked, {}, "recent", limit, asked.whole("offset", 0))
    return [_package(asked, e) for e in found]


def _package_show(asked: _Asked) -> Any:
    return _package(asked, _found(asked, asked.needed("id")))


def _resource_show(asked: _Asked) -> Any:
    entry, form = _resource_of(asked, asked.needed("id"))
    return next(r for r in _resources(asked, entry) if r["id"] == f"{entry.id}-{form or 'csv'}")


def _organizations(asked: _Asked) -> Any:
    known: dict[str, Entry] = {}
    counts: Counter[str] = Counter()
    for entry in _entries(asked.catalogue):
        known.setdefault(entry.organisation, entry)
        counts[entry.organisation] += 1
    return _named(asked, [_organization(known[n], counts[n]) for n in sorted(known)])


def _organization_show(asked: _Asked) -> Any:
    name = asked.needed("id")
    found = asked.catalogue.list("", {"organisation": name}, "stable", SCANNED, 0, faceted=False)
    if not found.entries:
        raise _ActionError(404, "Not Found Error", message="Not found: Group was not found.")
    told = _organization(found.entries[0], found.total)
    if asked.flag("include_datasets"):
        told["packages"] = [_package(asked, e) for e in found.entries]
    return {**told, "users": [], "tags": [], "groups": [], "extras": []}


def _groups(asked: _Asked) -> Any:
    counts = Counter(e.metadata.theme for e in _entries(asked.catalogue))
    return _named(asked, [_group(name, counts[name]) for name in THEMES if counts[name]])


def _group_show(asked: _Asked) -> Any:
    name = asked.needed("id")
    if name not in THEMES:
        raise _ActionError(404, "Not Found Error", message="Not found: Group was not found.")
    found = asked.catalogue.list("", {"theme": name}, "stable", SCANNED, 0, faceted=False)
    told = _group(name, found.total)
    if asked.flag("include_datasets"):
        told["packages"] = [_package(asked, e) for e in found.entries]
    return {**told, "users": [], "tags": [], "groups": [], "extras": []}


def _named(asked: _Asked, told: list[dict[str, Any]]) -> Any:
    """Return a list of groups by name, or whole, sorted and cut as asked."""
    key, _, way = asked.text("sort", "title asc").partition(" ")
    if key not in ("name", "title", "package_count"):
        raise _ActionError(409, "Validation Error", sort=["Cannot sort by field `" + key[:40] + "`"])
    told.sort(key=lambda g: g[key] if key == "package_count" else fold(g[key]), reverse=way.strip() == "desc")
    wanted = asked.texts("organizations") or asked.texts("groups")
    told = [g for g in told if not wanted or g["name"] in wanted]
    offset, limit = asked.whole("offset", 0), asked.whole("limit", MOST_ROWS)
    told = told[offset : offset + limit]
    return told if asked.flag("all_fields") else [g["name"] for g in told]


def _tags(asked: _Asked) -> Any:
    words = sorted({w for e in _entries(asked.catalogue) for w in e.metadata.keywords}, key=fold)
    sought = fold(asked.text("query") or asked.text("q"))
    words = [w for w in words if sought in fold(w)]
    return [_tag(w) for w in words] if asked.flag("all_fields") else words


def _licences(asked: _Asked) -> Any:
    return [
        {
            "id": _LICENCES[name], "title": licence.title, "url": licence.url, "status": "active", "maintainer": "",
            "od_conformance": "approved", "osd_conformance": "not reviewed", "domain_content": False, "domain_data": True,
            "domain_software": False, "family": "", "is_generic": False,
        }
        for name, licence in LICENCES.items()
    ]  # fmt: skip


# --- Searching packages ---------------------------------------------------------------------------

_FIELDS: Mapping[str, Callable[[Entry], Iterable[str]]] = {
    "id": lambda e: (e.id,),
    "name": lambda e: (e.slug,),
    "title": lambda e: (e.metadata.title,),
    "notes": lambda e: (e.metadata.description,),
    "organization": lambda e: (e.organisation,),
    "owner_org": lambda e: (e.organisation,),
    "groups": lambda e: (e.metadata.theme,) if e.metadata.theme else (),
    "tags": lambda e: tuple(e.metadata.keywords),
    "license_id": lambda e: (_LICENCES.get(e.metadata.licence, "notspecified"),),
    "res_format": lambda e: (
        *(export.FORMATS[f].title.upper() if f != "xlsx" else "XLSX" for f in export.possible(e.version)),
        *(_format_of(x) for x in e.extras),
    ),
    "type": lambda e: ("dataset",),
    "dataset_type": lambda e: ("dataset",),
    "state": lambda e: ("active",),
    "private": lambda e: ("false",),
    "capacity": lambda e: ("public",),
    "metadata_modified": lambda e: (e.modified_at,),
    "metadata_created": lambda e: (e.created_at,),
}
_FACETS = ("organization", "groups", "tags", "res_format", "license_id")
_SORTS: Mapping[str, Callable[[Entry], Any]] = {
    "name": lambda e: e.slug,
    "title": lambda e: fold(e.metadata.title),
    "title_string": lambda e: fold(e.metadata.title),
    "id": lambda e: e.id,
    "metadata_modified": lambda e: e.modified_at,
    "metadata_created": lambda e: e.created_at,
}
_STRAIGHT = {"organization": "organisation", "owner_org": "organisation", "groups": "theme"}


def _package_search(asked: _Asked) -> Any:
    rows, start = min(asked.whole("rows", ROWS), MOST_ROWS), asked.whole("start", 0)
    wanted = asked.texts("facet.field")
    listed = asked.value("fq_list")
    filters = [t for t in (asked.text("fq"), *(map(str, listed) if isinstance(listed, list) else [listed or ""])) if t]
    try:
        conditions = [solr.read(text) for text in filters]
        words, condition = solr.question(asked.text("q", "*:*"))
    except solr.SolrError as error:
        raise _ActionError(400, "Search Query Error", message=f"Invalid search query: {error.text}") from None
    conditions += [condition] if condition is not None else []
    for field in {f for c in conditions for f in solr.fields(c)} | set(wanted):
        if field not in _FIELDS:
            raise _ActionError(
                400, "Search Query Error", message=f"Solr returned an error: undefined field {field[:60]}"
            )
    sorts = _orders(asked.text("sort") or "score desc, metadata_modified desc")
    simple = solr.straight(conditions, _STRAIGHT)
    if simple is not None and not wanted and _quick(sorts) is not None:
        listing = asked.catalogue.list(
            words, simple, _quick(sorts) or "", max(rows, 1) if rows <= SCANNED else SCANNED, start, faceted=False
        )
        found, count = list(listing.entries[:rows]), listing.total
        if rows > SCANNED:
            found = _paged(asked, simple, _quick(sorts) or "", rows, start, words)
    else:
        every = [e for e in _entries(asked.catalogue, words) if all(solr.holds(c, e, _FIELDS) for c in conditions)]
        for name, descending in reversed(sorts):
            if name != "score":
                every.sort(key=_SORTS[name], reverse=descending)
        found, count = every[start : start + rows], len(every)
        return _searched(asked, found, count, sorts, _facets(asked, every, wanted))
    return _searched(asked, found, count, sorts, {})


def _searched(
    asked: _Asked,
    found: Sequence[Entry],
    count: int,
    sorts: Sequence[tuple[str, bool]],
    facets: Mapping[str, Counter[str]],
) -> Any:
    titles = {
        "organization": {e.organisation: e.organisation_name for e in found},
        "groups": {n: t.title for n, t in THEMES.items()},
    }
    return {
        "count": count,
        "sort": ", ".join(f"{name} {'desc' if descending else 'asc'}" for name, descending in sorts),
        "facets": {name: dict(counts) for name, counts in facets.items()},
        "search_facets": {
            name: {
                "title": name,
                "items": [{"name": v, "display_name": titles.get(name, {}).get(v, v), "count": n} for v, n in counts.items()],
            }
            for name, counts in facets.items()
        },
        "results": [_package(asked, e) for e in found],
    }  # fmt: skip


def _facets(asked: _Asked, entries: Sequence[Entry], wanted: Sequence[str]) -> dict[str, Counter[str]]:
    limit = (
        int(asked.text("facet.limit") or 50) if re.fullmatch(r"-?\d{1,6}", asked.text("facet.limit") or "50") else 50
    )
    least = asked.whole("facet.mincount", 1)
    out = {}
    for name in wanted:
        counts = Counter(v for e in entries for v in _FIELDS[name](e) if v)
        kept = [(v, n) for v, n in sorted(counts.items(), key=lambda p: (-p[1], p[0])) if n >= least]
        out[name] = Counter(dict(kept if limit < 0 else kept[:limit]))
    return out


def _orders(text: str) -> list[tuple[str, bool]]:
    out = []
    for part in text.split(","):
        name, _, way = part.strip().partition(" ")
        if (name not in _SORTS and name != "score") or way.strip().lower() not in ("", "asc", "desc"):
            raise _ActionError(400, "Search Query Error", message=f"Invalid sort: {part.strip()[:60]}")
        out.append((name, way.strip().lower() == "desc"))
    return out


def _quick(sorts: Sequence[tuple[str, bool]]) -> str | None:
    """Return the catalogue's own order that gives these, None when it has none."""
    plain = tuple(s for s in sorts if s[0] != "score")
    known = {(): "", (("metadata_modified", True),): "recent", (("id", False),): "stable", (("name", False),): "title"}
    return known.get(plain)


def _autocomplete(asked: _Asked) -> Any:
    found = asked.catalogue.list(asked.text("q"), {}, "", min(asked.whole("limit", 10), SCANNED), 0, faceted=False)
    return [
        {"name": e.slug, "title": e.metadata.title, "match_field": "title", "match_displayed": e.metadata.title}
        for e in found.entries
    ]


# --- Things as CKAN tells them --------------------------------------------------------------------


def _package(asked: _Asked, entry: Entry) -> dict[str, Any]:
    told, licence = entry.metadata, LICENCES.get(entry.metadata.licence)
    resources = _resources(asked, entry)
    extras = {
        "identifier": f"{asked.base}/dataset/{entry.id}", "frequency": told.frequency, "theme": told.theme,
        "temporal_start": told.temporal_start, "temporal_end": told.temporal_end, "spatial": _spatial(entry.version.bbox),
        "schema": entry.version.schema, "version_notes": "",
    }  # fmt: skip
    return {
        "id": entry.id, "name": entry.slug, "title": told.title, "notes": told.description,
        "url": asked.base + asked.site.dataset_page.format(slug=entry.slug), "version": str(entry.version.number),
        "author": told.producer or entry.organisation_name, "author_email": told.contact or entry.mailbox,
        "maintainer": told.service or entry.organisation_name, "maintainer_email": told.contact or entry.mailbox,
        "license_id": _LICENCES.get(told.licence, "notspecified"), "license_title": licence.title if licence else "",
        "license_url": licence.url if licence else "", "isopen": licence is not None, "state": "active", "type": "dataset",
        "private": False, "owner_org": entry.organisation, "organization": _organization_of(entry),
        "groups": [_group(told.theme, None)] if told.theme in THEMES else [], "tags": [_tag(w) for w in told.keywords],
        "num_tags": len(told.keywords), "resources": resources, "num_resources": len(resources),
        "extras": [{"key": k, "value": v} for k, v in extras.items() if v], "metadata_created": _moment(entry.created_at),
        "metadata_modified": _moment(entry.modified_at), "creator_user_id": None, "relationships_as_subject": [],
        "relationships_as_object": [],
    }  # fmt: skip


def _resources(asked: _Asked, entry: Entry) -> list[dict[str, Any]]:
    said = [
        Extra(form, export.FORMATS[form].title, export.FORMATS[form].media_type, "")
        for form in export.possible(entry.version)
    ]
    return [_resource(asked, entry, one, place) for place, one in enumerate((*said, *entry.extras))]


def _resource(asked: _Asked, entry: Entry, one: Extra, place: int) -> dict[str, Any]:
    version, moment = entry.version, _moment(entry.version.created_at)
    return {
        "id": f"{entry.id}-{one.format}", "package_id": entry.id, "name": one.title,
        "description": f"{version.metadata.title} ({one.title})", "format": _format_of(one),
        "mimetype": one.media_type.partition(";")[0], "mimetype_inner": None, "size": one.size or None, "hash": one.digest,
        "url": f"{asked.base}/api/v1/datasets/{entry.id}/exports/{one.format}", "url_type": None, "resource_type": "file",
        "created": _moment(entry.created_at), "last_modified": moment, "metadata_modified": moment, "position": place,
        "state": "active", "datastore_active": one.format == "csv", "cache_url": None, "cache_last_updated": None,
        "schema": version.schema,
    }  # fmt: skip


def _format_of(one: Extra) -> str:
    """Return the name that CKAN gives to a format."""
    return one.kind.upper() or ("XLSX" if one.format == "xlsx" else one.title.upper())


def _organization(entry: Entry, count: int) -> dict[str, Any]:
    return {
        **_organization_of(entry),
        "display_name": entry.organisation_name,
        "package_count": count,
        "num_followers": 0,
    }


def _organization_of(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.organisation, "name": entry.organisation, "title": entry.organisation_name, "type": "organization",
        "description": "", "image_url": "", "created": _moment(entry.created_at), "is_organization": True,
        "approval_status": "approved", "state": "active",
    }  # fmt: skip


def _group(name: str, count: int | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": name, "name": name, "title": THEMES[name].title, "display_name": THEMES[name].title, "description": "",
        "image_display_url": "", "type": "group", "is_organization": False, "state": "active",
    }  # fmt: skip
    return told if count is None else {**told, "package_count": count}


def _tag(word: str) -> dict[str, Any]:
    return {
        "id": fold(word).replace(" ", "-"),
        "name": word,
        "display_name": word,
        "state": "active",
        "vocabulary_id": None,
    }


def _spatial(bbox: Sequence[float]) -> str:
    if len(bbox) != 4:
        return ""
    west, south, east, north = bbox
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


def _moment(text: str) -> str:
    """Return a moment as CKAN writes it: UTC without saying so."""
    return text.removesuffix("+00:00").removesuffix("Z")


def _entries(catalogue: Catalogue, words: str = "") -> Iterator[Entry]:
    start = 0
    while entries := catalogue.list(words, {}, "" if words else "stable", SCANNED, start, faceted=False).entries:
        yield from entries
        start += len(entries)


def _paged(
    asked: _Asked, filters: Mapping[str, str], order: str, limit: int, start: int, words: str = ""
) -> list[Entry]:
    found: list[Entry] = []
    while len(found) < limit:
        more = asked.catalogue.list(
            words, filters, order, min(SCANNED, limit - len(found)), start + len(found), faceted=False
        ).entries
        if not more:
            break
        found += more
    return found


def _found(asked: _Asked, name: str) -> Entry:
    try:
        return asked.catalogue.find(name)
    except UnknownName:
        raise _ActionError(404, "Not Found Error", message="Not found") from None


def _resource_of(asked: _Asked, name: str) -> tuple[Entry, str]:
    """Return the dataset of a resource and its form, "" for the dataset itself."""
    dataset, _, form = name.rpartition("-")
    if dataset and (form in export.FORMATS or form in extras.NAMES):
        entry = _found(asked, dataset)
        if form in export.possible(entry.version) or any(e.format == form for e in entry.extras):
            return entry, form
    entry = _found(asked, name)
    return entry, ""


# --- Rows -----------------------------------------------------------------------------------------


def _datastore(asked: _Asked) -> Any:
    _, version = _table(asked, asked.needed("resource_id"))
    limit, offset = asked.whole("limit", LIMIT), asked.whole("offset", 0)
    limit = min(limit, WALL) if asked.strict or limit > 10 * WALL else limit
    form = asked.text("records_format", "objects")
    if form not in ("objects", "lists", "csv", "tsv"):
        raise _ActionError(409, "Validation Error", records_format=["Invalid records_format"])
    names = labels.names_of(version)
    query, keys = _question(asked, version, names)
    rows = list(_rows(asked, version, query, limit, offset))
    total = _total(asked, version, query) if asked.flag("include_total", True) else None
    told: dict[str, Any] = {
        "include_total": asked.flag("include_total", True), "limit": limit, "offset": offset, "records_format": form,
        "resource_id": asked.text("resource_id"), "total_estimation_threshold": None,
        "records": _records(rows, keys, form),
        "fields": [_field(key, names) for key in keys],
        "_links": _page_links(asked, limit, offset),
    }  # fmt: skip
    if total is not None:
        told |= {"total": total, "total_was_estimated": False}
    return told


def _table(asked: _Asked, name: str) -> tuple[Entry, Version]:
    try:
        entry, form = _resource_of(asked, name)
    except _ActionError:
        raise _ActionError(
            404, "Not Found Error", message=f'Not found: Resource "{name[:80]}" was not found.'
        ) from None
    if form not in ("", "csv"):
        raise _ActionError(404, "Not Found Error", message=f'Not found: Resource "{name[:80]}" was not found.')
    version = asked.text("version")
    return entry, asked.catalogue.version(entry.id, version) if version else entry.version


def _question(asked: _Asked, version: Version, names: Mapping[str, Column]) -> tuple[Query, list[str]]:
    def column(label: str, where: str) -> Column:
        found = names.get(label)
        if found is None:
            raise _ActionError(409, "Validation Error", **{where: [f'field "{label[:80]}" not in table']})
        return found

    def expression(label: str, where: str) -> Expression:
        return _ROW_VALUE if label == _ROW else Field(column(label, where).name)

    keys = asked.texts("fields") or [*([] if asked.flag("distinct") else [_ROW]), *names]
    shown = tuple(Named(expression(key, "fields"), f"c{place}") for place, key in enumerate(keys))
    tests: list[Where] = []
    filters = asked.value("filters")
    if filters is not None and not isinstance(filters, dict):
        raise _ActionError(409, "Validation Error", filters=["Cannot parse JSON"])
    for label, value in (filters or {}).items():
        tests.append(_filter(label, value, column))
    sought = asked.value("q")
    if isinstance(sought, dict):
        tests += [Test(column(label, "q").name, Op.CONTAINS, str(word)) for label, word in sought.items() if str(word)]
    elif isinstance(sought, str | int | float) and str(sought).strip():
        tests.append(Search(str(sought)))
    where = tests[0] if len(tests) == 1 else All(tuple(tests)) if tests else None
    sorts = []
    for part in asked.texts("sort"):
        match = re.fullmatch(r'(?:"([^"]+)"|(.+?))(?:\s+(asc|desc))?(?:\s+nulls (?:first|last))?', part, re.IGNORECASE)
        label = (match[1] or match[2]) if match else part
        sorts.append(Sort(expression(label, "sort"), bool(match and (match[3] or "").lower() == "desc")))
    if asked.flag("distinct"):
        return Query(where=where, shown=shown, by=shown, sorts=tuple(sorts), count=True), keys
    return Query(where=where, shown=shown, sorts=tuple(sorts)), keys


def _filter(label: str, value: Any, column: Callable[[str, str], Column]) -> Where:
    values = value if isinstance(value, list) else [value]
    if not values:
        raise _ActionError(409, "Validation Error", filters=[f'"{label[:80]}" has no value'])
    if label == _ROW:
        if not all(re.fullmatch(r"\d{1,12}", str(v)) for v in values):
            raise _ActionError(409, "Validation Error", filters=['"_id" is a whole number'])
        return Some(tuple(Holds(Call(Calc.EQ, (_ROW_VALUE, Literal(int(v), Kind.INTEGER)))) for v in values))
    name = column(label, "filters").name
    tests = [Test(name, Op.NULL) if v is None else Test(name, Op.EQ, v) for v in values]
    return tests[0] if len(tests) == 1 else Some(tuple(tests))


def _rows(asked: _Asked, version: Version, query: Query, limit: int, offset: int) -> Iterator[Sequence[Any]]:
    left = limit
    while left > 0:
        page = asking.run(
            asked.pool, version, dataclasses.replace(query, limit=min(PAGE, left), offset=offset, count=False)
        )
        yield from page.rows
        left -= len(page.rows)
        offset += len(page.rows)
        if len(page.rows) < PAGE:
            return


def _total(asked: _Asked, version: Version, query: Query) -> int:
    return asking.run(asked.pool, version, dataclasses.replace(query, limit=1, offset=0, sorts=())).total or 0


def _records(rows: Sequence[Sequence[Any]], keys: Sequence[str], form: str) -> Any:
    if form == "objects":
        return [dict(zip(keys, row, strict=True)) for row in rows]
    if form == "lists":
        return [list(row) for row in rows]
    return "".join(_line(row, "," if form == "csv" else "\t") for row in rows)


def _field(key: str, names: Mapping[str, Column]) -> dict[str, Any]:
    if key == _ROW:
        return {"id": _ROW, "type": "int"}
    column = names[key]
    info = {"label": column.label, "notes": column.description, "unit": column.unit}
    return {"id": key, "type": _TYPES[column.kind], "info": {k: v for k, v in info.items() if v}}


def _page_links(asked: _Asked, limit: int, offset: int) -> dict[str, str]:
    kept = {
        k: v if isinstance(v, str) else json.dumps(v)
        for k, v in asked.arguments.items()
        if k not in ("offset", "limit")
    }
    path = f"/api/3/action/datastore_search?{urlencode({**kept, 'limit': limit})}"
    told = {"start": path, "next": f"{path}&offset={offset + limit}"}
    return told if not offset else {**told, "prev": f"{path}&offset={max(0, offset - limit)}"}


def _datastore_info(asked: _Asked) -> Any:
    name = asked.text("id") or asked.needed("resource_id")
    entry, version = _table(asked, name)
    names = labels.names_of(version)
    return {
        "meta": {"aliases": [entry.slug], "count": version.rows, "db_size": version.size, "size": version.size, "id": name,
                 "idx_size": 0, "table_type": "BASE TABLE"},
        "fields": [{**_field(key, names), "schema": {"native_type": _TYPES[c.kind], "notnull": c.filled == version.rows,
                    "is_index": False, "index_name": None, "uniquekey": False}} for key, c in names.items()],
    }  # fmt: skip


# --- The dump -------------------------------------------------------------------------------------

_DUMPS = {"csv": "text/csv; charset=utf-8", "tsv": "text/tab-separated-values; charset=utf-8",
          "json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}  # fmt: skip


def _dump(asked: _Asked, name: str) -> Response:
    form = asked.text("format", "csv").lower()
    if form not in _DUMPS:
        raise _ActionError(409, "Validation Error", format=[f"Value must be one of {', '.join(_DUMPS)}"])
    _, version = _table(asked, name)
    names = labels.names_of(version)
    query, keys = _question(asked, version, names)
    headers = {
        "content-disposition": f'attachment; filename="{quote(name[:80])}.{form}"',
        "cache-control": "public, max-age=60",
    }
    if asked.request.method == "HEAD":
        return Response(200, b"", _DUMPS[form], headers)
    limit = asked.whole("limit", 0) or 10**9
    rows = _rows(asked, version, query, limit, asked.whole("offset", 0))
    first = next(rows, None)  # a fault is said before anything is sent
    every = _chained(first, rows)
    writers: Mapping[str, Iterator[bytes]] = {
        "csv": _as_lines(every, keys, ",", asked.flag("bom")),
        "tsv": _as_lines(every, keys, "\t", asked.flag("bom")),
        "json": _as_json(every, [_field(key, names) for key in keys]),
        "xml": _as_xml(every, keys),
    }
    return Response(200, writers[form], _DUMPS[form], headers)


def _chained(first: Sequence[Any] | None, rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    if first is not None:
        yield first
        yield from rows


def _as_lines(rows: Iterator[Sequence[Any]], keys: Sequence[str], separator: str, bom: bool) -> Iterator[bytes]:
    yield (b"\xef\xbb\xbf" if bom else b"") + _line(keys, separator).encode()
    for row in rows:
        yield _line(row, separator).encode()


def _line(row: Sequence[Any], separator: str) -> str:
    return separator.join(_cell(value, separator) for value in row) + "\r\n"


def _cell(value: Any, separator: str) -> str:
    if value is None:
        return ""
    text = csv.harmless(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return csv.quoted(text, separator, False)


def _as_json(rows: Iterator[Sequence[Any]], fields: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    yield b'{\n  "fields": ' + _dumped(fields) + b',\n  "records": [\n'
    for place, row in enumerate(rows):
        yield (b",\n    " if place else b"    ") + _dumped(row)
    yield b"\n]}\n"


_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def _as_xml(rows: Iterator[Sequence[Any]], keys: Sequence[str]) -> Iterator[bytes]:
    tags = [re.sub(r"^(?![A-Za-z_])", "_", re.sub(r"[^\w.-]", "_", key, flags=re.ASCII)) for key in keys]
    yield b'<?xml version="1.0" encoding="utf-8" ?>\n<data xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
    for row in rows:
        number = f' _id="{row[0]}"' if keys[0] == _ROW else ""
        cells = "".join(
            f'<{tag} xsi:nil="true"/>' if value is None else f"<{tag}>{_escaped(value)}</{tag}>"
            for key, tag, value in zip(keys, tags, row, strict=True)
            if key != _ROW
        )
        yield f"<row{number}>{cells}</row>\n".encode()
    yield b"</data>\n"


def _escaped(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return html.escape(_NO_XML.sub("", text), quote=False)


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


ACTIONS: Mapping[str, tuple[Callable[[_Asked], Any], str]] = {
    "site_read": (lambda asked: True, "Dit que le portail se lit."),
    "status_show": (_status, "Le nom du portail, son adresse et sa version."),
    "help_show": (_help, "Ce que fait une action. name : l'action."),
    "package_list": (_package_list, "Les noms de tous les jeux de données. limit, offset."),
    "current_package_list_with_resources": (
        _current,
        "Les jeux de données, du plus récent au plus ancien. limit, offset.",
    ),
    "package_show": (_package_show, "Un jeu de données. id : son identifiant ou son nom."),
    "package_search": (
        _package_search,
        "Cherche des jeux. q, fq, fq_list, sort, rows, start, facet.field, facet.limit, facet.mincount.",
    ),
    "package_autocomplete": (_autocomplete, "Les jeux dont le titre ressemble. q, limit."),
    "resource_show": (_resource_show, "Un fichier d'un jeu. id."),
    "organization_list": (_organizations, "Les organisations. all_fields, sort, limit, offset."),
    "organization_show": (_organization_show, "Une organisation. id, include_datasets."),
    "group_list": (_groups, "Les thèmes. all_fields, sort, limit, offset."),
    "group_show": (_group_show, "Un thème. id, include_datasets."),
    "tag_list": (_tags, "Les mots-clés. query, all_fields."),
    "license_list": (_licences, "Les licences."),
    "datastore_search": (
        _datastore,
        "Des lignes. resource_id, filters, q, distinct, limit, offset, fields, sort, include_total, records_format.",
    ),
    "datastore_info": (_datastore_info, "Les colonnes d'un fichier. id."),
}
