"""Postal address or name of a street."""

from __future__ import annotations

import re

from parvis.text import fold

TITLE = "Adresse"
SOURCE = "Base adresse nationale"
HEADERS = {
    "adresse": 1.0,
    "adr": 0.7,
    "rue": 0.8,
    "voie": 0.8,
    "nom voie": 0.9,
    "adr nomvoie": 0.9,
    "voie nom": 0.9,
    "ad station": 0.9,
    "adresse station": 1.0,
    "adresse 1": 0.9,
    "librue": 0.9,
    "adresse postale": 1.0,
    "lib rue": 0.9,
    "lieu": 0.5,
    "nom de la voie": 1.0,
    "siege social": 0.8,
    "rue de l ecole": 0.9,
    "ad lieu": 0.9,
}
TOLERANCE = 0.55
ALONE = 0.7
PERSONAL = ""
EXAMPLES = {
    True: ["12 rue de la Fontaine", "avenue de la Gare, 58990 Fontclaire"],
    False: ["Fontclaire", "03 86 00 00 00", "Rue"],
}

_STREET = re.compile(
    r"\b(?:rue|avenue|av|boulevard|bd|place|pl|chemin|che|route|rte|impasse|imp|allee|quai|cours|square|sentier|ruelle"
    r"|passage|lotissement|residence|hameau|lieu[- ]dit|esplanade|faubourg|rond[- ]point|promenade|parvis|venelle)\b"
)


def holds(cell: str) -> bool:
    said = fold(cell)
    return " " in said and bool(_STREET.search(said))
