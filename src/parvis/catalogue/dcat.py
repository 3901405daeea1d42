"""A catalogue as the web of data reads it: DCAT-AP 3, with what GeoDCAT-AP and the French harvester ask beside.

``graph`` gives the statements of a catalogue and of some of its datasets, whose form is the dialect's business. The
rules that data.gouv.fr applies when it harvests are kept one by one (each has its test): an identifier that never
changes, a licence that both readers know, a place as a polygon, no checksum, dates that are dates.

Sources: DCAT-AP 3.0.0 and its SHACL shapes; GeoDCAT-AP 3; the authority tables of the Publications Office of the European
Union; implementing regulation (EU) 2023/138 on high-value datasets; Hydra's paged collections.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import field
from datetime import date
from typing import Any
from urllib.parse import quote

from rdflib import BNode, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, SKOS, XSD
from rdflib.term import Node

from parvis.catalogue.frequencies import FREQUENCIES
from parvis.catalogue.licences import LICENCES, Licence
from parvis.catalogue.themes import THEMES
from parvis.frozen import dataclass
from parvis.values import Metadata

DCAT = Namespace("http://www.w3.org/ns/dcat#")  # rdflib holds its second edition
AUTHORITY = Namespace("http://publications.europa.eu/resource/authority/")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
LOCN = Namespace("http://www.w3.org/ns/locn#")
GEO = Namespace("http://www.opengis.net/ont/geosparql#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
DCATAP = Namespace("http://data.europa.eu/r5r/")
MEDIA = "https://www.iana.org/assignments/media-types/"
COMMUNE = "https://id.insee.fr/geo/commune/"
_PREFIXES = {"dcat": DCAT, "dct": DCTERMS, "foaf": FOAF, "hydra": HYDRA, "vcard": VCARD, "locn": LOCN, "geo": GEO,
             "dcatap": DCATAP, "skos": SKOS}  # fmt: skip
# High-value datasets whose category the regulation names without a doubt.
HIGH_VALUE = {"etalab/schema-bal": "http://data.europa.eu/bna/c_ac64a52d"}  # addresses: « geospatial »
_REGULATION = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
# The names of formats in the authority table « file-type ».
FILE_TYPES = {"csv": "CSV", "xlsx": "XLSX", "json": "JSON", "jsonl": "JSONL", "geojson": "GEOJSON", "parquet": "PARQUET",
              "kml": "KML", "gpx": "GPX", "gpkg": "GPKG", "pdf": "PDF", "zip": "ZIP", "xml": "XML", "ods": "ODS",
              "ical": "ICS", "shp": "SHP", "gtfs": "GTFS"}  # fmt: skip
# The European names of themes: two of our families may stand under one.
_THEMES = {
    "GOVE": "Gouvernement et secteur public", "REGI": "Régions et villes", "TRAN": "Transports", "ENVI": "Environnement",
    "EDUC": "Éducation, culture et sport", "SOCI": "Population et société",
}  # fmt: skip
# What national access points to mobility data read (mobilityDCAT-AP 1.1).
MOBILITY = Namespace("https://w3id.org/mobilitydcat-ap#")
MOBILITY_STANDARDS = {"gtfs": "https://w3id.org/mobilitydcat-ap/mobility-data-standard/gtfs"}
_NOT_IN_URI = re.compile(r"[\x00-\x20<>\"{}|\\^`]")


@dataclass(frozen=True, slots=True)
class Agent:
    """Who publishes. ``mailbox`` is a role's, never a person's; ``home`` a page."""

    name: str
    home: str = ""
    mailbox: str = ""
    siret: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """One form in which a dataset is had. ``size`` in bytes and ``digest`` (SHA-256, hexadecimal), none when they are only
    known once the file was made."""

    format: str  # a key of FILE_TYPES, else told by its media type alone
    title: str
    url: str
    media_type: str
    size: int = 0
    digest: str = ""
    follows: str = ""  # address of the standard that the file itself keeps
    kind: str = ""  # a key of FILE_TYPES, when ``format`` is none


@dataclass(frozen=True, slots=True)
class Described:
    """A dataset as the catalogue tells it. ``uri`` names it for ever; ``page`` is where people read of it."""

    uri: str
    page: str
    metadata: Metadata
    publisher: Agent
    files: Sequence[File]
    issued: str  # ISO 8601
    modified: str
    number: int = 1  # of the version
    schema: str = ""  # id
    schema_url: str = ""
    crs: str = ""  # "EPSG:2154"
    bbox: Sequence[float] = ()  # west, south, east, north in WGS84
    service: str = ""  # uri of the API that gives its rows
    maps: Sequence[str] = ()  # uris of the APIs that put them on a map


@dataclass(frozen=True, slots=True)
class Line:
    """A series of datasets: one thing told year after year. ``members`` are their uris, from the oldest to the newest."""

    uri: str
    title: str
    publisher: Agent
    page: str
    members: Sequence[str]


@dataclass(frozen=True, slots=True)
class Edition:
    """A version of a dataset that may still be read, as the dataset's own document tells it."""

    uri: str
    number: int
    issued: str
    page: str
    url: str  # of its rows
    media_type: str


