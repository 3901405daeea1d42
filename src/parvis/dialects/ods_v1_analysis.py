"""The calculations of Opendatasoft's first API: series along an axis, clusters of a map, the box around rows.

x=field                the axis, several for a table; no axis, one total. A date is cut by ``precision`` (the day, unless
                       said) or gathered by ``periodic`` (every Monday, every March); rows without value are left out
y.NAME.func, .expr     a series: what is calculated, of what; .cumulative adds each value to the last
sort                   x, x.field or a series: from the smallest along the axis, from the largest by a series, a minus
                       turns either
maxpoints              the first so many
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from parvis.dialects import ods_fields, odsql
from parvis.dialects.ods_request import Asked, RestError, dumped
from parvis.dialects.odsql import Known, Setting
from parvis.frozen import dataclass
from parvis.store import expressions
from parvis.store import query as asking
from parvis.values import All, Calc, Call, Expression, Holds, Kind, Literal, Named, Query, Sort, Version, Where

MOST_SERIES, MOST_AXES = 50, 10
_DATED = (Kind.DATE, Kind.DATETIME)
_PRECISIONS = ("year", "month", "week", "day", "hour", "minute")
_PARTS = ("year", "month", "day", "hour", "minute")
_PERIODS = {
    "year": Calc.YEAR, "month": Calc.MONTH, "day": Calc.DAY, "weekday": Calc.WEEKDAY, "hour": Calc.HOUR,
    "minute": Calc.MINUTE, "quarter": Calc.QUARTER,
}  # fmt: skip
_WRITTEN = {"week": "%V", "yearday": "%j"}  # periods that a date is written by
_CALCULATIONS = {
    "COUNT": Calc.COUNT, "SUM": Calc.SUM, "AVG": Calc.AVG, "MIN": Calc.MIN, "MAX": Calc.MAX, "MEDIAN": Calc.PERCENTILE,
    "QUANTILES": Calc.PERCENTILE, "CARDINALITY": Calc.COUNT_DISTINCT,
}  # fmt: skip
_SQUARED = ("STDDEV", "SUMSQUARES")
Numbers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis: its key in the answer of the store, and how a key is written."""

    name: str
    key: Named
    written: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Series:
    """One series: what is asked of the store for it, and how its value comes of that."""

    name: str
    asked: Sequence[Named]
    value: Callable[[Numbers], Any]
    cumulative: bool = False


# --- Series along an axis --------------------------------------------------------------------------


def analyzed(asked: Asked, version: Version, setting: Setting, where: Where | None) -> tuple[bytes, dict[str, str]]:
    """Return the points of the series asked for, as JSON or CSV, and its headers."""
    axes, series = _axes(asked, setting), _series(asked, setting)
    filled = [Holds(Call(Calc.NE, (a.key.expression, Literal(None, None)))) for a in axes]
    parts = [*([where] if where is not None else []), *filled]
    query = Query(
        by=tuple(a.key for a in axes), shown=tuple(n for s in series for n in s.asked),
        where=All(tuple(parts)) if parts else None, limit=asking.MAX_GROUPS if axes else 1, count=False, zone=setting.zone,
        sorts=_sorts(asked, axes, series),
    )  # fmt: skip
    page = asking.run(asked.pool, version, query)
    names = [c.name for c in page.columns]
    rows = [dict(zip(names, row, strict=True)) for row in page.rows]
    points = [_point(row, axes, series) for row in rows]
    _sort_calculated(asked, points, series)
    most = asked.number("maxpoints", 0, -1, 10**9)
    cut = (0 < most < len(points)) or len(points) == asking.MAX_GROUPS
    points = points[:most] if most > 0 else points
    _cumulate(points, series)
    headers = {"ods-analyze-truncated": "true"} if cut else {}
    if asked.get("format") == "csv":
        return _csv(asked, points), {**headers, "content-type": "text/csv; charset=utf-8"}
    return dumped(points), headers


