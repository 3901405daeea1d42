"""Tables of one file that have the same columns, one a year or a sheet: put under one another, with what tells them apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import SAME_FILE, Draft, Reference, literal
from parvis.tables.parameters import Parameter
from parvis.tables.table import LINE
from parvis.text import fold
from parvis.values import Step, msg

TITLE = "Réunir les tableaux semblables du fichier"
GROUP = "table"
ORDER = 105
PARAMETERS = {
    "name": Parameter(
        "text",
        msg("Nom de la colonne qui dira d'où vient chaque ligne"),
        msg("Par exemple « année » : elle reprend l'année, ou le nom de chaque tableau."),
        default="tableau",
    )
}
SENTENCE = msg(
    "{count} tableaux qui ont les mêmes colonnes n'en font plus qu'un ; « {name} » dit d'où vient la ligne : {tables}."
)
EXAMPLES = [
    ((["nom"], [["Lac"]]), {"name": "année"}, None),  # alone in its file: nothing to put together
]
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d(?:\s*[-/]\s*(?:(?:19|20)?\d\d))?)(?!\d)")


def suggest(draft: Draft) -> Sequence[Step]:
    alike = _alike(draft)
    if not alike or not _first(draft, alike):
        return []
    years = all(_YEAR.fullmatch(mark) for mark in _marks(draft, alike))
    return [Step("stack_tables", {"name": "année" if years else "tableau"})]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    alike, name = _alike(draft), " ".join(str(parameters.get("name", "")).split())
    if not alike or not name:
        return False
    marks = _marks(draft, alike)
    cells = [f"c{i}" for i in range(len(draft.labels))]
    parts = [f"SELECT {', '.join(cells)}, {literal(marks[0])} AS __mark, 0 AS __turn, {draft.rest} FROM {{view}}"]
    for turn, (reference, mark) in enumerate(zip(alike, marks[1:], strict=True), 1):
        order = _order(draft.labels, reference.labels)
        taken = [f"{reference.columns[k]} AS c{i}" for i, k in enumerate(order)]
        parts.append(
            f"SELECT {', '.join(taken)}, {literal(mark)}, {turn}, {draft.rest} FROM {draft.relation(reference.path)}"
        )
    columns: list[tuple[str, str, int | None]] = [(name, "__mark", None)]
    yearly = any(_exact(r.labels) != _exact(draft.labels) for r in alike)
    labels = [_bare(x) if yearly else x for x in draft.labels]
    # « Année 2024 » above the names of associations says nothing of them.
    labels = ["" if yearly and fold(x) == fold(name) else x for x in labels]
    columns += [(label, f"c{i}", i) for i, label in enumerate(labels)]
    draft.told |= {"count": len(marks), "tables": ", ".join(marks), "names": [r.title for r in alike]}
    draft.project(columns, f"({' UNION ALL '.join(parts)})", order=f"__turn, {LINE}")
    return True


def _alike(draft: Draft) -> list[Reference]:
    """Return the other tables of the file that have the same headers, or the same but for a year, in their order."""
    others = [r for name, r in draft.references.items() if name.startswith(SAME_FILE) and r.title != draft.raw.name]
    for key in (_exact, _yearless):
        mine = key(draft.labels)
        if len(mine) == len(set(mine)) and all(mine[1:]) and any(mine):
            alike = [r for r in others if key(r.labels) == mine and bool(r.geometry) == draft.raw.geometry]
            if alike:
                return alike
    return []


def _first(draft: Draft, alike: Sequence[Reference]) -> bool:
    """True for the first of the tables: the others are taken in by it."""
    names = [n.removeprefix(SAME_FILE) for n in draft.references if n.startswith(SAME_FILE)]
    mine = names.index(draft.raw.name) if draft.raw.name in names else -1
    return all(mine < names.index(r.title) for r in alike)


def _exact(labels: Sequence[str]) -> list[str]:
    return sorted(" ".join(fold(x).split()) for x in labels)


def _yearless(labels: Sequence[str]) -> list[str]:
    return _exact([_bare(x) for x in labels])


def _bare(label: str) -> str:
    """Return a header without its year: « Montant 2024 » is « Montant »; one that is only a year stays."""
    return " ".join(_YEAR.sub(" ", label).split()) or label


def _order(mine: Sequence[str], other: Sequence[str]) -> list[int]:
    """Return, for each of my columns, the position of the other table's one of the same header."""
    for name in (str, _bare):
        places = {" ".join(fold(name(x)).split()): k for k, x in enumerate(other)}
        wanted = [" ".join(fold(name(x)).split()) for x in mine]
        if all(w in places for w in wanted):
            return [places[w] for w in wanted]
    raise ValueError("these tables are not alike")


def _marks(draft: Draft, alike: Sequence[Reference]) -> list[str]:
    """Return what tells the tables apart: the year of each, in its name or its headers, else what names do not share."""
    titles = [draft.raw.name, *(r.title for r in alike)]
    headers = [draft.labels, *(list(r.labels) for r in alike)]
    for said in ([[t] for t in titles], headers):
        years = [{m[1] for x in texts if (m := _YEAR.search(x))} for texts in said]
        if all(len(y) == 1 for y in years) and len(set.union(*years)) == len(years):
            return [y.pop() for y in years]
    bare = [t.rpartition(" / ")[2] or t for t in titles]
    return bare if len(set(bare)) == len(bare) else [t or str(n) for n, t in enumerate(titles, 1)]
