"""A table held against the other ones of its town, each in a confined process: what is too long is left, and said so."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parvis.errors import ParvisError
from parvis.tables import cage
from parvis.tables import engine as engines
from parvis.tables.table import LINE
from parvis.validation.across import Held, across
from parvis.validation.regexes import literal
from parvis.validation.table import quoted
from parvis.values import BESIDE, Compared, Finding, Kind, from_json, to_json

SECONDS = 15.0  # for all the others together
EACH = 6.0  # for one of them
MOST = 40  # tables compared, the first ones given
ROWS = 5_000_000  # rows from which a table is left
_MEMORY = 800 << 20
# Remarks on what another table lacks, and the field of the tables that may hold it: it lacks only if all of them do.
_NOWHERE = {"across.no_deliberation": "DELIB_ID"}


@dataclass(frozen=True, slots=True)
class Other:
    """Another table of the town. ``key`` is whatever its owner finds it by; ``number`` is of its version, 0 for none."""

    key: str
    held: Held
    number: int = 0


def beside(
    mine: Held, others: Sequence[Other], *, now: str, seconds: float = SECONDS
) -> tuple[tuple[Finding, ...], tuple[Compared, ...]]:
    """Return what the others contradict in a table, and which of them were looked at.

    A table of no schema says nothing that could be compared, and gives nothing. Each finding's values hold under
    ``BESIDE`` the key of the table that it speaks of. It takes ``seconds`` at the most, however large the tables.
    """
    if not _told(mine) or mine.profile.rows > ROWS:
        return (), ()
    near = [o for o in others if _told(o.held) and o.held.typed.is_file()][:MOST]
    until = time.monotonic() + seconds
    findings: list[Finding] = []
    compared: list[Compared] = []
    for other in near:
        left = min(EACH, until - time.monotonic())
        said = _one(mine, other.held, left) if left > 0.5 and other.held.profile.rows <= ROWS else None
        findings += [dataclasses.replace(f, values={**f.values, BESIDE: other.key}) for f in said or ()]
        compared.append(Compared(other.key, other.held.title, other.number, now, said is None))
    for code, field in _NOWHERE.items():
        holders = [o for o, c in zip(near, compared, strict=True) if o.held.column(field) is not None and not c.left]
        findings = _nowhere(findings, code, holders)
    return tuple(findings), tuple(compared)


def _nowhere(findings: list[Finding], code: str, holders: Sequence[Other]) -> list[Finding]:
    """Return the findings, those of a code kept only for the lines that none of several tables answers."""
    said = [f for f in findings if f.code == code]
    if len(holders) < 2 or not said:
        return findings
    others = [f for f in findings if f.code != code]
    if len(said) < len(holders):  # one of them answers every line
        return others
    lines = sorted(set.intersection(*(set(f.lines) for f in said)))
    least = min(said, key=lambda f: f.count)
    if any(f.count > len(f.lines) for f in said):
        return [*others, least]  # not every line is named: what the nearest table lacks is the best that can be told
    if not lines:
        return others
    place = dataclasses.replace(least.place, line=lines[0], cell="") if least.place is not None else None
    titles = " », « ".join(o.held.title for o in holders[:5])
    values = {**least.values, "count": len(lines), "other": titles}
    few = least.examples if least.count == len(lines) else ()
    return [
        *others,
        dataclasses.replace(least, place=place, values=values, count=len(lines), lines=tuple(lines), examples=few),
    ]


def inside(mine: Any, other: Any, work: str) -> Any:
    """Hold two tables against each other; called in the confined process, with JSON arguments."""
    one, two = from_json(Held, mine), from_json(Held, other)
    return to_json(across([one, _lined(two, Path(work))]).get(0, ()))


def _one(mine: Held, other: Held, seconds: float) -> tuple[Finding, ...] | None:
    """Return what one other table contradicts, None when it took too long or could not be read."""
    with tempfile.TemporaryDirectory(prefix="parvis-") as work:
        arguments = {"mine": to_json(mine), "other": to_json(other), "work": work}
        try:
            told = cage.run(
                "parvis.validation.beside:inside",
                arguments,
                cage.Allowance(_MEMORY, seconds),
                reads=[mine.typed.resolve(), other.typed.resolve()],
                writes=[Path(work)],
            )
        except ParvisError:
            return None
    return tuple(from_json(Finding, f) for f in told)


def _told(table: Held) -> bool:
    return any(c.field and c.filled and c.kind is not Kind.GEOMETRY for c in table.profile.columns)


def _lined(table: Held, work: Path) -> Held:
    """Return a table whose rows have numbers: a released one has none, only the columns that tell something are copied."""
    with engines.connect() as engine:
        held = {str(r[0]) for r in engine.execute(f"DESCRIBE SELECT * FROM {_of(table.typed)}").fetchall()}
        if LINE in held:
            return table
        columns = [c for c in table.profile.columns if c.field and c.name in held]
        cells = "".join(f", {quoted(c.name)}" for c in columns)
        made = work / "lined.parquet"
        engine.execute(
            f"COPY (SELECT row_number() OVER () AS {LINE}{cells} FROM {_of(table.typed)}) TO {literal(str(made))} "
            "(FORMAT parquet, COMPRESSION uncompressed)"
        )
    return dataclasses.replace(table, typed=made, profile=dataclasses.replace(table.profile, columns=tuple(columns)))


def _of(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"
