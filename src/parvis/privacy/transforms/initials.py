"""Keep the initials of a name. Fewer people are recognised, but some still are: it needs a ground as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.privacy.sql import Expression, literal, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Ne garder que les initiales")
PARAMETERS: Mapping[str, Parameter] = {}
REMOVES: Mapping[str, Sequence[str]] = {}
EXAMPLES: Sequence[tuple[Any, Any]] = [("Alice Durand", "A. D."), ("Jean-Pierre LE GOFF", "J. P. L. G."), (None, None)]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    words = f"regexp_extract_all(CAST({quoted(column.name)} AS VARCHAR), {literal(chr(92) + 'p{L}+')})"
    return Expression(f"array_to_string(list_transform({words}, lambda w: upper(w[1]) || '.'), ' ')", Kind.TEXT)