@dataclass(frozen=True, slots=True)
class Service:
    """An API over the datasets of the catalogue. ``follows`` is the address of the standard that it speaks."""

    uri: str
    title: str
    endpoint: str
    description: str  # address of the document that describes it
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Pages:
    """Where a page of the catalogue stands among all. Addresses are whole; "" where there is none."""

    here: str
    first: str
    last: str
    total: int  # datasets of all pages
    size: int
    previous: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """The catalogue itself."""

    uri: str
    home: str
    title: str
    description: str
    publisher: Agent
    issued: str = ""
    modified: str = ""
    territory: str = ""  # INSEE code of the commune
    services: Sequence[Service] = field(default_factory=tuple)


def graph(
    datasets: Iterable[Described],
    catalogue: Told | None = None,
    pages: Pages | None = None,
    *,
    checksums: bool = False,
    series: Sequence[Line] = (),
) -> Graph:
    """Return the statements that describe datasets, within a catalogue when it is given, on a page when there are several.

    ``checksums`` tells the digests of files too, which not every harvester bears. A series is told where it has a member.
    """
    out = Graph()
    for prefix, space in _PREFIXES.items():
        out.bind(prefix, space)
    described = tuple(datasets)
    if catalogue is not None:
        _tell_catalogue(out, catalogue, described)
    for one in described:
        _tell_dataset(out, one)
        for file in one.files if checksums else ():
            _tell_checksum(out, URIRef(_uri(f"{one.uri}#{file.format}")), file.digest)
    told = {one.uri for one in described}
    for line in series:
        if told & set(line.members):
            _tell_series(out, line, told)
    if pages is not None:
        _tell_pages(out, pages, URIRef(_uri(catalogue.uri)) if catalogue else _unnamed("catalogue"))
    return out


def _tell_series(out: Graph, line: Line, told: Collection[str]) -> None:
    """Tell a series, and where the datasets of this page stand in it."""
    this, members = URIRef(_uri(line.uri)), [URIRef(_uri(m)) for m in line.members]
    _say(out, this, RDF.type, DCAT.DatasetSeries)
    _say(out, this, DCTERMS.identifier, Literal(line.uri))
    _text(out, this, DCTERMS.title, line.title)
    _text(out, this, DCTERMS.description, f"{line.title} : la série, de sa première à sa dernière année.")
    _say(out, this, DCTERMS.publisher, _agent(out, line.publisher))
    contact = _contact(out, line.publisher.name, line.publisher.mailbox, line.page)
    _say(out, this, DCAT.contactPoint, contact)
    _say(out, this, DCAT.first, members[0])
    _say(out, this, DCAT.last, members[-1])
    for place, member in enumerate(members):
        if line.members[place] not in told:
            continue
        _say(out, member, DCAT.inSeries, this)
        if place:
            _say(out, member, DCAT.prev, members[place - 1])


