"""Bank account (IBAN) with its key."""

from __future__ import annotations

from parvis import france

TITLE = "Compte bancaire (IBAN)"
SOURCE = "ISO 13616"
HEADERS = {"iban": 1.0, "rib": 0.9, "compte bancaire": 0.9, "coordonnees bancaires": 0.8}
TOLERANCE = 0.6
ALONE = 1.0
PERSONAL = "direct"
EXAMPLES = {
    True: ["FR76 3000 6000 0112 3456 7890 189", "DE89370400440532013000"],
    False: ["FR7630006000011234567890188", "FR76"],
}


def holds(cell: str) -> bool:
    return france.is_iban(cell)
