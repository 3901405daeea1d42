"""What a table is: statistics of every column in one pass, the meaning of each by its header and its cells."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow.parquet as pq

from parvis import france
from parvis.headers import plain
from parvis.plugins import found
from parvis.tables import engine
from parvis.tables.table import SHAPE, TIMES, RawTable
from parvis.tables.texts import EXACT
from parvis.tables.typed import Cells, relation_of, values_of
from parvis.tables.types import TypedColumn
from parvis.text import fold
from parvis.units import unit_of
from parvis.values import Column, Kind, Profile

ENOUGH = 0.5  # score from which a column has a meaning
_SAMPLE = 2000  # rows shown to the detectors
_FIRST = 25  # cells after which a hopeless detector is left
_AT_ONCE = 64  # facts asked in one pass: each distinct count keeps its own table in memory
_LISTED = 2_000  # rows up to which values are counted in a list
_SHOWN = 80  # characters of an example
_SURE = 0.85  # under it, the header « nom » alone does not make a surname
_BESIDE = frozenset({"first_name", "civility", "birth_date", "nir", "sex"})  # what goes with a surname
# Tables of trees and schools have ages, diagnoses and names of their own: nobody's, unless people stand there too.
_THINGS = frozenset({"plant_species", "uai"})
_OF_PEOPLE = frozenset({"age", "case_number", "health", "last_name"})
_TYPED: Mapping[str, Sequence[Kind]] = {
    "date": (Kind.DATE, Kind.DATETIME),
    "boolean": (Kind.BOOLEAN,),
}
_OF_UNITS = {"€": "amount", "k€": "amount", "%": "percentage"}  # what numbers in such a unit are, whatever their header
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_ORDERED = (*_NUMBERS, Kind.DATE, Kind.DATETIME, Kind.TIME)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SIGNS = re.compile(r"[^a-z0-9]+")


def profile(raw: RawTable, typed: Sequence[TypedColumn], cells: Path | Cells) -> Profile:
    """Return the profile of a table. ``cells`` is ``raw`` once typed, or the Parquet that ``tables.types.write`` made."""
    samples = _samples(raw, typed)
    statistics = _statistics(raw, typed, cells)
    meanings = _meanings(typed, samples)
    columns = tuple(
        _column(c, said, cells, statistics[c.name], raw.several.get(c.label, ""))
        for c, said, cells in zip(typed, meanings, samples, strict=True)
    )
    point = _point(columns)
    if raw.geometry:
        columns = (*columns, Column("geometry", "geometry", Kind.GEOMETRY, "geometry", filled=raw.rows))
    return Profile(
        format=raw.format,
        rows=raw.rows,
        columns=columns,
        table=raw.name,
        encoding=raw.encoding,
        separator=raw.separator,
        header_line=raw.header_line,
        titles=tuple(raw.titles),
        crs=raw.crs,
        bbox=_bounds_of_shapes(raw.path) if raw.geometry else _bounds_of_points(relation_of(cells), point),
        point=() if raw.geometry else point,
    )


def detectors() -> Mapping[str, ModuleType]:
    """Return every detector by the name of the meaning it gives."""
    return found("parvis.profiling.detectors", "detectors")


def meaning(label: str, cells: Sequence[str]) -> tuple[str, float]:
    """Return (meaning, score from 0 to 1) of a column from its header and its filled cells; ("", 0) when unknown."""
    distinct = list(dict.fromkeys(cells))[:_SAMPLE]
    if not distinct:
        return "", 0.0
    said, written_out = header_words(label), " ".join(plain(label))
    possible = []
    for order, (name, detector) in enumerate(detectors().items()):
        header = header_weight(said, detector.HEADERS)
        if detector.PERSONAL and written_out != said:  # no file may hide people behind « NOMRESP1 »
            header = max(header, header_weight(written_out, detector.HEADERS))
        if max(header, detector.ALONE) >= ENOUGH:
            possible.append((-max(header, detector.ALONE), order, name, detector))
    best = (0.0, 0, "")  # of two that are as sure, the first by name
    for most, order, name, detector in sorted(possible, key=lambda p: p[:2]):
        if most > best[0]:
            break  # the header tells so much of those before that no cells make these surer
        share = _share(detector, distinct)
        score = most if getattr(detector, "SOME", False) else most * share
        if share >= detector.TOLERANCE:
            best = min(best, (score, order, name))
    return (best[2], -best[0]) if -best[0] >= ENOUGH else ("", 0.0)


def header_words(label: str) -> str:
    """Return a header as the detectors write theirs: « nomBénéficiaire » gives « nom beneficiaire »."""
    return _SIGNS.sub(" ", fold(_CAMEL.sub(" ", label))).strip()


def header_weight(words: str, headers: Mapping[str, float]) -> float:
    """Return how much a header tells, 0..1: all of it, or less when it only holds the known words."""
    whole, parts = _prepared(headers)
    same = whole.get(words.replace(" ", ""))
    if same is not None:
        return same
    best, said = 0.0, f" {words} "
    for known, weight in parts:
        if known in said:
            best = max(best, (0.75 if words.startswith(known.strip()) else 0.7) * weight)
    return best


_PREPARED: dict[int, tuple[Mapping[str, float], dict[str, float], list[tuple[str, float]]]] = {}


def _prepared(headers: Mapping[str, float]) -> tuple[dict[str, float], list[tuple[str, float]]]:
    """Return the words of a detector joined, and between spaces those that may be a part of a header."""
    held = _PREPARED.get(id(headers))
    if held is None or held[0] is not headers:
        if len(_PREPARED) > 500:
            _PREPARED.clear()
        joined: dict[str, float] = {}
        for known, weight in headers.items():
            joined.setdefault(known.replace(" ", ""), weight)
        held = _PREPARED[id(headers)] = headers, joined, [(f" {k} ", w) for k, w in headers.items() if len(k) > 3]
    return held[1], held[2]


# --- Steps ----------------------------------------------------------------------------------------


def _share(detector: ModuleType, cells: Sequence[str]) -> float:
    first = sum(map(detector.holds, cells[:_FIRST]))
    tried = min(len(cells), _FIRST)
    if first < 0.5 * detector.TOLERANCE * tried or len(cells) <= _FIRST:
        return float(first / tried)
    return float((first + sum(map(detector.holds, cells[_FIRST:]))) / len(cells))


def _meanings(typed: Sequence[TypedColumn], samples: Sequence[Sequence[str]]) -> list[str]:
    """Return each column's meaning, its neighbours heard: « nom » is a surname beside a first name, else any name."""
    told = [_of_kind(c, *meaning(c.label, cells)) for c, cells in zip(typed, samples, strict=True)]
    names = {name for name, _ in told}
    people = bool(names & _BESIDE)
    of_things = not people and bool(names & _THINGS)
    return [
        "" if _of_nobody(name, score, cells, people=people, of_things=of_things) else name
        for (name, score), cells in zip(told, samples, strict=True)
    ]


