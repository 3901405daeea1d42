"""The coordinate systems that OGC's dialects speak, their addresses and the order of their axes.

All is kept in longitudes and latitudes (CRS84). The others are Lambert-93, its nine conic zones, Web Mercator, and EPSG's
own WGS 84, which says the latitude first.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from parvis.errors import InputError

CRS84 = 84
SYSTEMS: tuple[int, ...] = (CRS84, 4326, 2154, 3857, *range(3942, 3951))
TURNED = frozenset((4326,))  # latitude first
STEPS = 16  # pieces of a side of a box, whose sides are curves in degrees
_SAID = re.compile(
    r"(?:https?://www\.opengis\.net/def/crs/|https?://www\.opengis\.net/gml/srs/epsg\.xml#|urn:(?:ogc|x-ogc):def:crs:|)"
    r"(?:(EPSG)(?:/[\d.]*/|:[\d.]*:|:)?(\d{4,6})|(\d{4,6})|OGC(?:/1\.3/|:1\.3:|:)CRS84|CRS:84|CRS84)",
    re.IGNORECASE,
)


def uri(code: int) -> str:
    if code == CRS84:
        return "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    return f"http://www.opengis.net/def/crs/EPSG/0/{code}"


def read(text: str, parameter: str) -> int:
    """Return the system that an address, a URN or « [EPSG:2154] » names. Raises: InputError."""
    match = _SAID.fullmatch(text.strip().removeprefix("[").removesuffix("]"))
    code = 0 if match is None else int(match[2] or match[3] or CRS84)
    if code not in SYSTEMS:
        raise InputError(
            "« {parameter} » : le système de coordonnées « {said} » n'est pas servi.", "Systèmes : {known}.",
            parameter=parameter, said=text[:80], known=", ".join("CRS84" if c == CRS84 else f"EPSG:{c}" for c in SYSTEMS),
        )  # fmt: skip
    return code


@functools.cache
def _moving(source: int, target: int) -> Any:
    import pyproj

    known = {CRS84: 4326}
    return pyproj.Transformer.from_crs(known.get(source, source), known.get(target, target), always_xy=True)


# --- From the shelf to the reader -----------------------------------------------------------------


def from_degrees(geometries: Sequence[Any], code: int) -> None:
    """Move GeoJSON geometries, in place, to a system: all their places at once. One that leaves the map loses its places.

    Unit: metres to the millimetre, or degrees to the ten-millionth, in the order of the system's axes.
    """
    if code == CRS84:
        return
    places = [place for shape in geometries if shape for place in _places(shape)]
    if not places:
        return
    if code in TURNED:
        for place in places:
            place[0], place[1] = place[1], place[0]
        return
    xs, ys = _moving(CRS84, code).transform([p[0] for p in places], [p[1] for p in places])
    for place, x, y in zip(places, xs, ys, strict=True):
        place[0], place[1] = round(x, 3), round(y, 3)


def placed(geometry: Any) -> bool:
    """True for a shape whose places are all on the map."""
    return all(math.isfinite(p[0]) and math.isfinite(p[1]) for p in _places(geometry))


def _places(shape: Any) -> Iterator[list[float]]:
    """Yield the places of a shape, to be changed in place."""
    if "geometries" in shape:
        for part in shape["geometries"]:
            yield from _places(part)
    else:
        yield from _leaves(shape["coordinates"])


def _leaves(tree: Any) -> Iterator[list[float]]:
    if tree and not isinstance(tree[0], list):
        yield tree
    else:
        for part in tree:
            yield from _leaves(part)


# --- From the reader to the shelf -----------------------------------------------------------------


def box_to_degrees(sides: Sequence[Any], code: int) -> str:
    """Return a box said in a system as a shape in degrees (WKB in hexadecimal). Raises: InputError."""
    west, south, east, north = checked_box(sides, code)
    if code in (CRS84, 4326, 3857):
        (west, east), (south, north) = _degrees([west, east], [south, north], code)
        if west > east:  # round by the 180th meridian
            return _packed([_ring(west, south, 180.0, north, 1), _ring(-180.0, south, east, north, 1)])
        return _packed([_ring(west, south, east, north, 1)])
    ring = _ring(west, south, east, north, STEPS)
    xs, ys = _degrees([p[0] for p in ring], [p[1] for p in ring], code)
    return _packed([list(zip(xs, ys, strict=True))])


def checked_box(sides: Sequence[Any], code: int) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a box as its system writes it. Raises: InputError."""
    numbers = [float(s) for s in sides if isinstance(s, int | float) and not isinstance(s, bool) and math.isfinite(s)]
    if len(numbers) != 4 or len(sides) != 4:
        raise InputError("Un rectangle se dit par quatre nombres : ouest, sud, est, nord.", parameter="bbox")
    if code in TURNED:
        numbers = [numbers[1], numbers[0], numbers[3], numbers[2]]
    west, south, east, north = numbers
    if south > north or (west > east and code not in (CRS84, 4326)):
        raise InputError("Ce rectangle est à l'envers : ouest, sud, est, nord étaient attendus.", parameter="bbox")
    if code in (CRS84, 4326) and not (-180 <= west <= 180 and -180 <= east <= 180 and south >= -90 and north <= 90):
        raise InputError("Ce rectangle sort de la Terre : des degrés étaient attendus.", parameter="bbox")
    return west, south, east, north


def shape_to_degrees(wkb: str, code: int) -> str:
    """Return a shape said in a system (WKB in hexadecimal) in degrees. Raises: InputError."""
    if code == CRS84:
        return wkb
    import shapely

    def moved(xy: Any) -> Any:
        if code in TURNED:
            return xy[:, ::-1]
        xs, ys = _degrees(xy[:, 0], xy[:, 1], code)
        import numpy

        return numpy.column_stack((xs, ys))

    return str(shapely.to_wkb(shapely.transform(shapely.from_wkb(wkb), moved), hex=True, byte_order=1))


def bounds(wkb: str) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a shape."""
    import shapely

    west, south, east, north = (float(v) for v in shapely.bounds(shapely.from_wkb(wkb)))
    if not all(-400 <= v <= 400 for v in (west, south, east, north)):
        raise InputError("Cette géométrie sort de la Terre : des degrés étaient attendus.")
    return west, south, east, north


def is_box(wkb: str) -> bool:
    """True for a shape that is its own box."""
    import shapely

    shape = shapely.from_wkb(wkb)
    return bool(shapely.equals(shape, shapely.box(*shapely.bounds(shape))))


def _degrees(xs: Any, ys: Any, code: int) -> tuple[Any, Any]:
    if code in (CRS84, 4326):
        return xs, ys
    lons, lats = _moving(code, CRS84).transform(xs, ys)
    if not all(math.isfinite(v) for v in (*lons, *lats)):
        raise InputError("Ces coordonnées sortent du système {code}.", code=code)
    return lons, lats


def _ring(west: float, south: float, east: float, north: float, steps: int) -> list[tuple[float, float]]:
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    out = [corners[0]]
    for (x, y), (to_x, to_y) in itertools.pairwise(corners):
        out += [(x + (to_x - x) * n / steps, y + (to_y - y) * n / steps) for n in range(1, steps + 1)]
    return out


def _packed(rings: Sequence[Sequence[tuple[float, float]]]) -> str:
    """Return rings as a polygon, or several."""
    parts = [
        struct.pack("<BIII", 1, 3, 1, len(ring)) + b"".join(struct.pack("<dd", *place) for place in ring)
        for ring in rings
    ]
    return parts[0].hex() if len(parts) == 1 else (struct.pack("<BII", 1, 6, len(parts)) + b"".join(parts)).hex()
