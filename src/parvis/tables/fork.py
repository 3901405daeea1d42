"""A nursery that is a fork of the process that asks, when this one holds nothing but programs (decision record 20).

A command that has just started has loaded what the nursery would load again, for a quarter of a second of processor. It
is forked when nothing of what it holds could be missed by anybody: no other thread than those that know of forks, no
library but ours, no key read, little done yet. What the environment held is wiped from the fork's memory at once.
Everywhere else (a portal, a worker, a notebook, a test) the nursery is a Python of its own, as ``tables.cage`` starts it.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_YOUNG = 8.0  # seconds of processor: a command on a slow machine loads its programs in five
# What may be loaded: programs without a secret of their own. « cryptography » is not among them: it opens the vault.
_KNOWN = frozenset("parvis parvis_portal numpy pyarrow duckdb _duckdb click rich snowballstemmer __main__".split())
# What Python and installers of packages load at each start, and what compiled modules bring along.
_STARTS = ("_sysconfigdata", "_distutils_hack", "_virtualenv", "__editable__", "_cython", "cython_runtime")
_PORTAL = ("django", "parvis_portal.settings", "parvis_portal.wsgi")
_RESTING = frozenset({"jemalloc_bg_thd"})  # its thread, as Arrow's allocator: it waits, and is told of forks
_ARENA = "MIMALLOC_ARENA_RESERVE"  # what Arrow's allocator takes of addresses at its first array

_held = False


def hold() -> None:
    """Say that this process knows a secret: it is never forked again for a reader."""
    global _held  # noqa: PLW0603  said once for the process
    _held = True


def possible(environment: Mapping[str, str]) -> bool:
    """True when this process is young and bare, and its libraries were loaded in the environment that a reader needs."""
    return (
        sys.platform == "linux"
        and not _held
        and time.process_time() < _YOUNG
        and threading.active_count() == 1
        and threading.current_thread() is threading.main_thread()
        and sys.gettrace() is None
        and sys.getprofile() is None
        and os.environ.get(_ARENA) == environment.get(_ARENA)
        and not any(name in sys.modules for name in _PORTAL)
        and _only_known(sys.modules)
        and _alone()
    )


def _only_known(modules: Mapping[str, object]) -> bool:
    loaded = {name.partition(".")[0] for name in tuple(modules)} - sys.stdlib_module_names
    return all(name in _KNOWN or name.startswith(_STARTS) for name in loaded)


def _alone() -> bool:
    """True when no thread would be lost in the fork but those that wait in a library that knows of forks."""
    own, tasks = str(os.getpid()), Path("/proc/self/task")
    try:
        others = [(task / "comm").read_text().strip() for task in tasks.iterdir() if task.name != own]
    except OSError:
        return False
    return set(others) <= _RESTING


class Forked:
    """A forked process, as ``subprocess.Popen`` shows one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit status, None while it runs."""
        return self._reaped(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status once it ended. Raises: subprocess.TimeoutExpired."""
        if timeout is None:
            told = self._reaped(0)
            return told if told is not None else -1
        deadline = time.monotonic() + timeout
        while (told := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("nursery", timeout)
            time.sleep(0.002)
        return told

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _reaped(self, options: int) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, options)
            except ChildProcessError:  # somebody waited for every child of ours
                self.returncode = -1
            else:
                self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode


def fork(channel: socket.socket, environment: Mapping[str, str], serve: Callable[[int], None]) -> Forked:
    """Return the fork of this process that serves on a channel; to be asked only when it is ``possible``."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()  # else what waits there could be written twice
    pid = os.fork()
    if pid:
        return Forked(pid)
    try:
        serve(_bared(channel.fileno(), environment))
    finally:
        os._exit(0)  # a fork never goes on into what its parent was about to do


def _bared(channel: int, environment: Mapping[str, str]) -> int:
    """Leave all that came with the fork but the programs, and return the channel's own descriptor."""
    os.setsid()  # Ctrl-C reaches our parent; it ends us itself
    gc.disable()  # as in a nursery of its own: nothing that is loaded dies
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGALRM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 0)
    kept = fcntl.fcntl(channel, fcntl.F_DUPFD_CLOEXEC, 3)  # above what is read and written by name
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    _let_go(kept, nothing)
    _wipe(environment)
    return kept


def _let_go(kept: int, nothing: int) -> None:
    """Close each descriptor above the standard streams but one; a pipe becomes the empty file.

    Arrow watches signals by a pipe of its own, which it closes in each child that is forked: it aborts when it is gone.
    """
    for number in sorted(int(f.name) for f in Path("/proc/self/fd").iterdir()):
        if number <= 2 or number in (kept, nothing):
            continue
        try:
            piped = stat.S_ISFIFO(os.fstat(number).st_mode)
        except OSError:  # the one by which the folder was listed
            continue
        if piped:
            os.dup2(nothing, number, inheritable=False)
        else:
            os.close(number)
    os.close(nothing)


def _wipe(environment: Mapping[str, str]) -> None:
    """Put another environment in place of ours, and zeros wherever its values lay in this process's memory."""
    held = [value for value in os.environ._data.values() if len(value) > 1]  # type: ignore[attr-defined]  # a sign alone is shared
    for name in tuple(os.environ):
        os.unsetenv(name)
    head = bytes.__basicsize__ - 1
    for value in held:
        ctypes.memset(id(value) + head, 0, len(value))
    os.environ._data.clear()  # type: ignore[attr-defined]
    fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
    start, end = int(fields[47]), int(fields[48])  # env_start and env_end: proc(5), fields 50 and 51
    if 0 < start < end:
        ctypes.memset(start, 0, end - start)
    os.environ.update(environment)
