"""What each column of a table is to the people it is about: it names them, narrows them down, or says what the law protects.

``roles`` reads the profile and what the screen found; it opens no table. « Quasi » and « free text » block nothing by
themselves: the first are what ``risk`` groups by, the second must be read by somebody. ``protected`` and ``kept_inside``
settle what an attacker would learn, and what he cannot know to start with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from parvis.privacy import bearing
from parvis.privacy.about import identifies, says_trait, theme, theme_of_cells
from parvis.privacy.heading import cells_say, head, speaks
from parvis.privacy.meanings import MEANINGS, SENSITIVE
from parvis.privacy.narrowing import QUASI_MEANINGS, is_free_text
from parvis.values import Column, Finding, Kind, Profile

ROLES = ("direct", "sensitive", "text", "quasi")  # from what tells most; "" for a column that is about nobody
_HELD_BACK = ("safety", "business_secret")  # not for people's sake
_KINDS = (Kind.DATE, Kind.DATETIME)  # the day something happened to somebody
_FIGURES = (Kind.INTEGER, Kind.NUMBER)


def roles(profile: Profile, findings: Sequence[Finding]) -> Mapping[str, str]:
    """Return the role of each column by its name, "" for those of nobody."""
    out = dict.fromkeys((c.name for c in profile.columns), "")
    texts = {c.name for c in profile.columns if is_free_text(c)}
    for finding in findings:
        if finding.code.startswith("privacy.") and finding.values.get("meaning", "") not in _HELD_BACK:
            name = str(finding.values["name"])
            role = _role(finding, name in texts)
            if not out.get(name) or ROLES.index(role) < ROLES.index(out[name]):
                out[name] = role
    for name, told in bearing.weigh(profile, findings).items():
        if not out[name]:
            out[name] = "text" if name in texts and told.role else told.role if told.role in ("quasi", "text") else ""
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
    if column.meaning in QUASI_MEANINGS or column.meaning in MEANINGS or says_trait(column):
        return False
    if column.kind is Kind.TEXT and cells_say(cells, "progress"):
        return True
    said = head(column)
    times = column.kind in _FIGURES and speaks(said, "done") and not speaks(said, "identifier")  # « nb_prets »
    return (times or speaks(said, "inside")) and not speaks(said, "quasi_figures")


def _role(finding: Finding, free: bool) -> str:
    protected = finding.values["meaning"] in SENSITIVE
    if finding.values["where"] == "text" or (free and protected):
        return "text"
    return "sensitive" if protected else "direct"
