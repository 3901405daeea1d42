"""Activity code (NAF)."""

from __future__ import annotations

import re

TITLE = "Code d'activité (NAF/APE)"
SOURCE = "Insee, NAF rév. 2"
HEADERS = {
    "naf": 1.0,
    "ape": 1.0,
    "code ape": 1.0,
    "code naf": 1.0,
    "activite principale": 0.9,
    "code activite": 0.7,
}
TOLERANCE = 0.9
ALONE = 0.8
PERSONAL = ""
EXAMPLES = {True: ["84.11Z", "8411Z"], False: ["84", "ABC"]}

_NAF = re.compile(r"^\d{2}\.?\d{2}[A-Z]$")


def holds(cell: str) -> bool:
    return bool(_NAF.match(cell.strip().upper()))
