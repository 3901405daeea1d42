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
    "matricule": 0.9,
}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = "quasi"
EXAMPLES = {True: ["PC0589992500001", "00012"], False: ["Texte libre de plusieurs mots"]}

_NUMBER = re.compile(r"^(?=.*\d)[\w./-]{3,25}$")


def holds(cell: str) -> bool:
    return bool(_NUMBER.match(cell))
