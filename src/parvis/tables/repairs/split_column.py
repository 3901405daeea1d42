"""Cut a column into several: by a sign, or where a post code, a number or the first word ends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft, literal, mostly
from parvis.tables.parameters import Parameter
from parvis.values import Step, msg

TITLE = "Découper une colonne"
GROUP = "columns"
ORDER = 220
_PATTERNS = {  # two groups: what goes left, what goes right
    "postcode": r"^\s*((?:F-?)?\d{5})\s+(.+?)\s*$",
    "quantity": r"^\s*([-+]?\d[\d \x{00a0}\x{202f}.,]*?)\s*([^\d\s.,].*?)\s*$",
    "first": r"^\s*(\S+)\s+(.+?)\s*$",
    "last": r"^\s*(.+?)\s+(\S+)\s*$",
}
_WAYS = {
    "sign": msg("à un signe (à écrire ci-dessous)"),
    "postcode": msg("entre le code postal et la commune"),
    "quantity": msg("entre le nombre et l'unité"),
    "first": msg("après le premier mot"),
    "last": msg("avant le dernier mot"),
}
PARAMETERS = {
    "column": Parameter("column", msg("Colonne")),
    "way": Parameter("choice", msg("Où couper"), choices=_WAYS, default="sign"),
    "sign": Parameter("sign", msg("Signe"), msg("Par exemple une virgule, un tiret ou « / »."), optional=True),
    "names": Parameter(
        "text", msg("Noms des nouvelles colonnes"), msg("Séparés par des virgules, de gauche à droite.")
    ),
}
SENTENCE = msg("La colonne « {column} » est découpée {way} : {names}.")
EXAMPLES = [
    (
        (["lieu", "n"], [["58990 FONTCLAIRE", "1"], ["Lac", "2"]]),
        {"column": "lieu", "way": "postcode", "names": "cp, commune"},
        (["cp", "commune", "n"], [["58990", "FONTCLAIRE", "1"], [None, "Lac", "2"]]),
    ),
    (
        (["période"], [["2023 / 2024"], ["2024"]]),
        {"column": "période", "way": "sign", "sign": "/", "names": "début, fin"},
        (["début", "fin"], [["2023", "2024"], ["2024", None]]),
    ),
    (
        (["capacité"], [["1 200 m²"], ["40"]]),
        {"column": "capacité", "way": "quantity", "names": "capacité, unité"},
        (["capacité", "unité"], [["1 200", "m²"], ["40", None]]),
    ),
]
_MOST = 20  # columns made of one
_PLACE = re.compile(r"\d{5}\s+[^\W\d].*")


def suggest(draft: Draft) -> Sequence[Step]:
    steps = []
    for i, label in enumerate(draft.labels):
        seen = draft.seen(i)
        if seen.filled >= 3 and mostly(seen, _PLACE):
            steps.append(
                Step("split_column", {"column": label, "way": "postcode", "sign": "", "names": "code postal, commune"})
            )
    return steps


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    i = draft.find(str(parameters.get("column", "")))
    names = [n.strip() for n in str(parameters.get("names", "")).split(",") if n.strip()][:_MOST]
    way, sign = str(parameters.get("way", "")), str(parameters.get("sign", ""))
    if i is None or not names:
        return False
    parts = _by_sign(i, sign, len(names)) if way == "sign" else _by_pattern(i, way, len(names))
    if not parts or not int(
        draft.query(f"SELECT count({parts[1] if len(parts) > 1 else parts[0]}) FROM {{view}}")[0][0]
    ):
        return False
    columns: list[tuple[str, str, int | None]] = []
    for k, label in enumerate(draft.labels):
        columns += [(n, sql, i) for n, sql in zip(names, parts, strict=False)] if k == i else [(label, f"c{k}", k)]
    draft.project(columns)
    return True


def _by_sign(i: int, sign: str, count: int) -> list[str]:
    """Return the SQL of each part; the last one keeps what is left."""
    if not sign:
        return []
    cut = f"string_split(c{i}, {literal(sign)})"
    parts = [f"{cut}[{n + 1}]" for n in range(count - 1)]
    parts.append(f"array_to_string({cut}[{count}:], {literal(sign)})")
    return [f"nullif(trim({p}), '')" for p in parts]


def _by_pattern(i: int, way: str, count: int) -> list[str]:
    if way not in _PATTERNS or count != 2:
        return []
    pattern = literal(_PATTERNS[way])
    fits = f"regexp_matches(c{i}, {pattern})"
    # What cannot be cut stays whole: on the side where such a thing usually stands.
    alone = 1 if way == "postcode" else 0
    return [
        f"CASE WHEN {fits} THEN nullif(regexp_extract(c{i}, {pattern}, {n + 1}), '') "
        f"ELSE {f'c{i}' if n == alone else 'NULL'} END"
        for n in range(2)
    ]
