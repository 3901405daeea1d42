"""What is seen of each word of a text, by which it is weighed: a name of a person, of someone in a public function, or of nobody.

Rules (``names``) say what they are sure of; ``network`` decides the rest as a reader would, by everything at once: how many
bear the word as a first name or a surname, how it is written, which words are used alike (``words/kin``), what the rules
said, and what stands around.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Protocol

from parvis.frozen import dataclass
from parvis.privacy.words import classes as c
from parvis.privacy.words.kin import kin
from parvis.privacy.words.lexicon import given, is_town, known, ordinary, surname

Word = tuple[str, str]  # folded, shape
Around = tuple[str, str, str, str]  # the rules' verdict, their facts, what line begins there, what the whole text is


class Token(Protocol):
    """A word, a number or a sign of the text; see ``names``."""

    text: str
    start: int
    end: int
    folded: str
    shape: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A text as the rules leave it.

    ``verdicts`` is what they said of each token: "p" a person, "m" one with a title, "o" an official, "t" a thing, "h"
    someone of the past, "l" in a council's list, "n" nothing. ``facts`` are the letters of what else they noticed of it:
    "c" a code, "r" a monument's, "f" a firm's, "g" glued to a file or an address.
    """

    text: str
    tokens: Sequence[Token]
    verdicts: Sequence[str]
    facts: Sequence[str]
    prose: bool
    shout: bool


def places(seen: Seen, first: int, after: int) -> Iterator[int]:
    """Yield the tokens that may be a name's."""
    verdicts = seen.verdicts
    for i, token in enumerate(seen.tokens[first:after], first):
        weight = _weight(token.folded, token.shape)
        if weight == 2 or (weight and verdicts[i] != "n"):
            yield i


# --- What the network is given --------------------------------------------------------------------


def inputs(seen: Seen, first: int, after: int) -> tuple[list[Word], list[Around]]:
    """Return the words of a part of a text, and the circumstances of each."""
    tokens, verdicts, facts, whole = seen.tokens, seen.verdicts, seen.facts, f"P{seen.prose}{seen.shout}"
    around: list[Around] = []
    end = tokens[first - 1].end if first else 0
    lines = "\n" in seen.text
    for i in range(first, after):
        fresh = "^" if i == 0 else ""
        if lines and i:
            fresh = "/" if "\n" in seen.text[end : tokens[i].start] else ""
            end = tokens[i].end
        around.append((verdicts[i], facts[i], fresh, whole))
    return [(token.folded, token.shape) for token in tokens[first:after]], around


def signs_around(around: Around) -> tuple[str, ...]:
    """Return the signs that the circumstances of a word carry."""
    verdict, fact, fresh, whole = around
    return f"~v{verdict}", f"~f{fact}", f"~l{fresh}", f"~{whole}"


# --- What is seen of a word -----------------------------------------------------------------------

_FUNCTION = frozenset(
    "a au aux de du des d le la les l un une et ou en par pour avec chez sur sous dans vers entre sans est sont que qui "
    "dont ce cet cette ces son sa ses leur leurs mon ma mes notre nos votre vos il elle on nous vous je tu se ne pas plus "
    "y".split()
)


def _classes(word: str) -> str:
    """Return the classes of words that one is in, a letter each."""
    return _letters().get(word, "")


@cache
def _letters() -> Mapping[str, str]:
    out: dict[str, str] = {}
    for letter, words in (
        ("N", c.NOUNS), ("R", c.ROLES), ("L", c.LABELS), ("T", c.TITLES), ("X", c.NEVER), ("C", c.COMMON),
        ("B", c.AFTER_BODY), ("G", c.GIVEN_AFTER), ("S", c.SURNAME_AFTER), ("V", c.ACTS), ("O", c.OF_SOMEONE),
        ("I", c.GIVING), ("P", c.PARTICLES), ("W", c.WORKS), ("A", c.APPOSED), ("Z", c.REGIONS),
    ):  # fmt: skip
        for word in words:
            out[word] = out.get(word, "") + letter
    return out


@lru_cache(maxsize=65536)
def _profile(word: str) -> str:
    """Return how a word is known: figures of its bearers as a first name, as a surname, and of its use in small letters."""
    return f"{given(word)}{surname(word)}{min(ordinary(word), 3)}"


