"""The small language of the native API: ``where``, ``aggregates``, ``order`` and ``select`` become values here.

    condition  := all ("or" all)*                      all := one ("and" one)*
    one        := "not" one | "(" condition ")" | test
    test       := column ("=" | "!=" | "<" | "<=" | ">" | ">=") value
                | column ["not"] "in" "(" value ("," value)* ")"
                | column ["not"] ("contains" | "starts with") value
                | column ["not"] "between" value "and" value
                | column "is" ["not"] "null"
                | "search" "(" value ")" | "bbox" "(" west "," south "," east "," north ")"
    column     := letters, digits and _ | "between double quotes"
    value      := 'text, '' for a quote' | "text" | number | true | false
    aggregates := function [ "(" column | "*" ")" ] [ "as" name ] ("," ...)*
    order      := ["-"] column ("," ...)*

Keywords count in any case. Every fault is an ``InputError`` whose sentence names the character, counted from 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from parvis.errors import InputError, ParvisError
from parvis.store import query as asking
from parvis.values import Aggregate, All, Box, Column, Function, Kind, Not, Op, Order, Search, Some, Test, Where

MAX_LENGTH = 16_000  # characters
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<name>"(?:[^"]|"")*")
      | (?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
      | (?P<word>[A-Za-z_]\w*)
      | (?P<sign><=|>=|!=|<>|==|[=<>(),*])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_COMPARED = {"=": Op.EQ, "==": Op.EQ, "!=": Op.NE, "<>": Op.NE, "<": Op.LT, "<=": Op.LE, ">": Op.GT, ">=": Op.GE}
_FUNCTIONS = ("search", "bbox")


def where(text: str, columns: Sequence[Column], parameter: str = "where") -> Where:
    """Return the condition that a text says over a table's columns.

    Values are checked against their column's type. Raises: InputError, at the character where it goes wrong.
    """
    parser = _Parser(text, columns, parameter)
    found = parser.condition(0)
    parser.must_end()
    return found


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


class _Parser:
    def __init__(self, text: str, columns: Sequence[Column], parameter: str) -> None:
        self.text, self.parameter = text, parameter
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
        parts = [self._all(depth)]
        while self.take("or"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _all(self, depth: int) -> Where:
        parts = [self._one(depth)]
        while self.take("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, depth: int) -> Where:
        if depth >= asking.MAX_DEPTH // 2 - 1:  # a level may make two of the store's: or, and
            self._fault(self.next, "trop de parenthèses ou de « not » emboîtés")
        if self.take("not"):
            return Not(self._one(depth + 1))
        if self.take("("):
            found = self.condition(depth + 1)
            self._expect(")")
            return found
        return self._test()

    def _test(self) -> Where:
        self.tests += 1
        if self.tests > asking.MAX_PARTS // 2:
            self._fault(self.next, "trop de conditions")
        if self.next.keyword in _FUNCTIONS and self._after().keyword == "(":
            return self._search() if self.next.keyword == "search" else self._box()
        column = self._column()
        if (operator := _COMPARED.get(self.next.keyword)) is not None:
            self.index += 1
            return Test(column.name, operator, self._value(column))
        if self.take("is"):
            negative = self.take("not")
            self._expect("null")
            return Test(column.name, Op.FILLED if negative else Op.NULL)
        negative = self.take("not")
        found = self._test_in_words(column)
        return Not(found) if negative else found

    def _test_in_words(self, column: Column) -> Where:
        if self.take("in"):
            self._expect("(")
            values = [self._value(column)]
            while self.take(","):
                values.append(self._value(column))
            self._expect(")")
            return Test(column.name, Op.IN, tuple(values))
        if self.take("contains"):
            return Test(column.name, Op.CONTAINS, self._literal("un texte"))
        if self.take("starts"):
            self._expect("with")
            return Test(column.name, Op.STARTS, self._literal("un texte"))
        if not self.take("between"):
            self._fault(
                self.next, "une comparaison est attendue (=, !=, <, <=, >, >=, in, contains, starts with, is null)"
            )
        low = self._value(column)
        self._expect("and")
        return All((Test(column.name, Op.GE, low), Test(column.name, Op.LE, self._value(column))))

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


_QUOTES = "Un texte se met entre apostrophes : 'Fontclaire' ; une apostrophe y est doublée : 'l''école'."
