"""Yes or no, as French files write it."""

from __future__ import annotations

from parvis.text import fold

TITLE = "Oui ou non"
SOURCE = ""
HEADERS: dict[str, float] = {}  # the header says what is true, never that it is true or false
TOLERANCE = 0.98
ALONE = 0.6
PERSONAL = ""
EXAMPLES = {True: ["Oui", "non", "VRAI", "true", "O"], False: ["peut-être", "2", "oui, le matin"]}

_WORDS = frozenset("oui non o n vrai faux v f true false yes no y 0 1 x".split())


def holds(cell: str) -> bool:
    return fold(cell) in _WORDS
