"""Numbers of people that a column writes in its own way: a key in brackets, a zero lost, a sign for another.

« 2930936848034 (81) », « 1,85057E+14 », « 7 42 68 94 73 », « ="0612345678" », « NP_545_GA », « lea.petit @ laposte.net » are
read by anybody who knows what they are. One cell alone may be anything: most of the cells of a column are no chance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from parvis import france
from parvis.privacy import spans

_LEAST = 8  # cells that must say the same ...
_SHARE = 0.6  # ... of those that are read, where a key proves them ...
_SURELY = 0.9  # ... and where only their form does
_LONGEST = 60  # characters of a cell that is one number, or two
_READ = 200  # cells
_FIGURE, _FIGURES = re.compile(r"\d"), 3  # fewer are nobody's number
_WRAPPED = re.compile(r"^\s*(?:=\s*)?[\"'*]*\s*|[\s\"'*;,.:]*$")
_LABEL = re.compile(
    r"^(?:n[°o]?\s*)?(?:nir|secu|ss|iban|rib|bic|compte|tel|t[ée]l[ée]?(?:phone)?|port(?:able)?|mob(?:ile)?|gsm|fixe|dom(?:icile)?|"
    r"m[èe]re|p[èe]re|papa|maman|parent \d|mail|courriel|mailto|immat(?:riculation)?|plaque)?\s*[.:°]*\s*",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\s*\([^()\d]{1,20}\)\s*$")  # « (mère) »
_DECIMALS = re.compile(r"^(\d{8,15})[.,]0+$")
_SIGNS = re.compile(r"[\s.\-_/|,'\u00a0\u202f\u2007\u2009]")
_KEY = re.compile(r"\(?\b(?:cl[ée]\s*:?\s*)?\(?(\d\d)\)?$")
_POWER = re.compile(r"^([12])[.,](\d{2,14})E\+?1([42])$", re.IGNORECASE)
_MONTHS = re.compile(r"^[12]\d\d(?:0[1-9]|1[0-2])")
_PARTED = re.compile(r"\s*(?:/|;|,|\bou\b|\bet\b|\s-\s|\n)\s*", re.IGNORECASE)
_RING = re.compile(r"^(?:\(?\+?\(?33\)?|0033)?\(?0?\)?([1-9])(\d{8})$")
_AT = re.compile(r"\s*(?:@|[(\[]\s*(?:at|arobase|@)\s*[)\]]|\s(?:at|arobase|chez)\s)\s*", re.IGNORECASE)
_DOT = re.compile(r"\s*(?:[(\[]\s*(?:dot|point)\s*[)\]]|\s(?:dot|point)\s)\s*", re.IGNORECASE)
_CUT_MAILBOX = re.compile(r"^[\w.+-]{2,}@[\w-]{2,}$")
_BIC = re.compile(r"[\s/;,-]*[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$")
_MASK = re.compile(r"^FR\d\d(?=.*[X*•]{4})[\dX*•\s]{10,}$", re.IGNORECASE)
_OLD_PLATE = re.compile(r"^\d{1,4}[A-Z]{2,3}(?:\d\d|2[AB]|97\d)$")
_SECU = frozenset("nir secu ss securite sociale insee assure".split())
_VEHICLE = frozenset("immatriculation immat imma immatr plaque vehicule voiture vl plate".split())


def meaning(cells: Iterable[str], said: Set[str]) -> str:
    """Return the meaning of the numbers that most of these distinct cells are, "" for none.

    ``said`` are the words of the header: a form that others share asks for one.
    """
    read = [bare for c in list(cells)[:_READ] if (bare := _bare(c)) and len(c) <= _LONGEST]
    for name, (holds, share) in _FORMS.items():
        if sum(holds(c, said) for c in read[:_LEAST]) and _most(read, holds, said, share):
            return name.partition(" ")[0]
    return ""


def may_hold(cells: Sequence[str]) -> bool:
    """Return whether some cells have figures or signs enough: the others need not be read again."""
    return not cells or any(len(_FIGURE.findall(c)) >= _FIGURES or _AT.search(c) for c in cells)


def in_reach(least: float, most: float) -> bool:
    """Return whether the figures of a column may be telephones or NIR that a program took for numbers."""
    spread = most - least
    phones = least >= 100_000_000 and most <= 33_799_999_999 and spread >= 1_000_000
    return phones or (least >= 1_000_000_000_000 and most < 900_000_000_000_000)


def _most(read: Sequence[str], holds: Callable[[str, Set[str]], bool], said: Set[str], share: float) -> bool:
    told = sum(holds(c, said) for c in read)
    return told >= max(_LEAST, share * len(read))


def _bare(cell: str) -> str:
    """Return a cell without what surrounds a number: quotes, a word that says what it is, a decimal that is none."""
    inside = _ASIDE.sub("", _WRAPPED.sub("", cell))
    inside = _LABEL.sub("", inside, count=1)
    whole = _DECIMALS.match(inside)
    return whole[1] if whole else inside


def _is_nir(cell: str, said: Set[str]) -> bool:
    if _POWER.match(cell) and said & _SECU:
        return True
    figures = _SIGNS.sub("", _KEY.sub(r"\1", cell)).lstrip("0")
    return france.is_nir(figures)


def _is_keyless_nir(cell: str, said: Set[str]) -> bool:
    figures = _SIGNS.sub("", cell)
    return len(figures) == 13 and bool(_MONTHS.match(figures)) and france.is_nir(figures, key=False)


def _is_account(cell: str, said: Set[str]) -> bool:
    for text in (cell, _BIC.sub("", cell.upper())):
        figures = _SIGNS.sub("", text)
        if france.is_iban(figures) or france.is_rib(figures):
            return True
    return bool(_MASK.match(cell.strip()))


def _is_mobile(cell: str, said: Set[str]) -> bool:
    return all(_first(part) in ("6", "7") for part in _PARTED.split(cell)) or _first(cell) in ("6", "7")


def _first(text: str) -> str:
    """Return the first figure of a telephone after its prefix, "" when it is none."""
    found = _RING.match(_SIGNS.sub("", text))
    return found[1] if found else ""


def _is_two_phones(cell: str, said: Set[str]) -> bool:
    parts = _PARTED.split(cell)
    return 1 < len(parts) < 4 and all(_first(p) for p in parts) and any(_first(p) in ("6", "7") for p in parts)


def _is_mailbox(cell: str, said: Set[str]) -> bool:
    text = _DOT.sub(".", _AT.sub("@", cell)).strip()
    return (france.is_email(text) or bool(_CUT_MAILBOX.match(text))) and not spans.is_role(text)


def _is_plate(cell: str, said: Set[str]) -> bool:
    text = _SIGNS.sub("", re.sub(r"\(\d{2,3}\)$", "", cell)).upper()
    return france.is_plate(text) or bool(said & _VEHICLE and _OLD_PLATE.match(text))


# A key proves the first ones; the others are only a form, that nearly all cells must have.
_FORMS: Mapping[str, tuple[Callable[[str, Set[str]], bool], float]] = {
    "nir": (_is_nir, _SHARE),
    "iban": (_is_account, _SHARE),
    "nir keyless": (_is_keyless_nir, _SURELY),
    "email": (_is_mailbox, _SHARE),
    "phone": (_is_mobile, _SURELY),
    "phone twice": (_is_two_phones, _SURELY),
    "plate": (_is_plate, _SURELY),
}
