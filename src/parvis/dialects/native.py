"""Our own API, under ``/api/v1``: catalogue, records, aggregates and exports, as ``dialects.openapi`` tells them.

An answer about rows depends on its version and its address alone: the strong ``ETag`` is made of both, so that a
repeated question gets 304, or the kept bytes, before anything is parsed and without any worker. The answers are
public; an adapter that shows a caller more than the public sees must replace ``Cache-Control``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from parvis import __version__
from parvis.catalogue.licences import LICENCES
from parvis.dialects import extras, grammar, openapi, ranges
from parvis.dialects.openapi import PREFIX, ROUTES, Route
from parvis.errors import BusyError, GoneError, InputError, LimitError, ParvisError, RefusedError, UnknownName
from parvis.frozen import dataclass
from parvis.store import changes, export, expressions, ready
from parvis.store import query as asking
from parvis.store.cache import Answer, Cache
from parvis.store.pool import Pool
from parvis.values import (
    All,
    Calc,
    Call,
    Column,
    Expression,
    Extra,
    Field,
    Metadata,
    Page,
    Query,
    Search,
    Version,
    Where,
)
from parvis.web import FRESH, METHODS, Catalogue, Entry, Request, Response, finished, matches, opened, preflight

CORS = opened("ETag", "Link", "Retry-After", "Content-Disposition", *ranges.EXPOSED)
PREFLIGHT = preflight("Accept", "Content-Type", "If-None-Match", "Range", "If-Range")
LIMIT = 20  # results of a page when nothing is said
GROUPS = 100  # the same for groups


def answer(request: Request, catalogue: Catalogue, pool: Pool, cache: Cache | None = None) -> Response:
    """Return the response to any request under ``/api/v1``: faults too, in JSON and in French."""
    try:
        response = _dispatched(request, catalogue, pool, cache)
    except ParvisError as error:
        response = fault(error)
    return finished(request, response, CORS)


def fault(error: Exception) -> Response:
    """Return what the API says of an error; of one that is not ours, nothing but that it happened."""
    if not isinstance(error, ParvisError):
        error = ParvisError("Une panne est survenue de notre fait.", "Réessayez plus tard.")
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    said: dict[str, Any] = {
        "code": error.code,
        "message": error.message.format(**error.values),
        "hint": error.hint.format(**error.values),
        "parameter": str(error.values.get("parameter", "")),
    }
    if isinstance(error.values.get("position"), int):
        said["position"] = error.values["position"]
    if isinstance(error, GoneError):
        said["reason"] = str(error.values.get("reason", ""))
    headers = {"cache-control": "no-store"}
    if isinstance(error, BusyError):
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, _MethodError):
        headers["allow"] = ", ".join(METHODS)
    return Response(
        error.status if isinstance(error, _HttpError) else status, _dumped({"error": said}), headers=headers
    )


class _HttpError(InputError):
    """A fault of the web's own, with its status."""

    status = 400


class _MethodError(_HttpError):
    code, status = "method", 405


class _AcceptError(_HttpError):
    code, status = "not_acceptable", 406


_STATUS: tuple[tuple[type[ParvisError], int], ...] = (
    (GoneError, 410),
    (UnknownName, 404),
    (InputError, 400),
    (RefusedError, 403),
    (BusyError, 503),
    (LimitError, 422),
)


# --- Routes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request on its route."""

    request: Request
    route: Route
    places: Mapping[str, str]
    catalogue: Catalogue
    pool: Pool
    cache: Cache | None

    def get(self, name: str, default: str = "") -> str:
        return self.request.get(name, default).strip()

    def url(self, path: str, query: Sequence[tuple[str, str]] = ()) -> str:
        tail = f"?{urlencode(query)}" if query else ""
        return f"{self.request.base}{PREFIX}{quote(path)}{tail}"

    def next_url(self, **changed: str) -> str:
        """Return this address with some parameters changed."""
        kept = [(n, v) for n, v in self.request.query if n not in changed]
        return f"{self.request.base}{quote(self.request.path)}?{urlencode([*kept, *changed.items()])}"


