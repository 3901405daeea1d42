"""Birth date of a person."""

from __future__ import annotations

from parvis.text import fold, late

TITLE = "Date de naissance"
SOURCE = ""
HEADERS = {
    "date de naissance": 1.0,
    "date naissance": 1.0,
    "ne le": 0.9,
    "ne e le": 1.0,
    "naissance": 0.7,
    "datenaiss": 1.0,
    "birthdate": 1.0,
    "date naiss": 1.0,
    "ddn": 0.9,
    "date de naiss": 1.0,
    "naiss": 0.9,
    "dob": 1.0,
    "birth": 0.9,
    "date of birth": 1.0,
    "date nais": 1.0,
    "datnais": 1.0,
    "dt naissance": 1.0,
    "dt naiss": 1.0,
    "nele": 0.9,
}
TOLERANCE = 0.7
ALONE = 0.0
PERSONAL = "direct"
EXAMPLES = {True: ["1980-05-12", "12/05/1980"], False: ["texte", "12"]}

_DAY = late(
    r"^(?:1[89]|20)\d\d-\d\d-\d\d|^\d{1,2}[/.-]\d{1,2}[/.-](?:\d{2}|(?:1[89]|20)\d\d)$"
    r"|^\d{1,2}(?:er)? (?:janv|fevr|mars|avr|mai|juin|juil|aout|sept|oct|nov|dec)[a-z]*\.? (?:1[89]|20)\d\d$"
)


def holds(cell: str) -> bool:
    return bool(_DAY.match(fold(cell)))
