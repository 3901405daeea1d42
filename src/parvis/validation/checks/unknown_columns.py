"""Columns that the schema does not know."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Table, shortened
from parvis.values import Finding, Kind, Severity, msg

TITLE = "Colonnes hors schéma"


def look(table: Table) -> Iterator[Finding]:
    if table.schema is None or table.schema.fields_match in ("exact", "equal", "superset"):  # « fields_match » says it
        return
    used = set(table.mapping.values())
    extra = [c.label for c in table.profile.columns if c.name not in used and c.kind is not Kind.GEOMETRY]
    if extra:
        yield Finding(
            "schema.unknown_columns",
            Severity.INFO,
            msg("{count} colonne(s) ne sont pas dans le schéma « {schema} » : {columns}."),
            values={"count": len(extra), "schema": table.schema.title, "columns": shortened(extra)},
            hint=msg(
                "Elles seront publiées telles quelles ; renommez-les si elles correspondent à un champ du schéma."
            ),
            count=len(extra),
        )
