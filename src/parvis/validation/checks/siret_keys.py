"""Establishment numbers whose key is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Ask, Table, quoted
from parvis.values import Kind, Severity, msg

TITLE = "Clés SIRET et SIREN"
_LENGTH = {"siret": 14, "siren": 9}


def look(table: Table) -> Iterator[Ask]:
    for column in table.profile.columns:
        length = _LENGTH.get(column.meaning)
        if length is None or column.kind is not Kind.TEXT:
            continue
        cell = f"regexp_replace({quoted(column.name)}, '[^0-9]', '', 'g')"
        yield Ask(
            "values.siret_key",
            Severity.WARN,
            column,
            f"{quoted(column.name)} IS NOT NULL AND NOT ({_luhn(cell, length)}) AND NOT starts_with({cell}, '356000000')",
            msg("Colonne « {column} » : {count} numéro(s) ont une clé fausse ou n'ont pas {length} chiffres."),
            hint=msg(
                "Vérifiez-les sur annuaire-entreprises.data.gouv.fr ; un tableur a pu en perdre les derniers chiffres."
            ),
            values={"length": length},
            shown=quoted(column.name),
        )


def _luhn(cell: str, length: int) -> str:
    """Return the SQL of Luhn's key over digits: every second digit from the right is doubled."""
    digits = []
    for place in range(1, length + 1):
        digit = f"(ascii(substr({cell}, {place}, 1)) - 48)"
        if (length - place) % 2:
            digits.append(f"(2 * {digit} - CASE WHEN {digit} > 4 THEN 9 ELSE 0 END)")
        else:
            digits.append(digit)
    return f"CASE WHEN length({cell}) = {length} THEN ({' + '.join(digits)}) % 10 = 0 ELSE false END"
