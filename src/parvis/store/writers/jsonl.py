"""JSON Lines: one row a line."""

from __future__ import annotations

from parvis.store.writers import sql
from parvis.store.writers.frame import Format, Frame, Lines

FORMAT = Format(".jsonl", "application/x-ndjson; charset=utf-8", "JSON Lines", lists=True)


def lines(frame: Frame) -> Lines:
    body, names = sql.pairs(frame.shown, frame)
    return Lines(f"concat({body}, '\n')", names)
