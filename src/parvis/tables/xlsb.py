"""What a binary workbook (XLSB) does not show in its cells: hidden rows and columns, cells with a comment.

Source: [MS-XLSB]. A damaged part only gives less.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator

from parvis.tables import package
from parvis.tables.workbook import Hidden

_BUNDLE, _ROW, _COLUMN, _COMMENT = 156, 0, 60, 635
_LARGEST = 256 << 20  # bytes of one part
_LINK = re.compile(rb"<Relationship\b[^>]*>")


def look(archive: zipfile.ZipFile, meter: package.Meter) -> dict[str, Hidden]:
    """Return what each sheet hides, by its name."""
    out: dict[str, Hidden] = {}
    targets = _targets(archive, "xl/workbook.bin", meter)
    for kind, body in _records(_part(archive, "xl/workbook.bin", meter)):
        if kind != _BUNDLE or len(body) < 12:
            continue
        identifier, at = _string(body, 8)
        name, _ = _string(body, at)
        member = targets.get(identifier, "")
        hidden = _sheet(_part(archive, member, meter))
        for target in _targets(archive, member, meter).values():
            if "comments" in target.lower() and target.endswith(".bin"):
                for sort, note in _records(_part(archive, target, meter)):
                    if sort == _COMMENT and len(note) >= 20:
                        line, _, column = struct.unpack_from("<III", note, 4)
                        hidden.comment(line + 1, column)
        if hidden:
            out[name] = hidden
    return out


def _sheet(content: bytes) -> Hidden:
    hidden = Hidden()
    for kind, body in _records(content):
        if kind == _ROW and len(body) >= 12 and body[11] & 0x10:
            hidden.rows.add(struct.unpack_from("<I", body)[0] + 1)
        elif kind == _COLUMN and len(body) >= 18 and body[16] & 1:
            first, last = struct.unpack_from("<II", body)
            hidden.columns.update(range(first, min(last, 16383) + 1))
    return hidden


def _part(archive: zipfile.ZipFile, member: str, meter: package.Meter) -> bytes:
    try:
        if archive.getinfo(member).file_size > _LARGEST:
            return b""
    except KeyError:
        return b""
    return b"".join(package.chunks(archive, member, meter))


def _targets(archive: zipfile.ZipFile, member: str, meter: package.Meter) -> dict[str, str]:
    """Return the members that a part points to, by the identifiers it gives them."""
    folder, _, name = member.rpartition("/")
    out = {}
    for link in _LINK.findall(_part(archive, f"{folder}/_rels/{name}.rels", meter)):
        identifier, target = (re.search(rb'\b%s="([^"]*)"' % k, link) for k in (b"Id", b"Target"))
        if identifier and target:
            place = target[1].decode("utf-8", "replace")
            out[identifier[1].decode("utf-8", "replace")] = (
                place.lstrip("/") if place.startswith("/") else posixpath.normpath(f"{folder}/{place}")
            )
    return out


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a part: kind, body. Numbers and lengths are written by groups of seven bits."""
    at = 0
    while at < len(content):
        kind = content[at]
        at += 1
        if kind & 0x80 and at < len(content):
            kind = (kind & 0x7F) | (content[at] & 0x7F) << 7
            at += 1
        length = shift = 0
        while at < len(content) and shift < 28:
            length |= (content[at] & 0x7F) << shift
            shift += 7
            at += 1
            if not content[at - 1] & 0x80:
                break
        if at + length > len(content):
            return
        yield kind, content[at : at + length]
        at += length


def _string(body: bytes, at: int) -> tuple[str, int]:
    """Return a text written with its length, and where it ends."""
    if at + 4 > len(body):
        return "", len(body)
    count = struct.unpack_from("<I", body, at)[0]
    if count > len(body):
        return "", len(body)
    end = at + 4 + 2 * count
    return body[at + 4 : end].decode("utf-16-le", "replace"), end
