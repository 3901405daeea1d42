"""Differencing: setting what would be published against what the town has published already.

Two versions of a dataset, or two datasets, may each be safe and betray somebody together: a person who appears or leaves,
a value hidden here and shown there, a column made coarser whose fine values are still in an earlier version, a total
that gives back a hidden cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from parvis.frozen import dataclass
from parvis.privacy.attacks.attack import INFERENCE, SENSITIVE, SINGLING_OUT, Attack
from parvis.privacy.attacks.case import Array, Coded, combined, load, texts
from parvis.privacy.attacks.linkage import Public
from parvis.privacy.meanings import BESIDE_PEOPLE, DIRECT, QUASI
from parvis.text import fold, listed, words
from parvis.values import Kind, msg

_PERSONAL = frozenset({*DIRECT, *BESIDE_PEOPLE, *QUASI, *SENSITIVE, "first_name"})
_TOTALS = frozenset({"total", "ensemble", "tous", "toutes", "totaux", "all"})
_CODES = frozenset("annee an code id numero mois insee".split())  # in the header of a number that names a cell
_MASKED = frozenset({"", "s", "nc", "nd", "ns", "secret", "masque", "confidentiel", "***", "*", "c"})

_ALIKE = 0.9  # share of the rows of both that two datasets about the same people have in common

HINT_CHANGE = msg("Attendez d'avoir au moins {k} changements, regroupez davantage, ou retirez l'ancienne version.")
HINT_REFINED = msg("Retirez l'ancienne version, ou gardez la même précision dans les deux.")
HINT_CELL = msg("Cachez la même case partout où elle se lit ou se calcule, ou retirez l'ancienne publication.")
CHANGED = msg(
    "Entre la version {number} et celle-ci, {won} ligne(s) seulement changent, par groupes de moins de {k} : qui sait qui "
    "est arrivé ou parti reconnaît sa ligne."
)
CHANGED_BESIDE = msg(
    "« {title} » et ce jeu parlent des mêmes personnes, à {won} ligne(s) près, par groupes de moins de {k} : qui sait qui n'est "
    "que dans l'un des deux reconnaît sa ligne."
)
REFINED = msg(
    "La colonne {columns} est plus vague ici, mais « {title} » donne encore sa valeur précise pour {won} ligne(s) sur {tried}."
)
REMOVED = msg("La colonne {columns} est retirée ici, mais « {title} » la donne encore pour {won} ligne(s) sur {tried}.")
SHOWN = msg("{won} case(s) cachée(s) ici de {columns} se lisent dans « {title} ».")
TOTAL = msg("{won} case(s) cachée(s) de {columns} se retrouvent : le total moins les autres cases.")
SUMMED = msg("{won} case(s) cachée(s) de {columns} se retrouvent par addition des cases de « {title} ».")


def attacks(ours: Public, others: Sequence[Public] = (), *, k: int = 5) -> Iterator[Attack]:
    """Yield what ``others``, all public, betray of ``ours``. ``k``: how many persons must change together."""
    mine = _Table(ours)
    yield from _totals(mine)
    for other in others:
        theirs = _Table(other)
        if other.number or _same_people(mine, theirs):  # a version of the same dataset, or as good as one
            yield from _changes(mine, theirs, k)
            yield from _finer(mine, theirs)
        yield from _shown_elsewhere(mine, theirs)
        yield from _summed(mine, theirs)


class _Table:
    """A public table, its columns coded."""

    def __init__(self, public: Public) -> None:
        self.public = public
        self.held = load(public.path, [c for c in public.columns if c.kind is not Kind.GEOMETRY])
        self.rows = pq.read_metadata(public.path).num_rows

    def labels(self, names: Sequence[str]) -> str:
        return listed(f"« {self.held[n].column.label or n} »" for n in names)


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two tables under the same numbers: ``first`` (rows of ours,) and ``second`` (rows of theirs,) by column."""

    first: dict[str, Array]
    second: dict[str, Array]

    def groups(self, names: Sequence[str]) -> tuple[Array, Array, int]:
        """Return (group of our rows, group of theirs, number of groups) by ``names``."""
        rows = len(next(iter(self.first.values())))
        both = combined(
            [np.concatenate([self.first[n], self.second[n]]) for n in names],
            rows + len(next(iter(self.second.values()))),
        )
        return both[:rows], both[rows:], int(both.max()) + 1 if len(both) else 0


