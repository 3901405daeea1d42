"""The streams of an old Office file (DOC, XLS, PPT), a small disk in a file, and its summaries. Source: [MS-CFB], [MS-OLEPS].

No length nor number is believed: a damaged file gives less, never more.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA  # from here a sector number says « free », « end » ...
_SMALL = 4096  # bytes under which a stream lies in the small sectors
_ENTRIES = 4096  # of the directory that are read
_TEXTS, _WIDE = 0x1E, 0x1F  # kinds of a property: text in a code page, text in UTF-16
_MOST = 200  # properties of a summary
_LONGEST = 4000  # bytes of a property


def streams(data: bytes) -> dict[str, bytes]:
    """Return the streams by name, storages giving an empty one; {} when it is no such file."""
    try:
        return dict(_streams(data)) if data[:8] == MAGIC else {}
    except (struct.error, IndexError, MemoryError):
        return {}


def _streams(data: bytes) -> Iterator[tuple[str, bytes]]:
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if size not in (512, 4096):
        return
    first_directory, _, _, first_small, _, first_more, more = struct.unpack_from("<IIIIIII", data, 48)
    following = _following(data, size, first_more, more)
    directory = _chain(data, size, following, first_directory)
    small_next = _numbers(_chain(data, size, following, first_small))
    small = b""
    for at in range(0, min(len(directory) - 127, 128 * _ENTRIES), 128):
        length, kind = struct.unpack_from("<HB", directory, at + 64)
        name = directory[at : at + min(max(length - 2, 0), 64)].decode("utf-16-le", "replace")
        start, whole = struct.unpack_from("<II", directory, at + 116)
        if kind == 5:
            small = _chain(data, size, following, start)[:whole]
        elif kind == 1:
            yield name, b""
        elif kind == 2 and whole < _SMALL:
            yield name, _small(small, small_next, start)[:whole]
        elif kind == 2:
            yield name, _chain(data, size, following, start)[:whole]


def _following(data: bytes, size: int, first_more: int, more: int) -> list[int]:
    tables = list(struct.unpack_from("<109I", data, 76))
    for _ in range(min(more, len(data) // size)):
        block = data[(first_more + 1) * size : (first_more + 2) * size]
        *numbers, first_more = struct.unpack(f"<{size // 4}I", block)
        tables += numbers
    out: list[int] = []
    for number in tables:
        if number < _END:
            out += _numbers(data[(number + 1) * size : (number + 2) * size])
    return out


def _numbers(block: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(block) // 4}I", block[: len(block) // 4 * 4]))


def _chain(data: bytes, size: int, following: list[int], number: int) -> bytes:
    out = []
    for _ in range(len(following)):
        if number >= len(following):
            break
        out.append(data[(number + 1) * size : (number + 2) * size])
        number = following[number]
    return b"".join(out)


def _small(stream: bytes, following: list[int], number: int) -> bytes:
    out = []
    for _ in range(len(following)):
        if number >= len(following):
            break
        out.append(stream[64 * number : 64 * number + 64])
        number = following[number]
    return b"".join(out)


def summary(stream: bytes) -> Mapping[int, str]:
    """Return the texts of a summary (a set of properties), by the number of the property."""
    try:
        return dict(_summary(stream))
    except (struct.error, IndexError):
        return {}


def _summary(stream: bytes) -> Iterator[tuple[int, str]]:
    if len(stream) < 48 or stream[:2] != b"\xfe\xff":
        return
    start = struct.unpack_from("<I", stream, 44)[0]
    count = min(struct.unpack_from("<I", stream, start + 4)[0], _MOST)
    for i in range(count):
        number, at = struct.unpack_from("<II", stream, start + 8 + 8 * i)
        if start + at + 8 > len(stream):
            continue
        kind, length = struct.unpack_from("<II", stream, start + at)
        raw = stream[start + at + 8 :]
        if kind == _TEXTS:
            held = raw[: min(length, _LONGEST)]
            yield number, _decoded(held)
        elif kind == _WIDE:
            yield number, raw[: min(length * 2, _LONGEST)].decode("utf-16-le", "replace").strip("\0 ")


def _decoded(held: bytes) -> str:
    try:
        return held.decode("utf-8").strip("\0 ")
    except UnicodeDecodeError:
        return held.decode("cp1252", "replace").strip("\0 ")
