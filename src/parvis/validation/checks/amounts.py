"""Amounts a hundred times too large, and negative ones among the others."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from parvis.validation.table import Ask, Table, quoted
from parvis.values import Column, Kind, Severity, msg

TITLE = "Montants"
_LABEL = r"\b(?:montants?|prix|couts?|tarifs?|depenses?|recettes?|subventions?|indemnites?|mt\w*)\b"
_FEW = 30  # amounts under which nothing is usual
_TIMES = 100  # times the highest usual amount
_RARE = 0.02  # share of negative amounts up to which they are the exception


def look(table: Table) -> Iterator[Ask]:
    columns = [c for c in table.profile.columns if _of_money(c)]
    columns += [c for c in table.named(_LABEL, Kind.INTEGER, Kind.NUMBER) if c not in columns and c.filled >= _FEW]
    if not columns:
        return
    for column in columns:
        if _even(column):
            continue  # nothing to remark, whatever is usual
        middle, high = _usual(table, column)
        if middle is None or high is None:
            continue
        cell, limit = quoted(column.name), max(float(high), float(middle)) * _TIMES
        if column.maximum is None or float(column.maximum) > limit:
            yield _large(column, cell, limit)
        if column.minimum is None or float(column.minimum) < 0:
            yield _negative(column, cell)


def _even(column: Column) -> bool:
    """True when the counts of a column tell that none of its amounts is negative, nor far above the usual ones.

    A hundredth of the amounts at the most exceeds the high one: the mean is at most this one and a hundredth of the greatest.
    Where the greatest is under fifty times the mean, it is under a hundred times the high one.
    """
    least, most, mean = column.minimum, column.maximum, column.mean
    if least is None or most is None or mean is None or float(least) < 0:
        return False
    return 0 < float(most) < 0.9 * (_TIMES / 2) * mean  # the mean is rounded


def _usual(table: Table, column: Column) -> tuple[Any, Any]:
    """Return the median of the positive amounts, and the one that a hundredth of them exceed."""
    cell = quoted(column.name)
    if table.has_values(column, raw=False):
        upto = f"sum(__times) OVER (ORDER BY {cell}) AS upto, sum(__times) OVER () AS times"
        rows = f"SELECT {cell} AS amount, {upto} FROM values_{table.values(cell, raw=False)} WHERE {cell} > 0"
        told = table.query(
            f"SELECT min(amount) FILTER (upto >= 0.5 * times), min(amount) FILTER (upto >= 0.99 * times) FROM ({rows})"
        )[0]
        return told[0], told[1]
    amounts = table.engine.execute(f"SELECT {cell} AS amount FROM cells WHERE {cell} > 0").fetchnumpy()["amount"]
    if not len(amounts):
        return None, None
    # The least that a half, or all but a hundredth, do not exceed: set at their places, which the others are not.
    places = [max(1, len(amounts) - math.floor(len(amounts) - share * len(amounts))) - 1 for share in (0.5, 0.99)]
    amounts.partition(places)
    return amounts[places[0]].item(), amounts[places[1]].item()


def _of_money(column: Column) -> bool:
    numbers = column.kind in (Kind.INTEGER, Kind.NUMBER)
    return numbers and column.filled >= _FEW and (column.meaning == "amount" or column.unit == "€")


def _large(column: Column, cell: str, limit: float) -> Ask:
    return Ask(
        "values.amount_outlier",
        Severity.WARN,
        column,
        f"{cell} > {limit!r}",
        msg("Colonne « {column} » : {count} montant(s) sont plus de cent fois plus grands que les plus grands des autres."),
        hint=msg("Une virgule a pu se perdre (125000 pour 1250,00), ou un numéro s'être glissé dans la colonne : vérifiez ces "
                 "lignes. Si le montant est juste, ne changez rien."),
        why=msg("Un seul montant faux change le total et écrase les graphiques."),
        shown=cell,
        most=0.01,
    )  # fmt: skip


def _negative(column: Column, cell: str) -> Ask:
    return Ask(
        "values.amount_negative",
        Severity.INFO,
        column,
        f"{cell} < 0",
        msg("Colonne « {column} » : {count} montant(s) sont négatifs, contrairement aux autres."),
        hint=msg("S'il s'agit d'annulations ou de remboursements, dites-le dans la description du jeu de données."),
        why=msg("Qui ne le sait pas les prendra pour des erreurs, ou faussera son total."),
        shown=cell,
        most=_RARE,
    )
