"""Opening hours."""

from __future__ import annotations

import re

from parvis.text import fold

TITLE = "Horaires"
SOURCE = "OpenStreetMap, opening_hours"
HEADERS = {
    "horaires": 1.0,
    "horaire": 1.0,
    "ouverture": 0.9,
    "equip ouverture": 1.0,
    "opening hours": 1.0,
    "heures d ouverture": 1.0,
}
TOLERANCE = 0.6
ALONE = 0.85
PERSONAL = ""
EXAMPLES = {True: ["Mo-Fr 08:30-12:00", "8h30-12h00 / 13h30-17h30", "24/7"], False: ["ouvert", "2024"]}

_HOURS = re.compile(r"\d{1,2}\s?[h:]\s?(?:\d{2})?\s?(?:-|a|/|–)\s?\d{1,2}\s?[h:]|^24/7$|^(?:mo|tu|we|th|fr|sa|su)\b")


def holds(cell: str) -> bool:
    return bool(_HOURS.search(fold(cell)))
