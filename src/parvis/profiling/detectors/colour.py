"""Colour: a code, or a French name."""

from __future__ import annotations

from parvis.text import fold, late

TITLE = "Couleur"
SOURCE = "CSS, usage"
HEADERS = {"couleur": 1.0, "color": 1.0, "route color": 1.0}
TOLERANCE = 0.95
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["#1F6F54", "1F6F54", "vert", "Bleu clair"], False: ["12345", "bac"]}

_COLOUR = late(r"^#[0-9A-Fa-f]{6}$|^(?=.*[A-Fa-f])[0-9A-Fa-f]{6}$")
_NAME = late(
    r"^(?:argente?|beige|blanc(?:he)?|bleue?|bordeaux|bronze|brune?|cyan|doree?|fuchsia|grise?|indigo|ivoire|jaune|kaki|lilas"
    r"|magenta|marron|mauve|noire?|ocre|orange|parme|pourpre|rose|rouge|sable|saumon|turquoise|verte?|violet(?:te)?)s?"
    r"(?: [a-z-]+)?$"
)


def holds(cell: str) -> bool:
    return bool(_COLOUR.match(cell) or _NAME.match(fold(cell)))
