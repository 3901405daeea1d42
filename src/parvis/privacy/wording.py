"""What names a table (its file, its sheet, the lines above it, its headers), without the people named in it.

A public page is titled after the file: « Courrier_DURAND_Rose.csv » must not come out that way.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import PurePath

from parvis.privacy import spans
from parvis.privacy.words import classes
from parvis.text import fold, late
from parvis.values import Finding, Metadata, Parcel, Policy, Profile, Severity, msg

# Names of files are often all in small letters: what follows a title is somebody's all the same.
_TITLED = re.compile(r"\b(mme|mlle|mr|m|madame|monsieur|mademoiselle|consorts) ([a-zà-ÿ]{2,}(?: [a-zà-ÿ]{2,})?)\b")
# What a file named after somebody begins with: the words of a document, that say nothing of whom it is about.
_DOCUMENT = re.compile(
    r"(?:(?:aides?|annexes?|arretes?|arrêtés?|attestations?|avis|bulletins?|certificats?|contrats?|conventions?|copies?|"
    r"courriels?|courriers?|cv|decisions?|décisions?|demandes?|devis|dossiers?|enquetes?|enquêtes?|extraits?|factures?|"
    r"fiches?|formulaires?|lettres?|listes?|mails?|notes?|notifications?|permis|photos?|pieces?|pièces?|plaintes?|pv|"
    r"rapports?|recours|releves?|relevés?|reponses?|réponses?|scans?|signalements?|subventions?|suivis?|tableaux?|\d+|n°|de|"
    r"du|des|pour|et)\s+)+",
    re.IGNORECASE,
)
# The same of any words in small letters before two that are not, and nothing but figures after: « arbres Alice Durand 2024 ».
_THINGS = re.compile(r"(?:[a-zà-ÿ]{2,} ){1,4}(?=[A-ZÀ-Ý][\w'-]+ [A-ZÀ-Ý][\w'-]+(?: [\dv]+)*$)")
_GONE = "\0"
_ANNOUNCED = late(
    rf"(?:\b(?:m|mm|mr|mme|mmes|mlle|madame|monsieur|mademoiselle|consorts|famille)\b\.?\s*)?{_GONE}", re.IGNORECASE
)
_NAMELESS = "fichier"
_COLUMN = "colonne"
_FIELDS = ("title", "description", "producer", "service", "attribution", "source")


def spelled(name: str) -> str:
    """Return a file's name as words: « Courrier_DURAND_Rose.pdf » -> « Courrier DURAND Rose »."""
    stem = re.sub(r"\.\w{1,8}$", "", name.replace("\\", "/").rpartition("/")[2])
    if "@" in stem:
        return stem
    words = re.sub(r"[_\-.]+|(?<=[a-zà-ÿ])(?=[A-Z])", " ", stem)
    return _TITLED.sub(lambda m: f"{m[1].capitalize()} {m[2].title()}", words)


def names_someone(text: str) -> bool:
    """Return whether a text holds a personal value: a name that is no official's, a mailbox, a number."""
    return bool({s.meaning for s in spans.find(text)} & set(spans.TEXT_MEANINGS))


def without_people(text: str) -> str:
    """Return a text without its personal values, nor the signs that they leave alone."""
    if not names_someone(text):
        return text
    left = _ANNOUNCED.sub(" ", spans.replaced(text, _GONE))
    return re.sub(r"\s+", " ", re.sub(r"\s+([,.;:)])", r"\1", left)).strip(" ,;:-–—_()")


def file_name(name: str) -> str:
    """Return a file's name without people, its suffix kept."""
    lead, rest = _parted(spelled(name))
    if not names_someone(rest):
        return name
    return (f"{lead}{without_people(rest)}".strip() or _NAMELESS) + PurePath(name).suffix


def file_names_someone(name: str) -> bool:
    """Return whether a file's name holds a personal value."""
    return names_someone(_parted(spelled(name))[1])


def _parted(words: str) -> tuple[str, str]:
    """Return (words of a document that a file's name begins with, the rest)."""
    lead = _DOCUMENT.match(words) or _THINGS.match(words)
    if lead and any(fold(w) in classes.NOUNS for w in lead[0].split()) and not _DOCUMENT.match(words):
        return "", words  # « salle Alice Durand »
    return (lead[0], words[lead.end() :]) if lead else ("", words)


def discreet(parcel: Parcel, profile: Profile) -> tuple[Parcel, Profile]:
    """Return what metadata are made from, without people: a line or a sheet that names one is left out whole."""
    columns = tuple(dataclasses.replace(c, label=without_people(c.label)) for c in profile.columns)
    shown = dataclasses.replace(
        profile,
        table="" if names_someone(profile.table) else profile.table,
        titles=tuple(t for t in profile.titles if not names_someone(t)),
        columns=columns,
    )
    name = file_name(parcel.name)
    return parcel if name == parcel.name else dataclasses.replace(parcel, name=name), shown


def titled(profile: Profile, parcel: Parcel) -> Profile:
    """Return the profile with the words of the file's name among its titles: « cameras.csv » says what its points are."""
    return dataclasses.replace(profile, titles=(*profile.titles, spelled(parcel.name)))


def nameless(policy: Policy, profile: Profile) -> Policy:
    """Return the policy as it may be read: columns that were taken away and whose header names someone have no name."""
    personal = {c.name for c in profile.columns if names_someone(c.label)}
    rules = tuple(
        dataclasses.replace(r, column=f"{_COLUMN}_{at}") if r.transform == "drop" and r.column in personal else r
        for at, r in enumerate(policy.rules, 1)
    )
    return dataclasses.replace(policy, rules=rules)


def remarks(metadata: Metadata) -> tuple[Finding, ...]:
    """Return a remark for each text of the metadata that names someone: the page would say it to everybody."""
    texts: Sequence[tuple[str, str]] = [(f, str(getattr(metadata, f))) for f in _FIELDS]
    texts = [*texts, ("keywords", ", ".join(metadata.keywords))]
    return tuple(
        Finding(
            "metadata.names_someone",
            Severity.WARN,
            msg("La fiche nomme une personne ou donne ses coordonnées : tout le monde le lirait."),
            values={"field": field},
            hint=msg("Gardez les élus dans leur mandat et les services ; retirez les particuliers."),
        )
        for field, text in texts
        if (file_names_someone(text) if field == "source" else names_someone(text))
    )
