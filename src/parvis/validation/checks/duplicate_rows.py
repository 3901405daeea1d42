"""Rows that come twice, whole."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from parvis.tables.table import LINE
from parvis.validation.table import Table, quoted
from parvis.values import Finding, Severity, msg

TITLE = "Lignes en double"
_MOST = 3_000_000  # rows beyond which the count would cost more than it tells


def look(table: Table) -> Iterator[Finding]:
    columns = [quoted(c.name) for c in table.profile.columns]
    if not columns or not 1 < table.profile.rows <= _MOST:
        return
    rows = table.profile.rows
    if rows <= 100_000 and any(c.distinct == rows for c in table.profile.columns):
        return  # a column tells every row apart, and its count is exact
    with duckdb.connect(config={"memory_limit": "600MB", "threads": 2}) as engine:
        told = engine.execute(
            f"SELECT count(*) - count(DISTINCT h), count(*) FROM (SELECT hash({', '.join(columns)}) AS h FROM read_parquet(?))",
            [str(table.typed)],
        ).fetchall()[0]
        doubles = int(told[0])
        if not doubles:
            return
        line = engine.execute(
            f"SELECT min({LINE}) FROM (SELECT {LINE}, row_number() OVER (PARTITION BY {', '.join(columns)} ORDER BY {LINE}) AS n "
            "FROM read_parquet(?)) WHERE n = 2",
            [str(table.typed)],
        ).fetchall()[0][0]
    if line is None:
        return
    yield Finding(
        "rows.duplicate",
        Severity.WARN,
        msg("{count} ligne(s) en répètent une autre, mot pour mot."),
        table.place(None, line),
        {"count": doubles},
        hint=msg(
            "Si elles ne devaient compter qu'une fois, retirez-les avec « Supprimer les doublons » de votre tableur."
        ),
        count=doubles,
    )