def _dispatched(request: Request, catalogue: Catalogue, pool: Pool, cache: Cache | None) -> Response:
    route, places = _route(request.path)
    if request.method == "OPTIONS":
        return Response(204, headers=PREFLIGHT)
    if request.method not in METHODS:
        raise _MethodError("Cette API ne fait que lire : « {method} » n'y sert pas.", method=request.method[:20])
    asked = _Asked(request, route, places, catalogue, pool, cache)
    if route.answers not in ("file", "Feed"):
        _must_accept_json(request)
    return _HANDLERS[route.answers](asked)


def _compiled(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path.rstrip("/")) + "/?")


_PATTERNS = tuple((_compiled(PREFIX + route.path), route) for route in ROUTES)


def _route(path: str) -> tuple[Route, Mapping[str, str]]:
    for pattern, route in _PATTERNS:
        if match := pattern.fullmatch(path):
            return route, match.groupdict()
    raise UnknownName("Cette adresse n'existe pas.", "Les adresses de l'API sont décrites dans {url}.", url=_DOCUMENT)


_DOCUMENT = f"{PREFIX}/openapi.json"


def _must_accept_json(request: Request) -> None:
    wanted = request.headers.get("accept", "")
    if not wanted:
        return
    for part in wanted.split(","):
        kind, _, rest = part.partition(";")
        if kind.strip().lower() in ("*/*", "application/*", "application/json") and not _ZERO.search(rest):
            return
    raise _AcceptError(
        "Cette adresse répond en JSON.", "Pour un autre format, demandez un export : …/exports/csv.", parameter="Accept"
    )


_ZERO = re.compile(r"(?:^|;)\s*q\s*=\s*0(?:\.0*)?\s*(?:;|$)")


def _check_names(asked: _Asked) -> None:
    """Refuse a parameter that the route does not know: ignored, it would give other rows than those asked for."""
    seen = set[str]()
    for name, _ in asked.request.query:
        if name not in asked.route.parameters:
            raise InputError(
                "Le paramètre « {parameter} » n'existe pas ici.",
                "Paramètres : {known}." if asked.route.parameters else "",
                parameter=name[:60],
                known=", ".join(asked.route.parameters),
            )
        if name in seen and not openapi.PARAMETERS[name].repeated:
            raise InputError("Le paramètre « {parameter} » est donné deux fois.", parameter=name)
        seen.add(name)


# --- Catalogue ------------------------------------------------------------------------------------


def _root(asked: _Asked) -> Response:
    _check_names(asked)
    links = {"self": asked.url("/"), "datasets": asked.url("/datasets"), "openapi": asked.url("/openapi.json")}
    return _told(asked, {"title": "Données ouvertes", "version": __version__, "links": links})


def _openapi(asked: _Asked) -> Response:
    _check_names(asked)
    return _told(asked, openapi.document(asked.request.base))


def _datasets(asked: _Asked) -> Response:
    _check_names(asked)
    limit, offset = _whole(asked, "limit", LIMIT, openapi.MAX_DATASETS), _whole(asked, "offset", 0, openapi.MAX_OFFSET)
    sort = asked.get("sort")
    if sort and sort not in openapi.ORDERS:
        _wrong("sort", f"attend {', '.join(openapi.ORDERS)}")
    filters = {name: asked.get(name) for name in openapi.FILTERS if asked.get(name)}
    wanted = grammar.names(asked.get("facets"), "facets") if asked.get("facets") else ()
    for name in wanted:
        if name not in openapi.FILTERS:
            _wrong("facets", f"attend {', '.join(openapi.FILTERS)}")
    found = asked.catalogue.list(asked.get("q")[:500], filters, sort, limit, offset)
    links = {"self": asked.next_url()}
    if limit and offset + len(found.entries) < found.total and found.entries:
        links["next"] = asked.next_url(offset=str(offset + limit))
    told = {
        "total": found.total,
        "datasets": [_summary(asked, entry) for entry in found.entries],
        "facets": {n: [{"value": v, "count": c} for v, c in found.facets.get(n, ())] for n in wanted},
        "links": links,
    }
    return _told(asked, told, links.get("next", ""))


