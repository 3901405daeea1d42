"""Columns without any value."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Table, shortened
from parvis.values import Finding, Kind, Severity, msg

TITLE = "Colonnes vides"


def look(table: Table) -> Iterator[Finding]:
    empty = [c.label for c in table.profile.columns if not c.filled and c.kind is not Kind.GEOMETRY]
    if empty and table.profile.rows:
        yield Finding(
            "columns.empty",
            Severity.INFO,
            msg("{count} colonne(s) sont entièrement vides : {columns}."),
            values={"count": len(empty), "columns": shortened(empty)},
            hint=msg("Remplissez-les, ou retirez-les du fichier si elles ne servent pas."),
            count=len(empty),
        )
