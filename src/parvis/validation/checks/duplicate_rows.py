"""Rows that come twice, whole."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.tables.table import LINE
from parvis.validation.table import Table, quoted
from parvis.values import Finding, Kind, Severity, msg

TITLE = "Lignes en double"
EXACT = 100_000  # rows up to which a profile counts distinct values one by one
_ALIKE = 0.3  # share of the rows beyond which they are no slip: the table has nothing to tell them apart
_VARIOUS = 0.8  # share of distinct cells from which a column alone tells most rows apart
_ALONE = 0.85  # share of distinct cells, estimated a tenth too low at worst, from which one column may tell rows apart
_MOST = 3_000_000  # rows beyond which the count would cost more than it tells


def look(table: Table) -> Iterator[Finding]:
    columns = [quoted(c.name) for c in table.profile.columns]
    rows = table.profile.rows
    if not columns or not 1 < rows <= _MOST:
        return
    if rows <= EXACT and any(c.distinct == rows for c in table.profile.columns):
        return  # a column tells every row apart
    rows_seen = _suspects(table)
    if not rows_seen:
        return
    doubles, line = table.query(
        f"SELECT sum(n) - count(*), min(second) FROM (SELECT count(*) AS n, min({LINE}, 2)[2] AS second "
        f"FROM (SELECT {LINE}, hash({', '.join(columns)}) AS h FROM {rows_seen}) GROUP BY h HAVING count(*) > 1)"
    )[0]
    if not doubles:
        return
    if doubles > _ALIKE * rows:
        yield Finding(
            "rows.alike",
            Severity.INFO,
            msg("{count} ligne(s) sur {rows} ne se distinguent d'aucune autre : rien ne les identifie."),
            table.place(None, line),
            {"count": int(doubles), "rows": rows},
            hint=msg(
                "Ajoutez une colonne qui les distingue (numéro, adresse, coordonnées) si votre logiciel la connaît."
            ),
            count=int(doubles),
        )
        return
    lines = table.query(
        f"SELECT {LINE} FROM (SELECT {LINE}, row_number() OVER (PARTITION BY hash({', '.join(columns)}) ORDER BY {LINE}) "
        f"AS turn FROM {rows_seen}) WHERE turn > 1 ORDER BY 1 LIMIT {table.most}"
    )
    yield Finding(
        "rows.duplicate",
        Severity.WARN,
        msg("{count} ligne(s) en répètent une autre, mot pour mot."),
        table.place(None, line),
        {"count": int(doubles)},
        hint=msg(
            "Si elles ne devaient compter qu'une fois, retirez-les avec « Supprimer les doublons » de votre tableur."
        ),
        why=msg("Une ligne répétée compte deux fois dans les totaux."),
        count=int(doubles),
        lines=tuple(int(r[0]) for r in lines),
    )


def _suspects(table: Table) -> str:
    """Return the SQL of the rows among which doubles are: those whose cells of the two most various columns come again.

    Where these tell every row apart, there is none: "", and the others need not be read.
    """
    most = sorted(table.profile.columns, key=lambda c: -c.distinct)[:2]
    if table.profile.rows <= EXACT or most[0].distinct < _VARIOUS * table.profile.rows:
        return "cells"
    # References and names rather than amounts, which come again sooner or later.
    names = [c for c in most if c.kind is Kind.TEXT and c.distinct >= _ALONE * table.profile.rows == _ALONE * c.filled]
    if names and (table.all_differ(names[0]) or not _doubled(table, f"hash({quoted(names[0].name)})")):
        return ""
    key = f"hash({', '.join(quoted(c.name) for c in most)})"
    if not _doubled(table, key):
        return ""
    again = f"SELECT {key} FROM cells GROUP BY 1 HAVING count(*) > 1"
    return f"(SELECT * FROM cells WHERE {key} IN ({again}))"


def _doubled(table: Table, key: str) -> bool:
    """True when a number reckoned of each row comes twice: they are sorted, which takes half of what counting them does."""
    keys = table.engine.execute(f"SELECT {key} AS h FROM cells").fetchnumpy()["h"]
    keys.sort()
    return bool((keys[1:] == keys[:-1]).any())
