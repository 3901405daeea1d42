"""Replace a number by the band it falls in: 37 gives « 30 à 39 »."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.errors import InputError
from parvis.privacy.sql import Expression, literal, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Remplacer par une tranche")
PARAMETERS: Mapping[str, Parameter] = {"step": Parameter("number", msg("Largeur d'une tranche"), default="10")}
REMOVES: Mapping[str, Sequence[str]] = {}
EXAMPLES: Sequence[tuple[Any, Any]] = [(37, "30 à 39"), (40, "40 à 49"), (None, None)]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    step = parameters["step"]
    if isinstance(step, bool) or not isinstance(step, int) or not 2 <= step <= 1_000_000_000:
        raise InputError("Une tranche va de 2 à 1 000 000 000, par nombre entier.")
    low = f"(floor(TRY_CAST({quoted(column.name)} AS DOUBLE) / {literal(step)}) * {literal(step)})"
    return Expression(f"printf('%.0f à %.0f', {low}, {low} + {literal(step - 1)})", Kind.TEXT)