def _axes(asked: Asked, setting: Setting) -> list[_Axis]:
    axes = []
    for place, text in enumerate(asked.all("x")):
        name, _, own = text.partition(".")
        known = setting.fields.get(name)
        if known is None or known.kind is Kind.GEOMETRY or place >= MOST_AXES:
            raise RestError(f"Unknown field in x: {name[:60]}")
        label = f"\x1fx{place}"
        if known.kind not in _DATED:
            axes.append(_Axis(name, Named(known.expression, label), lambda value: value))
            continue
        precision = (own or asked.get(f"x.{name}.precision") or asked.get("precision")).lower()
        periodic = (asked.get(f"x.{name}.periodic") or asked.get("periodic")).lower()
        axes.append(_dated(name, known, label, precision, periodic))
    return axes


def _dated(name: str, known: Known, label: str, precision: str, periodic: str) -> _Axis:
    """Return the axis of a date: periods gathered over the years, or moments cut at a precision."""
    if periodic in _PERIODS:
        first = 1 if periodic == "weekday" else 0  # the days of a week go from 0 on Monday
        key = Named(Call(_PERIODS[periodic], (known.expression,)), label)
        return _Axis(name, key, lambda value: {periodic: value - first})
    if periodic in _WRITTEN:
        key = Named(Call(Calc.FORMAT, (known.expression, Literal(_WRITTEN[periodic], Kind.TEXT))), label)
        return _Axis(name, key, lambda value: {periodic: int(value)})
    if periodic or (precision and precision not in _PRECISIONS):
        raise RestError(f"Unknown precision or period: {(periodic or precision)[:30]}")
    precision = precision or "day"
    cut = Call(Calc.BUCKET, (known.expression, Literal(1, Kind.INTEGER), Literal(precision, Kind.TEXT)))
    parts = _PARTS[: _PARTS.index("day" if precision == "week" else precision) + 1]

    def written(value: str) -> dict[str, int]:
        numbers = [int(n) for n in re.findall(r"\d+", value)]
        return dict(zip(parts, [*numbers, 0, 0], strict=False))  # a day without hour begins at midnight

    return _Axis(name, Named(cut, label), written)


def _series(asked: Asked, setting: Setting) -> list[_Series]:
    names = dict.fromkeys(
        m[1] for n, _ in asked.request.query if (m := re.fullmatch(r"y\.(.{1,60})\.(?:func|expr)", n))
    )
    found = [_one_series(asked, setting, name, place) for place, name in enumerate(list(names)[:MOST_SERIES])]
    return found or [_Series("count", [Named(Call(Calc.COUNT), "\x1fy0")], lambda n: n["\x1fy0"])]


def _one_series(asked: Asked, setting: Setting, name: str, place: int) -> _Series:
    function = asked.get(f"y.{name}.func").upper() or "COUNT"
    if function not in (*_CALCULATIONS, *_SQUARED, "CONSTANT"):
        raise RestError(f"Unknown function: {function[:30]}")
    cumulative = asked.get(f"y.{name}.cumulative").lower() == "true"
    text, label = asked.get(f"y.{name}.expr"), f"\x1fy{place}"
    if function == "CONSTANT":
        return _Series(name, [Named(Call(Calc.COUNT), label)], _constant(text), cumulative)
    given: tuple[Expression, ...] = ()
    if text and function != "COUNT":
        given = (_calculated(text, setting),)
    elif function != "COUNT":
        raise RestError(f"Parameter y.{name}.expr is missing.")
    if function in _SQUARED:
        square = Call(Calc.SUM, (Call(Calc.MULTIPLY, (given[0], given[0])),))
        held = {"q": square, "s": Call(Calc.SUM, given), "n": Call(Calc.COUNT, given)}
        parts = [Named(expression, f"{label}{sign}") for sign, expression in held.items()]
        return _Series(name, parts, _spread(label) if function == "STDDEV" else lambda n: n[f"{label}q"], cumulative)
    if _CALCULATIONS[function] is Calc.PERCENTILE:
        share = asked.get(f"y.{name}.subsets") or "50"
        if not re.fullmatch(r"\d{1,3}(?:\.\d+)?", share) or float(share) > 100:
            raise RestError("A quantile goes from 0 to 100.")
        given = (*given, Literal(float(share), Kind.NUMBER))
    return _Series(name, [Named(Call(_CALCULATIONS[function], given), label)], lambda n: n[label], cumulative)


