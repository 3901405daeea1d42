"""Values that must be found elsewhere in the same table (a parent's number), and are not."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.text import listed
from parvis.validation.table import Ask, Table, quoted
from parvis.values import Finding, Severity, msg

TITLE = "Renvois"


def look(table: Table) -> Iterator[Ask | Finding]:
    held = {field.name: column for field, column in table.pairs()}
    for reference in table.schema.references if table.schema is not None else ():
        columns = [held[n] for n in reference.fields if n in held]
        if len(columns) < len(reference.fields):
            continue
        if reference.table:
            yield Finding(
                "schema.reference_elsewhere",
                Severity.INFO,
                msg("{columns} renvoient au tableau « {table} », qui n'a pas été regardé ici."),
                table.place(columns[0]),
                {"columns": listed(f"« {c.label} »" for c in columns), "table": reference.table},
                hint=msg("Vérifiez que chaque valeur s'y trouve."),
            )
            continue
        others = [held[n] for n in reference.others if n in held]
        if len(others) < len(reference.others):
            continue
        mine = ", ".join(f"CAST({quoted(c.name)} AS VARCHAR)" for c in columns)
        theirs = ", ".join(f"CAST({quoted(c.name)} AS VARCHAR)" for c in others)
        filled = " AND ".join(f"{quoted(c.name)} IS NOT NULL" for c in others)
        here = " AND ".join(f"{quoted(c.name)} IS NOT NULL" for c in columns)
        yield Ask(
            "schema.reference",
            Severity.WARN,
            columns[0],
            f"{here} AND ({mine}) NOT IN (SELECT ({theirs}) FROM cells WHERE {filled})"
            if len(columns) > 1
            else f"{here} AND {mine} NOT IN (SELECT {theirs} FROM cells WHERE {filled})",
            msg("Colonne « {column} » : {count} valeur(s) renvoient à une ligne qui n'existe pas dans « {others} »."),
            hint=msg("Corrigez la valeur, ou ajoutez la ligne qui manque."),
            why=msg("Le lien ne mène nulle part."),
            values={"others": ", ".join(c.label for c in others)},
            shown=quoted(columns[0].name),
            also=columns[1:],
        )
