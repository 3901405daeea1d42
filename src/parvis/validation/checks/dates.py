"""Dates that cannot be: before 1800, or far in the future."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Ask, Table, quoted
from parvis.values import Kind, Severity, msg

TITLE = "Dates"


def look(table: Table) -> Iterator[Ask]:
    for column in table.profile.columns:
        if column.kind not in (Kind.DATE, Kind.DATETIME):
            continue
        cell = quoted(column.name)
        yield Ask(
            "values.odd_date",
            Severity.WARN,
            column,
            f"year({cell}) NOT BETWEEN 1800 AND 2100",
            msg("Colonne « {column} » : {count} date(s) sont invraisemblables."),
            hint=msg("Une année à deux chiffres ou une faute de frappe en est souvent la cause."),
            shown=cell,
        )
