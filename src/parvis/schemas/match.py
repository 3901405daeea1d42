"""Which schema a table follows: its headers against the fields' names and synonyms, then what its columns mean."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

from parvis.errors import UnknownName
from parvis.schemas import remote
from parvis.schemas.schema import Field, Schema, all_ids, from_file, from_text, load
from parvis.text import fold
from parvis.values import Column, Kind, Profile, SchemaMatch, msg

LEAST = 0.25  # confidence under which a schema is not even a candidate
MOST = 5  # candidates shown
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z])")
_NUMBER = re.compile(r"\b[nN](?:°|º)")
_SIGNS = re.compile(r"[^a-z0-9]+")
_SMALL = frozenset("de du des d la le l les et a".split())
_EVERYDAY = frozenset(
    "id identifiant nom type adresse codepostal cp commune ville longitude latitude long lon lat x y xlong ylat "
    "geopoint datemaj date localisation commentaire commentaires comm observations description insee codeinsee siret "
    "siren url siteweb telephone tel email courriel horaires statut source titre libelle info annee longueur largeur "
    "hauteur active numero".split()
)
_LONG, _END = 8, 4  # letters of a name that may hold a wrong one, and of its ends
_DBASE = 10  # signs that a shapefile keeps of a name
_KINDS: Mapping[str, frozenset[Kind]] = {
    "integer": frozenset({Kind.INTEGER, Kind.NUMBER}),
    "number": frozenset({Kind.INTEGER, Kind.NUMBER}),
    "boolean": frozenset({Kind.BOOLEAN}),
    "date": frozenset({Kind.DATE, Kind.DATETIME}),
    "datetime": frozenset({Kind.DATETIME, Kind.DATE}),
    "year": frozenset({Kind.INTEGER, Kind.TEXT}),
    "time": frozenset({Kind.TIME}),
}
# Three rare names, and three tenths of the schema, are needed to be sure: « nom, adresse, commune » is everybody's.
_ENOUGH, _PART = 3.0, 0.3
# How much a pairing is worth as a sign that the file follows the schema. Under 1: it only speaks of the same thing.
_SAME, _CUT, _NEAR, _SYNONYM, _MEANING = 1.0, 0.9, 0.8, 0.5, 0.3


def open_schema(asked: str) -> Schema:
    """Return a schema by its id, the path of a file, or an https address. Raises: UnknownName, InputError, RemoteError."""
    if asked.startswith(("https://", "http://")):
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
    under its own headers stays below.
    """
    found = [m for m in (fit(profile, load(i)) for i in all_ids()) if m.confidence >= LEAST]
    return tuple(sorted(found, key=lambda m: (-m.confidence, -_share(m), m.schema))[:MOST])


def fit(profile: Profile, schema: Schema) -> SchemaMatch:
    """Return how well a table fits one schema.

    A field that the table has counts the more as its name is rare among schemas; a required one that is absent counts
    against; so do columns that the schema does not know.
    """
    pairs = _paired(profile.columns, schema)
    worth = {field.name: _weight(field) * value for field, _, value in pairs}
    required = [f for f in schema.fields if f.required] or list(schema.fields)
    asked = sum(_weight(f) for f in required)
    columns = [c for c in profile.columns if c.kind is not Kind.GEOMETRY]
    covered = sum(worth.get(f.name, 0.0) for f in required) / asked if asked else 0.0
    known = sum(value for _, _, value in pairs) / len(columns) if columns else 0.0
    told = sum(_weight(field) for field, _, _ in pairs)
    whole = sum(_weight(f) for f in schema.fields)
    confidence = (0.65 * covered + 0.35 * known) * min(1.0, told / _ENOUGH, told / (_PART * whole))
    mapping = {field.name: column.name for field, column, _ in pairs}
    missing = tuple(f.name for f in schema.fields if f.required and f.name not in mapping)
    return SchemaMatch(
        schema.id, schema.title, round(confidence, 3), mapping, missing, _reason(mapping, schema, missing)
    )


def mapped(columns: Sequence[Column], schema: Schema) -> dict[str, str]:
    """Return field -> column, each column used once, surest pairing first."""
    return {field.name: column.name for field, column, _ in _paired(columns, schema)}


@lru_cache(maxsize=65536)
def key(name: str) -> str:
    """Return what two writings of one name share: « Nom attribuant », « nomAttribuant » and « NOM_ATTRIBUANT »."""
    words = _SIGNS.sub(" ", fold(_NUMBER.sub("numero ", _CAMEL.sub(" ", name)))).split()
    return "".join(w for w in words if w not in _SMALL)


