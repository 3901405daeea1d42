"""The words of Opendatasoft's first search, as conditions.

    query := all ("OR" all)* ; all := one (["AND"] one)* ; one := "NOT" one | "-" one | "(" query ")" | test
    test  := field (":" | "=" | "==" | "<" | "<=" | ">" | ">=") value | field ":" "[" value "TO" value "]"
           | "#" function "(" ... ")" | "some words" | word

Words alone are looked for in all the texts. What cannot be understood is looked for as words: a search box never faults.
"""

from __future__ import annotations

import re

from parvis.dialects import odsql, wkt
from parvis.dialects.odsql import Known, OdsqlError, Setting
from parvis.frozen import dataclass
from parvis.values import All, Calc, Call, Expression, Holds, Kind, Literal, Not, Search, Some, Where

LONGEST = 4000  # characters
MAX_DEPTH = 12
MAX_TESTS = 60
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<function>\#[A-Za-z]+\()
      | (?P<text>"(?:[^"\\]|\\.)*")
      | (?P<test>[^\W\d][\w.]*\s*(?:<=|>=|==|[:=<>]))
      | (?P<sign>[()\[\]-])
      | (?P<word>[^\s()\[\]"]+)
      | (?P<end>\Z)
      | (?P<other>.)
    )""",
    re.VERBOSE | re.DOTALL,
)


def where(text: str, setting: Setting) -> Where | None:
    """Return the condition that words say, None when they say nothing. Raises: OdsqlError when they are too many."""
    if len(text) > LONGEST:
        raise OdsqlError("query is too long.", "q")
    if not text.strip():
        return None
    return _Parser(text, setting).whole()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    end: int


class _Parser:
    def __init__(self, text: str, setting: Setting) -> None:
        self.text, self.setting = text, setting
        self.tokens: list[_Token] = []
        self.index = self.tests = 0
        at = 0
        while not self.tokens or self.tokens[-1].kind != "end":
            match = _TOKEN.match(text, at)
            assert match is not None
            kind = match.lastgroup or "end"
            at = match.end()
            if kind == "function":  # what is between its parentheses is read as one piece
                at = self._closing(at)
                self.tokens.append(_Token(kind, text[match.start(kind) : at], at))
            else:
                self.tokens.append(_Token(kind, match.group(kind), at))

    def _closing(self, at: int) -> int:
        depth, quoted = 1, False
        while at < len(self.text) and depth:
            sign = self.text[at]
            quoted ^= sign == '"'
            depth += 0 if quoted else (sign == "(") - (sign == ")")
            at += 1
        return at

    @property
    def next(self) -> _Token:
        return self.tokens[self.index]

    def _take(self, *words: str) -> bool:
        if self.next.kind in ("word", "sign") and self.next.text in words:
            self.index += 1
            return True
        return False

    def whole(self) -> Where:
        parts = [self._either(0)]
        while self.next.kind != "end":  # a parenthesis too many
            self.index += 1
            if self.next.kind != "end":
                parts.append(self._either(0))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _either(self, depth: int) -> Where:
        parts = [self._all(depth)]
        while self._take("OR", "or"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _all(self, depth: int) -> Where:
        parts: list[Where] = []
        while True:
            self._take("AND", "and")
            if self.next.kind == "end" or self.next.text in (")", "OR", "or"):
                break
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, depth: int) -> Where:
        self.tests += 1
        if depth > MAX_DEPTH or self.tests > MAX_TESTS:
            raise OdsqlError("query is too long.", "q")
        if self._take("NOT", "not", "-"):
            return Not(self._one(depth + 1)) if self.next.kind != "end" else All(())
        if self._take("("):
            found = self._either(depth + 1)
            self._take(")")
            return found
        token = self.next
        self.index += 1
        if token.kind == "function":
            return self._function(token.text)
        if token.kind == "text":
            return Search(_unquoted(token.text))
        if token.kind == "test":
            return self._field(token.text)
        return Search(token.text.strip("*?")) if token.kind == "word" else All(())

    def _field(self, text: str) -> Where:
        match = re.fullmatch(r"([\w.]+)\s*(\W+)", text)
        assert match is not None
        name, sign = match[1], match[2]
        known = self.setting.fields.get(name) or self.setting.fields.get(name.lower())
        if self.next.text in ("[", "]") and known is not None:
            return self._interval(known)
        token = self.next
        if token.kind not in ("word", "text", "function"):
            return Search(name)
        self.index += 1
        value = _unquoted(token.text) if token.kind == "text" else token.text
        if known is None:
            return Search(f"{name} {value}")
        return self._compared(known, sign, value)

    def _interval(self, known: Known) -> Where:
        start = self.tokens[self.index - 1].end
        end = next((t.end for t in self.tokens[self.index + 1 :] if t.text in ("[", "]")), len(self.text))
        self.index = next(
            (i + 1 for i, t in enumerate(self.tokens) if i > self.index and t.text in ("[", "]")), len(self.tokens) - 1
        )
        bounds = re.split(r"\s+TO\s+|\.\.", self.text[start:end].strip("[] \t"))
        tests = [
            self._compared(known, sign, bound.strip().strip('"'))
            for sign, bound in zip((">=", "<="), bounds, strict=False)
            if bound.strip() not in ("", "*")
        ]
        return All(tuple(tests))

    def _compared(self, known: Known, sign: str, value: str) -> Where:
        if value.startswith("#now"):
            said = f"now{value[4:]}"
        elif known.kind is Kind.TEXT and sign in (":", "="):
            if known.many:
                return odsql.where(f"`{known.name}` = {_odsql(value)}", self.setting, "q")
            return odsql.like(known.expression, value)
        else:
            said = value if re.fullmatch(r"-?\d+(?:\.\d+)?", value) and known.kind is not Kind.DATE else _odsql(value)
        try:
            return odsql.where(f"`{known.name}` {'=' if sign == ':' else sign} {said}", self.setting, "q")
        except OdsqlError:
            return Some(())  # a value that this field cannot hold: no row has it

    def _function(self, text: str) -> Where:
        name, inside = text[1 : text.index("(")].lower(), text[text.index("(") + 1 :].rstrip(")")
        given = [p.strip() for p in re.findall(r'"(?:[^"\\]|\\.)*"|\([^)]*\)|[^,]+', inside)]
        plain = [_unquoted(p) if p.startswith('"') else p for p in given if p]
        known = self.setting.fields.get(plain[0]) if plain else None
        if name == "null" and known:
            return odsql.where(f"`{known.name}` is null", self.setting, "q")
        if name == "exact" and known and len(plain) == 2:
            return self._compared(known, "==", plain[1])
        if name == "startswith" and known and len(plain) == 2:
            return Holds(Call(Calc.STARTS, (known.expression, Literal(plain[1], Kind.TEXT))))
        if name == "search" and len(plain) >= 2:
            fields = [k.expression for p in plain[:-1] if (k := self.setting.fields.get(p))]
            return Holds(Call(Calc.FUZZY, (Literal(plain[-1], Kind.TEXT), *(fields or self.setting.texts))))
        if name == "distance":
            return distance(",".join(plain if known is None else plain[1:]), self.setting)
        if name == "polygon":
            return polygon(inside, self.setting)
        return Search(" ".join(plain)) if plain else All(())


def distance(text: str, setting: Setting) -> Where:
    """Return the rows within so many metres of « latitude,longitude,metres »."""
    try:
        lat, lon, *far = (float(p) for p in re.split(r"[,\s]+", text.strip('" ')) if p)
        place = wkt.wkb(f"POINT({lon} {lat})")
        metres = far[0] if far else 0.0
        if not 0 <= metres <= 5e7:
            raise ValueError(text)
    except ValueError as error:
        raise OdsqlError(f"invalid distance: {text[:60]}", "geofilter.distance") from error
    return Holds(Call(Calc.NEAR, (_place(setting), Literal(place, Kind.GEOMETRY), Literal(metres, Kind.NUMBER))))


def polygon(text: str, setting: Setting) -> Where:
    """Return the rows that meet the polygon « (lat,lon),(lat,lon),... »."""
    try:
        pairs = re.findall(r"(-?[\d.]+)\s*,\s*(-?[\d.]+)", text)  # with parentheses around each, or none
        shape = wkt.polygon([(float(lon), float(lat)) for lat, lon in pairs])
    except ValueError as error:
        raise OdsqlError(f"invalid polygon: {text[:60]}", "geofilter.polygon") from error
    return Holds(Call(Calc.INTERSECTS, (_place(setting), Literal(shape, Kind.GEOMETRY))))


def box(text: str, setting: Setting) -> Where:
    """Return the rows that meet the box « latitude,longitude,latitude,longitude » of two opposite corners."""
    try:
        lat1, lon1, lat2, lon2 = (float(p) for p in re.split(r"[,\s]+", text.strip('" ()')) if p)
        if not all(abs(n) <= 720 for n in (lat1, lon1, lat2, lon2)):
            raise ValueError(text)
    except ValueError as error:
        raise OdsqlError(f"invalid box: {text[:60]}", "geofilter.bbox") from error
    sides = (min(lon1, lon2), min(lat1, lat2), max(lon1, lon2), max(lat1, lat2))
    return Holds(Call(Calc.BOX, (_place(setting), *(Literal(n, Kind.NUMBER) for n in sides))))


def _place(setting: Setting) -> Expression:
    for name in ("geo_shape", "geo_point_2d"):
        if (known := setting.fields.get(name)) is not None:
            return known.expression
    raise OdsqlError("this dataset has no place.", "geofilter")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _odsql(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
