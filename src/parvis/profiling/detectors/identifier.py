"""Number that belongs to one person: tax, identity card, passport, pupil, allowances, staff, subscriber, an animal's chip."""

from __future__ import annotations

import re

TITLE = "Numéro personnel"
SOURCE = "CNIL, données identifiantes"
_WHO = (
    "agent eleve enfant allocataire adherent abonne usager lecteur electeur etudiant patient assure client emprunteur licencie "
    "stagiaire salarie resident citoyen votant foyer famille"
).split()
HEADERS = {
    **{
        f"{link} {who}": 1.0
        for who in _WHO
        for link in ("n", "no", "num", "numero", "ndeg", "id", "code", "identifiant", "ref", "matricule", "cle")
    },
    **{f"{who} id": 1.0 for who in _WHO},
    "numero fiscal": 1.0,
    "num fiscal": 1.0,
    "no fiscal": 1.0,
    "n fiscal": 1.0,
    "spi": 1.0,
    "reference avis": 0.7,
    "cni": 1.0,
    "num cni": 1.0,
    "numero cni": 1.0,
    "carte identite": 1.0,
    "numero carte identite": 1.0,
    "piece identite": 0.9,
    "passeport": 1.0,
    "numero passeport": 1.0,
    "num passeport": 1.0,
    "permis de conduire": 0.9,
    "titre de sejour": 1.0,
    "numero etranger": 1.0,
    "agdref": 1.0,
    "ine": 1.0,
    "numero ine": 1.0,
    "allocataire": 0.95,
    "allocataire caf": 1.0,
    "n allocataire caf": 1.0,
    "matricule": 1.0,
    "matricule agent": 1.0,
    "agent": 0.6,
    "puce": 0.9,
    "numero puce": 1.0,
    "icad": 1.0,
    "tatouage": 0.8,
    "transpondeur": 0.8,
    "rpps": 1.0,
    "adeli": 1.0,
    "numero carte": 0.8,
    "n carte": 0.8,
    "num carte": 0.8,
    "badge": 0.8,
    "numero licence": 0.8,
    "n licence": 0.8,
    "mac": 0.9,
    "adresse mac": 1.0,
    "mac address": 1.0,
    "imei": 1.0,
    "id anonyme": 0.8,
    "identifiant anonyme": 0.8,
}
TOLERANCE = 0.8
ALONE = 0.0
PERSONAL = "direct"
EXAMPLES = {
    True: ["0123456789012", "18AB12345", "250269812345678", "A1234", "00:1b:44:11:3a:b7"],
    False: ["Texte libre de plusieurs mots", "oui", ""],
}

_NUMBER = re.compile(r"^(?=.*\d)[\w./: -]{2,64}$")


def holds(cell: str) -> bool:
    return bool(_NUMBER.match(cell)) and cell.count(" ") <= 5
