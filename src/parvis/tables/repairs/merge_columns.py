"""Put several columns together in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parvis.tables.draft import Draft, literal
from parvis.tables.parameters import Parameter
from parvis.values import msg

TITLE = "Réunir des colonnes"
GROUP = "columns"
ORDER = 230
PARAMETERS = {
    "columns": Parameter("columns", msg("Colonnes à réunir"), msg("Dans l'ordre du tableau.")),
    "sign": Parameter("sign", msg("Signe entre les valeurs"), msg("Une espace si rien n'est écrit."), optional=True),
    "name": Parameter("text", msg("Nom de la nouvelle colonne")),
}
SENTENCE = msg("Ces colonnes sont réunies en une seule, « {name} » : {columns}.")
EXAMPLES = [
    (
        (["n°", "voie", "ville"], [["3", "rue du Lac", "Bourg"], [None, "place Haute", "Bourg"]]),
        {"columns": ["n°", "voie"], "sign": "", "name": "adresse"},
        (["adresse", "ville"], [["3 rue du Lac", "Bourg"], ["place Haute", "Bourg"]]),
    ),
]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    asked = [str(c) for c in parameters.get("columns", ())]
    chosen = draft.positions(asked)
    name = " ".join(str(parameters.get("name", "")).split())
    if len(chosen) < 2 or len(chosen) < len(asked) or not name:
        return False
    sign = literal(str(parameters.get("sign", "")) or " ")
    whole = f"nullif(concat_ws({sign}, {', '.join(f'c{i}' for i in chosen)}), '')"
    columns: list[tuple[str, str, int | None]] = []
    for i, label in enumerate(draft.labels):
        if i == chosen[0]:
            columns.append((name, whole, i))
        elif i not in chosen:
            columns.append((label, f"c{i}", i))
    draft.project(columns)
    return True
