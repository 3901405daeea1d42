"""CQL2, the conditions of OGC's APIs, as text or as JSON: what they ask becomes a ``Where`` of ours.

Text is read into the very tree that JSON writes, so both say the same. Classes: basic, advanced comparisons, case and
accents apart, spatial and temporal functions, arithmetic, properties on both sides, and the ``FUNCTIONS`` listed here. Not
arrays, of which a cell holds none.

Semantics, those of SQL: a comparison with an empty cell is neither true nor false, and so is its negation.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from parvis.dialects import ogc_crs, wkt
from parvis.errors import InputError, LimitError, UnknownColumn
from parvis.frozen import dataclass
from parvis.store import expressions
from parvis.values import (
    All,
    Calc,
    Call,
    Column,
    Expression,
    Field,
    Holds,
    Kind,
    Literal,
    Not,
    Op,
    Some,
    Test,
    Version,
    Where,
)

LONGEST = 20_000  # characters
DEPTH = 16  # of conditions within conditions
LISTED = 1000  # values of an IN
WILD = 20  # signs of a pattern that stand for anything
EVERYWHERE = "geometry"  # what every collection calls the place of its rows

_OPPOSED = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_TESTS = {"=": Op.EQ, "<>": Op.NE, "<": Op.LT, "<=": Op.LE, ">": Op.GT, ">=": Op.GE}
_CALCS = {"=": Calc.EQ, "<>": Calc.NE, "<": Calc.LT, "<=": Calc.LE, ">": Calc.GT, ">=": Calc.GE}
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_SIGNS = {
    "+": Calc.ADD, "-": Calc.SUBTRACT, "*": Calc.MULTIPLY, "/": Calc.DIVIDE, "%": Calc.REMAINDER, "div": Calc.WHOLE,
    "^": Calc.POWER,
}  # fmt: skip
# A relation of a row's place to a shape that was said -> what we calculate, and whether the answer is turned over.
_SPATIAL: Mapping[str, tuple[Calc, bool]] = {
    "s_intersects": (Calc.INTERSECTS, False), "s_disjoint": (Calc.INTERSECTS, True), "s_within": (Calc.WITHIN, False),
    "s_contains": (Calc.ENCLOSES, False), "s_touches": (Calc.TOUCHES, False), "s_crosses": (Calc.CROSSES, False),
    "s_overlaps": (Calc.OVERLAPS, False), "s_equals": (Calc.SAME_PLACE, False),
}  # fmt: skip
_SWAPPED = {"s_within": "s_contains", "s_contains": "s_within"}
# Of two intervals a and b: what must hold of their ends, each as (end of a, sign, end of b).
_TEMPORAL: Mapping[str, Sequence[tuple[int, str, int]]] = {
    "t_after": ((0, ">", 1),), "t_before": ((1, "<", 0),), "t_contains": ((0, "<", 0), (1, ">", 1)),
    "t_during": ((0, ">", 0), (1, "<", 1)), "t_equals": ((0, "=", 0), (1, "=", 1)),
    "t_finishedby": ((0, "<", 0), (1, "=", 1)), "t_finishes": ((0, ">", 0), (1, "=", 1)),
    "t_intersects": ((0, "<=", 1), (1, ">=", 0)), "t_meets": ((1, "=", 0),), "t_metby": ((0, "=", 1),),
    "t_overlappedby": ((0, ">", 0), (0, "<", 1), (1, ">", 1)), "t_overlaps": ((0, "<", 0), (1, ">", 0), (1, "<", 1)),
    "t_startedby": ((0, "=", 0), (1, ">", 1)), "t_starts": ((0, "=", 0), (1, "<", 1)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Function:
    """A function of one value: ``takes`` and ``gives`` are types of JSON Schema."""

    calc: Calc
    takes: Sequence[str]
    gives: str
    title: str


FUNCTIONS: Mapping[str, Function] = {
    **{
        name: Function(calc, ("string",), "integer", title)
        for name, calc, title in (
            ("year", Calc.YEAR, "L'année d'une date."), ("quarter", Calc.QUARTER, "Son trimestre, de 1 à 4."),
            ("month", Calc.MONTH, "Son mois."), ("day", Calc.DAY, "Son jour dans le mois."),
            ("weekday", Calc.WEEKDAY, "Son jour dans la semaine : 1 est lundi."), ("hour", Calc.HOUR, "Son heure, en UTC."),
            ("minute", Calc.MINUTE, "Ses minutes."), ("second", Calc.SECOND, "Ses secondes."),
            ("length", Calc.LENGTH, "Le nombre de signes d'un texte."),
        )
    },
    "lower": Function(Calc.LOWER, ("string",), "string", "Un texte en minuscules."),
    "upper": Function(Calc.UPPER, ("string",), "string", "Un texte en capitales."),
}  # fmt: skip


class CqlError(InputError):
    """What cannot be read in a condition."""


def read(text: str, language: str, version: Version, crs: int = ogc_crs.CRS84) -> Where:
    """Return the condition that a ``filter`` says; ``language`` is "cql2-text" or "cql2-json", ``crs`` that of its shapes.

    Raises: CqlError, UnknownColumn, LimitError.
    """
    if len(text) > LONGEST:
        raise LimitError("Un filtre ne peut dépasser {limit} caractères.", limit=LONGEST)
    if language == "cql2-text":
        tree = _Text(text).whole()
    elif language == "cql2-json":
        try:
            tree = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise CqlError("Ce filtre n'est pas du JSON : « {start} ».", start=text[:40]) from error
    else:
        raise CqlError("La langue « {name} » n'existe pas : cql2-text ou cql2-json.", name=language[:40])
    return _Reader(version, crs).condition(tree)


# --- Text -----------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<text>'(?:[^'\\]|''|\\.)*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<name>[^\W\d][\w.:]*)
    | (?P<sign><>|<=|>=|[=<>(),+\-*/%^])
    )""",
    re.VERBOSE | re.DOTALL,
)
_WKT = frozenset(
    ("point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection")
)
_WORDS = frozenset(("and", "or", "not", "like", "between", "in", "is", "null", "div", "true", "false"))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    said: str
    at: int


