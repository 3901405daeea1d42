"""Keep the column as it is: personal data then needs a legal ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.privacy.sql import Expression, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, msg

TITLE = msg("Garder tel quel")
PARAMETERS: Mapping[str, Parameter] = {}
REMOVES: Mapping[str, Sequence[str]] = {}
EXAMPLES: Sequence[tuple[Any, Any]] = [("Alice Durand", "Alice Durand")]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    return Expression(quoted(column.name), column.kind)
