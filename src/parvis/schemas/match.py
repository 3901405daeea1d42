"""Which schema a table follows: its headers against the fields' names and synonyms, then what its columns mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

from parvis.errors import UnknownName
from parvis.schemas.pairing import EVERYDAY, NEAR, Pair, key, kinds_of, pairs, stems
from parvis.schemas.schema import Field, Schema, all_ids, from_file, from_text, load
from parvis.values import Column, Kind, Profile, SchemaMatch, msg

__all__ = ["LEAST", "MOST", "fit", "key", "kinds_of", "mapped", "match", "open_schema"]

LEAST = 0.3  # confidence under which a schema is not even a candidate
MOST = 5  # candidates shown
# Three rare names, and three tenths of the schema, are needed to be sure: « nom, adresse, commune » is everybody's.
_ENOUGH, _PART = 3.0, 0.3
_LEAST_TOLD = 1.5  # of rare names, even for a schema of three fields
# A table whose matter is told starts here, and stays under what makes sure; one whose matter is not told loses a part.
_MATTER, _OFF = 0.3, 0.6
# Under headers of its own: the columns that must be fields of the schema, their share, and what it is then sure of.
_TOLD, _NEARLY, _EXPLAINED = 5, 0.8, 0.62
_OWN = 0.8  # share of the columns under the schema's own names from which its matter needs no telling
_SPARSE = 0.06  # share of the columns under which the table is about something wider
_FORMAT = 0.9  # of a file whose format is the standard's source
STANDARDS: Mapping[str, str] = {"totem": "scdl/budget"}  # format of a reader -> schema that it gives


def open_schema(asked: str) -> Schema:
    """Return a schema by its id, the path of a file, or an https address. Raises: UnknownName, InputError, RemoteError."""
    if asked.startswith(("https://", "http://")):
        from parvis.schemas import remote  # what asks other machines is loaded when one is asked

        return from_text(remote.fetch(asked), asked)
    try:
        return load(asked)
    except UnknownName:
        place = _file(asked)
        if place is None:
            raise
    return from_file(place)


def match(profile: Profile) -> tuple[SchemaMatch, ...]:
    """Return the national schemas a table may follow, best first, with field -> column and the reason.

    A table that follows a schema, its headers written in any case, gets 0.6 or more; one that speaks of the same things
    under its own headers stays below, unless the schema explains nearly all of its columns.
    """
    found = [m for m in (fit(profile, load(i)) for i in all_ids()) if m.confidence >= LEAST]
    return tuple(sorted(found, key=lambda m: (-m.confidence, -_share(m), m.schema))[:MOST])


def fit(profile: Profile, schema: Schema) -> SchemaMatch:
    """Return how well a table fits one schema.

    A field that the table has counts the more as its name is rare among schemas, and as its cells are what it asks; a
    required one that is absent counts against; so do columns that the schema does not know. A table under headers of
    its own whose matter is the schema's is a candidate; it is a certainty when nearly all of its columns are fields of
    the schema, and half of the required ones are there.
    """
    held = pairs(profile.columns, schema)
    worth = {p.field.name: _weight(p.field) * p.worth for p in held}
    required = [f for f in schema.fields if f.required] or list(schema.fields)
    asked = sum(_weight(f) for f in required)
    columns = [c for c in profile.columns if c.kind is not Kind.GEOMETRY]
    covered = sum(worth.get(f.name, 0.0) for f in required) / asked if asked else 0.0
    covering = [f for f in required if f.name in worth]
    known = sum(p.worth for p in held) / len(columns) if columns else 0.0
    told = sum(min(_weight(p.field), _weight_of(p.by)) if p.by else 0.3 * _weight(p.field) for p in held)
    whole = sum(_weight(f) for f in schema.fields)
    enough = max(_LEAST_TOLD, min(_ENOUGH, 0.8 * whole))
    confidence = (0.65 * covered + 0.35 * known) * min(1.0, told / enough, told / (_PART * whole))
    matter = _matter(profile, schema, held)
    if matter and known >= _SPARSE and _substance(held):
        confidence = max(confidence, _MATTER + 0.4 * min(known, 0.6))
        if len(held) >= max(_TOLD, _NEARLY * len(columns)) and 2 * len(covering) >= len(required):
            confidence = max(confidence, _EXPLAINED)
    elif schema.subject and not matter and sum(p.worth >= NEAR for p in held) < _OWN * len(columns):
        confidence *= _OFF
    if STANDARDS.get(profile.format) == schema.id:
        confidence = max(confidence, _FORMAT)
    mapping = {p.field.name: p.column.name for p in held}
    missing = tuple(f.name for f in schema.fields if f.required and f.name not in mapping)
    return SchemaMatch(
        schema.id,
        schema.title,
        round(confidence, 3),
        mapping,
        missing,
        _reason(held, schema, missing, matter) + _edition(profile, schema),
    )


def mapped(columns: Sequence[Column], schema: Schema) -> dict[str, str]:
    """Return field -> column, each column used once, surest pairing first."""
    return {p.field.name: p.column.name for p in pairs(columns, schema)}


# --- Weights and words ----------------------------------------------------------------------------


@cache
def _frequency() -> dict[str, int]:
    counts: dict[str, int] = {}
    for identity in all_ids():
        for name in {key(f.name) for f in load(identity).fields}:
            counts[name] = counts.get(name, 0) + 1
    return counts


@lru_cache(maxsize=65536)
def _weight_of(name: str) -> float:
    """A name that many schemas have, or that every table may have (nom, siret, date), says little; a short one too."""
    if name in EVERYDAY:
        return 0.2
    return (1.0 if len(name) > 5 else 0.5) / math.sqrt(_frequency().get(name, 1))


def _weight(field: Field) -> float:
    return _weight_of(key(field.name))


def _share(found: SchemaMatch) -> float:
    """Of two schemas that a table fits as well, the one it fills the most is meant."""
    return len(found.mapping) / len(load(found.schema).fields)


def _matter(profile: Profile, schema: Schema, held: Sequence[Pair]) -> str:
    """Return what tells that the table is about the schema's matter: a word of its headers or titles, a field, "" """
    if not schema.subject:
        return ""
    words = frozenset().union(*(stems(c.label) for c in profile.columns), *(stems(t) for t in profile.titles))
    fields = {p.field.name: p.column.label or p.column.name for p in held if p.by and p.by not in EVERYDAY}
    meanings = {c.meaning: c.label for c in profile.columns if c.meaning}
    for said in schema.subject:
        if said.startswith("@"):
            found = fields.get(said[1:], "")
        elif said.startswith("meaning:"):
            found = meanings.get(said.removeprefix("meaning:"), "")
        else:
            found = said if stems(said) <= words else ""
        if found:
            return found
    return ""


