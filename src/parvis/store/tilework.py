"""What a query worker knows of tiles: rows become the features of one tile, or of all the tiles of an archive.

Points are given as they are while a tile holds few of them; a crowd is gathered by the cells of a grid, each with how many
it stands for (``point_count``). Shapes are cut at the tile, simplified to what a screen shows at its zoom, and set on
whole numbers without ceasing to be valid; one smaller than a pixel becomes a speck, one speck a cell.

Unit: a tile is ``EXTENT`` units wide, twice 256 pixels of a screen: eight units are a pixel.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from parvis.store import cells, mvt, pmtiles
from parvis.store.mvt import EXTENT, LINE, POINT, POLYGON, Tags

BUFFER = 64  # units around a tile, so that signs at its edge are whole
GRID = 128  # cells of a side, a power of two
PIXEL = EXTENT // 512
MOST_SHAPES = 20_000  # of a tile; the largest stay
LARGEST = 1_500_000  # bytes of a tile; beyond, its attributes go
NORTH = 85.05112877980659  # where the Mercator square ends
TOGETHER = 65_536  # points whose tiles are written at once: more gains no time and takes memory
SHARP = 14  # zoom from which nothing is simplified
_BITS = 7  # of GRID
_TEXT = 300  # characters of a value


def mercator(lon: Any, lat: Any) -> tuple[Any, Any]:
    """Return degrees as parts of the Mercator square, from 0 to 1, south down."""
    sine = np.sin(np.radians(np.clip(lat, -NORTH, NORTH)))
    return (lon + 180.0) / 360.0, 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)


def one(table: pa.Table, told: Mapping[str, Any]) -> bytes:
    """Return a tile from rows: their number, then longitude and latitude or a shape (WKB), then attributes."""
    z, x, y = told["z"], told["x"], told["y"]
    rows = table.column(0).to_numpy()
    if told["points"]:
        u, v = mercator(table.column(1).to_numpy(), table.column(2).to_numpy())
        px, py = (u * 2**z - x) * EXTENT, (v * 2**z - y) * EXTENT
        if table.num_rows > told["crowd"]:
            inside = (px >= 0) & (px < EXTENT) & (py >= 0) & (py < EXTENT)
            return _crowd(told["layer"], px[inside], py[inside], rows[inside])
        near = (px >= -BUFFER) & (px < EXTENT + BUFFER) & (py >= -BUFFER) & (py < EXTENT + BUFFER)
        if not near.any():
            return b""
        geometry = mvt.points(np.floor(px[near]).astype(np.int64), np.floor(py[near]).astype(np.int64))
        names = table.schema.names[3:]
        columns = [table.column(n + 3).filter(pa.array(near)) for n in range(len(names))]
        tags = [_tags(n, c) for n, c in zip(names, columns, strict=True)]
        return _tile(told["layer"], np.full(int(near.sum()), POINT), geometry, rows[near] + 1, tags)
    import shapely

    shapes = shapely.from_wkb(np.array(table.column(1).to_pylist(), object), on_invalid="ignore")
    names = table.schema.names[2:]
    columns = [table.column(n + 2) for n in range(len(names))]
    return _shapes(told["layer"], projected(shapes), rows + 1, names, columns, z, x, y)


def gathered(table: pa.Table, told: Mapping[str, Any]) -> bytes:
    """Return a tile from cells that the engine gathered: how many points, their mean longitude and latitude."""
    counts = table.column(0).to_numpy()
    u, v = mercator(table.column(1).to_numpy(), table.column(2).to_numpy())
    px = np.floor((u * 2 ** told["z"] - told["x"]) * EXTENT).astype(np.int64)
    py = np.floor((v * 2 ** told["z"] - told["y"]) * EXTENT).astype(np.int64)
    return _counted(told["layer"], px, py, counts, np.zeros(len(counts), np.int64))


# --- Points ---------------------------------------------------------------------------------------


def _crowd(name: str, px: Any, py: Any, rows: Any) -> bytes:
    """Return the cells of a tile, each at the middle of its points."""
    if not len(px):
        return b""
    side = EXTENT // GRID
    cell = (py.astype(np.int64) // side) * GRID + px.astype(np.int64) // side
    counts = np.bincount(cell, minlength=GRID * GRID)
    held = np.flatnonzero(counts)
    mean = [np.bincount(cell, weights, GRID * GRID)[held] / counts[held] for weights in (px, py)]
    last = np.zeros(GRID * GRID, np.int64)
    last[cell] = rows + 1
    numbers = np.where(counts[held] == 1, last[held], 0)
    xs, ys = (np.floor(m).astype(np.int64) for m in mean)
    return _counted(name, xs, ys, counts[held], numbers)


def _counted(name: str, xs: Any, ys: Any, counts: Any, numbers: Any) -> bytes:
    if not len(xs):
        return b""
    values, places = np.unique(counts, return_inverse=True)
    tags = [Tags("point_count", [mvt.value(int(v)) for v in values], places)]
    return _tile(name, np.full(len(xs), POINT), mvt.points(xs, ys), numbers, tags)


def _tile(name: str, kinds: Any, geometry: mvt.Ragged, numbers: Any, tags: Sequence[Tags]) -> bytes:
    indexes, values = mvt.values_of(tags)
    body, keys = mvt.features(kinds, geometry, numbers, indexes), [t.name for t in tags]
    if len(body.flat) + sum(map(len, values)) > LARGEST:
        body, keys, values = mvt.features(kinds, geometry, numbers, []), [], []
    return mvt.layer(name, body.flat.tobytes(), keys, values)


def _tags(name: str, column: Any) -> Tags:
    """Return an attribute of features: numbers, yes and no as such, all else as text."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    coded = whole if isinstance(whole, pa.DictionaryArray) else whole.dictionary_encode()
    places = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    values = [cells.plain(v) for v in coded.dictionary.to_pylist()]
    wrong = [n for n, v in enumerate(values) if v is None or isinstance(v, dict | list)]
    if wrong:  # numbers that are none
        places = np.where(np.isin(places, wrong), -1, places)
        values = ["" if n in set(wrong) else v for n, v in enumerate(values)]
    return Tags(name, [mvt.value(v[:_TEXT] if isinstance(v, str) else v) for v in values], places)


