"""Numbers and dates out of the bounds of the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parvis.text import number
from parvis.validation.table import Ask, Table, quoted
from parvis.values import Kind, Severity, msg

TITLE = "Bornes"
_NUMBERS, _DAYS = (Kind.INTEGER, Kind.NUMBER), (Kind.DATE, Kind.DATETIME)


def look(table: Table) -> Iterator[Ask]:
    for field, column in table.pairs():
        cell = quoted(column.name)
        for bound, sign, said in (
            (field.minimum, "<", msg("sont sous le minimum")),
            (field.maximum, ">", msg("dépassent le maximum")),
        ):
            limit = _limit(bound, column.kind)
            if not limit:
                continue
            yield Ask(
                "schema.bound",
                Severity.WARN,
                column,
                f"{cell} {sign} {limit}",
                msg("Colonne « {column} » : {count} valeur(s) {said} du schéma ({bound})."),
                hint=msg("Vérifiez l'unité et la virgule : 0,5 et 50 % ne sont pas le même nombre."),
                values={"said": said, "bound": number(bound) if isinstance(bound, int | float) else bound},
                shown=cell,
            )


def _limit(bound: float | str | None, kind: Kind) -> str:
    if isinstance(bound, int | float):
        return repr(float(bound)) if kind in _NUMBERS and abs(bound) < 1e300 else ""
    if (
        bound is None
        or kind not in _DAYS
        or not re.fullmatch(r"\d{4}-(?:0\d|1[0-2])-[0-2]\d.*|\d{4}-\d\d-3[01].*", bound)
    ):
        return ""
    return f"TRY_CAST('{bound[:10]}' AS DATE)"
