"""Fingerprint that stands for somebody: the hash of a number is found again by trying every number."""

from __future__ import annotations

import re

TITLE = "Empreinte (pseudonyme)"
SOURCE = "G29, avis 05/2014 sur l'anonymisation"
HEADERS = {
    "hash": 1.0,
    "id hash": 1.0,
    "empreinte": 0.8,
    "pseudo": 0.6,
    "sha256": 1.0,
    "md5": 1.0,
    "nir hash": 1.0,
    "nir hache": 1.0,
    "id anonymise": 1.0,
}
TOLERANCE = 0.9
ALONE = 0.7
PERSONAL = "quasi"
EXAMPLES = {
    True: ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "098f6bcd4621d373cade4e832627b4f6"],
    False: ["12345678901234567890123456789012", "texte", ""],
}

_HEXADECIMAL = re.compile(r"^(?=.*[a-f])(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$", re.IGNORECASE)


def holds(cell: str) -> bool:
    return bool(_HEXADECIMAL.match(cell.strip()))
