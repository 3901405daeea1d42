"""Chapter of a budget line (M14, M57, M4)."""

from __future__ import annotations

from parvis import accounts

TITLE = "Chapitre budgétaire"
SOURCE = "DGCL, plans de comptes"
HEADERS = {"chapitre": 0.9, "code chapitre": 1.0, "bgt contnat": 1.0, "chap": 0.7, "numero de chapitre": 1.0}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["011", "65", "040", "21"], False: ["Charges", "60612345", "999"]}


def holds(cell: str) -> bool:
    return cell.strip() in accounts.known_chapters()
