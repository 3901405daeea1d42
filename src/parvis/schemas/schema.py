"""A schema: the fields a table should have. National ones lie beside, as facts written in our own words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from parvis.errors import InputError, UnknownName
from parvis.values import from_json

NATIONAL = Path(__file__).parent / "national"
SIZE = 5 << 20  # bytes of a schema; beyond, it is no schema
FIELDS = 1000
TYPES = frozenset({"string", "integer", "number", "boolean", "date", "datetime", "time", "year", "yearmonth",
                   "duration", "array", "object", "geopoint", "geojson", "any"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``pattern`` is a whole-cell regular expression; ``minimum`` and ``maximum`` are as the type writes."""

    name: str
    title: str = ""
    type: str = "string"
    format: str = ""
    required: bool = False
    unique: bool = False
    enum: Sequence[str] = ()
    pattern: str = ""
    minimum: str = ""
    maximum: str = ""
    min_length: int | None = None
    max_length: int | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """What a file should be. ``id`` is « scdl/subventions » for a national one, a name or an address for another."""

    id: str
    title: str
    fields: Sequence[Field]
    version: str = ""
    homepage: str = ""
    primary_key: Sequence[str] = ()

    def field(self, name: str) -> Field | None:
        return next((f for f in self.fields if f.name == name), None)


@cache
def all_ids() -> tuple[str, ...]:
    """Return the ids of the national schemas, in order."""
    return tuple(sorted(p.stem.replace("__", "/") for p in NATIONAL.glob("*.json")))


@cache
def load(identity: str) -> Schema:
    """Return a national schema. Raises: UnknownName."""
    if identity not in all_ids():
        raise UnknownName(
            "Le schéma « {schema} » n'est pas connu.",
            "Schémas : {known}.",
            schema=identity[:80],
            known=", ".join(all_ids()),
        )
    return _of_ours(json.loads((NATIONAL / f"{identity.replace('/', '__')}.json").read_text("utf-8")))


def from_file(path: Path) -> Schema:
    """Return the Table Schema of a file. Raises: InputError when it is none."""
    if path.stat().st_size > SIZE:
        raise InputError("« {name} » est trop gros pour être un schéma.", name=path.name)
    return from_text(path.read_bytes(), path.stem)


def from_text(content: bytes, identity: str) -> Schema:
    """Return the Table Schema that bytes hold. Raises: InputError, saying where it is wrong."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError("« {name} » n'est pas un schéma : ce n'est pas du JSON lisible.", name=identity) from error
    return from_table_schema(document, identity)


def from_table_schema(document: Any, identity: str) -> Schema:
    """Return the schema that a Frictionless Table Schema describes. Raises: InputError."""
    told = document.get("fields") if isinstance(document, Mapping) else None
    if not isinstance(told, list) or not told or len(told) > FIELDS:
        raise InputError(
            "« {name} » n'est pas un schéma de tableau : il lui manque la liste « fields ».",
            "Donnez un schéma Table Schema (data.gouv.fr en publie).",
            name=identity,
        )
    key = document.get("primaryKey") or ()
    return Schema(
        id=identity,
        title=str(document.get("title") or identity),
        fields=tuple(_field(f, identity) for f in told),
        version=str(document.get("version") or ""),
        homepage=str(document.get("homepage") or ""),
        primary_key=(key,) if isinstance(key, str) else tuple(map(str, key)),
    )


def _field(told: Any, identity: str) -> Field:
    if not isinstance(told, Mapping) or not isinstance(told.get("name"), str) or not told["name"].strip():
        raise InputError("Un champ du schéma « {name} » n'a pas de nom.", name=identity)
    asked = told.get("constraints")
    bounds: Mapping[str, Any] = asked if isinstance(asked, Mapping) else {}
    kind = str(told.get("type") or "string")
    pattern = str(bounds.get("pattern") or "")
    if pattern:
        try:
            re.compile(pattern)
        except re.error as error:
            raise InputError(
                "Le motif du champ « {field} » du schéma « {name} » est illisible.", field=told["name"], name=identity
            ) from error
    enum = bounds.get("enum") or ()
    return Field(
        name=told["name"],
        title=str(told.get("title") or ""),
        type=kind if kind in TYPES else "any",
        format=str(told.get("format") or ""),
        required=bool(bounds.get("required")),
        unique=bool(bounds.get("unique")),
        enum=tuple(_said(e) for e in enum) if isinstance(enum, list | tuple) else (),
        pattern=pattern,
        minimum=_said(bounds.get("minimum")),
        maximum=_said(bounds.get("maximum")),
        min_length=_whole(bounds.get("minLength")),
        max_length=_whole(bounds.get("maxLength")),
        description=str(told.get("description") or ""),
    )


def _said(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _of_ours(data: Mapping[str, Any]) -> Schema:
    """Return the schema of our own compact data: field lists with defaults left out."""
    fields = tuple(from_json(Field, told) for told in data["fields"])
    return Schema(
        id=data["id"],
        title=data["title"],
        fields=fields,
        version=data.get("version", ""),
        homepage=data.get("homepage", ""),
        primary_key=tuple(data.get("primary_key", ())),
    )
