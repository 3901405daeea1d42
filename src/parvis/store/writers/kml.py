"""KML 2.2: a placemark for each row that has a place, its columns as data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from parvis.store.writers import sql
from parvis.store.writers.frame import Format, Frame, Lines

FORMAT = Format(".kml", "application/vnd.google-earth.kml+xml; charset=utf-8", "KML", placed=True)


def lines(frame: Frame) -> Lines:
    told, names = [], list[str]()
    for cell in frame.plain:
        names.append(f'<Data name="{sql.tagged(cell.name, attribute=True)}"><value>')
        said = f"concat(CAST(? AS VARCHAR), {sql.escaped(cell, frame)}, '</value></Data>')"
        told.append(f"CASE WHEN {sql.filled(cell)} THEN {said} ELSE '' END")
    spot = frame.spot
    if len(spot.at) == 2:
        shape = sql.both(spot, "<Point><coordinates>", ",", "</coordinates></Point>")
    else:
        shape = f"shape_kml({sql.column(spot)})"
    name = f"coalesce({sql.xml(sql.name_of(frame))}, '')"
    data = ", ".join(["'</name><ExtendedData>'", *told, "'</ExtendedData>'"])
    line = f"CASE WHEN {sql.filled(spot)} THEN concat('<Placemark><name>', {name}, {data}, {shape}, '</Placemark>\n') ELSE '' END"
    return Lines(line, names, _head(frame), "</Document></kml>\n")


def _head(frame: Frame) -> str:
    said = "".join(
        f'<Data name="{name}"><value>{sql.tagged(frame.about[name])}</value></Data>'
        for name in ("attribution", "licence", "licence_url", "modified")
        if name in frame.about
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">'
        f"<Document><name>{sql.tagged(frame.about.get('title', ''))}</name><ExtendedData>{said}</ExtendedData>\n"
    )


def drawn(text: str) -> str:
    """Return a GeoJSON geometry as KML draws it."""
    shape = json.loads(text)
    return _shape({"type": "Point", "coordinates": [shape["lon"], shape["lat"]]} if "lon" in shape else shape)


def _shape(shape: Any) -> str:
    kind, held = shape["type"], shape.get("coordinates")
    if kind == "Point":
        return f"<Point><coordinates>{_line([held])}</coordinates></Point>" if held else ""
    if kind == "LineString":
        return f"<LineString><coordinates>{_line(held)}</coordinates></LineString>"
    if kind == "Polygon":
        rings = [f"<LinearRing><coordinates>{_line(ring)}</coordinates></LinearRing>" for ring in held]
        inner = "".join(f"<innerBoundaryIs>{r}</innerBoundaryIs>" for r in rings[1:])
        return f"<Polygon><outerBoundaryIs>{rings[0]}</outerBoundaryIs>{inner}</Polygon>" if rings else ""
    parts = (
        shape["geometries"] if kind == "GeometryCollection" else [{"type": kind[5:], "coordinates": c} for c in held]
    )
    return f"<MultiGeometry>{''.join(map(_shape, parts))}</MultiGeometry>"


def _line(places: Sequence[Any]) -> str:
    return " ".join(f"{p[0]},{p[1]}" for p in places)
