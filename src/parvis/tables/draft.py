"""A raw table under repair: each repair adds one SQL view, and the whole is written once at the end."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parvis.frozen import dataclass
from parvis.tables.table import LINE, SHAPE, UNPLACED, RawTable
from parvis.text import fold
from parvis.values import Finding, Kind

if TYPE_CHECKING:
    import pyarrow as pa

BIG = 200_000  # rows: beyond, repairs look at a sample and not at every cell
_LOOK = 4000


@dataclass(frozen=True, slots=True)
class Reference:
    """A table that a step may look into: another of the same file, or a released dataset of the town.

    ``path`` is a Parquet file; ``columns`` are the names in it of what ``labels`` say, in the same order.
    """

    title: str
    path: Path
    labels: Sequence[str]
    columns: Sequence[str]
    geometry: str = ""  # name of a column of WKB, or ""


SAME_FILE = "table:"  # a reference's name starts so when it is another table of the file


@dataclass(frozen=True, slots=True)
class Seen:
    """The filled cells of a column as the texts that differ, in the order in which they first come.

    What is seen of a text holds for all its cells, and a text that is nowhere in ``joined`` is in none of them.
    """

    texts: Sequence[str] = ()
    times: Sequence[int] = ()  # cells that hold each one
    rows: Sequence[int] = ()  # where each one comes first, among the rows looked at
    joined: str = ""  # all of them, one a line

    @property
    def filled(self) -> int:
        return sum(self.times)


@dataclass(frozen=True, slots=True)
class Trace:
    """What one change did, so that a few cells can be shown before and after."""

    view: str  # the table as it was
    labels: Sequence[str]
    cells: Mapping[int, str] = field(default_factory=dict)  # columns rewritten, and how
    kept: str = ""  # condition on the rows that stay


class Draft:
    """The current state of a table: ``labels``, and ``view``, a relation with c0..cN, ``__line`` and ``__geometry``."""

    def __init__(self, raw: RawTable, references: Mapping[str, Reference] | None = None) -> None:
        self.raw = raw
        self.references = references or {}
        self.labels = list(raw.labels)
        self.at = list(raw.positions) or [raw.first_column + i for i in range(len(raw.labels))]
        self.kinds: dict[str, Kind] = {str(k): Kind(v) for k, v in raw.kinds.items()}
        self.several: dict[str, str] = dict(raw.several)
        self.crs = raw.crs
        self.told: dict[str, Any] = {}  # what the step under way has to say: fills the places of its sentence
        self.shown: list[tuple[str, str]] = []  # what it shows before and after, when cells do not
        self.traces: list[Trace] = []  # of the step under way
        self.findings: list[Finding] = []
        self.changed = False
        from parvis.tables import engine  # the pages that show a recipe never hold it

        self.connection = engine.connect()
        self._number = 0
        self._given = 0
        self._settled: list[str] = []  # tables made on the way, in memory
        self.view = "v0"
        engine.named(self.connection, "v0", f"read_parquet({_quoted(raw.path)})", raw.rows * len(raw.labels))
        self._cells: dict[int, Any] = {}  # of the rows looked at, by column
        self._columns: dict[int, list[str]] = {}
        self._seen: dict[int, Seen] = {}

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

    def cells(self, i: int) -> Any:
        """Return the cells of a column (Arrow), null where empty: all those of a small table, the first of a big one."""
        if i not in self._cells:
            missing = [k for k in range(len(self.labels)) if k not in self._cells]
            limit = f" LIMIT {_LOOK}" if self.big else ""
            asked = f"SELECT {', '.join(f'c{k}' for k in missing)} FROM {self.view}{limit}"
            table = self.connection.sql(asked).to_arrow_table()
            for k, column in zip(missing, table.columns, strict=True):
                one = column.num_chunks < 2  # more: two gigabytes of text
                self._cells[k] = (column if one else column.cast("large_string")).combine_chunks()
        return self._cells[i]

    def sample(self, most: int) -> list[tuple[str | None, ...]]:
        """Return the first rows of cells, without their lines."""
        columns = [self.cells(i).slice(0, most).to_pylist() for i in range(len(self.labels))]
        return list(zip(*columns, strict=True))

    def column(self, i: int) -> list[str]:
        """Return the filled cells of a column, among the rows looked at."""
        if i not in self._columns:
            self._columns[i] = self.cells(i).drop_null().to_pylist()
        return self._columns[i]

    def few(self, i: int, most: int) -> list[str]:
        """Return the first filled cells of a column."""
        cells: list[str] = self.cells(i).drop_null().slice(0, most).to_pylist()
        return cells

    def seen(self, i: int) -> Seen:
        """Return the texts of a column, among the rows looked at."""
        if i not in self._seen:
            self._seen[i] = _seen(self.cells(i))
        return self._seen[i]

    def find(self, label: str) -> int | None:
        """Return the position of the column of this label, or None; case, accents and spaces may differ."""
        exact = next((i for i, x in enumerate(self.labels) if x == label), None)
        if exact is not None or not label.strip():
            return exact
        wanted = _bare(label)
        alike = [i for i, x in enumerate(self.labels) if _bare(x) == wanted]
        return alike[0] if len(alike) == 1 else None

    def positions(self, labels: Sequence[str]) -> list[int]:
        """Return the positions of the columns of these labels, those that are there."""
        return [i for i in map(self.find, labels) if i is not None]

    def rows(self) -> int:
        """Return how many rows the table has now."""
        return int(self.query("SELECT count(*) FROM {view}")[0][0])

    @property
    def rest(self) -> str:
        """The columns that go with the cells whatever is done to them, for a SELECT."""
        return f"{LINE}, {SHAPE}" if self.raw.geometry else LINE

    def mark(self) -> tuple[Any, ...]:
        """Return what ``back`` needs to undo all that follows."""
        state = self.view, list(self.labels), list(self.at), dict(self.kinds), self.changed, self.crs, self.raw
        return (
            *state,
            dict(self.several),
            len(self._settled),
            (dict(self._cells), dict(self._columns), dict(self._seen)),
        )

    def back(self, mark: tuple[Any, ...]) -> None:
        """Undo all that was done since the mark."""
        self.view, self.labels, self.at, self.kinds, self.changed, self.crs, self.raw, several, settled, looked = mark
        self.several = several
        for name in reversed(self._settled[settled:]):
            self.connection.execute(f"DROP TABLE IF EXISTS {name}")
        del self._settled[settled:]
        self._cells, self._columns, self._seen = map(dict, looked)  # the same mark may be gone back to twice
        self.told, self.traces, self.shown = {}, [], []

    # --- Changes ----------------------------------------------------------------------------------

    def relabel(self, labels: Sequence[str]) -> None:
        self.labels = list(labels)
        self.changed = True

    def rewrite(self, cells: Mapping[int, str]) -> None:
        """Replace columns by SQL expressions over c0..cN."""
        self.traces.append(Trace(self.view, tuple(self.labels), dict(cells)))
        named = ", ".join(f"{sql} AS c{i}" for i, sql in cells.items())
        ordered = any(" OVER " in sql for sql in cells.values())  # a window may give the rows in another order
        same = [] if ordered else [i for i in range(len(self.labels)) if i not in cells]
        self._step(f"SELECT * REPLACE ({named}) FROM {self.view}", same=same)

    def beside(self, labels: Sequence[str], table: pa.Table) -> None:
        """Add columns at the right, given in the order of the rows."""
        first = len(self.labels)
        name = f"t{self._number}"
        self.connection.register(name, table.rename_columns([f"c{first + i}" for i in range(len(labels))]))
        self.at = [*self._places(), *[-1] * len(labels)]
        self.labels += labels
        self._step(f"SELECT * FROM {self.view} POSITIONAL JOIN {name}", same=range(first))

    def reshape(self, table: pa.Table, crs: str) -> None:
        """Replace the shapes of a layer by the one column of a table, in the order of the rows, read in a system."""
        name = f"t{self._number}"
        self.connection.register(name, table.rename_columns(["shape"]))
        cells = "".join(f"c{i}, " for i in range(len(self.labels)))
        self._step(f"SELECT {cells}{LINE}, shape AS {SHAPE} FROM {self.view} POSITIONAL JOIN {name}")
        self.crs = crs

    def shape(self, table: pa.Table, crs: str) -> None:
        """Make a layer of the table: its shapes are the one column of another, in the order of the rows."""
        self.raw = dataclasses.replace(self.raw, geometry=True)
        name = f"t{self._number}"
        self.connection.register(name, table)
        self._step(f"SELECT * FROM {self.view} POSITIONAL JOIN {name}")
        self.crs = crs

    def keep(self, where: str) -> None:
        """Keep the rows for which a SQL condition is true."""
        self.traces.append(Trace(self.view, tuple(self.labels), kept=where))
        self._step(f"SELECT * FROM {self.view} WHERE {where}")

    def replace(self, labels: Sequence[str], table: pa.Table) -> None:
        """Replace the whole by another table of c0..cN and ``__line``."""
        self.traces.append(Trace(self.view, tuple(self.labels)))
        name = f"t{self._number}"
        self.connection.register(name, table)
        self._relabelled(labels, ())
        self._step(f"SELECT * FROM {name}")

    def project(
        self, columns: Sequence[tuple[str, str, int | None]], source: str = "{view}", order: str = "", where: str = ""
    ) -> None:
        """Replace the columns by (label, SQL, position of the column it comes from or None).

        ``source`` is a FROM clause in which ``{view}`` stands for the table; it must give ``__line``, and the shapes of a
        layer. ``order`` is needed when the source does not keep the order of the rows.
        """
        self.traces.append(Trace(self.view, tuple(self.labels)))
        cells = [f"{sql} AS c{n}" for n, (_, sql, _) in enumerate(columns)]
        said = f"SELECT {', '.join([*cells, self.rest])} FROM {source.replace('{view}', self.view)}"
        self._relabelled([label for label, _, _ in columns], [i for _, _, i in columns])
        chosen = source == "{view}" and all(sql == f"c{i}" for _, sql, i in columns)  # no work at all
        settled = order or ("" if self.big or chosen else LINE)  # what follows would do this work again at each look
        self._step(said + (f" WHERE {where}" if where else ""), settled)

    def register(self, table: pa.Table) -> str:
        """Return the name under which a SELECT finds a small table made here."""
        self._given += 1
        self.connection.register(f"g{self._given}", table)
        return f"g{self._given}"

    def relation(self, path: Path) -> str:
        """Return the SQL of a Parquet file as a relation."""
        return f"read_parquet({_quoted(path)})"

    def _relabelled(self, labels: Sequence[str], origins: Sequence[int | None]) -> None:
        places = self._places()
        self.at = [places[i] if i is not None else -1 for i in origins] or [-1] * len(labels)
        self.labels = list(labels)

    def _places(self) -> list[int]:
        """Return where each column stands in the sheet, -1 for those that stand nowhere."""
        return [*self.at, *[-1] * len(self.labels)][: len(self.labels)]

    def _step(self, select: str, settled: str = "", same: Iterable[int] = ()) -> None:
        """Go on with what a query makes of the table; the columns ``same`` keep their cells."""
        self._number += 1
        made = f"CREATE TEMP TABLE v{self._number} AS {select} ORDER BY {settled}"
        self.connection.execute(made if settled else f"CREATE TEMP VIEW v{self._number} AS {select}")
        if settled:
            self._settled.append(f"v{self._number}")
        self.view = f"v{self._number}"
        self.changed = True
        kept = frozenset(same)
        self._cells = {i: cells for i, cells in self._cells.items() if i in kept}
        self._columns = {i: cells for i, cells in self._columns.items() if i in kept}
        self._seen = {i: seen for i, seen in self._seen.items() if i in kept}

    def written(self, path: Path) -> RawTable:
        """Return the repaired table, written at ``path`` when its cells changed."""
        kinds = {label: str(kind) for label, kind in self.kinds.items() if label in self.labels}
        several = {label: sign for label, sign in self.several.items() if label in self.labels}
        if self.raw.geometry and self.crs == UNPLACED:  # no step said where they are: they are on no map
            self._step(f"SELECT * REPLACE (NULL::BLOB AS {SHAPE}) FROM {self.view}")
            self.crs = ""
        if self.view == "v0":
            return dataclasses.replace(
                self.raw, labels=tuple(self.labels), findings=self._said(), kinds=kinds, several=several
            )
        cells = [f"c{i}" for i in range(len(self.labels))]
        extra = [LINE, *([SHAPE] if self.raw.geometry else [])]
        self.connection.execute(
            f"COPY (SELECT {', '.join([*cells, *extra])} FROM {self.view}) TO {_quoted(path)} "
            "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        )
        rows = int(self.query("SELECT count(*) FROM {view}")[0][0])
        positions = tuple(self._places())
        return dataclasses.replace(
            self.raw,
            path=path,
            labels=tuple(self.labels),
            rows=rows,
            positions=positions,
            findings=self._said(),
            kinds=kinds,
            several=several,
            crs=self.crs,
        )

    def _said(self) -> tuple[Finding, ...]:
        return (*self.raw.findings, *self.findings)


def _seen(cells: Any) -> Seen:
    import numpy as np

    coded = cells.dictionary_encode()
    texts = coded.dictionary.to_pylist()
    if not texts:
        return Seen()
    codes = coded.indices.fill_null(-1).to_numpy()
    # Texts are numbered as they come: a number above all those before is a first row.
    rows = np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1))
    return Seen(texts, np.bincount(codes[codes >= 0]).tolist(), rows.tolist(), "\n".join(texts))


def mostly(seen: Seen, pattern: re.Pattern[str], share: float = 0.9) -> bool:
    """True when that share of some cells, stripped, is of a pattern; most columns are left after a few of their texts."""
    filled = seen.filled
    left = filled - math.ceil(share * filled)
    for text, times in zip(seen.texts, seen.times, strict=True):
        if not pattern.fullmatch(text.strip()):
            left -= times
            if left < 0:
                return False
    return bool(filled)


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("\0", "").replace("'", "''") + "'"


def _bare(label: str) -> str:
    return " ".join(fold(label).replace("_", " ").split())


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
