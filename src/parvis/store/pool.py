"""The pool of query workers: how many answer at once, how many wait, and what happens to one that misbehaves.

A question past its deadline costs its worker's life: the process is killed and a warm one takes its place. One whose
reader has gone is told to stop first, and only killed when it does not. Nothing a worker sends is ever unpickled.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol

from parvis.errors import BusyError, LimitError, ParvisError
from parvis.frozen import dataclass
from parvis.store.folder import Folder

SECONDS = 2.0  # a question's own limit
LOOK = 0.05  # seconds between two looks at whether a question was cut
LEAST = 0.02  # seconds that the last of several questions has at least: what is left of the time of all is told at once
GRACE = 0.25  # seconds more before the worker is killed
STOP = 0.1  # seconds that a question told to stop may take to do so
QUIET = 20.0  # seconds an export may stay silent, its reader included
START = 20.0  # seconds a worker may take to be ready
WAITING = 24  # questions that may wait for a worker
EXPORTS = 2  # exports at once: apart from the questions, which a slow reader must not hold up

# Set by who serves, for the thread that answers a reader: an event that is set when he has gone.
leaving: ContextVar[threading.Event | None] = ContextVar("leaving", default=None)
# The same: the moment, by the monotonic clock, when all that he asked must be answered, however many questions it takes.
until: ContextVar[float] = ContextVar("until", default=float("inf"))


class Ticket(threading.Event):
    """A place in the line for a worker; the event says that its turn has come, and tells who asked to be told."""

    tells: Callable[[], object] | None = None

    def set(self) -> None:
        super().set()
        tells = self.tells
        if tells is not None:
            tells()


class Waits(Protocol):
    """How who serves waits when his thread has other readers to see to meanwhile."""

    def readable(self, line: socket.socket, seconds: float) -> bool:
        """Return once something can be read, False when nothing came in time or the reader has gone."""

    def called(self, ticket: Ticket, seconds: float) -> bool:
        """Return once a turn has come, False when it did not in time or the reader has gone."""


# The same: how to wait, for who must not hold up his thread.
waits: ContextVar[Waits | None] = ContextVar("waits", default=None)


class Pool:
    """``workers`` processes answer questions, ``exports`` write files, one more waits warm.

    Usable from several threads; ``close`` ends them all.
    """

    def __init__(
        self,
        folder: Folder,
        workers: int = 2,
        seconds: float = SECONDS,
        waiting: int = WAITING,
        exports: int = EXPORTS,
    ) -> None:
        self.folder, self.size, self.seconds, self.waiting = folder, workers, seconds, waiting
        self._lock = threading.RLock()
        self._free: deque[_Process] = deque()
        self.totals = Totals()
        self._asking, self._writing = _Lane(workers), _Lane(exports)
        self._closed = False
        self._spare: _Process | None = None
        self._orders: queue.SimpleQueue[Future[_Process] | None] = queue.SimpleQueue()
        self._starter: threading.Thread | None = None

    def ask(self, request: Mapping[str, Any], cut: threading.Event | None = None) -> tuple[dict[str, Any], bytes]:
        """Return what a worker tells of the rows, and the rows as JSON.

        ``cut``, set while the question waits or runs, ends it: nobody waits for the answer any more. It is ``leaving``
        when none is given. Raises: BusyError, LimitError, ParvisError; see ``store.query.run``.
        """
        cut = cut or leaving.get()
        worker = self._take(self._asking, cut)
        try:
            left = until.get() - time.monotonic()
            worker.send(request if left >= self.seconds else {**request, "seconds": max(left, LEAST)})
            said, _, body = worker.receive(min(self.seconds, max(left, LEAST)) + GRACE, cut).partition(b"\n")
            told = json.loads(said)
        except _CutError as error:
            if worker.stopped():
                self._settle(worker, self._asking, {})
            else:
                self._lose(worker, self._asking)
            raise _cut() from error
        except (_LateError, EOFError, OSError) as error:
            self._lose(worker, self._asking)
            raise _too_long() if isinstance(error, _LateError) else _lost() from error
        except BaseException:
            self._lose(worker, self._asking)
            raise
        return self._settle(worker, self._asking, told), body

    def stream(self, request: Mapping[str, Any], quiet: float = QUIET) -> Iterator[bytes]:
        """Yield the chunks of an export as the worker writes them; a reader that leaves frees the worker.

        ``quiet``: seconds without a chunk after which the export is given up.
        """
        cut = leaving.get()
        worker = self._take(self._writing, cut)
        try:
            worker.send(request)
            while chunk := worker.receive(quiet, cut):
                yield chunk
            told = json.loads(worker.receive(GRACE + self.seconds, cut))
        except (_LateError, EOFError, OSError) as error:
            self._lose(worker, self._writing)
            if isinstance(error, _CutError):
                raise _cut() from error
            raise _too_long() if isinstance(error, _LateError) else _lost() from error
        except BaseException:  # the reader left in the middle: what the worker still writes has no reader
            self._lose(worker, self._writing)
            raise
        self._settle(worker, self._writing, told)

    def warm(self) -> None:
        """Have all workers ready before the first question: starting one takes longer than a reader should wait."""
        for _ in range(self.size):
            with contextlib.suppress(BusyError, OSError):  # the first question will try again
                worker = self._new()
                with self._lock:
                    kept = not self._closed and len(self._free) + self._asking.busy < self.size
                    if kept:
                        self._free.append(worker)
                if not kept:
                    worker.kill()

    def close(self) -> None:
        """End every worker."""
        with self._lock:
            self._closed = True
            free, self._free = list(self._free), deque()
            spare, self._spare = self._spare, None
            for lane in (self._asking, self._writing):
                while lane.line:
                    lane.line.popleft().set()
        self._orders.put(None)
        for worker in [*free, *([spare] if spare else [])]:
            worker.kill()

    # --- Workers -----------------------------------------------------------------------------------

    def _take(self, lane: _Lane, cut: threading.Event | None) -> _Process:
        ticket = self._ticket(lane)
        if ticket is not None and not _waited(ticket, min(self.seconds * 4, until.get() - time.monotonic()), cut):
            with self._lock:
                if ticket in lane.line:
                    lane.line.remove(ticket)
                    raise _cut() if cut is not None and cut.is_set() else _too_many()
        with self._lock:
            worker = self._free.popleft() if self._free and not self._closed else None
        try:
            if self._closed:
                raise BusyError("Le portail s'arrête.", retry_after=5)
            if worker is not None:
                if worker.alive:
                    return worker
                worker.kill()  # it died while nobody asked: nobody has to know
            return self._new()
        except BaseException:
            self._leave(lane)
            raise

    def _ticket(self, lane: _Lane) -> Ticket | None:
        """Return what to wait for, None when there is a place: who came first is served first."""
        with self._lock:
            if lane.busy < lane.size and not lane.line:
                lane.busy += 1
                return None
            if len(lane.line) >= self.waiting:
                raise _too_many()
            lane.line.append(Ticket())
            return lane.line[-1]

    def _leave(self, lane: _Lane) -> None:
        with self._lock:
            if lane.line:
                lane.line.popleft().set()  # the place goes to the next one
            else:
                lane.busy -= 1

    def _new(self) -> _Process:
        """Return a ready worker: the spare one if there is, and start another spare behind."""
        with self._lock:
            worker, self._spare = self._spare, None
        try:
            if worker is None or not worker.alive:
                worker = self._start()
            worker.wait_ready()
        finally:
            with self._lock:
                if self._spare is None and not self._closed:
                    with contextlib.suppress(OSError):  # no room for a spare: the next question will try again
                        self._spare = self._start()
        return worker

    def _start(self) -> _Process:
        """Return a new process, started by a thread that stays: Linux ends a worker with the thread that started it,
        and a web server's threads come and go."""
        with self._lock:
            if self._starter is None:
                self._starter = threading.Thread(target=self._start_all, name="parvis-pool", daemon=True)
                self._starter.start()
        order: Future[_Process] = Future()
        self._orders.put(order)
        return order.result(START)

    def _start_all(self) -> None:
        while (order := self._orders.get()) is not None:
            try:
                order.set_result(_Process(self.folder, self.seconds))
            except Exception as error:
                order.set_exception(error)

    def _settle(self, worker: _Process, lane: _Lane, told: dict[str, Any]) -> dict[str, Any]:
        if told.get("fatal"):
            self._lose(worker, lane)
        else:
            with self._lock:
                kept = not self._closed and len(self._free) < self.size
                if kept:
                    self._free.append(worker)
            if not kept:
                worker.kill()
            self._leave(lane)
        if "error" in told:
            raise _said(told["error"])
        return told

    def _lose(self, worker: _Process, lane: _Lane) -> None:
        worker.kill()
        self._leave(lane)


