"""A typed table as the steps of a file look at it, before anything of it is written for good.

Rows are a relation: the texts of the file, and beside them, row by row, the columns that became numbers, dates or
booleans. Where each text of a column comes several times, the column is looked at by its values, some thousands instead
of a million rows: what is reckoned of a value holds for all the rows that have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from parvis.frozen import dataclass
from parvis.tables import engine, rewrite, types
from parvis.tables.table import LINE, SHAPE, TIMES, RawTable
from parvis.tables.texts import Texts, grouped
from parvis.tables.types import TypedColumn
from parvis.values import Kind

_BESIDE = "beside.parquet"


@dataclass(slots=True)
class Cells:
    """A typed table. ``values`` are those of ``Texts``, typed, under the columns' own names."""

    raw: RawTable
    columns: Sequence[TypedColumn]
    texts: Texts
    values: Mapping[str, Any]
    beside: Mapping[str, str]  # name -> column of a Parquet file that has, row by row, those reckoned once for all
    work: Path
    _file: Path | None = None

    @property
    def names(self) -> list[str]:
        """The columns of the rows."""
        return [*(c.name for c in self.columns), *(["geometry"] if self.raw.geometry else []), LINE]

    @property
    def relation(self) -> str:
        """The rows as a FROM clause: the columns under their names, ``__line`` and, for a layer, ``geometry``."""
        chosen = [f"{self.beside.get(c.name, c.sql)} AS {_quoted(c.name)}" for c in self.columns]
        chosen += [LINE, *([f"{SHAPE} AS geometry"] if self.raw.geometry else [])]
        rows = f"read_parquet({_text(self.raw.path)})"
        if self.beside:
            rows += f" POSITIONAL JOIN read_parquet({_text(self.work / _BESIDE)})"
        return f"(SELECT {', '.join(chosen)} FROM {rows})"

    def forms(self, name: str) -> Any:
        """Return the forms of a column (``Texts.forms``) that is text and has no values, else None."""
        column = next((c for c in self.columns if c.name == name), None)
        if column is None or column.sql != column.source or column.name in self.values:
            return None
        return self.texts.forms(column.source)

    def all_differ(self, name: str) -> bool:
        """True when each row of a column of text is known to have one of its own; False when it is not known."""
        column = next((c for c in self.columns if c.name == name), None)
        return column is not None and column.sql == column.source and self.texts.all_differ(column.source)

    def file(self) -> Path:
        """Return the typed Parquet, written when it is first asked for: only what is published or compared needs it."""
        if self._file is None:
            self._file = self.work / "typed.parquet"
            types.write(self.raw, self.columns, self._file)
        return self._file


def relation_of(typed: Path | Cells) -> str:
    """Return the rows of a typed table as a FROM clause, whether it was written or not."""
    return typed.relation if isinstance(typed, Cells) else f"read_parquet({_text(typed)})"


def values_of(typed: Path | Cells) -> Mapping[str, Any]:
    """Return the values of the columns where each comes often, by the column's name."""
    return typed.values if isinstance(typed, Cells) else {}


def typed_table(raw: RawTable, columns: Sequence[TypedColumn], texts: Texts, work: Path) -> Cells:
    """Return the typed table made of a raw one; ``work`` is a folder that lasts as long as the table."""
    values = {}
    # What has values is asked of them: its rows are seldom looked at, and reckoned then.
    changed = [c for c in columns if c.sql != c.source and c.source not in texts.values]
    with engine.connect() as connection:
        for column in columns:
            rows = texts.values.get(column.source)
            if rows is not None and column.sql == column.source:
                values[column.name] = rows.rename_columns([column.name, TIMES, LINE])
            elif rows is not None:
                connection.register("texts_of_column", rows)
                shown = f"SELECT {column.sql} AS {_quoted(column.name)}, {TIMES}, {LINE} FROM texts_of_column"
                values[column.name] = grouped(connection, shown, _quoted(column.name))
                connection.unregister("texts_of_column")
        beside = _write(connection, texts, changed, work / _BESIDE) if changed else {}
    return Cells(raw, columns, texts, values, beside, work)


def _write(connection: Any, texts: Texts, columns: Sequence[TypedColumn], out: Path) -> dict[str, str]:
    raw = texts.raw
    names = {c.name: f"__typed{n}" for n, c in enumerate(columns)}
    numbers = [c for c in columns if c.kind in (Kind.INTEGER, Kind.NUMBER)]
    plain = {c.name for c in numbers if rewrite.all_plain(connection, texts.forms(c.source), c.source, c.sql)}
    written = [rewrite.Written(names[c.name], c.source, c.sql, c.name in plain) for c in columns]
    if raw.rows < rewrite.LARGE or not rewrite.rewrite(connection, raw.path, out, written, level=0):
        chosen = ", ".join(f"{w.sql} AS {w.name}" for w in written)
        connection.execute(
            f"COPY (SELECT {chosen} FROM read_parquet({_text(raw.path)})) TO {_text(out)} "
            "(FORMAT parquet, COMPRESSION uncompressed)"
        )
    return names


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(path: Path | str) -> str:
    return "'" + str(path).replace("'", "''") + "'"
