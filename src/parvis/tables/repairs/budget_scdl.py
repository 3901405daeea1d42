"""A TOTEM budget under the headers of the national budget schema (SCDL budget 0.8), ready to publish.

Suggested and never done alone: the table as read says more (numbers of decisions, names of operations). A compte
financier unique is a « compte administratif » there, the schema knowing no other word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.parameters import Parameter
from parvis.values import Step, msg

TITLE = "Convertir un budget TOTEM au schéma national (SCDL)"
GROUP = "table"
ORDER = 160
PARAMETERS = {
    "name": Parameter(
        "choice",
        msg("Nom à publier"),
        msg("Celui de la collectivité, ou celui de l'établissement : il distingue les budgets annexes."),
        {"collectivite": msg("La collectivité"), "etablissement": msg("L'établissement (budget annexe)")},
        "collectivite",
    )
}
SENTENCE = msg("Le budget prend les colonnes du schéma national « SCDL budget ».")

# Field of the schema <- column of the table as the TOTEM reader writes it.
FIELDS: Mapping[str, str] = {
    "BGT_NATDEC": "nature_document",
    "BGT_ANNEE": "exercice",
    "BGT_SIRET": "siret",
    "BGT_NOM": "collectivite",
    "BGT_CONTNAT": "chapitre",
    "BGT_CONTNAT_LABEL": "libelle_chapitre",
    "BGT_NATURE": "nature",
    "BGT_NATURE_LABEL": "libelle_nature",
    "BGT_FONCTION": "fonction",
    "BGT_FONCTION_LABEL": "libelle_fonction",
    "BGT_OPERATION": "operation",
    "BGT_SECTION": "section",
    "BGT_OPBUDG": "ordre",
    "BGT_CODRD": "sens",
    "BGT_MTREAL": "realise",
    "BGT_MTBUDGPREC": "budget_precedent",
    "BGT_MTRARPREC": "restes_precedents",
    "BGT_MTPROPNOUV": "propositions_nouvelles",
    "BGT_MTPREV": "prevu",
    "BGT_CREDOUV": "credits_ouverts",
    "BGT_MTRAR3112": "restes_a_realiser",
    "BGT_ARTSPE": "article_specialise",
}
_WORDS = {
    "BGT_NATDEC": "CASE {cell} WHEN 'compte financier unique' THEN 'compte administratif' ELSE {cell} END",
    "BGT_OPBUDG": "coalesce({cell}, 'réel')",
    "BGT_ARTSPE": "CASE {cell} WHEN 'oui' THEN 'spécialisé' ELSE 'non spécialisé' END",
}
# What only the reader of TOTEM writes together; columns that a document leaves empty may be absent.
_SIGNS = ("nature_document", "exercice", "chapitre", "nature", "section", "ordre", "sens", "article_specialise")
_BEFORE = ["nature_document", "exercice", "siret", "collectivite", "chapitre", "libelle_chapitre", "nature",
           "libelle_nature", "section", "ordre", "sens", "prevu", "article_specialise"]  # fmt: skip
EXAMPLES: list[tuple[Any, Mapping[str, Any], Any]] = [
    (
        (
            _BEFORE,
            [["budget primitif", "2026", "21580999700012", "Fontclaire", "011", "Charges à caractère général", "60612",
              "Énergie", "fonctionnement", None, "dépense", "12.50", None]],
        ),
        {"name": "collectivite"},
        (
            list(FIELDS),
            [["budget primitif", "2026", "21580999700012", "Fontclaire", "011", "Charges à caractère général", "60612",
              "Énergie", None, None, None, "fonctionnement", "réel", "dépense", None, None, None, None, "12.50", None, None,
              "non spécialisé"]],
        ),
    ),
    ((["nature", "sens"], [["60612", "dépense"]]), {"name": "collectivite"}, None),
]  # fmt: skip


def suggest(draft: Draft) -> Sequence[Step]:
    return [Step("budget_scdl", {"name": "collectivite"})] if _is_totem(draft) else []


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    if not _is_totem(draft):
        return False
    columns: list[tuple[str, str, int | None]] = []
    own = {**FIELDS, "BGT_NOM": str(parameters.get("name") or FIELDS["BGT_NOM"])}
    for name, column in own.items():
        place = draft.find(column)
        cell = f"c{place}" if place is not None else "NULL::VARCHAR"
        columns.append((name, _WORDS.get(name, "{cell}").format(cell=cell), place))
    draft.project(columns)
    return True


def _is_totem(draft: Draft) -> bool:
    return all(draft.find(label) is not None for label in _SIGNS)
