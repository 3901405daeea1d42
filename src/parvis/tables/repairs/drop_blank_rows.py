"""Rows that hold nothing, and the rows below a table where a spreadsheet copied down one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.table import LINE
from parvis.values import Step, msg

TITLE = "Retirer les lignes vides"
ORDER = 30
EXAMPLES = [
    (
        (["a", "b", "c", "d"], [["1", "x", "y", "non"], [None] * 4, ["2", "x", "z", "non"], [None, None, None, "non"]]),
        (["a", "b", "c", "d"], [["1", "x", "y", "non"], ["2", "x", "z", "non"]]),
    ),
    ((["a"], [["1"], ["2"]]), (["a"], [["1"], ["2"]])),
]


def propose(draft: Draft) -> Sequence[Step]:
    if draft.raw.geometry or not draft.labels or draft.big:
        return []
    empty = int(draft.query(f"SELECT count(*) FROM {{view}} WHERE {_filled(draft)} = 0")[0][0])
    tail = _tail(draft)
    if not empty and not tail:
        return []
    return [
        Step(
            "drop_blank_rows",
            {},
            message=msg(
                "{count} ligne(s) vide(s), ou qui ne portent qu'une valeur recopiée sous le tableau, sont retirées."
            ),
            values={"count": empty + tail},
        )
    ]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    if draft.raw.geometry or not draft.labels:
        return False
    last = _last(draft)
    tail = f"OR ({LINE} > {last} AND {_filled(draft)} <= 1)" if _tail(draft) else ""
    gone = int(draft.query(f"SELECT count(*) FROM {{view}} WHERE {_filled(draft)} = 0 {tail}")[0][0])
    if not gone:
        return False
    draft.keep(f"NOT ({_filled(draft)} = 0 {tail})")
    return True


def _filled(draft: Draft) -> str:
    return "(" + " + ".join(f"(c{i} IS NOT NULL)::INT" for i in range(len(draft.labels))) + ")"


def _last(draft: Draft) -> int:
    return int(draft.query(f"SELECT coalesce(max({LINE}), 0) FROM {{view}} WHERE {_filled(draft)} >= 3")[0][0])


def _tail(draft: Draft) -> int:
    """Return the number of rows after the last real one that hold one value, the usual one of its column."""
    if len(draft.labels) < 4:
        return 0
    last = _last(draft)
    if not last:
        return 0
    cells = ", ".join(f"c{i}" for i in range(len(draft.labels)))
    rows = draft.query(f"SELECT {cells} FROM {{view}} WHERE {LINE} > {last} AND {_filled(draft)} = 1 LIMIT 1000")
    if not rows:
        return 0
    filled = {(i, c) for r in rows for i, c in enumerate(r) if c is not None}
    if len(filled) != 1:
        return 0
    column, value = filled.pop()
    cells_above = draft.column(column)
    return len(rows) if cells_above.count(value) > 0.5 * draft.raw.rows else 0
