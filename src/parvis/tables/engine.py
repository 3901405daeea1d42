"""The query engine as every step of a file opens it: private, within its memory, and silent."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

MEMORY = "600MB"
_CLOSED = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
_AT_HAND = 200_000  # cells of a table that is held rather than read for each question
_base = threading.local()


def connect(memory: str = MEMORY, threads: int | None = None, **more: Any) -> Any:
    """Return a connection to an empty engine; ``more`` are settings of DuckDB.

    What is made in it must be TEMP: connections with the usual settings share one engine, made once a thread, since
    making one costs twenty milliseconds and each step of a file needs its own. Its progress bar is off: on a slow machine
    it would be written among the answers of a command.

    It works in one thread: of a million rows, a second one took a twentieth of the work, and passing it a twenty-fifth of
    the processor, which other files are waiting for. The same question then gives its rows in the same order.
    """
    usual = not more and memory == MEMORY and threads is None
    config = {"memory_limit": memory, "threads": threads or 1, **more}
    engine = _shared().cursor() if usual else duckdb.connect(config=config)
    engine.execute("SET enable_progress_bar=false")
    return engine


def named(engine: Any, name: str, rows: str, cells: int) -> None:
    """Give rows (a FROM clause) a name for the queries of a connection; ``cells`` is how many they have.

    A small table is held: its file is not opened again, nor its columns reckoned, for each of fifty questions.
    """
    kind = "TABLE" if cells <= _AT_HAND else "VIEW"
    engine.execute(f"CREATE TEMP {kind} {name} AS SELECT * FROM {rows}")


def _shared() -> Any:
    """Return the engine of this thread; a forked process makes its own."""
    if getattr(_base, "owner", None) != os.getpid():
        spill = str(Path(_folder(os.getpid()), str(threading.get_ident())))
        config: dict[str, Any] = {"memory_limit": MEMORY, "threads": 1, "temp_directory": spill, **_CLOSED}
        _base.engine = duckdb.connect(config=config)
        # A file read once or twice is not worth keeping in memory after its step.
        _base.engine.execute("SET enable_external_file_cache=false")
        _base.owner = os.getpid()
    return _base.engine


@cache
def _folder(owner: int) -> str:
    """Return where the engines of a process may let a sort too large for memory wait; it is erased with the process."""
    made = tempfile.mkdtemp(prefix="parvis-spill-")
    atexit.register(_erase, made, owner)
    return made


def _erase(spill: str, owner: int) -> None:
    if owner == os.getpid():
        with contextlib.suppress(OSError):
            shutil.rmtree(spill)
