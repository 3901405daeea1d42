"""Files that the engine writes line by line say what those written row by row say."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import Any

import pytest
import shapely
from tests.engine.test_ods import PARCELS, TREES, Client

from parvis.store import export, lines
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import Calc, Call, Field, Kind, Literal, Named, Op, Order, Query, Sort, Test

Test.__test__ = False  # type: ignore[attr-defined]  # a value of ours, not a test class
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
    for i in range(len(TEXTS) * 40):
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


def both(monkeypatch: Any, pool: Any, version: Any, query: Query, form: str, **options: Any) -> tuple[bytes, bytes]:
    given = options or None
    fast = b"".join(export.stream(pool, version, query, form, options=given))
    with monkeypatch.context() as apart:
        apart.setattr(lines, "able", lambda *_: False)
        slow = b"".join(export.stream(pool, version, query, form, options=given))
    return fast, slow


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
@pytest.mark.parametrize("form", lines.FORMATS)
def test_our_own_files_are_the_same(odd: Any, monkeypatch: Any, query: Query, form: str) -> None:
    pool, version = odd
    fast, slow = both(monkeypatch, pool, version, query, form)
    if form == "csv":
        assert numbers_alike(fast) == numbers_alike(slow)
    elif form == "jsonl":
        assert [json.loads(line) for line in fast.split(b"\n") if line] == [
            json.loads(line) for line in slow.split(b"\n") if line
        ]
    else:
        assert read(fast) == read(slow)


@pytest.mark.parametrize("query", [*QUERIES, *SHOWN])
@pytest.mark.parametrize("form", lines.FORMATS)
@pytest.mark.parametrize(
    "options", [{"delimiter": ";"}, {"delimiter": ",", "quote_all": True, "bom": True, "use_labels": True}]
)
def test_files_of_other_fashions_are_the_same(
    odd: Any, monkeypatch: Any, query: Query, form: str, options: dict[str, Any]
) -> None:
    pool, version = odd
    if form == "geojson" and query is SHOWN[1]:
        return  # groups that no place stands for
    fast, slow = both(monkeypatch, pool, version, query, form, **options)
    if form == "csv":
        assert numbers_alike(fast) == numbers_alike(slow)
    elif form == "jsonl":
        assert [json.loads(line) for line in fast.split(b"\n") if line] == [
            json.loads(line) for line in slow.split(b"\n") if line
        ]
    else:
        assert read(fast) == read(slow)


@pytest.mark.parametrize("form", lines.FORMATS)
@pytest.mark.parametrize("dataset", [TREES, PARCELS])
def test_files_of_shapes_and_places_are_the_same(
    town: Any, pool: Any, monkeypatch: Any, dataset: str, form: str
) -> None:
    get = Client(town, pool)
    fast = get.file(f"{dataset}/exports/{form}")
    monkeypatch.setattr(lines, "able", lambda *_: False)
    slow = get.file(f"{dataset}/exports/{form}")
    if form == "csv":
        assert fast == slow
    elif form == "jsonl":
        assert [json.loads(line) for line in fast.splitlines()] == [json.loads(line) for line in slow.splitlines()]
    else:
        assert read(fast) == read(slow)


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
