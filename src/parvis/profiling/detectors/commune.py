"""Name of a commune."""

from __future__ import annotations

import re

TITLE = "Commune"
SOURCE = "Insee, code officiel géographique"
HEADERS = {
    "commune": 0.9,
    "ville": 0.8,
    "nom commune": 1.0,
    "adr commune": 1.0,
    "commune nom": 1.0,
    "libelle commune": 1.0,
    "nom com": 0.9,
    "localite": 0.7,
    "nom de la commune": 1.0,
    "commune d implantation": 1.0,
    "localite d acheminement": 0.9,
    "lieuexecution nom": 0.7,
    "com nom": 0.9,
    "communes": 0.8,
    "libcommune": 0.9,
    "com lieu": 0.9,
    "achemine": 0.8,
    "acheminement": 0.8,
}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["Fontclaire", "Saint-Malo"], False: ["58990", "12 rue Haute"]}

_NAME = re.compile(r"^[^\W\d][^\d]*$")


def holds(cell: str) -> bool:
    return bool(_NAME.match(cell)) and len(cell) < 60
