"""Points of persons: the house alone is seen, and every way to hide it keeps k homes, judged by counting again."""

from __future__ import annotations

import io
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from parvis.errors import InputError
from parvis.privacy.geography import areas, grid, masking, nearby, places, plane, risk
from parvis.privacy.geography import written as hidden
from parvis.privacy.measure import measure
from parvis.values import Column, Kind

SECRET = b"un secret de seize octets"
K = 11


def town(houses: int = 900, alone: int = 1, seed: int = 5) -> tuple[Any, Any]:
    """Return (longitudes, latitudes) of a dense village, a hamlet, and houses alone in the country."""
    chance = np.random.default_rng(seed)
    village = chance.normal([3.10, 47.20], [0.006, 0.004], (houses, 2))
    hamlet = chance.normal([3.16, 47.23], [0.001, 0.001], (30, 2))
    country = np.column_stack([3.24 + 0.02 * np.arange(alone), np.full(alone, 47.27)])
    told = np.concatenate([village, hamlet, country])
    return told[:, 0], told[:, 1]


def homes_by(groups: Any, homes: Any) -> dict[Any, int]:
    seen = defaultdict(set)
    for group, home in zip(groups, homes.tolist(), strict=True):
        if group is not None:
            seen[group].add(home)
    return {g: len(h) for g, h in seen.items()}


# --- Metres and neighbours ------------------------------------------------------------------------


def test_places_become_metres_in_the_system_of_insee() -> None:
    paris = plane.points([2.3488], [48.8534])
    assert paris.system == 3035
    assert [round(v) for v in paris.xy[0]] == pytest.approx([3_760_900, 2_889_500], abs=1500)
    assert plane.points([55.45], [-20.88]).system == 2975
    assert plane.points([-61.0], [14.6]).system == 5490
    lon, lat = plane.degrees(paris.xy, 3035)
    assert (lon[0], lat[0]) == (2.3488, 48.8534)


def test_what_is_no_place_is_left_aside() -> None:
    told = plane.points([3.1, math.nan, 500, 3.1], [47.2, 47.2, 47.2, 47.2])
    assert told.placed.tolist() == [True, False, False, True]
    assert told.homes[0] == told.homes[3]
    assert plane.points([], []).xy.shape == (0, 2)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(-3000, 3000), st.integers(-3000, 3000)), min_size=1, max_size=60),
    st.integers(1, 12),
    st.integers(1, 4000),
)
def test_neighbours_are_those_that_a_plain_count_gives(places: list[tuple[int, int]], k: int, radius: int) -> None:
    xy = np.array(places, float)
    every = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    expected = np.sort(every, axis=1)[:, k - 1] if len(xy) >= k else np.full(len(xy), np.inf)
    assert nearby.kth_distance(xy, xy, k).tolist() == pytest.approx(expected.tolist())
    assert nearby.within(xy, np.full(len(xy), float(radius)), xy).tolist() == (every <= radius).sum(axis=1).tolist()


# --- The risk -------------------------------------------------------------------------------------


def test_one_house_alone_on_a_map_is_said_with_its_distance() -> None:
    points = plane.points(*town())
    found = risk.exposure(points, k=K)
    assert len(found.exposed) == len(points.xy)  # each raw point designates one home
    told = risk.attack(found, ["Longitude", "Latitude"])
    assert told.rate == 1.0 and "km du 11e foyer" in told.text
    assert "11 foyers" in told.advice


def test_a_tower_of_eleven_homes_is_not_one_house() -> None:
    lon, lat = [3.1] * 11 + [3.2], [47.2] * 12
    points = plane.points(lon, lat, homes=list(range(12)))
    found = risk.exposure(points, k=K)
    assert found.exposed.tolist() == [11]


def test_an_address_base_says_how_many_homes_a_point_may_be() -> None:
    lon, lat = town(60, alone=0)
    base = plane.points(*town(2000, alone=0, seed=9)).xy
    points = plane.points(lon, lat)
    moved = points.xy + 400
    own, town_wide = risk.exposure(points, moved, k=K), risk.exposure(points, moved, k=K, homes=base)
    assert town_wide.known and not own.known
    assert len(town_wide.exposed) < len(own.exposed)


