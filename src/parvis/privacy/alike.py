"""Texts that differ by one number only: « Judo club n° 4647 » and « Judo club n° 12 588 » hold the same kinds of thing.

Thousands of names of a large table are often some dozens, numbered. What stands in one of them stands in the others, as
long as no finder tells their numbers apart: a year may be one of birth, a zero in front a telephone's. Of years, those of
one age stand for each other.
"""

from __future__ import annotations

import re

from parvis.privacy.sql import literal

_ONE = re.compile(r"(\D*)([1-9][0-9]{0,4})(\D*)")  # five figures: six may be a day, and more an identifier
# The first year of each age that finders and the weighing of names tell apart, and one that stands for the others of it.
_AGES = (("2100", "2777"), ("2000", "2077"), ("1950", "1977"), ("1915", "1947"), ("1900", "1914"), ("1000", "1777"))
_SEVENS = ("", "7", "77", "777", "7777", "77777")


def alike(text: str) -> str:
    """Return one text for all those that differ by their only number: as many sevens stand for it.

    The text itself when it has no number or several, or when its number begins with a zero, is long, or may begin an IBAN,
    whose figures are a key of the rest.
    """
    found = _ONE.fullmatch(text)
    if found is None:
        return text
    before, run, after = found.groups()
    if len(run) > 1 and len(before) > 1 and (lead := before[-2:]).isalpha() and lead.isascii():
        return text  # « FR29 »
    if len(run) == 4 and run[0] in "12":  # a year, as the weighing of names reads one
        return f"{before}{next(year for first, year in _AGES if run >= first)}{after}"
    return f"{before}{_SEVENS[len(run)]}{after}"


_ONE_SQL = literal(r"[^\p{Nd}]*0{1,5}[^\p{Nd}]*")
_LEAD_SQL = literal("[A-Za-z]{2}00")
_YEAR_SQL = literal("(?:^|[^0])0000(?:[^0]|$)")


def numbered_sql(form: str) -> str:
    """Return the SQL that gives, of the form of a text (its digits made zeros), where its only number begins.

    0 when ``alike`` leaves such a text as it is, minus that place when the number may be a year.
    """
    return (
        f"CASE WHEN NOT regexp_full_match({form}, {_ONE_SQL}) OR regexp_matches({form}, {_LEAD_SQL}) THEN 0 "
        f"WHEN regexp_matches({form}, {_YEAR_SQL}) THEN -strpos({form}, '0') ELSE strpos({form}, '0') END"
    )


def alike_sql(cell: str, form: str, number: str) -> str:
    """Return the SQL of a text that only texts share of which ``alike`` says the same; ``number`` is ``numbered_sql``'s."""
    first = f"substr({cell}, abs({number}), 1)"
    plain = f"{number} <> 0 AND {first} <> '0' AND ({number} > 0 OR {first} > '2')"
    return f"CASE WHEN {plain} THEN {form} ELSE {cell} END"
