"""A table as it was read: text cells in a Parquet file, and where each of them stood in the original."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from parvis.frozen import dataclass
from parvis.values import Finding, Place

LINE = "__line"  # BIGINT: the line in the original, as the agent's program shows it
TIMES = "__times"  # BIGINT: rows that have a value, in a table of values
SHAPE = "__geometry"  # BLOB: WKB in WGS84 longitude, latitude
UNPLACED = (
    "?"  # crs of a layer whose system nobody knows yet: its shapes are as the file has them, until a step says it
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. Bytes, seconds and counts; a file that wants more is refused with a sentence."""

    memory: int = 1 << 30  # of the confined process, above its programs
    seconds: float = 180.0
    size: int = 3 << 30  # the file itself: ten million rows of a usual CSV
    expanded: int = 3 << 30  # an archive or a workbook, once decompressed
    ratio: int = 100  # decompressed bytes per compressed byte, beyond 64 MB
    members: int = 500  # files in an archive
    tables: int = 200  # tables in one file
    columns: int = 2000
    rows: int = 20_000_000
    cell: int = 1 << 20  # characters of one cell
    line: int = 16 << 20  # bytes of one line of text


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table as it was read, before any repair.

    ``path`` is a Parquet file: VARCHAR columns c0..cN (NULL when the cell is absent or empty), ``__line`` BIGINT and,
    for a layer, ``__geometry`` BLOB. ``labels`` are the headers of c0..cN, as written (may be empty or equal).
    """

    name: str  # sheet, layer or member of the archive; "" when the file is one table
    path: Path
    labels: Sequence[str]
    rows: int
    format: str = ""  # "csv", "xlsx", "geojson" ...
    encoding: str = ""
    separator: str = ""
    header_line: int | None = None  # last line of the header, from 1
    titles: Sequence[str] = ()  # lines found above the header
    notes: Sequence[str] = ()  # lines found below the table
    crs: str = ""  # "EPSG:2154": the reference system the file came in
    first_column: int = 0  # 0-based column of the sheet where c0 stands
    positions: Sequence[
        int
    ] = ()  # columns of the sheet where c0..cN stand, when it is not one after the other; -1: nowhere
    sheet: bool = False  # True when cells have addresses such as F14
    geometry: bool = False  # True when ``path`` has ``__geometry``
    findings: Sequence[Finding] = ()  # remarks on this table alone, made when its repairs were applied
    kinds: Mapping[str, str] = field(default_factory=dict)  # label -> Kind that a person gave to a column
    several: Mapping[str, str] = field(default_factory=dict)  # label -> what stands between the values of a cell

    def columns(self) -> list[str]:
        return [f"c{i}" for i in range(len(self.labels))]

    def place(self, line: int | None = None, column: int | None = None) -> Place:
        """Return where a cell stands, in the words of the agent's own program."""
        label = self.labels[column] if column is not None else ""
        cell = ""
        if self.sheet and line is not None and column is not None:
            at = self.positions[column] if self.positions else self.first_column + column
            cell = f"{letters(at)}{line}" if at >= 0 else ""
        return Place(sheet=self.name if self.sheet else "", line=line, column=label, cell=cell)


def letters(column: int) -> str:
    """Return the letters that a spreadsheet gives to a 0-based column: 0 is A, 26 is AA."""
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(ord("A") + rest) + out
    return out
