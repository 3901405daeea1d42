"""What a writer of files is told, and how the bytes of its file leave: lines that the engine makes, or batches of rows.

A row of a format of lines is one text, whose bytes leave as they lie in memory: a million rows cost a fifth of what they do
row by row in Python. ``Frame.cells`` says where each column of the file is found in the question: one place, or two for a
longitude and a latitude. Names of columns, which may come from outside, are bound.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from parvis.catalogue.licences import LICENCES
from parvis.frozen import dataclass
from parvis.values import Kind, Version

if TYPE_CHECKING:
    import pyarrow as pa

PLACE = "\x1fplace"  # name of the column that puts a row on the map, which is no column of the file
SILENT, WHOLE = 20.0, 300.0  # seconds without a chunk, after which an export is given up
SHEET_ROWS = 1_048_575  # of a sheet, but for its header
_encoder = json.JSONEncoder(ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files. ``placed``: of places alone; ``named``: told by catalogues, others are given to who asks;
    ``most``: rows that it holds, 0 for any number; ``whole``: written whole before its first byte leaves; ``common``: of a
    version, written once when it is released; ``exact``: geometries come as WKB; ``lists``: has room for several values."""

    suffix: str
    media_type: str
    title: str
    placed: bool = False
    named: bool = True
    most: int = 0
    whole: bool = False
    common: bool = False
    exact: bool = False
    lists: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of the file: its name and kind, and its columns in the question (two for a place)."""

    name: str
    kind: Kind
    at: Sequence[int]
    label: str = ""
    point: bool = False  # a place that is told by two numbers, and no shape
    several: bool = False  # values of a list, the sign 31 before, between and after them


@dataclass(frozen=True, slots=True)
class Frame:
    """The columns of a file, and what it says of itself.

    ``foreign`` writes places and moments in the fashion of other systems; ``ours`` is False for a file that another system's
    contract describes: nothing is added to it that its programs do not expect. ``place`` is where, among ``cells``, the column
    is that puts a row on the map. Options, all with a default: ``profile``, ``delimiter``, ``quote_all``, ``bom``,
    ``use_labels``, ``zone``, ``epsg``, ``name_field``, ``description_fields``, ``extension``, ``base``.
    """

    cells: Sequence[Cell]
    place: int | None = None
    foreign: bool = False
    ours: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> list[Cell]:
        """The columns of the file but the one that places its rows."""
        return [c for n, c in enumerate(self.cells) if n != self.place]

    @property
    def plain(self) -> list[Cell]:
        """The columns that tell of a feature: no shape among them."""
        return [c for c in self.shown if c.kind is not Kind.GEOMETRY]

    @property
    def spot(self) -> Cell:
        """The column that places rows."""
        assert self.place is not None
        return self.cells[self.place]

    @property
    def zone(self) -> str:
        return str(self.options.get("zone") or "")

    @property
    def base(self) -> str:
        """The address under which rows and columns have their names."""
        return str(self.options.get("base") or f"urn:parvis:{self.about.get('dataset', '')}")


@dataclass(frozen=True, slots=True)
class Lines:
    """SQL of one line a row over columns c0, c1 …, the values bound in it, and what stands before and after all lines.

    ``cut`` bytes of the first line go; ``again`` is a line of the same rows that come once more, after all the others.
    """

    line: str
    bound: Sequence[Any] = ()
    head: str = ""
    tail: str = ""
    cut: int = 0
    again: str = ""
    again_bound: Sequence[Any] = ()

    def over(self, inner: str, parameters: Sequence[Any], width: int) -> tuple[str, list[Any]]:
        """Return the SQL of the lines of a question of ``width`` columns, and its values."""
        rows = f" FROM ({inner}) AS t({', '.join(f'c{n}' for n in range(width))})"
        sql, values = f"SELECT {self.line} AS line{rows}", [*self.bound, *parameters]
        if self.again:
            sql += f" UNION ALL SELECT {self.again} AS line{rows}"
            values += [*self.again_bound, *parameters]
        return sql, values


def about(version: Version) -> dict[str, str]:
    """Return what a file says of itself where its format has room: what it is, whose, under which licence."""
    told, licence = version.metadata, LICENCES.get(version.metadata.licence)
    day = version.created_at[:10]
    producer = told.attribution or told.producer
    said = licence.attribution.format(producer=producer, title=told.title, day=day) if licence else producer
    found = {
        "title": told.title, "description": told.description, "producer": producer, "attribution": said,
        "licence": licence.title if licence else told.licence, "licence_url": licence.url if licence else "",
        "keywords": ", ".join(told.keywords), "modified": version.created_at, "dataset": version.dataset,
        "version": version.id, "number": str(version.number),
    }  # fmt: skip
    return {name: text for name, text in found.items() if text}


def written(reader: pa.RecordBatchReader, told: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the bytes of a file from batches of lines: none before the first is there, and the question answered."""
    import numpy as np

    batches = iter(reader)
    first = next(batches, None)
    if told["head"]:
        yield told["head"].encode("utf-8", "replace")
    cut = told["cut"]
    for batch in itertools.chain([first] if first is not None else [], batches):
        column: Any = batch.column(0)
        if not len(column):
            continue
        ends = np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4)
        start, end = int(ends[0]), int(ends[-1])
        if start == end:
            continue
        data = memoryview(column.buffers()[2])[start + cut : end]
        cut = 0
        yield bytes(data)
    if told["tail"]:
        yield told["tail"].encode("utf-8", "replace")


def dumped(value: Any) -> str:
    """Return a value as JSON."""
    return _encoder.encode(value)