def test_a_little_noise_does_not_hide_the_house_alone() -> None:
    points = plane.points(*town())
    shaken = points.xy + np.random.default_rng(1).uniform(-60, 60, points.xy.shape)
    found = risk.exposure(points, shaken, k=K)
    assert len(points.xy) - 1 in found.exposed


# --- Squares --------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [grid.partition, grid.finest])
@pytest.mark.parametrize("k", [5, 11, 50])
def test_every_square_holds_k_homes(way: Any, k: int) -> None:
    points = plane.points(*town())
    laid = way(points, k)
    counted = homes_by(laid.names(), points.homes)
    assert counted and min(counted.values()) >= k
    assert {s.name: s.homes for s in laid.squares} == counted
    assert laid.withheld == 0
    assert sum(s.rows for s in laid.squares) == len(points.xy)
    assert not len(risk.exposure(points, laid.centres, k=k).exposed)


def test_dense_streets_keep_small_squares_and_the_country_gets_large_ones() -> None:
    points = plane.points(*town())
    finest, whole = grid.finest(points, K), grid.partition(points, K)
    assert finest.by_size()[200] > 500
    assert max(finest.by_size()) >= 2000
    assert sum(s * n for s, n in finest.by_size().items()) < sum(s * n for s, n in whole.by_size().items())


def test_squares_of_a_partition_do_not_overlap() -> None:
    laid = grid.partition(plane.points(*town()), K)
    shapes = shapely.from_wkb([s.outline for s in laid.squares])
    assert shapely.union_all(shapes).area == pytest.approx(shapely.area(shapes).sum(), rel=1e-3)


def test_each_place_lies_in_its_square() -> None:
    lon, lat = town()
    laid = grid.finest(plane.points(lon, lat), K)
    shapes = shapely.from_wkb([s.outline for s in laid.squares])
    inside = shapely.intersects(shapes[laid.square], shapely.points(lon, lat))
    assert inside.mean() > 0.99  # the side of a square is drawn straight


def test_names_are_those_of_insee() -> None:
    lon, lat = [2.3488] * 11, [48.8534] * 11
    (square,) = grid.finest(plane.points(lon, lat, homes=list(range(11))), K).squares
    assert square.name.startswith("CRS3035RES200mN28") and square.size == 200
    east, north = int(square.name.partition("E3")[2][-3:]), int(square.name.partition("mN")[2].partition("E")[0])
    assert north % 200 == 0 and east % 200 == 0


def test_homes_count_and_not_rows() -> None:
    """Eleven children of one family are one home."""
    points = plane.points([3.1] * 11, [47.2] * 11, homes=["a"] * 11)
    assert grid.partition(points, K).withheld == grid.finest(points, K).withheld == 11


def test_too_few_homes_are_withheld_and_nonsense_is_refused() -> None:
    points = plane.points([3.1, 3.2, math.nan], [47.2, 47.3, 1])
    assert grid.finest(points, K).names() == [None, None, None]
    for k, sizes in ((1, grid.SIZES), (11, (200, 500)), (11, ())):
        with pytest.raises(InputError):
            grid.partition(points, k, sizes)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 40_000), st.integers(0, 30)), min_size=1, max_size=80),
    st.integers(2, 6),
)
def test_no_square_ever_holds_fewer(rows: list[tuple[int, int, int]], k: int) -> None:
    points = plane.Points(np.array([r[:2] for r in rows], float) + 3e6, np.array([r[2] for r in rows]), 3035)
    for way in (grid.partition, grid.finest):
        counted = homes_by(way(points, k).names(), points.homes)
        assert not counted or min(counted.values()) >= k


# --- Moves ----------------------------------------------------------------------------------------


