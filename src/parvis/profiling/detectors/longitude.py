"""Longitude in degrees."""

from __future__ import annotations

TITLE = "Longitude"
SOURCE = "WGS84"
HEADERS = {
    "longitude": 1.0,
    "long": 1.0,
    "lon": 1.0,
    "lng": 1.0,
    "xlong": 1.0,
    "equip long": 1.0,
    "x": 0.5,
    "stop lon": 1.0,
    "geo lon": 1.0,
    "x wgs84": 1.0,
    "long x": 1.0,
}
TOLERANCE = 0.97
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["3.1042", "-61,5"], False: ["847000", "texte"]}


def holds(cell: str) -> bool:
    try:
        return -180 <= float(cell.replace(",", ".")) <= 180
    except ValueError:
        return False
