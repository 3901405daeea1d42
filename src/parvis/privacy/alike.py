"""Texts that differ by one number only: « Judo club n° 4647 » and « Judo club n° 12 588 » hold the same kinds of thing.

Thousands of names of a large table are often some dozens, numbered. What stands in one of them stands in the others, as
long as no finder tells their numbers apart: a year may be one of birth, a zero in front a telephone's. Of years, those of
one age stand for each other.
"""

from __future__ import annotations

import re

_RUN = re.compile(r"\d+")
_YEAR = re.compile(r"[12]\d{3}")  # as the weighing of names reads one
# The first year of each age that finders and the weighing of names tell apart, and one that stands for the others of it.
_AGES = (("2100", "2777"), ("2000", "2077"), ("1950", "1977"), ("1915", "1947"), ("1900", "1914"), ("1000", "1777"))
_KEYED = re.compile(r"[A-Za-z]{2}\d\d")
_LONGEST = 5  # figures: six may be a day, and more an identifier
_SEVENS = ("", "7", "77", "777", "7777", "77777")


def alike(text: str) -> str:
    """Return one text for all those that differ by their only number: as many sevens stand for it.

    The text itself when it has no number or several, or when its number begins with a zero, is long, or may begin an IBAN,
    whose figures are a key of the rest.
    """
    runs = _RUN.findall(text)
    if len(runs) != 1:
        return text
    run = runs[0]
    if len(run) > _LONGEST or run[0] == "0" or not run.isascii() or _KEYED.search(text):
        return text
    if _YEAR.fullmatch(run):
        return text.replace(run, next(year for first, year in _AGES if run >= first))
    return text.replace(run, _SEVENS[len(run)])
