"""Arcs of a circle made of straight lines: shapes drawn by surveyors, that the map libraries of the web do not hold.

Format: ISO WKB (ISO/IEC 13249-3), types 8 to 12, and their Z, M and EWKB variants.
"""

from __future__ import annotations

import math
import struct
from typing import Any

import shapely

from parvis.frozen import dataclass

_STEP = math.radians(7.5)  # angle of one segment: an arc of 10 m radius is drawn to 2 cm
_DEEP = 12

Point = tuple[float, float]


def straight(wkb: bytes) -> Any:
    """Return the shape of a WKB with its arcs as lines (in two dimensions), or None when it is not well formed."""
    try:
        return _Reader(wkb).shape(0)
    except (struct.error, ValueError, IndexError, OverflowError, shapely.errors.GEOSException):
        return None


@dataclass(slots=True)
class _Reader:
    """Where reading stands in one WKB."""

    data: bytes
    at: int = 0
    order: str = "<"

    def shape(self, depth: int) -> Any:
        if depth > _DEEP:
            raise ValueError("too deep")
        kind, width = self._head()
        if kind == 1:
            return shapely.Point(self._points(1, width)[0])
        if kind in (2, 8):
            points = self._points(self._count(16), width)
            return shapely.LineString(points if kind == 2 else _drawn(points))
        if kind == 3:
            rings = [self._points(self._count(16), width) for _ in range(self._count(4))]
            return shapely.Polygon(rings[0], rings[1:]) if rings else shapely.Polygon()
        parts = [self.shape(depth + 1) for _ in range(self._count(5))]
        if kind == 9:
            return shapely.LineString([c for p in parts for c in p.coords])
        if kind == 10:
            return shapely.Polygon(parts[0].coords, [p.coords for p in parts[1:]]) if parts else shapely.Polygon()
        makers = {4: shapely.MultiPoint, 5: shapely.MultiLineString, 11: shapely.MultiLineString,
                  6: shapely.MultiPolygon, 12: shapely.MultiPolygon, 7: shapely.GeometryCollection}  # fmt: skip
        if kind not in makers:
            raise ValueError("unknown kind")
        return makers[kind](parts)

    def _head(self) -> tuple[int, int]:
        """Return the kind of the shape that starts here, and how many numbers each of its points has."""
        self.order = "<" if self.data[self.at] == 1 else ">"
        (code,) = struct.unpack_from(f"{self.order}I", self.data, self.at + 1)
        self.at += 5
        extra = (code >> 31 & 1) + (code >> 30 & 1)
        if code >> 29 & 1:
            self.at += 4  # a reference system
        code &= 0x1FFFFFFF
        return code % 1000, 2 + extra + {0: 0, 1: 1, 2: 1, 3: 2}[min(code // 1000, 3)]

    def _count(self, least: int) -> int:
        """Return a number of parts that the bytes left can hold."""
        (count,) = struct.unpack_from(f"{self.order}I", self.data, self.at)
        self.at += 4
        if count * least > len(self.data) - self.at:
            raise ValueError("more parts than bytes")
        return int(count)

    def _points(self, count: int, width: int) -> list[Point]:
        numbers = struct.unpack_from(f"{self.order}{count * width}d", self.data, self.at)
        self.at += count * width * 8
        return [(numbers[i], numbers[i + 1]) for i in range(0, count * width, width)]


def _drawn(points: list[Point]) -> list[Point]:
    """Return the points of a line that follows the arcs; each arc is said by its start, a point on it and its end."""
    out = points[:1]
    for start, middle, end in zip(points[0::2], points[1::2], points[2::2], strict=False):
        out += _arc(start, middle, end)
    return out


def _arc(start: Point, middle: Point, end: Point) -> list[Point]:
    (ax, ay), (bx, by), (cx, cy) = start, middle, end
    if start == end:  # a whole circle: the point on it is the opposite one
        x, y, sweep = (ax + bx) / 2, (ay + by) / 2, 2 * math.pi
    else:
        twice = 2 * ((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
        if abs(twice) < 1e-9 * (abs(cx - ax) + abs(cy - ay)) ** 2:
            return [middle, end]  # they are on one straight line
        b2, c2 = (bx - ax) ** 2 + (by - ay) ** 2, (cx - ax) ** 2 + (cy - ay) ** 2
        x = ax + ((cy - ay) * b2 - (by - ay) * c2) / twice
        y = ay + ((bx - ax) * c2 - (cx - ax) * b2) / twice
        turn = math.atan2(cy - y, cx - x) - math.atan2(ay - y, ax - x)
        sweep = turn % (2 * math.pi) if twice > 0 else -(-turn % (2 * math.pi))
    first, radius = math.atan2(ay - y, ax - x), math.hypot(ax - x, ay - y)
    steps = max(2, math.ceil(abs(sweep) / _STEP))
    angles = (first + sweep * n / steps for n in range(1, steps))
    return [*((x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles), end]
