"""The texts of a raw table by column: their values where each comes often, and their forms where they nearly all differ.

What is reckoned of a value, or seen of a form, holds for all the rows that have it: thousands instead of a million.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from parvis.frozen import dataclass
from parvis.tables import engine, rewrite
from parvis.tables.forms import forms, keys_of, wholes
from parvis.tables.table import LINE, TIMES, RawTable

EXACT = 100_000  # rows up to which distinct values are counted, beyond they are estimated where they nearly all differ
_LOOK = 50_000  # rows looked at to know whether the texts of a column come often
_TINY = 1_000  # bytes that a column of one text takes in a group of rows
_MOST = 2_000_000  # values beyond which rows are as good
_KEYED = 3_000_000  # rows up to which the texts of one length are told apart one by one: eight bytes each


@dataclass(slots=True)
class Texts:
    """The texts of a raw table: ``values`` by column ("c3") where each comes often; none of a small table.

    A table of values has the text (or None) under the column's own name, ``__times`` and its first ``__line``.
    """

    raw: RawTable
    values: Mapping[str, Any] = field(default_factory=dict)
    _counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    _forms: dict[str, Any] = field(default_factory=dict)
    _apart: set[str] = field(default_factory=set)

    def counts(self, source: str) -> tuple[int, int] | None:
        """Return how many cells of a column are filled, and by how many texts; None for a small table.

        Beyond ``EXACT`` rows the second is an estimate where they nearly all differ, unless they are all as long.
        """
        if self.raw.rows < rewrite.LARGE:
            return None
        if source not in self._counts:
            self._counts[source] = self._counted(source)
        return self._counts[source]

    def all_differ(self, source: str) -> bool:
        """True when each row of a column is known to have a text of its own; False when it is not known."""
        return source in self._apart

    def forms(self, source: str) -> Any:
        """Return the forms of a column's texts (``tables.forms``): ``form``, ``__times`` and the first ``__line`` of each.

        None when they are many, and for a small table.
        """
        if source not in self._forms:
            small = self.raw.rows < rewrite.LARGE
            self._forms[source] = None if small else _forms(self.raw.path, source)[0]
        return self._forms[source]

    def _counted(self, source: str) -> tuple[int, int]:
        rows = self.values.get(source)
        if rows is not None:
            held = rows.filter(rows.column(source).is_valid())
            return sum(held.column(TIMES).to_pylist()), len(held)
        if EXACT < self.raw.rows <= _KEYED:
            self._forms[source], apart = _forms(self.raw.path, source, keyed=True)
            if apart:
                self._apart |= {source} if apart == self.raw.rows else set()
                return self.raw.rows, apart
        distinct = f"count(DISTINCT {source})" if self.raw.rows <= EXACT else f"approx_count_distinct({source})"
        with engine.connect() as connection:
            asked = f"SELECT count({source}), {distinct} FROM read_parquet({_text(self.raw.path)})"
            filled, various = connection.execute(asked).fetchall()[0]
        return int(filled), int(various)


def texts_of(raw: RawTable) -> Texts:
    """Return the texts of a table; of a small one none, since its rows are as quick to look at."""
    names = raw.columns()
    if raw.rows < rewrite.LARGE or not names:
        return Texts(raw)
    source = f"read_parquet({_text(raw.path)})"
    values = {}
    most = min(_MOST, raw.rows // 2)
    encoded = rewrite.encoded(raw.path, names)
    alone = _alone(raw.path, encoded)
    with engine.connect() as connection:
        for name in _often(connection, source, names, encoded):
            if name in alone:
                values[name] = alone[name]
                continue
            rows = connection.sql(
                f"SELECT {name}, count(*) AS {TIMES}, min({LINE}) AS {LINE} FROM {source} GROUP BY 1 LIMIT {most + 1}"
            ).to_arrow_table()
            if len(rows) <= most:  # else its first rows, or its writer, said wrongly that its texts come often
                values[name] = rows
    return Texts(raw, values)


def _often(connection: Any, source: str, names: Sequence[str], encoded: Sequence[str]) -> Sequence[str]:
    """Return the columns whose texts come several times each: a file where only some are kept encoded says which."""
    if len(encoded) < len(names):
        return encoded
    asked = ", ".join(f"count({n}), count(DISTINCT {n})" for n in names)
    told = connection.execute(f"SELECT {asked} FROM (SELECT * FROM {source} LIMIT {_LOOK})").fetchall()[0]
    return [n for i, n in enumerate(names) if told[2 * i + 1] * 2 <= told[2 * i]]


def _alone(path: Path, encoded: Sequence[str]) -> dict[str, Any]:
    """Return the values of the columns that hold one text in all the rows of a group, or none: half of those of a usual export.

    Such a column takes some bytes of the file, whatever its rows; the lines of a group are those that its writer tells.
    """
    import pyarrow.parquet as pq

    out = {}
    with pq.ParquetFile(path, read_dictionary=list(encoded)) as file:
        groups = [file.metadata.row_group(g) for g in range(file.num_row_groups)]
        at = {groups[0].column(i).path_in_schema: i for i in range(groups[0].num_columns)} if groups else {}
        told = [g.column(at[LINE]).statistics for g in groups] if LINE in at else []
        if not told or not all(t is not None and t.has_min_max for t in told):
            return {}
        for name in encoded:
            if all(g.column(at[name]).total_uncompressed_size <= _TINY for g in groups):
                seen = [_one(file.read_row_group(g, [name], use_threads=False).column(0)) for g in range(len(groups))]
                if all(one is not None for one in seen):
                    out[name] = _summed(name, [o for o in seen if o is not None], [g.num_rows for g in groups], told)
    return out


def _one(cells: Any) -> tuple[str | None] | None:
    """Return the only text of some cells, or (None,) when none is filled; None when they are not all the same."""
    if cells.null_count == len(cells):
        return (None,)
    texts = {text for chunk in cells.chunks for text in chunk.dictionary.to_pylist()}
    return (str(texts.pop()),) if len(texts) == 1 and not cells.null_count else None


def _summed(name: str, seen: Sequence[tuple[str | None]], rows: Sequence[int], told: Sequence[Any]) -> Any:
    import pyarrow as pa

    times: dict[str | None, int] = {}
    first: dict[str | None, int] = {}
    for (text,), count, lines in zip(seen, rows, told, strict=True):
        times[text] = times.get(text, 0) + count
        first[text] = min(first.get(text, lines.min), lines.min)
    held = (pa.array(list(times), pa.string()), list(times.values()), list(first.values()))
    return pa.table([held[0], pa.array(held[1], pa.int64()), pa.array(held[2], pa.int64())], [name, TIMES, LINE])


def grouped(connection: Any, rows: str, name: str) -> Any:
    """Return the values of a column as an Arrow table: the value, how often it comes, its first line."""
    return connection.sql(
        f"SELECT {name}, CAST(sum({TIMES}) AS BIGINT) AS {TIMES}, min({LINE}) AS {LINE} FROM ({rows}) GROUP BY 1"
    ).to_arrow_table()


def _forms(path: Path, source: str, *, keyed: bool = False) -> tuple[Any, int]:
    """Return the forms of a column, None when they are many, and if asked how many texts it has, 0 when that is not seen.

    It is seen where all cells are filled by texts of one length in each group of rows: references, numbers of firms.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    named, times, lines = [], [], []
    keys: list[Any] = []
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, columns=[source, LINE], use_threads=False).combine_chunks()
            cells = rows.column(source)
            if cells.num_chunks != 1:  # two gigabytes of text
                return None, 0
            keyed = keyed and keys_of(cells.chunk(0), keys)
            seen = forms(cells.chunk(0))
            if seen is None:
                return None, 0
            # Forms are numbered as they come: a number above all those before is a first line.
            codes = seen.indices.fill_null(len(seen.dictionary)).to_numpy()
            filled = codes[codes < len(seen.dictionary)] if seen.null_count else codes
            times.append(np.bincount(codes, minlength=len(seen.dictionary)))
            first = np.flatnonzero(np.diff(np.maximum.accumulate(filled), prepend=-1))
            named.append(seen.dictionary)
            if seen.null_count:
                named.append(pa.nulls(1, pa.string()))
                first = np.append(np.flatnonzero(codes < len(seen.dictionary))[first], np.argmax(codes))
            lines.append(rows.column(LINE).chunk(0).to_numpy()[first])
    if not named:
        return None, 0
    known = pa.chunked_array(named).combine_chunks().dictionary_encode("encode")
    codes = known.indices.to_numpy()
    summed = np.zeros(len(known.dictionary), np.int64)
    np.add.at(summed, codes, np.concatenate(times))
    least = np.full(len(summed), np.iinfo(np.int64).max)
    np.minimum.at(least, codes, np.concatenate(lines))
    told = pa.table([known.dictionary, wholes(summed), wholes(least)], ["form", TIMES, LINE])
    return told, _various(keys) if keyed else 0


def _various(keys: Sequence[Any]) -> int:
    """Return how many of some numbers differ."""
    import numpy as np

    every = np.concatenate(keys)
    every.sort()
    return 1 + int(np.count_nonzero(every[1:] != every[:-1]))


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
