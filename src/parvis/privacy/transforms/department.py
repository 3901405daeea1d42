"""Keep the département of a postal code or of a commune's INSEE code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.privacy.sql import Expression, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Ne garder que le département")
PARAMETERS: Mapping[str, Parameter] = {}
REMOVES: Mapping[str, Sequence[str]] = {}
EXAMPLES: Sequence[tuple[Any, Any]] = [("58990", "58"), ("97411", "974"), ("2A004", "2A"), ("1000", "01"), (None, None)]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    code = f"lpad(upper(trim(CAST({quoted(column.name)} AS VARCHAR))), 5, '0')"  # an office's software ate the zero
    kept = f"left({code}, CASE WHEN {code} LIKE '97%' OR {code} LIKE '98%' THEN 3 ELSE 2 END)"
    if column.meaning == "postcode":  # Corsica's are of one old département
        kept = f"CASE WHEN {code} LIKE '200%' OR {code} LIKE '201%' THEN '2A' WHEN {code} LIKE '20%' THEN '2B' ELSE {kept} END"
    return Expression(f"CASE WHEN length({code}) = 5 THEN {kept} END", Kind.TEXT)
