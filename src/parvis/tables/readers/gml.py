"""GML: what a WFS service or the standards of CNIG give."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import markup
from parvis.values import Finding

TITLE = "GML"
SUFFIXES = (".gml",)


def recognises(path: Path, head: bytes) -> float:
    return (
        0.85
        if b"opengis.net/gml" in head.replace(b"\x00", b"") and markup.looks(head) not in ("", "kml", *markup.CARDS)
        else 0.0
    )


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put every kind of feature into the sink, each as a table."""
    from parvis.tables import layer

    markup.guard(path)
    link: Path = sink.path(".gml")
    link.symlink_to(path)
    try:
        layer.gdal(
            link, sink, "gml", damaged=_damaged, WRITE_GFS="NO", DOWNLOAD_SCHEMA="NO", GML_ATTRIBUTES_TO_OGR_FIELDS="NO"
        )
    finally:
        for left in link.parent.glob(f"{link.stem}.*"):
            left.unlink(missing_ok=True)
    return ()


def _damaged() -> InputError:
    return InputError(
        "Ce fichier GML est mal formé ou incomplet : il n'a pas pu être lu.",
        "Exportez la couche en GeoPackage ou en GeoJSON, puis renvoyez-la.",
        code="gml.damaged",
    )
