"""The catalogue for harvesters and the web of data: ``/catalog.ttl``, ``/dataset/<id>.ttl`` and their other forms.

A dataset's name is ``/dataset/<id>``: asked for by a program it answers with its statements in the form that the
program prefers, by a person with the page. The catalogue is told a hundred datasets a page, each page saying the
next (Hydra), in an order that no change of a dataset moves. What harvesters are given never redirects.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from parvis.catalogue import dcat, linked, series
from parvis.catalogue.dcat import Agent, Described, Edition, File, Line, Pages, Service, Told
from parvis.dialects import ogc_request
from parvis.dialects.openapi import PREFIX
from parvis.errors import GoneError, InputError, ParvisError, UnknownName
from parvis.frozen import dataclass
from parvis.schemas import schema as schemas
from parvis.store import export
from parvis.web import Catalogue, Entry, Request, Response, Site, finished, matches, opened


@dataclass(frozen=True, slots=True)
class Form:
    """How statements are written: its name in rdflib, its media type."""

    rdflib: str
    media_type: str


FORMS: Mapping[str, Form] = {
    "ttl": Form("turtle", "text/turtle"),
    "jsonld": Form("json-ld", "application/ld+json"),
    "xml": Form("xml", "application/rdf+xml"),
    "rdf": Form("xml", "application/rdf+xml"),
    "n3": Form("n3", "text/n3"),
    "nt": Form("nt11", "application/n-triples"),
}
SIZE = 100  # datasets of a page
PROFILES = ("dcat_ap_3", "geodcat_ap_3", "spdx", "schemaorg", "croissant")
_MADE = {"schemaorg": linked.schema_org, "croissant": linked.croissant}
FRESH = "public, max-age=300"
CORS = opened()
_CATALOGUE = re.compile(r"/catalog(?:\.(\w+))?/?")
_DATASET = re.compile(r"/dataset/([^/.]+)(?:\.(\w+))?/?")
_PACKAGE = re.compile(r"/dataset/([^/.]+)/datapackage\.json")
_FILTERS = ("theme", "organisation", "licence", "schema")
_LISTED = ", ".join(_FILTERS)


def answer(request: Request, catalogue: Catalogue, site: Site) -> Response:
    """Return the response to any request under ``/catalog`` or ``/dataset``; faults are a line of French."""
    try:
        if request.method not in ("GET", "HEAD"):
            return _said(405, "Cette adresse ne fait que lire.", {"allow": "GET, HEAD"})
        response = _dispatched(request, catalogue, site)
    except ParvisError as error:
        status = 410 if isinstance(error, GoneError) else 404 if isinstance(error, UnknownName) else 400
        return _said(status, error.text)
    return finished(request, response, CORS)


def preferred(accept: str) -> str:
    """Return the form of ``FORMS`` that a reader prefers to a page, "" when a page does: what negotiation says."""
    best, chosen = 0.0, ""
    for position, part in enumerate(accept.split(",")):
        kind, *parameters = (p.strip().lower() for p in part.split(";"))
        share = next((_share(p[2:]) for p in parameters if p.startswith("q=")), 1.0) - position * 1e-6
        form = next((n for n, f in FORMS.items() if f.media_type == kind), None)
        if kind in ("text/html", "application/xhtml+xml", "*/*", "text/*"):
            form = ""
        if form is not None and share > best:
            best, chosen = share, form
    return chosen


def _share(text: str) -> float:
    try:
        return max(0.0, min(1.0, float(text)))
    except ValueError:
        return 0.0


def _dispatched(request: Request, catalogue: Catalogue, site: Site) -> Response:
    if match := _CATALOGUE.fullmatch(request.path):
        form = _form(match[1], request)
        if not form:
            return _led(f"{request.base}{site.home}")
        return _catalogue(request, catalogue, site, form)
    if match := _PACKAGE.fullmatch(request.path):
        entry = catalogue.find(match[1])
        told = linked.data_package(describe(entry, request.base, site), entry.version, site.name)
        return _written(request, json.dumps(told, ensure_ascii=False), "json")
    if match := _DATASET.fullmatch(request.path):
        return _dataset(request, catalogue, site, match[1], match[2] or "")
    raise UnknownName("Cette adresse n'existe pas.")


def _form(suffix: str | None, request: Request) -> str:
    if suffix is None:
        return preferred(request.headers.get("accept", ""))
    if suffix not in FORMS:
        raise UnknownName(
            "La forme « {form} » n'existe pas.", "Formes : {known}.", form=suffix[:20], known=", ".join(FORMS)
        )
    return suffix


# --- The catalogue --------------------------------------------------------------------------------


def _catalogue(request: Request, catalogue: Catalogue, site: Site, form: str) -> Response:
    words, filters, number = request.get("q"), _filters(request), _page(request)
    listing = catalogue.list(words, filters, "stable", SIZE, (number - 1) * SIZE, faceted=False)
    last = max(1, -(-listing.total // SIZE))
    if number > last:
        raise UnknownName("Le catalogue n'a que {last} pages.", last=last)
    described = [describe(entry, request.base, site) for entry in listing.entries]
    told = _told(request.base, site)
    pages = _pages(request, number, last, listing.total)
    headers = {"link": _links(pages)}
    graph = dcat.graph(described, told, pages, series=_series(catalogue, request.base, site))
    return _written(request, graph.serialize(format=FORMS[form].rdflib), form, headers)


def _filters(request: Request) -> dict[str, str]:
    """Return the filters of ``fq`` (« theme:finances organisation:ville ») and of ``modified_since``."""
    out = {}
    for part in re.split(r"\s+(?:AND\s+)?", " ".join(request.all("fq")).strip()):
        name, _, value = part.lstrip("+").partition(":")
        if part and (name not in _FILTERS or not value):
            raise InputError(
                "Le filtre « {part} » n'existe pas.", "Filtres : {known}.", part=part[:60], known=", ".join(_FILTERS)
            )
        if part:
            out[name] = value.strip('"')
    if since := request.get("modified_since"):
        out["since"] = since
    unknown = [p for p in request.get("profiles").split(",") if p and p not in PROFILES]
    if unknown:
        raise InputError(
            "Le profil « {profile} » n'existe pas.",
            "Profils : {known}.",
            profile=unknown[0][:40],
            known=", ".join(PROFILES),
        )
    return out


def _page(request: Request) -> int:
    text = request.get("page", "1")
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) < 10**8):
        raise InputError("« {page} » n'est pas un numéro de page.", page=text[:20])
    return int(text)


def _pages(request: Request, number: int, last: int, total: int) -> Pages:
    def at(page: int) -> str:
        kept = [(n, v) for n, v in request.query if n != "page"]
        query = urlencode([*kept, ("page", str(page))] if page > 1 else kept, safe=":,")
        return f"{request.base}{request.path}{'?' if query else ''}{query}"

    return Pages(
        at(number), at(1), at(last), total, SIZE, at(number - 1) if number > 1 else "", at(number + 1) if number < last else ""
    )  # fmt: skip


def _links(pages: Pages) -> str:
    known = {"first": pages.first, "prev": pages.previous, "next": pages.next, "last": pages.last}
    return ", ".join(f'<{address}>; rel="{name}"' for name, address in known.items() if address)


def _told(base: str, site: Site) -> Told:
    api = Service(f"{base}{PREFIX}#service", "API native de Parvis", f"{base}{PREFIX}", f"{base}{PREFIX}/openapi.json")
    there = f"{base}{ogc_request.PREFIX}"
    maps = (
        Service(f"{there}#service", "OGC API Features", there, f"{there}/api", ogc_request.STANDARD),
        Service(
            f"{there}/wfs#service",
            "WFS 2.0",
            f"{there}/wfs",
            f"{there}/wfs?service=WFS&request=GetCapabilities",
            "http://www.opengeospatial.org/standards/wfs",
        ),
    )
    return Told(
        uri=f"{base}/catalog", home=f"{base}{site.home}", title=f"Données ouvertes : {site.name}",
        description=site.description or f"Le catalogue des données ouvertes : {site.name}.",
        publisher=Agent(site.name, f"{base}{site.home}", site.mailbox, site.siret), territory=site.territory,
        services=(api, *maps),
    )  # fmt: skip


# --- One dataset ----------------------------------------------------------------------------------


def _dataset(request: Request, catalogue: Catalogue, site: Site, name: str, suffix: str) -> Response:
    entry = catalogue.find(name)
    form = _form(suffix or None, request)
    if not form:
        return _led(request.base + site.dataset_page.format(slug=entry.slug))
    described = describe(entry, request.base, site)
    profile = request.get("profiles")
    if profile in _MADE:
        if form != "jsonld":
            raise InputError(
                "Le profil « {profile} » se lit en JSON-LD.",
                f"Demandez {request.base}/dataset/{entry.id}.jsonld.",
                profile=profile,
            )
        return _written(
            request, json.dumps(_MADE[profile](described, entry.version, site.name), ensure_ascii=False), form
        )
    _filters(request)
    told = _told(request.base, site)
    graph = dcat.graph([described], checksums=_checksums(request), series=_series(catalogue, request.base, site))
    dcat.tell_versions(graph, described, _editions(catalogue, entry, request.base, site))
    for says in dcat.graph([], told).triples((None, None, None)):
        if str(says[0]).endswith("#service"):
            graph.add(says)
    return _written(request, graph.serialize(format=FORMS[form].rdflib), form)


LOOKED = 500  # datasets among which series are sought
EDITIONS = 20  # versions of a dataset told in its document


def _editions(catalogue: Catalogue, entry: Entry, base: str, site: Site) -> list[Edition]:
    """Return the versions of a dataset that may still be read, newest first; none when there is but one."""
    versions = [catalogue.version(entry.id, name) for name in entry.versions[:EDITIONS]]
    rows, page = f"{base}{PREFIX}/datasets/{entry.id}/versions", base + site.dataset_page.format(slug=entry.slug)
    known = export.FORMATS["csv"]
    return [
        Edition(
            f"{rows}/{v.id}", v.number, v.created_at, f"{page}versions/{v.number}/", f"{rows}/{v.id}/exports/csv",
            known.media_type,
        )
        for v in sorted(versions, key=lambda v: -v.number)
    ] if len(versions) > 1 else []  # fmt: skip


def _series(catalogue: Catalogue, base: str, site: Site) -> list[Line]:
    """Return the series that the datasets of the catalogue make, as many as are looked at for one answer."""
    found = {s.id: s for s in series.gathered(itertools.islice(_entries(catalogue), LOOKED)).values()}
    return [
        Line(
            f"{base}/catalog#serie-{one.id}", one.title,
            Agent(
                one.members[-1].organisation_name, base + site.organisation_page.format(slug=one.members[-1].organisation),
                one.members[-1].mailbox, one.members[-1].siret,
            ),
            base + site.dataset_page.format(slug=one.members[-1].slug), tuple(f"{base}/dataset/{e.id}" for e in one.members),
        )
        for one in sorted(found.values(), key=lambda s: s.id)
    ]  # fmt: skip


def _entries(catalogue: Catalogue) -> Iterator[Entry]:
    start = 0
    while entries := catalogue.list("", {}, "stable", SIZE, start, faceted=False).entries:
        yield from entries
        start += len(entries)


def _checksums(request: Request) -> bool:
    """True when the digests of files are asked for: a harvester loses the whole dataset that tells them (profile « spdx »)."""
    return "spdx" in request.get("profiles").split(",")


def describe(entry: Entry, base: str, site: Site) -> Described:
    """Return what the catalogue tells programs of a dataset. ``base`` is the address that the portal is seen from."""
    version, rows = entry.version, f"{base}{PREFIX}/datasets/{entry.id}"
    files = tuple(
        File(
            name, export.FORMATS[name].title, f"{rows}/exports/{name}", export.FORMATS[name].media_type,
            entry.files[name].size if name in entry.files else 0, entry.files[name].digest if name in entry.files else "",
        )
        for name in export.possible(version)
    )  # fmt: skip
    files += tuple(
        File(e.format, e.title, f"{rows}/exports/{e.format}", e.media_type, e.size, e.digest, e.follows, e.kind)
        for e in entry.extras
    )
    return Described(
        uri=f"{base}/dataset/{entry.id}",
        page=base + site.dataset_page.format(slug=entry.slug),
        metadata=version.metadata,
        publisher=Agent(
            version.metadata.producer or entry.organisation_name,
            base + site.organisation_page.format(slug=entry.organisation), entry.mailbox, entry.siret,
        ),
        files=files,
        issued=entry.created_at,
        modified=entry.modified_at,
        number=version.number,
        schema=version.schema,
        schema_url=_schema_url(version.schema),
        crs=version.crs,
        bbox=version.bbox or entry.frame,
        service=f"{base}{PREFIX}#service",
        maps=_maps(base) if ogc_request.is_placed(version) else (),
    )  # fmt: skip


def _maps(base: str) -> tuple[str, ...]:
    """Return the names of the APIs that give rows which have a place."""
    return f"{base}{ogc_request.PREFIX}#service", f"{base}{ogc_request.PREFIX}/wfs#service"


def _schema_url(schema: str) -> str:
    """Return the address by which the nation knows a schema; ours have none."""
    if not schema or schema.startswith("parvis/") or schema not in schemas.all_ids():
        return ""
    return schemas.load(schema).source


# --- Answers --------------------------------------------------------------------------------------


def _written(request: Request, text: str, form: str, headers: Mapping[str, str] | None = None) -> Response:
    body = text.encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    told = {"etag": tag, "cache-control": FRESH, "vary": "Accept", **(headers or {})}
    if matches(request, tag):
        return Response(304, headers=told)
    kind = FORMS[form].media_type if form in FORMS else "application/json"
    return Response(200, body, f"{kind}; charset=utf-8", told, cacheable=True)


def _led(address: str) -> Response:
    """Lead a person to the page that tells the same (303: what was named is no document)."""
    return Response(303, headers={**CORS, "location": address, "vary": "Accept"})


def _said(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    told = {**CORS, "cache-control": "no-store", **(headers or {})}
    return Response(status, f"{text}\n".encode(), "text/plain; charset=utf-8", told)
