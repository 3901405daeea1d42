"""Function of a budget line (M14, M57)."""

from __future__ import annotations

from parvis import accounts

TITLE = "Fonction budgétaire"
SOURCE = "DGCL, plans de comptes"
HEADERS = {
    "fonction": 0.8,
    "bgt fonction": 1.0,
    "rubrique": 0.6,
    "sous fonction": 1.0,
    "sousfonction": 1.0,
    "code fonction": 1.0,
}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["020", "212", "20"], False: ["Maire", "12345", "999"]}


def holds(cell: str) -> bool:
    return accounts.is_function(cell)
