"""Bank code (BIC)."""

from __future__ import annotations

from parvis.text import late

TITLE = "Code de banque (BIC)"
SOURCE = "ISO 9362"
HEADERS = {"bic": 1.0, "swift": 1.0}
TOLERANCE = 0.95
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["BNPAFRPP", "SOGEFRPPXXX"], False: ["BNP", "ABCDEFGHIJKL"]}

_BIC = late(r"^[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$")


def holds(cell: str) -> bool:
    return bool(_BIC.match(cell))
