"""Files of a version that are written once: the same bytes as those made on demand, their digest, their ranges, their end."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from parvis.dialects import native
from parvis.store import export, ready, readying, shelf
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import Kind, Query, Version
from parvis.web import Request, Response

DATASET, NOW = "aaaaaaaaaaaa", "2026-03-02T08:00:00+00:00"
BASE = f"/api/v1/datasets/{DATASET}"


class Town:
    """A shelf of one dataset, whose files lie written."""

    def __init__(self, work: Path, making: Any) -> None:
        self.folder, self.work, self.making = Folder(work / "data"), work, making
        self.version = self.put(1)
        self.pool = Pool(self.folder, workers=1)
        self.catalogue = making.Catalogue(self.folder)

    def put(self, number: int) -> Version:
        rows = [{"nom": f"Lieu {i} été; « {number} »", "x": 2 + i / 100, "y": 48 + i / 100} for i in range(300)]
        kinds = {"nom": Kind.TEXT, "x": Kind.NUMBER, "y": Kind.NUMBER}
        safe = self.making.protected(self.work / f"t{number}.parquet", kinds, rows)
        made: Version = self.making.put(self.folder, safe, DATASET, number, point=("x", "y"))
        return made

    def __call__(self, path: str, method: str = "GET", query: str = "", **headers: str) -> Response:
        pairs = tuple(tuple(p.split("=", 1)) for p in query.split("&")) if query else ()
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method, f"{BASE}{path}", pairs, told, base="https://donnees.example")  # type: ignore[arg-type]
        return native.answer(request, self.catalogue, self.pool)


@pytest.fixture
def town(tmp_path: Path, making: Any) -> Any:
    made = Town(tmp_path, making)
    readying.write(made.pool, made.version)
    yield made
    made.pool.close()


def body(response: Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b"".join(response.body)


def test_what_lies_written_is_what_is_made_on_demand(town: Town) -> None:
    files = ready.of(town.folder, town.version.id)
    assert set(files) == {"csv", "csv-excel", "xlsx", "json", "geojson", "parquet", "gpkg"}
    for name, found in files.items():
        made = b"".join(export.stream(town.pool, town.version, Query(), name.removesuffix("-excel"), name[4:]))
        lying = ready.path(town.folder, found).read_bytes()
        assert lying == made, name
        assert found.digest == hashlib.sha256(lying).hexdigest()
        assert found.size == len(lying)


def test_a_file_is_given_with_its_digest_and_its_length(town: Town) -> None:
    found = ready.of(town.folder, town.version.id)["csv"]
    response = town("/exports/csv")
    assert response.status == 200
    assert hashlib.sha256(body(response)).hexdigest() == found.digest
    digest = base64.b64encode(bytes.fromhex(found.digest)).decode()
    assert response.headers["repr-digest"] == f"sha-256=:{digest}:"
    assert response.headers["etag"] == f'"{found.digest}"'
    assert response.headers["content-length"] == str(found.size)
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-disposition"] == f'attachment; filename="jeu-{DATASET}-v1.csv"'
    assert response.media_type == "text/csv; charset=utf-8"
    head = town("/exports/csv", method="HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(found.size))
    assert town("/exports/csv", if_none_match=response.headers["etag"]).status == 304
    assert town("/exports/csv", if_modified_since=response.headers["last-modified"]).status == 304
    excel = body(town("/exports/csv", query="profile=excel"))
    assert excel.startswith(b"\xef\xbb\xbf")
    told = {e["format"]: e for e in json.loads(body(town("")))["version"]["exports"]}
    assert (told["csv"]["sha256"], told["csv"]["size"]) == (found.digest, found.size)
    assert (told["kml"]["sha256"], told["kml"]["size"]) == (None, None)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=10-", 10, None), ("bytes=-7", -7, None), ("bytes=5-99999999", 5, None), ("BYTES=3-3", 3, 4)],
)  # fmt: skip
def test_a_range_gives_those_bytes(town: Town, asked: str, start: int, end: int | None) -> None:
    whole = body(town("/exports/parquet"))
    response = town("/exports/parquet", range=asked)
    assert response.status == 206
    assert body(response) == whole[start:end]
    first = start if start >= 0 else len(whole) + start
    last = (len(whole) if end is None else end) - 1
    assert response.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"
    assert response.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0", "bytes=99999999-100000000"])
def test_bytes_that_are_not_there_are_said_not_to_be(town: Town, asked: str) -> None:
    size = len(body(town("/exports/parquet")))
    response = town("/exports/parquet", range=asked)
    assert (response.status, response.headers["content-range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize(
    "asked",
    ["bytes=", "bytes=-", "bytes=a-b", "lines=0-1", "bytes=9-3", "bytes=0-1,4-5", "", "bytes=" + "9" * 400 + "-"],
)
def test_a_range_that_means_nothing_gets_the_whole_file(town: Town, asked: str) -> None:
    response = town("/exports/parquet", range=asked)
    assert response.status == 200
    assert len(body(response)) == ready.of(town.folder, town.version.id)["parquet"].size


def test_a_part_is_given_only_of_the_same_file(town: Town) -> None:
    known = town("/exports/csv", method="HEAD").headers
    whole = body(town("/exports/csv"))
    assert body(town("/exports/csv", range="bytes=0-1", if_range=known["etag"])) == whole[:2]
    assert body(town("/exports/csv", range="bytes=0-1", if_range=known["last-modified"])) == whole[:2]
    assert body(town("/exports/csv", range="bytes=0-1", if_range='"another"')) == whole


def test_a_filtered_file_is_made_and_a_fault_stays_one(town: Town) -> None:
    response = town("/exports/csv", query="where=x>4")
    assert response.status == 200
    assert "accept-ranges" not in response.headers
    assert body(response).count(b"\n") == 100
    assert town("/exports/csv", query="profile=other").status == 400
    assert town("/exports/csv", query="nothing=1").status == 400
    assert town("/exports/docx").status == 404


def test_an_older_version_gives_its_own_rows_and_a_withdrawn_one_none(town: Town) -> None:
    old = body(town("/exports/csv"))
    files = [ready.path(town.folder, f) for f in ready.of(town.folder, town.version.id).values()]
    new = town.put(2)
    assert readying.missing(town.folder) == [new.id]
    readying.write(town.pool, new)
    assert readying.missing(town.folder) == []
    assert not any(p.exists() for p in files)
    assert body(town("/exports/csv")) != old
    assert body(town("/exports/csv", query="version=1")) == old
    shelf.withdraw(town.folder, DATASET, "erreur", NOW, new.id)
    assert town("/exports/csv", query="version=2").status == 410
    assert not list(town.folder.files.rglob("*.json"))
    assert not [p for p in town.folder.files.rglob("*") if p.is_file()]
    shelf.withdraw(town.folder, DATASET, "erreur", NOW)
    assert town("/exports/csv").status == 410
    assert town("/exports/csv", query="version=1", range="bytes=0-1").status == 410


def test_files_of_a_version_withdrawn_while_they_are_written_do_not_stay(town: Town) -> None:
    new = town.put(2)
    shelf.withdraw(town.folder, DATASET, "erreur", NOW, new.id)
    assert readying.write(town.pool, new) == {}
    shelf.repair(town.folder, stale=-1)
    named = {f.digest for v in ready.described(town.folder) for f in ready.of(town.folder, v).values()}
    assert {p.name for p in town.folder.files.glob("??/*")} == named


def test_two_versions_of_the_same_bytes_share_them(town: Town) -> None:
    files = ready.of(town.folder, town.version.id)
    ready.keep(town.folder, "b" * 32, {"csv": files["csv"]})
    assert ready.erase(town.folder, town.version.id) == len({f.digest for f in files.values()}) - 1
    assert ready.path(town.folder, files["csv"]).exists()
    assert ready.erase(town.folder, "b" * 32) == 1


def test_a_file_that_vanished_is_made_again(town: Town) -> None:
    for found in ready.of(town.folder, town.version.id).values():
        ready.path(town.folder, found).unlink()
    response = town("/exports/csv")
    assert response.status == 200
    assert body(response).count(b"\n") == 301


def test_a_full_disk_leaves_no_half_file(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readying, "LARGEST", 2000)
    new = town.put(2)
    assert readying.write(town.pool, new) == {}
    assert not list(town.folder.staging.iterdir())
    assert readying.missing(town.folder) == []  # it was tried: what is asked for is made
    assert body(town("/exports/csv")).count(b"\n") == 301


def test_a_long_table_is_written_in_the_formats_that_make_one_wait_too(town: Any) -> None:
    few = readying.names(town.version)
    many = readying.names(dataclasses.replace(town.version, rows=readying.LONG + 1))
    assert set(many) - set(few) == {"shp", "fgb", "sqlite", "duckdb"}
    assert all(export.FORMATS[n].whole for n in set(many) - set(few))
