"""PowerPoint presentations: notes, hidden slides, comments and their authors, and what any Office file may hide."""

from __future__ import annotations

from pathlib import Path

from parvis.privacy import ooxml
from parvis.privacy.trace import Gathered, attribute, named, text_of
from parvis.values import msg

TITLE = msg("Présentation PowerPoint")
SUFFIXES = (".pptx", ".pptm", ".ppsx", ".potx")


def recognises(head: bytes, name: str) -> bool:
    return ooxml.is_package(head, b"ppt/") and (name.endswith(SUFFIXES) or b"ppt/" in head)


def look(path: Path, name: str, into: Gathered) -> None:
    with ooxml.opened(path) as document:
        if not document.matching(r"ppt/presentation\.xml"):
            return
        ooxml.common(document, into)
        for _, root in document.xml(r"ppt/notesSlides/.*\.xml"):
            text = text_of(root)
            into.add("notes", [text], count=int(any(c.isalpha() for c in text)))
        for _, root in document.xml(r"ppt/slides/slide\d+\.xml"):
            into.add("hidden_slide", [text_of(root)], count=int(attribute(root, "show") in ("0", "false")))
        for _, root in document.xml(r"ppt/comments/.*\.xml"):
            notes = named(root, "cm")
            into.add("comment", [text_of(n) for n in notes], count=len(notes))
        for _, root in document.xml(r"ppt/(?:commentAuthors|authors)\.xml"):
            people = {attribute(n, "name") for n in named(root, "cmAuthor", "author")} - {""}
            into.add("reviewer", people, count=len(people))
