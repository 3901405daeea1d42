"""XML of any kind: each element that repeats becomes the rows of a table.

An element that holds others of its own name (accounts in accounts) gives one row each, with its level and its parent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.tables import markup
from parvis.tables.sink import too_wide
from parvis.values import Finding, Severity, msg

TITLE = "XML"
SUFFIXES = (".xml", ".rdf")

_DEEP = 6  # levels written as dotted columns
_PATHS = 5_000  # different paths of elements in one file
_TABLES = 20
_OTHERS = {
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
    if not chosen:
        raise InputError(
            "Ce fichier XML ne contient aucun élément répété à lire comme un tableau.",
            "Exportez ces données en CSV ou en tableur.",
            code="xml.no_rows",
        )
    taken: set[str] = set()
    for title, element in enumerate(chosen):
        named = element.rpartition("/")[2] if title else ""
        _table(path, element, "" if not title else named if named not in taken else element, survey, sink)
        taken.add(named)
    return [_said([element.rpartition("/")[2][:80] for element in chosen])]


def _table(path: Path, element: str, title: str, survey: _Survey, sink: Any) -> None:
    nested = survey.nested(element)
    labels: dict[str, None] = {}
    for _, row in _rows(path, element, nested):
        for label in row:
            labels.setdefault(label)
        if len(labels) > sink.limits.columns:
            raise too_wide(len(labels), sink.limits.columns)
    columns = list(labels)
    rows = ((n, [r.get(c) for c in columns]) for n, r in _rows(path, element, nested))
    sink.rows(title, columns, rows, format="xml", encoding="utf-8")


def _said(elements: Sequence[str]) -> Finding:
    hint = msg("Si ce n'est pas ce que vous attendiez, exportez ces données en CSV ou en tableur.")
    if len(elements) == 1:
        said = msg("Chaque élément « {element} » de ce fichier XML a été lu comme une ligne.")
        return Finding("xml.rows", Severity.INFO, said, values={"element": elements[0]}, hint=hint)
    return Finding(
        "xml.rows",
        Severity.INFO,
        msg(
            "Les éléments répétés de ce fichier XML ont été lus comme des lignes, un tableau pour chacun : {elements}."
        ),
        values={"elements": ", ".join(f"« {e} »" for e in elements)},
        hint=hint,
    )


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

    def chosen(self) -> list[str]:
        """Return the paths of the elements to read as rows, the one whose elements hold most values together first.

        Nearest the root when two hold about as many; the others stand neither in it nor around it, and are tables too.
        """
        ranked = sorted(((self._weight(p), p) for p in self.counts), reverse=True)
        out: list[str] = []
        for weight, path in ranked:
            apart = not any(_within(path, o) or _within(o, path) for o in out)
            enough = not out or (self.counts[path] >= 3 and self.leaves[path] >= 2 * self.counts[path])
            if weight > 0 and apart and enough and len(out) < _TABLES:
                out.append(path)
        alone = self._alone()
        return out or ([alone] if alone else [])

    def _weight(self, path: str) -> float:
        depth = path.count("/")
        if self.counts[path] < 2 or not depth or not self.leaves[path]:
            return 0.0
        under = sum(n for p, n in self.leaves.items() if _within(p, path))
        return under / (1 + depth / 4)

    def nested(self, path: str) -> bool:
        """True when elements of this path hold others of their own name."""
        tag = path.rpartition("/")[2]
        return any(p.rpartition("/")[2] == tag and p != path and _within(p, path) for p in self.counts)

    def _alone(self) -> str | None:
        """Return the only record of a file that holds one."""
        return next((p for p in self.counts if p.count("/") == 1 and self.leaves[p] > 1), None)


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}/")


def _rows(path: Path, chosen: str, nested: bool = False) -> Iterator[tuple[int, dict[str, str]]]:
    depth = chosen.count("/")
    steps: list[str] = []
    for event, node in markup.elements(path, starts=True):
        if event == "start":
            steps.append(markup.local(node))
            continue
        if len(steps) - 1 == depth and "/".join(steps) == chosen:
            yield from _family(node) if nested else [_row(node, "")]
        if len(steps) - 1 <= depth:
            markup.drop(node)
        steps.pop()


def _row(node: Any, own: str) -> tuple[int, dict[str, str]]:
    row: dict[str, str] = {}
    _flatten(node, "", row, 0, own)
    return node.sourceline or 0, row


def _family(node: Any) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the row of an element, then those of the elements of its own name in it; the first cell names a parent."""
    tag = markup.local(node)
    names: dict[Any, tuple[int, str]] = {}
    for member in node.iter(node.tag):
        line, row = _row(member, tag)
        parent = next((names[a] for a in member.iterancestors(node.tag) if a in names), (0, ""))
        names[member] = (parent[0] + 1, next(iter(row.values()), ""))
        row["niveau"] = str(parent[0] + 1)
        if parent[1]:
            row["parent"] = parent[1]
        yield line, row


def _flatten(node: Any, prefix: str, row: dict[str, str], depth: int, own: str = "") -> None:
    """Write the attributes, the text and the children of an element as cells; what repeats is joined by a bar."""
    for key, value in node.attrib.items():
        _put(row, f"{prefix}{markup.local(key)}", value.strip())
    children = [c for c in node if isinstance(c.tag, str) and markup.local(c) != own]
    text = " ".join(node.itertext()) if depth >= _DEEP else (node.text or "")
    if text.strip():
        _put(row, prefix.rstrip(".") or "texte", " ".join(text.split()))
    if depth < _DEEP:
        for child in children:
            _flatten(child, f"{prefix}{markup.local(child)}.", row, depth + 1, own)


def _put(row: dict[str, str], label: str, value: str) -> None:
    if value:
        row[label] = f"{row[label]}|{value}" if label in row else value