def _of_kind(column: TypedColumn, name: str, score: float) -> tuple[str, float]:
    """Return the meaning, held against the type: dates that could not all be read are text, and are said to be mixed."""
    if name in _TYPED and column.kind not in _TYPED[name]:
        return "", 0.0
    unit = column.unit or (unit_of(column.label) if column.kind in _NUMBERS else "")
    return (_OF_UNITS[unit], ENOUGH) if not name and unit in _OF_UNITS else (name, score)


def _of_nobody(name: str, score: float, cells: Sequence[str], *, people: bool, of_things: bool) -> bool:
    """True when a meaning that speaks of people does not here: the age of a tree, the name of a school."""
    if name == "last_name" and score < _SURE and not people and not _surnames(cells):
        return True
    return of_things and name in _OF_PEOPLE


def _surnames(cells: Sequence[str]) -> bool:
    """True when most of these cells are surnames of the country and nothing else."""
    known = sum(all(france.surname_weight(w) > 0 for w in fold(c).replace("-", " ").split()) for c in cells)
    return known >= 0.6 * len(cells)


def _column(
    column: TypedColumn, name: str, cells: Sequence[str], told: Mapping[str, Any], separator: str = ""
) -> Column:
    personal = bool(name) and bool(detectors()[name].PERSONAL)
    shown = not personal
    return Column(
        name=column.name,
        label=column.label,
        kind=column.kind,
        meaning=name,
        unit=column.unit or (unit_of(column.label) if column.kind in _NUMBERS else ""),
        filled=told["filled"],
        distinct=min(told["distinct"], told["filled"]),
        minimum=_plain(told.get("minimum")) if shown else None,
        maximum=_plain(told.get("maximum")) if shown else None,
        mean=_finite(told.get("mean")) if shown else None,
        examples=tuple(c[:_SHOWN] for c in islice(dict.fromkeys(cells), 5)) if shown else (),
        separator=separator if column.kind is Kind.TEXT else "",
    )


