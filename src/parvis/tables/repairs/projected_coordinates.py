"""Coordinates in metres (Lambert-93, CC42 to CC50, Lambert II étendu, UTM overseas) in two columns of a table.

A spreadsheet's X and Y make no map by themselves: longitude and latitude columns are added beside them. The system is
the one in which the points fall in the place it was made for; what the header says of it is tried first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parvis.dates import folded
from parvis.frozen import dataclass
from parvis.tables.draft import Draft
from parvis.text import late
from parvis.values import Finding, Place, Severity, Step, msg

TITLE = "Convertir des coordonnées en mètres en longitude et latitude"
ORDER = 95
KEEPS = True
EXAMPLES = [
    (
        (["nom", "X", "Y"], [["Halle", "652381,5", "6862047"], ["Stade", "653000", "6863000"]]),
        (
            ["nom", "X", "Y", "longitude", "latitude"],
            [
                ["Halle", "652381,5", "6862047", "2.3510059", "48.8566991"],
                ["Stade", "653000", "6863000", "2.3593297", "48.8653147"],
            ],
        ),
    ),
    ((["nom", "x", "y"], [["Halle", "2.35", "48.85"]]), (["nom", "x", "y"], [["Halle", "2.35", "48.85"]])),
    ((["nom", "surface"], [["Halle", "652381"]]), (["nom", "surface"], [["Halle", "652381"]])),
]

_EAST = r"x|abscisses?|easting|est|e"
_NORTH = r"y|ordonnees?|northing|nord|n"
_AXES = tuple(re.compile(rf"\b(?:{axis})\b") for axis in (_EAST, _NORTH))
_BESIDE = r"(?:coord(?:onnees?)?|lamb(?:ert)?\d*|l\d+|cc\d+|rgf\d*|utm\d*|epsg\d*)"  # what is written against an axis
_SAID = (
    (re.compile(r"l(?:ambert)?\W?93|2154|rgf\W?93"), (2154,)),
    (re.compile(r"l(?:ambert)?\W?(?:2|ii)\W?e|27572|lambert\W?(?:2|ii)\b"), (27572,)),
    (re.compile(r"pseudo|mercator|3857|900913"), (3857,)),
)
_ZONE = late(r"cc\W?(4[2-9]|50)|39(4[2-9]|50)")
_NUMBER = re.compile(r"^-?\d{4,8}(?:[.,]\d+)?$")
_SPACES = late("[ \u00a0\u202f\u2009]")
_LEAST = 0.8  # share of the filled cells that must be metres


def propose(draft: Draft) -> Sequence[Step]:
    """Return one step for the first pair of columns whose metres fall in France."""
    if draft.raw.geometry or _has_degrees(draft):
        return []
    for pair in _pairs(draft.labels):
        found = _recognised(draft, pair)
        if found is not None:
            return [_step(draft, pair, found)]
    return []


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    """Add the two columns; rows whose cells are no point keep them empty."""
    east, north = (draft.find(str(parameters.get(k, ""))) for k in ("x", "y"))
    code = int(parameters.get("epsg", 0))
    if east is None or north is None or not code:
        return False
    if not any(p for p in _points(draft, (east, north)) if p):
        return False
    added = _labels(draft)
    draft.beside(added, _degrees(draft, (east, north), code))
    draft.findings.append(_said(draft, parameters, added))
    return True


# --- Which columns ------------------------------------------------------------------------------------


def _pairs(labels: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of columns whose headers differ only by their axis: X and Y, « coord_x (L93) » and « coord_y (L93) »."""
    bare = [_plain(label) for label in labels]
    for i, first in enumerate(bare):
        stem = _stem(first, 0)
        if stem is None:
            continue
        other = next((j for j, second in enumerate(bare) if j != i and _stem(second, 1) == stem), None)
        if other is not None:
            yield i, other


def _plain(label: str) -> str:
    """Return a header as words, its axis apart: « CoordX », « XCOORD », « X_L93 », « LAMBX » give « coord x », « x l93 »."""
    words = folded(re.sub(r"(?<=[a-zé])(?=[XY](?![a-z]))", " ", label))
    words = re.sub(r"[^a-z0-9]+", " ", words).strip()
    words = re.sub(rf"\b([xy])(?={_BESIDE}\b)", r"\1 ", words)
    return re.sub(rf"\b({_BESIDE})([xy])\b", r"\1 \2", words)


def _stem(words: str, axis: int) -> str | None:
    """Return a header without its axis, or None when it names none."""
    found = _AXES[axis].search(words)
    return " ".join(f"{words[: found.start()]} {words[found.end() :]}".split()) if found else None


def _has_degrees(draft: Draft) -> bool:
    """True when the table has its longitudes and latitudes already."""
    words = [re.sub(r"[^a-z]+", " ", folded(label)).split() for label in draft.labels]
    here = [i for i, w in enumerate(words) if {"longitude", "lon", "long", "lng"} & set(w)]
    return any(any(re.match(r"^-?\d{1,3}[.,]\d+$", c.strip()) for c in draft.few(i, 50)) for i in here)


