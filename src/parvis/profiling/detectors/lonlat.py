"""Longitude and latitude in one cell."""

from __future__ import annotations

import re

TITLE = "Coordonnées dans une cellule"
SOURCE = "WGS84"
HEADERS = {
    "coordonneesxy": 1.0,
    "coordonnees": 0.9,
    "geo point 2d": 1.0,
    "geopoint": 1.0,
    "geo point": 1.0,
    "position gps": 0.9,
    "gps": 0.9,
    "xy": 0.8,
}
TOLERANCE = 0.9
ALONE = 0.9
PERSONAL = ""
EXAMPLES = {True: ["[3.1042,47.0317]", "47.0317, 3.1042"], False: ["3.1042", "[3;47]x"]}

_PAIR = re.compile(r"^\s*[\[(]?\s*-?\d{1,3}\.\d+\s*[,;]\s*-?\d{1,3}\.\d+\s*[\])]?\s*$")


def holds(cell: str) -> bool:
    return bool(_PAIR.match(cell))
