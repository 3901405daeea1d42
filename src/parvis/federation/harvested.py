"""What a rehearsal tells: each dataset of a catalogue as a harvester would take it, with its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from parvis.frozen import dataclass
from parvis.values import Finding, Severity


@dataclass(frozen=True, slots=True)
class Score:
    """Points reached of those there are, and what is missing, dearest first: (words, points)."""

    points: float
    of: float
    missing: Sequence[tuple[str, float]] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One dataset. A remark that refuses says why it would not be taken."""

    id: str
    title: str
    remarks: Sequence[Finding] = ()
    quality: Score | None = None  # of data.europa.eu, of 405
    completeness: Score | None = None  # of data.gouv.fr, of 9

    @property
    def kept(self) -> bool:
        return not any(f.severity is Severity.REFUSE for f in self.remarks)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """``protocol`` is "dcat" or "ckan"; ``faults`` are of the catalogue as a whole: one that refuses stops everything."""

    address: str
    protocol: str
    pages: int
    items: Sequence[Item]
    faults: Sequence[Finding] = ()
    search: Mapping[str, Sequence[str]] = field(default_factory=dict)  # page -> what search engines of data miss there

    @property
    def kept(self) -> int:
        return 0 if self.stopped else sum(i.kept for i in self.items)

    @property
    def stopped(self) -> bool:
        return any(f.severity is Severity.REFUSE for f in self.faults)

    def mean(self, name: str) -> float | None:
        """Return the mean of « quality » or « completeness » over the datasets that have it, None when none has."""
        found = [s.points for s in (getattr(i, name) for i in self.items) if s is not None]
        return round(sum(found) / len(found), 1) if found else None
