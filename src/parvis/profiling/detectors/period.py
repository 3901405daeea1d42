"""Period: two dates, a school year, a quarter."""

from __future__ import annotations

import re

TITLE = "Période"
SOURCE = "ISO 8601"
HEADERS = {
    "periode": 1.0,
    "datesperiodeversement": 1.0,
    "annee scolaire": 1.0,
    "trimestre": 0.9,
    "saison": 0.6,
    "dates": 0.5,
    "periode de validite": 0.9,
}
TOLERANCE = 0.8
ALONE = 0.9
PERSONAL = ""
EXAMPLES = {True: ["2024-01-01/2024-12-31", "2024-2025", "2024-T1"], False: ["2024", "janvier"]}

_PERIOD = re.compile(
    r"^\d{4}-\d\d-\d\d(?:/|_| au )\d{4}-\d\d-\d\d$|^(?:19|20)\d\d\s?[-/]\s?(?:19|20)?\d\d$"
    r"|^(?:19|20)\d\d[- ]?[TtQ][1-4]$"
)


def holds(cell: str) -> bool:
    return bool(_PERIOD.match(cell))
