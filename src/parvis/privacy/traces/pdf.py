"""PDF: who made it, annotations, letters under a cache, earlier states, hidden layers, joined files, photos within."""

from __future__ import annotations

import logging
import re
import struct
import zlib
from pathlib import Path
from typing import Any

from parvis.privacy.trace import Gathered, people_in, text_of, xml_root
from parvis.tables import covered
from parvis.values import msg

TITLE = msg("PDF")
SUFFIXES = (".pdf",)

_PAGES = 250
_PICTURES = 100
_DRAWING = 60_000  # objects of a page beyond which covers are not looked for: it is a plan
_DEEP = 6
_BROKEN = (ValueError, TypeError, KeyError, AttributeError, IndexError, AssertionError, RecursionError, OverflowError,
           NotImplementedError, OSError, zlib.error, struct.error)  # fmt: skip  # what pdfminer lets out on a damaged file
_SILENT = frozenset({"Link", "Widget", "Popup", "PrinterMark", "TrapNet"})


def recognises(head: bytes, name: str) -> bool:
    return b"%PDF-" in head[:1024]


def look(path: Path, name: str, into: Gathered) -> None:
    import pdfplumber

    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    into.add("earlier_version", count=_earlier(path.read_bytes()))
    with pdfplumber.open(path) as pdf:
        _about(pdf, into)
        _catalog(pdf.doc, into)
        pictures = 0
        for number, page in enumerate(pdf.pages[:_PAGES], 1):
            try:
                _page(page, number, into)
                pictures += _images(page, into, _PICTURES - pictures)
            except _BROKEN:
                continue
            finally:
                page.close()


def _earlier(data: bytes) -> int:
    """Return how many states lie under the last one: each save after the first adds its own end to the file."""
    ends = len(re.findall(rb"startxref\s+\d+\s+%%EOF", data))
    linear = b"/Linearized" in data[:2048]  # made for the web: it has two ends from the start
    return max(0, ends - 1 - int(linear))


def _about(pdf: Any, into: Gathered) -> None:
    told = {str(k): str(v) for k, v in (pdf.metadata or {}).items()}
    into.add("author", [told.get("Author", "")], count=int(bool(told.get("Author", "").strip())))
    rest = [
        v for k, v in told.items() if k not in ("Author", "Producer", "Creator", "CreationDate", "ModDate", "Trapped")
    ]
    rest = [v for v in rest if v.strip()]
    into.add("property", rest, count=len(rest))
    data = _stream(pdf.doc.catalog.get("Metadata"))
    root = xml_root(data) if data else None
    if root is not None:
        authors = [text_of(n) for n in root.iter() if isinstance(n.tag, str) and n.tag.endswith("}creator")]
        into.add("author", authors, count=int(any(authors)) if ("author", "") not in into.traces else 0)
        into.texts.get(("author", ""), []).extend(authors)


def _catalog(doc: Any, into: Gathered) -> None:
    from pdfminer.pdftypes import resolve1

    names = resolve1(doc.catalog.get("Names")) or {}
    files = _leaves(names.get("EmbeddedFiles"), 0) if isinstance(names, dict) else []
    into.add("embedded", files, count=len(files))
    form = resolve1(doc.catalog.get("AcroForm")) or {}
    filled = _fields(form.get("Fields"), 0) if isinstance(form, dict) else []
    into.add("form_field", filled, count=len(filled))
    layers = resolve1(doc.catalog.get("OCProperties")) or {}
    shown = resolve1(layers.get("D")) or {} if isinstance(layers, dict) else {}
    into.add("hidden_layer", count=len(resolve1(shown.get("OFF")) or ()) if isinstance(shown, dict) else 0)
    try:
        titles = [str(o[1]) for o in doc.get_outlines()]
    except Exception:  # pdfminer: a document without an outline, or with a broken one
        titles = []
    personal = [t for t in titles if people_in([t])]
    into.add("bookmark", personal, count=len(personal))


def _leaves(node: Any, depth: int) -> list[str]:
    """Return the names of joined files in a tree of names."""
    from pdfminer.pdftypes import resolve1

    tree = resolve1(node)
    if not isinstance(tree, dict) or depth > _DEEP:
        return []
    names = resolve1(tree.get("Names")) or []
    own = [_text(n) for n in list(names)[::2]]
    return own + [leaf for kid in resolve1(tree.get("Kids")) or [] for leaf in _leaves(kid, depth + 1)]


def _fields(node: Any, depth: int) -> list[str]:
    from pdfminer.pdftypes import resolve1

    out = []
    for kid in resolve1(node) or []:
        one = resolve1(kid)
        if isinstance(one, dict) and depth <= _DEEP:
            value = _text(resolve1(one.get("V")))
            out += [value] if value.strip() else []
            out += _fields(one.get("Kids"), depth + 1)
    return out


def _page(page: Any, number: int, into: Gathered) -> None:
    notes = [a for a in page.annots if covered.annotation(a) not in _SILENT]
    said = [" ".join(_text(a["data"].get(k)) for k in ("Contents", "T", "RC")) for a in notes]
    into.add("annotation", said, count=len(notes), page=number)
    if sum(len(v) for v in page.objects.values()) > _DRAWING:
        return
    letters = covered.covered(page, pictures=True)
    text = "".join(k[0] for k in sorted(letters, key=lambda k: (-k[2], k[1]))) if letters else ""
    into.add("covered", [text, *_lines(page, letters)], count=len(letters), page=number)


def _lines(page: Any, letters: set[covered.Key]) -> list[str]:
    """Return the covered letters as lines with their spaces, for people to be recognised in them."""
    if not letters:
        return []
    kept = page.filter(lambda o: o.get("object_type") != "char" or o["text"].isspace() or covered.key(o) in letters)
    return (kept.extract_text(x_tolerance=1.5) or "").splitlines()


def _images(page: Any, into: Gathered, room: int) -> int:
    """Look into the photos of a page, which keep what the camera wrote."""
    seen = 0
    for image in page.images[: max(room, 0)]:
        stream = image.get("stream")
        raw = getattr(stream, "rawdata", None)
        if raw and raw[:3] == b"\xff\xd8\xff":
            into.picture(bytes(raw))
            seen += 1
    return seen


def _stream(node: Any) -> bytes:
    from pdfminer.pdftypes import resolve1

    found = resolve1(node)
    try:
        return bytes(found.get_data()) if hasattr(found, "get_data") else b""
    except _BROKEN:
        return b""


def _text(value: Any) -> str:
    from pdfminer.utils import decode_text

    if isinstance(value, bytes):
        return decode_text(value)
    return "" if value is None else str(getattr(value, "name", value))
