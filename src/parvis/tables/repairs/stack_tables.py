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
    return [Step("stack_tables", {"name": _name([draft.raw.name, *(r.title for r in alike)])})]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    alike, name = _alike(draft), " ".join(str(parameters.get("name", "")).split())
    if not alike or not name:
        return False
    titles = [draft.raw.name, *(r.title for r in alike)]
    marks = _marks(titles)
    cells = [f"c{i}" for i in range(len(draft.labels))]
    parts = [f"SELECT {', '.join(cells)}, {literal(marks[0])} AS __mark, 0 AS __turn, {draft.rest} FROM {{view}}"]
    for turn, (reference, mark) in enumerate(zip(alike, marks[1:], strict=True), 1):
        order = _order(draft.labels, reference.labels)
        taken = [f"{reference.columns[k]} AS c{i}" for i, k in enumerate(order)]
        parts.append(
            f"SELECT {', '.join(taken)}, {literal(mark)}, {turn}, {draft.rest} FROM {draft.relation(reference.path)}"
        )
    columns: list[tuple[str, str, int | None]] = [(name, "__mark", None)]
    columns += [(label, f"c{i}", i) for i, label in enumerate(draft.labels)]
    draft.told |= {"count": len(titles), "tables": ", ".join(marks), "names": [r.title for r in alike]}
    draft.project(columns, f"({' UNION ALL '.join(parts)})", order=f"__turn, {LINE}")
    return True


def _alike(draft: Draft) -> list[Reference]:
    """Return the other tables of the file that have the same headers, in their order."""
    others = [r for name, r in draft.references.items() if name.startswith(SAME_FILE) and r.title != draft.raw.name]
    mine = _key(draft.labels)
    same = len(mine) == len(set(mine)) and any(mine)
    return [r for r in others if same and _key(r.labels) == mine and bool(r.geometry) == draft.raw.geometry]


def _first(draft: Draft, alike: Sequence[Reference]) -> bool:
    """True for the first of the tables: the others are taken in by it."""
    names = [n.removeprefix(SAME_FILE) for n in draft.references if n.startswith(SAME_FILE)]
    mine = names.index(draft.raw.name) if draft.raw.name in names else -1
    return all(mine < names.index(r.title) for r in alike)


def _key(labels: Sequence[str]) -> list[str]:
    return sorted(" ".join(fold(x).split()) for x in labels)


def _order(mine: Sequence[str], other: Sequence[str]) -> list[int]:
    """Return, for each of my columns, the position of the other table's one of the same header."""
    places = {" ".join(fold(x).split()): k for k, x in enumerate(other)}
    return [places[" ".join(fold(x).split())] for x in mine]


def _marks(titles: Sequence[str]) -> list[str]:
    """Return what tells the tables apart: their year when each has its own, else what their names do not share."""
    years = [m[1] if (m := _YEAR.search(t)) else "" for t in titles]
    if all(years) and len(set(years)) == len(years):
        return years
    bare = [t.rpartition(" / ")[2] or t for t in titles]
    return bare if len(set(bare)) == len(bare) else [t or str(n) for n, t in enumerate(titles, 1)]


def _name(titles: Sequence[str]) -> str:
    return "année" if all(_YEAR.search(t) for t in titles) else "tableau"
