"""Rows written twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.parameters import Parameter
from parvis.tables.table import LINE
from parvis.values import Step, msg

TITLE = "Retirer les doublons"
GROUP = "rows"
ORDER = 150
KEEPS = True
PARAMETERS = {
    "columns": Parameter(
        "columns",
        msg("Colonnes à comparer"),
        msg("La première ligne est gardée. Sans choix, seules les lignes entièrement égales sont des doublons."),
        optional=True,
    )
}
SENTENCE = msg("Les lignes en double sont retirées : {count}.")
EXAMPLES = [
    (
        (["id", "nom"], [["1", "Lac"], ["1", "Lac"], ["2", "Bois"], ["2", "Parc"]]),
        {"columns": []},
        (["id", "nom"], [["1", "Lac"], ["2", "Bois"], ["2", "Parc"]]),
    ),
    (
        (["id", "nom"], [["1", "Lac"], ["1", "Étang"]]),
        {"columns": ["id"]},
        (["id", "nom"], [["1", "Lac"]]),
    ),
]


def suggest(draft: Draft) -> Sequence[Step]:
    if draft.big or draft.raw.geometry or len(draft.labels) < 3:
        return []
    doubles = _doubles(draft, range(len(draft.labels)))
    if not doubles or doubles > 0.2 * draft.rows():
        return []  # a table without identity, where two rows alike are two facts
    return [Step("deduplicate", {"columns": []}, values={"count": doubles})]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    asked = [str(c) for c in parameters.get("columns", ())]
    chosen = draft.positions(asked) if asked else list(range(len(draft.labels)))
    if not chosen or len(chosen) < len(asked):
        return False
    doubles = _doubles(draft, chosen)
    if not doubles:
        return False
    draft.told["count"] = doubles
    first = f"row_number() OVER (PARTITION BY {_key(chosen)} ORDER BY {LINE}) = 1"
    draft.project(
        [(label, f"c{i}", i) for i, label in enumerate(draft.labels)],
        f"(SELECT * FROM {{view}} QUALIFY {first})",
        order=LINE,
    )
    return True


def _key(columns: Sequence[int]) -> str:
    return ", ".join(f"c{i}" for i in columns)


def _doubles(draft: Draft, columns: Sequence[int]) -> int:
    keys = draft.connection.execute(f"SELECT hash({_key(columns)}) AS h FROM {draft.view}").fetchnumpy()["h"]
    keys.sort()
    if not (keys[1:] == keys[:-1]).any():
        return 0  # rows whose numbers all differ, all differ: a third of the time of counting them
    inner = f"SELECT count(*) AS n FROM {{view}} GROUP BY {_key(columns)}"
    return int(draft.query(f"SELECT coalesce(sum(n - 1), 0) FROM ({inner})")[0][0])
