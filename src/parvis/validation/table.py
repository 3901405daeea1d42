"""What a check looks at, and how it asks: conditions over the typed rows, all answered in one scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parvis.plugins import found
from parvis.schemas.schema import Field, Schema
from parvis.tables.table import RawTable
from parvis.values import Column, Kind, Place, Profile, Severity

_LITERALS = 20  # values that are quicker compared one by one


@dataclass(slots=True)
class Table:
    """A table to check. ``mapping``: field -> column, empty without a schema; ``engine``: a DuckDB connection."""

    typed: Path
    raw: RawTable
    profile: Profile
    schema: Schema | None
    mapping: Mapping[str, str]
    engine: Any
    _positions: Mapping[str, int] = field(default_factory=dict)
    _lists: int = 0

    def __post_init__(self) -> None:
        # A view, and never a word replaced in a query: what a schema writes goes into queries too.
        self.engine.execute(f"CREATE TEMP VIEW cells AS SELECT * FROM read_parquet({literal(str(self.typed))})")
        self._positions = _positions_of(self.profile.columns, self.raw.labels)

    def pairs(self) -> list[tuple[Field, Column]]:
        """Return the fields that a column holds, with it."""
        if self.schema is None:
            return []
        columns = {c.name: c for c in self.profile.columns}
        held = ((f, columns.get(self.mapping.get(f.name, ""))) for f in self.schema.fields)
        return [(f, c) for f, c in held if c is not None]

    def fields(self) -> Mapping[str, Field]:
        """Return the field of each column that holds one, by the column's name."""
        return {column.name: field for field, column in self.pairs()}

    def place(self, column: Column | None, line: int | None = None) -> Place:
        """Return where a cell stands in the agent's own file."""
        if column is None or column.name not in self._positions:
            return Place(sheet=self.raw.name if self.raw.sheet else "", line=line)
        return self.raw.place(line, self._positions[column.name])

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query over ``cells``, the typed table."""
        return list(self.engine.execute(sql).fetchall())

    def among(self, values: Sequence[str]) -> str:
        """Return the SQL of a list of values, to put behind IN, whatever its length."""
        if len(values) <= _LITERALS:
            return f"({', '.join(map(literal, values))})"
        if not self._lists:
            self.engine.execute("CREATE TEMP TABLE allowed (list INTEGER, value VARCHAR)")
        self._lists += 1
        self.engine.execute("INSERT INTO allowed SELECT ?, unnest(?)", [self._lists, list(values)])
        return f"(SELECT value FROM allowed WHERE list = {self._lists})"


@dataclass(frozen=True, slots=True)
class Ask:
    """A question: how many rows meet ``sql``, and where the first one is. ``{column}`` and ``{count}`` are filled in.

    ``sql`` is a condition over the typed columns; ``shown`` is the expression whose values are examples, "" for none.
    ``advise`` gives more values for the sentences once the examples are known; it is called without any for a column
    that holds personal data.
    """

    code: str
    severity: Severity
    column: Column
    sql: str
    message: str
    hint: str = ""
    why: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    shown: str = ""
    least: float = 0.0  # share of the filled rows from which it is worth a remark
    most: float = 1.0  # ... and up to which
    derived: Mapping[str, str] = field(default_factory=dict)  # quoted name -> SQL, reckoned once a row for ``sql``
    advise: Callable[[Sequence[str]], Mapping[str, Any]] | None = None


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def personal(column: Column) -> bool:
    """True when nothing of a column's cells may be shown."""
    detector = found("parvis.profiling.detectors", "detectors").get(column.meaning)
    return detector is not None and bool(detector.PERSONAL)


def shortened(labels: Sequence[str], most: int = 6) -> str:
    """Return labels between quotes, the first ones only."""
    return ", ".join(f"« {label} »" if label else "(sans titre)" for label in labels[:most]) + (
        " …" if len(labels) > most else ""
    )


def _positions_of(columns: Sequence[Column], labels: Sequence[str]) -> dict[str, int]:
    """Return where each column stands among the raw ones: the profile keeps their order, not always all of them."""
    out: dict[str, int] = {}
    start = 0
    for column in columns:
        if column.kind is Kind.GEOMETRY:
            continue
        at = next((i for i in range(start, len(labels)) if labels[i] == column.label), None)
        if at is not None:
            out[column.name] = at
            start = at + 1
    return out
