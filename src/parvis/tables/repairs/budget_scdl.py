"""A TOTEM budget under the headers of the national budget schema (SCDL budget 0.8), ready to publish.

Never proposed on its own: the table as read says more (numbers of decisions, names of operations). Added by hand, or
by ``parvis budget``. A compte financier unique is a « compte administratif » there, the schema knowing no other word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.tables.table import LINE
from parvis.values import Step

TITLE = "Convertir un budget TOTEM au schéma national (SCDL)"
ORDER = 90
EXAMPLES = [((["nature", "sens"], [["60612", "dépense"]]), (["nature", "sens"], [["60612", "dépense"]]))]
PARAMETERS: Mapping[str, Any] = {}

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
_WORDS: Mapping[str, Mapping[str | None, str]] = {
    "BGT_NATDEC": {"compte financier unique": "compte administratif"},
    "BGT_ARTSPE": {"oui": "spécialisé", "non": "non spécialisé", None: "non spécialisé"},
    "BGT_OPBUDG": {None: "réel"},
}


def propose(draft: Draft) -> Sequence[Step]:
    return []


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    import pyarrow as pa  # the pages that show a recipe never hold it

    if draft.raw.format != "totem" or draft.find("nature") is None or draft.find("sens") is None:
        return False
    places = {name: draft.find(column) for name, column in FIELDS.items()}
    rows = draft.query("SELECT * FROM {view}")
    names = [d[0] for d in draft.connection.execute(f"SELECT * FROM {draft.view} LIMIT 0").description or ()]
    line = names.index(LINE)
    columns: list[Any] = []
    for name, place in places.items():
        at = names.index(f"c{place}") if place is not None else None
        words = _WORDS.get(name, {})
        cells = [row[at] if at is not None else None for row in rows]
        columns.append(pa.array([words.get(c, c) for c in cells], pa.string()))
    columns.append(pa.array([row[line] for row in rows], pa.int64()))
    draft.replace(list(FIELDS), pa.Table.from_arrays(columns, names=[*(f"c{i}" for i in range(len(FIELDS))), LINE]))
    return True
