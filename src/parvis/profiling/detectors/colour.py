"""Colour as a code."""

from __future__ import annotations

import re

TITLE = "Couleur"
SOURCE = "CSS"
HEADERS = {"couleur": 1.0, "color": 1.0, "route color": 1.0}
TOLERANCE = 0.95
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["#1F6F54", "1F6F54"], False: ["vert", "12345"]}

_COLOUR = re.compile(r"^#[0-9A-Fa-f]{6}$|^(?=.*[A-Fa-f])[0-9A-Fa-f]{6}$")


def holds(cell: str) -> bool:
    return bool(_COLOUR.match(cell))
