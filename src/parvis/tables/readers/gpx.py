"""GPX: paths, routes and points of interest recorded by a GPS or drawn for walkers; a table for each.

The points of a track are not published one by one: with their hours they tell where a person was, and when.
Format: GPX 1.0 and 1.1 (Topografix).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import markup
from parvis.values import Finding, Severity, msg

TITLE = "Parcours GPS (GPX)"
SUFFIXES = (".gpx",)

_TITLES = {"wpt": "Points", "rte": "Itinéraires", "trk": "Tracés"}
_OWN = {
    "name": "Nom",
    "desc": "Description",
    "cmt": "Commentaire",
    "type": "Type",
    "sym": "Symbole",
    "src": "Source",
    "number": "Numéro",
    "ele": "Altitude",
    "time": "Date",
}
_MADE = ("Longueur (km)", "Dénivelé positif (m)", "Lien")
_MOST = 5_000_000  # points


def recognises(path: Path, head: bytes) -> float:
    return 0.95 if markup.looks(head) == "gpx" else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the points, the routes and the tracks into the sink, with their shapes."""
    import numpy as np
    import pyarrow as pa

    from parvis.tables import layer

    markup.guard(path)
    found: dict[str, list[tuple[int, dict[str, str], Any]]] = {k: [] for k in _TITLES}
    timed = 0
    points = 0
    for _, node in markup.elements(path, ["{*}wpt", "{*}rte", "{*}trk"]):
        kind = markup.local(node)
        parts = _parts(node, kind)
        points += sum(map(len, parts))
        if points > _MOST:
            raise InputError("Ce parcours a trop de points.", "Exportez-le en plusieurs fichiers.", code="gpx.size")
        timed += kind != "wpt" and node.find(".//{*}time") is not None
        found[kind].append((node.sourceline or 0, _cells(node, kind, parts), _shape(kind, parts)))
        markup.drop(node)
    kept = {k: v for k, v in found.items() if v}
    if not kept:
        raise InputError(
            "Ce fichier GPX ne contient ni point, ni itinéraire, ni tracé.",
            "Exportez à nouveau le parcours.",
            code="gpx.empty",
        )
    for kind, rows in kept.items():
        labels = [x for x in (*_OWN.values(), *_MADE) if any(r.get(x) for _, r, _ in rows)] or ["Nom"]
        cells = [pa.array([r.get(x) or None for _, r, _ in rows], pa.string()) for x in labels]
        shapes = np.empty(len(rows), object)
        shapes[:] = [shape for _, _, shape in rows]
        lines = [line for line, _, _ in rows]
        title = _TITLES[kind] if len(kept) > 1 else ""
        layer.write(
            sink, title, labels, _once(layer.Chunk(cells, shapes, lines)), silent=True, format="gpx", encoding="utf-8"
        )
    return [_hours(timed)] if timed else []


def _once(chunk: Any) -> Any:
    import dataclasses

    return lambda: [dataclasses.replace(chunk, shapes=chunk.shapes.copy())]


Point = tuple[float, float, float]


def _parts(node: Any, kind: str) -> list[list[Point]]:
    """Return the points (longitude, latitude, height or NaN) of each piece of a path."""
    if kind == "wpt":
        return [_points([node])]
    pieces = (
        [list(node.iterfind("{*}rtept"))]
        if kind == "rte"
        else [list(s.iterfind("{*}trkpt")) for s in node.iterfind("{*}trkseg")]
    )
    return [p for piece in pieces if (p := _points(piece))]


def _points(nodes: Sequence[Any]) -> list[Point]:
    out = []
    for node in nodes:
        try:
            x, y = float(node.get("lon", "")), float(node.get("lat", ""))
        except ValueError:
            continue
        if math.isfinite(x) and math.isfinite(y):
            out.append((x, y, _height(node)))
    return out


def _height(node: Any) -> float:
    try:
        return float(node.findtext("{*}ele") or "nan")
    except ValueError:
        return math.nan


def _shape(kind: str, parts: Sequence[Sequence[Point]]) -> Any:
    import shapely

    flat = [[(x, y) for x, y, _ in part] for part in parts if part]
    if not flat:
        return None
    if kind == "wpt":
        return shapely.Point(flat[0][0])
    lines = [shapely.LineString(part) for part in flat if len(part) > 1]
    return shapely.Point(flat[0][0]) if not lines else lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)


def _cells(node: Any, kind: str, parts: Sequence[Sequence[Point]]) -> dict[str, str]:
    out: dict[str, str] = {}
    for tag, label in _OWN.items():
        text = " ".join((node.findtext(f"{{*}}{tag}") or "").split())
        if text:
            out[label] = text
    link = node.find("{*}link")
    address = (link.get("href") if link is not None else None) or node.findtext("{*}url")
    if address:
        out["Lien"] = address.strip()
    if kind != "wpt":
        length = sum(_apart(a, b) for part in parts for a, b in itertools.pairwise(part))
        out["Longueur (km)"] = f"{length / 1000:.2f}"
        climbed = sum(_climbed(part) for part in parts)
        if climbed:
            out["Dénivelé positif (m)"] = f"{climbed:.0f}"
    return out


def _apart(a: Point, b: Point) -> float:
    """Return the metres between two points, on a sphere of 6,371 km."""
    (x1, y1), (x2, y2) = ((math.radians(v) for v in p[:2]) for p in (a, b))
    half = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * 6_371_000 * math.asin(min(1.0, math.sqrt(half)))


def _climbed(part: Sequence[Point], step: float = 5.0) -> float:
    """Return the metres climbed, counted by steps of 5 m so that the tremor of a GPS is no mountain."""
    heights: Iterator[float] = (p[2] for p in part if math.isfinite(p[2]))
    low = next(heights, math.nan)
    total = 0.0
    for height in heights:
        if height >= low + step:
            total += height - low
            low = height
        elif height < low:
            low = height
    return total


def _hours(count: int) -> Finding:
    return Finding(
        "gpx.hours",
        Severity.WARN,
        msg("Tracés enregistrés avec l'heure de chaque point : {count}. Les heures ont été laissées de côté."),
        values={"count": count},
        hint=msg("Vérifiez qu'ils ne partent pas du domicile d'une personne, puis publiez."),
        why=msg("L'heure et le lieu disent où une personne se trouvait, et quand."),
        count=count,
    )
