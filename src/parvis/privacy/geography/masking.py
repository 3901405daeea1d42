"""Moving points among their neighbours: far enough that k homes are as likely, no farther than the density asks.

The move is drawn in a ring (« donut »): at least as far as the ``k``-th nearest home, at most as far as the
``spread`` × k-th. It is drawn from a secret and from the place itself, so that the same house always goes to the same
place: drawn again at each release, the mean of the draws would give it back. Each move is then judged twice: k homes must be
as near to the published place as the true one, for who takes the nearest; and k homes must have a ring that holds it, for
who knows how it was drawn. What passes no draw is withheld.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from typing import Any

import numpy as np

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.privacy.geography.nearby import kth_distance, origins, within
from parvis.privacy.geography.plane import Points

Array = Any

_ROUNDED = 0.2  # metres
_TRIES = 12
_SECRET = 16  # bytes under which a secret is guessed
_SPREAD = 3  # the ring ends where so many times k homes are reached


@dataclass(frozen=True, eq=False)
class Moved:
    """``xy`` (n, 2): where each row is published, NaN when withheld; ``distance`` (n,): metres moved, never published."""

    xy: Array
    distance: Array
    among: Array  # (n,) homes that the published place may be, whoever looks
    withheld: int
    median: float  # metres moved, half of the points: what the reader loses


def move(points: Points, secret: bytes, *, k: int, homes: Array | None = None, spread: int = _SPREAD) -> Moved:
    """Return the places where rows may be published. ``homes`` (m, 2): the town's homes; the table's own when None.

    Raises: InputError for a k under 2 or a secret too short.
    """
    if k < 2 or spread < 2:
        raise InputError("Un déplacement demande au moins 2 foyers.")
    if len(secret) < _SECRET:
        raise InputError("Le secret du déplacement est trop court.")
    base = points.households() if homes is None else homes
    rows = np.flatnonzero(points.placed)
    out = np.full((len(points.xy), 2), np.nan)
    among = np.zeros(len(points.xy), np.int64)
    if not len(rows) or len(base) < k:
        return Moved(out, np.full(len(points.xy), np.nan), among, len(rows), math.nan)
    places, which = np.unique(np.round(points.xy[rows], 1), axis=0, return_inverse=True)
    shown, count = _drawn(places, _rings(places, base, k, spread), base, _rings(base, base, k, spread), secret, k)
    out[rows] = shown[which.reshape(-1)]
    among[rows] = count[which.reshape(-1)]
    distance = np.hypot(*(out - points.xy).T)
    left = int(np.isnan(out[rows]).any(axis=1).sum())
    return Moved(out, distance, among, left, float(np.nanmedian(distance)) if left < len(rows) else math.nan)


def _rings(places: Array, base: Array, k: int, spread: int) -> tuple[Array, Array]:
    """Return (least, most) metres that each place may be moved."""
    near = kth_distance(places, base, k)
    far = kth_distance(places, base, min(spread * k, len(base)))
    return near, np.maximum(np.where(np.isfinite(far), far, near * 2), near * 1.25)


def _drawn(
    places: Array, ring: tuple[Array, Array], base: Array, rings: tuple[Array, Array], secret: bytes, k: int
) -> tuple[Array, Array]:
    """Return (place, homes as near) of each place; those that no draw hides are NaN."""
    near, far = ring
    shown = np.full(places.shape, np.nan)
    count = np.zeros(len(places), np.int64)
    left = np.flatnonzero(np.isfinite(near))
    for attempt in range(_TRIES):
        if not len(left):
            break
        angle, share = _chances(places[left], secret, attempt)
        # Uniform over the surface of the ring.
        radius = np.sqrt(near[left] ** 2 + share * (far[left] ** 2 - near[left] ** 2))
        there = places[left] + np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None]
        # Places were rounded: a home that is only as near by a hair is not counted.
        nearer = within(there, np.hypot(*(there - places[left]).T) - _ROUNDED, base) + 1
        hidden = np.minimum(nearer, origins(there, base, rings[0] + _ROUNDED, rings[1] - _ROUNDED))
        good = hidden >= k
        shown[left[good]], count[left[good]] = there[good], hidden[good]
        left = left[~good]
    return shown, count


def _chances(places: Array, secret: bytes, attempt: int) -> tuple[Array, Array]:
    """Return (angle, share between 0 and 1) of each place, that only one who has the secret can draw again."""
    out = np.empty((len(places), 2))
    for i, (x, y) in enumerate(places.tolist()):
        told = hmac.digest(secret, f"{x:.1f};{y:.1f};{attempt}".encode(), hashlib.sha256)
        out[i] = int.from_bytes(told[:7]) / 2**56, int.from_bytes(told[7:14]) / 2**56
    return out[:, 0] * 2 * math.pi, out[:, 1]
