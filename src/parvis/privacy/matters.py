"""What the law calls sensitive, said of someone inside a text: health, social aid, income, offences, beliefs.

« Le diabète » of a campaign is nobody's: only a sentence that is about one person is read. The words are in
``words/patterns.toml``. Source: RGPD, articles 9 and 10; CRPA, article L. 311-6.
"""

from __future__ import annotations

from collections.abc import Iterator

from parvis.privacy.numbers import Part
from parvis.privacy.words.patterns import any_of
from parvis.text import late

PRIVATE = "private"  # what the weighing of words takes for sensitive, no word of a theme saying of which
MEANINGS = ("health", "social_aid", "income", "offence", "belief", PRIVATE)
SOMEONE = late(rf"\b{any_of('someone')}")
_OF_ALL = late(rf"\b{any_of('of_all')}\b[^,.;:]{{0,30}}$")
_THEMES = tuple((name, late(rf"\b{any_of(name)}")) for name in ("health", "social_aid", "offence", "belief"))
_SINCE = late(r" depuis (?:l[ea] |l'|plus d'un |\w+ )?[\w/]+(?: (?:an|ans|mois|\d{4})\b)?")
_INCOME = late(
    r"\b(?:revenus?|salaires?|traitement|ressources|pension|retraite|percoi\w+|gagne\w*|remuner\w+|dispos\w+ de|touche\w*)"
    r"\b[^;:]{0,45}?"
    r"(?<!\d)(\d[\d\s.,]*\s?(?:€|euros?)(?: (?:nets?|bruts?))?(?: (?:par (?:mois|an)|mensuels?|annuels?))?)"
)
_ANY = late("|".join([*(p.pattern for _, p in _THEMES), r"€|\beuros?\b"]))


def matters(plain: str, start: int, end: int) -> Iterator[Part]:
    """Yield what is sensitive in a sentence that is about someone."""
    if not _ANY.search(plain, start, end):
        return
    found: list[Part] = []
    for meaning, pattern in _THEMES:
        for m in pattern.finditer(plain, start, end):
            if not _OF_ALL.search(plain[max(start, m.start() - 50) : m.start()]):
                since = _SINCE.match(plain, m.end(), end)
                found.append((m.start(), since.end() if since else m.end(), meaning))
    found += [(m.start(1), m.end(1), "income") for m in _INCOME.finditer(plain, start, end)]
    found.sort(key=lambda part: part[0] - part[1])  # the longest first: it is the one that is kept
    yield from found
