"""A shape as questions write it, WKT, GeoJSON or WKB in hexadecimal, as plain WKB in longitude and latitude."""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Sequence
from typing import Any

MOST = 10_000  # points
LONGEST = 400_000  # characters
_KINDS = {
    "point": 1, "linestring": 2, "polygon": 3, "multipoint": 4, "multilinestring": 5, "multipolygon": 6,
    "geometrycollection": 7,
}  # fmt: skip
_DEPTHS = {1: 0, 2: 1, 3: 2, 4: 1, 5: 2, 6: 3}  # lists around a place
_TOKEN = re.compile(r"\s*([A-Za-z]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[(),])")
_HEX = re.compile(r"(?:0[01])[0-9a-fA-F]+")


class ShapeError(ValueError):
    """This text is no shape."""


def wkb(text: str) -> str:
    """Return a shape as WKB in hexadecimal, its heights left out. Raises: ShapeError."""
    text = text.strip()
    if len(text) > LONGEST:
        raise ShapeError("too long")
    try:
        if text.startswith("{"):
            kind, coordinates = _from_json(json.loads(text))
        elif _HEX.fullmatch(text):
            kind, coordinates = _Binary(bytes.fromhex(text)).whole()
        else:
            kind, coordinates = _Words(text).whole()
        return _packed(kind, coordinates, [MOST]).hex()
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, struct.error, RecursionError) as error:
        raise ShapeError(str(error)) from error


def polygon(places: Sequence[tuple[float, float]]) -> str:
    """Return the WKB of the polygon around some places, closed if it was not."""
    ring = [list(p) for p in places]
    if ring and ring[0] != ring[-1]:
        ring.append(ring[0])
    try:
        return _packed(3, [ring], [MOST]).hex()
    except (ValueError, TypeError) as error:
        raise ShapeError(str(error)) from error


Shape = tuple[int, Any]


def _from_json(told: Any) -> Shape:
    if told.get("type") == "Feature":
        told = told["geometry"]
    kind = _KINDS[str(told["type"]).lower()]
    if kind == 7:
        return 7, [_from_json(part) for part in told["geometries"]]
    return kind, told["coordinates"]


class _Words:
    """Well-known text, with or without its SRID."""

    def __init__(self, text: str) -> None:
        text = re.sub(r"^SRID=\d+;", "", text, flags=re.IGNORECASE)
        self.tokens: list[str] = []
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise ShapeError(text[at : at + 20])
            self.tokens.append(match[1])
            at = match.end()
        self.at = 0

    def whole(self) -> Shape:
        found = self._shape(0)
        if self.at != len(self.tokens):
            raise ShapeError(self.tokens[self.at])
        return found

    def _take(self, wanted: str) -> None:
        if self.tokens[self.at] != wanted:
            raise ShapeError(self.tokens[self.at])
        self.at += 1

    def _shape(self, depth: int) -> Shape:
        if depth > 5:
            raise ShapeError("nested")
        kind = _KINDS[self.tokens[self.at].lower()]
        self.at += 1
        if self.tokens[self.at].upper() in ("Z", "M", "ZM"):
            self.at += 1
        if kind == 7:
            self._take("(")
            parts = [self._shape(depth + 1)]
            while self.tokens[self.at] == ",":
                self.at += 1
                parts.append(self._shape(depth + 1))
            self._take(")")
            return 7, parts
        if kind == 1:
            self._take("(")
            place = self._place()
            self._take(")")
            return 1, place
        return kind, self._list(_DEPTHS[kind])

    def _list(self, depth: int) -> list[Any]:
        self._take("(")
        out = [self._one(depth)]
        while self.tokens[self.at] == ",":
            self.at += 1
            out.append(self._one(depth))
        self._take(")")
        return out

    def _one(self, depth: int) -> Any:
        if depth > 1:
            return self._list(depth - 1)
        if self.tokens[self.at] == "(":  # MULTIPOINT((1 2), (3 4))
            self.at += 1
            place = self._place()
            self._take(")")
            return place
        return self._place()

    def _place(self) -> list[float]:
        out = []
        while self.tokens[self.at] not in (",", ")", "("):
            out.append(float(self.tokens[self.at]))
            self.at += 1
        return out


class _Binary:
    """Well-known binary of either end, with or without heights or SRID."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def whole(self) -> Shape:
        found = self._shape(0)
        if self.at != len(self.data):
            raise ShapeError("too long")
        return found

    def _read(self, form: str) -> tuple[Any, ...]:
        size = struct.calcsize(form)
        found = struct.unpack_from(form, self.data, self.at)
        self.at += size
        return found

    def _shape(self, depth: int) -> Shape:
        if depth > 5:
            raise ShapeError("nested")
        end = "<" if self._read("B")[0] == 1 else ">"
        (code,) = self._read(f"{end}I")
        high, more = code & 0x80000000, code & 0x40000000
        if code & 0x20000000:
            self._read(f"{end}I")
        code &= 0x0FFFFFFF
        size = 2 + bool(high or code // 1000 in (1, 3)) + bool(more or code // 1000 in (2, 3))
        kind = code % 1000
        if kind == 1:
            return 1, self._places(end, 1, size)[0]
        if kind == 2:
            return 2, self._line(end, size)
        if kind == 3:
            (count,) = self._read(f"{end}I")
            return 3, [self._line(end, size) for _ in range(self._sane(count))]
        (count,) = self._read(f"{end}I")
        parts = [self._shape(depth + 1) for _ in range(self._sane(count))]
        if kind == 7:
            return 7, parts
        if kind not in (4, 5, 6) or any(part[0] != kind - 3 for part in parts):
            raise ShapeError("kind")
        return kind, [part[1] for part in parts]

    def _line(self, end: str, size: int) -> list[list[float]]:
        (count,) = self._read(f"{end}I")
        return self._places(end, self._sane(count), size)

    def _places(self, end: str, count: int, size: int) -> list[list[float]]:
        return [list(self._read(f"{end}{size}d"))[:2] for _ in range(count)]

    def _sane(self, count: int) -> int:
        if count > MOST:
            raise ShapeError("too many points")
        return count


def _packed(kind: int, coordinates: Any, left: list[int]) -> bytes:
    head = struct.pack("<BI", 1, kind)
    if kind == 1:
        return head + _place(coordinates, left)
    if kind == 2:
        return head + _line(coordinates, left, 2)
    if kind == 3:
        rings = [_line(ring, left, 4) for ring in coordinates]
        if not rings or any(list(ring[0])[:2] != list(ring[-1])[:2] for ring in coordinates):
            raise ShapeError("a ring is not closed")
        return head + struct.pack("<I", len(rings)) + b"".join(rings)
    parts = coordinates if kind == 7 else [(kind - 3, c) for c in coordinates]
    if not parts:
        raise ShapeError("empty")
    return head + struct.pack("<I", len(parts)) + b"".join(_packed(k, c, left) for k, c in parts)


def _line(places: Any, left: list[int], least: int) -> bytes:
    if len(places) < least:
        raise ShapeError("too few points")
    return struct.pack("<I", len(places)) + b"".join(_place(p, left) for p in places)


def _place(place: Any, left: list[int]) -> bytes:
    left[0] -= 1
    if left[0] < 0:
        raise ShapeError("too many points")
    x, y = float(place[0]), float(place[1])
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ShapeError("no place")
    return struct.pack("<dd", x, y)
