"""Religion, political opinion, union or private life, said or shown by a menu."""

from __future__ import annotations

from parvis.text import fold, late

TITLE = "Religion, opinion ou syndicat"
SOURCE = "RGPD, article 9"
HEADERS = {
    "religion": 1.0,
    "confession": 1.0,
    "culte": 0.9,
    "syndicat": 1.0,
    "appartenance syndicale": 1.0,
    "organisation syndicale": 0.9,
    "parti": 0.9,
    "parti politique": 1.0,
    "opinion": 0.7,
    "etiquette politique": 0.7,
    "orientation sexuelle": 1.0,
    "origine ethnique": 1.0,
    "menu": 0.9,
    "type de menu": 1.0,
    "type de repas": 1.0,
    "regime": 0.9,
    "regime alimentaire": 0.9,
    "repas": 0.8,
    "carre": 0.6,
    "carre confessionnel": 1.0,
    "ceremonie": 0.7,
}
TOLERANCE = 0.12
SOME = True  # the dish without pork is a minority's: one cell in eight is enough to show who eats it
ALONE = 0.0
PERSONAL = "sensitive"
EXAMPLES = {
    True: ["catholique", "Sans porc", "menu halal", "CGT", "Parti socialiste", "LR"],
    False: ["standard", "poulet rôti", "", "Service culture"],
}

_BELIEF = late(
    r"\b(?:catholi\w+|musulman\w*|islam\w*|juif|juive|judai\w*|protestant\w*|evangeli\w+|orthodoxe\w*|bouddhi\w+|hindou\w*|athee|"
    r"agnosti\w+|jehovah|sans porc|halal|ha?lal|casher|kasher|cacher|sans viande|laique|"
    r"cgt|cfdt|fo|force ouvriere|fsu|sud|unsa|cftc|cfe-cgc|solidaires|"
    r"parti \w+|ps|pcf|lr|rn|fn|lfi|eelv|modem|renaissance|reconquete|npa|lo|udi|gauche|droite|ecologiste\w*|communiste\w*|"
    r"socialiste\w*|republicains?|homosexuel\w*|heterosexuel\w*|bisexuel\w*)\b"
)


def holds(cell: str) -> bool:
    return bool(_BELIEF.search(fold(cell)))
