"""Columns whose values are not of the type that the schema asks."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.schemas.match import kinds_of
from parvis.validation.table import Ask, Table, personal, quoted
from parvis.values import Finding, Kind, Severity, msg

TITLE = "Types"
_WORDS = {
    "integer": msg("des nombres entiers"),
    "number": msg("des nombres"),
    "boolean": msg("vrai ou faux"),
    "date": msg("des dates (AAAA-MM-JJ)"),
    "datetime": msg("des dates et heures"),
    "year": msg("des années"),
}


def look(table: Table) -> Iterator[Ask | Finding]:
    for field, column in table.pairs():
        wanted = kinds_of(field)
        if not wanted or not column.filled:
            continue
        if column.kind not in wanted:
            yield Finding(
                "schema.type",
                Severity.WARN,
                msg("La colonne « {column} » devrait contenir {wanted}."),
                table.place(column),
                {"column": column.label, "wanted": _WORDS[field.type]},
                hint=msg("Vérifiez ses cellules : du texte, une unité ou une note s'y est glissé."),
                examples=() if personal(column) else tuple(column.examples[:3]),
            )
        elif field.type == "integer" and column.kind is Kind.NUMBER:
            cell = quoted(column.name)
            yield Ask(
                "schema.type",
                Severity.WARN,
                column,
                f"{cell} <> round({cell})",
                msg("Colonne « {column} » : {count} nombre(s) ont des décimales, le schéma veut des entiers."),
                shown=cell,
            )
