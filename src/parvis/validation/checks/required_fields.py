"""Fields that the schema requires and no column holds."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Table
from parvis.values import Finding, Severity, msg

TITLE = "Champs obligatoires"


def look(table: Table) -> Iterator[Finding]:
    if table.schema is None or table.schema.fields_match in ("superset", "partial"):  # they let any field be absent
        return
    for field in table.schema.fields:
        if field.required and field.name not in table.mapping:
            yield Finding(
                "schema.missing_field",
                Severity.WARN,
                msg("Il manque la colonne « {field} », obligatoire dans le schéma « {schema} »."),
                values={"field": field.name, "schema": table.schema.title},
                hint=msg("Ajoutez une colonne nommée exactement « {field} » à votre fichier."),
                why=msg("Les réutilisateurs et les contrôles nationaux cherchent ce nom."),
            )
