"""LibreOffice text (ODT and its flat form FODT): the tables of a text document, as a printed page would show them.

Deleted text, hidden text, comments and embedded files are left out, and said. Format: OpenDocument 1.3, part 3.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import document, markup, package
from parvis.values import Finding, msg

TITLE = "Tableaux d'un document LibreOffice (ODT)"
SUFFIXES = (".odt", ".ott", ".fodt")

_KIND = b"application/vnd.oasis.opendocument.text"
_GONE = (
    "annotation",
    "annotation-end",
    "tracked-changes",
    "note",
    "table",
    "hidden-text",
    "ruby-text",
    "title",
    "desc",
)
_WRAPS = ("table-header-rows", "table-rows", "table-row-group", "table-columns", "table-header-columns")


def recognises(path: Path, head: bytes) -> float:
    if markup.looks(head) == "document" and _KIND in head[:8000]:
        return 0.95
    if not head.startswith(b"PK"):
        return 0.0
    if _KIND in head[:200]:
        return 0.95
    try:
        with zipfile.ZipFile(path) as archive:
            return 0.95 if "mimetype" in archive.namelist() and archive.read("mimetype")[:60].startswith(_KIND) else 0.0
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
        return 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the tables of the document into the sink, each under its caption.

    Raises: InputError when no table stands in it.
    """
    with path.open("rb") as stream:
        packed = stream.read(2) == b"PK"
    inside, macros = 0, False
    main: Path = sink.path(".xml") if packed else path
    try:
        if packed:
            inside, macros = _unpack(path, main, sink)
        document.guard(main, msg("Ce document contient des définitions XML interdites (DOCTYPE, entités)."))
        page = _Page()
        page.read(main)
    finally:
        if packed:
            main.unlink(missing_ok=True)
    document.put(sink, page.grids, format="odt", encoding="utf-8")
    if not sink.tables:
        raise document.no_table(page.tracked > 0, page.comments, page.hidden, macros, inside)
    hides = {"tracked": page.tracked, "comments": page.comments, "hidden": page.hidden, "inside": inside}
    return list(document.remarks(**hides, macros=macros))


def _unpack(path: Path, target: Path, sink: Any) -> tuple[int, bool]:
    """Write the document's content at ``target``; return how many files it holds beside, and whether it has macros."""
    with package.opened(path, sink.limits) as archive, target.open("wb") as out:
        names = archive.namelist()
        meter = package.Meter(sink.limits, path.stat().st_size)
        if "META-INF/manifest.xml" in names:
            manifest = b"".join(package.chunks(archive, "META-INF/manifest.xml", meter))
            if b"encryption-data" in manifest:
                raise InputError(
                    "Ce document est protégé par un mot de passe.",
                    "Enregistrez-en une copie sans mot de passe, puis renvoyez-la.",
                    code="document.password",
                )
        if "content.xml" not in names:
            raise package.damaged()
        for chunk in package.chunks(archive, "content.xml", meter):
            out.write(chunk)
    macros = any(n.startswith(("Basic/", "Scripts/")) and not n.endswith("/") for n in names)
    return len({n.partition("/")[0] for n in names if n.startswith("Object ")}), macros


class _Page:
    """What is met while the document goes by."""

    def __init__(self) -> None:
        self.grids: list[document.Grid] = []
        self.tracked = self.comments = self.hidden = 0
        self._above = ""

    def read(self, path: Path) -> None:
        wanted = ["{*}table", "{*}p", "{*}h", "{*}changed-region"]
        for _, node in markup.elements(path, wanted):
            kind = markup.local(node)
            if kind == "changed-region":
                self.tracked += 1
                markup.drop(node)
                continue
            if any(markup.local(a) in ("table", "changed-region", "annotation") for a in node.iterancestors()):
                continue
            self.comments += sum(1 for _ in node.iter("{*}annotation"))
            self.hidden += sum(1 for _ in node.iter("{*}hidden-text", "{*}hidden-paragraph"))
            if kind == "table":
                for table in node.iter(node.tag):
                    self.grids.append(_grid(table, self._above))
                self._above = ""
            elif text := _text(node):
                self._above = document.caption(text)
            markup.drop(node)


def _grid(table: Any, caption: str) -> document.Grid:
    grid = document.Grid(caption)
    line = 0
    for row in document.children(table, ("table-row",), _WRAPS):
        times = min(_number(row, "number-rows-repeated"), document.SPAN)
        for _ in range(times):
            column = 0
            for cell in document.children(row, ("table-cell", "covered-table-cell"), _WRAPS):
                repeated = min(_number(cell, "number-columns-repeated"), document.SPAN)
                if markup.local(cell) == "table-cell":
                    text = _text(cell)
                    across = min(_number(cell, "number-columns-spanned"), document.SPAN)
                    down = min(_number(cell, "number-rows-spanned"), 5000)
                    for place in range(repeated):
                        grid.put(line, column + place, text, across, down)
                column += repeated
            line += 1
    return grid


def _text(node: Any) -> str:
    """Return the text that a printed page would show; paragraphs and line ends become spaces."""
    return " ".join("".join(_pieces(node)).split())


def _pieces(node: Any) -> Iterator[str]:
    kind = markup.local(node)
    if kind in ("s", "tab", "line-break"):
        yield " "
    yield (node.text or "") if kind not in ("table-cell", "frame", "list", "list-item") else ""
    for child in node:
        if not isinstance(child.tag, str):
            yield child.tail or ""
            continue
        inner = markup.local(child)
        hidden = inner in _GONE or (inner == "p" and any(markup.local(c) == "hidden-paragraph" for c in child))
        if not hidden:
            yield from _pieces(child)
        if inner in ("p", "h"):
            yield " "
        else:
            yield child.tail or ""


def _attribute(node: Any, name: str) -> str:
    return next((v for k, v in node.attrib.items() if k.rpartition("}")[2] == name), "")


def _number(node: Any, name: str) -> int:
    value = _attribute(node, name)
    return max(int(value), 1) if value.isdigit() and len(value) < 8 else 1
