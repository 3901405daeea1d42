"""What a check looks at, and how it asks: conditions over the typed rows, all answered in one scan."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from parvis.frozen import dataclass
from parvis.plugins import found
from parvis.schemas.schema import Field, Schema, parts_of
from parvis.tables.engine import named
from parvis.tables.table import LINE, RawTable
from parvis.tables.typed import Cells, relation_of
from parvis.text import words
from parvis.validation.regexes import literal
from parvis.validation.writing import day_in, number_in
from parvis.values import Column, Kind, Place, Profile, Severity, Step

# Dates that may well be ahead of us.
_LATER = re.compile(
    r"\b(?:fin|echeance\w*|prevu\w*|previsionnel\w*|limite|expiration|validite|jusqu\w*|prochain\w*|retour|cloture|"
    r"valid\w*|end|until|expir\w*)\b"
)
_LITERALS = 20  # values that are quicker compared one by one


@dataclass(slots=True)
class Table:
    """A table to check. ``mapping``: field -> column, empty without a schema; ``engine``: a DuckDB connection."""

    typed: Path | Cells
    raw: RawTable
    profile: Profile
    schema: Schema | None
    mapping: Mapping[str, str]
    engine: Any
    today: str = ""  # ISO 8601 day, "" when no day is known
    territory: str = ""  # INSEE code of the town, "" when it is not known
    most: int = 100  # lines named in a finding
    _positions: Mapping[str, int] = field(default_factory=dict)
    _lists: int = 0
    _values: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A view, and never a word replaced in a query: what a schema writes goes into queries too.
        size = self.raw.rows * len(self.raw.labels)
        named(self.engine, "cells", relation_of(self.typed), size)
        named(self.engine, "texts", f"read_parquet({literal(str(self.raw.path))})", size)
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

    def text(self, column: Column) -> tuple[str, bool]:
        """Return the SQL of a cell's text as the file writes it, and True when it is asked of ``texts``, not ``cells``."""
        at = self._positions.get(column.name)
        if column.kind is Kind.TEXT or at is None:
            return f"CAST({quoted(column.name)} AS VARCHAR)" if column.kind is not Kind.TEXT else quoted(
                column.name
            ), False
        return f"c{at}", True

    def number(self, column: Column) -> str:
        """Return the SQL of a cell's number, whatever the type of its column, "" when it has none."""
        if column.kind in (Kind.INTEGER, Kind.NUMBER):
            return quoted(column.name)
        return number_in(quoted(column.name)) if column.kind is Kind.TEXT else ""

    def day(self, column: Column) -> str:
        """Return the SQL of a cell's day, whatever the type of its column, "" when it has none."""
        if column.kind in (Kind.DATE, Kind.DATETIME):
            return quoted(column.name)
        return day_in(quoted(column.name)) if column.kind is Kind.TEXT else ""

    def named(self, pattern: str, *kinds: Kind) -> list[Column]:
        """Return the columns whose field or header matches, folded: « nb_votants », « Votants », « nombre de votants »."""
        fields = self.fields()
        out = []
        for column in self.profile.columns:
            field = fields.get(column.name)
            said = {" ".join(words(column.label)), " ".join(parts_of(field.name)) if field is not None else ""}
            if (not kinds or column.kind in kinds) and any(re.search(pattern, s) for s in said):
                out.append(column)
        return out

    def when(self) -> Column | None:
        """Return the column of the day that a row is of, None when there is none or several that differ."""
        days = [c for c in self.profile.columns if c.kind in (Kind.DATE, Kind.DATETIME) and c.filled]
        of = [c for c in days if not later(c.label)]
        return of[0] if of else None

    def empty(self, column: Column) -> str:
        """Return the SQL that is true when a cell of ``cells`` holds nothing, as the schema understands it."""
        cell = quoted(column.name)
        text = self.schema is not None and column.kind is Kind.TEXT
        words = self.schema.absent(self.fields().get(column.name)) if text and self.schema is not None else ()
        return f"({cell} IS NULL OR {cell} IN ({', '.join(map(literal, words))}))" if words else f"{cell} IS NULL"

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query over ``cells``, the typed table."""
        return list(self.engine.execute(sql).fetchall())

    def values(self, cell: str, raw: bool) -> int:
        """Return the number of the table of a column's values, each with ``__times`` and its first line."""
        source = "texts" if raw else "cells"
        if (source, cell) not in self._values:
            self._values[source, cell] = number = len(self._values)
            known = self._known(cell, raw)
            if known is not None:
                self.engine.register(f"values_{number}", known)
            else:
                self.engine.execute(
                    f"CREATE TEMP TABLE values_{number} AS SELECT {cell}, count(*) AS __times, min({LINE}) AS {LINE} "
                    f"FROM {source} GROUP BY {cell}"
                )
        return self._values[source, cell]

    def forms(self, cell: str) -> str:
        """Return the number of the values that are the forms of a column of the file, "" when they are many.

        ``sevens_of_<number>`` has each form twice, its digits zeros, then sevens.
        """
        if not isinstance(self.typed, Cells):
            return ""
        if ("forms", cell) not in self._values:
            known = self.typed.texts.forms(cell)
            if known is None:
                return ""
            self._values["forms", cell] = number = len(self._values)
            self.engine.register(f"values_{number}", known.rename_columns([cell, "__times", LINE]))
            self.engine.execute(
                f"CREATE TEMP VIEW sevens_of_{number} AS SELECT {cell} AS form, {cell} FROM values_{number} "
                f"UNION ALL SELECT {cell}, translate({cell}, '0', '7') FROM values_{number}"
            )
        return str(self._values["forms", cell])

    def all_differ(self, column: Column) -> bool:
        """True when each row is known to have a text of its own in a column; False when it is not known."""
        return isinstance(self.typed, Cells) and self.typed.all_differ(column.name)

    def has_values(self, column: Column, raw: bool) -> bool:
        """True when the values of a column are already at hand."""
        return self._known(self.text(column)[0] if raw else quoted(column.name), raw) is not None

    def _known(self, cell: str, raw: bool) -> Any:
        if not isinstance(self.typed, Cells):
            return None
        if raw:
            return self.typed.texts.values.get(cell)
        return next((rows for name, rows in self.typed.values.items() if quoted(name) == cell), None)

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

    ``sql`` is a condition over the typed columns, or over the texts of the file when ``raw``. ``shown`` is the
    expression whose values are examples, "" for none. ``advise`` gives more values for the sentences once the examples
    are known; it is called without any for a column that holds personal data.
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
    raw: bool = False  # asked of ``texts``: columns c0..cN as ``Table.text`` names them
    form: bool = False  # with ``raw``: nearly always says the same of two texts that differ by their digits
    fix: Step | None = None  # the repair that mends it, when there is one
    mend: Callable[[Sequence[str]], Step | None] | None = None  # ... or that the examples tell
    also: Sequence[Column] = ()  # other columns whose cells the remark is about, or that stand beside


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def later(label: str) -> bool:
    """True when a header says that its dates may be ahead of us: an end, a deadline, a plan."""
    return bool(_LATER.search(" ".join(words(label))))


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
