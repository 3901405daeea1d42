"""The shelf and its query workers: what a worker cannot do, what a runaway costs, what a withdrawal leaves."""

from __future__ import annotations

import contextlib
import http.server
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parvis.errors import BusyError, GoneError, LimitError, ParvisError, UnknownName
from parvis.store import export, inbox, shelf
from parvis.store import query as asking
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import Kind, Query

NOTHING = {
    "parameters": [],
    "total": "",
    "total_parameters": [],
    "geometry": [],
    "keys": 0,
    "names": [],
    "limit": 9,
    "seen": None,
}


@pytest.fixture
def quick(town: Any) -> Iterator[Pool]:
    """A pool of one worker with little patience."""
    made = Pool(town.folder, workers=1, seconds=0.4)
    yield made
    made.close()


def raw(pool: Pool, version: Any, sql: str) -> Any:
    """Ask a worker for SQL of our own, as if the compiler had a hole: what the worker then cannot do is what counts."""
    return json.loads(pool.ask({"object": version.object, "sql": sql, **NOTHING})[1])


# --- Runaways -------------------------------------------------------------------------------------

RUNAWAYS = {
    "endless": "SELECT count(*) FROM range(1000000000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3",
    "deaf": "SELECT levenshtein(repeat('ab', 60000), repeat('ba', 60000)) FROM range(50)",
    "huge text": "SELECT string_agg(repeat('x', 1000000), '') FROM range(100000)",
    "huge list": "SELECT length(range(1000000000)) FROM range(20)",
    "huge sort": "SELECT x FROM (SELECT random() AS x, repeat('y', 500) AS y FROM range(200000000)) ORDER BY y, x LIMIT 9",
    "huge number": "SELECT sum(range::HUGEINT * 170141183460469231731687303715884105727) FROM range(10)",
}


@pytest.mark.parametrize("name", sorted(RUNAWAYS))
def test_a_runaway_question_is_ended_and_the_pool_answers_on(town: Any, quick: Pool, name: str) -> None:
    asking.run(quick, town.trees, Query())  # warm
    start = time.monotonic()
    with pytest.raises(ParvisError) as caught:
        raw(quick, town.trees, RUNAWAYS[name])
    assert isinstance(caught.value, LimitError | BusyError)
    assert time.monotonic() - start < 3
    start = time.monotonic()
    assert asking.run(quick, town.trees, Query(limit=3)).total == 500
    assert time.monotonic() - start < 3


def test_an_error_of_the_engine_says_nothing_of_the_server(town: Any, quick: Pool, capfd: Any) -> None:
    for sql in ("SELECT * FROM nowhere", "SELECT read_text('/etc/passwd')", "SELEC", "SELECT CAST('x' AS INT)"):
        with pytest.raises(ParvisError) as caught:
            raw(quick, town.trees, sql)
        assert "/" not in caught.value.text.replace("Réessayez.", "")
        assert str(town.folder.root) not in caught.value.text
    assert asking.run(quick, town.trees, Query(limit=3)).total == 500


def test_twenty_questions_at_once_wait_their_turn_or_are_told_to_come_back(town: Any) -> None:
    own = Pool(town.folder, workers=2, waiting=4)
    told: list[object] = []

    def ask() -> None:
        try:
            told.append(asking.run(own, town.indexed, Query(limit=5)).total)
        except BusyError as error:
            told.append(error.retry_after)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(told) == 20
        assert told.count(25_000) >= 4  # those that waited; some came when there was room again
        assert set(told) <= {25_000, 2}
        assert asking.run(own, town.trees, Query()).total == 500
    finally:
        own.close()


def test_a_slow_reader_of_an_export_does_not_hold_up_questions(town: Any) -> None:
    own = Pool(town.folder, workers=1, exports=1)
    try:
        slow = export.stream(own, town.indexed, Query(), "jsonl")
        next(slow)
        start = time.monotonic()
        for _ in range(5):
            assert asking.run(own, town.trees, Query()).total == 500
        assert time.monotonic() - start < 3
        slow.close()  # type: ignore[attr-defined]  # a generator
        assert sum(1 for _ in export.stream(own, town.trees, Query(), "jsonl")) == 1
    finally:
        own.close()


def test_a_closed_pool_ends_its_processes_and_says_so(town: Any) -> None:
    own = Pool(town.folder, workers=1)
    asking.run(own, town.trees, Query())
    processes = [w.process for w in [*own._free, *([own._spare] if own._spare else [])]]
    assert processes
    own.close()
    assert all(p.poll() is not None for p in processes)
    with pytest.raises(BusyError):
        asking.run(own, town.trees, Query())