def _dataset(asked: _Asked) -> Response:
    _check_names(asked)
    entry = asked.catalogue.find(asked.places["dataset"])
    metadata = entry.metadata
    told = _summary(asked, entry)
    del told["rows"]
    told |= {
        "producer": metadata.producer,
        "service": metadata.service,
        "contact": metadata.contact,
        "attribution": metadata.attribution,
        "territory": metadata.territory,
        "period": {"start": metadata.temporal_start, "end": metadata.temporal_end},
        "version": _version_said(asked, entry, entry.version, f"/datasets/{entry.id}"),
        "versions": list(entry.versions),
    }
    return _told(asked, told)


def _versions(asked: _Asked) -> Response:
    _check_names(asked)
    entry = asked.catalogue.find(asked.places["dataset"])
    said = [
        {
            "id": identity,
            "current": identity == entry.version.id,
            "links": {"self": asked.url(f"/datasets/{entry.id}/versions/{identity}")},
        }
        for identity in entry.versions
    ]
    return _told(asked, {"dataset": entry.id, "versions": said})


def _version(asked: _Asked) -> Response:
    _check_names(asked)
    version = _asked_version(asked)
    path = f"/datasets/{version.dataset}/versions/{version.id}"
    return _told(asked, _version_said(asked, asked.catalogue.find(version.dataset), version, path))


def _summary(asked: _Asked, entry: Entry) -> dict[str, Any]:
    metadata, path = entry.metadata, f"/datasets/{entry.id}"
    return {
        "id": entry.id,
        "slug": entry.slug,
        "title": metadata.title,
        "description": metadata.description,
        "organisation": {"id": entry.organisation, "name": entry.organisation_name},
        "theme": metadata.theme,
        "keywords": list(metadata.keywords),
        "licence": _licence(metadata),
        "frequency": metadata.frequency,
        "rows": entry.version.rows,
        "version": entry.version.id,
        "created_at": entry.created_at,
        "modified_at": entry.modified_at,
        "links": {"self": asked.url(path), "records": asked.url(f"{path}/records")},
    }


def _licence(metadata: Metadata) -> dict[str, str]:
    known = LICENCES.get(metadata.licence)
    return {
        "id": metadata.licence,
        "title": known.title if known else metadata.licence,
        "url": known.url if known else "",
    }


def _version_said(asked: _Asked, entry: Entry, version: Version, path: str) -> dict[str, Any]:
    """Return what the public may know of a version: its policy, its original and its risks stay inside."""
    files = ready.of(asked.pool.folder, version.id)
    return {
        "id": version.id,
        "number": version.number,
        "created_at": version.created_at,
        "rows": version.rows,
        "size": version.size,
        "schema": version.schema,
        "bbox": list(version.bbox),
        "geometry": version.geometry,
        "point": list(version.point),
        "quality": dict(version.quality),
        "columns": [_column(c) for c in version.columns],
        "exports": [
            {
                "format": name,
                "title": export.FORMATS[name].title,
                "type": export.FORMATS[name].media_type,
                "url": asked.url(f"{path}/exports/{name}"),
                "size": files[name].size if name in files else None,
                "sha256": files[name].digest if name in files else None,
            }
            for name in export.writable(version)
        ]
        + [_extra_said(asked, e, path) for e in extras.of(asked.catalogue, asked.pool.folder, entry, version)],
        "links": {
            "self": asked.url(f"/datasets/{version.dataset}/versions/{version.id}"),
            "records": asked.url(f"{path}/records"),
            "aggregates": asked.url(f"{path}/aggregates"),
        },
    }


def _extra_said(asked: _Asked, extra: Extra, path: str) -> dict[str, Any]:
    return {
        "format": extra.format,
        "title": extra.title,
        "type": extra.media_type,
        "url": asked.url(f"{path}/exports/{extra.format}"),
        "size": extra.size or None,
        "sha256": extra.digest or None,
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "label": column.label,
        "type": str(column.kind),
        "meaning": column.meaning,
        "unit": column.unit,
        "description": column.description,
        "filled": column.filled,
        "distinct": column.distinct,
        "separator": column.separator,
        "minimum": column.minimum,
        "maximum": column.maximum,
    }