def kinds_of(field: Field) -> frozenset[Kind]:
    """Return the types of column that hold a field's values; empty when any may."""
    return _KINDS.get(field.type, frozenset())


# --- Pairing --------------------------------------------------------------------------------------


def _paired(columns: Sequence[Column], schema: Schema) -> list[tuple[Field, Column, float]]:
    """Return (field, column, what the pairing is worth), in the schema's order."""
    free = {c.name: c for c in columns if c.kind is not Kind.GEOMETRY}
    out: dict[str, tuple[Field, Column, float]] = {}
    for field, column, value in _candidates(schema, tuple(free.values())):
        if field.name not in out and column.name in free:
            out[field.name] = (field, column, value)
            del free[column.name]
    return [out[f.name] for f in schema.fields if f.name in out]


def _candidates(schema: Schema, columns: Sequence[Column]) -> Iterator[tuple[Field, Column, float]]:
    """Yield the possible pairings, surest first; the same name to the letter comes before every other."""
    by_label = {c.label.strip(): c for c in reversed(columns)}
    by_key: dict[str, list[Column]] = {}
    for column in columns:
        by_key.setdefault(key(column.label), []).append(column)
    by_key.pop("", None)
    for field in schema.fields:
        if field.name in by_label:
            yield field, by_label[field.name], _SAME
    for field in schema.fields:
        for column in by_key.get(key(field.name), ()):
            yield field, column, _SAME
    cut = {c.label.lower(): c for c in reversed(columns) if len(c.label) == _DBASE}
    for field in schema.fields:
        if len(field.name) > _DBASE and field.name[:_DBASE].lower() in cut:
            yield field, cut[field.name[:_DBASE].lower()], _CUT
    ends = _by_ends(by_key)
    for field in schema.fields:
        own = key(field.name)
        for name in {*ends.get(own[:_END], ()), *ends.get(own[-_END:], ())}:
            if _is_near(name, own):
                yield field, by_key[name][0], _NEAR
    for field in schema.fields:
        for word in (*field.synonyms, field.title):
            for column in by_key.get(key(word), ()):
                yield field, column, _SYNONYM
    yield from _by_meaning(schema, columns)


def _by_meaning(schema: Schema, columns: Sequence[Column]) -> Iterator[tuple[Field, Column, float]]:
    """Yield the pairings by meaning alone, where only one field and one column have that meaning."""
    for field in schema.fields:
        alone = field.meaning and sum(f.meaning == field.meaning for f in schema.fields) == 1
        having = [c for c in columns if c.meaning == field.meaning] if alone else []
        if len(having) == 1:
            yield field, having[0], _MEANING


def _by_ends(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names by how they begin and by how they end: two that differ by one letter share one or the other."""
    out: dict[str, list[str]] = {}
    for name in names:
        if len(name) >= _LONG:
            for end in {name[:_END], name[-_END:]}:
                out.setdefault(end, []).append(name)
    return out


def _is_near(one: str, other: str) -> bool:
    """True when two long names differ by one letter: added, forgotten, changed, or two that changed places."""
    if min(len(one), len(other)) < _LONG or abs(len(one) - len(other)) > 1 or one == other:
        return False
    if one[-1].isdigit() or other[-1].isdigit():
        return False  # « objectif 1 » is not « objectif 2 »
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


# --- Weights and words ----------------------------------------------------------------------------


@cache
def _frequency() -> dict[str, int]:
    counts: dict[str, int] = {}
    for identity in all_ids():
        for name in {key(f.name) for f in load(identity).fields}:
            counts[name] = counts.get(name, 0) + 1
    return counts


@cache
def _weight_of(name: str) -> float:
    """A name that many schemas have, or that every table may have (nom, siret, date), says little; a short one too."""
    if name in _EVERYDAY:
        return 0.2
    return (1.0 if len(name) > 5 else 0.5) / math.sqrt(_frequency().get(name, 1))


def _weight(field: Field) -> float:
    return _weight_of(key(field.name))


def _share(found: SchemaMatch) -> float:
    """Of two schemas that a table fits as well, the one it fills the most is meant."""
    return len(found.mapping) / len(load(found.schema).fields)


def _reason(mapping: Mapping[str, str], schema: Schema, missing: Sequence[str]) -> str:
    said = msg("{found} champs sur {total} retrouvés").format(found=len(mapping), total=len(schema.fields))
    if missing:
        shown = ", ".join(missing[:3]) + ("…" if len(missing) > 3 else "")
        said += msg(" ; il manque {names}").format(names=shown)
    return said


def _file(asked: str) -> Path | None:
    try:
        return Path(asked) if Path(asked).is_file() else None
    except (OSError, ValueError):
        return None
