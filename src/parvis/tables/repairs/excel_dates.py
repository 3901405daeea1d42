"""Dates that a spreadsheet stored as plain numbers: 46100 is 19 March 2026. A person must say so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.dates import excel_day, folded
from parvis.tables.draft import Draft, mostly
from parvis.values import Finding, Severity, Step, msg

TITLE = "Lire des nombres comme des dates Excel"
ORDER = 80
KEEPS = True
EXAMPLES = [((["date_ouverture"], [["46100"], ["46131"]]), (["date_ouverture"], [["46100"], ["46131"]]))]

_NUMBER = re.compile(r"[2-6]\d{4}")
_HEADER = re.compile(
    r"\bdate|\bouverture\b|\bfermeture\b|\bdebut\b|\bfin\b|\bnaissance\b|\bcreation\b|\bmaj\b|\becheance\b|\ble\b"
)


def look(draft: Draft) -> Sequence[Finding]:
    out = []
    for i, label in enumerate(draft.labels):
        if not _HEADER.search(re.sub(r"[^a-z0-9]+", " ", folded(label))):
            continue
        seen = draft.seen(i)
        if not mostly(seen, _NUMBER):
            continue
        days = [c for c in map(str.strip, draft.column(i)) if _NUMBER.fullmatch(c)]
        first = days[0]
        out.append(
            Finding(
                "excel.numbers_for_dates",
                Severity.BLOCK,
                msg("La colonne « {column} » contient des nombres ({before}) : s'agit-il de dates Excel ({after}) ?"),
                draft.raw.place(None, i),
                {"column": label, "before": first, "after": excel_day(int(first)).strftime("%d/%m/%Y")},
                hint=msg(
                    "Acceptez la réparation proposée, ou mettez la colonne au format « Date » et renvoyez le fichier."
                ),
                count=len(days),
                fix=_step(label, days[:5]),
            )
        )
    return out


def propose(draft: Draft) -> Sequence[Step]:
    """Propose nothing by itself: the step is the fix of a finding that a person accepts."""
    return []


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    i = draft.find(str(parameters.get("column", "")))
    if i is None:
        return False
    number = f"TRY_CAST(regexp_extract(trim(c{i}), '^[2-6][0-9]{{4}}$') AS INTEGER)"
    if not int(draft.query(f"SELECT count({number}) FROM {{view}}")[0][0]):
        return False
    draft.rewrite({i: f"coalesce(CAST(DATE '1899-12-30' + {number} AS VARCHAR), c{i})"})
    return True


def _step(label: str, cells: Sequence[str]) -> Step:
    return Step(
        "excel_dates",
        {"column": label},
        tuple(cells),
        tuple(excel_day(int(c)).isoformat() for c in cells),
        msg("Les nombres de la colonne « {column} » sont lus comme des dates Excel."),
        {"column": label},
    )
