"""Company number (SIREN): nine digits with Luhn's key."""

from __future__ import annotations

from parvis import france

TITLE = "Numéro SIREN"
SOURCE = "Insee, répertoire Sirene"
HEADERS = {"siren": 1.0, "num siren": 1.0, "numero siren": 1.0, "id siren": 1.0}
TOLERANCE = 0.9
ALONE = 0.6
PERSONAL = ""
EXAMPLES = {True: ["552100554", "21 580 999 7"], False: ["552100555", "000000000", "W581234567"]}


def holds(cell: str) -> bool:
    return france.is_siren(cell)
