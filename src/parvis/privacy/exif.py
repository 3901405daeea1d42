"""What a picture says of who took it and where: EXIF, IPTC and XMP of JPEG, PNG, WebP, TIFF and HEIC.

Only the presence of each fact is told, with the texts that may name somebody. Formats: EXIF 2.32 (JEITA CP-3451), IPTC-IIM
4.2, XMP part 1. Every offset is checked: a picture is a hostile file like another.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import field

from parvis.frozen import dataclass

_MOST = 400  # entries of a directory
_DEEP = 4
_TEXT = 4000  # bytes of a text that are kept
_PEOPLE = {0x013B: "Artist", 0x8298: "Copyright", 0xA430: "CameraOwnerName", 0x9C9D: "XPAuthor"}
_DEVICES = {0xA431, 0xA435, 0xC62F}  # serial numbers of the body, of the lens, of the camera
_TIMES = {0x9003, 0x9004, 0x0132}
_WORDS = {0x010E, 0x9286, 0x9C9B, 0x9C9C, 0x9C9E, 0x9C9F}
_SUB = {0x8769, 0x8825, 0xA005}  # directories of EXIF, of GPS, of interoperability
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}


@dataclass(slots=True)
class Seen:
    """What stands in a picture; the lists hold texts in which people are looked for."""

    gps: bool = False
    device: bool = False
    time: bool = False
    thumbnail: bool = False
    authors: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def is_picture(head: bytes) -> bool:
    """Return whether these first bytes are those of a picture that can be looked into."""
    return (
        head[:3] == b"\xff\xd8\xff"
        or head[:8] == b"\x89PNG\r\n\x1a\n"
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or head[:4] in (b"II*\0", b"MM\0*")
        or (head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"avif"))
    )


def look(data: bytes) -> Seen:
    """Return what a picture says. What is damaged says nothing more."""
    seen = Seen()
    for kind, body in _parts(data):
        if kind == "exif":
            _tiff(body, seen)
        elif kind == "iptc":
            _iptc(body, seen)
        elif kind == "xmp":
            _xmp(body, seen)
        elif kind == "text":
            _words(body, seen)
    return seen


# --- Where it stands ------------------------------------------------------------------------------


def _parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    if data[:3] == b"\xff\xd8\xff":
        yield from _jpeg(data)
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        yield from _png(data)
    elif data[:4] == b"RIFF":
        yield from _webp(data)
    elif data[:4] in (b"II*\0", b"MM\0*"):
        yield "exif", data
    else:  # HEIC: the block of EXIF is a TIFF somewhere in the boxes
        for found in re.finditer(rb"Exif\0\0(?:II\*\0|MM\0\*)", data):
            yield "exif", data[found.start() + 6 :]
        yield from (("xmp", m.group()) for m in re.finditer(rb"<x:xmpmeta.{0,200000}?</x:xmpmeta>", data, re.DOTALL))


def _jpeg(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        body = data[at + 4 : at + 2 + size]
        if marker == 0xDA or size < 2:  # the picture itself begins
            return
        if marker == 0xE1 and body[:6] == b"Exif\0\0":
            yield "exif", body[6:]
        elif marker == 0xE1 and b"ns.adobe.com/xap" in body[:40]:
            yield "xmp", body
        elif marker == 0xED:
            yield "iptc", body
        elif marker == 0xFE:
            yield "text", body
        at += 2 + size


def _png(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = 8
    while at + 12 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        if kind == b"eXIf":
            yield "exif", body
        elif kind in (b"tEXt", b"iTXt", b"zTXt"):
            key, _, text = body.partition(b"\0")
            if kind == b"zTXt":
                text = _inflated(text[1:])
            elif kind == b"iTXt" and text[:1] == b"\1":
                text = _inflated(text.rpartition(b"\0")[2])
            yield ("xmp" if b"xmp" in key.lower() else "text"), key + b": " + text
        at += 12 + size


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, 1 << 20)
    except zlib.error:
        return b""


def _webp(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if kind == b"EXIF":
            yield "exif", body.removeprefix(b"Exif\0\0")
        elif kind == b"XMP ":
            yield "xmp", body
        at += 8 + size + size % 2


# --- What it says ---------------------------------------------------------------------------------


def _tiff(data: bytes, seen: Seen) -> None:
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        return
    _directory(data, struct.unpack_from(f"{order}I", data, 4)[0], order, seen, set(), first=True)


def _directory(data: bytes, at: int, order: str, seen: Seen, met: set[int], *, first: bool, gps: bool = False) -> None:
    if at in met or len(met) > _DEEP or at + 2 > len(data):
        return
    met.add(at)
    count = min(struct.unpack_from(f"{order}H", data, at)[0], _MOST)
    for i in range(count):
        place = at + 2 + 12 * i
        if place + 12 > len(data):
            return
        tag, kind, many = struct.unpack_from(f"{order}HHI", data, place)
        value = _value(data, place, kind, many, order)
        if gps and tag in (2, 4) and value.strip(b"\0"):
            seen.gps = True
        elif tag in _SUB and len(value) >= 4:
            inner = struct.unpack(f"{order}I", value[:4])[0]
            _directory(data, inner, order, seen, met, first=False, gps=tag == 0x8825)
        elif not gps:
            _entry(tag, value, seen)
    after = at + 2 + 12 * count
    if first and after + 4 <= len(data):  # the second directory is that of the thumbnail
        thumbnail = struct.unpack_from(f"{order}I", data, after)[0]
        if thumbnail and thumbnail + 2 <= len(data):
            seen.thumbnail = b"\xff\xd8\xff" in data[thumbnail:]


def _value(data: bytes, place: int, kind: int, many: int, order: str) -> bytes:
    size = _SIZES.get(kind, 1) * many
    if size <= 4:
        return data[place + 8 : place + 8 + size]
    start = struct.unpack_from(f"{order}I", data, place + 8)[0]
    return data[start : start + min(size, _TEXT)]


def _entry(tag: int, value: bytes, seen: Seen) -> None:
    if tag in _PEOPLE:
        text = _decoded(value, wide=tag == 0x9C9D)
        seen.authors += [text] if text else []
    elif tag in _WORDS:
        text = _decoded(value[8:] if tag == 0x9286 else value, wide=tag >= 0x9C9B)
        seen.texts += [text] if text else []
    elif tag in _DEVICES and value.strip(b"\0 "):
        seen.device = True
    elif tag in _TIMES and value.strip(b"\0 :0"):
        seen.time = True


def _decoded(value: bytes, *, wide: bool = False) -> str:
    if wide:
        return value.decode("utf-16-le", "replace").strip("\0 ")
    try:
        return value.decode("utf-8").strip("\0 ")
    except UnicodeDecodeError:
        return value.decode("latin-1").strip("\0 ")


def _iptc(data: bytes, seen: Seen) -> None:
    """By-line (2:80), its title (2:85), credit, contact (2:118), caption and its writer (2:120, 2:122)."""
    for found in re.finditer(rb"\x1c\x02(.)(..)", data, re.DOTALL):
        size = int.from_bytes(found[2])
        text = _decoded(data[found.end() : found.end() + min(size, _TEXT)])
        if found[1][0] in (80, 118, 122) and text:
            seen.authors.append(text)
        elif found[1][0] in (105, 116, 120) and text:
            seen.texts.append(text)


_XMP_PEOPLE = re.compile(r"<(dc:creator|photoshop:AuthorsPosition|xmpRights:Owner)\b[^>]*>(.{1,2000}?)</\1>", re.DOTALL)
_XMP_PLACE = re.compile(r"exif:GPSLatitude")
_XMP_WORDS = re.compile(r"<(dc:description|dc:title|dc:rights|dc:subject)\b[^>]*>(.{1,4000}?)</\1>", re.DOTALL)


def _xmp(data: bytes, seen: Seen) -> None:
    text = data[:1_000_000].decode("utf-8", "replace")
    plain = re.compile(r"<[^>]*>")
    seen.gps |= bool(_XMP_PLACE.search(text))
    seen.authors += [t for t in (plain.sub(" ", m[2]).strip() for m in _XMP_PEOPLE.finditer(text)) if t]
    seen.texts += [t for t in (plain.sub(" ", m[2]).strip() for m in _XMP_WORDS.finditer(text)) if t]


def _words(body: bytes, seen: Seen) -> None:
    text = _decoded(body[:_TEXT])
    key = text.partition(":")[0].lower()
    if key in ("author", "artist", "creator"):
        seen.authors.append(text.partition(":")[2].strip())
    elif text and key not in ("software", "creation time", "icc", "srgb"):
        seen.texts.append(text)
