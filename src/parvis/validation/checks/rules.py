"""What the schema says that cells of one row must be to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from parvis.schemas.schema import Rule
from parvis.text import listed
from parvis.validation.table import Ask, Table, quoted
from parvis.values import Column, Finding, Kind, Severity, msg

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


def look(table: Table) -> Iterator[Ask | Finding]:
    held = {field.name: column for field, column in table.pairs()}
    for rule in table.schema.rules if table.schema is not None else ():
        if rule.kind not in _ASKS:
            continue
        columns = [held[name] for name in rule.fields if name in held]
        absent = [name for name in rule.fields if name not in held]
        if absent and rule.kind == "one_of" and not columns:
            yield _none(rule)
        if absent and rule.kind == "together" and columns:
            yield _part(rule, columns, absent)
        if absent and (rule.kind != "one_of" or not columns):
            continue
        ask = _ASKS[rule.kind](table, rule, columns)
        if ask is not None:
            yield ask


def _none(rule: Rule) -> Finding:
    return Finding(
        "schema.missing_one_of",
        Severity.WARN,
        msg("Il manque {columns} : le schéma veut au moins une de ces colonnes."),
        values={"columns": listed((f"« {name} »" for name in rule.fields), "et")},
        hint=msg("Ajoutez celle que vous connaissez à votre fichier, avec son nom exact."),
        why=msg("Sans elle, on ne sait pas de qui ou de quoi parle la ligne."),
    )


def _part(rule: Rule, columns: Sequence[Column], absent: Sequence[str]) -> Finding:
    return Finding(
        "schema.missing_together",
        Severity.WARN,
        msg("{columns} vont avec {others}, qui n'est pas dans le fichier."),
        values={
            "columns": listed(f"« {c.label} »" for c in columns),
            "others": listed(f"« {name} »" for name in absent),
        },
        hint=msg("Ajoutez les colonnes qui manquent, ou laissez aussi celles-ci de côté."),
        why=msg("L'une sans l'autre ne se comprend pas."),
    )


def _one_of(table: Table, rule: Rule, columns: Sequence[Column]) -> Ask | None:
    if any(c.filled == table.profile.rows and table.empty(c) == f"{quoted(c.name)} IS NULL" for c in columns):
        return None  # that one has something in every row
    empty = " AND ".join(table.empty(c) for c in columns)
    known = {f.name: c.label for f, c in table.pairs()}
    names = listed((f"« {known.get(f, f)} »" for f in rule.fields), "ni dans")
    message = msg("{count} ligne(s) n'ont rien dans {columns} : il en faut un.")
    return replace(_ask("one_of", columns, empty, message), values={"columns": names})


def _together(table: Table, rule: Rule, columns: Sequence[Column]) -> Ask:
    filled = " + ".join(f"(NOT ({table.empty(c)}))::INT" for c in columns)
    sql = f"({filled}) NOT IN (0, {len(columns)})"
    return _ask("together", columns, sql, msg("{count} ligne(s) remplissent une partie seulement de {columns} : "
                                              "ces cellules vont ensemble."))  # fmt: skip


def _compare(table: Table, rule: Rule, columns: Sequence[Column]) -> Ask | None:
    one, other = _comparable(table, rule, columns)
    if not one or not other:
        return None
    sql = f"NOT ({one} {rule.op} {other})"
    message = msg("{count} ligne(s) ont « {column} » qui n'est pas {relation} « {other} ».")
    return _ask("compare", columns, sql, message, relation=_WORDS[rule.op], other=columns[1].label)


def _comparable(table: Table, rule: Rule, columns: Sequence[Column]) -> tuple[str, str]:
    """Return the SQL of both sides: numbers, else days, else texts; "" when they are nothing alike."""
    kinds = {c.kind for c in columns}
    fields = table.fields()
    types = {fields[c.name].type for c in columns}
    if kinds <= {*_NUMBERS, Kind.TEXT} and (kinds & set(_NUMBERS) or types <= {"integer", "number"}):
        one, other = (table.number(c) for c in columns)
    elif kinds <= {*_DAYS, Kind.TEXT} and (kinds & set(_DAYS) or types <= {"date", "datetime"}):
        one, other = (table.day(c) for c in columns)
    elif kinds == {Kind.TEXT}:
        one, other = (quoted(c.name) for c in columns)
    else:
        one = other = ""
    return one, other


def _sum(table: Table, rule: Rule, columns: Sequence[Column]) -> Ask | None:
    total, *parts = (table.number(c) for c in columns)
    if not total or not all(parts):
        return None
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
        why=msg("Ces cellules disent la même chose de deux façons : l'une des deux est fausse."),
        also=columns[1:],
        values={"columns": listed((f"« {c.label} »" for c in columns), last), **values},
    )


_ASKS = {"one_of": _one_of, "together": _together, "compare": _compare, "sum": _sum}
