"""A harvest played before it happens: what data.gouv.fr and data.europa.eu would make of a catalogue, ours or another's.

``rehearse`` reads a catalogue as their harvesters do (DCAT in any form, or CKAN), page after page, tries some of its
addresses, and says of each dataset whether it would be taken, what would be lost on the way, and its scores. Nothing is
written anywhere. What is read is hostile until shown otherwise: no document that calls for another one is opened.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import html
from rdflib import Graph, Namespace
from rdflib.namespace import RDF

from parvis.errors import ParvisError, RemoteError
from parvis.federation import ckan_rules, dcat_rules
from parvis.federation.harvested import Rehearsed
from parvis.outgoing import Client
from parvis.values import Finding, Severity, msg

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
PAGES = 1000  # of a catalogue
TRIED = 40  # addresses of files that are asked
LOOKED = 3  # pages of datasets that are read as search engines do
PACKAGES = 1000  # of a CKAN answer
_FORMS: Mapping[str, str] = {
    "text/turtle": "turtle", "application/rdf+xml": "xml", "application/xml": "xml", "text/xml": "xml",
    "application/ld+json": "json-ld", "application/json": "json-ld", "text/n3": "n3", "application/n-triples": "nt",
}  # fmt: skip
_ENDS = {
    ".ttl": "turtle",
    ".xml": "xml",
    ".rdf": "xml",
    ".jsonld": "json-ld",
    ".json": "json-ld",
    ".n3": "n3",
    ".nt": "nt",
}
_ACCEPT = "application/rdf+xml, application/ld+json, text/turtle;q=0.9, */*;q=0.1"
_SCRIPT = "//script[@type='application/ld+json']/text()"
Progress = Callable[[str], None]


def rehearse(client: Client, address: str, *, today: dt.date, progress: Progress | None = None) -> Rehearsed:
    """Return what harvesters would make of the catalogue at an address: a DCAT document, or a CKAN portal.

    Raises: InputError, RefusedError or RemoteError when the very first answer cannot be had.
    """
    say = progress or (lambda _: None)
    if re.search(r"/api/(?:3/)?action(?:/|$)|/api/3/?$", address):
        return _ckan(client, address, say)
    return _dcat(client, address, today, say)


# --- DCAT -----------------------------------------------------------------------------------------


def _dcat(client: Client, address: str, today: dt.date, say: Progress) -> Rehearsed:
    graph, faults, read, seen = Graph(), list[Finding](), 0, set[str]()
    place = address
    while place and place not in seen and read < PAGES:
        seen.add(place)
        say(place)
        page, said = _read(client, place, first=read == 0)
        faults += said
        if page is None:
            break
        read += 1
        for statement in page:
            graph.add(statement)
        following = next((str(o) for says in (HYDRA.next, HYDRA.nextPage) for o in page.objects(None, says)), "")
        if following and "://" not in following:
            faults.append(
                _find(
                    "harvest.relative_next",
                    Severity.REFUSE,
                    msg("La page suivante est dite par une adresse incomplète."),
                )
            )
            following = urljoin(place, following)
        if following and urlsplit(following)[:2] != urlsplit(place)[:2]:
            faults.append(
                _find(
                    "harvest.next_elsewhere",
                    Severity.WARN,
                    msg("La page suivante est à une autre adresse de serveur, ou sans https : {url}"),
                    url=following[:120],
                )
            )
        place = following
    if read and not any(graph.subjects(RDF.type, dcat_rules.DCAT.Dataset)):
        faults.append(
            _find("harvest.empty", Severity.REFUSE, msg("Ce document ne décrit aucun jeu de données (dcat:Dataset)."))
        )
    if address.startswith("http://"):
        faults.append(_find("harvest.not_https", Severity.WARN, msg("Le catalogue n'est pas en https.")))
    alive = _alive(client, dcat_rules.addresses(graph)[:TRIED], say)
    found = tuple(dcat_rules.items(graph, alive, today))
    looked = {page: _searched(client, page) for page in dcat_rules.pages(graph)[:LOOKED]}
    return Rehearsed(address, "dcat", read, found, tuple(faults), looked)


def _read(client: Client, address: str, *, first: bool) -> tuple[Graph | None, list[Finding]]:
    """Return a page as a graph, None when the harvester would stop there, and what is said of it."""
    try:
        with client.ask(
            address, headers={"Accept": _ACCEPT}, allowed=(301, 302, 303, 307, 308), size=64 << 20
        ) as answer:
            if answer.status >= 300:
                return None, [
                    _find(
                        "harvest.redirect",
                        Severity.REFUSE,
                        msg("Redirection ({status}) : le moissonneur s'arrête là."),
                        status=answer.status,
                    )
                ]
            kind = (answer.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
            body = answer.read()
    except ParvisError as error:
        if first:
            raise
        return None, [
            _find("harvest.page_lost", Severity.REFUSE, msg("Une page n'a pas pu être lue : {why}"), why=error.text)
        ]
    path = urlsplit(address).path
    form = next((f for end, f in _ENDS.items() if path.endswith(end)), _FORMS.get(kind, ""))
    if not form:
        return None, [
            _find(
                "harvest.unknown_form",
                Severity.REFUSE,
                msg("La forme de ce document n'est dite ni par son adresse ni par son type (« {kind} »)."),
                kind=kind[:60],
            )
        ]
    said = _calls(body, form)
    if said is not None:
        return None, [said]
    try:
        return Graph().parse(data=body, format=form, publicID=address), []
    except Exception as error:  # each parser has its own faults, and a document of others may raise any of them
        return None, [
            _find(
                "harvest.unreadable",
                Severity.REFUSE,
                msg("Ce document ne se lit pas comme {form} : {why}"),
                form=form,
                why=str(error)[:160],
            )
        ]


def _calls(body: bytes, form: str) -> Finding | None:
    """Return what is said of a document that would have another one fetched, or that unfolds without end."""
    if form == "xml" and re.search(rb"<!(?:DOCTYPE|ENTITY)", body[:65536], re.IGNORECASE):
        return _find(
            "harvest.doctype", Severity.REFUSE, msg("Ce XML contient une définition de document : il n'est pas ouvert.")
        )
    if form != "json-ld":
        return None
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return _find(
            "harvest.unreadable",
            Severity.REFUSE,
            msg("Ce document ne se lit pas comme {form} : {why}"),
            form="JSON-LD",
            why="JSON",
        )
    if any(_remote(context) for context in _contexts(told)):
        return _find(
            "harvest.remote_context",
            Severity.REFUSE,
            msg("Le contexte JSON-LD est à une autre adresse : écrivez-le dans le document."),
        )
    return None


def _contexts(told: Any, depth: int = 0) -> Iterator[Any]:
    if depth > 60:
        return
    if isinstance(told, dict):
        for name, value in told.items():
            if name in ("@context", "@import"):
                yield value if name == "@context" else str(value)
            yield from _contexts(value, depth + 1)
    elif isinstance(told, list):
        for one in told:
            yield from _contexts(one, depth + 1)


def _remote(context: Any) -> bool:
    return isinstance(context, str) or (isinstance(context, list) and any(map(_remote, context)))


# --- CKAN -----------------------------------------------------------------------------------------


def _ckan(client: Client, address: str, say: Progress) -> Rehearsed:
    base = re.sub(r"/api/(?:3/)?(?:action/?.*)?$", "", address)
    faults: list[Finding] = []
    packages: list[Mapping[str, Any]] = []
    read = 0
    while read < PAGES:
        place = f"{base}/api/3/action/package_search?q=&rows={PACKAGES}&start={len(packages)}&sort=id+asc"
        say(place)
        told = client.json(place)
        result = told.get("result") if isinstance(told, dict) else None
        if not isinstance(result, dict) or not told.get("success"):
            raise RemoteError(msg("« {host} » ne répond pas comme CKAN."), host=urlsplit(base).hostname or base)
        read += 1
        more = [p for p in result.get("results") or [] if isinstance(p, dict)]
        packages += more
        if not more or len(packages) >= int(result.get("count") or 0):
            break
    if not packages:
        faults.append(_find("harvest.empty", Severity.REFUSE, msg("Ce catalogue ne donne aucun jeu de données.")))
    return Rehearsed(address, "ckan", read, tuple(ckan_rules.items(packages)), tuple(faults))


# --- Trying addresses -----------------------------------------------------------------------------


def _alive(client: Client, addresses: Sequence[str], say: Progress) -> dict[str, bool]:
    """Return whether each address answers: asked for its head, then for its beginning by those that refuse heads."""
    out: dict[str, bool] = {}
    for address in addresses:
        say(address)
        out[address] = any(_answers(client, address, method) for method in ("HEAD", "GET"))
    return out


def _answers(client: Client, address: str, method: str) -> bool:
    try:
        with client.ask(address, method=method, size=1 << 16):
            return True
    except ParvisError:
        return False


def _searched(client: Client, page: str) -> tuple[str, ...]:
    """Return what a search engine of data would miss in a page: nothing when it has all."""
    try:
        with client.ask(page, headers={"Accept": "text/html"}, size=8 << 20) as answer:
            document = html.fromstring(answer.read())
    except (ParvisError, ValueError, html.etree.ParserError) as error:
        return (f"la page ne se lit pas ({error})"[:200],)
    scripts = document.xpath(_SCRIPT)
    found = [t for text in (scripts if isinstance(scripts, list) else []) for t in _parsed(str(text))]
    told = next((t for t in found if "Dataset" in str(t.get("@type"))), None)
    if told is None:
        return ("aucune description schema.org/Dataset",)
    missing = [
        name
        for name in ("name", "description", "license", "distribution", "publisher", "dateModified")
        if not told.get(name) and not (name == "publisher" and told.get("creator"))
    ]
    if told.get("description") and not 50 <= len(str(told["description"])) <= 5000:
        missing.append("une description de 50 à 5000 signes")
    return tuple(missing)


def _parsed(text: str) -> list[dict[str, Any]]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return []
    listed = told if isinstance(told, list) else told.get("@graph", [told]) if isinstance(told, dict) else []
    return [one for one in listed if isinstance(one, dict)]


def _find(code: str, severity: Severity, message: str, **values: Any) -> Finding:
    return Finding(code, severity, message, values=values)