# --- Rows -----------------------------------------------------------------------------------------


def _records(asked: _Asked) -> Response:
    return _kept(asked, _asked_version(asked), _records_of)


def _aggregates(asked: _Asked) -> Response:
    return _kept(asked, _asked_version(asked), _groups_of)


def _records_of(asked: _Asked, version: Version) -> tuple[bytes, str]:
    page = asking.written(asked.pool, version, _query(asked, version))
    links, following = {"self": asked.next_url()}, ""
    if page.cursor:
        kept = [(n, v) for n, v in asked.request.query if n not in ("cursor", "offset")]
        following = asked.url(asked.request.path.removeprefix(PREFIX), [*kept, ("cursor", page.cursor)])
        links["next"] = following
    before, after = _dumped(_said(version, page.total)), _dumped({"cursor": page.cursor, "links": links})
    return b'%b,"records":%b,%b' % (before[:-1], page.rows, after[1:]), following


def _groups_of(asked: _Asked, version: Version) -> tuple[bytes, str]:
    query = _query(asked, version, "aggregates")
    page = asking.run(asked.pool, version, query)
    links = {"self": asked.next_url()}
    if page.total is not None and query.offset + len(page.rows) < page.total and page.rows:
        links["next"] = asked.next_url(offset=str(query.offset + query.limit))
    said = {**_said(version, page.total), "groups": _rows(page), "links": links}
    return _dumped(said), links.get("next", "")


def _said(version: Version, total: int | None) -> dict[str, Any]:
    return {"dataset": version.dataset, "version": version.id, "total": total}


def _rows(page: Page) -> list[dict[str, Any]]:
    names = [c.name for c in page.columns]
    return [dict(zip(names, row, strict=True)) for row in page.rows]


def _export(asked: _Asked) -> Response:
    version, name = _asked_version(asked), asked.places["format"]
    _check_names(asked)
    if name in extras.NAMES:
        entry = asked.catalogue.find(asked.places["dataset"])
        return extras.given(asked.request, asked.catalogue, asked.pool, entry, version, name)
    form = export.FORMATS.get(name)
    if form is None:
        raise UnknownName(
            "Le format « {format} » n'existe pas.",
            "Formats : {known}.",
            format=name[:40],
            known=", ".join(export.FORMATS),
        )
    profile = asked.get("profile")
    if profile not in ("", "excel") or (profile and name != "csv"):
        _wrong("profile", "ne peut être que « excel », pour un export CSV")
    named = {"content-disposition": f'attachment; filename="{_file_name(asked, version)}{form.suffix}"'}
    if (lying := _lying(asked, version, f"{name}-{profile}" if profile else name, named)) is not None:
        return lying
    query = _query(asked, version)
    headers = {**_headers(version, _question(asked.request)), **named}
    if matches(asked.request, headers["etag"]):
        return Response(304, headers=headers)
    if asked.request.method == "HEAD":
        export.check(version, query, name)
        return Response(200, b"", form.media_type, headers, cacheable=True)
    chunks = export.opened(export.stream(asked.pool, version, query, name, profile))
    return Response(200, chunks, form.media_type, headers, cacheable=True)


def _lying(asked: _Asked, version: Version, name: str, headers: Mapping[str, str]) -> Response | None:
    """Return the file of a whole version that lies written, None when it must be made."""
    if any(parameter not in ("version", "profile") for parameter, _ in asked.request.query):
        return None
    found = ready.of(asked.pool.folder, version.id).get(name)
    if found is None:
        return None
    media_type = export.FORMATS[asked.places["format"]].media_type
    told = {**headers, "cache-control": FRESH}
    place = ready.path(asked.pool.folder, found)
    return ranges.given(asked.request, place, found, media_type, told, version.created_at)


def _file_name(asked: _Asked, version: Version) -> str:
    slug = re.sub(r"[^a-z0-9-]", "", asked.catalogue.find(asked.places["dataset"]).slug) or "donnees"
    return f"{slug}-v{version.number}"


# --- Changes --------------------------------------------------------------------------------------


