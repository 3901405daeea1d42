"""Ordinate in metres: Lambert-93, CC42 to CC50, Lambert II, UTM overseas."""

from __future__ import annotations

TITLE = "Ordonnée en projection"
SOURCE = "IGN, systèmes de référence"
HEADERS = {
    "y": 0.8,
    "coord y": 1.0,
    "coordonnee y": 1.0,
    "y l93": 1.0,
    "y lambert": 1.0,
    "ordonnee": 1.0,
    "ycoord": 1.0,
    "y coord": 1.0,
    "northing": 1.0,
    "lambert y": 1.0,
    "y 2154": 1.0,
    "coordonnees y": 1.0,
}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["6862047", "1 845 220,5", "2200310.4"], False: ["47.0317", "12", "texte"]}


def holds(cell: str) -> bool:
    try:
        value = float(cell.replace(" ", "").replace("\u00a0", "").replace(",", "."))
    except ValueError:
        return False
    return 400_000 <= value <= 9_500_000
