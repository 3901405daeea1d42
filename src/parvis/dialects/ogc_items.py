"""Features: the rows of a version that has places, as OGC API Features gives them.

A feature's id is the number of its row in the version, from 1. Geometries come in the system asked for, in the order of
its axes; one that leaves that system's map comes without geometry.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from parvis.dialects import cql2, ogc_crs
from parvis.dialects.ogc_request import (
    GEOJSON,
    JSON,
    Asked,
    ParameterError,
    dumped,
    found,
    kept,
    led,
    link,
    property_columns,
    time_column,
    wants_page,
)
from parvis.errors import UnknownColumn, UnknownName
from parvis.store import expressions
from parvis.store import query as asking
from parvis.store.pool import Pool
from parvis.values import (
    All,
    Box,
    Calc,
    Call,
    Column,
    Expression,
    Field,
    Holds,
    Kind,
    Literal,
    Named,
    Op,
    Order,
    Query,
    Test,
    Version,
    Where,
)
from parvis.web import Entry, Response

LIMIT, MOST = 10, 10_000
FAR = 10**9
OURS = (
    "f", "limit", "offset", "bbox", "bbox-crs", "crs", "datetime", "filter", "filter-lang", "filter-crs", "sortby", "properties",
    "version", "skipGeometry",
)  # fmt: skip
NUMBER = "\x1fid"
PLACE = "\x1fplace"
_X, _Y = "\x1fx", "\x1fy"


def items(asked: Asked) -> Response:
    """Return a page of features."""
    entry, version = found(asked)
    columns = {c.name: c for c in property_columns(version)}
    asked.only(*OURS, *columns)
    _form(asked)
    if wants_page(asked.request):
        return led(asked.page(entry))
    crs = ogc_crs.read(asked.get("crs"), "crs") if asked.get("crs") else ogc_crs.CRS84
    limit = asked.number("limit", LIMIT, 1, MOST)
    offset = asked.number("offset", 0, 0, FAR)
    query = Query(where=conditions(asked, version, columns), order=_orders(asked, columns), limit=limit, offset=offset)
    shown, bare = _properties(asked, columns), asked.get("skipGeometry") == "true"
    headers = {"content-crs": f"<{ogc_crs.uri(crs)}>"}

    def made() -> tuple[bytes, Mapping[str, str]]:
        features, total = features_of(asked.pool, version, query, shown, crs, bare=bare)
        links = _links(asked, entry, limit, offset, total)
        told = {
            "type": "FeatureCollection", "features": features, "numberMatched": total, "numberReturned": len(features),
            "timeStamp": asked.now.strftime("%Y-%m-%dT%H:%M:%SZ"), "links": links,
        }  # fmt: skip
        listed = ", ".join(f'<{one["href"]}>; rel="{one["rel"]}"; type="{one["type"]}"' for one in links)
        return dumped(told), {**headers, "link": listed} if len(listed) < 4000 else headers

    return kept(asked, version, made, GEOJSON)


def item(asked: Asked) -> Response:
    """Return one feature by its number."""
    entry, version = found(asked)
    asked.only("f", "crs", "version")
    _form(asked)
    if wants_page(asked.request):
        return led(asked.page(entry))
    crs = ogc_crs.read(asked.get("crs"), "crs") if asked.get("crs") else ogc_crs.CRS84
    name = asked.places["feature"]
    number = int(name) if re.fullmatch(r"[1-9]\d{0,11}", name, re.ASCII) else 0
    if not 0 < number <= version.rows:
        raise UnknownName("L'objet « {name} » n'existe pas dans cette collection.", name=name[:40])

    def made() -> tuple[bytes, Mapping[str, str]]:
        query = Query(where=numbered((number,)), limit=1, count=False)
        features, _ = features_of(asked.pool, version, query, property_columns(version), crs)
        here = asked.url("collections", entry.id, "items", str(number))
        links = [
            link(here, "self", GEOJSON, "Cet objet"),
            link(asked.page(entry), "alternate", "text/html", "La page du jeu de données"),
            link(asked.url("collections", entry.id), "collection", JSON, entry.metadata.title),
        ]
        return dumped({**features[0], "links": links}), {"content-crs": f"<{ogc_crs.uri(crs)}>"}

    return kept(asked, version, made, GEOJSON)


def _form(asked: Asked) -> None:
    if asked.get("f") not in ("", "json", "geojson", "html"):
        raise ParameterError("« f » vaut json ou html, pas « {said} ».", said=asked.get("f")[:40])


def _links(asked: Asked, entry: Entry, limit: int, offset: int, total: int) -> list[dict[str, Any]]:
    def at(start: int) -> str:
        kept_ones = [(n, v) for n, v in asked.request.query if n not in ("limit", "offset", "f")]
        paged = [*kept_ones, ("limit", str(limit)), *([("offset", str(start))] if start else [])]
        return f"{asked.url('collections', entry.id, 'items')}?{urlencode(paged, safe=':/,')}"

    out = [
        link(at(offset), "self", GEOJSON, "Cette page"),
        link(asked.page(entry), "alternate", "text/html", "La page du jeu de données"),
        link(asked.url("collections", entry.id), "collection", JSON, entry.metadata.title),
    ]
    if offset + limit < total:
        out.append(link(at(offset + limit), "next", GEOJSON, "Page suivante"))
    if offset:
        out.append(link(at(max(0, offset - limit)), "prev", GEOJSON, "Page précédente"))
    return out


# --- The rows -------------------------------------------------------------------------------------


def features_of(
    pool: Pool, version: Version, query: Query, columns: Sequence[Column], crs: int, *, bare: bool = False
) -> tuple[list[dict[str, Any]], int]:
    """Return the features of a query and how many there are without its limit (0 when it does not count)."""
    names = [c.name for c in columns]
    rows, total = rows_of(pool, version, query, names)
    features = []
    for number, place, row in rows:
        properties = dict(zip(names, row, strict=True))
        features.append(
            {"type": "Feature", "id": number, "geometry": None if bare else place, "properties": properties}
        )
    moved(features, crs)
    return features, total


def moved(features: Sequence[dict[str, Any]], crs: int) -> None:
    """Bring features to a system, in place; a shape that leaves its map goes."""
    shapes = [f["geometry"] for f in features]
    ogc_crs.from_degrees(shapes, crs)
    if crs not in (ogc_crs.CRS84, 4326):
        for feature in features:
            if feature["geometry"] and not ogc_crs.placed(feature["geometry"]):
                feature["geometry"] = None


def rows_of(
    pool: Pool, version: Version, query: Query, names: Sequence[str]
) -> tuple[list[tuple[int, Any, Sequence[Any]]], int]:
    """Return the number of each row, its place as GeoJSON and its cells, and how many rows there are in all.

    Long pages are asked for in pieces that the pool knows to answer.
    """
    shown = [Named(Call(Calc.ADD, (Call(Calc.ROW), Literal(1, Kind.INTEGER))), NUMBER)]
    places = [version.geometry] if version.geometry else list(version.point)
    marks = [PLACE] if version.geometry else [_X, _Y]
    shown += [Named(Field(n), mark) for n, mark in zip(places, marks, strict=True)]
    shown += [Named(Field(n), n) for n in names]
    out: list[tuple[int, Any, Sequence[Any]]] = []
    total, cursor, offset = 0, "", query.offset
    while len(out) < query.limit:
        size = min(asking.MAX_ROWS, query.limit - len(out))
        page = asking.run(
            pool,
            version,
            dataclasses.replace(
                query, shown=tuple(shown), limit=size, offset=offset, cursor=cursor, count=query.count and not out
            ),
        )
        if not out:
            total = page.total or 0
        for row in page.rows:
            cells = row[1 + len(marks) :]
            out.append((row[0], row[1] if version.geometry else _point(row[1], row[2]), cells))
        cursor, offset = page.cursor, 0
        if not cursor:
            break
    return out, total


def _point(x: Any, y: Any) -> dict[str, Any] | None:
    return None if x is None or y is None else {"type": "Point", "coordinates": [x, y]}


def numbered(numbers: Sequence[int]) -> Where:
    """Return the condition of the rows of some numbers, from 1."""
    return Holds(Call(Calc.ANY, (Call(Calc.ROW), *(Literal(n - 1, Kind.INTEGER) for n in numbers))))


# --- The question ---------------------------------------------------------------------------------


def conditions(asked: Asked, version: Version, columns: Mapping[str, Column]) -> Where | None:
    """Return all the conditions of a request. Raises: ParameterError and those of ``cql2``."""
    parts: list[Where] = []
    if asked.get("bbox"):
        crs = ogc_crs.read(asked.get("bbox-crs"), "bbox-crs") if asked.get("bbox-crs") else ogc_crs.CRS84
        parts.append(in_box(asked.get("bbox"), crs, version))
    elif asked.get("bbox-crs"):
        ogc_crs.read(asked.get("bbox-crs"), "bbox-crs")
    if asked.get("datetime"):
        parts += [w for w in (at_time(asked.get("datetime"), version),) if w is not None]
    if asked.get("filter"):
        crs = ogc_crs.read(asked.get("filter-crs"), "filter-crs") if asked.get("filter-crs") else ogc_crs.CRS84
        parts.append(cql2.read(asked.request.get("filter"), asked.get("filter-lang") or "cql2-text", version, crs))
    elif asked.get("filter-lang") not in ("", "cql2-text", "cql2-json"):
        raise ParameterError("« filter-lang » vaut cql2-text ou cql2-json.")
    for name, value in asked.request.query:
        if name in columns and name not in OURS:
            parts.append(Test(name, Op.EQ, value))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def in_box(text: str, crs: int, version: Version) -> Where:
    """Return the rows that meet a box said by four numbers, or by six with heights. Raises: InputError."""
    sides = sides_of(text)
    west, south, east, north = ogc_crs.checked_box(sides, crs)
    if crs in (ogc_crs.CRS84, 4326) and not version.geometry:
        return Box(west, south, east, north)  # the index of points answers
    return cql2.meets(version, ogc_crs.box_to_degrees(sides, crs))


def sides_of(text: str) -> list[float]:
    """Return the four sides of a box said by four numbers, or by six with heights. Raises: ParameterError."""
    parts = text.split(",")
    if len(parts) not in (4, 6) or not all(
        re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", p) for p in parts
    ):
        raise ParameterError("« bbox » attend quatre nombres séparés par des virgules, pas « {said} ».", said=text[:60])
    sides = [float(p) for p in parts]
    return [*sides[:2], *sides[3:5]] if len(sides) == 6 else sides


def at_time(text: str, version: Version) -> Where | None:
    """Return the rows of an instant or an interval, None when they have no time: all of them then. Raises: ParameterError."""
    low, high = interval_of(text)
    column = time_column(version)
    if column is None:
        return None
    held: Expression = Field(column.name)
    tests: list[Where] = [Test(column.name, Op.FILLED)]
    if low is not None:
        if column.kind is Kind.DATE and low.kind is Kind.DATETIME:  # a day holds its moments
            low = Literal(str(low.value)[:10], Kind.DATE)
        tests.append(Holds(Call(Calc.GE, (held, low))))
    if high is not None:
        if high.kind is Kind.DATE and column.kind is Kind.DATETIME:  # until the end of that day
            after = datetime.date.fromisoformat(str(high.value)) + datetime.timedelta(days=1)
            tests.append(Holds(Call(Calc.LT, (held, Literal(after.isoformat(), Kind.DATE)))))
        else:
            tests.append(Holds(Call(Calc.LE, (held, high))))
    return All(tuple(tests))


def interval_of(text: str) -> tuple[Literal | None, Literal | None]:
    """Return the two ends of an interval, or twice an instant; None for an end that is open. Raises: ParameterError."""
    first, cut, last = text.partition("/")
    ends = [_instant(first, text), _instant(last, text)] if cut else [_instant(first, text)] * 2
    if not cut and ends[0] is None:
        raise _no_time(text)
    if cut and ends[0] is None and ends[1] is None and ".." not in text:
        raise _no_time(text)
    low, high = ends
    if low is not None and high is not None and str(low.value)[: len(str(high.value))] > str(high.value):
        raise ParameterError("« datetime » : le début de « {said} » est après sa fin.", said=text[:60])
    return low, high


_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?", re.IGNORECASE)


def _instant(text: str, whole: str) -> Literal | None:
    if text in ("", ".."):
        return None
    try:
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        return Literal(*expressions.moment(text.upper()))
    except (ValueError, OverflowError) as error:
        raise _no_time(whole) from error


def _no_time(text: str) -> ParameterError:
    return ParameterError(
        "« datetime » attend une date (2026-03-01), un moment ou un intervalle (2026-01-01/..), pas « {said} ».",
        said=text[:60],
    )


def _orders(asked: Asked, columns: Mapping[str, Column]) -> tuple[Order, ...]:
    out = []
    for part in asked.get("sortby").split(",") if asked.get("sortby") else ():
        name = part.strip().lstrip("+-").strip()
        if name not in columns:
            raise _unknown(name, columns, "sortby")
        out.append(Order(name, part.strip().startswith("-")))
    if len({o.name for o in out}) < len(out) or len(out) > 10:
        raise ParameterError("« sortby » nomme deux fois une colonne, ou plus de dix.")
    return tuple(out)


def _properties(asked: Asked, columns: Mapping[str, Column]) -> list[Column]:
    if not asked.get("properties"):
        return list(columns.values())
    wanted = [n.strip() for n in asked.get("properties").split(",") if n.strip()]
    for name in wanted:
        if name not in columns:
            raise _unknown(name, columns, "properties")
    return [columns[n] for n in dict.fromkeys(wanted)]


def _unknown(name: str, columns: Mapping[str, Column], parameter: str) -> UnknownColumn:
    return asking.no_column(name, set(columns), parameter)