def test_a_worker_that_dies_between_two_questions_is_replaced(town: Any, quick: Pool) -> None:
    asking.run(quick, town.trees, Query())
    quick._free[0].process.kill()
    quick._free[0].process.wait()
    for _ in range(2):
        try:
            assert asking.run(quick, town.trees, Query()).total == 500
        except BusyError as error:
            assert error.retry_after == 1
    assert asking.run(quick, town.trees, Query()).total == 500


def test_a_worker_outlives_the_thread_that_asked_for_it(town: Any) -> None:
    own = Pool(town.folder, workers=1)
    try:
        for _ in range(3):
            first = threading.Thread(target=asking.run, args=(own, town.trees, Query()))
            first.start()
            first.join()
            time.sleep(0.05)
        assert len(own._free) == 1
        assert own._free[0].alive
        assert own._spare is not None
        assert own._spare.alive
    finally:
        own.close()


# --- The cage -------------------------------------------------------------------------------------


def test_a_worker_reads_public_objects_and_nothing_else(town: Any, quick: Pool, tmp_path: Path) -> None:
    secret = town.folder.raw / "secret.csv"
    secret.write_text("nom\nDupont\n")
    outside = tmp_path / "outside.csv"
    outside.write_text("nom\nDurand\n")
    (town.folder.root / "portal.sqlite3").write_bytes(b"rows of people")
    for place in (secret, outside, town.folder.root / "portal.sqlite3", "/etc/passwd", "/etc/hostname", __file__):
        with pytest.raises(ParvisError):
            raw(quick, town.trees, f"SELECT content FROM read_blob('{place}')")
    for pattern in ("/*", f"{town.folder.root}/*", "/etc/*", "/home/*", "/var/*", f"{tmp_path}/*"):
        with contextlib.suppress(ParvisError):
            assert raw(quick, town.trees, f"SELECT * FROM glob('{pattern}')") == []
    readable = town.folder.object(town.trees.object)
    assert raw(quick, town.trees, f"SELECT count(*) FROM read_parquet('{readable}')") == [[500]]


def test_a_worker_writes_nowhere_that_lasts(town: Any, quick: Pool, tmp_path: Path) -> None:
    target = town.folder.object(town.trees.object)
    outside = (target.with_name("new.parquet"), tmp_path / "x", Path("/tmp/parvis-x"), town.folder.versions / "x.json")
    before = target.read_bytes()
    for place in (target, *outside):
        for statement in (
            f"COPY (SELECT 1) TO '{place}'",
            f"COPY (SELECT 1) TO '{place}' (FORMAT parquet, USE_TMP_FILE false)",
            f"COPY (SELECT * FROM range(1000000)) TO '{place}' (FORMAT parquet)",
            f"ATTACH '{place}' AS e",
            f"EXPORT DATABASE '{place}'",
            "SET threads=4",
        ):
            with contextlib.suppress(ParvisError):
                raw(quick, town.trees, statement)
        assert target.read_bytes() == before
        assert not any(p.exists() for p in outside)
    assert asking.run(quick, town.trees, Query()).total == 500


def in_a_worker(town: Any, work: Path, code: str) -> str:
    """Return what some code prints in a query worker that has just confined itself."""
    script = f"""
import mmap, os, socket, subprocess
from parvis.store import worker
from parvis.tables import confinement
real = confinement.confine
def confine(told):
    real(told)
{code}
    os._exit(0)
confinement.confine = confine
a, b = socket.socketpair()
worker.main(b.fileno(), worker.Path({str(town.folder.objects)!r}), worker.Path({str(town.folder.indexes)!r}),
            worker.Path({str(work)!r}), 1.0, os.pipe()[0])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_a_worker_opens_no_connection_and_starts_no_program(town: Any, tmp_path: Path) -> None:
    seen: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)

    server = http.server.HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    code = f"""
    out = []
    for family, place in ((socket.AF_INET, ('127.0.0.1', {server.server_port})), (socket.AF_INET6, ('::1', 1)),
                          (socket.AF_UNIX, '/run/x')):
        try:
            with socket.socket(family) as s: s.connect(place)
            out.append('connected')
        except OSError as e:
            out.append('refused')
    try:
        subprocess.run(['/bin/true'])
        out.append('started')
    except OSError:
        out.append('refused')
    try:
        os.kill(os.getppid(), 0)
        out.append('saw its parent')
    except OSError:
        out.append('refused')
    print(out, flush=True)
