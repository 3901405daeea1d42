"""The small language of the native API: ``where``, ``aggregates``, ``order`` and ``select`` become values here.

    condition  := all ("or" all)*                      all := one ("and" one)*
    one        := "not" one | test
    test       := sum ("=" | "!=" | "<" | "<=" | ">" | ">=") (value | sum)
                | sum ["not"] "in" "(" value ("," value)* ")"
                | sum ["not"] ("contains" | "starts with") value
                | sum ["not"] "between" value "and" value
                | sum "is" ["not"] "null"
                | "(" condition ")"
                | "search" "(" value ")" | "bbox" "(" west "," south "," east "," north ")"
                | "near" "(" longitude "," latitude "," metres ")" | ("intersects" | "within") "(" shape ")"
    sum        := product (("+" | "-") product)*       product := factor (("*" | "/") factor)*
    factor     := column | number | 'text' | function "(" sum ("," sum)* ")" | "(" sum ")" | "-" factor
    column     := letters, digits and _ | "between double quotes"
    value      := 'text, '' for a quote' | "text" | number | true | false
    shape      := 'WKT or GeoJSON, in degrees, longitude first'
    aggregates, select, group := sum ["as" name] ("," ...)*
    order      := ["-"] sum ("," ...)*

A column compared with a value is a plain test, which the store answers fastest; anything else is a calculation. Keywords
count in any case. Every fault is an ``InputError`` whose sentence names the character, counted from 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn

from parvis.dialects import wkt
from parvis.errors import InputError, ParvisError
from parvis.frozen import dataclass
from parvis.store import expressions
from parvis.store import query as asking
from parvis.values import (
    Aggregate,
    All,
    Box,
    Calc,
    Call,
    Column,
    Expression,
    Field,
    Function,
    Holds,
    Kind,
    Literal,
    Named,
    Not,
    Op,
    Order,
    Search,
    Some,
    Sort,
    Test,
    Where,
)

if TYPE_CHECKING:
    from typing_extensions import TypeIs

MAX_LENGTH = 16_000  # characters
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<name>"(?:[^"]|"")*")
      | (?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
      | (?P<word>[A-Za-z_]\w*)
      | (?P<sign><=|>=|!=|<>|==|-(?!-)|/(?!\*)|[=<>(),*+])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_COMPARED = {"=": Op.EQ, "==": Op.EQ, "!=": Op.NE, "<>": Op.NE, "<": Op.LT, "<=": Op.LE, ">": Op.GT, ">=": Op.GE}
_CALCS = {
    Op.EQ: Calc.EQ, Op.NE: Calc.NE, Op.LT: Calc.LT, Op.LE: Calc.LE, Op.GT: Calc.GT, Op.GE: Calc.GE,
}  # fmt: skip
_CALCULATED = re.compile(r"[()+*/']|\w\s*-|\bas\b", re.IGNORECASE)
_NAME_LENGTH = 60
Node = Expression | Where


def calculated(text: str) -> bool:
    """True when a list says more than names of columns."""
    return _CALCULATED.search(text) is not None


def where(
    text: str,
    columns: Sequence[Column],
    parameter: str = "where",
    place: Expression | None = None,
    *,
    free: bool = False,
) -> Where:
    """Return the condition that a text says over a table's columns; ``place`` is where its rows are on the map.

    Values are checked against their column's type, unless ``free``: the columns are names of an answer, whose types only the
    store knows. Raises: InputError, at the character where it goes wrong.
    """
    parser = _Parser(text, columns, parameter, place, free=free)
    found = parser.condition(0)
    parser.must_end()
    return found


def named(text: str, columns: Sequence[Column], parameter: str, place: Expression | None = None) -> tuple[Named, ...]:
    """Return the calculations that a text lists, each with its name in the answer: « * » is every column."""
    parser = _Parser(text, columns, parameter, place)
    found = parser.item()
    while parser.take(","):
        found += parser.item()
    parser.must_end()
    told = tuple(dict.fromkeys(found))
    if len({n.name for n in told}) < len(told):
        raise InputError(
            "« {parameter} » : deux résultats portent le même nom.",
            "Donnez-leur un nom : « … as nom ».",
            parameter=parameter,
        )
    return told


def sorts(
    text: str,
    columns: Sequence[Column],
    labels: Sequence[str],
    parameter: str = "order",
    place: Expression | None = None,
) -> tuple[Sort, ...]:
    """Return the orders that a text lists; ``labels`` are names of the answer, which count before columns."""
    parser = _Parser(text, columns, parameter, place)
    found = [parser.sort(labels)]
    while parser.take(","):
        found.append(parser.sort(labels))
    parser.must_end()
    return tuple(found)


def aggregates(text: str, columns: Sequence[Column], parameter: str = "aggregates") -> tuple[Aggregate, ...]:
    """Return the calculations that a text lists: « count, sum(montant) as total »."""
    parser = _Parser(text, columns, parameter)
    found = [parser.aggregate()]
    while parser.take(","):
        found.append(parser.aggregate())
    parser.must_end()
    return tuple(found)


def names(text: str, parameter: str) -> tuple[str, ...]:
    """Return the names of a list separated by commas; none twice."""
    found = [part.strip().strip('"') for part in text.split(",")]
    for part in found:
        if not part:
            raise InputError(
                "« {parameter} » attend des noms de colonnes séparés par des virgules.", parameter=parameter
            )
    return tuple(dict.fromkeys(found))


def order(text: str, parameter: str = "order") -> tuple[Order, ...]:
    """Return the sort that a text says: « -montant,commune » puts the largest amounts first."""
    return tuple(Order(n.lstrip("-").strip(), n.startswith("-")) for n in names(text, parameter))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # text, name, number, word, sign, end
    text: str
    at: int  # position of its first character, from 1

    @property
    def keyword(self) -> str:
        return self.text.lower() if self.kind in ("word", "sign") else ""


def _is_condition(node: Node) -> TypeIs[Where]:
    return isinstance(node, Test | All | Some | Not | Search | Box | Holds)


class _Parser:
    def __init__(
        self,
        text: str,
        columns: Sequence[Column],
        parameter: str,
        place: Expression | None = None,
        *,
        free: bool = False,
    ) -> None:
        self.text, self.parameter, self.place, self.free = text, parameter, place, free
        self.columns = {c.name: c for c in columns}
        if len(text) > MAX_LENGTH:
            raise InputError(
                "« {parameter} » ne peut dépasser {limit} caractères.", parameter=parameter, limit=MAX_LENGTH
            )
        self.tokens = self._cut()
        self.index = 0
        self.tests = 0

    # --- Conditions --------------------------------------------------------------------------------

    def condition(self, depth: int) -> Where:
        start = self.next
        return self._as_condition(self._either(depth), start)

    def _either(self, depth: int) -> Node:
        """Return what parentheses may hold: a condition, or a sum."""
        start = self.next
        parts = [self._all(depth)]
        while self.take("or"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Some(tuple(self._as_condition(p, start) for p in parts))

    def _all(self, depth: int) -> Node:
        start = self.next
        parts = [self._one(depth)]
        while self.take("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(self._as_condition(p, start) for p in parts))

    def _one(self, depth: int) -> Node:
        if depth >= asking.MAX_DEPTH // 2 - 1:  # a level may make two of the store's: or, and
            self._fault(self.next, "trop de parenthèses ou de « not » emboîtés")
        if self.take("not"):
            start = self.next
            return Not(self._as_condition(self._one(depth + 1), start))
        return self._test(depth)

    def _as_condition(self, node: Node, start: _Token) -> Where:
        if isinstance(node, Literal):
            self._fault(start, "un nom de colonne est attendu")
        if not _is_condition(node):
            self._fault(
                self.next, "une comparaison est attendue (=, !=, <, <=, >, >=, in, contains, starts with, is null)"
            )
        return node

    def _test(self, depth: int) -> Node:
        self.tests += 1
        if self.tests > asking.MAX_PARTS // 2:
            self._fault(self.next, "trop de conditions")
        if self.next.kind not in ("word", "name", "number", "text") and self.next.keyword not in ("(", "-"):
            self._fault(self.next, "un nom de colonne est attendu")
        start = self.next
        left = self._sum(depth)
        if _is_condition(left):
            return left
        if isinstance(left, Literal) and self._says_a_value_after():
            self._fault(start, "un nom de colonne est attendu")
        if (operator := _COMPARED.get(self.next.keyword)) is not None:
            self.index += 1
            return self._compared(left, operator, depth)
        if self.take("is"):
            negative = self.take("not")
            self._expect("null")
            if (column := self._plain(left)) is not None:
                return Test(column.name, Op.FILLED if negative else Op.NULL)
            return Holds(Call(Calc.NE if negative else Calc.EQ, (left, Literal(None, None))))
        negative = self.next.keyword == "not" and self._after().keyword in ("in", "contains", "starts", "between")
        if negative:
            self.index += 1
        found = self._test_in_words(left, depth)
        if found is None:
            return left
        return Not(found) if negative else found

    def _plain(self, node: Expression) -> Column | None:
        """Return the column that a plain test may look at, None for a calculation."""
        return self.columns.get(node.name) if isinstance(node, Field) and not self.free else None

    def _compared(self, left: Expression, operator: Op, depth: int) -> Where:
        column = self._plain(left)
        if column is not None and self._says_a_value():
            return Test(column.name, operator, self._value(column))
        return Holds(Call(_CALCS[operator], (left, self._right(depth))))

    def _says_a_value(self) -> bool:
        """True when what follows is a value and nothing is calculated with it."""
        token, after = self.next, self._after()
        if token.kind == "word" and token.keyword not in ("true", "false"):
            return after.keyword != "(" and token.text not in self.columns and token.text.lower() not in self.columns
        if token.kind == "number" or token.keyword in ("true", "false"):
            return after.keyword not in ("+", "-", "*", "/") and after.kind != "number"
        return token.kind in ("text", "name", "end")

    def _says_a_value_after(self) -> bool:
        """True when a comparison follows, then a value: nothing of the table would be looked at."""
        return self.next.keyword in _COMPARED and self._after().kind in ("number", "text", "name")

    def _right(self, depth: int) -> Expression:
        """Return what stands on the right of a comparison: between double quotes, a text."""
        if self.next.kind in ("text", "name"):
            return Literal(self._literal("une valeur"), Kind.TEXT)
        start = self.next
        found = self._sum(depth)
        if _is_condition(found):
            self._fault(start, "une valeur est attendue", _QUOTES)
        return found

    def _test_in_words(self, left: Expression, depth: int) -> Where | None:
        column = self._plain(left)
        if self.take("in"):
            self._expect("(")
            values = [self._item_of(column, depth)]
            while self.take(","):
                values.append(self._item_of(column, depth))
            self._expect(")")
            if column is not None:
                return Test(column.name, Op.IN, tuple(v.value for v in values if isinstance(v, Literal)))
            return Holds(Call(Calc.ANY, (left, *values)))
        if self.take("contains"):
            return self._part(left, Op.CONTAINS, self._literal("un texte"))
        if self.take("starts"):
            self._expect("with")
            return self._part(left, Op.STARTS, self._literal("un texte"))
        if not self.take("between"):
            return None
        low = self._compared(left, Op.GE, depth)
        self._expect("and")
        return All((low, self._compared(left, Op.LE, depth)))

    def _item_of(self, column: Column | None, depth: int) -> Expression:
        if column is not None:
            return Literal(self._value(column), Kind.TEXT)
        return self._right(depth)

    def _part(self, left: Expression, operator: Op, text: str) -> Where:
        if (column := self._plain(left)) is not None:
            return Test(column.name, operator, text)
        folded = Call(Calc.UNACCENTED, (Call(Calc.LOWER, (left,)),))
        calc = Calc.CONTAINS if operator is Op.CONTAINS else Calc.STARTS
        return Holds(Call(calc, (folded, Literal(expressions.folded(text), Kind.TEXT))))

    # --- Calculations ------------------------------------------------------------------------------

    def _sum(self, depth: int) -> Node:
        return self._chain(depth, self._product, {"+": Calc.ADD, "-": Calc.SUBTRACT})

    def _product(self, depth: int) -> Node:
        return self._chain(depth, self._factor, {"*": Calc.MULTIPLY, "/": Calc.DIVIDE})

    def _chain(self, depth: int, part: Callable[[int], Node], signs: Mapping[str, Calc]) -> Node:
        start = self.next
        left, links = part(depth), 0
        while True:
            what = signs.get(self.next.keyword)
            if what is not None:
                self.index += 1
            elif self.next.kind == "number" and self.next.text[0] in "+-" and "+" in signs:
                what = Calc.ADD  # « a -1 » : the sign was read with the number
            else:
                return left
            links += 1
            following = self.next
            right = part(depth)
            for node, token in ((left, start), (right, following)):
                if _is_condition(node):
                    self._fault(token, "on ne calcule pas avec une condition")
            if links > 20 or _is_condition(left) or _is_condition(right):
                self._fault(following, "ce calcul est trop long")
            left = Call(what, (left, right))

    def _factor(self, depth: int) -> Node:
        if depth >= asking.MAX_DEPTH // 2:
            self._fault(self.next, "trop de parenthèses ou de « not » emboîtés")
        token = self.next
        if self.take("("):
            found = self._either(depth + 1)
            self._expect(")")
            return found
        if self.take("-"):
            right = self._factor(depth + 1)
            if _is_condition(right):
                self._fault(token, "on ne calcule pas avec une condition")
            return Call(Calc.SUBTRACT, (Literal(0, Kind.INTEGER), right))
        if token.kind == "number":
            self.index += 1
            return self._number(token)
        if token.kind == "text":
            return Literal(self._literal("un texte"), Kind.TEXT)
        if token.kind == "word" and self._after().keyword == "(":
            return self._function(token, depth)
        if token.keyword in ("true", "false") and token.text not in self.columns:
            self.index += 1
            return Literal(token.keyword == "true", Kind.BOOLEAN)
        return Field(self._column().name)

    def _number(self, token: _Token) -> Literal:
        if re.fullmatch(r"[-+]?\d{1,18}", token.text):
            return Literal(int(token.text), Kind.INTEGER)
        value = float(token.text)
        if value in (float("inf"), float("-inf")):
            self._fault(token, "ce nombre est trop grand")
        return Literal(value, Kind.NUMBER)

    def _function(self, token: _Token, depth: int) -> Node:
        name = token.keyword
        if name == "search":
            return self._search()
        if name == "bbox":
            return self._box()
        if name in _SPATIAL:
            return self._spatial(name)
        if name not in _FUNCTIONS and name not in _OVER_ROWS:
            self._fault(token, "cette fonction n'existe pas", f"Fonctions : {', '.join(FUNCTIONS)}.")
        self.index += 2
        if name == "count" and self.take("*"):
            self._expect(")")
            return Call(Calc.COUNT)
        given = self._arguments(depth + 1)
        return self._over_rows(token, given) if name in _OVER_ROWS else self._calculation(token, given)

    def _arguments(self, depth: int) -> list[Expression]:
        found: list[Expression] = []
        if self.take(")"):
            return found
        while True:
            start = self.next
            one = self._sum(depth)
            if _is_condition(one):
                self._fault(start, "une valeur est attendue", _QUOTES)
            found.append(one)
            if not self.take(","):
                break
        self._expect(")")
        return found

    def _calculation(self, token: _Token, given: list[Expression]) -> Expression:
        calc, least, most, said = _FUNCTIONS[token.keyword]
        if not least <= len(given) <= most:
            self._fault(token, f"cette fonction s'écrit {said}")
        if token.keyword == "date":
            return self._date(token, given[0])
        if token.keyword == "format":
            form = given[1].value if isinstance(given[1], Literal) else None
            if not isinstance(form, str) or not re.fullmatch(r"(?:%[YmdHMSjVGuy%]|[^%\x00]){1,60}", form):
                self._fault(token, f"cette fonction s'écrit {said}")
        if token.keyword == "period":
            unit, count = given[1], given[2] if len(given) > 2 else Literal(1, Kind.INTEGER)
            if not isinstance(unit, Literal) or unit.value not in expressions.UNITS:
                self._fault(token, f"cette fonction s'écrit {said}", f"Périodes : {', '.join(expressions.UNITS)}.")
            return Call(calc, (given[0], count, unit))
        if token.keyword == "distance":
            return Call(calc, (self._place(token), self._point(token, given)))
        if token.keyword == "range":
            for bound in given[1:]:
                if not isinstance(bound, Literal):
                    self._fault(token, f"cette fonction s'écrit {said}")
        return Call(calc, tuple(given))

    def _date(self, token: _Token, said: Expression) -> Literal:
        try:
            text, kind = expressions.moment(said.value if isinstance(said, Literal) else "")
        except (ValueError, OverflowError):
            self._fault(token, "cette date n'existe pas", "Écrivez-la comme date('2026-03-01').")
        return Literal(text, kind)

    def _over_rows(self, token: _Token, given: list[Expression]) -> Call:
        name = token.keyword
        if name == "count" and not given:
            return Call(Calc.COUNT)
        if name == "extent":
            if given:
                self._fault(token, "cette fonction s'écrit extent()")
            return Call(Calc.ENVELOPE, (self._place(token),))
        wanted = 2 if name == "percentile" else 1
        if len(given) != wanted:
            self._fault(token, f"{wanted} argument{'s' if wanted > 1 else ''} attendu{'s' if wanted > 1 else ''}")
        if name == "median":
            given = [*given, Literal(50, Kind.INTEGER)]
        return Call(_OVER_ROWS[name], tuple(given))

    # --- Places ------------------------------------------------------------------------------------

    def _place(self, token: _Token) -> Expression:
        if self.place is None:
            self._fault(token, "ces lignes n'ont pas de lieu")
        return self.place

    def _point(self, token: _Token, given: Sequence[Expression]) -> Literal:
        numbers = [g.value for g in given if isinstance(g, Literal) and g.kind in expressions.NUMBERS]
        if len(numbers) != 2 or not (abs(numbers[0]) <= 180 and abs(numbers[1]) <= 90):
            self._fault(token, "une longitude et une latitude en degrés sont attendues")
        return Literal(wkt.wkb(f"POINT({float(numbers[0])} {float(numbers[1])})"), Kind.GEOMETRY)

    def _spatial(self, name: str) -> Where:
        token = self.next
        self.index += 2
        if name == "near":
            given = self._arguments(0)
            far = given[2] if len(given) == 3 else None
            if not isinstance(far, Literal) or far.kind not in expressions.NUMBERS or far.value < 0:
                self._fault(token, "cette fonction s'écrit near(longitude, latitude, mètres)")
            return Holds(Call(Calc.NEAR, (self._place(token), self._point(token, given[:2]), far)))
        start = self.next
        text = self._literal("une forme")
        self._expect(")")
        try:
            shape = Literal(wkt.wkb(text), Kind.GEOMETRY)
        except wkt.ShapeError:
            self._fault(start, "cette forme n'est pas comprise", "Par exemple : 'POLYGON((2 48, 3 48, 3 49, 2 48))'.")
        return Holds(Call(_SPATIAL[name], (self._place(token), shape)))

    # --- Lists -------------------------------------------------------------------------------------

    def item(self) -> list[Named]:
        """Return one item of a list: « * » stands for every column."""
        if self.next.keyword == "*" and self._after().keyword in (",", ""):
            self.index += 1
            return [Named(Field(n), n) for n in self.columns]
        start, first = self.next, self.index
        if self.next.keyword in _OVER_ROWS and self.next.keyword not in self.columns and self._after().keyword != "(":
            self.index += 1
            if start.keyword != "count":
                self._fault(self.next, "une colonne entre parenthèses est attendue")
            found: Node = Call(Calc.COUNT)
        else:
            found = self._sum(0)
        if _is_condition(found):
            self._fault(start, "une valeur est attendue", _QUOTES)
        name = _named_by_itself(found) or self._written(first)
        if self.take("as"):
            token = self.next
            if token.kind not in ("word", "name") or not 0 < len(token.text.strip('"')) <= _NAME_LENGTH:
                self._fault(token, f"un nom de résultat est attendu, de {_NAME_LENGTH} signes au plus")
            name = token.text.strip('"')
            self.index += 1
        return [Named(found, name)]

    def _written(self, first: int) -> str:
        """Return the text of the tokens since the one that stands at ``first``."""
        last = self.tokens[self.index - 1]
        return self.text[self.tokens[first].at - 1 : last.at - 1 + len(last.text)][:200]

    def sort(self, labels: Sequence[str]) -> Sort:
        descending = False
        if self.next.keyword == "-":
            self.index += 1
            descending = True
        token, after = self.next, self._after()
        label = token.text.strip('"')
        if token.kind in ("word", "name") and label in labels and after.keyword in (",", ""):
            self.index += 1
            return Sort(label, descending)
        first = self.index
        found = self._sum(0)
        if _is_condition(found) or isinstance(found, Literal):
            self._fault(token, "une colonne ou un calcul est attendu")
        written = self._written(first)
        return Sort(written if written in labels else found, descending)

    # --- Searches ----------------------------------------------------------------------------------

    def _search(self) -> Where:
        self.index += 1
        self._expect("(")
        found = Search(self._literal("un texte"))
        self._expect(")")
        return found

    def _box(self) -> Where:
        self.index += 1
        self._expect("(")
        sides = []
        for turn in range(4):
            if turn:
                self._expect(",")
            token = self.next
            if token.kind != "number":
                self._fault(token, "un nombre de degrés est attendu : bbox(ouest, sud, est, nord)")
            self.index += 1
            sides.append(float(token.text))
        self._expect(")")
        return Box(*sides)

    # --- Aggregates --------------------------------------------------------------------------------

    def aggregate(self) -> Aggregate:
        token = self.next
        if token.keyword not in list(Function):
            self._fault(token, f"une fonction est attendue : {', '.join(Function)}")
        function = Function(token.keyword)
        self.index += 1
        column = ""
        if self.take("("):
            if not (function is Function.COUNT and self.take("*")):
                column = self._column().name
            self._expect(")")
        elif function is not Function.COUNT:
            self._fault(self.next, "une colonne entre parenthèses est attendue")
        name = ""
        if self.take("as"):
            token = self.next
            if token.kind != "word" or not token.text.isascii() or len(token.text) > 60:
                self._fault(token, "un nom de résultat est attendu (lettres sans accent, chiffres et _)")
            name = token.text
            self.index += 1
        return Aggregate(function, column, name)

    # --- Words -------------------------------------------------------------------------------------

    @property
    def next(self) -> _Token:
        return self.tokens[self.index]

    def take(self, word: str) -> bool:
        """True, and one token further, when the next one is this word or sign."""
        if self.next.keyword != word:
            return False
        self.index += 1
        return True

    def must_end(self) -> None:
        if self.next.kind != "end":
            self._fault(self.next, "« and », « or » ou la fin est attendu")

    def _after(self) -> _Token:
        return self.tokens[min(self.index + 1, len(self.tokens) - 1)]

    def _expect(self, word: str) -> None:
        if not self.take(word):
            self._fault(self.next, f"« {word} » est attendu")

    def _column(self) -> Column:
        token = self.next
        if token.kind not in ("word", "name"):
            self._fault(token, "un nom de colonne est attendu")
        name = token.text[1:-1].replace('""', '"') if token.kind == "name" else token.text
        column = self.columns.get(name) or self.columns.get(name.lower())
        if column is None:
            known = ", ".join(sorted(self.columns)[:60])
            self._fault(token, "cette colonne n'existe pas", f"Colonnes : {known}.")
        self.index += 1
        return column

    def _value(self, column: Column) -> str | bool:
        """Return a literal that fits a column."""
        token = self.next
        value = self._literal("une valeur")
        if column.kind is Kind.GEOMETRY:
            self._fault(token, "cette colonne est une géométrie", "Utilisez bbox(ouest, sud, est, nord).")
        try:
            asking.fit(column, value)
        except ParvisError as error:
            self._fault(token, error.text.rstrip("."))
        return value

    def _literal(self, wanted: str) -> str:
        """Return a literal as it was written: numbers too, since a code such as 01234 is text."""
        token = self.next
        if token.kind == "text":
            value = token.text[1:-1].replace("''", "'")
        elif token.kind == "name":
            value = token.text[1:-1].replace('""', '"')
        elif token.kind == "number" or token.keyword in ("true", "false"):
            value = token.text
        else:
            self._fault(token, f"{wanted} est attendu{'e' if wanted.startswith('une') else ''}", _QUOTES)
        self.index += 1
        return value

    def _cut(self) -> list[_Token]:
        found, at = [], 0
        while True:
            match = _TOKEN.match(self.text, at)
            if match is None:
                start = at + len(self.text[at:]) - len(self.text[at:].lstrip())
                token = _Token("sign", self.text[start : start + 20], start + 1)
                if self.text[start] in "'\"":
                    self._fault(token, "ce guillemet n'est pas refermé")
                self._fault(token, "ce signe n'est pas compris", _QUOTES)
            kind = match.lastgroup or "end"
            found.append(_Token(kind, match.group(kind), match.start(kind) + 1))
            if kind == "end":
                return found
            at = match.end()

    def _fault(self, token: _Token, said: str, hint: str = "") -> NoReturn:
        if token.kind == "end":
            message = "« {parameter} », à la fin : {said}."
        else:
            message = "« {parameter} », caractère {position}, devant « {found} » : {said}."
        raise InputError(
            message,
            "{advice}" if hint else "",
            parameter=self.parameter,
            position=token.at,
            found=token.text[:30],
            said=said,
            advice=hint,
        )


def _named_by_itself(node: Expression) -> str:
    """Return the name of a result that is not given one: a column's own, « sum_montant » ; "" for what is longer."""
    if isinstance(node, Field):
        return node.name
    if isinstance(node, Call) and node.what in expressions.AGGREGATES:
        column = node.arguments[0] if node.arguments else None
        name = next((n for n, c in _OVER_ROWS.items() if c is node.what and n != "median"), "")
        if node.what is Calc.PERCENTILE and node.arguments[1] == Literal(50, Kind.INTEGER):
            name = "median"
        if column is None or node.what is Calc.ENVELOPE:
            return name
        return (
            f"{name}_{column.name}"
            if isinstance(column, Field) and len(node.arguments) <= 1 + (name == "median")
            else ""
        )
    return ""


