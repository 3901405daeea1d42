"""Text that does not have the form the schema asks."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from parvis.validation.table import Ask, Table, literal, quoted
from parvis.values import Kind, Severity, msg

TITLE = "Formes"


def look(table: Table) -> Iterator[Ask]:
    for field, column in table.pairs():
        cell = quoted(column.name)
        if column.kind is not Kind.TEXT:
            continue
        if field.pattern and _readable(field.pattern):
            # RE2 answers in a time that grows with the text alone: no pattern can be made to last.
            yield Ask(
                "schema.pattern",
                Severity.WARN,
                column,
                f"{cell} IS NOT NULL AND NOT regexp_full_match({cell}, {literal(field.pattern)})",
                msg("Colonne « {column} » : {count} valeur(s) n'ont pas la forme attendue."),
                hint=msg("Forme attendue : {pattern}"),
                values={"pattern": field.pattern[:200]},
                shown=cell,
            )
        for bound, sign, said in (
            (field.min_length, "<", msg("trop courtes")),
            (field.max_length, ">", msg("trop longues")),
        ):
            if bound is not None:
                yield Ask(
                    "schema.length",
                    Severity.WARN,
                    column,
                    f"length({cell}) {sign} {int(bound)}",
                    msg("Colonne « {column} » : {count} valeur(s) sont {said} (limite : {bound} signes)."),
                    values={"said": said, "bound": bound},
                    shown=cell,
                )


def _readable(pattern: str) -> bool:
    """True when the engine's own expressions know this pattern; some forms of others it refuses."""
    try:
        duckdb.execute("SELECT regexp_full_match('', ?)", [pattern])
    except duckdb.Error:
        return False
    return True
