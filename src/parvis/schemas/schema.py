"""What a file should be: one frozen model for the national schemas, Table Schema and flat JSON Schema documents.

National schemas lie beside this module as compact JSON made by ``scripts/make_schemas.py``: facts only (names, types,
obligations, lists, patterns), in our own words.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from parvis.errors import InputError, LimitError, UnknownName
from parvis.frozen import dataclass
from parvis.schemas.json_schema import as_table_schema
from parvis.text import words
from parvis.values import msg

NATIONAL = Path(__file__).parent / "national"
WRITTEN = Path(__file__).parent / "written"  # by hand: GTFS, GBFS, DECP, and ours where the nation has none
SIZE = 5 << 20  # bytes of a schema document
FIELDS = 2000
ENUM = 20_000  # values of one list
ENUMS = 100_000  # values of all lists of one schema
PATTERN = 5000  # characters of a regular expression

TYPES = frozenset(
    "string integer number boolean date datetime time year yearmonth duration geopoint geojson array object list any".split()
)
MATCHES = frozenset("exact equal subset superset partial".split())  # how columns and fields go together (standard, v2)


@dataclass(frozen=True, slots=True)
class Field:
    """One column that a schema asks for. ``type`` is a Table Schema type; lists and bounds are as it writes them."""

    name: str
    title: str = ""  # in our words
    type: str = "string"
    required: bool = False
    unique: bool = False
    enum: Sequence[str] = ()  # the values of a cell; of each part of a cell when the type is « array »
    pattern: str = ""  # must match the whole cell
    minimum: float | str | None = None
    maximum: float | str | None = None
    min_length: int | None = None
    max_length: int | None = None
    above: float | str | None = None  # exclusive bounds
    below: float | str | None = None
    true_values: Sequence[str] = ()  # how a boolean is written, when the schema says so
    false_values: Sequence[str] = ()
    decimal: str = ""  # decimal sign of a number, "" for the point
    grouping: str = ""  # sign between thousands
    dressed: bool = False  # True when a number may have words around it (« 12 € »)
    format: str = ""  # "uri", "email", "%Y-%m-%d" ...
    meaning: str = ""  # name of the detector that knows such cells, or ""
    description: str = ""
    synonyms: Sequence[str] = ()  # other headers people write for it
    labels: Sequence[str] = ()  # what each value of ``enum`` stands for, in the same order, "" when it is not said
    item: str = "string"  # type of each value of a « list »
    delimiter: str = ","  # sign between them
    missing: Sequence[str] | None = None  # texts that say « no value » in this column, None: those of the schema
    unread: Sequence[str] = ()  # what the schema asks of it and Parvis does not verify


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds of a field, or between fields of one row. ``kind``: « one_of » of the fields is filled; « together »:
    all are, or none; « compare »: the first stands in ``op`` to the second; « sum »: the first is the sum of the
    others; « format »: the field is written as ``op`` says (« siret », « code-commune-insee », see
    ``validation.formats``)."""

    kind: str
    fields: Sequence[str]
    op: str = ""  # ">=", ">", "<=", "<", "==" or "!=", for « compare »; a format's name
    option: str = ""  # « allow-year-only »; the year of the geographical code


@dataclass(frozen=True, slots=True)
class Reference:
    """Values of ``fields`` must be found in ``others``, of the same table when ``table`` is empty."""

    fields: Sequence[str]
    others: Sequence[str]
    table: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """What a table should be. ``id`` is « publisher/name », or the path or address it came from."""

    id: str
    title: str
    fields: Sequence[Field]
    version: str = ""
    date: str = ""  # ISO 8601 day of this version
    source: str = ""  # address of the document
    licence: str = ""  # of the document, as its publisher says it
    homepage: str = ""
    primary_key: Sequence[str] = ()
    unique_keys: Sequence[Sequence[str]] = ()
    missing: Sequence[str] = ()  # texts that say « no value », beside the empty cell
    rules: Sequence[Rule] = ()
    references: Sequence[Reference] = ()
    digest: str = ""  # SHA-256 of the document this was made from
    note: str = ""  # what to know before publishing such a table: a French sentence
    editions: Sequence[
        str
    ] = ()  # « version:header », newest first: a header that only this version and later ones have
    subject: Sequence[str] = ()  # what tells its matter: words of headers, « @field » that is there, « meaning:name »
    fields_match: str = ""  # one of MATCHES, "" when it does not say: columns are recognised, in any order

    def field(self, name: str) -> Field | None:
        return next((f for f in self.fields if f.name == name), None)

    @property
    def required(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.required)

    def absent(self, field: Field | None) -> Sequence[str]:
        """Return the texts that say « no value » in a field: its own, else those of the schema."""
        return field.missing if field is not None and field.missing is not None else self.missing


