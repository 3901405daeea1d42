"""Texts that differ by one number only: « Judo club n° 4647 » and « Judo club n° 12 588 » hold the same kinds of thing.

Thousands of names of a large table are often some dozens, numbered. What stands in one of them stands in the others, as
long as no finder tells their numbers apart: a year may be one of birth, a zero in front a telephone's.
"""

from __future__ import annotations

import re

_RUN = re.compile(r"\d+")
_YEAR = re.compile(r"[12]\d{3}")  # as the weighing of names reads one
_LONGEST = 5  # figures: six may be a day, and more an identifier
_SEVENS = ("", "7", "77", "777", "7777", "77777")


def alike(text: str) -> str:
    """Return one text for all those that differ by their only number: as many sevens stand for it.

    The text itself when it has no number or several, when its number may be a year, begins with a zero, or is long.
    """
    runs = _RUN.findall(text)
    if len(runs) != 1:
        return text
    run = runs[0]
    if len(run) > _LONGEST or run[0] == "0" or not run.isascii() or _YEAR.fullmatch(run):
        return text
    return text.replace(run, _SEVENS[len(run)])