def _samples(raw: RawTable, typed: Sequence[TypedColumn]) -> list[list[str]]:
    """Return filled cells of each column as they were written, from all along the table."""
    names = [c.source for c in typed]
    out: list[list[str]] = [[] for _ in names]
    if not names:
        return out
    with pq.ParquetFile(raw.path) as file:
        groups = file.num_row_groups
        picked = sorted({0, groups // 3, 2 * groups // 3, groups - 1} & set(range(groups)))
        each = max(_SAMPLE // max(len(picked), 1), 1)
        for group in picked:
            for batch in islice(file.iter_batches(batch_size=each, row_groups=[group], columns=names), 1):
                for i, column in enumerate(batch.columns):
                    out[i] += [c for c in (str(x).strip() for x in column.drop_null().to_pylist()) if c]
    sparse = [i for i, cells in enumerate(out) if len(cells) < 20 and typed[i].filled > len(cells)]
    if sparse:
        with _connect() as engine:
            for i in sparse:
                rows = engine.execute(
                    f"SELECT trim({names[i]}) FROM read_parquet(?) WHERE {names[i]} IS NOT NULL LIMIT 500",
                    [str(raw.path)],
                ).fetchall()
                out[i] = [r[0] for r in rows if r[0]]
    return out


def _statistics(raw: RawTable, typed: Sequence[TypedColumn], cells: Path | Cells) -> dict[str, dict[str, Any]]:
    """Return what each column's values say of it, where there are some, and one pass over the typed rows of the others."""
    values = values_of(cells)
    out: dict[str, dict[str, Any]] = {c.name: {} for c in typed}
    asked: list[tuple[str, str, str]] = []
    with _connect() as engine:
        for column in typed:
            quoted = '"' + column.name.replace('"', '""') + '"'
            if column.name in values:
                facts = _facts(column, quoted, f"count(*) FILTER ({quoted} IS NOT NULL)", TIMES)
                engine.register("values_of_column", values[column.name])
                told = engine.execute(f"SELECT {', '.join(facts.values())} FROM values_of_column").fetchall()[0]
                engine.unregister("values_of_column")
                out[column.name] = dict(zip(facts, told, strict=True))
                continue
            distinct = _distinct(quoted, raw.rows)
            facts = _facts(column, quoted, distinct)
            known = (
                cells.texts.counts(column.source) if isinstance(cells, Cells) and column.sql == column.source else None
            )
            if known is not None:
                out[column.name] = {"filled": known[0], "distinct": known[1]}
                continue
            asked += [(column.name, fact, sql) for fact, sql in facts.items()]
        for start in range(0, len(asked), _AT_ONCE):
            part = asked[start : start + _AT_ONCE]
            said = ", ".join(sql for _, _, sql in part)
            answer = engine.execute(f"SELECT {said} FROM {relation_of(cells)}").fetchall()[0]
            for (name, fact, _), value in zip(part, answer, strict=True):
                out[name][fact] = value
    return out


def _distinct(cell: str, rows: int) -> str:
    """Return the SQL of how many values a column has, an estimate in a large table."""
    if rows <= _LISTED:  # counting makes a table of two megabytes for each column
        return f"coalesce(list_unique(list({cell})), 0)"
    return f"count(DISTINCT {cell})" if rows <= EXACT else f"approx_count_distinct({cell})"


def _facts(column: TypedColumn, cell: str, distinct: str, times: str = "") -> dict[str, str]:
    """Return what is asked of a column: of its rows, or of its values when each comes so many ``times``."""
    filled = f"sum({times}) FILTER ({cell} IS NOT NULL)" if times else f"count({cell})"
    out = {"filled": f"CAST(coalesce({filled}, 0) AS BIGINT)", "distinct": distinct}
    if column.kind in _ORDERED:
        out |= {"minimum": f"min({cell})", "maximum": f"max({cell})"}
    if column.kind in _NUMBERS:
        out["mean"] = f"sum(CAST({cell} AS DOUBLE) * {times}) / {filled}" if times else f"avg({cell})"
    return out


def _point(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return (longitude column, latitude column) of a table that has exactly one such pair."""
    east = [c.name for c in columns if c.meaning == "longitude" and c.kind in _NUMBERS]
    north = [c.name for c in columns if c.meaning == "latitude" and c.kind in _NUMBERS]
    return (east[0], north[0]) if east and north else ()


def _bounds_of_points(rows: str, point: Sequence[str]) -> tuple[float, ...]:
    if not point:
        return ()
    x, y = (f'"{name}"' for name in point)
    with _connect() as engine:
        told = engine.execute(
            f"SELECT min({x}), min({y}), max({x}), max({y}) FROM {rows} "
            f"WHERE {x} BETWEEN -180 AND 180 AND {y} BETWEEN -90 AND 90 AND ({x} <> 0 OR {y} <> 0)"
        ).fetchall()[0]
    return () if None in told else tuple(round(float(v), 6) for v in told)


def _bounds_of_shapes(path: Path) -> tuple[float, ...]:
    import numpy as np
    import shapely

    found: list[Any] = []
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=4096, columns=[SHAPE]):
            shapes = shapely.from_wkb(batch.column(0).drop_null().to_pylist(), on_invalid="ignore")
            if len(shapes):
                found.append(shapely.total_bounds(shapes))
    boxes = [b for b in found if np.isfinite(b).all()]
    if not boxes:
        return ()
    every = np.array(boxes)
    west, south = every[:, :2].min(axis=0)
    east, north = every[:, 2:].max(axis=0)
    return tuple(round(float(v), 6) for v in (west, south, east, north))


def _plain(value: Any) -> Any:
    """Return a statistic as JSON can carry it."""
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return _finite(value) if isinstance(value, float) else value


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _connect() -> Any:
    return engine.connect()
