"""ODSQL, the query language of Opendatasoft's Explore API, as values: conditions, columns, groups, orders, facets.

    where    := and ("or" and)* ; and := not ("and" not)* ; not := "not" not | test
    test     := sum [comparison sum | ["not"] "in" list or interval | ["not"] "like" text | "is" ["not"] null, true, false]
    sum      := product (("+" | "-") product)* ; product := one (("*" | "/") one)*
    one      := "(" where ")" | literal | field | function "(" ... ")" | "-" one
    literal  := 'text' | "text" | number | date'2026/03' | geom'POINT(...)' | true | false | null

Keywords count in any case; names are those of the fields given. A condition and a value are told apart once read, so that
« (a + b) > 3 » and « (a > 3) » need no second reading. Every fault is an ``OdsqlError`` that names its clause.
"""

from __future__ import annotations

import calendar
import datetime
import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from parvis.dialects import wkt
from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.store import expressions
from parvis.values import (
    All,
    Box,
    Calc,
    Call,
    Expression,
    Field,
    Holds,
    Kind,
    Literal,
    Named,
    Not,
    Op,
    Search,
    Some,
    Sort,
    Test,
    Where,
)

if TYPE_CHECKING:
    from typing_extensions import TypeIs

LONGEST = 16_000  # characters of a clause
MAX_DEPTH = 12  # parentheses, calls and « not » within each other
MAX_TESTS = 100
MAX_ITEMS = 500  # of a list
BETWEEN = "\x1f"  # before, between and after the values of a cell that holds several

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<name>`[^`]+`)
      | (?P<number>(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][-+]?\d+)?)
      | (?P<word>[^\W\d]\w*(?:\.\w+)*)
      | (?P<sign><=|>=|!=|<>|==|\.\.|[=<>:(),*+\-/\[\]])
      | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
RESERVED = frozenset(
    "and as asc avg by count date_format day dayofweek desc distinct equi false group hour ifnull in is like limit lower max"
    " millisecond min minute month not null or quarter range search second select sum top true upper where year".split()
)
_COMPARED = {
    "=": Calc.EQ, "==": Calc.EQ, ":": Calc.EQ, "!=": Calc.NE, "<>": Calc.NE, "<": Calc.LT, "<=": Calc.LE,
    ">": Calc.GT, ">=": Calc.GE,
}  # fmt: skip
_OPS = {Calc.EQ: Op.EQ, Calc.NE: Op.NE, Calc.LT: Op.LT, Calc.LE: Op.LE, Calc.GT: Op.GT, Calc.GE: Op.GE}
_DATES = {
    "year": Calc.YEAR, "month": Calc.MONTH, "day": Calc.DAY, "hour": Calc.HOUR, "minute": Calc.MINUTE,
    "second": Calc.SECOND, "quarter": Calc.QUARTER, "dayofweek": Calc.WEEKDAY,
}  # fmt: skip
_AGGREGATES = {
    "count": Calc.COUNT, "sum": Calc.SUM, "avg": Calc.AVG, "min": Calc.MIN, "max": Calc.MAX, "median": Calc.PERCENTILE,
    "percentile": Calc.PERCENTILE, "envelope": Calc.ENVELOPE, "bbox": Calc.ENVELOPE,
}  # fmt: skip
_METRES = {
    "mi": 1609.344, "miles": 1609.344, "yd": 0.9144, "yards": 0.9144, "ft": 0.3048, "feet": 0.3048, "m": 1.0, "meters": 1.0,
    "cm": 0.01, "centimeters": 0.01, "km": 1000.0, "kilometers": 1000.0, "mm": 0.001, "millimeters": 0.001,
}  # fmt: skip
_PERIODS = {
    "ms": "millisecond", "s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "M": "month", "q": "quarter",
    "y": "year",
}  # fmt: skip
_WEEKDAYS = ("mondays", "tuesdays", "wednesdays", "thursdays", "fridays", "saturdays", "sundays")
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
# Letters of a date as Opendatasoft says them, and as the engine does; what is written out depends on the language.
_LETTERS = {
    "yyyy": "%Y", "yy": "%y", "YYYY": "%Y", "YY": "%y", "y": "%Y",
    "xxxx": "%G", "xx": "%g", "ww": "%V", "w": "%-V", "e": "%u", "D": "%-j", "DDD": "%j",
    "MM": "%m", "M": "%-m", "dd": "%d", "d": "%-d", "HH": "%H", "H": "%-H", "h": "%-I", "hh": "%I", "mm": "%M", "m": "%-M",
    "ss": "%S", "s": "%-S", "a": "%p", "E": "%a", "EEE": "%a", "EEEE": "%A", "MMM": "%b", "MMMM": "%B",
}  # fmt: skip


class OdsqlError(InputError):
    """A clause that cannot be understood; ``reason`` is in the words of the original, ``clause`` its name."""

    def __init__(self, reason: str, clause: str) -> None:
        super().__init__("{reason} Clause(s) containing the error(s): {clause}.", reason=reason, clause=clause)
        self.reason, self.clause = reason, clause


@dataclass(frozen=True, slots=True)
class Known:
    """A field as questions name it: what it stands for, its kind, and whether its cells hold several values."""

    name: str
    expression: Expression
    kind: Kind
    many: bool = False

    @property
    def column(self) -> str:
        """The column it stands for as it is, or ""."""
        return self.expression.name if isinstance(self.expression, Field) and not self.many else ""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a clause is read with: the fields by name, those that full text looks at, the time, zone and language."""

    fields: Mapping[str, Known]
    texts: Sequence[Expression] = ()
    now: datetime.datetime = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
    zone: str = ""
    language: str = "fr"
    place: Expression | None = None  # what the store's own box looks at


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet asked for; ``sort`` is one of count, -count, alphanum, -alphanum, num, -num or ""."""

    name: str
    disjunctive: bool = False
    hierarchical: bool = False
    separator: str = ""
    sort: str = ""
    limit: int = 0


def where(text: str, setting: Setting, clause: str = "where") -> Where:
    """Return the condition that a clause says. Raises: OdsqlError."""
    parser = _Parser(text, setting, clause)
    found = parser.as_condition(parser.either(0))
    parser.must_end()
    return found


def select(text: str, setting: Setting, default: Sequence[str]) -> tuple[Named, ...]:
    """Return the columns that a clause lists; ``default`` are the names that « * » stands for."""
    parser = _Parser(text, setting, "select")
    found: dict[str, Named] = {}
    while True:
        parser.selected(found, default)
        if not parser.take(","):
            break
    parser.must_end()
    return tuple(found.values())


def group_by(text: str, setting: Setting) -> tuple[Named, ...]:
    """Return the keys of groups that a clause lists."""
    parser = _Parser(text, setting, "group_by")
    found = [parser.group_key()]
    while parser.take(","):
        found.append(parser.group_key())
    parser.must_end()
    if len({n.name for n in found}) < len(found):
        raise parser.fault("duplicate label.")
    return tuple(found)


def order_by(text: str, setting: Setting, labels: Sequence[str] = ()) -> tuple[Sort, ...]:
    """Return the orders that a clause lists; ``labels`` are names of the answer, which count before fields."""
    parser = _Parser(text, setting, "order_by")
    parser.labels = frozenset(labels)
    found = [parser.sorted()]
    while parser.take(","):
        found.append(parser.sorted())
    parser.must_end()
    return tuple(found)


def facet(text: str) -> Facet:
    """Return the facet that a parameter asks for: a name, or ``facet(name="x", sort="-count", ...)``."""
    match = re.fullmatch(r"\s*facet\s*\((.*)\)\s*", text, re.DOTALL | re.IGNORECASE)
    if match is None:
        return Facet(text.strip().strip("`"))
    told: dict[str, Any] = {}
    parser = _Parser(match[1], Setting({}), "facet")
    while True:
        name = parser.word().lower()
        if name not in ("name", "disjunctive", "hierarchical", "separator", "sort", "limit") or name in told:
            raise parser.fault(f"unknown facet argument: {name}")
        parser.expect("=")
        told[name] = parser.plain()
        if not parser.take(","):
            break
    parser.must_end()
    if not isinstance(told.get("name"), str) or not told["name"]:
        raise parser.fault("facet name is expected.")
    limit = told.get("limit", 0)
    if type(limit) is not int or not 0 <= limit <= 20_000:
        raise parser.fault("facet limit is invalid.")
    sort = str(told.get("sort", ""))
    if sort not in ("", "count", "-count", "alphanum", "-alphanum", "num", "-num"):
        raise parser.fault(f"unknown facet sort: {sort}")
    return Facet(
        told["name"], bool(told.get("disjunctive")), bool(told.get("hierarchical")), str(told.get("separator", "")),
        sort, limit,
    )  # fmt: skip


