"""Health establishment number (FINESS)."""

from __future__ import annotations

from parvis import france

TITLE = "Numéro FINESS"
SOURCE = "Agence du numérique en santé"
HEADERS = {"finess": 1.0, "num finess": 1.0}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["580972842", "2A0000014"], False: ["58097284", "W58"]}


def holds(cell: str) -> bool:
    return france.is_finess(cell)
