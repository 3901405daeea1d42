"""GeoPackage (QGIS): every layer and every table without shapes (OGC 12-128)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.values import Finding

TITLE = "GeoPackage"
SUFFIXES = (".gpkg",)

_SQLITE = b"SQLite format 3\x00"
_IDS = (b"GPKG", b"GP10", b"GP11")


def recognises(path: Path, head: bytes) -> float:
    if not head.startswith(_SQLITE):
        return 0.0
    return 0.95 if head[68:72] in _IDS or b"gpkg_contents" in head else 0.3


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put every layer into the sink."""
    from parvis.tables import layer

    link: Path = sink.path(".gpkg")
    link.symlink_to(path)
    try:
        layer.gdal(link, sink, "geopackage", damaged=_damaged)
    finally:
        for left in link.parent.glob(f"{link.name}*"):
            left.unlink(missing_ok=True)
    return ()


def _damaged() -> InputError:
    return InputError(
        "Ce GeoPackage est endommagé, ou n'en est pas un : il n'a pas pu être lu.",
        "Exportez la couche à nouveau depuis votre logiciel de cartographie.",
        code="geopackage.damaged",
    )