# --- Dates ----------------------------------------------------------------------------------------


def engine_format(pattern: str) -> str | None:
    """Return a date format in the engine's letters, None when it has a letter that means nothing."""
    out, at = [], 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "'":
            end = pattern.find("'", at + 1)
            if end < 0:
                return None
            out.append((pattern[at + 1 : end] or "'").replace("%", "%%"))
            at = end + 1
        elif sign.isascii() and sign.isalpha():
            end = at
            while end < len(pattern) and pattern[end] == sign:
                end += 1
            letters = _LETTERS.get(pattern[at:end])
            if letters is None:
                return None
            out.append(letters)
            at = end
        else:
            out.append("%%" if sign == "%" else sign)
            at += 1
    return "".join(out)


def shifted(now: datetime.datetime, told: Sequence[tuple[str, int]]) -> datetime.datetime:
    """Return a moment moved (years=-1, days=2), then set (year=2020, hour=0), then brought to a day of the week.

    Raises: ValueError for a day that does not exist, OverflowError, KeyError for a word that means nothing.
    """
    moved = dict(told)
    single = {
        n: v for n, v in moved.items() if n in ("year", "month", "day", "hour", "minute", "second", "microsecond")
    }
    # A moment far from the end of a month stays in it: the 31st of a month of 30 days is the 30th.
    months = moved.pop("years", 0) * 12 + moved.pop("months", 0)
    if months:
        total = now.year * 12 + now.month - 1 + months
        year, month = divmod(total, 12)
        now = now.replace(year=year, month=month + 1, day=min(now.day, calendar.monthrange(year, month + 1)[1]))
    if single:
        day = single.get("day", now.day)
        year, month = single.get("year", now.year), single.get("month", now.month)
        single["day"] = min(day, calendar.monthrange(year, month)[1])
        now = now.replace(**single)  # type: ignore[arg-type]  # each name is one of a date's parts
    plural = {n: moved[n] for n in ("weeks", "days", "hours", "minutes", "seconds", "microseconds") if n in moved}
    now += datetime.timedelta(**plural)
    if "weekday" in moved:
        if not 0 <= moved["weekday"] <= 6:
            raise ValueError(moved["weekday"])
        now += datetime.timedelta(days=(moved["weekday"] - now.weekday()) % 7)
    for number, name in enumerate(_WEEKDAYS):
        if (times := moved.get(name)) is not None and times != 0:
            ahead = (number - now.weekday()) % 7
            if times > 0:
                now += datetime.timedelta(days=ahead + 7 * (times - 1))
            else:
                now -= datetime.timedelta(days=(now.weekday() - number) % 7 + 7 * (-times - 1))
    known = {*single, *plural, "weekday", *_WEEKDAYS}
    for name in moved:
        if name not in known:
            raise KeyError(name)
    return now


