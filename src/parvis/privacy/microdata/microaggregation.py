"""Numbers replaced by the mean of the k rows most like them: MDAV, with classes of k, or V-MDAV, where they may grow.

Source: Domingo-Ferrer and Mateo-Sanz 2002 (doi:10.1109/69.979982), Solanas and Martínez-Ballesté 2006 (V-MDAV).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parvis.errors import InputError
from parvis.privacy.microdata.coding import Floats, Ints
from parvis.privacy.microdata.settle import refused
from parvis.values import msg


def mdav(table: Floats, k: int) -> Ints:
    """Return the class of each row, of k to 2k - 1 rows. Columns count alike: each is standardised first.

    Shape:  table is n rows by m columns of finite numbers.
    Raises: RefusedError when there are fewer than k rows; InputError when a number is missing.
    """
    points = _standard(table, k)
    group = np.full(len(points), -1, np.int64)
    left, number = np.arange(len(points)), 0
    while len(left) >= 3 * k:
        far = _farthest(points, left, points[left].mean(0))
        other = _farthest(points, left, points[far])
        for seed in (far, other):
            near = _nearest(points, left, seed, k)
            group[left[near]] = number
            left, number = np.delete(left, near), number + 1
    if len(left) >= 2 * k:
        near = _nearest(points, left, _farthest(points, left, points[left].mean(0)), k)
        group[left[near]] = number
        left, number = np.delete(left, near), number + 1
    group[left] = number
    return group


def in_blocks(table: Floats, k: int, most: int = 3000) -> Ints:
    """Return the class of each row as ``mdav`` does, of a table however long: it is first cut along what varies most.

    Shape:  as ``mdav``. Each block holds at most ``most`` rows, and at least half of it; the work then grows as the rows.
    Raises: as ``mdav``.
    """
    if len(table) <= max(most, 2 * k):
        return mdav(table, k)
    points = _standard(table, k)
    order = np.argsort(points @ _widest(points), kind="stable")
    half = len(order) // 2
    left, right = (in_blocks(table[rows], k, most) for rows in (order[:half], order[half:]))
    group = np.empty(len(table), np.int64)
    group[order[:half]], group[order[half:]] = left, right + int(left.max()) + 1
    return group


def _widest(points: Floats) -> Floats:
    """Return the direction in which points vary most."""
    return np.asarray(np.linalg.eigh(points.T @ points)[1][:, -1], np.float64)


def v_mdav(table: Floats, k: int, gamma: float = 0.2) -> Ints:
    """Return the class of each row, of k to 2k - 1 rows: a class takes in a row that is nearer to it than to the others.

    ``gamma`` says how much nearer: a class grows while the nearest row lies within gamma times the distance of that row
    to its own nearest neighbour. Shapes and errors: as ``mdav``.
    """
    points = _standard(table, k)
    group = np.full(len(points), -1, np.int64)
    left, number = np.arange(len(points)), 0
    centre = points.mean(0)
    while len(left) >= k:
        near = _nearest(points, left, _farthest(points, left, centre), k)
        chosen, left = left[near], np.delete(left, near)
        while len(left) and len(chosen) < 2 * k - 1:
            gaps = ((points[left][:, None] - points[chosen][None]) ** 2).sum(2).min(1)
            place = int(np.argmin(gaps))
            others = np.delete(left, place)
            if not len(others):
                break
            apart = ((points[others] - points[left[place]]) ** 2).sum(1).min()
            if np.sqrt(gaps[place]) >= gamma * np.sqrt(apart):
                break
            chosen, left = np.append(chosen, left[place]), others
        group[chosen] = number
        number += 1
    for row in left:  # fewer than k: each joins the class whose mean is nearest
        means = np.array([points[group == one].mean(0) for one in range(number)])
        group[row] = int(np.argmin(((means - points[row]) ** 2).sum(1)))
    return group


def averaged(table: Floats, group: Ints) -> Floats:
    """Return the table with each number replaced by the mean of its class."""
    size = np.bincount(group).astype(np.float64)
    columns = [(np.bincount(group, column) / size)[group] for column in table.T]
    return np.stack(columns, axis=1) if columns else table.copy()


def information_lost(table: Floats, group: Ints) -> float:
    """Return 100 · SSE / SST over standardised columns: the share of what varies that the means hide, in percent."""
    points = _standard(table, 1)
    return float(100 * ((points - averaged(points, group)) ** 2).sum() / (points**2).sum())


def _standard(table: Floats, k: int) -> Floats:
    if table.ndim != 2 or not np.isfinite(table).all():
        raise InputError(
            msg("La micro-agrégation demande des nombres dans toutes les cellules."),
            msg("Retirez les lignes incomplètes, ou traitez ces colonnes autrement."),
        )
    if len(table) < max(k, 1):
        raise refused()
    spread = table.std(0, ddof=1) if len(table) > 1 else np.ones(table.shape[1])
    points: Floats = (table - table.mean(0)) / np.where(spread > 0, spread, 1.0)
    return points


def _farthest(points: Floats, left: Ints, of: Floats) -> int:
    return int(left[np.argmax(((points[left] - of) ** 2).sum(1))])


def _nearest(points: Floats, left: Ints, seed: int, k: int) -> Ints:
    """Return the places, in ``left``, of the k rows nearest to one of them."""
    gaps = ((points[left] - points[seed]) ** 2).sum(1)
    near = np.argpartition(gaps, k - 1)[:k] if k < len(left) else np.arange(len(left))
    return near.astype(np.int64)


# --- Numbers and words changed a little -------------------------------------------------------------


def cut(numbers: Floats, low: float | None = None, high: float | None = None) -> Floats:
    """Return the numbers with those beyond a bound brought back to it (top and bottom coding)."""
    return np.clip(numbers, -np.inf if low is None else low, np.inf if high is None else high)


def bounds_for(numbers: Floats, k: int) -> tuple[float, float]:
    """Return the bounds that leave at least k rows at each end. Raises: RefusedError with fewer than 2k numbers."""
    known = np.sort(numbers[np.isfinite(numbers)])
    if len(known) < 2 * k:
        raise refused()
    return float(known[k - 1]), float(known[-k])


def rounded(numbers: Floats, step: float, seed: int | None = None) -> Floats:
    """Return the numbers rounded to a step: to the nearest one or, with a seed, up or down by chance so that means stay."""
    if step <= 0:
        raise InputError(msg("L'arrondi demande un pas supérieur à zéro."))
    scaled = numbers / step
    if seed is None:
        return np.round(scaled) * step
    low = np.floor(scaled)
    up: Floats = low + (np.random.default_rng(seed).random(len(numbers)) < scaled - low)
    return up * step


def swapped(values: Sequence[float], percent: float, seed: int) -> Floats:
    """Return the numbers, each exchanged with one whose rank is at most ``percent`` % of the rows away (rank swapping).

    The numbers stay the same as a whole; which row holds which is no longer sure.
    """
    numbers = np.asarray(values, np.float64)
    chance = np.random.default_rng(seed)
    order = np.argsort(numbers, kind="stable")
    reach = max(int(len(numbers) * percent / 100), 1)
    free = np.ones(len(numbers), bool)
    for rank in range(len(numbers)):
        if not free[rank]:
            continue
        near = np.flatnonzero(free[rank + 1 : rank + 1 + reach]) + rank + 1
        if len(near):
            other = int(chance.choice(near))
            free[other] = False
            order[rank], order[other] = order[other], order[rank]
        free[rank] = False
    found = np.empty(len(numbers))
    found[order] = np.sort(numbers, kind="stable")
    return found


def drawn_anew(codes: Ints, kept: float, seed: int) -> Ints:
    """Return the codes of a column, each kept with the chance ``kept``, else drawn by how often values come (PRAM).

    The shares of the values stay as they were on average (invariant post-randomisation, Gouweleeuw et al. 1998).
    """
    chance = np.random.default_rng(seed)
    share = np.bincount(codes) / max(len(codes), 1)
    drawn = chance.choice(len(share), len(codes), p=share) if len(codes) else codes
    return np.where(chance.random(len(codes)) < kept, codes, drawn)
