"""Run one function on a hostile file in a confined process that is thrown away afterwards.

A small parent process (the nursery) loads the reading stack once and forks a child for each file, so that a file
costs some 20 ms and not a cold import; a command that has just started is itself forked into one (``tables.fork``).
The child gives up the network, new privileges, other processes and, where the kernel allows, the whole disk but the
file and its work folder, then runs the function under limits of memory, processor time, disk and clock time. Its answer
comes back as JSON: nothing that it writes is ever unpickled.

A child that dies (abort of a parser, memory, time) is a ``LimitError`` or an ``InputError`` with a French sentence.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from parvis import errors
from parvis.errors import BusyError, InputError, LimitError, ParvisError
from parvis.frozen import dataclass
from parvis.tables import fork

_log = logging.getLogger(__name__)
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one confined process may use. ``memory`` is counted above what the reading stack itself takes."""

    memory: int = 1024 * _MB  # bytes of address space
    seconds: float = 120.0  # clock time
    disk: int = 4096 * _MB  # bytes of one written file
    answer: int = 16 * _MB  # bytes of JSON


def run(
    function: str,
    arguments: Mapping[str, Any],
    allowance: Allowance | None = None,
    *,
    reads: Sequence[Path] = (),
    writes: Sequence[Path] = (),
) -> Any:
    """Return what ``module:function`` of Parvis returns for these JSON arguments, run in a confined process.

    The process can read ``reads`` and the installed programs, write under ``writes``, and nothing else.
    Raises: the ParvisError that the function raised; LimitError when it took too much; InputError when it died.
    """
    allowance = allowance or Allowance()
    request = {
        "function": function,
        "arguments": dict(arguments),
        "memory": allowance.memory,
        "seconds": allowance.seconds,
        "disk": allowance.disk,
        "reads": [str(p) for p in reads],
        "writes": [str(p) for p in writes],
    }
    try:
        answer, status = _nursery().ask(request, allowance)
    except OSError as error:
        raise BusyError(
            "La lecture protégée des fichiers n'a pas pu démarrer.", "Réessayez dans un instant."
        ) from error
    return _understand(answer, status, allowance)


def state() -> dict[str, bool]:
    """Return which protections the confined process has on this machine (for ``parvis doctor``)."""
    told = run("parvis.tables.confinement:report", {})
    return {str(k): bool(v) for k, v in told.items()}


def close() -> None:
    """Stop the nursery of this process; the next ``run`` starts another."""
    global _current  # noqa: PLW0603  one nursery per process, made on first use
    with _lock:
        if _current is not None:
            _current.stop()
        _current = None


# --- What came back -------------------------------------------------------------------------------

_ERRORS = {c.__name__: c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, ParvisError)}


def _understand(answer: bytes, status: int | None, allowance: Allowance) -> Any:
    if status is None:
        raise LimitError(
            "La lecture de ce fichier a dépassé {seconds} secondes : elle a été arrêtée.",
            "Découpez le fichier, ou demandez à votre éditeur un export plus simple (CSV).",
            seconds=int(allowance.seconds),
        )
    try:
        told = json.loads(answer) if answer else None
    except ValueError:
        told = None
    if isinstance(told, dict) and "value" in told and status == 0:
        return told["value"]
    if isinstance(told, dict) and "error" in told:
        raise _error(told)
    raise _death(status)


def _error(told: Mapping[str, Any]) -> ParvisError:
    kind = _ERRORS.get(str(told["error"]))
    if kind is None:
        _log.warning("a reader failed: %s", told.get("trace", ""))
        if told["error"] == "MemoryError":
            return _too_big()
        return InputError(
            "Ce fichier n'a pas pu être lu : il est endommagé ou d'une forme que Parvis ne connaît pas encore.",
            "Ouvrez-le dans votre tableur ou votre logiciel métier et enregistrez-le à nouveau, puis renvoyez-le.",
        )
    values = told.get("values")
    return kind(str(told.get("message", "")), str(told.get("hint", "")), **(values if isinstance(values, dict) else {}))


def _death(status: int) -> ParvisError:
    number = -status
    if number in (signal.SIGXCPU, signal.SIGKILL):
        return LimitError(
            "La lecture de ce fichier demandait trop de temps ou de mémoire : elle a été arrêtée.",
            "Découpez le fichier, ou demandez à votre éditeur un export plus simple (CSV).",
        )
    if number == signal.SIGXFSZ:
        return _too_big()
    _log.warning("a reader died with status %s", status)
    return InputError(
        "Ce fichier a fait échouer le programme de lecture : il est endommagé ou fabriqué pour nuire.",
        "Ouvrez-le dans votre tableur et enregistrez-le à nouveau, puis renvoyez-le.",
    )


