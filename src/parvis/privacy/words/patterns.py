"""What sentences say of people, read from ``patterns.toml``: regular expressions over small letters without accents."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
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
def any_of(name: str) -> str:
    """Return one group of all the alternatives of a name."""
    return f"(?:{'|'.join(_NAME.sub(lambda m: any_of(m[1]), line) for line in lines(name))})"
