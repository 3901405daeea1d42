"""Which schema a table follows: its headers against the fields' names, then their types."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from parvis.errors import UnknownName
from parvis.schemas import remote
from parvis.schemas.schema import Field, Schema, all_ids, from_file, from_text, load
from parvis.text import fold
from parvis.values import Column, Kind, Profile, SchemaMatch, msg

LEAST = 0.25  # confidence under which a schema is not even a candidate
MOST = 5  # candidates shown
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SIGNS = re.compile(r"[^a-z0-9]+")
_KINDS: Mapping[str, frozenset[Kind]] = {
    "integer": frozenset({Kind.INTEGER, Kind.NUMBER}),
    "number": frozenset({Kind.INTEGER, Kind.NUMBER}),
    "boolean": frozenset({Kind.BOOLEAN}),
    "date": frozenset({Kind.DATE, Kind.DATETIME}),
    "datetime": frozenset({Kind.DATETIME, Kind.DATE}),
    "year": frozenset({Kind.INTEGER, Kind.TEXT}),
}


def open_schema(asked: str) -> Schema:
    """Return a schema by its id, the path of a file, or an https address. Raises: UnknownName, InputError, RemoteError."""
    if asked in all_ids():
        return load(asked)
    if asked.startswith(("https://", "http://")):
        return from_text(remote.fetch(asked), asked)
    try:
        if Path(asked).is_file():
            return from_file(Path(asked))
    except OSError:
        pass
    raise UnknownName(
        "Le schéma « {schema} » n'est ni un schéma national connu, ni un fichier, ni une adresse.",
        "Schémas connus : {known}.",
        schema=asked[:80],
        known=", ".join(all_ids()),
    )


def match(profile: Profile) -> tuple[SchemaMatch, ...]:
    """Return the national schemas a table may follow, best first, with field -> column and the reason."""
    found = [m for m in (fit(profile, load(i)) for i in all_ids()) if m.confidence >= LEAST]
    return tuple(sorted(found, key=lambda m: -m.confidence)[:MOST])


def fit(profile: Profile, schema: Schema) -> SchemaMatch:
    """Return how well a table fits one schema.

    A field that the table has counts the more as its name is rare among schemas; a required one that is absent counts
    against; so do columns that the schema does not know.
    """
    mapping = mapped(profile.columns, schema)
    weights = {f.name: _weight(f) for f in schema.fields}
    required = [f for f in schema.fields if f.required] or list(schema.fields)
    asked = sum(weights[f.name] for f in required)
    had = sum(weights[f.name] for f in required if f.name in mapping)
    columns = [c for c in profile.columns if c.kind is not Kind.GEOMETRY]
    known = len(set(mapping.values())) / len(columns) if columns else 0.0
    covered = had / asked if asked else 0.0
    distinctive = sum(weights[name] for name in mapping)
    confidence = (0.65 * covered + 0.35 * known) * min(1.0, distinctive / 3.0)
    missing = tuple(f.name for f in schema.fields if f.required and f.name not in mapping)
    return SchemaMatch(
        schema.id, schema.title, round(confidence, 3), mapping, missing, _reason(mapping, schema, missing)
    )


def mapped(columns: Sequence[Column], schema: Schema) -> dict[str, str]:
    """Return field -> column, each column used once: same name first, then names that differ by their writing alone."""
    out: dict[str, str] = {}
    free = {c.name: c for c in columns if c.kind is not Kind.GEOMETRY}
    for rank in (_exact, _alike):
        for field in schema.fields:
            if field.name in out:
                continue
            column = next((c for c in free.values() if rank(c, field)), None)
            if column is not None:
                out[field.name] = column.name
                del free[column.name]
    return out


def _exact(column: Column, field: Field) -> bool:
    return column.label.strip() == field.name


def _alike(column: Column, field: Field) -> bool:
    return key(column.label) == key(field.name) and bool(key(field.name))


@cache
def key(name: str) -> str:
    """Return what two writings of one name share: « Nom attribuant », « nomAttribuant » and « NOM_ATTRIBUANT »."""
    words = _SIGNS.sub(" ", fold(_CAMEL.sub(" ", name))).split()
    return "".join(w for w in words if w not in ("de", "du", "des", "d", "la", "le", "l", "les", "et", "a"))


@cache
def _frequency() -> dict[str, int]:
    counts: dict[str, int] = {}
    for identity in all_ids():
        for name in {key(f.name) for f in load(identity).fields}:
            counts[name] = counts.get(name, 0) + 1
    return counts


def _weight(field: Field) -> float:
    """A name that many schemas have (nom, siret, date) says little; a short one too."""
    name = key(field.name)
    common = _frequency().get(name, 1)
    return (1.0 if len(name) > 5 else 0.5) / math.sqrt(common)


def _reason(mapping: Mapping[str, str], schema: Schema, missing: Sequence[str]) -> str:
    said = msg("{found} champs sur {total} retrouvés").format(found=len(mapping), total=len(schema.fields))
    if missing:
        shown = ", ".join(missing[:3]) + ("…" if len(missing) > 3 else "")
        said += msg(" ; il manque {names}").format(names=shown)
    return said


def kinds_of(field: Field) -> frozenset[Kind]:
    """Return the types of column that hold a field's values; empty when any may."""
    return _KINDS.get(field.type, frozenset())
