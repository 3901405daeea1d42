"""Codes that overlap: two versions cut ages or districts otherwise, and what lies between their borders is a cell.

« 60 ans et plus » in one version and « 62 ans et plus » in the next show how many are 60 or 61. Each code is taken as a set of
units (years of age, districts); the units that no code tells apart make one unseen cell, that the codes are sums of.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from parvis.privacy.tabular.equations import Axis
from parvis.text import fold

ATOM = "~"  # begins the code of what lies between borders: never shown
_OLDEST = 130
_BETWEEN = re.compile(r"(?:de )?(\d{1,3})(?: ans?)?\s*(?:-|–|a|et|/)\s*(\d{1,3})(?: ans?)?$")
_FROM = re.compile(
    r"(?:(\d{1,3})(?: ans?)?\s*(?:et|ou) (?:plus|\+)|(\d{1,3})(?: ans?)?\s*\+|plus de (\d{1,3})(?: ans?)?)$"
)
_UNDER = re.compile(r"(?:moins de|<)\s*(\d{1,3})(?: ans?)?$")
_ONE = re.compile(r"(\d{1,3}) ans?$")


def units_of(label: str) -> frozenset[str] | None:
    """Return the years of a band of ages: « 18-24 ans », « 65 ans et plus », « moins de 3 ans »; None for another word."""
    said = fold(label)
    if found := _BETWEEN.match(said):
        low, high = int(found[1]), int(found[2])
    elif found := _FROM.match(said):
        low, high = int(found[1] or found[2] or int(found[3]) + 1), _OLDEST
    elif found := _UNDER.match(said):
        low, high = 0, int(found[1]) - 1
    elif found := _ONE.match(said):
        low = high = int(found[1])
    else:
        return None
    return frozenset(map(str, range(low, min(high, _OLDEST) + 1))) if low <= high <= 3 * _OLDEST else None


def overlapping(axis: Axis, codes: Collection[str], members: Mapping[str, Collection[str]] | None = None) -> Axis:
    """Return the dimension with what lies between the borders of its codes, itself when they only fit into each other.

    ``codes`` are those of all its tables; ``members`` the units of each code, read from the words when not given.
    """
    sets = {c: frozenset(members[c]) if members and c in members else units_of(c) for c in codes if c != axis.root}
    known = {c: units for c, units in sets.items() if units}
    if not known or not (_crossing(list(known.values())) or _cut_apart(axis, known)):
        return axis
    groups: dict[frozenset[str], set[str]] = {}
    for unit in frozenset().union(*known.values()):
        groups.setdefault(frozenset(c for c, units in known.items() if unit in units), set()).add(unit)
    atoms = {holders: f"{ATOM}{_said(units)}" for holders, units in groups.items()}
    sums = list(axis.sums)
    for code in known:
        parts = tuple(atoms[holders] for holders in groups if code in holders)
        if len(parts) > 1 or any(len(h) > 1 for h in groups if code in h):
            sums.append((code, parts))
    return Axis(axis.name, axis.root, tuple(sums))


def _said(units: Collection[str]) -> str:
    """Return units in few words: « 60 à 61 », « Port, Gare »."""
    named = sorted(units, key=lambda u: (len(u), u))
    if all(u.isdigit() for u in named) and int(named[-1]) - int(named[0]) == len(named) - 1:
        return named[0] if len(named) == 1 else f"{named[0]} à {named[-1]}"
    return ", ".join(named[:4]) + (f" (+ {len(named) - 4})" if len(named) > 4 else "")


def read_as(code: str) -> str:
    """Return a code as a person reads it."""
    return code.removeprefix(ATOM)


def _crossing(sets: Sequence[frozenset[str]]) -> bool:
    return any(a & b and not (a <= b or b <= a) for i, a in enumerate(sets) for b in sets[:i])


def _cut_apart(axis: Axis, known: Mapping[str, frozenset[str]]) -> bool:
    """True when a code lies inside another, and no sum says what is left."""
    told = {(whole, part) for whole, parts in axis.sums for part in parts}
    names = list(known)
    return any(known[a] < known[b] and (b, a) not in told for a in names for b in names)


def atoms_of(axis: Axis) -> list[str]:
    """Return the codes of what lies between borders."""
    return list(dict.fromkeys(p for _, parts in axis.sums for p in parts if p.startswith(ATOM)))