def all_ids() -> tuple[str, ...]:
    """Return the ids of the known schemas, in alphabetical order: national ones and those written by hand."""
    return tuple(sorted(_documents()))


@cache
def load(schema: str) -> Schema:
    """Return a known schema by its id (« scdl/subventions », or « subventions » when no other ends so).

    Raises: UnknownName.
    """
    known = _documents()
    near = [schema] if schema in known else [i for i in known if i.partition("/")[2].removeprefix("schema-") == schema]
    if not schema or len(near) != 1:
        raise UnknownName(
            msg("Parvis ne connaît pas le schéma « {schema} »."),
            msg("Choisissez un identifiant connu, par exemple scdl/subventions, ou donnez le fichier du schéma."),
            schema=schema,
        )
    document = json.loads(known[near[0]].read_bytes())
    fields = tuple(
        Field(**{k: _frozen(v) if type(v) is list else v for k, v in f.items()}) for f in document.pop("fields")
    )
    rules = tuple(Rule(**{k: _frozen(v) for k, v in r.items()}) for r in document.pop("rules", ()))
    references = tuple(Reference(**{k: _frozen(v) for k, v in r.items()}) for r in document.pop("references", ()))
    known_facts = {k: _frozen(v) for k, v in document.items()}
    return Schema(fields=fields, rules=rules, references=references, **known_facts)


def from_file(path: str | Path, name: str = "") -> Schema:
    """Return the schema of a JSON file: a Table Schema, or a JSON Schema of flat objects.

    Raises: InputError when it is not one, LimitError when it is too large.
    """
    place = Path(path)
    if place.stat().st_size > SIZE:
        raise LimitError(msg("Ce schéma dépasse {size} Mo."), size=SIZE >> 20)
    return from_text(place.read_bytes(), name or place.name)


def from_text(content: bytes, name: str) -> Schema:
    """Return the schema that these bytes describe, under a name. Raises: InputError."""
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            msg("« {name} » n'est pas un schéma : ce n'est pas du JSON."),
            msg("Donnez le fichier schema.json publié par l'auteur du schéma."),
            name=name,
        ) from error
    return from_document(document, name)


def from_document(document: Any, name: str) -> Schema:
    """Return the schema that a JSON document describes: a schema, or a package of one table that holds its schema.

    Raises: InputError.
    """
    flat = _within(document if isinstance(document, Mapping) else {})
    table = flat if isinstance(flat.get("fields"), list) else as_table_schema(flat)
    if table is not None:
        return from_table_schema(table, name)
    raise InputError(
        msg("« {name} » ne décrit pas de tableau."),
        msg("Il faut un Table Schema (une liste « fields ») ou un JSON Schema d'objets simples."),
        name=name,
    )


def from_table_schema(document: Mapping[str, Any], name: str) -> Schema:
    """Return the schema of a Frictionless Table Schema document.

    Constraints that have not the shape the standard says are left out: a careless schema still helps.
    Raises: InputError when there is no usable field, LimitError when there are too many.
    """
    described = [f for f in document["fields"] if isinstance(f, Mapping) and _text(f.get("name"))]
    second = _second(document)
    return _whole(document, name, [_field(f, second) for f in described], second)


