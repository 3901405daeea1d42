"""OGC API Tiles over our own store: the tilesets of a collection, its tiles, TileJSON and the file of all tiles.

One grid, that of every map of the web (WebMercatorQuad). Tiles are made when asked for and named by the version: a map
may keep them as long as the version is the current one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from parvis.dialects import cql2, ogc_crs
from parvis.dialects.ogc_request import (
    JSON,
    Asked,
    ParameterError,
    extent,
    found,
    kept,
    led,
    link,
    wants_page,
    whole,
)
from parvis.errors import UnknownName
from parvis.store import tiles
from parvis.values import Version
from parvis.web import FRESH, Entry, Response, matches

SCHEME = "WebMercatorQuad"
MVT = "application/vnd.mapbox-vector-tile"
PMTILES = "application/vnd.pmtiles"
_GRID = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
_SCHEMES = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
_EDGE = 20037508.342789244  # metres, half the Mercator square
_CHUNK = 1 << 18
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def schemes(asked: Asked) -> Response:
    asked.only("f")
    here = asked.url("tileMatrixSets", SCHEME)
    told = {"id": SCHEME, "title": "La grille des cartes du web", "uri": _GRID, "links": [link(here, "self", JSON)]}
    return whole(asked, {"tileMatrixSets": [told], "links": [link(asked.url("tileMatrixSets"), "self", JSON)]})


def scheme(asked: Asked) -> Response:
    asked.only("f")
    _checked(asked)
    matrices = []
    for z in range(tiles.DEEPEST + 1):
        cell = 2 * _EDGE / 256 / 2**z
        matrices.append({
            "id": str(z), "scaleDenominator": cell / 0.00028, "cellSize": cell, "cornerOfOrigin": "topLeft",
            "pointOfOrigin": [-_EDGE, _EDGE], "tileWidth": 256, "tileHeight": 256, "matrixWidth": 2**z, "matrixHeight": 2**z,
        })  # fmt: skip
    told = {
        "id": SCHEME, "title": "La grille des cartes du web", "uri": _GRID, "crs": ogc_crs.uri(3857),
        "orderedAxes": ["X", "Y"], "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": matrices,
    }  # fmt: skip
    return whole(asked, told)


def _checked(asked: Asked) -> None:
    name = asked.places.get("scheme", SCHEME)
    if name != SCHEME:
        raise UnknownName("La grille « {name} » n'existe pas.", "Grille : WebMercatorQuad.", name=name[:60])


def tilesets(asked: Asked) -> Response:
    entry, version = _found(asked, "f")
    if wants_page(asked.request):
        return led(asked.page(entry))
    here = asked.url("collections", entry.id, "tiles", query=_old(asked))
    return whole(asked, {"tilesets": [_tileset(asked, entry, version)], "links": [link(here, "self", JSON)]})


def tileset(asked: Asked) -> Response:
    entry, version = _found(asked, "f")
    _checked(asked)
    if asked.get("f") == "tilejson":
        return whole(asked, _tilejson(asked, entry, version))
    told = _tileset(asked, entry, version)
    told["layers"] = [{"id": tiles.LAYER, "title": version.metadata.title, "dataType": "vector"}]
    if box := extent(version):
        told["boundingBox"] = {"lowerLeft": [box[0], box[1]], "upperRight": [box[2], box[3]], "crs": ogc_crs.uri(84)}
    return whole(asked, told)


def _tileset(asked: Asked, entry: Entry, version: Version) -> dict[str, Any]:
    here = ("collections", entry.id, "tiles", SCHEME)
    template = asked.url(*here) + "/{tileMatrix}/{tileRow}/{tileCol}" + _query(asked)
    return {
        "title": version.metadata.title, "dataType": "vector", "crs": ogc_crs.uri(3857), "tileMatrixSetURI": _GRID,
        "links": [
            link(asked.url(*here, query=_old(asked)), "self", JSON, "Ce jeu de tuiles"),
            link(asked.url("tileMatrixSets", SCHEME), _SCHEMES, JSON, "La grille"),
            link(template, "item", MVT, "Les tuiles", templated=True),
            link(asked.url("collections", entry.id, "tilejson.json", query=_old(asked)), "describedby", JSON, "TileJSON"),
            link(asked.url("collections", f"{entry.id}.pmtiles"), "enclosure", PMTILES, "Toutes les tuiles (PMTiles)"),
        ],
    }  # fmt: skip


def tilejson(asked: Asked) -> Response:
    entry, version = _found(asked)
    return whole(asked, _tilejson(asked, entry, version))


def _tilejson(asked: Asked, entry: Entry, version: Version) -> dict[str, Any]:
    here = ("collections", entry.id, "xyz")
    told: dict[str, Any] = {
        "tilejson": "3.0.0", "name": version.metadata.title, "description": version.metadata.description, "version": "1.0.0",
        "attribution": version.metadata.attribution or version.metadata.producer or entry.organisation_name, "scheme": "xyz",
        # The version is named: a map never mixes the tiles of two, and what it kept stays true.
        "tiles": [asked.url(*here) + "/{z}/{x}/{y}.pbf?version=" + version.id], "minzoom": 0, "maxzoom": tiles.deepest(version),
        "vector_layers": [{"id": tiles.LAYER, "description": version.metadata.title, "fields": tiles.fields(version)}],
    }  # fmt: skip
    if box := extent(version):
        told["bounds"] = list(box)
        told["center"] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, 10]
    return told


def tile(asked: Asked) -> Response:
    """Return one tile; 204 where nothing lies, as maps expect."""
    _, version = _found(asked, "f", "filter", "filter-lang")
    _checked(asked)
    if asked.get("f") not in ("", "mvt", "pbf"):
        raise ParameterError("« f » vaut mvt.")
    said = [asked.places[n] for n in ("z", "x", "y")]
    if not all(re.fullmatch(r"\d{1,8}", n, re.ASCII) for n in said):
        raise UnknownName("Une tuile se nomme par trois nombres entiers.")
    z, x, y = (int(n) for n in said)
    tiles.check(z, x, y)
    where = None
    if asked.get("filter"):
        where = cql2.read(asked.request.get("filter"), asked.get("filter-lang") or "cql2-text", version)

    def made() -> tuple[bytes, Mapping[str, str]]:
        return tiles.tile(asked.pool, version, z, x, y, where), {}

    # A version that is named never changes, but it may be withdrawn: an hour, no more.
    fresh = "public, max-age=3600" if asked.get("version") == version.id else FRESH
    response = kept(asked, version, made, MVT, fresh)
    if response.status == 200 and not response.body:
        return Response(204, headers=response.headers)
    return response


def _found(asked: Asked, *known: str) -> tuple[Entry, Version]:
    entry, version = found(asked)
    asked.only(*known, "version")
    return entry, version


def _old(asked: Asked) -> list[tuple[str, str]]:
    return [("version", asked.get("version"))]


def _query(asked: Asked) -> str:
    return f"?version={asked.get('version')}" if asked.get("version").isalnum() else ""


# --- The file of all tiles ------------------------------------------------------------------------


def archive(asked: Asked) -> Response:
    """Return the file of all tiles, or the range of it that a map asks for."""
    entry, version = _found(asked)
    if version.id != entry.version.id:
        raise UnknownName("Le fichier de tuiles est celui de la version courante.", "Prenez les tuiles une à une.")
    path = tiles.archive(asked.pool, version, version.metadata.attribution or entry.organisation_name)
    size = path.stat().st_size
    headers = {
        "etag": f'"{version.id}-pmtiles"', "cache-control": FRESH, "accept-ranges": "bytes",
        "content-disposition": f'attachment; filename="{entry.id}.pmtiles"',
    }  # fmt: skip
    if matches(asked.request, headers["etag"]):
        return Response(304, headers=headers)
    held = asked.request.headers.get("if-range", "")
    match = _RANGE.fullmatch(asked.request.headers.get("range", "")) if held in ("", headers["etag"]) else None
    if match is None or not (match[1] or match[2]):
        body = b"" if asked.request.method == "HEAD" else _chunks(path, 0, size)
        return Response(200, body, PMTILES, {**headers, "content-length": str(size)})
    first = int(match[1]) if match[1] else max(0, size - int(match[2]))
    last = min(int(match[2]), size - 1) if match[1] and match[2] else size - 1
    if first > last:
        return Response(416, headers={**headers, "content-range": f"bytes */{size}"})
    told = {**headers, "content-range": f"bytes {first}-{last}/{size}", "content-length": str(last - first + 1)}
    body = b"" if asked.request.method == "HEAD" else _chunks(path, first, last - first + 1)
    return Response(206, body, PMTILES, told)


def _chunks(path: Path, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as stream:
        stream.seek(start)
        while length > 0 and (chunk := stream.read(min(_CHUNK, length))):
            length -= len(chunk)
            yield chunk
