"""What the schema says that cells of one row must be to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parvis.schemas.schema import Rule
from parvis.text import listed
from parvis.validation.table import Ask, Table, quoted
from parvis.values import Column, Kind, Severity, msg

TITLE = "Cohérence entre colonnes"
_NUMBERS, _DAYS = (Kind.INTEGER, Kind.NUMBER), (Kind.DATE, Kind.DATETIME)
_WORDS = {
    ">=": msg("supérieur ou égal à"),
    ">": msg("supérieur à"),
    "<=": msg("inférieur ou égal à"),
    "<": msg("inférieur à"),
    "==": msg("égal à"),
    "!=": msg("différent de"),
}
_HINT = msg("Comparez ces colonnes sur ces lignes, dans votre fichier.")


def look(table: Table) -> Iterator[Ask]:
    held = {field.name: column for field, column in table.pairs()}
    for rule in table.schema.rules if table.schema is not None else ():
        columns = [held[name] for name in rule.fields if name in held]
        if rule.kind in _ASKS and len(columns) == len(rule.fields):
            ask = _ASKS[rule.kind](rule, columns)
            if ask is not None:
                yield ask


def _one_of(rule: Rule, columns: Sequence[Column]) -> Ask:
    empty = " AND ".join(f"{quoted(c.name)} IS NULL" for c in columns)
    return _ask(
        "one_of", columns, empty, msg("{count} ligne(s) n'ont rien ni dans {columns} : il en faut un."), "ni dans"
    )


def _together(rule: Rule, columns: Sequence[Column]) -> Ask:
    filled = " + ".join(f"({quoted(c.name)} IS NOT NULL)::INT" for c in columns)
    sql = f"({filled}) NOT IN (0, {len(columns)})"
    return _ask("together", columns, sql, msg("{count} ligne(s) remplissent une partie seulement de {columns} : "
                                              "ces cellules vont ensemble."))  # fmt: skip


def _compare(rule: Rule, columns: Sequence[Column]) -> Ask | None:
    if not (_all(columns, _NUMBERS) or _all(columns, _DAYS)):
        return None
    one, other = (quoted(c.name) for c in columns)
    sql = f"NOT ({one} {rule.op} {other})"
    message = msg("{count} ligne(s) ont « {column} » qui n'est pas {relation} « {other} ».")
    return _ask("compare", columns, sql, message, relation=_WORDS[rule.op], other=columns[1].label)


def _sum(rule: Rule, columns: Sequence[Column]) -> Ask | None:
    if not _all(columns, _NUMBERS):
        return None
    total, *parts = (quoted(c.name) for c in columns)
    sql = f"abs({total} - ({' + '.join(parts)})) > 0.005"
    message = msg("{count} ligne(s) ont « {column} » qui n'est pas la somme de {others}.")
    return _ask("sum", columns, sql, message, others=listed(f"« {c.label} »" for c in columns[1:]))


def _ask(kind: str, columns: Sequence[Column], sql: str, message: str, last: str = "et", **values: str) -> Ask:
    return Ask(
        f"schema.together_{kind}",
        Severity.WARN,
        columns[0],
        sql,
        message,
        hint=_HINT,
        values={"columns": listed((f"« {c.label} »" for c in columns), last), **values},
    )


def _all(columns: Sequence[Column], kinds: Sequence[Kind]) -> bool:
    return all(c.kind in kinds for c in columns)


_ASKS = {"one_of": _one_of, "together": _together, "compare": _compare, "sum": _sum}