def _calculated(text: str, setting: Setting) -> Expression:
    found = odsql.select(text, setting, ())
    if len(found) != 1 or expressions.aggregates(found[0].expression):
        raise RestError("An expression of y is one calculation on one row.")
    return found[0].expression


def _constant(text: str) -> Callable[[Numbers], Any]:
    if not re.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?", text):
        raise RestError("A constant is a number.")
    return lambda numbers: float(text)


def _spread(label: str) -> Callable[[Numbers], Any]:
    """Return how the standard deviation of a population comes of its sums."""

    def value(numbers: Numbers) -> float | None:
        count = numbers[f"{label}n"]
        if not count:
            return None
        mean = numbers[f"{label}s"] / count
        return math.sqrt(max(numbers[f"{label}q"] / count - mean * mean, 0.0))

    return value


def _sorts(asked: Asked, axes: Sequence[_Axis], series: Sequence[_Series]) -> tuple[Sort, ...]:
    """Return the orders asked for, then the axes from their smallest."""
    plain = {s.name: s.asked[0].name for s in series if len(s.asked) == 1}
    along = {a.name: a.key.name for a in axes} | ({"x": axes[0].key.name} if axes else {})
    found: dict[str, Sort] = {}
    for text in (p.strip() for said in asked.all("sort") for p in said.split(",")):
        name, minus = text.lstrip("+-"), text.startswith("-")
        name = name.removeprefix("y.") if name.removeprefix("y.") in plain else name
        if name in plain:
            found.setdefault(plain[name], Sort(plain[name], not minus))
        elif name.removeprefix("x.") in along:
            key = along[name.removeprefix("x.")]
            found.setdefault(key, Sort(key, minus))
    for axis in axes:
        found.setdefault(axis.key.name, Sort(axis.key.name))
    return tuple(found.values()) if axes else ()


def _sort_calculated(asked: Asked, points: list[dict[str, Any]], series: Sequence[_Series]) -> None:
    """Sort by a series whose value the store does not know."""
    own = {s.name for s in series if len(s.asked) > 1}
    for text in (p.strip() for said in asked.all("sort") for p in said.split(",")):
        if (name := text.lstrip("+-").removeprefix("y.")) in own:
            minus = text.startswith("-")
            points.sort(key=lambda p: (p[name] is None, (p[name] or 0) * (1 if minus else -1)))


def _point(row: Numbers, axes: Sequence[_Axis], series: Sequence[_Series]) -> dict[str, Any]:
    point: dict[str, Any] = {}
    if axes:
        said = {a.name: a.written(row[a.key.name]) for a in axes}
        point["x"] = next(iter(said.values())) if len(said) == 1 else said
    return point | {s.name: s.value(row) for s in series}


def _cumulate(points: Sequence[dict[str, Any]], series: Sequence[_Series]) -> None:
    for one in series:
        if one.cumulative:
            total: Any = 0
            for point in points:
                total += point[one.name] or 0
                point[one.name] = total


def _csv(asked: Asked, points: Sequence[Mapping[str, Any]]) -> bytes:
    out = io.StringIO()
    separator = asked.request.get("csv_separator", ";")[:1] or ";"
    rows = [_flat(point) for point in points]
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), delimiter=separator, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    return out.getvalue().encode()


