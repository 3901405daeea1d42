"""Say what a column holds: a code that is no number, a date that was not seen as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.parameters import Parameter
from parvis.values import Kind, msg

TITLE = "Dire le type d'une colonne"
GROUP = "columns"
ORDER = 240
KEEPS = True
_KINDS = {
    "text": msg("du texte (codes, numéros, noms)"),
    "integer": msg("des nombres entiers"),
    "number": msg("des nombres"),
    "date": msg("des dates"),
    "datetime": msg("des dates avec l'heure"),
    "time": msg("des heures"),
    "boolean": msg("oui ou non"),
}
PARAMETERS = {
    "column": Parameter("column", msg("Colonne")),
    "kind": Parameter(
        "choice", msg("Elle contient"), msg("Ce qui ne peut pas être lu ainsi sera laissé vide, et compté."), _KINDS
    ),
}
SENTENCE = msg("La colonne « {column} » contient {kind}.")
EXAMPLES = [
    ((["bâtiment"], [["12"]]), {"column": "bâtiment", "kind": "text"}, (["bâtiment"], [["12"]])),
]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    from parvis.tables.types import imposed

    i, kind = draft.find(str(parameters.get("column", ""))), str(parameters.get("kind", ""))
    if i is None or kind not in _KINDS:
        return False
    if kind != "text" and not imposed(Kind(kind), draft.few(i, 2000), "c"):
        return False
    draft.kinds[draft.labels[i]] = Kind(kind)
    return True
