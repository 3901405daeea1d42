"""Code of the common procurement vocabulary (CPV)."""

from __future__ import annotations

import re

from parvis.text import late

TITLE = "Code CPV"
SOURCE = "Règlement (CE) 213/2008"
HEADERS = {"cpv": 1.0, "code cpv": 1.0, "codecpv": 1.0}
TOLERANCE = 0.95
ALONE = 0.9
PERSONAL = ""
EXAMPLES = {True: ["45261900-3", "45261900"], False: ["4526", "texte", "20171013", "00231600"]}

_CPV = re.compile(r"^(\d\d)\d{6}(?:-\d)?$")
_DAY = late(r"^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$")
_DIVISIONS = frozenset(
    "03 09 14 15 16 18 19 22 24 30 31 32 33 34 35 37 38 39 41 42 43 44 45 48 50 51 55 60 63 64 65 66 70 71 72 73 75 76 77 "
    "79 80 85 90 92 98".split()
)


def holds(cell: str) -> bool:
    found = _CPV.match(cell.strip())
    return found is not None and found.group(1) in _DIVISIONS and not _DAY.match(cell.strip())
