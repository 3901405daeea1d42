"""Percentage."""

from __future__ import annotations

TITLE = "Pourcentage"
SOURCE = ""
HEADERS = {
    "pourcentage": 1.0,
    "taux": 0.9,
    "part": 0.5,
    "pourcentagesubvention": 1.0,
    "taux d occupation": 1.0,
    "pct": 0.9,
    "participation": 0.6,
    "pour cent": 1.0,
    "taux de participation": 1.0,
    "tauxavance": 0.9,
    "proportion": 0.8,
    "origineue": 0.9,
    "originefrance": 0.9,
    "origine ue": 0.9,
    "origine france": 0.9,
}
TOLERANCE = 0.95
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["12,5 %", "0.5", "80"], False: ["abc", "1200"]}


def holds(cell: str) -> bool:
    try:
        return -100 <= float(cell.strip().rstrip("%").strip().replace(",", ".")) <= 1000
    except ValueError:
        return False
