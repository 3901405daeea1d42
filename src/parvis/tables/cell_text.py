"""The cells of a workbook as text, one at a time or a whole column at once: both give the same.

A long sheet is read by columns. Most of them hold only texts, that go through as they are; in the others a value
often comes again and is written once.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

ERRORS = frozenset({"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!",
                    "#GETTING_DATA", "#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!"})  # fmt: skip

_UNSURE = "[a-z]|.{16}|^-0$"  # a power, no number, more than 15 digits perhaps
_ODD = np.zeros(256, bool)  # first bytes, in UTF-8, of an error and of the signs that show nothing
_ODD[[ord("#"), *range(9, 14), *range(28, 33), 0xC2, 0xE1, 0xE2, 0xE3]] = True


def text(cell: Any) -> str | None:
    """Return a cell as the text that the agent sees: whole numbers without « .0 », ISO dates, nothing for empty."""
    write = _WRITERS.get(type(cell))
    return write(cell) if write else str(cell)


def column(cells: Sequence[Any]) -> Any:
    """Return a piece of a column, as an array of texts or of numbers, from which ``joined`` makes texts."""
    try:
        return pa.array(cells, pa.string())
    except pa.ArrowTypeError:  # not all are texts
        kinds = set(map(type, cells))
    if kinds == {float}:
        return pa.array(cells, pa.float64())
    if kinds == {float, str} and str not in map(type, known := [None if c == "" else c for c in cells]):
        return pa.array(known, pa.float64())
    return pa.array(_written(cells, kinds), pa.string())


def joined(pieces: Sequence[Any]) -> tuple[Any, dict[int, str]]:
    """Return the texts of a column given in pieces, and the errors among them by their positions.

    The texts are what ``text`` gives for each cell, null for nothing and for an error.
    """
    if all(piece.type == pa.float64() for piece in pieces):
        return _numbers(pa.concat_arrays(pieces)), {}
    texts = pa.concat_arrays([_numbers(p) if p.type == pa.float64() else p for p in pieces])
    lengths, first = _starts(texts)
    if not (_ODD[first] | (lengths == 0)).any():
        return texts, {}
    told = [cell if cell and not cell.isspace() else None for cell in texts.to_pylist()]
    if ERRORS.isdisjoint(told):
        return pa.array(told, pa.string()), {}
    errors = {i: cell for i, cell in enumerate(told) if cell in ERRORS}
    return pa.array([None if i in errors else cell for i, cell in enumerate(told)], pa.string()), errors


def _numbers(numbers: Any) -> Any:
    """Return numbers as ``text`` writes them: by Arrow where its shortest writing of a number is ours."""
    import pyarrow.compute as pc  # takes 40 ms to load

    if (pc.max(pc.abs(numbers)).as_py() or 0) < 1e15:
        with contextlib.suppress(pa.ArrowInvalid):  # not all are whole
            return numbers.cast(pa.int64()).cast(pa.string())
    texts = numbers.cast(pa.string())
    unsure = pc.fill_null(pc.match_substring_regex(texts, _UNSURE), False)
    again = [_number(cell) for cell in numbers.filter(unsure).to_pylist()]
    return pc.replace_with_mask(texts, unsure, pa.array(again, pa.string())) if again else texts


def _written(cells: Sequence[Any], kinds: set[type]) -> list[str | None]:
    if len(kinds - {str, type(None)}) > 1:  # where 1, 1.0 and True are equal
        return list(map(text, cells))
    write = _WRITERS.get(next(iter(kinds)), str) if len(kinds) == 1 else text
    distinct = set(cells)
    if len(distinct) > 0.5 * len(cells):
        return list(map(write, cells))
    told = {cell: write(cell) for cell in distinct}
    return [told[cell] for cell in cells]


def _starts(texts: pa.StringArray) -> tuple[Any, Any]:
    """Return the lengths of texts, in bytes, and their first bytes (of no meaning for an empty one)."""
    places, content = (memoryview(b or b"") for b in texts.buffers()[1:])
    ends = np.frombuffer(places, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    lengths = np.diff(ends)
    if not content:
        return lengths, np.zeros(len(texts), np.uint8)
    return lengths, np.frombuffer(content, np.uint8).take(ends[:-1], mode="clip")


def _words(cell: str) -> str | None:
    return cell if cell and not cell.isspace() else None


def _number(cell: float) -> str | None:
    """Return a spreadsheet's number with its 15 significant digits, never in scientific form; nothing for no number."""
    said = f"{cell:.15g}"
    if "n" in said:  # inf, nan
        return None
    if "e" in said:
        return format(Decimal(said), "f")
    return said if said != "-0" else "0"


def _moment(cell: dt.datetime) -> str:
    return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ", timespec="seconds")


def _length(cell: dt.timedelta) -> str:
    minutes, seconds = divmod(int(cell.total_seconds()), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


_WRITERS: Mapping[type, Callable[[Any], str | None]] = {
    type(None): lambda _: None,
    str: _words,
    bool: lambda cell: "vrai" if cell else "faux",
    int: str,
    float: _number,
    dt.datetime: _moment,
    dt.date: lru_cache(4096)(dt.date.isoformat),  # a register has ten years of days
    dt.time: dt.time.isoformat,
    dt.timedelta: _length,
}
