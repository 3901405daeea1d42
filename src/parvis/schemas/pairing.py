"""Which column holds which field of a schema: by the same name, by what people write for it, by what the cells are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from parvis.frozen import dataclass
from parvis.schemas.schema import Field, Schema
from parvis.text import fold
from parvis.values import Column, Kind

_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z])")
_NUMBER = re.compile(r"\b[nN](?:°|º)")
_SIGNS = re.compile(r"[^a-z0-9]+")
_SMALL = frozenset("de du des d la le l les et a au aux en par pour ou un une".split())
# What every table may say of anything: it tells nothing of its matter.
EVERYDAY = frozenset(
    "id identifiant nom type adresse codepostal cp commune ville longitude latitude long lon lat x y xlong ylat "
    "geopoint datemaj date localisation commentaire commentaires comm observations description insee codeinsee siret "
    "siren url siteweb telephone tel email courriel horaires statut source titre libelle info annee longueur largeur "
    "hauteur active numero".split()
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONG, _END = 8, 4  # letters of a name that may hold a wrong one, and of its ends
_DBASE = 10  # signs that a shapefile keeps of a name
_COMMON = 60  # phrases of one schema that hold a word which no longer tells them apart
_TRIES = 20_000  # lists held against columns
_RARE = 6  # letters of a word that may tell a field by itself
_LIST, _LONG_LIST = 4, 200  # values of a list that tells something by itself
_HALF = 0.5  # share of a header that known words must make, and of its shown cells that a list must hold
_KINDS: Mapping[str, frozenset[Kind]] = {
    "integer": frozenset({Kind.INTEGER, Kind.NUMBER}),
    "number": frozenset({Kind.INTEGER, Kind.NUMBER}),
    "boolean": frozenset({Kind.BOOLEAN}),
    "date": frozenset({Kind.DATE, Kind.DATETIME}),
    "datetime": frozenset({Kind.DATETIME, Kind.DATE}),
    "year": frozenset({Kind.INTEGER, Kind.TEXT}),
    "time": frozenset({Kind.TIME}),
}
_NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER})
_SPREAD = 3  # columns of counts from which their headers are the values of a field
_MOMENTS = frozenset({Kind.DATE, Kind.DATETIME})
# How much a pairing is worth as a sign that the file follows the schema. Under 1: it only speaks of the same thing,
# and its cells must tell the rest.
SAME, CUT, NEAR, SYNONYM, WORDS, MEANING = 1.0, 0.9, 0.8, 0.5, 0.4, 0.3
TOLD = 0.3  # added when the cells are what the field asks
_DOUBTED = 0.7  # of a name's worth when its cells are something else


@dataclass(frozen=True, slots=True)
class Pair:
    """A field and the column that holds it. ``by``: key of the words that told it, "" when the cells alone did."""

    field: Field
    column: Column
    worth: float
    by: str = ""


def pairs(columns: Sequence[Column], schema: Schema) -> list[Pair]:
    """Return the fields that the columns hold, each column used once, in the schema's order."""
    free = {c.name: c for c in columns if c.kind is not Kind.GEOMETRY}
    out: dict[str, Pair] = {}
    for pair in _candidates(schema, tuple(free.values())):
        if pair.field.name not in out and pair.column.name in free:
            out[pair.field.name] = pair
            del free[pair.column.name]
    return [out[f.name] for f in schema.fields if f.name in out]


@lru_cache(maxsize=65536)
def key(name: str) -> str:
    """Return what two writings of one name share: « Nom attribuant », « nomAttribuant » and « NOM_ATTRIBUANT »."""
    return "".join(_words(name))


@lru_cache(maxsize=65536)
def stems(name: str) -> frozenset[str]:
    """Return the words of a header that tell something, without plurals nor years: « Voix 2026 » gives voix."""
    return frozenset(w[:-1] if len(w) > 4 and w.endswith("s") else w for w in _words(name) if not _YEAR.fullmatch(w))


def kinds_of(field: Field) -> frozenset[Kind]:
    """Return the types of column that hold a field's values; empty when any may."""
    return _KINDS.get(field.type, frozenset())


