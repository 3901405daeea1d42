"""Counts moved by a little noise that is always the same for the same people: the cell-key method.

Each row has a number drawn once (its key); the keys of a cell's rows add up to the cell's key, which chooses the noise. Two
tables that count the same people show the same figure, so that asking again teaches nothing, and geographies that do not
fit into each other can be published together, where hiding cells fails. Totals no longer add up to the unit: it is said.

Source: Marley and Leaver 2011 (Australian Bureau of Statistics); Giessing 2016, doi:10.1007/978-3-319-45381-1_18 (noise of
        greatest entropy), as in the R package ptable.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.privacy.tabular.programme import Floats

Keys = npt.NDArray[np.uint64]
_TURN = 2**32  # keys are whole numbers below it, and add up modulo it


@dataclass(frozen=True, eq=False, slots=True)
class NoiseTable:
    """For each count from 0 to ``last`` (larger ones like ``last``), the chance of each move from -``most`` to ``most``.

    Shape:  ``chances`` (last + 1, 2 × most + 1), each row sums to 1 and moves by nothing on average.
    """

    most: int
    variance: float
    hidden_to: int
    chances: Floats

    @property
    def last(self) -> int:
        return len(self.chances) - 1


def noise_table(most: int = 5, variance: float = 2.0, hidden_to: int = 2) -> NoiseTable:
    """Return the noise of greatest entropy: right on average, of this variance, never further than ``most``.

    No count from 1 to ``hidden_to`` is ever shown; nothing stays nothing. Where a small count cannot have this variance
    (a 1 that becomes 0 or 3) it has the nearest that it can.
    Raises: InputError for what no noise can do.
    """
    if not (1 <= most <= 50 and 0 <= hidden_to < most and 0 < variance <= most**2):
        raise InputError(
            "Ce bruit n'existe pas : il faut un écart de 1 à 50, une variance d'au plus son carré, et un seuil inférieur à "
            "l'écart."
        )
    moves = np.arange(-most, most + 1)
    rows = []
    for count in range(most + hidden_to + 2):
        shown = count + moves
        allowed = (shown == 0) | (shown > hidden_to)
        rows.append(_greatest_entropy(moves, allowed, variance) if count else (moves == 0).astype(float))
    return NoiseTable(most, variance, hidden_to, np.array(rows))


def _greatest_entropy(moves: npt.NDArray[np.int64], allowed: npt.NDArray[np.bool_], variance: float) -> Floats:
    """Return chances proportional to exp(a × move + b × move²), the form that entropy is greatest in.

    a is found so that the mean is nothing, for each b of a bisection on the variance.
    """
    support = moves[allowed].astype(float)
    tightest, widest = _spread(support)
    aim = float(np.clip(variance, tightest, widest))
    low, high = -40.0, 40.0
    chances = _centred(support, 0.0)
    for _ in range(50):
        middle = (low + high) / 2
        chances = _centred(support, middle)
        if float(chances @ support**2) < aim:
            low = middle
        else:
            high = middle
    full = np.zeros(len(moves))
    full[allowed] = chances
    return full


def _spread(support: Floats) -> tuple[float, float]:
    """Return the least and the greatest variance of a noise of no mean on these moves: on the two next to 0, or the ends."""
    least = 0.0 if 0.0 in support else float(-support[support < 0].max() * support[support > 0].min())
    return least, float(-support.min() * support.max())


def _centred(support: Floats, curve: float) -> Floats:
    """Return chances of the form exp(a × move + curve × move²) whose mean is nothing."""
    low, high = -200.0, 200.0
    chances = np.zeros(len(support))
    for _ in range(60):
        middle = (low + high) / 2
        power = middle * support + curve * support**2
        chances = np.exp(power - power.max())
        chances /= chances.sum()
        if float(chances @ support) < 0:
            low = middle
        else:
            high = middle
    return chances


def row_keys(identifiers: Sequence[str], secret: bytes) -> Keys:
    """Return a key for each row, from what tells it apart and a secret that is kept: the same in all versions."""
    return np.array(
        [int.from_bytes(hmac.new(secret, i.encode(), hashlib.sha256).digest()[:4], "big") for i in identifiers],
        np.uint64,
    )


def cell_keys(keys: Keys, cells: npt.NDArray[np.int64], n: int) -> Keys:
    """Return the key of each of n cells: its rows' keys added up. ``cells`` (rows,) says where each row belongs."""
    found = np.zeros(n, np.uint64)
    np.add.at(found, cells, keys)
    return found % np.uint64(_TURN)


def moved(counts: npt.NDArray[np.int64], keys: Keys, table: NoiseTable) -> npt.NDArray[np.int64]:
    """Return the counts to publish. Shape: both (n,), counts >= 0, keys as ``cell_keys`` gives them."""
    drawn = (keys % np.uint64(_TURN)).astype(float) / _TURN
    reached = np.cumsum(table.chances[np.minimum(counts, table.last)], axis=1)
    reached[:, -1] = 1.0
    move = (drawn[:, None] >= reached).sum(1) - table.most
    return np.asarray(np.where(counts > 0, np.maximum(counts + move, 0), 0))
