"""One column a year, or a month: turned into rows, so that they can be sorted, added up and drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.dates import MONTHS, folded
from parvis.tables.draft import Draft, literal
from parvis.tables.parameters import Parameter
from parvis.tables.table import LINE
from parvis.text import late
from parvis.values import Step, msg

TITLE = "Retourner des colonnes en lignes"
GROUP = "table"
ORDER = 130
PARAMETERS = {
    "keep": Parameter(
        "columns", msg("Colonnes à garder"), msg("Toutes les autres deviennent des lignes."), optional=True
    ),
    "name": Parameter("text", msg("Nom de la colonne qui dira laquelle"), msg("Par exemple « année ».")),
    "value": Parameter("text", msg("Nom de la colonne des valeurs"), msg("Par exemple « montant »."), default="valeur"),
    "group": Parameter(
        "text",
        msg("Nom de la colonne des groupes"),
        msg("Pour des titres sur deux lignes, « Maternelle / 2023 » : la première ligne va dans cette colonne."),
        optional=True,
    ),
}
SENTENCE = msg("Les colonnes {turned} deviennent des lignes : « {name} » dit laquelle, « {value} » porte le nombre.")
EXAMPLES = [
    (
        (["", "Janvier", "Février"], [["Naissances", "3", "4"]]),
        {"keep": [], "name": "mois", "value": "nombre"},
        (["", "mois", "nombre"], [["Naissances", "Janvier", "3"], ["Naissances", "Février", "4"]]),
    ),
    (
        (["école", "2023", "2024"], [["Lac", "12", "14"], ["Bois", None, "9"]]),
        {"keep": ["école"], "name": "année", "value": "élèves"},
        (["école", "année", "élèves"], [["Lac", "2023", "12"], ["Lac", "2024", "14"], ["Bois", "2024", "9"]]),
    ),
    (
        (["école", "Petits / 2023", "Petits / 2024", "Grands / 2023", "Grands / 2024"], [["Lac", "1", "2", "3", "4"]]),
        {"keep": ["école"], "name": "année", "value": "élèves", "group": "niveau"},
        (
            ["école", "niveau", "année", "élèves"],
            [
                ["Lac", "Petits", "2023", "1"],
                ["Lac", "Petits", "2024", "2"],
                ["Lac", "Grands", "2023", "3"],
                ["Lac", "Grands", "2024", "4"],
            ],
        ),
    ),
]
_YEAR = re.compile(r"(?:(?:annee|exercice|an)\s*)?((?:19|20)\d\d(?:\s*[-/]\s*(?:(?:19|20)?\d\d))?)(?:\.0)?")
_SHORT = "|".join(m[:3] for m in MONTHS) + "|juil|sept|fevr|janv"
_MONTH = re.compile(rf"(?:{'|'.join(MONTHS)}|(?:{_SHORT})\.?)(?:[\s-]*(?:\d\d){{1,2}})?")
_QUARTER = re.compile(r"(?:t|trim\w*\s*)[1-4](?:[\s-]*(?:19|20)\d\d)?|[1-4]\s*(?:er|e|eme)\s+trimestre")
_LINES, _SURE = 500, 0.8
_NUMBER = late(r"[-+(]?\d[\d\s\u00a0\u202f.,]*[)%€]?")


def suggest(draft: Draft) -> Sequence[Step]:
    """Suggest it for three columns or more that hold numbers and are named after years, months or quarters.

    « Entrées / T1 », « Entrées / T2 » ... say what the numbers are: the common part names their column.
    """
    for pattern, name in ((_YEAR, "année"), (_MONTH, "mois"), (_QUARTER, "trimestre")):
        groups: dict[str, list[int]] = {}
        for i, label in enumerate(draft.labels):
            head, tail = _cut(label)
            if pattern.fullmatch(folded(tail)):
                groups.setdefault(head, []).append(i)
        crossed = _crossed(draft, groups)
        if crossed and _numbers(draft, crossed):
            keep = [label for i, label in enumerate(draft.labels) if i not in crossed and label]
            return [Step("unpivot", {"keep": keep, "name": name, "value": "valeur", "group": "groupe"})]
        for head, wide in groups.items():
            if 3 <= len(wide) < len(draft.labels) and _numbers(draft, wide):
                keep = [label for i, label in enumerate(draft.labels) if i not in wide and label]
                return [Step("unpivot", {"keep": keep, "name": name, "value": head or "valeur"})]
    return _votes(draft)


def _crossed(draft: Draft, groups: Mapping[str, Sequence[int]]) -> list[int]:
    """Return the columns of two groups or more that have the same years: « Petits / 2023 », « Grands / 2023 » ..."""
    named = [wide for head, wide in groups.items() if head]
    tails = [[_cut(draft.labels[i])[1] for i in wide] for wide in named]
    same = len(named) > 1 and len(tails[0]) > 1 and all(t == tails[0] for t in tails)
    wide = sorted(i for group in named for i in group)
    return wide if same and len(wide) < len(draft.labels) else []


def _votes(draft: Draft) -> Sequence[Step]:
    """Suggest it for one column a candidate: those after « Exprimés » that add up to it on nearly all lines."""
    at = {folded(label): i for i, label in enumerate(draft.labels)}
    cast = next((i for said, i in at.items() if said.startswith("exprimes")), None)
    if cast is None or not any(said.startswith("inscrits") for said in at):
        return []
    wide = [i for i in range(cast + 1, len(draft.labels)) if draft.labels[i] and _numbers(draft, [i])]
    rows = draft.sample(_LINES)
    if len(wide) < 2 or not rows:
        return []
    right = sum(sum(_count(r[i]) for i in wide) == _count(r[cast]) for r in rows)
    if right < _SURE * len(rows):
        return []
    keep = [label for i, label in enumerate(draft.labels) if i not in wide and label]
    return [Step("unpivot", {"keep": keep, "name": "candidat", "value": "voix"})]


def _count(cell: str | None) -> int:
    digits = re.sub(r"\D", "", (cell or "").removesuffix(".0"))
    return int(digits[:15] or 0)


def _cut(label: str) -> tuple[str, str]:
    """Return (what is common, what varies) of a header made of two lines: « Entrées / T1 »."""
    head, sign, tail = label.rpartition(" / ")
    return (head.strip(), tail.strip()) if sign else ("", label.strip())


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    asked = [str(c) for c in parameters.get("keep", ())]
    keep = draft.positions(asked)
    if len(keep) < len(asked):
        return False
    keep += [i for i, label in enumerate(draft.labels) if not label.strip()]  # nobody can name them, nor turn them
    turned = [i for i in range(len(draft.labels)) if i not in keep]
    if len(turned) < 2:
        return False
    heads = [_cut(draft.labels[i])[0] for i in turned]
    group = str(parameters.get("group") or "").strip()
    told = [_cut(draft.labels[i])[1] if group or len(set(heads)) == 1 else draft.labels[i] for i in turned]
    groups = ", ".join(literal(head) for head in heads)
    names = ", ".join(literal(_plain(t) or f"colonne {i + 1}") for i, t in zip(turned, told, strict=True))
    kept, cells = "".join(f"c{i}, " for i in keep), ", ".join(f"c{i}" for i in turned)
    source = (
        f"(SELECT {kept}unnest([{groups}]) AS __group, unnest([{names}]) AS __name, unnest([{cells}]) AS __value, "
        f"unnest(range({len(turned)})) AS __turn, {draft.rest} FROM {{view}})"
    )
    columns: list[tuple[str, str, int | None]] = [(draft.labels[i], f"c{i}", i) for i in keep]
    columns += [(group, "__group", None)] if group else []
    columns += [(str(parameters["name"]).strip(), "__name", None), (str(parameters["value"]).strip(), "__value", None)]
    shown = [draft.labels[i] for i in turned]
    draft.told["turned"] = ", ".join(f"« {label} »" for label in (shown if len(shown) < 5 else [*shown[:3], shown[-1]]))
    draft.project(columns, source, order=f"{LINE}, __turn", where="__value IS NOT NULL")
    return True


def _plain(label: str) -> str:
    """Return a header that a sheet kept as a number, as it was written: « 2023.0 » is « 2023 »."""
    match = _YEAR.fullmatch(folded(label))
    return match[1] if match else label.strip()


def _numbers(draft: Draft, columns: Sequence[int]) -> bool:
    cells = [c.strip() for i in columns for c in draft.column(i)]
    return bool(cells) and sum(_NUMBER.fullmatch(c) is not None for c in cells) >= 0.8 * len(cells)
