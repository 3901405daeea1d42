"""What sentences say of people, read from ``patterns.toml``: regular expressions over small letters without accents."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence, Set
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"\{([a-z_]+)\}")


@cache
def _lists() -> dict[str, Sequence[str]]:
    return tomllib.loads(files("parvis.privacy.words").joinpath("patterns.toml").read_text("utf-8"))


def lines(name: str) -> Sequence[str]:
    """Return the alternatives of a name, as they are written."""
    return _lists()[name]


@cache
def _header(name: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the words of headers (``headers.toml``) that speak of a thing, and the starts of others."""
    text = files("parvis.privacy.words").joinpath("headers.toml").read_text("utf-8")
    words = tomllib.loads(text)[name].split()
    return frozenset(w for w in words if not w.endswith("*")), tuple(w[:-1] for w in words if w.endswith("*"))


def speaks(said: Set[str], name: str) -> bool:
    """Return whether one of these words of a header speaks of a thing."""
    words, starts = _header(name)
    return not words.isdisjoint(said) or any(word.startswith(starts) for word in said if starts)


@cache
def any_of(name: str) -> str:
    """Return one group of all the alternatives of a name."""
    return f"(?:{'|'.join(_NAME.sub(lambda m: any_of(m[1]), line) for line in lines(name))})"
