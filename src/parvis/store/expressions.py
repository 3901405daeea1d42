"""Expressions become parameterised SQL here: ``store.query`` puts the pieces in their places and nothing else does.

Each piece says its SQL, its bound values in the order of their places, and the kind of what it gives. Names are those of
the manifest, between quotes; names of calculated columns never enter the SQL.

Semantics: a calculation on an empty cell gives an empty cell, a division by zero too; a comparison with an empty cell is
never true; numbers calculate exactly while they are whole; moments are kept in UTC and cut in the zone of the question.
"""

from __future__ import annotations

import datetime
import functools
import itertools
import math
import re
import struct
import unicodedata
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from parvis.errors import InputError, LimitError, UnknownColumn
from parvis.frozen import dataclass
from parvis.values import Calc, Call, Expression, Field, Kind, Literal, Version

MAX_TEXT = 1000  # characters of one value
MAX_WORDS = 12
MAX_BOUNDS = 200  # of a range
EARTH = 6_371_008.8  # metres, mean radius
ROW = "{row}"
AGGREGATES = frozenset(
    (
        Calc.COUNT, Calc.COUNT_DISTINCT, Calc.SUM, Calc.AVG, Calc.MIN, Calc.MAX, Calc.PERCENTILE, Calc.ENVELOPE,
        Calc.FARTHEST,
    )
)  # fmt: skip
WAYS = 32  # of the compass, in which the farthest place of many is sought
NUMBERS = (Kind.INTEGER, Kind.NUMBER)
DATES = (Kind.DATE, Kind.DATETIME)
UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")

