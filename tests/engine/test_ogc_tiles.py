"""Vector tiles: what a map's own reader (GDAL) finds in them, their limits, and the file of all tiles."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from tests.engine.test_ogc import BASE, LONG, PARCELS, TREES, Client

from parvis.errors import LimitError, ParvisError
from parvis.store import mvt, pmtiles, shelf, tiles, tilework
from parvis.store.pool import Pool


def features(body: bytes, work: Path, z: int, x: int, y: int) -> list[tuple[Any, dict[str, Any]]]:
    """Return what GDAL reads in a tile: places in degrees, and attributes."""
    import pyogrio
    import pyproj

    path = work / f"{z}-{x}-{y}.pbf"
    path.write_bytes(body)
    options = {"X": x, "Y": y, "Z": z, "CLIP": "NO"}
    meta, fids, places, columns = pyogrio.raw.read(path, layer=tiles.LAYER, **options)
    assert len(fids or []) in (0, len(places))
    back = pyproj.Transformer.from_crs(3857, 4326, always_xy=True)
    out = []
    for n, wkb in enumerate(places):
        shape = shapely.from_wkb(wkb)
        moved = shapely.transform(shape, lambda xy: np.column_stack(back.transform(xy[:, 0], xy[:, 1])))
        out.append((moved, {name: column[n] for name, column in zip(meta["fields"], columns, strict=True)}))
    return out


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int]:
    u, v = tilework.mercator(np.array([lon]), np.array([lat]))
    return int(u[0] * 2**z), int(v[0] * 2**z)


@pytest.fixture
def get(town: Any, pool: Pool) -> Client:
    return Client(town, pool)


# --- One tile -------------------------------------------------------------------------------------


def test_a_tile_of_points_holds_its_rows_where_they_are(town: Any, pool: Pool, tmp_path: Path) -> None:
    x, y = tile_of(2.1, 48.1, 9)
    body = tiles.tile(pool, town.trees, 9, x, y)
    west, south, east, north = tiles.bounds(9, x, y, tiles.PAD)
    wanted = {
        r["code"]: r for r in town.rows
        if None not in (r["longitude"], r["latitude"]) and west <= r["longitude"] <= east and south <= r["latitude"] <= north
    }  # fmt: skip
    found = features(body, tmp_path, 9, x, y)
    assert {row["code"] for _, row in found} == set(wanted)
    unit = 360 / 2**9 / 4096
    for place, row in found:
        whole = wanted[row["code"]]
        assert abs(place.x - whole["longitude"]) < 2 * unit and abs(place.y - whole["latitude"]) < 2 * unit
        if whole["hauteur"] is not None:
            assert row["hauteur"] == whole["hauteur"]
        if whole["plante_le"] is not None:
            assert str(row["plante_le"])[:10] == whole["plante_le"].isoformat()


def test_a_crowd_is_gathered_and_nobody_is_lost(town: Any, pool: Pool, tmp_path: Path) -> None:
    body = tiles.tile(pool, town.indexed, 3, *tile_of(2.1, 48.1, 3))
    x, y = tile_of(2.1, 48.1, 3)
    found = features(body, tmp_path, 3, x, y)
    placed = sum(
        1
        for r in _rows(town)
        if None not in (r["longitude"], r["latitude"]) and tile_of(r["longitude"], r["latitude"], 3) == (x, y)
    )
    assert placed > tiles.CROWD
    assert sum(row["point_count"] for _, row in found) == placed
    assert len(found) < 1000 and "essence" not in found[0][1]


def _rows(town: Any) -> list[dict[str, Any]]:
    from tests.engine.conftest import trees

    return trees(25_000)


def test_points_gathered_by_the_engine_are_as_many(
    town: Any, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tiles.tile(pool, town.indexed, 3, *tile_of(2.1, 48.1, 3))
    monkeypatch.setattr(tiles, "GATHERED", 1000)
    gathered = tiles.tile(pool, town.indexed, 3, *tile_of(2.1, 48.1, 3))
    x, y = tile_of(2.1, 48.1, 3)
    one, other = (features(b, tmp_path, 3, x, y) for b in (plain, gathered))
    assert sum(r["point_count"] for _, r in one) == sum(r["point_count"] for _, r in other)
    assert len(one) == len(other)


def test_shapes_are_cut_at_the_tile_and_valid(town: Any, pool: Pool, tmp_path: Path) -> None:
    for z in (0, 4, 7, 9, 12):
        x, y = tile_of(5.25, 45.25, z)
        body = tiles.tile(pool, town.parcels, z, x, y)
        found = features(body, tmp_path, z, x, y)
        assert found
        west, south, east, north = tiles.bounds(z, x, y, tiles.PAD * 1.1)
        for shape, row in found:
            assert shapely.is_valid(shape)
            if row["parcelle"] == "P5" and z in (9, 12):
                wanted = shapely.intersection(shapely.box(5, 45, 5.5, 45.5), shapely.box(west, south, east, north))
                assert shapely.hausdorff_distance(shape, wanted) < 360 / 2**z / 50
            assert shape.bounds[0] >= west - 1e-9 and shape.bounds[3] <= north + 1e-9


def test_the_whole_world_shows_every_parcel_as_a_speck_at_least(town: Any, pool: Pool, tmp_path: Path) -> None:
    found = features(tiles.tile(pool, town.parcels, 0, 0, 0), tmp_path, 0, 0, 0)
    assert len({row["parcelle"] for _, row in found}) >= 15


def test_nothing_is_an_empty_answer(get: Client) -> None:
    assert get(f"{TREES}/xyz/9/0/0.pbf").status == 204


def test_both_addresses_of_a_tile_give_it(get: Client) -> None:
    x, y = tile_of(2.1, 48.1, 9)
    one = get(f"{TREES}/xyz/9/{x}/{y}.pbf")
    other = get(f"{TREES}/tiles/WebMercatorQuad/9/{y}/{x}")
    assert one.status == 200 and one.body == other.body
    assert one.media_type == "application/vnd.mapbox-vector-tile"
    assert get(f"{TREES}/xyz/9/{x}/{y}.pbf", if_none_match=one.headers["etag"]).status == 304


def test_a_tile_may_be_filtered(get: Client, tmp_path: Path) -> None:
    x, y = tile_of(2.1, 48.1, 8)
    told = get(f"{TREES}/xyz/8/{x}/{y}.pbf?filter=essence%20=%20'CHARME'")
    assert isinstance(told.body, bytes)
    assert {row["essence"] for _, row in features(told.body, tmp_path, 8, x, y)} == {"CHARME"}


@pytest.mark.parametrize(
    "path", ["23/0/0", "1/2/0", "1/0/2", "-1/0/0", "a/0/0", "0/0/999999999999", "1.5/0/0", "²/0/0"]
)
def test_a_tile_that_is_on_no_map_is_not_found(get: Client, path: str) -> None:
    assert get(f"{TREES}/xyz/{path}.pbf").status == 404


def test_tilejson_and_tilesets_say_where_tiles_are(get: Client) -> None:
    told = get.json(f"{PARCELS}/tilejson.json")
    assert told["tilejson"] == "3.0.0" and told["bounds"] == [0, 40, 20, 60]
    assert told["vector_layers"][0]["fields"] == {"parcelle": "String", "surface": "Number"}
    address = told["tiles"][0].replace("{z}", "0").replace("{x}", "0").replace("{y}", "0")
    assert get(address).status == 200
    sets = get.json(f"{PARCELS}/tiles")["tilesets"]
    links = {one["rel"]: one["href"] for one in sets[0]["links"]}
    item = links["item"].format(tileMatrix=0, tileRow=0, tileCol=0)
    assert get(item).body == get(address).body
    grid = get.json(links["http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"])
    assert grid["tileMatrices"][3]["matrixWidth"] == 8
    assert grid["tileMatrices"][0]["scaleDenominator"] == pytest.approx(559082264.0287178)


# --- The format -----------------------------------------------------------------------------------


def test_varints_are_those_of_protocol_buffers() -> None:
    numbers = [0, 1, 127, 128, 300, 16383, 16384, 2**32, 2**63]
    said = mvt.varints(np.array(numbers, np.uint64))
    at = 0
    for number, length in zip(numbers, said.lengths, strict=True):
        held = said.flat[at : at + length].tolist()
        assert sum((byte & 0x7F) << (7 * n) for n, byte in enumerate(held)) == number
        assert all(byte & 0x80 for byte in held[:-1]) and not held[-1] & 0x80
        at += length


def test_the_numbers_of_tiles_are_those_of_the_format() -> None:
    assert [pmtiles.tile_id(*t) for t in ((0, 0, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0), (2, 0, 0))] == [
        0,
        1,
        2,
        3,
        4,
        5,
    ]
    assert pmtiles.tile_id(12, 3423, 1763) == 19078479


def test_a_directory_too_long_for_the_root_has_leaves(tmp_path: Path) -> None:
    entries = [(n * 3, n * 7919 % 100_000_007, 1 + n * 31 % 977, 1) for n in range(60_000)]
    root, leaves = pmtiles._directories(entries)
    assert len(root) <= pmtiles.ROOM and leaves


# --- The file of all tiles ------------------------------------------------------------------------


def test_a_file_of_tiles_is_read_by_ranges_as_by_a_map(get: Client, town: Any, tmp_path: Path) -> None:
    whole = get(f"{LONG}.pmtiles")
    assert whole.status == 200 and not isinstance(whole.body, bytes)
    body = b"".join(whole.body)
    assert len(body) == int(whole.headers["content-length"]) and body[:7] == b"PMTiles"
    part = get(f"{LONG}.pmtiles", range="bytes=0-126")
    assert part.status == 206 and b"".join(part.body) == body[:127]  # type: ignore[arg-type]
    assert part.headers["content-range"] == f"bytes 0-126/{len(body)}"
    assert b"".join(get(f"{LONG}.pmtiles", range="bytes=-5").body) == body[-5:]  # type: ignore[arg-type]
    assert b"".join(get(f"{LONG}.pmtiles", range=f"bytes={len(body) - 3}-").body) == body[-3:]  # type: ignore[arg-type]
    assert get(f"{LONG}.pmtiles", range=f"bytes={len(body)}-").status == 416
    assert get(f"{LONG}.pmtiles", range="bytes=9-3").status == 416
    assert get(f"{LONG}.pmtiles", range="lignes=0-1").status == 200
    assert get(f"{LONG}.pmtiles", "HEAD").headers["content-length"] == str(len(body))


@pytest.mark.parametrize("place", ["trees", "parcels", "indexed"])
def test_another_reader_finds_every_row_in_the_file(town: Any, pool: Pool, place: str) -> None:
    import pyogrio

    version = getattr(town, place)
    path = tiles.archive(pool, version)
    info = pyogrio.read_info(path, layer=tiles.LAYER)
    assert info["driver"] == "PMTiles"
    _, _, places, columns = pyogrio.raw.read(path, layer=tiles.LAYER)
    name = "parcelle" if place == "parcels" else "code"
    found = {columns[list(info["fields"]).index(name)][n] for n in range(len(places))}
    rows = {"trees": town.rows, "indexed": _rows(town), "parcels": [{"code": f"P{n}"} for n in range(20)]}[place]
    wanted = {r["code"] for r in rows if place == "parcels" or None not in (r["longitude"], r["latitude"])}
    assert wanted <= found


def test_a_withdrawn_version_loses_its_file(making: Any, tmp_path: Path) -> None:
    from parvis.store.folder import Folder

    folder = Folder(tmp_path / "data")
    safe = making.protected(tmp_path / "t.parquet", making.TREES, making.trees(50))
    version = making.put(folder, safe, "dddddddddddd", point=("longitude", "latitude"))
    with_pool = Pool(folder)
    try:
        path = tiles.archive(with_pool, version)
        assert path.exists()
        shelf.withdraw(folder, "dddddddddddd", "Essai", making.NOW)
        assert not path.exists()
        with pytest.raises(ParvisError):
            tiles.archive(with_pool, version)
        assert not path.exists()
    finally:
        with_pool.close()


def test_only_the_current_version_has_a_file(making: Any, tmp_path: Path) -> None:
    from parvis.store.folder import Folder

    folder = Folder(tmp_path / "data")
    held = []
    for number in (1, 2):
        safe = making.protected(tmp_path / f"{number}.parquet", making.TREES, making.trees(40 + number))
        held.append(making.put(folder, safe, "eeeeeeeeeeee", number, point=("longitude", "latitude")))
    town = type("Town", (), {"catalogue": making.Catalogue(folder)})
    own = Pool(folder)
    try:
        folder.tiles(held[0].id).write_bytes(b"an older one")
        get = Client(town, own)
        assert get("/ogc/collections/eeeeeeeeeeee.pmtiles").status == 200
        assert [p.stem for p in folder.tiles("x").parent.iterdir()] == [held[1].id]
        assert get(f"/ogc/collections/eeeeeeeeeeee.pmtiles?version={held[0].id}").status == 404
        assert get(f"/ogc/collections/eeeeeeeeeeee/xyz/0/0/0.pbf?version={held[0].id}").status == 200
    finally:
        own.close()


def test_a_version_of_too_many_rows_has_no_file(town: Any, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "ARCHIVED", 10)
    path = pool.folder.tiles(town.trees.id)
    path.unlink(missing_ok=True)
    with pytest.raises(LimitError):
        tiles.archive(pool, town.trees)


# --- Hostile shapes -------------------------------------------------------------------------------


def hostile() -> list[Any]:
    bow = shapely.Polygon([(2, 48), (3, 49), (3, 48), (2, 49)])
    star = [(2.5 + math.cos(n * 2.5) * 0.3, 48.5 + math.sin(n * 2.5) * 0.3) for n in range(9)]
    ring = [(2 + math.cos(n / 3000 * 6.28), 48 + math.sin(n / 3000 * 6.28)) for n in range(3000)]
    return [
        bow, shapely.Polygon(star), shapely.Polygon(ring), shapely.Polygon(), shapely.Point(),
        shapely.LineString([(2, 48), (2, 48)]), shapely.GeometryCollection([shapely.Point(2.1, 48.1), bow]),
        shapely.MultiPoint([(2.1, 48.1), (2.2, 48.2)]), shapely.LineString([(-180, -90), (180, 90)]),
        shapely.box(-180, -90, 180, 90), shapely.Point(2.1, 90), shapely.LineString([(2, 48, 5), (3, 49, 7)]),
        shapely.MultiLineString([[(2, 48), (3, 48)], [(2.5, 47), (2.5, 49)]]), shapely.Point(float("inf"), 48),
        shapely.Polygon([(2, 48), (3, 48), (3, 49), (2, 49)], [[(2.2, 48.2), (2.4, 48.2), (2.4, 48.4), (2.2, 48.4)]]),
        shapely.Polygon([(2, 48), (3, 48), (2.5, 48.0000001), (2, 48)]), None,
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("z", [0, 3, 6, 8, 10, 14])
def test_hostile_shapes_make_a_tile_or_nothing(tmp_path: Path, z: int) -> None:
    import pyarrow as pa

    held = [None if s is None else shapely.to_wkb(s) for s in hostile()]
    held.append(b"\x01\x02\x03")
    table = pa.table(
        {"row": list(range(len(held))), "g": pa.array(held, pa.binary()), "nom": [str(n) for n in range(len(held))]}
    )
    for dx, dy in ((0, 0), (-1, 0), (0, 1)):
        x, y = (n + d for n, d in zip(tile_of(2.3, 48.3, z), (dx, dy), strict=True))
        if not (0 <= x < 2**z and 0 <= y < 2**z):
            continue
        body = tilework.one(table, {"points": False, "layer": "data", "crowd": 4096, "z": z, "x": x, "y": y})
        if body:
            for shape, _ in features(body, tmp_path, z, x, y):
                assert shapely.is_valid(shape)


@pytest.mark.parametrize("value", [None, float("nan"), "é" * 2000, "", -(2**63), 2**63 - 1, True, 1e300, "\x00\ud7ff"])
def test_any_value_of_a_cell_is_written(value: Any) -> None:
    import pyarrow as pa

    table = pa.table({"row": [0, 1], "x": [2.0, 2.1], "y": [48.0, 48.1], "v": pa.array([value, None])})
    assert tilework.one(table, {"points": True, "layer": "data", "crowd": 4096, "z": 0, "x": 0, "y": 0})


def test_metadata_of_a_file_names_its_layer(town: Any, pool: Pool) -> None:
    body = tiles.archive(pool, town.parcels).read_bytes()
    start, length = (int.from_bytes(body[n : n + 8], "little") for n in (24, 32))
    told = json.loads(gzip.decompress(body[start : start + length]))
    assert told["vector_layers"][0]["id"] == tiles.LAYER
    assert BASE
