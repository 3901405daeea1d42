"""Latitude in degrees."""

from __future__ import annotations

TITLE = "Latitude"
SOURCE = "WGS84"
HEADERS = {
    "latitude": 1.0,
    "lat": 1.0,
    "ylat": 1.0,
    "equip lat": 1.0,
    "y": 0.5,
    "stop lat": 1.0,
    "geo lat": 1.0,
    "y wgs84": 1.0,
    "lat y": 1.0,
}
TOLERANCE = 0.97
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["47.0317", "48,85", "-21.1"], False: ["147.0", "texte"]}


def holds(cell: str) -> bool:
    try:
        return -90 <= float(cell.replace(",", ".")) <= 90
    except ValueError:
        return False
