"""Columns whose name is nearly that of their field."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Table
from parvis.values import Finding, Severity, msg

TITLE = "Écriture des noms de colonnes"


def look(table: Table) -> Iterator[Finding]:
    other = [(c.label, f.name) for f, c in table.pairs() if c.label.strip() != f.name]
    if other:
        yield Finding(
            "schema.names_differ",
            Severity.INFO,
            msg("{count} colonne(s) sont reconnues mais leur nom s'écrit autrement dans le schéma : {pairs}."),
            values={
                "count": len(other),
                "pairs": ", ".join(f"« {a} » pour « {b} »" for a, b in other[:5]) + (" …" if len(other) > 5 else ""),
            },
            count=len(other),
        )
