"""How many people bear a first name or a surname, and which words are ordinary ones: orders of size, nobody in particular.

Made by ``scripts/make_name_words.py`` from Insee's counts and from towns' open data (Licence Ouverte 2.0); the towns by
``scripts/make_towns.py`` from the list of communes.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files

from parvis.privacy.words.held import Held

_GIVEN, _SURNAMES, _ORDINARY, _TOWNS = Held("given"), Held("surnames"), Held("ordinary"), Held("towns")


@lru_cache(maxsize=65536)
def given(word: str) -> int:
    """Return the figures of a first name's bearers since 1900, 0 under twenty; « jean-pierre » weighs as its lightest part."""
    return _weight(_GIVEN, word)


@lru_cache(maxsize=65536)
def surname(word: str) -> int:
    """Return the figures of a surname's bearers since 1891, 0 under thirty."""
    return _weight(_SURNAMES, word)


def ordinary(word: str) -> int:
    """Return the figures of how often towns write a word in small letters, 0 when they hardly do."""
    return _ORDINARY.get(word)


def is_town(word: str) -> bool:
    """Return whether a commune, of today or since 1943, has this name of one word: « clermont-ferrand »."""
    return _TOWNS.get(word) > 0


@cache
def known(kind: str) -> frozenset[str]:
    """Return the names of ``famous.txt``: "people" of the past or of books, "alone" by one word, "brands", "towns"."""
    for line in files("parvis.privacy.words").joinpath("famous.txt").read_text("utf-8").splitlines():
        name, _, words = line.partition(": ")
        if name == kind:
            return frozenset(words.split(", "))
    return frozenset()


def _weight(known: Held, word: str) -> int:
    whole = known.get(word.replace(" ", "_"))
    if whole or "-" not in word:
        return whole
    return min((known.get(part) for part in word.split("-")), default=0)
