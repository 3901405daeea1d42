"""Rows that hold nothing, and the rows below a table where a spreadsheet copied down one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.table import LINE
from parvis.values import Step, msg

TITLE = "Retirer les lignes vides"
ORDER = 30
KEEPS = True
EXAMPLES = [
    (
        (["a", "b", "c", "d"], [["1", "x", "y", "non"], [None] * 4, ["2", "x", "z", "non"], [None, None, None, "non"]]),
        (["a", "b", "c", "d"], [["1", "x", "y", "non"], ["2", "x", "z", "non"]]),
    ),
    ((["a"], [["1"], ["2"]]), (["a"], [["1"], ["2"]])),
    (
        (
            ["a", "b", "c", "d", "e", "f", "g", "h"],
            [
                ["1", "x", "u", "p", "s", "k", "non", "1"],
                ["2", "y", "v", "q", "t", "l", "non", "1"],
                [*[None] * 6, "non", "1"],
            ],
        ),
        (
            ["a", "b", "c", "d", "e", "f", "g", "h"],
            [["1", "x", "u", "p", "s", "k", "non", "1"], ["2", "y", "v", "q", "t", "l", "non", "1"]],
        ),
    ),
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
    gone = f"{_filled(draft)} = 0" + (f" OR {_copied(draft)}" if _tail(draft) else "")
    if not int(draft.query(f"SELECT count(*) FROM {{view}} WHERE {gone}")[0][0]):
        return False
    draft.keep(f"NOT ({gone})")
    return True


def _filled(draft: Draft) -> str:
    return "(" + " + ".join(f"(c{i} IS NOT NULL)::INT" for i in range(len(draft.labels))) + ")"


def _copied(draft: Draft) -> str:
    """Return the SQL that is true for a row under the table that only repeats values of the rows above."""
    columns = range(len(draft.labels))
    usual = draft.query("SELECT " + ", ".join(f"mode(c{i})" for i in columns) + " FROM {view}")[0]
    own = " + ".join(f"(c{i} IS NOT NULL AND c{i} <> {_text(v)})::INT" for i, v in enumerate(usual) if v is not None)
    most = _most(draft)
    last = draft.query(
        f"SELECT coalesce(max({LINE}), 0) FROM {{view}} WHERE ({own or 0}) > 0 OR {_filled(draft)} > {most}"
    )
    if not last[0][0]:
        return "false"  # no row has anything of its own: none is a copy of another
    return f"({LINE} > {int(last[0][0])} AND {_filled(draft)} BETWEEN 1 AND {most})"


def _most(draft: Draft) -> int:
    """Return how many cells of a row under the table may be filled."""
    return max(1, len(draft.labels) // 4)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _tail(draft: Draft) -> int:
    """Return the number of rows under the table that only repeat values of the rows above."""
    if len(draft.labels) < 4:
        return 0
    filled = _filled(draft)
    some, more = (f"max({LINE}) FILTER ({filled} > {least})" for least in (0, _most(draft)))
    if draft.query(f"SELECT {some} IS NOT DISTINCT FROM {more} FROM {{view}}")[0][0]:
        return 0  # the last row that holds anything holds more than a copied value
    return int(draft.query(f"SELECT count(*) FROM {{view}} WHERE {_copied(draft)}")[0][0])
