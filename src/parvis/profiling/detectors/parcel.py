"""Cadastral parcel."""

from __future__ import annotations

from parvis import france

TITLE = "Parcelle cadastrale"
SOURCE = "DGFiP, plan cadastral"
HEADERS = {
    "parcelle": 1.0,
    "cadastre": 1.0,
    "ref cadastrale": 1.0,
    "reference cadastrale": 1.0,
    "cad parcelles": 0.9,
    "section parcelle": 1.0,
    "ref cad": 1.0,
    "refcad": 1.0,
    "id parcelle": 1.0,
    "idu": 0.8,
    "section numero": 1.0,
    "section et numero": 1.0,
    "numero de parcelle": 1.0,
    "n parcelle": 1.0,
    "parcelles": 1.0,
    "terrain": 0.7,
    "terrains": 0.7,
    "reference terrain": 0.8,
}
TOLERANCE = 0.8
ALONE = 0.0
PERSONAL = "quasi"
EXAMPLES = {True: ["AC 0123", "58999000AC0123"], False: ["rue", "12"]}


def holds(cell: str) -> bool:
    return france.is_parcel(cell)
