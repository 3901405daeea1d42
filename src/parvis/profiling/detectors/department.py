"""Department: code or name."""

from __future__ import annotations

from parvis import france
from parvis.text import fold

TITLE = "Département"
SOURCE = "Insee, code officiel géographique"
HEADERS = {
    "departement": 1.0,
    "libelle departement": 1.0,
    "nom departement": 1.0,
    "dep": 0.8,
    "code departement": 1.0,
    "dept": 0.8,
    "code dep": 1.0,
}
TOLERANCE = 0.95
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["58", "2A", "974", "035", "ILLE-ET-VILAINE", "Côte d'Or"], False: ["20", "00", "1"]}


_NAMES = frozenset(
    "ain aisne allier alpes-de-haute-provence hautes-alpes alpes-maritimes ardeche ardennes ariege aube aude aveyron "
    "bouches-du-rhone calvados cantal charente charente-maritime cher correze corse-du-sud haute-corse cote-d'or "
    "cotes-d'armor creuse dordogne doubs drome eure eure-et-loir finistere gard haute-garonne gers gironde herault "
    "ille-et-vilaine indre indre-et-loire isere jura landes loir-et-cher loire haute-loire loire-atlantique loiret lot "
    "lot-et-garonne lozere maine-et-loire manche marne haute-marne mayenne meurthe-et-moselle meuse morbihan moselle nievre "
    "nord oise orne pas-de-calais puy-de-dome pyrenees-atlantiques hautes-pyrenees pyrenees-orientales bas-rhin haut-rhin "
    "rhone haute-saone saone-et-loire sarthe savoie haute-savoie paris seine-maritime seine-et-marne yvelines deux-sevres "
    "somme tarn tarn-et-garonne var vaucluse vendee vienne haute-vienne vosges yonne territoire-de-belfort essonne "
    "hauts-de-seine seine-saint-denis val-de-marne val-d'oise guadeloupe martinique guyane la-reunion mayotte".split()
)


def holds(cell: str) -> bool:
    code = cell.strip().upper()
    if code in france.DEPARTMENTS or (len(code) == 3 and code.startswith("0") and code[1:] in france.DEPARTMENTS):
        return True
    return "-".join(fold(cell).split()) in _NAMES
