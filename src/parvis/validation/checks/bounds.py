"""Numbers out of the bounds of the schema."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Ask, Table, quoted
from parvis.values import Kind, Severity, msg

TITLE = "Bornes"


def look(table: Table) -> Iterator[Ask]:
    for field, column in table.pairs():
        if column.kind not in (Kind.INTEGER, Kind.NUMBER):
            continue
        cell = quoted(column.name)
        for bound, sign, said in (
            (field.minimum, "<", msg("plus petites que")),
            (field.maximum, ">", msg("plus grandes que")),
        ):
            if not isinstance(bound, int | float):
                continue
            limit = float(bound)
            yield Ask(
                "schema.bound",
                Severity.WARN,
                column,
                f"{cell} {sign} {limit!r}",
                msg("Colonne « {column} » : {count} valeur(s) sont {said} {bound}."),
                values={"said": said, "bound": bound},
                shown=cell,
            )
