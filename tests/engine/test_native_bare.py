"""The bare adapter: the same answers as the API's own, without a framework, and nothing that was withdrawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from parvis.dialects.bare import Bare, Published
from parvis.errors import UnknownName
from parvis.store import shelf
from parvis.store.cache import Cache
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import Kind

TREES = "/api/v1/datasets/aaaaaaaaaaaa"


class Site:
    """Asks an application as a web server does."""

    def __init__(self, folder: Folder, pool: Any, **more: Any) -> None:
        self.cache = Cache()
        self.application = Bare(self.behind, folder, lambda: pool, lambda: self.cache, **more)

    @staticmethod
    def behind(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [("content-type", "text/plain")])
        return [b"behind"]

    def __call__(self, path: str, query: str = "", **more: str) -> tuple[int, dict[str, str], bytes]:
        environ: dict[str, Any] = {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": "donnees.fr", **more}
        setup_testing_defaults(environ)
        told: list[Any] = []
        body = self.application(environ, lambda status, headers: told.extend((status, headers)))
        whole = b"".join(body)
        if close := getattr(body, "close", None):
            close()
        return int(told[0][:3]), {n.lower(): v for n, v in told[1]}, whole


@pytest.fixture
def site(town: Any, pool: Any) -> Site:
    return Site(town.folder, pool, keep="x-keep")


def test_rows_groups_and_files_are_answered_and_the_rest_goes_behind(site: Site, town: Any) -> None:
    status, headers, body = site(f"{TREES}/records", "limit=3&where=annee%20%3E%201950")
    assert status == 200
    assert len(json.loads(body)["records"]) == 3
    assert headers["content-length"] == str(len(body))
    assert headers["x-keep"] == "1"
    assert "http://donnees.fr/api/v1" in headers["link"]
    assert site(f"{TREES}/records", "limit=3&where=annee%20%3E%201950", HTTP_IF_NONE_MATCH=headers["etag"])[0] == 304
    assert json.loads(site(f"{TREES}/aggregates", "group=quartier")[2])["groups"]
    assert site(f"{TREES}/exports/jsonl")[2].count(b"\n") == 500
    assert json.loads(site(f"{TREES}/versions/{town.trees.id}/records")[2])["total"] == 500
    assert json.loads(site(f"{TREES}/versions/1/records")[2])["version"] == town.trees.id
    for path in ("/", "/api/v1/datasets", TREES, "/api/v1/datasets/un-slug/records", "/api/v1/datasets/bbb/records/x"):
        assert site(path)[2] == b"behind"


def test_faults_are_the_same_as_the_apis(site: Site) -> None:
    status, headers, body = site(f"{TREES}/records", "where=rien")
    assert (status, json.loads(body)["error"]["parameter"]) == (400, "where")
    assert "x-keep" not in headers
    assert site(f"{TREES}/records", "&".join(f"a{i}=1" for i in range(5000)))[0] == 400
    assert site(f"{TREES}/records", "%ff%fe=%ff")[0] == 400
    assert site(f"{TREES}/records", REQUEST_METHOD="POST")[0] == 405
    assert site(f"{TREES}/records", REQUEST_METHOD="OPTIONS")[0] == 204
    status, headers, body = site(f"{TREES}/records", REQUEST_METHOD="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 100
    assert site(f"{TREES}/exports/docx")[0] == 404
    assert site(f"{TREES}/versions/zzz/records")[0] == 404


def test_a_name_of_machine_that_is_not_ours_goes_behind(town: Any, pool: Any) -> None:
    site = Site(town.folder, pool, trusted=lambda host: host == "donnees.fr", address="https://data.ville.fr/")
    assert "https://data.ville.fr/api" in site(f"{TREES}/records", "limit=1")[1]["link"]
    assert site(f"{TREES}/records", HTTP_HOST="mechant.example")[2] == b"behind"


def test_a_failure_is_told_in_json_without_its_inside(town: Any, caplog: Any) -> None:
    class Broken:
        def ask(self, _: Any) -> Any:
            raise RuntimeError("/srv/secret")

    status, _, body = Site(town.folder, Broken())(f"{TREES}/records")
    assert status == 500
    assert b"secret" not in body
    assert "a question about rows failed" in caplog.text


def test_what_is_withdrawn_is_gone_at_once_and_what_is_released_is_there_at_once(tmp_path: Path, making: Any) -> None:
    folder = Folder(tmp_path / "data")
    own = Pool(folder, workers=1)
    try:
        site, url = Site(folder, own), "/api/v1/datasets/dddddddddddd"
        assert site(f"{url}/records")[2] == b"behind"
        for number in (1, 2):
            safe = making.protected(tmp_path / f"{number}.parquet", {"n": Kind.INTEGER}, [{"n": number}])
            version = making.put(folder, safe, "dddddddddddd", number)
            assert json.loads(site(f"{url}/records")[2])["records"] == [{"n": number}]
        shelf.withdraw(folder, "dddddddddddd", "Une adresse.", making.NOW, version=version.id)
        assert json.loads(site(f"{url}/records")[2])["records"] == [{"n": 1}]
        status, _, body = site(f"{url}/versions/{version.id}/records")
        assert (status, json.loads(body)["error"]["reason"]) == (410, "Une adresse.")
        shelf.withdraw(folder, "dddddddddddd", "Tout.", making.NOW)
        assert site(f"{url}/records")[0] == 410
        unreleased = shelf.put(
            folder, safe, dataset="dddddddddddd", number=9, metadata=version.metadata, now=making.NOW
        )
        assert site(f"{url}/versions/{unreleased.id}/records")[0] == 404  # on the shelf, never released
    finally:
        own.close()


def test_the_shelf_alone_is_a_catalogue(town: Any) -> None:
    published = Published(town.folder)
    assert published.find("aaaaaaaaaaaa").version == town.trees
    assert published.list(limit=2).total == 3
    with pytest.raises(UnknownName):
        published.find("zzzzzzzzzzzz")
    with pytest.raises(UnknownName):
        published.version("aaaaaaaaaaaa", town.parcels.id)


def test_no_name_of_an_address_reaches_the_disk_unless_it_may_be_one(tmp_path: Any) -> None:
    from parvis.dialects.bare import Published
    from parvis.store.folder import Folder

    held = Published(Folder(tmp_path))
    for name in ("a" * 5000, "a" * 300, "../secret", "a\x00b", "", "é" * 200):
        assert not held.holds(name)