def _paired(mine: _Table, theirs: _Table, names: Sequence[str]) -> _Pair:
    first: dict[str, Array] = {}
    second: dict[str, Array] = {}
    for name in names:
        numbers: dict[str | None, int] = {}
        for held, out in ((mine.held[name], first), (theirs.held[name], second)):
            codes = np.array([numbers.setdefault(v, len(numbers)) for v in texts(held)] or [0], np.int64)
            out[name] = codes[held.codes]
    return _Pair(first, second)


# --- Versions -------------------------------------------------------------------------------------


def _same_people(mine: _Table, theirs: _Table) -> bool:
    """True when two datasets hold nearly the same rows: one of all members, one of those of this year."""
    names = [n for n in _common(mine, theirs) if _mostly_same(mine.held[n], theirs.held[n])]
    if len(names) < 2 or not _ALIKE <= mine.rows / max(theirs.rows, 1) <= 1 / _ALIKE:
        return False
    first, second, count = _paired(mine, theirs, names).groups(names)
    shared = np.minimum(np.bincount(first, minlength=count), np.bincount(second, minlength=count)).sum()
    return bool(shared >= _ALIKE * max(mine.rows, theirs.rows))


def _changes(mine: _Table, theirs: _Table, k: int) -> Iterator[Attack]:
    """Yield the rows that come or go in groups too small: those of a group are alike in the columns that stay."""
    # A column whose precision changed makes every row differ, and says nothing of who came.
    names = [n for n in _common(mine, theirs) if _mostly_same(mine.held[n], theirs.held[n])]
    if not names or not mine.rows or not theirs.rows:
        return
    pair = _paired(mine, theirs, names)
    first, second, count = pair.groups(names)
    change = np.bincount(first, minlength=count) - np.bincount(second, minlength=count)
    came, left = int(change[change > 0].sum()), int(-change[change < 0].sum())
    if not came and not left:
        return
    # When many change, only those who can be told from the others of the same release by one column are exposed.
    exposed = came + left if came + left < k else _told_apart(pair, names, change, first, second, k)
    if not exposed:
        return
    yield Attack(
        name="differencing.changed",
        criterion=SINGLING_OUT,
        tried=came + left,
        won=exposed,
        message=CHANGED if theirs.public.number else CHANGED_BESIDE,
        columns=tuple(mine.held[n].column.label or n for n in names),
        values={
            "number": theirs.public.number,
            "title": theirs.public.title,
            "won": exposed,
            "k": k,
            "came": came,
            "left": left,
        },
        hint=HINT_CHANGE,
    )


def _told_apart(pair: _Pair, names: Sequence[str], change: Array, first: Array, second: Array, k: int) -> int:
    """Return how many changed rows are the only ones, fewer than ``k``, to have their value in some column."""
    rows = [np.flatnonzero(change[first] > 0), np.flatnonzero(change[second] < 0)]
    alone = np.zeros(len(rows[0]) + len(rows[1]), bool)
    for name in names:
        values = np.concatenate([pair.first[name][rows[0]], pair.second[name][rows[1]]])
        seen = np.bincount(values)
        if len(np.unique(values)) <= len(values) // 2:  # a column of which each changed row has its own tells nothing
            alone |= seen[values] < k
    return int(alone.sum())


def _common(mine: _Table, theirs: _Table) -> list[str]:
    return [n for n in mine.held if n in theirs.held]


