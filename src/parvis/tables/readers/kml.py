"""KML and KMZ (Google Earth, My Maps): one row per placemark, one table per schema of attributes.

Attributes are read where programs put them: ExtendedData, or the table that ArcGIS writes in the description.
Format: OGC 07-147r2.
"""

from __future__ import annotations

import itertools
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import markup, package
from parvis.tables.sink import too_wide
from parvis.values import Finding

TITLE = "KML et KMZ"
SUFFIXES = (".kml", ".kmz")

_BATCH = 5_000
_OWN = ("name", "description", "address", "phoneNumber")
_LABELS = {
    "name": "Nom",
    "description": "Description",
    "address": "Adresse",
    "phoneNumber": "Téléphone",
    "folder": "Dossier",
}
_DEEP = 40  # geometries in geometries


def recognises(path: Path, head: bytes) -> float:
    if head.startswith(b"PK"):
        return 0.9 if _inside(path) else 0.0
    return 0.95 if markup.looks(head) == "kml" else 0.0


def _inside(path: Path) -> str:
    """Return the name of the document of a KMZ, "" when the ZIP is no KMZ."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.lower().endswith(".kml")]
            others = (".csv", ".shp", ".xlsx", ".ods", ".xls", ".geojson", ".gpkg")
            if any(n.lower().endswith(others) for n in archive.namelist()):
                return ""
    except (zipfile.BadZipFile, OSError, ValueError):
        return ""
    return "doc.kml" if "doc.kml" in names else names[0] if len(names) == 1 else ""


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the placemarks into the sink: one row each."""
    with path.open("rb") as stream:
        packed = stream.read(2) == b"PK"
    source = _unpacked(path, sink) if packed else path
    try:
        markup.guard(source)
        _layer(source, sink)
    finally:
        if packed:
            source.unlink(missing_ok=True)
    return ()


def _unpacked(path: Path, sink: Any) -> Path:
    out: Path = sink.path(".kml")
    with package.opened(path, sink.limits) as archive, out.open("wb") as target:
        meter = package.Meter(sink.limits, path.stat().st_size)
        for chunk in package.chunks(archive, _inside(path), meter):
            target.write(chunk)
    return out


def _layer(source: Path, sink: Any) -> None:
    import numpy as np
    import pyarrow as pa

    from parvis.tables import layer

    labels: dict[str, None] = {}
    folders = set()
    count = 0
    for row, _, _ in _placemarks(source, shapes=False):
        count += 1
        folders.add(row.get("folder"))
        for label in row:
            labels.setdefault(label)
        if len(labels) > sink.limits.columns:
            raise too_wide(len(labels), sink.limits.columns)
    if not count:
        raise InputError(
            "Ce fichier KML ne contient aucun repère : il renvoie peut-être à un autre fichier en ligne.",
            "Exportez la carte elle-même, sans lien réseau, puis renvoyez-la.",
            code="kml.empty",
        )
    if len(folders) == 1:
        labels.pop("folder", None)
    columns = _order(labels)

    def chunks() -> Iterator[layer.Chunk]:
        rows = _placemarks(source)
        while batch := list(itertools.islice(rows, _BATCH)):
            cells = [pa.array([row.get(c) for row, _, _ in batch], pa.string()) for c in columns]
            shapes = np.empty(len(batch), object)
            shapes[:] = [shape for _, shape, _ in batch]
            yield layer.Chunk(cells, shapes)

    layer.write(sink, "", [_LABELS.get(c, c) for c in columns], chunks, silent=True, format="kml", encoding="utf-8")


def _order(labels: dict[str, None]) -> list[str]:
    """Return the columns with those of KML itself first."""
    own = [o for o in ("folder", *_OWN) if o in labels]
    return own + [c for c in labels if c not in own]


def _placemarks(source: Path, shapes: bool = True) -> Iterator[tuple[dict[str, str], Any, int]]:
    """Yield the cells, the shape and the line of each placemark."""
    for _, mark in markup.elements(source, ["{*}Placemark"]):
        yield _cells(mark), _shape(mark) if shapes else None, mark.sourceline or 0
        markup.drop(mark, alike=True)  # the name of the folder stands before


