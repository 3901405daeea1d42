"""XML of any kind: the element that repeats becomes the rows of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from parvis.errors import InputError
from parvis.tables import markup
from parvis.tables.sink import too_wide
from parvis.values import Finding, Severity, msg

TITLE = "XML"
SUFFIXES = (".xml", ".rdf")

_DEEP = 6  # levels written as dotted columns
_PATHS = 5_000  # different paths of elements in one file
_OTHERS = {
    "Workbook": ("C'est un classeur Excel 2003 enregistré en XML.", "Enregistrez-le en XLSX ou en ODS."),
    "schema": ("C'est un schéma (XSD), pas des données.", "Envoyez le fichier de données lui-même."),
    "stylesheet": ("C'est une feuille de transformation (XSLT), pas des données.", "Envoyez le fichier de données lui-même."),
    "RDF": ("C'est un catalogue en RDF, pas un tableau de données.", "Faites-le moissonner, ou exportez-le en CSV."),
    "qgis": ("C'est un projet QGIS, pas une couche.", "Exportez la couche en GeoPackage, puis renvoyez-la."),
    "WMS_Capabilities": ("C'est la description d'un service de cartes, pas des données.", "Exportez la couche en GeoPackage."),
    "WFS_Capabilities": ("C'est la description d'un service de cartes, pas des données.", "Exportez la couche en GeoPackage."),
    "ExceptionReport": ("C'est l'erreur d'un service de cartes, pas des données.", "Recommencez le téléchargement."),
    "ServiceExceptionReport": ("C'est l'erreur d'un service de cartes, pas des données.", "Recommencez le téléchargement."),
}  # fmt: skip


def recognises(path: Path, head: bytes) -> float:
    root = markup.looks(head)
    return 0.5 if root and root.lower() not in ("html", "svg") else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the rows of the element that repeats most into the sink."""
    markup.guard(path)
    with path.open("rb") as stream:
        root = markup.looks(stream.read(1 << 16))
    _refuse(root)
    survey = _Survey()
    survey.look(path)
    chosen = survey.chosen()
    if chosen is None:
        raise InputError(
            "Ce fichier XML ne contient aucun élément répété à lire comme un tableau.",
            "Exportez ces données en CSV ou en tableur.",
            code="xml.no_rows",
        )
    labels: dict[str, None] = {}
    for _, row in _rows(path, chosen):
        for label in row:
            labels.setdefault(label)
        if len(labels) > sink.limits.columns:
            raise too_wide(len(labels), sink.limits.columns)
    columns = list(labels)
    sink.rows(
        "", columns, ((n, [r.get(c) for c in columns]) for n, r in _rows(path, chosen)), format="xml", encoding="utf-8"
    )
    return [
        Finding(
            "xml.rows",
            Severity.INFO,
            msg("Chaque élément « {element} » de ce fichier XML a été lu comme une ligne."),
            values={"element": chosen.rpartition("/")[2][:80]},
            hint=msg("Si ce n'est pas ce que vous attendiez, exportez ces données en CSV ou en tableur."),
        )
    ]


def _refuse(root: str) -> None:
    if root in markup.CARDS:
        raise InputError(
            "C'est une fiche de métadonnées (XML), pas un tableau de données.",
            "Envoyez les données qu'elle décrit.",
            code="read.metadata",
        )
    if root in _OTHERS:
        said, hint = _OTHERS[root]
        raise InputError(said, hint, code="read.not_data")


@dataclass(slots=True)
class _Survey:
    """How often each path of elements comes, and how many values lie right under it."""

    counts: Counter[str] = field(default_factory=Counter)
    leaves: Counter[str] = field(default_factory=Counter)
    parents: Counter[str] = field(default_factory=Counter)

    def look(self, path: Path) -> None:
        steps: list[str] = []
        for event, node in markup.elements(path, starts=True):
            if event == "start":
                steps.append(markup.local(node))
                self.counts["/".join(steps)] += 1
                if len(self.counts) > _PATHS:
                    raise InputError(
                        "Ce fichier XML a trop d'éléments différents pour être lu comme un tableau.",
                        "Exportez ces données en CSV ou en tableur.",
                        code="xml.paths",
                    )
            else:
                here = "/".join(steps)
                above = here.rpartition("/")[0]
                self.leaves[here] += len(node.attrib)
                if node.attrib or (not self.leaves[here] and (node.text or "").strip()):
                    self.leaves[above] += 1
                steps.pop()
                markup.drop(node)

    def chosen(self) -> str | None:
        """Return the path whose elements hold most values together, nearest the root when two hold about as many."""
        best: tuple[float, str] = (0.0, "")
        for path, count in self.counts.items():
            depth = path.count("/")
            if count < 2 or not depth or not self.leaves[path]:
                continue
            under = sum(n for p, n in self.leaves.items() if p == path or p.startswith(f"{path}/"))
            best = max(best, (under / (1 + depth / 4), path))
        return best[1] or self._alone()

    def _alone(self) -> str | None:
        """Return the only record of a file that holds one."""
        return next((p for p in self.counts if p.count("/") == 1 and self.leaves[p] > 1), None)


def _rows(path: Path, chosen: str) -> Iterator[tuple[int, dict[str, str]]]:
    depth = chosen.count("/")
    steps: list[str] = []
    for event, node in markup.elements(path, starts=True):
        if event == "start":
            steps.append(markup.local(node))
            continue
        if len(steps) - 1 == depth and "/".join(steps) == chosen:
            row: dict[str, str] = {}
            _flatten(node, "", row, 0)
            yield node.sourceline or 0, row
        if len(steps) - 1 <= depth:
            markup.drop(node)
        steps.pop()


def _flatten(node: Any, prefix: str, row: dict[str, str], depth: int) -> None:
    """Write the attributes, the text and the children of an element as cells; what repeats is joined by a bar."""
    for key, value in node.attrib.items():
        _put(row, f"{prefix}{etree.QName(key).localname}", value.strip())
    children = [c for c in node if isinstance(c.tag, str)]
    text = " ".join(node.itertext()) if depth >= _DEEP else (node.text or "")
    if text.strip():
        _put(row, prefix.rstrip(".") or "texte", " ".join(text.split()))
    if depth < _DEEP:
        for child in children:
            _flatten(child, f"{prefix}{markup.local(child)}.", row, depth + 1)


def _put(row: dict[str, str], label: str, value: str) -> None:
    if value:
        row[label] = f"{row[label]}|{value}" if label in row else value
