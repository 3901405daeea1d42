"""How often a dataset is renewed, with the days after which it is late."""

from __future__ import annotations

from collections.abc import Mapping

from parvis.frozen import dataclass
from parvis.values import msg


@dataclass(frozen=True, slots=True)
class Frequency:
    title: str
    days: int | None  # between two releases; None when nothing is promised
    dcat: str


FREQUENCIES: Mapping[str, Frequency] = {
    "": Frequency(msg("Non précisée"), None, "UNKNOWN"),
    "realtime": Frequency(msg("En temps réel"), 1, "CONT"),
    "daily": Frequency(msg("Chaque jour"), 1, "DAILY"),
    "weekly": Frequency(msg("Chaque semaine"), 7, "WEEKLY"),
    "monthly": Frequency(msg("Chaque mois"), 31, "MONTHLY"),
    "quarterly": Frequency(msg("Chaque trimestre"), 92, "QUARTERLY"),
    "semiannual": Frequency(msg("Deux fois par an"), 183, "ANNUAL_2"),
    "annual": Frequency(msg("Chaque année"), 366, "ANNUAL"),
    "punctual": Frequency(msg("Une seule fois"), None, "NEVER"),
    "irregular": Frequency(msg("Quand les données changent"), None, "IRREG"),
}
