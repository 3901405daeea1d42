"""Repairs of raw tables: one plugin a file, proposed with examples before and after, replayed on the next files.

A module declares TITLE, ORDER (position in a recipe), EXAMPLES (pairs of (labels, rows) before and after) and
``propose(draft) -> steps``, ``apply(draft, parameters) -> bool`` (False: what it repairs is not there any more).
It may declare ``look(draft) -> findings``: what is damaged and that no step can mend without a person.
A Recipe is the ordered tuple of accepted steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from parvis.plugins import found
from parvis.tables.draft import Draft
from parvis.tables.table import RawTable
from parvis.values import Finding, Place, Severity, Step, msg


def plugins() -> list[ModuleType]:
    """Return the repairs in the order in which they are tried."""
    return sorted(found("parvis.tables.repairs", "repairs").values(), key=lambda m: (m.ORDER, m.__name__))


def propose(raw: RawTable) -> tuple[Step, ...]:
    """Return the steps that would repair this table, each one proposed on the table as the former ones leave it."""
    steps: list[Step] = []
    with Draft(raw) as draft:
        for plugin in plugins():
            for step in plugin.propose(draft):
                plugin.apply(draft, step.parameters)
                steps.append(step)
    return tuple(steps)


def apply(raw: RawTable, steps: Sequence[Step], work: Path) -> RawTable:
    """Return the table once repaired, written under ``work`` when its cells changed.

    Its ``findings`` say what is damaged for good, and which steps of the recipe found nothing to repair.
    """
    by_name = {m.__name__.rpartition(".")[2]: m for m in plugins()}
    with Draft(raw) as draft:
        draft.findings += looked(draft)
        for step in steps:
            plugin = by_name.get(step.repair)
            if plugin is None or not plugin.apply(draft, step.parameters):
                draft.findings.append(_useless(raw, step, plugin))
        return draft.written(_free(work))


def looked(draft: Draft) -> list[Finding]:
    """Return what is damaged in a table and needs a person."""
    return [f for plugin in plugins() if hasattr(plugin, "look") for f in plugin.look(draft)]


def _free(work: Path) -> Path:
    number = 0
    while (path := work / f"repaired-{number}.parquet").exists():
        number += 1
    return path


def _useless(raw: RawTable, step: Step, plugin: ModuleType | None) -> Finding:
    title = plugin.TITLE if plugin is not None else step.repair
    return Finding(
        "repairs.not_found",
        Severity.INFO,
        msg("La réparation « {title} », acceptée pour un fichier précédent, n'a rien trouvé à réparer ici{where}."),
        Place(sheet=raw.name if raw.sheet else ""),
        {"title": title, "where": f" ({step.parameters['column']})" if "column" in step.parameters else ""},
        hint=msg("Le fichier a peut-être été corrigé, ou ses colonnes ont changé de nom : vérifiez l'aperçu."),
    )
