"""Social aid given to a person."""

from __future__ import annotations

TITLE = "Aide sociale"
SOURCE = "CRPA, article L311-6"
HEADERS = {
    "aide accordee": 1.0,
    "rsa": 1.0,
    "allocataire": 0.9,
    "motif de la demande": 0.8,
    "aide sociale": 1.0,
    "secours": 0.6,
    "aide": 0.7,
    "aides": 0.6,
    "type aide": 0.9,
    "type d aide": 0.9,
    "nature de l aide": 0.8,
    "aide attribuee": 0.9,
    "prestation sociale": 1.0,
    "allocation": 0.8,
    "aah": 1.0,
    "apa": 0.9,
    "motif du secours": 1.0,
    "avis ccas": 0.9,
    "surendettement": 1.0,
}
TOLERANCE = 0.5
ALONE = 0.0
PERSONAL = "sensitive"
EXAMPLES = {True: ["Alimentaire", "Loyer"], False: [""]}


def holds(cell: str) -> bool:
    return bool(cell.strip())
