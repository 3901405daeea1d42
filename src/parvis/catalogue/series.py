"""Datasets that are one thing told year after year: a budget, the list of grants, the results of a vote.

They are known by their titles, which differ by their years alone, within one organisation: nobody has to say so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from parvis.frozen import dataclass
from parvis.text import fold
from parvis.web import Entry

_YEAR = re.compile(r"(?<![\w.])(?:19|20)\d\d(?:\s*(?:[-/–]|et|à)\s*(?:(?:19|20)\d\d|\d\d))?(?!\w|[.,]\d)")
_SIGNS = " \t-–—:,;()[]/«»\u00a0\u202f"
_FEWEST = 4  # letters of what is left of a title: less names nothing


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its members, from the oldest to the newest."""

    id: str  # never changes while the title but for the year does not
    title: str
    members: Sequence[Entry]


def gathered(entries: Iterable[Entry]) -> Mapping[str, Series]:
    """Return the series that datasets make, by the id of each member: two members at least, each of another year."""
    found: dict[tuple[str, str], list[tuple[str, str, Entry]]] = {}
    for entry in entries:
        title = entry.metadata.title
        years = _YEAR.findall(title)
        left = " ".join(_YEAR.sub(" ", title).replace("()", " ").split()).strip(_SIGNS)
        if years and sum(c.isalpha() for c in left) >= _FEWEST:
            found.setdefault((entry.organisation, fold(left)), []).append((years[0], left, entry))
    out: dict[str, Series] = {}
    for key, members in found.items():
        if len(members) > 1 and len({year for year, _, _ in members}) == len(members):
            ordered = sorted(members, key=lambda m: m[0])
            identity = hashlib.sha256("\x1f".join(key).encode("utf-8", "replace")).hexdigest()[:12]
            series = Series(identity, ordered[-1][1], tuple(entry for _, _, entry in ordered))
            out |= {entry.id: series for entry in series.members}
    return out
