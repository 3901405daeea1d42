"""Who is served when more come than can be: short lines, turns, and a kind refusal in each dialect's own words."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.portal.test_server import Line, serving

from parvis.errors import LimitError
from parvis.store.folder import Folder
from parvis.store.pool import SECONDS, Pool, leaving, until
from parvis_portal import server
from parvis_portal.api.admission import LONGEST, Admission, FullError, GoneError, Lane, home
from parvis_portal.api.front import Front

pytestmark = pytest.mark.usefixtures("alone")


def nobody(place: asyncio.Future[None] | None) -> None:
    """Stand for a reader who never leaves."""


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(work(), 10)

    asyncio.run(limited())


async def waiting(lane: Lane, reader: str, seen: list[str], name: str) -> asyncio.Task[None]:
    """Begin to wait in a lane, leave the place as soon as it comes, and note what came of it."""

    async def wait() -> None:
        try:
            place = await lane.take(reader, nobody)
        except FullError as full:
            seen.append(f"{name} refused, {full.after}")
            return
        seen.append(name)
        place.leave()

    task = asyncio.create_task(wait())
    await settled()
    return task


async def settled() -> None:
    """Let all that can go on go on."""
    for _ in range(6):
        await asyncio.sleep(0)


def test_readers_take_turns_whatever_each_of_them_asks() -> None:
    async def work() -> None:
        lane, seen = Lane(1, 5.0), list[str]()
        held = await lane.take("z", nobody)
        tasks = [await waiting(lane, "a", seen, f"a{n}") for n in range(4)]
        tasks += [await waiting(lane, "b", seen, "b0"), await waiting(lane, "c", seen, "c0")]
        held.leave()
        held.leave()  # leaving twice is leaving once
        await asyncio.gather(*tasks)
        assert seen == ["a0", "b0", "c0", "a1", "a2", "a3"]
        assert not lane.running and not lane.line and lane.waiting == 0

    run(work)


def test_a_line_is_as_short_as_its_time() -> None:
    async def work() -> None:
        lane, seen = Lane(2, 0.5, usual=0.2), list[str]()
        held = [await lane.take("a", nobody) for _ in range(2)]
        tasks = [await waiting(lane, "a", seen, f"a{n}") for n in range(7)]
        assert seen == ["a5 refused, 1", "a6 refused, 1"]  # five make half a second for two places
        for place in held:
            place.since = time.monotonic() - 0.2
            place.leave()
        await asyncio.gather(*tasks)
        assert sorted(seen)[:5] == [f"a{n}" for n in range(5)]

    run(work)


def test_who_asks_most_gives_up_his_last_place_to_who_asks_less() -> None:
    async def work() -> None:
        lane, seen = Lane(1, 0.4, usual=0.1), list[str]()
        held = await lane.take("crowd", nobody)
        tasks = [await waiting(lane, "crowd", seen, f"crowd{n}") for n in range(4)]
        tasks.append(await waiting(lane, "one", seen, "one"))
        assert seen == ["crowd3 refused, 1"]
        tasks.append(await waiting(lane, "crowd", seen, "crowd4"))
        assert seen[1:] == ["crowd4 refused, 1"]
        held.leave()
        await asyncio.gather(*tasks)
        assert seen[2:] == ["crowd0", "one", "crowd1", "crowd2"]

    run(work)


def test_one_reader_never_holds_all_places_where_each_has_a_share() -> None:
    async def work() -> None:
        lane, seen = Lane(2, 5.0, each=1), list[str]()
        held = await lane.take("a", nobody)
        task = await waiting(lane, "a", seen, "a again")
        other = await lane.take("b", nobody)  # at once: the one who waits does so for himself
        assert seen == []
        other.leave()
        await settled()
        assert seen == []
        held.leave()
        await task
        assert seen == ["a again"] and not lane.running

    run(work)


def test_who_leaves_the_line_leaves_nothing_behind() -> None:
    async def work() -> None:
        lane, told = Lane(1, 5.0), list[asyncio.Future[None] | None]()
        held = await lane.take("a", nobody)
        task = asyncio.create_task(lane.take("b", told.append))
        await settled()
        assert told[0] is not None
        told[0].cancel()
        with pytest.raises(GoneError):
            await task
        late = asyncio.create_task(lane.take("b", told.append))
        await settled()
        late.cancel()
        with pytest.raises(asyncio.CancelledError):
            await late
        assert lane.waiting == 0 and not lane.line and told[1] is None
        held.leave()
        (await lane.take("c", nobody)).leave()
        assert not lane.running

    run(work)


def test_many_who_come_at_once_are_all_served_and_a_crowd_is_not() -> None:
    async def work() -> None:
        lane, seen = Lane(1, 5.0, usual=0.05, crowds=True, slow=0.1), list[str]()
        held = await lane.take("z", nobody)
        tasks = [await waiting(lane, f"r{n}", seen, f"r{n}") for n in range(8)]
        assert seen == [] and lane.waiting == 8  # 0.4 s of work: they may be all
        assert lane.came > 5
        lane.came = LONGEST  # still they come
        assert lane.refuses("late")
        tasks.append(await waiting(lane, "late", seen, "late"))
        assert sorted(seen) == ["late refused, 1", *(f"r{n} refused, 1" for n in range(1, 8))]
        held.leave()
        tasks.append(await waiting(lane, "after", seen, "after"))
        await asyncio.gather(*tasks)
        assert seen[-2:] == ["r0", "after"] and lane.waiting == 0 and not lane.new and lane.came == 0

    run(work)


def test_who_was_answered_on_his_connection_waits_while_a_crowd_is_sent_back() -> None:
    async def work() -> None:
        lane, seen = Lane(1, 5.0, usual=0.05, crowds=True), list[str]()
        held = await lane.take("z", nobody)
        known = [asyncio.create_task(lane.take(f"k{n}", nobody, known=True)) for n in range(3)]
        await settled()
        lane.came = LONGEST
        assert lane.refuses("new") and not lane.refuses("k9", known=True)
        await waiting(lane, "new", seen, "new")
        assert seen == ["new refused, 1"] and lane.waiting == 3
        held.leave()
        for task in known:
            (await task).leave()
        assert not lane.running

    run(work)


def test_who_waits_too_long_is_told_to_come_again() -> None:
    async def work() -> None:
        lane = Lane(1, 0.05, kept=0.1)
        held = await lane.take("a", nobody)
        with pytest.raises(FullError):
            await lane.take("b", nobody)
        assert lane.waiting == 0
        held.leave()

    run(work)


def test_one_home_is_one_reader() -> None:
    assert home("203.0.113.9") == "203.0.113.9"
    assert home("2001:db8:1:2:3::4") == home("2001:db8:1:2::ffff") == "2001:db8:1:2::/64"
    assert home("x" * 500) == "x" * 60


# --- On real sockets ------------------------------------------------------------------------------


class Slow:
    """What stands for Django: its answers wait for a sign."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.cut: list[float] = []
        self.proxied = False

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path, reader = environ["PATH_INFO"], leaving.get()
        if "slow" in environ["QUERY_STRING"]:
            while not self.go.wait(0.01):
                if reader is not None and reader.is_set():
                    self.cut.append(time.monotonic())
                    raise LimitError("cut")
        start("200 OK", [("Content-Type", "text/plain")])
        return [path.encode()]


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def port(slow: Slow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(Admission, "__init__", _small)
    (tmp_path / "stamp").touch()
    with serving(Front(slow, tmp_path / "stamp", 1 << 20)) as port:
        yield port


def _small(self: Admission) -> None:
    self.lanes = {
        name: Lane(1, 1.0, usual=0.5) for name in ("questions", "exports", "pages", "files", "town hall", "bodies")
    }


DIALECTS: dict[str, Callable[[Any], bool]] = {
    "/api/v1/datasets/x/records": lambda t: t["error"]["code"] == "busy",
    "/api/explore/v2.1/catalog/datasets": lambda t: t["error_code"] == "ServiceUnavailable",
    "/api/records/1.0/search/": lambda t: t["errorcode"] == 10003,
    "/api/resources/x/data/": lambda t: t["errors"][0]["title"] == "Service unavailable",
    "/api/3/action/package_search": lambda t: t["success"] is False,
    "/ogc/collections/x/items": lambda t: t["code"] == "ServerBusy",
}


def test_what_finds_no_place_is_refused_in_its_own_words_and_the_next_one_is_answered(port: int, slow: Slow) -> None:
    lines = [Line(port) for _ in range(3)]
    for line in lines:  # one at work, two in the line: it is full
        line.send("/api/v1/datasets/x/records?slow", "GET", b"")
        time.sleep(0.05)
    with Line(port) as late:
        assert late.ask("/donnees/")[2] == b"/donnees/"  # he is inside before the crowd is told from him
        for path, fits in DIALECTS.items():
            began = time.monotonic()
            status, headers, body = late.ask(path)
            assert (status, headers["retry-after"], headers["cache-control"]) == (503, "1", "no-store"), path
            assert fits(json.loads(body)), (path, body)
            assert (
                "Réessayez" in body.decode("unicode_escape" if b"\\u" in body else "utf-8")
                and headers["access-control-allow-origin"] == "*"
            )
            assert time.monotonic() - began < 2
        status, headers, body = late.ask("/ogc/wfs?request=GetFeature")
        assert status == 503 and b"ExceptionReport" in body
        assert late.ask("/donnees/")[2] == b"/donnees/"  # pages have their own places
        slow.go.set()
        assert [line.answer("GET")[0] for line in lines] == [200] * 3
        assert late.ask("/api/v1/datasets/x/records")[0] == 200
    for line in lines:
        line.__exit__()


def test_a_newcomer_for_whom_there_is_no_place_is_refused_at_the_door(
    port: int, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    real = server.Connection.connection_made
    monkeypatch.setattr(server.Connection, "connection_made", lambda own, line: (made.append(own), real(own, line))[1])
    lines = [Line(port) for _ in range(3)]
    for line in lines:
        line.send("/api/v1/datasets/x/records?slow")
        time.sleep(0.05)
    inside = len(made)
    for path, fits in DIALECTS.items():
        with Line(port) as late:
            status, headers, body = late.ask(path, Accept="application/json", If__None__Match='"x"')
            assert (status, headers["retry-after"], headers["connection"]) == (503, "1", "close"), path
            assert "date" in headers and fits(json.loads(body))
            assert late.closed()
    assert len(made) == inside  # nothing was made for them
    slow.go.set()
    assert [line.answer()[0] for line in lines] == [200] * 3
    for line in lines:
        line.__exit__()


@pytest.mark.parametrize("cut", [1, 9, 40, -2])
def test_what_is_no_whole_plain_question_is_let_in_and_loses_nothing(port: int, slow: Slow, cut: int) -> None:
    lines = [Line(port) for _ in range(3)]
    for line in lines:
        line.send("/api/v1/datasets/x/records?slow")
        time.sleep(0.05)
    question = b"GET /donnees/ HTTP/1.1\r\nHost: town.example\r\nAccept: */*\r\n\r\n"
    with Line(port) as slowly, Line(port) as two, Line(port) as body, Line(port) as rude:
        slowly.socket.sendall(question[:cut])
        time.sleep(0.1)
        slowly.socket.sendall(question[cut:])
        assert slowly.answer()[2] == b"/donnees/"
        two.socket.sendall(question * 2)
        assert (two.answer()[2], two.answer()[2]) == (b"/donnees/", b"/donnees/")
        assert body.ask("/mairie/", "POST", b"a=1")[0] == 200
        rude.socket.sendall(b"GET / HTTP/1.1\r\nHost : x\r\n\r\n")
        assert rude.answer()[0] == 400
    slow.go.set()
    assert [line.answer()[0] for line in lines] == [200] * 3
    for line in lines:
        line.__exit__()


def test_a_page_that_finds_no_place_is_a_page(port: int, slow: Slow) -> None:
    lines = [Line(port) for _ in range(3)]
    for line in lines:
        line.send("/donnees/?slow", "GET", b"")
        time.sleep(0.05)
    with Line(port) as late:
        assert late.ask("/static/a.css")[0] == 200
        status, headers, body = late.ask("/")
        assert status == 503 and headers["content-type"].startswith("text/html") and "Trop de demandes" in body.decode()
        assert late.ask("/static/a.css")[0] == 200 and late.ask("/mairie/")[0] == 200
    slow.go.set()
    for line in lines:
        assert line.answer("GET")[0] == 200
        line.__exit__()


def test_a_reader_who_leaves_is_told_to_who_answers_him_and_his_place_is_free(port: int, slow: Slow) -> None:
    lines = [Line(port) for _ in range(3)]
    for line in lines:
        line.send("/api/v1/x?slow", "GET", b"")
        time.sleep(0.05)
    at = time.monotonic()
    for line in (lines[1], lines[0]):  # one who waits, then the one who is served
        line.socket.close()
        time.sleep(0.05)
    for _ in range(100):
        if slow.cut:
            break
        time.sleep(0.02)
    assert slow.cut and slow.cut[0] - at < 1
    slow.go.set()
    assert lines[2].answer("GET")[0] == 200
    with contextlib.suppress(OSError):
        lines[2].socket.shutdown(socket.SHUT_RDWR)
    lines[2].socket.close()


ENDLESS = (
    "SELECT count(*) FROM range(100000) a, range(100000) b, range(100000) c WHERE hash(a.range, b.range, c.range) = 1"
)


class Asking:
    """What stands for Django: it asks a query worker, without end for one address."""

    proxied = False

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        sql = ENDLESS if environ["PATH_INFO"] == "/api/endless" else "SELECT 1"
        request = {"object": "0" * 64, "sql": sql, "parameters": [], "total": "", "total_parameters": [], "geometry": [],
                   "limit": 1, "keys": 0, "names": [], "seen": None}  # fmt: skip
        try:
            _, body = self.pool.ask(request)
        except LimitError:
            body = b"cut"
        start("200 OK", [("Content-Type", "text/plain")])
        return [body]


def test_the_question_of_a_reader_who_closed_is_cut_within_200_ms_and_its_worker_answers_the_next(
    tmp_path: Path,
) -> None:
    folder = Folder(tmp_path / "data")
    (tmp_path / "stamp").touch()
    pool = Pool(folder, workers=1)
    try:
        with serving(Front(Asking(pool), tmp_path / "stamp", 1 << 20)) as port, Line(port) as other:
            assert other.ask("/api/short")[2] == b"[[1]]"
            times = []
            for _ in range(3):  # the best of three: a busy machine may hold one up
                with Line(port) as line:
                    line.send("/api/endless", "GET", b"")
                    time.sleep(0.3)
                    assert pool._asking.busy == 1
                at = time.monotonic()
                while pool._asking.busy and time.monotonic() - at < 2:
                    time.sleep(0.005)
                cut = time.monotonic()
                assert other.ask("/api/short")[2] == b"[[1]]"
                times.append((cut - at, time.monotonic() - cut))
            assert min(cut for cut, _ in times) < 0.2 and min(back for _, back in times) < 0.15, times
    finally:
        pool.close()


def test_who_asks_for_one_answer_alone_is_answered_at_once_too(port: int, slow: Slow) -> None:
    lines = [Line(port) for _ in range(3)]
    for line in lines:
        line.send("/api/v1/datasets/x/records?slow", "GET", b"")
        time.sleep(0.05)
    with Line(port) as late:
        late.socket.sendall(b"GET /api/v1/datasets/x/records HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        status, headers, _ = late.answer("GET")
        assert status == 503 and headers["connection"] == "close" and late.closed()
    slow.go.set()
    for line in lines:
        assert line.answer("GET")[0] == 200
        line.socket.close()


class Timed:
    """What stands for Django: it tells how long it may ask, and streams."""

    proxied = False

    def __init__(self) -> None:
        self.left: list[float] = []

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.left.append(until.get() - time.monotonic())
        start("200 OK", [("Content-Type", "text/plain")])
        return self.told() if environ["PATH_INFO"].endswith("/stream") else [b"x"]

    def told(self) -> Iterator[bytes]:
        self.left.append(until.get())
        yield b"x"


def test_a_program_a_page_and_a_stream_have_each_their_time(tmp_path: Path) -> None:
    (tmp_path / "stamp").touch()
    timed = Timed()
    with serving(Front(timed, tmp_path / "stamp", 1 << 20)) as port, Line(port) as line:
        assert [line.ask(path)[0] for path in ("/api/v1/x", "/donnees/")] == [200, 200]
        line.send("/api/v1/stream", "GET", b"")
        assert b"200 OK" in line.socket.recv(1 << 16)
        for _ in range(200):
            if len(timed.left) == 4:
                break
            time.sleep(0.02)
        program, page, _, stream = timed.left
    assert program <= SECONDS < page <= 10 and stream == float("inf")


def test_workers_are_ready_before_the_first_question(tmp_path: Path) -> None:
    pool = Pool(Folder(tmp_path / "data"), workers=2)
    try:
        pool.warm()
        assert len(pool._free) == 2 and all(worker.ready for worker in pool._free)
        pool.warm()
        assert len(pool._free) == 2
    finally:
        pool.close()
