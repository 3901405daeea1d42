"""French telephone number."""

from __future__ import annotations

from parvis import france

TITLE = "Numéro de téléphone"
SOURCE = "Arcep, plan national de numérotation"
HEADERS = {
    "telephone": 1.0,
    "tel": 1.0,
    "phone": 1.0,
    "portable": 1.0,
    "mobile": 1.0,
    "num tel": 1.0,
    "fax": 0.9,
    "numtel": 1.0,
    "tel asso": 1.0,
    "fax asso": 0.9,
    "telephone 1": 1.0,
}
TOLERANCE = 0.6
ALONE = 0.9
PERSONAL = "direct"
EXAMPLES = {True: ["03 86 00 00 00", "+33 6 12 34 56 78", "0612345678"], False: ["00000000", "12 34", "0012345678"]}


def holds(cell: str) -> bool:
    return france.is_phone(cell)
