"""Write some values another way: codes made words, spellings made one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parvis.tables.draft import Draft, literal
from parvis.tables.parameters import Parameter
from parvis.values import msg

TITLE = "Remplacer des valeurs"
GROUP = "rows"
ORDER = 140
PARAMETERS = {
    "column": Parameter("column", msg("Colonne")),
    "pairs": Parameter(
        "pairs", msg("Remplacements"), msg("Un par ligne : « avant => après ». Rien après la flèche vide la case.")
    ),
}
SENTENCE = msg("Colonne « {column} » : {pairs}.")
EXAMPLES = [
    (
        (["état"], [["B"], ["b "], ["M"], ["?"]]),
        {"column": "état", "pairs": {"B": "Bon", "?": ""}},
        (["état"], [["Bon"], ["b "], ["M"], [None]]),
    ),
]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    i, pairs = draft.find(str(parameters.get("column", ""))), dict(parameters.get("pairs", {}))
    if i is None or not pairs:
        return False
    cell = f"trim(c{i})"
    known = ", ".join(literal(str(before).strip()) for before in pairs)
    if not draft.query(f"SELECT 1 FROM {{view}} WHERE {cell} IN ({known}) LIMIT 1"):
        return False
    cases = " ".join(
        f"WHEN {literal(str(before).strip())} THEN {literal(str(after)) if after else 'NULL'}"
        for before, after in pairs.items()
    )
    draft.rewrite({i: f"CASE {cell} {cases} ELSE c{i} END"})
    return True
