"""Layers: features with a shape each, brought to WGS84 longitude and latitude whatever they came in.

Nothing is believed of what a file declares: where its shapes fall is measured first (``Census``), then decided
(``settle``). A layer is gone through twice, so that a large one never has to fit in memory.
Projections: registre EPSG; boxes of France in ``parvis.france``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import pyproj.network
import shapely

from parvis.errors import InputError
from parvis.france import BOXES, SYSTEMS
from parvis.frozen import dataclass
from parvis.tables import curves, sniff
from parvis.tables.table import LINE, SHAPE, UNPLACED
from parvis.values import Finding, Place, Severity, msg

Shapes = Any  # numpy array of shapely geometries, None where there is none
WGS84 = "EPSG:4326"
_SAMPLE = 20_000  # centres kept to recognise a projection
_MOST = 0.5  # share of the shapes that decides

# Projections that French towns send without saying so, most usual first; zones of the "9 zones coniques" after.
_USUAL = (2154, 27572, *range(3942, 3951), 27573, 27571, 27574, 27561, 27562, 27563, 27564, 5490, 2972, 2975, 4471, 4467,
          32631, 32630, 32632, 3857, 3163)  # fmt: skip

pyproj.network.set_network_enabled(False)  # type: ignore[attr-defined]  # grids are never fetched; untyped


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some features: a text array per label, their shapes, and their lines in the file when these are known."""

    cells: Sequence[Any]
    shapes: Shapes
    lines: Any = None


def write(
    sink: Any,
    name: str,
    labels: Sequence[str],
    chunks: Callable[[], Iterable[Chunk]],
    *,
    crs: str = "",
    silent: bool = False,
    **facts: Any,
) -> None:
    """Put a layer into the sink, with its remarks. ``chunks()`` is called twice.

    ``crs``: what the file declares (an EPSG code, WKT), "" when it says nothing; ``silent``: saying nothing is
    normal in this format and means WGS84 (GeoJSON, KML).
    """
    census = Census()
    for chunk in chunks():
        census.look(chunk.shapes)
    if not census.shapes:
        sink.table(name, labels, (_batch(c, None) for c in chunks()), **facts)
        return
    frame = settle(census, crs, silent)
    sink.table(name, labels, (_batch(c, frame.bring(c.shapes)) for c in chunks()), crs=frame.crs, **facts)
    for finding in frame.findings(sink.tables[-1].name):
        sink.find(finding)


def _batch(chunk: Chunk, shapes: Any) -> pa.RecordBatch:
    arrays = list(chunk.cells)
    names = [f"c{i}" for i in range(len(arrays))]
    if chunk.lines is not None:
        arrays.append(pa.array(chunk.lines, pa.int64()))
        names.append(LINE)
    if shapes is not None:
        arrays.append(pa.array(shapes, pa.binary()))
        names.append(SHAPE)
    return pa.RecordBatch.from_arrays(arrays, names)


# --- Where the shapes fall ------------------------------------------------------------------------


@dataclass(slots=True)
class Census:
    """Where the shapes of a layer fall, before anything is believed."""

    shapes: int = 0
    inside: int = 0  # in France, read as longitude, latitude
    flipped: int = 0  # in France, read as latitude, longitude
    degrees: int = 0  # could be degrees
    centres: list[Any] = field(default_factory=list)
    kept: int = 0

    def look(self, shapes: Shapes) -> None:
        """Count some more shapes."""
        with np.errstate(invalid="ignore"):
            bounds = shapely.bounds(shapes)
            bounds = bounds[np.isfinite(bounds).all(axis=1)]
            centres = (bounds[:, :2] + bounds[:, 2:]) / 2
            x, y = centres[:, 0], centres[:, 1]
            self.shapes += len(centres)
            self.inside += int(_in_france(x, y).sum())
            self.flipped += int(_in_france(y, x).sum())
            self.degrees += int(((np.abs(x) <= 180) & (np.abs(y) <= 180)).sum())
        if self.kept < _SAMPLE and len(centres):
            self.centres.append(centres[: _SAMPLE - self.kept])
            self.kept += len(self.centres[-1])

    def sample(self) -> Any:
        return np.concatenate(self.centres) if self.centres else np.zeros((0, 2))

    def most(self, count: int) -> bool:
        return count > self.shapes * _MOST