def _substance(held: Sequence[Pair]) -> bool:
    """True when headers, not cells alone, tell three fields of which one is required, or two required ones."""
    told = [p for p in held if p.by]
    required = sum(p.field.required for p in told)
    return required >= 2 or (len(told) >= 3 and (required >= 1 or not any(p.field.required for p in held)))


def _reason(held: Sequence[Pair], schema: Schema, missing: Sequence[str], matter: str) -> str:
    said = msg("{found} champs sur {total} retrouvés").format(found=len(held), total=len(schema.fields))
    foreign = [p for p in held if p.worth < NEAR]
    others = len(foreign) >= max(1, len(held) / 2)
    if others:
        shown = ", ".join(msg("« {label} » pour {field}").format(label=p.column.label or p.column.name, field=p.field.name)
                          for p in foreign[:2])  # fmt: skip
        said += msg(", sous d'autres noms ({names})").format(names=shown)
    if matter and others:
        said += msg(" ; le tableau parle de « {matter} »").format(matter=matter)
    if missing:
        shown = ", ".join(missing[:3]) + ("…" if len(missing) > 3 else "")
        said += msg(" ; il manque {names}").format(names=shown)
    return said


def _edition(profile: Profile, schema: Schema) -> str:
    """Return which version of the schema the headers are of, when one tells it."""
    labels = {key(c.label) for c in profile.columns}
    for said in schema.editions:
        version, _, header = said.partition(":")
        if key(header) in labels:
            return msg(" ; version {version}").format(version=version)
    return ""


def _file(asked: str) -> Path | None:
    try:
        return Path(asked) if Path(asked).is_file() else None
    except (OSError, ValueError):
        return None
