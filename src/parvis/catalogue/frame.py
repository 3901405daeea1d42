"""Where the data of a town lie, told from the frames of its layers: what tables that have no place are about too."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

_NEAR = 0.3  # degrees from the middle of most layers, some 30 km: what lies farther is a slip, or another town's
_WIDEST = 0.6  # degrees: a layer of a whole département says nothing of the town

Frame = tuple[float, float, float, float]


def frame(boxes: Iterable[Iterable[float]]) -> tuple[float, ...]:
    """Return west, south, east, north of what most layers cover, in degrees of WGS84; nothing when none has a place.

    Shape:  each of ``boxes`` is west, south, east, north, or empty.
    """
    told = [box for box in map(tuple, boxes) if len(box) == 4 and max(box[2] - box[0], box[3] - box[1]) <= _WIDEST]
    if not told:
        return ()
    x, y = (median((box[at] + box[at + 2]) / 2 for box in told) for at in (0, 1))
    near = [b for b in told if abs((b[0] + b[2]) / 2 - x) <= _NEAR and abs((b[1] + b[3]) / 2 - y) <= _NEAR]
    return min(b[0] for b in near), min(b[1] for b in near), max(b[2] for b in near), max(b[3] for b in near)