def tell_versions(out: Graph, one: Described, editions: Sequence[Edition]) -> None:
    """Tell the versions of a dataset, newest first, in its own document: a harvester of catalogues would take each of them
    for one more dataset."""
    this = URIRef(_uri(one.uri))
    for place, edition in enumerate(editions):
        node = URIRef(_uri(edition.uri))
        _say(out, this, DCAT.hasVersion, node)
        _say(out, node, RDF.type, DCAT.Dataset)
        _say(out, node, DCAT.isVersionOf, this)
        _text(out, node, DCTERMS.title, f"{one.metadata.title} (version {edition.number})")
        _text(out, node, DCTERMS.description, one.metadata.description or one.metadata.title)
        _say(out, node, DCAT.version, Literal(str(edition.number)))
        _say(out, node, DCAT.landingPage, _typed(out, edition.page, FOAF.Document))
        _moment(out, node, DCTERMS.issued, edition.issued)
        if place + 1 < len(editions):
            _say(out, node, DCAT.previousVersion, URIRef(_uri(editions[place + 1].uri)))
        file = URIRef(_uri(edition.url))
        _say(out, node, DCAT.distribution, file)
        _say(out, file, RDF.type, DCAT.Distribution)
        for says in (DCAT.accessURL, DCAT.downloadURL):
            _say(out, file, says, _typed(out, edition.url, RDFS.Resource))
        media = URIRef(MEDIA + edition.media_type.partition(";")[0])
        _say(out, file, DCAT.mediaType, _typed(out, media, DCTERMS.MediaType))
        _licence(out, file, one.metadata.licence)


# --- The catalogue --------------------------------------------------------------------------------


def _tell_catalogue(out: Graph, told: Told, datasets: Sequence[Described]) -> None:
    this = URIRef(_uri(told.uri))
    _say(out, this, RDF.type, DCAT.Catalog)
    _text(out, this, DCTERMS.title, told.title)
    _text(out, this, DCTERMS.description, told.description or told.title)
    _say(out, this, DCTERMS.publisher, _agent(out, told.publisher))
    _say(out, this, FOAF.homepage, _typed(out, told.home, FOAF.Document))
    _say(out, this, DCTERMS.language, _typed(out, AUTHORITY["language/FRA"], DCTERMS.LinguisticSystem))
    _licence(out, this, "lov2")
    _say(out, this, DCAT.themeTaxonomy, _concept_scheme(out))
    _moment(out, this, DCTERMS.modified, told.modified or max((d.modified for d in datasets), default=""))
    _moment(out, this, DCTERMS.issued, told.issued or min((d.issued for d in datasets), default=""))
    _commune(out, this, told.territory)
    for service in told.services:
        node = URIRef(_uri(service.uri))
        _say(out, this, DCAT.service, node)
        _say(out, node, RDF.type, DCAT.DataService)
        _text(out, node, DCTERMS.title, service.title)
        _say(out, node, DCAT.endpointURL, _typed(out, service.endpoint, RDFS.Resource))
        _say(out, node, DCAT.endpointDescription, _typed(out, service.description, RDFS.Resource))
        _say(out, node, DCTERMS.publisher, _agent(out, told.publisher))
        _licence(out, node, "lov2")
        _public(out, node)
        _text(out, node, DCAT.keyword, "données ouvertes")
        _say(out, node, DCAT.contactPoint, _contact(out, told.publisher.name, told.publisher.mailbox, told.home))
        _theme(out, node, "GOVE")
        if service.follows:
            _say(out, node, DCTERMS.conformsTo, _typed(out, service.follows, DCTERMS.Standard))
    for one in datasets:
        _say(out, this, DCAT.dataset, URIRef(_uri(one.uri)))


def _tell_pages(out: Graph, pages: Pages, catalogue: Node) -> None:
    here = URIRef(_uri(pages.here))
    _say(out, catalogue, RDF.type, HYDRA.Collection)
    _say(out, catalogue, HYDRA.totalItems, Literal(pages.total, datatype=XSD.integer))
    _say(out, catalogue, HYDRA.view, here)
    _say(out, here, RDF.type, HYDRA.PartialCollectionView)
    _say(out, here, HYDRA.itemsPerPage, Literal(pages.size, datatype=XSD.integer))
    for name in ("first", "previous", "next", "last"):
        if address := getattr(pages, name):
            _say(out, here, HYDRA[name], URIRef(_uri(address)))


# --- A dataset ------------------------------------------------------------------------------------


