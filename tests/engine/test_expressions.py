"""Calculated questions: expressions, groups by them, orders by them, places; each against plain Python."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import statistics
from collections import defaultdict
from typing import Any

import pytest
import shapely

from parvis.errors import InputError, LimitError, ParvisError, UnknownColumn
from parvis.store import query as asking
from parvis.values import Calc, Call, Expression, Field, Holds, Kind, Literal, Named, Query, Sort, Where


def said(value: Any) -> Literal:
    kinds = {str: Kind.TEXT, bool: Kind.BOOLEAN, int: Kind.INTEGER, float: Kind.NUMBER}
    return Literal(value, None if value is None else kinds[type(value)])


def calc(what: Calc, *arguments: Any) -> Call:
    return Call(what, tuple(a if isinstance(a, Field | Literal | Call) else said(a) for a in arguments))


def shape(text: str) -> Literal:
    return Literal(shapely.to_wkb(shapely.from_wkt(text)).hex(), Kind.GEOMETRY)


HEIGHT, YEAR, SPECIES, PLANTED = Field("hauteur"), Field("annee"), Field("essence"), Field("plante_le")
PLACE = calc(Calc.POINT, Field("longitude"), Field("latitude"))


def ask(pool: Any, version: Any, *shown: tuple[str, Expression], **asked: Any) -> list[tuple[Any, ...]]:
    named = tuple(Named(e, n) for n, e in shown)
    page = asking.run(pool, version, Query(**{"limit": 1000, "shown": named, **asked}))
    assert [c.name for c in page.columns][-len(shown) :] == [n for n, _ in shown]
    return [tuple(r) for r in page.rows]


def test_calculated_columns_are_those_of_plain_python(town: Any, pool: Any) -> None:
    found = ask(
        pool,
        town.trees,
        ("double", calc(Calc.MULTIPLY, HEIGHT, 2)),
        ("quotient", calc(Calc.DIVIDE, YEAR, calc(Calc.SUBTRACT, YEAR, 1950))),
        ("an", calc(Calc.YEAR, PLANTED)),
        ("lettres", calc(Calc.LENGTH, SPECIES)),
        ("dit", calc(Calc.IFNULL, SPECIES, "inconnue")),
        ("jour", calc(Calc.FORMAT, PLANTED, "%d/%m/%Y")),
    )
    for row, (double, quotient, year, letters, told, day) in zip(town.rows, found, strict=True):
        assert double == (None if row["hauteur"] is None else pytest.approx(row["hauteur"] * 2))
        apart = None if row["annee"] is None else row["annee"] - 1950
        assert quotient == (pytest.approx(row["annee"] / apart) if apart else None)
        assert year == (row["plante_le"].year if row["plante_le"] else None)
        assert letters == (len(row["essence"]) if row["essence"] else None)
        assert told == (row["essence"] or "inconnue")
        assert day == (row["plante_le"].strftime("%d/%m/%Y") if row["plante_le"] else None)


def test_groups_by_an_expression_are_exact(town: Any, pool: Any) -> None:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in town.rows:
        groups[row["plante_le"].year if row["plante_le"] else None].append(row)
    found = ask(
        pool,
        town.trees,
        ("n", calc(Calc.COUNT)),
        ("essences", calc(Calc.COUNT_DISTINCT, SPECIES)),
        ("moyenne", calc(Calc.DIVIDE, calc(Calc.SUM, HEIGHT), calc(Calc.COUNT, HEIGHT))),
        ("milieu", calc(Calc.PERCENTILE, HEIGHT, 50)),
        by=(Named(calc(Calc.YEAR, PLANTED), "an"),),
    )
    assert len(found) == len(groups)
    assert found[-1][0] is None  # empty keys are a group, the last one
    for year, n, species, mean, middle in found:
        rows = groups[year]
        heights = [r["hauteur"] for r in rows if r["hauteur"] is not None]
        assert n == len(rows)
        assert species == len({r["essence"] for r in rows if r["essence"]})
        assert mean == pytest.approx(sum(heights) / len(heights))
        assert middle == pytest.approx(statistics.median(heights))


def test_groups_are_sorted_and_kept_by_what_was_calculated(town: Any, pool: Any) -> None:
    asked: dict[str, Any] = {
        "by": (Named(SPECIES, "essence"),),
        "sorts": (Sort("n", True), Sort(SPECIES)),
        "having": Holds(calc(Calc.GT, Field("n"), 60)),
    }
    found = ask(pool, town.trees, ("n", calc(Calc.COUNT)), **asked)
    counts: dict[Any, int] = defaultdict(int)
    for row in town.rows:
        counts[row["essence"]] += 1
    wanted = [(e, n) for e, n in counts.items() if n > 60]
    assert found == sorted(wanted, key=lambda x: (-x[1], x[0] is None, x[0]))


def test_rows_are_not_sorted_by_what_only_groups_have(town: Any, pool: Any) -> None:
    with pytest.raises(InputError, match="regroupement"):
        ask(pool, town.trees, ("h", HEIGHT), sorts=(Sort(calc(Calc.COUNT), False),))


def test_ranges_say_their_bounds(town: Any, pool: Any) -> None:
    bounds = (said(None), said(10), said(20.5), said(None))
    found = dict(
        ask(
            pool,
            town.trees,
            ("n", calc(Calc.COUNT)),
            by=(Named(calc(Calc.RANGE, HEIGHT, *bounds), "r"),),
        )
    )
    heights = [r["hauteur"] for r in town.rows if r["hauteur"] is not None]
    assert found["]*, 10["] == sum(h < 10 for h in heights)
    assert found["[10, 20.5["] == sum(10 <= h < 20.5 for h in heights)
    assert found["[20.5, *["] == sum(h >= 20.5 for h in heights)
    assert sum(found.values()) == len(town.rows)


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    (x1, y1), (x2, y2) = (tuple(map(math.radians, p)) for p in (a, b))
    half = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(half))


def test_distances_are_those_of_the_sphere(town: Any, pool: Any) -> None:
    here = (2.05, 48.05)
    near = Holds(calc(Calc.NEAR, PLACE, shape("POINT(2.05 48.05)"), 3000))
    found = ask(
        pool, town.trees, ("code", Field("code")), ("m", calc(Calc.DISTANCE, PLACE, shape("POINT(2.05 48.05)"))),
        where=near,
    )  # fmt: skip
    wanted = {
        r["code"]: far
        for r in town.rows
        if None not in (r["longitude"], r["latitude"])
        and (far := metres(here, (r["longitude"], r["latitude"]))) <= 3000
    }
    assert {c: pytest.approx(m) for c, m in found} == wanted


@pytest.mark.parametrize("relation", [Calc.INTERSECTS, Calc.WITHIN])
def test_places_in_a_shape_are_those_that_shapely_finds(town: Any, pool: Any, relation: Calc) -> None:
    text = "POLYGON((2.0 48.0, 2.13 48.0, 2.1 48.15, 2.0 48.1, 2.0 48.0))"
    area = shapely.from_wkt(text)
    test = shapely.intersects if relation is Calc.INTERSECTS else shapely.contains
    found = ask(pool, town.trees, ("code", Field("code")), where=Holds(calc(relation, PLACE, shape(text))))
    wanted = [
        (r["code"],)
        for r in town.rows
        if None not in (r["longitude"], r["latitude"]) and test(area, shapely.Point(r["longitude"], r["latitude"]))
    ]
    assert found == wanted
    assert wanted


def test_shapes_meet_shapes_and_tell_their_middle(town: Any, pool: Any) -> None:
    area = shape("POLYGON((2 42,4.1 42,4.1 45,2 45,2 42))")
    column = Field("geometry")
    found = ask(
        pool, town.parcels, ("p", Field("parcelle")), ("milieu", calc(Calc.CENTROID, column)),
        where=Holds(calc(Calc.INTERSECTS, column, area)),
    )  # fmt: skip
    assert found[:3] == [(f"P{i}", {"lon": i + 0.25, "lat": 40.25 + i}) for i in (2, 3, 4)]
    inside = ask(pool, town.parcels, ("p", Field("parcelle")), where=Holds(calc(Calc.WITHIN, column, area)))
    assert [p for p, *_ in inside] == ["P2", "P3"]
    (box,) = ask(pool, town.parcels, ("e", calc(Calc.ENVELOPE, column)))
    assert shapely.from_geojson(json.dumps(box[0])).bounds == (0.0, 40.0, 19.5, 59.5)


def test_clusters_hold_every_place_once(town: Any, pool: Any) -> None:
    found = ask(
        pool, town.trees, ("n", calc(Calc.COUNT)), by=(Named(calc(Calc.CLUSTER, PLACE, 11, 40), "c"),)
    )  # fmt: skip
    placed = [r for r in town.rows if None not in (r["longitude"], r["latitude"])]
    assert sum(n for c, n in found if c) == len(placed)
    assert all(2.0 <= c["lon"] <= 2.25 and 48.0 <= c["lat"] <= 48.2 for c, _ in found if c)


def test_words_nearly_right_are_found_and_the_last_may_be_unfinished(town: Any, pool: Any) -> None:
    def species(words: str, what: Calc = Calc.FUZZY) -> set[Any]:
        where = Holds(calc(what, words, SPECIES))
        return {e for (e,) in ask(pool, town.trees, ("e", SPECIES), where=where)}

    assert (
        species("pédonculé") == species("pedoncule") == species("pedonculee") == species("pedon") == {"Chêne pédonculé"}
    )
    assert species("chene pédoncxlé") == {"Chêne pédonculé"}
    assert species("petites", Calc.WORDS) == {"Tilleul à petites feuilles"}
    assert species("petite", Calc.WORDS) == set()


def test_a_draw_is_the_same_for_the_same_seed(town: Any, pool: Any) -> None:
    def drawn(seed: int) -> list[tuple[Any, ...]]:
        return ask(pool, town.trees, ("code", Field("code")), sample=20, seed=seed)

    assert drawn(1) == drawn(1) != drawn(2)
    assert len(set(drawn(1))) == 20
    order = (Sort(calc(Calc.RANDOM, 4)),)
    mixed = ask(pool, town.trees, ("code", Field("code")), sorts=order)
    assert sorted(mixed) == sorted((r["code"],) for r in town.rows) != mixed


def test_pages_of_a_calculated_order_miss_no_row(town: Any, pool: Any) -> None:
    query = Query(shown=(Named(Field("code"), "code"),), sorts=(Sort(calc(Calc.LENGTH, SPECIES), True),), limit=70)
    found: list[Any] = []
    while True:
        page = asking.run(pool, town.trees, query)
        found += [r[0] for r in page.rows]
        assert page.total == len(town.rows)
        if not page.cursor:
            break
        query = dataclasses.replace(query, cursor=page.cursor)
    assert sorted(found) == sorted(r["code"] for r in town.rows)


def test_a_moment_is_cut_in_the_zone_of_the_question(town: Any, pool: Any) -> None:
    releve = Field("releve")
    (utc,), (paris,) = (
        ask(
            pool, town.trees, ("h", calc(Calc.HOUR, releve)), where=Holds(calc(Calc.EQ, Field("code"), "00002")), zone=z
        )
        for z in ("", "Europe/Paris")
    )
    assert (utc, paris) == ((8,), (9,))
    with pytest.raises(InputError, match="fuseau"):
        ask(pool, town.trees, ("h", calc(Calc.HOUR, releve)), zone="'; SELECT 1 --")


# --- Hostile --------------------------------------------------------------------------------------

HOSTILE = [
    'x"); DROP TABLE t; --', '"{source}"', "{source}", "{row}", "' OR 1=1 --", "/etc/passwd", "read_text('/etc/passwd')",
    "$0 $1 $2", "\\", "\x00", "%s %d", "😀", "{0}",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_reader_writes_never_becomes_sql(town: Any, pool: Any, text: str) -> None:
    """As a name in the answer, a value, a pattern, a word, a format of date: the rows are the same or a fault is said."""
    rows = ask(pool, town.trees, (text, calc(Calc.LENGTH, SPECIES)), limit=3)
    assert len(rows) == 3
    for expression in (
        calc(Calc.EQ, SPECIES, text),
        calc(Calc.LIKE, SPECIES, text),
        calc(Calc.STARTS, SPECIES, text),
        calc(Calc.ANY, SPECIES, text, text),
    ):
        assert ask(pool, town.trees, ("e", SPECIES), where=Holds(expression)) == []
    ask(pool, town.trees, ("e", SPECIES), where=Holds(calc(Calc.FUZZY, text, SPECIES)))
    with contextlib.suppress(LimitError):  # letters that no date has
        ask(pool, town.trees, ("d", calc(Calc.FORMAT, PLANTED, text)), limit=2)
    found = ask(pool, town.trees, (text, calc(Calc.COUNT)), by=(Named(SPECIES, text + "2"),))
    assert sum(n for _, n in found) == len(town.rows)
    with pytest.raises(UnknownColumn):
        ask(pool, town.trees, ("e", Field(text)))


@pytest.mark.parametrize(
    "expression",
    [
        calc(Calc.MULTIPLY, SPECIES, 2),
        calc(Calc.EQ, YEAR, "douze"),
        calc(Calc.GT, SPECIES, YEAR),
        calc(Calc.SUM, SPECIES),
        calc(Calc.MAX, PLACE),
        calc(Calc.YEAR, SPECIES),
        calc(Calc.SUM, calc(Calc.SUM, HEIGHT)),
        calc(Calc.DISTANCE, PLACE, HEIGHT),
        calc(Calc.BUCKET, PLANTED, 1, "siècle"),
        calc(Calc.PERCENTILE, HEIGHT, 101),
        calc(Calc.CLUSTER, PLACE, 99, 40),
        shape("POINT(1 2)"),
        calc(Calc.RANGE, HEIGHT, 1),
    ],
)
def test_what_does_not_calculate_is_said(town: Any, pool: Any, expression: Expression) -> None:
    with pytest.raises(InputError) as error:
        ask(pool, town.trees, ("x", expression))
    assert error.value.text.endswith(".")


def test_a_deep_or_endless_expression_is_refused(town: Any, pool: Any) -> None:
    deep: Expression = HEIGHT
    for _ in range(60):
        deep = calc(Calc.ADD, deep, 1)
    with pytest.raises(LimitError):
        ask(pool, town.trees, ("x", deep))
    grown: Expression = YEAR
    for _ in range(30):
        grown = calc(Calc.MULTIPLY, grown, grown)
        if len(repr(grown)) > 200_000:
            break
    with pytest.raises(ParvisError):
        ask(pool, town.trees, ("x", grown))
    one: Where = Holds(calc(Calc.GT, YEAR, 1))
    assert ask(pool, town.trees, ("n", calc(Calc.COUNT)), where=one)[0][0] > 0  # the pool is still well