def _changes(asked: _Asked) -> Response:
    entry = asked.catalogue.find(asked.places["dataset"])
    after = asked.catalogue.version(entry.id, asked.get("to")) if asked.get("to") else entry.version
    before = (
        asked.catalogue.version(entry.id, asked.get("from")) if asked.get("from") else _preceding(asked, entry, after)
    )
    earlier = before or after  # the first one changed nothing

    def told(asked: _Asked, version: Version) -> tuple[bytes, str]:
        return _changes_of(asked, earlier, version)

    return _kept(asked, after, told, beside=earlier.id)


def _preceding(asked: _Asked, entry: Entry, version: Version) -> Version | None:
    """Return the newest version that may still be read and came before another."""
    found = [asked.catalogue.version(entry.id, name) for name in entry.versions]
    older = [v for v in found if v.number < version.number]
    return max(older, key=lambda v: v.number, default=None)


def _changes_of(asked: _Asked, before: Version, after: Version) -> tuple[bytes, str]:
    only = asked.get("only")
    if only not in ("", *changes.What):
        _wrong("only", f"attend {', '.join(changes.What)}")
    key = grammar.names(asked.get("key"), "key") if asked.get("key") else ()
    limit, offset = _whole(asked, "limit", LIMIT, changes.MOST), _whole(asked, "offset", 0, openapi.MAX_OFFSET)
    found = changes.between(
        asked.pool, before, after, key=key, only=changes.What(only) if only else None, limit=limit, offset=offset
    )
    links, following = {"self": asked.next_url()}, ""
    counts = {"added": found.added, "removed": found.removed, "changed": found.changed}
    total = counts[only] if only else sum(counts.values())
    if found.rows and offset + len(found.rows) < total:
        following = links["next"] = asked.next_url(offset=str(offset + limit))
    told = {
        "dataset": after.dataset,
        "from": before.id,
        "to": after.id,
        "key": list(found.key),
        **counts,
        "columns_added": [c.name for c in found.columns_added],
        "columns_removed": [c.name for c in found.columns_removed],
        "changes": [
            {
                "what": str(c.what),
                "row": c.row,
                "cells": {n: {"before": old, "after": new} for n, (old, new) in c.cells.items()},
            }
            for c in found.rows
        ],
        "links": links,
    }
    return _dumped(told), following


FEED = 10  # versions told by a feed


