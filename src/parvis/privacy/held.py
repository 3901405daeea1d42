"""What a table holds, asked by the texts of the file that it came from: « 12,50 » is held by 12.5, « 3 mars 2025 » by its day.

Writing differs from a file to its table, content must not: numbers are compared by value, days, hours and yes or no by what
they mean, coordinates where the table has places.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from parvis import dates
from parvis.tables.table import LINE
from parvis.values import Column, Kind

_SPACES = re.compile(r"\s+")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
_SIGNS = re.compile(r"[\s\u00a0\u202f€]|%$")
_SHAPE = re.compile(
    r"(?:SRID=\d+;)?(?:MULTI)?(?:POINT|LINESTRING|POLYGON)(?: ?Z?M?) ?\([-+\d., ()eE]*\)", re.IGNORECASE
)  # WKT
_PAIR = re.compile(r"[\[(]?([-+]?\d+\.\d+)[,; ]+([-+]?\d+\.\d+)[\])]?")
_ANSWERS = frozenset("oui non vrai faux true false yes no o n v f y t x 0 1".split())
_HOUR = re.compile(r"(\d{1,2})[:hH](\d{2})(?::(\d{2}))?(?:\.\d+)?")
_DAYS = 2_958_466  # that a spreadsheet counts: up to the year 9999


class Held:
    """The values of a table, by what they mean."""

    def __init__(self, columns: Sequence[Column]) -> None:
        kinds = {c.kind for c in columns}
        self.shaped = Kind.GEOMETRY in kinds
        self.answers = Kind.BOOLEAN in kinds
        self.texts, self.numbers = set[str](), set[str]()
        self.days, self.moments, self.hours = set[dt.date](), set[dt.datetime](), set[dt.time]()
        for column in columns:
            self._say(column.label)
            self._say(column.name)

    def add(self, value: Any) -> None:
        """Take in a value of the table."""
        if isinstance(value, bool) or value is None or isinstance(value, bytes):
            return
        if isinstance(value, str):
            self._say(value)
        elif isinstance(value, dt.datetime):
            self.moments.add(value.replace(tzinfo=None, microsecond=0))
            self.days.add(value.date())
        elif isinstance(value, dt.date):
            self.days.add(value)
        elif isinstance(value, dt.time):
            self.hours.add(value.replace(microsecond=0))
        else:
            self.numbers.add(_figure(float(value)))

    def _say(self, text: str) -> None:
        said = plain(text)
        self.texts.add(said)
        if (number := _value(said)) is not None:
            self.numbers.add(_figure(number))

    def holds(self, text: str) -> bool:
        """Return whether a text of the file says nothing that the table does not."""
        if isinstance(text, Coordinate):
            return self.shaped or _figure(float(text)) in self.numbers
        said = plain(text)
        if not said or said in self.texts:
            return True
        number = _value(said)
        if number is not None:
            return self._counts(said, number)
        return self._is_time(said) or (self.answers and said.lower() in _ANSWERS) or self._is_place(said)

    def _counts(self, said: str, number: float) -> bool:
        if _figure(number) in self.numbers or (said.endswith("%") and _figure(number / 100) in self.numbers):
            return True
        if self.answers and said in ("0", "1"):
            return True
        if self._is_time(said):  # 20250301
            return True
        if (not self.days and not self.hours) or not 0 <= number < _DAYS:
            return False
        whole = int(number)
        hour = (dt.datetime(2000, 1, 1) + dt.timedelta(seconds=round((number - whole) * 86400))).time()  # noqa: DTZ001
        if hour in self.hours:
            return True
        days = {dates.excel_day(whole)} | ({dates.excel_day(whole, True)} if whole < _DAYS - 1462 else set())
        if hour == dt.time() or not self.moments:
            return not days.isdisjoint(self.days)
        return any(dt.datetime.combine(d, hour) in self.moments for d in days)

    def _is_time(self, said: str) -> bool:
        if not self.days and not self.hours:
            return False
        if (clock := _HOUR.fullmatch(said)) is not None:
            hour, minute, second = (int(n or 0) for n in clock.groups())
            return hour < 24 and minute < 60 and second < 60 and dt.time(hour, minute, second) in self.hours
        found = dates.parse(said)
        if isinstance(found, dt.datetime):
            moment = found.replace(tzinfo=None, microsecond=0)
            return (
                moment in self.moments
                or (moment.time() == dt.time() and moment.date() in self.days)
                or (
                    found.tzinfo is not None
                    and found.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0) in self.moments
                )
            )
        return found in self.days if found is not None else False

    def _is_place(self, said: str) -> bool:
        """Return whether a text is a shape, in a table that has shapes, or a pair of coordinates that it has apart."""
        if self.shaped and _SHAPE.fullmatch(said):
            return True
        pair = _PAIR.fullmatch(said)
        return pair is not None and all(_figure(float(n)) in self.numbers for n in pair.groups())


class Coordinate(str):
    """A figure that stands where a file has coordinates, and nothing else."""

    __slots__ = ()


def of(path: Path, columns: Sequence[Column]) -> Held:
    """Return what a typed table holds."""
    import pyarrow.parquet as pq

    held = Held(columns)
    with pq.ParquetFile(path) as file:
        for name in (n for n in file.schema_arrow.names if n != LINE):
            for batch in file.iter_batches(1 << 16, columns=[name]):
                for value in batch.column(0).unique().to_pylist():
                    held.add(value)
    return held


def beside(held: Held, texts: Iterable[str], most: int) -> tuple[list[str], int]:
    """Return (the first texts that a table does not hold, how many there are), each once."""
    seen, out = set[str](), list[str]()
    for text in texts:
        if text not in seen:
            seen.add(text)
            if not held.holds(text):
                out.append(text)
    return out[:most], len(out)


def plain(text: str) -> str:
    """Return a text by its signs alone: one way to write an accent, one space where there are several."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip(" '\u200b\ufeff")


def _value(said: str) -> float | None:
    bare = _SIGNS.sub("", said)
    if not _NUMBER.fullmatch(bare):
        return None
    try:
        return float(bare.replace(",", "."))
    except ValueError:
        return None


def _figure(number: float) -> str:
    return f"{number:.12g}"
