"""How the columns and a schema's fields go together, when the schema says it (Table Schema, version 2)."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Table, shortened
from parvis.values import Finding, Kind, Severity, msg

TITLE = "Colonnes et champs du schéma"
_WHOLE = ("exact", "equal", "subset")  # every field must be there, required or not
_CLOSED = ("exact", "equal", "superset")  # no other column may be
_WHY = msg("Le schéma dit lui-même quelles colonnes le fichier doit avoir.")


def look(table: Table) -> Iterator[Finding]:
    if table.schema is None:
        return
    yield from _unread(table)
    rule = table.schema.fields_match
    columns = [c for c in table.profile.columns if c.kind is not Kind.GEOMETRY]
    held = [f.name for f in table.schema.fields if f.name in table.mapping]
    absent = [f.name for f in table.schema.fields if not f.required and f.name not in table.mapping]
    used = set(table.mapping.values())
    extra = [c.label for c in columns if c.name not in used]
    if rule in _WHOLE and absent:
        yield Finding(
            "schema.fields_absent",
            Severity.WARN,
            msg("Il manque {count} colonne(s) que le schéma « {schema} » veut trouver, même vides : {fields}."),
            values={"count": len(absent), "schema": table.schema.title, "fields": shortened(absent)},
            hint=msg("Ajoutez-les, avec leurs titres exacts ; leurs cellules peuvent rester vides."),
            why=_WHY,
            count=len(absent),
        )
    if rule in _CLOSED and extra:
        yield Finding(
            "schema.fields_extra",
            Severity.WARN,
            msg(
                "Le schéma « {schema} » n'admet pas d'autres colonnes que les siennes ; il y en a {count} : {columns}."
            ),
            values={"count": len(extra), "schema": table.schema.title, "columns": shortened(extra)},
            hint=msg("Retirez-les, ou renommez-les si elles correspondent à un champ du schéma."),
            why=_WHY,
            count=len(extra),
        )
    if rule == "exact" and not absent and not extra:
        order = [table.mapping[name] for name in held]
        there = [c.name for c in columns]
        moved = next((n for n, (a, b) in enumerate(zip(order, there, strict=False)) if a != b), None)
        if moved is not None:
            label = next(c.label for c in columns if c.name == order[moved])
            yield Finding(
                "schema.fields_order",
                Severity.WARN,
                msg(
                    "Les colonnes ne sont pas dans l'ordre du schéma « {schema} » : « {column} » devrait être la colonne {place}."
                ),
                values={"schema": table.schema.title, "column": label, "place": moved + 1},
                hint=msg("Rangez les colonnes dans l'ordre du schéma."),
                why=_WHY,
            )
    if rule == "partial" and not held:
        yield Finding(
            "schema.fields_none",
            Severity.WARN,
            msg("Aucune colonne n'est un champ du schéma « {schema} »."),
            values={"schema": table.schema.title},
            hint=msg("Choisissez le schéma de ce fichier, ou reprenez ses titres de colonnes."),
            why=_WHY,
        )


def _unread(table: Table) -> Iterator[Finding]:
    """Say what the schema asks and nobody verified."""
    for field, column in table.pairs():
        if field.unread:
            yield Finding(
                "schema.not_verified",
                Severity.INFO,
                msg("Colonne « {column} » : le schéma demande aussi « {asked} », que Parvis ne sait pas vérifier ; cela ne l'a "
                    "pas été."),
                table.place(column),
                {"column": column.label, "asked": ", ".join(field.unread)},
                hint=msg("Relisez vous-même quelques cellules avec la documentation du schéma."),
            )  # fmt: skip
