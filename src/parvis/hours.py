"""Opening hours as OpenStreetMap writes them: « Mo-Fr 08:30-12:00,13:30-17:00; PH off ».

Source: https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification
"""

from __future__ import annotations

import re
from functools import cache

_DAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su)(?![A-Za-z])"
_NTH = r"(?:\[-?[1-5](?:-[1-5])?(?:,-?[1-5](?:-[1-5])?)*\](?: [+-]\d+ days?)?)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_YEAR = r"(?:(?:19|20)\d\d)"
_EVENT = r"(?:\((?:sunrise|sunset|dawn|dusk)[+-]\d\d:\d\d\)|sunrise|sunset|dawn|dusk)"
_START = rf"(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00|{_EVENT})"
_END = rf"(?:(?:[0-3]\d|4[0-7]):[0-5]\d|48:00|{_EVENT})"  # a night's end may be written 26:00
_SPAN = rf"(?:{_START}-{_END}(?:\+|/\d\d(?::\d\d)?)?|{_START}\+)"
_SPANS = rf"{_SPAN}(?:, ?{_SPAN})*"
_WEEKDAYS_ONE = rf"(?:{_DAY}(?:-{_DAY}|{_NTH})?|PH(?: [+-]\d+ days?)?|SH)"
_WEEKDAYS = rf"{_WEEKDAYS_ONE}(?:, ?{_WEEKDAYS_ONE})*"
_DATE = rf"(?:(?:{_YEAR} )?(?:{_MONTH} ?\d{{1,2}}|easter)(?: [+-]\d+ days?)?)"
_DATES_ONE = (
    rf"(?:{_DATE} ?- ?(?:{_DATE}|\d{{1,2}}(?! day))|{_DATE}\+?|(?:{_YEAR} )?{_MONTH}(?:-{_MONTH})?|"
    rf"{_YEAR}(?:-{_YEAR}(?:/\d+)?|\+)?)"
)
_DATES = rf"{_DATES_ONE}(?:, ?{_DATES_ONE})*"
_WEEKS = r"week ?\d\d(?:-\d\d(?:/\d+)?)?(?:, ?\d\d(?:-\d\d(?:/\d+)?)?)*"
_STATE = r"(?:open|closed|off|unknown)"
_COMMENT = r'"[^"]+"'
_WHEN = rf"(?:24/7|(?:{_DATES}:? ?)?(?:{_WEEKS}:? ?)?(?:{_WEEKDAYS} ?)?(?:{_SPANS})?)"
_FOLLOWS = re.compile(r" ?\|\| ?| ?; |, (?=[A-Za-z\"]|24/7)|;? ?$")
_LONGEST = 1000  # characters


def holds(text: str) -> bool:
    """Return whether a text says opening hours, rule after rule."""
    if not text.strip() or len(text) > _LONGEST:
        return False
    at = 0
    while True:
        found = _rule().match(text, at)
        if found is None or not (found["when"] or found["state"] or found["comment"]):
            return False
        # A rule may end in the space that leads to the next one.
        sign = _FOLLOWS.match(text, found.end()) or _FOLLOWS.match(text, found.end() - 1)
        if sign is None:
            return False
        at = sign.end()
        if at >= len(text):
            return True


@cache
def _rule() -> re.Pattern[str]:
    return re.compile(rf"(?P<when>{_WHEN}) ?(?P<state>{_STATE})? ?(?P<comment>{_COMMENT})?")
