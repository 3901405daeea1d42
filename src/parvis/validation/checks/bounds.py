"""Numbers and dates out of the bounds of the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parvis.text import number
from parvis.validation.table import Ask, Table, quoted
from parvis.values import Kind, Severity, msg

TITLE = "Bornes"


def look(table: Table) -> Iterator[Ask]:
    for field, column in table.pairs():
        for bound, sign, said in (
            (field.minimum, "<", msg("sont sous le minimum")),
            (field.maximum, ">", msg("dépassent le maximum")),
            (field.above, "<=", msg("ne dépassent pas la limite")),
            (field.below, ">=", msg("ne restent pas sous la limite")),
        ):
            limit, days = _limit(bound)
            cell = "" if not limit else table.day(column) if days else table.number(column)
            if not cell or (days and field.type not in ("date", "datetime") and column.kind is Kind.TEXT):
                continue
            yield Ask(
                "schema.bound",
                Severity.WARN,
                column,
                f"{cell} {sign} {limit}",
                msg("Colonne « {column} » : {count} valeur(s) {said} du schéma ({bound})."),
                hint=msg("Vérifiez l'unité et la virgule : 0,5 et 50 % ne sont pas le même nombre."),
                why=msg("Hors de ces bornes, la valeur ne peut pas être juste."),
                values={"said": said, "bound": number(bound) if isinstance(bound, int | float) else bound},
                shown=quoted(column.name),
            )


def _limit(bound: float | str | None) -> tuple[str, bool]:
    """Return the SQL of a bound, "" when it cannot be one; and True when it is a day."""
    if isinstance(bound, int | float):
        return (repr(float(bound)), False) if abs(bound) < 1e300 else ("", False)
    if bound is None or not re.fullmatch(r"\d{4}-(?:0\d|1[0-2])-[0-2]\d.*|\d{4}-\d\d-3[01].*", bound):
        return "", False
    return f"TRY_CAST('{bound[:10]}' AS DATE)", True
