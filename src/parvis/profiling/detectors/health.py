"""Health of a person: sick leave, disability, reason."""

from __future__ import annotations

TITLE = "Santé"
SOURCE = "RGPD, article 9"
HEADERS = {
    "handicap": 1.0,
    "maladie": 1.0,
    "arrets maladie": 1.0,
    "pathologie": 1.0,
    "diagnostic": 1.0,
    "invalidite": 1.0,
    "regime alimentaire": 0.8,
    "pai": 0.7,
    "taux d incapacite": 1.0,
    "taux incapacite": 1.0,
    "maladies": 1.0,
    "pathologies": 1.0,
    "allergie": 1.0,
    "allergies": 1.0,
    "allergenes": 0.5,
    "intolerance": 0.9,
    "traitement medical": 1.0,
    "medecin traitant": 0.9,
    "gir": 0.9,
    "rqth": 1.0,
    "handicape": 1.0,
    "situation de handicap": 1.0,
    "grossesse": 1.0,
    "vaccination": 0.8,
    "vaccins": 0.8,
    "groupe sanguin": 1.0,
    "arret de travail": 1.0,
    "motif absence": 0.8,
    "motif d absence": 0.8,
    "accident du travail": 0.9,
    "aptitude": 0.7,
    "inaptitude": 1.0,
}
TOLERANCE = 0.5
ALONE = 0.0
PERSONAL = "sensitive"
EXAMPLES = {True: ["Maladie", "Oui", "12"], False: [""]}


def holds(cell: str) -> bool:
    return bool(cell.strip())
