"""A raw table under repair: each repair adds one SQL view, and the whole is written once at the end."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from parvis.tables.table import LINE, SHAPE, RawTable
from parvis.values import Finding

BIG = 200_000  # rows: beyond, repairs look at a sample and not at every cell
_LOOK = 4000


class Draft:
    """The current state of a table: ``labels``, and ``view``, a relation with c0..cN, ``__line`` and ``__geometry``."""

    def __init__(self, raw: RawTable) -> None:
        self.raw = raw
        self.labels = list(raw.labels)
        self.findings: list[Finding] = []
        self.changed = False
        self.connection = duckdb.connect(config={"memory_limit": "600MB", "threads": 2})
        self._number = 0
        self.view = "v0"
        self.connection.execute(f"CREATE VIEW v0 AS SELECT * FROM read_parquet({_quoted(raw.path)})")
        self._sample: list[tuple[Any, ...]] | None = None

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    @property
    def big(self) -> bool:
        return self.raw.rows > BIG

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query in which ``{view}`` stands for the table."""
        return [tuple(r) for r in self.connection.execute(sql.replace("{view}", self.view)).fetchall()]

    def sample(self) -> list[tuple[Any, ...]]:
        """Return rows of cells (without their lines): all of a small table, the first ones of a big one."""
        if self._sample is None:
            cells = ", ".join(f"c{i}" for i in range(len(self.labels))) or "NULL"
            limit = f" LIMIT {_LOOK * 5}" if self.big else ""
            self._sample = self.query(f"SELECT {cells} FROM {{view}}{limit}")
        return self._sample

    def column(self, i: int) -> list[str]:
        """Return the filled cells of a column of the sample."""
        return [r[i] for r in self.sample() if r[i] is not None]

    def find(self, label: str) -> int | None:
        """Return the position of the column of this label, or None."""
        return next((i for i, x in enumerate(self.labels) if x == label), None)

    # --- Changes ----------------------------------------------------------------------------------

    def relabel(self, labels: Sequence[str]) -> None:
        self.labels = list(labels)
        self.changed = True

    def rewrite(self, cells: Mapping[int, str]) -> None:
        """Replace columns by SQL expressions over c0..cN."""
        named = ", ".join(f"{sql} AS c{i}" for i, sql in cells.items())
        self._step(f"SELECT * REPLACE ({named}) FROM {self.view}")

    def keep(self, where: str) -> None:
        """Keep the rows for which a SQL condition is true."""
        self._step(f"SELECT * FROM {self.view} WHERE {where}")

    def replace(self, labels: Sequence[str], table: pa.Table) -> None:
        """Replace the whole by another table of c0..cN and ``__line``."""
        name = f"t{self._number}"
        self.connection.register(name, table)
        self.labels = list(labels)
        self._step(f"SELECT * FROM {name}")

    def _step(self, select: str) -> None:
        self._number += 1
        self.connection.execute(f"CREATE VIEW v{self._number} AS {select}")
        self.view = f"v{self._number}"
        self.changed = True
        self._sample = None

    def written(self, path: Path) -> RawTable:
        """Return the repaired table, written at ``path`` when its cells changed."""
        if self._number == 0:
            return dataclasses.replace(self.raw, labels=tuple(self.labels), findings=self._said())
        cells = [f"c{i}" for i in range(len(self.labels))]
        extra = [LINE, *([SHAPE] if self.raw.geometry else [])]
        self.connection.execute(
            f"COPY (SELECT {', '.join([*cells, *extra])} FROM {self.view}) TO {_quoted(path)} "
            "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        )
        rows = int(self.query("SELECT count(*) FROM {view}")[0][0])
        positions = self.raw.positions if len(self.labels) == len(self.raw.labels) else ()
        return dataclasses.replace(
            self.raw, path=path, labels=tuple(self.labels), rows=rows, positions=positions, findings=self._said()
        )

    def _said(self) -> tuple[Finding, ...]:
        return (*self.raw.findings, *self.findings)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
