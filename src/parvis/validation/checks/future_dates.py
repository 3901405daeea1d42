"""Dates after today, where the header speaks of what has happened."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Ask, Table, later, quoted
from parvis.values import Kind, Severity, msg

TITLE = "Dates à venir"
_SHARE = 0.2  # of the cells, beyond which the table is about what is to come
_PAST = (
    r"\b(?:convention|delib\w*|signature|notification|vote|naissance|deces|creation|maj|mise a jour|releve\w*|mesure|"
    r"construction|depot|reception|realis\w*|paiement)\b"
)


def look(table: Table) -> Iterator[Ask]:
    if not table.today:
        return
    done = {c.name for c in table.named(_PAST)}
    for column in table.profile.columns:
        if column.kind not in (Kind.DATE, Kind.DATETIME) or later(column.label):
            continue
        if column.maximum is not None and str(column.maximum)[:10] <= table.today:
            continue
        yield Ask(
            "values.future_date",
            Severity.WARN if column.name in done else Severity.INFO,
            column,
            f"CAST({quoted(column.name)} AS DATE) > DATE '{table.today}'",
            msg("Colonne « {column} » : {count} date(s) sont après aujourd'hui ({today})."),
            hint=msg("Vérifiez l'année : 2062 pour 2026, ou le jour et le mois échangés. Si la date est prévue, dites-le dans le "
                     "titre de la colonne (« date prévue »)."),
            why=msg("Une date à venir fausse les bilans par année et passe pour un fait accompli."),
            values={"today": "/".join(reversed(table.today.split("-")))},
            shown=quoted(column.name),
            most=1.0 if column.name in done else _SHARE,
        )  # fmt: skip