# --- Which system -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """The system of a pair of columns, whether the header says it, and whether X holds the northings."""

    code: int
    name: str
    said: bool
    swapped: bool


def _recognised(draft: Draft, pair: tuple[int, int]) -> _Found | None:
    import numpy as np

    from parvis.tables import layer

    points = _points(draft, pair)
    good = [p for p in points if p]
    filled = sum(p is not None for p in points)
    if not good or len(good) < _LEAST * filled:
        return None
    sample = np.array(good[:5000], float)
    header = folded(f"{draft.labels[pair[0]]} {draft.labels[pair[1]]}")
    for swapped in (False, True):
        seen = sample[:, ::-1] if swapped else sample
        for code in _told(header):
            if layer.fits(seen, code):
                return _Found(code, layer.system_name(code), True, swapped)
        crs = layer.guess(seen)
        if crs is not None and (known := crs.to_epsg()):
            return _Found(known, layer.system_name(known), False, swapped)
    return None


def _told(header: str) -> tuple[int, ...]:
    zone = _ZONE.search(header)
    if zone:
        return (3900 + int(zone[1] or zone[2]),)
    return next((codes for pattern, codes in _SAID if pattern.search(header)), ())


def _points(draft: Draft, pair: tuple[int, int]) -> list[tuple[float, float] | tuple[()] | None]:
    """Return each row's two numbers, () when they are none, None when a cell is empty or zero."""
    out: list[tuple[float, float] | tuple[()] | None] = []
    for x, y in zip(*(draft.cells(i).to_pylist() for i in pair), strict=True):
        if not x or not y or x.strip() in ("0", "") or y.strip() in ("0", ""):
            out.append(None)
            continue
        a, b = _number(x), _number(y)
        out.append((a, b) if a is not None and b is not None else ())
    return out


def _number(cell: str) -> float | None:
    bare = _SPACES.sub("", cell.strip())
    if bare.count(",") == 1 and bare.count(".") > 1:  # 6.862.047,12
        bare = bare.replace(".", "")
    return float(bare.replace(",", ".")) if _NUMBER.match(bare) else None


# --- Change -------------------------------------------------------------------------------------------


def _degrees(draft: Draft, pair: tuple[int, int], code: int) -> Any:
    """Return the longitude and the latitude of every row, as text; empty where there is no point."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from parvis.tables import layer

    cells = ", ".join(f"c{i}" for i in pair)
    batches = []
    for batch in draft.connection.sql(f"SELECT {cells} FROM {draft.view}").to_arrow_reader(100_000):
        xs, ys = ([_number(c or "") for c in column.to_pylist()] for column in batch.columns)
        told = layer.degrees(xs, ys, code)
        text = [pc.round(pa.array(side, pa.float64()), 7).cast(pa.string()) for side in told]
        batches.append(pa.RecordBatch.from_arrays(text, ["longitude", "latitude"]))
    return pa.Table.from_batches(batches)


def _labels(draft: Draft) -> tuple[str, str]:
    taken = {folded(label) for label in draft.labels}
    return ("longitude", "latitude") if not taken & {"longitude", "latitude"} else ("longitude_wgs84", "latitude_wgs84")


def _step(draft: Draft, pair: tuple[int, int], found: _Found) -> Step:
    from parvis.tables import layer

    east, north = reversed(pair) if found.swapped else pair
    shown = [p for p in _points(draft, (east, north)) if p][:3]
    degrees = layer.degrees([p[0] for p in shown], [p[1] for p in shown], found.code)
    return Step(
        "projected_coordinates",
        {"x": draft.labels[east], "y": draft.labels[north], "epsg": found.code, "said": found.said},
        tuple(f"{p[0]:.0f} ; {p[1]:.0f}" for p in shown),
        tuple(f"{x:.5f} ; {y:.5f}" for x, y in zip(*degrees, strict=True) if x is not None and y is not None),
        msg(
            "Les colonnes « {x} » et « {y} » sont en {system} : leurs longitudes et latitudes sont ajoutées, pour la carte."
        ),
        {"x": draft.labels[pair[0]], "y": draft.labels[pair[1]], "system": found.name},
    )


def _said(draft: Draft, parameters: Mapping[str, Any], added: tuple[str, str]) -> Finding:
    from parvis.tables import layer

    return Finding(
        "geo.projected_columns",
        Severity.INFO if parameters.get("said") else Severity.WARN,
        msg(
            "Les colonnes « {x} » et « {y} » ont été lues en {system} : « {longitude} » et « {latitude} » en viennent."
        ),
        Place(sheet=draft.raw.name if draft.raw.sheet else "", column=str(parameters.get("x", ""))),
        {
            "x": str(parameters.get("x", "")),
            "y": str(parameters.get("y", "")),
            "system": layer.system_name(int(parameters.get("epsg", 0))),
            "longitude": added[0],
            "latitude": added[1],
        },
        msg("Vérifiez sur la carte que les objets tombent au bon endroit."),
    )
