"""Which words are used alike, and how each is mostly written: 1,024 classes made from vectors of French (CC0).

Made by ``scripts/make_word_kin.py``. The file is searched where it lies: nothing is loaded but its bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Kin:
    """The classes of a word as it is written, from the narrowest, and its use in small letters and with a capital."""

    narrow: str  # "" when the word is in no list
    wide: str
    widest: str
    small: str  # the wide class of the word in small letters
    used: str  # how much in small letters, with a capital, in capitals: "1" the most, "6" the least, "-" never


@lru_cache(maxsize=65536)
def kin(word: str, shape: str) -> Kin:
    """Return the kin of a folded word; ``shape`` is "l" in small letters, "U" in capitals, "T" with one."""
    forms = _forms(word) or (_forms(word.rpartition("-")[2]) if "-" in word else ()) or ("-", "-", "-")
    small, title, loud = forms
    own = next((f for f in ((small, title, loud) if shape == "l" else (title, small, loud)) if f != "-"), "")
    if shape == "U" and loud != "-":
        own = loud
    wide, widest = _wider()
    used = f"{small[-1]}{title[-1]}{loud[-1]}"
    if not own:
        return Kin("", "", "", "", used)
    at = _number(own)
    return Kin(str(at), wide[at], widest[at], wide[_number(small)] if small != "-" else "", used)


def _number(form: str) -> int:
    return _DIGITS.index(form[0]) * 62 + _DIGITS.index(form[1])


@cache
def _held() -> bytes:
    return files("parvis.privacy.words").joinpath("kin.txt").read_bytes()


@cache
def _wider() -> tuple[list[str], list[str]]:
    first, second = _held().split(b"\n", 2)[:2]
    return first.decode().split()[1:], second.decode().split()[1:]


def _forms(word: str) -> tuple[str, ...]:
    """Return the classes of a word in small letters, with a capital and in capitals; () when it is not known."""
    held, wanted = _held(), word.encode()
    low, high = 0, len(held)
    while low < high:  # the lines are in order
        middle = (low + high) // 2
        start = held.rfind(b"\n", 0, middle) + 1
        end = held.find(b"\n", middle)
        here, *forms = held[start:end].split(b" ")
        if here == wanted:
            small, title, *loud = (f.decode() for f in forms[:3])
            return small, title, *(loud or ("-",))
        if here < wanted:
            low = end + 1
        else:
            high = start
    return ()
