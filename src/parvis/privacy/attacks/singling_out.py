"""Singling out: which persons stand alone in what is published, seen through one, two, three columns or all of them.

The attacker has nothing but the published table: he looks for values that a single person has. Combinations are found
by measurement, whatever the columns are called. A row that a predicate isolates counts only when those who could have
that value in the original are no more than its person, so that a coarse value isolates nobody by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from parvis.privacy.attacks.attack import SINGLING_OUT, Attack
from parvis.privacy.attacks.case import SAME, SEED, Array, Case
from parvis.values import msg

_NAMES = {1: "singling_out.one", 2: "singling_out.two", 3: "singling_out.three"}
_WIDTH = ((50_000, 12), (300_000, 8), (10**12, 5))  # rows up to which so many columns are combined
_CHECKED = 2_000  # isolated rows whose possible rows are counted one by one

HINT = msg("Regroupez les valeurs de ces colonnes, ou retirez celle qui isole le plus.")
SINGLE = msg("Une seule colonne, {columns}, suffit à isoler {won} personne(s) sur {tried}.")
SEVERAL = msg("Qui connaît {columns} de quelqu'un isole {won} personne(s) sur {tried}.")
ALL = msg("Toutes colonnes réunies ({columns}), {won} personne(s) sur {tried} sont seules de leur sorte.")


def attacks(case: Case) -> Iterator[Attack]:
    """Yield the best predicate of one, two and three columns, and all columns together."""
    names = [n for n in case.known if n in case.published and case.published[n].size > 1]
    if not names or not case.rows:
        return
    for size, best, alone in _by_size(case, _telling(case, names)):
        yield _told(case, _NAMES[size], best, alone, SINGLE if size == 1 else SEVERAL)
    if len(names) > 3:
        yield _told(case, "singling_out.all", names, _alone(case, names), ALL)


def _by_size(case: Case, names: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...], Array]]:
    """Yield (size, columns, rows isolated) of the set of each size that isolates most, when it isolates any."""
    for size in (1, 2, 3):
        best: tuple[str, ...] = ()
        most: Array = np.empty(0, np.int64)
        for some in combinations(names, size):
            alone = _alone(case, some)
            if len(alone) > len(most) or not best:
                best, most = some, alone
        if best:
            yield size, best, most


def _telling(case: Case, names: Sequence[str]) -> list[str]:
    """Return the columns that tell most rows apart, no more than the table's size allows to combine."""
    width = next(w for rows, w in _WIDTH if case.rows <= rows)
    return sorted(names, key=lambda n: (-case.published[n].size, n))[:width]


def _alone(case: Case, names: Sequence[str]) -> Array:
    """Return the published rows whose values in ``names`` are those of one person."""
    groups, sizes = case.grouped(names)
    return np.flatnonzero(sizes[groups] == 1)


def _told(case: Case, name: str, names: Sequence[str], alone: Array, message: str) -> Attack:
    sure = _confirmed(case, names, alone)
    tried = case.number
    return Attack(
        name=name,
        criterion=SINGLING_OUT,
        tried=tried,
        won=round(sure * case.persons(alone)) if len(alone) else 0,
        message=message,
        columns=case.shown(names),
        values={
            "columns": case.named(names),
            "won": round(sure * case.persons(alone)) if len(alone) else 0,
            "tried": tried,
        },
        hint=HINT,
        lines=case.lines_of(alone),
    )


def _confirmed(case: Case, names: Sequence[str], alone: Array) -> float:
    """Return the share of isolated rows whose person is alone in the original too, by a sample of them.

    « 20 à 39 ans » may be the only such label while others of that age are published with a finer one.
    """
    if not len(alone) or all(case.became(n) == SAME for n in names):
        return 1.0
    rows = alone if len(alone) <= _CHECKED else np.random.default_rng(SEED).choice(alone, _CHECKED, replace=False)
    return float(np.mean([case.persons(case.candidates(int(r), names)) == 1 for r in rows]))
