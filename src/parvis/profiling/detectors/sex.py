"""Sex of a person."""

from __future__ import annotations

from parvis.text import fold

TITLE = "Sexe"
SOURCE = ""
HEADERS = {
    "sexe": 1.0,
    "genre": 0.8,
    "enfant sexe": 1.0,
    "sex": 1.0,
    "vous etes": 0.9,
    "sexe de l enfant": 1.0,
}
TOLERANCE = 0.95
ALONE = 0.0
PERSONAL = "quasi"
EXAMPLES = {True: ["F", "M", "Femme", "masculin"], False: ["X9", "oui"]}

_WORDS = frozenset("f m h i g femme homme masculin feminin fille garcon indetermine autre nb 1 2".split()) | {
    "une femme",
    "un homme",
    "une fille",
    "un garcon",
    "non binaire",
}


def holds(cell: str) -> bool:
    return fold(cell) in _WORDS
