"""The names of a budget's codes beside them: chapter, account by nature, function; the chapter found when it is absent.

A budget that left the accounting software as a spreadsheet often has codes alone. The plan de comptes of its nomenclature
and year names them; a TOTEM budget comes already named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis import accounts
from parvis.dates import folded
from parvis.tables.draft import Draft, Seen
from parvis.tables.parameters import Parameter
from parvis.text import late
from parvis.values import Step, msg

TITLE = "Nommer les comptes d'un budget"
GROUP = "columns"
ORDER = 155
KEEPS = True
PARAMETERS = {
    "nature": Parameter("column", msg("Comptes par nature")),
    "function": Parameter("column", msg("Fonctions"), optional=True),
    "sense": Parameter(
        "column", msg("Dépense ou recette"), msg("Avec lui, le chapitre de chaque compte est retrouvé."), optional=True
    ),
    "plan": Parameter(
        "choice",
        msg("Plan de comptes"),
        choices={n: n for n in ("M57_A", "M57_D", "M14", "M14_CCAS_INF3500", "M4", "M43_D", "M49_A", "M49_D")},
        default="M57_D",
    ),
    "year": Parameter("number", msg("Année du budget"), default="2024"),
}
SENTENCE = msg("Les comptes sont nommés par le plan de comptes {plan} : {count} sur {total}.")
EXAMPLES: list[tuple[Any, Mapping[str, Any], Any]] = [
    (
        (["article", "sens", "montant"], [["60612", "D", "10"], ["752", "Recette", "5"], ["99", "D", "1"]]),
        {"nature": "article", "function": "", "sense": "sens", "plan": "M57_D", "year": 2024},
        (
            ["article", "libellé nature", "chapitre", "libellé chapitre", "sens", "montant"],
            [
                ["60612", "Energie - Electricité", "011", "Charges à caractère général", "D", "10"],
                ["752", "Revenus des immeubles", "75", "Autres produits de gestion courante", "Recette", "5"],
                ["99", None, None, None, "D", "1"],
            ],
        ),
    ),
    (
        (["nature", "fonction"], [["60612", "20"], ["60612", "211"], ["60612", "212"]]),  # Excel ate a zero
        {"nature": "nature", "function": "fonction", "sense": "", "plan": "M57_D", "year": 2024},
        (
            ["nature", "libellé nature", "fonction", "libellé fonction"],
            [
                ["60612", "Energie - Electricité", "20", "Administration générale de la collectivité"],
                ["60612", "Energie - Electricité", "211", "Ecoles maternelles"],
                ["60612", "Energie - Electricité", "212", "Ecoles primaires"],
            ],
        ),
    ),
    ((["nature"], [["don"]]), {"nature": "nature", "plan": "M57_D", "year": 2024}, None),
]
_NATURE = re.compile(r"^(?:bgt_)?(?:nature|article|compte|imputation)(?:[ _](?:nature|budgetaire|comptable))?$")
_FUNCTION = re.compile(r"^(?:bgt_)?(?:sous[ _-]?)?fonction$")
_SENSE = late(r"^(?:bgt_)?(?:sens|d[ _/]?r|codrd|r[ _/]?d|depense[ _/]?(?:ou )?recette)$")
_YEAR = re.compile(r"^(?:bgt_)?(?:annee|exercice)$")
_LEAST = 0.9  # share of the cells that must be accounts of some plan


def suggest(draft: Draft) -> Sequence[Step]:
    nature = next((x for x in draft.labels if _NATURE.match(folded(x))), "")
    place = draft.find(nature) if nature else None
    seen = draft.seen(place) if place is not None else Seen()
    if (
        not seen.texts
        or _has(draft, "libelle nature")
        or _has(draft, "bgt nature label")
        or sum(n for c, n in zip(seen.texts, seen.times, strict=True) if accounts.is_nature(c)) < _LEAST * seen.filled
    ):
        return []
    function = next((x for x in draft.labels if _FUNCTION.match(folded(x))), "")
    sense = next((x for x in draft.labels if _SENSE.match(folded(x))), "")
    year = _year(draft)
    plan = "M14" if year < 2024 and _older(seen.texts) else "M57_D"
    return [Step("name_accounts", {"nature": nature, "function": function, "sense": sense, "plan": plan, "year": year})]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    nature, function, sense = (draft.find(str(parameters.get(k) or "")) for k in ("nature", "function", "sense"))
    plan = accounts.plan(str(parameters.get("plan", "")), int(parameters.get("year") or 2024))
    if nature is None or plan is None:
        return False
    codes = [r[0] for r in draft.query(f"SELECT DISTINCT trim(c{nature}) FROM {{view}} WHERE c{nature} IS NOT NULL")]
    names = {code: plan.nature_name(code) for code in codes}
    known = sum(1 for name in names.values() if name)
    if known < 0.5 * max(len(names), 1):
        return False
    columns: list[tuple[str, str, int | None]] = []
    for i, label in enumerate(draft.labels):
        columns.append((label, f"c{i}", i))
        if i == nature:
            columns.append(("libellé nature", _looked(draft, f"trim(c{i})", names), None))
            if sense is not None:
                columns += _chapters(draft, plan, codes, nature, sense)
        elif i == function and not _has(draft, "libelle fonction"):
            said = [r[0] for r in draft.query(f"SELECT DISTINCT trim(c{i}) FROM {{view}} WHERE c{i} IS NOT NULL")]
            columns.append(("libellé fonction", _looked(draft, f"trim(c{i})", _functions(plan, said)), None))
    draft.told |= {"plan": plan.said, "count": known, "total": len(names)}
    draft.project(columns)
    return True


def _chapters(
    draft: Draft, plan: accounts.Plan, codes: Sequence[str], nature: int, sense: int
) -> list[tuple[str, str, int | None]]:
    """Return the two columns of the chapter: its code and its name, found from the account and the sense."""
    side = f"upper(left(trim(c{sense}), 1))"
    found = {f"{s}{code}": plan.chapter(code, s) for code in codes for s in ("D", "R")}
    key = f"({side} || trim(c{nature}))"
    named = {k: plan.chapter_name(c) for k, c in found.items()}
    return [("chapitre", _looked(draft, key, found), None), ("libellé chapitre", _looked(draft, key, named), None)]


def _has(draft: Draft, name: str) -> bool:
    return any(folded(x).replace("_", " ").strip() == name for x in draft.labels)


def _looked(draft: Draft, key: str, values: Mapping[str, str]) -> str:
    """Return the SQL that gives the value of a key, NULL when it has none."""
    import pyarrow as pa  # the pages that show a recipe never hold it

    told = {k: v for k, v in values.items() if v}
    name = draft.register(
        pa.table({"k": pa.array(list(told), pa.string()), "v": pa.array(list(told.values()), pa.string())})
    )
    return f"(SELECT any_value({name}.v) FROM {name} WHERE {name}.k = {key})"


def _functions(plan: accounts.Plan, codes: Sequence[str]) -> dict[str, str]:
    """Return the functions' names. Where most codes have three figures, a spreadsheet ate the zero of « 020 »."""
    long = sum(len(c) == 3 for c in codes) >= 0.6 * len(codes)
    found = {}
    for code in codes:
        whole = f"0{code}" if len(code) < 3 and f"0{code}" in plan.functions and (long or len(code) == 1) else code
        found[code] = plan.function_name(whole) or plan.functions.get(f"0{code}", "")
    return found


def _year(draft: Draft) -> int:
    place = next((i for i, x in enumerate(draft.labels) if _YEAR.match(folded(x))), None)
    cells = [c.strip() for c in draft.seen(place).texts] if place is not None else []
    return next((int(c) for c in cells if re.fullmatch(r"(?:19|20)\d\d", c)), 2024)


def _older(cells: Sequence[str]) -> bool:
    """True when more of the accounts stand in M14 than in M57."""
    old, new = accounts.plan("M14", 2021), accounts.plan("M57_D", 2024)
    known = dict.fromkeys(c.strip() for c in cells)
    return old is not None and new is not None and sum(map(old.knows, known)) > sum(map(new.knows, known))
