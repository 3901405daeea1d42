"""Social aid given to a person."""

from __future__ import annotations

TITLE = "Aide sociale"
SOURCE = "CRPA, article L311-6"
HEADERS = {
    "aide accordee": 1.0,
    "quotient familial": 0.4,
    "rsa": 1.0,
    "allocataire": 0.9,
    "motif de la demande": 0.8,
    "situation familiale": 0.8,
    "aide sociale": 1.0,
    "secours": 0.6,
}
TOLERANCE = 0.5
ALONE = 0.0
PERSONAL = "sensitive"
EXAMPLES = {True: ["Alimentaire", "Loyer"], False: [""]}


def holds(cell: str) -> bool:
    return bool(cell.strip())
