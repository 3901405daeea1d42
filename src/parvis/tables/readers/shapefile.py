"""Shapefiles (.shp with its .shx, .dbf, .prj, .cpg, as an archive lays them side by side) and lone dBase tables.

The accents of a .dbf are settled here: a .cpg is often wrong or absent, and old programs write DOS's cp850.
Formats: ESRI Shapefile Technical Description (1998), dBase III+.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import sniff
from parvis.values import Finding, Severity, msg

TITLE = "Shapefile (ESRI)"
SUFFIXES = (".shp", ".dbf")

_DBASE = (0x03, 0x04, 0x30, 0x31, 0x83, 0x8B, 0xF5)
_SAMPLE = 4 << 20  # bytes of the .dbf that are looked at for accents


def recognises(path: Path, head: bytes) -> float:
    if head[:4] == b"\x00\x00\x27\x0a" and head[28:30] == b"\xe8\x03":
        return 0.95
    return 0.85 if _is_dbase(path, head) else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the layer (or the lone .dbf) into the sink; the other parts lie beside ``path``, under the same stem."""
    from parvis.tables import layer

    with path.open("rb") as stream:
        lone = stream.read(4) != b"\x00\x00\x27\x0a"
    links = _linked(path, sink, lone)
    source = links[0]
    try:
        table = source if lone else _part(source, ".dbf")
        encoding = _encoding(table, _part(source, ".cpg"))
        layer.gdal(source, sink, "dbf" if lone else "shapefile", encoding=encoding, damaged=_damaged)
        return () if lone or (table is not None and table.exists()) else (_no_table(),)
    finally:
        for left in {*links, *source.parent.glob(f"{source.stem}.sh?")}:
            left.unlink(missing_ok=True)


def _linked(path: Path, sink: Any, lone: bool) -> list[Path]:
    """Give the file and its parts names by which GDAL knows them; it writes the index (.shx) again by itself."""
    base: Path = sink.path("")
    links = [base.with_name(f"{base.name}{'.dbf' if lone else '.shp'}")]
    links[0].symlink_to(path)
    for suffix in () if lone else (".dbf", ".prj", ".cpg"):
        part = _part(path, suffix)
        if part is not None:
            links.append(base.with_name(base.name + suffix))
            links[-1].symlink_to(part)
    return links


def _part(path: Path, suffix: str) -> Path | None:
    return next((p for s in (suffix, suffix.upper()) if (p := path.with_suffix(s)).exists()), None)


def _is_dbase(path: Path, head: bytes) -> bool:
    """True when the size of the file is the one that its header announces."""
    if len(head) < 32 or head[0] not in _DBASE or not (1 <= head[2] <= 12 and 1 <= head[3] <= 31):
        return False
    rows, start, width = struct.unpack("<IHH", head[4:12])
    size = path.stat().st_size
    return bool(start >= 33 and width >= 2 and abs(size - (start + rows * width)) <= max(2, width))


def _encoding(table: Path | None, declared: Path | None) -> str:
    """Return the encoding of a .dbf: what its bytes say first, then the .cpg."""
    if table is None:
        return "utf-8"
    with table.open("rb") as stream:
        head = stream.read(32)
        start = int.from_bytes(head[8:10], "little")
        names = stream.read(max(0, start - 32))
        data = stream.read(_SAMPLE)
    if data.isascii() and names.isascii():
        return "utf-8"
    try:
        data[: len(data) if len(data) < _SAMPLE else -8].decode("utf-8")
        names.replace(b"\x00", b"").decode("latin-1")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return _eight_bits(data, declared)
    return "utf-8"


def _eight_bits(data: bytes, declared: Path | None) -> str:
    """Return cp1252, cp850 or mac_roman, whichever makes the best French; a rarer .cpg is believed."""
    pieces = [p for p in data.replace(b"\x00", b" ").split(b"  ") if not p.isascii()]
    said = declared.read_bytes()[:40].decode("ascii", "ignore").strip().lower() if declared is not None else ""
    if said in ("iso-8859-15", "88599", "8859-15"):
        return "iso-8859-15"
    return sniff.french(pieces[:5000])


def _damaged() -> InputError:
    return InputError(
        "Ce shapefile est endommagé ou incomplet : il n'a pas pu être lu.",
        "Renvoyez dans une même archive ZIP les fichiers .shp, .shx, .dbf et .prj de la couche.",
        code="shapefile.damaged",
    )


def _no_table() -> Finding:
    return Finding(
        "shapefile.no_dbf",
        Severity.WARN,
        msg("Le fichier .dbf manque : la couche a des formes, mais aucune colonne d'information."),
        hint=msg("Renvoyez dans une même archive ZIP les fichiers .shp, .shx, .dbf et .prj de la couche."),
    )
