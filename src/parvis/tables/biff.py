"""What an old Excel workbook (XLS, BIFF8) does not show in its cells: hidden rows and columns, colours, comments.

The parser of cells says nothing of them. Records are looked at one after the other, without believing a length: a
damaged file only gives less. Source: [MS-XLS] and [MS-CFB].
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from parvis.tables.workbook import Hidden

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LARGEST = 256 << 20  # bytes: beyond, only the cells are read
_END = 0xFFFFFFFA  # from here a sector number says « free », « end » ...
_BOUNDSHEET, _XF, _ROW, _COLUMN, _NOTE, _EOF = 0x85, 0xE0, 0x208, 0x7D, 0x1C, 0x0A
_CELLS = frozenset((0x06, 0xFD, 0x201, 0x203, 0x204, 0x205, 0x27E))
_SERIES = {0xBD: 6, 0xBE: 2}  # several cells in one record: bytes of each
_PLAIN = frozenset((0, 1, 8, 9, 64, 65, 127))  # black and white, and the system's own: no colour


def look(path: Path) -> dict[str, Hidden]:
    """Return what each sheet hides, by its name; {} for a workbook older than 1997 or damaged."""
    if path.stat().st_size > _LARGEST:
        return {}
    try:
        content = _stream(path.read_bytes())
        return _sheets(content) if content else {}
    except (struct.error, IndexError, UnicodeDecodeError):
        return {}


def _stream(data: bytes) -> bytes:
    """Return the stream « Workbook » of a compound file, or b"" when there is none."""
    if data[:8] != _MAGIC:
        return b""
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if size not in (512, 4096):
        return b""
    first_directory, first_more, more = (struct.unpack_from("<I", data, at)[0] for at in (48, 68, 72))

    def sector(number: int) -> bytes:
        return data[(number + 1) * size : (number + 2) * size]

    tables = list(struct.unpack_from("<109I", data, 76))
    for _ in range(min(more, len(data) // size)):
        block = sector(first_more)
        *numbers, first_more = struct.unpack(f"<{size // 4}I", block)
        tables += numbers
    following: list[int] = []
    for number in tables:
        if number < _END and (block := sector(number)) and len(block) == size:
            following += struct.unpack(f"<{size // 4}I", block)

    def chain(number: int) -> bytes:
        out = []
        for _ in range(len(following)):
            if number >= len(following):
                break
            out.append(sector(number))
            number = following[number]
        return b"".join(out)

    directory = chain(first_directory)
    for at in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, at + 64)[0]
        name = directory[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
        if name == "Workbook":
            start, whole = struct.unpack_from("<II", directory, at + 116)
            return chain(start)[:whole] if whole >= 4096 else b""
    return b""


def _records(content: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield the records from a position to the end of their part: kind, position of the body, its length."""
    while at + 4 <= len(content):
        kind, length = struct.unpack_from("<HH", content, at)
        if at + 4 + length > len(content):
            return
        yield kind, at + 4, length
        if kind == _EOF:
            return
        at += 4 + length


def _sheets(content: bytes) -> dict[str, Hidden]:
    places: dict[str, int] = {}
    colours: list[str] = []
    for kind, at, length in _records(content, 0):
        if kind == _BOUNDSHEET and length >= 8:
            start, _, _, count, wide = struct.unpack_from("<IBBBB", content, at)
            raw = content[at + 8 : at + 8 + count * (1 + (wide & 1))]
            places[raw.decode("utf-16-le" if wide & 1 else "latin-1")] = start
        elif kind == _XF and length >= 20:
            pattern = struct.unpack_from("<I", content, at + 14)[0] >> 26
            colour = struct.unpack_from("<H", content, at + 18)[0] & 0x7F
            colours.append(str(colour) if pattern == 1 and colour not in _PLAIN else "")
    out = {name: _sheet(content, start, colours) for name, start in places.items()}
    return {name: hidden for name, hidden in out.items() if hidden}


def _sheet(content: bytes, start: int, colours: list[str]) -> Hidden:
    hidden = Hidden()
    painted = {i: c for i, c in enumerate(colours) if c}
    for kind, at, length in _records(content, start):
        if kind == _ROW and length >= 16:
            line = struct.unpack_from("<H", content, at)[0]
            if content[at + 12] & 0x20:
                hidden.rows.add(line + 1)
        elif kind == _COLUMN and length >= 10:
            first, last = struct.unpack_from("<HH", content, at)
            if content[at + 8] & 1:
                hidden.columns.update(range(first, min(last, 255) + 1))
        elif kind == _NOTE and length >= 4:
            line, column = struct.unpack_from("<HH", content, at)
            hidden.comment(line + 1, column)
        elif painted and kind in _CELLS and length >= 6:
            line, column, style = struct.unpack_from("<HHH", content, at)
            if style in painted:
                hidden.paint(painted[style], line + 1, column)
        elif painted and kind in _SERIES and length >= 6:
            line, first = struct.unpack_from("<HH", content, at)
            for i in range((length - 6) // _SERIES[kind]):
                style = struct.unpack_from("<H", content, at + 4 + i * _SERIES[kind])[0]
                if style in painted:
                    hidden.paint(painted[style], line + 1, first + i)
    return hidden
