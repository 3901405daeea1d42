"""Give a column another name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.parameters import Parameter
from parvis.values import msg

TITLE = "Renommer une colonne"
GROUP = "columns"
ORDER = 200
KEEPS = True
PARAMETERS = {
    "column": Parameter("column", msg("Colonne")),
    "name": Parameter("text", msg("Nouveau nom"), msg("Un nom que comprend un habitant.")),
}
SENTENCE = msg("La colonne « {column} » s'appelle désormais « {name} ».")
EXAMPLES = [
    (
        (["NB_PL", "ville"], [["12", "Lac"]]),
        {"column": "NB_PL", "name": "Nombre de places"},
        (["Nombre de places", "ville"], [["12", "Lac"]]),
    ),
]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    i, name = draft.find(str(parameters.get("column", ""))), " ".join(str(parameters.get("name", "")).split())
    if i is None or not name:
        return False
    kind = draft.kinds.pop(draft.labels[i], None)
    sign = draft.several.pop(draft.labels[i], None)
    if kind is not None:
        draft.kinds[name] = kind
    if sign is not None:
        draft.several[name] = sign
    draft.relabel([name if n == i else label for n, label in enumerate(draft.labels)])
    return True
