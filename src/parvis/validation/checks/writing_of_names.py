"""Columns whose name is nearly that of their field."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Table
from parvis.values import Finding, Severity, msg

TITLE = "Écriture des noms de colonnes"
_SHOWN = 5


def look(table: Table) -> Iterator[Finding]:
    other = [(c.label, f.name) for f, c in table.pairs() if c.label.strip() != f.name]
    if other:
        shown = ", ".join(f"« {a} » pour « {b} »" for a, b in other[:_SHOWN])
        yield Finding(
            "schema.names_differ",
            Severity.INFO,
            msg("{count} colonne(s) sont reconnues mais leur nom s'écrit autrement dans le schéma : {pairs}."),
            values={"count": len(other), "pairs": shown + (" …" if len(other) > _SHOWN else "")},
            hint=msg("Donnez à ces colonnes le nom exact du schéma dans la première ligne de votre fichier."),
            why=msg("Les outils nationaux ne cherchent que le nom exact."),
            count=len(other),
        )
