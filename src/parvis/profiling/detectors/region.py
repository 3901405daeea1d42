"""Region: code or name."""

from __future__ import annotations

from parvis import france
from parvis.text import fold

TITLE = "Région"
SOURCE = "Insee, code officiel géographique"
HEADERS = {
    "region": 1.0,
    "libelle region": 1.0,
    "region academique": 1.0,
    "code region": 1.0,
    "reg": 0.7,
    "nom region": 1.0,
}
TOLERANCE = 0.95
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["27", "Bretagne"], False: ["13", "Fontclaire"]}

_NAMES = frozenset(fold(name) for name in france.REGIONS.values())


def holds(cell: str) -> bool:
    return cell.strip() in france.REGIONS or fold(cell) in _NAMES
