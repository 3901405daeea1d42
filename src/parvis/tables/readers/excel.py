"""Excel workbooks: XLSX, XLSM, XLSB and the old XLS.

The package is looked at by a guarded stream before the parser opens it: definitions of entities, sheets declared
over the whole grid and bombs are refused here, because they abort the parser.
"""

from __future__ import annotations

import mmap
import posixpath
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from parvis.tables import biff, package, workbook, xlsb
from parvis.values import Finding

TITLE = "Classeur Excel (XLSX, XLSM, XLSB, XLS)"
SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".xltx", ".xlt")

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CELLS = 40_000_000  # cells of the rectangle that a parser would allocate


def recognises(path: Path, head: bytes) -> float:
    if head.startswith(_OLE):
        return 0.9 if _ole_has(path, "Workbook", "Book", "EncryptedPackage") else 0.0
    if not head.startswith(b"PK"):
        return 0.9 if head[:4] in (b"\x09\x08\x10\x00", b"\x09\x04\x06\x00", b"\x09\x02\x06\x00") else 0.0
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        return 0.9 if b"xl/" in head and b"[Content_Types].xml" in head else 0.0
    return 0.95 if names & {"xl/workbook.xml", "xl/workbook.bin"} else 0.0


def _ole_has(path: Path, *names: str) -> bool:
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(n.encode("utf-16-le")) >= 0 for n in names)


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put every visible sheet into the sink."""
    with path.open("rb") as stream:
        packed = stream.read(2) == b"PK"
    if not packed:
        workbook.read(path, sink, "xls", biff.look(path))
        return [workbook.macros("xls")] if _ole_has(path, "_VBA_PROJECT") else []
    with package.opened(path, sink.limits) as archive:
        hidden = _look(archive, path, sink)
        binary = "xl/workbook.bin" in archive.namelist()
        if binary:
            hidden |= xlsb.look(archive, package.Meter(sink.limits, path.stat().st_size))
        macros = any(n.lower().endswith("vbaproject.bin") for n in archive.namelist())
    workbook.read(path, sink, "xlsb" if binary else "xlsx", hidden)
    return [workbook.macros("xlsx")] if macros else []


_FORMULAS = 100_000  # formulas without a result that are counted
_SHEET = re.compile(rb'<(?:\w+:)?sheet\b[^>]*?\bname="([^"]*)"[^>]*?\b\w+:id="([^"]*)"')
_LINK = re.compile(rb"<Relationship\b[^>]*>")
# No attribute holds « < », no tag is longer than what two windows share: one that never ends costs nothing.
_ROW = re.compile(rb'<(?:\w+:)?row\b[^<>]{0,900}?\bhidden="(?:1|true)"[^<>]{0,900}>')
_NUMBER = re.compile(rb'\br="(\d+)"')
_COLUMN = re.compile(rb'<(?:\w+:)?col\b[^<>]{0,900}?\bhidden="(?:1|true)"[^<>]{0,900}>')
_ERROR = re.compile(rb'<(?:\w+:)?c\b[^<>]{0,900}?\br="([A-Z]{1,3}\d{1,7})"[^<>]{0,900}\bt="e"')
_BLANK = re.compile(
    rb'<(?:\w+:)?c\b(?![^<>]{0,900}\bt="str")[^<>]{0,900}?\br="([A-Z]{1,3})(\d{1,7})"[^<>]{0,900}>'  # a text may be empty
    rb"<(?:\w+:)?f\b[^<>]{0,900}(?:/>|>[^<>]{0,900}</(?:\w+:)?f>)"
    rb"(?:<(?:\w+:)?v\s{0,9}/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)
_COMMENT = re.compile(rb'<(?:\w+:)?(?:comment|threadedComment)\b[^<>]{0,900}?\bref="([A-Z]{1,3})(\d{1,7})"')
_PAINTED = rb'<(?:\w+:)?c\b[^<>]{0,900}?\br="([A-Z]{1,3})(\d{1,7})"[^<>]{0,900}?\bs="(%s)"'
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension\b[^<>]{0,900}?\bref="[A-Z]{1,3}\d{1,7}:([A-Z]{1,2})(\d{1,7})"')
_FAR = re.compile(rb'r="([A-Z]{3})\d')
_CELL = re.compile(rb'\br="([A-Z]{1,3})\d')
_SINGLE = re.compile(rb"<\w[^<>]{0,900}?\s[\w:]+='")
_QUOTED = re.compile(rb"(\s[\w:]+=)'([^'\"<>]*)'")


def _look(archive: zipfile.ZipFile, path: Path, sink: Any) -> dict[str, workbook.Hidden]:
    """Stream every XML member once: refuse the bombs, note the hidden rows and columns by sheet name."""
    meter = package.Meter(sink.limits, path.stat().st_size)
    names = _sheet_names(archive, meter)
    notes = _comments(archive, names, meter)
    colours = _colours(archive, meter)
    out: dict[str, workbook.Hidden] = {}
    for member in archive.namelist():
        if not member.endswith((".xml", ".rels", ".vml")):
            continue
        windows = package.xml(archive, member, meter, "Ce classeur")
        if member in names:
            hidden = _look_at_sheet(windows, names[member], colours)
        else:
            hidden = workbook.Hidden()
            for window in windows:
                for column, row in _COMMENT.findall(window) if member in notes else ():
                    hidden.comment(int(row), workbook.column_index(column.decode()))
        if hidden:
            out.setdefault(names.get(member) or notes[member], workbook.Hidden()).add(hidden)
    return out


def _look_at_sheet(windows: Iterable[bytes], name: str, colours: Mapping[bytes, str]) -> workbook.Hidden:
    """Return what a sheet hides. Each window is first searched for the rare words, which costs ten times less."""
    hidden = workbook.Hidden()
    painted = re.compile(_PAINTED % b"|".join(colours)) if colours else None
    extent = _Extent(name)
    single = False  # whether attributes stand between single quotes, the way of some programs
    for number, given in enumerate(windows):
        if number == 0:
            single = _SINGLE.search(given) is not None
        window = _QUOTED.sub(rb'\1"\2"', given) if single else given
        if painted:
            for column, row, style in painted.findall(window):
                hidden.paint(colours[style], int(row), workbook.column_index(column.decode()))
        if b"hidden=" in window and (b'hidden="1"' in window or b'hidden="true"' in window):
            _note_hidden(window, hidden)
        if b't="e"' in window and len(hidden.errors) < 10_000:
            hidden.errors += [c.decode() for c in _ERROR.findall(window) if c.decode() not in hidden.errors[-50:]]
        if b"f>" in window or b"<f " in window:
            for column, row in _BLANK.findall(window) if len(hidden.blank) < _FORMULAS else ():
                hidden.blank[int(row), workbook.column_index(column.decode())] = None
        extent.look(window)
    return hidden


def _sheet_names(archive: zipfile.ZipFile, meter: package.Meter) -> dict[str, str]:
    """Return the sheets' names by the member that holds them."""
    try:
        book = b"".join(archive.read(n) for n in ("xl/workbook.xml",) if archive.getinfo(n).file_size < 8 << 20)
        links = archive.read("xl/_rels/workbook.xml.rels")
    except KeyError:
        return {}
    meter.count(len(book) + len(links))
    targets = {}
    for link in _LINK.findall(links):
        identifier, target = (re.search(rb'\b%s="([^"]*)"' % k, link) for k in (b"Id", b"Target"))
        if identifier and target:
            targets[identifier[1]] = target[1].decode("utf-8", "replace")
    out = {}
    for label, identifier in _SHEET.findall(book):
        place = targets.get(identifier, "")
        member = place.lstrip("/") if place.startswith("/") else f"xl/{place}"
        out[member] = _unescaped(label.decode("utf-8", "replace"))
    return out


