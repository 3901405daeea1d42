"""Months that a spreadsheet took for days: « 04-15 », April 2015, became 15 April of the year of the typing.

The year was kept in the day: nothing in the file proves it, so it is said and a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft, Seen, mostly
from parvis.values import Finding, Severity, Step, msg

TITLE = "Rendre leur année aux mois pris pour des jours"
ORDER = 81
KEEPS = True
EXAMPLES = [
    (
        (["date"], [["2021-04-15"], ["2021-08-15"], ["2021-05-15"], ["2021-12-15"]]),
        (["date"], [["2021-04-15"], ["2021-08-15"], ["2021-05-15"], ["2021-12-15"]]),
    ),
]

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_WRITTEN = re.compile(r"(?:0?[1-9]|1[0-2])[-/](\d\d)|(?:janv?|f[ée]vr?|mars|avr|mai|juin|juil?|ao[uû]t?|sept?|oct|nov|d[ée]c|"
                      r"jan|feb|mar|apr|may|jun|jul|aug|sep|dec)\.?[- ](\d\d)", re.IGNORECASE)  # fmt: skip


def look(draft: Draft) -> Sequence[Finding]:
    out = []
    for i, label in enumerate(draft.labels):
        seen = draft.seen(i)
        made, written = _made(seen), mostly(seen, _WRITTEN)
        if made:
            year, day = made
            out.append(
                Finding(
                    "dates.month_as_day",
                    Severity.WARN,
                    msg("Colonne « {column} » : toutes les dates tombent un {day} de l'année {year}. Votre tableur a sans "
                        "doute pris « 04-{day} », avril 20{day}, pour le {day} avril {year}."),
                    draft.raw.place(None, i),
                    {"column": label, "day": f"{day:02d}", "year": year, "count": seen.filled},
                    hint=msg("Vérifiez ces dates. Si ce sont des mois, écrivez-les en toutes lettres (avril 2015), dans une "
                             "colonne au format « Texte »."),
                    why=msg("Une date qui en cache une autre fausse tous les calculs, sans que rien ne se voie."),
                    count=seen.filled,
                )
            )  # fmt: skip
        elif seen.filled >= 3 and written:
            out.append(
                Finding(
                    "dates.months",
                    Severity.INFO,
                    msg(
                        "Colonne « {column} » : des mois sont écrits en abrégé (« {example} ») ; ils restent du texte."
                    ),
                    draft.raw.place(None, i),
                    {"column": label, "example": seen.texts[0].strip()},
                    hint=msg("Écrivez plutôt l'année puis le mois (2015-04) : cela se trie et ne se confond pas."),
                )
            )
    return out


def propose(draft: Draft) -> Sequence[Step]:
    return []


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    return False


def _made(seen: Seen) -> tuple[int, int] | None:
    """Return (year, day) when all dates share them, the months vary, and the day may be a year of this century."""
    if seen.filled < 4:
        return None
    days, months = set(), set()
    for text in seen.texts:
        found = _DAY.fullmatch(text.strip())
        if not found:
            return None
        days.add((int(found[1]), int(found[3])))
        months.add(found[2])
        if len(days) > 1:
            return None
    if len(months) < 3:
        return None
    year, day = days.pop()
    return (year, day) if 5 <= day <= 31 and year > 2000 + day else None
