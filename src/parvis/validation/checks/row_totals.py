"""Rows whose total is not the sum of the cells beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parvis.validation.table import Ask, Table, quoted
from parvis.values import Column, Kind, Severity, msg

TITLE = "Totaux des lignes"
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_LABEL = r"^(?:total|totaux|ensemble|somme)\b|\btotal$"
_USUALLY = 0.9  # share of the rows on which the sum holds, for it to be a sum at all
_FEW = 10  # rows


def look(table: Table) -> Iterator[Ask]:
    columns = list(table.profile.columns)
    for total in table.named(_LABEL, *_NUMBERS):
        at = columns.index(total)
        for parts in (_beside(columns[:at][::-1]), _beside(columns[at + 1 :])):
            if len(parts) > 1 and _usually(table, total, parts):
                yield _ask(total, parts)
                break


def _beside(columns: Sequence[Column]) -> list[Column]:
    """Return the numbers that stand next to the total, up to what is none."""
    out = []
    for column in columns:
        if column.kind not in _NUMBERS or column.meaning in ("year", "longitude", "latitude"):
            break
        out.append(column)
    return out


def _wrong(total: Column, parts: Sequence[Column]) -> str:
    summed = " + ".join(f"coalesce({quoted(p.name)}, 0)" for p in parts)
    return f"{quoted(total.name)} IS NOT NULL AND abs({quoted(total.name)} - ({summed})) > 0.01 * {len(parts)}"


def _usually(table: Table, total: Column, parts: Sequence[Column]) -> bool:
    if total.filled < _FEW:
        return False
    wrong = table.query(f"SELECT count_if({_wrong(total, parts)}) FROM cells")[0][0]
    return bool(0 < wrong <= (1 - _USUALLY) * total.filled)


def _ask(total: Column, parts: Sequence[Column]) -> Ask:
    return Ask(
        "values.row_total",
        Severity.WARN,
        total,
        _wrong(total, parts),
        msg("Colonne « {column} » : {count} total(aux) ne sont pas la somme des {parts} colonnes voisines, comme ils le sont "
            "ailleurs."),
        hint=msg("Refaites le total de ces lignes, ou corrigez la cellule qui manque."),
        why=msg("On ne sait pas lequel croire, du total ou du détail."),
        values={"parts": len(parts)},
        shown=quoted(total.name),
        also=parts,
    )  # fmt: skip
