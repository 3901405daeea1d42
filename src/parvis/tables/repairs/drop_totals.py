"""Rows of totals: added to the data they would be counted twice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.table import LINE
from parvis.values import Step, msg

TITLE = "Retirer les lignes de total"
ORDER = 40
KEEPS = True
EXAMPLES = [
    (
        (["nature", "montant"], [["60", "100"], ["61", "50"], ["Total", "150"]]),
        (["nature", "montant"], [["60", "100"], ["61", "50"]]),
    ),
    (
        (["nature", "montant"], [["60", "100"], ["61", "50"], ["TOTAL\u00a0GÉNÉRAL", "150"]]),
        (["nature", "montant"], [["60", "100"], ["61", "50"]]),
    ),
    (
        (["nom", "ville", "montant"], [["TOTAL ENERGIES", "Nanterre", "10"], ["A", "B", "20"]]),
        (["nom", "ville", "montant"], [["TOTAL ENERGIES", "Nanterre", "10"], ["A", "B", "20"]]),
    ),
    (
        (
            ["a", "b", "c", "d"],
            [["x", "y", "z", "10"], ["x", "y", "z", "20"], ["x", "y", "t", "5"], [None, None, None, "35"]],
        ),
        (["a", "b", "c", "d"], [["x", "y", "z", "10"], ["x", "y", "z", "20"], ["x", "y", "t", "5"]]),
    ),
    (
        (
            ["secteur", "taille", "n"],
            [["AZ", "Total", "5"], ["BE", "Total", "6"], ["FZ", "Total", "7"], ["01", "Total", "5"]],
        ),
        (
            ["secteur", "taille", "n"],
            [["AZ", "Total", "5"], ["BE", "Total", "6"], ["FZ", "Total", "7"], ["01", "Total", "5"]],
        ),
    ),
]

_NUMBER = "[-+(]?[0-9][0-9 \u00a0\u202f.,]*[)%€]?[ \u00a0]?[%€-]?"
_SPACE = "[ \u00a0\u202f]"
_TOTAL = f"(?i)(?:sous[- ]?)?tota(?:l|ux)(?:{_SPACE}.*)?"
_BARE = f"(?i)(?:sous[- ]?)?tota(?:l|ux)(?:{_SPACE}g[ée]n[ée]ral)?"
_TAIL = 200  # lines looked at the end of a big table


def propose(draft: Draft) -> Sequence[Step]:
    if not draft.labels or draft.raw.geometry:
        return []
    condition = _condition(draft)
    rows = draft.query(f"SELECT {_shown(draft)}, {LINE} FROM {{view}} WHERE {condition} ORDER BY {LINE} LIMIT 5")
    if not rows:
        return []
    count = int(draft.query(f"SELECT count(*) FROM {{view}} WHERE {condition}")[0][0])
    if _is_cube(draft, count):
        return []
    if count > 0.3 * max(draft.raw.rows, 1) and draft.raw.rows > 10:
        return []
    return [
        Step(
            "drop_totals",
            {},
            tuple(str(r[0]) for r in rows),
            tuple("(retirée)" for _ in rows),
            msg("{count} ligne(s) de total sont retirées (lignes {lines}) : elles seraient comptées deux fois."),
            {"count": count, "lines": ", ".join(str(r[1]) for r in rows) + (" ..." if count > 5 else "")},
        )
    ]


def _is_cube(draft: Draft, count: int) -> bool:
    """True when « Total » is a value like another, crossed with those of other columns: taking some off would mix."""
    columns = range(len(draft.labels))
    total = " + ".join(f"coalesce(regexp_full_match(trim(c{i}), '{_TOTAL}'), false)::INT" for i in columns)
    text = " + ".join(f"coalesce(NOT regexp_full_match(trim(c{i}), '{_NUMBER}'), false)::INT" for i in columns)
    crossed = draft.query(f"SELECT count(*) FROM {{view}} WHERE ({total}) >= 1 AND ({text}) >= 2")[0][0]
    return int(crossed) >= max(3, 0.2 * count)


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    condition = _condition(draft)
    if not int(draft.query(f"SELECT count(*) FROM {{view}} WHERE {condition}")[0][0]):
        return False
    draft.keep(f"NOT coalesce({condition}, false)")
    return True


def _shown(draft: Draft) -> str:
    return "concat_ws(' | ', " + ", ".join(f"c{i}" for i in range(len(draft.labels))) + ")"


def _condition(draft: Draft) -> str:
    """Return the SQL that is true for a row whose only text says « total » and whose other cells are numbers.

    A nearly empty row without its first column may hold one text more.
    """
    columns = range(len(draft.labels))
    total = " + ".join(f"coalesce(regexp_full_match(trim(c{i}), '{_TOTAL}'), false)::INT" for i in columns)
    text = " + ".join(f"coalesce(NOT regexp_full_match(trim(c{i}), '{_NUMBER}'), false)::INT" for i in columns)
    filled = " + ".join(f"(c{i} IS NOT NULL)::INT" for i in columns)
    bare = " OR ".join(f"coalesce(regexp_full_match(trim(c{i}), '{_BARE}'), false)" for i in columns)
    sparse = f"({bare}) AND c0 IS NULL AND ({text}) = 2 AND ({filled}) BETWEEN 3 AND {0.4 * len(draft.labels)}"
    said = f"((({total}) = 1 AND ({text}) = 1 AND ({filled}) >= 2) OR ({sparse}))"
    if not draft.big:
        named = any(re.search("tota", draft.seen(i).joined, re.IGNORECASE) for i in columns)
        return f"({f'{said} OR ' if named else ''}{LINE} = {_unnamed(draft)})"
    last = int(draft.query(f"SELECT coalesce(max({LINE}), 0) FROM {{view}}")[0][0])
    near = f"{LINE} > {last - _TAIL}"
    total = " OR ".join(f"contains(lower(c{i}), 'tota')" for i in columns)
    if not draft.query(f"SELECT 1 FROM {{view}} WHERE {near} AND ({total}) LIMIT 1"):
        return "false"
    return f"({near} AND {said})"


def _unnamed(draft: Draft) -> int:
    """Return the line of a last row that holds nothing but sums of the columns above it, or -1."""
    columns = range(len(draft.labels))
    cells = ", ".join(f"c{i}" for i in columns)
    rows = draft.query(f"SELECT {cells}, {LINE} FROM {{view}} ORDER BY {LINE} DESC LIMIT 1")
    if not rows or draft.raw.rows < 4:
        return -1
    *values, line = rows[0]
    filled = [i for i in columns if values[i] is not None]
    if not filled or len(filled) > 0.4 * len(values):
        return -1
    always = draft.query("SELECT " + ", ".join(f"count(c{i})" for i in columns) + " FROM {view}")[0]
    missed = sum(n >= 0.95 * (draft.raw.rows - 1) for n, v in zip(always, values, strict=True) if v is None)
    if missed >= 2 and all(re.fullmatch(_NUMBER, values[i].strip()) for i in filled):
        return int(line)  # what every other row has is not there, and only numbers are: sums by construction
    for i in filled:
        number = f"TRY_CAST(replace(regexp_replace(c{i}, '[ \u00a0\u202f€]', '', 'g'), ',', '.') AS DOUBLE)"
        told = draft.query(
            f"SELECT sum({number}) FILTER ({LINE} < {line}), max({number}) FILTER ({LINE} = {line}) FROM {{view}}"
        )[0]
        if told[0] is None or told[1] is None or not told[1] or abs(told[0] - told[1]) > 0.01 * abs(told[1]):
            return -1
    return int(line)
