"""First name of a person."""

from __future__ import annotations

from parvis import france
from parvis.text import fold

TITLE = "Prénom"
SOURCE = "Insee, fichier des prénoms"
HEADERS = {
    "prenom": 1.0,
    "prenoms": 1.0,
    "prenom usuel": 1.0,
    "firstname": 1.0,
    "first name": 1.0,
    "prenom agent": 1.0,
    "enfant prenom": 0.9,
    "prenom enfant": 1.0,
    "prenom de l enfant": 1.0,
    "prenom du nouveau ne": 1.0,
}
TOLERANCE = 0.5
ALONE = 0.75
PERSONAL = "direct"
EXAMPLES = {True: ["Alice", "Jean-Pierre", "MARIE"], False: ["Fontclaire", "12", "Gymnase", "FRANCE"]}


def holds(cell: str) -> bool:
    parts = fold(cell).replace("-", " ").split()
    return 0 < len(parts) <= 4 and parts != ["france"] and all(france.first_name_weight(p) for p in parts)