# --- Shapes ---------------------------------------------------------------------------------------


def projected(shapes: Any) -> Any:
    """Return shapes of degrees on the Mercator square; what is no shape, or has none, is nothing."""
    import shapely

    def moved(xy: Any) -> Any:
        return np.column_stack(mercator(xy[:, 0], xy[:, 1]))

    return shapely.transform(shapes, moved)


def _shapes(
    name: str, shapes: Any, numbers: Any, names: Sequence[str], columns: Sequence[Any], z: int, x: int, y: int
) -> bytes:
    """Return a tile of shapes that lie on the Mercator square."""
    import shapely

    held = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    size = 2.0**z
    sides = (shapely.bounds(shapes[held]) * size - (x, y, x, y)) * EXTENT
    low, high = -BUFFER, EXTENT + BUFFER
    meets = (sides[:, 2] >= low) & (sides[:, 0] <= high) & (sides[:, 3] >= low) & (sides[:, 1] <= high)
    held, sides = held[meets], sides[meets]
    if not len(held):
        return b""
    local = shapely.transform(shapes[held], lambda xy: (xy * size - (x, y)) * EXTENT)
    local, chosen = _specks(local, sides)
    held, sides = held[chosen], sides[chosen]
    if len(held) > MOST_SHAPES:
        extents = (sides[:, 2] - sides[:, 0]) * (sides[:, 3] - sides[:, 1])
        largest = np.sort(np.argsort(-extents, kind="stable")[:MOST_SHAPES])
        local, held = local[largest], held[largest]
    wanted = shapely.get_dimensions(local)
    beyond = (shapely.bounds(local) < low).any(1) | (shapely.bounds(local) > high).any(1)
    wrong = ~shapely.is_valid(local)
    if wrong.any():
        local[wrong] = shapely.make_valid(local[wrong])
    cut = beyond & (wanted > 0)
    if cut.any():
        local[cut] = shapely.clip_by_rect(local[cut], low, low, high, high)
    if z < SHARP:
        local = shapely.simplify(local, PIXEL / 2)
    try:
        local = shapely.set_precision(local, 1.0)
    except shapely.errors.GEOSException:  # one of them resists: they stay as rounded as they can be
        local = shapely.set_precision(local, 1.0, mode="pointwise")
    kinds, geometry, features = _commands(local, wanted)
    if not len(features):
        return b""
    chosen_rows = held[features]
    tags = [_tags(n, c.take(chosen_rows)) for n, c in zip(names, columns, strict=True)]
    return _tile(name, kinds, geometry, numbers[chosen_rows], tags)


