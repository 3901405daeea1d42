"""Questions over a version: every operator against plain Python, pages that miss no row, and hostile readers."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import time
import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parvis.errors import InputError, LimitError, ParvisError, UnknownColumn
from parvis.store import query as asking
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import (
    Aggregate,
    All,
    Box,
    Function,
    Kind,
    Not,
    Op,
    Order,
    Query,
    Search,
    Some,
    Test,
    Where,
)  # fmt: skip

Test.__test__ = False  # type: ignore[attr-defined]  # a value of ours, not a test class


def ask(pool: Any, version: Any, **asked: Any) -> Any:
    return asking.run(pool, version, Query(**{"limit": 1000, **asked}))


def codes(pool: Any, version: Any, where: Where | None, **asked: Any) -> list[str]:
    return [r[0] for r in ask(pool, version, select=("code",), where=where, **asked).rows]


# --- Against a reference --------------------------------------------------------------------------


def folded(value: Any) -> str:
    plain = unicodedata.normalize("NFD", str(value).lower())
    return "".join(c for c in plain if not unicodedata.combining(c))


def true(row: dict[str, Any], where: Where) -> bool:
    """What the condition says of a row, in plain Python."""
    if isinstance(where, All):
        return all(true(row, p) for p in where.parts)
    if isinstance(where, Some):
        return any(true(row, p) for p in where.parts)
    if isinstance(where, Not):
        return not true(row, where.part)
    if isinstance(where, Search):
        line = " ".join(folded(row[n]) for n in ("code", "essence", "quartier") if row[n] is not None)
        return all(word in line for word in folded(where.words).split())
    if isinstance(where, Box):
        lon, lat = row["longitude"], row["latitude"]
        return None not in (lon, lat) and where.west <= lon <= where.east and where.south <= lat <= where.north
    cell, value = row[where.column], where.value
    if where.op is Op.NULL:
        return cell is None
    if where.op is Op.FILLED:
        return cell is not None
    if cell is None:
        return False
    if where.op is Op.CONTAINS:
        return folded(value) in folded(cell)
    if where.op is Op.STARTS:
        return folded(cell).startswith(folded(value))
    if where.op is Op.IN:
        return cell in value
    return bool(
        {
            Op.EQ: lambda: cell == value, Op.NE: lambda: cell != value, Op.LT: lambda: cell < value,
            Op.LE: lambda: cell <= value, Op.GT: lambda: cell > value, Op.GE: lambda: cell >= value,
        }[where.op]()
    )  # fmt: skip


HEAD = Test("code", Op.LT, "00500")  # the same rows, at the head of the indexed table
LISTED = Test("code", Op.IN, tuple(f"{i:05d}" for i in range(500)))  # the same, which the side index lists
HEADS = (HEAD, LISTED, Not(Not(LISTED)))  # asked of the object, of listed rows, of all rows marked
TEXTS = [
    "00012",
    "Centre",
    "centre",
    "CHARME",
    "Érable champêtre",
    "é",
    "l'étang",
    "",
    "zz",
    "' OR 1=1 --",
    "%",
    "_",
    "\\",
    '"',
]
VALUES: dict[str, list[Any]] = {
    "code": TEXTS,
    "essence": TEXTS,
    "quartier": TEXTS,
    "annee": [1900, 1950, 2029, -1],
    "hauteur": [0.0, 10.4, 29.9, 1e300],
    "remarquable": [True, False],
    "plante_le": [dt.date(2000, 1, 1), dt.date(2010, 6, 1), dt.date(2024, 8, 20)],
    "releve": [dt.datetime(2026, 1, 1, 8, 30), dt.datetime(2026, 1, 1, 9, 0)],  # noqa: DTZ001  cells have no zone
    "ronde": [dt.time(8, 0), dt.time(12, 34)],
}
COMPARISONS = [Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE]


@st.composite
def conditions(draw: Any) -> Where:
    column = draw(st.sampled_from(sorted(VALUES)))
    values = VALUES[column]
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return Test(column, draw(st.sampled_from([Op.NULL, Op.FILLED])))
    if kind == 1:
        return Test(column, Op.IN, tuple(draw(st.lists(st.sampled_from(values), max_size=4))))
    if kind == 2 and isinstance(values[0], str):
        return Test(column, draw(st.sampled_from([Op.CONTAINS, Op.STARTS])), draw(st.sampled_from(values)))
    return Test(column, draw(st.sampled_from(COMPARISONS)), draw(st.sampled_from(values)))


wheres = st.recursive(
    st.one_of(
        conditions(),
        st.sampled_from(["erable", "CENTRE 0001", "", "introuvable", "l'etang"]).map(Search),
        st.sampled_from([Box(2.0, 48.0, 2.1, 48.1), Box(2.05, 48.05, 2.05, 48.05), Box(9, 9, 9, 9)]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda p: All(tuple(p))),
        st.lists(inner, max_size=3).map(lambda p: Some(tuple(p))),
        inner.map(Not),
    ),
    max_leaves=6,
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=wheres)
def test_any_condition_keeps_the_rows_that_plain_python_keeps(town: Any, pool: Any, where: Where) -> None:
    wanted = [r["code"] for r in town.rows if true(r, where)]
    page = ask(pool, town.trees, select=("code",), where=where)
    assert [r[0] for r in page.rows] == wanted
    assert page.total == len(wanted)
    for head in HEADS:
        page = ask(pool, town.indexed, select=("code",), where=All((head, where)))
        assert [r[0] for r in page.rows] == wanted
        assert page.total == len(wanted)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=wheres)
def test_a_side_index_and_its_object_agree_on_the_whole_table(town: Any, pool: Any, where: Where) -> None:
    asked = Query(where=where, limit=50, offset=3)
    found = asking.run(pool, town.indexed, asked)
    statement = dataclasses.replace(asking.compile_query(town.indexed, asked), lookup=None, numbers=None)
    told, body = pool.ask(
        {
            "object": town.indexed.object, "sql": statement.sql, "parameters": list(statement.parameters),
            "total": statement.total, "total_parameters": list(statement.total_parameters), "geometry": [], "names": [],
            "limit": 50, "keys": statement.cursor, "seen": 3,
        }
    )  # fmt: skip
    assert [list(r) for r in found.rows] == json.loads(body)
    assert found.total == told.get("total", town.indexed.rows)


@pytest.mark.parametrize("op", list(Op))
@pytest.mark.parametrize("column", sorted(VALUES))
def test_every_operator_on_every_type_is_the_same_with_and_without_an_index(
    town: Any, pool: Any, op: Op, column: str
) -> None:
    for value in VALUES[column][:2]:
        test = Test(column, op, (value,) if op is Op.IN else value)
        if op in (Op.CONTAINS, Op.STARTS) and not isinstance(value, str):
            continue
        wanted = [r["code"] for r in town.rows if true(r, test)]
        assert codes(pool, town.trees, test) == wanted
        assert all(codes(pool, town.indexed, All((head, test))) == wanted for head in HEADS)
        assert codes(pool, town.indexed, All((HEAD, test)), count=False) == wanted
        assert codes(pool, town.indexed, All((HEAD, test)), offset=7) == wanted[7:]


LOOKUPS: dict[str, list[Any]] = {
    "code": [f"{i:05d}" for i in range(0, 500, 7)] + ["'", "", "rien"],
    "essence": VALUES["essence"],
    "annee": [1900, 1950, 2029, "1950", 1950.5],
    "plante_le": [dt.date(2000, 1, 1), "2010-06-01"],
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.lists(st.sampled_from(sorted(LOOKUPS)).flatmap(
        lambda c: st.lists(st.sampled_from(LOOKUPS[c]), min_size=1, max_size=9).map(lambda v: Test(c, Op.IN, tuple(v)))
    ), max_size=3),
    limit=st.integers(1, 40), offset=st.integers(0, 5), select=st.lists(st.sampled_from(sorted(VALUES)), max_size=4),
)  # fmt: skip
def test_a_side_index_gives_the_rows_that_the_object_gives(
    town: Any, pool: Any, asked: list[Where], limit: int, offset: int, select: list[str]
) -> None:
    first = All((*asked, Test("code", Op.IN, tuple(f"{i:05d}" for i in range(500)))))
    question: dict[str, Any] = {
        "where": first,
        "limit": limit,
        "offset": offset,
        "select": tuple(dict.fromkeys(select)),
    }
    assert asking.compile_query(town.indexed, Query(**question)).lookup is not None
    assert asking.compile_query(town.trees, Query(**question)).lookup is None
    found, wanted = ask(pool, town.indexed, **question), ask(pool, town.trees, **question)
    assert (found.rows, found.total) == (wanted.rows, wanted.total)
    if found.cursor:
        again = dict(question, offset=0)
        more = ask(pool, town.indexed, cursor=found.cursor, **again)
        rest = ask(pool, town.trees, cursor=wanted.cursor, **again)
        assert (more.rows, more.total) == (rest.rows, rest.total)


def test_a_side_index_is_asked_what_it_can_answer(town: Any) -> None:
    def used(**asked: Any) -> bool:
        return asking.compile_query(town.indexed, Query(**asked)).lookup is not None

    one = Test("code", Op.EQ, "00012")
    assert used(where=one)
    assert used()
    assert used(where=All((one, Test("annee", Op.EQ, 1950))))
    assert used(where=Test("essence", Op.EQ, "CHARME"))
    assert used(where=Some((one, Not(Search("charme")))))
    assert used(where=All((one, Test("annee", Op.GT, 1950), Box(0, 40, 5, 50))))
    assert not used(where=Test("code", Op.GT, "00012"))  # texts lie as JSON writes them
    assert not used(where=Test("annee", Op.CONTAINS, "19"))
    assert used(where=one, order=(Order("annee"),))
    assert not used(where=one, order=(Order("annee"), Order("hauteur")))
    assert not used(where=one, order=(Order("essence"),))


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", ["annee", "hauteur", "plante_le", "releve", "ronde"])
def test_a_side_index_sorts_as_its_object_does(town: Any, pool: Any, column: str, descending: bool) -> None:
    wheres = (
        None,
        LISTED,
        Test("annee", Op.GE, 1950),
        Test(column, Op.NULL),
        Test(column, Op.FILLED),
        Search("charme"),
    )
    for where in wheres:
        for offset, limit in ((0, 20), (7, 300), (490, 1000)):
            asked = Query(where=where, order=(Order(column, descending),), limit=limit, offset=offset)
            statement = asking.compile_query(town.indexed, asked)
            question = {"object": town.indexed.object, "limit": limit, "names": []}
            brief, rows = pool.ask({**question, "lookup": statement.lookup, "tally": None})
            assert "absent" not in brief
            told, body = pool.ask(
                {
                    **question,
                    "sql": statement.sql,
                    "parameters": list(statement.parameters),
                    "total": statement.total,
                    "total_parameters": list(statement.total_parameters),
                    "geometry": [],
                    "keys": statement.cursor,
                    "seen": offset,
                }
            )
            assert json.loads(rows) == json.loads(body)
            assert brief["total"] == told.get("total", town.indexed.rows)
            assert (brief["more"], brief.get("last")) == (told["more"], told.get("last"))


def test_a_worker_long_at_work_has_all_its_time_for_each_question(town: Any) -> None:
    own = Pool(town.folder, workers=1, seconds=0.4)
    late = Test("essence", Op.CONTAINS, "charme")
    try:
        for turn in range(60):
            ask(own, town.indexed, where=Test("code", Op.GE, f"{turn:05d}"), limit=1000, count=False)
            if turn == 30:
                time.sleep(0.5)
            assert ask(own, town.indexed, where=late, limit=1000, offset=turn).rows
    finally:
        own.close()


def test_a_side_index_keeps_places_and_booleans(tmp_path: Any, making: Any, monkeypatch: Any) -> None:
    import shapely

    from parvis.store import index

    monkeypatch.setattr(index, "WORTH", 1)
    points = [shapely.to_wkb(shapely.Point(i, 1)) if i % 3 else None for i in range(600)]
    rows = [
        {"nom": f"N{i}", "ouvert": None if i % 5 == 0 else i % 2 == 0, "geometry": point}
        for i, point in enumerate(points)
    ]
    kinds = {"nom": Kind.TEXT, "ouvert": Kind.BOOLEAN, "geometry": Kind.GEOMETRY}
    folder = Folder(tmp_path / "data")
    version = making.put(folder, making.protected(tmp_path / "t.parquet", kinds, rows), "dddddddddddd")
    own = Pool(folder, workers=1)
    try:
        before = ask(own, version, limit=600).rows
        assert index.build(folder, version)
        assert ask(own, version, limit=600).rows == before  # the same worker finds the index made since
        assert ask(own, version, where=Test("nom", Op.EQ, "N7")).rows == (before[7],)
        assert before[7][2] == {"type": "Point", "coordinates": [7.0, 1.0]}
    finally:
        own.close()


# --- Pages ----------------------------------------------------------------------------------------


def walk(pool: Any, version: Any, size: int, **asked: Any) -> list[tuple[Any, ...]]:
    found, cursor = [], ""
    for _ in range(2000):
        page = ask(pool, version, limit=size, cursor=cursor, count=False, **asked)
        found += list(page.rows)
        cursor = page.cursor
        if not cursor:
            return found
    raise AssertionError("endless walk")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.lists(st.tuples(st.sampled_from([c for c in VALUES if c != "code"]), st.booleans()), max_size=3),
    size=st.integers(37, 300),
    where=st.one_of(st.none(), wheres),
)
def test_a_walk_by_cursor_sees_each_row_once_in_the_order_asked(
    town: Any, pool: Any, order: list[tuple[str, bool]], size: int, where: Where | None
) -> None:
    orders = tuple(Order(n, d) for n, d in order)
    seen = [r[0] for r in walk(pool, town.trees, size, select=("code",), order=orders, where=where)]
    assert seen == expected_order(town.rows, where, order)
    head = All((HEAD, where)) if where else HEAD
    assert [r[0] for r in walk(pool, town.indexed, size, select=("code",), order=orders, where=head)] == seen


def expected_order(rows: list[dict[str, Any]], where: Where | None, order: list[tuple[str, bool]]) -> list[str]:
    """The codes sorted in plain Python: stable, last key first, empty cells last whatever the direction."""
    kept = [r for r in rows if where is None or true(r, where)]
    for name, descending in reversed(order):
        filled = [r for r in kept if r[name] is not None]
        empty = [r for r in kept if r[name] is None]
        filled.sort(key=lambda r: r[name], reverse=descending)
        kept = filled + empty
    return [r["code"] for r in kept]


def test_rows_without_an_order_come_as_they_lie_on_the_shelf_with_or_without_an_index(town: Any, pool: Any) -> None:
    assert codes(pool, town.trees, None) == [r["code"] for r in town.rows]
    wanted = [f"{i:05d}" for i in range(25_000)]
    assert [r[0] for r in walk(pool, town.indexed, 1000, select=("code",))] == wanted
    some = Test("essence", Op.EQ, "CHARME")
    seen = [r[0] for r in walk(pool, town.indexed, 700, select=("code",), where=some)]
    assert seen == sorted(seen)
    assert len(seen) == ask(pool, town.indexed, where=some, limit=0).total
    few = Test("code", Op.IN, tuple(f"{i:05d}" for i in range(24_000, 10_000, -97)))  # by the index, asked backwards
    assert codes(pool, town.indexed, few) == sorted(few.value)


def test_a_walk_sorted_by_a_text_too_long_to_travel_goes_on_all_the_same(tmp_path: Any, making: Any) -> None:
    rows = [{"n": i, "texte": f"{'x' * 2000}{i % 7}"} for i in range(50)]
    safe = making.protected(tmp_path / "t.parquet", {"n": Kind.INTEGER, "texte": Kind.TEXT}, rows)
    folder = Folder(tmp_path / "data")
    version = making.put(folder, safe, "dddddddddddd")
    own = Pool(folder, workers=1)
    try:
        seen = [r[0] for r in walk(own, version, 8, select=("n",), order=(Order("texte"),))]
    finally:
        own.close()
    assert seen == sorted(range(50), key=lambda n: (n % 7, n))


def test_numbers_that_are_none_sort_with_the_empty_cells_and_are_shown_empty(tmp_path: Any, making: Any) -> None:
    values = [3.0, float("nan"), None, float("inf"), -1.0, float("-inf"), 2.0]
    rows = [{"n": i, "x": x} for i, x in enumerate(values)]
    safe = making.protected(tmp_path / "t.parquet", {"n": Kind.INTEGER, "x": Kind.NUMBER}, rows)
    folder = Folder(tmp_path / "data")
    version = making.put(folder, safe, "dddddddddddd")
    own = Pool(folder, workers=1)
    try:
        seen = walk(own, version, 2, order=(Order("x", True),))
    finally:
        own.close()
    assert [r[0] for r in seen] == [0, 6, 4, 1, 2, 3, 5]
    assert [r[1] for r in seen] == [3.0, 2.0, -1.0, None, None, None, None]


def test_long_identifiers_kept_as_integers_are_not_confused(tmp_path: Any, making: Any) -> None:
    big = 2**53
    rows = [{"n": big + i} for i in range(4)]
    safe = making.protected(tmp_path / "t.parquet", {"n": Kind.INTEGER}, rows)
    folder = Folder(tmp_path / "data")
    version = making.put(folder, safe, "dddddddddddd")
    own = Pool(folder, workers=1)
    try:
        found = ask(own, version, where=Test("n", Op.EQ, str(big + 1)))
        assert found.rows == ((big + 1,),)
        assert [r[0] for r in walk(own, version, 1, order=(Order("n"),))] == [big + i for i in range(4)]
    finally:
        own.close()


@pytest.mark.parametrize("cursor", ["x", "é", "AAAA", "W10", "[" * 3000, "WyJhIiwgWzFdLCAxXQ", "bnVsbA", "A" * 100_000])
def test_a_cursor_that_we_did_not_give_is_refused(town: Any, pool: Any, cursor: str) -> None:
    with pytest.raises(InputError, match="curseur"):
        ask(pool, town.trees, cursor=cursor)


def test_a_cursor_serves_its_own_question_only(town: Any, pool: Any) -> None:
    cursor = ask(pool, town.trees, limit=5, order=(Order("annee"),)).cursor
    with pytest.raises(InputError, match="curseur"):
        ask(pool, town.trees, limit=5, order=(Order("hauteur"),), cursor=cursor)
    with pytest.raises(InputError, match="curseur"):
        ask(pool, town.indexed, limit=5, order=(Order("annee"),), cursor=cursor)


def test_the_last_page_gives_no_cursor_and_an_offset_passes_rows(town: Any, pool: Any) -> None:
    assert ask(pool, town.trees, limit=500).cursor == ""
    assert ask(pool, town.trees, limit=499).cursor
    page = ask(pool, town.trees, select=("code",), limit=10, offset=495)
    assert [r[0] for r in page.rows] == [f"{i:05d}" for i in range(495, 500)]
    assert ask(pool, town.trees, offset=10**9).rows == ()
    assert ask(pool, town.trees, limit=0).rows == ()


# --- Places ---------------------------------------------------------------------------------------


def test_a_box_keeps_the_points_inside_borders_included(town: Any, pool: Any) -> None:
    box = Box(2.03, 48.02, 2.07, 48.04)
    wanted = [r["code"] for r in town.rows if true(r, box)]
    assert wanted
    assert codes(pool, town.trees, box) == wanted


def test_a_box_keeps_the_polygons_it_meets_and_no_other(town: Any, pool: Any) -> None:
    def met(*sides: float) -> list[str]:
        return [r[0] for r in ask(pool, town.parcels, select=("parcelle",), where=Box(*sides)).rows]

    assert met(2.1, 42.1, 2.2, 42.2) == ["P2"]  # inside a polygon
    assert met(2.5, 42.5, 2.6, 42.6) == ["P2"]  # touches its corner
    assert met(2.500001, 42.500001, 2.6, 42.6) == []
    assert met(1.4, 41.4, 3.1, 43.1) == ["P1", "P2", "P3"]
    assert met(2.25, 48.125, 2.25, 48.125) == ["point"]
    assert met(-180, -90, 180, 90) == [f"P{i}" for i in range(20)] + ["point"]  # a row without a place is in no box
    assert met(170, 40, 0.1, 41) == ["P0"]  # round by the 180th meridian


@pytest.mark.parametrize("sides", [(0, 1, 1, 0), (float("nan"), 0, 1, 1), (-500, 0, 1, 1), ("a", 0, 1, 1)])
def test_a_box_that_is_none_is_refused(town: Any, pool: Any, sides: Any) -> None:
    with pytest.raises(InputError, match="bbox"):
        ask(pool, town.trees, where=Box(*sides))


def test_shapes_come_as_geojson(town: Any, pool: Any) -> None:
    page = ask(pool, town.parcels, select=("geometry",), where=Test("parcelle", Op.IN, ("point", "vide")))
    assert page.rows[0][0] == {"type": "Point", "coordinates": [2.25, 48.125]}
    assert page.rows[1][0] is None


# --- Groups ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", list(Function))
@pytest.mark.parametrize("where", [None, Test("annee", Op.GT, 1960)])
def test_every_calculation_is_the_one_of_plain_python(
    town: Any, pool: Any, function: Function, where: Where | None
) -> None:
    import statistics

    page = ask(
        pool, town.trees, group=("quartier",), aggregates=(Aggregate(function, "hauteur", "x"),), where=where, limit=100
    )
    groups: dict[Any, list[float]] = {}
    for row in town.rows:
        if where is None or true(row, where):
            groups.setdefault(row["quartier"], []).append(row["hauteur"])
    told = dict(page.rows)
    assert page.total == len(groups)
    calculations: dict[Function, Any] = {
        Function.COUNT: len, Function.COUNT_DISTINCT: lambda v: len(set(v)), Function.SUM: sum, Function.MIN: min,
        Function.MAX: max, Function.AVG: statistics.fmean, Function.MEDIAN: statistics.median,
    }  # fmt: skip
    for key, cells in groups.items():
        filled = [c for c in cells if c is not None]
        assert told[key] == pytest.approx(calculations[function](filled)), (key, function)


def test_groups_are_counted_sorted_and_paged(town: Any, pool: Any) -> None:
    page = ask(
        pool,
        town.trees,
        group=("essence", "remarquable"),
        aggregates=(Aggregate(Function.COUNT, "", "n"),),
        order=(Order("n", True),),
        limit=4,
    )
    counts: dict[Any, int] = {}
    for row in town.rows:
        key = (row["essence"], row["remarquable"])
        counts[key] = counts.get(key, 0) + 1
    assert page.total == len(counts)
    assert [r[2] for r in page.rows] == sorted(counts.values(), reverse=True)[:4]
    rest = ask(
        pool,
        town.trees,
        group=("essence", "remarquable"),
        aggregates=(Aggregate(Function.COUNT, "", "n"),),
        order=(Order("n", True),),
        limit=1000,
        offset=4,
    )
    assert {tuple(r[:2]): r[2] for r in (*page.rows, *rest.rows)} == counts


def test_a_calculation_without_a_group_gives_one_row(town: Any, pool: Any) -> None:
    page = ask(pool, town.trees, aggregates=(Aggregate(Function.COUNT), Aggregate(Function.MAX, "plante_le")))
    assert page.rows[0][0] == 500
    assert page.rows[0][1] == max(r["plante_le"] for r in town.rows if r["plante_le"]).isoformat()
    assert page.total == 1


# --- Hostile readers ------------------------------------------------------------------------------

HOSTILE = [
    "code'; DROP TABLE t; --", 'code" FROM read_text(\'/etc/passwd\') --', "*", "1; SELECT 1", "__row", "rowid",
    "code\x00", "(select 1)", "file_row_number", "{source}", "{0}", "code, annee", "count(*)",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_is_sql_is_no_column(town: Any, pool: Any, name: str) -> None:
    for asked in (
        {"select": (name,)},
        {"where": Test(name, Op.EQ, "a")},
        {"order": (Order(name),)},
        {"group": (name,)},
        {"aggregates": (Aggregate(Function.SUM, name),)},
    ):
        with pytest.raises(UnknownColumn):
            ask(pool, town.trees, **asked)
    with pytest.raises(InputError):
        ask(pool, town.trees, aggregates=(Aggregate(Function.COUNT, "", name + "'"),))


@pytest.mark.parametrize(
    "value", ["' OR '1'='1", "'; ATTACH '/tmp/x'; --", "{source}", "%s", "$1", "?", "\x00", "\ud800"]
)
def test_a_value_that_is_sql_is_only_a_value(town: Any, pool: Any, value: str) -> None:
    for op in (Op.EQ, Op.CONTAINS, Op.STARTS):
        try:
            assert codes(pool, town.trees, Test("essence", op, value)) == []
        except ParvisError:
            assert not value.isprintable()
    assert ask(pool, town.trees).total == 500


def test_values_that_do_not_fit_say_what_the_column_holds(town: Any, pool: Any) -> None:
    for column, value, said in (
        ("annee", "douze", "nombres entiers"), ("hauteur", "nan", "nombres"), ("hauteur", "1e999", "nombres"),
        ("plante_le", "31/12/2020", "dates"), ("remarquable", "peut-être", "oui ou non"), ("ronde", "26:00", "heures"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said):
            ask(pool, town.trees, where=Test(column, Op.EQ, value))


def test_questions_too_large_are_refused_before_any_work(town: Any, pool: Any) -> None:
    deep: Where = Test("code", Op.EQ, "a")
    for _ in range(50):
        deep = Not(deep)
    wide = Some(tuple(Test("code", Op.EQ, str(i)) for i in range(5000)))
    for where in (deep, wide, Test("code", Op.IN, tuple(map(str, range(100_000)))), Test("code", Op.EQ, "x" * 10**6)):
        with pytest.raises(LimitError):
            ask(pool, town.trees, where=where)
    for asked in ({"limit": 10**9}, {"limit": -1}, {"offset": -1}):
        with pytest.raises(InputError):
            ask(pool, town.trees, **asked)


def test_the_longest_list_and_the_longest_condition_allowed_are_answered(town: Any, pool: Any) -> None:
    wanted = tuple(f"{i:05d}" for i in range(asking.MAX_LIST))
    assert len(codes(pool, town.trees, Test("code", Op.IN, wanted))) == 500
    assert len(codes(pool, town.indexed, Test("code", Op.IN, wanted))) == asking.MAX_LIST
    wide = Some(tuple(Test("code", Op.EQ, f"{i:05d}") for i in range(asking.MAX_PARTS - 1)))
    assert len(codes(pool, town.trees, wide)) == asking.MAX_PARTS - 1
    assert dataclasses.replace(Query(), where=wide).where is wide