def _tell_dataset(out: Graph, one: Described) -> None:
    this, metadata = URIRef(_uri(one.uri)), one.metadata
    _say(out, this, RDF.type, DCAT.Dataset)
    _say(out, this, DCTERMS.identifier, Literal(one.uri))
    _text(out, this, DCTERMS.title, metadata.title)
    _text(out, this, DCTERMS.description, metadata.description or metadata.title)
    _say(out, this, DCAT.landingPage, _typed(out, one.page, FOAF.Document))
    _say(out, this, DCAT.version, Literal(str(one.number)))
    _say(out, this, DCTERMS.language, _typed(out, AUTHORITY["language/FRA"], DCTERMS.LinguisticSystem))
    for word in metadata.keywords:
        _text(out, this, DCAT.keyword, word)
    if theme := THEMES.get(metadata.theme):
        _theme(out, this, theme.dcat)
    _say(out, this, DCTERMS.accrualPeriodicity, _frequency(out, metadata.frequency))
    _moment(out, this, DCTERMS.issued, one.issued)
    _moment(out, this, DCTERMS.modified, one.modified)
    _period(out, this, metadata)
    _place(out, this, metadata, one.bbox)
    _say(out, this, DCTERMS.publisher, _agent(out, one.publisher))
    _say(out, this, DCAT.contactPoint, _contact(out, metadata.service or one.publisher.name,
                                                metadata.contact or one.publisher.mailbox, one.page))  # fmt: skip
    _public(out, this)
    # udata reads the licence of the dataset by this address, data.europa.eu that of each file by its own table.
    if licence := LICENCES.get(metadata.licence):
        _licensed(out, this, licence.page, licence)
    if one.crs:
        code = one.crs.rpartition(":")[2]
        system = f"http://www.opengis.net/def/crs/EPSG/0/{code}" if code.isdigit() else ""
        if system:
            _say(out, this, DCTERMS.conformsTo, _typed(out, system, DCTERMS.Standard))
    if category := HIGH_VALUE.get(one.schema):
        _say(out, this, DCATAP.hvdCategory, _typed(out, category, SKOS.Concept))
        _say(out, this, DCATAP.applicableLegislation, _typed(out, _REGULATION, RDFS.Resource))
    for service in (*([one.service] if one.service else []), *one.maps):
        _say(out, URIRef(_uri(service)), DCAT.servesDataset, this)
    for file in one.files:
        _tell_file(out, this, one, file)


def _tell_file(out: Graph, dataset: URIRef, one: Described, file: File) -> None:
    this = URIRef(_uri(f"{one.uri}#{file.format}"))
    _say(out, dataset, DCAT.distribution, this)
    _say(out, this, RDF.type, DCAT.Distribution)
    _text(out, this, DCTERMS.title, file.title)
    _text(out, this, DCTERMS.description, f"{one.metadata.title} ({file.title})")
    for says in (DCAT.accessURL, DCAT.downloadURL):
        _say(out, this, says, _typed(out, file.url, RDFS.Resource))
    bare = file.media_type.partition(";")[0]
    media = URIRef(MEDIA + bare)
    _say(out, this, DCAT.mediaType, _typed(out, media, DCTERMS.MediaType))
    known = FILE_TYPES.get(file.kind or file.format)
    kind = AUTHORITY[f"file-type/{known}"] if known else media
    _say(out, this, DCTERMS.format, _typed(out, kind, DCTERMS.MediaTypeOrExtent))
    if file.size:
        _say(out, this, DCAT.byteSize, Literal(str(file.size), datatype=XSD.decimal))
    _licence(out, this, one.metadata.licence)
    _rights(out, this)
    _moment(out, this, DCTERMS.issued, one.issued)
    _moment(out, this, DCTERMS.modified, one.modified)
    _say(out, this, DCTERMS.language, _typed(out, AUTHORITY["language/FRA"], DCTERMS.LinguisticSystem))
    _say(out, this, DCATAP.availability, _concept(out, AUTHORITY["planned-availability/STABLE"], "stable"))
    # One only: the harvester takes any of several.
    if file.follows:
        _say(out, this, DCTERMS.conformsTo, _typed(out, file.follows, DCTERMS.Standard))
    elif one.schema_url and file.format in ("csv", "xlsx", "parquet", "json"):
        _say(out, this, DCTERMS.conformsTo, _typed(out, one.schema_url, DCTERMS.Standard))
    if standard := MOBILITY_STANDARDS.get(file.format):
        _say(out, this, MOBILITY.mobilityDataStandard, _concept(out, URIRef(standard), file.title))
    if one.service:
        _say(out, this, DCAT.accessService, URIRef(_uri(one.service)))