"""
    try:
        told = in_a_worker(town, tmp_path, code)
    finally:
        server.shutdown()
        server.server_close()
    assert "connected" not in told
    assert "started" not in told
    assert told.count("refused") >= 4
    assert seen == []


# --- The shelf ------------------------------------------------------------------------------------


def test_publishing_again_gives_the_same_version_and_one_release(tmp_path: Path, making: Any) -> None:
    folder = Folder(tmp_path / "data")
    safe = making.protected(tmp_path / "t.parquet", {"n": Kind.INTEGER}, [{"n": 1}])
    first = making.put(folder, safe, "dddddddddddd")
    again = making.put(
        folder, making.protected(tmp_path / "u.parquet", {"n": Kind.INTEGER}, [{"n": 1}]), "dddddddddddd"
    )
    assert again == first
    assert len(shelf.record(folder, "dddddddddddd").releases) == 1
    other = making.put(folder, safe, "ffffffffffff")  # the same rows in another dataset are that dataset's version
    assert other.dataset == "ffffffffffff"
    assert other.id != first.id
    assert len(list(folder.objects.glob("??/*.parquet"))) == 1
    shelf.withdraw(folder, "dddddddddddd", "essai", making.NOW)
    assert shelf.version(folder, other.id) == other
    assert folder.object(other.object).exists()


def test_a_withdrawn_version_is_gone_with_its_reason_and_its_bytes(tmp_path: Path, making: Any) -> None:
    folder = Folder(tmp_path / "data")
    old = making.put(folder, making.protected(tmp_path / "a.parquet", {"n": Kind.INTEGER}, [{"n": 1}]), "dddddddddddd")
    new = making.put(
        folder, making.protected(tmp_path / "b.parquet", {"n": Kind.INTEGER}, [{"n": 2}]), "dddddddddddd", 2
    )
    shelf.withdraw(folder, "dddddddddddd", "Une adresse y restait.", making.NOW, version=new.id)
    with pytest.raises(GoneError, match="Une adresse y restait"):
        shelf.version(folder, new.id)
    assert not folder.object(new.object).exists()
    assert shelf.record(folder, "dddddddddddd").current == old.id
    shelf.withdraw(folder, "dddddddddddd", "Tout est retiré.", making.NOW)
    assert shelf.record(folder, "dddddddddddd").current == ""
    assert list(folder.objects.glob("??/*.parquet")) == []
    assert shelf.verify(folder) == []


def test_a_question_over_rows_that_were_erased_is_told_kindly(tmp_path: Path, making: Any) -> None:
    folder = Folder(tmp_path / "data")
    version = making.put(
        folder, making.protected(tmp_path / "a.parquet", {"n": Kind.INTEGER}, [{"n": 1}]), "dddddddddddd"
    )
    own = Pool(folder, workers=1)
    try:
        shelf.withdraw(folder, "dddddddddddd", "essai", making.NOW)
        with pytest.raises(ParvisError) as caught:
            asking.run(own, version, Query())
        assert "lisibles" in caught.value.text
    finally:
        own.close()


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a/b", "a.json", "é", "x" * 65, "\x00"])
def test_a_name_that_is_a_path_is_no_version_and_no_dataset(tmp_path: Path, name: str) -> None:
    folder = Folder(tmp_path / "data")
    for look in (shelf.version, shelf.load, shelf.record):
        with pytest.raises(UnknownName):
            look(folder, name)


def test_one_wrong_byte_on_the_shelf_is_found(tmp_path: Path, making: Any) -> None:
    folder = Folder(tmp_path / "data")
    version = making.put(
        folder, making.protected(tmp_path / "a.parquet", {"n": Kind.INTEGER}, [{"n": 1}]), "dddddddddddd"
    )
    assert shelf.verify(folder) == []
    place = folder.object(version.object)
    place.chmod(0o644)
    content = bytearray(place.read_bytes())
    content[10] ^= 1
    place.write_bytes(content)
    assert shelf.verify(folder) == [version.id]


def test_a_disk_almost_full_refuses_an_arrival_and_keeps_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr(inbox, "FLOOR", 1 << 60)
    folder = Folder(tmp_path / "data")
    with pytest.raises(LimitError, match="disque est plein"):
        inbox.put(folder, "a.csv", io.BytesIO(b"a;b\n"), "upload", "2026-03-01T08:00:00+00:00")
    assert list(folder.inbox.iterdir()) == []


def test_a_worker_maps_large_indexes_and_takes_no_more_memory_for_it(town: Any, tmp_path: Path) -> None:
    large = town.folder.indexes / "large.index"
    with large.open("wb") as stream:
        stream.truncate(3 << 30)  # nothing is written: it takes no room
    code = f"""
    with open({str(large)!r}, 'rb') as stream:
        held = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        print('mapped', len(held), len(bytearray(1 << 30)), flush=True)
    except MemoryError:
        print('mapped', len(held), 'refused', flush=True)
"""
    try:
        told = in_a_worker(town, tmp_path, code)
    finally:
        large.unlink()
    assert told.split() == ["mapped", str(3 << 30), "refused"]
