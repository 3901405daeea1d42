"""Repairs of raw tables: one plugin a file, proposed with examples before and after, replayed on the next files.

A module declares TITLE, ORDER (position in a recipe), EXAMPLES and ``apply(draft, parameters) -> bool`` (False: what it
repairs is not there any more). It may declare

- ``propose(draft) -> steps``: what Parvis does by itself; EXAMPLES are then pairs of (labels, rows) before and after;
- ``suggest(draft) -> steps``: what Parvis shows and a person may accept;
- ``look(draft) -> findings``: what is damaged and that no step can mend without a person;
- PARAMETERS (name -> ``tables.parameters.Parameter``), GROUP ("columns", "rows", "table" or "places") and SENTENCE, when
  a person may add it by hand; EXAMPLES are then (before, parameters, after), after being None when it must find nothing.
  ``apply`` fills the other places of the sentence by ``draft.told``, and may show pairs of texts by ``draft.shown``;
- ``verify(parameters)``, that raises InputError when answers that are good one by one do not go together;
- KEEPS = True, when nothing that it takes away says anything that the table does not: the file may be given as it came;
- ONCE = True, when the same step on the same columns with other settings takes the place of the former one.

``tables.recipe`` runs the ordered steps of a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

from parvis.plugins import found
from parvis.tables.draft import Draft
from parvis.tables.table import RawTable
from parvis.values import Finding, Place, Severity, Step, msg


def plugins() -> list[ModuleType]:
    """Return the repairs in the order in which they are tried."""
    return sorted(found("parvis.tables.repairs", "repairs").values(), key=lambda m: (m.ORDER, m.__name__))


@cache
def by_name() -> Mapping[str, ModuleType]:
    """Return the repairs by name."""
    return {m.__name__.rpartition(".")[2]: m for m in plugins()}


def propose(raw: RawTable) -> tuple[Step, ...]:
    """Return the steps that would repair this table, each one proposed on the table as the former ones leave it."""
    steps: list[Step] = []
    with Draft(raw) as draft:
        for plugin in plugins():
            for step in plugin.propose(draft) if hasattr(plugin, "propose") else ():
                plugin.apply(draft, step.parameters)
                steps.append(step)
    return tuple(steps)


def apply(raw: RawTable, steps: Sequence[Step], work: Path) -> RawTable:
    """Return the table once repaired, written under ``work`` when its cells changed.

    Its ``findings`` say what is damaged for good, and which steps of the recipe found nothing to repair.
    """
    with Draft(raw) as draft:
        draft.findings += looked(draft)
        for step in steps:
            plugin = by_name().get(step.repair)
            if plugin is None or not plugin.apply(draft, step.parameters):
                draft.findings.append(useless(raw, step, plugin))
        return draft.written(free_path(work))


def looked(draft: Draft) -> list[Finding]:
    """Return what is damaged in a table and needs a person."""
    return [f for plugin in plugins() if hasattr(plugin, "look") for f in plugin.look(draft)]


def free_path(work: Path) -> Path:
    """Return a path under ``work`` that no repaired table has taken."""
    number = 0
    while (path := work / f"repaired-{number}.parquet").exists():
        number += 1
    return path


def useless(raw: RawTable, step: Step, plugin: ModuleType | None) -> Finding:
    """Return the remark on a step that has nothing to do in this file."""
    title = plugin.TITLE if plugin is not None else step.repair
    return Finding(
        "repairs.not_found",
        Severity.INFO,
        msg("La réparation « {title} », acceptée pour un fichier précédent, n'a rien trouvé à réparer ici{where}."),
        Place(sheet=raw.name if raw.sheet else ""),
        {"title": title, "where": f" ({step.parameters['column']})" if "column" in step.parameters else ""},
        hint=msg("Le fichier a peut-être été corrigé, ou ses colonnes ont changé de nom : vérifiez l'aperçu."),
    )
