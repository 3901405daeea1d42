"""Full name of a person in one cell."""

from __future__ import annotations

from parvis.profiling.people import looks_like_person

TITLE = "Nom de personne"
SOURCE = "Insee, fichiers des prénoms et des noms"
HEADERS = {
    "nom prenom": 1.0,
    "nom et prenom": 1.0,
    "prenom nom": 1.0,
    "president": 0.9,
    "presidente": 0.9,
    "president e": 0.9,
    "responsable": 0.7,
    "demandeur": 1.0,
    "petitionnaire": 1.0,
    "titulaire": 0.5,
    "contact": 0.6,
    "beneficiaire": 0.3,
    "proprietaire": 0.8,
    "nom du president": 1.0,
    "interlocuteur": 0.8,
    "rapporteur": 0.8,
    "agent": 0.6,
    "gerant": 0.9,
    "signataire": 0.9,
    "elu": 0.7,
    "directeur": 0.7,
    "directrice": 0.7,
    "referent": 0.7,
    "exploitant": 0.7,
    "candidat": 0.6,
    "personne": 0.7,
}
TOLERANCE = 0.5
ALONE = 0.85
PERSONAL = "direct"
EXAMPLES = {
    True: ["DURAND Alice", "Mme Martin", "Jean-Pierre Le Goff"],
    False: ["rue Jean-Jaurès", "École Louise-Michel", "Fontclaire Natation"],
}


def holds(cell: str) -> bool:
    return looks_like_person(cell)
