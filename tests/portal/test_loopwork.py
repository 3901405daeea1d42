"""Work of the loop: others go on while it waits, a reader who leaves is known, and nothing of it is lost."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from parvis.store.pool import Ticket, waits
from parvis_portal.api import loopwork
from parvis_portal.api.rows import Rows

pytestmark = pytest.mark.usefixtures("alone")


def nobody(_: Any) -> None:
    return None


def read(line: socket.socket, seconds: float = 5) -> bytes:
    how = waits.get()
    assert how is not None
    return line.recv(100) if how.readable(line, seconds) else b"nothing"


def test_a_question_that_waits_holds_up_no_other() -> None:
    async def both() -> tuple[bytes, bytes]:
        (near, far), (near2, far2) = socket.socketpair(), socket.socketpair()
        with near, far, near2, far2:
            first = asyncio.create_task(loopwork.done(lambda: read(near), nobody))
            await asyncio.sleep(0)
            far2.send(b"second")
            second = await loopwork.done(lambda: read(near2), nobody)
            assert not first.done()
            far.send(b"first")
            return await first, second

    assert asyncio.run(both()) == (b"first", b"second")


def test_what_does_not_come_in_time_is_told() -> None:
    async def one() -> bytes:
        near, far = socket.socketpair()
        with near, far:
            return await loopwork.done(lambda: read(near, 0.02), nobody)

    assert asyncio.run(one()) == b"nothing"


def test_a_reader_who_leaves_ends_the_wait() -> None:
    async def one() -> tuple[bytes, float]:
        near, far = socket.socketpair()
        waited: list[asyncio.Future[Any]] = []
        with near, far:
            task = asyncio.create_task(
                loopwork.done(lambda: read(near, 30), lambda come: waited.append(come) if come else None)
            )
            await asyncio.sleep(0)
            start = time.monotonic()
            waited[0].cancel()
            return await task, time.monotonic() - start

    found, seconds = asyncio.run(one())
    assert found == b"nothing"
    assert seconds < 1


@pytest.mark.parametrize("late", [0.0, 0.05])
def test_a_turn_that_a_thread_calls_is_heard(late: float) -> None:
    def called(ticket: Ticket) -> bool:
        how = waits.get()
        assert how is not None
        return how.called(ticket, 5)

    async def one() -> bool:
        ticket = Ticket()
        caller = threading.Timer(late, ticket.set)
        caller.start()
        try:
            return await loopwork.done(lambda: called(ticket), nobody)
        finally:
            caller.join()

    assert asyncio.run(one())


def test_what_the_work_raises_comes_out() -> None:
    async def one() -> None:
        near, far = socket.socketpair()

        def work() -> None:
            read(near)
            raise KeyError("seen")

        with near, far:
            far.send(b"x")
            await loopwork.done(work, nobody)

    with pytest.raises(KeyError, match="seen"):
        asyncio.run(one())


RECORDS = "/api/v1/datasets/0123/records"


@pytest.mark.parametrize(
    ("method", "path", "query", "quick"),
    [
        ("GET", RECORDS, "", True),
        ("GET", RECORDS, "where=x%3D1&limit=100", True),
        ("GET", "/api/v1/datasets/0123/aggregates", "group=a", True),
        ("GET", "/api/resources/0123/data/", "page_size=50", True),
        ("GET", RECORDS, "limit=200", False),
        ("GET", RECORDS, "limit=1000", False),
        ("GET", RECORDS, "a=1&limit=%31000", False),
        ("GET", RECORDS, "li%6dit=1000", False),
        ("GET", RECORDS, "where=" + "a" * 700, False),
        ("HEAD", RECORDS, "", False),
        ("POST", RECORDS, "", False),
        ("GET", "/api/v1/datasets/0123/exports/csv", "", False),
        ("GET", "/api/v1/datasets", "", False),
        ("GET", "/", "", False),
    ],
)
def test_the_loop_works_on_small_questions_about_rows_only(method: str, path: str, query: str, quick: bool) -> None:
    check: Callable[[str, str, str], bool] = Rows.quick
    assert check(method, path, query) is quick
