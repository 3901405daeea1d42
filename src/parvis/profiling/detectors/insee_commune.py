"""Commune code (INSEE): five characters; Corsica writes 2A and 2B."""

from __future__ import annotations

from parvis import france

TITLE = "Code commune (INSEE)"
SOURCE = "Insee, code officiel géographique"
HEADERS = {
    "code insee": 1.0,
    "insee": 1.0,
    "codgeo": 1.0,
    "com": 0.5,
    "code commune": 1.0,
    "insee com": 1.0,
    "coll insee": 1.0,
    "commune insee": 1.0,
    "code insee commune": 1.0,
    "depcom": 0.9,
    "insee commune": 1.0,
    "codcomm": 0.7,
    "code de la commune": 1.0,
    "com insee": 1.0,
    "codeinsee": 1.0,
    "code insee de la commune": 1.0,
    "codcom": 0.8,
    "code geo": 0.7,
}
TOLERANCE = 0.97
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["01053", "2A004", "97101"], False: ["914712", "20004", "00123"]}


def holds(cell: str) -> bool:
    return france.is_insee_commune(cell)
