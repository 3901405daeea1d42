"""Photos: the place, the author, the device and the time that a camera writes into them."""

from __future__ import annotations

from pathlib import Path

from parvis.privacy import exif
from parvis.privacy.trace import Gathered
from parvis.values import msg

TITLE = msg("Photo")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".heic", ".avif")

_LARGEST = 64 << 20


def recognises(head: bytes, name: str) -> bool:
    return exif.is_picture(head)


def look(path: Path, name: str, into: Gathered) -> None:
    with path.open("rb") as stream:
        into.picture(stream.read(_LARGEST))