def _in_france(x: Any, y: Any) -> Any:
    out = np.zeros(len(x), bool)
    for west, south, east, north in BOXES:
        out |= (x >= west) & (x <= east) & (y >= south) & (y <= north)
    return out


def share_in_france(sample: Any, crs: pyproj.CRS) -> float:
    """Return the share of these centres that fall in France when they are read in this system."""
    if not len(sample):
        return 0.0
    x, y = _transformer(crs).transform(sample[:, 0], sample[:, 1])
    with np.errstate(invalid="ignore"):
        return float(_in_france(x, y).mean())


def guess(sample: Any) -> pyproj.CRS | None:
    """Return the projection in which these metres fall in the place that it is made for, or None."""
    return next((pyproj.CRS.from_epsg(code) for code in _USUAL if fits(sample, code)), None)


def fits(sample: Any, code: int) -> bool:
    """True when nearly all these (x, y) fall in the part of France that a projection (EPSG code) is made for."""
    crs = pyproj.CRS.from_epsg(code)
    x, y = _transformer(crs).transform(sample[:, 0], sample[:, 1])
    area = crs.area_of_use
    with np.errstate(invalid="ignore"):
        good = _in_france(x, y)
        if area is not None:
            good &= (x >= area.west) & (x <= area.east) & (y >= area.south) & (y <= area.north)
    return float(good.mean()) > 0.9


def system_name(code: int) -> str:
    """Return what a person calls a projection: « Lambert-93 », « CC49 »."""
    return SYSTEMS.get(code) or str(pyproj.CRS.from_epsg(code).name)


def degrees(xs: Sequence[float | None], ys: Sequence[float | None], code: int) -> tuple[list[float | None], ...]:
    """Return longitudes and latitudes (WGS84) of points in metres; None for what is no point or falls nowhere."""
    x, y = (np.array([np.nan if v is None else v for v in side], float) for side in (xs, ys))
    east, north = _transformer(pyproj.CRS.from_epsg(code)).transform(x, y)
    good = np.isfinite(east) & np.isfinite(north)
    return tuple([float(v) if g else None for v, g in zip(side, good, strict=True)] for side in (east, north))


def as_written(shapes: Shapes, crs: pyproj.CRS | None) -> Shapes:
    """Return shapes that were brought to WGS84 as the file has them, in its system; unchanged when nobody knew it."""
    if crs is None or crs.to_epsg() == 4326:
        return shapes
    back = pyproj.Transformer.from_crs(WGS84, crs, always_xy=True)
    return shapely.transform(shapes, back.transform, interleaved=False)


def middles(shapes: Shapes) -> tuple[list[float | None], list[float | None]]:
    """Return the middle of each shape's box, None where there is no shape."""
    with np.errstate(invalid="ignore"):
        bounds = shapely.bounds(shapes)
        both = (bounds[:, :2] + bounds[:, 2:]) / 2
    x, y = ([float(v) if np.isfinite(v) else None for v in side] for side in (both[:, 0], both[:, 1]))
    return x, y


def _transformer(crs: pyproj.CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs, WGS84, always_xy=True)


# --- What is decided ------------------------------------------------------------------------------


def settle(census: Census, declared: str, silent: bool = False) -> Frame:
    """Return how the shapes of a layer are brought to WGS84, and what is to be said about it."""
    known = _known(declared)
    if known is not None and not known.is_geographic:
        if census.most(census.degrees) and census.most(census.inside):
            return Frame(None, WGS84, (_said_metres(label(known)),))
        lost = _abroad(census, known)
        found = guess(census.sample()) if lost else None
        if found is not None:
            return Frame(found, label(found), (_lying(label(known), system_name(found.to_epsg() or 0)),))
        return Frame(known, label(known, census.sample()), lost)
    degrees = census.most(census.degrees)
    if degrees and not census.most(census.inside) and census.most(census.flipped):
        return Frame(None, WGS84, (_swapped(),), swap=True)
    if degrees:
        datum = known if known is not None and known.to_epsg() not in (4326, 4979) else None
        silence = () if known is not None or silent else (_no_system(msg("longitude et latitude (WGS84)")),)
        return Frame(datum, label(known) if known is not None else WGS84, (*silence, *_abroad(census, known)))
    found = guess(census.sample())
    if found is None:
        return Frame(None, UNPLACED, (_unknown(),), lost=True)
    name = system_name(found.to_epsg() or 0)
    return Frame(found, label(found), (_metres(name) if silent or known is not None else _no_system(name),))


