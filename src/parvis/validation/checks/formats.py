"""Cells that do not follow the French format that the schema asks: a commune's code, opening hours, a phone number."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.schemas.schema import Rule
from parvis.validation.formats import FORMATS
from parvis.validation.table import Ask, Table
from parvis.values import Column, Severity, msg

TITLE = "Formats français"
_JUDGED = 300_000  # different values of a column beyond which the others are not judged


def look(table: Table) -> Iterator[Ask]:
    held = {field.name: column for field, column in table.pairs()}
    for rule in table.schema.rules if table.schema is not None else ():
        column = held.get(rule.fields[0]) if rule.kind == "format" else None
        if column is not None and column.filled and rule.op in FORMATS:
            yield from _judged(table, rule, column)


def _judged(table: Table, rule: Rule, column: Column) -> Iterator[Ask]:
    form = FORMATS[rule.op]
    holds = form.judge(rule.option)
    cell, raw = table.text(column)
    told = table.query(
        f"SELECT DISTINCT {cell} FROM {'texts' if raw else 'cells'} WHERE {cell} IS NOT NULL LIMIT {_JUDGED}"
    )
    absent = table.schema.missing if table.schema is not None else ()
    wrong = sorted(text for (text,) in told if text not in absent and not holds(text))
    if wrong:
        yield Ask(
            "schema.french_format",
            Severity.WARN,
            column,
            f"{cell} IN {table.among(wrong)}",
            msg("Colonne « {column} » : {count} valeur(s) ne sont pas {wanted}."),
            hint=form.hint,
            why=msg("Les outils nationaux ne retrouvent un lieu, un acte ou un service que sous sa forme officielle."),
            values={"wanted": form.wanted},
            shown=cell,
            raw=raw,
        )
