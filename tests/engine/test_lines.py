"""Files that the engine writes line by line say what plain Python writes of the rows of a page."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import json
import zoneinfo
from typing import Any

import numpy as np
import pytest
import shapely
from tests.engine import plain_files

from parvis.store import export
from parvis.store import query as asking
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import Calc, Call, Field, Kind, Literal, Named, Op, Order, Query, Sort, Test, Version

Test.__test__ = False  # type: ignore[attr-defined]  # a value of ours, not a test class
FORMS = ("csv", "json", "jsonl", "geojson")
KINDS = {
    "texte": Kind.TEXT, "n": Kind.INTEGER, "x": Kind.NUMBER, "vrai": Kind.BOOLEAN, "jour": Kind.DATE, "quand": Kind.DATETIME,
    "heure": Kind.TIME, "lon": Kind.NUMBER, "lat": Kind.NUMBER,
}  # fmt: skip
TEXTS = [
    "", "simple", 'guillemet "', "point;virgule", "virgule,", "ligne\nligne", "retour\r", "=SOMME(A1)", "+33 1 02", "-12,5", "@x",
    "\ttab", "＝plein", "éàü", "😀", "\\", "{}", "a|b", "'", "null", "-", "+", "\u2028", "\x07", "1 200,50", "=", None,
]  # fmt: skip


def rows() -> list[dict[str, Any]]:
    out = []
    for i in range(len(TEXTS) * 30):
        empty = i % 13 == 0
        out.append(
            {
                "texte": TEXTS[i % len(TEXTS)],
                "n": None if empty else (i * 7919 - 4000) * (10**9 if i % 5 == 0 else 1),
                "x": None if empty else [0.1, -2.0, 1e15, 1 / 3, float("nan"), 12.5, 1e-7, float("inf")][i % 8],
                "vrai": [True, False, None][i % 3],
                "jour": None if i % 7 == 0 else dt.date(1900 + i % 150, 1 + i % 12, 1 + i % 28),
                "quand": None if i % 7 == 1 else dt.datetime(2026, 1, 1, i % 24, i % 60, i % 60, (i % 2) * 250_000),  # noqa: DTZ001
                "heure": None if i % 7 == 2 else dt.time(i % 24, i % 60),
                "lon": None if i % 11 == 0 else i / 100,
                "lat": None if i % 11 == 1 else 48 + i / 1000,
            }
        )
    return out


@pytest.fixture(scope="module")
def odd(tmp_path_factory: Any, making: Any) -> Any:
    work = tmp_path_factory.mktemp("lines")
    folder = Folder(work / "data")
    version = making.put(
        folder, making.protected(work / "t.parquet", KINDS, rows()), "aaaaaaaaaaaa", point=("lon", "lat")
    )
    pool = Pool(folder, workers=1)
    yield pool, version
    pool.close()


def told(pool: Any, version: Version, query: Query, foreign: bool) -> tuple[list[dict[str, Any]], dict[str, Kind]]:
    """Return the rows of a page of the question, as a file has them, and the kinds of their columns."""
    page = asking.run(pool, version, dataclasses.replace(query, limit=asking.MAX_ROWS))
    kinds = {c.name: c.kind for c in page.columns}
    names = list(kinds)
    moments = [n for n, k in kinds.items() if k is Kind.DATETIME] if foreign else []
    rows = [dict(zip(names, row, strict=True)) for row in page.rows]
    return [{n: f"{v}+00:00" if n in moments and v else v for n, v in row.items()} for row in rows], kinds


def file(pool: Any, version: Version, query: Query, form: str, **options: Any) -> bytes:
    return b"".join(export.stream(pool, version, query, form, options=options or None))


QUERIES = [
    Query(),
    Query(select=("texte", "x", "quand")),
    Query(where=Test("n", Op.GT, 0), order=(Order("x", True), Order("texte"))),
    Query(where=Test("texte", Op.EQ, "nulle part")),
]
PLACE = Call(Calc.POINT, (Field("lon"), Field("lat")))
SHOWN = [
    Query(shown=(Named(PLACE, "geo"), Named(Field("texte"), 'nom "{source}";'), Named(Call(Calc.YEAR, (Field("jour"),)), "an"))),
    Query(
        by=(Named(Field("vrai"), "v"),),
        shown=(Named(Call(Calc.COUNT), "n"), Named(Call(Calc.SUM, (Field("n"),)), "s"),
               Named(Call(Calc.ENVELOPE, (PLACE,)), "e")),
        sorts=(Sort("n", True),),
    ),
    Query(by=(Named(Call(Calc.CLUSTER, (PLACE, Literal(6, Kind.INTEGER), Literal(40, Kind.INTEGER))), "c"),),
          shown=(Named(Call(Calc.COUNT), "n"),)),
    Query(shown=(Named(PLACE, "geo"), Named(Field("x"), "x")), sorts=(Sort("x", True),)),
]  # fmt: skip


def read(text: bytes) -> Any:
    """Return JSON; a number that is none is nothing, as it must be written."""
    return json.loads(text, parse_constant=lambda _: None)


def numbers_alike(text: bytes) -> list[list[str]]:
    """Return the cells of a CSV; a number as its value, since 1e+15 and 1000000000000000 are one."""

    def cell(value: str) -> str:
        try:
            return repr(float(value))
        except ValueError:
            return value

    table = csv.reader(
        io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=";" if b";" in text.split(b"\r\n")[0] else ","
    )
    return [[cell(c) for c in row] for row in table]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("form", FORMS)
def test_our_own_files_say_what_pages_say(odd: Any, query: Query, form: str) -> None:
    pool, version = odd
    found = file(pool, version, query, form)
    if form == "geojson" and query.select:
        query = dataclasses.replace(query, select=(*query.select, "lon", "lat"))
    rows, kinds = told(pool, version, query, foreign=False)
    if form == "csv":
        heads = list(kinds)
        assert numbers_alike(found) == numbers_alike(plain_files.csv(rows, heads, kinds, ",", every=False).encode())
    elif form == "jsonl":
        assert [json.loads(line) for line in found.split(b"\n") if line] == rows
    elif form == "geojson":
        assert read(found)["features"] == plain_files.features(rows, point, lambda _: True)
    else:
        assert read(found) == rows


@pytest.mark.parametrize("query", [*QUERIES, *SHOWN])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "options", [{"delimiter": ";"}, {"delimiter": ",", "quote_all": True, "bom": True, "use_labels": True}]
)
def test_files_of_other_fashions_say_what_pages_say(odd: Any, query: Query, form: str, options: dict[str, Any]) -> None:
    pool, version = odd
    if form == "geojson" and query is SHOWN[1]:
        return  # groups that no place stands for
    found = file(pool, version, query, form, **options)
    rows, kinds = told(pool, version, query, foreign=True)
    if form == "csv":
        labels = {c.name: c.label for c in asking.run(pool, version, query).columns}
        heads = [labels.get(n, n) if options.get("use_labels") else n for n in kinds]
        every = bool(options.get("quote_all"))
        wanted = plain_files.csv(rows, heads, kinds, options["delimiter"], every=every)
        assert numbers_alike(found) == numbers_alike(wanted.encode())
        assert found.startswith(b"\xef\xbb\xbf") is bool(options.get("bom"))
    elif form == "jsonl":
        assert [json.loads(line) for line in found.split(b"\n") if line] == plain_files.objects(rows)
    elif form == "geojson":
        places = [n for n, k in kinds.items() if k is Kind.GEOMETRY]
        kept = [n for n in kinds if n not in places or n in ("geo", "c")]
        features = read(found)["features"]
        assert [f["properties"] for f in features] == [{n: r[n] for n in kept} for r in rows]
        if query in QUERIES and not query.select:
            assert [f["geometry"] for f in features] == [point(r) for r in rows]
    else:
        assert read(found) == plain_files.objects(rows)


def point(row: Any) -> Any:
    at = [row["lon"], row["lat"]]
    return None if None in at else {"type": "Point", "coordinates": at}


def test_moments_are_told_in_the_zone_that_was_asked(odd: Any) -> None:
    pool, version = odd
    zone = zoneinfo.ZoneInfo("Europe/Paris")
    found = read(file(pool, version, Query(select=("quand",)), "json", zone="Europe/Paris"))
    true = [r["quand"] and r["quand"].replace(tzinfo=dt.UTC).astimezone(zone).isoformat() for r in rows()]
    assert [r["quand"] for r in found] == true
    lines = file(pool, version, Query(select=("quand",)), "csv", zone="America/St_Johns").decode().split("\r\n")[1:-1]
    away = zoneinfo.ZoneInfo("America/St_Johns")
    assert lines == [
        r["quand"].replace(tzinfo=dt.UTC).astimezone(away).isoformat() if r["quand"] else "" for r in rows()
    ]


def test_shapes_are_moved_to_the_system_that_was_asked(town: Any, pool: Any) -> None:
    import pyproj

    move = pyproj.Transformer.from_crs(4326, 2154, always_xy=True)
    found = read(file(pool, town.parcels, Query(), "geojson", epsg=2154))
    plain = read(file(pool, town.parcels, Query(), "geojson"))
    assert found["crs"]["properties"]["name"].endswith("EPSG::2154")
    for there, here in zip(found["features"], plain["features"], strict=True):
        if here["geometry"] is None:
            assert there["geometry"] is None
            continue
        places, true = (shapely.get_coordinates(shapely.from_geojson(json.dumps(f["geometry"]))) for f in (there, here))
        assert places == pytest.approx(np.column_stack(move.transform(*true.T)), abs=0.002)


def test_rows_keep_their_order_to_the_last(odd: Any) -> None:
    pool, version = odd
    query = Query(select=("n",), order=(Order("n", True),))
    body = b"".join(export.stream(pool, version, query, "jsonl"))
    found = [json.loads(line)["n"] for line in body.splitlines()]
    filled = [n for n in found if n is not None]
    assert filled == sorted((r["n"] for r in rows() if r["n"] is not None), reverse=True)
    assert found == filled + [None] * (len(found) - len(filled))


def test_a_shape_in_a_table_of_shapes_stays_one(town: Any, pool: Any) -> None:
    body = b"".join(export.stream(pool, town.parcels, Query(), "geojson"))
    features = json.loads(body)["features"]
    assert shapely.from_geojson(json.dumps(features[3]["geometry"])).equals(shapely.box(3, 43, 3.5, 43.5))
    assert set(features[3]["properties"]) == {"parcelle", "surface"}
