"""Leave columns out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.parameters import Parameter
from parvis.values import msg

TITLE = "Retirer des colonnes"
GROUP = "columns"
ORDER = 210
PARAMETERS = {"columns": Parameter("columns", msg("Colonnes à retirer"))}
SENTENCE = msg("Ces colonnes sont retirées : {columns}.")
EXAMPLES = [
    ((["a", "b", "c"], [["1", "2", "3"]]), {"columns": ["b"]}, (["a", "c"], [["1", "3"]])),
]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    gone = set(draft.positions([str(c) for c in parameters.get("columns", ())]))
    left = [i for i in range(len(draft.labels)) if i not in gone]
    if not gone or not left:
        return False
    draft.project([(draft.labels[i], f"c{i}", i) for i in left])
    return True
