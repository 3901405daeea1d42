"""Offence, sentence, or a judge's measure about a person."""

from __future__ import annotations

TITLE = "Infraction ou mesure de justice"
SOURCE = "RGPD, article 10"
HEADERS = {
    "infraction": 1.0,
    "infractions": 1.0,
    "nature infraction": 1.0,
    "nature de l infraction": 1.0,
    "natinf": 1.0,
    "delit": 1.0,
    "condamnation": 1.0,
    "condamnations": 1.0,
    "casier judiciaire": 1.0,
    "peine": 0.9,
    "sanction": 0.9,
    "sanction disciplinaire": 1.0,
    "motif de verbalisation": 1.0,
    "verbalisation": 0.8,
    "mesure de protection": 1.0,
    "mesure": 0.6,
    "tutelle": 0.9,
    "curatelle": 1.0,
    "placement": 0.7,
    "tig": 0.8,
}
TOLERANCE = 0.5
ALONE = 0.0
PERSONAL = "sensitive"
EXAMPLES = {True: ["stationnement gênant", "tutelle"], False: ["", "12,5"]}


def holds(cell: str) -> bool:
    return any(c.isalpha() for c in cell)
