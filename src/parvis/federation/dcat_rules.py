"""What the DCAT harvester of data.gouv.fr takes of a graph, drops, or stumbles on; and the two scores of each dataset.

Sources: the harvester's rules as they are kept one by one in the specification of the dialects (its versions of 2026);
the metrics of data.europa.eu's metadata quality assessment (405 points); the nine criteria of data.gouv.fr's score.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from rdflib import BNode, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, SKOS, XSD
from rdflib.term import Node

from parvis.catalogue.frequencies import FREQUENCIES
from parvis.federation import licences
from parvis.federation.harvested import Item, Score
from parvis.text import fold
from parvis.values import Finding, Severity, msg

DCAT = Namespace("http://www.w3.org/ns/dcat#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
LOCN = Namespace("http://www.w3.org/ns/locn#")
AUTHORITY = "http://publications.europa.eu/resource/authority/"
LONG_ENOUGH = 100  # characters of a description
_POLYGON = re.compile(r"^\s*(?:MULTI)?POLYGON\s*[(Z]", re.IGNORECASE)
_BOX = re.compile(r"^\s*-?[\d.]+\s*(?:,\s*-?[\d.]+\s*){3}$")
_MACHINE = re.compile(
    r"\b(?:csv|json|geojson|xml|rdf|ttl|turtle|jsonl|json-ld|parquet|gpkg|kml|gtfs|ods|xlsx|xls|shp|gml)\b",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"\b(?:xlsx?|docx?|pptx?|pdf|mdb|shp|xls|spreadsheetml|ms-excel|msword)\b", re.IGNORECASE)
_LATE = {  # days after which data.gouv.fr finds that a dataset was not renewed in time
    **{f.dcat: f.days for f in FREQUENCIES.values()}, "TRIENNIAL": 1096, "BIENNIAL": 731, "BIMONTHLY": 62, "HOURLY": 1,
}  # fmt: skip


def items(graph: Graph, alive: Mapping[str, bool], today: dt.date) -> Iterator[Item]:
    """Yield what becomes of each dataset of a graph. ``alive`` says of some addresses whether they answered."""
    subjects = sorted(set(graph.subjects(RDF.type, DCAT.Dataset)), key=str)
    ids = Counter(str(i) for s in subjects for i in graph.objects(s, DCTERMS.identifier))
    for subject in subjects:
        identifier = next((str(i) for i in graph.objects(subject, DCTERMS.identifier)), "")
        title = _best(graph, subject, DCTERMS.title)
        remarks = tuple(_remarks(graph, subject, identifier, title, ids, today))
        yield Item(
            identifier or str(subject),
            title,
            remarks,
            quality(graph, subject, alive),
            completeness(graph, subject, alive, today),
        )


# --- Rules ----------------------------------------------------------------------------------------


def _remarks(
    graph: Graph, this: Node, identifier: str, title: str, ids: Counter[str], today: dt.date
) -> Iterator[Finding]:
    def said(code: str, severity: Severity, message: str, **values: Any) -> Finding:
        return Finding(code, severity, message, values=values)

    if not identifier:
        yield said("harvest.no_identifier", Severity.REFUSE, msg("Sans dct:identifier, ce jeu est passé."))
    elif ids[identifier] > 1:
        same = msg("L'identifiant « {id} » est donné à {n} jeux : un seul est pris.")
        yield said("harvest.same_identifier", Severity.REFUSE, same, id=identifier[:100], n=ids[identifier])
    elif title and _slug(identifier.rsplit("/", 1)[-1]) == _slug(title):
        yield said(
            "harvest.identifier_is_title",
            Severity.WARN,
            msg("L'identifiant est fait du titre : renommé, ce jeu sera pris pour un autre."),
        )
    if not title:
        yield said("harvest.no_title", Severity.REFUSE, msg("Sans titre, ce jeu est refusé."))
    description = _best(graph, this, DCTERMS.description)
    if len(description) < LONG_ENOUGH:
        yield said(
            "harvest.short_description", Severity.INFO, msg("La description a moins de {n} signes."), n=LONG_ENOUGH
        )
    if any(isinstance(k, URIRef) for k in graph.objects(this, DCAT.keyword)):
        yield said("harvest.keyword_address", Severity.WARN, msg("Un mot-clé est une adresse : il est ignoré."))
    yield from _place(graph, this, said)
    if any(
        isinstance(t, URIRef) and not any(graph.objects(t, DCAT.startDate))
        for t in graph.objects(this, DCTERMS.temporal)
    ):
        yield said(
            "harvest.period_address",
            Severity.WARN,
            msg("La période est une adresse, que le moissonneur va chercher : dites-la sur place."),
        )
    if not _licence(graph, this):
        told = next((str(o) for o in _licences(graph, this)), "")
        if told:
            yield said(
                "harvest.unknown_licence",
                Severity.WARN,
                msg("La licence « {licence} » n'est pas reconnue : elle sera « non précisée »."),
                licence=told[:120],
            )
        else:
            yield said("harvest.no_licence", Severity.WARN, msg("Aucune licence n'est dite."))
    frequency = next((str(o) for o in graph.objects(this, DCTERMS.accrualPeriodicity)), "")
    if not frequency.startswith(f"{AUTHORITY}frequency/"):
        yield said(
            "harvest.no_frequency",
            Severity.INFO,
            msg("La fréquence de mise à jour n'est pas dite dans le vocabulaire européen."),
        )
    for says in (DCTERMS.issued, DCTERMS.modified):
        if any((day := _day(o)) is not None and day > today for o in graph.objects(this, says)):
            yield said("harvest.future_date", Severity.INFO, msg("Une date est à venir : elle est ignorée."))
            break
    if not any(graph.objects(this, DCAT.contactPoint)):
        yield said("harvest.no_contact", Severity.INFO, msg("Aucun contact n'est donné."))
    yield from _files(graph, this, said)


def _place(graph: Graph, this: Node, said: Any) -> Iterator[Finding]:
    places = list(graph.objects(this, DCTERMS.spatial))
    shapes = [str(o) for p in places for says in (LOCN.geometry, DCAT.bbox) for o in graph.objects(p, says)]
    shapes += [str(p) for p in places if isinstance(p, Literal)]
    if any(_readable(s) for s in shapes):
        return
    if any(s.lstrip().startswith("<") for s in shapes):
        yield said(
            "harvest.place_prefixed",
            Severity.WARN,
            msg("Le territoire commence par l'adresse d'un système de coordonnées : il est abandonné."),
        )
    elif any(re.match(r"\s*POINT", s, re.IGNORECASE) or '"Point"' in s for s in shapes):
        yield said("harvest.place_point", Severity.WARN, msg("Le territoire est un point : seul un polygone est pris."))
    elif places:
        yield said(
            "harvest.place_named", Severity.INFO, msg("Le territoire est nommé, sans polygone : il n'est pas repris.")
        )
    else:
        yield said("harvest.no_place", Severity.INFO, msg("Aucun territoire n'est dit."))


def _readable(shape: str) -> bool:
    return bool(_POLYGON.match(shape) or _BOX.match(shape) or re.search(r'"type"\s*:\s*"(?:Multi)?Polygon"', shape))


def _files(graph: Graph, this: Node, said: Any) -> Iterator[Finding]:
    files = list(graph.objects(this, DCAT.distribution))
    if not files:
        yield said("harvest.no_file", Severity.WARN, msg("Ce jeu n'a aucun fichier."))
    for file in files:
        name = _best(graph, file, DCTERMS.title) or str(file)
        if not _address(graph, file):
            yield said(
                "harvest.file_without_address",
                Severity.WARN,
                msg("Le fichier « {file} » n'a pas d'adresse : il est abandonné."),
                file=name[:80],
            )
        for checksum in graph.objects(file, SPDX.checksum):
            if not any(graph.objects(checksum, SPDX.algorithm)):
                yield said(
                    "harvest.checksum_without_algorithm",
                    Severity.REFUSE,
                    msg("La somme de contrôle de « {file} » ne dit pas son algorithme : le moissonneur tombe."),
                    file=name[:80],
                )
            elif any(
                isinstance(v, Literal) and v.datatype == XSD.hexBinary
                for v in graph.objects(checksum, SPDX.checksumValue)
            ):
                yield said(
                    "harvest.checksum_binary",
                    Severity.REFUSE,
                    msg("La somme de contrôle de « {file} » est en hexBinary : le jeu est refusé."),
                    file=name[:80],
                )
        if len(set(graph.objects(file, DCTERMS.conformsTo))) > 1:
            yield said(
                "harvest.several_schemas",
                Severity.WARN,
                msg("Le fichier « {file} » dit plusieurs schémas : l'un d'eux est pris au hasard."),
                file=name[:80],
            )
        if len(set(graph.objects(file, DCTERMS.license))) > 1:
            yield said(
                "harvest.several_licences",
                Severity.WARN,
                msg("Le fichier « {file} » dit plusieurs licences."),
                file=name[:80],
            )


# --- Scores ---------------------------------------------------------------------------------------


def quality(graph: Graph, this: Node, alive: Mapping[str, bool]) -> Score:
    """Return the points of a dataset by the method of data.europa.eu; what is said of files counts by their share."""
    files = list(graph.objects(this, DCAT.distribution))

    def share(holds: Any) -> float:
        return sum(1 for f in files if holds(f)) / len(files) if files else 0.0

    def has(*says: Any) -> Any:
        return lambda f: any(True for one in says for _ in graph.objects(f, one))

    def inside(says: Any, table: str) -> Any:
        return lambda f: any(str(o).startswith(table) for o in graph.objects(f, says))

    def answers(says: Any) -> Any:
        return lambda f: any(alive.get(str(o), True) for o in graph.objects(f, says))

    def formats(f: Node) -> str:
        return " ".join(str(o) for says in (DCTERMS["format"], DCAT.mediaType) for o in graph.objects(f, says))

    def on(*says: Any) -> float:
        return 1.0 if has(*says)(this) else 0.0

    licensed = share(has(DCTERMS.license)) or on(DCTERMS.license)
    listed: list[tuple[str, float, float]] = [
        ("mots-clés", 30, on(DCAT.keyword)), ("thème", 30, on(DCAT.theme)), ("territoire", 20, on(DCTERMS.spatial)),
        ("période", 20, on(DCTERMS.temporal)), ("adresse d'accès qui répond", 50, share(answers(DCAT.accessURL))),
        ("adresse de téléchargement", 20, share(has(DCAT.downloadURL))),
        ("téléchargement qui répond", 30, share(answers(DCAT.downloadURL))), ("format", 20, share(has(DCTERMS["format"]))),
        ("type de média", 10, share(has(DCAT.mediaType))),
        ("format et type dans les vocabulaires", 10, share(inside(DCTERMS["format"], f"{AUTHORITY}file-type/"))),
        ("format ouvert", 20, share(lambda f: bool(formats(f)) and not _CLOSED.search(formats(f)))),
        ("format lisible par une machine", 20, share(lambda f: bool(_MACHINE.search(formats(f))))),
        ("DCAT-AP", 30, 1.0 if _conforms(graph, this) else 0.0), ("licence", 20, licensed),
        ("licence du vocabulaire", 10, share(inside(DCTERMS.license, AUTHORITY)) or float(bool(_licence(graph, this)))),
        ("droits d'accès", 10, on(DCTERMS.accessRights)),
        ("droits d'accès du vocabulaire", 5, 1.0 if inside(DCTERMS.accessRights, f"{AUTHORITY}access-right/")(this) else 0.0),
        ("contact", 20, on(DCAT.contactPoint)), ("éditeur", 10, on(DCTERMS.publisher)),
        ("droits des fichiers", 5, share(has(DCTERMS.rights))),
        ("taille des fichiers", 5, share(has(DCAT.byteSize))), ("date de publication", 5, on(DCTERMS.issued)),
        ("date de mise à jour", 5, on(DCTERMS.modified)),
    ]  # fmt: skip
    return _score(listed)


def completeness(graph: Graph, this: Node, alive: Mapping[str, bool], today: dt.date) -> Score:
    """Return how many of data.gouv.fr's nine criteria a dataset meets once harvested."""
    files = list(graph.objects(this, DCAT.distribution))
    frequency = next((str(o) for o in graph.objects(this, DCTERMS.accrualPeriodicity)), "").rsplit("/", 1)[-1]
    modified = max((d for o in graph.objects(this, DCTERMS.modified) if (d := _day(o))), default=None)
    days = _LATE.get(frequency)
    in_time = frequency in ("NEVER", "IRREG") or bool(days and modified and (today - modified).days <= days + 1)
    shapes = [
        str(o)
        for p in graph.objects(this, DCTERMS.spatial)
        for s in (LOCN.geometry, DCAT.bbox)
        for o in graph.objects(p, s)
    ]
    formats = [
        " ".join(str(o) for s in (DCTERMS["format"], DCAT.mediaType) for o in graph.objects(f, s)) for f in files
    ]
    listed = [
        ("licence", 1, bool(_licence(graph, this))),
        ("période", 1, any(any(graph.objects(t, DCAT.startDate)) for t in graph.objects(this, DCTERMS.temporal))),
        ("territoire", 1, any(map(_readable, shapes))),
        ("fréquence", 1, frequency in _LATE and frequency != "UNKNOWN"),
        ("mise à jour dans les temps", 1, in_time),
        ("description de plus de 100 signes", 1, len(_best(graph, this, DCTERMS.description)) > LONG_ENOUGH),
        ("un format ouvert", 1, any(f and not _CLOSED.search(f) for f in formats)),
        ("tous les fichiers répondent", 1, bool(files) and all(alive.get(_address(graph, f), True) for f in files)),
        ("fichiers décrits", 1, bool(files) and any(_best(graph, f, DCTERMS.description) for f in files)),
    ]  # fmt: skip
    return _score([(name, float(of), 1.0 if met else 0.0) for name, of, met in listed])


