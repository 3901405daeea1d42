"""Surname of a person: the header says it, the neighbours confirm it."""

from __future__ import annotations

import re

TITLE = "Nom de famille"
SOURCE = "Insee, fichier des noms"
HEADERS = {
    "nom de famille": 1.0,
    "patronyme": 1.0,
    "nom usage": 1.0,
    "nom d usage": 1.0,
    "nom de naissance": 1.0,
    "nom": 0.6,
    "lastname": 1.0,
    "last name": 1.0,
    "nom agent": 1.0,
    "nom elu": 0.9,
    "noms": 0.5,
    "nom usuel": 1.0,
}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = "direct"
EXAMPLES = {True: ["DURAND", "Le Goff", "Martin"], False: ["12", "Mairie de Fontclaire, accueil"]}

_SURNAME = re.compile(r"^[^\W\d_][^\W\d_]*(?:[\s'’-][^\W\d_]+){0,3}$")


def holds(cell: str) -> bool:
    return bool(_SURNAME.match(cell))
