"""JSON as a stream: a large array never has to fit in memory, and nothing hostile in it can hurt.

One item may weigh as much as one line of text may (``Limits.line``); nesting deeper than Python's own limit and cut
files are refused with the line where they stand; NaN and infinite numbers become empty cells and are counted.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from parvis.errors import InputError, LimitError
from parvis.frozen import dataclass
from parvis.tables import sniff
from parvis.tables.table import Limits
from parvis.values import Finding, Severity, msg

_CHUNK = 1 << 20
_SPACE = re.compile(r"[ \t\r\n]*")
_CONTAINERS = 3  # objects opened one in the other before an array is looked for
_DEEP = 6  # levels written as dotted columns; what is deeper stays JSON


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a JSON file: an item of an array (``listed``), or a value standing alone."""

    path: str  # keys that lead to the array, dotted; "" at the top
    line: int
    value: Any
    text: str  # as written
    listed: bool


class Objects:
    """The values of a JSON file; ``bad`` counts the numbers that are none."""

    def __init__(self, path: Path, limits: Limits, exact: bool = True) -> None:
        self.path, self.limits, self.bad = path, limits, 0
        self.encoding = encoding(path)
        self._decoder = json.JSONDecoder(
            parse_float=self._written if exact else self._number,
            parse_int=str if exact else None,
            parse_constant=self._constant,
        )

    def lines(self) -> Iterator[Item]:
        """Yield the value of each line of a JSON Lines file."""
        with self._open() as stream:
            number = 0
            while line := stream.readline(self.limits.line):
                number += 1
                if len(line) >= self.limits.line:
                    raise _long(number)
                if bare := line.strip().lstrip("\x1e"):
                    value, end = self._decode(bare, 0, number)
                    if bare[end:].strip():
                        raise _broken(number)
                    yield Item("", number, value, bare, True)

    def items(self) -> Iterator[Item]:
        """Yield the items of every array that stands at the top or in the objects at the top, and the other values."""
        with self._open() as stream:
            cursor = _Cursor(stream, self.limits.line)
            yield from self._container(cursor, "", 0)
            if cursor.sign(end=True):
                raise _broken(cursor.line)

    def remarks(self) -> Iterator[Finding]:
        if self.bad:
            yield Finding(
                "json.nan",
                Severity.WARN,
                msg("Nombres interdits en JSON (NaN, infini), laissés vides : {count}."),
                values={"count": self.bad},
                count=self.bad,
            )  # fmt: skip

    def _open(self) -> TextIO:
        return self.path.open("r", encoding=self.encoding, errors="replace", newline="")

    def _container(self, cursor: _Cursor, path: str, depth: int) -> Iterator[Item]:
        sign = cursor.sign()
        if sign == "[":
            yield from self._array(cursor, path)
        elif sign == "{" and depth < _CONTAINERS:
            yield from self._object(cursor, path, depth)
        else:
            yield self._value(cursor, path, False)

    def _array(self, cursor: _Cursor, path: str) -> Iterator[Item]:
        cursor.at += 1
        if cursor.sign() == "]":
            cursor.at += 1
            return
        while True:
            cursor.sign()
            yield self._value(cursor, path, True)
            sign = cursor.sign()
            cursor.at += 1
            if sign == "]":
                return
            if sign != ",":
                raise _broken(cursor.line)

    def _object(self, cursor: _Cursor, path: str, depth: int) -> Iterator[Item]:
        cursor.at += 1
        if cursor.sign() == "}":
            cursor.at += 1
            return
        while True:
            cursor.sign()
            key = self._value(cursor, "", False).value
            if not isinstance(key, str) or cursor.sign() != ":":
                raise _broken(cursor.line)
            cursor.at += 1
            yield from self._container(cursor, f"{path}.{key}" if path else key, depth + 1)
            sign = cursor.sign()
            cursor.at += 1
            if sign == "}":
                return
            if sign != ",":
                raise _broken(cursor.line)

    def _value(self, cursor: _Cursor, path: str, listed: bool) -> Item:
        """Decode the value that starts here, reading on until it is whole."""
        while True:
            bad = self.bad
            try:
                value, end = self._decoder.raw_decode(cursor.buffer, cursor.at)
            except RecursionError as error:
                raise _nested() from error
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos >= len(cursor.buffer) - 16
                if not cut or not cursor.fill():
                    raise _broken(cursor.line + cursor.buffer.count("\n", cursor.at, error.pos)) from error
            except ValueError as error:
                raise _broken(cursor.line) from error
            else:
                if end < len(cursor.buffer) or not cursor.fill():  # a number may go on in what is not read yet
                    break
            self.bad = bad
        text, line = cursor.buffer[cursor.at : end], cursor.line
        cursor.line += text.count("\n")
        cursor.at = end
        return Item(path, line, value, text, listed)

    def _decode(self, text: str, position: int, line: int) -> tuple[Any, int]:
        try:
            return self._decoder.raw_decode(text, position)
        except RecursionError as error:
            raise _nested() from error
        except ValueError as error:
            raise _broken(line) from error

    def _written(self, text: str) -> str | None:
        return text if self._number(text) is not None else None

    def _number(self, text: str) -> float | None:
        value = float(text)
        if math.isinf(value):
            self.bad += 1
            return None
        return value

    def _constant(self, _: str) -> None:
        self.bad += 1


