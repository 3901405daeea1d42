"""Association number (RNA): W and nine characters."""

from __future__ import annotations

from parvis import france

TITLE = "Numéro RNA d'association"
SOURCE = "Répertoire national des associations"
HEADERS = {"rna": 1.0, "waldec": 1.0, "numero rna": 1.0, "rnabeneficiaire": 1.0}
TOLERANCE = 0.9
ALONE = 0.95
PERSONAL = ""
EXAMPLES = {True: ["W581002345", "W9G1000123"], False: ["581002345", "W58100234"]}


def holds(cell: str) -> bool:
    return france.is_rna(cell)
