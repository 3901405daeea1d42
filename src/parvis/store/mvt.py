"""Mapbox Vector Tiles 2.1, written by whole columns: no loop runs over features, points or attributes.

Everything is a ``Ragged``: the bytes of all features one after the other, and how many each one has. A protocol-buffer
message of each feature is then a join of such columns. Source: Mapbox, Vector Tile Specification 2.1, CC BY 3.0.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from parvis.frozen import dataclass

EXTENT = 4096
POINT, LINE, POLYGON = 1, 2, 3
_U64 = np.uint64
_STEPS = [_U64(1) << _U64(7 * n) for n in range(1, 10)]


@dataclass(frozen=True, slots=True)
class Ragged:
    """``flat``: uint8, all the bytes; ``lengths``: how many each feature has."""

    flat: Any
    lengths: Any


@dataclass(frozen=True, slots=True)
class Tags:
    """One attribute of all features: the values it takes, written, and which one each feature has (-1: none)."""

    name: str
    values: Sequence[bytes]
    places: Any


def varints(numbers: Any, kept: Any = None) -> Ragged:
    """Return non-negative numbers as varints; those not ``kept`` take no byte."""
    numbers = np.asarray(numbers, _U64)
    lengths = np.ones(len(numbers), np.int64)
    for step in _STEPS:
        more = numbers >= step
        if not more.any():
            break
        lengths += more
    width = int(lengths.max()) if len(numbers) else 1
    shifts = np.arange(width, dtype=_U64) * _U64(7)
    cells = ((numbers[:, None] >> shifts) & _U64(0x7F)).astype(np.uint8)
    places = np.arange(width)
    cells[places < lengths[:, None] - 1] |= 0x80
    if kept is not None:
        lengths = np.where(kept, lengths, 0)
    return Ragged(cells[places < lengths[:, None]], lengths)


def zigzag(numbers: Any) -> Any:
    """Return signed numbers as the format folds them."""
    numbers = np.asarray(numbers, np.int64)
    return ((numbers << 1) ^ (numbers >> 63)).astype(_U64)


def constant(said: bytes, count: int) -> Ragged:
    flat = np.tile(np.frombuffer(said, np.uint8), count)
    return Ragged(flat, np.full(count, len(said), np.int64))


def joined(*parts: Ragged) -> Ragged:
    """Return the parts of each feature one after the other."""
    lengths = np.sum([p.lengths for p in parts], axis=0)
    out = np.empty(int(lengths.sum()), np.uint8)
    starts = np.cumsum(lengths) - lengths
    for part in parts:
        sources = np.cumsum(part.lengths) - part.lengths
        out[np.repeat(starts - sources, part.lengths) + np.arange(len(part.flat))] = part.flat
        starts = starts + part.lengths
    return Ragged(out, lengths)


def message(tag: int, body: Ragged) -> Ragged:
    """Return bodies as a field of their message: its tag, its length, itself."""
    return joined(constant(bytes([tag]), len(body.lengths)), varints(body.lengths), body)


# --- Geometries -----------------------------------------------------------------------------------


def points(xs: Any, ys: Any) -> Ragged:
    """Return single points as drawing commands."""
    return joined(constant(b"\x09", len(xs)), varints(zigzag(xs)), varints(zigzag(ys)))


def drawn(xy: Any, rings: Any, features: Any, kind: int) -> Ragged:
    """Return lines or polygons as drawing commands.

    Shape:  ``xy`` is (n, 2) whole numbers; ``rings`` gives how many of them each line or ring has, in order, its first
    place not repeated; ``features`` how many lines or rings each feature has. None is empty.
    """
    closes = int(kind == POLYGON)
    xy = np.asarray(xy, np.int64)
    first = np.cumsum(rings) - rings  # of each ring, in xy
    heads = np.cumsum(features) - features  # of each feature, in rings
    moves = np.diff(xy, axis=0, prepend=np.zeros((1, 2), np.int64))
    moves[first[heads]] = xy[first[heads]]
    folded = zigzag(moves)
    # A ring is: MoveTo(1) x y, LineTo(n - 1) x y ..., and ClosePath for a polygon.
    sizes = 2 * rings + 2 + closes
    starts = np.cumsum(sizes) - sizes
    stream = np.empty(int(sizes.sum()), _U64)
    stream[starts] = 9
    stream[starts + 3] = ((rings - 1) << 3 | 2).astype(_U64)
    if closes:
        stream[starts + sizes - 1] = 15
    within = np.arange(len(xy)) - np.repeat(first, rings)
    at = np.repeat(starts, rings) + 1 + 2 * within + (within > 0)
    stream[at], stream[at + 1] = folded[:, 0], folded[:, 1]
    said = varints(stream)
    ends = np.add.reduceat(sizes, heads)  # numbers of each feature
    numbers = np.cumsum(ends) - ends
    return Ragged(said.flat, np.add.reduceat(said.lengths, numbers))


# --- Features and layers --------------------------------------------------------------------------


def features(kinds: Any, geometry: Ragged, numbers: Any, indexes: Sequence[Any]) -> Ragged:
    """Return features, each with its tag and length: as they lie in a layer.

    ``numbers`` are their ids, 0 for none; ``indexes`` give for each key of the layer the place of each feature's value
    among all the values of the layer, -1 for none.
    """
    count = len(geometry.lengths)
    pairs: list[Ragged] = []
    for place, index in enumerate(indexes):
        has = index >= 0
        pairs += [varints(np.full(count, place), has), varints(np.where(has, index, 0), has)]
    has = numbers > 0
    parts = [
        Ragged(np.full(int(has.sum()), 0x08, np.uint8), has.astype(np.int64)),
        varints(np.where(has, numbers, 0), has),
    ]
    if pairs:
        parts.append(message(0x12, joined(*pairs)))
    parts += [constant(b"\x18", count), varints(kinds), message(0x22, geometry)]
    return message(0x12, joined(*parts))


def values_of(tags: Sequence[Tags]) -> tuple[list[Any], list[bytes]]:
    """Return the indexes of attributes among all their values, and these values, for a layer of their own."""
    indexes, values = [], list[bytes]()
    for tag in tags:
        indexes.append(np.where(tag.places >= 0, tag.places + len(values), -1))
        values += tag.values
    return indexes, values


def layer(name: str, body: bytes, keys: Sequence[str], values: Sequence[bytes]) -> bytes:
    """Return a tile of one layer whose features and values are already written."""
    told = (_text(0x1A, key) for key in keys)
    inside = b"".join((b"\x78\x02", _text(0x0A, name), body, *told, *values, b"\x28", _varint(EXTENT)))
    return b"\x1a" + _varint(len(inside)) + inside


def value(value: Any) -> bytes:
    """Return a value (bool, int, float or text) as a layer holds it."""
    if isinstance(value, bool):
        said = b"\x38" + bytes([value])
    elif isinstance(value, int) and -(2**63) <= value < 2**63:
        said = b"\x30" + _varint((value << 1) ^ (value >> 63))
    elif isinstance(value, int | float):
        said = b"\x19" + struct.pack("<d", float(value))
    else:
        said = _text(0x0A, str(value))
    return b"\x22" + _varint(len(said)) + said


def _text(tag: int, text: str) -> bytes:
    said = text.encode("utf-8", "replace")
    return bytes([tag]) + _varint(len(said)) + said


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
