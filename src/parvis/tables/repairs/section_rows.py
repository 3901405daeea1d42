"""Titles between the rows: « Année 2024 », « Quartier Nord », and below them the rows they speak of.

The title becomes a column of its own, and the lines that only held titles go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft, literal
from parvis.tables.parameters import Parameter
from parvis.tables.table import LINE
from parvis.text import fold, words
from parvis.values import Step, msg

TITLE = "Faire une colonne des titres intercalés"
GROUP = "rows"
ORDER = 108
PARAMETERS = {
    "name": Parameter(
        "text",
        msg("Nom de la nouvelle colonne"),
        msg("Par exemple « année » ou « quartier »."),
        default="partie",
    )
}
SENTENCE = msg("{count} lignes qui ne portaient qu'un titre deviennent une colonne « {name} » : {titles}.")
EXAMPLES = [
    (
        (["nom", "places"], [["Nord", None], ["Lac", "3"], ["Bois", "4"], ["Sud", None], ["Pré", "5"]]),
        {"name": "quartier"},
        (["quartier", "nom", "places"], [["Nord", "Lac", "3"], ["Nord", "Bois", "4"], ["Sud", "Pré", "5"]]),
    ),
    (
        (["nom", "places"], [["2023", None], ["Lac", "3"], ["2024", None], ["Lac", "4"], ["Pré", "5"]]),
        {"name": "année"},
        (["année", "nom", "places"], [["2023", "Lac", "3"], ["2024", "Lac", "4"], ["2024", "Pré", "5"]]),
    ),
    ((["année", "places"], [["2022", "3"], ["2023", None], ["2024", "5"]]), {"name": "année"}, None),  # a missing value
]
_YEAR = r"(?:19|20)\d\d(?:\s*[-/]\s*(?:(?:19|20)?\d\d))?"
_NUMBER = r"[-+(]?\d[\d\s.,]*[)%€]?"
_MOST = 200  # titles


def suggest(draft: Draft) -> Sequence[Step]:
    """Suggest it when lines that hold one text alone stand among full ones, each with rows below it."""
    if draft.big or draft.raw.geometry or len(draft.labels) < 2:
        return []
    titles = _titles(draft)
    first = _first(draft, [t for _, t in titles])
    if not titles or len(titles) > 0.34 * draft.rows() or (len(titles) == 1 and not first):
        return []
    lines = [r[0] for r in draft.query(f"SELECT {LINE} FROM {{view}} WHERE NOT ({_alone(draft)}) ORDER BY {LINE}")]
    marks = [line for line, _ in titles]
    ends = [*marks[1:], max([*lines, marks[-1]]) + 1]
    if not all(any(a < line < b for line in lines) for a, b in zip(marks, ends, strict=True)):
        return []
    if not first and lines and lines[0] < marks[0]:
        return []  # what the first rows are about is said nowhere
    return [Step("section_rows", {"name": _name([*([first] if first else []), *(t for _, t in titles)])})]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    name, titles = " ".join(str(parameters.get("name", "")).split()), _titles(draft)
    if not name or not titles:
        return False
    first = _first(draft, [t for _, t in titles])
    said = [*([first] if first else []), *dict.fromkeys(t for _, t in titles)]
    shown = _marks(said)
    cases = " ".join(f"WHEN {literal(t)} THEN {literal(m)}" for t, m in shown.items())
    alone = _alone(draft)
    above = (
        f"coalesce(last_value(CASE WHEN {alone} THEN {_text(draft)} END IGNORE NULLS) "
        f"OVER (ORDER BY {LINE} ROWS UNBOUNDED PRECEDING), {literal(first) if first else 'NULL'})"
    )
    source = f"(SELECT *, {above} AS __above, {alone} AS __alone, {_repeats(draft)} AS __repeats FROM {{view}})"
    columns: list[tuple[str, str, int | None]] = [(name, f"CASE __above {cases} ELSE __above END", None)]
    columns += [(label, f"c{i}", i) for i, label in enumerate(draft.labels)]
    marks = list(dict.fromkeys(shown.values()))
    draft.told |= {"count": len(titles), "titles": ", ".join(marks[:8]) + (" …" if len(marks) > 8 else "")}
    draft.project(columns, source, order=LINE, where="NOT __alone AND NOT __repeats")
    return True


def _titles(draft: Draft) -> list[tuple[int, str]]:
    """Return (line, text) of the lines that hold one text alone; empty when there are too many to be titles."""
    if not draft.query(f"SELECT 1 FROM {{view}} WHERE {_filled(draft)} = 1 LIMIT 1"):
        return []
    rows = draft.query(
        f"SELECT {LINE}, {_text(draft)} FROM {{view}} WHERE {_alone(draft)} ORDER BY {LINE} LIMIT {_MOST + 1}"
    )
    return [(int(line), str(text)) for line, text in rows] if len(rows) <= _MOST else []


def _text(draft: Draft) -> str:
    return f"trim(coalesce({', '.join(f'c{i}' for i in _leading(draft))}))"


def _leading(draft: Draft) -> range:
    return range(min(2, len(draft.labels)))


def _alone(draft: Draft) -> str:
    """Return the SQL that is true for a line whose only cell is a text in one of the first columns."""
    text = _text(draft)
    number = f"regexp_full_match({text}, {literal(_NUMBER)})"
    if _years_alone(draft):
        number = f"({number} AND NOT regexp_full_match({text}, {literal(_YEAR)}))"
    return (
        f"({_filled(draft)} = 1 AND {text} IS NOT NULL AND length({text}) BETWEEN 2 AND 150 AND NOT {number} "
        f"AND NOT regexp_matches(lower({text}), '^(sous-?|sous )?tota(l|ux)'))"
    )


def _years_alone(draft: Draft) -> bool:
    """True when years stand on lines of their own, in columns whose values are no numbers: « 2023 » is then a title."""
    asked = []
    for i in _leading(draft):
        cell, year, number = f"trim(c{i})", literal(_YEAR), literal(_NUMBER)
        asked.append(f"count_if({_filled(draft)} = 1 AND regexp_full_match({cell}, {year}))")
        asked.append(f"count_if({_filled(draft)} > 1 AND regexp_full_match({cell}, {number}))")
        asked.append(f"count_if({_filled(draft)} > 1 AND c{i} IS NOT NULL)")
    told = [int(n or 0) for n in draft.query(f"SELECT {', '.join(asked)} FROM {{view}}")[0]]
    columns = [told[n : n + 3] for n in range(0, len(told), 3)]
    return any(alone for alone, _, _ in columns) and all(not n or 10 * m <= k for n, m, k in columns)


def _filled(draft: Draft) -> str:
    return f"({' + '.join(f'(c{i} IS NOT NULL)::INT' for i in range(len(draft.labels)))})"


def _repeats(draft: Draft) -> str:
    """Return the SQL that is true for a line that only repeats parts of the headers above its cells."""
    tests = []
    for i, label in enumerate(draft.labels):
        parts = ", ".join(literal(fold(p)) for p in {label, *label.split(" / ")})
        tests.append(f"(c{i} IS NULL OR strip_accents(lower(trim(c{i}))) IN ({parts}))")
    return f"({' AND '.join(tests)} AND {_filled(draft)} >= 2)"


def _first(draft: Draft, titles: Sequence[str]) -> str:
    """Return the title of the first rows, when it stands above the header and is made like the others."""
    if not titles:
        return ""
    for above in reversed(draft.raw.titles):
        mine, theirs = set(words(above)), set(words(titles[0]))
        years = bool(re.search(_YEAR, above)) and all(re.search(_YEAR, t) for t in titles)
        if above not in titles and (years or len(mine & theirs) >= 0.5 * max(len(mine | theirs), 1)):
            return above.strip()
    return ""


def _marks(titles: Sequence[str]) -> dict[str, str]:
    """Return what the column says for each title: its year, when each one has its own."""
    years = {t: m.group() if (m := re.search(_YEAR, t)) else "" for t in titles}
    return years if all(years.values()) and len(set(years.values())) == len(titles) else {t: t for t in titles}


def _name(titles: Sequence[str]) -> str:
    if all(re.search(_YEAR, t) for t in titles):
        return "année"
    heads = {words(t)[0] for t in titles if words(t)}
    return heads.pop() if len(heads) == 1 else "partie"
