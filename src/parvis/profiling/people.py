"""Whether a few words name a person: titles, first names and surnames weighed against places and bodies."""

from __future__ import annotations

import re

from parvis import france
from parvis.text import fold

_TITLE = re.compile(
    r"^(?:m|mr|mme|mlle|mm|mmes|madame|monsieur|mademoiselle|messieurs|mesdames|dr|docteur|maitre|me|veuve|vve|consorts|"
    r"epoux|indivision)\b\.?\s+(?=\S)"
)
# Words that make a place, a body or a work of what a person's name follows.
_NOT_PERSON = frozenset(
    "rue avenue av boulevard bd place allee chemin impasse quai square cours esplanade pont parc jardin ecole college "
    "lycee creche gymnase stade salle piscine mediatheque bibliotheque theatre espace centre maison residence hopital "
    "clinique eglise chapelle foyer complexe groupe arret gare hotel restaurant boulangerie garage pharmacie club "
    "association asso comite amicale union societe ste sarl sas sasu sa eurl sci scp scop ets etablissements "
    "entreprise cabinet fondation federation syndicat mairie commune ville loi prix concours challenge tournoi cie "
    "compagnie batiment les des du transports travaux immobilier construction service services conseil bureau "
    "quartier".split()
)
_NOT_PERSON_TWO = re.compile(r"\b(?:de la|et fils)\b")
_WORD = re.compile(r"\w+")
_INITIALS = re.compile(r"^(?:[A-ZÀ-Ý]\.[\s-]?){1,2}\s?[A-ZÀ-Ý]{3,}")
_PARTICLES = frozenset("de du des le la les d l van von ben el al da dos di".split())


def looks_like_person(text: str) -> bool:
    """Return whether the text is the name of one person: « Mme Martin », « DURAND Alice », not « rue Jean-Jaurès »."""
    if not 3 <= len(text) <= 80 or any(c.isdigit() for c in text):
        return False
    folded = fold(text)
    untitled = _TITLE.sub("", folded)
    titled = untitled != folded
    if not _NOT_PERSON.isdisjoint(_WORD.findall(untitled)) or _NOT_PERSON_TWO.search(untitled):
        return False
    parts = [p for p in re.split(r"[\s,.'’/()]+", untitled) if p]
    initials = [p for p in parts if len(p) == 1]
    parts = [p for p in parts if p not in _PARTICLES and len(p) > 1]
    if not parts or len(parts) > 5:
        return False
    if titled:
        return True
    if len(parts) == 1 and _INITIALS.match(text):
        return bool(initials) and france.surname_weight(parts[0]) >= 4  # « A. DURAND »
    if len(parts) < 2:
        return False
    given = [p for p in parts if _given(p)]
    others = [p for p in parts if p not in given]
    if given and (others or len(given) > 1):
        capitals: int = sum(w[:1].isupper() for w in re.split(r"[\s,]+", text) if w)
        return capitals >= 2
    return False


def _given(word: str) -> bool:
    return all(france.first_name_weight(p) >= 4 for p in word.split("-") if p)
