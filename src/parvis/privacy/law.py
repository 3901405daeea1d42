"""The thresholds, the articles and the rules of publication, read from two data files with their sources and dates.

``thresholds.toml`` says from how many persons on a figure may be shown; ``law.toml`` holds the texts and, of each thing
that may be true of a dataset, what the texts say of its publication. A text that changes is a change of data.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from parvis.errors import UnknownName
from parvis.frozen import dataclass

ORDINARY = "ordinary"  # a subject that is none of the sensitive ones
_STRICTER_IS_LESS = frozenset({"t", "dominance", "success"})


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number that a release must respect, the French sentence that says it, and the text that it comes from."""

    name: str
    value: float
    says: str  # with {value}
    source: str
    date: str  # ISO 8601 day of the text, or the year it was read when it has none
    unit: str = ""
    subjects: Sequence[str] = ()

    @property
    def text(self) -> str:
        return self.says.format(value=french(self.value))


@dataclass(frozen=True, slots=True)
class Article:
    """A text of law or an opinion: how it is cited and what it says, in one plain sentence."""

    id: str
    cite: str
    says: str
    date: str  # of the text, or of the version that was read
    kind: str = "law"  # "law", "opinion" (CADA, CNIL, EDPB) or "judgment"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the texts say of a dataset of which all of ``when`` and nothing of ``unless`` is true."""

    verdict: str  # "no", "not_yet", "if" or "yes"
    says: str
    articles: Sequence[str]
    when: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()
    todo: str = ""  # what makes it publishable


def french(number: float) -> str:
    """Return a number as it is written in French: « 0,4 », « 3 500 »."""
    if float(number).is_integer():
        return f"{int(number):,}".replace(",", "\u202f")
    return f"{number:.10g}".replace(".", ",")


def threshold(name: str, subjects: Iterable[str] = ()) -> Threshold:
    """Return the strictest threshold of a name for these subjects (names of meanings). Raises: UnknownName."""
    about = set(subjects) & {s for t in thresholds() for s in t.subjects} or {ORDINARY}
    general = [t for t in thresholds() if t.name == name and not t.subjects]
    special = [t for t in thresholds() if t.name == name and about & set(t.subjects)]
    # A threshold made for ordinary subjects takes the place of the general one; any other only makes it stricter.
    known = special if about == {ORDINARY} and special else [*general, *special]
    if not known:
        raise UnknownName("Le seuil « {name} » n'existe pas.", name=name)
    return (min if name in _STRICTER_IS_LESS else max)(known, key=lambda t: t.value)


@cache
def thresholds() -> tuple[Threshold, ...]:
    """Return all the thresholds, in the order of the file."""
    return tuple(
        Threshold(
            name=t["name"],
            value=float(t["value"]),
            says=t["says"],
            source=t["source"],
            date=str(t["date"]),
            unit=t.get("unit", ""),
            subjects=tuple(t.get("subjects", ())),
        )
        for t in _data("thresholds.toml")["threshold"]
    )


@cache
def articles() -> Mapping[str, Article]:
    """Return the texts by id."""
    return {
        key: Article(key, a["cite"], a["says"], str(a["date"]), a.get("kind", "law"))
        for key, a in _data("law.toml")["article"].items()
    }


def article(name: str) -> Article:
    """Return one text. Raises: UnknownName."""
    if name not in articles():
        raise UnknownName("L'article « {name} » n'est pas connu.", name=name)
    return articles()[name]


@cache
def rulings() -> tuple[Ruling, ...]:
    """Return what the texts say, the gravest first within the order of the file."""
    found = [
        Ruling(
            verdict=r["verdict"],
            says=r["says"],
            articles=tuple(r["articles"]),
            when=frozenset(r.get("when", ())),
            unless=frozenset(r.get("unless", ())),
            todo=r.get("todo", ""),
        )
        for r in _data("law.toml")["ruling"]
    ]
    return tuple(sorted(found, key=lambda r: VERDICTS.index(r.verdict)))


VERDICTS = ("no", "not_yet", "if", "yes")  # gravest first


@cache
def grounds() -> Mapping[str, tuple[str, ...]]:
    """Return the articles that stand behind each legal ground of ``meanings.GROUNDS``."""
    return {key: tuple(value) for key, value in _data("law.toml")["ground"].items()}


def _data(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / name).read_text("utf-8"))