def _known(declared: str) -> pyproj.CRS | None:
    if not declared:
        return None
    try:
        return pyproj.CRS.from_user_input(declared)
    except pyproj.exceptions.CRSError:
        return None


def label(crs: pyproj.CRS, sample: Any = None) -> str:
    """Return how a system is written in short: its EPSG code, that of the usual one it equals, or its name."""
    code = crs.to_epsg(min_confidence=90)
    if not code and sample is not None and len(sample):
        few = sample[:50]
        here = np.array(_transformer(crs).transform(few[:, 0], few[:, 1]))
        for usual in _USUAL:
            there = np.array(_transformer(pyproj.CRS.from_epsg(usual)).transform(few[:, 0], few[:, 1]))
            if np.isfinite(here).all() and np.isfinite(there).all() and np.abs(here - there).max() < 2e-5:
                return f"EPSG:{usual}"
    return f"EPSG:{code}" if code else crs.name[:80]


@dataclass(slots=True)
class Frame:
    """How the shapes of one layer become WGS84, and how many could not."""

    source: pyproj.CRS | None  # None: they are in longitude and latitude already
    crs: str
    remarks: Sequence[Finding] = ()
    swap: bool = False
    lost: bool = False  # the system is not known: the shapes are kept as they are, and are on no map
    crossed: int = 0
    outside: int = 0
    _transformer: Any = None

    def bring(self, shapes: Shapes) -> list[bytes | None]:
        """Return the shapes as WKB in WGS84; crossed polygons are untangled, impossible ones become None."""
        if self.lost:
            return list(shapely.to_wkb(shapely.force_2d(shapes)))
        shapes = shapely.force_2d(shapes)
        shapes[shapely.is_empty(shapes)] = None
        if self.swap:
            shapes = shapely.transform(shapes, lambda c: c[:, ::-1])
        elif self.source is not None:
            if self._transformer is None:
                self._transformer = _transformer(self.source)
            shapes = shapely.transform(shapes, self._transformer.transform, interleaved=False)
        bounds = shapely.bounds(shapes)
        there = ~shapely.is_missing(shapes)
        with np.errstate(invalid="ignore"):
            good = (np.abs(bounds[:, [0, 2]]) <= 180.0001).all(axis=1) & (np.abs(bounds[:, [1, 3]]) <= 90.0001).all(
                axis=1
            )
        self.outside += int((there & ~good).sum())
        shapes[~good] = None
        crossed = good & there & ~shapely.is_valid(shapes)
        if crossed.any():
            self.crossed += int(crossed.sum())
            shapes[crossed] = [_untangled(s) for s in shapes[crossed]]
        return list(shapely.to_wkb(shapes))

    def findings(self, name: str) -> Iterator[Finding]:
        """Yield what is to be said of the layer, once all its shapes were brought."""
        place = Place(sheet=name) if name else None
        for finding in self.remarks:
            yield Finding(finding.code, finding.severity, finding.message, place, finding.values, finding.hint)
        if self.crossed:
            yield Finding(
                "geo.crossed",
                Severity.WARN,
                msg("Géométries invalides (polygones qui se croisent, par exemple), réparées : {count}."),
                place,
                {"count": self.crossed},
                msg("Regardez-les sur la carte avant de publier."),
                count=self.crossed,
            )  # fmt: skip
        if self.outside:
            yield Finding(
                "geo.outside",
                Severity.WARN,
                msg("Géométries aux coordonnées impossibles : {count}. Leurs lignes sont gardées, mais pas sur la carte."),
                place,
                {"count": self.outside},
                msg("Corrigez-les dans votre logiciel de cartographie."),
                count=self.outside,
            )  # fmt: skip


