"""Nature of a budget line (M14, M57)."""

from __future__ import annotations

TITLE = "Nature comptable"
SOURCE = "DGCL, instructions M14 et M57"
HEADERS = {"nature": 0.4, "bgt nature": 1.0, "compte": 0.7, "article": 0.5, "nature comptable": 1.0, "imputation": 0.7}
TOLERANCE = 0.95
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["60612", "73111", "002"], False: ["texte", "1234567"]}


def holds(cell: str) -> bool:
    return cell.strip().isdigit() and 2 <= len(cell.strip()) <= 6
