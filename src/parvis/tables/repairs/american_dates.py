"""Dates with their month before their day, as American software writes them: 04/15/2024 is 15 April.

A column in which some day cannot be a month is sure. One whose days could all be months is read the French way, unless
another column of the table is sure: it is then said, and a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.frozen import dataclass
from parvis.tables.draft import Draft, literal
from parvis.tables.parameters import Parameter
from parvis.values import Finding, Severity, Step, msg

TITLE = "Remettre dans l'ordre les dates à l'américaine"
GROUP = "columns"
ORDER = 79
KEEPS = True
PARAMETERS = {"column": Parameter("column", msg("Colonne des dates"))}
SENTENCE = msg("Colonne « {column} » : {count} date(s) écrites mois/jour/année sont remises en année-mois-jour.")
EXAMPLES = [
    (
        (["date"], [["03/04/2024"], ["4/15/24 2:30 PM"], [None], ["inconnue"]]),
        {"column": "date"},
        (["date"], [["2024-03-04"], ["2024-04-15 14:30"], [None], ["inconnue"]]),
    ),
    (
        (["reçu le", "clos le"], [["04/15/2024", "15/04/2024"], ["03/04/2024", "03/04/2024"]]),
        (["reçu le", "clos le"], [["2024-04-15", "15/04/2024"], ["2024-03-04", "03/04/2024"]]),
    ),
    (
        (["le"], [["12/31/2024 12:00:00 AM"], ["01/02/2025 12:00:00 AM"]]),
        (["le"], [["2024-12-31"], ["2025-01-02"]]),
    ),
    ((["le"], [["31/12/2024"], ["2024-12-31"]]), (["le"], [["31/12/2024"], ["2024-12-31"]])),
]
_PATTERN = (
    r"([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4}|[0-9]{2})"
    r"(?:[ ,T]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?: ?([aApP])\.?[mM]\.?)?)?"
)
_LIKELY = re.compile(r"\s*\d{1,2}[/-]\d{1,2}[/-]\d\d")
_FEW = 3  # doubtful dates from which something is said
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Dates:
    """How many dates of a column can only be American, only be French, or be both; and cells that are no such date."""

    american: int
    french: int
    doubtful: int
    others: int

    @property
    def dates(self) -> int:
        return self.american + self.french + self.doubtful

    @property
    def sure(self) -> bool:
        return bool(self.american) and not self.french and self.others <= 0.1 * self.dates


def look(draft: Draft) -> Sequence[Finding]:
    """Say the columns that mix both orders, and those that nothing settles when another one is American."""
    counted = _counted(draft)
    out = [_mixed(draft, i, told) for i, told in counted.items() if told.american and told.french]
    sure = next((i for i, told in counted.items() if told.sure), None)
    if sure is None or any(told.french and not told.american for told in counted.values()):
        return out
    doubtful = [i for i, told in counted.items() if told.doubtful >= max(_FEW, 0.9 * (told.dates + told.others))]
    return [*out, *(_doubtful(draft, i, sure, counted[i]) for i in doubtful)]


def propose(draft: Draft) -> Sequence[Step]:
    return [Step("american_dates", {"column": draft.labels[i]}) for i, told in _counted(draft).items() if told.sure]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    i = draft.find(str(parameters.get("column", "")))
    if i is None:
        return False
    moments = f"SELECT CAST({_moment(i)} AS TIMESTAMP) AS m FROM {{view}}"
    count, timed = draft.query(f"SELECT count(m), count_if(CAST(m AS TIME) <> TIME '00:00:00') FROM ({moments})")[0]
    if not count:
        return False
    said = _moment(i) if timed else f"left({_moment(i)}, 10)"
    draft.rewrite({i: f"coalesce({said}, c{i})"})
    draft.told["count"] = int(count)
    return True


def _counted(draft: Draft) -> dict[int, _Dates]:
    """Return the columns made of dates with strokes, by their positions."""
    out = {}
    for i in range(len(draft.labels)):
        sample = draft.few(i, 50)
        if not sample or sum(bool(_LIKELY.match(c)) for c in sample) < 0.5 * len(sample):
            continue
        first, second = _part(i, 1), _part(i, 2)
        row = draft.query(
            f"SELECT count_if(a <= 12 AND b > 12), count_if(a > 12 AND b <= 12), count_if(a <= 12 AND b <= 12), "
            f"count(c) FROM (SELECT {first} AS a, {second} AS b, c{i} AS c FROM {{view}}) "
        )[0]
        american, french, doubtful, filled = (int(n or 0) for n in row)
        out[i] = _Dates(american, french, doubtful, filled - american - french - doubtful)
    return {i: told for i, told in out.items() if told.dates}


def _part(i: int, group: int) -> str:
    """Return the SQL of a part of a date as a number, NULL when the cell is no such date."""
    return f"TRY_CAST({_written(i, group)} AS INTEGER)"


def _written(i: int, group: int) -> str:
    return f"nullif(regexp_extract(trim(c{i}), {literal(f'^{_PATTERN}$')}, {group}), '')"


def _moment(i: int) -> str:
    """Return the SQL of a date month first as ISO text, with its hour when it has one; NULL when it is none."""
    month, day, year, _, minute, second, half = (_written(i, group) for group in range(1, 8))
    hour = _part(i, 4)
    century = f"CASE WHEN length({year}) = 4 THEN '' WHEN {year} < '70' THEN '20' ELSE '19' END"
    date = f"{century} || {year} || '-' || lpad({month}, 2, '0') || '-' || lpad({day}, 2, '0')"
    afternoon = (
        f"CASE WHEN {half} IS NULL THEN {hour} WHEN lower({half}) = 'p' THEN {hour} % 12 + 12 ELSE {hour} % 12 END"
    )
    time = f"' ' || lpad(CAST({afternoon} AS VARCHAR), 2, '0') || ':' || {minute} || coalesce(':' || {second}, '')"
    whole = f"{date} || coalesce({time}, '')"
    return f"CASE WHEN TRY_CAST({whole} AS TIMESTAMP) IS NOT NULL THEN {whole} END"


def _mixed(draft: Draft, i: int, told: _Dates) -> Finding:
    return Finding(
        "dates.two_orders",
        Severity.WARN,
        msg("Colonne « {column} » : {american} date(s) ont le mois en premier, {french} le jour ; {doubtful} autre(s) peuvent se "
            "lire dans les deux sens."),
        draft.raw.place(None, i),
        {"column": draft.labels[i], "american": told.american, "french": told.french, "doubtful": told.doubtful},
        hint=msg("Écrivez toutes les dates de la même façon, de préférence année-mois-jour (2024-04-03)."),
        why=msg("Le 3 avril et le 4 mars s'écrivent alors de la même façon : personne ne peut les distinguer."),
        count=told.american + told.french,
    )  # fmt: skip


def _doubtful(draft: Draft, i: int, sure: int, told: _Dates) -> Finding:
    cells = tuple(draft.few(i, _SHOWN))
    step = Step("american_dates", {"column": draft.labels[i]}, message=SENTENCE,
                values={"column": draft.labels[i], "count": told.doubtful})  # fmt: skip
    return Finding(
        "dates.month_first",
        Severity.WARN,
        msg("Colonne « {column} » : ces dates ({example}) sont lues jour/mois, mais la colonne « {other} » du même tableau est "
            "écrite mois/jour."),
        draft.raw.place(None, i),
        {"column": draft.labels[i], "example": cells[0], "other": draft.labels[sure]},
        hint=msg("Si le logiciel écrit à l'américaine, acceptez la réparation proposée ; sinon, ne changez rien."),
        why=msg("Un mois pris pour un jour fausse tous les calculs, sans que rien ne se voie."),
        count=told.doubtful,
        examples=cells,
        fix=step,
    )  # fmt: skip
