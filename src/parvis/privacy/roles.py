"""What each column of a table is to the people it is about: it names them, narrows them down, or says what the law protects.

``roles`` reads the profile and what the screen found; it opens no table. « Quasi » and « free text » block nothing by
themselves: the first are what ``risk`` groups by, the second must be read by somebody. ``protected`` and ``kept_inside``
settle what an attacker would learn, and what he cannot know to start with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from parvis.privacy.about import About, about, identifies, is_of_things, is_scene, says_trait, theme, theme_of_cells
from parvis.privacy.heading import cells_say, head, speaks
from parvis.privacy.meanings import MEANINGS, QUASI, SENSITIVE
from parvis.values import Column, Finding, Kind, Profile

ROLES = ("direct", "sensitive", "text", "quasi")  # from what tells most; "" for a column that is about nobody
_HELD_BACK = ("safety", "business_secret")  # not for people's sake
_NAMING = ("privacy.person_name", "privacy.last_name", "privacy.nir", "privacy.birth_date")
_KINDS = (Kind.DATE, Kind.DATETIME)  # the day something happened to somebody
_FIGURES = (Kind.INTEGER, Kind.NUMBER)
_QUASI_MEANINGS = frozenset({*QUASI, "address", "month", "pseudonym", "case_number", "first_name"})
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


def roles(profile: Profile, findings: Sequence[Finding]) -> Mapping[str, str]:
    """Return the role of each column by its name, "" for those of nobody."""
    out = dict.fromkeys((c.name for c in profile.columns), "")
    texts = {c.name for c in profile.columns if _is_free_text(c)}
    for finding in findings:
        if finding.code.startswith("privacy.") and finding.values.get("meaning", "") not in _HELD_BACK:
            name = str(finding.values["name"])
            role = _role(finding, name in texts)
            if not out.get(name) or ROLES.index(role) < ROLES.index(out[name]):
                out[name] = role
    named = {str(f.values["name"]) for f in findings if f.code in _NAMING and f.values["where"] == "column"}
    told = about(profile, lambda column: column.name in named, named)
    people = told.people or told.homes or told.ballot or any(_of_each_row(f) for f in findings) or _is_log(profile)
    if people:
        for column in profile.columns:
            out[column.name] = out[column.name] or _narrowing(column, profile, told)
    return out


def protected(columns: Mapping[str, tuple[Column, Sequence[str]]]) -> Mapping[str, str]:
    """Return what the law protects in a table about people: the matter of each column that tells some, by name.

    ``columns``: by name, the column and some of its different cells. The meaning of a column says it, or its header, or
    its cells when they are choices.
    """
    heads = {w for column, _ in columns.values() for w in head(column)}
    told = {name: _matter(column, cells, heads) for name, (column, cells) in columns.items()}
    return {name: matter for name, matter in told.items() if matter}


def _matter(column: Column, cells: Sequence[str], heads: set[str]) -> str:
    if column.meaning in SENSITIVE:
        return column.meaning
    # A day, a place or somebody's number may be known to others, whatever they are of.
    if (
        column.meaning in MEANINGS
        or column.kind in (*_KINDS, Kind.TIME, Kind.GEOMETRY)
        or identifies(column, each=True)
    ):
        return ""
    return theme(column, heads) or theme_of_cells(column, cells, each=True)


def kept_inside(column: Column, cells: Sequence[str]) -> bool:
    """Return whether only the service that keeps a table of people knows what a column says of them.

    In doubt it does not: others may know a trait, a place, a day, and all that no word says to be the service's own.
    """
    if column.meaning in _QUASI_MEANINGS or column.meaning in MEANINGS or says_trait(column):
        return False
    if column.kind is Kind.TEXT and cells_say(cells, "progress"):
        return True
    said = head(column)
    times = column.kind in _FIGURES and speaks(said, "done") and not speaks(said, "identifier")  # « nb_prets »
    return (times or speaks(said, "inside")) and not speaks(said, "quasi_figures")


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


def _role(finding: Finding, free: bool) -> str:
    protected = finding.values["meaning"] in SENSITIVE
    if finding.values["where"] == "text" or (free and protected):
        return "text"
    return "sensitive" if protected else "direct"


def _narrowing(column: Column, profile: Profile, told: About) -> str:
    """Return the role of a column that blocks nothing, in a table about people."""
    if _is_free_text(column):
        return "text"
    said = head(column)
    if is_of_things(column):
        return ""
    if column.kind is Kind.GEOMETRY or column.name in profile.point:
        return "quasi"
    when = column.kind in _KINDS or column.meaning == "date"
    if column.meaning == "address" and is_scene(column, told):
        return ""
    if column.meaning in _QUASI_MEANINGS or (when and (told.each or not told.of_bodies)):
        return "quasi"
    if told.of_bodies and speaks(said, "office"):
        return ""
    if column.kind is Kind.TEXT and cells_say(column.examples, "progress"):
        return ""
    if says_trait(column) or (told.each and speaks(said, "quasi_figures" if column.kind in _FIGURES else "quasi")):
        return "quasi"
    choice = column.kind is Kind.TEXT and cells_say(column.examples, *(_OF_ANYONE if told.each else _OF_PEOPLE))
    return "quasi" if choice else ""


def _is_free_text(column: Column) -> bool:
    if column.kind is not Kind.TEXT or not column.examples:
        return False
    long = sum(len(e) for e in column.examples) / len(column.examples) >= _LONG
    spoken = sum(len(e.split()) for e in column.examples) / len(column.examples) >= _WORDS
    return (long and spoken) or (speaks(head(column), "remarks") and spoken)
