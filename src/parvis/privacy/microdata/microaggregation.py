"""Numbers replaced by the mean of the k rows most like them: MDAV, with classes of k, or V-MDAV, where they may grow.

Source: Domingo-Ferrer and Mateo-Sanz 2002 (doi:10.1109/69.979982), Solanas and Martínez-Ballesté 2006 (V-MDAV).
"""

from __future__ import annotations

from typing import Any

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


def partners(keys: Any, reach: int) -> Ints:
    """Return whose value each row takes, rows being in the order of their values: one at most ``reach`` ranks away.

    Each row gives its value to one other, none keeps its own when there are two. ``keys`` (n,) are whole numbers of 64 bits,
    one a row, that draw: the same rows are exchanged the same way again.
    """
    n = len(keys)
    if not n:
        return np.empty(0, np.int64)
    block = np.arange(n) // (reach + 1)
    if n > 1 and (block == block[-1]).sum() == 1:
        block[-1] -= 1  # a row alone would keep its value
    order = np.lexsort((keys, block))
    following = np.roll(order, -1)
    starts = np.flatnonzero(np.diff(block[order], prepend=-1))
    ends = np.append(starts[1:], n) - 1
    following[ends] = order[starts]
    taken = np.empty(n, np.int64)
    taken[order] = following
    return taken


def drawn_by(codes: Ints, part: float, keys: Any) -> Ints:
    """Return the codes of a column, this part of them drawn again by how often values come (PRAM); ``keys`` as above.

    The shares of the values stay as they were on average (invariant post-randomisation, Gouweleeuw et al. 1998).
    """
    reached = np.cumsum(np.bincount(codes)) / max(len(codes), 1)
    with np.errstate(over="ignore"):
        other = (keys * np.uint64(0x9E3779B97F4A7C15)) ^ (keys >> np.uint64(29))
    drawn = np.searchsorted(reached, other / 2.0**64, side="right")
    return np.where(keys / 2.0**64 < part, np.minimum(drawn, len(reached) - 1), codes).astype(np.int64)
