"""Columns brought from another table: a released dataset of the town, another table of the same file, a pasted one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables.draft import Draft, Reference
from parvis.tables.parameters import Parameter
from parvis.tables.table import LINE
from parvis.values import msg

TITLE = "Compléter avec un autre tableau"
GROUP = "table"
ORDER = 170
PARAMETERS = {
    "column": Parameter("column", msg("Colonne en commun"), msg("Un code ou un nom que l'autre tableau porte aussi.")),
    "reference": Parameter(
        "reference", msg("Où chercher"), msg("Sans réponse, dans le tableau collé ci-dessous."), optional=True
    ),
    "pasted": Parameter(
        "table",
        msg("Ou un tableau collé"),
        msg(
            "Copiez-le depuis votre tableur avec ses titres, ou séparez les cellules par des points-virgules : 5 000 lignes au "
            "plus. Il est gardé avec les étapes, pour les prochains fichiers."
        ),
        optional=True,
    ),
    "key": Parameter(
        "text",
        msg("Son nom dans l'autre tableau"),
        msg("Sans réponse, la colonne qui s'accorde le mieux."),
        optional=True,
    ),
    "bring": Parameter(
        "text", msg("Colonnes à rapporter"), msg("Séparées par des virgules ; sans réponse, toutes."), optional=True
    ),
}
SENTENCE = msg(
    "{matched} lignes sur {rows} sont complétées par « {title} », d'après la colonne « {column} » : {brought}."
)
EXAMPLES = [
    (
        (["école", "élèves"], [["Lac", "12"], ["Bois", "9"]]),
        {"column": "école", "reference": "dataset:none", "key": "", "bring": ""},
        None,  # the reference is not there
    ),
    (
        (["code", "élèves"], [["A1", "12"], ["B2", "9"], ["C3", "4"]]),
        {
            "column": "code",
            "reference": "",
            "pasted": "Code\tÉcole\tRue\na1\tLac\tdu Lac\nB2\tBois",
            "key": "",
            "bring": "école",
        },
        (["code", "élèves", "École"], [["A1", "12", "Lac"], ["B2", "9", "Bois"], ["C3", "4", None]]),
    ),
]
_MOST = 30  # columns brought
_LONGEST, _WIDEST = 5000, 50  # rows and columns of a pasted table
_SHARE = 0.2  # of the values that must be found for two columns to be thought the same


def verify(parameters: Mapping[str, Any]) -> None:
    """Raise InputError unless one table is said, and one alone."""
    if bool(parameters.get("reference")) == bool(parameters.get("pasted")):
        raise InputError(msg("Choisissez où chercher, ou collez un tableau : l'un des deux."))


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    i = draft.find(str(parameters.get("column", "")))
    pasted = str(parameters.get("pasted") or "")
    reference = _pasted(pasted) if pasted else draft.references.get(str(parameters.get("reference", "")))
    if i is None or reference is None:
        return False
    relation = draft.register(_table(pasted)) if pasted else draft.relation(reference.path)
    key = _key(draft, i, reference, relation, str(parameters.get("key") or ""))
    if key is None:
        return False
    brought = _brought(reference, key, str(parameters.get("bring") or ""))
    if not brought:
        return False
    values = ", ".join(f"first(CAST({_quoted(reference.columns[k])} AS VARCHAR)) AS r{k}" for k in brought)
    other = f"(SELECT {_folded(_quoted(reference.columns[key]))} AS __key, {values} FROM {relation} GROUP BY 1)"
    source = f"{{view}} LEFT JOIN {other} AS other ON {_folded(f'c{i}')} = other.__key"
    matched, rows = draft.query(f"SELECT count(other.__key), count(*) FROM {source}")[0]
    if not matched:
        return False
    columns: list[tuple[str, str, int | None]] = [(x, f"c{k}", k) for k, x in enumerate(draft.labels)]
    columns += [(reference.labels[k], f"r{k}", None) for k in brought]
    draft.told |= {"matched": int(matched), "rows": int(rows), "title": reference.title}
    draft.told["brought"] = ", ".join(f"« {reference.labels[k]} »" for k in brought)
    draft.project(columns, source, order=LINE)
    return True


def _pasted(text: str) -> Reference | None:
    """Return a pasted table as a reference, its untitled columns left; None when it is none."""
    labels = text.partition("\n")[0].split("\t")[:_WIDEST]
    kept = [(label, f"c{k}") for k, label in enumerate(labels) if label.strip()]
    return Reference(msg("tableau collé"), Path(), [x for x, _ in kept], [c for _, c in kept]) if kept else None


def _table(text: str) -> Any:
    """Return the cells of a pasted table, all as text."""
    import pyarrow as pa

    width = len(text.partition("\n")[0].split("\t")[:_WIDEST])
    rows = [(line.split("\t") + [""] * width)[:width] for line in text.split("\n")[1 : _LONGEST + 1]]
    return pa.table({f"c{k}": pa.array([row[k] or None for row in rows], pa.string()) for k in range(width)})


def _key(draft: Draft, i: int, reference: Reference, relation: str, said: str) -> int | None:
    """Return the position of the reference's column that holds the same values, the one that was said if any."""
    if said.strip():
        wanted = said.strip().casefold()
        return next((k for k, x in enumerate(reference.labels) if x.strip().casefold() == wanted), None)
    best: tuple[float, int] = (0.0, -1)
    for k, name in enumerate(reference.columns):
        told = draft.query(
            f"SELECT count(*) FILTER (v IN (SELECT {_folded(_quoted(name))} FROM {relation})), "
            f"count(*) FROM (SELECT DISTINCT {_folded(f'c{i}')} AS v FROM {{view}} WHERE c{i} IS NOT NULL LIMIT 2000)"
        )[0]
        best = max(best, (told[0] / max(told[1], 1), -k if told[0] else -1 - len(reference.columns)))
    return -best[1] if best[0] >= _SHARE else None


def _brought(reference: Reference, key: int, said: str) -> list[int]:
    names = [n.strip().casefold() for n in said.split(",") if n.strip()]
    every = [k for k in range(len(reference.labels)) if k != key and reference.columns[k] != reference.geometry]
    return [k for k in every if not names or reference.labels[k].strip().casefold() in names][:_MOST]


def _folded(sql: str) -> str:
    return f"strip_accents(lower(trim(CAST({sql} AS VARCHAR))))"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
