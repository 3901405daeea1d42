"""Vector tiles of a version: one on the fly, or all of them in a file kept beside its object.

A version never changes, so neither do its tiles: whoever asked for one may keep it for ever. The file (PMTiles) is never
the truth: made when it is first asked for, erased with the version, made again at will.
"""

from __future__ import annotations

import math
import secrets
import threading
from pathlib import Path
from typing import Any

from parvis.errors import BusyError, GoneError, InputError, LimitError, UnknownName
from parvis.store import disk, shelf
from parvis.store import query as asking
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import All, Box, Calc, Call, Expression, Field, Kind, Literal, Named, Query, Version, Where

DEEPEST = 22  # zoom
GATHERED = 2_000_000  # rows beyond which the engine gathers points before they leave it
MOST_SHAPES = 200_000  # rows read for one tile
ARCHIVED = 500_000  # rows of a file of tiles: a minute of a loaded machine
LARGEST = 128 << 20  # bytes of a file of tiles
ARCHIVE_DEPTH = 14  # zoom; readers enlarge the last one
ARCHIVE_TILES = 20_000  # of shapes
DENSE = 18  # zoom to which a map asks for tiles of points that are still gathered
PATIENCE = 1.0  # seconds that a reader waits for the file of another
SECONDS = 120.0  # that a file of tiles may take
LAYER = "data"
CROWD = 4096  # points of a tile beyond which they are gathered
PAD = 64 / 4096  # of a tile, around it
_making = threading.Lock()


def check(z: int, x: int, y: int) -> None:
    """Raise UnknownName for a tile that is on no map."""
    if not (0 <= z <= DEEPEST and 0 <= x < 2**z and 0 <= y < 2**z):
        raise UnknownName("Cette tuile n'existe pas : le zoom va de 0 à {deepest}.", deepest=DEEPEST)


def bounds(z: int, x: int, y: int, pad: float = 0.0) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a tile in degrees, ``pad`` of its width around it."""

    def north(row: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / 2**z))))

    west, east = ((x + n) / 2**z * 360 - 180 for n in (-pad, 1 + pad))
    return max(west, -180.0), north(y + 1 + pad), min(east, 180.0), north(y - pad)


def around(version: Version) -> tuple[int, int, int]:
    """Return the deepest tile (zoom, column, row) that holds all that a version has, the whole world when that is not known."""
    if len(version.bbox) != 4:
        return 0, 0, 0
    west, south, east, north = version.bbox
    for z in range(ARCHIVE_DEPTH, 0, -1):
        corners = {_holding(z, x, y) for x, y in ((west, north), (east, south))}
        if len(corners) == 1:
            return (z, *corners.pop())
    return 0, 0, 0


def _holding(z: int, lon: float, lat: float) -> tuple[int, int]:
    """Return the column and the row of the tile where a place lies."""
    rad, last = math.radians(max(-85.05, min(85.05, lat))), 2**z - 1
    row = (1 - math.asinh(math.tan(rad)) / math.pi) / 2
    return min(last, max(0, int((lon + 180) / 360 * 2**z))), min(last, max(0, int(row * 2**z)))


def tile(pool: Pool, version: Version, z: int, x: int, y: int, where: Where | None = None) -> bytes:
    """Return a vector tile (MVT, one layer named ``data``) of a version, b"" when nothing lies there.

    Raises: UnknownName, InputError (no places), LimitError, BusyError.
    """
    check(z, x, y)
    points = placed(version)
    told: dict[str, Any] = {"points": points, "layer": LAYER, "crowd": CROWD, "z": z, "x": x, "y": y}
    request: dict[str, Any] = {"object": version.object, "tile": told}
    box: Where = Box(*bounds(z, x, y, PAD))
    if where is not None:
        box = All((box, where))
    if points and version.rows > GATHERED:
        near: Where = Box(*bounds(z, x, y)) if where is None else box
        request["gathered"] = _said(version, Query(by=(_cell(version, z),), shown=_middle(version), where=near))
    if points:
        request["bare"] = _said(version, Query(shown=_shown(version, bare=True), where=box))
    most = None if points else MOST_SHAPES
    request["rows"] = _said(version, Query(shown=_shown(version), where=box), most)
    _, body = pool.ask(request)
    return body


def placed(version: Version) -> bool:
    """True for a version of points, False for one of shapes. Raises: InputError for one without places."""
    if not (version.geometry or version.point):
        raise InputError("Ce jeu de données n'a pas de coordonnées : il n'a pas de tuiles.")
    return not version.geometry


def deepest(version: Version) -> int:
    """Return the zoom from which a map only enlarges: a crowd of points must come apart before."""
    return DENSE if placed(version) and version.rows > CROWD else ARCHIVE_DEPTH


def fields(version: Version) -> dict[str, str]:
    """Return the attributes of a tile's features, by the words of the format."""
    kinds = {Kind.INTEGER: "Number", Kind.NUMBER: "Number", Kind.BOOLEAN: "Boolean"}
    out = {c.name: kinds.get(c.kind, "String") for c in _columns(version)}
    return {**out, "point_count": "Number"} if placed(version) else out