def _score(listed: list[tuple[str, float, float]]) -> Score:
    missing = sorted(((name, round(of * (1 - part), 1)) for name, of, part in listed if part < 1), key=lambda m: -m[1])
    return Score(round(sum(of * part for _, of, part in listed), 1), sum(of for _, of, _ in listed), tuple(missing))


def _conforms(graph: Graph, this: Node) -> bool:
    """Return whether what DCAT-AP 3 makes mandatory is there: its shapes say more, and need no less."""
    said = all(any(graph.objects(this, one)) for one in (DCTERMS.title, DCTERMS.description))
    files = list(graph.objects(this, DCAT.distribution))
    named = all(any(graph.objects(p, FOAF.name)) for p in graph.objects(this, DCTERMS.publisher))
    return said and named and all(any(graph.objects(f, DCAT.accessURL)) for f in files)


# --- Reading a graph ------------------------------------------------------------------------------


def addresses(graph: Graph) -> list[str]:
    """Return the addresses of files, in order, each once."""
    found = (
        str(o)
        for f in graph.subjects(RDF.type, DCAT.Distribution)
        for s in (DCAT.downloadURL, DCAT.accessURL)
        for o in graph.objects(f, s)
    )
    return sorted({one for one in found if one.startswith(("http://", "https://"))})


