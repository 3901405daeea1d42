"""OpenDocument spreadsheets (LibreOffice): ODS, and their flat form FODS."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import markup, package, workbook
from parvis.values import Finding

TITLE = "Classeur LibreOffice (ODS)"
SUFFIXES = (".ods", ".ots", ".fods")

_KIND = b"application/vnd.oasis.opendocument.spreadsheet"


def recognises(path: Path, head: bytes) -> float:
    if not head.startswith(b"PK"):
        return 0.95 if markup.looks(head) == "document" and _KIND in head[:8000] else 0.0
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
    with path.open("rb") as stream:
        if stream.read(2) == b"PK":
            return _read(path, sink)
    markup.guard(path)
    packed: Path = sink.path(".ods")
    try:
        _pack(path, packed)
        return _read(packed, sink)
    finally:
        packed.unlink(missing_ok=True)


def _pack(flat: Path, target: Path) -> None:
    """Lay a flat spreadsheet as the content of an ordinary one: it is the same XML under another root."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("mimetype", _KIND)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.write(flat.resolve(), "content.xml")


def _read(path: Path, sink: Any) -> list[Finding]:
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
    rb'|<table:table-(row|column)\b([^>]*)>'
    rb"|<table:(?:covered-)?table-cell\b([^>]*)>"
)  # fmt: skip
_REPEATED = re.compile(rb'table:number-(?:rows|columns)-repeated="(\d+)"')
_VEILED = re.compile(rb'table:visibility="(?:collapse|filter)"')


def _look(archive: zipfile.ZipFile, member: str, meter: package.Meter) -> dict[str, workbook.Hidden]:
    """Stream one XML member: refuse what it may not hold, and note what is hidden in each sheet."""
    out: dict[str, workbook.Hidden] = {}
    content = member == "content.xml"
    state = _State(out)
    seen = 0
    for window in package.xml(archive, member, meter, "Ce classeur"):
        if content:
            seen = state.feed(window, seen)
    return {k: v for k, v in out.items() if v.rows or v.columns}


class _State:
    """Where the stream stands: sheet, line and column."""

    def __init__(self, out: dict[str, workbook.Hidden]) -> None:
        self.out = out
        self.hidden = workbook.Hidden()
        self.line = self.column = 0
        self.first = True

    def feed(self, window: bytes, overlap: int) -> int:
        """Read one window, whose first ``overlap`` bytes were in the window before; return the next overlap."""
        last = 0
        for event in _EVENT.finditer(window):
            if event.end() <= overlap:
                continue
            last = event.end()
            self._event(event)
        del last
        return min(256, len(window))

    def _event(self, event: re.Match[bytes]) -> None:
        if event[1] is not None:
            self.hidden = self.out.setdefault(event[1].decode("utf-8", "replace"), workbook.Hidden())
            self.line = self.column = 0
            return
        if event[2] is None:
            return
        attributes = event[3]
        repeated = _REPEATED.search(attributes)
        times = min(int(repeated[1]), 1 << 20) if repeated else 1
        veiled = bool(_VEILED.search(attributes))
        if event[2] == b"row":
            if veiled and times < 100_000:
                self.hidden.rows.update(range(self.line + 1, self.line + 1 + times))
            self.line += times
        else:
            if veiled and times < 10_000:
                self.hidden.columns.update(range(self.column, self.column + times))
            self.column += times
