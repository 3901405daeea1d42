"""Births and homes inside a text: a date after « née le », an address after « demeurant » or beside someone's name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parvis.privacy.numbers import Part
from parvis.privacy.words.patterns import any_of
from parvis.text import late

_MONTHS = "janv|fevr|mars|avr|mai|juin|juil|aout|sept|oct|nov|dec"
_DAY = (
    r"(?:\d{1,2}\s?[/.\-]\s?\d{1,2}\s?[/.\-]\s?(?:\d{4}|\d\d)|\d{4}-\d\d-\d\d|"
    rf"\d{{1,2}}(?:er)?\s+(?:{_MONTHS})\w*\.?\s+\d{{4}})"
)
_BORN = r"\bn(?:e\(e\)|e[.·]e|ee?)s?"
_MAIDEN = r"(?!d[eu]\b|des\b|d'|la\b|les\b)[\w'-]{2,25}(?: [\w'-]{2,25})?"  # « née Durand le 12 mai 1950 »
_BIRTH = late(
    rf"(?:{_BORN}\s+(?:(?:a\s+[\w' ()-]{{2,45}}?,?|{_MAIDEN})\s+)?(?:le|un)|{_BORN}"
    r"|\b(?:date\s+(?:de\s+)?|jour\s+de\s+)?naiss(?:ance)?"
    rf"|\bd\.?d\.?n\.?|\bbday)[\s:=.;|,'\"]{{0,4}}(?:le\s+|du\s+)?({_DAY})"
)
_BIRTH_YEAR = late(
    rf"{_BORN}\s+(?:en|vers)\s+(?:(?:{_MONTHS})\w*\s+)?((?:19|20)\d\d)\b"
    r"|\bannee de naissance\s*:?\s*((?:19|20)\d\d)\b"
)
_AFTER = late(rf"[\s,]{{1,3}}({_DAY})(?!\w)")
_IN_BRACKETS = late(rf"\s*[(;|]\s*(?:le\s+)?({_DAY})(?:\s*[);|,]|$)")
_OLD = 1900  # someone born before is dead, and in the history books
_ADULT = 2012  # a date of before, right after a name, is a birth more often than a visit
_BIRTH_SIGN = late(r"\bnee?s?\b|naiss|dn|d\.n|bday")

_SMALL = r"(?:de|du|des|d|la|le|les|l|en|aux|au|sur|sous|a|et)"
_STREET = late(
    rf"(?<![\w.,/-])(?<!n°)\d{{1,4}}\s?(?:bis|ter|quater|[a-d](?=[\s,]))?,?\s+{any_of('street')}\b\.?"
    rf"(?:\s+(?:{_SMALL}['’\s]\s?)*(?:\d{{1,2}}(?:er)?[\s-])?[^\W\d_][\w'’-]*)"
    rf"(?:(?:\.?\s+(?:{_SMALL}['’\s]\s?)*|['’-])(?-i:(?=[A-ZÀ-Ý]))[^\W\d_][\w'’-]*){{0,5}}",
    re.IGNORECASE,
)
_TOWN = late(
    r",?\s*(?:[–-]\s*)?(?:\d{5}\s+|(?:à|a)\s+(?=[A-ZÀ-Ý]))[A-ZÀ-Ý][\w'’-]*"
    r"(?:[ -](?:[A-ZÀ-Ý]|(?:sur|les|la|le|en|de|du|des|aux)\b)[\w'’-]*){0,5}"
)
_HOME = late(
    rf"\b{any_of('home')}\b[\s:,]*(?:actuellement\s+|desormais\s+)?(?:[\w'.]+\s+){{0,4}}?(?:au|a|dans|du|le)?\s*$"
)
_PUBLIC = late(rf"\b{any_of('public')}\b")
_ESTATE = late(
    r"\b(?:bien|maison|logement|appartement|propriete|pavillon|terrain|garage|grange|habitation|villa|studio|immeuble|t\d)\b[^.;:]{0,25}$"
)
_HAMLET = late(  # « Mme Durand, lieu-dit Kerhuel »: an address without a number
    rf"(?<!\w)(?:lieu-?dit|hameau|r[ée]sidence|r[ée]s\.|lotissement|p[ée]niche|mas|ferme|moulin)\s+(?:{_SMALL}['’\s]\s?)*"
    r"(?-i:(?=[A-ZÀ-Ý«]))«?\s?[\w'’-]+(?:[\s-]+(?:\w{1,3}[\s-]+){0,3}(?-i:(?=[A-ZÀ-Ý]))[\w'’-]+){0,4}(?:\s?»)?"
    r"(?:,?\s+(?:b[âa]t(?:iment)?|appt?|appartement|esc(?:alier)?|porte|[ée]tage)\b\.?\s*\w{1,4}\b){0,3}",
    re.IGNORECASE,
)
_HAMLETS = ("lieu", "hameau", "residence", "res.", "lotissement", "peniche", "mas ", "ferme", "moulin")
_NEAR = 110  # characters between someone and the address that is theirs


def births(text: str, plain: str) -> Iterator[Part]:
    if not _BIRTH_SIGN.search(plain):
        return
    for m in _BIRTH.finditer(plain):
        if _of_the_living(m.group(1)):
            yield m.start(1), m.end(1), "birth_date"
    for m in _BIRTH_YEAR.finditer(plain):
        group = 1 if m.group(1) else 2
        yield m.start(group), m.end(group), "birth_date"


def births_after(plain: str, end: int) -> Iterator[Part]:
    """Yield the date right after someone's name: any in brackets, an old one without."""
    m, bare = _IN_BRACKETS.match(plain, end), _AFTER.match(plain, end)
    if m is None and bare and _is_old(bare.group(1)):
        m = bare
    if m and _of_the_living(m.group(1)):
        yield m.start(1), m.end(1), "birth_date"


def _is_old(day: str) -> bool:
    year = re.search(r"\d{4}", day)
    return year is not None and int(year.group()) <= _ADULT


def homes(text: str, plain: str, people: list[tuple[int, int]]) -> Iterator[Part]:
    """Yield the addresses of people: after a word that says so, or beside a name (``people``: their places)."""
    for m in _STREET.finditer(text):
        before = plain[max(0, m.start() - 60) : m.start()]
        said = bool(_HOME.search(before))
        if said or (people and _ESTATE.search(before)) or _beside(plain, people, m.start(), m.end()):
            town = _TOWN.match(text, m.end())
            yield m.start(), town.end() if town else m.end(), "address"
    for m in _HAMLET.finditer(text) if any(sign in plain for sign in _HAMLETS) else ():
        after_name = any(plain[end : m.start()].strip(" ,(\n") == "" and end <= m.start() for _, end in people)
        if after_name or _HOME.search(plain[max(0, m.start() - 60) : m.start()]):
            town = _TOWN.match(text, m.end())
            yield m.start(), town.end() if town else m.end(), "address"


def _beside(plain: str, people: list[tuple[int, int]], start: int, end: int) -> bool:
    for first, last in people:
        if 0 <= start - last <= _NEAR:
            between = plain[last:start]
        elif 0 <= first - end <= _NEAR // 2:
            between = plain[end:first]
        else:
            continue
        if (
            not _PUBLIC.search(between)
            and "\n\n" not in between
            and not _PUBLIC.search(plain, max(0, start - 30), start)
        ):
            return True
    return False


def _of_the_living(day: str) -> bool:
    year = re.search(r"\d{4}", day)
    return not year or int(year.group()) >= _OLD
