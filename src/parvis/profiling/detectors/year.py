"""Year."""

from __future__ import annotations

TITLE = "Année"
SOURCE = "ISO 8601"
HEADERS = {
    "annee": 1.0,
    "an": 0.6,
    "year": 1.0,
    "exercice": 1.0,
    "millesime": 0.9,
    "bgt annee": 1.0,
    "budget annee": 1.0,
    "annee scolaire": 0.5,
}
TOLERANCE = 0.98
ALONE = 0.3
PERSONAL = ""
EXAMPLES = {True: ["2024", "1998"], False: ["24", "20245", "3000"]}


def holds(cell: str) -> bool:
    return len(cell) == 4 and cell.isdigit() and 1800 <= int(cell) <= 2100