def test_each_moved_point_may_be_k_homes_and_moves_as_the_density_asks() -> None:
    points = plane.points(*town(alone=2))
    moved = masking.move(points, SECRET, k=K)
    shown = np.flatnonzero(~np.isnan(moved.xy).any(axis=1))
    assert len(shown) > 0.9 * len(points.xy)
    found = risk.exposure(points, moved.xy, k=K)
    assert not len(np.intersect1d(found.exposed, shown))
    near = nearby.kth_distance(points.xy, points.households(), K)
    assert (moved.distance[shown] >= near[shown] - 0.2).all()
    assert moved.median < 400
    assert moved.withheld == len(points.xy) - len(shown)


def test_who_knows_how_points_are_moved_still_has_k_homes_to_choose_from() -> None:
    """A home nearer to the published place than its own k-th neighbour cannot be where it came from: it does not count."""
    points = plane.points(*town(alone=2))
    moved = masking.move(points, SECRET, k=K)
    base = points.households()
    every = np.hypot(base[:, None, 0] - base[None, :, 0], base[:, None, 1] - base[None, :, 1])
    ordered = np.sort(every, axis=1)
    low, high = ordered[:, K - 1], np.maximum(ordered[:, 3 * K - 1], ordered[:, K - 1] * 1.25)
    shown = moved.xy[~np.isnan(moved.xy).any(axis=1)]
    far = np.hypot(shown[:, None, 0] - base[None, :, 0], shown[:, None, 1] - base[None, :, 1])
    plausible = ((far >= low) & (far <= high)).sum(axis=1)
    assert len(shown) > 0.9 * len(points.xy) and plausible.min() >= K


def test_the_same_house_goes_to_the_same_place_each_time_and_another_secret_elsewhere() -> None:
    points = plane.points(*town())
    first, again = masking.move(points, SECRET, k=K), masking.move(points, SECRET, k=K)
    assert np.array_equal(first.xy, again.xy, equal_nan=True)
    other = masking.move(points, SECRET + b"!", k=K)
    assert not np.array_equal(first.xy, other.xy, equal_nan=True)


def test_a_move_without_enough_homes_or_without_a_secret_is_refused() -> None:
    points = plane.points([3.1, 3.2], [47.2, 47.3])
    assert masking.move(points, SECRET, k=K).withheld == 2
    with pytest.raises(InputError):
        masking.move(points, b"court", k=K)
    with pytest.raises(InputError):
        masking.move(points, SECRET, k=1)


# --- Areas ----------------------------------------------------------------------------------------


def strips(count: int) -> list[areas.Area]:
    return [
        areas.Area(f"Q{i}", f"Quartier {i}", shapely.to_wkb(shapely.box(3 + i / 10, 47, 3 + (i + 1) / 10, 48)))
        for i in range(count)
    ]


def test_small_areas_join_their_neighbour_until_each_holds_k() -> None:
    lon = [3.05] * 30 + [3.15] * 3 + [3.25] * 12 + [3.55]
    points = plane.points(lon, [47.5] * len(lon), homes=list(range(len(lon))))
    told = areas.gather(lon, [47.5] * len(lon), points, strips(5), K)
    assert [(g.label, g.homes) for g in told.groups] == [("Quartier 0", 30), ("Quartier 1 + Quartier 2", 15)]
    assert min(g.homes for g in told.groups) >= K
    assert told.labels()[-1] is None  # out of all areas
    counted = homes_by(told.labels(), points.homes)
    assert counted == {g.label: g.homes for g in told.groups if g.homes}


def test_a_town_of_too_few_homes_gives_no_area() -> None:
    points = plane.points([3.05, 3.15], [47.5, 47.5])
    told = areas.gather([3.05, 3.15], [47.5, 47.5], points, strips(3), K)
    assert told.groups == () and told.labels() == [None, None]
    with pytest.raises(InputError):
        areas.gather([3.05], [47.5], points, [areas.Area("x", "x", b"rien")], K)


# --- On a table -----------------------------------------------------------------------------------