@lru_cache(maxsize=65536)
def _key(word: str, shape: str) -> str:
    """Return a word as its neighbours see it: itself when it is a word of the language, its profile when it is a name."""
    if shape == ".":
        return word
    if shape == "0":
        return f"#{_age(word)}" if len(word) == 4 and word[0] in "12" else f"#{min(len(word), 6)}"
    if shape == "I":
        return "<I>"
    if shape == "l" or word in _FUNCTION or _classes(word) or ordinary(word):
        return word
    return f"<{_profile(word)}{'K' if is_town(word) else ''}>"


def _age(year: str) -> str:
    """Return the age a year is of: before those who live, between the wars, ours."""
    return "old" if year < "1915" else "war" if year < "1950" else "now"


@lru_cache(maxsize=65536)
def _kind(word: str, shape: str) -> str:
    """Return the coarse kind of a word, for pairs."""
    if shape in ".0":
        return _key(word, shape)
    if shape == "l":
        return word if word in _FUNCTION else f"l{_classes(word)}"
    return f"{shape}{_profile(word)}"


def figures(word: str) -> str:
    """Return figures of the same signs, the same for all numbers of a length or years of an age."""
    if len(word) == 4 and word[0] in "12":
        return _YEARS[_age(word)]
    return "0" * min(len(word), 12)


_YEARS = {"old": "1900", "war": "1930", "now": "2000"}


def alone(word: str, shape: str) -> tuple[str, ...]:
    """Return the signs that a word carries by itself."""
    if shape in ".0I":
        return (f"k{_key(word, shape)}", f"sh{shape}", f"n{min(len(word), 12)}")
    profile, classes = _profile(word), _classes(word)
    out = [
        f"p{shape}{profile}", f"g{profile[0]}", f"s{profile[1]}", f"o{profile[2]}{shape}", f"gs{profile[:2]}",
        f"3{word[-3:]}", f"2{word[-2:]}", f"n{min(len(word), 12)}{'-' in word}", f"3c{shape}{word[-3:]}", f"sh{shape}",
    ]  # fmt: skip
    out += [f"c{letter}" for letter in classes]
    near = kin(word, shape)
    out += (
        f"kn{near.narrow}", f"kw{near.wide}", f"kt{near.widest}{shape}", f"ku{near.used}{shape}", f"kp{near.widest}{profile[:2]}",
        f"ks{near.small}", f"kup{near.used}{profile[:2]}",
    )  # fmt: skip
    if shape == "U":
        spelt = spelling(word)
        out += (
            f"sp{spelt}{min(len(word), 7)}",
            f"spk{spelt}{profile[0] > '0'}{profile[1] > '0'}{near.used[-1:]}",
        )
    if is_town(word):
        out += ("K", f"K{profile[:2]}")
    out += [f"{kind}{shape}" for kind in ("alone", "brands", "towns") if word in known(kind)]
    if classes or ordinary(word):
        out.append(f"w{word}")
    out += (f"k{_key(word, shape)}", f"4{word[-4:]}", f"^{word[:3]}")
    if near.row < 0:
        out.append(f"nov{shape}")
    return tuple(out)


_VOWELS = frozenset("aeiouy")


def spelling(word: str) -> str:
    """Return how easily a word is said: its longest run of consonants and whether it has a vowel. Letters that stand for
    other words (« DMTO ») are seldom a name's."""
    run = most = 0
    for letter in word:
        run = 0 if letter in _VOWELS else run + 1
        most = max(most, run)
    return f"{min(most, 4)}{any(letter in _VOWELS for letter in word)}"


@lru_cache(maxsize=65536)
def _weight(word: str, shape: str) -> int:
    """Return 0 for a word that is no name, 1 for one that is only where a rule says so, 2 for one that may be."""
    return 0 if not is_weighed(word, shape) else 1 if _is_plain(word, shape) else 2


@lru_cache(maxsize=65536)
def is_weighed(word: str, shape: str) -> bool:
    """True for a word that may be a name: with a capital, or known as one and hardly as anything else."""
    if shape in ".0" or word in c.TITLES or word in _FUNCTION:
        return False
    if shape != "l":
        return True
    if len(word) < 3 or ordinary(word) or _classes(word):
        return False
    used = kin(word, shape).used
    small, title = used[0], used[1]
    return given(word) >= 3 or (surname(word) >= 3 and (small == "-" or "-" != title < small))


@lru_cache(maxsize=65536)
def _is_plain(word: str, shape: str) -> bool:
    """True for a word of the language that nobody bears: « Convocation »."""
    if shape == "T" and "-" in word:
        return all(part in _FUNCTION or (ordinary(part) and given(part) < 4) for part in word.split("-"))
    return shape == "T" and ordinary(word) >= 1 and given(word) < 3 and surname(word) < 4
