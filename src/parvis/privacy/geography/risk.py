"""Who is alone on a map: among how many homes the one that a published place may be is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from parvis.frozen import dataclass
from parvis.privacy.attacks.attack import SINGLING_OUT, Attack
from parvis.privacy.geography.nearby import kth_distance, within
from parvis.privacy.geography.plane import Points
from parvis.text import number
from parvis.values import msg

Array = Any

_SAME = 1.0  # metres within which two places are the same

ALONE = msg(
    "{won} point(s) sur {tried} désignent moins de {k} foyers. Le plus isolé est à {distance} du {rank}e foyer le plus "
    "proche : une maison seule sur une carte désigne ceux qui l'habitent."
)
HINT = msg(
    "Publiez des carreaux d'au moins {k} foyers, des quartiers, ou des points déplacés parmi {k} foyers voisins."
)


@dataclass(frozen=True, eq=False)
class Exposure:
    """``among`` (n,): homes that the place of each row may be; ``distance`` (n,): metres to the k-th nearest home."""

    among: Array
    distance: Array
    k: int
    known: bool  # the homes are those of an address base, and not only those of the table

    @property
    def exposed(self) -> Array:
        """Rows that may be fewer than k homes."""
        return np.flatnonzero(self.among < self.k)


def exposure(true: Points, shown: Array | None = None, *, k: int, homes: Array | None = None) -> Exposure:
    """Return how far each row is hidden when ``shown`` (n, 2) metres is published of it, its own place when None.

    ``homes`` (m, 2) are the homes of the town, as an address base gives them, in the same system; the table's own
    households when None. Two ways hide a home: others are published at the very same place, or others lie as near to
    the published place as it does, for one who takes the nearest.
    """
    published = true.xy if shown is None else shown
    placed = true.placed & ~np.isnan(published).any(axis=1)
    base = true.households() if homes is None else homes
    among = np.full(len(true.xy), np.iinfo(np.int64).max)
    away = np.full(len(true.xy), np.nan)
    rows = np.flatnonzero(placed)
    if len(rows):
        moved = np.hypot(*(published[rows] - true.xy[rows]).T)
        near = within(published[rows], np.maximum(moved, _SAME), base)
        among[rows] = np.maximum(near, _sharing(published[rows], true.homes[rows]))
        away[rows] = kth_distance(true.xy[rows], base, k)
    return Exposure(among, away, k, homes is not None)


def attack(found: Exposure, labels: Sequence[str] = ()) -> Attack:
    """Return the exposure as an attack of the first criterion, tried on every row that has a place."""
    tried = int((~np.isnan(found.distance)).sum())
    exposed = found.exposed
    far = found.distance[exposed]
    farthest = float(np.max(far)) if len(far) else 0.0
    return Attack(
        name="singling_out.place",
        criterion=SINGLING_OUT,
        tried=tried,
        won=len(exposed),
        message=ALONE,
        columns=tuple(labels),
        values={
            "won": len(exposed),
            "tried": tried,
            "k": found.k,
            "rank": found.k,
            "distance": _metres(farthest),
        },
        hint=HINT,
    )


def _metres(distance: float) -> str:
    if not np.isfinite(distance):
        return "plus de 100 km"
    return f"{number(distance / 1000, 1)} km" if distance >= 1000 else f"{round(distance)} m"


def _sharing(published: Array, homes: Array) -> Array:
    """Return (n,): the households published at the same place."""
    _, place = np.unique(np.round(published), axis=0, return_inverse=True)
    place = place.reshape(-1)
    size = int(homes.max()) + 1
    pairs = np.unique(place * size + homes)
    return np.bincount(pairs // size, minlength=int(place.max()) + 1)[place]
