"""Dates, hours and moments as French files write them: what each shape looks like, and the SQL that reads it.

Shapes are regular expressions that Python and DuckDB (RE2) both understand; SQL works on a VARCHAR expression.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from functools import lru_cache

from parvis.frozen import dataclass

MONTHS = ("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre",
          "decembre")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to write a date. ``pattern`` is for the whole trimmed cell, ``format`` for strptime."""

    name: str
    kind: str  # "date", "datetime" or "time"
    pattern: str
    format: str
    signs: str  # pattern of what is left of the cell without its digits
    needs_header: bool = False  # too close to a plain number: believed only when the header speaks of a date

    def matches(self, cell: str) -> bool:
        return re.fullmatch(self.pattern, cell) is not None

    def sql(self, cell: str) -> str:
        """Return the SQL that gives the value, or NULL; ``cell`` is the SQL of the trimmed text."""
        value = f"try_strptime({cell}, '{self.format}')"
        if self.name == "words":
            value = f"try_strptime({_words(cell)}, '{self.format}')"
        elif self.name == "iso_zone":
            value = f"(TRY_CAST(replace({cell}, 'Z', '+00') AS TIMESTAMPTZ) AT TIME ZONE 'UTC')"
        elif self.kind == "datetime" and self.name.startswith("iso"):
            value = f"TRY_CAST({cell} AS TIMESTAMP)"
        elif self.kind == "time":
            value = f"TRY_CAST({self._hour(cell)} AS TIME)"
        if self.kind == "date":
            value = f"CAST({value} AS DATE)"
        plausible = "" if self.kind == "time" else f" AND year({value}) BETWEEN 1000 AND 2999"
        return f"CASE WHEN regexp_full_match({cell}, '{self.pattern}'){plausible} THEN {value} END"

    @staticmethod
    def _hour(cell: str) -> str:
        padded = f"CASE WHEN length(split_part({cell}, ':', 1)) = 1 THEN '0' || {cell} ELSE {cell} END"
        return f"({padded}) || CASE WHEN length({cell}) < 6 THEN ':00' ELSE '' END"


def _words(cell: str) -> str:
    """Return the SQL of « 1er août 2024 » as « 1 08 2024 »."""
    out = f"replace(strip_accents(lower({cell})), '1er ', '1 ')"
    for number, month in enumerate(MONTHS, 1):
        out = f"replace({out}, '{month}', '{number:02d}')"
    return out


_D, _M, _Y = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"\d{4}"
_HOUR = r"(?:[01]?\d|2[0-4]):[0-5]\d"
_MONTH_WORDS = "janvier|f[ée]vrier|mars|avril|mai|juin|juillet|ao[uû]t|septembre|octobre|novembre|d[ée]cembre"

SHAPES: tuple[Shape, ...] = (
    Shape("iso", "date", rf"{_Y}-{_M}-{_D}", "%Y-%m-%d", "--"),
    Shape("french", "date", rf"{_D}/{_M}/{_Y}", "%d/%m/%Y", "//"),
    Shape("american", "date", rf"{_M}/{_D}/{_Y}", "%m/%d/%Y", "//"),
    Shape("french_short", "date", rf"{_D}/{_M}/\d\d", "%d/%m/%y", "//"),
    Shape("dashes", "date", rf"{_D}-{_M}-{_Y}", "%d-%m-%Y", "--"),
    Shape("dashes_short", "date", rf"{_D}-{_M}-\d\d", "%d-%m-%y", "--"),
    Shape("dots", "date", rf"{_D}\.{_M}\.{_Y}", "%d.%m.%Y", r"\.\."),
    Shape("dots_iso", "date", rf"{_Y}\.{_M}\.{_D}", "%Y.%m.%d", r"\.\."),
    Shape("slashes_iso", "date", rf"{_Y}/{_M}/{_D}", "%Y/%m/%d", "//"),
    Shape("compact", "date", r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", "%Y%m%d", "", needs_header=True),
    Shape("words", "date", rf"(?i)(?:{_D}|1er) (?:{_MONTH_WORDS}) {_Y}", "%d %m %Y", r"(?:[eE][rR])? \w+ "),
    Shape("iso_moment", "datetime", rf"{_Y}-\d\d-\d\d[T ]{_HOUR}(?::\d\d(?:\.\d+)?)?", "", r"--[T ]:(?::\.?)?"),
    Shape("iso_zone", "datetime", rf"{_Y}-\d\d-\d\d[T ]{_HOUR}(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)", "",
          r"--[T ]:(?::\.?)?(?:Z|[+-]:?)"),
    Shape("french_moment", "datetime", rf"{_D}/{_M}/{_Y} {_HOUR}", "%d/%m/%Y %H:%M", "// :"),
    Shape("french_moment_seconds", "datetime", rf"{_D}/{_M}/{_Y} {_HOUR}:\d\d", "%d/%m/%Y %H:%M:%S", "// ::"),
    Shape("hour", "time", rf"{_HOUR}(?::\d\d)?", "", "::?"),
)  # fmt: skip
BY_NAME = {s.name: s for s in SHAPES}


_DIGITS = re.compile(r"\d+")
_MOST_SIGNS = len("er septembre ")


def shapes_of(cell: str) -> tuple[Shape, ...]:
    """Return every shape that this trimmed cell fits."""
    signs = _DIGITS.sub("", cell)
    return tuple(s for s in _possible(signs) if s.matches(cell)) if len(signs) <= _MOST_SIGNS else ()


@lru_cache(maxsize=4096)
def _possible(signs: str) -> tuple[Shape, ...]:
    """Return the shapes that a cell may fit by what it holds beside digits: most texts fit none, most dates two or three."""
    return tuple(s for s in SHAPES if re.fullmatch(s.signs, signs))


def folded(text: str) -> str:
    """Return the text in lower case without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def parse(cell: str) -> dt.date | dt.datetime | None:
    """Return the date or moment that a French cell says, or None. For one cell; tables use ``Shape.sql``."""
    cell = cell.strip()
    for shape in SHAPES:
        if shape.kind == "time" or shape.name == "american" or not shape.matches(cell):
            continue
        try:
            if shape.name.startswith("iso_"):
                return dt.datetime.fromisoformat(cell)
            said = folded(cell).replace("1er ", "1 ") if shape.name == "words" else cell
            for number, month in enumerate(MONTHS, 1):
                said = said.replace(month, f"{number:02d}")
            value = dt.datetime.strptime(said, shape.format)  # noqa: DTZ007  files say local days, without a zone
        except ValueError:
            continue
        return value.date() if shape.kind == "date" else value
    return None


def excel_day(number: int, base_1904: bool = False) -> dt.date:
    """Return the day that a spreadsheet's serial number means (1900 system, with its false 29 February 1900)."""
    return dt.date(1904, 1, 1) + dt.timedelta(number) if base_1904 else dt.date(1899, 12, 30) + dt.timedelta(number)
