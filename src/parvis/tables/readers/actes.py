"""Classification of the acts of a town (ACTES): matters, natures of acts and kinds of attached documents.

It is what the prefecture's server answers, one file per department and per date.
Format: ACTES, « cahier des charges de télétransmission », messages 7-2 (RetourClassification).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import markup
from parvis.values import Finding, Severity, msg

TITLE = "Classification des actes (ACTES)"
SUFFIXES = (".xml",)

_MATTER = ("code", "niveau", "libelle", "code_parent")
_NATURE = ("code", "libelle", "abrege")
_PIECE = ("code_nature", "nature", "code", "libelle")


def recognises(path: Path, head: bytes) -> float:
    return 0.97 if markup.looks(head) == "RetourClassification" else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the matters, the natures and the kinds of documents into the sink, a table each."""
    markup.guard(path)
    tables: dict[str, tuple[Sequence[str], list[tuple[int, list[str | None]]]]] = {
        "Matières": (_MATTER, []),
        "Natures des actes": (_NATURE, []),
        "Types de pièces": (_PIECE, []),
    }
    day = ""
    for _, node in markup.elements(path, ["{*}Matiere1", "{*}NatureActe", "{*}DateClassification"]):
        kind = markup.local(node)
        if kind == "Matiere1":
            tables["Matières"][1].extend(_matters(node, "", 1))
        elif kind == "NatureActe":
            code, title = _said(node, "CodeNatureActe"), _said(node, "Libelle")
            tables["Natures des actes"][1].append((node.sourceline or 0, [code, title, _said(node, "TypeAbrege")]))
            tables["Types de pièces"][1].extend(
                (piece.sourceline or 0, [code, title, _said(piece, "CodeTypePJ"), _said(piece, "Libelle")])
                for piece in node.iterfind("{*}TypePJNatureActe")
            )
        else:
            day = (node.text or "").strip()
        markup.drop(node)
    kept = {title: table for title, table in tables.items() if table[1]}
    if not kept:
        raise InputError(
            "Ce fichier de classification des actes ne contient aucune matière.",
            "Demandez à nouveau la classification à votre tiers de télétransmission.",
            code="actes.empty",
        )
    for title, (labels, rows) in kept.items():
        sink.rows(title, labels, rows, format="actes", encoding="utf-8")
    if not day:
        return []
    return [
        Finding("actes.date", Severity.INFO, msg("Classification des actes en date du {day}."), values={"day": day})
    ]


def _matters(node: Any, parent: str, level: int) -> Iterator[tuple[int, list[str | None]]]:
    own = _said(node, "CodeMatiere") or ""
    code = f"{parent}.{own}" if parent else own
    yield node.sourceline or 0, [code, str(level), _said(node, "Libelle"), parent or None]
    for child in node:
        if isinstance(child.tag, str) and markup.local(child).startswith("Matiere") and level < 9:
            yield from _matters(child, code, level + 1)


def _said(node: Any, name: str) -> str | None:
    """Return an attribute, whatever its prefix, or the child of that name."""
    for key, value in node.attrib.items():
        if key.rpartition("}")[2] == name:
            return " ".join(value.split()) or None
    text = node.findtext(f"{{*}}{name}")
    return " ".join(text.split()) or None if text else None
