"""Keep the street of an address, without its number nor what follows: « 12 bis rue des Lilas, 58000 Nevers »."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.privacy.sql import Expression, literal, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Ne garder que la rue")
PARAMETERS: Mapping[str, Parameter] = {}
REMOVES: Mapping[str, Sequence[str]] = {}
EXAMPLES: Sequence[tuple[Any, Any]] = [
    ("12 bis rue des Lilas, 58000 Nevers", "rue des Lilas"),
    ("3, place du 8 mai 1945", "place du 8 mai 1945"),
    ("Le Bourg 58990 Fontclaire", "Le Bourg"),
    (None, None),
]
_NUMBER = r"^\s*\d+(\s*[-/]\s*\d+)?\s*((bis|ter|quater)\b|[A-Da-d]\b)?\s*,?\s*"
_TOWN = r"\s*,.*$|\s+\d{5}\b.*$"


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    text = f"regexp_replace(CAST({quoted(column.name)} AS VARCHAR), {literal(_NUMBER)}, '', 'i')"
    return Expression(f"trim(regexp_replace({text}, {literal(_TOWN)}, ''))", Kind.TEXT)