def _specks(local: Any, sides: Any) -> tuple[Any, Any]:
    """Return shapes with those smaller than a pixel as specks, and which ones stay: one speck a pixel."""
    import shapely

    wide = np.maximum(sides[:, 2] - sides[:, 0], sides[:, 3] - sides[:, 1])
    small = (wide < PIXEL) & (shapely.get_dimensions(local) > 0)
    if not small.any():
        return local, np.arange(len(local))
    at = np.flatnonzero(small)
    x, y = (np.floor(sides[at, n] / PIXEL).astype(np.int64) for n in (0, 1))
    _, first = np.unique((y + 2**20) * 2**24 + x + 2**20, return_index=True)
    at, x, y = at[first], x[first] * PIXEL, y[first] * PIXEL
    area = shapely.get_dimensions(local[at]) == 2
    half = PIXEL // 2
    specks = np.empty(len(at), object)
    specks[area] = shapely.box(x[area], y[area], x[area] + half, y[area] + half)
    ends = np.stack([np.column_stack((x, y)), np.column_stack((x + half, y + half))], axis=1)[~area]
    specks[~area] = shapely.linestrings(ends) if len(ends) else []
    local = local.copy()
    local[at] = specks
    return local[(stays := np.sort(np.concatenate((np.flatnonzero(~small), at))))], stays


def _commands(local: Any, wanted: Any) -> tuple[Any, mvt.Ragged, Any]:
    """Return the kind and the drawing commands of each shape that is left, and which ones these are."""
    import shapely

    parts, owners = shapely.get_parts(local, return_index=True)
    again, inner = shapely.get_parts(parts, return_index=True)  # collections hold parts of several
    parts, owners = again, owners[inner]
    whole = (shapely.get_dimensions(parts) == wanted[owners]) & ~shapely.is_empty(parts)
    parts, owners = parts[whole], owners[whole]
    kinds, features = [], []
    flats, lengths = [], []
    for dimension, kind in ((0, POINT), (1, LINE), (2, POLYGON)):
        mine = shapely.get_dimensions(parts) == dimension
        if not mine.any():
            continue
        said, ids = _of_kind(parts[mine], owners[mine], kind)
        kinds.append(np.full(len(ids), kind))
        features.append(ids)
        flats.append(said.flat)
        lengths.append(said.lengths)
    if not features:
        return np.zeros(0, np.int64), mvt.Ragged(np.zeros(0, np.uint8), np.zeros(0, np.int64)), np.zeros(0, np.int64)
    return np.concatenate(kinds), mvt.Ragged(np.concatenate(flats), np.concatenate(lengths)), np.concatenate(features)


def _of_kind(parts: Any, owners: Any, kind: int) -> tuple[mvt.Ragged, Any]:
    import shapely

    if kind == POINT:  # several points of a row are one feature each: simple, and read everywhere
        xy = np.floor(shapely.get_coordinates(parts)).astype(np.int64)
        return mvt.points(xy[:, 0], xy[:, 1]), owners
    if kind == POLYGON:
        parts, ring_of = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
        owners = owners[ring_of]
    xy, line = shapely.get_coordinates(parts, return_index=True)
    sizes = np.bincount(line, minlength=len(parts))
    if kind == POLYGON:  # a ring's last place is its first
        xy = np.delete(xy, np.cumsum(sizes) - 1, axis=0)
        sizes = sizes - 1
    ids, per = np.unique(owners, return_counts=True)
    return mvt.drawn(np.rint(xy).astype(np.int64), sizes, per, kind), ids


# --- All the tiles --------------------------------------------------------------------------------


