"""Empty cells where the schema wants a value."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Ask, Table, quoted
from parvis.values import Severity, msg

TITLE = "Cellules obligatoires"


def look(table: Table) -> Iterator[Ask]:
    for field, column in table.pairs():
        if field.required and column.filled < table.profile.rows:
            yield Ask(
                "schema.required_cell",
                Severity.WARN,
                column,
                f"{quoted(column.name)} IS NULL",
                msg("Colonne « {column} » : {count} cellule(s) sont vides, une valeur y est obligatoire."),
                hint=msg("Remplissez ces cellules dans votre fichier."),
            )
