"""Leave columns out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.parameters import Parameter
from parvis.values import Step, msg

TITLE = "Retirer des colonnes"
GROUP = "columns"
ORDER = 210
PARAMETERS = {"columns": Parameter("columns", msg("Colonnes à retirer"))}
SENTENCE = msg("Ces colonnes sont retirées : {columns}.")
EXAMPLES = [
    ((["a", "b", "c"], [["1", "2", "3"]]), {"columns": ["b"]}, (["a", "c"], [["1", "3"]])),
]


def suggest(draft: Draft) -> Sequence[Step]:
    """Suggest it for columns that hold nothing at all."""
    if draft.big or not draft.labels:
        return []
    filled = draft.query("SELECT " + ", ".join(f"count(c{i})" for i in range(len(draft.labels))) + " FROM {view}")[0]
    empty = [label for label, n in zip(draft.labels, filled, strict=True) if not n and label]
    return [Step("drop_columns", {"columns": empty})] if empty and len(empty) < len(draft.labels) else []


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    gone = set(draft.positions([str(c) for c in parameters.get("columns", ())]))
    left = [i for i in range(len(draft.labels)) if i not in gone]
    if not gone or not left:
        return False
    draft.project([(draft.labels[i], f"c{i}", i) for i in left])
    return True
