"""Round a number to the nearest multiple of a step: 1 237 gives 1 240."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.errors import InputError
from parvis.privacy.sql import Expression, literal, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Arrondir")
PARAMETERS: Mapping[str, Parameter] = {"step": Parameter("number", msg("Arrondir au multiple de"), default="10")}
REMOVES: Mapping[str, Sequence[str]] = {}
EXAMPLES: Sequence[tuple[Any, Any]] = [(1237, 1240), (4, 0), (None, None)]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    step = parameters["step"]
    if isinstance(step, bool) or not isinstance(step, int) or not 2 <= step <= 1_000_000_000:
        raise InputError("Un arrondi va de 2 à 1 000 000 000, par nombre entier.")
    number = f"TRY_CAST({quoted(column.name)} AS DOUBLE)"
    return Expression(f"CAST(round({number} / {literal(step)}) * {literal(step)} AS BIGINT)", Kind.INTEGER)