def pages(graph: Graph) -> list[str]:
    """Return the pages where people read of the datasets."""
    return sorted({str(o) for s in graph.subjects(RDF.type, DCAT.Dataset) for o in graph.objects(s, DCAT.landingPage)})


def _address(graph: Graph, file: Node) -> str:
    return next((str(o) for says in (DCAT.downloadURL, DCAT.accessURL) for o in graph.objects(file, says)), "")


def _licences(graph: Graph, this: Node) -> Iterator[Node]:
    for node in (this, *graph.objects(this, DCAT.distribution)):
        for says in (DCTERMS.license, DCTERMS.rights):
            yield from graph.objects(node, says)


def _licence(graph: Graph, this: Node) -> str:
    """Return the licence as data.gouv.fr would know it, by its address, its label or its name."""
    for node in _licences(graph, this):
        told = [str(node)] + [
            str(o) for says in (RDFS.label, DCTERMS.title, SKOS.prefLabel) for o in graph.objects(node, says)
        ]
        if isinstance(node, BNode):
            told = told[1:]
        for one in told:
            if found := licences.known(one):
                return found
    return ""


def _best(graph: Graph, this: Node, says: Node) -> str:
    """Return a text, in French when there is one."""
    found = list(graph.objects(this, says))
    french = [o for o in found if isinstance(o, Literal) and (o.language or "").startswith("fr")]
    return str((french or found or [""])[0]).strip()


def _day(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")
