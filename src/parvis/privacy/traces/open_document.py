"""LibreOffice documents, texts and workbooks: properties, comments, tracked changes, what is hidden, copies of other files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from parvis.privacy.trace import Gathered, Package, attribute, local, named, people_in, text_of, xml_root
from parvis.tables import package
from parvis.tables.table import Limits
from parvis.values import msg

TITLE = msg("Document LibreOffice")
SUFFIXES = (".ods", ".odt", ".odp", ".odg", ".ots", ".ott", ".fods", ".fodt")

_PEOPLE = ("initial-creator", "creator", "printed-by")
_ABOUT = ("title", "subject", "description", "keyword")
_HIDDEN = ("collapse", "filter")
_FLAT = 64 << 20  # bytes of a document in one XML file


def recognises(head: bytes, name: str) -> bool:
    if head[:4] == b"PK\3\4":
        return b"mimetype" in head[30:60] or name.endswith(SUFFIXES)
    return b"office:document" in head and b"opendocument" in head


def look(path: Path, name: str, into: Gathered) -> None:
    with path.open("rb") as stream:
        flat = stream.read(4) != b"PK\3\4"
    if flat:
        root = xml_root(path.read_bytes()[:_FLAT])
        if root is not None:
            _meta(root, into)
            _content(root, into)
        return
    with package.opened(path, Limits()) as held:
        document = Package(held, path.stat().st_size)
        for _, root in document.xml(r"meta\.xml"):
            _meta(root, into)
        for _, root in document.xml(r"(?:Object[^/]*/)?content\.xml"):
            _content(root, into)
        for _, root in document.xml(r"styles\.xml"):
            told = [text_of(n) for n in named(root, "header", "footer", "header-left", "footer-left")]
            into.add("header_footer", told, count=sum(bool(people_in([t])) for t in told))
        into.add("thumbnail", count=int(bool(document.matching(r"Thumbnails/.*"))))
        into.add("macro", count=int(bool(document.matching(r"(?:Basic|Scripts)/.*\.xml|Scripts/.*"))))
        joined = document.matching(r"Object[^/]*/content\.xml")
        into.add("embedded", count=len(joined))
        for picture in document.matching(r"Pictures/.*\.(?:jpe?g|png|tiff?|webp)"):
            into.picture(document.data(picture))


def _meta(root: Any, into: Gathered) -> None:
    people = {t for t in (text_of(n) for n in named(root, *_PEOPLE) if local(n.getparent()) == "meta") if t}
    into.add("author", people, count=int(bool(people)))
    about = [t for t in (text_of(n) for n in named(root, *_ABOUT) if local(n.getparent()) == "meta") if t]
    own = [f"{attribute(n, 'name')}: {text_of(n)}" for n in named(root, "user-defined") if text_of(n)]
    into.add("property", [*about, *own], count=len(about) + len(own))
    paths = [attribute(n, "href") for n in named(root, "template", "auto-reload")]
    into.add("path", paths, count=sum(bool(re.match(r"(?:file:|\.\./|/|[A-Z]:)", p)) for p in paths))


def _content(root: Any, into: Gathered) -> None:
    notes = named(root, "annotation")
    into.add("comment", [text_of(n) for n in notes], count=len(notes))
    people = {text_of(c) for n in notes for c in named(n, "creator")} - {""}
    changes = [n for x in named(root, "tracked-changes") for n in x if local(n)]
    into.add("tracked", [text_of(n) for n in changes], count=len(changes))
    people |= {text_of(c) for n in changes for c in named(n, "creator")} - {""}
    into.add("reviewer", people, count=len(people))
    hidden = named(root, "hidden-text", "hidden-paragraph") + _unseen(root)
    into.add("hidden_text", [text_of(n) or attribute(n, "string-value") for n in hidden], count=len(hidden))
    _tables(root, into)


def _unseen(root: Any) -> list[Any]:
    """Return the passages whose style is not to be shown."""
    styles = {
        attribute(n.getparent(), "name")
        for n in named(root, "text-properties")
        if attribute(n, "display") in ("none", "true") and attribute(n, "display") == "none"
    }
    return [n for n in named(root, "span", "p", "section") if attribute(n, "style-name") in styles - {""}] + [
        n for n in named(root, "section") if attribute(n, "display") == "none"
    ]


def _tables(root: Any, into: Gathered) -> None:
    shut = {
        attribute(n.getparent(), "name") for n in named(root, "table-properties") if attribute(n, "display") == "false"
    }
    personal = []
    for table in named(root, "table"):
        title = attribute(table, "name")
        if "#$" in title or title.startswith("'file:"):  # what is kept of another file
            into.add("external_link", [text_of(table)], count=len(named(table, "table-cell")))
            continue
        personal += [title] if people_in([title]) else []
        into.add(
            "hidden_sheet", [text_of(table)], count=int(attribute(table, "style-name") in shut - {""}), sheet=title
        )
        for kind, tag in (("hidden_rows", "table-row"), ("hidden_columns", "table-column")):
            count = sum(
                min(int(attribute(n, f"number-{tag[6:]}s-repeated") or 1), 100_000)
                for n in table
                if local(n) == tag and attribute(n, "visibility") in _HIDDEN
            )
            into.add(kind, count=count, sheet=title)
    into.add("sheet_name", personal, count=len(personal))
