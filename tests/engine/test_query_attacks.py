"""Attacks on query workers: what a question costs at the most, and what it reaches if SQL ever came from outside."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.engine.test_ods import Client

from parvis.errors import LimitError, ParvisError
from parvis.store import pool as pool_module
from parvis.store import query as asking
from parvis.store.pool import GRACE, SECONDS, Pool, leaving
from parvis.values import Calc, Call, Field, Holds, Kind, Literal, Query

LONG = "/api/explore/v2.1/catalog/datasets/jeu-cccccccccccc"
ENDLESS = (
    "SELECT count(*) FROM range(100000) a, range(100000) b, range(100000) c WHERE hash(a.range, b.range, c.range) = 1"
)


@pytest.fixture(scope="module")
def lone(town: Any) -> Iterator[Pool]:
    """One worker, so that what comes after an attack meets what the attack left."""
    made = Pool(town.folder, workers=1)
    yield made
    made.close()


def raw(pool: Pool, town: Any, sql: str, *parameters: Any, cut: Any = None, total: str = "") -> Any:
    """Ask SQL as if it had come from outside, through every check of ours."""
    request: dict[str, Any] = {
        "object": town.trees.object, "sql": sql, "parameters": list(parameters), "total": total, "total_parameters": [],
        "geometry": [], "limit": 10, "keys": 0, "names": [], "seen": None,
    }  # fmt: skip
    return pool.ask(request, cut)


def well(pool: Pool, town: Any) -> None:
    assert asking.run(pool, town.trees, Query(limit=1)).total == len(town.rows)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT content FROM read_blob('/proc/self/environ')",
        "COPY (SELECT 1) TO '/tmp/parvis-attack.csv'",
        "ATTACH '/tmp/parvis-attack.db' AS x",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')",
        "SET enable_external_access=true",
        "SET memory_limit='100GB'",
        "SET threads=64",
        "RESET max_execution_time",
        "PRAGMA enable_profiling",
        "SET temp_directory='/tmp'",
        "EXPORT DATABASE '/tmp/parvis-attack'",
    ],
)
def test_sql_that_came_from_outside_would_reach_nothing(lone: Pool, town: Any, sql: str) -> None:
    with pytest.raises(ParvisError) as error:
        raw(lone, town, sql)
    assert "/" not in error.value.text
    assert not Path("/tmp/parvis-attack.csv").exists()
    assert not Path("/tmp/parvis-attack.db").exists()
    well(lone, town)


def test_no_door_to_the_network_is_opened(lone: Pool, town: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        port = server.getsockname()[1]
        with pytest.raises(ParvisError):
            raw(lone, town, f"SELECT * FROM read_csv('http://127.0.0.1:{port}/x.csv')")
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_file_begins_to_leave_before_all_its_rows_are_made(lone: Pool, town: Any) -> None:
    late = "CASE WHEN i < 40000 THEN repeat('x', 100) ELSE error('too far') END"
    asked = {
        "object": town.trees.object, "sql": f"SELECT {late} AS line FROM range(50000) AS t(i)", "parameters": [],
        "export": {"format": "csv", "about": {}, "head": "", "tail": "", "cut": 0},
    }  # fmt: skip
    chunks = lone.stream(asked)
    assert next(chunks).startswith(b"xxx")  # of 4 MB that could be made
    with pytest.raises(ParvisError):
        list(chunks)
    well(lone, town)


def test_an_endless_question_ends_in_time_and_the_next_one_is_answered(lone: Pool, town: Any) -> None:
    well(lone, town)
    began = time.monotonic()
    with pytest.raises(LimitError):
        raw(lone, town, ENDLESS)
    assert time.monotonic() - began < SECONDS + GRACE + 0.3
    well(lone, town)


def test_a_total_has_what_its_page_left_of_the_time(lone: Pool, town: Any) -> None:
    began = time.monotonic()
    with pytest.raises(LimitError):
        raw(lone, town, "SELECT 1", total=ENDLESS)
    assert time.monotonic() - began < SECONDS + GRACE + 0.3
    well(lone, town)


def test_a_running_question_is_cut_within_200_ms(lone: Pool, town: Any) -> None:
    well(lone, town)
    cut, ended = threading.Event(), []

    def run() -> None:
        with pytest.raises(LimitError, match="interrompue"):
            raw(lone, town, ENDLESS, cut=cut)
        ended.append(time.monotonic())

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.3)
    at = time.monotonic()
    cut.set()
    thread.join(5)
    assert ended[0] - at < 0.2
    began = time.monotonic()
    well(lone, town)
    assert time.monotonic() - began < 1.5


def test_a_worker_told_to_stop_lives_on(lone: Pool, town: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(
        pool_module, "STOP", 2.0
    )  # what is promised here is that it stops, not how fast a busy machine is
    well(lone, town)
    before = lone._free[0].process.pid
    for wait in (0.0, 0.05, 0.3):
        cut = threading.Event()
        timer = threading.Timer(wait, cut.set)
        timer.start()
        with pytest.raises(LimitError, match="interrompue"):
            raw(lone, town, ENDLESS, cut=cut)
        well(lone, town)
    assert lone._free[0].process.pid == before


def test_one_who_leaves_while_he_waits_gives_up_his_place(lone: Pool, town: Any) -> None:
    well(lone, town)
    first, second, said = threading.Event(), threading.Event(), list[str]()

    def run(cut: threading.Event, name: str) -> None:
        leaving.set(cut)
        with pytest.raises(LimitError, match="interrompue"):
            raw(lone, town, ENDLESS)
        said.append(name)

    threads = [threading.Thread(target=run, args=told) for told in ((first, "first"), (second, "second"))]
    for thread in threads:
        thread.start()
        time.sleep(0.1)
    second.set()
    threads[1].join(1)
    assert said == ["second"]
    first.set()
    threads[0].join(2)
    assert said == ["second", "first"] and not lone._asking.line and not lone._asking.busy
    well(lone, town)


def test_memory_has_its_limit(lone: Pool, town: Any) -> None:
    with pytest.raises(ParvisError):
        raw(lone, town, "SELECT list(repeat('x', 1000000) || range) FROM range(100000)")
    well(lone, town)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("records", {"where": "search(*, 'erabl chene tilleul charm chataigner inde petite feuile centre nord sud vieu')"}),
        ("records", {"order_by": "random(3)", "limit": 100}),
        ("records", {"group_by": "code, essence, releve, longitude", "select": "count(distinct essence)", "limit": 20_000}),
        ("records", {"group_by": "geo_cluster(geo_point_2d, 25, 1)", "select": "count(*)", "limit": 20_000}),
        ("records", {"select": ", ".join(f"percentile(hauteur, {n}) as p{n}" for n in range(100))}),
        ("records", {"where": " or ".join(f"essence like '*{n}*x*y*z*'" for n in range(90))}),
        ("records", {"where": "intersects(geo_point_2d, geom'POLYGON((" + ",".join(
            f"{2 + n / 9000:.4f} {48 + (n % 2) / 5}" for n in range(900)) + ",2 48))')"}),
        ("facets", {"facet": ["code", "releve", "longitude", "latitude"]}),
    ],
)  # fmt: skip
def test_a_hostile_question_costs_little_or_is_refused(lone: Pool, town: Any, path: str, asked: dict[str, Any]) -> None:
    get = Client(town, lone)
    began = time.monotonic()
    response = get(f"{LONG}/{path}", **asked)
    assert response.status in (200, 400), response.body
    assert time.monotonic() - began < 4 * (SECONDS + GRACE + 0.3)
    well(lone, town)


def test_one_dataset_is_never_read_through_another(lone: Pool, town: Any) -> None:
    """A name of another object, of a version or of a folder is a column that does not exist or a plain value."""
    for name in (
        town.parcels.object,
        town.parcels.id,
        f"../{town.parcels.object[:2]}/{town.parcels.object}",
        "bbbbbbbbbbbb",
    ):
        where = Holds(Call(Calc.EQ, (Field("code"), Literal(name, Kind.TEXT))))
        assert asking.run(lone, town.trees, Query(where=where)).total == 0
        with pytest.raises(ParvisError):
            asking.run(lone, town.trees, Query(select=(name,)))
    with pytest.raises(ParvisError):
        lone.ask(
            {
                "object": f"../{town.parcels.object}", "sql": "SELECT 1 FROM {source}", "parameters": [], "total": "",
                "total_parameters": [], "geometry": [], "limit": 1, "keys": 0, "names": [], "seen": None,
            }
        )  # fmt: skip
