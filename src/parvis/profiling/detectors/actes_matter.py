"""Matter of an act (@ctes classification)."""

from __future__ import annotations

from parvis import france

TITLE = "Matière de l'acte"
SOURCE = "@ctes, nomenclature des actes"
HEADERS = {"delib matiere code": 1.0, "matiere": 0.6, "code matiere": 1.0}
TOLERANCE = 0.9
ALONE = 0.3
PERSONAL = ""
EXAMPLES = {True: ["7.5", "8.10"], False: ["7", "texte"]}


def holds(cell: str) -> bool:
    return france.is_actes_matter(cell)
