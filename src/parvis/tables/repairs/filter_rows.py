"""Keep some rows, or take them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parvis.tables.draft import Draft, literal
from parvis.tables.parameters import Parameter
from parvis.values import msg

TITLE = "Trier les lignes à garder"
GROUP = "rows"
ORDER = 120
_TESTS = {
    "is": msg("est"),
    "is_not": msg("n'est pas"),
    "contains": msg("contient"),
    "not_contains": msg("ne contient pas"),
    "empty": msg("est vide"),
    "filled": msg("est remplie"),
    "more": msg("est un nombre plus grand que"),
    "less": msg("est un nombre plus petit que"),
}
_ACTS = {"keep": msg("Garder seulement"), "drop": msg("Retirer")}
PARAMETERS = {
    "act": Parameter("choice", msg("Que faire des lignes"), choices=_ACTS, default="drop"),
    "column": Parameter("column", msg("Dont la colonne")),
    "test": Parameter("choice", msg("Répond à"), choices=_TESTS, default="is"),
    "value": Parameter("text", msg("Valeur"), msg("Majuscules et accents ne comptent pas."), optional=True),
}
SENTENCE = msg("{act} les lignes dont la colonne « {column} » {test}{what}.")
EXAMPLES = [
    (
        (["nom", "état"], [["Lac", "Fermé"], ["Bois", "ouvert"], ["Parc", None]]),
        {"act": "drop", "column": "état", "test": "is", "value": "ferme"},
        (["nom", "état"], [["Bois", "ouvert"], ["Parc", None]]),
    ),
    (
        (["nom", "places"], [["Lac", "1 200"], ["Bois", "90"]]),
        {"act": "keep", "column": "places", "test": "more", "value": "100"},
        (["nom", "places"], [["Lac", "1 200"]]),
    ),
]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    i = draft.find(str(parameters.get("column", "")))
    condition = (
        _condition(i, str(parameters.get("test", "")), str(parameters.get("value", ""))) if i is not None else ""
    )
    if not condition:
        return False
    kept = f"coalesce({condition}, false)"
    if parameters.get("act") != "keep":
        kept = f"NOT {kept}"
    if not draft.query(f"SELECT 1 FROM {{view}} WHERE NOT ({kept}) LIMIT 1"):
        return False
    draft.told["what"] = f" « {parameters['value']} »" if parameters.get("test") not in ("empty", "filled") else ""
    draft.keep(kept)
    return True


def _condition(i: int, test: str, value: str) -> str:
    """Return the SQL that is true for the rows looked for, "" when the question makes no sense."""
    cell = f"strip_accents(lower(trim(c{i})))"
    wanted = f"strip_accents(lower(trim({literal(value)})))"
    if test in ("empty", "filled"):
        empty = f"(c{i} IS NULL OR trim(c{i}) = '')"
        return empty if test == "empty" else f"NOT {empty}"
    if not value.strip():
        return ""
    if test in ("more", "less"):
        return f"{_number(f'c{i}')} {'>' if test == 'more' else '<'} {_number(literal(value))}"
    same = (
        f"coalesce({cell} = {wanted}, false)"
        if test in ("is", "is_not")
        else f"coalesce(contains({cell}, {wanted}), false)"
    )
    return f"NOT {same}" if test in ("is_not", "not_contains") else same if test in _TESTS else ""


def _number(sql: str) -> str:
    return f"TRY_CAST(replace(regexp_replace({sql}, '[^0-9,.-]', '', 'g'), ',', '.') AS DOUBLE)"
