"""Establishment numbers whose key is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.tables.numbers import missing_sql
from parvis.validation.table import Ask, Table, quoted
from parvis.values import Kind, Severity, msg

TITLE = "Clés SIRET et SIREN"
_LENGTH = {"siret": 14, "siren": 9}
_POST = 356000000  # La Poste: its establishments have another key


def look(table: Table) -> Iterator[Ask]:
    fields = table.fields()
    for column in table.profile.columns:
        field = fields.get(column.name)
        length = _LENGTH.get(column.meaning) or (_LENGTH.get(field.meaning) if field and not column.meaning else None)
        if length is None or column.kind is not Kind.TEXT:
            continue
        cell = quoted(column.name)
        # The usual cell has its digits and nothing else: what reads the others costs ten times as much.
        bare = f"CASE WHEN length({cell}) = {length} THEN {cell} ELSE translate({cell}, ' .\u00a0\u202f-', '') END"
        number = quoted(f"__number_{column.name}")
        yield Ask(
            "values.siret_key",
            Severity.WARN,
            column,
            f"CASE WHEN {cell} IS NULL OR (length({bare}) = {length} AND {reckoned(number, length)}) THEN false "
            f"ELSE NOT {missing_sql(f'trim({cell})')} END",
            msg("Colonne « {column} » : {count} numéro(s) ont une clé fausse ou n'ont pas {length} chiffres."),
            hint=msg("Vérifiez-les sur annuaire-entreprises.data.gouv.fr ; un tableur a pu en perdre les derniers "
                     "chiffres, ou le zéro de tête."),
            why=msg("Un numéro faux désigne quelqu'un d'autre, ou personne."),
            values={"length": length},
            shown=cell,
            derived={number: f"TRY_CAST({bare} AS BIGINT)"},
        )  # fmt: skip


def reckoned(number: str, length: int) -> str:
    """Return the SQL of Luhn's key, by arithmetic on the number: every second digit from the right is doubled."""
    digits = [f"({number} // {10**place} % 10)" for place in range(length)]
    doubled = [f"(2 * {d} - CASE WHEN {d} > 4 THEN 9 ELSE 0 END)" if n % 2 else d for n, d in enumerate(digits)]
    good = f"({' + '.join(doubled)}) % 10 = 0"
    if length == 14:
        good = f"({good} OR ({number} // 100000 = {_POST} AND ({' + '.join(digits)}) % 5 = 0))"
    return f"{number} > 0 AND {good}"