def _within(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema that a data resource, or a data package of one table, holds; else the document itself."""
    if isinstance(document.get("fields"), list):
        return document
    resources = document.get("resources")
    parts = [*(resources if isinstance(resources, list) else ()), document][: FIELDS + 1]
    held = [p["schema"] for p in parts if isinstance(p, Mapping) and isinstance(p.get("schema"), Mapping)]
    told = [h for h in held if isinstance(h.get("fields"), list)]
    return told[0] if len(told) == 1 else document


def _second(document: Mapping[str, Any]) -> bool:
    """True when a document says that it follows the second version of the standard, or speaks its words."""
    return bool(re.search(r"/profiles/2", _text(document.get("$schema")))) or bool(_match_of(document))


def _match_of(document: Mapping[str, Any]) -> str:
    """Return how columns and fields go together; version 2.0 wrote it in a list by mistake."""
    said = document.get("fieldsMatch")
    said = said[0] if isinstance(said, list) and said else said
    return said if isinstance(said, str) and said in MATCHES else ""


def guess_meaning(field: Field) -> str:
    """Return the meaning that a field's name, type and pattern tell, "" when they do not."""
    if field.type not in ("string", "number", "integer", "year", "geopoint"):
        return ""
    said = "_".join(parts_of(field.name))
    for meaning, pattern, types in _MEANINGS:
        if field.type in types and re.search(pattern, said):
            return meaning
    return ""


def parts_of(name: str) -> list[str]:
    """Return the folded words of a field's name: « idBeneficiaire » gives id, beneficiaire."""
    return words(_CAMEL.sub(" ", name).replace("_", " "))


# --- Steps ----------------------------------------------------------------------------------------


@cache
def _documents() -> Mapping[str, Path]:
    return {p.stem.replace("__", "/"): p for folder in (NATIONAL, WRITTEN) for p in folder.glob("*.json")}


_CAMEL = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LETTERS, _NUMBERS = ("string",), ("number", "string")
_MEANINGS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("siret", r"(?:^|_)siret(?:$|_)|^id_attribuant$|^id_beneficiaire$", _LETTERS),
    ("siren", r"(?:^|_)siren(?:$|_)", _LETTERS),
    ("rna", r"(?:^|_)rna(?:$|_)", _LETTERS),
    ("insee_commune", r"(?:^|_)(?:insee|code_com|code_commune|com_insee|commune_insee)$|(?:^|_)insee_", _LETTERS),
    ("postcode", r"(?:^|_)(?:code_?postal|cp|postal_code|codepostal)$", _LETTERS),
    ("latitude", r"(?:^|_)(?:lat|latitude|ylat)(?:$|_)", _NUMBERS),
    ("longitude", r"(?:^|_)(?:lon|long|longitude|xlong)(?:$|_)", _NUMBERS),
    ("lonlat", r"coordonnees_?xy|geopoint", ("string", "geopoint")),
    ("email", r"(?:^|_)(?:e?mail|courriels?|courriel)(?:$|_)", _LETTERS),
    ("phone", r"(?:^|_)(?:tel\d?|telephone)(?:$|_)", _LETTERS),
    ("url", r"(?:^|_)(?:url|site_web|site_internet|web)(?:$|_)", _LETTERS),
    ("year", r"^(?:annee|.*_annee)$", ("integer", "year")),
    ("opening_hours", r"^(?:horaires|.*_ouverture)$", _LETTERS),
    ("ban_key", r"cle_interop", _LETTERS),
    ("actes_matter", r"matiere_code", _LETTERS),
)


def _whole(document: Mapping[str, Any], name: str, fields: Sequence[Field], second: bool) -> Schema:
    if not fields:
        raise InputError(msg("Le schéma « {name} » ne décrit aucune colonne."), name=name)
    if len(fields) > FIELDS or sum(len(f.enum) for f in fields) > ENUMS:
        raise LimitError(msg("Le schéma « {name} » est trop grand pour être vérifié."), name=name)
    names = [f.name for f in fields]
    if len(set(names)) < len(names):
        fields = list({f.name: f for f in fields}.values())
    key = document.get("primaryKey") or ()
    keys = [key] if isinstance(key, str) else [k for k in key if isinstance(k, str)] if isinstance(key, list) else []
    if second:  # a key holds no empty cell
        fields = [dataclasses.replace(f, required=True) if f.name in keys else f for f in fields]
    return Schema(
        id=name,
        title=_text(document.get("title")) or name,
        fields=tuple(fields),
        version=_text(document.get("version")),
        date=_text(document.get("lastModified") or document.get("updated") or document.get("created"))[:10],
        source=_text(document.get("path") or document.get("uri")),
        licence=_licence(document.get("licenses")),
        homepage=_text(document.get("homepage")),
        primary_key=tuple(k for k in keys if k in names),
        unique_keys=tuple(_keys(document.get("uniqueKeys"), frozenset(names))),
        missing=tuple(dict.fromkeys(_missing(document.get("missingValues")))),
        rules=tuple(
            dict.fromkeys(
                [
                    *_rules(document.get("custom_checks"), frozenset(names)),
                    *_rules(_said_of(document), frozenset(names)),
                ]
            )
        ),
        references=tuple(_references(document.get("foreignKeys"), frozenset(names))),
        fields_match=_match_of(document) or ("exact" if second else ""),
    )


def _keys(told: Any, names: frozenset[str]) -> Iterator[tuple[str, ...]]:
    for one in told[:FIELDS] if isinstance(told, list) else ():
        key = _names(one)
        if key and names.issuperset(key):
            yield key


