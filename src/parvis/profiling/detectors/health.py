"""Health of a person: sick leave, disability, reason."""

from __future__ import annotations

TITLE = "Santé"
SOURCE = "RGPD, article 9"
HEADERS = {
    "handicap": 1.0,
    "maladie": 1.0,
    "arrets maladie": 1.0,
    "pathologie": 1.0,
    "diagnostic": 1.0,
    "invalidite": 1.0,
    "regime alimentaire": 0.8,
    "pai": 0.7,
    "taux d incapacite": 1.0,
}
TOLERANCE = 0.5
ALONE = 0.0
PERSONAL = "sensitive"
EXAMPLES = {True: ["Maladie", "Oui", "12"], False: [""]}


def holds(cell: str) -> bool:
    return bool(cell.strip())