def written(path: Path, lon: Any, lat: Any, shape: bool = False) -> tuple[Column, ...]:
    count = len(lon)
    cells: dict[str, Any] = {"aide": ["APA"] * (count // 2) + ["RSA"] * (count - count // 2)}
    if shape:
        cells["lieu"] = [shapely.to_wkb(shapely.Point(x, y)) for x, y in zip(lon, lat, strict=True)]
        columns = (Column("aide", "Aide"), Column("lieu", "Lieu", Kind.GEOMETRY))
    else:
        cells |= {"x": list(lon), "y": list(lat)}
        columns = (Column("aide", "Aide"), Column("x", "X", Kind.NUMBER, "longitude"),
                   Column("y", "Y", Kind.NUMBER, "latitude"))  # fmt: skip
    pq.write_table(pa.table(cells), path)
    return columns


@pytest.mark.parametrize("shape", [False, True])
def test_a_map_of_persons_fails_the_first_criterion_until_it_is_laid_in_squares(tmp_path: Path, shape: bool) -> None:
    lon, lat = town(300)
    before = written(tmp_path / "o.parquet", lon, lat, shape)
    raw = measure(tmp_path / "o.parquet", before, tmp_path / "o.parquet", before, known=["aide"])
    told = next(a for a in raw.answer("singling_out").attacks if a.name == "singling_out.place")
    assert raw.failed == ("singling_out",) and told.won == len(lon)
    points = plane.points(lon, lat)
    x, y = plane.degrees(grid.finest(points, K).centres, points.system)
    after = written(tmp_path / "p.parquet", x, y, shape)
    laid = measure(tmp_path / "o.parquet", before, tmp_path / "p.parquet", after, known=["aide"])
    assert next(a for a in laid.answer("singling_out").attacks if a.name == "singling_out.place").won == 0


def test_a_table_with_lines_and_holes_has_no_place_there(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    line = shapely.to_wkb(shapely.LineString([(0, 0), (1, 1)]))
    pq.write_table(pa.table({"g": [shapely.to_wkb(shapely.Point(3, 47)), None, line]}), path)
    told = places.degrees_of(path, [Column("g", "G", Kind.GEOMETRY)])
    assert told is not None and told[0][0] == 3 and np.isnan(told[0][1:]).all()
    assert places.degrees_of(path, [Column("g", "G")]) is None


@pytest.mark.parametrize("shape", [False, True])
def test_a_table_is_written_in_squares_or_moved_and_nothing_of_its_places_stays(tmp_path: Path, shape: bool) -> None:
    lon, lat = town(300)
    before = written(tmp_path / "o.parquet", lon, lat, shape)
    squares = hidden.in_squares(tmp_path / "o.parquet", before, tmp_path / "s.parquet", k=K)
    moved = hidden.moved(tmp_path / "o.parquet", before, tmp_path / "m.parquet", SECRET, k=K)
    assert [c.name for c in squares.columns[-2:]] == ["carreau", "carreau_m"] and sum(squares.by_size.values()) == len(
        lon
    )
    assert moved.moved is not None and moved.moved > 10
    for placed in (squares, moved):
        judged = measure(tmp_path / "o.parquet", before, placed.path, placed.columns, known=["aide"])
        attack = next((a for a in judged.answer("singling_out").attacks if a.name == "singling_out.place"), None)
        # Squares drawn as areas are nobody's point; what is left as points hides among k homes.
        assert attack is None or attack.won == 0
        assert {c.name: c.kind for c in before}.items() <= {c.name: c.kind for c in placed.columns}.items()
        assert not any(c.minimum or c.mean or c.examples for c in placed.columns)
        assert set(pq.read_schema(placed.path).names) == {c.name for c in placed.columns}
        sink = io.BytesIO()
        pq.write_table(pq.read_table(placed.path), sink, compression="none", use_dictionary=False)
        raw = sink.getvalue()
        assert not [v for v in lon[:40] if np.float64(v).tobytes() in raw]


def test_a_table_without_places_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": ["x"]}), tmp_path / "t.parquet")
    with pytest.raises(InputError):
        hidden.in_squares(tmp_path / "t.parquet", [Column("a", "A")], tmp_path / "o.parquet", k=K)


# --- Areas of the town ----------------------------------------------------------------------------


def _layer(tmp_path: Path, squares: dict[str, tuple[float, float, float, float]]) -> tuple[Path, tuple[Column, ...]]:
    path = tmp_path / "layer.parquet"
    rows = {
        "id": list(range(len(squares))),
        "commentaire": ["vu"] * len(squares),
        "nom_quartier": list(squares),
        "geometry": [shapely.to_wkb(shapely.box(*own)) for own in squares.values()],
    }
    pq.write_table(pa.table(rows), path)
    kinds = {"id": Kind.INTEGER, "geometry": Kind.GEOMETRY}
    columns = tuple(
        Column(n, n, kinds.get(n, Kind.TEXT), filled=len(squares), distinct=1 if n == "commentaire" else len(squares))
        for n in rows
    )
    return path, columns


TOWN = {"Centre": (3.10, 47.20, 3.11, 47.21), "Gare": (3.11, 47.20, 3.12, 47.21), "Hameau": (3.12, 47.20, 3.13, 47.21)}


def test_people_are_published_by_areas_of_the_town_small_ones_joined(tmp_path: Path) -> None:
    path, columns = _layer(tmp_path, TOWN)
    laid = areas.read(path, columns)
    assert [a.name for a in laid] == list(TOWN)
    spots = [(3.101 + n * 1e-4, 47.205) for n in range(20)] + [(3.111 + n * 1e-4, 47.205) for n in range(20)]
    spots += [(3.125, 47.2042), (3.126, 47.2043), (3.9, 47.9)]  # two in the hamlet, one out of the town
    typed = tmp_path / "typed.parquet"
    pq.write_table(pa.table({"lon": [x for x, _ in spots], "lat": [y for _, y in spots]}), typed)
    pair = (Column("lon", "Lon", Kind.NUMBER, "longitude"), Column("lat", "Lat", Kind.NUMBER, "latitude"))
    told = hidden.in_areas(typed, pair, tmp_path / "out.parquet", laid, k=11)
    held = pq.read_table(told.path).to_pylist()
    assert told.by_area == {"Centre": 20, "Gare + Hameau": 22} and told.withheld == 1
    assert {r["quartier_publie"] for r in held[20:42]} == {"Gare + Hameau"} and held[42] == dict.fromkeys(held[42])
    assert len({(r["lon"], r["lat"]) for r in held}) == 3, "one place an area: nobody's own"
    assert not {(r["lon"], r["lat"]) for r in held[:42]} & set(spots)
    assert [c.label for c in told.columns] == ["Lon", "Lat", "Quartier publié"] and told.columns[0].minimum is None


def test_points_become_the_outline_of_their_area(tmp_path: Path) -> None:
    path, columns = _layer(tmp_path, TOWN)
    typed = tmp_path / "typed.parquet"
    points = [shapely.to_wkb(shapely.Point(3.101 + n * 1e-4, 47.205)) for n in range(15)]
    pq.write_table(pa.table({"geometry": points}), typed)
    shape = (Column("geometry", "Lieu", Kind.GEOMETRY),)
    told = hidden.in_areas(typed, shape, tmp_path / "out.parquet", areas.read(path, columns), k=11)
    shapes = set(pq.read_table(told.path).column("geometry").to_pylist())
    assert len(shapes) == 1 and shapely.from_wkb(shapes.pop()).equals(shapely.box(*TOWN["Centre"]))


def test_a_layer_that_gives_no_area_is_refused_in_french(tmp_path: Path) -> None:
    path, columns = _layer(tmp_path, {"A": TOWN["Centre"]})
    with pytest.raises(InputError, match="ne donne pas de quartiers"):
        areas.read(path, columns[:3])
    dots = tmp_path / "dots.parquet"
    pq.write_table(pa.table({"geometry": [b"\x01\x01\x00\x00\x00" + b"\x00" * 16, None]}), dots)
    with pytest.raises(InputError, match="ne donne pas de quartiers"):
        areas.read(dots, columns[3:])
