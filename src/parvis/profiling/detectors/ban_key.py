"""Interoperability key of an address (BAN)."""

from __future__ import annotations

from parvis import france

TITLE = "Clé d'interopérabilité de l'adresse"
SOURCE = "AITF, format BAL"
HEADERS = {"cle interop": 1.0, "adr cle interop": 1.0, "id ban adresse": 0.6}
TOLERANCE = 0.9
ALONE = 0.95
PERSONAL = ""
EXAMPLES = {True: ["58999_0010_00012", "58999_0010_00012_bis"], False: ["58999", "12 rue Haute"]}


def holds(cell: str) -> bool:
    return france.is_ban_key(cell)
