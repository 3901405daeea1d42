"""Bring what is extreme back to a bound: an age of 103 under a bound of 90 gives 90."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.errors import InputError
from parvis.privacy.sql import Expression, literal, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Regrouper les valeurs extrêmes")
PARAMETERS: Mapping[str, Parameter] = {
    "low": Parameter("text", msg("Ce qui est en dessous de"), msg("devient cette valeur"), optional=True),
    "high": Parameter("text", msg("Ce qui est au-dessus de"), msg("devient cette valeur"), optional=True),
}
REMOVES: Mapping[str, Sequence[str]] = {}
EXAMPLES: Sequence[tuple[Any, ...]] = [
    (103, 90, {"high": "90"}),
    (3, 5, {"low": "5", "high": "90"}),
    (40, 40, {"low": "5"}),
    (2.5, 10.5, {"low": "10,5"}),
    (None, None, {"low": "5"}),
]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    low, high = (_bound(parameters[name]) for name in ("low", "high"))
    if low is None and high is None:
        raise InputError("Donnez au moins une des deux bornes.")
    if low is not None and high is not None and low >= high:
        raise InputError("La borne basse doit être plus petite que la borne haute.")
    kind = Kind.INTEGER if column.kind is Kind.INTEGER and _whole(low) and _whole(high) else Kind.NUMBER
    number = f"TRY_CAST({quoted(column.name)} AS {'BIGINT' if kind is Kind.INTEGER else 'DOUBLE'})"
    sql = number
    if low is not None:
        sql = f"greatest({sql}, {_said(low)})"
    if high is not None:
        sql = f"least({sql}, {_said(high)})"
    return Expression(f"CASE WHEN {number} IS NOT NULL THEN {sql} END", kind)


def _bound(said: str) -> float | None:
    clean = "".join(str(said).split()).replace(",", ".").replace("−", "-")
    if not clean:
        return None
    try:
        found = float(clean)
    except ValueError as error:
        raise InputError("« {said} » n'est pas un nombre.", said=str(said)[:40]) from error
    if not abs(found) < 1e15:
        raise InputError("« {said} » n'est pas un nombre.", said=str(said)[:40])
    return found


def _whole(bound: float | None) -> bool:
    return bound is None or bound.is_integer()


def _said(bound: float) -> str:
    return literal(int(bound)) if bound.is_integer() else literal(bound)
