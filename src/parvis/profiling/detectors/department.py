"""Department: code or name."""

from __future__ import annotations

from parvis import france

TITLE = "Département"
SOURCE = "Insee, code officiel géographique"
HEADERS = {"departement": 1.0, "dep": 0.8, "code departement": 1.0, "dept": 0.8, "code dep": 1.0}
TOLERANCE = 0.95
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["58", "2A", "974"], False: ["20", "00", "1"]}


def holds(cell: str) -> bool:
    return cell.strip().upper() in france.DEPARTMENTS
