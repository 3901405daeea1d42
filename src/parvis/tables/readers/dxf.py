"""DXF: the drawing of a surveyor (AutoCAD and others), one row per object with its shape, its layer and its text.

A drawing never says its projection: it is the one in which the objects fall in France.
Format: AutoCAD DXF, text form, read by GDAL.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.values import Finding

TITLE = "Dessin de géomètre (DXF)"
SUFFIXES = (".dxf", ".dwg")

_START = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:999\r?\n[^\n]*\n\s*)*0\s*\r?\n\s*SECTION\b")
_BINARY = b"AutoCAD Binary DXF"


def recognises(path: Path, head: bytes) -> float:
    if re.match(rb"AC10\d\d", head) or head.startswith(_BINARY):
        return 0.95
    return 0.95 if _START.match(head[:4096]) else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the objects of the drawing into the sink."""
    from parvis.tables import layer

    with path.open("rb") as stream:
        head = stream.read(32)
    if head.startswith((b"AC10", _BINARY)):
        raise InputError(
            "C'est un dessin {kind}, qui n'est pas lu.",
            "Enregistrez-le au format DXF (texte) depuis votre logiciel de dessin, puis renvoyez-le.",
            kind="DWG" if head.startswith(b"AC10") else "DXF binaire",
            code="dxf.binary",
        )
    link: Path = sink.path(".dxf")
    link.symlink_to(path)
    try:
        layer.gdal(link, sink, "dxf", damaged=_damaged)
    finally:
        link.unlink(missing_ok=True)
    if not any(t.rows for t in sink.tables):
        raise _damaged()
    return ()


def _damaged() -> InputError:
    return InputError(
        "Ce dessin DXF est endommagé ou incomplet : il n'a pas pu être lu.",
        "Enregistrez-le à nouveau en DXF, ou exportez-en les calques en GeoPackage ou en shapefile.",
        code="dxf.damaged",
    )
