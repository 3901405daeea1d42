"""What DOCX, XLSX and PPTX have in common: properties, paths, joined files, pictures, macros. Format: ECMA-376."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parvis.privacy.trace import Gathered, Package, attribute, local, named, text_of
from parvis.tables import package
from parvis.tables.table import Limits

_PEOPLE = ("creator", "lastModifiedBy")
_ABOUT = ("title", "subject", "description", "keywords", "category", "contentStatus")
_OWNERS = ("Manager", "Company")
_PATH = re.compile(r"(?:file:/+|[A-Za-z]:[\\/]|\\\\)[^\"<>]{3,300}")
_USERS = re.compile(
    r"[\\/](?:users|utilisateurs|documents and settings|home|profils?)[\\/]+([^\\/\"<>]{2,60})", re.IGNORECASE
)
_PICTURES = re.compile(r"\.(?:jpe?g|png|tiff?|webp|heic)$", re.IGNORECASE)
_MOST = 200  # pictures that are opened


def is_package(head: bytes, part: bytes) -> bool:
    """Return whether a file is a ZIP whose first members are those of such a document."""
    return head[:4] == b"PK\3\4" and (part in head or b"[Content_Types].xml" in head or b"_rels/.rels" in head)


@contextmanager
def opened(path: Path) -> Iterator[Package]:
    """Give the members of a document. Raises: as ``package.opened``."""
    with package.opened(path, Limits()) as held:
        yield Package(held, path.stat().st_size)


def common(document: Package, into: Gathered) -> None:
    """Note what any of these documents may hide."""
    _properties(document, into)
    _paths(document, into)
    into.add("thumbnail", count=int(bool(document.matching(r"docProps/thumbnail\..*"))))
    into.add("macro", count=int(bool(document.matching(r".*vbaProject\.bin"))))
    joined = document.matching(r".*/embeddings/.*")
    into.add("embedded", [n.rpartition("/")[2] for n in joined], count=len(joined))
    for name in [n for n in document.names if _PICTURES.search(n) and "thumbnail" not in n.lower()][:_MOST]:
        into.picture(document.data(name))
    for _, root in document.xml(r"customXml/item\d+\.xml"):
        texts = [text_of(root), *(str(v) for n in root.iter() for v in getattr(n, "attrib", {}).values())]
        into.add("custom_data", texts, count=int(any(t.strip() for t in texts[:1])))


def _properties(document: Package, into: Gathered) -> None:
    for _, root in document.xml(r"docProps/core\.xml"):
        people = [text_of(n) for n in named(root, *_PEOPLE)]
        into.add("author", people, count=int(any(people)))
        about = [t for t in (text_of(n) for n in named(root, *_ABOUT)) if t]
        into.add("property", about, count=len(about))
    for _, root in document.xml(r"docProps/app\.xml"):
        owners = [t for t in (text_of(n) for n in named(root, *_OWNERS)) if t]
        into.add("author", [text_of(n) for n in named(root, "Manager")], count=int(bool(owners)))
    for _, root in document.xml(r"docProps/custom\.xml"):
        told = [f"{attribute(n, 'name')}: {text_of(n)}" for n in named(root, "property")]
        into.add("property", told, count=len(told))


def _paths(document: Package, into: Gathered) -> None:
    """Note the folders of a computer that links to templates, pictures and other files keep."""
    found, accounts = [], []
    for _, root in document.xml(r".*\.rels"):
        for node in root.iter():
            if local(node) == "Relationship" and _PATH.match(attribute(node, "Target")):
                found.append(attribute(node, "Target"))
    for target in found:
        accounts += [m[1].replace("%20", " ").replace(".", " ") for m in _USERS.finditer(target)]
    into.add("path", found, count=len(found))
    into.add("account", accounts, count=len(set(accounts)))
