"""Checking a table: every check is asked, one scan answers, and what is wrong is said with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from parvis.plugins import found
from parvis.schemas.schema import Schema
from parvis.tables.table import LINE, RawTable
from parvis.validation.table import Ask, Table, personal
from parvis.values import Finding, Profile, Severity

EXAMPLES = 5
_MEMORY = "600MB"
_AT_ONCE = 120  # questions of one scan


def check(
    typed: Path, raw: RawTable, profile: Profile, schema: Schema | None, mapping: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Return what is wrong with a table, most serious first; ``typed`` is the typed Parquet made of ``raw``.

    Without a schema only the table's own coherence is checked. One finding for a column and a kind of fault, with the
    count, the first place and a few examples, never of a column that holds personal data.
    """
    table = Table(typed, raw, profile, schema, mapping)
    said: list[Finding] = []
    asked: list[Ask] = []
    for plugin in found("parvis.validation.checks", "checks").values():
        for told in plugin.look(table):
            (said if isinstance(told, Finding) else asked).append(told)
    with duckdb.connect(config={"memory_limit": _MEMORY, "threads": 2}) as engine:
        for start in range(0, len(asked), _AT_ONCE):
            said += _answered(engine, table, asked[start : start + _AT_ONCE])
    rank = list(Severity)
    return tuple(sorted(said, key=lambda f: rank.index(f.severity)))


def quality(profile: Profile, findings: Sequence[Finding]) -> dict[str, float]:
    """Return the measured quality of a table by dimension, 0..1."""
    columns = [c for c in profile.columns if c.name != "geometry"]
    cells = profile.rows * len(columns)
    wrong = sum(f.count for f in findings if f.code.startswith(("schema.", "types.", "values.")) and _counts(f))
    doubles = sum(f.count for f in findings if f.code == "rows.duplicate")
    described = sum(bool(c.description or c.meaning or c.unit) for c in columns)
    return {
        "completeness": round(sum(c.filled for c in columns) / cells, 4) if cells else 0.0,
        "validity": round(max(0.0, 1 - wrong / cells), 4) if cells else 0.0,
        "uniqueness": round(max(0.0, 1 - doubles / profile.rows), 4) if profile.rows else 0.0,
        "documentation": round(described / len(columns), 4) if columns else 0.0,
    }


def _counts(finding: Finding) -> bool:
    return finding.severity in (Severity.WARN, Severity.BLOCK) and finding.place is not None


def _answered(engine: Any, table: Table, asked: Sequence[Ask]) -> list[Finding]:
    parts = []
    for ask in asked:
        parts += [f"count_if({ask.sql})", f"min({LINE}) FILTER ({ask.sql})"]
    told = engine.execute(f"SELECT {', '.join(parts)} FROM read_parquet(?)", [str(table.typed)]).fetchall()[0]
    out = []
    for number, ask in enumerate(asked):
        count, line = int(told[2 * number] or 0), told[2 * number + 1]
        if count and count >= ask.least * max(ask.column.filled, 1):
            out.append(_finding(engine, table, ask, count, line))
    return out


def _finding(engine: Any, table: Table, ask: Ask, count: int, line: int | None) -> Finding:
    examples: tuple[str, ...] = ()
    if ask.shown and not personal(ask.column):
        rows = engine.execute(
            f"SELECT DISTINCT CAST({ask.shown} AS VARCHAR) FROM read_parquet(?) WHERE {ask.sql} LIMIT {EXAMPLES}",
            [str(table.typed)],
        ).fetchall()
        examples = tuple(str(r[0])[:80] for r in rows if r[0] is not None)
    return Finding(
        ask.code,
        ask.severity,
        ask.message,
        table.place(ask.column, line),
        {"column": ask.column.label, "count": count, **ask.values},
        hint=ask.hint,
        why=ask.why,
        count=count,
        examples=examples,
    )
