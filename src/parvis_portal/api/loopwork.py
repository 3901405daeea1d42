"""Synchronous work done by the loop itself, which goes on with others while that work waits (decision record 24).

A question about rows is some tenths of a millisecond of our own work around the wait for a query worker. Given to a
thread, it pays as much again to be handed over and back. Here it runs in a greenlet of the loop's thread: where it would
block, it gives the loop what it waits for, and is resumed when that has come.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

from parvis.store.pool import Ticket, waits

Result = TypeVar("Result")
Heard = Callable[[asyncio.Future[Any] | None], None]


async def done(work: Callable[[], Result], heard: Heard) -> Result:
    """Return what some work returns, done in this loop; it waits through ``store.pool.waits`` alone.

    ``heard`` is told the future waited for, whose cancelling says that nobody wants the answer any more. Raises: what
    the work raises.
    """
    own = _Waits(asyncio.get_running_loop(), heard)

    def begun() -> Result:
        waits.set(own)  # a greenlet has a context of its own
        return work()

    strand = greenlet(begun)
    told = strand.switch()
    while not strand.dead:
        try:
            found = await told
        except BaseException as error:
            told = strand.throw(error)
        else:
            told = strand.switch(found)
    result: Result = told
    return result


class _Waits:
    """How work of the loop waits; see ``store.pool.Waits``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, heard: Heard) -> None:
        self.loop, self.heard = loop, heard

    def readable(self, line: socket.socket, seconds: float) -> bool:
        return _given(self._readable(line.fileno(), seconds))

    def called(self, ticket: Ticket, seconds: float) -> bool:
        return _given(self._called(ticket, seconds))

    async def _readable(self, descriptor: int, seconds: float) -> bool:
        come = self.loop.create_future()
        self.loop.add_reader(descriptor, _settle, come, True)
        try:
            return await self._come(come, seconds)
        finally:
            self.loop.remove_reader(descriptor)

    async def _called(self, ticket: Ticket, seconds: float) -> bool:
        come = self.loop.create_future()
        ticket.tells = lambda: self.loop.call_soon_threadsafe(_settle, come, True)
        if ticket.is_set():  # just before it knew whom to tell
            return True
        try:
            return await self._come(come, seconds)
        finally:
            ticket.tells = None

    async def _come(self, come: asyncio.Future[bool], seconds: float) -> bool:
        late = self.loop.call_later(max(seconds, 0), _settle, come, False)
        self.heard(come)
        try:
            return await come
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return False  # the reader left: who waits looks at that himself
        finally:
            late.cancel()
            self.heard(None)


def _settle(come: asyncio.Future[bool], value: bool) -> None:
    if not come.done():
        come.set_result(value)


def _given(what: Coroutine[Any, Any, bool]) -> bool:
    """Give the loop what this greenlet waits for, and return what came of it."""
    loop = getcurrent().parent
    assert loop is not None
    return bool(loop.switch(what))
