"""Hour of the day."""

from __future__ import annotations

import re

TITLE = "Heure"
SOURCE = "ISO 8601"
HEADERS = {
    "heure": 1.0,
    "heure de debut": 1.0,
    "heure de fin": 1.0,
    "heure debut": 1.0,
    "heure fin": 1.0,
    "ouverture": 0.5,
    "fermeture": 0.6,
}
TOLERANCE = 0.9
ALONE = 0.6
PERSONAL = ""
EXAMPLES = {True: ["08:30", "8h30", "18h", "23:59:59"], False: ["2024", "24 h sur 24", "8h30-12h", "65:00"]}

_HOUR = re.compile(r"^(?:[01]?\d|2[0-4])(?::[0-5]\d(?::[0-5]\d)?|\s?[hH]\s?(?:[0-5]\d)?)$")


def holds(cell: str) -> bool:
    return bool(_HOUR.match(cell))
