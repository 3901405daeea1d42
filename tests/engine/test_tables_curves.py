"""Arcs of a circle become lines that follow them."""

from __future__ import annotations

import math
import struct

import pytest
import shapely

from parvis.tables.curves import straight


def wkb(kind: int, *body: bytes, order: str = "<") -> bytes:
    return struct.pack(f"{order}BI", order == "<", kind) + b"".join(body)


def points(*pairs: tuple[float, ...], order: str = "<") -> bytes:
    return struct.pack(f"{order}I", len(pairs)) + b"".join(struct.pack(f"{order}{len(p)}d", *p) for p in pairs)


def count(number: int) -> bytes:
    return struct.pack("<I", number)


HALF = points((-1.0, 0.0), (0.0, 1.0), (1.0, 0.0))
CIRCLE = wkb(8, points((-1.0, 0.0), (1.0, 0.0), (-1.0, 0.0)))


def test_a_half_circle_has_its_length() -> None:
    assert straight(wkb(8, HALF)).length == pytest.approx(math.pi, rel=0.002)


def test_an_arc_turns_the_way_its_middle_says() -> None:
    down = straight(wkb(8, points((-1.0, 0.0), (0.0, -1.0), (1.0, 0.0))))
    assert down.bounds[1] == pytest.approx(-1, abs=0.01)
    assert straight(wkb(8, HALF)).bounds[3] == pytest.approx(1, abs=0.01)
    long = straight(wkb(8, points((-1.0, 0.0), (1.0, 0.0), (0.0, 1.0))))
    assert long.length == pytest.approx(1.5 * math.pi, rel=0.002)


def test_a_circle_fills_its_disc() -> None:
    assert straight(wkb(10, count(1), CIRCLE)).area == pytest.approx(math.pi, rel=0.005)


def test_lines_and_arcs_follow_each_other() -> None:
    line = wkb(2, points((1.0, 0.0), (-1.0, 0.0)))
    closed = wkb(9, count(2), wkb(8, HALF), line)
    shape = straight(wkb(12, count(1), wkb(10, count(1), closed)))
    assert (shape.geom_type, shape.is_valid) == ("MultiPolygon", True)
    assert shape.area == pytest.approx(math.pi / 2, rel=0.005)


@pytest.mark.parametrize("kind", [1008, 8 | 0x80000000, 2008])
def test_heights_are_let_go(kind: int) -> None:
    data = wkb(kind, points((-1.0, 0.0, 9.0), (0.0, 1.0, 9.0), (1.0, 0.0, 9.0)))
    assert straight(data).length == pytest.approx(math.pi, rel=0.002)


def test_the_other_byte_order_is_read() -> None:
    data = wkb(8, points((-1.0, 0.0), (0.0, 1.0), (1.0, 0.0), order=">"), order=">")
    assert straight(data).length == pytest.approx(math.pi, rel=0.002)


def test_points_on_one_straight_line_are_a_line() -> None:
    assert straight(wkb(8, points((0.0, 0.0), (1.0, 0.0), (2.0, 0.0)))).length == pytest.approx(2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        wkb(8, count(0xFFFFFFFF)),
        wkb(10, count(0xFFFFFFFF)),
        wkb(99, count(1)),
        wkb(9, count(1)) * 5000,
        wkb(8, points((math.nan, 0.0), (0.0, 1.0), (1.0, 0.0))),
        wkb(8, points((1e308, 1e308), (-1e308, 1e308), (0.0, -1e308))),
        wkb(8, points((0.0, 0.0))),
    ],
)
def test_what_is_malformed_is_no_shape_and_no_crash(data: bytes) -> None:
    shape = straight(data)
    assert shape is None or isinstance(shape, shapely.Geometry)
