"""Cells left empty because they would repeat the one above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.parameters import Parameter
from parvis.tables.table import LINE
from parvis.values import Step, msg

TITLE = "Recopier vers le bas"
GROUP = "rows"
ORDER = 110
KEEPS = True
PARAMETERS = {
    "columns": Parameter("columns", msg("Colonnes à compléter"), msg("Chaque case vide prend la valeur du dessus."))
}
SENTENCE = msg("Les cases vides prennent la valeur du dessus : {columns}.")
EXAMPLES = [
    (
        (["quartier", "voie"], [["Gare", "rue A"], [None, "rue B"], ["Parc", "rue C"]]),
        {"columns": ["quartier"]},
        (["quartier", "voie"], [["Gare", "rue A"], ["Gare", "rue B"], ["Parc", "rue C"]]),
    ),
]
_FEW, _MANY = 0.3, 0.95  # share of empty cells in a column of groups


def suggest(draft: Draft) -> Sequence[Step]:
    """Suggest it for first columns that name a group: filled on its first row only, the others being full."""
    if len(draft.labels) < 2 or draft.big or len(draft.cells(0)) < 4:
        return []
    chosen = []
    for i in range(min(3, len(draft.labels) - 1)):
        empty = draft.cells(i).is_null().to_numpy(zero_copy_only=False)
        holes = int(empty.sum())
        if empty[0] or not _FEW <= holes / len(empty) <= _MANY:
            break
        filled = (draft.cells(k).is_valid().to_numpy(zero_copy_only=False) for k in range(i + 1, len(draft.labels)))
        if max((there & empty).sum() for there in filled) < 0.9 * holes or _numeric(draft.column(i)):
            break
        chosen.append(draft.labels[i])
    return [Step("fill_down", {"columns": chosen})] if chosen else []


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    chosen = draft.positions([str(c) for c in parameters.get("columns", ())])
    holes = " OR ".join(f"c{i} IS NULL" for i in chosen)
    if not chosen or not draft.query(f"SELECT 1 FROM {{view}} WHERE {holes} LIMIT 1"):
        return False
    over = f"OVER (ORDER BY {LINE} ROWS UNBOUNDED PRECEDING)"
    draft.rewrite({i: f"last_value(c{i} IGNORE NULLS) {over}" for i in chosen})
    return True


def _numeric(cells: Sequence[str]) -> bool:
    return sum(c.strip().replace(",", "").replace(".", "").isdigit() for c in cells) > 0.5 * len(cells)
