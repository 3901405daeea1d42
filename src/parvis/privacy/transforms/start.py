"""Keep the first signs of a code: the department of a postal code, the letter of a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.errors import InputError
from parvis.privacy.sql import Expression, literal, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Ne garder que le début")
PARAMETERS: Mapping[str, Parameter] = {"length": Parameter("number", msg("Nombre de signes gardés"), default="2")}
REMOVES: Mapping[str, Sequence[str]] = {}
EXAMPLES: Sequence[tuple[Any, Any]] = [("58990", "58"), (None, None)]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    length = parameters["length"]
    if isinstance(length, bool) or not isinstance(length, int) or not 1 <= length <= 100:
        raise InputError("Le début gardé va de 1 à 100 signes.")
    return Expression(f"left(CAST({quoted(column.name)} AS VARCHAR), {literal(length)})", Kind.TEXT)