# --- The parser -----------------------------------------------------------------------------------

Node = Expression | Where


def _is_condition(node: Node) -> TypeIs[Where]:
    return isinstance(node, Test | All | Some | Not | Search | Box | Holds)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int
    end: int

    @property
    def keyword(self) -> str:
        return self.text.lower() if self.kind in ("word", "sign") else ""


class _Parser:
    def __init__(self, text: str, setting: Setting, clause: str) -> None:
        self.text, self.setting, self.clause = text, setting, clause
        self.labels: frozenset[str] = frozenset()
        self.raws: dict[tuple[str, Any], str] = {}  # numbers as they were written
        self.tests = 0
        if len(text) > LONGEST:
            raise self.fault("clause is too long.")
        self.tokens = self._cut()
        self.index = 0

    def _cut(self) -> list[_Token]:
        found, at = [], 0
        while True:
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise self.fault(f"unexpected character at {at + 1}: {self.text[at : at + 20].strip()}")
            kind = match.lastgroup or "end"
            found.append(_Token(kind, match.group(kind), match.start(kind), match.end(kind)))
            if kind == "end":
                return found
            at = match.end()

    # --- Conditions --------------------------------------------------------------------------------

    def either(self, depth: int) -> Node:
        parts = [self._both(depth)]
        while self.take("or"):
            parts.append(self._both(depth))
        if len(parts) == 1:
            return parts[0]
        return Some(tuple(self.as_condition(p) for p in parts))

    def _both(self, depth: int) -> Node:
        parts = [self._not(depth)]
        while self.take("and"):
            parts.append(self._not(depth))
        if len(parts) == 1:
            return parts[0]
        return All(tuple(self.as_condition(p) for p in parts))

    def _not(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.fault("too many nested expressions.")
        if self.take("not"):
            return Not(self.as_condition(self._not(depth + 1)))
        return self._test(depth)

    def as_condition(self, node: Node) -> Where:
        """Return a node as a condition: a text alone is a search, a field alone says yes or no."""
        if _is_condition(node):
            return node
        if isinstance(node, Literal) and node.kind is Kind.TEXT:
            return Search(str(node.value))
        if isinstance(node, Literal) and node.kind is Kind.BOOLEAN:
            return All(()) if node.value else Some(())
        known = self._known_of(node)
        if known is not None and known.kind is Kind.BOOLEAN:
            return self._compared(node, Calc.EQ, Literal(True, Kind.BOOLEAN))
        raise self.fault("a filter expression is expected.")

    def _test(self, depth: int) -> Node:
        self.tests += 1
        if self.tests > MAX_TESTS:
            raise self.fault("too many filter expressions.")
        left = self.sum(depth)
        if _is_condition(left):
            return left
        if (what := _COMPARED.get(self.next.keyword)) is not None:
            self.index += 1
            return self._compared(left, what, self.value(depth))
        if self.take("is"):
            return self._is(left)
        negative = self.next.keyword == "not" and self._after().keyword in ("in", "like")
        if negative:
            self.index += 1
        found: Where
        if self.take("like"):
            found = self._like(left)
        elif self.take("in"):
            found = self._in(left, depth)
        else:
            return left
        return Not(found) if negative else found

    def _is(self, left: Expression) -> Where:
        negative = self.take("not")
        for word, value in (("true", True), ("false", False)):
            if self.take(word):
                found = self._compared(left, Calc.EQ, Literal(value, Kind.BOOLEAN))
                return Not(found) if negative else found
        self.expect("null")
        return self._compared(left, Calc.NE if negative else Calc.EQ, Literal(None, None))

    def _like(self, left: Expression) -> Where:
        token = self.next
        if token.kind != "text":
            raise self.fault("like expects a string.")
        self.index += 1
        return like(left, _unquoted(token.text))

    def _in(self, left: Expression, depth: int) -> Where:
        if self.take("("):
            values = [self.value(depth)]
            while self.take(","):
                values.append(self.value(depth))
                if len(values) > MAX_ITEMS:
                    raise self.fault("too many values.")
            self.expect(")")
            return self._one_of(left, values)
        if self.next.keyword in ("[", "]"):
            return self._interval(left, depth)
        right = self.value(depth)
        known = self._known_of(right)
        if isinstance(left, Literal) and known is not None:
            return self._compared(right, Calc.EQ, left)
        raise self.fault("in expects a list, a range or a field.")

    def _one_of(self, left: Expression, values: Sequence[Expression]) -> Where:
        tests = [self._compared(left, Calc.EQ, v) for v in values]
        plain = [t for t in tests if isinstance(t, Test) and t.op is Op.EQ]
        if len(plain) == len(tests) and len({t.column for t in plain}) == 1:
            return Test(plain[0].column, Op.IN, tuple(t.value for t in plain))
        return Some(tuple(tests))

    def _interval(self, left: Expression, depth: int) -> Where:
        low = Calc.GE if self.next.text == "[" else Calc.GT
        self.index += 1
        first = self.value(depth)
        if not (self.take("..") or self.take("to")):
            raise self.fault("a range separator is expected.")
        second = self.value(depth)
        if self.next.keyword not in ("[", "]"):
            raise self.fault("a range is not closed.")
        high = Calc.LE if self.next.text == "]" else Calc.LT
        self.index += 1
        return All((self._compared(left, low, first), self._compared(left, high, second)))

    def _compared(self, left: Expression, what: Calc, right: Expression) -> Where:
        """Return a comparison as the store answers it fastest: a plain test of a column, or a calculation."""
        if isinstance(left, Literal) and not isinstance(right, Literal):
            turned = {Calc.LT: Calc.GT, Calc.GT: Calc.LT, Calc.LE: Calc.GE, Calc.GE: Calc.LE}
            return self._compared(right, turned.get(what, what), left)
        known = self._known_of(left)
        if known is not None and isinstance(right, Literal):
            if right.kind is None:
                if known.column and what in (Calc.EQ, Calc.NE):
                    return Test(known.column, Op.NULL if what is Calc.EQ else Op.FILLED)
            elif known.many:
                return self._compared_many(known, what, right)
            elif known.column and (fitted := self._fitted(known, right)) is not None:
                return Test(known.column, _OPS[what], fitted)
        if isinstance(right, Literal) and right.kind in _NUMBERS and known is not None and known.kind is Kind.TEXT:
            right = Literal(self._as_written(right), Kind.TEXT)
        return Holds(Call(what, (left, right)))

    def _compared_many(self, known: Known, what: Calc, right: Literal) -> Where:
        if what not in (Calc.EQ, Calc.NE):
            raise self.fault(f"operator cannot be used on multivalued field {known.name}.")
        one = Literal(f"{BETWEEN}{self._as_written(right)}{BETWEEN}", Kind.TEXT)
        holds = Holds(Call(Calc.CONTAINS, (known.expression, one)))
        return holds if what is Calc.EQ else Not(holds)

    def _fitted(self, known: Known, right: Literal) -> Any:
        """Return a literal as a column's plain test has it, None when only a calculation compares both."""
        kind = known.kind
        if kind is Kind.TEXT and right.kind is not Kind.GEOMETRY:
            return self._as_written(right)
        try:
            if kind in _NUMBERS and right.kind in (*_NUMBERS, Kind.TEXT):
                number = float(right.value) if isinstance(right.value, str) else right.value
                return int(right.value) if kind is Kind.INTEGER and str(right.value).isdigit() else number
            if kind is Kind.BOOLEAN and right.kind in (Kind.BOOLEAN, Kind.TEXT):
                return {"true": True, "false": False}[str(right.value).lower()]
            if kind in (Kind.DATE, Kind.DATETIME) and right.kind in (Kind.TEXT, Kind.DATE, Kind.DATETIME):
                said, told = expressions.moment(right.value)
                if told is kind or (kind is Kind.DATETIME and not self.setting.zone):
                    return said
                return None
            if kind is Kind.TIME and right.kind is Kind.TEXT:
                return datetime.time.fromisoformat(right.value).isoformat()
        except (ValueError, KeyError, OverflowError):
            pass
        raise self.fault(f"invalid value for field {known.name} of type {kind}: {str(right.value)[:60]}")

    def _as_written(self, literal: Literal) -> str:
        if literal.kind is Kind.BOOLEAN:
            return "true" if literal.value else "false"
        return self.raws.get((str(literal.kind), literal.value), str(literal.value))

    def _known_of(self, node: Node) -> Known | None:
        if isinstance(node, Literal):
            return None
        return next((k for k in self.setting.fields.values() if k.expression == node), None)

    # --- Values ------------------------------------------------------------------------------------

    def value(self, depth: int) -> Expression:
        found = self.sum(depth)
        if _is_condition(found):
            raise self.fault("a value is expected.")
        return found

    def sum(self, depth: int) -> Node:
        return self._chain(depth, self._product, {"+": Calc.ADD, "-": Calc.SUBTRACT})

    def _product(self, depth: int) -> Node:
        return self._chain(depth, self._one, {"*": Calc.MULTIPLY, "/": Calc.DIVIDE})

    def _chain(self, depth: int, part: Callable[[int], Node], signs: Mapping[str, Calc]) -> Node:
        left, links = part(depth), 0
        while (what := signs.get(self.next.keyword)) is not None:
            self.index += 1
            links += 1
            right = part(depth)
            if _is_condition(left) or _is_condition(right) or links > 20:
                raise self.fault("an arithmetic expression is invalid.")
            left = Call(what, (left, right))
        return left

    def _one(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.fault("too many nested expressions.")
        token = self.next
        if self.take("("):
            found = self.either(depth + 1)
            self.expect(")")
            return found
        if self.take("-"):
            number = self.next
            if number.kind == "number":
                self.index += 1
                return self._number("-" + number.text)
            right = self._one(depth + 1)
            if _is_condition(right):
                raise self.fault("an arithmetic expression is invalid.")
            return Call(Calc.SUBTRACT, (Literal(0, Kind.INTEGER), right))
        if self.take("+"):
            return self._one(depth + 1)
        if token.kind == "number":
            self.index += 1
            return self._number(token.text)
        if token.kind == "text":
            self.index += 1
            return Literal(_unquoted(token.text), Kind.TEXT)
        if token.kind == "name":
            self.index += 1
            return self._field(token.text[1:-1])
        if token.kind != "word":
            raise self.fault(self._unexpected())
        return self._named(token, depth)

    def _named(self, token: _Token, depth: int) -> Node:
        word, following = token.keyword, self._after()
        if word in ("date", "geom") and following.kind == "text" and following.at == token.end:
            self.index += 2
            return (
                self._date(_unquoted(following.text)) if word == "date" else self._geometry(_unquoted(following.text))
            )
        if following.text == "(" and following.kind == "sign":
            self.index += 2
            return self._function(word, depth + 1)
        if word in ("true", "false") and token.text not in self.setting.fields:
            self.index += 1
            return Literal(word == "true", Kind.BOOLEAN)
        if word == "null" and token.text not in self.setting.fields:
            self.index += 1
            return Literal(None, None)
        if word in RESERVED and token.text not in self.setting.fields:
            raise self.fault(self._unexpected())
        self.index += 1
        return self._field(token.text)

    def _field(self, name: str) -> Expression:
        known = self.setting.fields.get(name) or self.setting.fields.get(name.lower())
        if known is None:
            raise self.fault(f"Unknown field: {name[:100]}.")
        return known.expression

    def _number(self, text: str) -> Literal:
        if re.fullmatch(r"-?\d{1,30}", text):
            found = Literal(int(text), Kind.INTEGER)
        else:
            value = float(text)
            if value in (float("inf"), float("-inf")):
                raise self.fault(f"invalid number: {text[:30]}")
            found = Literal(value, Kind.NUMBER)
        self.raws[str(found.kind), found.value] = text
        return found

    def _date(self, text: str) -> Literal:
        try:
            said, kind = expressions.moment(text)
        except (ValueError, OverflowError) as error:
            raise self.fault(f"invalid date: {text[:40]}") from error
        return Literal(said, kind)

    def _geometry(self, text: str) -> Literal:
        try:
            return Literal(wkt.wkb(text), Kind.GEOMETRY)
        except wkt.ShapeError as error:
            raise self.fault(f"invalid geometry: {text[:60]}") from error

    # --- Functions ---------------------------------------------------------------------------------

    def _function(self, name: str, depth: int) -> Node:
        """Return what a function gives, its opening parenthesis read."""
        if name == "now":
            return self._now()
        if name in ("search", "suggest", "startswith"):
            return self._text_search(name, depth)
        if name in _AGGREGATES and not (name == "bbox" and self.clause == "where"):
            return self._aggregate(name, depth)
        if name in _FUNCTIONS or name in _DATES:
            given = self._arguments(depth)
            return _FUNCTIONS[name](self, given) if name in _FUNCTIONS else self._date_part(name, given)
        if name in ("range", "geo_cluster"):
            if self.clause not in ("group_by", "order_by", "select"):
                raise self.fault(f"function {name} cannot be used here.")
            return self._range(depth) if name == "range" else self._cluster(depth)
        raise self.fault(f"{name[:60]}()")

    def _arguments(self, depth: int) -> list[Any]:
        """Return the arguments up to the closing parenthesis: expressions, distances in metres, words of relations."""
        found: list[Any] = []
        if self.take(")"):
            return found
        while True:
            found.append(self._argument(depth))
            if not self.take(","):
                break
        self.expect(")")
        return found

    def _argument(self, depth: int) -> Any:
        token, following = self.next, self._after()
        if token.kind == "number" and following.kind == "word" and following.at == token.end:
            if (metres := _METRES.get(following.keyword)) is None:
                raise self.fault(f"unknown unit: {following.text[:20]}")
            self.index += 2
            return _Metres(float(token.text) * metres)
        if token.keyword in ("intersects", "disjoint", "within") and following.text in (",", ")"):
            self.index += 1
            return token.keyword
        return self.value(depth)

    def _now(self) -> Literal:
        told: list[tuple[str, int]] = []
        while not self.take(")"):
            name = self.word().lower()
            self.expect("=")
            sign = -1 if self.take("-") else 1
            self.take("+")
            if self.next.kind != "number" or not self.next.text.isdigit() or len(self.next.text) > 9:
                raise self.fault("now expects whole numbers.")
            told.append((name, sign * int(self.next.text)))
            self.index += 1
            if not self.take(",") and self.next.text != ")":
                raise self.fault(self._unexpected())
        try:
            moment = shifted(self.setting.now, told).astimezone(datetime.UTC).replace(tzinfo=None)
        except (ValueError, OverflowError) as error:
            raise self.fault("now gives no date.") from error
        except KeyError as error:
            raise self.fault(f"unknown argument of now: {str(error)[:40]}") from error
        return Literal(moment.isoformat(sep=" ", timespec="seconds"), Kind.DATETIME)

    def _text_search(self, name: str, depth: int) -> Where:
        if self.clause not in ("where", "select", "order_by"):
            raise self.fault(f"function {name} cannot be used here.")
        fields: list[Expression] = []
        while True:
            if self.take("*"):
                fields.extend(self.setting.texts)
            else:
                given = self.value(depth)
                if isinstance(given, Literal):
                    break
                fields.append(given)
            self.expect(",")
        self.expect(")")
        if given.kind is not Kind.TEXT:
            raise self.fault(f"{name} expects a string.")
        if name == "startswith":
            if len(fields) != 1:
                raise self.fault("startswith expects a field and a string.")
            known = self._known_of(fields[0])
            if known is not None and known.many:  # one of the values of a cell
                given = Literal(f"{BETWEEN}{given.value}", Kind.TEXT)
                return Holds(Call(Calc.CONTAINS, (fields[0], given)))
            return Holds(Call(Calc.STARTS, (fields[0], given)))
        if name == "suggest" and len(fields) != 1:
            raise self.fault("suggest expects a field and a string.")
        return Holds(Call(Calc.FUZZY, (given, *(fields or self.setting.texts))))

    def _aggregate(self, name: str, depth: int) -> Call:
        if self.clause not in ("select", "order_by"):
            raise self.fault(f"aggregation {name} cannot be used here.")
        if name == "count":
            if self.take("*"):
                self.expect(")")
                return Call(Calc.COUNT)
            distinct = self.take("distinct")
            inner = self.value(depth)
            self.expect(")")
            return Call(Calc.COUNT_DISTINCT if distinct else Calc.COUNT, (inner,))
        given = self._arguments(depth)
        if name == "median":
            given.append(Literal(50, Kind.INTEGER))
        if len(given) != (2 if name in ("percentile", "median") else 1):
            raise self.fault(f"wrong number of arguments for {name}.")
        return Call(_AGGREGATES[name], tuple(self._expressions(given)))

    def _expressions(self, given: Sequence[Any]) -> list[Expression]:
        for one in given:
            if not isinstance(one, Field | Literal | Call):
                raise self.fault("unexpected argument.")
        return list(given)

    def _date_part(self, name: str, given: Sequence[Any]) -> Call:
        if len(given) != 1:
            raise self.fault(f"wrong number of arguments for {name}.")
        return Call(_DATES[name], tuple(self._expressions(given)))

    def _range(self, depth: int) -> Call:
        held = self.value(depth)
        bounds: list[Expression] = []
        while self.take(","):
            if self.take("*"):
                bounds.append(Literal(None, None))
                continue
            token, following = self.next, self._after()
            if token.kind == "number" and following.kind == "word":
                return self._period(held, token, following)
            bounds.append(self.value(depth))
            if len(bounds) > 100:
                raise self.fault("too many range values.")
        self.expect(")")
        if any(not isinstance(b, Literal) for b in bounds) or not bounds:
            raise self.fault("range expects values.")
        if len(bounds) == 1:
            return Call(Calc.STEP, (held, bounds[0]))
        return Call(Calc.RANGE, (held, *bounds))

    def _period(self, held: Expression, token: _Token, following: _Token) -> Call:
        unit = _PERIODS.get(following.text) or following.text.lower().removesuffix("s")
        if unit not in expressions.UNITS or not token.text.isdigit() or not 0 < int(token.text[:9]) <= 1_000_000:
            raise self.fault(f"unknown period: {token.text[:10]} {following.text[:20]}")
        self.index += 2
        self.expect(")")
        return Call(Calc.BUCKET, (held, Literal(int(token.text), Kind.INTEGER), Literal(unit, Kind.TEXT)))

    def _cluster(self, depth: int) -> Call:
        held = self.value(depth)
        self.expect(",")
        zoom, radius = self.value(depth), Literal(40, Kind.INTEGER)
        while self.take(","):
            if self.next.keyword == "radius" and self._after().text == "=":
                self.index += 2
            found = self.value(depth)
            if not isinstance(found, Literal):
                raise self.fault("geo_cluster expects numbers.")
            radius = found
        self.expect(")")
        return Call(Calc.CLUSTER, (held, zoom, radius))

    # --- Lists -------------------------------------------------------------------------------------

    def selected(self, found: dict[str, Named], default: Sequence[str]) -> None:
        """Read one item of a select into what is there."""
        fields = self.setting.fields
        if self.next.text == "*" and self._after().text in (",", ""):
            self.index += 1
            found |= {n: Named(fields[n].expression, n) for n in default}
            return
        if self.next.keyword in ("include", "exclude") and self._after().text == "(":
            including = self.next.keyword == "include"
            names = [n for n in default if fnmatch.fnmatchcase(n, self._pattern())]
            self.index = next(i for i in range(self.index, len(self.tokens)) if self.tokens[i].text == ")") + 1
            if including:
                found |= {n: Named(fields[n].expression, n) for n in names}
            else:
                if not found:
                    found |= {n: Named(fields[n].expression, n) for n in default}
                for name in names:
                    found.pop(name, None)
            return
        item = self._labelled()
        if item.name in found and found[item.name] != item:
            raise self.fault(f"duplicate label: {item.name[:60]}")
        found[item.name] = item

    def _pattern(self) -> str:
        """Return what is between the parentheses that follow, where only « * » means more than itself."""
        start = self._after().end
        end = self.text.find(")", start)
        pattern = self.text[start:end].strip().strip("`") if end >= 0 else ""
        if not re.fullmatch(r"[\w*]+", pattern):
            raise self.fault("a field name pattern is expected.")
        return pattern

    def group_key(self) -> Named:
        return self._labelled()

    def _labelled(self) -> Named:
        start = self.next.at
        single = self._after().text in (",", "") or self._after().keyword == "as"
        plain = self.next.text.strip("`") if single else ""
        found = self.value(0) if self.clause != "select" else self._answered()
        name = self.text[start : self.tokens[self.index - 1].end].strip()
        known = self._known_of(found)
        if known is not None and plain:
            name = known.name
        if self.take("as"):
            token = self.next
            if token.kind not in ("word", "name", "text"):
                raise self.fault("a label is expected.")
            name = token.text if token.kind == "word" else token.text[1:-1]
            self.index += 1
        if not name or len(name) > 200:
            raise self.fault("invalid label.")
        return Named(found, name)

    def _answered(self) -> Expression:
        return self.value(0)

    def sorted(self) -> Sort:
        sign = self.next.text if self.next.text in ("-", "+") and self.next.kind == "sign" else ""
        if sign:
            self.index += 1
        token = self.next
        by: Expression | str
        label = token.text.strip("`") if token.kind in ("word", "name") else ""
        if label in self.labels and self._after().text != "(":
            self.index += 1
            by = label
        elif token.keyword == "random" and self._after().text == "(":
            self.index += 2
            given = self._arguments(1)
            if len(given) > 1 or not all(isinstance(g, Literal) and g.kind is Kind.INTEGER for g in given):
                raise self.fault("random expects a whole number.")
            by = Call(Calc.RANDOM, (given[0] if given else Literal(0, Kind.INTEGER),))
        else:
            start = token.at
            by = self.value(0)
            text = self.text[start : self.tokens[self.index - 1].end].strip()
            if text in self.labels:
                by = text
            if isinstance(by, Literal):
                raise self.fault("a field or an aggregation is expected.")
        descending = sign == "-"
        if self.take("desc"):
            descending = True
        elif self.take("asc"):
            descending = False
        return Sort(by, descending)

    # --- Words -------------------------------------------------------------------------------------

    @property
    def next(self) -> _Token:
        return self.tokens[self.index]

    def _after(self) -> _Token:
        return self.tokens[min(self.index + 1, len(self.tokens) - 1)]

    def take(self, word: str) -> bool:
        if self.next.keyword != word:
            return False
        self.index += 1
        return True

    def expect(self, word: str) -> None:
        if not self.take(word):
            raise self.fault(self._unexpected())

    def word(self) -> str:
        if self.next.kind != "word":
            raise self.fault(self._unexpected())
        self.index += 1
        return self.tokens[self.index - 1].text

    def plain(self) -> str | int | bool:
        """Return a literal of a facet's argument."""
        found = self.value(0)
        if not isinstance(found, Literal) or not isinstance(found.value, str | int | bool):
            raise self.fault("a value is expected.")
        return found.value

    def must_end(self) -> None:
        if self.next.kind != "end":
            raise self.fault(self._unexpected())

    def _unexpected(self) -> str:
        if self.next.kind == "end":
            return "unexpected end of expression."
        return f"unexpected token at {self.next.at + 1}: {self.next.text[:30]}"

    def fault(self, reason: str) -> OdsqlError:
        return OdsqlError(reason, self.clause)


@dataclass(frozen=True, slots=True)
class _Metres:
    value: float


def like(held: Expression, pattern: str) -> Where:
    """Return what « like » says: % and * stand for anything; without them each word must be a word of the text."""
    if "%" in pattern or "*" in pattern:
        inner = pattern.replace("%", "*").strip("*")
        contains = "*" not in inner and pattern[:1] in "%*" and pattern[-1:] in "%*" and len(pattern) > 1
        if contains and isinstance(held, Field):
            return Test(held.name, Op.CONTAINS, inner)
        return Holds(Call(Calc.LIKE, (held, Literal(pattern.replace("%", "*"), Kind.TEXT))))
    return Holds(Call(Calc.WORDS, (Literal(pattern, Kind.TEXT), held)))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


# --- Functions by name ----------------------------------------------------------------------------

Function = Callable[[_Parser, list[Any]], Node]


def _plain(what: Calc, count: int) -> Function:
    def made(parser: _Parser, given: list[Any]) -> Node:
        if len(given) != count:
            raise parser.fault(f"wrong number of arguments for {what}.")
        return Call(what, tuple(parser._expressions(given)))

    return made


def _json_format(parser: _Parser, given: list[Any]) -> Node:
    held = parser._expressions(given)
    if len(held) not in (1, 2):
        raise parser.fault("wrong number of arguments for json_format.")
    return Call(Calc.IFNULL, tuple(held)) if len(held) == 2 else held[0]


def _date_format(parser: _Parser, given: list[Any]) -> Node:
    held = parser._expressions(given)
    if len(held) != 2 or not isinstance(held[1], Literal) or held[1].kind is not Kind.TEXT:
        raise parser.fault("date_format expects a field and a string.")
    form = held[1]
    pattern = engine_format(form.value)
    if pattern is None or len(form.value) > 100:
        raise parser.fault(f"invalid date format: {form.value[:40]}")
    parts = [p for p in re.split(r"(%%|%[aAbBp])", pattern) if p]
    if not any(p in _WRITTEN for p in parts):
        return Call(Calc.FORMAT, (held[0], Literal(pattern, Kind.TEXT)))
    pieces = [_written_out(held[0], p, parser.setting.language) for p in parts]
    return Call(Calc.JOIN, tuple(pieces)) if len(pieces) > 1 else pieces[0]


_WRITTEN = ("%a", "%A", "%b", "%B", "%p")


def _written_out(moment: Expression, part: str, language: str) -> Expression:
    """Return a part of a date as text: names of days and months are those of the language."""
    if part not in _WRITTEN:
        return Call(Calc.FORMAT, (moment, Literal(part, Kind.TEXT)))
    from babel import dates  # late: few questions write a date out

    width: Any = "abbreviated" if part in ("%a", "%b") else "wide"
    if part == "%p":
        periods = dates.get_period_names("abbreviated", "format", language)
        half: Expression = Call(Calc.DIVIDE, (Call(Calc.HOUR, (moment,)), Literal(12, Kind.INTEGER)))
        half = Call(Calc.CASE, (Call(Calc.GE, (half, Literal(1, Kind.INTEGER))), Literal(periods["pm"], Kind.TEXT)))
        return Call(Calc.IFNULL, (half, Literal(periods["am"], Kind.TEXT)))
    if part in ("%a", "%A"):
        days = dates.get_day_names(width, "format", language)
        return Call(Calc.PICK, (Call(Calc.WEEKDAY, (moment,)), *(Literal(days[n], Kind.TEXT) for n in range(7))))
    months = dates.get_month_names(width, "format", language)
    return Call(Calc.PICK, (Call(Calc.MONTH, (moment,)), *(Literal(months[n], Kind.TEXT) for n in range(1, 13))))


def _distance(parser: _Parser, given: list[Any]) -> Node:
    if len(given) == 3:
        return _within_distance(parser, given)
    return _plain(Calc.DISTANCE, 2)(parser, given)


def _within_distance(parser: _Parser, given: list[Any]) -> Node:
    if len(given) != 3:
        raise parser.fault("within_distance expects a field, a geometry and a distance.")
    far = given[2]
    if isinstance(far, Literal) and far.kind in _NUMBERS:
        far = _Metres(float(far.value))
    if not isinstance(far, _Metres):
        raise parser.fault("a distance is expected.")
    place = parser._expressions(given[:2])
    return Holds(Call(Calc.NEAR, (*place, Literal(far.value, Kind.NUMBER))))


def _in_bbox(parser: _Parser, given: list[Any]) -> Node:
    held = parser._expressions(given)
    numbers = [h.value for h in held[1:] if isinstance(h, Literal) and h.kind in _NUMBERS]
    if len(held) != 5 or len(numbers) != 4:
        raise parser.fault("in_bbox expects a field and four numbers.")
    lat1, lon1, lat2, lon2 = (float(n) for n in numbers)
    if not all(abs(n) <= 400 for n in (lat1, lon1, lat2, lon2)):
        raise parser.fault("in_bbox expects degrees.")
    sides = (lon1, min(lat1, lat2), lon2, max(lat1, lat2))
    if held[0] == parser.setting.place:
        return Box(*sides)
    return Holds(Call(Calc.BOX, (held[0], *(Literal(n, Kind.NUMBER) for n in sides))))


def _relation(what: Calc, negative: bool = False) -> Function:
    def made(parser: _Parser, given: list[Any]) -> Node:
        held = parser._expressions(given)
        if len(held) != 2 or not isinstance(held[1], Literal) or held[1].kind is not Kind.GEOMETRY:
            raise parser.fault("a field and a geometry are expected.")
        found = Holds(Call(what, tuple(held)))
        return Not(found) if negative else found

    return made


def _geometry(parser: _Parser, given: list[Any]) -> Node:
    if len(given) != 3 or given[2] not in ("intersects", "disjoint", "within"):
        raise parser.fault("geometry expects a field, a geometry and INTERSECTS, DISJOINT or WITHIN.")
    return _FUNCTIONS[given[2]](parser, given[:2])


def _bbox(parser: _Parser, given: list[Any]) -> Node:
    held = parser._expressions(given)
    places = [expressions.point_of(h.value) for h in held[1:] if isinstance(h, Literal) and h.kind is Kind.GEOMETRY]
    if len(held) != 3 or len(places) != 2 or places[0] is None or places[1] is None:
        raise parser.fault("bbox expects a field and two points.")
    (x1, y1), (x2, y2) = places[0], places[1]
    sides = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    return Holds(Call(Calc.BOX, (held[0], *(Literal(n, Kind.NUMBER) for n in sides))))


_FUNCTIONS: dict[str, Function] = {
    "length": _plain(Calc.LENGTH, 1), "lower": _plain(Calc.LOWER, 1), "upper": _plain(Calc.UPPER, 1),
    "ifnull": _plain(Calc.IFNULL, 2), "json_format": _json_format, "date_format": _date_format, "distance": _distance,
    "within_distance": _within_distance, "in_bbox": _in_bbox, "intersects": _relation(Calc.INTERSECTS),
    "within": _relation(Calc.WITHIN), "disjoint": _relation(Calc.INTERSECTS, negative=True), "geometry": _geometry,
    "polygon": _relation(Calc.WITHIN), "bbox": _bbox,
}  # fmt: skip
