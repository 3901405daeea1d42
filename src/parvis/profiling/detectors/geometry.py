"""Shape on a map, as text."""

from __future__ import annotations

import re

TITLE = "Géométrie"
SOURCE = "WKT, GeoJSON"
HEADERS = {"geometry": 1.0, "geom": 1.0, "geo shape": 1.0, "wkt": 1.0, "the geom": 1.0}
TOLERANCE = 0.9
ALONE = 1.0
PERSONAL = ""
EXAMPLES = {True: ["POINT(3.1 47.0)", '{"type": "Point", "coordinates": [3, 47]}'], False: ["Point", "12"]}

_SHAPE = re.compile(
    r"^\s*(?:(?:MULTI)?(?:POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION)\s*Z?\s*\(|^\s*\{\s*\"(?:type|coordinates)\"",
    re.IGNORECASE,
)


def holds(cell: str) -> bool:
    return bool(_SHAPE.match(cell))
