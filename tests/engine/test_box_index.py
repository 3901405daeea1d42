"""A box of the map asked of the side index: the rows that the object gives, wherever the places lie."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parvis.store import layout
from parvis.store import query as asking
from parvis.store.indexed import Index
from parvis.values import All, Box, Column, Kind, Metadata, Op, Policy, Query, Test, Version

Test.__test__ = False  # type: ignore[attr-defined]  # a value of ours, not a test class


def made(work: Path, east: list[float | None], north: list[float | None], kind: Kind = Kind.NUMBER) -> Index:
    """Return the index of a table of places."""
    object_, index = work / "o.parquet", work / "o.index"
    typed = pa.float64() if kind is Kind.NUMBER else pa.int64()
    pq.write_table(pa.table({"lon": pa.array(east, typed), "lat": pa.array(north, typed)}), object_)
    columns = (Column("lon", "lon", kind), Column("lat", "lat", kind))
    version = Version("v", "d", "o", 0, len(east), columns, Metadata(), Policy(), "", point=("lon", "lat"))
    with index.open("wb") as stream:
        layout.write(stream, object_, version)
    return Index(index)


def told(index: Index, box: tuple[float, float, float, float]) -> list[int]:
    rows, total = index.page(["box", "lon", "lat", *box], -1, 0, 10**9)
    assert len(rows) == total
    return [int(r) for r in rows]


@pytest.mark.parametrize(
    "shape", ["even", "towns", "one place", "two lines", "empty cells", "whole degrees", "none", "three"]
)
def test_a_box_gives_the_rows_of_its_places(tmp_path: Path, shape: str) -> None:
    rng = np.random.default_rng(len(shape))
    count = {"none": 0, "three": 3}.get(shape, 6000)
    x, y = rng.uniform(2, 3, count), rng.uniform(48, 49, count)
    if shape == "towns":
        at = rng.integers(0, 5, count)
        x, y = rng.uniform(-180, 180, 5)[at] + rng.normal(0, 0.01, count), rng.uniform(-90, 90, 5)[at]
    if shape == "one place":
        x[:], y[:] = 2.5, 48.5
    if shape == "two lines":
        x = np.where(rng.random(count) < 0.5, 2.25, 2.75)
    if shape == "whole degrees":
        x, y = rng.uniform(-180, 180, count).round(), rng.uniform(-90, 90, count).round()
    east, north = x.tolist(), y.tolist()
    if shape == "whole degrees":
        east, north = [int(v) for v in east], [int(v) for v in north]
    if shape == "empty cells":
        east = [None if rng.random() < 0.3 else v for v in east]
        north = [None if rng.random() < 0.3 else v for v in north]
    index = made(tmp_path, east, north, Kind.INTEGER if shape == "whole degrees" else Kind.NUMBER)
    draw = random.Random(shape)
    for _ in range(120):
        if count and draw.random() < 0.7:  # round a row, its own place a border of the box
            n = draw.randrange(count)
            west, south = east[n] or 0.0, north[n] or 0.0
        else:
            west, south = draw.uniform(-200, 200), draw.uniform(-100, 100)
        wide = draw.choice([0, 1e-9, 0.01, 0.3, 400])
        box = (west, south, west + wide, south + wide * draw.choice([0, 1, 2]))
        wanted = [
            n for n, (a, b) in enumerate(zip(east, north, strict=True))
            if a is not None and b is not None and box[0] <= a <= box[2] and box[1] <= b <= box[3]
        ]  # fmt: skip
        assert told(index, box) == wanted, box


def test_a_small_box_reads_few_rows_even_where_one_town_holds_nearly_all(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(2.3, 0.001, 20_000), rng.normal(48.8, 0.001, 20_000)
    x[:5], y[:5] = [-61, 55, -52, 45, 165], [14, -21, 4, -12, -22]  # overseas
    index = made(tmp_path, x.tolist(), y.tolist())
    assert index.places is not None
    found = index.places.near((2.3, 48.8, 2.3001, 48.8001), 10**9)
    assert len(found) < 400
    assert index.places.near((-180, -90, 180, 90), 2500) is None


def test_boxes_are_the_same_by_the_object_and_by_the_index(town: Any, pool: Any, monkeypatch: Any) -> None:
    draw = random.Random(5)
    for _ in range(25):
        west, south = draw.uniform(1.9, 2.3), draw.uniform(47.9, 48.2)
        where: Any = Box(west, south, west + draw.choice([0.001, 0.02, 0.5]), south + draw.choice([0.001, 0.02, 0.5]))
        if draw.random() < 0.3:
            where = All((where, Test("annee", Op.GT, 1950)))
        if draw.random() < 0.2:
            where = Box(170, -90, west, 90)
        query = Query(select=("code",), where=where, limit=30, offset=draw.choice([0, 3]))
        fast = asking.run(pool, town.indexed, query)
        pool.totals._known.clear()
        with monkeypatch.context() as apart:
            apart.setattr(asking, "_lookup", lambda *_: None)
            slow = asking.run(pool, town.indexed, query)
        assert (fast.rows, fast.total) == (slow.rows, slow.total), query
