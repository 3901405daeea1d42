"""Function of a budget line (M14, M57)."""

from __future__ import annotations

TITLE = "Fonction budgétaire"
SOURCE = "DGCL, instructions M14 et M57"
HEADERS = {"fonction": 0.8, "bgt fonction": 1.0, "rubrique": 0.6}
TOLERANCE = 0.95
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["020", "212"], False: ["Maire", "12345"]}


def holds(cell: str) -> bool:
    return cell.strip().isdigit() and len(cell.strip()) <= 4
