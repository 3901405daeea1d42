"""Day, or day and hour, as French files write them."""

from __future__ import annotations

from parvis.dates import SHAPES, shapes_of

TITLE = "Date"
SOURCE = "ISO 8601"
HEADERS = {
    "date": 1.0,
    "jour": 0.8,
    "date de debut": 1.0,
    "date de fin": 1.0,
    "maj": 0.7,
    "date maj": 1.0,
    "horodatage": 1.0,
    "datetime": 1.0,
    "le": 0.5,
}
TOLERANCE = 0.9
ALONE = 0.6
PERSONAL = ""
EXAMPLES = {
    True: ["2024-03-01", "01/03/2024", "1er mars 2024", "2024-03-01T08:30:00"],
    False: ["2024", "mars", "32/13/2024", "08:30"],
}

_SHAPES = frozenset(shape for shape in SHAPES if shape.kind != "time" and not shape.needs_header)


def holds(cell: str) -> bool:
    return any(shape in _SHAPES for shape in shapes_of(cell))
