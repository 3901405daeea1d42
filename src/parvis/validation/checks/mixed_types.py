"""Columns that hold numbers, and something else in a good part of the cells."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.tables import numbers
from parvis.tables.types import is_code
from parvis.validation.regexes import literal
from parvis.validation.table import Ask, Table, quoted
from parvis.values import Column, Kind, Severity, msg

TITLE = "Types mêlés"
_SAMPLE = 5000  # rows looked at before all of them are
_FEW, _MANY = 0.02, 0.4  # share of the cells that are not numbers
_DECIMAL = r"[-+]?[0-9 \x{00a0}\x{202f}]*[0-9][.,][0-9]{1,2}(?: ?[€%])?"
_NUMBER = r"[-+]?[0-9 \x{00a0}\x{202f}]*[0-9](?:[.,][0-9]+)?(?: ?[€%])?"


def look(table: Table) -> Iterator[Ask]:
    """Ask of the text columns whose first rows show amounts beside words: amounts have decimals, numbers of houses
    and files have none and may well be « 12 bis »."""
    asked = [c for c in table.profile.columns if _possible(c) and c.name not in table.fields()]
    if not asked:
        return
    parts = []
    for column in asked:
        cell = f"trim({quoted(column.name)})"
        parts += [f"count({cell})", f"count_if(regexp_full_match({cell}, {literal(_NUMBER)}))",
                  f"count_if(regexp_full_match({cell}, {literal(_DECIMAL)}))"]  # fmt: skip
    told = table.query(f"SELECT {', '.join(parts)} FROM (SELECT * FROM cells LIMIT {_SAMPLE})")[0]
    for number, column in enumerate(asked):
        filled, plain, decimal = told[3 * number : 3 * number + 3]
        if filled and _FEW <= 1 - plain / filled <= _MANY and decimal >= 0.1 * filled:
            yield _ask(column)


def _possible(column: Column) -> bool:
    return column.kind is Kind.TEXT and not column.meaning and column.distinct > 5 and not is_code(column.label)


def _ask(column: Column) -> Ask:
    cell = f"trim({quoted(column.name)})"
    return Ask(
        "values.mixed",
        Severity.INFO,
        column,
        f"{cell} <> '' AND NOT regexp_full_match({cell}, {literal(_NUMBER)}) AND NOT {numbers.missing_sql(cell)}",
        msg("Colonne « {column} » : elle mêle des nombres et {count} cellule(s) d'autre chose ; elle reste du texte."),
        hint=msg(
            "Mettez les mots dans une autre colonne (« remarque ») : celle-ci pourra être additionnée et dessinée."
        ),
        shown=quoted(column.name),
        least=_FEW,
        most=_MANY,
    )
