"""Code of the common procurement vocabulary (CPV)."""

from __future__ import annotations

import re

TITLE = "Code CPV"
SOURCE = "Règlement (CE) 213/2008"
HEADERS = {"cpv": 1.0, "code cpv": 1.0, "codecpv": 1.0}
TOLERANCE = 0.95
ALONE = 0.9
PERSONAL = ""
EXAMPLES = {True: ["45261900-3", "45261900"], False: ["4526", "texte"]}

_CPV = re.compile(r"^\d{8}(?:-\d)?$")


def holds(cell: str) -> bool:
    return bool(_CPV.match(cell.strip()))
