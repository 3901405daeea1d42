"""Metadata: what can be filled in from the file itself, and what is still missing for a reader."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import PurePath

from parvis import france
from parvis.catalogue import themes
from parvis.catalogue.frequencies import FREQUENCIES
from parvis.catalogue.licences import LICENCES
from parvis.errors import InputError
from parvis.plugins import found
from parvis.schemas.schema import Schema
from parvis.text import accented, fold, late, listed, phrased, plural, spaced, stems
from parvis.units import without_unit, written
from parvis.values import Column, Finding, Kind, Metadata, Parcel, Profile, SchemaMatch, Severity, msg

TITLE = 150  # characters
_COPY = re.compile(
    r"\((?:\d+|copie|copy)\)|\b(?:def|defini\w*|final\w*|vf|v\d+|bis|ok|copie|export|provisoire|maj|data|csv|scdl|new|"
    r"nouveau|tmp|test)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20[0-4]\d)(?!\d)")
# Lines above a table that say when or why it was made, not what it is.
_NO_TITLE = late(
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
_MONTH = "janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre"
_MONTH_WRITTEN = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_BEFORE_YEAR = late(rf"\b(?:{_MONTH}|rentree|saison|hiver|ete|printemps|automne)\s*$")
_MONTH_YEAR = re.compile(rf"\b({_MONTH})\s+(\d{{4}})\b")
_CODES = re.compile(r"\b(?:L93|Lambert ?93|RGF ?93|WGS ?84|CC ?[45]\d|EPSG ?\d+|UTF ?8)\b", re.IGNORECASE)
_BROUGHT = re.compile(r"^(?:export|extraction|extract|fichier|liste complete)\s+(?:des?\s+|du\s+)?", re.IGNORECASE)
# « Ville de Fontclaire - Subventions » : the owner is said beside the title already.
_BY_WHOM = re.compile(
    r"^(?:ville|commune|mairie)\s+d(?:e\s+|u\s+|es\s+|['’])[^:–—]{2,50}?(?:\s*:\s+|\s+[-–—]\s+)", re.IGNORECASE
)
_ELECTION = re.compile(
    r"\b(?:elections?|municipales?|legislatives?|presidentielles?|europeennes?|departementales?|regionales?)\b"
)
_ROUND = re.compile(r"\b[Tt](?:our)? ?([12])\b")
_EMPTY_SHEET = late(r"^(?:feuil\w*|sheet|tab\w*|donn\w*|data|page|export)\s*\d*$", re.IGNORECASE)
_KEYWORDS = 6
_SHORT = 150  # characters of a description under which a sentence on how the data are kept is of use
_NO_KEYWORD = frozenset(
    f"{_MONTH.replace('|', ' ')} annee ville commune mairie liste les des sur par pour aux une tour versees avec "
    "sans dans".split()
)


def prefill(parcel: Parcel, profile: Profile, match: SchemaMatch | None, territory: str = "") -> Metadata:
    """Return the metadata that a file tells of itself: an agent corrects them, and never starts from a blank page."""
    title = _title(parcel.name, profile, match)
    start, end = _period(parcel.name, profile, title)
    said = [parcel.name, profile.table, *profile.titles, *(c.label for c in profile.columns)]
    theme = themes.guess(said, match.schema if match else "")
    return Metadata(
        title=title,
        description=_description(profile, match),
        theme=theme,
        keywords=_keywords(title),
        licence="lov2",
        frequency=_frequency(parcel.name, title, start, end),
        temporal_start=start or _received(parcel),
        temporal_end=end or _received(parcel),
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


# Written in the metadata themselves, in French as they are: every reader, in every format, must meet it.
SYNTHETIC_TITLE = "(copie synthétique)"
SYNTHETIC_SAID = (
    "Copie synthétique : aucune ligne n'est celle d'une personne. Les colonnes, et leurs liens deux à deux, ressemblent à ceux "
    "du fichier d'origine ; ce qu'on calcule sur ces lignes est approché."
)
SYNTHETIC_KEYWORD = "données synthétiques"


def as_synthetic(metadata: Metadata) -> Metadata:
    """Return the metadata of a synthetic copy, that say so wherever they are read. Doing it again changes nothing."""
    title, said = metadata.title, metadata.description
    if SYNTHETIC_TITLE not in title:
        title = f"{title[: TITLE - len(SYNTHETIC_TITLE) - 1].strip()} {SYNTHETIC_TITLE}"
    if SYNTHETIC_SAID not in said:
        said = f"{SYNTHETIC_SAID}\n\n{said}".strip()
    keywords = tuple(dict.fromkeys([*metadata.keywords, SYNTHETIC_KEYWORD]))
    return dataclasses.replace(metadata, title=title, description=said, keywords=keywords)


def as_itself(metadata: Metadata) -> Metadata:
    """Return the metadata without what was said of a copy: the table itself is published again."""
    return dataclasses.replace(
        metadata,
        title=metadata.title.replace(SYNTHETIC_TITLE, "").strip(),
        description=metadata.description.replace(SYNTHETIC_SAID, "").strip(),
        keywords=tuple(k for k in metadata.keywords if k != SYNTHETIC_KEYWORD),
    )


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
    document = _DOCUMENT.match(stem)
    stem = _BUDGETS[document[1]] + (f" {years[0]}" if (years := _years(stem)) else "") if document else stem
    plain = _cleaned(_COPY.sub(" ", _YEAR.sub(_kept_year, stem)))
    above = next((t for t in map(str.strip, profile.titles) if 8 <= len(t) <= 100 and not _NO_TITLE.match(fold(t))), "")
    above = _cleaned(_BY_WHOM.sub("", above))
    chosen = plain if above and plain and len(stems(above)) < 2 else above or plain
    if match and match.confidence > 0.8 and chosen == plain and _says_no_more(plain, match):
        chosen = match.title
    chosen, dated = _with_table(chosen, profile.table)
    years = _years(dated) or _years(stem)
    if years and not _years(chosen):
        said = years[0] if years[0] == years[-1] else f"{years[0]}-{years[-1]}"
        chosen = f"{chosen}, {said}" if chosen.endswith(")") else f"{chosen} ({said})"
    chosen = re.sub(rf"(?<=\w)\s+({_MONTH_WRITTEN})\s+(\d{{4}})$", r" (\1 \2)", phrased(accented(chosen)))
    return (chosen[:1].upper() + chosen[1:])[:TITLE] or "Données"


def _cleaned(text: str) -> str:
    """Return words without what only machines read: codes of projections, « export », a shout of capitals."""
    text = re.sub(r"\s+", " ", _CODES.sub(" ", text)).strip(" -_")
    text = _BROUGHT.sub("", text)
    if fold(text) and _ELECTION.search(fold(text)):
        text = _ROUND.sub(lambda found: "1er tour" if found[1] == "1" else "2e tour", text)
    if text.isupper() and (len(text) > 5 or " " in text):
        text = text.capitalize()
    return text[:1].upper() + text[1:]


def _kept_year(found: re.Match[str]) -> str:
    """A year leaves the words to stand at their end, but for « avril 2026 » and « rentrée 2025 »."""
    return found[0] if _BEFORE_YEAR.search(fold(found.string[: found.start()])) else " "


def _says_no_more(plain: str, match: SchemaMatch) -> bool:
    """True when a file's name only says its schema's: « irve statique », « bal 58999 »."""
    held = set(stems(f"{match.title} {re.sub(r'[^A-Za-z]+', ' ', match.schema)}"))
    return all(stem in held or stem.isdigit() for stem in stems(plain))


def _with_table(chosen: str, table: str) -> tuple[str, str]:
    """Return the title with the sheet's name when it adds something, and the years that this name says."""
    table = re.sub(r"\.(?:shp|csv|txt|dbf|tab|mif|json|geojson)$", "", table.rsplit("/", 1)[-1], flags=re.IGNORECASE)
    words = _cleaned(_YEAR.sub(" ", re.sub(r"_+", " ", table)))
    new = [stem for stem in stems(words) if stem not in stems(chosen)]
    initials = "".join(word[0] for word in re.findall(r"[a-z]+", fold(chosen)))
    article = re.match(r"[LRD]\.? ?\d+", words)
    if not new or _EMPTY_SHEET.match(table) or article or (words.isupper() and _runs(fold(words), initials)):
        return chosen, table
    return (
        f"{chosen} : {words[:1].lower() + words[1:] if words[1:2].islower() else words}" if chosen else words
    ), table


