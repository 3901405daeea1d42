"""Numbers and references that name a row, and name another one too, when no schema asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.tables.table import LINE
from parvis.validation.table import Table, personal, quoted
from parvis.values import Column, Finding, Kind, Severity, msg

TITLE = "Identifiants en double"
_LABEL = (
    r"^(?:id|identifiant|uid|uuid|ref|reference|numero|num|n|code)\b(?!.*\b(?:insee|postal|commune|siret|siren|naf|ape|"
    r"matiere|type|nature|voie|rue|departement|region|tel\w*|bureau|candidat|lot)\b)|\b(?:uid|identifiant|id)$|^delib id$"
)
_MOST = 1_000_000  # rows beyond which the count would cost more than it tells
_NEARLY = 0.95  # share of different values from which a column is meant to name its rows
_TIMES = 10  # rows under one value beyond which it names none of them
_SHOWN = 5


def look(table: Table) -> Iterator[Finding]:
    rows = table.profile.rows
    if not 20 <= rows <= _MOST:
        return
    fields = table.fields()
    keys = set(table.schema.primary_key) if table.schema is not None else set()
    for column in table.named(_LABEL, Kind.TEXT, Kind.INTEGER):
        field = fields.get(column.name)
        asked = field is not None and (field.unique or field.name in keys)
        if (
            asked
            or column.filled < 0.9 * rows
            or not _NEARLY * column.filled <= column.distinct <= 1.05 * column.filled
        ):
            continue
        if (rows <= 100_000 and column.distinct == column.filled) or table.all_differ(column):
            continue  # counted one by one
        yield from _doubles(table, column)


def _doubles(table: Table, column: Column) -> Iterator[Finding]:
    cell = quoted(column.name)
    # A value on a dozen rows is no number given twice: it is « Non concerné », or « sans ».
    again = (
        f"SELECT {cell} AS value, count(*) AS times FROM cells WHERE {cell} IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
    )
    told = table.query(f"SELECT value, times FROM ({again}) WHERE times <= {_TIMES} ORDER BY 1")
    count = sum(int(times) - 1 for _, times in told)
    if not count or count > (1 - _NEARLY) * column.filled:
        return
    doubled = table.among([str(value) for value, _ in told])
    turn = f"row_number() OVER (PARTITION BY {cell} ORDER BY {LINE}) AS turn"
    turns = f"SELECT {LINE}, {cell} AS value, {turn} FROM cells WHERE CAST({cell} AS VARCHAR) IN {doubled}"
    lines = table.query(f"SELECT {LINE}, value FROM ({turns}) WHERE turn > 1 ORDER BY 1 LIMIT {table.most}")
    shown = () if personal(column) else tuple(dict.fromkeys(str(r[1])[:80] for r in lines))[:_SHOWN]
    yield Finding(
        "values.duplicate_id",
        Severity.WARN,
        msg("Colonne « {column} » : {count} ligne(s) portent un numéro déjà donné à une autre."),
        table.place(column, lines[0][0]),
        {"column": column.label, "count": int(count)},
        hint=msg("Donnez à chaque ligne son propre numéro, ou vérifiez qu'elle n'a pas été saisie deux fois."),
        why=msg("Deux lignes sous le même numéro ne peuvent plus être distinguées, ni suivies d'une année à l'autre."),
        count=int(count),
        examples=shown,
        lines=tuple(int(r[0]) for r in lines),
    )
