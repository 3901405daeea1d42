"""Geometries as GML 3 and GML 2, in the order of the axes of the system they are told in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def shape(geometry: Any, srs: str, identity: str) -> str:
    """Return a GeoJSON geometry as a GML element. ``srs`` is the name of its system, ``identity`` its gml:id."""
    return _SHAPES[geometry["type"]](geometry, f' srsName="{srs}"', identity)


def _point(told: Any, srs: str, identity: str) -> str:
    return f'<gml:Point{srs} gml:id="{identity}"><gml:pos>{_places([told["coordinates"]])}</gml:pos></gml:Point>'


def _line(told: Any, srs: str, identity: str) -> str:
    inside = f"<gml:posList>{_places(told['coordinates'])}</gml:posList>"
    return f'<gml:LineString{srs} gml:id="{identity}">{inside}</gml:LineString>'


def _polygon(told: Any, srs: str, identity: str) -> str:
    rings = [
        f"<gml:LinearRing><gml:posList>{_places(ring)}</gml:posList></gml:LinearRing>" for ring in told["coordinates"]
    ]
    inside = "".join(f"<gml:interior>{ring}</gml:interior>" for ring in rings[1:])
    outside = f"<gml:exterior>{rings[0]}</gml:exterior>" if rings else ""
    return f'<gml:Polygon{srs} gml:id="{identity}">{outside}{inside}</gml:Polygon>'


def _several(element: str, member: str, single: str) -> Callable[[Any, str, str], str]:
    def made(told: Any, srs: str, identity: str) -> str:
        parts = [{"type": single, "coordinates": c} for c in told["coordinates"]]
        inside = "".join(
            f"<gml:{member}>{_SHAPES[single](part, '', f'{identity}.{n}')}</gml:{member}>"
            for n, part in enumerate(parts)
        )
        return f'<gml:{element}{srs} gml:id="{identity}">{inside}</gml:{element}>'

    return made


def _collection(told: Any, srs: str, identity: str) -> str:
    inside = "".join(
        f"<gml:geometryMember>{_SHAPES[part['type']](part, '', f'{identity}.{n}')}</gml:geometryMember>"
        for n, part in enumerate(told["geometries"])
    )
    return f'<gml:MultiGeometry{srs} gml:id="{identity}">{inside}</gml:MultiGeometry>'


def _places(places: Sequence[Sequence[float]]) -> str:
    return " ".join(f"{_number(p[0])} {_number(p[1])}" for p in places)


def _number(value: float) -> str:
    return repr(value) if isinstance(value, int) or abs(value) < 1e15 else f"{value:f}"


_SHAPES: dict[str, Callable[[Any, str, str], str]] = {
    "Point": _point, "LineString": _line, "Polygon": _polygon,
    "MultiPoint": _several("MultiPoint", "pointMember", "Point"),
    "MultiLineString": _several("MultiCurve", "curveMember", "LineString"),
    "MultiPolygon": _several("MultiSurface", "surfaceMember", "Polygon"),
    "GeometryCollection": _collection,
}  # fmt: skip


# --- GML 2 ----------------------------------------------------------------------------------------


def old_shape(geometry: Any, srs: str, identity: str = "") -> str:
    """Return a GeoJSON geometry as an element of GML 2, where shapes have no name of their own."""
    return _old(geometry, f' srsName="{srs}"')


def _old(told: Any, srs: str) -> str:
    kind = told["type"]
    if kind in ("Point", "LineString"):
        places = [told["coordinates"]] if kind == "Point" else told["coordinates"]
        return f"<gml:{kind}{srs}>{_old_places(places)}</gml:{kind}>"
    if kind == "Polygon":
        rings = [f"<gml:LinearRing>{_old_places(ring)}</gml:LinearRing>" for ring in told["coordinates"]]
        sides = ("outerBoundaryIs", *["innerBoundaryIs"] * (len(rings) - 1))
        inside = "".join(f"<gml:{side}>{ring}</gml:{side}>" for side, ring in zip(sides, rings, strict=False))
        return f"<gml:Polygon{srs}>{inside}</gml:Polygon>"
    if kind == "GeometryCollection":
        inside = "".join(f"<gml:geometryMember>{_old(part, '')}</gml:geometryMember>" for part in told["geometries"])
        return f"<gml:MultiGeometry{srs}>{inside}</gml:MultiGeometry>"
    single = kind.removeprefix("Multi")
    member = f"{single[0].lower()}{single[1:]}Member"
    parts = [_old({"type": single, "coordinates": c}, "") for c in told["coordinates"]]
    inside = "".join(f"<gml:{member}>{part}</gml:{member}>" for part in parts)
    return f"<gml:{kind}{srs}>{inside}</gml:{kind}>"


def _old_places(places: Sequence[Sequence[float]]) -> str:
    said = " ".join(f"{_number(p[0])},{_number(p[1])}" for p in places)
    return f'<gml:coordinates decimal="." cs="," ts=" ">{said}</gml:coordinates>'
