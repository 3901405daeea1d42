"""JSON: a list of rows, each an object under the names of the columns."""

from __future__ import annotations

from parvis.store.writers import sql
from parvis.store.writers.frame import Format, Frame, Lines

FORMAT = Format(".json", "application/json; charset=utf-8", "JSON", common=True, lists=True)


def lines(frame: Frame) -> Lines:
    body, names = sql.pairs(frame.shown, frame)
    return Lines(f"concat(',\n', {body})", names, "[", "]\n", 2)
