"""From rows, one a person or a payment, to a table of counts and sums with all its totals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from parvis.errors import InputError, LimitError
from parvis.privacy import sql
from parvis.privacy.law import french
from parvis.privacy.tabular.primary import PERSONS
from parvis.privacy.tabular.secret import Roles

COUNT, SUM, FIRST, SECOND = "effectif", "somme", "premier", "deuxieme"
_MOST = 5  # dimensions: each doubles the totals
_CELLS = 60_000


def counted(
    path: Path, dimensions: Sequence[str], value: str = "", person: str = "", unit: str = PERSONS, total: str = "Total"
) -> tuple[pa.Table, Roles]:
    """Return the table of a Parquet file's rows by its dimensions, with every total, and the roles of its columns.

    A cell counts the distinct ``person`` (a column that tells persons or companies apart; each row is one when it is not
    given). With a ``value`` it also holds the sum and the two largest contributions, those of one person together.
    Raises: InputError for no dimension, or more than five; LimitError past 60,000 cells.
    """
    if not 1 <= len(dimensions) <= _MOST:
        raise InputError("Un tableau croise d'une à {most} dimensions.", most=_MOST)
    with sql.connect() as engine:
        columns = {c[0] for c in engine.execute(f"DESCRIBE SELECT * FROM {sql.source(path)}").fetchall()}
        for name in (*dimensions, *filter(None, (value, person))):
            if name not in columns:
                raise InputError("Le tableau n'a pas de colonne « {column} ».", column=name)
        label = _free(engine, path, dimensions, total)
        by = ", ".join(f"d{i}" for i in range(len(dimensions)))
        codes = ", ".join(f"coalesce({sql.quoted(d)}::VARCHAR, '') AS d{i}" for i, d in enumerate(dimensions))
        who = sql.quoted(person) if person else sql.quoted(sql.LINE) if sql.LINE in columns else "row_number() OVER ()"
        amount = f"coalesce({sql.quoted(value)}::DOUBLE, 0)" if value else "0.0"
        engine.execute(f"CREATE TEMP TABLE one AS SELECT {codes}, {who} AS who, {amount} AS v FROM {sql.source(path)}")
        # Each person once a cell, whatever her rows: her contribution is what she brings to that cell.
        whole = sql.literal(label)
        shown = ", ".join(f"CASE WHEN grouping({d}) = 1 THEN {whole} ELSE {d} END AS {d}" for d in by.split(", "))
        engine.execute(f"CREATE TEMP TABLE each AS SELECT {shown}, who, sum(v) AS v FROM one GROUP BY CUBE ({by}), who")
        # What is cut off comes back as one row too many.
        found = engine.sql(
            f"SELECT {by}, count(*) AS n, sum(v) AS s, max(abs(v), 2) AS top FROM each GROUP BY {by} "
            f"ORDER BY {by} LIMIT {_CELLS + 1}"
        ).to_arrow_table()
    if found.num_rows > _CELLS:
        raise LimitError(
            "Le tableau aurait plus de {most} cellules : croisez moins de dimensions.", most=french(_CELLS)
        )
    return _named(found, dimensions, bool(value), unit)


def _free(engine: Any, path: Path, dimensions: Sequence[str], total: str) -> str:
    """Return a word for the totals that no dimension uses as a code."""
    while any(
        engine.execute(
            f"SELECT count(*) FROM {sql.source(path)} WHERE {sql.quoted(d)}::VARCHAR = {sql.literal(total)}"
        ).fetchall()[0][0]
        for d in dimensions
    ):
        total = f"{total} général" if "général" not in total else f"{total} *"
    return total


def _named(found: pa.Table, dimensions: Sequence[str], sums: bool, unit: str) -> tuple[pa.Table, Roles]:
    names = list(dimensions)
    for name in (COUNT, SUM, FIRST, SECOND):
        while name in names:
            name += "_"  # noqa: PLW2901 - a dimension has that name
        names.append(name)
    count, total, first, second = names[len(dimensions) :]
    columns = [found.column(f"d{i}") for i in range(len(dimensions))]
    if not sums:
        table = pa.table([*columns, found.column("n")], names=[*dimensions, count])
        return table, Roles(tuple(dimensions), (count,), "", (), unit)
    tops = [list(t or ()) for t in found.column("top").to_pylist()]
    largest = [pa.array([t[i] if len(t) > i else 0.0 for t in tops], pa.float64()) for i in range(2)]
    table = pa.table([*columns, found.column("n"), found.column("s"), *largest], names=names)
    return table, Roles(tuple(dimensions), (total,), count, (first, second), unit)
