"""OpenDocument spreadsheets (LibreOffice): ODS."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import package, workbook
from parvis.values import Finding

TITLE = "Classeur LibreOffice (ODS)"
SUFFIXES = (".ods", ".ots")

_KIND = b"application/vnd.oasis.opendocument.spreadsheet"


def recognises(path: Path, head: bytes) -> float:
    if not head.startswith(b"PK"):
        return 0.0
    if _KIND in head[:200]:
        return 0.95
    try:
        with zipfile.ZipFile(path) as archive:
            return (
                0.95 if "mimetype" in archive.namelist() and archive.read("mimetype")[:200].startswith(_KIND) else 0.0
            )
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put every visible sheet into the sink."""
    with package.opened(path, sink.limits) as archive:
        names = archive.namelist()
        meter = package.Meter(sink.limits, path.stat().st_size)
        _refuse_encrypted(archive, names)
        hidden: dict[str, workbook.Hidden] = {}
        for member in names:
            if member.endswith(".xml"):
                hidden |= _look(archive, member, meter)
        macros = any(n.startswith("Basic/") and not n.endswith("/") for n in names)
    workbook.read(path, sink, "ods", hidden)
    return [workbook.macros("ods")] if macros else []


def _refuse_encrypted(archive: zipfile.ZipFile, names: Sequence[str]) -> None:
    if "META-INF/manifest.xml" in names:
        with archive.open("META-INF/manifest.xml") as stream:
            if b"encryption-data" in stream.read(1 << 20):
                raise InputError(
                    "Ce classeur est protégé par un mot de passe.",
                    "Enregistrez-en une copie sans mot de passe, puis renvoyez-la.",
                    code="excel.password",
                )


_EVENT = re.compile(
    rb'<table:table\s[^>]*?table:name="([^"]*)"'
    rb"|<table:table-(row|column)\b([^>]*)>"
    rb"|<table:(?:covered-)?table-cell\b([^>]*)>"
    rb"|<(office:annotation)\b"
    rb"|<style:style\b([^>]*)>"
    rb'|<style:table-cell-properties\b[^>]*?fo:background-color="(#[0-9a-fA-F]{6})"'
)
_REPEATED = re.compile(rb'table:number-(?:rows|columns)-repeated="(\d+)"')
_SPANNED = re.compile(rb'table:number-(rows|columns)-spanned="(\d+)"')
_VEILED = re.compile(rb'table:visibility="(?:collapse|filter)"')
_NAME = re.compile(rb'style:name="([^"]*)"')
_STYLE = re.compile(rb'table:style-name="([^"]*)"')
_WIDE = 1000  # cells repeated further than that only fill the sheet


def _look(archive: zipfile.ZipFile, member: str, meter: package.Meter) -> dict[str, workbook.Hidden]:
    """Stream one XML member: refuse what it may not hold, and note what the cells of each sheet do not say."""
    out: dict[str, workbook.Hidden] = {}
    content = member == "content.xml"
    state = _State(out)
    seen = 0
    for window in package.xml(archive, member, meter, "Ce classeur"):
        if content:
            seen = state.feed(window, seen)
    return {k: v for k, v in out.items() if v}


class _State:
    """Where the stream stands: sheet, line and column."""

    def __init__(self, out: dict[str, workbook.Hidden]) -> None:
        self.out = out
        self.hidden = workbook.Hidden()
        self.line = self.column = self.cell = 0
        self.lines = 1  # times that the current row is repeated
        self.style = b""
        self.colours: dict[bytes, str] = {}

    def feed(self, window: bytes, overlap: int) -> int:
        """Read one window, whose first ``overlap`` bytes were in the window before; return the next overlap."""
        for event in _EVENT.finditer(window):
            if event.end() > overlap:
                self._event(event)
        return min(package.OVERLAP, len(window))

    def _event(self, event: re.Match[bytes]) -> None:
        sheet, part, attributes, cell, note, style, colour = event.groups()
        if cell is not None:
            self._cell(cell)
        elif sheet is not None:
            self.hidden = self.out.setdefault(html.unescape(sheet.decode("utf-8", "replace")), workbook.Hidden())
            self.line = self.column = 0
        elif part is not None:
            self._part(part, attributes)
        elif note is not None:
            self.hidden.comment(self.line, max(self.cell - 1, 0))
        elif style is not None:
            name = _NAME.search(style)
            self.style = name[1] if name and b'"table-cell"' in style else b""
        elif self.style and colour.lower() != b"#ffffff":
            self.colours[self.style] = colour.decode("ascii").lower()

    def _part(self, part: bytes, attributes: bytes) -> None:
        repeated = _REPEATED.search(attributes)
        times = min(int(repeated[1]), 1 << 20) if repeated else 1
        veiled = bool(_VEILED.search(attributes))
        if part == b"row":
            if veiled and times < 100_000:
                self.hidden.rows.update(range(self.line + 1, self.line + 1 + times))
            self.line += times
            self.lines = times
            self.cell = 0
        else:
            if veiled and times < 10_000:
                self.hidden.columns.update(range(self.column, self.column + times))
            self.column += times

    def _cell(self, attributes: bytes) -> None:
        repeated = _REPEATED.search(attributes)
        times = min(int(repeated[1]), 1 << 14) if repeated else 1
        style = _STYLE.search(attributes) if self.colours else None
        if style and style[1] in self.colours and times < _WIDE and self.lines < _WIDE:
            for line in range(self.line - self.lines + 1, self.line + 1):
                for column in range(self.cell, self.cell + times):
                    self.hidden.paint(self.colours[style[1]], line, column)
        spans = {k: int(n) for k, n in _SPANNED.findall(attributes)}
        wide, tall = spans.get(b"columns", 1), spans.get(b"rows", 1)
        if (wide > 1 or tall > 1) and len(self.hidden.merged) < 100_000:
            self.hidden.merged.append((self.line - 1, self.cell, self.line + tall - 2, self.cell + wide - 1))
        self.cell += times
