"""Values that should be unique and come twice."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Table
from parvis.values import Finding, Severity, msg

TITLE = "Clés"


def look(table: Table) -> Iterator[Finding]:
    keys = set(table.schema.primary_key) if table.schema and len(table.schema.primary_key) == 1 else set()
    for field, column in table.pairs():
        doubles = column.filled - column.distinct
        if (field.unique or field.name in keys) and doubles > 0 and table.profile.rows <= 100_000:
            yield Finding(
                "schema.not_unique",
                Severity.WARN,
                msg("Colonne « {column} » : {count} valeur(s) sont répétées, chacune devrait être unique."),
                table.place(column),
                {"column": column.label, "count": doubles},
                hint=msg("Dans votre tableur, mettez en évidence les doublons de cette colonne et corrigez-les."),
                count=doubles,
            )
