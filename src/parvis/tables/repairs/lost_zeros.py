"""Zeros that a spreadsheet ate at the start of codes: INSEE and postal codes, SIRET, SIREN, phones.

Proposed only when the header and the content both say so: lengths are those of the code or one digit less, and the
control key holds again once the zero is back (SIRET, SIREN).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.dates import folded
from parvis.frozen import dataclass
from parvis.tables.draft import Draft
from parvis.values import Step, msg

TITLE = "Rendre leurs zéros de tête aux codes"
ORDER = 70
KEEPS = True
EXAMPLES = [
    ((["code insee"], [["1004"], ["75056"], ["1283"]]), (["code insee"], [["01004"], ["75056"], ["01283"]])),
    ((["CP"], [["9000"], ["31000"]]), (["CP"], [["09000"], ["31000"]])),
    ((["téléphone"], [["474231122"], ["0474231122"]]), (["téléphone"], [["0474231122"], ["0474231122"]])),
    ((["population"], [["1004"], ["75056"]]), (["population"], [["1004"], ["75056"]])),
    ((["code postal"], [["172"], ["3400"], ["34000"]]), (["code postal"], [["172"], ["3400"], ["34000"]])),
]


@dataclass(frozen=True, slots=True)
class _Code:
    name: str
    header: re.Pattern[str]
    width: int
    key: bool = False  # holds Luhn's key
    secret: bool = False  # no example may be shown: personal data


_CODES = (
    _Code("SIRET", re.compile(r"\bsirets?\b|idattribuant|idbeneficiaire"), 14, key=True),
    _Code("SIREN", re.compile(r"\bsirens?\b"), 9, key=True),
    _Code("code INSEE", re.compile(r"\binsee\b|\bcodgeo\b|\bcode commune\b|\bdepcom\b|\bcodcom\b"), 5),
    _Code("code postal", re.compile(r"\bcp\b|\bpostale?s?\b|\bcodepost\b|\bcode_?postal\b"), 5),
    _Code(
        "téléphone", re.compile(r"\btel\b|\btelephones?\b|\bphone\b|\bfax\b|\bportable\b|\bmobile\b"), 10, secret=True
    ),
)


def propose(draft: Draft) -> Sequence[Step]:
    steps = []
    for i, label in enumerate(draft.labels):
        code = _code(label)
        if code is None:
            continue
        seen = draft.seen(i)
        cells = [(c.strip(), times) for c, times in zip(seen.texts, seen.times, strict=True)]
        short = [(c, n) for c, n in cells if len(c) == code.width - 1 and c.isdigit() and _holds(code, "0" + c)]
        if not short or not _consistent(code, cells, short):
            continue
        shown = tuple(dict.fromkeys(c for c, _ in short))[:5]
        steps.append(
            Step(
                "lost_zeros",
                {"column": label, "width": code.width},
                () if code.secret else shown,
                () if code.secret else tuple(f"0{c}" for c in shown),
                msg(
                    "Colonne « {column} » : {count} {code} ont perdu leur zéro de tête (effet d'Excel) : il leur est rendu."
                ),
                {"column": label, "count": _count(short), "code": code.name},
            )
        )
    return steps


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    i = draft.find(str(parameters.get("column", "")))
    width = int(parameters.get("width", 0))
    if i is None or not 2 <= width <= 20:
        return False
    short = f"regexp_full_match(trim(c{i}), '[1-9][0-9]{{{width - 2}}}')"
    if not int(draft.query(f"SELECT count(*) FROM {{view}} WHERE {short}")[0][0]):
        return False
    draft.rewrite({i: f"CASE WHEN {short} THEN '0' || trim(c{i}) ELSE c{i} END"})
    return True


def _code(label: str) -> _Code | None:
    words = re.sub(r"[^a-z0-9]+", " ", folded(label))
    return next((c for c in _CODES if c.header.search(words)), None)


def _holds(code: _Code, cell: str) -> bool:
    return not code.key or _luhn(cell)


def _consistent(code: _Code, cells: Sequence[tuple[str, int]], short: Sequence[tuple[str, int]]) -> bool:
    """True when nearly every cell has the code's length, or one digit less; each comes so many times."""
    bare = [(re.sub(r"[ .]", "", c), len(c), n) for c, n in cells]
    digits = [(len(figures), wide, n) for figures, wide, n in bare if figures.isdigit()]
    fit = sum(n for wide, _, n in digits if wide in (code.width, code.width - 1))
    if fit < 0.95 * sum(n for _, _, n in digits):
        return False
    one_less = sum(n for _, wide, n in digits if wide == code.width - 1)
    if code.key:
        return _count(short) >= 0.8 * one_less
    return any(wide == code.width for wide, _, _ in digits) or one_less >= 3


def _count(cells: Sequence[tuple[str, int]]) -> int:
    return sum(times for _, times in cells)


def _luhn(cell: str) -> bool:
    total = 0
    for position, sign in enumerate(reversed(cell)):
        digit = int(sign) * (1 + position % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0
