"""The query engine as every step of a file opens it: private, within its memory, and silent."""

from __future__ import annotations

from typing import Any

import duckdb

MEMORY = "600MB"


def connect(memory: str = MEMORY, threads: int = 2, **more: Any) -> Any:
    """Return a connection to an empty engine; ``more`` are settings of DuckDB.

    Its progress bar is off: on a slow machine it would be written among the answers of a command.
    """
    engine = duckdb.connect(config={"memory_limit": memory, "threads": threads, **more})
    engine.execute("SET enable_progress_bar=false")
    return engine
