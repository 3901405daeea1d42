"""Headers that a mapping program left with their dBase type: « NOM,C,50 » is « NOM »."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.values import Step, msg

TITLE = "Retirer le type dBase des titres de colonnes"
ORDER = 20
KEEPS = True
EXAMPLES = [
    (
        (["ID,N,9,0", "NOM,C,50", "MAJ,D"], [["1", "Halle", "20240101"]]),
        (["ID", "NOM", "MAJ"], [["1", "Halle", "20240101"]]),
    ),
    ((["nom, prénom", "ville"], [["A", "B"]]), (["nom, prénom", "ville"], [["A", "B"]])),
]

_TYPED = re.compile(r"^(.+),(?:[CDLM]|[CNFM],\d+(?:,\d+)?)(?:,\d+)*$")


def propose(draft: Draft) -> Sequence[Step]:
    typed = [label for label in draft.labels if _TYPED.match(label)]
    if len(typed) < max(1, 0.6 * sum(bool(x) for x in draft.labels)):
        return []
    return [
        Step(
            "dbase_headers",
            {},
            tuple(typed[:5]),
            tuple(_bare(t) for t in typed[:5]),
            msg("Les titres de colonnes portent leur type dBase ({example}) : seul le nom est gardé."),
            {"example": typed[0]},
        )
    ]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    labels = [_bare(label) for label in draft.labels]
    if labels == draft.labels:
        return False
    draft.relabel(labels)
    return True


def _bare(label: str) -> str:
    match = _TYPED.match(label)
    return match[1].strip() if match else label
