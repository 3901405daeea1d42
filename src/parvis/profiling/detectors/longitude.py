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
    "coord x": 0.7,
    "coordonnee x": 0.7,
    "xcoord": 0.7,
    "x coord": 0.7,
    "x lon": 1.0,
    "lon exec code": 0.9,
    "shape pt lon": 1.0,
    "lon wgs84": 1.0,
    "gps lon": 1.0,
}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["3.1042", "-61,5"], False: ["847000.5", "12", "texte"]}


def holds(cell: str) -> bool:
    text = cell.replace(",", ".")
    if "." not in text and text != "0":
        return False  # degrees have decimals; « 0 » is a place nobody knew
    try:
        return -180 <= float(text) <= 180
    except ValueError:
        return False
