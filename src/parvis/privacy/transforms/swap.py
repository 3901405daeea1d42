"""Exchange each number with one of nearly the same rank: the column stays the same as a whole, which row holds which does not.

Source: Dalenius and Reiss 1982 (data swapping), Moore 1996 (rank swapping).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.errors import InputError
from parvis.privacy.sql import Expression, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Échanger entre lignes voisines (la colonne reste juste, les lignes non)")
PARAMETERS: Mapping[str, Parameter] = {
    "percent": Parameter("number", msg("Jusqu'où, en % des lignes"), default="10"),
}
REMOVES: Mapping[str, Sequence[str]] = {}
EXAMPLES: Sequence[tuple[Any, ...]] = [(1237, 1237), (2.5, 2.5)]  # alone, a number has none to be exchanged with
_ORDERED = (Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.DATETIME)


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    percent = parameters["percent"]
    if isinstance(percent, bool) or not isinstance(percent, int) or not 1 <= percent <= 100:
        raise InputError("Un échange se fait sur 1 à 100 % des lignes.")
    if column.kind not in _ORDERED:
        raise InputError("« {column} » n'a ni nombres ni dates : rien n'y a de rang.", column=column.label)

    def whole(cells: Any, keys: Any) -> Any:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        from parvis.privacy.microdata.microaggregation import partners

        filled = np.flatnonzero(np.asarray(cells.is_valid()))
        known = cells.take(pa.array(filled))
        rank = np.asarray(pc.sort_indices(known))
        places = np.arange(len(cells))
        # In order of rank, then each row takes the value of its partner.
        order = filled[rank]
        places[order] = order[partners(keys[order], max(int(len(order) * percent / 100), 1))]
        return cells.take(pa.array(places))

    return Expression(quoted(column.name), column.kind, whole=whole)
