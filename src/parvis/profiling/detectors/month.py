"""Month, by name or by year and month."""

from __future__ import annotations

import re

from parvis.text import fold

TITLE = "Mois"
SOURCE = "ISO 8601"
HEADERS = {"mois": 1.0, "month": 1.0}
TOLERANCE = 0.95
ALONE = 0.8
PERSONAL = ""
EXAMPLES = {True: ["janvier", "2024-03", "03/2024", "Jul-17"], False: ["2024", "lundi", "Marché"]}

_MONTH = re.compile(
    r"^(?:janvier|janv?|fevrier|fevr?|feb|mars|mar|avril|avr|apr|mai|may|juin|jun|juillet|juil|jul|aout|aug|septembre|sept?"
    r"|octobre|oct|novembre|nov|decembre|dec)\.?(?:[ -]\d{2,4})?$|^\d{4}-(?:0[1-9]|1[0-2])$|^(?:0[1-9]|1[0-2])/\d{4}$"
)


def holds(cell: str) -> bool:
    return bool(_MONTH.match(fold(cell)))
