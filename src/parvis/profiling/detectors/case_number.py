"""Number of a case file, that leads back to a person."""

from __future__ import annotations

import re

TITLE = "Numéro de dossier"
SOURCE = ""
HEADERS = {
    "numero de dossier": 1.0,
    "no dossier": 1.0,
    "n dossier": 1.0,
    "num dossier": 1.0,
    "dossier": 0.8,
    "numero enregistrement": 0.9,
    "n enregistrement": 0.9,
    "no enregistrement": 0.9,
    "numero de demande": 1.0,
    "numero demande": 1.0,
    "num demande": 1.0,
    "n demande": 1.0,
    "numero unique": 0.9,
    "code barre": 0.6,
    "code barres": 0.6,
    "id demande": 0.8,
    "id dossier": 1.0,
    "ref dossier": 1.0,
    "reference dossier": 1.0,
}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = "quasi"
EXAMPLES = {True: ["PC0589992500001", "00012"], False: ["Texte libre de plusieurs mots"]}

_NUMBER = re.compile(r"^(?=.*\d)[\w./-]{3,25}$")


def holds(cell: str) -> bool:
    return bool(_NUMBER.match(cell))
