"""The words of a header as people would write them: « DTNAISS » gives date, naissance; « Pr_nom » prenom; « first name » prenom.

Programs join words, cut them short, lose accents or speak English. The words known are in ``lexicons/header_words.toml``;
what is not there is left as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files

from parvis.frozen import dataclass
from parvis.text import fold, words

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_DIGITS = re.compile(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])")
_ELISION = re.compile(r"\b(?:qu|[cdjlmnst])['’]", re.IGNORECASE)
_SMALL = frozenset("de du des d la le les l en au aux a et of the s".split())
_SHORTEST = 5  # letters of a word that may be several
_MOST = 4  # words in one
_TINY = 3  # letters of a short form that may be a part of another word
_LOST = re.compile(r"[^\x00-\x7f]")
_LONGEST = 200  # characters of a header that are read


@dataclass(frozen=True, slots=True)
class _Known:
    written: Mapping[tuple[str, ...], Sequence[str]]  # words of a header: what they stand for
    joined: frozenset[str]
    whole: frozenset[str]
    lost: Mapping[tuple[str, ...], str]  # what is left of a word without its accented letters: the word
    longest: int  # words of the longest that stands for something


@lru_cache(maxsize=16384)
def plain(label: str) -> tuple[str, ...]:
    """Return the words of a header, folded, cut and written out, small words left out."""
    spaced = _CAMEL.sub(" ", _ELISION.sub(" ", _decoded(label[:_LONGEST])))
    told = [w for word in words(spaced) for w in _DIGITS.sub(" ", word).split()]
    cut = [w for word in _mended(told) for w in _parts(word)]
    return tuple(w for w in _written(cut) if w not in _SMALL and not w.isdigit())


def _decoded(label: str) -> str:
    """Return a header whose UTF-8 was read as something else, as it was: « PrÃ©nom » gives « Prénom »."""
    if "Ã" not in label:
        return label
    try:
        return label.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return label


def _mended(told: Sequence[str]) -> Iterator[str]:
    """Yield the words, those that lost accented letters whole again: « pr » and « nom » are « prenom »."""
    lost, at = _known().lost, 0
    while at < len(told):
        size = next((n for n in (3, 2, 1) if tuple(told[at : at + n]) in lost and at + n <= len(told)), 0)
        yield lost[tuple(told[at : at + size])] if size else told[at]
        at += size or 1


def _written(told: Sequence[str]) -> Iterator[str]:
    """Yield the words, each replaced by what it stands for."""
    known, at = _known(), 0
    while at < len(told):
        size = next((n for n in range(known.longest, 0, -1) if tuple(told[at : at + n]) in known.written), 0)
        yield from known.written[tuple(told[at : at + size])] if size else (told[at],)
        at += size or 1


def _parts(word: str) -> Sequence[str]:
    """Return the words that one is made of, itself when it is not."""
    known = _known()
    if len(word) < _SHORTEST or word in known.joined or word in known.whole or (word,) in known.written:
        return (word,)
    if word.endswith("s") and word[:-1] in known.joined and (word[:-1],) not in known.written:
        return (word,)
    return min(_cuts(word, _MOST), key=lambda cut: (len(cut), -max(map(len, cut))), default=(word,))


def _cuts(word: str, most: int) -> Iterator[tuple[str, ...]]:
    """Yield the ways to cut a word in known ones."""
    joined = _known().joined
    if word in joined:
        yield (word,)
    if most == 1:
        return
    for size in range(2, len(word) - 1):
        if word[:size] in joined:
            for rest in _cuts(word[size:], most - 1):
                yield (word[:size], *rest)


@cache
def _known() -> _Known:
    told = tomllib.loads(files("parvis").joinpath("lexicons/header_words.toml").read_text("utf-8"))
    written = {tuple(short.split()): tuple(long.split()) for short, long in told["written"].items()}
    return _Known(
        written=written,
        joined=frozenset(fold(w) for w in told["joined"]["words"].split())
        | {w for w in told["written"] if len(w) > _TINY},
        whole=frozenset(told["joined"]["whole"].split()),
        lost={key: fold(w) for w in told["accented"]["words"].split() for key in _without_accents(w) if key},
        longest=max(map(len, written)),
    )


def _without_accents(word: str) -> set[tuple[str, ...]]:
    """Return what is left of a word whose accented letters became a sign, or nothing."""
    gaps = tuple(_LOST.sub(" ", word).split())
    nothing = _LOST.sub("", word)
    # « n », « ge » or « cole » alone may be anything.
    return {g for g in (gaps, (nothing,)) if len("".join(g)) >= 4 and g != (fold(word),)}