@dataclass(frozen=True, slots=True)
class _Shape:
    """A shape written as text: WKB in hexadecimal, in the system of the filter."""

    wkb: str


class _Text:
    """A recursive descent over the words of a filter; what it gives is what JSON would say."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[_Token] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            match = _TOKEN.match(text, at)
            if match is None:
                raise CqlError("Le filtre ne se lit pas à partir de « {rest} ».", rest=text[at : at + 30].strip())
            kind = str(match.lastgroup)
            self.tokens.append(_Token(kind, match[kind], match.start(kind)))
            at = match.end()
        self.at = self.depth = 0

    def whole(self) -> Any:
        if not self.tokens:
            raise CqlError("Le filtre est vide.")
        found = self._either()
        if self.at < len(self.tokens):
            raise self._wrong()
        return found

    # --- Tokens ------------------------------------------------------------------------------------

    def _wrong(self) -> CqlError:
        if self.at >= len(self.tokens):
            return CqlError("Le filtre s'arrête trop tôt.")
        token = self.tokens[self.at]
        said = self.text[token.at : token.at + 30]
        return CqlError("« {said} » n'est pas attendu là (caractère {place}).", said=said, place=token.at + 1)

    def _word(self, ahead: int = 0) -> str:
        """Return the word or sign in hand, in lower case; "" for a value and at the end."""
        if self.at + ahead >= len(self.tokens):
            return ""
        token = self.tokens[self.at + ahead]
        return token.said.lower() if token.kind in ("name", "sign") else ""

    def _takes(self, *words: str) -> bool:
        if all(self._word(n) == word for n, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def _must(self, word: str) -> None:
        if not self._takes(word):
            raise self._wrong()

    def _deeper(self, part: Callable[[], Any]) -> Any:
        self.depth += 1
        if self.depth > 4 * DEPTH:
            raise LimitError("Ce filtre est trop imbriqué.", "Posez plusieurs questions.")
        found = part()
        self.depth -= 1
        return found

    # --- Conditions --------------------------------------------------------------------------------

    def _either(self) -> Any:
        parts = [self._both()]
        while self._takes("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else {"op": "or", "args": parts}

    def _both(self) -> Any:
        parts = [self._factor()]
        while self._takes("and"):
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else {"op": "and", "args": parts}

    def _factor(self) -> Any:
        if self._takes("not"):
            return {"op": "not", "args": [self._deeper(self._factor)]}
        return self._predicate()

    def _predicate(self) -> Any:
        """Read a comparison, or what says yes or no by itself: brackets, a relation, true, a column."""
        left = self._sum()
        sign = self._word()
        if sign in _OPPOSED:
            self.at += 1
            return {"op": sign, "args": [left, self._sum()]}
        if self._takes("is"):
            denied = self._takes("not")
            self._must("null")
            return _not({"op": "isNull", "args": [left]}, denied)
        denied = self._word() == "not" and self._word(1) in ("like", "between", "in") and self._takes("not")
        if self._takes("like"):
            return _not({"op": "like", "args": [left, self._sum()]}, denied)
        if self._takes("between"):
            low = self._sum()
            self._must("and")
            return _not({"op": "between", "args": [left, low, self._sum()]}, denied)
        if self._takes("in"):
            self._must("(")
            return _not({"op": "in", "args": [left, self._list()]}, denied)
        return left

    # --- Values ------------------------------------------------------------------------------------

    def _sum(self) -> Any:
        left = self._product()
        while self._word() in ("+", "-"):
            left = self._then(left, self._product)
        return left

    def _product(self) -> Any:
        left = self._power()
        while self._word() in ("*", "/", "%", "div"):
            left = self._then(left, self._power)
        return left

    def _power(self) -> Any:
        left = self._value()
        return self._then(left, self._power) if self._word() == "^" else left

    def _then(self, left: Any, right: Callable[[], Any]) -> Any:
        sign = self._word()
        self.at += 1
        return {"op": sign, "args": [left, self._deeper(right)]}

    def _value(self) -> Any:
        if self.at >= len(self.tokens):
            raise self._wrong()
        if self._takes("("):
            found = self._deeper(self._either)
            self._must(")")
            return found
        if self._takes("-"):
            found = self._deeper(self._value)
            return -found if isinstance(found, int | float) else {"op": "*", "args": [-1, found]}
        if self._takes("+"):
            return self._deeper(self._value)
        token = self.tokens[self.at]
        if token.kind == "sign" or (token.kind == "name" and token.said.lower() in _WORDS - {"true", "false"}):
            raise self._wrong()
        self.at += 1
        if token.kind == "number":
            return int(token.said) if token.said.isdigit() and len(token.said) < 19 else float(token.said)
        if token.kind == "text":
            return re.sub(r"''|\\'", "'", token.said[1:-1])
        if token.kind == "quoted":
            return {"property": token.said[1:-1].replace('""', '"')}
        return self._named(token)

    def _named(self, token: _Token) -> Any:
        word = token.said.lower()
        if word in ("true", "false"):
            return word == "true"
        if word in _WKT and self._word() in ("(", "z", "m", "zm", "empty"):
            return self._shape(token.at)
        if not self._takes("("):
            return {"property": token.said}
        arguments = self._list()
        if word in ("date", "timestamp") and len(arguments) == 1:
            return {word: arguments[0]}
        if word in ("interval", "bbox"):
            return {word: arguments}
        return {"op": word, "args": arguments}

    def _list(self) -> list[Any]:
        """Read what stands between brackets, the first of them taken."""
        out: list[Any] = []
        if self._takes(")"):
            return out
        while True:
            out.append(self._deeper(self._either))
            if self._takes(")"):
                return out
            self._must(",")

    def _shape(self, start: int) -> _Shape:
        depth = 0
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            depth += (token.said == "(") - (token.said == ")")
            self.at += 1
            if depth == 0 and token.said == ")":
                return _Shape(shape_of(self.text[start : token.at + 1]))
        raise self._wrong()


def _not(condition: Any, denied: bool) -> Any:
    return {"op": "not", "args": [condition]} if denied else condition


def shape_of(shape: Any) -> str:
    """Return a shape, WKT or GeoJSON, as WKB in hexadecimal. Raises: CqlError."""
    text = shape if isinstance(shape, str) else json.dumps(shape)
    try:
        return wkt.wkb(text)
    except wkt.ShapeError as error:
        raise CqlError("« {text} » n'est pas une géométrie.", text=text[:60]) from error


# --- What it means --------------------------------------------------------------------------------

_End = Expression | float  # an end of an interval; -inf and inf when it has none


class _Reader:
    """Turns the tree of a filter into a condition over one version."""

    def __init__(self, version: Version, crs: int) -> None:
        self.version, self.crs = version, crs

    def condition(self, node: Any, denied: bool = False, depth: int = 0) -> Where:
        """Return the rows for which a condition is true, or false when it is denied."""
        if depth > DEPTH:
            raise LimitError("Ce filtre est trop imbriqué.", "Posez plusieurs questions.")
        if isinstance(node, bool):
            return All(()) if node is not denied else Some(())
        op, given = self._operation(node)
        if op in ("and", "or"):
            if len(given) < 2:
                raise CqlError("« {op} » attend au moins deux conditions.", op=op)
            parts = tuple(self.condition(g, denied, depth + 1) for g in given)
            return All(parts) if (op == "and") is not denied else Some(parts)
        if op == "not":
            return self.condition(self._given(op, given, 1)[0], not denied, depth + 1)
        if op == "property":
            found = self._column(given[0])
            if found.kind is not Kind.BOOLEAN:
                raise CqlError("« {name} » seul ne dit ni oui ni non : comparez-le.", name=found.name)
            return Test(found.name, Op.EQ, not denied)
        if op == "isnull":
            return self._empty(self._given(op, given, 1)[0], denied)
        if op in _OPPOSED:
            left, right = self._given(op, given, 2)
            return self._compared(_OPPOSED[op] if denied else op, left, right)
        if op == "between":
            value, low, high = self._given(op, given, 3)
            return self.condition(
                {"op": "and", "args": [{"op": ">=", "args": [value, low]}, {"op": "<=", "args": [value, high]}]},
                denied,
                depth,
            )
        reads = self._relation(op)
        if reads is not None:
            left, right = self._given(op, given, 2)
            return reads(left, right, denied)
        if op.startswith("a_"):
            raise CqlError("« {op} » n'est pas servi : aucune colonne ne contient de tableau.", op=op[:60])
        raise CqlError("« {op} » n'est pas une condition connue.", op=op[:60])

    def _relation(self, op: str) -> Callable[[Any, Any, bool], Where] | None:
        if op in _SPATIAL:
            return functools.partial(self._spatial, op)
        if op in _TEMPORAL or op == "t_disjoint":
            return functools.partial(self._temporal, op)
        return {"in": self._in, "like": self._like}.get(op)

    def _operation(self, node: Any) -> tuple[str, Sequence[Any]]:
        if isinstance(node, Mapping):
            if isinstance(node.get("op"), str) and isinstance(node.get("args", []), list):
                return node["op"].lower(), node.get("args", [])
            if isinstance(node.get("property"), str):
                return "property", [node["property"]]
        raise CqlError("Une condition était attendue, pas « {said} ».", said=_said(node))

    def _given(self, op: str, given: Sequence[Any], count: int) -> Sequence[Any]:
        if len(given) != count:
            raise CqlError("« {op} » attend {count} valeurs, pas {given}.", op=op[:40], count=count, given=len(given))
        return given

    # --- Comparisons -------------------------------------------------------------------------------

    def _compared(self, op: str, left: Any, right: Any) -> Where:
        if not self._is_property(left) and self._is_property(right):
            left, right, op = right, left, _TURNED.get(op, op)
        if self._is_property(left) and (value := _plain(right)) is not None:
            found = self._column(left["property"])
            if found.kind is Kind.GEOMETRY:
                raise CqlError("« {name} » est une géométrie : utilisez S_INTERSECTS.", name=found.name)
            if isinstance(right, Mapping) and found.kind not in (Kind.DATE, Kind.DATETIME):
                raise CqlError("« {name} » ne contient pas de dates.", name=found.name)
            if found.kind in (Kind.DATE, Kind.DATETIME):
                return Holds(Call(_CALCS[op], (Field(found.name), self._moment(right))))
            return Test(found.name, _TESTS[op], value)
        return Holds(Call(_CALCS[op], (self._scalar(left), self._scalar(right))))

    def _in(self, value: Any, choices: Any, denied: bool) -> Where:
        if not isinstance(choices, list) or not choices:
            raise CqlError("« in » attend une liste de valeurs.")
        if len(choices) > LISTED:
            raise LimitError("Une liste ne peut dépasser {limit} valeurs.", limit=LISTED)
        plain = [_plain(c) for c in choices]
        held = self._column(value["property"]) if self._is_property(value) else None
        if held is not None and held.kind not in (Kind.DATE, Kind.DATETIME) and None not in plain:
            condition: Where = Test(held.name, Op.IN, tuple(plain))
        else:
            condition = Holds(Call(Calc.ANY, (self._scalar(value), *(self._scalar(c) for c in choices))))
        return self._denied(condition, [value], denied)

    def _like(self, value: Any, pattern: Any, denied: bool) -> Where:
        text = pattern
        while isinstance(text, Mapping) and text.get("op") in ("casei", "accenti") and len(text.get("args", ())) == 1:
            text = text["args"][0]
        if not isinstance(text, str):
            raise CqlError("« like » attend un modèle entre apostrophes.")
        if len(re.findall(r"(?<!\\)%", text)) > WILD:
            raise LimitError("Ce modèle a trop de « % ».")
        if re.search(r"(?<!\\)(?:\\\\)*\\(?![%_\\])", text):
            raise CqlError("Dans un modèle, « \\ » précède « % », « _ » ou « \\ ».")
        return self._denied(Holds(Call(Calc.PATTERN, (self._text(value), self._text(pattern)))), [value], denied)

    def _empty(self, value: Any, denied: bool) -> Where:
        if not self._is_property(value):
            raise CqlError("« IS NULL » attend le nom d'une colonne.")
        name = value["property"]
        if self._is_place(name) and not self.version.geometry:
            filled = All(tuple(Test(n, Op.FILLED) for n in self.version.point))
            return filled if denied else Not(filled)
        held = self.version.geometry if self._is_place(name) else self._column(name).name
        return Test(held, Op.FILLED if denied else Op.NULL)

    def _denied(self, condition: Where, operands: Sequence[Any], denied: bool) -> Where:
        """Return a condition, or the rows for which it is false: not those where a column it reads is empty."""
        if not denied:
            return condition
        filled = tuple(Test(name, Op.FILLED) for name in sorted(set(self._names(operands))))
        return All((Not(condition), *filled))

    def _names(self, node: Any) -> list[str]:
        if isinstance(node, list | tuple):
            return [name for part in node for name in self._names(part)]
        if isinstance(node, Mapping):
            if isinstance(node.get("property"), str):
                if self._is_place(node["property"]):
                    return [self.version.geometry] if self.version.geometry else list(self.version.point)
                return [self._column(node["property"]).name]
            return [name for part in node.values() if isinstance(part, list) for name in self._names(part)]
        return []

    # --- Values ------------------------------------------------------------------------------------

    def _scalar(self, node: Any) -> Expression:
        """Return what a value is calculated from."""
        if isinstance(node, bool):
            return Literal(node, Kind.BOOLEAN)
        if isinstance(node, int):
            return Literal(node, Kind.INTEGER)
        if isinstance(node, float) and math.isfinite(node):
            return Literal(node, Kind.NUMBER)
        if isinstance(node, str):
            return Literal(node, Kind.TEXT)
        if isinstance(node, Mapping):
            if self._is_property(node):
                return Field(self._column(node["property"]).name)
            if "date" in node or "timestamp" in node:
                return self._moment(node)
            op, given = self._operation(node)
            if op in _SIGNS:
                left, right = self._given(op, given, 2)
                return Call(_SIGNS[op], (self._scalar(left), self._scalar(right)))
            if op in ("casei", "accenti"):
                return self._text(node)
            if op in FUNCTIONS:
                return Call(FUNCTIONS[op].calc, (self._scalar(self._given(op, given, 1)[0]),))
            known = ", ".join(FUNCTIONS)
            raise CqlError("La fonction « {op} » n'existe pas.", "Fonctions : {known}.", op=op[:60], known=known)
        raise CqlError("« {said} » n'est pas une valeur.", said=_said(node))

    def _text(self, node: Any) -> Expression:
        if isinstance(node, Mapping) and node.get("op") in ("casei", "accenti"):
            (inner,) = self._given(node["op"], node.get("args", []), 1)
            return Call(Calc.LOWER if node["op"] == "casei" else Calc.UNACCENTED, (self._text(inner),))
        found = self._scalar(node)
        if isinstance(found, Field) and self._column(found.name).kind is not Kind.TEXT:
            raise CqlError("« {name} » ne contient pas de texte.", name=found.name)
        return found

    def _moment(self, node: Any) -> Literal:
        said = node
        if isinstance(node, Mapping):
            said = node.get("date", node.get("timestamp"))
        try:
            if not isinstance(said, str) or not re.match(r"\d{4}-\d\d-\d\d", said):
                raise ValueError(said)
            return Literal(*expressions.moment(said))
        except (ValueError, OverflowError) as error:
            raise CqlError(
                "« {said} » n'est pas une date (AAAA-MM-JJ ou AAAA-MM-JJTHH:MM:SSZ).", said=_said(said)
            ) from error

    def _column(self, name: str) -> Column:
        found = self.version.column(name)
        if found is None:
            known = ", ".join(c.name for c in self.version.columns)
            raise UnknownColumn(
                "La colonne « {name} » n'existe pas.", "Colonnes : {known}.", name=name[:100], known=known
            )
        return found

    def _is_property(self, node: Any) -> bool:
        return isinstance(node, Mapping) and isinstance(node.get("property"), str)

    def _is_place(self, name: str) -> bool:
        if self.version.geometry:
            absent = self.version.column(EVERYWHERE) is None
            return name == self.version.geometry or (name == EVERYWHERE and absent)
        return name == EVERYWHERE and self.version.column(EVERYWHERE) is None

    # --- Places ------------------------------------------------------------------------------------

    def _spatial(self, op: str, left: Any, right: Any, denied: bool) -> Where:
        if not self._is_property(left):
            left, right, op = right, left, _SWAPPED.get(op, op)
        if not self._is_property(left) or not self._is_place(left["property"]) or self._is_property(right):
            raise CqlError(
                "« {op} » compare « {name} » à une géométrie écrite.", op=op, name=self.version.geometry or EVERYWHERE
            )
        relation, turned = _SPATIAL[op]
        met = meets(self.version, self._said_shape(right), relation)
        return self._denied(met, [left], turned is not denied)

    def _said_shape(self, node: Any) -> str:
        """Return the WKB of a shape that was said, in longitudes and latitudes."""
        if isinstance(node, _Shape):
            return ogc_crs.shape_to_degrees(node.wkb, self.crs)
        if isinstance(node, Mapping) and isinstance(node.get("bbox"), list):
            sides = node["bbox"]
            if len(sides) == 6:
                sides = [*sides[:2], *sides[3:5]]
            return ogc_crs.box_to_degrees(sides, self.crs)
        if isinstance(node, Mapping) and isinstance(node.get("type"), str):
            return ogc_crs.shape_to_degrees(shape_of(node), self.crs)
        raise CqlError("« {said} » n'est pas une géométrie.", said=_said(node))

    # --- Times -------------------------------------------------------------------------------------

    def _temporal(self, op: str, left: Any, right: Any, denied: bool) -> Where:
        a, b = self._ends(left), self._ends(right)
        if op == "t_disjoint":
            op, denied = "t_intersects", not denied
        parts: list[Where] = []
        for one, sign, other in _TEMPORAL[op]:
            parts.append(_ordered(a[one], _OPPOSED[sign] if denied else sign, b[other]))
        return Some(tuple(parts)) if denied else All(tuple(parts))

    def _ends(self, node: Any) -> tuple[_End, _End]:
        if isinstance(node, Mapping) and isinstance(node.get("interval"), list):
            first, last = self._given("interval", node["interval"], 2)
            return (
                -math.inf if first == ".." else self._instant(first),
                math.inf if last == ".." else self._instant(last),
            )
        found = self._instant(node)
        return found, found

    def _instant(self, node: Any) -> Expression:
        if self._is_property(node):
            found = self._column(node["property"])
            if found.kind not in (Kind.DATE, Kind.DATETIME):
                raise CqlError("« {name} » ne contient pas de dates.", name=found.name)
            return Field(found.name)
        return self._moment(node)


def meets(version: Version, shape: str, relation: Calc = Calc.INTERSECTS) -> Where:
    """Return the rows whose place has a relation to a shape (WKB in hexadecimal, degrees).

    A box around it is asked first: what lies outside costs no calculation.
    """
    place: Expression = Field(version.geometry)
    if not version.geometry:
        if not version.point:
            raise InputError("Ce jeu de données n'a pas de coordonnées.")
        place = Call(Calc.POINT, tuple(Field(n) for n in version.point))
    sides = tuple(Literal(side, Kind.NUMBER) for side in ogc_crs.bounds(shape))
    around = Call(Calc.BOX, (place, *sides))
    if relation is Calc.INTERSECTS and not version.geometry and ogc_crs.is_box(shape):
        return Holds(around)  # a point in the box is in the shape
    return Holds(Call(Calc.CASE, (around, Call(relation, (place, Literal(shape, Kind.GEOMETRY))))))


def _ordered(left: _End, sign: str, right: _End) -> Where:
    """Return the rows for which two ends are so ordered: what has no end is before or after all."""
    if isinstance(left, float) or isinstance(right, float):
        one = left if isinstance(left, float) else 0.0
        other = right if isinstance(right, float) else 0.0
        holds = {
            "=": one == other, "<>": one != other, "<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other,
        }[sign]  # fmt: skip
        held = [Test(e.name, Op.FILLED) for e in (left, right) if isinstance(e, Field)]
        return All(tuple(held)) if holds else Some(())
    return Holds(Call(_CALCS[sign], (left, right)))


def _plain(node: Any) -> Any:
    """Return a value that a column can be compared to as it is, None for what must be calculated."""
    if isinstance(node, bool | int | str) or (isinstance(node, float) and math.isfinite(node)):
        return node
    if isinstance(node, Mapping) and len(node) == 1 and ("date" in node or "timestamp" in node):
        return str(next(iter(node.values())))
    return None


def _said(node: Any) -> str:
    try:
        return json.dumps(node, ensure_ascii=False, default=lambda shape: type(shape).__name__)[:60]
    except (ValueError, RecursionError):
        return "…"
