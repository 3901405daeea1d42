"""Social-security number (NIR) with its key: nobody may publish it."""

from __future__ import annotations

from parvis import france

TITLE = "Numéro de sécurité sociale (NIR)"
SOURCE = "Insee, numéro d'inscription au répertoire"
HEADERS = {"nir": 1.0, "numero securite sociale": 1.0, "num secu": 1.0, "n ss": 0.8, "no ss": 0.8, "insee agent": 0.6}
TOLERANCE = 0.6
ALONE = 1.0
PERSONAL = "direct"
EXAMPLES = {
    True: ["2 69 05 49 588 157 80", "185057800608491"],
    False: ["269054958815781", "12345678901234", "21580999700012"],
}


def holds(cell: str) -> bool:
    return france.is_nir(cell)
