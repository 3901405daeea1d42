"""Find the header of a grid of cells, and tell its tables apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Cells = Sequence[str | None]


def split(sink: Any, name: str, rows: Iterable[Cells], facts: Mapping[str, Any]) -> None:
    """Put the tables of a grid into the sink: the first line is the header."""
    stream = iter(rows)
    labels = [c or "" for c in next(stream, ())]
    first = int(facts.get("first_line", 1))
    kept = {k: v for k, v in facts.items() if k != "first_line"}
    sink.rows(name, labels, enumerate(stream, first + 1), header_line=first, **kept)
