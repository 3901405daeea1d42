"""Nationality of a person."""

from __future__ import annotations

TITLE = "Nationalité"
SOURCE = ""
HEADERS = {"nationalite": 1.0, "pays de naissance": 0.9, "pays naissance": 0.9}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = "quasi"
EXAMPLES = {True: ["française", "Italie"], False: ["12"]}


def holds(cell: str) -> bool:
    return cell.replace(" ", "").replace("-", "").isalpha()
