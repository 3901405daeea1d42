"""OAI-PMH 2.0 at ``/oai``: how libraries and research catalogues harvest.

Each dataset is a record, as Dublin Core or as DCAT in RDF/XML; the sets are the themes. A list goes on by a token that
says by itself where it stands, so that nothing is kept between two requests. What was withdrawn is no longer listed
(``deletedRecord`` is « no »).

Source: The Open Archives Initiative Protocol for Metadata Harvesting 2.0.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
import xml.etree.ElementTree as ET  # only writes, and reads back what rdflib wrote
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from parvis.catalogue import dcat as telling
from parvis.catalogue.licences import LICENCES
from parvis.catalogue.themes import THEMES
from parvis.dialects.dcat import CORS, describe
from parvis.errors import ParvisError
from parvis.frozen import dataclass
from parvis.web import Catalogue, Entry, Request, Response, Site

OAI = "http://www.openarchives.org/OAI/2.0/"
_DC, _OAI_DC = "http://purl.org/dc/elements/1.1/", "http://www.openarchives.org/OAI/2.0/oai_dc/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_PREFIXES = {"": OAI, "xsi": _XSI, "oai_dc": _OAI_DC, "dc": _DC}
PREFIXES: Mapping[str, tuple[str, str]] = {  # metadataPrefix -> schema, namespace
    "oai_dc": ("http://www.openarchives.org/OAI/2.0/oai_dc.xsd", _OAI_DC),
    "dcat": ("https://www.w3.org/ns/dcat3.rdf", "http://www.w3.org/ns/dcat#"),
}
SIZE = 100  # records of a list
# verb -> its arguments, those that must be there
VERBS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "Identify": (frozenset(), frozenset()),
    "ListMetadataFormats": (frozenset({"identifier"}), frozenset()),
    "ListSets": (frozenset({"resumptionToken"}), frozenset()),
    "GetRecord": (frozenset({"identifier", "metadataPrefix"}), frozenset({"identifier", "metadataPrefix"})),
    "ListIdentifiers": (
        frozenset({"metadataPrefix", "from", "until", "set", "resumptionToken"}), frozenset({"metadataPrefix"}),
    ),
    "ListRecords": (
        frozenset({"metadataPrefix", "from", "until", "set", "resumptionToken"}), frozenset({"metadataPrefix"}),
    ),
}  # fmt: skip
_DAY, _SECOND = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


class _Fault(Exception):
    """What the protocol calls an error: a code, and a sentence."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(text)
        self.code, self.text = code, text


def answer(request: Request, catalogue: Catalogue, site: Site) -> Response:
    """Return the response to a request at ``/oai``: the protocol's faults are answers like the others, with status 200."""
    asked = _Asked(request, catalogue, site, dict(request.query))
    for prefix, space in _PREFIXES.items():
        ET.register_namespace(prefix, space)
    root = ET.Element(f"{{{OAI}}}OAI-PMH")
    root.set(f"{{{_XSI}}}schemaLocation", f"{OAI} http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd")
    _add(root, "responseDate", _now())
    said = _add(root, "request", asked.address)
    try:
        verb = _verb(asked)
        for name, value in request.query:
            said.set(_clean(name), _clean(value))
        told = _HANDLERS[verb](asked)
        if told is None:
            raise _Fault("noRecordsMatch", "Aucun jeu de données ne répond à cette demande.")
        told.tag = f"{{{OAI}}}{verb}"
        root.append(told)
    except _Fault as fault:
        _add(root, "error", fault.text).set("code", fault.code)
    body = bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
    return Response(200, body, "text/xml; charset=utf-8", {**CORS, "cache-control": "public, max-age=60"})


@dataclass(frozen=True, slots=True)
class _Asked:
    request: Request
    catalogue: Catalogue
    site: Site
    arguments: Mapping[str, str]

    @property
    def address(self) -> str:
        return f"{self.request.base}/oai"

    @property
    def host(self) -> str:
        return urlsplit(self.request.base).hostname or "parvis"

    def identifier(self, entry: Entry) -> str:
        return f"oai:{self.host}:{entry.id}"


def _verb(asked: _Asked) -> str:
    names = [n for n, _ in asked.request.query]
    verb = asked.arguments.get("verb", "")
    if verb not in VERBS or names.count("verb") > 1:
        raise _Fault("badVerb", "Ce verbe n'existe pas. Verbes : " + ", ".join(VERBS))
    allowed, needed = VERBS[verb]
    given = [n for n in names if n != "verb"]
    if "resumptionToken" in given:
        needed = frozenset()
        if len(given) > 1:
            raise _Fault("badArgument", "Le jeton de reprise se donne seul.")
    if len(set(given)) < len(given) or set(given) - allowed or needed - set(given):
        raise _Fault("badArgument", "Arguments de ce verbe : " + (", ".join(sorted(allowed)) or "aucun"))
    return verb


