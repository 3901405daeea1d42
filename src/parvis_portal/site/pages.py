"""What each public page shows: a table, a figure, downloads, snippets, from a version and nothing private."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import xml.etree.ElementTree as ET  # only writes
from collections.abc import Mapping, Sequence
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import override

from parvis.catalogue import linked
from parvis.catalogue.licences import LICENCES
from parvis.catalogue.themes import THEMES
from parvis.dialects import dcat, openapi
from parvis.errors import ParvisError
from parvis.figures import chart
from parvis.schemas import schema as schemas
from parvis.store import changes as changing
from parvis.store import export, proofs, ready
from parvis.store import query as asking
from parvis.store.folder import Folder
from parvis.text import spaced
from parvis.values import All, Column, Extra, Kind, Op, Order, Query, Search, Test, Version, Where, msg
from parvis.web import Entry, Listing
from parvis_portal.api import engine
from parvis_portal.api.catalogue import site
from parvis_portal.api.views import base
from parvis_portal.catalogue import queries
from parvis_portal.catalogue.models import Dataset, Release
from parvis_portal.people.models import Organisation
from parvis_portal.site.templatetags import parvis as words_of

ROWS = 15  # of the table on a page


def whole(text: str, default: int) -> int:
    """Return a positive whole number of an address, or the default."""
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 and int(text) else default


# --- The catalogue --------------------------------------------------------------------------------

_FACETS = {
    "theme": msg("Thèmes"),
    "organisation": msg("Organisations"),
    "licence": msg("Licences"),
    "schema": msg("Schémas"),
}


def facets(request: HttpRequest, listing: Listing, chosen: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the facets with an address for each choice: chosen again, a choice is taken off."""
    names = dict(Organisation.objects.values_list("slug", "name"))
    out = []
    for name, title in _FACETS.items():
        choices = []
        for value, count in listing.facets.get(name, ()):
            query = request.GET.copy()
            query.pop("page", None)
            if chosen.get(name) == value:
                query.pop(name, None)
            else:
                query[name] = value
            choices.append(
                {
                    "value": value,
                    "label": _facet_label(name, value, names),
                    "count": count,
                    "chosen": chosen.get(name) == value,
                    "url": f"{reverse('site:catalogue')}?{query.urlencode()}",
                }
            )
        if len(choices) > 1 or chosen.get(name):
            hidden = any(c["chosen"] for c in choices[8:])
            out.append({"name": name, "title": _(title), "choices": choices, "hidden_chosen": hidden})
    return out


def _facet_label(name: str, value: str, organisations: Mapping[str, str]) -> str:
    if name == "theme":
        return _(THEMES[value].title) if value in THEMES else value
    if name == "licence":
        return _(LICENCES[value].title) if value in LICENCES else value
    if name == "schema":
        return schema_title(value)
    return organisations.get(value, value)


def schema_title(schema: str) -> str:
    """Return a schema's name for people, its identifier when Parvis no longer knows it."""
    return schemas.load(schema).title if schema in schemas.all_ids() else schema