def _comments(archive: zipfile.ZipFile, names: dict[str, str], meter: package.Meter) -> dict[str, str]:
    """Return the sheets by the members that hold the comments of their cells."""
    out = {}
    present = set(archive.namelist())
    for member, sheet in names.items():
        folder, _, name = member.rpartition("/")
        links = f"{folder}/_rels/{name}.rels"
        if links not in present or archive.getinfo(links).file_size > 1 << 20:
            continue
        content = archive.read(links)
        meter.count(len(content))
        for target in re.findall(rb'\bTarget="([^"]*[cC]omment[^"]*\.xml)"', content):
            place = target.decode("utf-8", "replace")
            out[place.lstrip("/") if place.startswith("/") else posixpath.normpath(f"{folder}/{place}")] = sheet
    return out


def _colours(archive: zipfile.ZipFile, meter: package.Meter) -> dict[bytes, str]:
    """Return the background of the styles that have one: number of the style -> colour. White is none."""
    name = "xl/styles.xml"
    if name not in archive.namelist() or archive.getinfo(name).file_size > 8 << 20:
        return {}
    content = archive.read(name)
    meter.count(len(content))
    fills = re.search(rb"<(?:\w+:)?fills\b.*?</(?:\w+:)?fills>", content, re.DOTALL)
    styles = re.search(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", content, re.DOTALL)
    if not fills or not styles:
        return {}
    painted = {}
    for number, fill in enumerate(re.findall(rb"<(?:\w+:)?fill\b.*?</(?:\w+:)?fill>", fills[0], re.DOTALL)):
        colour = re.search(rb"<(?:\w+:)?fgColor\b([^>]*)", fill)
        said = colour[1].strip(b" /").decode("ascii", "replace") if colour and b'"solid"' in fill else ""
        if said and not re.search(r'rgb="(?:FF|00)?FFFFFF"|theme="0"(?!\s+tint)|indexed="(?:9|64|65)"', said):
            painted[number] = said
    out = {}
    for number, style in enumerate(re.findall(rb"<(?:\w+:)?xf\b[^>]*", styles[0])):
        fill = re.search(rb'\bfillId="(\d+)"', style)
        if fill and int(fill[1]) in painted:
            out[str(number).encode()] = painted[int(fill[1])]
    return out


def _unescaped(text: str) -> str:
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, sign)
    return text