def _tell_checksum(out: Graph, file: URIRef, digest: str) -> None:
    if digest:
        checksum = _unnamed(file, "checksum")
        _say(out, file, SPDX.checksum, checksum)
        _say(out, checksum, RDF.type, SPDX.Checksum)
        _say(out, checksum, SPDX.algorithm, _typed(out, SPDX.checksumAlgorithm_sha256, SPDX.ChecksumAlgorithm))
        _say(out, checksum, SPDX.checksumValue, Literal(digest, datatype=XSD.hexBinary))


def _period(out: Graph, this: URIRef, metadata: Metadata) -> None:
    start, end = _day(metadata.temporal_start), _day(metadata.temporal_end)
    if not start and not end:
        return
    period = _unnamed(this, "period")  # an address would be fetched by the harvester
    _say(out, this, DCTERMS.temporal, period)
    _say(out, period, RDF.type, DCTERMS.PeriodOfTime)
    for says, day in ((DCAT.startDate, start), (DCAT.endDate, end)):
        if day:
            _say(out, period, says, Literal(day, datatype=XSD.date))


def _place(out: Graph, this: URIRef, metadata: Metadata, bbox: Sequence[float]) -> None:
    _commune(out, this, metadata.territory)
    if len(bbox) != 4:
        return
    west, south, east, north = bbox
    if west == east or south == north:  # a point is no polygon, and only a polygon is read
        west, east, south, north = west - 0.0005, east + 0.0005, south - 0.0005, north + 0.0005
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    frame = f"POLYGON(({', '.join(f'{_number(x)} {_number(y)}' for x, y in corners)}))"
    area = _unnamed(this, "area")
    _say(out, this, DCTERMS.spatial, area)
    _say(out, area, RDF.type, DCTERMS.Location)
    _say(out, area, LOCN.geometry, Literal(frame, datatype=GEO.wktLiteral))
    _say(out, area, DCAT.bbox, Literal(frame, datatype=GEO.wktLiteral))
    middle = f"POINT({_number((west + east) / 2)} {_number((south + north) / 2)})"
    _say(out, area, DCAT.centroid, Literal(middle, datatype=GEO.wktLiteral))


def _commune(out: Graph, this: URIRef, code: str) -> None:
    if code:
        commune = URIRef(COMMUNE + quote(code))
        _say(out, this, DCTERMS.spatial, commune)
        _say(out, commune, RDF.type, DCTERMS.Location)


# --- Small nodes ----------------------------------------------------------------------------------


def _agent(out: Graph, agent: Agent) -> Node:
    """Return the node of an agent, the same for the same: a named one where a page tells of it."""
    node: Node = URIRef(_uri(agent.home)) if agent.home else _unnamed(agent.name, "agent")
    _say(out, node, RDF.type, FOAF.Agent)
    _text(out, node, FOAF.name, agent.name)
    _say(out, node, DCTERMS.type, _concept_of(out, "http://purl.org/adms/publishertype/LocalAuthority"))
    if agent.mailbox:
        _say(out, node, FOAF.mbox, URIRef(f"mailto:{quote(agent.mailbox, safe='@.+-_')}"))
    if agent.siret:
        _say(out, node, DCTERMS.identifier, Literal(agent.siret))
    return node


def _contact(out: Graph, name: str, mailbox: str, page: str) -> Node:
    node = _unnamed(name, mailbox, page)
    _say(out, node, RDF.type, VCARD.Kind)
    _text(out, node, VCARD.fn, name)
    if mailbox:
        _say(out, node, VCARD.hasEmail, URIRef(f"mailto:{quote(mailbox, safe='@.+-_')}"))
    _say(out, node, VCARD.hasURL, URIRef(_uri(page)))
    return node


