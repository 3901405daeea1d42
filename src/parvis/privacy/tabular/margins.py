"""The totals and the hierarchy of a table's dimension, found by themselves: in the words, and in the figures.

A code is the whole of others when its figures are the sum of theirs, in every other dimension at once. Statistical tables
keep the parts of a whole together: right after it, right before it, all of one level in a row, or under a code that
begins theirs. A sum that holds everywhere by chance is taken too: it can only make the protection stronger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from parvis.privacy.tabular.equations import Axis
from parvis.privacy.tabular.programme import Floats
from parvis.text import fold

_TOTAL = re.compile(
    r"(?:sous[- ]?)?tot(?:al|aux)?\b|_?t$|ensemble\b|tous\b|toutes\b|tout\b|total[ _]|cumul\b|all$|somme\b|deux sexes"
    r"|les deux\b|.*\bensemble$|.*\btotal$"
)
_DECIMALS = 4  # digits after the point past which figures are not written
_PAIRS = 4_000_000  # comparisons of a dimension past which only prefixes and words are looked at


def is_total(label: str) -> bool:
    """Return whether a label is a word for all of them: « Total », « Ensemble », « Tous âges », « _T »."""
    return bool(_TOTAL.match(fold(label)))


def axis_of(name: str, codes: Sequence[str], figures: Floats, parents: Mapping[str, str] | None = None) -> Axis:
    """Return a dimension with its total and its sums.

    Shape:  ``codes`` are n distinct codes in the file's order; ``figures`` (n, m) are their values in the m combinations of
            the other dimensions, NaN where a cell comes empty, 0 where it does not exist. ``parents`` are those known by
            other means (a correspondence of codes), which are believed without being checked.
    """
    sums = _Sums(codes, figures)
    for whole, below in _given(codes, parents or {}):
        sums.keep(whole, below)
    root = _root(codes, sums)
    if not parents:
        for whole, parts in _candidates(codes, sums, root):
            sums.keep(whole, parts)
        root = root or _root(codes, sums)
    if root and not sums.kept.get(root):
        # The word says so, the figures do not: what is missing, or too much, is said with the equations.
        held = {part for found in sums.kept.values() for parts in found for part in parts}
        sums.keep(root, [c for c in codes if c != root and c not in held])
    kept = {whole: [sums.gathered(whole, parts) for parts in found] for whole, found in sums.kept.items()}
    return Axis(name, root, tuple((whole, tuple(parts)) for whole, found in kept.items() for parts in found))


class _Sums:
    """The sums kept so far among the codes, those that the others imply left out."""

    def __init__(self, codes: Sequence[str], figures: Floats) -> None:
        self.at = {c: i for i, c in enumerate(codes)}
        self.every = figures  # NaN where a cell came empty
        self.figures = figures[:, ~np.isnan(figures).any(axis=0)]
        self.slack = _slack(figures)
        self.kept: dict[str, list[Sequence[str]]] = {}

    def hold(self, whole: str, parts: Sequence[str]) -> bool:
        """True when the figures of the whole are the sum of those of the parts, everywhere."""
        rows = self.every[[self.at[whole], *(self.at[p] for p in parts)]]
        rows = rows[:, ~np.isnan(rows).any(axis=0)]
        if not rows.shape[1] or not rows[0].any():
            return False
        return bool(np.abs(rows[1:].sum(0) - rows[0]).max() <= self.slack * (len(parts) + 1))

    def keep(self, whole: str, parts: Sequence[str]) -> None:
        if not parts or whole in parts or any(whole in self.leaves(p) for p in parts):
            return
        fine = self.leaves_of(parts)
        if not any(fine == self.leaves_of(known) for known in self.kept.get(whole, ())):
            self.kept.setdefault(whole, []).append(tuple(parts))

    def gathered(self, whole: str, parts: Sequence[str]) -> Sequence[str]:
        """Return the parts with those of another whole replaced by it: children and women make a town less well than
        children and adults."""
        left = dict.fromkeys(parts)
        for other in sorted(self.kept, key=lambda c: len(self.leaves(c))):
            own = self.kept[other][0]
            if other != whole and len(own) > 1 and other not in left and set(own) <= set(left) and len(own) < len(left):
                left = dict.fromkeys([other if c == own[0] else c for c in left if c == own[0] or c not in own])
        return tuple(left)

    def leaves_of(self, parts: Sequence[str]) -> frozenset[str]:
        return frozenset().union(*(self.leaves(p) for p in parts))

    def leaves(self, code: str) -> frozenset[str]:
        """Return the finest codes that make a code, itself when it has no parts."""
        found = self.kept.get(code)
        return self.leaves_of(found[0]) if found else frozenset({code})


def _slack(figures: Floats) -> float:
    """Return by how much one figure may be off: nothing for whole numbers, half of the last digit written otherwise."""
    figures = figures[~np.isnan(figures)]
    for decimals in range(_DECIMALS + 1):
        scaled = figures * 10**decimals
        if np.abs(scaled - np.round(scaled)).max(initial=0.0) < 1e-3:
            return 1e-6 if decimals == 0 else float(0.51 * 10.0**-decimals)
    return float(1e-6 * np.abs(figures).max(initial=1.0))


def _root(codes: Sequence[str], sums: _Sums) -> str:
    """Return the code of the total: the one that is called so, the largest when several are."""
    parts = {p for found in sums.kept.values() for known in found for p in known}
    named = [c for c in codes if is_total(c) and c not in parts]
    if not named and sums.kept:
        named = [c for c in sums.kept if c not in parts]
        return named[0] if len(named) == 1 else ""
    if not named:
        named = [c for c in codes if len(codes) > 2 and sums.hold(c, [o for o in codes if o != c])]
    return max(named, key=lambda c: float(np.nansum(np.abs(sums.every[sums.at[c]]))), default="")


def _given(codes: Sequence[str], parents: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    parts: dict[str, list[str]] = {}
    for code in codes:
        above = parents.get(code)
        while above is not None and above not in codes and above != parents.get(above):
            above = parents.get(above)
        if above is not None and above in codes and above != code:
            parts.setdefault(above, []).append(code)
    yield from parts.items()


def _candidates(codes: Sequence[str], sums: _Sums, root: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the sums that hold: the smallest wholes first, so that larger ones are told by them."""
    size = np.nansum(np.abs(sums.every), axis=1)
    order = sorted(codes, key=lambda c: (size[sums.at[c]], c == root))
    runs = len(codes) ** 2 <= _PAIRS
    for whole in order:
        found = [p for p in _under(whole, codes) if sums.hold(whole, p)]
        if runs:
            found += _runs(whole, codes, sums)
        yield from ((whole, parts) for parts in sorted(found, key=len))


