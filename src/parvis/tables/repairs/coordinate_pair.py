"""Coordinates that share one cell: « 48.85, 2.35 », « [2.35,48.85] », « POINT(2.35 48.85) », metres alike.

Two columns are added for the map. Which number is the longitude is not believed of any convention: it is the order in
which the points fall in France; in metres, the projection in which they do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from parvis.dates import folded
from parvis.france import BOXES
from parvis.tables.draft import Draft, Seen
from parvis.values import Step, msg

TITLE = "Séparer la longitude et la latitude qui partagent une cellule"
ORDER = 94
KEEPS = True
EXAMPLES = [
    (
        (["nom", "geo_point_2d"], [["Halle", "48.8567, 2.3510"], ["Stade", "48.8653, 2.3593"], ["?", None]]),
        (
            ["nom", "geo_point_2d", "longitude", "latitude"],
            [
                ["Halle", "48.8567, 2.3510", "2.351", "48.8567"],
                ["Stade", "48.8653, 2.3593", "2.3593", "48.8653"],
                ["?", None, None, None],
            ],
        ),
    ),
    (
        (["coordonneesXY"], [["[3.1042,47.0317]"], ["[3.1043,47.0318]"]]),
        (
            ["coordonneesXY", "longitude", "latitude"],
            [["[3.1042,47.0317]", "3.1042", "47.0317"], ["[3.1043,47.0318]", "3.1043", "47.0318"]],
        ),
    ),
    (
        (["position"], [["652381 ; 6862047"], ["653000 ; 6863000"]]),
        (
            ["position", "longitude", "latitude"],
            [["652381 ; 6862047", "2.3509991", "48.8566991"], ["653000 ; 6863000", "2.3593297", "48.8653147"]],
        ),
    ),
    ((["Y"], [["6862047,12"], ["6863000,5"]]), (["Y"], [["6862047,12"], ["6863000,5"]])),
    ((["prix"], [["12.5, 13.5"], ["1.5, 2.5"]]), (["prix"], [["12.5, 13.5"], ["1.5, 2.5"]])),
]

_DEGREES = 4326
_NUMBER = r"-?\d{1,8}(?:\.\d+)?"
_PAIR = re.compile(
    rf"^\s*(?:(?:SRID=\d+;)?POINT\s*)?[\[(]?\s*({_NUMBER})\s*(?:; ?|, | )\s*({_NUMBER})\s*[\])]?\s*$", re.IGNORECASE
)
_TIGHT = re.compile(r"^\s*[\[(]?\s*(-?\d{1,8}\.\d+),(-?\d{1,8}\.\d+)\s*[\])]?\s*$")  # « 6862047,12 » is one number
_COMMAS = re.compile(r"^\s*[\[(]?\s*(-?\d{1,8},\d+)\s*[; ]\s*(-?\d{1,8},\d+)\s*[\])]?\s*$")
_SHARE = 0.9
_SOME = 5000  # points looked at


def propose(draft: Draft) -> Sequence[Step]:
    if draft.raw.geometry or any(re.search(r"\b(?:lon|long|lng|longitude)\b", _words(x)) for x in draft.labels):
        return []
    for i, label in enumerate(draft.labels):
        if not label.strip():
            continue  # a step names its column
        if _are_pairs(draft.seen(i)):
            cells = draft.column(i)
            found = _order(list(islice(filter(None, map(_pair, cells)), _SOME)))
            if found is not None:
                return [_step(label, cells, *found)]
    return []


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    i = draft.find(str(parameters.get("column", "")))
    if i is None or not any(map(_pair, draft.seen(i).texts)):
        return False
    code, first = int(parameters.get("epsg", _DEGREES)), bool(parameters.get("longitude_first", True))
    draft.beside(("longitude", "latitude"), _columns(draft, i, code, first))
    return True


def _words(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", folded(label))


def _pair(cell: str) -> tuple[float, float] | None:
    """Return the two numbers of a cell, as they come."""
    found = _PAIR.match(cell) or _TIGHT.match(cell) or _COMMAS.match(cell)
    return (float(found[1].replace(",", ".")), float(found[2].replace(",", "."))) if found else None


def _are_pairs(seen: Seen) -> bool:
    """True when nearly every cell of a column holds two numbers; most columns are left after a few of their texts."""
    left = (1 - _SHARE) * seen.filled + 1e-9
    for text, times in zip(seen.texts, seen.times, strict=True):
        if _pair(text) is None:
            left -= times
            if left < 0:
                return False
    return bool(seen.texts)


def _order(pairs: Sequence[tuple[float, float]]) -> tuple[int, bool] | None:
    """Return (EPSG code, True when the longitude comes first), or None when the points fall nowhere in France."""
    few = [p for p in pairs if p != (0.0, 0.0)]
    for first in (True, False):
        if few and sum(_in_france(p if first else p[::-1]) for p in few) >= _SHARE * len(few):
            return _DEGREES, first
    if not few or min(max(map(abs, p)) for p in few) < 1000:
        return None
    import numpy as np

    from parvis.tables import layer

    sample = np.array(few, float)
    for first in (True, False):
        crs = layer.guess(sample if first else sample[:, ::-1])
        if crs is not None and (code := crs.to_epsg()):
            return code, first
    return None


def _in_france(point: tuple[float, ...]) -> bool:
    x, y = point[0], point[1]
    return any(west <= x <= east and south <= y <= north for west, south, east, north in BOXES)


def _points(cells: Sequence[str | None], code: int, first: bool) -> tuple[list[float | None], list[float | None]]:
    pairs = [_pair(c) if c else None for c in cells]
    xs, ys = ([p[k] if p and p != (0.0, 0.0) else None for p in pairs] for k in ((0, 1) if first else (1, 0)))
    if code == _DEGREES:
        return xs, ys
    from parvis.tables import layer

    east, north = layer.degrees(xs, ys, code)
    return east, north


def _columns(draft: Draft, i: int, code: int, first: bool) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    batches = []
    for batch in draft.connection.sql(f"SELECT c{i} FROM {draft.view}").to_arrow_reader(100_000):
        sides = _points(batch.column(0).to_pylist(), code, first)
        text = [pc.round(pa.array(side, pa.float64()), 7).cast(pa.string()) for side in sides]
        batches.append(pa.RecordBatch.from_arrays(text, ["longitude", "latitude"]))
    return pa.Table.from_batches(batches)


def _step(label: str, cells: Sequence[str], code: int, first: bool) -> Step:
    shown = list(dict.fromkeys(c for c in cells if _pair(c)))[:3]
    sides = _points(shown, code, first)
    return Step(
        "coordinate_pair",
        {"column": label, "epsg": code, "longitude_first": first},
        tuple(shown),
        tuple(f"{x:.5f} ; {y:.5f}" for x, y in zip(*sides, strict=True) if x is not None and y is not None),
        msg("La colonne « {column} » porte deux coordonnées : longitude et latitude sont ajoutées, pour la carte."),
        {"column": label},
    )
