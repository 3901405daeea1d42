"""PMTiles 3: all the tiles of a map in one file, read by ranges of bytes from any server.

Source: Protomaps, PMTiles version 3 specification, CC0. Tiles are gzip vector tiles; equal ones are kept once.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

ROOM = 16_384 - 127  # bytes of the root directory, whole with the header in a first read
LARGEST = 128 << 20  # bytes of all tiles
_GZIP, _MVT = 2, 1
Entry = tuple[int, int, int, int]  # tile id, offset, length, how many tiles it stands for


class TooLargeError(Exception):
    """The tiles are more than a file of ours may hold."""


def tile_id(z: int, x: int, y: int) -> int:
    """Return the number of a tile: the smaller zooms first, then along Hilbert's curve."""
    number: int = (4**z - 1) // 3
    side: int = 2**z
    step = side // 2
    while step:
        right, low = int(bool(x & step)), int(bool(y & step))
        number += step * step * ((3 * right) ^ low)
        if not low:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        step //= 2
    return number


def written(tiles: Iterable[tuple[int, int, int, bytes]], told: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield a file from tiles in any order. ``told``: ``bbox``, ``layer``, ``fields``, ``name``, ``attribution``."""
    known: dict[bytes, tuple[int, int]] = {}
    held: dict[int, tuple[int, int]] = {}
    bodies: list[bytes] = []
    size, deepest = 0, 0
    for z, x, y, body in tiles:
        digest = hashlib.sha256(body).digest()
        if digest not in known:
            packed = gzip.compress(body, 5, mtime=0)
            known[digest] = (len(bodies), len(packed))
            bodies.append(packed)
            size += len(packed)
            if size > LARGEST:
                raise TooLargeError
        held[tile_id(z, x, y)] = known[digest]
        deepest = max(deepest, z)
    # Bodies lie in the order of their first tile: what a reader asks for next is near.
    entries: list[Entry] = []
    offsets: dict[int, int] = {}
    ordered: list[int] = []
    end = 0
    for number in sorted(held):
        body_at, length = held[number]
        if body_at not in offsets:
            offsets[body_at] = end
            end += length
            ordered.append(body_at)
        offset = offsets[body_at]
        if entries and entries[-1][1] == offset and entries[-1][0] + entries[-1][3] == number:
            entries[-1] = (*entries[-1][:3], entries[-1][3] + 1)
        else:
            entries.append((number, offset, length, 1))
    root, leaves = _directories(entries)
    metadata = gzip.compress(json.dumps(_metadata(told, deepest), ensure_ascii=False).encode(), 6, mtime=0)
    yield _header(told, deepest, root, metadata, leaves, end, len(held), len(entries), len(bodies))
    yield root
    yield metadata
    yield leaves
    chunk = bytearray()
    for place in ordered:
        chunk += bodies[place]
        if len(chunk) > 1 << 18:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def _metadata(told: Mapping[str, Any], deepest: int) -> dict[str, Any]:
    layer = {"id": told["layer"], "fields": told["fields"], "minzoom": 0, "maxzoom": deepest}
    return {
        "name": told["name"], "attribution": told["attribution"], "type": "overlay", "version": "2",
        "vector_layers": [layer],
    }  # fmt: skip


def _directories(entries: Sequence[Entry]) -> tuple[bytes, bytes]:
    """Return the root directory, and the leaves that it leads to when it cannot hold all."""
    root = _directory(entries)
    if len(root) <= ROOM:
        return root, b""
    size = 4096
    while True:
        leaves, lead = bytearray(), list[Entry]()
        for start in range(0, len(entries), size):
            leaf = _directory(entries[start : start + size])
            lead.append((entries[start][0], len(leaves), len(leaf), 0))
            leaves += leaf
        root = _directory(lead)
        if len(root) <= ROOM:
            return root, bytes(leaves)
        size *= 2


def _directory(entries: Sequence[Entry]) -> bytes:
    numbers = [len(entries)]
    last = 0
    for entry in entries:
        numbers.append(entry[0] - last)
        last = entry[0]
    numbers += [e[3] for e in entries]
    numbers += [e[2] for e in entries]
    after = -1
    for place, (_, offset, length, _run) in enumerate(entries):
        numbers.append(0 if place and offset == after else offset + 1)
        after = offset + length
    out = bytearray()
    for number in numbers:
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7  # noqa: PLW2901  eaten seven bits at a time
        out.append(number)
    return gzip.compress(bytes(out), 6, mtime=0)


def _header(
    told: Mapping[str, Any], deepest: int, root: bytes, metadata: bytes, leaves: bytes, size: int, addressed: int,
    entries: int, contents: int,
) -> bytes:  # fmt: skip
    west, south, east, north = told["bbox"] or (-180.0, -85.0, 180.0, 85.0)
    places = [(127, len(root)), (127 + len(root), len(metadata))]
    places.append((127 + len(root) + len(metadata), len(leaves)))
    places.append((127 + len(root) + len(metadata) + len(leaves), size))
    sides = [round(v * 1e7) for v in (west, south, east, north)]
    middle = [(sides[0] + sides[2]) // 2, (sides[1] + sides[3]) // 2]
    return struct.pack(
        "<7sB8Q3Q6B4iB2i", b"PMTiles", 3, *(n for place in places for n in place), addressed, entries, contents, 1, _GZIP,
        _GZIP, _MVT, 0, deepest, *sides, min(deepest, 12), *middle,
    )  # fmt: skip
