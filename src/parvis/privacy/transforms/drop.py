"""Take the column away, name and values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.privacy.sql import Expression
from parvis.tables.parameters import Parameter
from parvis.values import Column, msg

TITLE = msg("Retirer la colonne")
PARAMETERS: Mapping[str, Parameter] = {}
REMOVES: Mapping[str, Sequence[str]] = {"column": ("*",), "text": ("*",), "label": ("*",)}
EXAMPLES: Sequence[tuple[Any, Any]] = [("Alice Durand", None)]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    return None
