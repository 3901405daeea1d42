"""Data written as JSON inside a cell."""

from __future__ import annotations

import json

TITLE = "Données JSON"
SOURCE = "RFC 8259"
HEADERS = {"json": 1.0}
TOLERANCE = 0.9
ALONE = 0.8
PERSONAL = ""
EXAMPLES = {True: ['{"a": 1}', "[1, 2]"], False: ["texte", "[x"]}


def holds(cell: str) -> bool:
    if not cell.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(cell)
    except ValueError:
        return False
    return True
