"""A zip written as it goes, to a reader who cannot go back: what is in it is told after its bytes.

The same content gives the same bytes, whatever the hour. No part may pass 4 GiB: programs of spreadsheets read no more.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator

_DAY = 0x21  # 1980-01-01, the first that a zip can say
_STREAMED, _UTF8 = 0x0008, 0x0800
_LIMIT = (1 << 32) - (1 << 20)
LEVEL = 1  # lines of a sheet are nearly all alike: more takes twice the time for a tenth less


class TooLongError(Exception):
    """A file cannot hold all the rows: half of them would be a lie."""


class Archive:
    """The parts of a zip, one after the other; ``end`` yields what closes it."""

    def __init__(self) -> None:
        self._entries: list[bytes] = []
        self._at = 0

    def kept(self, name: str, data: bytes, *, stored: bool = False) -> bytes:
        """Return the bytes of a small part, ``stored`` as it is when its format wants it so."""
        press = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = data if stored else press.compress(data) + press.flush()
        head = struct.pack(
            "<4sHHHHHIIIHH", b"PK\3\4", 20, _UTF8, 0 if stored else 8, 0, _DAY, zlib.crc32(data), len(body), len(data),
            len(name.encode()), 0,
        )  # fmt: skip
        self._entry(name, _UTF8, 0 if stored else 8, zlib.crc32(data), len(body), len(data))
        out = head + name.encode() + body
        self._at += len(out)
        return out

    def streamed(self, name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the bytes of a part that comes in chunks. Raises: TooLongError."""
        flags = _UTF8 | _STREAMED
        yield (
            struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, flags, 8, 0, _DAY, 0, 0, 0, len(name.encode()), 0)
            + name.encode()
        )
        press, check, size, packed = zlib.compressobj(LEVEL, zlib.DEFLATED, -15), 0, 0, 0
        for chunk in chunks:
            check, size = zlib.crc32(chunk, check), size + len(chunk)
            if size > _LIMIT:
                raise TooLongError
            if made := press.compress(chunk):
                packed += len(made)
                yield made
        made = press.flush()
        packed += len(made)
        yield made + struct.pack("<4sIII", b"PK\7\x08", check, packed, size)
        self._entry(name, flags, 8, check, packed, size)
        self._at += 30 + len(name.encode()) + packed + 16

    def _entry(self, name: str, flags: int, method: int, check: int, packed: int, size: int) -> None:
        said = struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, flags, method, 0, _DAY, check, packed, size, len(name.encode()),
            0, 0, 0, 0, 0, self._at,
        )  # fmt: skip
        self._entries.append(said + name.encode())

    def end(self) -> bytes:
        """Return what closes the zip. Raises: TooLongError."""
        if self._at > _LIMIT:
            raise TooLongError
        listed = b"".join(self._entries)
        count = len(self._entries)
        return listed + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(listed), self._at, 0)