def _untangled(shape: Any) -> Any:
    """Return a valid shape of the same dimension: what is only a leftover of the crossing is let go."""
    made = shapely.make_valid(shape)
    most = shapely.get_dimensions(shape)
    if shapely.get_type_id(made) != 7:  # not a collection
        return made
    parts = [p for p in shapely.get_parts(made) if shapely.get_dimensions(p) == most]
    return shapely.union_all(parts) if parts else made


def _swapped() -> Finding:
    return Finding(
        "geo.swapped",
        Severity.BLOCK,
        msg("Les coordonnées sont inversées (latitude avant longitude) : elles ont été remises dans l'ordre."),
        hint=msg("Vérifiez sur la carte que les objets tombent au bon endroit."),
    )


def _metres(system: str) -> Finding:
    return Finding(
        "geo.metres",
        Severity.BLOCK,
        msg("Les coordonnées sont en mètres, alors que ce format les veut en degrés : elles semblent en {system} et ont "
            "été converties depuis cette projection."),
        values={"system": system},
        hint=msg("Vérifiez sur la carte que les objets tombent au bon endroit."),
    )  # fmt: skip


def _lying(said: str, system: str) -> Finding:
    return Finding(
        "geo.wrong_system",
        Severity.BLOCK,
        msg(
            "Le fichier annonce la projection {said}, où ses objets tomberaient hors de France : ils ont été lus en {system}."
        ),
        values={"said": said, "system": system},
        hint=msg("Vérifiez sur la carte que les objets tombent au bon endroit."),
    )


def _no_system(system: str) -> Finding:
    return Finding(
        "geo.no_system",
        Severity.BLOCK,
        msg("Le système de coordonnées n'est pas indiqué : les coordonnées ont été lues en {system}."),
        values={"system": system},
        hint=msg(
            "Vérifiez sur la carte, ou renvoyez la couche avec son système de coordonnées (le .prj d'un shapefile)."
        ),
    )


def _unknown() -> Finding:
    return Finding(
        "geo.unknown_system",
        Severity.BLOCK,
        msg("Les coordonnées ne sont d'aucune projection en usage en France : la carte ne peut pas être faite, seules les "
            "colonnes ont été lues."),
        hint=msg("Si vous connaissez leur système, ajoutez l'étape « Dire le système des coordonnées » ; sinon, renvoyez la "
                 "couche en Lambert-93 ou en longitude et latitude (WGS84), avec son fichier .prj."),
    )  # fmt: skip


def _said_metres(system: str) -> Finding:
    return Finding(
        "geo.degrees",
        Severity.BLOCK,
        msg("Le fichier annonce la projection {system}, mais ses coordonnées sont des degrés : elles ont été lues en longitude "
            "et latitude."),
        values={"system": system},
        hint=msg("Vérifiez sur la carte que les objets tombent au bon endroit."),
    )  # fmt: skip


def _abroad(census: Census, crs: pyproj.CRS | None) -> tuple[Finding, ...]:
    inside = (
        census.inside / census.shapes if crs is None or crs.is_geographic else share_in_france(census.sample(), crs)
    )
    if inside > 1 - _MOST:
        return ()
    return (
        Finding(
            "geo.abroad",
            Severity.WARN,
            msg("La plupart des objets tombent hors de France : le système de coordonnées est peut-être faux."),
            hint=msg("Vérifiez sur la carte, et la projection choisie lors de l'export."),
        ),
    )


# --- Read by GDAL ---------------------------------------------------------------------------------

_GDAL = {
    "GDAL_HTTP_MAX_RETRY": "0",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_HTTP_TIMEOUT": "1",
    "OGR_SQLITE_LOAD_EXTENSIONS": None,
    "OGR_SQLITE_LIST_VIRTUAL_OGR": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "OGR_GMT_USE_ARROW": "NO",
    "SHAPE_RESTORE_SHX": "YES",
    "OGR_GEOMETRY_ACCEPT_UNCLOSED_RING": "YES",
}