def _under(whole: str, codes: Sequence[str]) -> Iterator[list[str]]:
    """Yield the codes that begin with a code, those of the next length only: FR10 holds FR101 and FR102."""
    below = [c for c in codes if c != whole and whole and c.startswith(whole)]
    if below:
        shortest = [c for c in below if not any(c != o and c.startswith(o) for o in below)]
        yield shortest
        lengths = sorted({len(c) for c in below})
        yield from ([c for c in below if len(c) == n] for n in lengths)


def _runs(whole: str, codes: Sequence[str], sums: _Sums) -> list[list[str]]:
    """Return the runs of codes that follow one another and whose sum is the whole's, wherever they stand."""
    at = sums.at[whole]
    total, sizes = sums.figures.sum(1)[at], sums.figures.sum(1)
    if (sums.figures < 0).any() or not sums.figures.shape[1] or not sums.figures[at].any():
        return []  # a sum that may go down cannot be walked along
    found, room = [], sums.slack * (len(codes) + 1) * sums.figures.shape[1] + 1e-9 * abs(total)
    for low, high in ((0, at), (at + 1, len(codes))):
        begin, held = low, 0.0
        for end in range(low, high):
            held += sizes[end]
            while held > total + room and begin < end:
                held -= sizes[begin]
                begin += 1
            if abs(held - total) <= room:
                parts = [c for c in codes[begin : end + 1] if sums.figures[sums.at[c]].any()]
                if parts and _telling(parts, whole, sums) and sums.hold(whole, parts):
                    # The codes of nothing at the ends belong to the whole as well as not.
                    found.append(list(codes[begin : end + 1]))
    return found


def _telling(parts: Sequence[str], whole: str, sums: _Sums) -> bool:
    """A code that is equal to one other must be so at several places: two small figures are often the same."""
    return len(parts) > 1 or int(np.count_nonzero(sums.figures[sums.at[whole]])) >= 3
