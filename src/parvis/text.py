"""Small facts about French words: folding, stems, names for machines, numbers and dates as people write them."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, cast

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "’": "'", "ʼ": "'"})
# Nearly all that French writes beside ASCII: a text that has nothing else is not looked at sign by sign.
_FRENCH = _LIGATURES | str.maketrans("àâäçéèêëîïôöùûüÀÂÄÇÉÈÊËÎÏÔÖÙÛÜ", "aaaceeeeiioouuuaaaceeeeiioouuu")
_WORD = re.compile(r"[^\W_]+")
_DOUBLE = re.compile(r" (?=[;?!](?:\s|$))")
_ELISION = re.compile(r"\b(?:qu|[cdjlmnst])['’]", re.IGNORECASE)
_EMPTY = frozenset(
    "a au aux avec ce ces dans de des du elle en et eux il je la le les leur lui ma mais me meme mes moi mon ne nos "
    "notre "
    "nous on ou par pas pour qu que qui sa se ses son sur ta te tes toi ton tu un une vos votre vous d l".split()
)


class _Late:
    """A regular expression that is compiled when somebody first asks something of it."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern, self._flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        made = re.compile(self.pattern, self._flags)
        for method in ("search", "match", "fullmatch", "finditer", "findall", "sub", "split"):
            setattr(self, method, getattr(made, method))  # from now on asked of it directly
        return getattr(made, name)


def late(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return a regular expression that costs nothing until a text is held against it.

    Compiling those that few files ever meet took a tenth of the start of a command. Its methods are those of
    ``re.compile``; functions of ``re`` do not take it.
    """
    return cast("re.Pattern[str]", _Late(pattern, flags))


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return the text in lower case without accents nor ligatures: « École n° 2 » gives « ecole n° 2 »."""
    if text.isascii():
        return text.lower().strip()
    if (usual := text.translate(_FRENCH)).isascii():
        return usual.lower().strip()
    plain = unicodedata.normalize("NFKD", text.translate(_LIGATURES).casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).strip()


def words(text: str) -> list[str]:
    """Return the folded words of a text, elided articles off."""
    return _WORD.findall(fold(_ELISION.sub(" ", text)))


_local = threading.local()
# Plurals that the French stemmer leaves: vélos, menus, numéros, jeux, lieux; and those that change their end.
_PLURAL = re.compile(r"\w\w[aiou]s$|[eo]ux$")
_PLURALS = {
    **{f"{word}aux": f"{word}ail" for word in ("trav", "vitr", "b", "cor", "em", "soupir")},
    **{f"{word}x": word for word in ("tuyau", "noyau", "materiau", "joyau", "boyau", "preau")},
}


def stems(text: str) -> list[str]:
    """Return the stems that search compares: école, écoles and ECOLE meet; small words are left out.

    Words are folded before they are stemmed, so that what was typed without accents meets what has them.
    """
    found = []
    for word in _WORD.findall(_ELISION.sub(" ", text.casefold().replace("’", "'"))):
        if fold(word) not in _EMPTY:
            found.append(_stem(fold(word)))
    return found


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    import snowballstemmer

    if not hasattr(_local, "stemmer"):
        _local.stemmer = snowballstemmer.stemmer("french")
    stem = fold(str(_local.stemmer.stemWord(_PLURALS.get(word, word))))
    return stem[:-1] if _PLURAL.search(stem) else stem


def slug(text: str, length: int = 60) -> str:
    """Return a name for an address: letters, digits and hyphens, cut at a word."""
    name = "-".join(words(text)) or "donnees"
    return name if len(name) <= length else name[:length].rpartition("-")[0] or name[:length]


def number(value: float, decimals: int | None = None) -> str:
    """Return a number as French writes it: narrow no-break spaces and a comma."""
    if decimals is None:
        decimals = 0 if float(value).is_integer() else 2
    return f"{value:,.{decimals}f}".replace(",", "\u202f").replace(".", ",")


_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()


def day(value: date) -> str:
    """Return a day in words: « 1er mars 2026 »."""
    return f"{'1er' if value.day == 1 else value.day} {_MONTHS[value.month - 1]} {value.year}"


def plural(count: float, one: str, many: str = "") -> str:
    """Return the count and its noun: « 1 ligne », « 214 lignes » (French: plural from two)."""
    return f"{number(count)}\u00a0{one if abs(count) < 2 else many or one + 's'}"


def listed(items: Iterable[str], last: str = "et") -> str:
    """Return « a, b et c »."""
    known = list(items)
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} {last} {known[-1]}" if known else ""


@cache
def _written() -> Mapping[str, str]:
    text = files("parvis").joinpath("lexicons/municipal_words.txt").read_text("utf-8")
    known = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {fold(word): word for word in known if fold(word) != word}


def accented(text: str) -> str:
    """Return a title with the accents and capitals that a file's name lost: « prets mediatheque » → « prêts médiathèque ».

    Only words of a short lexicon change, and only when they are written without any accent.
    """

    def given(found: re.Match[str]) -> str:
        word = found[0]
        known = _written().get(word.lower())
        if known is None or known.isupper():
            return known or word
        return (
            known.upper()
            if word.isupper() and len(word) > 1
            else known[0].upper() + known[1:]
            if word[0].isupper()
            else known
        )

    return _WORD.sub(given, text)


@cache
def _phrases() -> Mapping[tuple[str, ...], str]:
    text = files("parvis").joinpath("lexicons/municipal_phrases.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {tuple(w for w in words(line) if w not in _EMPTY): line for line in lines}


def phrased(text: str) -> str:
    """Return a title with the small words that a file's name lost: « Qualité air » gives « Qualité de l'air ».

    Only phrases of a short lexicon change, where their words follow one another.
    """
    folded = "".join(fold(c) or c for c in text)
    if len(folded) != len(text):
        return text
    known = {key: line for key, line in _phrases().items() if all(word in folded for word in key)}
    if not known:
        return text
    between = r"(?:[ ]+|[ ](?:de|des|du|la|le|les|a|au|aux)[ ]|[ ](?:de[ ])?[ld]['’])+"
    longest = sorted((between.join(key) for key in known), key=len, reverse=True)
    pattern = re.compile(rf"\b(?:{'|'.join(longest)})\b")

    def given(found: re.Match[str]) -> str:
        said = known[tuple(w for w in words(found[0]) if w not in _EMPTY)]
        return said[0].upper() + said[1:] if text[found.start()].isupper() else said

    out, at = "", 0
    for found in pattern.finditer(folded):
        out += text[at : found.start()] + given(found)
        at = found.end()
    return out + text[at:]


def spaced(text: str) -> str:
    """Return a French text whose double signs never start a line alone: no-break spaces inside « » and before ; : ? !"""
    kept = text.replace("« ", "«\u00a0").replace(" »", "\u00a0»").replace(" : ", "\u00a0: ")
    kept = f"{kept[:-2]}\u00a0:" if kept.endswith(" :") else kept
    return _DOUBLE.sub("\u202f", kept)
