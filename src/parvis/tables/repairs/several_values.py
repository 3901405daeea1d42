"""Say that a cell holds several values, and what stands between them: kinds of waste, languages, days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.parameters import Parameter
from parvis.values import Kind, Step, msg

TITLE = "Dire qu'une case contient plusieurs valeurs"
GROUP = "columns"
ORDER = 245
KEEPS = True
_SIGNS = {
    ";": msg("un point-virgule ( ; )"),
    ",": msg("une virgule ( , )"),
    "|": msg("une barre ( | )"),
    "/": msg("une barre oblique ( / )"),
    "\n": msg("un retour à la ligne"),
}
PARAMETERS = {
    "column": Parameter("column", msg("Colonne")),
    "sign": Parameter(
        "choice",
        msg("Ce qui sépare les valeurs"),
        msg("Les cases ne changent pas : les programmes sauront les lire une valeur à la fois."),
        _SIGNS,
    ),
}
SENTENCE = msg("Chaque case de la colonne « {column} » peut contenir plusieurs valeurs, séparées par {sign}.")
EXAMPLES = [
    ((["déchets"], [["verre ; papier"], ["verre"]]), {"column": "déchets", "sign": ";"},
     (["déchets"], [["verre ; papier"], ["verre"]])),
    ((["déchets"], [["verre"], ["papier"]]), {"column": "déchets", "sign": ";"}, None),
]  # fmt: skip
_LOOKED = 2000  # cells looked at before it is suggested
_SHARE = 0.1  # of them that hold several values
_AGAIN = 3  # times that a value comes back on average, in a column of several values
_LONG = 40  # signs of one value: beyond, it is a sentence


def suggest(draft: Draft) -> Sequence[Step]:
    found = []
    for i, label in enumerate(draft.labels):
        sign = _sign([c for c in draft.few(i, _LOOKED) if c]) if label and label not in draft.several else ""
        if sign:
            found.append(Step("several_values", {"column": label, "sign": sign}, message=SENTENCE,
                              values={"column": label, "sign": _SIGNS[sign]}))  # fmt: skip
    return found


def _sign(cells: Sequence[str]) -> str:
    """Return what stands between the values of cells, "" when each holds one: the same few words come back."""
    for sign in (";", "|"):
        several = [c for c in cells if sign in c]
        if len(several) < max(5, _SHARE * len(cells)):
            continue
        parts = Counter(p for c in cells for p in map(str.strip, c.split(sign)) if p)
        if parts.total() >= _AGAIN * len(parts) and max(map(len, parts)) <= _LONG:
            return sign
    return ""


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    i, sign = draft.find(str(parameters.get("column", ""))), str(parameters.get("sign", ""))
    if i is None or sign not in _SIGNS or not any(sign in c for c in draft.few(i, _LOOKED) if c):
        return False
    draft.several[draft.labels[i]] = sign
    draft.kinds[draft.labels[i]] = Kind.TEXT
    return True
