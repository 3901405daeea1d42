"""The tables of a timetable come out together as the archive that they came from."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from parvis.dialects import native
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.tables.readers import gtfs
from parvis.values import Kind
from parvis.web import Request, Response

TABLES: dict[str, tuple[dict[str, Kind], list[dict[str, Any]]]] = {
    "stops": (
        {"stop_id": Kind.TEXT, "stop_name": Kind.TEXT, "stop_lat": Kind.NUMBER, "stop_lon": Kind.NUMBER},
        [{"stop_id": "S1", "stop_name": 'Gare, « nord »\nquai "A"', "stop_lat": 48.1, "stop_lon": 2.5},
         {"stop_id": "=S2", "stop_name": "-", "stop_lat": 48.0, "stop_lon": None}],
    ),
    "routes": (
        {"route_id": Kind.TEXT, "route_type": Kind.INTEGER},
        [{"route_id": "01", "route_type": 3}],
    ),
    "trips": (
        {"route_id": Kind.TEXT, "service_id": Kind.TEXT, "trip_id": Kind.TEXT},
        [{"route_id": "01", "service_id": "LAV", "trip_id": "T1"}],
    ),
    "stop_times": (
        {"trip_id": Kind.TEXT, "arrival_time": Kind.TEXT, "departure_time": Kind.TIME, "stop_id": Kind.TEXT,
         "stop_sequence": Kind.INTEGER},
        [{"trip_id": "T1", "arrival_time": "25:10:00", "departure_time": dt.time(8, 5), "stop_id": "S1", "stop_sequence": 1}],
    ),
    "calendar": (
        {"service_id": Kind.TEXT, "monday": Kind.BOOLEAN, "sunday": Kind.BOOLEAN, "start_date": Kind.DATE},
        [{"service_id": "LAV", "monday": True, "sunday": False, "start_date": dt.date(2026, 9, 1)}],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def network(tmp_path_factory: Any, making: Any) -> Any:
    work: Path = tmp_path_factory.mktemp("network")
    folder = Folder(work / "data")
    for n, (name, (kinds, rows)) in enumerate(TABLES.items()):
        safe = making.protected(work / f"{name}.parquet", kinds, rows)
        making.put(folder, safe, f"{n}" * 12, source_digest="f" * 64)
    other = making.protected(work / "o.parquet", TABLES["stops"][0], TABLES["stops"][1])
    making.put(folder, other, "9" * 12, source_digest="e" * 64)
    pool = Pool(folder, workers=1)
    yield making.Catalogue(folder), pool
    pool.close()


def asked(network: Any, path: str, **query: str) -> Response:
    catalogue, pool = network
    request = Request("GET", f"/api/v1/datasets/{path}", tuple(query.items()), {}, base="https://x.example")
    return native.answer(request, catalogue, pool)


def body(response: Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b"".join(response.body)


@pytest.mark.parametrize("dataset", ["0", "3"])
def test_any_of_its_tables_gives_the_whole_timetable(network: Any, dataset: str, tmp_path: Path) -> None:
    answer = asked(network, f"{dataset * 12}/exports/gtfs")
    assert (answer.status, answer.media_type) == (200, "application/zip")
    path = tmp_path / "network.zip"
    path.write_bytes(body(answer))
    assert gtfs.recognises(path, path.read_bytes()[:8]) > 0.9
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {f"{n}.txt" for n in (*TABLES, "attributions")}
        read = {
            n: list(csv.DictReader(io.StringIO(archive.read(f"{n}.txt").decode(), newline="")))
            for n in (*TABLES, "attributions")
        }
    assert read["stops"] == [
        {"stop_id": "S1", "stop_name": 'Gare, « nord »\nquai "A"', "stop_lat": "48.1", "stop_lon": "2.5"},
        {"stop_id": "=S2", "stop_name": "-", "stop_lat": "48", "stop_lon": ""},
    ]
    assert read["stop_times"][0]["arrival_time"] == "25:10:00"
    assert read["stop_times"][0]["departure_time"] == "08:05:00"
    assert read["calendar"][0] == {"service_id": "LAV", "monday": "1", "sunday": "0", "start_date": "20260901"}
    assert "Licence Ouverte" in read["attributions"][0]["organization_name"]


def test_it_is_told_by_the_tables_of_a_whole_timetable_alone(network: Any) -> None:
    told = json.loads(body(asked(network, "0" * 12)))["version"]["exports"]
    assert "gtfs" in {e["format"] for e in told}
    other = json.loads(body(asked(network, "9" * 12)))["version"]["exports"]
    assert "gtfs" not in {e["format"] for e in other}
    assert asked(network, f"{'9' * 12}/exports/gtfs").status == 400
    assert asked(network, f"{'0' * 12}/exports/gtfs", where="stop_id = 'S1'").status == 400