def _licence(out: Graph, node: Node, name: str) -> None:
    if licence := LICENCES.get(name):
        _licensed(out, node, AUTHORITY[f"licence/{licence.dcat}"], licence)


def _licensed(out: Graph, node: Node, address: str, licence: Licence) -> None:
    document = _typed(out, address, DCTERMS.LicenseDocument)
    _say(out, node, DCTERMS.license, document)
    kind = URIRef(f"http://purl.org/adms/licencetype/{licence.kind}")
    _say(out, document, DCTERMS.type, _concept(out, kind, licence.title))


def _public(out: Graph, node: Node) -> None:
    rights = AUTHORITY["access-right/PUBLIC"]
    _say(out, node, DCTERMS.accessRights, _typed(out, rights, DCTERMS.RightsStatement))
    _say(out, rights, RDF.type, SKOS.Concept)
    _text(out, rights, SKOS.prefLabel, "public")


def _rights(out: Graph, node: Node) -> None:
    _say(out, node, DCTERMS.rights, _typed(out, AUTHORITY["access-right/PUBLIC"], DCTERMS.RightsStatement))


def _frequency(out: Graph, frequency: str) -> Node:
    known = FREQUENCIES.get(frequency, FREQUENCIES[""])
    node = _typed(out, AUTHORITY[f"frequency/{known.dcat}"], DCTERMS.Frequency)
    _say(out, node, RDF.type, SKOS.Concept)
    _text(out, node, SKOS.prefLabel, known.title)
    return node


def _theme(out: Graph, node: Node, name: str) -> None:
    concept = AUTHORITY[f"data-theme/{name}"]
    _say(out, node, DCAT.theme, _concept(out, concept, _THEMES[name]))
    _say(out, concept, SKOS.inScheme, _concept_scheme(out))


def _concept(out: Graph, uri: URIRef, label: str) -> URIRef:
    _say(out, uri, RDF.type, SKOS.Concept)
    _of_table(out, uri)
    _text(out, uri, SKOS.prefLabel, label)
    return uri


def _concept_of(out: Graph, uri: str) -> URIRef:
    return _concept(out, URIRef(uri), "collectivité territoriale")


def _concept_scheme(out: Graph) -> URIRef:
    scheme = URIRef(str(AUTHORITY["data-theme"]))
    _say(out, scheme, RDF.type, SKOS.ConceptScheme)
    _text(out, scheme, DCTERMS.title, "Thèmes des données (Union européenne)")
    return scheme


def _unnamed(*what: object) -> BNode:
    """Return a node without an address, the same for the same things: a page asked for twice has the same bytes."""
    return BNode("b" + hashlib.sha256("\n".join(map(str, what)).encode()).hexdigest()[:16])


def _typed(out: Graph, uri: str, kind: URIRef) -> URIRef:
    node = URIRef(_uri(str(uri)))
    _say(out, node, RDF.type, kind)
    _of_table(out, node)
    return node


_TABLES = re.compile(rf"(?:{re.escape(AUTHORITY)}[\w-]+|http://purl\.org/adms/(?:licence|publisher)type)(?=/)")


def _of_table(out: Graph, node: URIRef) -> None:
    """Say which European table a word is of: whoever checks a catalogue alone cannot look there."""
    if table := _TABLES.match(node):
        _say(out, node, SKOS.inScheme, URIRef(table[0] if table[0].startswith(AUTHORITY) else f"{table[0]}/1.0"))


def _say(out: Graph, subject: Node, predicate: Node, said: Any) -> None:
    out.add((subject, predicate, said))


def _text(out: Graph, subject: Node, predicate: Node, text: str) -> None:
    if text:
        out.add((subject, predicate, Literal(_NO_XML.sub("", text), lang="fr")))


def _moment(out: Graph, subject: Node, predicate: Node, moment: str) -> None:
    if not moment:
        return
    kind = XSD.dateTime if "T" in moment else XSD.date
    out.add((subject, predicate, Literal(moment, datatype=kind)))


# What no document of XML may hold, whatever a title was typed with.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def _uri(text: str) -> str:
    """Return an address in which no sign can end it."""
    return _NOT_IN_URI.sub(lambda found: quote(found[0]), text)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat() if text else ""
    except ValueError:
        return ""


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
