"""Excel workbooks: hidden sheets, rows and columns, comments, pivot caches, copies of other files, names, connections."""

from __future__ import annotations

import re
from pathlib import Path

from parvis.privacy import ooxml
from parvis.privacy.trace import Gathered, Package, attribute, local, named, people_in, text_of
from parvis.values import msg

TITLE = msg("Classeur Excel")
SUFFIXES = (".xlsx", ".xlsm", ".xltx", ".xltm", ".xlsb")

_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_COLUMN = re.compile(rb"<(?:\w+:)?col\b([^>]*)/?>")
_HIDDEN = re.compile(rb"""\bhidden=["'](?:1|true)["']""")
_SPAN = re.compile(rb"""\b(min|max)=["'](\d+)["']""")
_NUMBER = re.compile(rb"""\br=["'](\d+)["']""")
_HEADERS = re.compile(rb"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)>(.*?)</", re.DOTALL)
_FILTERS = ("_xlnm.", "_FilterDatabase", "Print_", "Zone_d_impression")
_COLUMNS = 16_384  # of a sheet: « all those on the right » are not columns that were hidden


def recognises(head: bytes, name: str) -> bool:
    return ooxml.is_package(head, b"xl/") and (name.endswith(SUFFIXES) or b"xl/" in head)


def look(path: Path, name: str, into: Gathered) -> None:
    with ooxml.opened(path) as document:
        if not document.matching(r"xl/workbook\.(?:xml|bin)"):
            return
        ooxml.common(document, into)
        sheets = _sheets(document, into)
        for part, title in sheets.items():
            _sheet(document, part, title, into)
        _comments(document, into)
        _copies(document, into)


def _sheets(document: Package, into: Gathered) -> dict[str, str]:
    """Return member -> title of the sheets, once hidden ones and names are noted."""
    targets: dict[str, str] = {}
    for _, root in document.xml(r"xl/_rels/workbook\.xml\.rels"):
        for node in named(root, "Relationship"):
            target = attribute(node, "Target").lstrip("/")
            targets[attribute(node, "Id")] = target if target.startswith("xl/") else f"xl/{target}"
    out, personal = {}, []
    for _, root in document.xml(r"xl/workbook\.xml"):
        for node in named(root, "sheet"):
            title = attribute(node, "name")
            out[targets.get(attribute(node, "id"), "")] = title
            personal += [title] if people_in([title]) else []
            into.add("hidden_sheet", count=int(attribute(node, "state") in ("hidden", "veryHidden")), sheet=title)
        _names(root, into)
    into.add("sheet_name", personal, count=len(personal))
    return {part: title for part, title in out.items() if part in document.names}


def _names(root: object, into: Gathered) -> None:
    told = []
    for node in named(root, "definedName"):
        name = attribute(node, "name")
        text = name.replace("_", " ").replace(".", " ")
        hidden = attribute(node, "hidden") in ("1", "true")
        if not name.startswith(_FILTERS) and (hidden or people_in([text, text_of(node)])):
            told.append(f"{text}: {text_of(node)}")
    into.add("defined_name", told, count=len(told))


def _sheet(document: Package, part: str, title: str, into: Gathered) -> None:
    rows, columns, headers = set[bytes](), set[int](), set[bytes]()
    for window in document.windows(part):
        rows |= {n[1] for m in _ROW.finditer(window) if _HIDDEN.search(m[1]) and (n := _NUMBER.search(m[1]))}
        for found in _COLUMN.finditer(window):
            span = {k.decode(): int(v) for k, v in _SPAN.findall(found[1])}
            if _HIDDEN.search(found[1]) and span.get("max", _COLUMNS) < _COLUMNS:
                columns |= set(range(span.get("min", 1), span["max"] + 1))
        headers |= {m[1] for m in _HEADERS.finditer(window)}
    into.add("hidden_rows", count=len(rows), sheet=title)
    into.add("hidden_columns", count=len(columns), sheet=title)
    plain = [re.sub(r"&(?:amp;)?(?:[LCRPNDTFAZG]|\"[^\"]*\"|\d+)", " ", h.decode("utf-8", "replace")) for h in headers]
    into.add("header_footer", plain, count=len([p for p in plain if people_in([p])]), sheet=title)


def _comments(document: Package, into: Gathered) -> None:
    for _, root in document.xml(r"xl/comments.*\.xml|xl/threadedComments/.*\.xml"):
        notes = named(root, "comment", "threadedComment")
        into.add(
            "comment", [text_of(n) for n in notes], count=len(notes), cell=attribute(notes[0], "ref") if notes else ""
        )
        people = {text_of(n) for n in named(root, "author")} - {""}
        into.add("reviewer", people, count=len(people))
    for _, root in document.xml(r"xl/persons/.*\.xml"):
        people = {attribute(n, "displayName") for n in named(root, "person")} - {""}
        into.add("reviewer", people, count=len(people))


def _copies(document: Package, into: Gathered) -> None:
    """Note the copies of cells that no sheet shows, and where they come from."""
    for name in document.matching(r"xl/pivotCache/pivotCacheRecords\d*\.xml"):
        count = sum(len(re.findall(rb"<(?:\w+:)?r(?:\s|>)", w)) for w in document.windows(name))
        into.add("pivot_cache", count=count)
    for _, root in document.xml(r"xl/pivotCache/pivotCacheDefinition\d*\.xml"):
        shared = [attribute(n, "v") for n in named(root, "s")]
        into.add(
            "pivot_cache",
            shared,
            count=int(bool(shared)) if not document.matching(r"xl/pivotCache/pivotCacheRecords.*") else 0,
        )
        if shared and ("pivot_cache", "") in into.texts:
            into.texts["pivot_cache", ""] += shared
        people = [t for t in (attribute(root, "refreshedBy"),) if t]
        into.add("reviewer", people, count=len(people))
    for _, root in document.xml(r"xl/externalLinks/externalLink\d+\.xml"):
        cells = [text_of(n) for n in named(root, "v")]
        into.add("external_link", cells, count=len(cells) or 1)
    for _, root in document.xml(r"xl/connections\.xml"):
        told = [" ".join(str(v) for v in n.attrib.values()) for n in root.iter() if local(n)]
        into.add("connection", told, count=len(named(root, "connection")))
    changes = document.matching(r"xl/revisions/revisionLog\d+\.xml")
    into.add("tracked", count=len(changes))
