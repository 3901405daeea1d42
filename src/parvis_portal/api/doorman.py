"""Who lets connections in, and sends a crowd back from the step.

A connection that is let in costs a protocol, a parser, two buffers and their end, however short its stay. When newcomers
are to be refused, a plain question is read here from the bare socket, refused and closed, in a third of that: the portal goes on
saying no, and serving those inside, at a pace where it would have drowned in what it did not want to do.

Whatever is not a whole plain question is let in, with what was read of it, and judged inside.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable, Coroutine
from typing import Any

Headers = list[tuple[bytes, bytes]]
# Returns the whole refusal of a question (path and query, headers, who asks), None for one that is to be let in.
Refuses = Callable[[bytes, Headers, Any], bytes | None]
# Lets a connection in, with what was read of it.
LetsIn = Callable[[socket.socket, bytes], Coroutine[Any, Any, object]]

EACH = 64  # connections let in or sent back before the loop sees to the others
MOST = 16 << 10  # bytes of a question that is read on the step
LATER = 0.5  # seconds after which the door is tried again when the system has no descriptor left
_PLAIN = re.compile(rb"GET (/[!-~]*) HTTP/1\.1\r\n((?:[!-9;-~]+:[ \t]*[^\r\n\0]*\r\n)*)\r\n")


class Doorman:
    """The listening ``door`` of one loop. ``crowded`` says, at next to no cost, whether any newcomer may have to be refused."""

    def __init__(self, door: socket.socket, crowded: Callable[[], bool], refuses: Refuses, lets_in: LetsIn) -> None:
        self.door, self.crowded, self.refuses, self.lets_in = door, crowded, refuses, lets_in
        self._loop = asyncio.get_running_loop()
        self._inside: set[asyncio.Task[None]] = set()  # the loop itself keeps no task

    def open(self) -> None:
        """Begin to let in."""
        self.door.setblocking(False)
        if hasattr(socket, "TCP_DEFER_ACCEPT") and self.door.family != socket.AF_UNIX:
            with contextlib.suppress(OSError):  # who has said nothing yet waits outside for a second
                self.door.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
        self._loop.add_reader(self.door.fileno(), self._come)

    def close(self) -> None:
        """Let in nobody more."""
        if self.door.fileno() >= 0:
            self._loop.remove_reader(self.door.fileno())

    def _come(self) -> None:
        for _ in range(EACH):
            try:
                line, client = self.door.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                self.close()
                self._loop.call_later(LATER, self._again)
                return
            said = self._heard(line) if self.crowded() else b""
            if not self._sent_back(line, client, said):
                task = self._loop.create_task(self._let_in(line, said))
                self._inside.add(task)
                task.add_done_callback(self._inside.discard)

    def _again(self) -> None:
        if self.door.fileno() >= 0:
            self._loop.add_reader(self.door.fileno(), self._come)

    async def _let_in(self, line: socket.socket, said: bytes) -> None:
        try:
            await self.lets_in(line, said)
        except OSError:  # he left before he was in, which is nobody's fault
            line.close()
        except BaseException:
            line.close()
            raise

    @staticmethod
    def _heard(line: socket.socket) -> bytes:
        """Return what has come of a question."""
        try:
            return line.recv(MOST, socket.MSG_DONTWAIT)
        except OSError:
            return b""

    def _sent_back(self, line: socket.socket, client: Any, said: bytes) -> bool:
        asked = _PLAIN.fullmatch(said) if said else None
        if asked is None:
            return False
        headers: Headers = []
        for one in asked[2].split(b"\r\n")[:-1]:
            name, _, value = one.partition(b":")
            headers.append((name.lower(), value.strip(b" \t")))
        refusal = self.refuses(asked[1], headers, client)
        if refusal is None:
            return False
        with contextlib.suppress(OSError), line:
            line.send(
                refusal, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
            )  # it is short: a new connection has room for it
        return True
