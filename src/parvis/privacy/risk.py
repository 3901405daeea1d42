"""How far rows can be singled out: the groups that the values left to a reader make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parvis.errors import UnknownColumn
from parvis.privacy import sql
from parvis.privacy.meanings import QUASI
from parvis.values import Column, Kind, Risk


def measure(path: Path, columns: Sequence[Column], keys: Sequence[str]) -> Risk:
    """Return the risk of a Parquet table seen through its quasi-identifiers ``keys`` (names of columns).

    An empty cell is a value like another (strict k-anonymity). Without keys there is nothing to group by.
    Raises: UnknownColumn.
    """
    names = {c.name for c in columns}
    for key in keys:
        if key not in names:
            raise UnknownColumn("Le tableau n'a pas de colonne « {column} ».", column=key)
    with sql.connect(path.parent) as engine:
        rows = int(engine.execute(f"SELECT count(*) FROM {sql.source(path)}").fetchall()[0][0])
        if not keys or not rows:
            return Risk(rows=rows, keys=tuple(keys))
        grouped = ", ".join(sql.quoted(k) for k in keys)
        smallest, unique = engine.execute(
            f"SELECT min(n), count(*) FILTER (n = 1) FROM "
            f"(SELECT count(*) AS n FROM {sql.source(path)} GROUP BY {grouped})"
        ).fetchall()[0]
    return Risk(rows=rows, keys=tuple(keys), smallest_group=int(smallest), unique_rows=int(unique))


def keys_of(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the columns through which a person of the table could be recognised."""
    return tuple(c.name for c in columns if c.meaning in QUASI and c.kind is not Kind.GEOMETRY)
