"""What rules say of a column that names nobody: it narrows people down, or must be read by somebody.

In a table about people only. ``bearing`` weighs it with all the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from parvis.privacy.about import About, is_of_things, is_scene, says_trait
from parvis.privacy.heading import cells_say, head, speaks
from parvis.privacy.meanings import QUASI
from parvis.values import Column, Finding, Kind, Profile

QUASI_MEANINGS = frozenset({*QUASI, "address", "month", "pseudonym", "case_number", "first_name"})
_HELD_BACK = ("safety", "business_secret")  # not for people's sake
_KINDS = (Kind.DATE, Kind.DATETIME)  # the day something happened to somebody
_FIGURES = (Kind.INTEGER, Kind.NUMBER)
_OF_PEOPLE = ("family", "nationality", "sex")  # what cells say of nobody but people ...
_OF_ANYONE = (
    *_OF_PEOPLE,
    "country",
    "language",
    "work",
    "schooling",
    "housing",
    "occupation",
)  # ... of a row that is one
_LONG, _WORDS = 28, 5  # characters and words of a sentence, on average


def narrows(profile: Profile, findings: Sequence[Finding], told: About) -> dict[str, str]:
    """Return "quasi" or "text" for each column of a table about people that rules say to be so, by name."""
    if not (told.people or told.homes or told.ballot or any(map(_of_each_row, findings)) or _is_log(profile)):
        return {}
    said = {c.name: _narrowing(c, profile, told) for c in profile.columns}
    return {name: role for name, role in said.items() if role}


def _of_each_row(finding: Finding) -> bool:
    """True when most rows carry somebody: a mailbox or a telephone is also that of a counter."""
    said = finding.values
    meaning = said.get("meaning", "")
    if said.get("where") != "column" or meaning in ("email", "phone", "ip_address", *_HELD_BACK):
        return False
    return bool(finding.code.startswith("privacy.") and said["count"] * 2 >= said["filled"])


def _is_log(profile: Profile) -> bool:
    """True where each row is what a machine did at a moment: whose, its number tells."""
    kinds = {c.kind for c in profile.columns}
    return Kind.DATETIME in kinds and any(c.meaning == "ip_address" for c in profile.columns)


def _narrowing(column: Column, profile: Profile, told: About) -> str:
    """Return the role of a column that blocks nothing, in a table about people."""
    if is_free_text(column):
        return "text"
    said = head(column)
    if is_of_things(column):
        return ""
    if column.kind is Kind.GEOMETRY or column.name in profile.point:
        return "quasi"
    when = column.kind in _KINDS or column.meaning == "date"
    if column.meaning == "address" and is_scene(column, told):
        return ""
    if column.meaning in QUASI_MEANINGS or (when and (told.each or not told.of_bodies)):
        return "quasi"
    if told.of_bodies and speaks(said, "office"):
        return ""
    if column.kind is Kind.TEXT and cells_say(column.examples, "progress"):
        return ""
    if says_trait(column) or (told.each and speaks(said, "quasi_figures" if column.kind in _FIGURES else "quasi")):
        return "quasi"
    choice = column.kind is Kind.TEXT and cells_say(column.examples, *(_OF_ANYONE if told.each else _OF_PEOPLE))
    return "quasi" if choice else ""


def is_free_text(column: Column) -> bool:
    if column.kind is not Kind.TEXT or not column.examples:
        return False
    long = sum(len(e) for e in column.examples) / len(column.examples) >= _LONG
    spoken = sum(len(e.split()) for e in column.examples) / len(column.examples) >= _WORDS
    return (long and spoken) or (speaks(head(column), "remarks") and spoken)