def _cells(mark: Any) -> dict[str, str]:
    out: dict[str, str] = {}
    described: dict[str, str] = {}
    for child in mark:
        tag = markup.local(child) if isinstance(child.tag, str) else ""
        if tag == "ExtendedData":
            described |= _extended(child)
        elif tag in _OWN and (value := "".join(child.itertext()).strip()):
            if tag == "description" and (told := _table(value)):
                described |= told
            else:
                out[tag] = _readable(value) if tag == "description" else value
    folder = next((a for a in mark.iterancestors("{*}Folder")), None)
    if folder is not None:
        named = folder.findtext("{*}name")
        if named and named.strip():
            out["folder"] = named.strip()
    for key, value in described.items():
        if key in out and out[key] != value:
            key = f"{key}_2"  # noqa: PLW2901  an attribute that bears the name of KML's own
        out[key] = value
    return out


def _extended(data: Any) -> dict[str, str]:
    out = {}
    for item in data.iter("{*}SimpleData", "{*}Data"):
        value = item if markup.local(item) == "SimpleData" else item.find("{*}value")
        text = "".join(value.itertext()).strip() if value is not None else ""
        if text and (key := item.get("name", "").strip()):
            out[key] = text
    return out


_ROW = re.compile(
    r"<tr[^>]*>\s*<t[dh][^>]*>([^<]*)</t[dh]>\s*<t[dh][^>]*>(.*?)</t[dh]>\s*</tr>", re.IGNORECASE | re.DOTALL
)
_TAG = re.compile(r"<[^<>]{0,2000}>")


def _table(description: str) -> dict[str, str]:
    """Return the attributes that ArcGIS writes as an HTML table of two columns; nothing for another text."""
    if "<table" not in description.lower():
        return {}
    rows = _ROW.findall(description)
    return {_readable(k): _readable(v) for k, v in rows if _readable(k) and _readable(v)} if len(rows) > 1 else {}


def _readable(text: str) -> str:
    import html

    return re.sub(r"[ \t\r\n\xa0]+", " ", html.unescape(_TAG.sub(" ", text))).strip()


# --- Shapes ---------------------------------------------------------------------------------------

_KINDS = ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry")


def _shape(mark: Any) -> Any:
    import shapely

    try:
        return next((s for c in mark if (s := _geometry(c, 0)) is not None), None)
    except (ValueError, shapely.errors.GEOSException):
        return None


def _geometry(node: Any, depth: int) -> Any:
    import shapely

    kind = markup.local(node) if isinstance(node.tag, str) else ""
    if kind not in _KINDS or depth > _DEEP:
        return None
    if kind == "MultiGeometry":
        parts = [p for c in node if (p := _geometry(c, depth + 1)) is not None]
        return _gathered(parts)
    if kind == "Polygon":
        outer = [_points(r) for r in node.findall("{*}outerBoundaryIs/{*}LinearRing")]
        inner = [_points(r) for r in node.findall("{*}innerBoundaryIs/{*}LinearRing")]
        return shapely.Polygon(outer[0], [r for r in inner if len(r) >= 4]) if outer and outer[0] else None
    points = _points(node)
    if not points:
        return None
    return shapely.Point(points[0]) if kind == "Point" or len(points) == 1 else shapely.LineString(points)


def _gathered(parts: list[Any]) -> Any:
    import shapely

    kinds = {p.geom_type for p in parts}
    makers = {"Point": shapely.MultiPoint, "LineString": shapely.MultiLineString, "Polygon": shapely.MultiPolygon}
    if not parts:
        return None
    maker = makers.get(next(iter(kinds))) if len(kinds) == 1 else None
    return maker(parts) if maker else shapely.GeometryCollection(parts)


def _points(node: Any) -> list[tuple[float, float]]:
    text = node.findtext("{*}coordinates") or ""
    text = re.sub(r"\s*,\s*", ",", text)
    out = []
    for triple in text.split():
        x, y, *_ = (*triple.split(","), "", "")
        out.append((float(x), float(y)))
    return out