def _waited(ticket: Ticket, seconds: float, cut: threading.Event | None) -> bool:
    """Wait for a place; False when it did not come in time, or when nobody waits for it any more."""
    how = waits.get()
    if how is not None:
        return how.called(ticket, seconds)
    if cut is None:
        return ticket.wait(seconds)
    until = time.monotonic() + seconds
    while not ticket.wait(LOOK):
        if cut.is_set() or time.monotonic() > until:
            return False
    return True


class Totals:
    """How many rows fill a condition of a version, for those asked lately: the pages of a walk count once."""

    def __init__(self, most: int = 5000) -> None:
        self.most = most
        self._known: OrderedDict[bytes, int] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, condition: bytes) -> int | None:
        with self._lock:
            return self._known.get(condition)

    def put(self, condition: bytes, total: int) -> None:
        with self._lock:
            self._known[condition] = total
            self._known.move_to_end(condition)
            while len(self._known) > self.most:
                self._known.popitem(last=False)


@dataclass(slots=True)
class _Lane:
    """How many may work at once, how many do, and who waits."""

    size: int
    busy: int = 0
    line: deque[Ticket] = field(default_factory=deque)


class _LateError(Exception):
    """The worker did not answer in time."""


class _CutError(_LateError):
    """Nobody waits for the answer any more."""


