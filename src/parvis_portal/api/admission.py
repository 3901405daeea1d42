"""Who is served when more come than can be: each kind of question has its own places, and a line that stays short.

A line is judged by the time it would take, told from how long the last ones took: who would wait longer than ``patience`` is
sent back at once, with the seconds after which to come again. Readers take turns, whatever each of them asks: when a
line is full, the one who has most in it gives up his last place to whoever has less. What is known already, and files of
the site, never come here.

Where crowds come (questions about rows), whoever was answered on his connection before asks his next question when he has
the last answer: such lines end by themselves, and he waits his turn. Newcomers have no end: when more have come than a line
holds, and it is still longer than the work on a slow question, they are a crowd, and as many are kept as can be served in that
time. Who is accepted then waits little, and who is not knows it at once.

Lives in the loop of one web process; nothing here is for threads.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import re
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import field
from functools import lru_cache

from parvis.frozen import dataclass
from parvis_portal.api.front import BODIES, BODIES_EACH

LONGEST = 22  # questions in one line for each of its places, however quick they are
LATEST = 30  # seconds after which to come again, at most
BRISK = (0.01, 0.25)  # seconds that a newcomer of a crowd waits, at least and at most


class FullError(Exception):
    """There is no place; ``after`` says in how many seconds there may be one."""

    def __init__(self, after: int) -> None:
        super().__init__(after)
        self.after = after


class GoneError(Exception):
    """The reader left while he waited."""


@dataclass(slots=True)
class Lane:
    """``size`` questions of a kind at once, at most ``each`` of them of one reader; ``patience`` in seconds.

    ``crowds``: newcomers beyond what can be served soon are sent back.
    """

    size: int
    patience: float
    each: int = 0  # 0: as many as there are
    usual: float = 0.01  # seconds that one takes, learnt as they go
    crowds: bool = False
    slow: float = 0.02  # seconds that a slow one takes when nobody waits, learnt too: some in a hundred take longer
    came: int = 0  # newcomers who have found the line too long since it was last short
    kept: float = 4.0  # seconds that who was let into the line waits all the same, when it was misjudged
    running: Counter[str] = field(default_factory=Counter)
    line: OrderedDict[str, deque[asyncio.Future[None]]] = field(default_factory=OrderedDict)  # whose turn comes first
    waiting: int = 0
    new: set[asyncio.Future[None]] = field(default_factory=set)  # of the line, the newcomers'

    async def take(
        self, reader: str, waits: Callable[[asyncio.Future[None] | None], None], known: bool = False
    ) -> Place:
        """Return a place for a question of a reader, when its turn comes; it is to be left.

        ``waits`` is told the future that the reader waits for, whose cancelling says that he left; ``known`` says that he
        was answered before on the connection by which he asks. Raises: FullError, GoneError.
        """
        if self._free(reader):  # whoever waits then waits for his own others to end
            self.running[reader] += 1
        else:
            await self._turn(reader, waits, known)
        return Place(self, reader)

    def refuses(self, reader: str, known: bool = False) -> bool:
        """True when a question of a reader would be sent back at once."""
        if self._free(reader):
            return False
        return (self._full() and not self._heavier(reader)) or (not known and self._crowded())

    def after(self) -> int:
        """Return the seconds after which whoever is sent back may come again."""
        return min(max(math.ceil(self._time(self.waiting)), 1), LATEST)

    def _time(self, ahead: int) -> float:
        return ahead * self.usual / self.size

    def _full(self) -> bool:
        return self.waiting >= LONGEST * self.size or self._time(self.waiting + 1) > self.patience

    def _crowded(self) -> bool:
        """True when newcomers are more than can be served soon; those who wait already and are too many are sent back."""
        if not self.crowds or self._time(self.waiting + 1) <= self.brisk:
            return False
        if self.came < LONGEST * self.size:  # as many may come at once and no more
            return False
        last = [(reader, ticket) for reader, mine in self.line.items() for ticket in mine if ticket in self.new]
        while last and self._time(self.waiting) > self.brisk:
            reader, ticket = last.pop()
            if not ticket.done():
                ticket.set_exception(FullError(self.after()))
            self._forget(reader, ticket)
        return True

    @property
    def brisk(self) -> float:
        """The seconds that a newcomer waits when there is a crowd: with what he asks, they are those of a slow question."""
        return min(max(self.slow / 2, BRISK[0]), BRISK[1])

    def _heavier(self, reader: str) -> str:
        """Return who has most in the line, when he has more than a reader would have; "" otherwise."""
        most = max(self.line, key=lambda r: len(self.line[r]), default="")
        return most if most and most != reader and len(self.line[most]) > len(self.line.get(reader, ())) + 1 else ""

    def _free(self, reader: str) -> bool:
        return self.running.total() < self.size and not (self.each and self.running[reader] >= self.each)

    async def _turn(self, reader: str, waits: Callable[[asyncio.Future[None] | None], None], known: bool) -> None:
        if not known and self._crowded():
            raise FullError(self.after())
        if self._full():
            self._make_room(reader)
        ticket = asyncio.get_running_loop().create_future()
        if not known:
            self.new.add(ticket)
            self.came += self.crowds and self._time(self.waiting + 1) > self.brisk
        self.line.setdefault(reader, deque()).append(ticket)
        self.waiting += 1
        self._call()
        waits(ticket)
        try:
            await asyncio.wait_for(ticket, max(self.patience * 2, self.kept))
        except TimeoutError:
            raise FullError(self.after()) from None
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled() and ticket.exception() is None:
                self.leave(reader)  # the place came at the very moment when nobody wanted it any more
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise GoneError from None
        finally:
            waits(None)
            self._forget(reader, ticket)

    def _make_room(self, reader: str) -> None:
        """Take the last place of who has most in the line, when it is not the one who asks. Raises: FullError."""
        most = self._heavier(reader)
        if not most:
            raise FullError(self.after())
        self.line[most][-1].set_exception(FullError(self.after()))
        self._forget(most, self.line[most][-1])

    def _forget(self, reader: str, ticket: asyncio.Future[None]) -> None:
        mine = self.line.get(reader)
        if mine is not None and ticket in mine:
            mine.remove(ticket)
            self.new.discard(ticket)
            self.waiting -= 1
            if self.came and self._time(self.waiting) <= self.brisk / 2:
                self.came = 0
            if not mine:
                del self.line[reader]

    def leave(self, reader: str) -> None:
        self.running[reader] -= 1
        if self.running[reader] <= 0:
            del self.running[reader]
        self._call()

    def _call(self) -> None:
        """Give the free places to those whose turn it is: one question of each reader, then again."""
        passed = 0
        while self.line and passed < len(self.line) and self.running.total() < self.size:
            reader = next(iter(self.line))
            self.line.move_to_end(reader)
            if not self._free(reader):
                passed += 1
                continue
            passed = 0
            ticket = self.line[reader][0]
            self._forget(reader, ticket)
            if not ticket.done():
                self.running[reader] += 1
                ticket.set_result(None)


class Place:
    """A place taken in a lane, until it is left; leaving twice is leaving once."""

    def __init__(self, lane: Lane, reader: str) -> None:
        self.lane, self.reader = lane, reader
        self.since: float | None = time.monotonic()

    def leave(self) -> None:
        if self.since is None:
            return
        took, self.since = time.monotonic() - self.since, None
        took = min(took, 16 * self.lane.usual + 0.01)  # one slow one at most doubles it
        self.lane.usual += (took - self.lane.usual) / 16
        if not self.lane.waiting:  # in a crowd all are slow
            self.lane.slow += (took - self.lane.slow) / (16 if took > self.lane.slow else 512)
        self.lane.leave(self.reader)


_EXPORTS = re.compile(
    r"/api/v1/datasets/[^/]+/(?:versions/[^/]+/)?exports/|/api/(?:explore/)?v2[^?]*/exports/|/explore/dataset/[^/]+/download|"
    r"/api/records/1\.0/download|/api/resources/[^/]+/data/(?:csv|json)|/datastore/dump/|/ogc/collections/[^/]+\.pmtiles"
)
_QUESTIONS = ("/api/", "/ogc", "/datastore", "/mcp")
_TOWN_HALL = ("/mairie/", "/en/mairie/")
_FILES = ("/static/", "/sante", "/health", "/robots.txt", "/favicon.ico")


class Admission:
    """The lanes of one web process, ``workers`` of which answer questions about rows."""

    def __init__(self, workers: int = 2, exports: int = 2) -> None:
        self.lanes: Mapping[str, Lane] = {
            "questions": Lane(workers + 1, 1.0, crowds=True),
            "exports": Lane(exports + 2, 4.0, each=exports + 1, usual=1.0),
            "pages": Lane(8, 1.0),
            "files": Lane(8, 5.0),
            "town hall": Lane(8, 8.0),
            "bodies": Lane(BODIES, 8.0, each=BODIES_EACH),
        }

    def lane(self, method: str, path: str) -> Lane:
        """Return where a question waits, if it must."""
        if method not in ("GET", "HEAD", "OPTIONS"):
            return self.lanes["bodies"]  # which come as slowly as their sender likes
        if path.startswith(_FILES):
            return self.lanes["files"]
        if path.startswith(_TOWN_HALL):
            return self.lanes["town hall"]
        if _EXPORTS.match(path):
            return self.lanes["exports"]
        if path.startswith(_QUESTIONS):
            return self.lanes["questions"]
        return self.lanes["pages"]


@lru_cache(4096)
def home(address: str) -> str:
    """Return what counts as one reader: an address, and of the newer kind all those of one home."""
    if ":" not in address:  # of the older kind: a crowd has many, and each would be read for nothing
        return address[:60]
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    return str(ipaddress.ip_network((known, 64), strict=False))
