"""Nature of a budget line: an account of the plans de comptes (M14, M57, M4)."""

from __future__ import annotations

from parvis import accounts

TITLE = "Nature comptable"
SOURCE = "DGCL, plans de comptes"
HEADERS = {
    "nature": 0.6,
    "bgt nature": 1.0,
    "compte": 0.7,
    "article": 0.6,
    "nature comptable": 1.0,
    "imputation": 0.7,
    "code nature": 0.9,
    "compte nature": 1.0,
}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["60612", "73111", "002", "6574"], False: ["texte", "1234567", "99"]}


def holds(cell: str) -> bool:
    return accounts.is_nature(cell)
