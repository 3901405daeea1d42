"""Word documents: tracked changes, comments, hidden text, reviewers, headers, and what any Office file may hide."""

from __future__ import annotations

from pathlib import Path

from parvis.privacy import ooxml
from parvis.privacy.trace import Gathered, Package, attribute, named, text_of
from parvis.values import msg

TITLE = msg("Document Word")
SUFFIXES = (".docx", ".docm", ".dotx", ".dotm")

_BODY = r"word/(?:document|header\d*|footer\d*|footnotes|endnotes|glossary/document)\.xml"
_CHANGES = ("ins", "del", "moveFrom", "moveTo", "rPrChange", "pPrChange", "cellDel", "cellIns")


def recognises(head: bytes, name: str) -> bool:
    return ooxml.is_package(head, b"word/") and (name.endswith(SUFFIXES) or b"word/" in head)


def look(path: Path, name: str, into: Gathered) -> None:
    with ooxml.opened(path) as document:
        if not document.matching(r"word/document\.xml"):
            return
        ooxml.common(document, into)
        _body(document, into)
        _comments(document, into)


def _body(document: Package, into: Gathered) -> None:
    for part, root in document.xml(_BODY):
        changes = named(root, *_CHANGES)
        into.add("tracked", [text_of(n) for n in changes], count=len(changes))
        into.add(
            "reviewer", {attribute(n, "author") for n in changes}, count=len({attribute(n, "author") for n in changes})
        )
        hidden = [n for n in named(root, "vanish", "webHidden") if attribute(n, "val") not in ("0", "false", "off")]
        runs = [n.getparent().getparent() for n in hidden if n.getparent() is not None]
        into.add("hidden_text", [text_of(r) for r in runs if r is not None], count=len(hidden))
        if "header" in part or "footer" in part:
            text = text_of(root)
            into.add("header_footer", [text], count=int(bool(text)))


def _comments(document: Package, into: Gathered) -> None:
    for _, root in document.xml(r"word/comments(?:Extended|Ids)?\.xml"):
        notes = named(root, "comment")
        into.add("comment", [text_of(n) for n in notes], count=len(notes))
        people = {attribute(n, "author") for n in notes} - {""}
        into.add("reviewer", people, count=len(people))
    for _, root in document.xml(r"word/people\.xml"):
        people = {attribute(n, "author") for n in named(root, "person")} - {""}
        into.add("reviewer", people, count=len(people))
    for _, root in document.xml(r"word/settings\.xml"):
        told = [f"{attribute(n, 'name')}: {attribute(n, 'val')}" for n in named(root, "docVar")]
        into.add("custom_data", told, count=len(told))
