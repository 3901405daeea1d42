"""Licence plate."""

from __future__ import annotations

from parvis import france

TITLE = "Plaque d'immatriculation"
SOURCE = "Système d'immatriculation des véhicules"
HEADERS = {"immatriculation": 1.0, "plaque": 0.9, "plaque d immatriculation": 1.0}
TOLERANCE = 0.8
ALONE = 0.9
PERSONAL = "direct"
EXAMPLES = {True: ["AB-123-CD", "1234 XY 58"], False: ["AB-12-CD", "OI-123-UU"]}


def holds(cell: str) -> bool:
    return france.is_plate(cell)
