"""Checking a table: every check is asked, one scan answers, and what is wrong is said with its place."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from parvis.plugins import found
from parvis.schemas import match
from parvis.schemas.schema import Schema
from parvis.tables import engine as engines
from parvis.tables.table import LINE, RawTable
from parvis.tables.typed import Cells
from parvis.validation.table import Ask, Table, personal, quoted
from parvis.values import Finding, Kind, Profile, Severity, msg

EXAMPLES = 5
LINES = 100  # lines named in a finding
SECONDS = 120.0  # after which a table is left with what was found
_CELL = 80  # characters of an example
_AT_ONCE = 120  # questions of one scan
_OFTEN = 50_000  # rows from which questions about a column are asked of its values, when each comes often
_NEAR = 20_000  # lines after the first fault among which the next ones are looked for
_VALUES = "values_"  # starts the names of the tables of such values
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_NAME = re.compile(r'"(?:[^"]|"")*"')
_CELL_NAME = re.compile(r"\bc\d+\b")
_DETAILED = 100  # findings that get examples: each costs a scan
_VALIDITY = ("types.", "schema.type", "schema.form", "schema.enum", "schema.pattern", "schema.length", "schema.bound",
             "schema.not_unique", "schema.required_cell", "schema.french_format", "values.siret_key", "values.siret_spoilt",
             "values.insee_unknown")  # fmt: skip
_CONSISTENCY = ("values.out_of_france", "values.odd_date", "values.excel_zero", "schema.together", "values.insee_former",
                "values.point_", "values.future_date", "values.amount_outlier", "values.vote_", "values.more_voters",
                "values.row_total", "values.budget_", "across.")  # fmt: skip


def check(
    typed: Path | Cells,
    raw: RawTable,
    profile: Profile,
    schema: Schema | None,
    mapping: Mapping[str, str],
    *,
    today: str = "",
    territory: str = "",
    lines: int = LINES,
) -> tuple[Finding, ...]:
    """Return what is wrong with a table, most serious first; ``typed`` is ``raw`` once typed, or the Parquet made of it.

    Without a schema only the table's own coherence is checked. With one and no ``mapping`` (field -> column), the
    columns are recognised by their headers. One finding for a column and a kind of fault, with the count, the first
    place, the first ``lines`` lines and a few examples, never of a column that holds personal data. ``today`` is the
    day, ISO 8601, that dates are held against; ``territory`` the INSEE code of the town.
    """
    chosen = mapping or (match.fit(profile, schema).mapping if schema is not None else {})
    said: list[Finding] = []
    asked: list[Ask] = []
    with _engine() as engine:
        table = Table(typed, raw, profile, schema, chosen, engine, today[:10], territory, lines)
        try:
            for plugin in found("parvis.validation.checks", "checks").values():
                for told in plugin.look(table):
                    (said if isinstance(told, Finding) else asked).append(told)
            for source in (False, True):
                those = [ask for ask in asked if ask.raw is source]
                for start in range(0, len(those), _AT_ONCE):
                    said += _answered(table, those[start : start + _AT_ONCE], _DETAILED - len(said))
        except (duckdb.InterruptException, duckdb.OutOfMemoryException):
            said.append(_too_long())
    rank = list(Severity)
    return tuple(sorted(said, key=lambda f: rank.index(f.severity)))


def quality(profile: Profile, findings: Sequence[Finding]) -> dict[str, float]:
    """Return the measured quality of a table by dimension, 0..1; a dimension that nothing measures is absent."""
    columns = [c for c in profile.columns if c.kind is not Kind.GEOMETRY]
    cells = profile.rows * len(columns)
    if not cells:
        return {}
    doubles = sum(f.count for f in findings if f.code == "rows.duplicate")
    described = sum(bool(c.description or c.meaning or c.unit) for c in columns)
    out = {
        "completeness": sum(c.filled for c in columns) / cells,
        "validity": 1 - _wrong(findings, _VALIDITY) / cells,
        "uniqueness": 1 - doubles / profile.rows,
        "documentation": described / len(columns),
    }
    related = any(f.code.startswith(_CONSISTENCY) for f in findings)
    if related or profile.point or any(c.kind in (Kind.DATE, Kind.DATETIME) for c in columns):
        out["consistency"] = 1 - _wrong(findings, _CONSISTENCY) / profile.rows
    return {name: round(min(max(share, 0.0), 1.0), 4) for name, share in out.items()}


# --- Steps ----------------------------------------------------------------------------------------


def _wrong(findings: Sequence[Finding], codes: tuple[str, ...]) -> int:
    return sum(f.count for f in findings if f.code.startswith(codes) and f.severity in (Severity.WARN, Severity.BLOCK))


@contextmanager
def _engine() -> Iterator[Any]:
    """Give a connection that is interrupted when the table takes too long."""
    with engines.connect() as engine:
        watch = threading.Timer(SECONDS, engine.interrupt)
        watch.daemon = True
        watch.start()
        try:
            yield engine
        finally:
            watch.cancel()


def _answered(table: Table, asked: Sequence[Ask], detailed: int) -> list[Finding]:
    told: dict[int, tuple[int, int | None]] = {}
    for source, numbers in _by_rows(table, asked).items():
        # Each condition is a column of an inner query, so that it is reckoned once, not for count and place both.
        some = [asked[n] for n in numbers]
        conditions = ", ".join(f"({ask.sql}) AS __wrong{n}" for n, ask in enumerate(some))
        times = "__times, " if source.startswith(_VALUES) else ""
        sums = "sum(__times) FILTER (__wrong{n})" if times else "count_if(__wrong{n})"
        wanted = ", ".join(f"{sums.format(n=n)}, min({LINE}) FILTER (__wrong{n})" for n in range(len(some)))
        rows = _derived(source, some)
        answer = table.query(f"SELECT {wanted} FROM (SELECT {times}{LINE}, {conditions} FROM {rows})")[0]
        told |= {number: (int(answer[2 * n] or 0), answer[2 * n + 1]) for n, number in enumerate(numbers)}
    out: list[Finding] = []
    for number, ask in enumerate(asked):
        count, line = told[number]
        share = count / max(ask.column.filled, 1)
        if count and share >= ask.least and (share <= ask.most or ask.most >= 1):
            out.append(_finding(table, ask, count, line, len(out) < detailed))
    return out


def _by_rows(table: Table, asked: Sequence[Ask]) -> dict[str, list[int]]:
    """Return the questions by what they are asked of: the rows, or the values of a column where each comes often."""
    out: dict[str, list[int]] = {}
    for number, ask in enumerate(asked):
        name = ask.column.name
        often = table.profile.rows >= _OFTEN and (
            ask.column.distinct * 4 < table.profile.rows or table.has_values(ask.column, ask.raw)
        )
        source = _source(ask)
        if often and not ask.also and _of_one_column(table, ask):
            at = table.text(ask.column)[0] if ask.raw else quoted(name)
            source = f"{_VALUES}{table.values(at, ask.raw)}"
        elif ask.form and ask.raw:
            forms = table.forms(table.text(ask.column)[0])
            if forms and _same_for_all_digits(table, ask, forms):
                source = f"{_VALUES}{forms}"
        out.setdefault(source, []).append(number)
    return out


def _same_for_all_digits(table: Table, ask: Ask, forms: str) -> bool:
    """True when a condition answers the same of forms whose digits are zeros and whose digits are sevens.

    « 00/00/0000 » says that there is no date, and « 7e777 » is too large for a number: such forms are asked of the rows.
    """
    told = f"SELECT form, ({ask.sql}) AS wrong FROM {_derived(f'sevens_of_{forms}', [ask])}"
    return not table.query(
        f"SELECT 1 FROM ({told}) GROUP BY form HAVING count(DISTINCT coalesce(wrong, false)) > 1 LIMIT 1"
    )


def _of_one_column(table: Table, ask: Ask) -> bool:
    """True when a condition reads its own column and no other."""
    own = {table.text(ask.column)[0]} if ask.raw else {quoted(ask.column.name), *ask.derived}
    said = " ".join((_LITERAL.sub(" ", ask.sql), *(_LITERAL.sub(" ", sql) for sql in ask.derived.values())))
    others = {*_NAME.findall(said)} if not ask.raw else {*_CELL_NAME.findall(said)}
    return bool(others) and others <= own


def _source(ask: Ask) -> str:
    return "texts" if ask.raw else "cells"


def _derived(rows: str, asked: Sequence[Ask]) -> str:
    """Return the SQL of rows with what the questions reckon once of each."""
    more = {name: sql for ask in asked for name, sql in ask.derived.items()}
    return f"(SELECT *, {', '.join(f'{sql} AS {name}' for name, sql in more.items())} FROM {rows})" if more else rows


def _rows(asked: Sequence[Ask]) -> str:
    return _derived(_source(asked[0]), asked)


def _finding(table: Table, ask: Ask, count: int, line: int | None, detailed: bool) -> Finding:
    examples: tuple[str, ...] = ()
    named: tuple[int, ...] = ()
    if detailed:
        shown = f"CAST({ask.shown} AS VARCHAR)" if ask.shown and not personal(ask.column) else "NULL"
        rows = _first_rows(table, ask, shown, count, line)
        named = tuple(int(r[0]) for r in rows[: table.most])
        examples = tuple(sorted(dict.fromkeys(str(r[1])[:_CELL] for r in rows if r[1] is not None)))[:EXAMPLES]
    advice = ask.advise(examples) if ask.advise is not None else {}
    return Finding(
        ask.code,
        ask.severity,
        ask.message,
        table.place(ask.column, line),
        {"column": ask.column.label, "count": count, **ask.values, **advice},
        hint=ask.hint,
        why=ask.why,
        count=count,
        examples=examples,
        lines=named,
        fix=ask.fix if ask.mend is None else ask.mend(examples),
    )


def _first_rows(table: Table, ask: Ask, shown: str, count: int, line: int | None) -> list[tuple[Any, ...]]:
    """Return the first rows that a condition is true of, with what is shown of each.

    A fault that comes often is found a few lines after its first one, without reading the others.
    """
    most = max(table.most, 50)
    asked = f"SELECT {LINE}, {shown} FROM {_rows([ask])} WHERE ({ask.sql})"
    if line is not None and count * _NEAR > table.profile.rows * most:
        rows = table.query(f"{asked} AND {LINE} <= {int(line) + _NEAR} ORDER BY {LINE} LIMIT {most}")
        if len(rows) == most:
            return rows
    return table.query(f"{asked} ORDER BY {LINE} LIMIT {most}")


def _too_long() -> Finding:
    return Finding(
        "check.too_long",
        Severity.INFO,
        msg("Le tableau est trop grand : sa vérification n'a pas été menée à son terme."),
        hint=msg("Découpez le fichier par année, ou demandez un schéma plus simple."),
    )
