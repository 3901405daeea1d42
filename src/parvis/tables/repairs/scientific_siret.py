"""Identifiers that a spreadsheet rounded: « 2,10901E+13 », or fourteen digits that end with eight zeros or more.

The lost digits cannot be found again (six are left at most): the cells are emptied and it is said, because a rounded
SIRET designates someone else. One published file of 11,481 SIRET had them all like this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.dates import folded
from parvis.tables.draft import Draft
from parvis.text import late
from parvis.values import Finding, Severity, Step, msg

TITLE = "Écarter les SIRET abîmés par Excel"
ORDER = 50
KEEPS = True
EXAMPLES = [
    (
        (["nom", "siret"], [["Mairie", "2,10901E+13"], ["École", "21090122900011"]]),
        (["nom", "siret"], [["Mairie", None], ["École", "21090122900011"]]),
    ),
    (
        (["nom", "siret"], [["A", "35181600000000"], ["B", "35181700000000"]]),
        (["nom", "siret"], [["A", None], ["B", None]]),
    ),
    ((["valeur"], [["2,1E+13"]]), (["valeur"], [["2,1E+13"]])),
]

_HEADER = re.compile(
    r"\bsirets?\b|\bsirens?\b|\bidentifi|\bidbeneficiaire\b|\bidattribuant\b|\bid beneficiaire\b|\bid attribuant\b"
)
_DAMAGED = "[0-9](?:[.,][0-9]+)?[eE][+]?[0-9]{1,2}|[0-9]{1,6}0{8,13}"
_PATTERN = late(_DAMAGED)
_MAY = re.compile("[0-9][eE]|0{8}")  # without which no cell is rounded


def look(draft: Draft) -> Sequence[Finding]:
    out = []
    for i, label in _columns(draft):
        told = draft.query(
            f"SELECT count(*), min(__line), count(c{i}) FROM {{view}} WHERE regexp_full_match(trim(c{i}), '{_DAMAGED}')"
        )[0]
        out.append(
            Finding(
                "siret.scientific",
                Severity.WARN,
                msg("Colonne « {column} » : {count} SIRET ont été abîmés par Excel (affichage scientifique, comme "
                    "2,10E+13). Leurs derniers chiffres sont perdus : ces cellules sont inutilisables et laissées vides."),
                draft.raw.place(told[1], i),
                {"column": label, "count": told[0]},
                hint=msg("Reprenez le fichier d'origine, mettez la colonne au format « Texte », puis exportez à nouveau ; "
                         "ou retrouvez les SIRET par le nom et la commune dans l'annuaire des entreprises."),
                why=msg("Il ne reste que six chiffres sur quatorze : un SIRET arrondi désigne quelqu'un d'autre."),
                count=int(told[0]),
            )
        )  # fmt: skip
    return out


def propose(draft: Draft) -> Sequence[Step]:
    return [
        Step(
            "scientific_siret",
            {"column": label},
            (_first(draft.column(i)),),
            ("(vide)",),
            msg("Colonne « {column} » : les SIRET arrondis par Excel sont vidés, car ils désignent quelqu'un d'autre."),
            {"column": label},
        )
        for i, label in _columns(draft)
    ]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    i = draft.find(str(parameters.get("column", "")))
    if i is None or not any(i == k for k, _ in _columns(draft)):
        return False
    draft.rewrite({i: f"CASE WHEN regexp_full_match(trim(c{i}), '{_DAMAGED}') THEN NULL ELSE c{i} END"})
    return True


def _first(cells: Sequence[str]) -> str:
    return next((c for c in cells if _PATTERN.fullmatch(c.strip())), "")


def _columns(draft: Draft) -> list[tuple[int, str]]:
    """Return the columns of identifiers that hold at least one rounded one."""
    out = []
    for i, label in enumerate(draft.labels):
        if _HEADER.search(re.sub(r"[^a-z0-9]+", " ", folded(label))):
            seen = draft.seen(i)
            if not _MAY.search(seen.joined):
                continue
            told = [(x.strip(), times) for x, times in zip(seen.texts, seen.times, strict=True)]
            damaged = [(c, times) for c, times in told if _PATTERN.fullmatch(c) and set(c) != {"0"}]
            scientific = any("e" in c.lower() for c, _ in damaged)
            if damaged and (scientific or sum(times for _, times in damaged) >= 0.3 * seen.filled):
                out.append((i, label))
    return out