def _finer(mine: _Table, theirs: _Table) -> Iterator[Attack]:
    """Yield the columns that the other version gives more finely, for the rows that the columns that stay identify."""
    common = _common(mine, theirs)
    same = [n for n in common if _mostly_same(mine.held[n], theirs.held[n])]
    if not same:
        return
    pair = _paired(mine, theirs, same)
    first, second, count = pair.groups(same)
    once = (np.bincount(first, minlength=count) == 1) & (np.bincount(second, minlength=count) == 1)
    ours = np.flatnonzero(once[first])
    if not len(ours):
        return
    at = np.full(count, -1, np.int64)
    at[second] = np.arange(theirs.rows)
    match = at[first[ours]]
    for name in [n for n in theirs.held if n not in same]:
        held = theirs.held[name]
        found = held.codes[match]
        filled = ~held.values.is_null().to_numpy(zero_copy_only=False)[found]
        if name not in mine.held:
            if held.size > 1:
                yield _refinement(theirs, name, int(filled.sum()), mine.rows, REMOVED)
            continue
        theirs_distinct, ours_distinct = len(np.unique(found)), len(np.unique(mine.held[name].codes[ours]))
        if theirs_distinct > ours_distinct:
            yield _refinement(theirs, name, int(filled.sum()), mine.rows, REFINED)


def _mostly_same(first: Coded, second: Coded) -> bool:
    mine, other = set(texts(first)) - {None}, set(texts(second)) - {None}
    return bool(mine) and len(mine & other) >= 0.5 * len(mine)


def _refinement(theirs: _Table, name: str, won: int, tried: int, message: str) -> Attack:
    return Attack(
        name="differencing.refined" if message is REFINED else "differencing.removed",
        criterion=INFERENCE,
        tried=tried,
        won=won,
        message=message,
        columns=(theirs.held[name].column.label or name,),
        values={
            "columns": theirs.labels([name]),
            "title": _title(theirs.public),
            "won": won,
            "tried": tried,
        },
        hint=HINT_REFINED,
        # A column that was no one's business may be dropped for other reasons than people.
        assumed=message is REMOVED and theirs.held[name].column.meaning not in _PERSONAL,
    )


def _title(public: Public) -> str:
    return f"{public.title}, version {public.number}" if public.number else public.title


# --- Hidden cells ---------------------------------------------------------------------------------


def _measures(table: _Table) -> list[str]:
    """Return the columns of numbers of which some cells are empty, or masked by a word among numbers."""
    return [n for n, c in table.held.items() if _numbers(c) is not None and (_hidden(c)).any()]


def _hidden(held: Coded) -> Array:
    """Return (rows,): the cell is empty or says that it is hidden."""
    flags = np.array([t is None or fold(t).strip(" .") in _MASKED for t in texts(held)] or [False])
    return flags[held.codes]


def _numbers(held: Coded) -> Array | None:
    """Return (rows,) float64, NaN where hidden, or None for a column that is not of numbers."""
    if held.position is not None and held.column.kind in (Kind.INTEGER, Kind.NUMBER):
        return held.position
    if held.column.kind is not Kind.TEXT:
        return None
    values = np.full(held.size, np.nan)
    for i, text in enumerate(texts(held)):
        if text is None or fold(text).strip(" .") in _MASKED:
            continue
        try:
            values[i] = float(text.replace("\u202f", "").replace("\xa0", "").replace(" ", "").replace(",", "."))
        except ValueError:
            return None
    return values[held.codes] if not np.isnan(values).all() else None


def _keys(table: _Table) -> list[str]:
    """Return the columns that say which cell a row is: all but the measures."""
    measures = {
        n
        for n, c in table.held.items()
        if c.column.kind is Kind.NUMBER or (_numbers(c) is not None and _hidden(c).any())
    }
    counts = {n for n, c in table.held.items() if c.column.kind is Kind.INTEGER and _unlike_a_key(c)}
    return [n for n in table.held if n not in measures | counts]


def _unlike_a_key(held: Coded) -> bool:
    """True for whole numbers that are counts: a year or a code repeats and stays in a narrow range."""
    said = {*words(held.column.name.replace("_", " ")), *words(held.column.label)}
    return not said & _CODES and held.column.meaning not in ("year", "insee_commune", "postcode")


def _cell_texts(table: _Table, names: Sequence[str]) -> list[tuple[str, ...]]:
    columns = []
    for name in names:
        written = [t or "" for t in texts(table.held[name])]
        columns.append([written[c] for c in table.held[name].codes])
    return list(zip(*columns, strict=True)) if columns else [() for _ in range(table.rows)]