# --- Verbs ----------------------------------------------------------------------------------------


def _identify(asked: _Asked) -> ET.Element:
    out = ET.Element("x")
    _add(out, "repositoryName", f"Données ouvertes : {asked.site.name}")
    _add(out, "baseURL", asked.address)
    _add(out, "protocolVersion", "2.0")
    _add(out, "adminEmail", asked.site.mailbox or f"donnees@{asked.host}")
    listing = asked.catalogue.list("", {}, "stable", 1, 0, faceted=False)
    _add(
        out,
        "earliestDatestamp",
        _stamp(min((e.created_at for e in listing.entries), default="2020-01-01T00:00:00+00:00")),
    )
    _add(out, "deletedRecord", "no")
    _add(out, "granularity", "YYYY-MM-DDThh:mm:ssZ")
    return out


def _formats(asked: _Asked) -> ET.Element:
    if "identifier" in asked.arguments:
        _entry(asked)
    out = ET.Element("x")
    for prefix, (schema, space) in PREFIXES.items():
        one = _add(out, "metadataFormat")
        _add(one, "metadataPrefix", prefix)
        _add(one, "schema", schema)
        _add(one, "metadataNamespace", space)
    return out


def _sets(asked: _Asked) -> ET.Element:
    if "resumptionToken" in asked.arguments:
        raise _Fault("badResumptionToken", "Les thèmes tiennent en une seule liste.")
    out = ET.Element("x")
    for name, theme in THEMES.items():
        one = _add(out, "set")
        _add(one, "setSpec", name)
        _add(one, "setName", theme.title)
    return out


def _record_of(asked: _Asked) -> ET.Element:
    prefix, entry = _prefix(asked.arguments["metadataPrefix"]), _entry(asked)
    out = ET.Element("x")
    out.append(_record(asked, entry, prefix))
    return out


def _identifiers(asked: _Asked) -> ET.Element | None:
    return _list(asked, lambda entry, _: _header(asked, entry))


def _records(asked: _Asked) -> ET.Element | None:
    return _list(asked, lambda entry, prefix: _record(asked, entry, prefix))


def _list(asked: _Asked, make: Callable[[Entry, str], ET.Element]) -> ET.Element | None:
    state = _resumed(asked.arguments["resumptionToken"]) if "resumptionToken" in asked.arguments else _begun(asked)
    prefix, start = _prefix(state["prefix"]), int(state["start"])
    filters = {name: state[name] for name in ("theme", "since", "until") if state.get(name)}
    listing = asked.catalogue.list("", filters, "stable", SIZE, start, faceted=False)
    if not listing.entries:
        return None
    out = ET.Element("x")
    for entry in listing.entries:
        out.append(make(entry, prefix))
    after = start + len(listing.entries)
    if start or after < listing.total:
        token = _add(out, "resumptionToken", _token({**state, "start": after}) if after < listing.total else "")
        token.set("completeListSize", str(listing.total))
        token.set("cursor", str(start))
    return out


def _begun(asked: _Asked) -> dict[str, Any]:
    since, until = asked.arguments.get("from", ""), asked.arguments.get("until", "")
    for moment in (since, until):
        if moment and not (_DAY.fullmatch(moment) or _SECOND.fullmatch(moment)):
            raise _Fault("badArgument", "Une date s'écrit 2026-03-01 ou 2026-03-01T08:00:00Z.")
    if since and until and (len(since) != len(until) or since > until):
        raise _Fault("badArgument", "Les deux dates sont de la même précision, la première avant la seconde.")
    theme = asked.arguments.get("set", "")
    if theme and theme not in THEMES:
        raise _Fault("noRecordsMatch", "Ce thème n'existe pas.")
    end = f"{until}T23:59:59.999999Z" if _DAY.fullmatch(until) else until.replace("Z", ".999999Z")
    begin = f"{since}T00:00:00Z" if _DAY.fullmatch(since) else since
    for moment in (begin, end):
        _checked(moment, "badArgument")
    state = {"prefix": asked.arguments["metadataPrefix"], "start": 0, "theme": theme, "since": begin, "until": end}
    _prefix(str(state["prefix"]))
    return state


