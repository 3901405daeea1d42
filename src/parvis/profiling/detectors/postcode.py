"""Postal code: five digits."""

from __future__ import annotations

from parvis import france

TITLE = "Code postal"
SOURCE = "La Poste"
HEADERS = {
    "code postal": 1.0,
    "cp": 1.0,
    "codepostal": 1.0,
    "adr codepostal": 1.0,
    "postcode": 0.9,
    "code post": 0.9,
    "cdpost": 0.9,
    "code postal et ville": 0.5,
    "postal code": 1.0,
    "codpost": 0.9,
    "code postal siege": 1.0,
    "cd postal": 0.9,
    "codepost": 0.9,
    "lieuexecution code": 0.8,
    "lieu execution code": 0.8,
    "lieu exec code": 0.7,
}
TOLERANCE = 0.95
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["58990", "01000"], False: ["1000", "99999", "2A004"]}


def holds(cell: str) -> bool:
    return france.is_postcode(cell)