def told_by_cells(field: Field, column: Column) -> int:
    """Return 1 when the cells are what the field asks, -1 when they are something else, 0 when they do not tell."""
    if not column.filled:
        return 0
    if field.meaning and column.meaning:
        return 1 if field.meaning == column.meaning else _against(field, column)
    if field.enum and column.examples and field.type != "array":
        held = _listed(_folded(field.enum), column)
        return 1 if held >= _HALF * len(column.examples) else 0 if held or column.kind is Kind.TEXT else -1
    if field.type in ("date", "datetime"):
        return 1 if column.kind in _MOMENTS else -1 if column.kind is Kind.BOOLEAN else 0
    if field.type == "time":
        return 1 if column.kind is Kind.TIME else 0
    return _against(field, column)


# --- Steps ----------------------------------------------------------------------------------------


@lru_cache(maxsize=65536)
def _words(name: str) -> tuple[str, ...]:
    # Each start reads thousands of names of fields, most of them in small letters: what they do not have is not sought.
    said = name if name.islower() else _CAMEL.sub(" ", name)
    said = fold(_NUMBER.sub("numero ", said) if "°" in said or "º" in said else said)
    words = _SIGNS.sub(" ", said).split()
    return tuple(w for w in words if w not in _SMALL) or tuple(words)  # « Pour » alone is a count of votes


@lru_cache(maxsize=4096)
def _folded(words: Sequence[str]) -> frozenset[str]:
    return frozenset(fold(w) for w in words)


def _listed(known: frozenset[str], column: Column) -> int:
    """Return how many of the cells shown are of a list, or begin with one of its words when the list is short."""
    cells = [fold(str(e)) for e in column.examples]
    if len(known) > _LONG_LIST:
        return sum(c in known for c in cells)
    return sum(c in known or any(c.startswith(f"{k} ") for k in known) for c in cells)


def _against(field: Field, column: Column) -> int:
    """Return -1 when no value of the column can be one of the field."""
    numbers = column.kind in _NUMBERS
    if field.type in ("number", "integer"):
        return -1 if column.kind in (*_MOMENTS, Kind.BOOLEAN, Kind.TIME) else 0
    if field.type == "boolean":
        return -1 if column.kind in _MOMENTS or (numbers and column.distinct > 2) else 0
    if field.type in ("date", "datetime", "time"):
        return -1 if column.kind is Kind.BOOLEAN else 0
    return 0


def _candidates(schema: Schema, columns: Sequence[Column]) -> Iterator[Pair]:
    """Yield the possible pairings, surest first; the same name to the letter comes before every other."""
    by_label = {c.label.strip(): c for c in reversed(columns)}
    by_key: dict[str, list[Column]] = {}
    for column in columns:
        by_key.setdefault(key(column.label), []).append(column)
    by_key.pop("", None)
    for field in schema.fields:
        if field.name in by_label:
            yield _named(field, by_label[field.name], SAME)
    for field in schema.fields:
        for column in by_key.get(key(field.name), ()):
            yield _named(field, column, SAME)
    cut = {c.label.lower(): c for c in reversed(columns) if len(c.label) == _DBASE}
    for field in schema.fields:
        if len(field.name) > _DBASE and field.name[:_DBASE].lower() in cut:
            yield _named(field, cut[field.name[:_DBASE].lower()], CUT)
    ends = _by_ends(by_key)
    for field in schema.fields:
        own = key(field.name)
        for name in sorted({*ends.get(own[:_END], ()), *ends.get(own[-_END:], ())}):
            if _is_near(name, own):
                yield _named(field, by_key[name][0], NEAR)
    yield from _by_synonyms(schema, by_key)
    yield from _by_words(schema, columns)
    yield from _by_list(schema, columns)
    yield from _by_spread(schema, columns)
    yield from _by_meaning(schema, columns)


def _named(field: Field, column: Column, worth: float) -> Pair:
    """Return the pairing by name; cells that are something else make it doubted, never undone: files have errors."""
    return Pair(field, column, worth * _DOUBTED if told_by_cells(field, column) < 0 else worth, key(field.name))


