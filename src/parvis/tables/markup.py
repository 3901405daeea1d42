"""XML read as a stream, with nothing of what makes it dangerous: no DOCTYPE, no entity, no outside file.

A DOCTYPE is refused before the parser sees the file: it can only stand before the first element.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from parvis.errors import InputError

_PROLOG = 1 << 20  # bytes before the first element
_SKIPPED = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->|\xef\xbb\xbf|\xff\xfe|\xfe\xff", re.DOTALL)
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")
CARDS = ("MD_Metadata", "MI_Metadata", "metadata", "GetRecordsResponse", "GetRecordByIdResponse", "FC_FeatureCatalogue")
_KNOWN = ("utf-8", "utf8", "iso-8859-1", "iso-8859-15", "latin1", "windows-1252", "us-ascii", "ascii", "utf-16",
          "utf-16le", "utf-16be")  # fmt: skip


def looks(head: bytes) -> str:
    """Return the name of the first element of an XML file, without its prefix; "" when it is no XML."""
    bare = head.replace(b"\x00", b"") if b"\x00" in head[:200] else head
    at = _after_prolog(bare)
    if bare[at : at + 2] == b"<!":
        inside = re.search(rb"<!DOCTYPE\s+(?:[\w.-]+:)?([\w.-]+)", bare[at:], re.IGNORECASE)
        return inside[1].decode("ascii", "replace") if inside else "?"
    found = re.match(rb"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)", bare[at:])
    return found[1].decode("ascii", "replace") if found else ""


def _after_prolog(data: bytes) -> int:
    at = 0
    while skipped := _SKIPPED.match(data, at):
        at = skipped.end()
    return at


def guard(path: Path) -> None:
    """Refuse what an XML file of data never needs.

    Raises: InputError for a DOCTYPE, for entities and for a rare encoding that could hide them.
    """
    with path.open("rb") as stream:
        head = stream.read(_PROLOG)
    wide = b"\x00" in head[:200]
    bare = head.replace(b"\x00", b"") if wide else head
    said = _ENCODING.search(bare[:400])
    if said and said[1].decode("ascii").lower() not in _KNOWN:
        raise InputError(
            "Ce fichier XML est écrit dans un encodage inattendu (« {encoding} »).",
            "Enregistrez-le en UTF-8, puis renvoyez-le.",
            encoding=said[1].decode("ascii")[:30],
            code="xml.encoding",
        )
    at = _after_prolog(bare)
    if not re.match(rb"<[A-Za-z_]", bare[at : at + 2]):
        raise forbidden() if bare[at : at + 2] == b"<!" else broken(bare.count(b"\n", 0, at) + 1)


def forbidden() -> InputError:
    return InputError(
        "Ce fichier XML contient une déclaration interdite (DOCTYPE ou entités) : il est refusé.",
        "Demandez à votre éditeur un export sans DOCTYPE.",
        code="xml.doctype",
    )


def broken(line: int) -> InputError:
    return InputError(
        "Ce fichier XML est mal formé ou incomplet, ligne {line} : il ne peut pas être lu.",
        "Refaites l'export, puis renvoyez-le.",
        line=line,
        code="xml.broken",
    )


def elements(path: Path, tags: Sequence[str] | None = None, starts: bool = False) -> Iterator[Any]:
    """Yield (event, element) as the elements with these tags (``{*}name``) end, and start when ``starts``.

    Whoever takes an element empties it with ``drop`` once read. The file must have passed ``guard``.
    """
    from lxml import etree  # not for the files, most of them, whose first bytes say that they are no XML

    with path.open("rb") as stream:
        parser = etree.iterparse(
            stream,
            events=("start", "end") if starts else ("end",),
            tag=tags,
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            for event, element in parser:
                if isinstance(element.tag, str):
                    yield event, element
        except etree.XMLSyntaxError as error:
            # The parser's own log says the line where the error does not; the error's holds other files' lines too.
            said = [entry.line for entry in parser.error_log]
            raise broken(error.lineno or max(said, default=1)) from error


def drop(element: Any, alike: bool = False) -> None:
    """Free an element that was read, and those before it (``alike``: only those of its own name)."""
    element.clear(keep_tail=False)
    parent = element.getparent()
    before = element.getprevious()
    while before is not None and (not alike or before.tag == element.tag):
        parent.remove(before)
        before = element.getprevious()


def local(element: Any) -> str:
    """Return the name of an element, or of an attribute, without its prefix."""
    return str(_qualified()(element).localname)


@cache
def _qualified() -> Any:
    from lxml import etree

    return etree.QName
