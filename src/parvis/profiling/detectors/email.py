"""E-mail address, of a person or of a function."""

from __future__ import annotations

from parvis import france

TITLE = "Adresse électronique"
SOURCE = "RFC 5322"
HEADERS = {"email": 1.0, "e mail": 1.0, "mail": 1.0, "courriel": 1.0, "adresse mail": 1.0, "adresse electronique": 1.0}
TOLERANCE = 0.6
ALONE = 1.0
PERSONAL = "direct"
EXAMPLES = {True: ["mairie@ville.example", "jean.exemple@courriel.example"], False: ["ville.example", "a@b", "@ville"]}


def holds(cell: str) -> bool:
    return france.is_email(cell)