def _too_big() -> LimitError:
    return LimitError(
        "Ce fichier est trop grand, une fois ouvert, pour la mémoire autorisée.",
        "Découpez-le (par année, par exemple) ou exportez-le en CSV.",
    )


# --- The nursery, seen from our side --------------------------------------------------------------

_lock = threading.Lock()
_current: _Nursery | None = None


def _nursery() -> _Nursery:
    global _current  # noqa: PLW0603  one nursery per process, made on first use
    with _lock:
        if _current is None or _current.owner != os.getpid() or not _current.alive():
            if _current is not None and _current.owner == os.getpid():
                _current.stop()
            _current = _Nursery()
        return _current


# Nothing that is loaded there dies: looking for cycles among it would take a tenth of the start.
_START = "import gc, os, sys; gc.disable(); from parvis.tables.confinement import nursery; nursery(int(sys.argv[1])); os._exit(0)"


def _serve(channel: int) -> None:
    from parvis.tables.confinement import nursery

    nursery(channel)


class _Nursery:
    """The process that forks the confined ones; it never touches a file itself."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._lock = threading.Lock()
        self._jobs = 0
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process: subprocess.Popen[bytes] | fork.Forked
        environment = _environment()
        with theirs:
            if fork.possible(environment):
                self._process = fork.fork(theirs, environment, _serve)
            else:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-c", _START, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    env=environment,
                    start_new_session=True,  # Ctrl-C reaches us; we stop the nursery ourselves
                )
        self._control = ours

    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: Mapping[str, Any], allowance: Allowance) -> tuple[bytes, int | None]:
        """Return the answer's bytes and the exit status (negative: signal; None: stopped at the deadline)."""
        answer_r, answer_w = os.pipe()
        status_r, status_w = os.pipe()
        try:
            body = os.memfd_create("request", os.MFD_CLOEXEC)
            try:
                _write_all(body, json.dumps(request).encode())
                os.lseek(body, 0, os.SEEK_SET)
                with self._lock:
                    self._jobs += 1
                    job = self._jobs
                    socket.send_fds(self._control, [f"run {job}".encode()], [body, answer_w, status_w])
            finally:
                for fd in (body, answer_w, status_w):
                    os.close(fd)
            return self._wait(job, answer_r, status_r, allowance)
        finally:
            os.close(answer_r)
            os.close(status_r)

    def _wait(self, job: int, answer_r: int, status_r: int, allowance: Allowance) -> tuple[bytes, int | None]:
        deadline = time.monotonic() + allowance.seconds
        chunks: list[bytes] = []
        size = 0
        waiting = {answer_r, status_r}
        status = b""
        poller = select.poll()  # select() refuses descriptors above 1,023
        for fd in waiting:
            poller.register(fd, select.POLLIN)
        while waiting:
            left = deadline - time.monotonic()
            if left <= 0 or size > allowance.answer:
                self._kill(job)
                if size > allowance.answer:
                    return b"", -int(signal.SIGKILL)
                return b"", None
            for fd, _ in poller.poll(left * 1000):
                data = os.read(fd, 1 << 16)
                if not data:
                    poller.unregister(fd)
                    waiting.discard(fd)
                elif fd == status_r:
                    status += data
                else:
                    chunks.append(data)
                    size += len(data)
        return b"".join(chunks), int(status or b"-9")

    def _kill(self, job: int) -> None:
        with self._lock, contextlib.suppress(OSError):
            self._control.send(f"kill {job}".encode())

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._control.close()  # the nursery kills its children and ends when we hang up
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "TMPDIR", "PYTHONDONTWRITEBYTECODE")


def _environment() -> dict[str, str]:
    """Return a small environment: no secret of ours may be read from the confined process's memory."""
    kept = {k: v for k, v in os.environ.items() if k in _KEPT}
    single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    # At its first array Arrow would take a gigabyte of addresses, which is all that a file may have.
    single["MIMALLOC_ARENA_RESERVE"] = "64MiB"
    source = str(Path(__file__).resolve().parents[2])
    return {**kept, **single, "PYTHONPATH": source, "PYTHONHASHSEED": "0"}


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


atexit.register(close)
