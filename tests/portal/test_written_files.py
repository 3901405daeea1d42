"""Files written after a release: the clock asks for them, they are given by ranges, told on the page, and go with the rows."""

from __future__ import annotations

import datetime as dt
import hashlib
import http.client
import io
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.portal.conftest import MEASURES, Town

from parvis.store import ready
from parvis.store.folder import Folder
from parvis_portal.catalogue import actions, jobs
from parvis_portal.intake.models import Draft
from parvis_portal.jobs import worker
from parvis_portal.jobs.models import JobRun

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def aged(folder: Path) -> Folder:
    """Return the data folder as if nothing had been released for a minute."""
    found = Folder(folder)
    moment = time.time() - 60
    os.utime(found.stamp, (moment, moment))
    return found


def test_the_clock_asks_once_for_the_files_of_what_was_released(
    town: Town, released: Callable[..., Draft], folder: Path, settings: Any
) -> None:
    dataset = released().dataset
    assert dataset is not None and dataset.current is not None
    settings.FILES_AFTER = 50.0
    jobs.tick(NOW)
    assert not JobRun.objects.filter(name="catalogue.write_files").exists()  # others may come
    held = aged(folder)
    jobs.tick(NOW)
    jobs.tick(NOW)
    assert JobRun.objects.filter(name="catalogue.write_files").count() == 1
    worker.run(once=True)
    files = ready.of(held, dataset.current.version_id)
    assert {"csv", "csv-excel", "xlsx", "json", "parquet"} <= set(files)
    aged(folder)
    jobs.tick(NOW)
    assert JobRun.objects.filter(name="catalogue.write_files").count() == 1


def test_the_page_and_the_catalogue_tell_the_files(town: Town, released: Callable[..., Draft], folder: Path) -> None:
    dataset = released().dataset
    assert dataset is not None and dataset.current is not None
    jobs.write_files("", lambda *_: None)
    found = ready.of(Folder(folder), dataset.current.version_id)["csv"]
    visitor = town.client("visitor")
    page = visitor.get(f"/donnees/{dataset.slug}/").content.decode()
    assert found.digest in page
    plain = visitor.get(f"/dataset/{dataset.pk}.ttl").content.decode()
    assert f"dcat:byteSize {found.size}" in plain
    assert found.digest not in plain
    told = visitor.get(f"/dataset/{dataset.pk}.ttl?profiles=spdx").content.decode()
    assert found.digest in told and "checksumAlgorithm_sha256" in told
    answer: Any = visitor.get(f"/api/v1/datasets/{dataset.pk}/exports/csv")
    body = b"".join(answer.streaming_content)
    assert hashlib.sha256(body).hexdigest() == found.digest
    actions.withdraw(Folder(folder), dataset, "Raison", by=None, now=NOW.isoformat())
    assert visitor.get(f"/api/v1/datasets/{dataset.pk}/exports/csv").status_code == 410
    assert not [p for p in Folder(folder).files.rglob("*") if p.is_file()]


@pytest.mark.django_db(transaction=True)
def test_ranges_pass_through_the_whole_server(live_server: Any, released: Callable[..., Draft], folder: Path) -> None:
    dataset = released().dataset
    assert dataset is not None and dataset.current is not None
    jobs.write_files("", lambda *_: None)
    path = f"/api/v1/datasets/{dataset.pk}/exports/csv"
    whole = ready.path(Folder(folder), ready.of(Folder(folder), dataset.current.version_id)["csv"]).read_bytes()

    def asked(method: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(urlsplit(live_server.url).netloc, timeout=20)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    answer, body = asked("GET")
    assert (answer.status, body) == (200, whole)
    assert answer.headers["Accept-Ranges"] == "bytes" and answer.headers["Content-Length"] == str(len(whole))
    answer, body = asked("HEAD")
    assert (answer.status, body, answer.headers["Content-Length"]) == (200, b"", str(len(whole)))
    answer, body = asked("GET", Range="bytes=3-12", Accept_Encoding="gzip, br")
    assert (answer.status, body) == (206, whole[3:13])
    assert answer.headers["Content-Range"] == f"bytes 3-12/{len(whole)}"
    answer, _ = asked("GET", Range=f"bytes={len(whole)}-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(whole)}")


class Remote(io.RawIOBase):
    """A file read by ranges over HTTP, which remembers how many bytes came."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.at, self.came = url, 0, 0
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD")) as answer:
            assert answer.headers["Accept-Ranges"] == "bytes"
            self.size = int(answer.headers["Content-Length"])

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence]
        return self.at

    def read(self, size: int = -1) -> bytes:
        end = self.size if size < 0 else min(self.at + size, self.size)
        if end <= self.at:
            return b""
        asked = urllib.request.Request(self.url, headers={"Range": f"bytes={self.at}-{end - 1}"})
        with urllib.request.urlopen(asked) as answer:
            assert answer.status == 206
            data: bytes = answer.read()
        self.came += len(data)
        self.at = end
        return data


@pytest.mark.django_db(transaction=True)
def test_one_column_of_a_remote_parquet_does_not_bring_the_whole_file(
    live_server: Any, released: Callable[..., Draft], folder: Path
) -> None:
    import pyarrow.parquet as pq

    dataset = released("mesures.csv", MEASURES).dataset
    assert dataset is not None
    jobs.write_files("", lambda *_: None)
    remote: Any = Remote(f"{live_server.url}/api/v1/datasets/{dataset.pk}/exports/parquet")
    found = pq.ParquetFile(remote, pre_buffer=False).read(["passages"])
    assert found.column(0).to_pylist() == [n % 89 for n in range(12_000)]
    assert remote.came < remote.size // 2


@pytest.mark.django_db(transaction=True)
def test_gdal_reads_a_remote_file(live_server: Any, released: Callable[..., Draft], folder: Path) -> None:
    rows = "".join(f"Lieu {n};{48 + n / 1000:.5f};{2 + n / 1000:.5f}\n" for n in range(300))
    dataset = released("lieux.csv", f"Nom;Latitude;Longitude\n{rows}".encode()).dataset
    assert dataset is not None
    jobs.write_files("", lambda *_: None)
    script = (  # in a process of its own: GDAL holds the lock of Python while it waits for the server, which has it too
        "import sys, pyogrio\n"
        "here = f'/vsicurl/{sys.argv[1]}/exports'\n"
        "print(pyogrio.read_info(f'{here}/geojson')['features'], len(pyogrio.raw.read(f'{here}/gpkg')[2]))"
    )
    here = f"{live_server.url}/api/v1/datasets/{dataset.pk}"
    done = subprocess.run([sys.executable, "-c", script, here], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["300", "300"], done.stderr[-2000:]
