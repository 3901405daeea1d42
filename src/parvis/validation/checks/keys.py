"""Values that should be unique and come twice: unique fields, and the schema's primary key, of one column or more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parvis.tables.table import LINE
from parvis.text import listed
from parvis.validation.table import Table, personal, quoted
from parvis.values import Column, Finding, Severity, msg

TITLE = "Clés"
_SHOWN = 5
EXACT = 100_000  # rows up to which a profile counts distinct values one by one


def look(table: Table) -> Iterator[Finding]:
    if table.schema is None:
        return
    held = {field.name: column for field, column in table.pairs()}
    wanted: list[tuple[str, ...]] = [(field.name,) for field, _ in table.pairs() if field.unique]
    for key in map(tuple, (table.schema.primary_key, *table.schema.unique_keys)):
        if key and key not in wanted:
            wanted.append(key)
    for names in wanted:
        columns = [held[n] for n in names if n in held]
        if len(columns) == len(names) and not _surely_unique(table, columns):
            yield from _doubles(table, columns)


def _surely_unique(table: Table, columns: Sequence[Column]) -> bool:
    rows = table.profile.rows
    return any((rows <= EXACT and c.filled == c.distinct == rows) or table.all_differ(c) for c in columns)


def _doubles(table: Table, columns: Sequence[Column]) -> Iterator[Finding]:
    names = [quoted(c.name) for c in columns]
    filled = " AND ".join(f"{n} IS NOT NULL" for n in names)
    grouped = (
        f"SELECT concat_ws(' ; ', {', '.join(names)}) AS shown, count(*) AS n, min({LINE}, 2)[2] AS second "
        f"FROM cells WHERE {filled} GROUP BY {', '.join(names)} HAVING count(*) > 1"
    )
    count, line, shown = table.query(f"SELECT sum(n - 1), min(second), min(shown, {_SHOWN}) FROM ({grouped})")[0]
    if not count:
        return
    later = f"row_number() OVER (PARTITION BY {', '.join(names)} ORDER BY {LINE}) AS turn"
    lines = table.query(
        f"SELECT {LINE} FROM (SELECT {LINE}, {later} FROM cells WHERE {filled}) WHERE turn > 1 ORDER BY 1 LIMIT {table.most}"
    )
    hidden = any(personal(c) for c in columns)
    yield Finding(
        "schema.not_unique",
        Severity.WARN,
        msg("{columns} : {count} valeur(s) en répètent une autre, chacune devrait être unique."),
        table.place(columns[0], line),
        {"columns": listed(f"« {c.label} »" for c in columns), "count": int(count)},
        hint=msg("Dans votre tableur, mettez en évidence les doublons de cette colonne et corrigez-les."),
        why=msg("C'est à cela que deux lignes se distinguent."),
        count=int(count),
        examples=() if hidden else tuple(str(s)[:80] for s in shown or ()),
        lines=tuple(int(r[0]) for r in lines),
    )