def last(total: int, number: int, size: int) -> int:
    """Return a page's number, or the last one's when it is past the end."""
    return min(number, max(1, -(-total // size)))


def numbering(request: HttpRequest, total: int, number: int, size: int) -> dict[str, Any]:
    """Return the page's number, how many there are, and the neighbours' addresses."""
    count = max(1, -(-total // size))

    def url(n: int) -> str:
        query = request.GET.copy()
        query["page"] = str(n)
        return f"?{query.urlencode()}"

    return {
        "number": number,
        "count": count,
        "previous_url": url(number - 1) if number > 1 else "",
        "next_url": url(number + 1) if number < count else "",
    }


# --- A dataset ------------------------------------------------------------------------------------


def dataset(request: HttpRequest, row: Dataset, entry: Entry, old: Release | None = None) -> dict[str, Any]:
    """Return all that a dataset's page shows, of its current version or of an older one."""
    version = old.version if old is not None else entry.version
    address = f"{base(request)}/api/v1/datasets/{entry.id}"
    reading = f"{address}/versions/{version.id}" if old is not None else address
    downloads = _downloads(reading.removeprefix(base(request)), version, queries.extras(row, version))
    return {
        "entry": entry,
        "version": version,
        "old": old,
        "metadata": version.metadata,
        "columns": version.columns,
        "licence": _licence(version),
        "table": table(request, version),
        "figure": figure(version),
        "has_map": bool(version.geometry or version.point),
        "map_src": f"{reading.removeprefix(base(request))}/exports/geojson",
        "downloads": downloads,
        "sealed": [d for d in downloads if d["sha256"]],
        "versions": _versions(row, entry),
        "snippets": snippets(reading, version),
        "quality": _quality(version),
        "findings": [_finding(f) for f in version.findings],
        "api_url": reading,
        "schema_title": schema_title(version.schema),
        "statements": [(f.media_type, suffix) for suffix, f in dcat.FORMS.items() if suffix != "rdf"],
        "linked_data": linked_data(request, entry, version),
        "proof": proofs.public(Folder(settings.DATA), version.id) is not None,
    }


def framed(request: HttpRequest, entry: Entry, tab: str) -> dict[str, Any]:
    """Return what the pages of others frame of a dataset: its map, its chart or its table, by the tab they name."""
    version = entry.version
    told: dict[str, Any] = {
        "entry": entry, "version": version, "metadata": version.metadata, "licence": _licence(version), "shown": "table",
        "page": f"{base(request)}{reverse('site:dataset', args=[entry.slug])}",
    }  # fmt: skip
    if tab == "map" and (version.geometry or version.point):
        return {**told, "shown": "map", "map_src": f"/api/v1/datasets/{entry.id}/exports/geojson"}
    if tab in ("analyze", "chart") and (drawn := figure(version)) is not None:
        return {**told, "shown": "figure", "figure": drawn}
    return {**told, "table": table(request, version)}


def linked_data(request: HttpRequest, entry: Entry, version: Version) -> str:
    """Return what search engines of data read of a dataset (schema.org), safe to be put into a page."""
    told = dcat.describe(dataclasses.replace(entry, version=version), base(request), site())
    text = json.dumps(linked.schema_org(told, version, site().name), ensure_ascii=False)
    return mark_safe(text.translate(_UNSAFE))  # noqa: S308  (no sign that ends a script is left)


_UNSAFE = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def table(request: HttpRequest, version: Version) -> dict[str, Any]:
    """Return one page of the rows as the reader asked for it, with its addresses; a fault is said, never raised."""
    asked = request.GET
    words = asked.get("q", "")[:200].replace("\x00", "")
    column, value = asked.get("colonne", ""), asked.get("valeur", "")[:200].replace("\x00", "")
    sort, number = asked.get("tri", ""), whole(asked.get("page", ""), 1)
    shown = [c for c in version.columns if c.kind is not Kind.GEOMETRY]
    out: dict[str, Any] = {
        "columns": [_heading(request, c, sort) for c in shown],
        "rows": [],
        "total": version.rows,
        "words": words,
        "filter_column": column,
        "filter_value": value,
        "error": "",
        "previous_url": "",
        "next_url": "",
        "number": number,
    }
    try:
        query = Query(
            select=tuple(c.name for c in shown),
            where=_where(version, words, column, value),
            order=(Order(sort.removeprefix("-"), sort.startswith("-")),)
            if version.column(sort.removeprefix("-"))
            else (),
            limit=ROWS,
            offset=(number - 1) * ROWS,
        )
        page = asking.run(engine.pool(), version, query)
        if not page.rows and number > 1:  # past the end: a filter left fewer rows, or somebody guessed
            number = last(page.total or 0, number, ROWS)
            query = dataclasses.replace(query, offset=(number - 1) * ROWS)
            page = asking.run(engine.pool(), version, query)
    except ParvisError as error:
        return {**out, "error": _said(error), "total": 0}
    kinds = [str(c.kind) for c in shown]
    out["rows"] = [[(words_of.cell(v, k), k) for v, k in zip(row, kinds, strict=True)] for row in page.rows]
    out["total"] = page.total if page.total is not None else len(page.rows)
    neighbours = numbering(request, out["total"], number, ROWS)
    return {**out, **neighbours}


def _said(error: ParvisError) -> str:
    """Return what an error says, in the reader's language."""
    told = " ".join(_(part) for part in (error.message, error.hint) if part)
    return told.format(**error.values)


def _where(version: Version, words: str, column: str, value: str) -> Where | None:
    parts: list[Where] = [Search(words)] if words.strip() else []
    found = version.column(column) if value.strip() else None
    if found is not None:
        if found.kind is Kind.TEXT:
            parts.append(Test(found.name, Op.CONTAINS, value.strip()))
        else:
            parts.append(Test(found.name, Op.EQ, _typed(found, value.strip())))
    return All(tuple(parts)) if len(parts) > 1 else parts[0] if parts else None


def _typed(column: Column, text: str) -> Any:
    """Return what a reader typed as the column holds it: « 1 200,50 » and « 31/12/2025 » are understood."""
    if column.kind in (Kind.INTEGER, Kind.NUMBER):
        plain = text.replace("\u202f", "").replace("\u00a0", "").replace(" ", "").replace(",", ".")
        try:
            return float(plain)
        except ValueError:
            return text
    if column.kind is Kind.BOOLEAN:
        return text.lower() in ("oui", "vrai", "true", "yes", "1")
    if column.kind in (Kind.DATE, Kind.DATETIME) and text.count("/") == 2:
        day, month, year = text.split("/")
        return f"{year}-{month.zfill(2)}-{day.zfill(2)}"
    return text


def _heading(request: HttpRequest, column: Column, sort: str) -> dict[str, Any]:
    now = "ascending" if sort == column.name else "descending" if sort == f"-{column.name}" else ""
    query = request.GET.copy()
    query.pop("page", None)
    query["tri"] = f"-{column.name}" if now == "ascending" else column.name
    return {"column": column, "sort_url": f"?{query.urlencode()}#tableau", "sorted": now}


def figure(version: Version) -> dict[str, Any] | None:
    """Return the chart chosen from the columns, drawn, with its table; None when no chart would tell anything."""
    chosen = chart.choose(version.columns, version.rows)
    if chosen is None:
        return None
    try:
        page = asking.run(engine.pool(), version, chosen.query)
    except ParvisError:
        return None  # the page is worth reading without its chart
    drawn = chart.draw(chosen, page, _)
    if drawn is None:
        return None
    return {
        "svg": mark_safe(drawn.svg),  # noqa: S308  (drawn by the engine, which escapes every label)
        "title": drawn.title,
        "sentence": drawn.sentence,
        "headers": drawn.headers,
        "rows": drawn.rows,
    }


def _licence(version: Version) -> dict[str, str]:
    metadata = version.metadata
    licence = LICENCES[metadata.licence] if metadata.licence in LICENCES else LICENCES["lov2"]
    said = _(licence.attribution).format(
        producer=metadata.producer, title=metadata.title, day=words_of.day(version.created_at[:10])
    )
    return {"title": _(licence.title), "url": licence.url, "attribution": spaced(metadata.attribution or said)}


_ABOUT = {
    "csv": msg("pour un tableur ou un programme"),
    "xlsx": msg("pour Excel"),
    "json": msg("pour un programme"),
    "jsonl": msg("une ligne par enregistrement"),
    "geojson": msg("pour QGIS ou une carte"),
    "parquet": msg("pour l'analyse de gros volumes"),
    "ods": msg("pour LibreOffice"),
    "gpkg": msg("pour un logiciel de cartes"),
    "shp": msg("pour un logiciel de cartes plus ancien"),
    "kml": msg("pour Google Earth"),
    "gpx": msg("pour un GPS"),
    "ical": msg("pour un agenda"),
    "sqlite": msg("une base à interroger"),
    "duckdb": msg("une base pour l'analyse"),
    "arrow": msg("pour Python, R ou Julia"),
    "gtfs": msg("tout le réseau, pour un calculateur d'itinéraires"),
}


def _downloads(address: str, version: Version, extras: Sequence[Extra]) -> list[dict[str, Any]]:
    """Return the files that people ask for; a program finds the others in the interface."""
    files = ready.of(engine.folder(), version.id)
    given = [
        {
            "format": e.format,
            "title": _(e.title),
            "about": _(_ABOUT[e.format]) if e.format in _ABOUT else e.name,
            "url": f"{address}/exports/{e.format}",
            "size": e.size or None,
            "sha256": e.digest,
        }
        for e in extras
    ]
    return given + [
        {
            "format": name,
            "title": export.FORMATS[name].title,
            "about": _(about),
            "url": f"{address}/exports/{name}",
            "size": files[name].size if name in files else None,
            "sha256": files[name].digest if name in files else "",
        }
        for name, about in _ABOUT.items()
        if name in export.possible(version)
    ]


CHANGES = 200  # told by one page


def changed(row: Dataset, entry: Entry, after: Release, before: Release | None) -> dict[str, Any]:
    """Return what the page of changes shows; ``before`` is None for the first version."""
    told: dict[str, Any] = {"entry": entry, "version": after.version, "before": before.version if before else None}
    address = f"/api/v1/datasets/{entry.id}/changes"
    told["feed"] = f"{address}.atom"
    if before is None:
        return told
    told["api"] = f"{address}?from={before.version_id}&to={after.version_id}"
    try:
        found = changing.between(engine.pool(), before.version, after.version, limit=CHANGES)
    except ParvisError as error:
        return told | {"fault": error.text}
    columns = {c.name: c for c in after.version.columns}
    kinds = {
        changing.What.ADDED: _("ajoutée"), changing.What.REMOVED: _("retirée"), changing.What.CHANGED: _("changée")
    }  # fmt: skip
    names = list(found.key) or list(columns)[:3]
    rows = [
        {
            "what": kinds[c.what],
            "said": str(c.what),
            "name": " · ".join(str(c.row[n]) for n in names if c.row.get(n) is not None),
            "cells": [
                {"label": columns[n].label or n, "kind": columns[n].kind, "before": old, "after": new}
                for n, (old, new) in c.cells.items()
            ],
        }
        for c in found.rows
    ]
    return told | {"found": found, "rows": rows, "key": [columns[n].label or n for n in found.key],
                   "more": found.added + found.removed + found.changed - len(rows)}  # fmt: skip


def _versions(row: Dataset, entry: Entry) -> list[dict[str, Any]]:
    live = [r.number for r in row.releases.all() if not r.withdrawn_at]
    return [
        {
            "number": r.number,
            "id": r.version_id,
            "created_at": r.released_at,
            "rows": r.manifest.get("rows"),
            "url": "" if r.withdrawn_at else reverse("site:version", args=[row.slug, r.number]),
            "changes": reverse("site:changes", args=[row.slug, r.number])
            if not r.withdrawn_at and r.number > min(live)
            else "",
            "current": r.pk == row.current_id,
            "withdrawn": bool(r.withdrawn_at),
            "reason": r.reason,
        }
        for r in row.releases.all()
    ]


_QUALITY = {
    "completeness": (msg("Complétude"), msg("part des cases remplies")),
    "validity": (msg("Validité"), msg("part des valeurs conformes à leur type ou à leur schéma")),
    "uniqueness": (msg("Unicité"), msg("part des lignes sans double")),
    "documentation": (msg("Documentation"), msg("part des colonnes décrites")),
    "consistency": (msg("Cohérence"), msg("part des valeurs cohérentes entre elles")),
}


def _quality(version: Version) -> list[dict[str, Any]]:
    out = []
    for name, share in version.quality.items():
        title, text = _QUALITY.get(name, (name, ""))
        out.append({"title": _(title), "share": share, "text": _(text) if text else ""})
    return out


def _finding(finding: Any) -> dict[str, str]:
    told = {k: _(v) if isinstance(v, str) and v else v for k, v in finding.values.items()}
    return {"severity": str(finding.severity), "text": _(finding.message).format(**told)}


def snippets(address: str, version: Version) -> list[dict[str, str]]:
    """Return how four kinds of reader ask the API for the same rows. Codes keep their zeros: they are read as texts."""
    first = next((c for c in version.columns if c.kind in (Kind.NUMBER, Kind.INTEGER)), None)
    named = next((c for c in version.columns if c.kind is Kind.TEXT), None)
    where = f"{first.name} >= {int(first.mean or 0)}" if first is not None else ""
    asked = {"limit": "100"} | ({"where": where} if where else {})
    records = f"{address}/records?{urlencode(asked, quote_via=quote)}"
    table_url = f"{address}/exports/csv"
    shown = named.name if named is not None else version.columns[0].name
    codes = [c.name for c in version.columns if _is_code(c)]
    types = ", ".join(f'"{c}": str' for c in codes)
    types = f", dtype={{{types}}}" if codes else ""
    classes = ", ".join(f'{c} = "character"' for c in codes)
    classes = f", colClasses = c({classes})" if codes else ""
    return [
        {"language": "curl", "title": "curl", "code": f"curl -s '{records}'"},
        {
            "language": "python",
            "title": "Python",
            "code": f'import pandas as pd\n\ndf = pd.read_csv("{table_url}"{types})\nprint(df["{shown}"].head())',
        },
        {
            "language": "r",
            "title": "R",
            "code": f'donnees <- read.csv("{table_url}", encoding = "UTF-8"{classes})\nhead(donnees${shown})',
        },
        {
            "language": "js",
            "title": "JavaScript",
            "code": f'const reponse = await fetch("{records}");\nconst {{ records }} = await reponse.json();\n'
            f"console.log(records.map((r) => r.{shown}));",
        },
    ]


def _is_code(column: Column) -> bool:
    """True for a text made of figures, which programs take for a number."""
    held = [str(e) for e in column.examples]
    return column.kind is Kind.TEXT and bool(held) and any(e.replace(".", "").isdigit() for e in held)


# --- The API's page -------------------------------------------------------------------------------


def operations(address: str) -> list[dict[str, Any]]:
    """Return each operation of the OpenAPI document, as a page lists them."""
    document = openapi.document(address)
    out = []
    for path, methods in document["paths"].items():
        told = methods.get("get")
        if told:
            out.append(
                {
                    "path": path,
                    "summary": _told_of(told.get("summary", "")),
                    "description": _told_of(told.get("description", "")),
                    "parameters": [
                        {
                            "name": p.get("name", ""),
                            "place": p.get("in", ""),
                            "description": _told_of(p.get("description", "")),
                            "required": p.get("required", False),
                        }
                        for p in (_resolved(document, p) for p in told.get("parameters", []))
                    ],
                }
            )
    return out


def _told_of(text: str) -> str:
    """Return a text of the document in the reader's language, what stands between backquotes as code."""
    if not text:
        return ""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(_(text))))  # noqa: S308  (escaped before)


def _resolved(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    place = part.get("$ref")
    if not place:
        return part
    found: Any = document
    for name in str(place).removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


# --- For programs ---------------------------------------------------------------------------------

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XHTML = "http://www.w3.org/1999/xhtml"


def feed(address: str, site: Organisation, entries: Sequence[Entry]) -> bytes:
    """Return the Atom feed of what was released last."""
    ET.register_namespace("", _ATOM)
    root = ET.Element(f"{{{_ATOM}}}feed")
    here = address + reverse("site:atom")
    _say(root, "id", here)
    _say(root, "title", _("Données ouvertes de %s") % site.name)
    _say(root, "updated", max((e.modified_at for e in entries), default="2020-01-01T00:00:00+00:00"))
    ET.SubElement(root, f"{{{_ATOM}}}link", {"rel": "self", "href": here})
    ET.SubElement(root, f"{{{_ATOM}}}link", {"href": address + reverse("site:home")})
    author = ET.SubElement(root, f"{{{_ATOM}}}author")
    _say(author, "name", site.name)
    for entry in entries:
        item = ET.SubElement(root, f"{{{_ATOM}}}entry")
        _say(item, "id", f"{address}/api/v1/datasets/{entry.id}")
        _say(item, "title", entry.metadata.title)
        _say(item, "updated", entry.modified_at)
        _say(item, "summary", entry.metadata.description or entry.metadata.title)
        ET.SubElement(item, f"{{{_ATOM}}}link", {"href": address + reverse("site:dataset", args=[entry.slug])})
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def rss(address: str, owner: Organisation, entries: Sequence[Entry]) -> bytes:
    """Return the same news as RSS 2.0, which older readers and intranets take."""
    root = ET.Element("rss", {"version": "2.0"})
    channel = ET.SubElement(root, "channel")
    _say(channel, "title", _("Données ouvertes de %s") % owner.name, "")
    _say(channel, "link", address + reverse("site:home"), "")
    _say(channel, "description", _("Les données publiées ou mises à jour en dernier"), "")
    _say(channel, "language", "fr", "")
    for entry in entries:
        item = ET.SubElement(channel, "item")
        _say(item, "title", entry.metadata.title, "")
        _say(item, "link", address + reverse("site:dataset", args=[entry.slug]), "")
        _say(item, "description", entry.metadata.description or entry.metadata.title, "")
        guid = ET.SubElement(item, "guid", {"isPermaLink": "false"})
        guid.text = f"{address}/dataset/{entry.id}#{entry.version.number}"
        _say(item, "pubDate", format_datetime(dt.datetime.fromisoformat(entry.modified_at)), "")
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def site_map(address: str, entries: Sequence[Entry], organisations: Sequence[str]) -> bytes:
    """Return every public page, with its other language and, for a dataset, the day it last changed."""
    ET.register_namespace("", _SITEMAP)
    ET.register_namespace("xhtml", _XHTML)
    root = ET.Element(f"{{{_SITEMAP}}}urlset")
    with override("fr"):
        places = [(reverse(f"site:{name}"), "") for name in ("home", "catalogue", "api", "legal", "accessibility")]
        places += [(reverse("site:organisation", args=[slug]), "") for slug in organisations]
        places += [(reverse("site:dataset", args=[entry.slug]), entry.modified_at) for entry in entries]
    for path, modified in places:
        for prefix in ("", "/en"):
            place = ET.SubElement(root, f"{{{_SITEMAP}}}url")
            _say(place, "loc", f"{address}{prefix}{path}", _SITEMAP)
            if modified:
                _say(place, "lastmod", modified, _SITEMAP)
            for code, before in (("fr", ""), ("en", "/en")):
                link = {"rel": "alternate", "hreflang": code, "href": f"{address}{before}{path}"}
                ET.SubElement(place, f"{{{_XHTML}}}link", link)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _say(parent: ET.Element, name: str, text: str, space: str = _ATOM) -> None:
    clean = _NO_XML.sub("", text)
    ET.SubElement(parent, f"{{{space}}}{name}" if space else name).text = clean
