"""Surname of a person: the header says it, the neighbours confirm it."""

from __future__ import annotations

from parvis.text import late

TITLE = "Nom de famille"
SOURCE = "Insee, fichier des noms"
_WHO = (
    "demandeur demandeuse elu elue enfant eleve parent pere mere responsable agent usager client patient assure locataire "
    "proprietaire candidat candidate contact adherent abonne conjoint epoux epouse stagiaire salarie "
    "gerant signataire electeur allocataire defunt concessionnaire conducteur inscrit participant tuteur"
).split()
HEADERS = {
    **{f"nom {link}{who}": 0.9 for who in _WHO for link in ("", "du ", "de la ", "de l ")},
    "nom de famille": 1.0,
    "patronyme": 1.0,
    "nom usage": 1.0,
    "nom d usage": 1.0,
    "nom de naissance": 1.0,
    "nom": 0.6,
    "lastname": 1.0,
    "last name": 1.0,
    "nom jeune fille": 1.0,
    "nom marital": 1.0,
    "nom naissance": 1.0,
    "noms": 0.5,
    "nom usuel": 1.0,
}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = "direct"
EXAMPLES = {True: ["DURAND", "Le Goff", "Martin"], False: ["12", "Mairie de Fontclaire, accueil"]}

_SURNAME = late(r"^[^\W\d_][^\W\d_]*(?:[\s'’-][^\W\d_]+){0,3}$")


def holds(cell: str) -> bool:
    return bool(_SURNAME.match(cell))
