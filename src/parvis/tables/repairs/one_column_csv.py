"""A CSV pasted in one column of a sheet: cut again into its columns."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.table import LINE
from parvis.values import Step, msg

TITLE = "Recouper un CSV collé dans une seule colonne"
ORDER = 10
KEEPS = True
EXAMPLES = [
    (
        (["id;nom;voix"], [["1;Halle;12"], ["2;Stade;7"], ["3;Parc;9"]]),
        (["id", "nom", "voix"], [["1", "Halle", "12"], ["2", "Stade", "7"], ["3", "Parc", "9"]]),
    ),
    ((["adresse"], [["1, rue A"], ["2, rue B"]]), (["adresse"], [["1, rue A"], ["2, rue B"]])),
]

_LOOK = 2000  # cells


def propose(draft: Draft) -> Sequence[Step]:
    separator = _separator(draft)
    if not separator:
        return []
    before = draft.few(0, 1)[0]
    after = next(csv.reader([before], delimiter=separator))
    return [
        Step(
            "one_column_csv",
            {"separator": separator},
            (before[:200],),
            (" | ".join(after)[:200],),
            msg("Toutes les valeurs sont dans une seule colonne, séparées par « {separator} » : elles sont recoupées."),
            {"separator": separator},
        )
    ]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    separator = str(parameters.get("separator", ""))
    if separator not in (";", ",", "\t", "|") or _separator(draft) != separator:
        return False
    import pyarrow as pa

    rows = draft.query(f"SELECT c0, {LINE} FROM {{view}}")
    labels = next(csv.reader([draft.labels[0]], delimiter=separator))
    cut = [next(csv.reader([r[0] or ""], delimiter=separator), []) for r in rows]
    width = max(len(labels), *(len(c) for c in cut))
    labels += [""] * (width - len(labels))
    padded = [[x if x.strip() else None for x in c] + [None] * (width - len(c)) for c in cut]
    arrays = [pa.array(column, pa.string()) for column in zip(*padded, strict=True)]
    names = [f"c{i}" for i in range(width)]
    table = pa.Table.from_arrays([*arrays, pa.array([r[1] for r in rows], pa.int64())], [*names, LINE])
    draft.replace([" ".join(x.split()) for x in labels], table)
    return True


def _separator(draft: Draft) -> str:
    """Return what separates the cells of a table of one column, or ""."""
    if len(draft.labels) != 1 or draft.raw.geometry:
        return ""
    cells = draft.few(0, _LOOK)
    if not cells:
        return ""
    for separator in (";", "\t", "|", ","):
        wanted = len(next(csv.reader([draft.labels[0]], delimiter=separator), []))
        counts = Counter(len(next(csv.reader([c], delimiter=separator), [])) for c in cells)
        if wanted >= 3 and counts[wanted] >= 0.9 * counts.total():
            return separator
    return ""
