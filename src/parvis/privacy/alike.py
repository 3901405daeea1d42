"""Texts that differ by one number only: « Judo club n° 4647 » and « Judo club n° 12 588 » hold the same kinds of thing.

Thousands of names of a large table are often some dozens, numbered. What stands in one of them stands in the others, as
long as no finder tells their numbers apart: a year may be one of birth, a zero in front a telephone's. Of years, those of
one age stand for each other.
"""

from __future__ import annotations

import re

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
