"""Cells that a spreadsheet would run as formulas when it opens an export: said here, made harmless by the exports."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.values import Finding, Severity, Step, msg

TITLE = "Signaler les cellules qui ressemblent à des formules"
ORDER = 90
EXAMPLES = [((["nom"], [["=1+1"], ["Halle"]]), (["nom"], [["=1+1"], ["Halle"]]))]

_STARTS = frozenset("=@+-\t\r")
_FORMULA = re.compile(r"^[=@]\S|^[+-](?![\d\s.,(])\S|^[\t\r]+[=+@-]|^[+-].*[(|!]")


def look(draft: Draft) -> Sequence[Finding]:
    hits = [
        (i, n)
        for n, row in enumerate(draft.sample())
        for i, c in enumerate(row)
        if c and c[0] in _STARTS and _FORMULA.match(c)
    ]
    if not hits:
        return []
    columns = list(dict.fromkeys(draft.labels[i] for i, _ in hits))
    return [
        Finding(
            "cells.formulas",
            Severity.WARN,
            msg("{count} cellule(s) commencent par « = », « + », « - » ou « @ » comme une formule (colonnes : {columns}). Elles "
                "sont neutralisées dans les exports pour tableur."),
            draft.raw.place(None, hits[0][0]),
            {"count": len(hits), "columns": ", ".join(columns[:5])},
            why=msg("À l'ouverture, un tableur pourrait exécuter leur contenu sur le poste d'un usager."),
            count=len(hits),
        )
    ]  # fmt: skip


def propose(draft: Draft) -> Sequence[Step]:
    return []


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    return False
