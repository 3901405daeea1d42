"""Which words are used alike, and how each is mostly written: 20,000 rows in 1,024 classes, from vectors of French (CC0).

Made by ``scripts/make_word_kin.py``. The file is searched where it lies: nothing is loaded but its bytes.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files

from parvis.frozen import dataclass

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Kin:
    """The classes of a word as it is written, from the narrowest, and its use in small letters and with a capital."""

    narrow: str  # "" when the word is in no list
    wide: str
    widest: str
    small: str  # the wide class of the word in small letters
    used: str  # how much in small letters, with a capital, in capitals: "1" the most, "6" the least, "-" never
    row: int = -1  # of its place among all words (``kin.bin``); -1 when it has none
    small_row: int = -1  # of the word in small letters


@lru_cache(maxsize=65536)
def kin(word: str, shape: str) -> Kin:
    """Return the kin of a folded word; ``shape`` is "l" in small letters, "U" in capitals, "T" with one."""
    forms = _forms(word) or (_forms(word.rpartition("-")[2]) if "-" in word else ()) or ("-", "-", "-")
    small, title, loud = forms
    own = next((f for f in ((small, title, loud) if shape == "l" else (title, small, loud)) if f != "-"), "")
    if shape == "U" and loud != "-":
        own = loud
    used = f"{small[-1]}{title[-1]}{loud[-1]}"
    if not own:
        return Kin("", "", "", "", used)
    _, wide, widest = _wider()
    row, other = _number(own), _number(small) if small != "-" else -1
    at = _class(row)
    return Kin(str(at), wide[at], widest[at], wide[_class(other)] if other >= 0 else "", used, row, other)


def _number(form: str) -> int:
    """Return the row of a form."""
    return (_DIGITS.index(form[0]) * 62 + _DIGITS.index(form[1])) * 62 + _DIGITS.index(form[2])


@cache
def _held() -> bytes:
    return files("parvis.privacy.words").joinpath("kin.txt").read_bytes()


@cache
def _wider() -> tuple[str, list[str], list[str]]:
    """Return the classes of all rows, two figures each, the wider class of each class, and the widest."""
    narrow, wide, widest = _held().split(b"\n", 3)[:3]
    return narrow.decode().split()[1], wide.decode().split()[1:], widest.decode().split()[1:]


def _class(row: int) -> int:
    narrow = _wider()[0]
    return _DIGITS.index(narrow[2 * row]) * 62 + _DIGITS.index(narrow[2 * row + 1])


def _forms(word: str) -> tuple[str, ...]:
    """Return the classes of a word in small letters, with a capital and in capitals; () when it is not known."""
    held, wanted = _held(), f"\n{word} ".encode()
    low, high = _lines_of(word[:3])
    start = held.find(wanted, low - 1, high)
    if start < 0:
        return ()
    small, title, *loud = held[start + len(wanted) : held.find(b"\n", start + 1)].decode().split(" ")
    return small, title, *(loud or ("-",))


@lru_cache(maxsize=8192)
def _lines_of(beginning: str) -> tuple[int, int]:
    """Return where the words that begin so stand: some dozens of lines, in order with all others."""
    return _first(beginning.encode()), _first(beginning.encode() + b"\xff")


def _first(wanted: bytes) -> int:
    """Return where the first line from a word on begins."""
    held = _held()
    low, high = 0, len(held)
    while low < high:
        middle = (low + high) // 2
        start = held.rfind(b"\n", 0, middle) + 1
        end = held.find(b"\n", middle)
        if held[start:end] < wanted:
            low = end + 1
        else:
            high = start
    return low
