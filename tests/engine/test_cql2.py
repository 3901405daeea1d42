"""CQL2 as clients write it, text and JSON, held against plain Python over the same rows."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from parvis.dialects import cql2
from parvis.errors import InputError, LimitError, ParvisError, UnknownColumn
from parvis.store import query as asking
from parvis.values import Query

Row = Mapping[str, Any]
Holds = Callable[[Row], Any]


def near(row: Row) -> bool:
    return row["longitude"] is not None and row["latitude"] is not None


def inside(row: Row, west: float, south: float, east: float, north: float) -> bool:
    return near(row) and west <= row["longitude"] <= east and south <= row["latitude"] <= north


# What is asked -> what plain Python says of a row; None is neither true nor false.
QUESTIONS: Mapping[str, Holds] = {
    "annee = 1950": lambda r: r["annee"] == 1950,
    "1950 = annee": lambda r: r["annee"] == 1950,
    "annee <> 1950": lambda r: r["annee"] is not None and r["annee"] != 1950,
    "2000 < annee": lambda r: r["annee"] is not None and r["annee"] > 2000,
    "NOT annee < 2000": lambda r: r["annee"] is not None and r["annee"] >= 2000,
    "essence = 'Châtaignier d''Inde'": lambda r: r["essence"] == "Châtaignier d'Inde",
    "\"essence\" IN ('CHARME', 'Érable champêtre')": lambda r: r["essence"] in ("CHARME", "Érable champêtre"),
    "essence NOT IN ('CHARME')": lambda r: r["essence"] is not None and r["essence"] != "CHARME",
    "hauteur BETWEEN 3 AND 4.5": lambda r: r["hauteur"] is not None and 3 <= r["hauteur"] <= 4.5,
    "hauteur NOT BETWEEN 3 AND 4.5": lambda r: r["hauteur"] is not None and not 3 <= r["hauteur"] <= 4.5,
    "hauteur IS NULL": lambda r: r["hauteur"] is None,
    "hauteur IS NOT NULL AND remarquable = true": lambda r: r["hauteur"] is not None and r["remarquable"],
    "remarquable": lambda r: r["remarquable"],
    "NOT remarquable": lambda r: r["remarquable"] is False,
    "essence LIKE '%pédon%'": lambda r: r["essence"] is not None and "pédon" in r["essence"],
    "essence LIKE '_HARM_'": lambda r: r["essence"] == "CHARME",
    "essence NOT LIKE 'C%'": lambda r: r["essence"] is not None and not r["essence"].startswith("C"),
    "CASEI(essence) LIKE CASEI('ch%')": lambda r: r["essence"] is not None and r["essence"].lower().startswith("ch"),
    "CASEI(essence) = casei('Charme')": lambda r: r["essence"] == "CHARME",
    "ACCENTI(essence) = ACCENTI('Erable champetre')": lambda r: r["essence"] == "Érable champêtre",
    "casei(accenti(essence)) IN (casei(accenti('erable Champetre')))": lambda r: r["essence"] == "Érable champêtre",
    "annee * 2 + 1 > 4000": lambda r: r["annee"] is not None and r["annee"] * 2 + 1 > 4000,
    "annee % 10 = 3": lambda r: r["annee"] is not None and r["annee"] % 10 == 3,
    "annee div 100 = 19": lambda r: r["annee"] is not None and r["annee"] // 100 == 19,
    "hauteur ^ 2 > 400": lambda r: r["hauteur"] is not None and r["hauteur"] ** 2 > 400,
    "longitude > latitude - 45.9": lambda r: near(r) and r["longitude"] > r["latitude"] - 45.9,
    "-hauteur < -20": lambda r: r["hauteur"] is not None and r["hauteur"] > 20,
    "(annee < 1910 OR annee > 2020) AND NOT (essence = 'CHARME')": lambda r: (
        r["annee"] is not None
        and not 1910 <= r["annee"] <= 2020
        and r["essence"] is not None
        and r["essence"] != "CHARME"
    ),
    "plante_le >= DATE('2015-06-01')": lambda r: r["plante_le"] is not None and r["plante_le"] >= dt.date(2015, 6, 1),
    "plante_le < '2003-01-01'": lambda r: r["plante_le"] is not None and r["plante_le"] < dt.date(2003, 1, 1),
    "releve > TIMESTAMP('2026-01-01T10:00:00+01:00')": lambda r: (
        r["releve"] is not None and r["releve"].isoformat() > "2026-01-01T09:00:00"
    ),
    "T_AFTER(plante_le, DATE('2020-01-01'))": lambda r: (
        r["plante_le"] is not None and r["plante_le"] > dt.date(2020, 1, 1)
    ),
    "T_BEFORE(plante_le, DATE('2001-01-01'))": lambda r: (
        r["plante_le"] is not None and r["plante_le"] < dt.date(2001, 1, 1)
    ),
    "T_DURING(plante_le, INTERVAL('2010-01-01', '2010-12-31'))": lambda r: (
        r["plante_le"] is not None and dt.date(2010, 1, 1) < r["plante_le"] < dt.date(2010, 12, 31)
    ),
    "T_INTERSECTS(plante_le, INTERVAL('2018-01-01', '..'))": lambda r: (
        r["plante_le"] is not None and r["plante_le"] >= dt.date(2018, 1, 1)
    ),
    "T_DISJOINT(plante_le, INTERVAL('..', '2018-01-01'))": lambda r: (
        r["plante_le"] is not None and r["plante_le"] > dt.date(2018, 1, 1)
    ),
    "S_INTERSECTS(geometry, BBOX(2.05, 48.05, 2.1, 48.1))": lambda r: inside(r, 2.05, 48.05, 2.1, 48.1),
    "S_INTERSECTS(geometry, POLYGON((2.05 48.05, 2.1 48.05, 2.1 48.1, 2.05 48.1, 2.05 48.05)))": lambda r: inside(
        r, 2.05, 48.05, 2.1, 48.1
    ),
    "S_DISJOINT(geometry, BBOX(2.05, 48.05, 2.1, 48.1))": lambda r: near(r) and not inside(r, 2.05, 48.05, 2.1, 48.1),
    "NOT S_INTERSECTS(geometry, BBOX(2.05, 48.05, 2.1, 48.1))": lambda r: (
        near(r) and not inside(r, 2.05, 48.05, 2.1, 48.1)
    ),
    "S_WITHIN(geometry, BBOX(2.051, 48.051, 2.109, 48.109))": lambda r: inside(r, 2.051, 48.051, 2.109, 48.109),
    "S_CONTAINS(BBOX(2.051, 48.051, 2.109, 48.109), geometry)": lambda r: inside(r, 2.051, 48.051, 2.109, 48.109),
    "S_EQUALS(geometry, POINT(2.24 48.01))": lambda r: inside(r, 2.24, 48.01, 2.24, 48.01),
    "geometry IS NULL": lambda r: not near(r),
    "true": lambda r: True,
    "NOT true": lambda r: False,
}


@pytest.fixture
def codes(town: Any, pool: Any) -> Callable[..., list[str]]:
    def found(text: str, language: str = "cql2-text", crs: int = 84) -> list[str]:
        where = cql2.read(text, language, town.trees, crs)
        page = asking.run(pool, town.trees, Query(select=("code",), where=where, limit=1000))
        return [row[0] for row in page.rows]

    return found


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_filter_finds_what_plain_python_finds(town: Any, codes: Callable[..., list[str]], question: str) -> None:
    expected = [row["code"] for row in town.rows if QUESTIONS[question](row)]
    assert codes(question) == expected
    if question not in ("true", "NOT true"):
        assert 0 < len(expected) < len(town.rows), "a question that tells nothing apart shows nothing"


@pytest.mark.parametrize(
    ("tree", "same"),
    [
        ({"op": "=", "args": [{"property": "annee"}, 1950]}, "annee = 1950"),
        ({"op": "not", "args": [{"op": "isNull", "args": [{"property": "hauteur"}]}]}, "hauteur IS NOT NULL"),
        ({"op": "between", "args": [{"property": "hauteur"}, 3, 4.5]}, "hauteur BETWEEN 3 AND 4.5"),
        ({"op": "in", "args": [{"property": "essence"}, ["CHARME"]]}, "essence IN ('CHARME')"),
        (
            {"op": "like", "args": [{"op": "casei", "args": [{"property": "essence"}]}, {"op": "casei", "args": ["ch%"]}]},
            "casei(essence) LIKE casei('ch%')",
        ),
        (
            {"op": "or", "args": [{"op": "<", "args": [{"property": "annee"}, 1910]}, {"property": "remarquable"}]},
            "annee < 1910 OR remarquable",
        ),
        (
            {"op": "t_during", "args": [{"property": "plante_le"}, {"interval": ["2010-01-01", "2010-12-31"]}]},
            "T_DURING(plante_le, INTERVAL('2010-01-01', '2010-12-31'))",
        ),
        (
            {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [2.05, 48.05, 2.1, 48.1]}]},
            "S_INTERSECTS(geometry, BBOX(2.05, 48.05, 2.1, 48.1))",
        ),
        (
            {
                "op": "s_within",
                "args": [
                    {"property": "geometry"},
                    {"type": "Polygon", "coordinates": [[[2, 48], [2.1, 48], [2.1, 48.1], [2, 48.1], [2, 48]]]},
                ],
            },
            "S_WITHIN(geometry, POLYGON((2 48, 2.1 48, 2.1 48.1, 2 48.1, 2 48)))",
        ),
        ({"op": ">", "args": [{"property": "plante_le"}, {"date": "2015-06-01"}]}, "plante_le > DATE('2015-06-01')"),
        ({"op": ">", "args": [{"op": "+", "args": [{"property": "annee"}, 1]}, 2000]}, "annee + 1 > 2000"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_json_says_the_same_as_text(codes: Callable[..., list[str]], tree: Any, same: str) -> None:
    found = codes(json.dumps(tree), "cql2-json")
    assert found and found == codes(same)


def test_shapes_are_read_in_the_system_of_the_filter(codes: Callable[..., list[str]]) -> None:
    import pyproj

    there = pyproj.Transformer.from_crs(4326, 2154, always_xy=True)
    ring = [(2.055, 48.055), (2.105, 48.055), (2.105, 48.105), (2.055, 48.105), (2.055, 48.055)]
    moved = ", ".join("{} {}".format(*there.transform(x, y)) for x, y in ring)
    flat = ", ".join(f"{x} {y}" for x, y in ring)
    turned = ", ".join(f"{y} {x}" for x, y in ring)
    strict = "S_INTERSECTS(geometry, POLYGON(({})))"
    wanted = set(codes(strict.format(flat)))
    assert set(codes(strict.format(turned), crs=4326)) == wanted
    assert wanted and set(codes(strict.format(moved), crs=2154)) == wanted
    assert set(codes("S_INTERSECTS(geometry, BBOX(48.055, 2.055, 48.105, 2.105))", crs=4326)) == wanted


def test_relations_of_areas_are_those_of_geometry(town: Any, pool: Any) -> None:
    def names(text: str) -> set[str]:
        where = cql2.read(text, "cql2-text", town.parcels, 84)
        page = asking.run(pool, town.parcels, Query(select=("parcelle",), where=where, limit=100))
        return {row[0] for row in page.rows}

    assert names("S_CONTAINS(geometry, POINT(3.25 43.25))") == {"P3"}
    assert names("S_TOUCHES(geometry, POINT(3.5 43.25))") == {"P3"}
    assert names("S_OVERLAPS(geometry, BBOX(3.25, 43.25, 4.2, 44.2))") == {"P3", "P4"}
    assert names("S_CROSSES(LINESTRING(2 43.25, 5 43.25), geometry)") == {"P3"}
    assert names("S_EQUALS(geometry, BBOX(3, 43, 3.5, 43.5))") == {"P3"}
    assert names("S_WITHIN(geometry, BBOX(2.9, 42.9, 4.6, 44.6))") == {"P3", "P4"}
    assert "vide" not in names("S_DISJOINT(geometry, BBOX(3, 43, 3.5, 43.5))")
    # An oblique line misses a parcel whose box it enters.
    assert names("S_INTERSECTS(geometry, LINESTRING(2.9 43.45, 3.05 43.6))") == set()


BROKEN = (
    "", " ", "annee =", "= 1950", "annee = 1950 AND", "(annee = 1950", "annee = 1950)", "annee LIKE 5", "annee LIKE '19%'",
    "annee", "annee IN ()", "annee IN 5", "essence LIKE 'a\\'", "annee BETWEEN 1", "annee BETWEEN 1 OR 2", "annee == 3",
    "T_AFTER(annee, DATE('2020-01-01'))", "T_AFTER(plante_le, DATE('hier'))", "T_AFTER(plante_le)", "DATE('2020-01-01')",
    "S_INTERSECTS(geometry, POINT(2))", "S_INTERSECTS(geometry, 5)", "S_INTERSECTS(geometry, geometry)",
    "S_INTERSECTS(essence, POINT(2 48))", "S_INTERSECTS(geometry, BBOX(1,2,3))", "S_INTERSECTS(geometry, BBOX(5,9,6,1))",
    "S_INTERSECTS(geometry, POINT(NaN 48))", "S_INTERSECTS(geometry, POLYGON((0 0, 1 1)))", "A_CONTAINS(essence, ('x'))",
    "read_csv('/etc/passwd') = 1", "annee = 'beau'", "plante_le > 5", "annee > '2020'; DROP TABLE x", "annee = 1 -- suite",
    "essence = \"quartier", "annee ! 5", "BBOX(1,2,3,4)", "NOT", "annee IS 5", "true = 'a' AND", "avg(annee) > 3",
    "S_INTERSECTS(geometry, POINT(1e999 48))", "1 = 2 = 3", "essence = U&'\\0041'",
)  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_filter_is_refused_in_words(codes: Callable[..., list[str]], text: str) -> None:
    with pytest.raises(InputError) as caught:
        codes(text)
    assert re.match(r"[«A-ZÀ-Ý]", caught.value.text)


BROKEN_TREES: tuple[Any, ...] = (
    None, [], {}, 5, "annee = 1", {"op": 5}, {"op": "=", "args": "annee"}, {"op": "=", "args": [1]}, {"op": "=", "args": []},
    {"op": "and", "args": [True]}, {"op": "in", "args": [{"property": "annee"}, 5]}, {"property": ["annee"]},
    {"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Polygon"}]},
    {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": ["a", 1, 2, 3]}]},
    {"op": "t_after", "args": [{"property": "plante_le"}, {"interval": [1, 2]}]},
    {"op": "=", "args": [{"property": "annee"}, {}]}, {"op": "=", "args": [{"property": "annee"}, None]},
    {"op": "=", "args": [{"property": "annee"}, float("nan")]},
    {"op": "like", "args": [{"property": "essence"}, {"op": "casei", "args": [5]}]},
    {"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": [float("nan"), 1]}]},
)  # fmt: skip


@pytest.mark.parametrize("tree", BROKEN_TREES, ids=lambda tree: json.dumps(tree)[:40])
def test_a_broken_tree_is_refused_in_words(codes: Callable[..., list[str]], tree: Any) -> None:
    with pytest.raises(InputError):
        codes(json.dumps(tree), "cql2-json")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3000 + "true" + ")" * 3000,
        "NOT " * 4000 + "true",
        "-" * 9000 + "1 = annee",
        "annee = " + "(" * 500 + "1" + ")" * 500,
        " OR ".join(["annee = 1"] * 1500),
        "annee IN (" + ",".join("1" * 1 for _ in range(1500)) + ")",
        "essence LIKE '" + "%a" * 50 + "'",
        "2^" * 3000 + "2 = annee",
        "essence = '" + "a" * 5000 + "'",
        "x" * 30_000,
    ],
    ids=["brackets", "nots", "minuses", "values", "crowd", "list", "pattern", "powers", "text", "long"],
)
def test_a_filter_without_end_stops_soon(codes: Callable[..., list[str]], text: str) -> None:
    with pytest.raises((LimitError, InputError)):
        codes(text)


def test_a_tree_without_end_stops_soon(codes: Callable[..., list[str]]) -> None:
    deep = '{"op":"not","args":[' * 700 + "true" + "]}" * 700
    with pytest.raises(ParvisError):
        codes(deep, "cql2-json")
    with pytest.raises(ParvisError):
        codes("[" * 9000, "cql2-json")


@pytest.mark.parametrize("name", ['essence" OR 1=1 --', "x; DROP TABLE t", "file_row_number", "{source}", "code\x00"])
def test_a_name_from_outside_never_becomes_sql(codes: Callable[..., list[str]], name: str) -> None:
    tree = {"op": "=", "args": [{"property": name}, 1]}
    with pytest.raises(UnknownColumn):
        codes(json.dumps(tree), "cql2-json")
