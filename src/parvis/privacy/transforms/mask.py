"""Replace every value of the column by the same words; empty cells stay empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.privacy.sql import Expression, literal, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Masquer toute la valeur")
PARAMETERS: Mapping[str, Parameter] = {
    "text": Parameter("text", msg("Ce qui est écrit à la place"), default="[masqué]")
}
REMOVES: Mapping[str, Sequence[str]] = {"column": ("*",), "text": ("*",)}
EXAMPLES: Sequence[tuple[Any, Any]] = [("Alice Durand", "[masqué]"), (None, None)]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    words = literal(str(parameters["text"])[:40])
    return Expression(f"CASE WHEN {quoted(column.name)} IS NOT NULL THEN {words} END", Kind.TEXT)