def _note_hidden(window: bytes, hidden: workbook.Hidden) -> None:
    for row in _ROW.findall(window):
        number = _NUMBER.search(row)
        if number:
            hidden.rows.add(int(number[1]))
    for column in _COLUMN.findall(window):
        first, last = (re.search(rb'\b%s="(\d+)"' % k, column) for k in (b"min", b"max"))
        if first and last:
            hidden.columns.update(range(int(first[1]) - 1, min(int(last[1]), 16384)))


class _Extent:
    """The last line of a sheet and its furthest column, which give the rectangle that a parser would allocate."""

    def __init__(self, sheet: str) -> None:
        self.sheet = sheet
        self.lines = self.columns = 0
        self.declared: int | None = None  # the last line that the sheet itself says, while it is true

    def look(self, window: bytes) -> None:
        """Take in a window.

        Raises: LimitError when the rectangle is too big.
        """
        if self.declared is None:
            said = _DIMENSION.search(window)
            self.declared = int(said[2]) if said else 0
        last = window.rfind(b"<row ")
        last = max(last if last >= 0 else window.rfind(b":row "), 0)
        number = _NUMBER.search(window, last, last + package.OVERLAP)
        self.lines = max(self.lines, int(number[1]) if number else 0)
        columns = set(_CELL.findall(window, max(window.rfind(b"row ", 0, last), 0), last))
        if (
            self.lines > self.declared
        ):  # what a program declares, and holds to, is not looked for: it costs as much as the rest
            columns |= set(_FAR.findall(window))
        self.columns = max([self.columns, *(workbook.column_index(c.decode()) + 1 for c in columns)])
        if self.lines * self.columns > _CELLS:
            raise workbook.too_big(self.lines, self.columns, self.sheet)
