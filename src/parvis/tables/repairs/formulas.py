"""Cells that a spreadsheet would run as formulas when it opens an export: said here, made harmless by the exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.text import late
from parvis.values import Finding, Severity, Step, msg

TITLE = "Signaler les cellules qui ressemblent à des formules"
ORDER = 90
KEEPS = True
EXAMPLES = [((["nom"], [["=1+1"], ["Halle"]]), (["nom"], [["=1+1"], ["Halle"]]))]

_STARTS = frozenset("=@+-\t\r")
_FORMULA = late(r"^[=@]\S|^[+-](?![\d\s.,(])\S|^[\t\r]+[=+@-]|^[+-].*[(|!]")


def look(draft: Draft) -> Sequence[Finding]:
    hits = sorted(hit for i in range(len(draft.labels)) for hit in _hits(draft, i))
    if not hits:
        return []
    columns = list(dict.fromkeys(draft.labels[i] for _, i, _ in hits))
    count = sum(times for _, _, times in hits)
    return [
        Finding(
            "cells.formulas",
            Severity.WARN,
            msg("{count} cellule(s) commencent par « = », « + », « - » ou « @ » comme une formule (colonnes : {columns}). Elles "
                "sont neutralisées dans les exports pour tableur."),
            draft.raw.place(None, hits[0][1]),
            {"count": count, "columns": ", ".join(columns[:5])},
            why=msg("À l'ouverture, un tableur pourrait exécuter leur contenu sur le poste d'un usager."),
            count=count,
        )
    ]  # fmt: skip


def _hits(draft: Draft, i: int) -> list[tuple[int, int, int]]:
    """Return (first row, column, times) of each text of a column that a spreadsheet would run."""
    seen = draft.seen(i)
    told = zip(seen.texts, seen.rows, seen.times, strict=True)
    return [(row, i, times) for c, row, times in told if c[0] in _STARTS and _FORMULA.match(c)]


def propose(draft: Draft) -> Sequence[Step]:
    return []


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    return False
