"""What is new in a table since a version: rows that came and went, columns added and removed."""

from __future__ import annotations

from pathlib import Path

from parvis.tables.engine import connect
from parvis.values import Change, Kind, Profile, Version

MOST = 3_000_000  # rows, before and after, that are compared one by one


def change(typed: Path, profile: Profile, version: Version, published: Path) -> Change:
    """Return what is new in a typed table since a version whose Parquet file is ``published``.

    Rows are compared by the columns that both have and that the version's policy left as they were: when there is none, or
    too many rows, only their numbers are told.
    """
    before, after = {c.name: c for c in version.columns}, {c.name: c for c in profile.columns}
    gone = {r.column for r in version.policy.rules if r.transform == "drop"}
    touched = {r.column for r in version.policy.rules if r.transform != "keep"}
    common = [n for n, c in after.items() if n in before and n not in touched and c.kind is not Kind.GEOMETRY]
    added, removed = _rows(typed, published, common, profile.rows + version.rows)
    return Change(
        number=version.number,
        rows=(version.rows, profile.rows),
        added=added,
        removed=removed,
        columns_added=tuple(c.label or n for n, c in after.items() if n not in before and n not in gone),
        columns_removed=tuple(c.label or n for n, c in before.items() if n not in after),
        at=version.created_at,
    )


def _rows(typed: Path, published: Path, columns: list[str], rows: int) -> tuple[int | None, int | None]:
    if not columns or rows > MOST:
        return None, None
    row = "hash(" + ", ".join(f"CAST({_quoted(c)} AS VARCHAR)" for c in columns) + ")"
    both = (
        f"SELECT {row} AS h, 1 AS n FROM read_parquet({_text(typed)}) "
        f"UNION ALL SELECT {row}, -1 FROM read_parquet({_text(published)})"
    )
    with connect() as connection:
        told = connection.execute(
            "SELECT coalesce(sum(greatest(s, 0)), 0), coalesce(sum(greatest(-s, 0)), 0) "
            f"FROM (SELECT sum(n) AS s FROM ({both}) GROUP BY h)"
        ).fetchall()[0]
    return int(told[0]), int(told[1])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
