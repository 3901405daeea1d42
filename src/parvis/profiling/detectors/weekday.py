"""Day of the week."""

from __future__ import annotations

from parvis.text import fold

TITLE = "Jour de la semaine"
SOURCE = ""
HEADERS = {"jour": 1.0, "jour de la semaine": 1.0, "jours": 0.9}
TOLERANCE = 0.95
ALONE = 0.8
PERSONAL = ""
EXAMPLES = {True: ["lundi", "Mardi", "SAMEDI", "lun."], False: ["mars", "2024-03-01", "fermé"]}

_DAYS = frozenset("lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim".split())


def holds(cell: str) -> bool:
    return fold(cell).rstrip(".") in _DAYS
