"""Dates that cannot be: before 1800, far in the future, or the zero of a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Ask, Table, quoted
from parvis.values import Column, Kind, Severity, msg

TITLE = "Dates"
_FIRST, _LAST = 1800, 2100


def look(table: Table) -> Iterator[Ask]:
    for column in table.profile.columns:
        if column.kind not in (Kind.DATE, Kind.DATETIME) or not _worth_asking(column):
            continue
        cell = quoted(column.name)
        yield Ask(
            "values.odd_date",
            Severity.WARN,
            column,
            f"year({cell}) NOT BETWEEN {_FIRST} AND {_LAST}",
            msg("Colonne « {column} » : {count} date(s) sont invraisemblables (avant 1800 ou après 2100)."),
            hint=msg(
                "Une année à deux chiffres ou une faute de frappe en est souvent la cause : corrigez ces cellules."
            ),
            shown=cell,
        )
        yield Ask(
            "values.excel_zero",
            Severity.WARN,
            column,
            f"CAST({cell} AS DATE) IN (DATE '1899-12-30', DATE '1899-12-31', DATE '1900-01-01')",
            msg("Colonne « {column} » : {count} date(s) sont le zéro du tableur (30/12/1899 ou 01/01/1900)."),
            hint=msg(
                "Une cellule vide ou un 0 a pris le format « Date » : videz ces cellules, ou écrivez la vraie date."
            ),
            most=0.2,  # beyond, they are dates of that time
        )


def _worth_asking(column: Column) -> bool:
    """True when the bounds of the column do not already say that all its dates are of our time."""
    if column.minimum is None or column.maximum is None:
        return True
    return str(column.minimum)[:4] <= "1900" or str(column.maximum)[:4] > str(_LAST)
