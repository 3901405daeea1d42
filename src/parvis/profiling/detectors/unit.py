"""Unit of a quantity written in another column."""

from __future__ import annotations

from parvis.text import fold, late
from parvis.units import UNITS

TITLE = "Unité"
SOURCE = "Système international, unités usuelles"
HEADERS = {"unite": 1.0, "unite de mesure": 1.0, "unites": 1.0, "unit": 0.9}
TOLERANCE = 0.8
ALONE = 0.3
PERSONAL = ""
EXAMPLES = {True: ["kg", "m²", "kWh", "€", "µg/m3", "le repas", "par jour"], False: ["12 kg", "rue", "2024"]}

_WORDS = {fold(w) for code, (name, words) in UNITS.items() for w in (code, name, *words)}
_PER = late(
    r"^(?:l'|le |la |un |une |par |/ ?)?(?:unite|piece|repas|heure|jour|demi-journee|journee|semaine|mois|trimestre|an|annee"
    r"|personne|enfant|seance|entree|lot|forfait|metre|litre|tonne|kilo|concession|copie|page|emplacement|jeton|ml|m3)s?$"
)


def holds(cell: str) -> bool:
    said = fold(cell)
    return said in _WORDS or bool(_PER.match(said))