def gdal(
    path: Path,
    sink: Any,
    kind: str,
    *,
    encoding: str | None = None,
    damaged: Callable[[], InputError],
    **options: Any,
) -> None:
    """Put every layer that GDAL finds in a file into the sink; ``kind`` is the format's name.

    Raises: ``damaged()`` when GDAL cannot read it.
    """
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    pyogrio.set_gdal_config_options(_GDAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GDAL's remarks are in English, and say nothing that is not found here
            layers = [str(layer) for layer, _ in pyogrio.list_layers(path)]
            layers = [layer for layer in layers if layer.lower() not in _ASIDE]
            for layer in layers:
                name = layer if len(layers) > 1 else ""
                _layer(path, layer, name, sink, kind=kind, encoding=encoding, options=options)
    except (
        DataSourceError,
        DataLayerError,
        pa.ArrowInvalid,
        OSError,
        shapely.errors.GEOSException,
        UnicodeDecodeError,
    ) as error:
        raise damaged() from error


_ASIDE = ("layer_styles", "qgis_projects", "data_licenses")


def _layer(
    path: Path, layer: str, name: str, sink: Any, *, kind: str, encoding: str | None, options: dict[str, Any]
) -> None:
    import pyogrio

    given = {"layer": layer, "encoding": encoding, **options}
    about = pyogrio.read_info(path, **given)
    crs = str(about["crs"] or "")
    names = [str(n) for n in about["fields"]]

    def chunks() -> Iterator[Chunk]:
        with pyogrio.raw.open_arrow(path, use_pyarrow=True, batch_size=20_000, **given) as (meta, reader):
            column = meta["geometry_name"] or "wkb_geometry"
            for batch in reader:
                places = {n: i for i, n in enumerate(batch.schema.names)}
                shapes = np.full(batch.num_rows, None, object)
                if column in places:
                    raw = batch.column(places[column]).to_numpy(zero_copy_only=False)
                    shapes = wkb_shapes(raw)
                yield Chunk([text(batch.column(places[n])) for n in names], shapes)

    write(sink, name, _plain(names), chunks, crs=crs, format=kind, encoding=encoding or "")


def wkb_shapes(raw: Any) -> Shapes:
    """Return WKB as shapes; arcs of a circle, that GEOS cannot hold, become lines."""
    try:
        return np.array(shapely.from_wkb(raw, on_invalid="fix"), object)
    except NotImplementedError:
        shapes = np.empty(len(raw), object)
        shapes[:] = [_shape(wkb) for wkb in raw]
        return shapes


def _shape(wkb: bytes | None) -> Any:
    try:
        return None if wkb is None else shapely.from_wkb(wkb, on_invalid="fix")
    except NotImplementedError:
        return curves.straight(wkb) if wkb is not None else None


def _plain(names: Sequence[str]) -> list[str]:
    return [re.sub(r"\s+", " ", n).strip() for n in names]


def text(array: Any) -> Any:
    """Return an Arrow array as text, empty cells as NULL; lists and structures as JSON."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return text(array.dictionary_decode())
    if pa.types.is_null(kind):
        return pa.nulls(len(array), pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return _bytes(array)
    if pa.types.is_nested(kind):
        import json

        values = [None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in array.to_pylist()]
        return pa.array(values, pa.string())
    if pa.types.is_floating(kind):
        array = pc.if_else(pc.is_finite(array), array, pa.scalar(None, kind))
    if pa.types.is_timestamp(kind):
        return pc.replace_substring_regex(pc.cast(array, pa.string()), r"\.0+(Z?)$", r"\1")
    told = _readable(pc.cast(array, pa.string()))
    if pa.types.is_floating(kind):
        return pc.replace_substring_regex(told, r"\.0$", "")
    empty = pc.equal(told, pa.scalar(""))
    return pc.if_else(empty, pa.scalar(None, pa.string()), told)


def _readable(array: Any) -> Any:
    """Return text that is UTF-8 for sure: a file may announce one encoding and hold another."""
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        cells = array.cast(pa.binary()).to_pylist()
        foreign = [c for c in cells if c and not _is_utf8(c)]
        codec = sniff.french(foreign[:5000])
        return pa.array([None if c is None else c.decode("utf-8" if _is_utf8(c) else codec, "replace") for c in cells])
    return array


def _is_utf8(cell: bytes) -> bool:
    try:
        cell.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _bytes(array: Any) -> Any:
    """Return bytes as text when all of them are UTF-8 (old Parquet files), else the columns' cells are left out."""
    try:
        return text(pc.cast(array, pa.string()))
    except pa.ArrowInvalid:
        return pa.nulls(len(array), pa.string())
