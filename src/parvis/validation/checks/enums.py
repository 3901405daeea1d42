"""Values out of the list that the schema gives, and the one that was probably meant."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Ask, Table, literal, quoted
from parvis.values import Kind, Severity, msg

TITLE = "Listes de valeurs"


def look(table: Table) -> Iterator[Ask]:
    for field, column in table.pairs():
        if not field.enum or column.kind not in (Kind.TEXT, Kind.INTEGER) or field.type == "array":
            continue
        cell = f"CAST({quoted(column.name)} AS VARCHAR)"
        allowed = ", ".join(literal(e) for e in field.enum)
        shown = ", ".join(f"« {e} »" for e in field.enum[:8]) + (" …" if len(field.enum) > 8 else "")
        yield Ask(
            "schema.enum",
            Severity.WARN,
            column,
            f"{cell} IS NOT NULL AND {cell} NOT IN ({allowed})",
            msg("Colonne « {column} » : {count} valeur(s) ne sont pas dans la liste permise."),
            hint=msg("Valeurs permises : {allowed}. Les majuscules et les accents comptent."),
            values={"allowed": shown},
            shown=cell,
        )