# name -> what it calculates, how many arguments it takes, how it is written
_FUNCTIONS: dict[str, tuple[Calc, int, int, str]] = {
    **{
        name: (calc, 1, 1, f"{name}(date)")
        for name, calc in (
            ("year", Calc.YEAR), ("quarter", Calc.QUARTER), ("month", Calc.MONTH), ("day", Calc.DAY),
            ("weekday", Calc.WEEKDAY), ("hour", Calc.HOUR), ("minute", Calc.MINUTE), ("second", Calc.SECOND),
        )
    },
    "date": (Calc.YEAR, 1, 1, "date('2026-03-01')"),
    "period": (Calc.BUCKET, 2, 3, "period(date, 'month') ou period(date, 'day', 10)"),
    "format": (Calc.FORMAT, 2, 2, "format(date, '%Y-%m') ; lettres : Y m d H M S j V G u y"),
    "range": (Calc.RANGE, 3, 100, "range(nombre, 0, 10, 100)"),
    "step": (Calc.STEP, 2, 2, "step(nombre, 10)"),
    "length": (Calc.LENGTH, 1, 1, "length(texte)"), "lower": (Calc.LOWER, 1, 1, "lower(texte)"),
    "upper": (Calc.UPPER, 1, 1, "upper(texte)"), "unaccented": (Calc.UNACCENTED, 1, 1, "unaccented(texte)"),
    "concat": (Calc.JOIN, 1, 20, "concat(texte, …)"), "ifnull": (Calc.IFNULL, 2, 2, "ifnull(valeur, autre)"),
    "distance": (Calc.DISTANCE, 2, 2, "distance(longitude, latitude)"),
}  # fmt: skip
_OVER_ROWS: dict[str, Calc] = {
    "count": Calc.COUNT, "count_distinct": Calc.COUNT_DISTINCT, "sum": Calc.SUM, "avg": Calc.AVG, "min": Calc.MIN,
    "max": Calc.MAX, "median": Calc.PERCENTILE, "percentile": Calc.PERCENTILE, "extent": Calc.ENVELOPE,
}  # fmt: skip
_SPATIAL = {"near": Calc.NEAR, "intersects": Calc.INTERSECTS, "within": Calc.WITHIN}
FUNCTIONS = (*_FUNCTIONS, *_OVER_ROWS, "search", "bbox", *_SPATIAL)
_QUOTES = "Un texte se met entre apostrophes : 'Fontclaire' ; une apostrophe y est doublée : 'l''école'."
