"""Columns without any value."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Table
from parvis.values import Finding, Severity, msg

TITLE = "Colonnes vides"


def look(table: Table) -> Iterator[Finding]:
    empty = [c.label for c in table.profile.columns if not c.filled]
    if empty and table.profile.rows:
        yield Finding(
            "columns.empty",
            Severity.INFO,
            msg("{count} colonne(s) sont entièrement vides : {columns}."),
            values={
                "count": len(empty),
                "columns": ", ".join(f"« {label} »" for label in empty[:6]) + (" …" if len(empty) > 6 else ""),
            },
            count=len(empty),
        )
