"""Where readers put what they find: tables become Parquet files of text, remarks are kept in order.

A reader that knows its header calls ``table``; one that only has a grid of cells calls ``grid`` and the header is
found here; one that wrote the Parquet file itself (the fast path of CSV) calls ``file``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from parvis.errors import LimitError
from parvis.tables.table import LINE, SHAPE, Limits, RawTable
from parvis.values import Finding

Cells = Sequence[str | None]
_BATCH = 20_000  # rows written at a time


class Sink:
    """Receives the tables and the remarks of one file; ``work`` is the only folder a reader may write in."""

    def __init__(
        self, work: Path, limits: Limits | None = None, prefix: str = "", headers: Mapping[str, int] | None = None
    ) -> None:
        self.work = work
        self.limits = limits or Limits()
        self.prefix = prefix  # name of the member, when the file comes out of an archive
        self.headers = headers or {}  # name of a table -> the line of its header, when a person said it
        self.tables: list[RawTable] = []
        self.findings: list[Finding] = []

    def find(self, finding: Finding) -> None:
        """Keep a remark on the file or on one of its tables."""
        self.findings.append(finding)

    def grid(self, name: str, rows: Iterable[Cells], **facts: Any) -> None:
        """Keep a grid whose header is not known: the header is found, blank lines and totals are told apart.

        ``rows`` are all the lines of the sheet or file, blank ones included, from line ``first_line`` (default 1).
        ``facts``: fields of RawTable (format, encoding, separator, sheet, first_column ...).
        """
        from parvis.tables import header

        if self.header_of(name):
            self._under(self.header_of(name), name, rows, facts)
        else:
            header.split(self, self._named(name), rows, facts)

    def header_of(self, name: str) -> int:
        """Return the line that a person gave as the header of this sheet, 0 when nobody did."""
        return self.headers.get(self._named(name), 0)

    def _under(self, header: int, name: str, rows: Iterable[Cells], facts: Mapping[str, Any]) -> None:
        """Keep what stands under a line as one table."""
        kept = {k: v for k, v in facts.items() if k not in ("first_line", "merged", "lines", "at", "rest")}
        lines = facts.get("lines") or itertools.count(int(facts.get("first_line", 1)))
        labels: list[str] = []
        following: list[tuple[int, Cells]] = []
        for row, line in itertools.chain(zip(rows, lines, strict=False), _pairs(facts.get("rest", ()))):
            if line == header:
                labels = [" ".join((cell or "").split()) for cell in row]
            elif line > header and any(cell and cell.strip() for cell in row):
                following.append((line, row))
        used = [i for i, label in enumerate(labels) if label or any(len(r) > i and r[i] for _, r in following)]
        at = list(facts.get("at") or range(len(labels)))
        if any(labels[i] for i in used):
            picked = ((n, [r[i] if len(r) > i else None for i in used]) for n, r in following)
            positions = tuple(at[i] for i in used)
            self.rows(name, [labels[i] for i in used], picked, header_line=header, positions=positions, **kept)

    def table(
        self,
        name: str,
        labels: Sequence[str],
        batches: pa.Table | pa.RecordBatch | Iterable[pa.RecordBatch | pa.Table],
        **facts: Any,
    ) -> None:
        """Keep a table whose header is known.

        Each batch has one text column per label, in order, then possibly ``__geometry`` (binary) and ``__line``
        (int64; the rows are numbered from 1 when it is absent).
        """
        if isinstance(batches, pa.Table | pa.RecordBatch):
            batches = [batches]
        path = self.path()
        rows, geometry = _write(path, len(labels), batches, self._check(labels))
        self._keep(name, path, labels, rows, geometry=geometry, **facts)

    def rows(
        self,
        name: str,
        labels: Sequence[str],
        rows: Iterable[tuple[int, Cells]],
        batches: Iterable[pa.RecordBatch | pa.Table] = (),
        **facts: Any,
    ) -> None:
        """Keep a table given as (line, cells) pairs, then as batches with their lines, as ``table`` takes them.

        Short rows are filled, and must not be longer than the labels.
        """
        self.table(name, labels, itertools.chain(_batches(len(labels), rows), batches), **facts)

    def file(self, name: str, labels: Sequence[str], path: Path, rows: int, **facts: Any) -> None:
        """Keep a table whose Parquet file the reader wrote itself, at a path given by ``path()``."""
        self._check(labels)
        self._keep(name, path, labels, rows, **facts)

    def path(self, suffix: str = ".parquet") -> Path:
        """Return a new path in the work folder, whose name owes nothing to the file; no other has its stem."""
        taken = {p.name.partition(".")[0] for p in self.work.iterdir()}
        number = len(taken)
        while f"part-{number}" in taken:
            number += 1
        return self.work / f"part-{number}{suffix}"

    def member(self, name: str) -> Sink:
        """Return a sink for a file found inside this one: its tables and remarks come back with ``absorb``."""
        return Sink(self.work, self.limits, f"{self.prefix}{name}", self.headers)

    def absorb(self, other: Sink) -> None:
        self.tables += other.tables
        self.findings += other.findings
        self._check(())

    def _named(self, name: str) -> str:
        if not self.prefix:
            return name
        return f"{self.prefix} / {name}" if name else self.prefix

    def _keep(self, name: str, path: Path, labels: Sequence[str], rows: int, **facts: Any) -> None:
        if not name.startswith(self.prefix):
            name = self._named(name)
        self.tables.append(RawTable(name=name or self.prefix, path=path, labels=tuple(labels), rows=rows, **facts))

    def _check(self, labels: Sequence[str]) -> int:
        if len(labels) > self.limits.columns:
            raise too_wide(len(labels), self.limits.columns)
        if len(self.tables) >= self.limits.tables:
            raise LimitError(
                "Ce fichier contient plus de {limit} tableaux ou feuilles : c'est plus que la limite.",
                "Envoyez les tableaux utiles dans des fichiers séparés.",
                limit=self.limits.tables,
            )
        return self.limits.rows


def too_wide(columns: int, limit: int) -> LimitError:
    return LimitError(
        "Ce fichier a {columns} colonnes ; la limite est de {limit}.",
        "Vérifiez le séparateur, ou retournez le tableau : une ligne par objet, une colonne par information.",
        columns=columns,
        limit=limit,
    )


def schema(columns: int, geometry: bool = False) -> pa.Schema:
    """Return the schema of a raw Parquet file."""
    fields: list[pa.Field[Any]] = [pa.field(f"c{i}", pa.string()) for i in range(columns)]
    fields.append(pa.field(LINE, pa.int64()))
    if geometry:
        fields.append(pa.field(SHAPE, pa.binary()))
    return pa.schema(fields)


def _write(path: Path, columns: int, batches: Iterable[pa.RecordBatch | pa.Table], limit: int) -> tuple[int, bool]:
    done = 0
    writer: pq.ParquetWriter | None = None
    geometry = False
    try:
        for batch in batches:
            if writer is None:
                geometry = SHAPE in batch.schema.names
                writer = pq.ParquetWriter(path, schema(columns, geometry), compression="zstd", compression_level=1)
            writer.write_table(_shaped(batch, columns, geometry, done))
            done += batch.num_rows
            if done > limit:
                raise LimitError("Ce tableau a plus de {limit} lignes : c'est plus que la limite.", limit=limit)
        if writer is None:
            writer = pq.ParquetWriter(path, schema(columns), compression="zstd")
    finally:
        if writer is not None:
            writer.close()
    return done, geometry


def _shaped(batch: pa.RecordBatch | pa.Table, columns: int, geometry: bool, done: int) -> pa.Table:
    names = batch.schema.names
    cells = [i for i, n in enumerate(names) if n not in (LINE, SHAPE)]
    if len(cells) != columns:
        raise ValueError(f"{len(cells)} columns for {columns} labels")
    arrays: list[Any] = [_typed(batch.column(i), pa.string()) for i in cells]
    if LINE in names:
        arrays.append(_typed(batch.column(names.index(LINE)), pa.int64()))
    else:
        arrays.append(pa.array(range(done + 1, done + batch.num_rows + 1), pa.int64()))
    if geometry:
        shapes: Any = batch.column(names.index(SHAPE))
        arrays.append(shapes.cast(pa.binary()))
    return pa.Table.from_arrays(arrays, schema=schema(columns, geometry))


def _typed(column: Any, kind: pa.DataType) -> Any:
    """Return a column of this type; nothing is called when it is, as Arrow's functions cost 40 ms to load."""
    return column if column.type == kind else column.cast(kind)


def _pairs(batches: Iterable[pa.Table]) -> Iterator[tuple[Cells, int]]:
    """Yield the rows of batches with their lines."""
    for batch in batches:
        *cells, lines = (column.to_pylist() for column in batch.columns)
        yield from zip(zip(*cells, strict=True), lines, strict=True)


def _batches(columns: int, rows: Iterable[tuple[int, Cells]]) -> Iterator[pa.RecordBatch]:
    names = [f"c{i}" for i in range(columns)]
    stream = iter(rows)
    while chunk := list(itertools.islice(stream, _BATCH)):
        lines = pa.array([line for line, _ in chunk], pa.int64())
        width = len(names)
        padded = [
            cells if len(cells) == width else (*cells[:width], *([None] * (width - len(cells)))) for _, cells in chunk
        ]
        arrays = [pa.array([c or None for c in column], pa.string()) for column in zip(*padded, strict=True)]
        yield pa.RecordBatch.from_arrays([*arrays, lines], [*names, LINE])
