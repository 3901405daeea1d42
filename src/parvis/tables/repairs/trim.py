"""Spaces, no-break spaces and invisible signs around the cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.values import Step, msg

TITLE = "Retirer les espaces autour des valeurs"
ORDER = 60
KEEPS = True
EXAMPLES = [
    ((["nom"], [["Halle  "], ["\u00a0Stade"], ["Parc"]]), (["nom"], [["Halle"], ["Stade"], ["Parc"]])),
    ((["nom"], [["Halle"]]), (["nom"], [["Halle"]])),
]

_SIGNS = " \t\r\n\u00a0\u202f\u2009\ufeff\u200b"
_NUMBER = re.compile(r"^[-+(]?[\d\s\u00a0\u202f.,]+[)%€]?\s*$")


def propose(draft: Draft) -> Sequence[Step]:
    padded: list[int] = []
    for i in range(len(draft.labels)):
        seen = draft.seen(i)
        wide = [c for c in seen.texts if c[0] in _SIGNS or c[-1] in _SIGNS]
        if not all(map(_NUMBER.match, wide)):
            padded.append(i)
    if not padded:
        return []
    return [
        Step(
            "trim",
            {"columns": [draft.labels[i] for i in padded]},
            message=msg("Des espaces inutiles sont retirés autour des valeurs de {count} colonne(s) : {columns}."),
            values={
                "count": len(padded),
                "columns": ", ".join(draft.labels[i] or f"colonne {i + 1}" for i in padded[:8]),
            },
        )
    ]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    wanted = set(parameters.get("columns", ()))
    columns = [i for i, label in enumerate(draft.labels) if label in wanted]
    if not columns:
        return False
    draft.rewrite({i: f"nullif(trim(c{i}, '{_SIGNS}'), '')" for i in columns})
    return True