def _feed(asked: _Asked) -> Response:
    """Return the feed of what changed, one entry a version: what a version is does not change, its entry is kept."""
    _check_names(asked)
    entry = asked.catalogue.find(asked.places["dataset"])
    versions = sorted(
        (asked.catalogue.version(entry.id, name) for name in entry.versions[: FEED + 1]), key=lambda v: -v.number
    )
    about, home = escape(entry.metadata.title), escape(asked.url(f"/datasets/{entry.id}"))
    items = []
    for place, version in enumerate(versions[:FEED]):
        before = versions[place + 1] if place + 1 < len(versions) else None
        link = escape(asked.url(f"/datasets/{entry.id}/versions/{version.id}"))
        items.append(
            f"<entry><id>urn:parvis:version:{version.id}</id><title>{about}, version {version.number}</title>"
            f'<updated>{version.created_at}</updated><link href="{link}"/>'
            f"<summary>{escape(_summed(asked, before, version))}</summary></entry>"
        )
    updated = versions[0].created_at if versions else entry.created_at
    body = (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr">'
        f"<id>urn:parvis:dataset:{entry.id}:changes</id><title>Changements : {about}</title><updated>{updated}</updated>"
        f"<author><name>{escape(entry.organisation_name)}</name></author>"
        f'<link rel="self" href="{escape(asked.url(asked.request.path.removeprefix(PREFIX)))}"/><link href="{home}"/>'
        f"{''.join(items)}</feed>\n"
    ).encode()
    headers = {"etag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "cache-control": FRESH}
    if matches(asked.request, headers["etag"]):
        return Response(304, headers=headers)
    return Response(200, body, "application/atom+xml; charset=utf-8", headers, cacheable=True)


def _summed(asked: _Asked, before: Version | None, after: Version) -> str:
    """Return what changed, in a sentence."""
    if before is None:
        return f"Première version : {after.rows} lignes."
    question = f"changes since {before.id}"
    if asked.cache is not None and (known := asked.cache.get(after.id, question)) is not None:
        return known.body.decode()
    try:
        found = changes.between(asked.pool, before, after, limit=0)
    except (InputError, LimitError):
        return f"{before.rows} lignes avant, {after.rows} après."
    said = f"Lignes ajoutées : {found.added} ; retirées : {found.removed} ; changées : {found.changed}."
    if found.columns_added:
        said += f" Colonnes nouvelles : {', '.join(c.label for c in found.columns_added)}."
    if found.columns_removed:
        said += f" Colonnes retirées : {', '.join(c.label for c in found.columns_removed)}."
    if asked.cache is not None:
        asked.cache.put(after.id, question, Answer(said.encode()))
    return said


def _asked_version(asked: _Asked) -> Version:
    dataset = asked.places["dataset"]
    if wanted := asked.places.get("version") or asked.get("version"):
        return asked.catalogue.version(dataset, wanted)
    return asked.catalogue.find(dataset).version


def _query(asked: _Asked, version: Version, found: str = "select") -> Query:
    """Return the question of a request; ``found`` is the parameter that says what is given: columns, or calculations."""
    count = asked.get("count", "true").lower()
    if count not in ("true", "false"):
        _wrong("count", "attend true ou false")
    most = openapi.most(asked.route)
    groups = asked.route.answers == "Aggregates"
    query = Query(
        where=_where(asked, version),
        limit=_whole(asked, "limit", GROUPS if groups else LIMIT, most) if most else 0,
        offset=_whole(asked, "offset", 0, openapi.MAX_OFFSET),
        cursor=asked.get("cursor"),
        count=count == "true",
    )
    calculated = any(grammar.calculated(asked.get(name)) for name in ("group", "order", "select"))
    if found == "aggregates" and not calculated:
        calculated = _beyond_columns(asked.get(found))
    if (
        calculated
        or any(asked.get(n) for n in ("having", "sample", "timezone"))
        or (asked.get("group") and asked.get("select"))
    ):
        return _calculated(asked, version, query, found)
    return _plain(asked, version, query, found)


def _plain(asked: _Asked, version: Version, query: Query, found: str) -> Query:
    """Return the same with its columns as they are: what the store answers fastest."""
    group = grammar.names(asked.get("group"), "group") if asked.get("group") else ()
    select = grammar.names(asked.get("select"), "select") if asked.get("select") else ()
    for name, asked_names in (("select", select), ("group", group)):
        for column in asked_names:
            if version.column(column) is None:
                raise asking.no_column(column, [c.name for c in version.columns], parameter=name)
    return dataclasses.replace(
        query,
        select=select,
        group=tuple(group),
        aggregates=grammar.aggregates(asked.get(found) or "count", version.columns) if found == "aggregates" else (),
        order=grammar.order(asked.get("order")) if asked.get("order") else (),
    )


def _beyond_columns(text: str) -> bool:
    """True for a list of calculations that calculates more than a function of each column."""
    return bool(text) and _SIMPLE.fullmatch(text) is None


_ONE = r'\s*(?!extent|percentile)\w+\s*(?:\(\s*(?:\*|\w+|"[^"]*")?\s*\))?(?:\s+as\s+\w+)?\s*'
_SIMPLE = re.compile(rf"{_ONE}(?:,{_ONE})*", re.IGNORECASE | re.ASCII)


def _calculated(asked: _Asked, version: Version, query: Query, found: str) -> Query:
    """Return the same with what is calculated: columns, keys of groups, orders, conditions on groups, a draw."""
    place = _place(version)
    by = grammar.named(asked.get("group"), version.columns, "group", place) if asked.get("group") else ()
    said = asked.get(found) or ("count" if by or found == "aggregates" else "")
    shown = grammar.named(said, version.columns, found, place) if said else ()
    keys = {n.name: n for n in by}
    shown = tuple(n for n in shown if keys.get(n.name) != n)  # a key is given anyway
    labels = [n.name for n in (*by, *shown)]
    grouped = bool(by) or any(expressions.aggregates(n.expression) for n in shown)
    having = None
    if asked.get("having"):
        if not grouped:
            _wrong("having", "demande un regroupement")
        names = [Column(name, name) for name in labels]
        having = grammar.where(asked.get("having"), names, "having", free=True)
    if grouped and asked.get("sample"):
        _wrong("sample", "ne va pas avec un regroupement")
    if found == "aggregates" and not grouped:
        _wrong("aggregates", "attend des calculs sur les lignes : count, sum(colonne)…")
    zone = asked.get("timezone")
    if zone and zone not in expressions.zones():
        _wrong("timezone", "attend un fuseau horaire, comme Europe/Paris")
    return dataclasses.replace(
        query,
        by=by,
        shown=shown,
        sorts=grammar.sorts(asked.get("order"), version.columns, labels, "order", place) if asked.get("order") else (),
        having=having,
        sample=_whole(asked, "sample", 0, 10**9),
        seed=_whole(asked, "seed", 0, 10**9),
        zone=zone,
    )


def _place(version: Version) -> Expression | None:
    """Return where the rows of a version are on the map, None when nothing tells it."""
    if version.geometry:
        return Field(version.geometry)
    return Call(Calc.POINT, tuple(Field(n) for n in version.point)) if version.point else None


def _where(asked: _Asked, version: Version) -> Where | None:
    place = _place(version)
    parts: list[Where] = [
        grammar.where(text, version.columns, "where", place) for text in asked.request.all("where") if text.strip()
    ]
    if words := asked.get("q"):
        parts.append(Search(words))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _whole(asked: _Asked, name: str, default: int, most: int) -> int:
    said = asked.get(name)
    if not said:
        return default
    if not (said.isascii() and said.isdigit()) or len(said) > 12 or int(said) > most:
        _wrong(name, f"attend un nombre entier de 0 à {most}")
    return int(said)


def _wrong(parameter: str, said: str) -> NoReturn:
    raise InputError("« {parameter} » {said}.", parameter=parameter, said=said)


# --- Answers --------------------------------------------------------------------------------------


def _kept(
    asked: _Asked, version: Version, answering: Callable[[_Asked, Version], tuple[bytes, str]], beside: str = ""
) -> Response:
    """Return the answer to a question about a version: 304, the bytes kept, or an answer made now and kept.

    ``beside``: another version that the answer depends on.
    """
    question = _question(asked.request) + beside[:12]
    headers = _headers(version, question)
    if matches(asked.request, headers["etag"]):
        return Response(304, headers=headers)
    found = asked.cache.get(version.id, question) if asked.cache is not None else None
    if found is None:
        _check_names(asked)
        body, following = answering(asked, version)
        found = Answer(body, {"link": f'<{following}>; rel="next"'} if following else {})
        if asked.cache is not None:
            asked.cache.put(version.id, question, found)
    return Response(200, found.body, headers={**headers, **found.headers}, cacheable=True)


def _headers(version: Version, question: str) -> dict[str, str]:
    return {"etag": f'"{version.id}-{question}"', "cache-control": FRESH}


def _question(request: Request) -> str:
    """Return the digest of all that an answer depends on beside its version: the address, and our own version."""
    said = repr((__version__, request.base, request.path, sorted(request.query)))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _told(asked: _Asked, value: Any, following: str = "") -> Response:
    body = _dumped(value)
    headers = {"etag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "cache-control": FRESH}
    if matches(asked.request, headers["etag"]):
        return Response(304, headers=headers)
    if following:
        headers["link"] = f'<{following}>; rel="next"'
    return Response(200, body, headers=headers, cacheable=True)


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _dumped(value: Any) -> bytes:
    return _encoder.encode(value).encode("utf-8", "replace")


_HANDLERS: Mapping[str, Callable[[_Asked], Response]] = {
    "Root": _root,
    "OpenAPI": _openapi,
    "Datasets": _datasets,
    "Dataset": _dataset,
    "Versions": _versions,
    "Version": _version,
    "Records": _records,
    "Aggregates": _aggregates,
    "Changes": _changes,
    "Feed": _feed,
    "file": _export,
}
