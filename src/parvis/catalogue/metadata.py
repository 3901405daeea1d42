"""Metadata: what can be filled in from the file itself, and what is still missing for a reader."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from parvis import france
from parvis.catalogue import themes
from parvis.catalogue.frequencies import FREQUENCIES
from parvis.catalogue.licences import LICENCES
from parvis.errors import InputError
from parvis.plugins import found
from parvis.schemas.schema import Schema
from parvis.text import accented, fold, plural, spaced, stems
from parvis.values import Column, Finding, Kind, Metadata, Parcel, Profile, SchemaMatch, Severity, msg

TITLE = 150  # characters
_COPY = re.compile(
    r"\((?:\d+|copie|copy)\)|\b(?:def|defini\w*|final\w*|vf|v\d+|bis|ok|copie|export|provisoire|maj|data|csv|scdl|new|"
    r"nouveau|tmp|test)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20[0-4]\d)(?!\d)")
# Lines above a table that say when or why it was made, not what it is.
_NO_TITLE = re.compile(
    r"^(?:exercice|annee|mise a jour|maj|article|source|edite|edition|extrait|au \d|du \d|le \d|page|service)\b"
)
_BUDGETS = {
    "BP": "Budget primitif",
    "BS": "Budget supplémentaire",
    "DM": "Décision modificative du budget",
    "CA": "Compte administratif",
    "CFU": "Compte financier unique",
}
_DOCUMENT = re.compile(r"^DOCBUDG\b.*\b(BP|BS|DM|CA|CFU)\b")
_EMPTY_SHEET = re.compile(r"^(?:feuil\w*|sheet|tab\w*|donn\w*|data|page|export)\s*\d*$", re.IGNORECASE)
_KEYWORDS = 6


def prefill(parcel: Parcel, profile: Profile, match: SchemaMatch | None, territory: str = "") -> Metadata:
    """Return the metadata that a file tells of itself: an agent corrects them, and never starts from a blank page."""
    title = _title(parcel.name, profile, match)
    start, end = _period(parcel.name, profile)
    said = [parcel.name, profile.table, *profile.titles, *(c.label for c in profile.columns)]
    theme = themes.guess(said, match.schema if match else "")
    return Metadata(
        title=title,
        description=_description(profile, match),
        theme=theme,
        keywords=_keywords(title),
        licence="lov2",
        frequency="",
        temporal_start=start,
        temporal_end=end,
        territory=territory,
        source=PurePath(parcel.name).name,
    )


def complete(metadata: Metadata) -> tuple[Finding, ...]:
    """Return what is missing or unfit in the metadata, most serious first."""
    return tuple(_remarks(metadata))


def describe_columns(profile: Profile, schema: Schema, mapping: Mapping[str, str]) -> Profile:
    """Return the profile with each mapped column's description and field taken from its schema."""
    fields = {mapping[f.name]: f for f in schema.fields if f.name in mapping}

    def described(column: Column) -> Column:
        field = fields.get(column.name)
        if field is None:
            return column
        return dataclasses.replace(column, description=field.description or field.title, field=field.name)

    return dataclasses.replace(profile, columns=tuple(described(c) for c in profile.columns))


def decided(metadata: Metadata) -> Metadata:
    """Return the metadata as they may be published. Raises: InputError, saying what to mend."""
    if not metadata.title.strip():
        raise InputError("Donnez un titre au jeu de données.")
    if metadata.licence not in LICENCES:
        raise InputError("Cette licence n'est pas permise par la loi.", "Choisissez la Licence Ouverte ou l'ODbL.")
    if metadata.theme and metadata.theme not in themes.THEMES:
        raise InputError("Ce thème n'existe pas.")
    if metadata.frequency not in FREQUENCIES:
        raise InputError("Cette fréquence de mise à jour n'existe pas.")
    if metadata.contact and _of_a_person(metadata.contact):
        raise InputError(
            "L'adresse de contact « {contact} » semble être celle d'une personne.",
            "Donnez celle d'un service, par exemple donnees@votre-commune.fr.",
            contact=metadata.contact,
        )
    return dataclasses.replace(metadata, title=metadata.title.strip()[:TITLE])


# --- Steps ----------------------------------------------------------------------------------------


