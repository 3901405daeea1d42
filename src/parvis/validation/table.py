"""What a check looks at, and how it asks: conditions over the typed rows, all answered in one scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parvis.plugins import found
from parvis.schemas.schema import Field, Schema
from parvis.tables.table import RawTable
from parvis.values import Column, Place, Profile, Severity


@dataclass(frozen=True, slots=True)
class Table:
    """A table to check. ``mapping``: field -> column, empty without a schema."""

    typed: Path
    raw: RawTable
    profile: Profile
    schema: Schema | None
    mapping: Mapping[str, str]

    def pairs(self) -> list[tuple[Field, Column]]:
        """Return the fields that a column holds, with it."""
        if self.schema is None:
            return []
        columns = {c.name: c for c in self.profile.columns}
        return [(f, columns[self.mapping[f.name]]) for f in self.schema.fields if f.name in self.mapping]

    def place(self, column: Column | None, line: int | None = None) -> Place:
        """Return where a cell stands in the agent's own file."""
        if column is None or column.label not in self.raw.labels:
            return Place(sheet=self.raw.name if self.raw.sheet else "", line=line)
        return self.raw.place(line, list(self.raw.labels).index(column.label))


@dataclass(frozen=True, slots=True)
class Ask:
    """A question: how many rows meet ``sql``, and where the first one is. ``{column}`` and ``{count}`` are filled in.

    ``sql`` is a condition over the typed columns; ``shown`` is the expression whose values are examples, "" for none.
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


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def personal(column: Column) -> bool:
    """True when nothing of a column's cells may be shown."""
    detector = found("parvis.profiling.detectors", "detectors").get(column.meaning)
    return detector is not None and bool(detector.PERSONAL)
