"""Hierarchies made by themselves from the values of a column, so that nobody has to write one.

Ages, years and dates go by rounder and rounder spans; places by commune, département and région; occupations (PCS) and
activities (NAF) by the beginnings of their codes; amounts by bands that hold as many rows, with round bounds; other
words by how often they come. A value that does not read as the others stands for itself until « * ».
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np

from parvis import france, places
from parvis.errors import InputError
from parvis.privacy.microdata.hierarchies import Hierarchy, of_levels
from parvis.values import msg

Levels = list[list[str]]
_READS = 0.95  # share of the filled values that must read as a kind
_HALVINGS = 6  # times that amounts are cut in two, up to 64 bands
_RARE = (0.01, 0.2)  # a word is rare below this share of the rows, level by level
_OTHERS = "autres"
_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()

REGION_OF = {
    **dict.fromkeys("75 77 78 91 92 93 94 95".split(), "11"),
    **dict.fromkeys("18 28 36 37 41 45".split(), "24"),
    **dict.fromkeys("21 25 39 58 70 71 89 90".split(), "27"),
    **dict.fromkeys("14 27 50 61 76".split(), "28"),
    **dict.fromkeys("02 59 60 62 80".split(), "32"),
    **dict.fromkeys("08 10 51 52 54 55 57 67 68 88".split(), "44"),
    **dict.fromkeys("44 49 53 72 85".split(), "52"),
    **dict.fromkeys("22 29 35 56".split(), "53"),
    **dict.fromkeys("16 17 19 23 24 33 40 47 64 79 86 87".split(), "75"),
    **dict.fromkeys("09 11 12 30 31 32 34 46 48 65 66 81 82".split(), "76"),
    **dict.fromkeys("01 03 07 15 26 38 42 43 63 69 73 74".split(), "84"),
    **dict.fromkeys("04 05 06 13 83 84".split(), "93"),
    **dict.fromkeys("2A 2B 20".split(), "94"),
    **{"971": "01", "972": "02", "973": "03", "974": "04", "976": "06"},
}
_SECTIONS = (
    *((3, "A"), (9, "B"), (33, "C"), (35, "D"), (39, "E"), (43, "F"), (47, "G"), (53, "H"), (56, "I"), (63, "J")),
    *(
        (66, "K"),
        (68, "L"),
        (75, "M"),
        (82, "N"),
        (84, "O"),
        (85, "P"),
        (88, "Q"),
        (93, "R"),
        (96, "S"),
        (98, "T"),
        (99, "U"),
    ),
)  # NAF rev. 2: the last division of each section

_ISO = re.compile(r"^(\d{4})-(\d\d)-(\d\d)(?:[T ].*)?$")
_FRENCH = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$")
_NAF = re.compile(r"^(\d\d)\.?(\d\d)([A-Z])$")
_PCS = re.compile(r"^[1-8](?:\d(?:\d(?:[a-z]|\d)?)?)?$", re.IGNORECASE)
_IRIS = re.compile(r"^(?:\d\d|2[AB])\d{7}$")
_NUMBER = re.compile(r"^[-+]?\d+(?:[.,]\d+)?$")
_HOUSE = re.compile(r"^\s*\d+\s*(?:bis|ter|quater|[a-z])?\s*[,;]?\s+(?=\D)", re.IGNORECASE)


def made(
    name: str,
    values: Sequence[str],
    counts: Sequence[float] = (),
    kind: str = "",
    within: Sequence[Mapping[str, str]] = (),
) -> Hierarchy:
    """Return a hierarchy of the distinct ``values`` of a column.

    ``counts`` says how many rows hold each (1 without it); ``kind`` is one of ``KINDS``, found from the values when
    empty; ``within`` puts known groupings between the values and what is found: the IRIS of an address, the canton or
    the EPCI of a commune.
    Raises: InputError for a kind that does not exist.
    """
    if kind and kind not in KINDS:
        raise InputError(
            msg("« {kind} » n'est pas une sorte de hiérarchie."),
            msg("Il existe : {kinds}."),
            kind=kind,
            kinds=", ".join(KINDS),
        )
    weights = np.asarray(counts if len(counts) else [1.0] * len(values), np.float64)
    chosen = kind or kind_of(values)
    levels = [list(values)]
    for grouping in within:
        levels.append([grouping.get(value, value) for value in values])
    for level in KINDS[chosen](list(values), weights):
        if _above(levels[-1], level):  # an odd value may read like a word of another level
            levels.append(level)
    return of_levels(name, levels, chosen)


def kind_of(values: Sequence[str]) -> str:
    """Return the kind that nearly all the filled values read as: "date", "iris", "commune", "naf", "amount", "words"…

    An age, a postal code and a year cannot be told from other numbers by their values alone: the meaning of the column
    (``profiling``) says so better, and is passed as ``kind``.
    """
    filled = [value.strip() for value in values if value.strip()]
    for kind, reads in _READERS:
        if filled and sum(map(reads, filled)) >= _READS * len(filled):
            return kind
    return "words"


def _above(under: list[str], over: list[str]) -> bool:
    """Return whether each word of a level has one word above it."""
    parent: dict[str, str] = {}
    return all(parent.setdefault(a, b) == b for a, b in zip(under, over, strict=True))


# --- Time -------------------------------------------------------------------------------------------


def _ages(values: list[str], weights: np.ndarray) -> Levels:
    return [[_span(value, step, " ans") for value in values] for step in (5, 10, 20, 40)]


def _years(values: list[str], weights: np.ndarray) -> Levels:
    return [[_span(value, step, "") for value in values] for step in (5, 10, 20, 100)]


def _span(value: str, step: int, unit: str) -> str:
    if not _NUMBER.match(value.strip()):
        return value
    low = int(float(value.replace(",", ".")) // step * step)
    return f"{low} à {low + step - 1}{unit}"


def _dates(values: list[str], weights: np.ndarray) -> Levels:
    days = [_day(value) for value in values]

    def level(word: Callable[[date], str]) -> list[str]:
        return [value if day is None else word(day) for value, day in zip(values, days, strict=True)]

    return [
        level(lambda day: f"{_MONTHS[day.month - 1]} {day.year}"),
        level(lambda day: f"{_ordinal((day.month + 2) // 3)} trimestre {day.year}"),
        level(lambda day: f"{day.year}"),
        level(lambda day: f"{day.year // 5 * 5} à {day.year // 5 * 5 + 4}"),
        level(lambda day: f"{day.year // 10 * 10} à {day.year // 10 * 10 + 9}"),
    ]


def _ordinal(number: int) -> str:
    return "1er" if number == 1 else f"{number}e"


def _day(value: str) -> date | None:
    iso, french = _ISO.match(value.strip()), _FRENCH.match(value.strip())
    try:
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        return date(int(french[3]), int(french[2]), int(french[1])) if french else None
    except ValueError:
        return None


# --- Places -----------------------------------------------------------------------------------------


def _communes(values: list[str], weights: np.ndarray) -> Levels:
    return _by_department(
        values, [_padded(value) if france.is_insee_commune(_padded(value)) else "" for value in values]
    )


def _postcodes(values: list[str], weights: np.ndarray) -> Levels:
    return _by_department(values, [_padded(value) if france.is_postcode(_padded(value)) else "" for value in values])


def _iris(values: list[str], weights: np.ndarray) -> Levels:
    codes = [value.strip()[:5] if _IRIS.match(value.strip()) else "" for value in values]
    return [[code or value for code, value in zip(codes, values, strict=True)], *_by_department(values, codes)]


def _addresses(values: list[str], weights: np.ndarray) -> Levels:
    streets = [_HOUSE.sub("", value).strip() or value for value in values]
    return [streets]


def _padded(value: str) -> str:
    return value.strip().upper().zfill(5)  # an office's software ate the zero


def _by_department(values: list[str], codes: list[str]) -> Levels:
    department = [places.department_of(code) if code else "" for code in codes]
    region = [REGION_OF.get(d, "") for d in department]
    return [
        [f"département {d}" if d else value for d, value in zip(department, values, strict=True)],
        [
            f"région {france.REGIONS[r]}" if r else (f"département {d}" if d else value)
            for r, d, value in zip(region, department, values, strict=True)
        ],
    ]


# --- Nomenclatures ----------------------------------------------------------------------------------


def _naf(values: list[str], weights: np.ndarray) -> Levels:
    read = [_NAF.match(value.strip().upper()) for value in values]
    digits = [m[1] + m[2] if m else "" for m in read]

    def level(size: int) -> list[str]:
        return [_dotted(d[:size]) if d else value for d, value in zip(digits, values, strict=True)]

    sections = [f"section {_section(int(d[:2]))}" if d else value for d, value in zip(digits, values, strict=True)]
    return [level(4), level(3), level(2), sections]


def _dotted(digits: str) -> str:
    return digits if len(digits) < 3 else f"{digits[:2]}.{digits[2:]}"


def _section(division: int) -> str:
    return next((letter for last, letter in _SECTIONS if division <= last), "U")


def _pcs(values: list[str], weights: np.ndarray) -> Levels:
    return [
        [
            value if not _PCS.match(value.strip()) or len(value.strip()) < size else f"{value.strip()[:size]}…"
            for value in values
        ]
        for size in (3, 2, 1)
    ]


# --- Amounts and words ------------------------------------------------------------------------------


def _amounts(values: list[str], weights: np.ndarray) -> Levels:
    numbers = np.array([float(v.replace(",", ".")) if _NUMBER.match(v.strip()) else np.nan for v in values])
    good = np.flatnonzero(~np.isnan(numbers))
    if not len(good):
        return []
    order = good[np.argsort(numbers[good], kind="stable")]
    share = np.cumsum(weights[order]) / weights[order].sum()
    bounds: set[float] = set()
    levels: Levels = []
    for half in range(1, _HALVINGS + 1):  # the median first, then the quarters, the eighths ...
        wanted = np.searchsorted(share, np.arange(1, 2**half, 2) / 2**half)
        bounds |= {_round(float(numbers[order[min(at, len(order) - 1)]])) for at in wanted.tolist()}
        edges = sorted(bounds)
        band = np.searchsorted(np.array(edges), numbers, side="right")
        pairs = zip(values, numbers.tolist(), band.tolist(), strict=True)
        levels.append([value if np.isnan(number) else _band(edges, at) for value, number, at in pairs])
    return levels[::-1]


def _round(number: float) -> float:
    """Return the number with two figures that count."""
    return float(f"{number:.1e}")


def _band(bounds: list[float], at: int) -> str:
    if at == 0:
        return f"moins de {_written(bounds[0])}"
    if at == len(bounds):
        return f"{_written(bounds[-1])} et plus"
    return f"{_written(bounds[at - 1])} à moins de {_written(bounds[at])}"


def _written(number: float) -> str:
    return f"{number:,.10g}".replace(",", " ").replace(".", ",")


def _words(values: list[str], weights: np.ndarray) -> Levels:
    """Rare words go together first; then all but those that make up four rows in five."""
    total = float(weights.sum())
    order = np.argsort(-weights, kind="stable")
    reached = np.empty(len(values))
    reached[order] = np.cumsum(weights[order]) - weights[order]
    rare = [weights < _RARE[0] * total, (weights < _RARE[0] * total) | (reached >= (1 - _RARE[1]) * total)]
    return [
        [_OTHERS if one else value for one, value in zip(few, values, strict=True)] for few in rare if few.sum() > 1
    ]


KINDS: Mapping[str, Callable[[list[str], np.ndarray], Levels]] = {
    "age": _ages,
    "year": _years,
    "date": _dates,
    "commune": _communes,
    "postcode": _postcodes,
    "iris": _iris,
    "address": _addresses,
    "naf": _naf,
    "pcs": _pcs,
    "amount": _amounts,
    "words": _words,
}
_READERS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("date", lambda value: _day(value) is not None),
    ("iris", lambda value: bool(_IRIS.match(value)) and france.is_insee_commune(value[:5])),
    ("naf", lambda value: bool(_NAF.match(value.upper()))),
    ("commune", lambda value: len(value) == 5 and value in places.communes()),
    ("amount", lambda value: bool(_NUMBER.match(value))),
    ("address", lambda value: bool(_HOUSE.match(value))),
)
