"""Keep the year and the month of a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.privacy.sql import Expression, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Ne garder que le mois")
PARAMETERS: Mapping[str, Parameter] = {}
REMOVES: Mapping[str, Sequence[str]] = {}
EXAMPLES: Sequence[tuple[Any, Any]] = [("1980-05-12", "1980-05"), ("texte", None), (None, None)]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    day = f"TRY_CAST({quoted(column.name)} AS DATE)"
    return Expression(f"strftime({day}, '%Y-%m')", Kind.TEXT)
