"""French communes: which codes held when, what took their place, and where each department lies.

The lists lie in ``lexicons/communes.txt`` (``scripts/make_places.py``, from the Code officiel géographique) and
``lexicons/departments.txt`` (``scripts/make_departments.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

COMMUNES = Path(__file__).parent / "lexicons" / "communes.txt"
DEPARTMENTS = Path(__file__).parent / "lexicons" / "departments.txt"


class Commune(NamedTuple):
    """A code of the geographical code. Days are ISO 8601; ``since`` is "" before 1943, ``until`` "" while it holds."""

    code: str
    kinds: str  # today: C commune, D delegated commune, A associated commune, M municipal district; "" none of them
    since: str
    until: str
    into: str  # code of the commune that took its place
    name: str


@cache
def communes() -> Mapping[str, Commune]:
    """Return every commune that existed since 1943, by its code."""
    lines = COMMUNES.read_text("utf-8").splitlines()[1:]
    return {c.code: c for c in (Commune._make(line.split("|", 5)) for line in lines)}


@cache
def year() -> int:
    """Return the year of the geographical code that the list stops at."""
    with COMMUNES.open(encoding="utf-8") as lines:
        return int(lines.readline().strip("# \n"))


@cache
def boxes() -> Mapping[str, tuple[float, float, float, float]]:
    """Return west, south, east, north of each department, in degrees, some 25 km wider than it is."""
    out = {}
    for line in DEPARTMENTS.read_text("utf-8").splitlines():
        code, *sides = line.split("|")
        west, south, east, north = map(float, sides)
        out[code] = (west, south, east, north)
    return out


def department_of(code: str) -> str:
    """Return the department of a commune's code: « 2A », « 971 », « 34 »."""
    return code[:3] if code[:2] in ("97", "98") else code[:2]
