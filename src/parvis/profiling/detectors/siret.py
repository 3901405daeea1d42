"""Establishment number (SIRET): fourteen digits with Luhn's key, La Poste apart."""

from __future__ import annotations

from parvis import france

TITLE = "Numéro SIRET"
SOURCE = "Insee, répertoire Sirene"
HEADERS = {
    "siret": 1.0,
    "num siret": 1.0,
    "numero siret": 1.0,
    "no siret": 1.0,
    "n siret": 1.0,
    "idattribuant": 1.0,
    "idbeneficiaire": 1.0,
    "coll siret": 1.0,
    "siret ou nir": 0.3,
    "siret du titulaire": 1.0,
    "acheteur id": 0.9,
    "siret beneficiaire": 1.0,
    "id acheteur": 0.8,
}
TOLERANCE = 0.85
ALONE = 0.9
PERSONAL = ""
EXAMPLES = {True: ["21580999700012", "356 000 000 00048"], False: ["21580999700013", "2158099970001", "35181600000000"]}


def holds(cell: str) -> bool:
    return france.is_siret(cell) and not france.is_spoilt_siret(cell)
