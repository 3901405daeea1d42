"""Numbers, booleans and missing values as French files write them, in regular expressions and in SQL.

« 1 234,56 », « 45 € », « 3,5 % », « (45,00) » and « 45,00- » (accountants' minus), « 1.234,56 »; « oui », « faux »;
« NC », « n.d. », « - ». Patterns are understood by Python and DuckDB (RE2) alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from parvis.frozen import dataclass

_SPACE = "[ \u00a0\u202f\u2009]"
_MINUS = "\u2212-"  # a hyphen, or the typographic minus
_UNIT = r"(?:€|%|‰|EUR|euros?|k€|K€|m²|m2|ha|km|kWh|MWh|m)"
_GROUPED = rf"(?:\d{{1,3}}(?:{_SPACE}\d{{3}})+|\d+)"

COMMA = rf"(?:{_GROUPED}|\d{{1,3}}(?:\.\d{{3}})+)(?:,\d+)?|,\d+"  # 1 234,56 and 1.234,56
POINT = rf"(?:{_GROUPED}|\d{{1,3}}(?:,\d{{3}})+)(?:\.\d+)?|\.\d+"  # 1234.56 and 1,234.56
EXPONENT = r"[+-]?\d(?:[.,]\d+)?[eE][+-]?\d{1,3}"


def _signed(body: str) -> str:
    accounted = rf"\((?:{body})\)|(?:{body}){_SPACE}?-"
    return rf"(?:[+{_MINUS}]?{_SPACE}*(?:{body})|{accounted})(?:{_SPACE}*{_UNIT})?{_SPACE}*"


@dataclass(frozen=True, slots=True)
class Writing:
    """How the numbers of one column are written."""

    decimal: str  # "," or "."
    plain: bool = False  # only digits, a sign and perhaps a point: SQL's own reading is enough
    whole: bool = False  # no decimals at all
    unit: str = ""
    exponent: bool = False

    def pattern(self) -> str:
        if self.plain:
            return (
                r"[-+]?\d{1,18}"
                if self.whole
                else r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)" + ("(?:[eE][+-]?\\d+)?" if self.exponent else "")
            )
        return _signed(COMMA if self.decimal == "," else POINT)

    def sql(self, cell: str) -> str:
        """Return the SQL of the number (DOUBLE, or BIGINT when whole), NULL when the cell is not one."""
        kind = "BIGINT" if self.whole else "DOUBLE"
        if self.plain:
            return f"CASE WHEN regexp_full_match({cell}, '{self.pattern()}') THEN TRY_CAST({cell} AS {kind}) END"
        digits = f"regexp_replace({cell}, '[^0-9{'.' if self.decimal == '.' else ','}]', '', 'g')"
        if self.decimal == "," and not self.whole:
            digits = f"replace({digits}, ',', '.')"
        negative = " OR ".join(f"contains({cell}, '{sign}')" for sign in (*_MINUS, "("))
        value = f"TRY_CAST({digits} AS {kind})"
        return (
            f"CASE WHEN regexp_full_match({cell}, '{self.pattern()}') "
            f"THEN CASE WHEN {negative} THEN -1 ELSE 1 END * {value} END"
        )


_PLAIN_WHOLE = re.compile(r"[-+]?\d{1,18}")
_PLAIN = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)")
_PLAIN_EXPONENT = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_COMMA, _POINT = re.compile(_signed(COMMA)), re.compile(_signed(POINT))
_ZEROS = str.maketrans("123456789", "000000000")
_UNIT_AT_END = re.compile(rf"{_UNIT}$")


def writings(cells: Iterable[str]) -> list[Writing]:
    """Return the ways in which these trimmed cells may be numbers, strictest first; empty when they are not.

    A way is given when at least nine cells in ten fit it.
    """
    # One digit is as good as another, but for the 2 of « m2 »: thousands of amounts have a dozen forms.
    times: Counter[str] = Counter()
    for cell, count in Counter(cells).items():
        times[cell if "m" in cell else cell.translate(_ZEROS)] += count
    total = times.total()
    if not total:
        return []

    def share(pattern: re.Pattern[str]) -> float:
        left = total // 10  # cells that may be something else: beyond, no way is given
        for cell, count in times.items():
            if pattern.fullmatch(cell) is None:
                left -= count
                if left < 0:
                    return 0.0
        return (total - total // 10 + left) / total

    out = []
    if share(_PLAIN_WHOLE) >= 0.9:
        out.append(Writing(".", plain=True, whole=True))
    if share(_PLAIN) >= 0.9:
        out.append(Writing(".", plain=True))
    elif share(_PLAIN_EXPONENT) >= 0.9:
        out.append(Writing(".", plain=True, exponent=True))
    fits = [(share(pattern), decimal, pattern) for decimal, pattern in ((",", _COMMA), (".", _POINT))]
    for fitting, decimal, pattern in sorted(fits, key=lambda fit: -fit[0]):
        if fitting < 0.9:
            continue
        fit = [c for c in times if pattern.fullmatch(c)]
        if not any(re.search(r"[.,]", c) for c in fit):
            out.append(Writing(decimal, whole=True, unit=_unit(fit)))
        out.append(Writing(decimal, unit=_unit(fit)))
    return out


def _unit(cells: list[str]) -> str:
    units = {(m.group() if (m := _UNIT_AT_END.search(c)) else "") for c in cells}
    named = {"€" if u in ("EUR", "euro", "euros") else u for u in units if u}
    return named.pop() if len(named) == 1 else ""


# --- Booleans -------------------------------------------------------------------------------------

TRUE = ("oui", "vrai", "true", "yes")
FALSE = ("non", "faux", "false", "no")
_PAIRS = (({"oui"}, {"non"}), ({"vrai"}, {"faux"}), ({"true"}, {"false"}), ({"yes"}, {"no"}), ({"o"}, {"n"}))


def booleans(cells: Iterable[str]) -> tuple[str, str] | None:
    """Return the words (true, false) when these cells are a yes or a no; « o » and « n » only when both are there."""
    seen = {c.casefold() for c in cells}
    for true, false in _PAIRS:
        rare = seen - true - false
        if seen & (true | false) and len(rare) <= len(seen) / 2:
            if true == {"o"} and seen != {"o", "n"}:
                continue
            return next(iter(true)), next(iter(false))
    return None


def boolean_sql(cell: str, words: tuple[str, str]) -> str:
    return f"CASE lower({cell}) WHEN '{words[0]}' THEN true WHEN '{words[1]}' THEN false END"


# --- Missing values -------------------------------------------------------------------------------

MISSING = frozenset({
    "nc", "n.c.", "n.c", "nd", "n.d.", "n.d", "n/d", "na", "n/a", "n.a.", "#n/a", "-", "--", "---", "—", "–", ".", "..",
    "...", "null", "none", "nan", "néant", "neant", "sans objet", "so", "s.o.", "s.o", "s/o", "non renseigné",
    "non renseigne", "non communiqué", "non communique", "non disponible", "non connu", "inconnu", "inconnue", "?", "ns",
    "secret", "#ref!", "#div/0!", "#value!", "#name?", "#num!", "#null!", "(vide)", "vide",
    "0001-01-01", "01/01/0001", "0000-00-00 00:00:00", "0001-01-01 00:00:00", "0000-00-00", "00/00/0000", "00/00/00",
    "1900-01-00",
})  # fmt: skip


def is_missing(cell: str) -> bool:
    return cell.casefold() in MISSING


def missing_sql(cell: str) -> str:
    """Return the SQL that is true when the cell only says that there is no value."""
    words = ", ".join("'" + w.replace("'", "''") + "'" for w in sorted(MISSING))
    return f"lower({cell}) IN ({words})"