def _columns(version: Version) -> list[Any]:
    return [c for c in version.columns if c.kind is not Kind.GEOMETRY]


def _shown(version: Version, bare: bool = False) -> tuple[Named, ...]:
    """Return what a worker needs of each row: its number, its place, then its attributes."""
    places = [version.geometry] if version.geometry else list(version.point)
    out = [Named(Call(Calc.ROW), "\x1frow"), *(Named(Field(n), f"\x1f{i}") for i, n in enumerate(places))]
    return tuple(out) if bare else (*out, *(Named(Field(c.name), c.name) for c in _columns(version)))


def _cell(version: Version, z: int) -> Named:
    place: Expression = Call(Calc.POINT, tuple(Field(n) for n in version.point))
    # Two pixels of a map whose tiles have 256: the cells of a tile's grid.
    return Named(Call(Calc.CLUSTER, (place, Literal(z, Kind.INTEGER), Literal(2, Kind.INTEGER))), "\x1fcell")


def _middle(version: Version) -> tuple[Named, ...]:
    x, y = (Call(Calc.AVG, (Field(n),)) for n in version.point)
    return Named(Call(Calc.COUNT), "\x1fcount"), Named(x, "\x1fx"), Named(y, "\x1fy")


def _said(version: Version, query: Query, most: int | None = None) -> dict[str, Any]:
    statement = asking.compile_export(version, query, exact=True, most=most)
    return {
        "sql": statement.sql, "parameters": list(statement.parameters), "names": [c.name for c in statement.columns],
    }  # fmt: skip


# --- The file of all tiles ------------------------------------------------------------------------


def archive(pool: Pool, version: Version, attribution: str = "") -> Path:
    """Return the PMTiles file of a version, made if it is not there yet.

    Raises: InputError (no places), LimitError (too many rows or bytes), BusyError, GoneError (withdrawn meanwhile).
    """
    path = pool.folder.tiles(version.id)
    if path.exists():
        return path
    if version.rows > ARCHIVED:
        raise LimitError(
            "Un fichier de tuiles ne peut tenir plus de {limit} lignes.", "Prenez les tuiles une à une.", limit=ARCHIVED
        )
    if not _making.acquire(timeout=PATIENCE):  # one file at a time: those who wait would hold all the threads
        raise BusyError("Un autre fichier de tuiles est en préparation.", "Réessayez dans une minute.", retry_after=30)
    try:
        if not path.exists():
            _write(pool, version, path, attribution)
    finally:
        _making.release()
    return path


def _write(pool: Pool, version: Version, path: Path, attribution: str) -> None:
    waiting = pool.folder.staging / f"{secrets.token_hex(16)}.pmtiles"
    with disk.said_kindly():
        try:
            with waiting.open("xb") as stream:
                size = 0
                for chunk in stream_archive(pool, version, attribution=attribution):
                    size += len(chunk)
                    if size > LARGEST:
                        raise LimitError("Les tuiles de ce jeu de données ne tiennent pas dans un fichier.")
                    stream.write(chunk)
                disk.flush(stream)
            disk.rename(waiting, path)
        finally:
            waiting.unlink(missing_ok=True)
    _sweep(pool.folder, version)
    if not path.exists():
        raise GoneError("Ces données ont été retirées.")


def _sweep(folder: Folder, version: Version) -> None:
    """Erase the files of other versions of a dataset, and this one's if it was withdrawn while it was written."""
    for release in shelf.record(folder, version.dataset).releases:
        path = folder.tiles(release.version)
        if path.exists() and (release.version != version.id or release.withdrawn_at):
            disk.erase(path)


def stream_archive(pool: Pool, version: Version, *, attribution: str = "", deepest: int | None = None) -> Any:
    """Yield the bytes of a PMTiles file. With ``deepest`` every zoom until there is made, even when nothing is gained."""
    points = placed(version)
    told = {
        "points": points, "layer": LAYER, "crowd": CROWD, "fields": fields(version), "name": version.metadata.title,
        "attribution": attribution, "bbox": list(version.bbox) if len(version.bbox) == 4 else [],
        "deepest": ARCHIVE_DEPTH if deepest is None else deepest, "whole": deepest is not None, "tiles": ARCHIVE_TILES,
    }  # fmt: skip
    query = Query(shown=_shown(version), where=Box(-180.0, -90.0, 180.0, 90.0))
    request = {"object": version.object, "pyramid": told, "rows": _said(version, query)}
    return pool.stream(request, SECONDS)
