"""What a column's header says, and what its cells say where they are choices.

The words are those of ``words/headers.toml`` and ``words/cells.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence, Set
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from parvis.frozen import dataclass
from parvis.headers import plain
from parvis.text import fold, words
from parvis.values import Column

_ENOUGH = 0.6  # share of the cells that must say it
_WORDS = 6  # words of a cell that is a choice


@dataclass(frozen=True, slots=True)
class _Said:
    """Words, starts of words, words that must come together (each one a start), and words that must stand alone."""

    words: frozenset[str]
    starts: tuple[str, ...]
    together: tuple[tuple[str, ...], ...]
    alone: tuple[str, ...]

    def among(self, said: Set[str]) -> bool:
        if self.alone and said and all(w in self.alone or w.rstrip("sx") in self.alone for w in said):
            return True
        if not self.words.isdisjoint(said) or (self.starts and any(w.startswith(self.starts) for w in said)):
            return True
        return any(all(any(w.startswith(part) for w in said) for part in parts) for parts in self.together)


def head(column: Column) -> set[str]:
    """Return the words of a column's header and name, as they are written and written out."""
    return set(_head(column.label, column.name))


@lru_cache(maxsize=16384)
def _head(label: str, name: str) -> frozenset[str]:
    return frozenset({*words(label), *name.split("_"), *plain(label)})


def speaks(said: Set[str], name: str, *, several: bool = True) -> bool:
    """Return whether the words of a header speak of a thing, or of ``several``: « foyers » counts, « foyer » numbers."""
    return _speaks(frozenset(said), name, several)


def cells_say(cells: Sequence[str], *names: str) -> str:
    """Return the first of these things that most cells say, "" for none; cells that are sentences say nothing."""
    told = [c for c in cells if c.strip()]
    if not told or any(len(c.split()) > _WORDS for c in told):
        return ""
    for name in names:
        known = _said("cells", name)
        if sum(known.among(_cell(c)) for c in told) >= _ENOUGH * len(told):
            return name
    return ""


def some_cells_say(cells: Sequence[str], name: str, least: float) -> bool:
    """Return whether this share of the cells, each a choice, says a thing."""
    known = _said("cells", name)
    told = sum(known.among(_cell(c)) for c in cells if len(c.split()) <= _WORDS)
    return bool(told) and told >= least * len(cells)


@lru_cache(maxsize=16384)  # each header is asked the same by several rules
def _speaks(said: frozenset[str], name: str, several: bool) -> bool:
    read = _singular(said) if several else said
    return _said("headers", name).among(read) and not _said("headers", f"not_{name}").among(read)


@lru_cache(maxsize=16384)
def _singular(said: frozenset[str]) -> frozenset[str]:
    return frozenset({*said, *(w[:-1] for w in said if len(w) > 3 and w[-1] in "sx")})


@lru_cache(maxsize=16384)
def _cell(cell: str) -> frozenset[str]:
    told = words(cell)
    return frozenset({*told, *fold(cell).split(), *(w[:-1] for w in told if len(w) > 3 and w.endswith("s"))})


@cache
def _said(file: str, name: str) -> _Said:
    told = str(_lists(file).get(name, "")).split()
    together = tuple(tuple(p.rstrip("*") for p in w.split("+") if p) for w in told if "+" in w.strip("+"))
    single = [w for w in told if "+" not in w.strip("+") and w[0] != "="]
    return _Said(
        words=frozenset(w for w in single if not w.endswith("*")),
        starts=tuple(w[:-1] for w in single if w.endswith("*")),
        together=together,
        alone=tuple(w[1:] for w in told if w[0] == "="),
    )


@cache
def _lists(file: str) -> Mapping[str, Any]:
    return tomllib.loads(files("parvis.privacy.words").joinpath(f"{file}.toml").read_text("utf-8"))
