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
    "coord y": 0.7,
    "coordonnee y": 0.7,
    "ycoord": 0.7,
    "y coord": 0.7,
    "y lat": 1.0,
    "lat exec code": 0.9,
    "shape pt lat": 1.0,
    "lat wgs84": 1.0,
    "gps lat": 1.0,
}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["47.0317", "48,85", "-21.1"], False: ["147.0", "12", "texte"]}


def holds(cell: str) -> bool:
    text = cell.replace(",", ".")
    if "." not in text and text != "0":
        return False  # degrees have decimals; « 0 » is a place nobody knew
    try:
        return -90 <= float(text) <= 90
    except ValueError:
        return False
