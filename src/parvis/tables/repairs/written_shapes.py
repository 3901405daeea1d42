"""Shapes written as text in a column (WKT, GeoJSON): the table becomes a layer, with its map.

Where they fall decides in which system they are read, as for any layer; a SRID in front is only what the file declares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.table import SHAPE
from parvis.text import late
from parvis.values import Finding, Severity, Step, msg

TITLE = "Mettre sur la carte les formes écrites dans une colonne"
ORDER = 93
KEEPS = True
EXAMPLES = [
    (
        (["nom", "wkt"], [["Parc", "LINESTRING (2.35 48.85, 2.36 48.86)"], ["Bois", None]]),
        (["nom"], [["Parc"], ["Bois"]]),
    ),
    (
        (["geo_shape", "nom"], [['{"type": "Polygon", "coordinates": [[[2,48],[3,48],[3,49],[2,48]]]}', "Parc"]]),
        (["nom"], [["Parc"]]),
    ),
    ((["nom"], [["LINESTRING de la gare"], ["POINT DU JOUR"]]), (["nom"], [["LINESTRING de la gare"], ["POINT DU JOUR"]])),
    ((["lieu", "n"], [["POINT (2.35 48.85)", "1"]]), (["lieu", "n"], [["POINT (2.35 48.85)", "1"]])),
]  # fmt: skip

_SHARE = 0.9
_AT_ONCE = 5_000
_LOOK = 200
_KINDS = "MULTIPOINT|LINESTRING|MULTILINESTRING|POLYGON|MULTIPOLYGON|GEOMETRYCOLLECTION"
_SRID = late(r"^\s*SRID\s*=\s*(\d{3,6})\s*;\s*", re.IGNORECASE)
_WKT = re.compile(rf"^\s*(?:SRID\s*=\s*\d+\s*;\s*)?(?:{_KINDS})\s*(?:Z|M|ZM)?\s*\(.*\)\s*$", re.IGNORECASE | re.DOTALL)
_POINT = re.compile(r"^\s*(?:SRID\s*=\s*\d+\s*;\s*)?POINT\s*(?:Z|M|ZM)?\s*\(.*\)\s*$", re.IGNORECASE)
_JSON = re.compile(r'^\s*\{.*"(?:coordinates|geometries|geometry)"\s*:.*\}\s*$', re.DOTALL)
_NESTED = 8  # collections in one cell: the library that reads them goes down by as many calls


def propose(draft: Draft) -> Sequence[Step]:
    if draft.raw.geometry:
        return []
    for i, label in enumerate(draft.labels):
        cells = draft.few(i, _LOOK)
        if cells and sum(map(_is_shape, cells)) >= _SHARE * len(cells) and not all(map(_POINT.match, cells)):
            shapes = _shapes(cells)
            read = [k for k, shape in enumerate(shapes) if shape is not None]
            if len(read) < _SHARE * len(cells):
                continue
            return [
                Step(
                    "written_shapes",
                    {"column": label},
                    tuple(cells[k][:60] for k in read[:3]),
                    tuple(f"{shapes[k].geom_type}" for k in read[:3]),
                    msg("La colonne « {column} » contient des formes : elles iront sur la carte."),
                    {"column": label},
                )
            ]
    return []


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    """Make a layer of the table. False when the column is not there, or holds no shape."""
    from parvis.tables import layer

    i = draft.find(str(parameters.get("column", "")))
    if i is None or draft.raw.geometry:
        return False
    census = layer.Census()
    declared, unread = "", 0
    for cells in _cells(draft, i):
        shapes = _shapes(cells)
        unread += sum(s is None and bool(c and c.strip()) for c, s in zip(cells, shapes, strict=True))
        declared = declared or _declared(cells)
        census.look(shapes)
    if not census.shapes:
        return False
    import pyarrow as pa

    frame = layer.settle(census, declared, silent=True)
    brought = [pa.array(frame.bring(_shapes(cells)), pa.binary()) for cells in _cells(draft, i)]
    draft.shape(pa.table([pa.chunked_array(brought, pa.binary())], [SHAPE]), frame.crs)
    draft.project([(x, f"c{k}", k) for k, x in enumerate(draft.labels) if k != i])
    draft.findings += [*frame.findings(draft.raw.name if draft.raw.sheet else "")]
    if unread:
        draft.findings.append(_unread(draft, unread, parameters))
    return True


def _cells(draft: Draft, i: int) -> Iterator[list[str | None]]:
    for batch in draft.connection.sql(f"SELECT c{i} FROM {draft.view}").to_arrow_reader(_AT_ONCE):
        yield batch.column(0).to_pylist()


def _is_shape(cell: str) -> bool:
    return any(p.match(cell) for p in (_WKT, _POINT, _JSON))


def _shapes(cells: Sequence[str | None]) -> Any:
    """Return the shape of each cell, None where there is none that can be read."""
    import numpy as np
    import shapely

    texts: list[str | None] = [_SRID.sub("", c, count=1) if c and _sane(c) else None for c in cells]
    written = np.array([t if t and not t.lstrip().startswith("{") else None for t in texts], object)
    shapes = shapely.from_wkt(written, on_invalid="ignore")
    told = {i: _geometry(t) for i, t in enumerate(texts) if t and t.lstrip().startswith("{")}
    if read := {i: geometry for i, geometry in told.items() if geometry is not None}:
        shapes[list(read)] = shapely.from_geojson(np.array(list(read.values()), object), on_invalid="ignore")
    return shapes


def _sane(cell: str) -> bool:
    return cell.upper().count("COLLECTION") <= _NESTED


def _geometry(cell: str) -> str | None:
    """Return the GeoJSON of a geometry, taken out of its feature; None for what is no geometry."""
    try:
        told = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    if isinstance(told, dict) and told.get("type") == "Feature":
        told = told.get("geometry")
    if not isinstance(told, dict) or not isinstance(told.get("type"), str):
        return None
    return json.dumps(told)


def _declared(cells: Sequence[str | None]) -> str:
    """Return the system that the first shape says it is in, or ""."""
    first = next((c for c in cells if c and c.strip()), "")
    found = _SRID.match(first)
    return f"EPSG:{found[1]}" if found else ""


def _unread(draft: Draft, count: int, parameters: Mapping[str, Any]) -> Finding:
    label = str(parameters.get("column", ""))
    return Finding(
        "geo.unread_shapes",
        Severity.WARN,
        msg(
            "Colonne « {column} » : {count} forme(s) ne se lisent pas. Leurs lignes sont gardées, mais pas sur la carte."
        ),
        draft.raw.place(None, None),
        {"column": label, "count": count},
        hint=msg("Exportez de nouveau la couche depuis votre logiciel de cartographie."),
        why=msg("Une forme coupée, souvent par un tableur qui limite la longueur des cellules, ne se dessine plus."),
        count=count,
    )
