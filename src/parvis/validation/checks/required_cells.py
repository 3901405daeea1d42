"""Empty cells where the schema wants a value."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.schemas.schema import Field
from parvis.tables.numbers import MISSING
from parvis.validation.regexes import as_re2
from parvis.validation.table import Ask, Table
from parvis.values import Kind, Severity, msg

TITLE = "Cellules obligatoires"


def look(table: Table) -> Iterator[Ask]:
    for field, column in table.pairs():
        if not field.required or (
            column.filled >= table.profile.rows and not (table.schema and table.schema.absent(field))
        ):
            continue
        if column.kind is not Kind.TEXT and _allows_absence(table, field):
            continue
        yield Ask(
            "schema.required_cell",
            Severity.WARN,
            column,
            table.empty(column),
            msg("Colonne « {column} » : {count} cellule(s) sont vides, une valeur y est obligatoire.")
            if column.filled
            else msg("La colonne « {column} » est vide ({count} lignes), une valeur y est obligatoire."),
            hint=msg(
                "Remplissez ces cellules dans votre fichier : le filtre « vides » de votre tableur les montre toutes."
            ),
            why=msg("Sans ces valeurs, la ligne ne dit pas ce que la loi ou le standard demande."),
        )


def _allows_absence(table: Table, field: Field) -> bool:
    """True when the schema itself takes a word such as « N/A », which leaves no number in the typed column."""
    words = [form for word in MISSING for form in (word, word.upper())]
    if field.enum:
        return any(word in field.enum for word in words)
    pattern = as_re2(field.pattern) if field.pattern else ""
    if not pattern:
        return False
    told = table.engine.execute(
        "SELECT count_if(regexp_full_match(w, ?)) FROM (SELECT unnest(?) AS w)", [pattern, words]
    )
    return bool(told.fetchall()[0][0])