class _Process:
    def __init__(self, folder: Folder, seconds: float) -> None:
        ours, theirs = socket.socketpair()
        stops, self.stops = os.pipe()
        self.asked = 0
        self.work = Path(tempfile.mkdtemp(prefix="parvis-query-"))
        command = [sys.executable, "-m", "parvis.store.worker", str(theirs.fileno()), str(folder.objects.resolve())]
        command += [str(folder.indexes.resolve()), str(self.work), str(seconds), str(stops)]
        environment = {
            k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "HOME")
        }
        environment["MALLOC_ARENA_MAX"] = "2"  # each thread would reserve 64 MB of the address space that is limited
        given = [theirs.fileno(), stops]
        self.process = subprocess.Popen(command, pass_fds=given, stdin=subprocess.DEVNULL, env=environment)
        theirs.close()
        os.close(stops)
        self.line, self.held = ours, bytearray()
        self.ready = False

    def wait_ready(self) -> None:
        if not self.ready:
            try:
                self.receive(START)
            except (_LateError, EOFError, OSError) as error:
                self.kill()
                raise _lost() from error
            self.ready = True

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def send(self, request: Mapping[str, Any]) -> None:
        self.asked += 1
        said = json.dumps(request).encode()
        self.line.settimeout(GRACE + SECONDS)  # a worker that reads nothing is as good as dead
        self.line.sendall(len(said).to_bytes(4, "big") + said)

    def receive(self, seconds: float, cut: threading.Event | None = None) -> bytes:
        """Return the next frame, as ``multiprocessing`` writes it: its own reader takes as long as a small answer."""
        until, how = time.monotonic() + seconds, waits.get()
        while (frame := self._frame()) is None:
            left = until - time.monotonic()
            if cut is not None and cut.is_set():
                raise _CutError
            if left <= 0:
                raise _LateError
            if how is not None:
                if how.readable(self.line, left):
                    self._receive()
                continue
            self.line.settimeout(left if cut is None else min(LOOK, left))
            with contextlib.suppress(TimeoutError):
                self._receive()
        return frame

    def _receive(self) -> None:
        part = self.line.recv(1 << 18)
        if not part:
            raise EOFError
        self.held += part

    def _frame(self) -> bytes | None:
        """Return what is held when it is a whole frame: its length in four bytes (-1: in the next eight), then itself."""
        size, start = int.from_bytes(self.held[:4], "big", signed=True), 4
        if size == -1:
            size, start = int.from_bytes(self.held[4:12], "big"), 12
        if len(self.held) < start + max(size, 0) or len(self.held) < start:
            return None
        frame = bytes(memoryview(self.held)[start : start + size])
        del self.held[: start + size]
        return frame

    def stopped(self) -> bool:
        """Tell the worker to stop what it does, and return whether it did so at once: it is then free for the next."""
        try:
            os.write(self.stops, self.asked.to_bytes(8, "little"))
            self.receive(STOP)
        except (_LateError, EOFError, OSError):
            return False
        return True

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.line.close()
        with contextlib.suppress(OSError):  # closed before
            os.close(self.stops)
        self.stops = -1
        shutil.rmtree(self.work, ignore_errors=True)


def _too_many() -> BusyError:
    return BusyError("Trop de questions à la fois.", "Réessayez dans quelques secondes.", retry_after=2)


def _cut() -> LimitError:
    return LimitError("Cette question a été interrompue.")


def _too_long() -> LimitError:
    return LimitError("Cette question demande trop de temps.", "Filtrez davantage, ou utilisez l'export.")


def _lost() -> ParvisError:
    return BusyError("La réponse s'est perdue en chemin.", "Réessayez.", retry_after=1)


def _said(error: str) -> ParvisError:
    if error == "time":
        return _too_long()
    if error == "memory":
        return LimitError("Cette question demande trop de mémoire.", "Filtrez davantage, ou utilisez l'export.")
    if error == "rows":
        return LimitError(
            "Un classeur Excel ne peut tenir plus de 1 048 575 lignes.", "Filtrez davantage, ou prenez le CSV."
        )
    if error == "value":
        return LimitError("Un calcul de cette question sort des nombres possibles.")
    if error == "object":
        return ParvisError("Les lignes de cette version ne sont pas lisibles.", "L'administrateur est prévenu.")
    return _lost()