def _remarks(metadata: Metadata) -> Iterator[Finding]:
    if len(metadata.title) < 5:
        yield Finding("metadata.title", Severity.WARN, msg("Le titre est trop court pour être compris d'un habitant."))
    if len(metadata.description) < 30:
        yield Finding(
            "metadata.description",
            Severity.INFO,
            msg("La description est courte : dites ce que contient le fichier, d'où il vient et à quoi il sert."),
        )
    if not metadata.theme:
        yield Finding("metadata.theme", Severity.INFO, msg("Choisissez un thème : il range le jeu dans le catalogue."))
    if not metadata.frequency:
        yield Finding(
            "metadata.frequency",
            Severity.INFO,
            msg(
                "Dites à quelle fréquence ces données sont renouvelées : Parvis préviendra quand elles seront en retard."
            ),
        )


def _of_a_person(contact: str) -> bool:
    return france.is_email(contact) and not france.is_generic_mailbox(contact)


def _title(name: str, profile: Profile, match: SchemaMatch | None) -> str:
    """Return a title that a reader understands, from the lines above the table, else from the file's name."""
    stem = re.sub(r"[_\-.+]+", " ", PurePath(name).stem)
    years = _years(stem)
    document = _DOCUMENT.match(stem)
    stem = _BUDGETS[document[1]] if document else stem
    plain = re.sub(r"\s+", " ", _COPY.sub(" ", _YEAR.sub(" ", stem))).strip(" -_")
    above = next((t for t in map(str.strip, profile.titles) if 8 <= len(t) <= 100 and not _NO_TITLE.match(fold(t))), "")
    if above.isupper():
        above = above.capitalize()
    chosen = match.title if match and match.confidence > 0.8 and len(stems(plain)) < 1 else above or plain
    if above and plain and len(stems(above)) < 2:
        chosen = plain
    table = profile.table.rsplit("/", 1)[-1]
    if table and not _EMPTY_SHEET.match(table) and fold(table) not in fold(chosen) and fold(chosen) != fold(table):
        chosen = f"{chosen} : {re.sub(r'[_]+', ' ', table)}" if chosen else table
    if years and not _years(chosen):
        chosen = f"{chosen} ({years[0]})" if years[0] == years[-1] else f"{chosen} ({years[0]}-{years[-1]})"
    chosen = accented(chosen)
    return (chosen[:1].upper() + chosen[1:])[:TITLE] or "Données"


def _years(text: str) -> list[str]:
    return sorted(set(_YEAR.findall(text)))


def _period(name: str, profile: Profile) -> tuple[str, str]:
    """Return (first day, last day) covered: a year in the name or title, else the dates the table holds."""
    years = _years(" ".join([PurePath(name).stem, *profile.titles]))
    if years:
        return f"{years[0]}-01-01", f"{years[-1]}-12-31"
    spans = [
        (str(c.minimum)[:10], str(c.maximum)[:10])
        for c in profile.columns
        if c.kind in (Kind.DATE, Kind.DATETIME) and c.minimum and c.meaning != "birth_date"
    ]
    spans = [s for s in spans if s[0][:4] >= "1950" and s[1][:4] <= "2045"]
    if spans:
        return max(spans, key=lambda s: s[1])
    held = [c for c in profile.columns if c.meaning == "year" and c.minimum is not None]
    if held and str(held[0].minimum)[:4].isdigit():
        return f"{str(held[0].minimum)[:4]}-01-01", f"{str(held[0].maximum)[:4]}-12-31"
    return "", ""


def _description(profile: Profile, match: SchemaMatch | None) -> str:
    """Return a first sentence that is true of the table; the agent says why it exists."""
    labels = [c.label for c in profile.columns if c.label and c.kind is not Kind.GEOMETRY and not _personal(c)]
    shown = ", ".join(f"« {label} »" for label in labels[:5])
    more = f" et {plural(len(labels) - 5, 'autre colonne', 'autres colonnes')}" if len(labels) > 5 else ""
    rows = f"{profile.rows:,}".replace(",", "\u202f")
    first = f"Tableau de {rows} ligne{'s' if profile.rows > 1 else ''} : {shown}{more}." if shown else ""
    followed = f" Il suit le schéma national « {match.title} »." if match else ""
    return spaced(f"{first}{followed}".strip())


def _personal(column: Column) -> bool:
    """True when a column speaks of people: it may not be there once published."""
    detector = found("parvis.profiling.detectors", "detectors").get(column.meaning)
    return detector is not None and bool(detector.PERSONAL)


def _keywords(title: str) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for word in re.findall(r"[^\W\d_]{4,}", title):
        for stem in stems(word):
            seen.setdefault(stem, word.lower())
    return tuple(seen.values())[:_KEYWORDS]
