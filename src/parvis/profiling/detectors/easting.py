"""Abscissa in metres: Lambert-93, CC42 to CC50, Lambert II, UTM overseas."""

from __future__ import annotations

TITLE = "Abscisse en projection"
SOURCE = "IGN, systèmes de référence"
HEADERS = {
    "x": 0.8,
    "coord x": 1.0,
    "coordonnee x": 1.0,
    "x l93": 1.0,
    "x lambert": 1.0,
    "abscisse": 1.0,
    "xcoord": 1.0,
    "x coord": 1.0,
    "easting": 1.0,
    "lambert x": 1.0,
    "x 2154": 1.0,
    "coordonnees x": 1.0,
}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["652381.5", "847000", "1430250,2", "-12500.5"], False: ["3.1042", "12", "texte"]}


def holds(cell: str) -> bool:
    try:
        value = float(cell.replace(" ", "").replace("\u00a0", "").replace(",", "."))
    except ValueError:
        return False
    return 10_000 <= abs(value) <= 2_500_000