def _shown_elsewhere(mine: _Table, theirs: _Table) -> Iterator[Attack]:
    """Yield the hidden cells that the other table shows under the same keys."""
    for name in _measures(mine):
        if name not in theirs.held:
            continue
        other = _numbers(theirs.held[name])
        keys = [k for k in _keys(mine) if k in theirs.held]
        if other is None or not keys or set(_keys(theirs)) - set(keys):
            continue
        known = {k: v for k, v in zip(_cell_texts(theirs, keys), other.tolist(), strict=True) if not math.isnan(v)}
        hidden = _hidden(mine.held[name])
        won = sum(bool(h) and k in known for k, h in zip(_cell_texts(mine, keys), hidden, strict=True))
        if won:
            yield _cells(mine, name, won, int(hidden.sum()), SHOWN, "differencing.shown", _title(theirs.public))


def _totals(mine: _Table) -> Iterator[Attack]:
    """Yield the hidden cells that are alone hidden under a total which is shown, along one of the keys."""
    measures = _measures(mine)
    if not measures:
        return
    keys = _keys(mine)
    cells = _cell_texts(mine, keys)
    for name in measures:
        values = _numbers(mine.held[name])
        assert values is not None
        back: set[int] = set()
        for axis in range(len(keys)):
            back |= _single_under_total(cells, values, axis)
        if back:
            yield _cells(mine, name, len(back), int(_hidden(mine.held[name]).sum()), TOTAL, "differencing.total", "")


def _single_under_total(cells: Sequence[tuple[str, ...]], values: Array, axis: int) -> set[int]:
    """Return the rows that are alone hidden among those of a total that is shown, along one of the keys."""
    families: dict[tuple[str, ...], list[int]] = {}
    totals: dict[tuple[str, ...], float] = {}
    for row, key in enumerate(cells):
        rest = key[:axis] + key[axis + 1 :]
        said = words(key[axis])
        if said and said[0] in _TOTALS:
            totals[rest] = float(values[row])
        else:
            families.setdefault(rest, []).append(row)
    out = set()
    for rest, rows in families.items():
        missing = [r for r in rows if np.isnan(values[r])]
        if rest in totals and not math.isnan(totals[rest]) and len(missing) == 1:
            out.add(missing[0])
    return out


def _summed(mine: _Table, theirs: _Table) -> Iterator[Attack]:
    """Yield the hidden cells that are the sum of shown cells of a finer table."""
    for name in _measures(mine):
        keys = _keys(mine)
        if name not in theirs.held or not keys or any(k not in theirs.held for k in keys):
            continue
        finer = [k for k in _keys(theirs) if k not in keys]
        values = _numbers(theirs.held[name])
        if not finer or values is None:
            continue
        sums = _sums(_cell_texts(theirs, keys), _cell_texts(theirs, finer), values.tolist())
        hidden = _hidden(mine.held[name])
        won = sum(bool(h) and k in sums for k, h in zip(_cell_texts(mine, keys), hidden, strict=True))
        if won:
            yield _cells(mine, name, won, int(hidden.sum()), SUMMED, "differencing.summed", _title(theirs.public))


def _sums(
    keys: Sequence[tuple[str, ...]], finer: Sequence[tuple[str, ...]], values: Sequence[float]
) -> Mapping[tuple[str, ...], float]:
    """Return the sums of the finer cells that are all shown, their own totals left out."""
    sums: dict[tuple[str, ...], float] = {}
    for key, detail, value in zip(keys, finer, values, strict=True):
        if any((words(d) or [""])[0] in _TOTALS for d in detail):
            continue
        sums[key] = sums.get(key, 0.0) + value
    return {k: v for k, v in sums.items() if not math.isnan(v)}


def _cells(mine: _Table, name: str, won: int, tried: int, message: str, code: str, title: str) -> Attack:
    values: dict[str, Any] = {"columns": mine.labels([name]), "won": won, "tried": tried, "title": title}
    return Attack(
        name=code,
        criterion=INFERENCE,
        tried=tried,
        won=won,
        message=message,
        columns=(mine.held[name].column.label or name,),
        values=values,
        hint=HINT_CELL,
    )