_PLACE = re.compile(r"\$(\d)")
_SIGNS = {Calc.ADD: "+", Calc.SUBTRACT: "-", Calc.MULTIPLY: "*"}
_DIVISIONS = {
    Calc.DIVIDE: "(CAST($0 AS DOUBLE) / nullif(CAST($1 AS DOUBLE), 0))",
    Calc.REMAINDER: "fmod(CAST($0 AS DOUBLE), nullif(CAST($1 AS DOUBLE), 0))",
    Calc.WHOLE: "trunc(CAST($0 AS DOUBLE) / nullif(CAST($1 AS DOUBLE), 0))",
    Calc.POWER: "(CASE WHEN isfinite(pow(CAST($0 AS DOUBLE), CAST($1 AS DOUBLE)))"
    " THEN pow(CAST($0 AS DOUBLE), CAST($1 AS DOUBLE)) END)",
}
_COMPARED = {Calc.EQ: "=", Calc.NE: "<>", Calc.LT: "<", Calc.LE: "<=", Calc.GT: ">", Calc.GE: ">="}
_PARTS = {
    Calc.YEAR: "year", Calc.MONTH: "month", Calc.DAY: "day", Calc.HOUR: "hour", Calc.MINUTE: "minute",
    Calc.SECOND: "second", Calc.QUARTER: "quarter", Calc.WEEKDAY: "isodow",
}  # fmt: skip
_LITERALS = {
    Kind.INTEGER: "CAST(? AS BIGINT)", Kind.NUMBER: "CAST(? AS DOUBLE)", Kind.TEXT: "CAST(? AS VARCHAR)",
    Kind.BOOLEAN: "CAST(? AS BOOLEAN)", Kind.DATE: "CAST(? AS DATE)", Kind.DATETIME: "CAST(? AS TIMESTAMP)",
    Kind.TIME: "CAST(? AS TIME)", Kind.GEOMETRY: "CAST(? AS INTEGER)",  # a shape travels apart: the worker gives its place
}  # fmt: skip
_STEPS = {
    "millisecond": ("to_milliseconds", 1), "second": ("to_seconds", 1), "minute": ("to_minutes", 1), "hour": ("to_hours", 1),
    "day": ("to_days", 1), "week": ("to_days", 7), "month": ("to_months", 1), "quarter": ("to_months", 3),
    "year": ("to_months", 12),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """A piece of SQL, its bound values, and what it gives.

    A point has its longitude and latitude apart. A geometry is WKB, unless ``told``: it is GeoJSON then; one that was said
    by who asks is a literal, which the worker keeps and the SQL names by its number.
    """

    sql: str
    parameters: Sequence[Any] = ()
    kind: Kind | None = None
    x: Made | None = None
    y: Made | None = None
    literal: bool = False
    told: bool = False

    @property
    def shape(self) -> bool:
        return self.kind is Kind.GEOMETRY


def is_aggregate(expression: Expression) -> bool:
    """True for a calculation over all the rows of a group."""
    return isinstance(expression, Call) and expression.what in AGGREGATES


def aggregates(expression: Expression) -> list[Call]:
    """Return the calculations over rows that an expression holds, outermost only."""
    if not isinstance(expression, Call):
        return []
    if expression.what in AGGREGATES:
        return [expression]
    return [found for argument in expression.arguments for found in aggregates(argument)]


class Compiler:
    """Turns expressions over one version into SQL.

    ``known`` gives what is already made of some expressions; when ``closed``, any other column is an error: it is neither
    grouped nor aggregated. ``parameter`` is where the question said it.
    """

    def __init__(
        self,
        version: Version,
        zone: str = "",
        known: Mapping[Expression, Made] | None = None,
        *,
        closed: bool = False,
        parameter: str = "",
    ) -> None:
        self.version, self.zone, self.known = version, zone if zone not in ("", "UTC") else "", known or {}
        self.closed, self.parameter = closed, parameter
        if self.zone and self.zone not in zones():
            raise InputError("Le fuseau horaire « {zone} » n'existe pas.", zone=zone[:60], parameter="timezone")
        self.depth = 0

    def __call__(self, expression: Expression) -> Made:
        """Return the SQL of an expression. Raises: InputError, UnknownColumn, LimitError."""
        if (found := self.known.get(expression)) is not None:
            return found
        self.depth += 1
        if self.depth > 40:
            raise LimitError("Cette expression est trop imbriquée.", "Posez plusieurs questions.")
        try:
            if isinstance(expression, Field):
                return self._field(expression.name)
            if isinstance(expression, Literal):
                return self._literal(expression)
            return self._call(expression)
        finally:
            self.depth -= 1

    def condition(self, expression: Expression) -> Made:
        """Return the SQL of an expression that says yes or no."""
        return self._must(self(expression), (Kind.BOOLEAN,), "oui ou non")

    # --- Leaves ------------------------------------------------------------------------------------

    def _field(self, name: str) -> Made:
        column = self.version.column(name)
        if column is None:
            raise UnknownColumn(
                "La colonne « {name} » n'existe pas.",
                "Colonnes : {known}.",
                name=name[:100],
                known=", ".join(sorted(c.name for c in self.version.columns)),
                parameter=self.parameter,
            )
        if self.closed:
            raise InputError(
                "La colonne « {name} » n'est ni regroupée, ni calculée sur ses lignes.",
                name=name,
                parameter=self.parameter,
            )
        quoted = '"' + name.replace('"', '""') + '"'
        if column.kind is Kind.NUMBER:  # a number that is none (NaN, infinite) is an empty cell, as it is shown
            quoted = f"(CASE WHEN isfinite({quoted}) THEN {quoted} END)"
        return Made(quoted, (), column.kind)

    def _literal(self, literal: Literal) -> Made:
        if literal.kind is None:
            return Made("NULL", (), None, literal=True)
        value = literal.value
        if isinstance(value, str) and len(value) > MAX_TEXT and literal.kind is not Kind.GEOMETRY:
            raise LimitError("Une valeur ne peut dépasser {limit} caractères.", limit=MAX_TEXT)
        if literal.kind is Kind.INTEGER and not -(2**63) <= value < 2**63:
            return Made(_LITERALS[Kind.NUMBER], (float(value),), Kind.NUMBER, literal=True)
        if literal.kind is not Kind.GEOMETRY:
            return Made(_LITERALS[literal.kind], (value,), literal.kind, literal=True)
        x = y = None
        if (place := point_of(value)) is not None:
            x, y = (Made(_LITERALS[Kind.NUMBER], (n,), Kind.NUMBER, literal=True) for n in place)
        return Made(_LITERALS[Kind.GEOMETRY], ({"shape": value},), Kind.GEOMETRY, x, y, literal=True)

    # --- Calculations ------------------------------------------------------------------------------

    def _call(self, call: Call) -> Made:
        what, given = call.what, call.arguments
        if what in AGGREGATES:
            if self.closed or self.depth > 40:
                raise self._wrong("un calcul sur des lignes ne peut en contenir un autre")
            return self._aggregate(what, given)
        if what is Calc.ROW:
            return Made(ROW, (), Kind.INTEGER)
        if what is Calc.RANDOM:
            row = self._row()
            return _join("hash($0, $1)", Kind.INTEGER, row, self(given[0]))
        if what in _SIGNS or what in _DIVISIONS:
            return self._arithmetic(what, self(given[0]), self(given[1]))
        if what in _COMPARED:
            return self._comparison(what, self(given[0]), self(given[1]))
        if what in _PARTS:
            return _join(f"{_PARTS[what]}($0)", Kind.INTEGER, self._moment(given[0]))
        return _CALLS[what](self, given)

    def _row(self) -> Made:
        if self.closed:
            raise self._wrong("un tirage au sort ne va pas avec un regroupement")
        return Made(ROW, (), Kind.INTEGER)

    def _arithmetic(self, what: Calc, left: Made, right: Made) -> Made:
        if left.kind in DATES or right.kind in DATES:
            raise self._wrong("un calcul attend des nombres")
        left, right = self._number(left), self._number(right)
        if what in _DIVISIONS:
            return _join(_DIVISIONS[what], Kind.NUMBER, left, right)
        whole = left.kind is Kind.INTEGER and right.kind is Kind.INTEGER
        if whole:  # exact, and too large a number is said so
            return _join(f"(CAST($0 AS HUGEINT) {_SIGNS[what]} CAST($1 AS HUGEINT))", Kind.INTEGER, left, right)
        return _join(f"(CAST($0 AS DOUBLE) {_SIGNS[what]} CAST($1 AS DOUBLE))", Kind.NUMBER, left, right)

    def _comparison(self, what: Calc, left: Made, right: Made) -> Made:
        if left.literal and not right.literal:
            turned = {Calc.LT: Calc.GT, Calc.GT: Calc.LT, Calc.LE: Calc.GE, Calc.GE: Calc.LE}
            return self._comparison(turned.get(what, what), right, left)
        if right.kind is None or left.kind is None:
            if what not in (Calc.EQ, Calc.NE):
                raise self._wrong("rien n'est ni plus petit ni plus grand qu'une case vide")
            held = right if left.kind is None else left
            return _join(f"($0 IS {'NOT ' if what is Calc.NE else ''}NULL)", Kind.BOOLEAN, held)
        if left.shape or right.shape:
            raise self._wrong("une géométrie ne se compare pas")
        left, right = self._alike(left, right)
        return _join(f"($0 {_COMPARED[what]} $1)", Kind.BOOLEAN, left, right)

    def _alike(self, left: Made, right: Made) -> tuple[Made, Made]:
        """Return both sides of a comparison as kinds that compare, a literal fitted to the other side."""
        if left.kind in NUMBERS and right.kind in NUMBERS:
            return left, right
        if left.kind in DATES and right.kind in DATES:
            return self._zoned(left, right)
        if left.kind is right.kind:
            return left, right
        if right.literal and len(right.parameters) == 1:
            fitted = self._fitted(left.kind, right.parameters[0])
            return self._zoned(left, fitted) if left.kind in DATES else (left, fitted)
        raise self._wrong("ces deux valeurs ne sont pas du même type")

    def _zoned(self, left: Made, right: Made) -> tuple[Made, Made]:
        """A date said by who asks begins in the zone of the question, and moments are kept in UTC."""
        if self.zone and left.kind is Kind.DATETIME and right.kind is Kind.DATE and right.literal:
            there = _join("timezone('UTC', timezone($1, CAST($0 AS TIMESTAMP)))", Kind.DATETIME, right, self._zone())
            return left, there
        return left, right

    def _fitted(self, kind: Kind | None, value: Any) -> Made:
        assert kind is not None
        try:
            fitted: Any = _FIT[kind](value)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise self._wrong("« {value} » n'est pas une valeur de ce type", value=str(value)[:80]) from error
        if kind is Kind.INTEGER and isinstance(fitted, float):
            kind = Kind.NUMBER
        if kind is Kind.DATE and len(fitted) > 10:
            kind = Kind.DATETIME
        return Made(_LITERALS[kind], (fitted,), kind, literal=True)

    def _aggregate(self, what: Calc, given: Sequence[Expression]) -> Made:
        if what is Calc.COUNT and not given:
            return Made("count(*)", (), Kind.INTEGER)
        inner = self(given[0])
        if any(aggregates(g) for g in given):
            raise self._wrong("un calcul sur des lignes ne peut en contenir un autre")
        if what is Calc.ENVELOPE:
            return _envelope(self._geometry(inner))
        if what is Calc.FARTHEST:
            return _farthest(self, given[:1])
        if what is Calc.COUNT:
            return _join("count($0)", Kind.INTEGER, inner)
        if what is Calc.COUNT_DISTINCT:
            return _join("count(DISTINCT $0)", Kind.INTEGER, inner)
        if what in (Calc.MIN, Calc.MAX):
            if inner.shape:
                raise self._wrong("une géométrie n'est ni plus petite ni plus grande qu'une autre")
            return _join(f"{what}($0)", inner.kind, inner)
        number = self._number(inner)
        if what is Calc.PERCENTILE:
            share = self._constant(given[1], 0, 100) / 100
            return _join(f"quantile_cont(CAST($0 AS DOUBLE), {share!r})", Kind.NUMBER, number)
        if what is Calc.AVG:
            return _join("avg($0)", Kind.NUMBER, number)
        return _join("sum($0)", number.kind, number)

    # --- What an argument must be ------------------------------------------------------------------

    def _wrong(self, said: str, **values: Any) -> InputError:
        told = said.format(**values)
        return InputError("Cette question ne se calcule pas : {said}.", said=told, parameter=self.parameter)

    def _must(self, made: Made, kinds: Sequence[Kind], said: str) -> Made:
        if made.kind is None or made.kind in kinds:
            return made
        raise self._wrong("{wanted} était attendu", wanted=said)

    def _number(self, made: Made) -> Made:
        return self._must(made, NUMBERS, "un nombre")

    def _text(self, made: Made) -> Made:
        if made.kind in (Kind.TEXT, None):
            return made
        if made.shape:
            raise self._wrong("un texte était attendu")
        return _join("CAST($0 AS VARCHAR)", Kind.TEXT, made)

    def _geometry(self, made: Made) -> Made:
        return self._must(made, (Kind.GEOMETRY,), "une géométrie")

    def _moment(self, expression: Expression) -> Made:
        """Return a date or moment as it is in the zone of the question."""
        made = self(expression)
        if made.kind is Kind.TEXT and made.literal:
            made = self._fitted(Kind.DATETIME, made.parameters[0])
        made = self._must(made, (*DATES, Kind.TIME), "une date")
        return self.local(made)

    def local(self, made: Made) -> Made:
        if self.zone and made.kind is Kind.DATETIME:
            return _join("timezone($1, timezone('UTC', $0))", Kind.DATETIME, made, self._zone())
        return made

    def _zone(self) -> Made:
        return Made("?", (self.zone,), Kind.TEXT)

    def _constant(self, expression: Expression, low: float, high: float) -> float:
        if isinstance(expression, Literal) and isinstance(expression.value, int | float):
            value = float(expression.value)
            if low <= value <= high:
                return value
        raise self._wrong("un nombre de {low} à {high} était attendu", low=low, high=high)

    def _words(self, expression: Expression) -> list[str]:
        if not isinstance(expression, Literal) or not isinstance(expression.value, str):
            raise self._wrong("un texte était attendu")
        if len(expression.value) > MAX_TEXT:
            raise LimitError("Une valeur ne peut dépasser {limit} caractères.", limit=MAX_TEXT)
        return re.findall(r"[^\W_]+", folded(expression.value))[:MAX_WORDS]


# --- Calculations that stand alone ----------------------------------------------------------------


def _length(c: Compiler, given: Sequence[Expression]) -> Made:
    return _join("length($0)", Kind.INTEGER, c._text(c(given[0])))


def _case(name: str) -> Callable[[Compiler, Sequence[Expression]], Made]:
    return lambda c, given: _join(f"{name}($0)", Kind.TEXT, c._text(c(given[0])))


def _starts(c: Compiler, given: Sequence[Expression]) -> Made:
    return _join("starts_with($0, $1)", Kind.BOOLEAN, c._text(c(given[0])), c._text(c(given[1])))


def _contains(c: Compiler, given: Sequence[Expression]) -> Made:
    return _join("contains($0, $1)", Kind.BOOLEAN, c._text(c(given[0])), c._text(c(given[1])))


def _folded(made: Made) -> Made:
    return _join("strip_accents(lower($0))", Kind.TEXT, made)


def _tokens(made: Made) -> Made:
    """Return the words of a text, folded, each between spaces."""
    return _join("concat(' ', regexp_replace($0, '[^\\pL\\pN]+', ' ', 'g'), ' ')", Kind.TEXT, _folded(made))


def _in_words(c: Compiler, given: Sequence[Expression]) -> Made:
    """Each word of the first argument is a word of one of the texts that follow."""
    texts = [c._text(c(g)) for g in given[1:]]
    words = c._words(given[0])
    if not words or not texts:
        return Made("TRUE" if not words else "FALSE", (), Kind.BOOLEAN)
    line = _tokens(_list("concat_ws(' ', ", texts, ")", Kind.TEXT))
    return _list(
        "(",
        [_join("contains($0, $1)", Kind.BOOLEAN, line, _bound(f" {w} ")) for w in words],
        ")",
        Kind.BOOLEAN,
        " AND ",
    )


def _like(c: Compiler, given: Sequence[Expression]) -> Made:
    text, pattern = c._text(c(given[0])), given[1]
    if not isinstance(pattern, Literal) or not isinstance(pattern.value, str):
        raise c._wrong("un texte était attendu")
    if len(pattern.value) > MAX_TEXT:
        raise LimitError("Une valeur ne peut dépasser {limit} caractères.", limit=MAX_TEXT)
    pieces = [folded(p) for p in pattern.value.split("*")]
    if len(pieces) > 20:
        raise LimitError("Ce motif a trop de jokers.")
    said = "%".join(re.sub(r"([\\%_])", r"\\\1", p) for p in pieces)
    return _join("($0 LIKE $1 ESCAPE '\\')", Kind.BOOLEAN, _folded(text), _bound(said))


def _pattern(c: Compiler, given: Sequence[Expression]) -> Made:
    return _join("($0 LIKE $1 ESCAPE '\\')", Kind.BOOLEAN, c._text(c(given[0])), c._text(c(given[1])))


def _unaccented(c: Compiler, given: Sequence[Expression]) -> Made:
    return _join("strip_accents($0)", Kind.TEXT, c._text(c(given[0])))


def folded(text: str) -> str:
    """Fold as the engine does: lower case, then accents off."""
    plain = unicodedata.normalize("NFD", text.lower())
    return unicodedata.normalize("NFC", "".join(ch for ch in plain if not unicodedata.combining(ch)))


def _fuzzy(c: Compiler, given: Sequence[Expression]) -> Made:
    """Each word is nearly a word of the texts (one letter off past two letters, two past five); the last may be unfinished."""
    texts, words = [c._text(c(g)) for g in given[1:]], c._words(given[0])
    if not words or not texts:
        return Made("TRUE" if not words else "FALSE", (), Kind.BOOLEAN)
    line = _join("string_split($0, ' ')", Kind.TEXT, _tokens(_list("concat_ws(' ', ", texts, ")", Kind.TEXT)))
    parts = []
    for place, word in enumerate(words):
        most = 2 if len(word) > 5 else 1 if len(word) > 2 else 0
        near = f"levenshtein(w, $1) <= {most}" if most else "w = $1"
        if place == len(words) - 1:
            near += " OR starts_with(w, $1)"
        parts.append(_join(f"(len(list_filter($0, lambda w: {near})) > 0)", Kind.BOOLEAN, line, _bound(word)))
    return _list("(", parts, ")", Kind.BOOLEAN, " AND ")


def _any(c: Compiler, given: Sequence[Expression]) -> Made:
    if len(given) > 1001:
        raise LimitError("Une liste ne peut dépasser {limit} valeurs.", limit=1000)
    first = c(given[0])
    said = [c._comparison(Calc.EQ, first, c(g)) for g in given[1:]]
    return _list("(", said, ")", Kind.BOOLEAN, " OR ") if said else Made("FALSE", (), Kind.BOOLEAN)


def _ifnull(c: Compiler, given: Sequence[Expression]) -> Made:
    first, second = c(given[0]), c(given[1])
    if first.kind is None or second.kind is None:
        return first if second.kind is None else second
    if first.shape or second.shape:
        raise c._wrong("une géométrie ne se remplace pas")
    kind = first.kind
    if first.kind in NUMBERS and second.kind in NUMBERS:
        kind = Kind.INTEGER if first.kind is second.kind is Kind.INTEGER else Kind.NUMBER
    elif first.kind is not second.kind:
        first, second = c._alike(first, second)
    return _join("coalesce($0, $1)", kind, first, second)


def _case_when(c: Compiler, given: Sequence[Expression]) -> Made:
    held = c(given[1])
    return _join("(CASE WHEN $0 THEN $1 END)", held.kind, c.condition(given[0]), held)


def _format(c: Compiler, given: Sequence[Expression]) -> Made:
    return _join("strftime($0, $1)", Kind.TEXT, c._moment(given[0]), c._text(c(given[1])))


def _joined(c: Compiler, given: Sequence[Expression]) -> Made:
    return _list("(", [c._text(c(g)) for g in given], ")", Kind.TEXT, " || ")


def _values_of(c: Compiler, given: Sequence[Expression]) -> Made:
    """Return the values of a cell that holds several, as a list of the engine in their order: none is empty."""
    text, sign = c._text(c(given[0])), given[1]
    if not isinstance(sign, Literal) or not isinstance(sign.value, str) or not sign.value:
        raise c._wrong("un séparateur était attendu")
    cut = "list_transform(string_split($0, $1), lambda p: trim(p, chr(32) || chr(9) || chr(10) || chr(13)))"
    return _join(f"list_filter({cut}, lambda p: p <> '')", Kind.TEXT, text, _bound(sign.value))


def each_part(c: Compiler, given: Sequence[Expression]) -> Made:
    """Return the values of cells one by one, for groups: a cell of three counts in three, an empty one as nothing."""
    once = "unnest(CASE WHEN len($0) > 0 THEN list_distinct($0) ELSE [NULL] END)"
    return _join(once, Kind.TEXT, _values_of(c, given))


def _parts(c: Compiler, given: Sequence[Expression]) -> Made:
    if len(given) > 2:
        return _join("nullif(array_to_string($0, $1), '')", Kind.TEXT, _values_of(c, given), c._text(c(given[2])))
    said = "(chr(31) || nullif(array_to_string($0, chr(31)), '') || chr(31))"
    return _join(said, Kind.TEXT, _values_of(c, given))


def _pick(c: Compiler, given: Sequence[Expression]) -> Made:
    place = c._must(c(given[0]), (Kind.INTEGER,), "un nombre entier")
    words = _list("[", [c._text(c(g)) for g in given[1:]], "]", Kind.TEXT)
    return _join("list_extract($0, CAST($1 AS BIGINT))", Kind.TEXT, words, place)


def _bucket(c: Compiler, given: Sequence[Expression]) -> Made:
    """The start of the period: weeks begin on Monday, the others count from the year 2000."""
    moment = c._moment(given[0])
    count, unit = int(c._constant(given[1], 1, 1_000_000)), given[2]
    if not isinstance(unit, Literal) or unit.value not in _STEPS or moment.kind is Kind.TIME:
        raise c._wrong("une période de temps était attendue")
    step, times = _STEPS[str(unit.value)]
    origin = "2000-01-03" if unit.value == "week" else "2000-01-01"
    kind = moment.kind if unit.value in ("day", "week", "month", "quarter", "year") else Kind.DATETIME
    cut = f"time_bucket({step}({count * times}), CAST($0 AS TIMESTAMP), TIMESTAMP '{origin}')"
    if kind is Kind.DATE:
        return _join(f"CAST({cut} AS DATE)", kind, moment)
    if c.zone and c(given[0]).kind is Kind.DATETIME:  # back to UTC, as moments are kept
        return _join(f"timezone('UTC', timezone($1, {cut}))", kind, moment, c._zone())
    return _join(cut, kind, moment)


def _range(c: Compiler, given: Sequence[Expression]) -> Made:
    """The interval a value lies in, as « [10, 50[ »; nothing outside of all."""
    value = c(given[0])
    if len(given) > MAX_BOUNDS:
        raise LimitError("Trop de bornes.")
    bounds = [None if isinstance(g, Literal) and g.kind is None else c(g) for g in given[1:]]
    if len(bounds) < 2 or any(b is None for b in bounds[1:-1]):
        raise c._wrong("au moins deux bornes étaient attendues")
    choices: list[Made] = []
    for low, high in itertools.pairwise(bounds):
        parts = []
        if low is not None:
            parts.append(c._comparison(Calc.GE, value, low))
        if high is not None:
            parts.append(c._comparison(Calc.LT, value, high))
        test = _list("(", parts or [_join("$0 IS NOT NULL", Kind.BOOLEAN, value)], ")", Kind.BOOLEAN, " AND ")
        said = f"{'[' if low else ']'}{_said(low)}, {_said(high)}["
        choices.append(_join("WHEN $0 THEN $1", Kind.TEXT, test, _bound(said)))
    return _list("(CASE ", choices, " END)", Kind.TEXT, " ")


def _said(bound: Made | None) -> str:
    if bound is None:
        return "*"
    value = bound.parameters[0]
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e15 else str(value)


def _step(c: Compiler, given: Sequence[Expression]) -> Made:
    value, size = c._number(c(given[0])), c._constant(given[1], 1e-9, 1e15)
    low = _join(f"(floor(CAST($0 AS DOUBLE) / {size!r}) * {size!r})", Kind.NUMBER, value)
    said = f"format('[{{:.12g}}, {{:.12g}}[', $0, $0 + {size!r})".replace("{{", "{").replace("}}", "}")
    return _join(said, Kind.TEXT, low)


def _point(c: Compiler, given: Sequence[Expression]) -> Made:
    x, y = c._number(c(given[0])), c._number(c(given[1]))
    return point(x, y)


def point(x: Made, y: Made) -> Made:
    """Return a place from its longitude and latitude."""
    said = """(CASE WHEN $0 IS NOT NULL AND $1 IS NOT NULL THEN concat('{"lon":', $0, ',"lat":', $1, '}') END)"""
    both = _join(said, Kind.GEOMETRY, x, y)
    return Made(both.sql, both.parameters, Kind.GEOMETRY, x, y, told=True)


def _centroid(c: Compiler, given: Sequence[Expression]) -> Made:
    shape = c._geometry(c(given[0]))
    if shape.x is not None:
        return shape
    x, y = (_join(f"shape_middle($0, {axis})", Kind.NUMBER, shape) for axis in (0, 1))
    return point(x, y)


def _distance(c: Compiler, given: Sequence[Expression]) -> Made:
    """Metres between two places, along the sphere; the nearest points of shapes."""
    left, right = c._geometry(c(given[0])), c._geometry(c(given[1]))
    if left.x is not None and left.y is not None and right.x is not None and right.y is not None:
        half = "pow(sin(radians($2 - $0) / 2), 2) + cos(radians($0)) * cos(radians($2)) * pow(sin(radians($3 - $1) / 2), 2)"
        far = f"({2 * EARTH!r} * asin(sqrt(least(1.0, {half}))))"
        return _join(far, Kind.NUMBER, left.y, left.x, right.y, right.x)
    if left.literal:
        left, right = right, left
    if left.literal or not right.literal:
        raise c._wrong("une géométrie écrite était attendue")
    if left.x is not None and left.y is not None:
        return _join("point_distance($0, $1, $2)", Kind.NUMBER, left.x, left.y, right)
    return _join("shape_distance($0, $1)", Kind.NUMBER, left, right)


def _near(c: Compiler, given: Sequence[Expression]) -> Made:
    far = _distance(c, given[:2])
    limit = c._constant(given[2], 0, 5e7)
    place = c(given[1])
    made = _join(f"(coalesce($0 <= {limit!r}, FALSE))", Kind.BOOLEAN, far)
    shape = c(given[0])
    if shape.x is None or shape.y is None or place.y is None or not place.literal:
        return made
    # A band of latitudes costs less than distances, and none is lost: a degree is 111.19 km along a meridian.
    band = limit / 111_000
    return _join(f"(($0 BETWEEN $1 - {band!r} AND $1 + {band!r}) AND $2)", Kind.BOOLEAN, shape.y, place.y, made)


def _box(c: Compiler, given: Sequence[Expression]) -> Made:
    shape = c._geometry(c(given[0]))
    west, south, east, north = (c._constant(g, -400, 400) for g in given[1:5])
    if south > north:
        raise c._wrong("le sud est au-dessus du nord")
    if west > east:
        halves = [
            _box(c, (given[0], *(Literal(n, Kind.NUMBER) for n in sides)))
            for sides in ((west, south, 180.0, north), (-180.0, south, east, north))
        ]
        return _list("(", halves, ")", Kind.BOOLEAN, " OR ")
    if shape.x is not None and shape.y is not None:
        said = f"($0 BETWEEN {west!r} AND {east!r} AND $1 BETWEEN {south!r} AND {north!r})"
        return _join(f"coalesce({said}, FALSE)", Kind.BOOLEAN, shape.x, shape.y)
    ring = f"{west} {south},{east} {south},{east} {north},{west} {north},{west} {south}"
    inside = "($0 IS NOT NULL AND ST_GeomFromWKB($0) && CAST($1 AS GEOMETRY))"
    return _join(inside, Kind.BOOLEAN, shape, _bound(f"POLYGON(({ring}))"))


def _meets(relation: str) -> Callable[[Compiler, Sequence[Expression]], Made]:
    def made(c: Compiler, given: Sequence[Expression]) -> Made:
        shape, other = c._geometry(c(given[0])), c._geometry(c(given[1]))
        if not other.literal:
            raise c._wrong("une géométrie écrite était attendue")
        if shape.x is not None and shape.y is not None:
            return _join(f"coalesce(point_{relation}($0, $1, $2), FALSE)", Kind.BOOLEAN, shape.x, shape.y, other)
        return _join(f"coalesce(shape_{relation}($0, $1), FALSE)", Kind.BOOLEAN, shape, other)

    return made


def _cluster(c: Compiler, given: Sequence[Expression]) -> Made:
    """The number of the square of a Mercator map in which a place lies: ``radius`` pixels of a map at a zoom."""
    shape = c._geometry(_centroid(c, given[:1]))
    assert shape.x is not None and shape.y is not None
    zoom, radius = int(c._constant(given[1], 0, 25)), c._constant(given[2], 1, 10_000)
    cells = 256 * 2**zoom / radius
    x = f"CAST(floor(($0 + 180) / 360 * {cells!r}) AS BIGINT)"
    y = f"CAST(floor((1 - asinh(tan(radians(greatest(-85.0, least(85.0, $1))))) / pi()) / 2 * {cells!r}) AS BIGINT)"
    return _join(f"({x} * 100000000000 + {y})", Kind.INTEGER, shape.x, shape.y)


def _envelope(shape: Made) -> Made:
    if shape.x is not None and shape.y is not None:
        sides = [shape.x, shape.y, shape.x, shape.y]
    else:
        sides = [_join(f"shape_side($0, {side})", Kind.NUMBER, shape) for side in range(4)]
    w, s, e, n = (_join(f"{f}($0)", Kind.NUMBER, m) for f, m in zip(("min", "min", "max", "max"), sides, strict=True))
    ring = "[[', $0, ',', $1, '],[', $2, ',', $1, '],[', $2, ',', $3, '],[', $0, ',', $3, '],[', $0, ',', $1, ']]"
    said = f"""concat('{{"type":"Polygon","coordinates":[{ring}]}}')"""
    box = _join(f"(CASE WHEN $0 IS NOT NULL AND $1 IS NOT NULL THEN {said} END)", Kind.GEOMETRY, w, s, e, n)
    return Made(box.sql, box.parameters, Kind.GEOMETRY, told=True)


def _farthest(c: Compiler, given: Sequence[Expression]) -> Made:
    """The place that lies farthest in each of so many ways: corners of the smallest convex shape around all places."""
    place = c._geometry(_centroid(c, given))
    assert place.x is not None and place.y is not None
    turns = [2 * math.pi * n / WAYS for n in range(WAYS)]
    spots = ", ".join(f"arg_max([$0, $1], $0 * {math.cos(t)!r} + $1 * {math.sin(t)!r})" for t in turns)
    said = f"""concat('{{"type":"MultiPoint","coordinates":', CAST(to_json([{spots}]) AS VARCHAR), '}}')"""
    made = _join(f"(CASE WHEN count($0) > 0 AND count($1) > 0 THEN {said} END)", Kind.GEOMETRY, place.x, place.y)
    return Made(made.sql, made.parameters, Kind.GEOMETRY, told=True)


def shown(made: Made) -> Made:
    """Return a piece as it is given in an answer: a geometry as GeoJSON."""
    if made.shape and made.literal:
        raise InputError("Une géométrie écrite dans la question n'est pas une réponse.", parameter="select")
    if made.shape and not made.told:
        return _join("CAST(ST_AsGeoJSON(ST_GeomFromWKB($0)) AS VARCHAR)", Kind.GEOMETRY, made)
    return made


_CALLS: Mapping[Calc, Callable[[Compiler, Sequence[Expression]], Made]] = {
    Calc.LENGTH: _length, Calc.LOWER: _case("lower"), Calc.UPPER: _case("upper"), Calc.STARTS: _starts, Calc.CONTAINS: _contains,
    Calc.WORDS: _in_words, Calc.LIKE: _like, Calc.FUZZY: _fuzzy, Calc.ANY: _any, Calc.IFNULL: _ifnull,
    Calc.PATTERN: _pattern, Calc.UNACCENTED: _unaccented,
    Calc.CASE: _case_when, Calc.FORMAT: _format, Calc.JOIN: _joined, Calc.PICK: _pick, Calc.PARTS: _parts,
    Calc.BUCKET: _bucket, Calc.RANGE: _range, Calc.STEP: _step,
    Calc.POINT: _point, Calc.CENTROID: _centroid, Calc.DISTANCE: _distance, Calc.NEAR: _near, Calc.BOX: _box,
    Calc.INTERSECTS: _meets("intersects"), Calc.WITHIN: _meets("within"), Calc.CLUSTER: _cluster,
    **{c: _meets(str(c)) for c in (Calc.ENCLOSES, Calc.TOUCHES, Calc.CROSSES, Calc.OVERLAPS, Calc.SAME_PLACE)},
}  # fmt: skip


# --- Pieces ---------------------------------------------------------------------------------------


def _join(template: str, kind: Kind | None, *parts: Made) -> Made:
    """Return a template whose ``$0``, ``$1`` ... are pieces, with their values in the order of the places."""
    values: list[Any] = []

    def put(match: re.Match[str]) -> str:
        part = parts[int(match.group(1))]
        values.extend(part.parameters)
        return part.sql

    return Made(_PLACE.sub(put, template), tuple(values), kind)


def _list(before: str, parts: Sequence[Made], after: str, kind: Kind, between: str = ", ") -> Made:
    values = tuple(v for p in parts for v in p.parameters)
    return Made(f"{before}{between.join(p.sql for p in parts)}{after}", values, kind)


def _bound(text: str) -> Made:
    return Made("?", (text,), Kind.TEXT)


def point_of(wkb: str) -> tuple[float, float] | None:
    """Return the place of a WKB point (hexadecimal, little end first), None for any other shape."""
    if not wkb.startswith("0101000000") or len(wkb) != 42:
        return None
    x, y = struct.unpack("<dd", bytes.fromhex(wkb[10:]))
    return x, y


def _moment_text(value: Any) -> str:
    """Return « 2026 », « 2026/03 », « 2026-03-01 » or a moment as the engine reads it; another zone is brought to UTC."""
    said = str(value).strip().replace("/", "-")
    if re.fullmatch(r"\d{4}", said):
        said += "-01-01"
    elif match := re.fullmatch(r"(\d{4})-(\d{1,2})", said):
        said = f"{match[1]}-{int(match[2]):02d}-01"
    elif match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", said):
        said = f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}"
    if len(said) == 10:
        return datetime.date.fromisoformat(said).isoformat()
    moment = datetime.datetime.fromisoformat(said)
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    return moment.isoformat(sep=" ")


def moment(value: Any) -> tuple[str, Kind]:
    """Return a date or moment as the engine reads it, and which of both it is. Raises: ValueError."""
    said = _moment_text(value)
    return said, Kind.DATE if len(said) == 10 else Kind.DATETIME


def _yes(value: Any) -> bool:
    said = str(value).strip().lower()
    if said in ("true", "1"):
        return True
    if said in ("false", "0"):
        return False
    raise ValueError(value)


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _whole(value: Any) -> int | float:
    try:
        whole = int(str(value))
    except ValueError:
        return _finite(value)
    return whole if -(2**63) <= whole < 2**63 else float(whole)


_FIT: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: lambda v: ("true" if v else "false") if isinstance(v, bool) else str(v), Kind.INTEGER: _whole,
    Kind.NUMBER: _finite, Kind.BOOLEAN: _yes, Kind.DATE: _moment_text, Kind.DATETIME: _moment_text,
    Kind.TIME: lambda v: datetime.time.fromisoformat(str(v)).isoformat(),
}  # fmt: skip


@functools.cache
def zones() -> frozenset[str]:
    """Return the names of the time zones that a question may be told in."""
    return frozenset(zoneinfo.available_timezones())
