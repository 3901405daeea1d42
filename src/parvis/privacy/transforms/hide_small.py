"""Empty the small counts: fewer than so many people could be recognised. A zero says nothing of anybody and stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.errors import InputError
from parvis.privacy.sql import Expression, literal, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, msg

TITLE = msg("Cacher les petits effectifs")
PARAMETERS: Mapping[str, Parameter] = {
    "least": Parameter("number", msg("Cacher ce qui est en dessous de"), default="11")
}
REMOVES: Mapping[str, Sequence[str]] = {}
EXAMPLES: Sequence[tuple[Any, Any]] = [(11, 11), (10, None), (0, 0), (None, None)]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    least = parameters["least"]
    if isinstance(least, bool) or not isinstance(least, int) or not 2 <= least <= 1_000_000:
        raise InputError("Un petit effectif se cache en dessous de 2 à 1 000 000.")
    name = quoted(column.name)
    number = f"TRY_CAST({name} AS DOUBLE)"
    shown = f"CASE WHEN {number} = 0 OR abs({number}) >= {literal(least)} THEN {name} END"
    return Expression(shown, column.kind)
