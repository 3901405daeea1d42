"""Birth date of a person."""

from __future__ import annotations

import re

TITLE = "Date de naissance"
SOURCE = ""
HEADERS = {
    "date de naissance": 1.0,
    "date naissance": 1.0,
    "ne le": 0.9,
    "ne e le": 1.0,
    "naissance": 0.7,
    "datenaiss": 1.0,
    "birthdate": 1.0,
    "date naiss": 1.0,
    "ddn": 0.9,
}
TOLERANCE = 0.7
ALONE = 0.0
PERSONAL = "direct"
EXAMPLES = {True: ["1980-05-12", "12/05/1980"], False: ["texte", "12"]}

_DAY = re.compile(r"^(?:1[89]|20)\d\d-\d\d-\d\d|^\d{1,2}[/.-]\d{1,2}[/.-](?:\d{2}|(?:1[89]|20)\d\d)$")


def holds(cell: str) -> bool:
    return bool(_DAY.match(cell))
