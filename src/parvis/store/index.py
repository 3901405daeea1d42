"""The side index of a version: a DuckDB file made from its object, so that small questions need no scan.

It is never the truth: built at publication when the version is large, erased with its object, rebuilt at will. A
filtered page over 1,000,000 rows costs 70 ms of CPU from Parquet and 4 ms from an indexed column here (ADR 10).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from parvis.store import disk
from parvis.store.folder import Folder
from parvis.values import Column, Kind, Version

WORTH = 20_000  # rows; under it the object itself answers in a few milliseconds
MOST = 6  # columns that get a tree
MEMORY = "600MB"


def build(folder: Folder, version: Version) -> bool:
    """Make the index of a version if it is worth one and absent; True when there is one afterwards."""
    target = folder.indexes / f"{version.object}.duckdb"
    if target.exists():
        return True
    if version.rows < WORTH:
        return False
    import duckdb

    waiting = folder.staging / f"{secrets.token_hex(16)}.duckdb"
    with disk.said_kindly():
        engine = duckdb.connect(str(waiting), config={"memory_limit": MEMORY, "threads": 2})
        try:
            engine.execute("SET preserve_insertion_order=true")
            engine.execute("CREATE TABLE t AS SELECT * FROM read_parquet(?)", [str(folder.object(version.object))])
            for number, column in enumerate(selective(version.columns, version.rows)):
                quoted = column.name.replace('"', '""')
                engine.execute(f'CREATE INDEX i{number} ON t ("{quoted}")')
            engine.execute("CHECKPOINT")
        finally:
            engine.close()
        disk.flush_file(waiting)
        disk.rename(waiting, target)
    return True


def selective(columns: Sequence[Column], rows: int) -> list[Column]:
    """Return the columns worth a tree: an equality on them leaves few rows. Dates and numbers have their zones."""
    useful = [c for c in columns if c.kind is Kind.TEXT and c.distinct > 200 and c.filled > rows / 20]
    return sorted(useful, key=lambda c: -min(c.distinct, rows // 4))[:MOST]
