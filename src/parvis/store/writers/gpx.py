"""GPX 1.1: points as waypoints, then what is drawn as tracks: a second place would break the order that GPX asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from parvis.store.writers import sql
from parvis.store.writers.frame import Cell, Format, Frame, Lines, dumped

FORMAT = Format(".gpx", "application/gpx+xml; charset=utf-8", "GPX", placed=True)
_SPACES = 'xmlns="http://www.topografix.com/GPX/1/1" xmlns:d="https://parvis.example/gpx"'


def lines(frame: Frame) -> Lines:
    inside, names = _inside(frame)
    spot = frame.spot
    if len(spot.at) == 2:
        place = sql.both(spot, '<wpt lat="', '" lon="', '">', turned=True)
        line = f"CASE WHEN {sql.filled(spot)} THEN concat({place}, {inside}, '</wpt>\n') ELSE '' END"
        return Lines(line, names, _head(frame), "</gpx>\n")
    points, tracks = (f"coalesce(shape_gpx({sql.column(spot)}, {inside}, {n}), '')" for n in (0, 1))
    return Lines(points, names, _head(frame), "</gpx>\n", again=tracks, again_bound=names)


def _head(frame: Frame) -> str:
    about = frame.about
    said = f"<name>{sql.tagged(about.get('title', ''))}</name><desc>{sql.tagged(about.get('attribution', ''))}</desc>"
    if about.get("licence_url"):
        author = sql.tagged(about.get("producer", ""), attribute=True)
        said += f'<copyright author="{author}"><license>{sql.tagged(about["licence_url"])}</license></copyright>'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="Parvis" {_SPACES}>\n'
        f"<metadata>{said}</metadata>\n"
    )


def _inside(frame: Frame) -> tuple[str, list[str]]:
    """Return what a place is told to be, and the names bound in it."""
    wanted, names = frame.options.get("description_fields") or [], list[str]()
    parts = ["'<name>'", f"coalesce({sql.xml(sql.name_of(frame))}, '')", "'</name>'"]
    extended = frame.options.get("extension", True)
    cells = [c for name in wanted for c in frame.plain if c.name == name] if wanted else frame.plain
    if wanted or not extended:
        said = ", ".join(_said(c, frame, "") for c in cells) or "NULL"
        names += [f"{sql.tagged(c.name)}: " for c in cells]
        parts += ["'<desc>'", f"concat_ws(', ', {said})", "'</desc>'"]
    if extended:
        parts.append("'<extensions>'")
        for cell in cells:
            parts.append(f"coalesce({_said(cell, frame, '?')}, '')")
            names += [f"<d:{tag(cell.name)}>", f"</d:{tag(cell.name)}>"]
        parts.append("'</extensions>'")
    return f"concat({', '.join(parts)})", names


def _said(cell: Cell, frame: Frame, after: str) -> str:
    end = ", CAST(? AS VARCHAR)" if after else ""
    return f"CASE WHEN {sql.filled(cell)} THEN concat(CAST(? AS VARCHAR), {sql.escaped(cell, frame)}{end}) END"


def tag(name: str) -> str:
    """Return a name that an element may have."""
    tag = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)
    return tag if re.match(r"[A-Za-z_]", tag) else f"_{tag}"


def drawn(text: str, inside: str, tracks: bool) -> str:
    """Return the waypoints of a GeoJSON geometry, or its tracks, each with what it is told to be."""
    shape = json.loads(text)
    out = []
    for one in _flat({"type": "Point", "coordinates": [shape["lon"], shape["lat"]]} if "lon" in shape else shape):
        if (one["type"] != "Point") is not tracks or not one["coordinates"]:
            continue
        if tracks:
            out.append(f"<trk>{inside}{_segments(one)}</trk>\n")
        else:
            x, y = one["coordinates"][:2]
            out.append(f"<wpt lat={dumped(str(y))} lon={dumped(str(x))}>{inside}</wpt>\n")
    return "".join(out)


def _flat(shape: Any) -> Iterator[Any]:
    """Yield the single shapes of one of several."""
    if shape["type"] == "GeometryCollection":
        for part in shape["geometries"]:
            yield from _flat(part)
    elif shape["type"].startswith("Multi"):
        for held in shape["coordinates"]:
            yield {"type": shape["type"][5:], "coordinates": held}
    else:
        yield shape


def _segments(shape: Any) -> str:
    lines = shape["coordinates"] if shape["type"] == "Polygon" else [shape["coordinates"]]
    return "".join(
        f"<trkseg>{''.join(f'<trkpt lat={dumped(str(p[1]))} lon={dumped(str(p[0]))}/>' for p in line)}</trkseg>"
        for line in lines
    )
