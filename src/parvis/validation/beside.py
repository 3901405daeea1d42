"""A table held against the other ones of its town, in a confined process: what is too long is left, and said so."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from parvis.errors import ParvisError
from parvis.frozen import dataclass
from parvis.tables import cage
from parvis.tables import engine as engines
from parvis.tables.table import LINE
from parvis.validation.across import NOWHERE, Held, across, merged
from parvis.validation.regexes import literal
from parvis.validation.table import quoted
from parvis.values import BESIDE, Compared, Finding, Kind, from_json, to_json

SECONDS = 15.0  # for all the others together
_LEAST = 0.3  # under which nothing is begun
MOST = 40  # tables compared, the first ones given
ROWS = 5_000_000  # rows from which a table is left
_MEMORY = 3 << 30  # of address space: the engine sets aside much more of it than it uses
_TOLD = "told.jsonl"
# Remarks on what another table lacks, and the field of the tables that may hold it: it lacks only if all of them do.


@dataclass(frozen=True, slots=True)
class Other:
    """Another table of the town. ``key`` is whatever its owner finds it by; ``number`` is of its version, 0 for none."""

    key: str
    held: Held
    number: int = 0


def beside(
    mine: Held, others: Sequence[Other], *, only: str = "", now: str, seconds: float = SECONDS
) -> tuple[tuple[Finding, ...], tuple[Compared, ...]]:
    """Return what the others contradict in a table, and which of them were looked at.

    A table of no schema says nothing that could be compared, and gives nothing. Each finding's values hold under
    ``BESIDE`` the key of the table that it speaks of. ``only`` is the key of the one that changed: it alone is looked at, with
    those that answer for the same. It takes ``seconds`` at the most, however large the tables.
    """
    if not _told(mine) or mine.profile.rows > ROWS:
        return (), ()
    near = [o for o in others if _told(o.held) and o.held.typed.is_file()][:MOST]
    near = _concerned(near, only) if only else near
    said = _compared(mine, [o.held for o in near], seconds)
    findings = [
        dataclasses.replace(f, values={**f.values, BESIDE: o.key})
        for o, told in zip(near, said, strict=True)
        for f in told or ()
    ]
    compared = [Compared(o.key, o.held.title, o.number, now, told is None) for o, told in zip(near, said, strict=True)]
    answered = [o.held for o, c in zip(near, compared, strict=True) if not c.left]
    return tuple(merged(findings, answered)), tuple(compared)


def _concerned(others: Sequence[Other], only: str) -> list[Other]:
    """Return the table that changed, and those that may hold the same things as it."""
    changed = [o for o in others if o.key == only]
    fields = [f for f in NOWHERE.values() if any(o.held.column(f) is not None for o in changed)]
    return [o for o in others if o in changed or any(o.held.column(f) is not None for f in fields)]


def inside(mine: Any, others: Any, work: str) -> None:
    """Hold a table against others; called in the confined process, with JSON arguments.

    What each one says is a line of the file ``_TOLD``, written as soon as it is known: what is stopped on the way is kept.
    """
    one, place = from_json(Held, mine), Path(work)
    with (place / _TOLD).open("w", encoding="utf-8") as lines:
        for number, other in enumerate(others):
            try:
                said = across([one, _lined(from_json(Held, other), place / f"{number}.parquet")]).get(0, ())
                told = json.dumps(to_json(said))
            except duckdb.Error:  # a table of the town may be anything
                told = "null"
            lines.write(f"{told}\n")
            lines.flush()


def _compared(mine: Held, others: Sequence[Held], seconds: float) -> list[tuple[Finding, ...] | None]:
    """Return what each other table contradicts, None for one that took too long or could not be compared.

    The pair that holds up the others is left after half of the time that remains, and the work goes on after it.
    """
    out: list[tuple[Finding, ...] | None] = [None if o.profile.rows > ROWS else () for o in others]
    waiting = [n for n, told in enumerate(out) if told is not None]
    until = time.monotonic() + seconds
    while waiting:
        left = (until - time.monotonic()) / 2
        told = _run(mine, [others[n] for n in waiting], left) if left > _LEAST else []
        for n, said in zip(waiting, told, strict=False):
            out[n] = said
        rest = waiting[len(told) :]
        if rest:
            out[rest[0]] = None
        waiting = rest[1:]
    return out


def _run(mine: Held, others: Sequence[Held], seconds: float) -> list[tuple[Finding, ...] | None]:
    """Return what the first others say, as many as could be compared before the time was over."""
    with tempfile.TemporaryDirectory(prefix="parvis-") as work:
        with contextlib.suppress(ParvisError):
            cage.run(
                "parvis.validation.beside:inside",
                {"mine": to_json(mine), "others": to_json(list(others)), "work": work},
                cage.Allowance(_MEMORY, seconds),
                reads=[t.typed.resolve() for t in (mine, *others)],
                writes=[Path(work)],
            )
        place = Path(work) / _TOLD
        lines = place.read_text("utf-8").split("\n")[:-1] if place.exists() else []
    told = [json.loads(line) for line in lines]
    return [None if one is None else tuple(from_json(Finding, f) for f in one) for one in told]


def _told(table: Held) -> bool:
    return any(c.field and c.filled and c.kind is not Kind.GEOMETRY for c in table.profile.columns)


def _lined(table: Held, made: Path) -> Held:
    """Return a table whose rows have numbers: a released one has none, only the columns that tell something are copied."""
    with engines.connect() as engine:
        held = {str(r[0]) for r in engine.execute(f"DESCRIBE SELECT * FROM {_of(table.typed)}").fetchall()}
        if LINE in held:
            return table
        columns = [c for c in table.profile.columns if c.field and c.name in held]
        cells = "".join(f", {quoted(c.name)}" for c in columns)
        engine.execute(
            f"COPY (SELECT row_number() OVER () AS {LINE}{cells} FROM {_of(table.typed)}) TO {literal(str(made))} "
            "(FORMAT parquet, COMPRESSION uncompressed)"
        )
    return dataclasses.replace(table, typed=made, profile=dataclasses.replace(table.profile, columns=tuple(columns)))


def _of(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"