def _checked(moment: str, code: str) -> None:
    try:
        if moment:
            dt.datetime.fromisoformat(moment)
    except ValueError:
        raise _Fault(code, "Cette date n'existe pas.") from None


def _token(state: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(state, separators=(",", ":")).encode()).decode()


def _resumed(token: str) -> dict[str, Any]:
    """Return where a token says that its list stands; anybody may write one, so all that it says is checked."""
    try:
        state = json.loads(base64.urlsafe_b64decode(token.encode("ascii")))
    except (ValueError, RecursionError):
        state = None
    sound = (
        isinstance(state, dict)
        and set(state) == {"prefix", "start", "theme", "since", "until"}
        and type(state["start"]) is int
        and 0 < state["start"] < 10**9
        and all(isinstance(state[n], str) for n in ("prefix", "theme", "since", "until"))
        and state["prefix"] in PREFIXES
        and (not state["theme"] or state["theme"] in THEMES)
    )
    if not sound:
        raise _Fault("badResumptionToken", "Ce jeton de reprise n'est pas de nous.")
    for name in ("since", "until"):
        _checked(state[name], "badResumptionToken")
    return dict(state)


def _prefix(prefix: str) -> str:
    if prefix not in PREFIXES:
        raise _Fault("cannotDisseminateFormat", "Formes : " + ", ".join(PREFIXES))
    return prefix


def _entry(asked: _Asked) -> Entry:
    scheme, _, rest = asked.arguments["identifier"].partition(":")
    host, _, name = rest.partition(":")
    try:
        if scheme == "oai" and host == asked.host and name:
            found = asked.catalogue.find(name)
            if found.id == name:
                return found
    except ParvisError:  # absent, or withdrawn: the protocol says the same of both
        pass
    raise _Fault("idDoesNotExist", "Ce jeu de données n'existe pas, ou a été retiré.")


# --- A record -------------------------------------------------------------------------------------


def _header(asked: _Asked, entry: Entry) -> ET.Element:
    out = ET.Element(f"{{{OAI}}}header")
    _add(out, "identifier", asked.identifier(entry))
    _add(out, "datestamp", _stamp(entry.modified_at))
    if entry.metadata.theme:
        _add(out, "setSpec", entry.metadata.theme)
    return out


def _record(asked: _Asked, entry: Entry, prefix: str) -> ET.Element:
    out = ET.Element(f"{{{OAI}}}record")
    out.append(_header(asked, entry))
    metadata = _add(out, "metadata")
    if prefix == "dcat":
        graph = telling.graph([describe(entry, asked.request.base, asked.site)])
        metadata.append(ET.fromstring(graph.serialize(format="xml")))  # noqa: S314  our own statements
    else:
        metadata.append(_dublin_core(asked, entry))
    return out


def _dublin_core(asked: _Asked, entry: Entry) -> ET.Element:
    told = describe(entry, asked.request.base, asked.site)
    metadata, licence = told.metadata, LICENCES.get(told.metadata.licence)
    out = ET.Element(f"{{{_OAI_DC}}}dc")
    out.set(f"{{{_XSI}}}schemaLocation", f"{_OAI_DC} {PREFIXES['oai_dc'][0]}")
    period = "/".join(d for d in (metadata.temporal_start, metadata.temporal_end) if d)
    said = [
        ("title", metadata.title), ("creator", told.publisher.name), ("description", metadata.description),
        *(("subject", word) for word in metadata.keywords), ("publisher", told.publisher.name), ("date", told.modified[:10]),
        ("type", "Dataset"), *(("format", f.media_type.partition(";")[0]) for f in told.files), ("identifier", told.uri),
        ("identifier", told.page), ("language", "fr"), ("coverage", period), ("rights", licence.page if licence else ""),
    ]  # fmt: skip
    for name, text in said:
        if text:
            ET.SubElement(out, f"{{{_DC}}}{name}").text = _clean(text)
    return out


def _add(parent: ET.Element, name: str, text: str = "") -> ET.Element:
    child = ET.SubElement(parent, f"{{{OAI}}}{name}")
    if text:
        child.text = _clean(text)
    return child


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def _stamp(moment: str) -> str:
    told = dt.datetime.fromisoformat(moment) if moment else dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    told = told if told.tzinfo else told.replace(tzinfo=dt.UTC)
    return f"{told.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _now() -> str:
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


_HANDLERS: Mapping[str, Callable[[_Asked], ET.Element | None]] = {
    "Identify": _identify,
    "ListMetadataFormats": _formats,
    "ListSets": _sets,
    "GetRecord": _record_of,
    "ListIdentifiers": _identifiers,
    "ListRecords": _records,
}