def archive(table: pa.Table, told: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield a PMTiles file of all the tiles of rows, from zoom 0 to ``told["deepest"]`` or where nothing is gathered."""
    make = _pyramid_of_points if told["points"] else _pyramid_of_shapes
    yield from pmtiles.written(make(table, told), told)


def _pyramid_of_points(table: pa.Table, told: Mapping[str, Any]) -> Iterator[tuple[int, int, int, bytes]]:
    lon, lat = table.column(1).to_numpy(), table.column(2).to_numpy()
    u, v = mercator(lon, lat)
    deepest = told["deepest"]
    size = 2 ** (deepest + _BITS)
    cx = np.clip(np.floor(u * size), 0, size - 1).astype(np.int64)
    cy = np.clip(np.floor(v * size), 0, size - 1).astype(np.int64)
    key = (_spread(cy) << 1) | _spread(cx)
    order = np.argsort(key, kind="stable")
    key, u, v, cx, cy = key[order], u[order], v[order], cx[order], cy[order]
    numbers = table.column(0).to_numpy()[order] + 1
    names = table.schema.names[3:]
    coded = [table.column(n + 3).combine_chunks().dictionary_encode().take(order) for n in range(len(names))]
    tags = [_tags(n, c) for n, c in zip(names, coded, strict=True)]
    for z in range(deepest + 1):
        shift = deepest - z + _BITS
        tile = key >> (2 * shift)
        starts = np.flatnonzero(np.diff(tile, prepend=-1))
        sizes = np.diff(np.append(starts, len(tile)))
        full = sizes > told["crowd"]
        tx, ty = cx >> shift, cy >> shift
        px, py = (u * 2**z - tx) * EXTENT, (v * 2**z - ty) * EXTENT
        for start, size in zip(starts[full].tolist(), sizes[full].tolist(), strict=True):
            here = slice(start, start + size)
            xs, ys = (np.clip(p[here], 0, EXTENT - 1) for p in (px, py))
            yield z, int(tx[start]), int(ty[start]), _crowd(told["layer"], xs, ys, numbers[here] - 1)
        first, counts = starts[~full], sizes[~full]
        cuts = np.flatnonzero(np.diff(np.cumsum(counts) // TOGETHER, prepend=-1)).tolist()
        for low, high in itertools.pairwise([*cuts, len(counts)]):
            some = counts[low:high]
            calm = np.repeat(first[low:high] - (np.cumsum(some) - some), some) + np.arange(int(some.sum()))
            xs, ys = (np.floor(p[calm]).astype(np.int64) for p in (px, py))
            mine = [Tags(t.name, t.values, t.places[calm]) for t in tags]
            bodies = _all_tiles(told["layer"], xs, ys, numbers[calm], mine, some)
            for start, body in zip(first[low:high].tolist(), bodies, strict=True):
                yield z, int(tx[start]), int(ty[start]), body
        if not full.any() and not told["whole"]:
            return


def _all_tiles(name: str, xs: Any, ys: Any, numbers: Any, tags: Sequence[Tags], sizes: Any) -> Iterator[bytes]:
    """Yield the tiles of points that lie one tile after the other, ``sizes`` of them in each: written all at once."""
    count = len(sizes)
    group = np.repeat(np.arange(count), sizes)
    base = np.zeros(count, np.int64)  # values that each tile has so far
    indexes, used = [], []
    for tag in tags:
        has, many = tag.places >= 0, len(tag.values) or 1
        codes, places = np.unique(group[has] * many + tag.places[has], return_inverse=True)
        first = np.searchsorted(codes, np.arange(count + 1) * many)
        index = np.full(len(group), -1, np.int64)
        index[has] = places - first[group[has]] + base[group[has]]
        base += np.diff(first)
        indexes.append(index)
        used.append(((codes % many).tolist(), first.tolist()))
    body = mvt.features(np.full(len(xs), POINT), mvt.points(xs, ys), numbers, indexes)
    flat, names = body.flat.tobytes(), [t.name for t in tags]
    ends = np.append(0, np.cumsum(body.lengths))[np.append(0, np.cumsum(sizes))].tolist()
    for n in range(count):
        values = [
            tag.values[place]
            for tag, (places, first) in zip(tags, used, strict=True)
            for place in places[first[n] : first[n + 1]]
        ]
        yield mvt.layer(name, flat[ends[n] : ends[n + 1]], names, values)


def _spread(number: Any) -> Any:
    """Return numbers with a zero between each two bits (31 bits at most)."""
    number = number.astype(np.int64)
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F), (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):  # fmt: skip
        number = (number | (number << shift)) & mask
    return number


def _pyramid_of_shapes(table: pa.Table, told: Mapping[str, Any]) -> Iterator[tuple[int, int, int, bytes]]:
    import shapely

    shapes = shapely.from_wkb(np.array(table.column(1).to_pylist(), object), on_invalid="ignore")
    shapes = projected(shapes)
    held = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    shapes, numbers = shapes[held], table.column(0).to_numpy()[held] + 1
    names = table.schema.names[2:]
    columns = [table.column(n + 2).combine_chunks().dictionary_encode().take(held) for n in range(len(names))]
    if not len(shapes):
        return
    tree, sides, left = shapely.STRtree(shapes), shapely.total_bounds(shapes), told["tiles"]
    for z in range(told["deepest"] + 1):
        first = np.clip(np.floor(sides[:2] * 2**z), 0, 2**z - 1).astype(int)
        last = np.clip(np.floor(sides[2:] * 2**z), 0, 2**z - 1).astype(int)
        left -= int((last[0] - first[0] + 1) * (last[1] - first[1] + 1))
        if left < 0:
            return
        for x in range(first[0], last[0] + 1):
            for y in range(first[1], last[1] + 1):
                pad = BUFFER / EXTENT
                around = shapely.box((x - pad) / 2**z, (y - pad) / 2**z, (x + 1 + pad) / 2**z, (y + 1 + pad) / 2**z)
                mine = np.sort(tree.query(around))
                if len(mine):
                    kept = [c.take(mine) for c in columns]
                    body = _shapes(told["layer"], shapes[mine], numbers[mine], names, kept, z, x, y)
                    if body:
                        yield z, x, y, body
