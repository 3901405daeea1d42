"""Civility: Madame, Monsieur."""

from __future__ import annotations

from parvis.text import fold

TITLE = "Civilité"
SOURCE = ""
HEADERS = {"civilite": 1.0, "titre": 0.3, "politesse": 0.8}
TOLERANCE = 0.95
ALONE = 0.75
PERSONAL = "quasi"
EXAMPLES = {True: ["Mme", "M.", "Monsieur"], False: ["Docteur", "F"]}

_WORDS = frozenset("m mr mme mlle madame monsieur mademoiselle mm mmes".split())


def holds(cell: str) -> bool:
    return fold(cell).rstrip(".") in _WORDS
