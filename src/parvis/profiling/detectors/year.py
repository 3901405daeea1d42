"""Year."""

from __future__ import annotations

TITLE = "Année"
SOURCE = "ISO 8601"
HEADERS = {
    "date": 0.75,
    "annee": 1.0,
    "an": 0.6,
    "year": 1.0,
    "exercice": 1.0,
    "millesime": 0.9,
    "bgt annee": 1.0,
    "budget annee": 1.0,
    "annee scolaire": 0.5,
    "rentree scolaire": 0.9,
    "rentree": 0.8,
    "annee de construction": 1.0,
    "annee budget": 1.0,
    "annee de plantation": 1.0,
    "date plantation": 0.7,
    "plantation": 0.6,
    "cre date": 0.6,
    "annee de naissance": 0.4,
}
TOLERANCE = 0.9
ALONE = 0.3
PERSONAL = ""
EXAMPLES = {True: ["2024", "1998"], False: ["24", "20245", "3000"]}


def holds(cell: str) -> bool:
    return len(cell) == 4 and cell.isdigit() and 1800 <= int(cell) <= 2100