def _missing(told: Any) -> Iterator[str]:
    """Yield the words of « missingValues », whatever the version of the standard they are written in."""
    for one in told[:FIELDS] if isinstance(told, list) else ():
        word = one.get("value") if isinstance(one, Mapping) else one
        if isinstance(word, str) and word:
            yield word


def _references(told: Any, names: frozenset[str]) -> Iterator[Reference]:
    for one in told[:FIELDS] if isinstance(told, list) else ():
        aim = one.get("reference") if isinstance(one, Mapping) else None
        if not isinstance(aim, Mapping):
            continue
        fields, others, table = _names(one.get("fields")), _names(aim.get("fields")), _text(aim.get("resource"))
        if fields and len(fields) == len(others) and names.issuperset(fields) and (table or names.issuperset(others)):
            yield Reference(fields, others, table)


def _names(told: Any) -> tuple[str, ...]:
    """Return one name or several; the standard allows both."""
    several = told if isinstance(told, list) else [told]
    return tuple(n for n in several if isinstance(n, str) and n)


def _said_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the checks that fields themselves ask for (« customCheck », « frFormat »), as « custom_checks »."""
    out: list[dict[str, Any]] = []
    for field in document["fields"]:
        told = (field.get("customCheck") or field.get("frFormat")) if isinstance(field, Mapping) else None
        if isinstance(told, str):
            out.append({"name": told, "params": {"column": field.get("name")}})
        elif isinstance(told, Mapping):
            out.append({"name": told.get("name"), "params": {**told, "column": field.get("name")}})
    return out


_OPERATORS = frozenset([">=", ">", "<=", "<", "==", "!="])


def _rules(told: Any, names: frozenset[str]) -> Iterator[Rule]:
    """Yield the rules of the « custom_checks » of French schemas, under the names that the formats have today."""
    for check in told[:FIELDS] if isinstance(told, list) else ():
        given = check.get("params") if isinstance(check, Mapping) else None
        if not isinstance(given, Mapping):
            continue
        others = next((o for k in ("othercolumns", "columns") if isinstance(o := given.get(k), list)), [])
        asked = [given.get("column") or given.get("column1"), given.get("column2"), *others]
        fields = tuple(f for f in asked if isinstance(f, str))
        op = given.get("op")
        said = str(check.get("name"))
        kind = _RULES.get(said, "")
        if said in FORMATS and fields and names.issuperset(fields[:1]):
            option = given.get("allow-year-only") or given.get("cog")
            yield Rule("format", fields[:1], FORMATS[said], option if isinstance(option, str) else "")
        elif kind and len(fields) > 1 and names.issuperset(fields) and (kind != "compare" or op in _OPERATORS):
            yield Rule(kind, fields, str(op) if kind == "compare" else "")


_RULES = {
    "one-of-required": "one_of",
    "cohesive-columns-value": "together",
    "compare-columns-value": "compare",
    "sum-columns-value": "sum",
}
_FORMATS = """canton code-commune-insee code-departement code-fantoir code-pays-iso2 code-pays-iso3 code-postal code-region
    commune coordonnees-gps-francaises departement id-rnb numero-departement pays region code-rna latitude-l93 longitude-l93
    nomenclature-acte siren siret""".split()
FORMATS: Mapping[str, str] = {
    **{name: name for name in _FORMATS},
    "french-siret-value": "siret",
    "french-siren-value": "siren",
    "french-gps-coordinates": "coordonnees-gps-francaises",
    "nomenclature-actes-value": "nomenclature-acte",
    "opening-hours-value": "opening-hours",
    "phone-number-value": "phone-number",
    "year-interval-value": "year-interval",
}


def _field(described: Mapping[str, Any], second: bool) -> Field:
    limits = described.get("constraints")
    told: Mapping[str, Any] = limits if isinstance(limits, Mapping) else {}
    item = described.get("arrayItem") or told.get("arrayItem")
    inner = item if isinstance(item, Mapping) else {}
    inner_limits = inner.get("constraints") if isinstance(inner.get("constraints"), Mapping) else inner
    kind = _text(described.get("type")) or ("any" if second else "string")
    categories = described.get("categories") if kind in ("string", "integer") else None
    enum = told.get("enum") or described.get("enum") or (inner_limits or {}).get("enum") or _values(categories)
    single = _text(described.get("itemType")) or "string"
    field = Field(
        name=_text(described.get("name")),
        title=_text(described.get("title"))[:200],
        type=kind if kind in TYPES else "any",
        required=told.get("required") is True,
        unique=told.get("unique") is True,
        enum=_enum(enum),
        pattern=_text(told.get("pattern") or described.get("pattern"))[: PATTERN + 1],
        minimum=_bound(told.get("minimum")),
        maximum=_bound(told.get("maximum")),
        min_length=_length(told.get("minLength")),
        max_length=_length(told.get("maxLength")),
        above=_bound(told.get("exclusiveMinimum")),
        below=_bound(told.get("exclusiveMaximum")),
        true_values=_enum(described.get("trueValues")) if kind == "boolean" else (),
        false_values=_enum(described.get("falseValues")) if kind == "boolean" else (),
        decimal=_sign(described.get("decimalChar")).replace(".", ""),
        grouping=_sign(described.get("groupChar")),
        dressed=described.get("bareNumber") is False,
        format=_text(described.get("format")).removeprefix("fmt:"),
        description=_text(described.get("description"))[:2000],
        labels=_labels(categories, _enum(enum)),
        item=single if single in ITEMS else "string",
        delimiter=_delimiter(described.get("delimiter")),
        missing=tuple(dict.fromkeys(_missing(described["missingValues"]))) if "missingValues" in described else None,
        unread=tuple(_unread(described, told, kind)),
    )
    return dataclasses.replace(field, meaning=guess_meaning(field))


ITEMS = frozenset("string integer boolean number datetime date time".split())
_CONSTRAINTS = frozenset(
    "required unique enum pattern minimum maximum minLength maxLength exclusiveMinimum exclusiveMaximum arrayItem".split()
)
_ASKED = 10  # things that are not verified, named for one field


def _unread(described: Mapping[str, Any], limits: Mapping[str, Any], kind: str) -> Iterator[str]:
    """Yield what a schema asks of a field that Parvis does not verify, as the schema writes it."""
    if kind not in TYPES:
        yield f"type : {kind[:40]}"
    single = _text(described.get("itemType"))
    if kind == "list" and single and single not in ITEMS:
        yield f"itemType : {single[:40]}"
    if kind == "geojson" and described.get("format") == "topojson":
        yield "format : topojson"
    asked = [
        k for k, v in limits.items() if isinstance(k, str) and k not in _CONSTRAINTS and v not in (None, "", False)
    ]
    yield from (_text(k)[:40] for k in asked[:_ASKED])


def _values(categories: Any) -> list[Any]:
    """Return the values of « categories », said plainly or each with its label."""
    several = categories[: ENUM + 1] if isinstance(categories, list) else []
    return [one.get("value") if isinstance(one, Mapping) else one for one in several]


def _labels(categories: Any, values: Sequence[str]) -> tuple[str, ...]:
    """Return the label of each value of a list, () when none has one."""
    several = categories[: ENUM + 1] if isinstance(categories, list) else []
    told = {_written(v): _text(c.get("label"))[:200] for c in several
            if isinstance(c, Mapping) and isinstance(v := c.get("value"), str | int | float)}  # fmt: skip
    return tuple(told.get(v, "") for v in values) if any(told.values()) else ()


def _delimiter(said: Any) -> str:
    return said[:10] if isinstance(said, str) and said else ","


def _enum(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        return ()
    plain = tuple(dict.fromkeys(_written(v) for v in values[: ENUM + 1] if isinstance(v, str | int | float)))
    if len(plain) > ENUM:
        raise LimitError(msg("Une liste du schéma a plus de {count} valeurs."), count=ENUM)
    return plain


def _written(value: str | float | bool) -> str:
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return said.encode("utf-8", "ignore").decode()  # half a surrogate pair is no character


def _bound(value: Any) -> float | str | None:
    """Return a bound as a number, or as the ISO text of a date. Some authors write numbers between quotes."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value if re.fullmatch(r"\d{4}-\d\d-\d\d(?:[T ].*)?", value) else None
    return value


def _length(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _licence(said: Any) -> str:
    first = said[0] if isinstance(said, list) and said else None
    return _text(first.get("name") or first.get("title")) if isinstance(first, Mapping) else ""


def _text(value: Any) -> str:
    """Return a text fit for a sentence, or "": schemas hold zero-width signs and worse."""
    return "".join(_visible(value)).strip() if isinstance(value, str) else ""


def _sign(value: Any) -> str:
    """Return one sign, which may well be a space."""
    return value[:1] if isinstance(value, str) else ""


def _visible(text: str) -> Iterator[str]:
    return (c for c in text if c.isprintable() or c in "\n\t")


def _frozen(value: Any) -> Any:
    return tuple(v if type(v) is str else _frozen(v) for v in value) if isinstance(value, list) else value