def _runs(letters: str, text: str) -> bool:
    """True when letters stand in a text in this order: « dia » in the initials of « déclarations d'intention d'aliéner »."""
    left = iter(text)
    return all(letter in left for letter in letters)


def _years(text: str) -> list[str]:
    return sorted(set(_YEAR.findall(text)))


def _period(name: str, profile: Profile, title: str) -> tuple[str, str]:
    """Return (first day, last day) covered: a month or year in the title or name, else the dates the table holds."""
    if month := _MONTH_YEAR.search(fold(title)):
        first = date(int(month[2]), _MONTH.split("|").index(month[1]) + 1, 1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return first.isoformat(), last.isoformat()
    years = _years(title) or _years(" ".join([PurePath(name).stem, *profile.titles]))
    if years:
        return f"{years[0]}-01-01", f"{years[-1]}-12-31"
    dated = [
        c
        for c in profile.columns
        if c.kind in (Kind.DATE, Kind.DATETIME)
        and c.minimum
        and c.meaning != "birth_date"
        and not _UPKEEP.search(_bare(c))
    ]
    spans = [(str(c.minimum)[:10], str(c.maximum)[:10], _bare(c)) for c in dated]
    spans = [s for s in spans if s[0][:4] >= "1950" and s[1][:4] <= "2045"]
    starts, ends = [s[0] for s in spans if _FIRST.search(s[2])], [s[1] for s in spans if _LAST.search(s[2])]
    if starts and ends and min(starts) <= max(ends):
        return min(starts), max(ends)
    if spans:
        return max(spans, key=lambda s: s[1])[:2]
    held = [c for c in profile.columns if c.meaning == "year" and c.minimum is not None]
    if held and str(held[0].minimum)[:4].isdigit():
        return f"{str(held[0].minimum)[:4]}-01-01", f"{str(held[0].maximum)[:4]}-12-31"
    return "", ""


def _received(parcel: Parcel) -> str:
    """Return the day that a file came in: what covers no period tells how things stood that day."""
    return parcel.received_at[:10]


def _frequency(name: str, title: str, start: str, end: str) -> str:
    """Return how often such a file is likely to come again, from the period that its name says."""
    said = fold(f"{title} {re.sub(r'[_.+-]+', ' ', name)}")
    if re.search(r"\bgtfs\b|\btemps reel\b", said):
        return "irregular"
    if re.search(r"\btrimestr|\b[1-4]e?r? ?trim|\bt[1-4] 20\d\d", said):
        return "quarterly"
    if re.search(r"\bsemestr|\bs[12] 20\d\d", said):
        return "semiannual"
    if _MONTH_YEAR.search(said):
        return "monthly"
    if _years(said):
        return "punctual" if _ELECTION.search(said) else "annual"
    if start and end and _days(start, end) in range(350, 380):
        return "annual"
    return "irregular"


def _days(start: str, end: str) -> int:
    try:
        return (date.fromisoformat(end) - date.fromisoformat(start)).days
    except ValueError:
        return 0


# When a line was written is no period that it covers.
_UPKEEP = re.compile(
    r"\b(?:maj|mise a jour|update|updated|modif\w*|creation|saisie|created|publication|export|edition)\b"
)
_FIRST = re.compile(r"\b(?:debut|start|du|ouverture)\b")
_LAST = re.compile(r"\b(?:fin|end|au|fermeture)\b")


def _bare(column: Column) -> str:
    return re.sub(r"[^a-z0-9]+", " ", fold(column.label or column.name))


def _description(profile: Profile, match: SchemaMatch | None) -> str:
    """Return first sentences that are true of the table and that a resident reads; the agent says why it exists."""
    shouting = sum(c.label.isupper() for c in profile.columns) > len(profile.columns) / 2
    open_ones = [c for c in profile.columns if c.kind is not Kind.GEOMETRY and not _personal(c)]
    # What has a title in the schema says more than its code; identifiers say least.
    open_ones.sort(key=lambda c: bool(_IDENTIFIER.search(fold(c.name))))
    labels = list(dict.fromkeys(said for c in open_ones if (said := _told(c, shouting))))
    if not labels:
        return ""
    more = [plural(len(labels) - 5, "autre information", "autres informations")] if len(labels) > 6 else labels[5:6]
    parts = [f"Chaque ligne donne : {listed([*labels[:5], *more])}."]
    if profile.bbox or profile.point:
        parts.append("Les lignes se placent sur une carte.")
    if match:
        local = match.schema.startswith("parvis/")
        kind = "Les colonnes sont celles du modèle" if local else "Les colonnes suivent le schéma"
        parts.append(f"{kind} « {match.title} ».")
    if sum(map(len, parts)) < _SHORT:
        parts.append("Chaque version est vérifiée avant d'être publiée ; les précédentes restent à télécharger.")
    return spaced(" ".join(parts))


_IDENTIFIER = re.compile(r"(?:^|_)(?:id|uid|uuid|cle|code|ref|fid|siret|siren|insee|coll)(?:_|$)|^id[a-z]")


def _told(column: Column, shouting: bool) -> str:
    """Return a column's name as words in a sentence: its title in the schema, else « NOM_LATIN » said « nom latin ».

    In a table that writes all its headers in capitals they mark no acronym.
    """
    words = column.description if 0 < len(column.description) <= 40 else without_unit(column.label)
    words = re.sub(r"\s*[(\[][^()\[\]]*[)\]]\s*$", "", words)
    words = re.sub(r"(?<=[a-zà-ÿ]{2})(?=[A-Z])", " ", re.sub(r"[_./]+", " ", words))
    words = re.sub(r"\s+", " ", words).strip(" .:;,")
    if (
        not stems(words)
        or not re.search(r"[^\W\d_]{2}", words)
        or re.fullmatch(r"(?:colonne|column|unnamed|champ) ?\d*", fold(words))
    ):
        return ""
    lowered = [w if w.isupper() and len(w) > 1 and not shouting else written(w.lower()) for w in words.split()]
    return accented(" ".join(lowered))


def _personal(column: Column) -> bool:
    """True when a column speaks of people: it may not be there once published."""
    detector = found("parvis.profiling.detectors", "detectors").get(column.meaning)
    return detector is not None and bool(detector.PERSONAL)


def _keywords(title: str) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for word in re.findall(r"[^\W\d_]{3,}", title):
        if fold(word) in _NO_KEYWORD:
            continue
        for stem in stems(word):
            seen.setdefault(stem, word.lower())
    return tuple(seen.values())[:_KEYWORDS]