def _flat(point: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in point.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{above}{name}.")
        else:
            risky = isinstance(value, str) and value[:1] in "=+-@\t\r"  # what a spreadsheet would take for a formula
            flat[f"{above}{name}"] = f"'{value}" if risky else value
    return flat


# --- Places ----------------------------------------------------------------------------------------


def clustered(asked: Asked, version: Version, setting: Setting, where: Where | None) -> tuple[bytes, dict[str, str]]:
    """Return rows gathered by what lies near on a map of some zoom, with their series."""
    place = _place(setting)
    zoom = asked.number("clusterprecision", 6, 0, 25)
    radius = min(max(round(_number(asked.get("clusterdistance") or "50")), 1), 10_000)
    cluster = Call(Calc.CLUSTER, (place, Literal(zoom, Kind.INTEGER), Literal(radius, Kind.INTEGER)))
    series = _series(asked, setting) if any(n.startswith("y.") for n, _ in asked.request.query) else []
    shown = [Named(Call(Calc.COUNT), "count"), Named(Call(Calc.FARTHEST, (place,)), "shape")]
    query = Query(
        by=(Named(cluster, "centre"),), shown=(*shown, *(n for s in series for n in s.asked)), where=where,
        limit=asking.MAX_GROUPS, count=False, zone=setting.zone,
    )  # fmt: skip
    page = asking.run(asked.pool, version, query)
    shapes = asked.get("return_polygons").lower() != "false" and asked.get("clustermode") != "heatmap"
    clusters, names = [], [c.name for c in page.columns]
    for values in page.rows:
        row = dict(zip(names, values, strict=True))
        if (centre := row["centre"]) is None:
            continue
        told: dict[str, Any] = {"cluster_center": [centre["lat"], centre["lon"]], "count": row["count"]}
        if series:
            told["series"] = {s.name: s.value(row) for s in series}
        if shapes:
            told["cluster"] = _outline(row["shape"], centre)
        clusters.append(told)
    counts = [c["count"] for c in clusters]
    reach = {s.name: _reach([c["series"][s.name] for c in clusters]) for s in series}
    body = {"clusters": clusters, "count": _reach(counts), "series": reach, "clusterprecision": zoom}
    return dumped(body), {}


def bounded(asked: Asked, version: Version, setting: Setting, where: Where | None) -> tuple[bytes, dict[str, str]]:
    """Return how many rows have a place, and the box around them: west, south, east, north."""
    place = _place(setting)
    filled = Holds(Call(Calc.NE, (place, Literal(None, None))))
    query = Query(
        shown=(Named(Call(Calc.COUNT), "count"), Named(Call(Calc.ENVELOPE, (place,)), "shape")),
        where=All((filled, where)) if where is not None else filled, limit=1, count=False,
    )  # fmt: skip
    count, shape = asking.run(asked.pool, version, query).rows[0]
    corners = shape["coordinates"][0] if shape else []
    lons, lats = [c[0] for c in corners], [c[1] for c in corners]
    box = [min(lons), min(lats), max(lons), max(lats)] if corners else []
    return dumped({"count": count, "bbox": box, "geometries": {"Point": count} if count else {}}), {}


def _place(setting: Setting) -> Expression:
    known = setting.fields.get(ods_fields.POINT)
    if known is None:
        raise RestError("This dataset has no place.")
    return known.expression


def _number(text: str) -> float:
    if not re.fullmatch(r"\d{1,9}(?:\.\d{1,20})?", text):
        raise RestError("A number is expected for clusterdistance.")
    return float(text)


def _reach(values: Sequence[Any]) -> dict[str, Any]:
    known = [v for v in values if v is not None]
    return {"max": max(known, default=0), "min": min(known, default=0)}


def _outline(shape: Mapping[str, Any] | None, centre: Mapping[str, float]) -> dict[str, Any]:
    """Return the line around the places of a cluster, as the original draws it: convex, clockwise, closed, from the southmost
    one; a point when all are at one place, a line when they are all on one."""
    ring = _around({(c[0], c[1]) for c in shape["coordinates"]}) if shape else []
    if len(ring) > 2:
        return {"type": "Polygon", "coordinates": [[list(c) for c in (*ring, ring[0])]]}
    if len(ring) == 2:
        return {"type": "LineString", "coordinates": [list(c) for c in ring]}
    return {"type": "Point", "coordinates": list(ring[0]) if ring else [centre["lon"], centre["lat"]]}


def _around(places: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of the convex hull of places, clockwise from the southmost one (Andrew 1979)."""
    ordered = sorted(places)
    if len(ordered) < 3:
        return ordered

    def chain(told: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        out: list[tuple[float, float]] = []
        for x, y in told:
            while len(out) > 1 and (out[-1][0] - out[-2][0]) * (y - out[-2][1]) >= (out[-1][1] - out[-2][1]) * (
                x - out[-2][0]
            ):
                out.pop()
            out.append((x, y))
        return out[:-1]

    ring = [*chain(ordered), *chain(reversed(ordered))]
    start = min(range(len(ring)), key=lambda n: (ring[n][1], ring[n][0]))
    return ring[start:] + ring[:start]
