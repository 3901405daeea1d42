"""Keep only the year of a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.privacy.sql import Expression, literal, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Ne garder que l'année")
PARAMETERS: Mapping[str, Parameter] = {}
REMOVES: Mapping[str, Sequence[str]] = {"column": ("birth_date",)}
EXAMPLES: Sequence[tuple[Any, Any]] = [("1980-05-12", 1980), ("12/05/1980", 1980), ("12/05/80", None), (None, None)]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    name = quoted(column.name)
    if column.kind in (Kind.DATE, Kind.DATETIME):
        return Expression(f"CAST(year({name}) AS BIGINT)", Kind.INTEGER)
    digits = f"regexp_extract(CAST({name} AS VARCHAR), {literal('(?:^|[^0-9])((?:1[89]|20)[0-9]{2})(?:$|[^0-9])')}, 1)"
    return Expression(f"TRY_CAST({digits} AS BIGINT)", Kind.INTEGER)
