"""School number (UAI) with its key."""

from __future__ import annotations

from parvis import france

TITLE = "Numéro UAI d'établissement scolaire"
SOURCE = "Éducation nationale, répertoire Ramsese"
HEADERS = {
    "uai": 1.0,
    "code uai": 1.0,
    "rne": 0.8,
    "code etablissement": 0.5,
    "numero uai": 1.0,
    "numero de l ecole": 0.9,
    "code rne": 1.0,
}
TOLERANCE = 0.8
ALONE = 0.9
PERSONAL = ""
EXAMPLES = {True: ["0580001L", "0750655E"], False: ["0580001B", "580001"]}


def holds(cell: str) -> bool:
    return france.is_uai(cell)