def _by_synonyms(schema: Schema, by_key: Mapping[str, Sequence[Column]]) -> Iterator[Pair]:
    """Yield the pairings by what people write, those that the cells confirm first."""
    found = []
    for field in schema.fields:
        for word in (*field.synonyms, field.title):
            for column in by_key.get(key(word), ()):
                told = told_by_cells(field, column)
                if told >= 0:
                    found.append((-told, Pair(field, column, SYNONYM + TOLD * told, key(word))))
    yield from (pair for _, pair in sorted(found, key=lambda f: f[0]))


def _by_words(schema: Schema, columns: Sequence[Column]) -> Iterator[Pair]:
    """Yield the pairings of long headers that hold the words people write, the fullest first."""
    index = _phrases(schema)
    found: list[tuple[float, int, Pair]] = []
    for column in columns:
        label = stems(column.label)
        seen: set[int] = set()
        for word in label:
            said = index.get(word, ())
            for number, field, phrase in said if len(said) <= _COMMON else ():
                if number in seen or not phrase <= label:
                    continue
                seen.add(number)
                share = len(phrase) / len(label)
                told = told_by_cells(field, column)
                rare = len(phrase) > 1 or (len(word) >= _RARE and word not in EVERYDAY)
                if told < 0 or (told < 1 and (share < _HALF or not rare)) or (share < _HALF and len(phrase) < 2):
                    continue
                pair = Pair(field, column, WORDS + TOLD * told, "".join(sorted(phrase)))
                found.append((-told - share, number, pair))
    yield from (pair for _, _, pair in sorted(found, key=lambda f: f[:2]))


def _phrases(schema: Schema) -> Mapping[str, Sequence[tuple[int, Field, frozenset[str]]]]:
    """Return the phrases that tell a field, under each of their words."""
    known = _INDEXES.get(id(schema))
    if known is not None and known[0] is schema:
        return known[1]
    index: dict[str, list[tuple[int, Field, frozenset[str]]]] = {}
    number = 0
    for field in schema.fields:
        for phrase in dict.fromkeys(stems(w) for w in (field.name, *field.synonyms, field.title)):
            for word in phrase:
                index.setdefault(word, []).append((number, field, phrase))
            number += 1
    if len(_INDEXES) > 500:
        _INDEXES.clear()
    _INDEXES[id(schema)] = (schema, index)
    return index


_INDEXES: dict[int, tuple[Schema, Mapping[str, Sequence[tuple[int, Field, frozenset[str]]]]]] = {}


def _by_list(schema: Schema, columns: Sequence[Column]) -> Iterator[Pair]:
    """Yield the pairings of columns, whatever their header, whose cells are those of a list of several values."""
    lists = [f for f in schema.fields if _LIST <= len(f.enum) <= _LONG_LIST and f.type != "array"]
    shown = [c for c in columns if c.kind is Kind.TEXT and len(c.examples) >= 3]
    if len(lists) * len(shown) > _TRIES:
        return
    for field in lists:
        known = _folded(field.enum)
        for column in shown:
            if _listed(known, column) >= max(3, _HALF * len(column.examples)):
                yield Pair(field, column, MEANING + TOLD, key(field.name))


def _by_spread(schema: Schema, columns: Sequence[Column]) -> Iterator[Pair]:
    """Yield the fields whose values are headers of counts: « Naissances, Mariages, Décès » for the kind of act."""
    counts = [c for c in columns if c.kind in _NUMBERS]
    for field in schema.fields if len(counts) >= _SPREAD else ():
        if _LIST <= len(field.enum) <= _LONG_LIST and field.type != "array":
            known = {stems(v) for v in field.enum}
            spread = [c for c in counts if stems(c.label) in known]
            if len(spread) >= _SPREAD:
                yield Pair(field, spread[0], SYNONYM, key(field.name))


def _by_meaning(schema: Schema, columns: Sequence[Column]) -> Iterator[Pair]:
    """Yield the pairings by meaning alone, where only one field and one column have that meaning."""
    for field in schema.fields:
        alone = field.meaning and sum(f.meaning == field.meaning for f in schema.fields) == 1
        having = [c for c in columns if c.meaning == field.meaning] if alone else []
        if len(having) == 1:
            yield Pair(field, having[0], MEANING)


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
