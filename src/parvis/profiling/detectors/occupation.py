"""Occupation of a person."""

from __future__ import annotations

TITLE = "Profession"
SOURCE = "Insee, PCS 2020"
HEADERS = {
    "profession": 1.0,
    "metier": 0.9,
    "csp": 1.0,
    "categorie socioprofessionnelle": 1.0,
    "pcs": 0.9,
    "grade": 0.6,
    "emploi": 0.6,
}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = "quasi"
EXAMPLES = {True: ["Boulanger", "Adjoint technique"], False: ["12"]}


def holds(cell: str) -> bool:
    return any(c.isalpha() for c in cell)
