"""How Opendatasoft sees a version: its fields, their types, and cells as its answers write them.

A pair of coordinates is one field, ``geo_point_2d``; a geometry is ``geo_shape`` and has its middle beside it. Moments are
kept without a zone: they are told as UTC, as Opendatasoft does of moments that came without one.
"""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import Any

from parvis.dialects.odsql import BETWEEN, Known
from parvis.frozen import dataclass
from parvis.values import Calc, Call, Column, Expression, Field, Kind, Literal, Named, Version

POINT, SHAPE = "geo_point_2d", "geo_shape"
MOST_FACET = 1000  # different values beyond which a column is no facet by itself
TYPES = {
    Kind.TEXT: "text", Kind.INTEGER: "int", Kind.NUMBER: "double", Kind.BOOLEAN: "boolean", Kind.DATE: "date",
    Kind.DATETIME: "datetime", Kind.TIME: "text", Kind.GEOMETRY: SHAPE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OdsField:
    """A field as the dialect shows it."""

    known: Known
    type: str
    label: str
    description: str = ""
    annotations: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.known.name

    def told(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "description": self.description or None,
            "annotations": {n: list(v) for n, v in self.annotations.items()},
        }


def fields(version: Version) -> tuple[OdsField, ...]:
    """Return the fields of a version in the order of its columns, places first."""
    return _fields(version.id, _Held(version))


class _Held:
    """A version, for a cache that goes by its id alone."""

    def __init__(self, version: Version) -> None:
        self.version = version

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)


@lru_cache(500)
def _fields(identity: str, held: _Held) -> tuple[OdsField, ...]:
    version = held.version
    names = {c.name for c in version.columns}
    out: list[OdsField] = []
    place = _place(version)
    if place is not None and POINT not in names:
        out.append(OdsField(Known(POINT, place, Kind.GEOMETRY), POINT, "Geo Point"))
    for column in version.columns:
        name = SHAPE if column.kind is Kind.GEOMETRY and SHAPE not in names else column.name
        known = Known(name, Field(column.name), column.kind)
        if column.separator and column.kind is Kind.TEXT:
            several = Call(Calc.PARTS, (Field(column.name), Literal(column.separator, Kind.TEXT)))
            known = Known(name, several, Kind.TEXT, many=True)
        out.append(OdsField(known, TYPES[column.kind], column.label, column.description, _annotations(version, column)))
    return tuple(out)


def _place(version: Version) -> Expression | None:
    if version.geometry:
        return Call(Calc.CENTROID, (Field(version.geometry),))
    return pair(version)


def pair(version: Version) -> Expression | None:
    """Return the place that a pair of columns makes, when no geometry does."""
    if version.geometry or not version.point:
        return None
    return Call(Calc.POINT, tuple(Field(n) for n in version.point))


def _annotations(version: Version, column: Column) -> dict[str, Sequence[str]]:
    told: dict[str, Sequence[str]] = {}
    if is_facet(version, column):
        told["facet"] = ()
    if column.kind in (Kind.DATE, Kind.DATETIME):
        told["timeserie_precision"] = ("day" if column.kind is Kind.DATE else "minute",)
    if column.separator:
        told["multivalued"] = (column.separator,)
    if column.unit:
        told["unit"] = (column.unit,)
    return told


def is_facet(version: Version, column: Column) -> bool:
    """True for a column whose values sort rows: few values, each of several rows on average."""
    if column.kind in (Kind.DATE, Kind.BOOLEAN) or column.separator:
        return True
    few = 0 < column.distinct <= MOST_FACET and column.distinct * 2 <= max(column.filled, 1)
    return column.kind is Kind.TEXT and few


def names(version: Version) -> dict[str, Known]:
    """Return what questions may name: each field, and columns that are shown under another name."""
    known = {f.name: f.known for f in fields(version)}
    for f in fields(version):
        if isinstance(f.known.expression, Field):
            known.setdefault(f.known.expression.name, f.known)
    return known


def shown_names(version: Version) -> tuple[str, ...]:
    return tuple(f.name for f in fields(version))


def texts(version: Version) -> tuple[Expression, ...]:
    """Return the fields that a search looks at."""
    return tuple(Field(c.name) for c in version.columns if c.kind is Kind.TEXT)


def several(shown: Sequence[Named]) -> frozenset[str]:
    """Return the names of the columns of an answer whose cells hold several values."""
    return frozenset(n.name for n in shown if _is_several(n.expression))


def joined(shown: Sequence[Named], between: str) -> tuple[Named, ...]:
    """Return columns with the values of a cell in one text, this between them: what a file holds."""
    return tuple(
        Named(Call(Calc.PARTS, (*n.expression.arguments[:2], Literal(between, Kind.TEXT))), n.name)
        if isinstance(n.expression, Call) and _is_several(n.expression)
        else n
        for n in shown
    )


def _is_several(expression: Expression) -> bool:
    return isinstance(expression, Call) and expression.what is Calc.PARTS


def cell(value: Any, kind: Kind, zone: zoneinfo.ZoneInfo | None, many: bool = False) -> Any:
    """Return a cell of the store's answer as this dialect writes it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if many:
        return [part for part in value.split(BETWEEN) if part]
    if kind is Kind.DATETIME:
        return moment(value, zone)
    if kind is Kind.GEOMETRY and "type" in value:
        return {"type": "Feature", "geometry": value, "properties": {}}
    return value


def moment(text: str, zone: zoneinfo.ZoneInfo | None) -> str:
    """Return a moment kept in UTC as it is told in a zone."""
    if zone is None:
        return f"{text}+00:00"
    there = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
    try:
        return there.astimezone(zone).isoformat()
    except OverflowError:  # the first and last days of the calendar
        return there.isoformat()
