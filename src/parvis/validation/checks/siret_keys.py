"""Establishment numbers whose key is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.tables.numbers import missing_sql
from parvis.validation.regexes import literal
from parvis.validation.table import Ask, Table, quoted
from parvis.values import Column, Kind, Severity, msg

TITLE = "Clés SIRET et SIREN"
_LENGTH = {"siret": 14, "siren": 9}
_POST = 356000000  # La Poste: its establishments but the seat have another key


def look(table: Table) -> Iterator[Ask]:
    fields = table.fields()
    rules = table.schema.rules if table.schema is not None else ()
    asked = {rule.fields[0]: rule.op for rule in rules if rule.kind == "format" and rule.op in _LENGTH}
    for column in table.profile.columns:
        field = fields.get(column.name)
        wanted = asked.get(field.name, "") if field is not None else ""
        meaning = wanted or column.meaning or (field.meaning if field is not None else "")
        if meaning not in _LENGTH or (column.kind is not Kind.TEXT and not wanted):
            continue
        yield _ask(table, column, _LENGTH[meaning], asked=bool(wanted))


def _ask(table: Table, column: Column, length: int, *, asked: bool) -> Ask:
    cell, raw = table.text(column)
    # The usual cell has its digits and nothing else: what reads the others costs ten times as much.
    bare = f"CASE WHEN length({cell}) = {length} THEN {cell} ELSE translate({cell}, ' .\u00a0\u202f-', '') END"
    number = quoted(f"__number_{column.name}")
    words = table.schema.missing if table.schema is not None else ()
    absent = f"trim({cell}) IN ({', '.join(map(literal, words))})" if words else "false"
    if not asked:
        absent = missing_sql(f"trim({cell})")
    return Ask(
        "values.siret_key",
        Severity.WARN,
        column,
        f"CASE WHEN {cell} IS NULL OR (length({bare}) = {length} AND {reckoned(number, length)}) THEN false "
        f"ELSE NOT {absent} END",
        msg("Colonne « {column} » : {count} numéro(s) ont une clé fausse ou n'ont pas {length} chiffres."),
        hint=msg("Vérifiez-les sur annuaire-entreprises.data.gouv.fr ; un tableur a pu en perdre les derniers "
                 "chiffres, ou le zéro de tête."),
        why=msg("Un numéro faux désigne quelqu'un d'autre, ou personne."),
        values={"length": length},
        shown=cell,
        derived={number: f"TRY_CAST({bare} AS BIGINT)"},
        raw=raw,
    )  # fmt: skip


def reckoned(number: str, length: int) -> str:
    """Return the SQL of Luhn's key, by arithmetic on the number: every second digit from the right is doubled."""
    digits = [f"({number} // {10**place} % 10)" for place in range(length)]
    doubled = [f"(2 * {d} - CASE WHEN {d} > 4 THEN 9 ELSE 0 END)" if n % 2 else d for n, d in enumerate(digits)]
    good = f"({' + '.join(doubled)}) % 10 = 0"
    if length == 14:
        post = f"{number} // 100000 = {_POST} AND {number} <> {_POST}00048"
        good = f"CASE WHEN {post} THEN ({' + '.join(digits)}) % 5 = 0 ELSE {good} AND {_siren(number)} END"
    return f"{number} > 0 AND {good}"


def _siren(number: str) -> str:
    """Return the SQL of the key of the company's own number, the first nine digits of its establishment's."""
    return f"({reckoned(f'({number} // 100000)', 9)})"