class _Cursor:
    """Where reading stands in the file: a buffer, a position in it, a line."""

    def __init__(self, stream: TextIO, longest: int) -> None:
        self.stream, self.longest = stream, longest
        self.buffer, self.at, self.line = "", 0, 1

    def sign(self, end: bool = False) -> str:
        """Skip blanks and return the sign that stands there; "" is only good at the end of the file."""
        while True:
            gap = _SPACE.match(self.buffer, self.at)
            after = gap.end() if gap else self.at
            self.line += self.buffer.count("\n", self.at, after)
            self.at = after
            if after < len(self.buffer):
                return self.buffer[after]
            if not self.fill():
                if end:
                    return ""
                raise _broken(self.line, cut=True)

    def fill(self) -> bool:
        """Read on, twice as much as what is already there; False at the end of the file."""
        kept = self.buffer[self.at :]
        if len(kept) > self.longest:
            raise _long(self.line)
        more = self.stream.read(max(_CHUNK, len(kept)))
        self.buffer, self.at = kept + more, 0
        return bool(more)


def encoding(path: Path) -> str:
    """Return the encoding of a JSON file: UTF-8 by rule, or what a faulty program really wrote."""
    with path.open("rb") as stream:
        head = stream.read(1 << 18)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(head) > 3 and 0 in head[:4]:
        return "utf-16-le" if head[0] else "utf-16-be"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return sniff.french(head.split(b"\n")[:2000])
    return "utf-8-sig"


def start(head: bytes) -> str:
    """Return the beginning of a file as it is compared with what JSON looks like."""
    return head[:8192].replace(b"\x00", b"").decode("latin-1").lstrip("\ufeffï»¿ÿþ \t\r\n\x1e")


def flat(value: Mapping[str, Any], deep: int = _DEEP) -> dict[str, str | None]:
    """Return an object as one row: {"a": {"b": 1}} gives {"a.b": "1"}; lists stay JSON unless they hold plain values."""
    out: dict[str, str | None] = {}
    for key, inner in value.items():
        if isinstance(inner, Mapping) and deep > 1 and inner:
            for under, cell in flat(inner, deep - 1).items():
                out[f"{key}.{under}"] = cell
        else:
            out[str(key)] = cell_text(inner)
    return out


def cell_text(value: Any) -> str | None:
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))  # 1988.0 is how map software writes 1988
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Sequence) and all(isinstance(v, str) for v in value) and not any("|" in v for v in value):
        return "|".join(value)
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError as error:
        raise _nested() from error


def _broken(line: int, cut: bool = False) -> InputError:
    if cut:
        return InputError(
            "Ce fichier JSON est incomplet : il s'arrête ligne {line} avant la fin.",
            "L'envoi ou l'export a peut-être été coupé : recommencez-le.",
            line=line,
            code="json.cut",
        )
    return InputError(
        "Ce fichier JSON est mal formé, ligne {line} : il ne peut pas être lu.",
        "Refaites l'export, ou exportez en CSV.",
        line=line,
        code="json.broken",
    )


def _nested() -> InputError:
    return InputError(
        "Ce fichier JSON emboîte trop de niveaux les uns dans les autres : il est refusé.",
        "Exportez une liste simple d'objets, ou un CSV.",
        code="json.nested",
    )


def _long(line: int) -> LimitError:
    return LimitError(
        "Un objet de ce fichier JSON, ligne {line}, est trop grand.",
        "Exportez une liste d'objets plus petits, ou un CSV.",
        line=line,
    )
