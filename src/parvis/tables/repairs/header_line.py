"""Say which line of the sheet or file holds the names of the columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.parameters import Parameter
from parvis.tables.table import LINE
from parvis.values import msg

TITLE = "Choisir la ligne des titres de colonnes"
GROUP = "table"
ORDER = 5  # before all: the other steps speak of these names
KEEPS = True
PARAMETERS = {
    "line": Parameter("number", msg("Numéro de la ligne"), msg("Comme votre tableur ou votre éditeur la compte."))
}
SENTENCE = msg("Les titres de colonnes sont lus à la ligne {line}.")
EXAMPLES = [
    (
        (["Piscines", ""], [["nom", "bassins"], ["Lac", "2"]]),
        {"line": 2},
        (["nom", "bassins"], [["Lac", "2"]]),
    ),
]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    """Take a line of the table as its header; a reader that was told of it has done so already."""
    line = int(parameters.get("line", 0))
    if draft.raw.header_line == line:
        return True
    cells = ", ".join(f"c{i}" for i in range(len(draft.labels)))
    found = draft.query(f"SELECT {cells} FROM {{view}} WHERE {LINE} = {line} LIMIT 1")
    if not found or not any(found[0]):
        return False
    draft.keep(f"{LINE} > {line}")
    draft.relabel([" ".join((cell or "").split()) for cell in found[0]])
    return True
