"""Age of a person, or band of ages."""

from __future__ import annotations

from parvis.text import fold, late

TITLE = "Âge"
SOURCE = ""
HEADERS = {
    "age": 1.0,
    "tranche d age": 1.0,
    "tranche age": 1.0,
    "classe d age": 1.0,
    "annee de naissance": 0.9,
    "annee naissance": 0.9,
    "annee nais": 0.9,
    "annee naiss": 0.9,
    "an nais": 0.9,
    "an naissance": 0.9,
    "annaiss": 0.9,
    "ages": 0.9,
    "age du demandeur": 1.0,
}
TOLERANCE = 0.8
ALONE = 0.0
PERSONAL = "quasi"
EXAMPLES = {True: ["34", "18-25", "61 et plus"], False: ["texte", "2024-01-01"]}

_AGE = late(
    r"^\d{1,3}(?: ans)?$|^\d{1,3}\s?(?:-|a|/)\s?\d{1,3}(?: ans)?$|^(?:\+|plus de|moins de|-) ?\d+|^\d{1,3} ans et plus$"
    r"|^\d{1,3}\s?(?:\+|et (?:plus|\+))$|^(?:19|20)\d\d$"
)


def holds(cell: str) -> bool:
    return bool(_AGE.search(fold(cell)))
