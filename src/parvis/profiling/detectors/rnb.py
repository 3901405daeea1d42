"""Building identifier (RNB)."""

from __future__ import annotations

from parvis import france

TITLE = "Identifiant de bâtiment (RNB)"
SOURCE = "Référentiel national des bâtiments"
HEADERS = {"rnb": 1.0, "id rnb": 1.0, "rnb id": 1.0}
TOLERANCE = 0.95
ALONE = 0.3
PERSONAL = ""
EXAMPLES = {True: ["PG46-YY6Y-MCQ8", "GR9ATKV8F3QC"], False: ["OOOO-OOOO-OOOO", "12"]}


def holds(cell: str) -> bool:
    return france.is_rnb(cell)
