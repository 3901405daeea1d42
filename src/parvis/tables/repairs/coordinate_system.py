"""Coordinates read in the system that a person says: two columns, or the shapes of a layer.

What Parvis recognises by itself is where the points would fall; two systems may both fall in France (the zones of the
« 9 zones coniques » overlap), and only a person knows which one the office uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parvis.dates import folded
from parvis.france import SYSTEMS
from parvis.tables.draft import Draft
from parvis.tables.parameters import Parameter
from parvis.tables.table import SHAPE, UNPLACED
from parvis.text import late
from parvis.values import Finding, Place, Severity, Step, msg

TITLE = "Dire le système des coordonnées"
GROUP = "places"
ORDER = 158
KEEPS = True
ONCE = True
PARAMETERS = {
    "system": Parameter(
        "choice",
        msg("Système de coordonnées"),
        msg("Les nombres du fichier sont écrits dans ce système. En métropole, c'est le plus souvent Lambert-93."),
        {str(code): name for code, name in SYSTEMS.items()},
        "2154",
    ),
    "x": Parameter(
        "column",
        msg("Colonne des X (est, longitude)"),
        msg("Sans réponse à ces deux questions, ce sont les formes de la couche qui sont lues dans ce système."),
        optional=True,
    ),
    "y": Parameter("column", msg("Colonne des Y (nord, latitude)"), optional=True),
}
SENTENCE = msg("Coordonnées ({what}) lues en {system} : {inside} point(s) sur {points} tombent en France.")
EXAMPLES = [
    (
        (["nom", "X", "Y"], [["Halle", "1652381,5", "8162047"], ["?", None, None]]),
        {"system": "3949", "x": "X", "y": "Y"},
        (
            ["nom", "X", "Y", "longitude", "latitude"],
            [["Halle", "1652381,5", "8162047", "2.3536002", "48.6568655"], ["?", None, None, None, None]],
        ),
    ),
    (
        (["lon", "lat"], [["2,35", "48,85"], ["3.1", "47"]]),
        {"system": "4326", "x": "lon", "y": "lat"},
        (["lon", "lat"], [["2.35", "48.85"], ["3.1", "47"]]),
    ),
    ((["X", "Y"], [["a", "b"]]), {"system": "2154", "x": "X", "y": "Y"}, None),
    ((["X", "Y"], [["652381", "6862047"]]), {"system": "2154", "x": "", "y": ""}, None),
]

_WGS84 = 4326
_LONGITUDE, _LATITUDE = re.compile(r"\b(?:lon|long|lng|longitude)\b"), re.compile(r"\b(?:lat|latitude)\b")
_NUMBER = re.compile(r"^-?\d{1,8}(?:[.,]\d+)?$")
_SPACES = late("[ \u00a0\u202f\u2009]")
_SHOWN = 3
_AT_ONCE = 50_000

Points = tuple[list[float | None], list[float | None]]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    """Read two columns, or the layer, in a system. False when there is no coordinate to read."""
    code = int(str(parameters.get("system") or 0))
    named = [str(parameters.get(axis) or "") for axis in ("x", "y")]
    if code not in SYSTEMS:
        return False
    if any(named):
        at = [draft.find(label) for label in named]
        if at[0] is None or at[1] is None or at[0] == at[1]:
            return False
        return _columns(draft, (at[0], at[1]), code)
    return draft.raw.geometry and _layer(draft, code)


# --- Two columns ----------------------------------------------------------------------------------


def _columns(draft: Draft, at: tuple[int, int], code: int) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    from parvis.tables import layer

    census = _Census(code)
    batches = []
    for xs, ys in _numbers(draft, at):
        east, north = (xs, ys) if code == _WGS84 else layer.degrees(xs, ys, code)
        census.look(xs, ys, east, north)
        text = [pc.round(pa.array(side, pa.float64()), 7).cast(pa.string()) for side in (east, north)]
        batches.append(pa.RecordBatch.from_arrays(text, ["longitude", "latitude"]))
    if not census.points:
        return False
    labels = [draft.labels[i] for i in at]
    targets, names = _targets(draft, at, code)
    if targets is None:
        draft.beside(names, pa.Table.from_batches(batches))
    else:
        _overwrite(draft, targets, pa.Table.from_batches(batches))
    census.tell(draft, ", ".join(f"« {label} »" for label in labels), labels, names)
    return True


def _targets(draft: Draft, at: tuple[int, int], code: int) -> tuple[tuple[int, int] | None, tuple[str, str]]:
    """Return which columns hold the degrees: those that a step added before, the two read when they are degrees
    already, else new ones (None); and their labels."""
    made = [i for i, place in enumerate(draft.at) if place < 0 and i < len(draft.labels)]
    lon = [i for i in made if _LONGITUDE.search(_words(draft.labels[i]))]
    lat = [i for i in made if _LATITUDE.search(_words(draft.labels[i]))]
    if len(lon) == len(lat) == 1:
        return (lon[0], lat[0]), (draft.labels[lon[0]], draft.labels[lat[0]])
    if code == _WGS84:
        return at, (draft.labels[at[0]], draft.labels[at[1]])
    taken = {folded(label) for label in draft.labels}
    free = not taken & {"longitude", "latitude"}
    return None, ("longitude", "latitude") if free else ("longitude_wgs84", "latitude_wgs84")


def _overwrite(draft: Draft, targets: tuple[int, int], table: Any) -> None:
    first = len(draft.labels)
    draft.beside(("longitude", "latitude"), table)
    columns = {targets[0]: f"c{first}", targets[1]: f"c{first + 1}"}
    draft.project([(x, columns.get(i, f"c{i}"), i) for i, x in enumerate(draft.labels[:first])])
    draft.traces.clear()


def _numbers(draft: Draft, at: tuple[int, int]) -> Iterator[Points]:
    """Yield the numbers of both columns, None where a cell is none; a point at 0, 0 is no point."""
    cells = ", ".join(f"c{i}" for i in at)
    for batch in draft.connection.sql(f"SELECT {cells} FROM {draft.view}").to_arrow_reader(_AT_ONCE):
        xs, ys = ([_number(c) for c in column.to_pylist()] for column in batch.columns)
        pairs = [(x, y) if x is not None and y is not None and (x, y) != (0, 0) else (None, None)
                 for x, y in zip(xs, ys, strict=True)]  # fmt: skip
        yield [p[0] for p in pairs], [p[1] for p in pairs]


def _number(cell: str | None) -> float | None:
    bare = _SPACES.sub("", cell or "")
    if bare.count(",") == 1 and bare.count(".") > 1:  # 6.862.047,12
        bare = bare.replace(".", "")
    return float(bare.replace(",", ".")) if _NUMBER.match(bare) else None


def _words(label: str) -> str:
    return re.sub(r"[^a-z]+", " ", folded(label))


# --- A layer --------------------------------------------------------------------------------------


def _layer(draft: Draft, code: int) -> bool:
    """Read the shapes again as the file has them, in another system than the one that was recognised."""
    import pyarrow as pa
    import pyproj

    from parvis.tables import layer

    before = _system(draft.crs)
    if before is None and draft.crs != UNPLACED:
        return False
    frame = layer.Frame(None if code == _WGS84 else pyproj.CRS.from_epsg(code), f"EPSG:{code}")
    census = _Census(code)
    out: list[Any] = []
    for batch in draft.connection.sql(f"SELECT {SHAPE} FROM {draft.view}").to_arrow_reader(_AT_ONCE):
        shapes = layer.as_written(layer.wkb_shapes(batch.column(0).to_pylist()), before)
        xs, ys = layer.middles(shapes)
        brought = frame.bring(shapes)
        census.look(xs, ys, *layer.middles(layer.wkb_shapes(brought)))
        out.append(pa.array(brought, pa.binary()))
    if not census.points:
        return False
    draft.reshape(pa.table([pa.chunked_array(out, pa.binary())], ["shape"]), f"EPSG:{code}")
    census.tell(draft, msg("les formes de la couche"), ["x", "y"], ("longitude", "latitude"))
    return True


def _system(crs: str) -> Any:
    """Return the system that a layer was read in, None when nobody knows it."""
    import pyproj

    try:
        return pyproj.CRS.from_user_input(crs) if crs and crs != UNPLACED else None
    except pyproj.exceptions.CRSError:
        return None


# --- What is said ---------------------------------------------------------------------------------


class _Census:
    """Where the points fall, and a few of them before and after."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.points = self.inside = 0
        self.before: list[tuple[float, float]] = []
        self.after: list[tuple[float, float] | None] = []

    def look(self, xs: Sequence[Any], ys: Sequence[Any], east: Sequence[Any], north: Sequence[Any]) -> None:
        from parvis.france import in_france

        for x, y, lon, lat in zip(xs, ys, east, north, strict=True):
            if x is None or y is None:
                continue
            self.points += 1
            there = lon is not None and lat is not None
            self.inside += there and in_france(lon, lat)
            if len(self.before) < 2000:
                self.before.append((x, y))
                self.after.append((lon, lat) if there else None)

    def tell(self, draft: Draft, what: str, labels: Sequence[str], names: Sequence[str]) -> None:
        """Fill the step's sentence, show some points, and say when they fall elsewhere than in France."""
        draft.told |= {"what": what, "inside": self.inside, "points": self.points}
        draft.shown = [
            (
                f"{labels[0]} : {x:.2f} · {labels[1]} : {y:.2f}",
                f"{names[0]} : {told[0]:.5f} · {names[1]} : {told[1]:.5f}" if told is not None else "?",
            )
            for (x, y), told in zip(self.before[:_SHOWN], self.after[:_SHOWN], strict=True)
        ]
        if self.inside < self.points:
            draft.findings.append(self._outside(draft, labels if labels != ["x", "y"] else ["", ""]))

    def _outside(self, draft: Draft, labels: Sequence[str]) -> Finding:
        better = self._better()
        few = 2 * self.inside > self.points
        hint = msg("Regardez ces points sur une carte : leurs coordonnées sont fausses, ou d'un autre système.")
        if not few:
            hint = msg("Choisissez un autre système dans l'étape : celui-ci n'est sans doute pas le bon.")
        if better:
            hint = msg("Les mêmes nombres tombent en France en {better} : reprenez l'étape avec ce système.")
        return Finding(
            "geo.system_outside",
            Severity.INFO if few else Severity.WARN,
            msg("Lus en {system}, {count} point(s) sur {points} tombent hors de France."),
            Place(sheet=draft.raw.name if draft.raw.sheet else "", column=labels[0]),
            {"system": SYSTEMS[self.code], "count": self.points - self.inside, "points": self.points,
             "better": SYSTEMS.get(better, "")},
            hint,
            msg("Ils ne se verraient pas sur la carte, ou loin de la commune."),
            count=self.points - self.inside,
            fix=Step("coordinate_system", {"system": str(better), "x": labels[0], "y": labels[1]}) if better else None,
        )  # fmt: skip

    def _better(self) -> int:
        """Return the system in which these numbers do fall in France, 0 when there is none."""
        import numpy as np

        from parvis.tables import layer

        if not self.before or 2 * self.inside > self.points:
            return 0
        sample = np.array(self.before, float)
        if np.abs(sample).max() <= 180:
            return _WGS84 if self.code != _WGS84 else 0
        found = layer.guess(sample)
        code = (found.to_epsg() or 0) if found is not None else 0
        return code if code in SYSTEMS and code != self.code else 0
