"""Word (DOCX): the tables of a text document, as a printed page would show them.

Deleted text, moved text at its old place, hidden text, comments and embedded files are left out, and said.
Format: ECMA-376, part 1, WordprocessingML.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.tables import document, markup, package
from parvis.values import Finding, msg

TITLE = "Tableaux d'un document Word (DOCX)"
SUFFIXES = (".docx", ".docm", ".dotx")

_MAIN = "word/document.xml"
_GONE = ("del", "moveFrom", "Fallback", "tbl", "instrText", "delText")  # what is not read inside a cell
_WRAPS = ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo")


def recognises(path: Path, head: bytes) -> float:
    if not head.startswith(b"PK"):
        return 0.0
    try:
        with zipfile.ZipFile(path) as archive:
            return 0.95 if _MAIN in archive.namelist() else 0.0
    except (zipfile.BadZipFile, OSError, ValueError):
        return 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the tables of the document into the sink, each under its caption.

    Raises: InputError when no table stands in it.
    """
    main: Path = sink.path(".xml")
    try:
        with package.opened(path, sink.limits) as archive:
            meter = package.Meter(sink.limits, path.stat().st_size)
            _unpack(archive, _MAIN, main, meter)
            comments = _comments(archive, meter)
            macros = "word/vbaProject.bin" in archive.namelist()
            inside = sum(n.startswith("word/embeddings/") and not n.endswith("/") for n in archive.namelist())
        page = _Page()
        page.read(main)
    finally:
        main.unlink(missing_ok=True)
    document.put(sink, page.grids, format="docx", encoding="utf-8")
    if not sink.tables:
        raise document.no_table(page.tracked > 0, comments, page.hidden, macros, inside)
    hides = {"tracked": page.tracked, "comments": comments, "hidden": page.hidden, "inside": inside}
    return list(document.remarks(**hides, macros=macros))


def _unpack(archive: zipfile.ZipFile, member: str, target: Path, meter: package.Meter) -> None:
    with target.open("wb") as out:
        for chunk in package.chunks(archive, member, meter):
            out.write(chunk)
    document.guard(target, msg("Ce document Word contient des définitions XML interdites (DOCTYPE, entités)."))


def _comments(archive: zipfile.ZipFile, meter: package.Meter) -> int:
    if "word/comments.xml" not in archive.namelist():
        return 0
    data = b"".join(package.chunks(archive, "word/comments.xml", meter))
    return data.count(b"<w:comment ")


class _Page:
    """What is met while the document goes by."""

    def __init__(self) -> None:
        self.grids: list[document.Grid] = []
        self.tracked = self.hidden = 0
        self._above = ""

    def read(self, path: Path) -> None:
        for _, node in markup.elements(path, ["{*}tbl", "{*}p"]):
            if next(node.iterancestors("{*}tbl"), None) is not None:
                continue
            self._count(node)
            if markup.local(node) == "tbl":
                for table in node.iter(node.tag):
                    self.grids.append(_grid(table, self._above))
                self._above = ""
            elif text := _text(node):
                self._above = document.caption(text)
            markup.drop(node)

    def _count(self, node: Any) -> None:
        self.tracked += sum(1 for _ in node.iter("{*}del", "{*}ins", "{*}moveFrom", "{*}moveTo"))
        self.hidden += sum(1 for mark in node.iter("{*}vanish") if _on(mark) and _says_something(mark))


def _grid(table: Any, caption: str) -> document.Grid:
    """Return a table's cells; a cell goes down as long as those under it say that they continue it (vMerge)."""
    grid = document.Grid(caption)
    open_cells: dict[int, tuple[int, int, int]] = {}  # column -> first line, line reached, columns covered
    line = 0
    for row in document.children(table, ("tr",), _WRAPS):
        if row.find("{*}trPr/{*}del") is not None:
            continue
        column = _number(row, "{*}trPr/{*}gridBefore", 0)
        for cell in document.children(row, ("tc",), _WRAPS):
            across = min(max(_number(cell, "{*}tcPr/{*}gridSpan", 1), 1), document.SPAN)
            merge = cell.find("{*}tcPr/{*}vMerge")
            if merge is not None and _value(merge) != "restart" and column in open_cells:
                first, _, width = open_cells[column]
                open_cells[column] = (first, line, width)
                grid.go_on(line, column, first, across)
            else:
                _close(grid, open_cells.pop(column, None), column)
                text = _text(cell)
                grid.put(line, column, text, across)
                if not text and (colour := _colour(cell)):
                    grid.colours[line, column] = colour
                if merge is not None:
                    open_cells[column] = (line, line, across)
            column += across
        line += 1
    for column, opened in open_cells.items():
        _close(grid, opened, column)
    return grid


def _colour(cell: Any) -> str:
    shade = cell.find("{*}tcPr/{*}shd")
    if shade is None:
        return ""
    fill = next((v for k, v in shade.attrib.items() if k.endswith("}fill")), "")
    return fill if len(fill) == 6 else ""


def _close(grid: document.Grid, opened: tuple[int, int, int] | None, column: int) -> None:
    if opened is not None and opened[1] > opened[0]:
        grid.merged.append((opened[0] + 1, column, opened[1] + 1, column + opened[2] - 1))


def _text(node: Any) -> str:
    """Return the text that a printed page would show; paragraphs and line ends become spaces."""
    return " ".join("".join(_pieces(node)).split())


def _pieces(node: Any) -> Iterator[str]:
    for child in node:
        kind = markup.local(child) if isinstance(child.tag, str) else ""
        if not kind or kind in _GONE or (kind == "r" and _vanished(child)):
            continue
        if kind == "t":
            yield child.text or ""
        elif kind in ("tab", "br", "cr"):
            yield " "
        elif kind == "noBreakHyphen":
            yield "-"
        else:
            yield from _pieces(child)
            if kind == "p":
                yield " "


def _vanished(run: Any) -> bool:
    mark = run.find("{*}rPr/{*}vanish")
    return mark is not None and _on(mark)


def _on(mark: Any) -> bool:
    return _value(mark) not in ("0", "false", "off")


def _says_something(mark: Any) -> bool:
    run = next(mark.iterancestors("{*}r"), None)
    return run is not None and any((t.text or "").strip() for t in run.iter("{*}t"))


def _value(node: Any) -> str:
    return next((v for k, v in node.attrib.items() if k.rpartition("}")[2] == "val"), "")


def _number(node: Any, path: str, default: int) -> int:
    found = node.find(path)
    value = _value(found) if found is not None else ""
    return min(int(value), document.SPAN) if value.isdigit() and len(value) < 6 else default
