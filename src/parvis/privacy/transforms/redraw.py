"""Keep most values and draw the others anew, by how often each comes: nobody can be sure of anybody's (PRAM).

Source: Gouweleeuw, Kooiman, Willenborg and de Wolf 1998 (post-randomisation, here invariant: shares stay on average).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.errors import InputError
from parvis.privacy.sql import Expression, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Tirer au sort une partie des valeurs (les parts de chacune restent)")
PARAMETERS: Mapping[str, Parameter] = {
    "percent": Parameter("number", msg("Part des lignes tirées au sort, en %"), default="20"),
}
REMOVES: Mapping[str, Sequence[str]] = {}
EXAMPLES: Sequence[tuple[Any, ...]] = [
    ("Boulanger", "Boulanger"),
    (None, None),
]  # alone, a value can only be drawn again
_MOST = 1000  # values of a column


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    percent = parameters["percent"]
    if isinstance(percent, bool) or not isinstance(percent, int) or not 1 <= percent <= 90:
        raise InputError("Un tirage au sort porte sur 1 à 90 % des lignes.")
    if column.kind is Kind.GEOMETRY:
        raise InputError("Une géométrie ne se tire pas au sort.")

    def whole(cells: Any, keys: Any) -> Any:
        import numpy as np
        import pyarrow as pa

        from parvis.privacy.microdata.microaggregation import drawn_by

        coded = cells.dictionary_encode()
        filled = np.flatnonzero(np.asarray(cells.is_valid()))
        if len(coded.dictionary) > _MOST:
            raise InputError(
                "« {column} » a trop de valeurs différentes pour un tirage au sort.", column=column.label or column.name
            )
        codes = np.asarray(coded.indices.take(pa.array(filled)), np.int64)
        drawn = np.full(len(cells), -1, np.int64)
        drawn[filled] = drawn_by(codes, percent / 100, keys[filled])
        return coded.dictionary.take(pa.array(drawn, pa.int64(), mask=drawn < 0))

    return Expression(quoted(column.name), column.kind, whole=whole)
