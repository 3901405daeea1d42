"""Groups counted by a side index are those that the object gives, and those of plain Python."""

from __future__ import annotations

import datetime
import operator as op
import random
from typing import Any

import pytest

from parvis.store import query as asking
from parvis.values import (
    Aggregate,
    All,
    Box,
    Calc,
    Call,
    Field,
    Function,
    Named,
    Not,
    Op,
    Order,
    Query,
    Search,
    Sort,
    Test,
)

Test.__test__ = False  # type: ignore[attr-defined]  # a value of ours, not a test class
KEYS = ["essence", "quartier", "annee", "remarquable", "plante_le"]
FIGURES = [
    ("count", ""), ("count", "hauteur"), ("count", "essence"), ("count", "plante_le"), ("count_distinct", "quartier"),
    ("count_distinct", "annee"), ("count_distinct", "remarquable"), ("sum", "annee"), ("sum", "hauteur"), ("avg", "hauteur"),
    ("avg", "annee"), ("min", "hauteur"), ("max", "annee"), ("min", "plante_le"), ("max", "plante_le"), ("median", "hauteur"),
    ("min", "essence"),
]  # fmt: skip
CONDITIONS = [
    None, Test("annee", Op.GT, 1950), Test("essence", Op.EQ, "CHARME"), Not(Test("quartier", Op.EQ, "Centre")),
    Search("chene"), Box(2.0, 48.0, 2.1, 48.1), Test("hauteur", Op.NULL), Test("code", Op.EQ, "nulle part"),
    All((Test("annee", Op.LE, 2000), Test("remarquable", Op.EQ, True))), Test("hauteur", Op.LT, 12.5),
    All((Test("annee", Op.GE, 1950), Test("annee", Op.LT, 1990))), Test("plante_le", Op.GT, "1990-06-01"),
    Test("code", Op.IN, ("00003", "00005", "00009")),
]  # fmt: skip


def near(a: Any, b: Any) -> bool:
    return bool(a == pytest.approx(b) if isinstance(a, float) and isinstance(b, float) else a == b)


@pytest.mark.parametrize("part", range(6))
def test_groups_are_the_same_with_and_without_the_index(town: Any, pool: Any, monkeypatch: Any, part: int) -> None:
    rng = random.Random(part)
    used = 0
    for _ in range(40):
        group = tuple(rng.sample(KEYS, rng.choice([0, 1, 1, 2])))
        figures = rng.sample(FIGURES, rng.randint(1, 3))
        aggregates = tuple(Aggregate(Function(f), c, f"f{n}") for n, (f, c) in enumerate(figures))
        names = [*group, *(a.name for a in aggregates)]
        query = Query(
            group=group, aggregates=aggregates, where=rng.choice(CONDITIONS), limit=rng.choice([3, 50, 20_000]),
            offset=rng.choice([0, 0, 2]) if group else 0,
            order=tuple(Order(n, rng.random() < 0.5) for n in rng.sample(names, rng.choice([0, 0, 1]))),
        )  # fmt: skip
        used += asking.compile_query(town.indexed, query).tally is not None
        fast = asking.run(pool, town.indexed, query)
        with monkeypatch.context() as apart:
            apart.setattr(asking, "_tally", lambda *_: None)
            slow = asking.run(pool, town.indexed, query)
        assert fast.total == slow.total, query
        assert len(fast.rows) == len(slow.rows), query
        for a, b in zip(fast.rows, slow.rows, strict=True):
            assert all(map(near, a, b)), (query, a, b)
    assert used > 20


def test_calculated_groups_by_plain_columns_ask_the_index(town: Any, pool: Any, monkeypatch: Any) -> None:
    query = Query(
        by=(Named(Field("essence"), "e"),),
        shown=(Named(Call(Calc.COUNT), "n"), Named(Call(Calc.AVG, (Field("hauteur"),)), "h")),
        sorts=(Sort("n", True), Sort(Field("essence"))),
    )
    assert asking.compile_query(town.indexed, query).tally is not None
    fast = asking.run(pool, town.indexed, query)
    monkeypatch.setattr(asking, "_tally", lambda *_: None)
    slow = asking.run(pool, town.indexed, query)
    assert [c.name for c in fast.columns] == ["e", "n", "h"]
    assert [r[:2] for r in fast.rows] == [r[:2] for r in slow.rows]
    means: list[Any] = [r[2] for r in slow.rows]
    assert [r[2] for r in fast.rows] == pytest.approx(means)


def test_what_the_index_cannot_sum_exactly_is_left_to_the_object(tmp_path: Any, making: Any) -> None:
    from parvis.store import index
    from parvis.store.folder import Folder
    from parvis.store.pool import Pool
    from parvis.values import Kind

    folder = Folder(tmp_path / "data")
    rows: list[dict[str, Any]] = [{"nom": "ab"[i % 2], "n": 2**61 - i * 3} for i in range(20_000)]
    kinds = {"nom": Kind.TEXT, "n": Kind.INTEGER}
    version = making.put(folder, making.protected(tmp_path / "t.parquet", kinds, rows), "eeeeeeeeeeee")
    assert index.build(folder, version)
    pool = Pool(folder, workers=1)
    try:
        query = Query(group=("nom",), aggregates=(Aggregate(Function.SUM, "n", "s"),))
        found = dict(tuple(r) for r in asking.run(pool, version, query).rows)
        assert found == {x: sum(r["n"] for r in rows if r["nom"] == x) for x in "ab"}
    finally:
        pool.close()


COMPARED: dict[str, Any] = {"=": op.eq, "<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge}


@pytest.fixture(scope="module")
def grants(tmp_path_factory: Any, making: Any) -> tuple[list[dict[str, Any]], Any]:
    """The rows of a large table, and its index."""
    from parvis.store import index
    from parvis.store.folder import Folder
    from parvis.store.indexed import Index
    from parvis.values import Kind

    rng, place = random.Random(3), tmp_path_factory.mktemp("grants")
    folder = Folder(place / "data")
    kinds = {"objet": Kind.TEXT, "montant": Kind.NUMBER, "annee": Kind.INTEGER, "jour": Kind.DATE}
    rows: list[dict[str, Any]] = [
        {
            "objet": rng.choice(["Sport", "Culture", "Voirie", None]),
            "montant": rng.choice([None, rng.randrange(-500_000, 9_000_000) / 100, 0.1]),
            "annee": rng.choice([None, rng.randrange(1900, 2030)]),
            "jour": datetime.date(2000, 1, 1) + datetime.timedelta(rng.randrange(9000)),
        }
        for _ in range(60_000)
    ]
    version = making.put(folder, making.protected(place / "t.parquet", kinds, rows), "dddddddddddd")
    assert index.build(folder, version)
    return rows, Index(folder.indexes / f"{version.object}.index")


def span(rng: random.Random, rows: list[dict[str, Any]]) -> tuple[str, Any, list[dict[str, Any]]]:
    """Return a column, a condition that keeps a span of it, and the rows that it keeps, in order."""
    name = rng.choice(["montant", "annee", "jour"])
    drawn = [r[name] for r in rng.sample(rows, 9) if r[name] is not None][: rng.choice([1, 2])]
    parts = [[rng.choice(list(COMPARED)), name, value] for value in drawn]
    said = [[sign, n, v.isoformat() if n == "jour" else v] for sign, n, v in parts]
    kept = [r for r in rows if r[name] is not None and all(COMPARED[sign](r[name], v) for sign, _, v in parts)]
    return name, ["all", said] if len(said) > 1 else said[0], kept


def test_pages_sorted_inside_a_span_are_those_of_plain_python(grants: Any) -> None:
    rows, base = grants
    rng, places = random.Random(5), {id(r): n for n, r in enumerate(rows)}
    for _ in range(60):
        name, where, kept = span(rng, rows)
        descending, skip, count = rng.random() < 0.5, rng.choice([0, 0, 30, 9000]), rng.choice([1, 50, 20_000])
        found, total = base.sorted(where, name, descending, skip, count)
        wanted = sorted(kept, key=op.itemgetter(name), reverse=descending)  # stable both ways
        assert total == len(kept)
        assert found.tolist() == [places[id(r)] for r in wanted[skip : skip + count]], (where, descending)


def test_pages_of_a_span_in_the_order_of_rows_are_those_of_plain_python(grants: Any) -> None:
    rows, base = grants
    rng = random.Random(6)
    for _ in range(60):
        _, where, kept = span(rng, rows)
        after, skip, count = rng.choice([-1, 30_000]), rng.choice([0, 0, 700]), rng.choice([0, 1, 100, 40_000])
        kept_ids = {id(r) for r in kept}
        numbers = [n for n, r in enumerate(rows) if id(r) in kept_ids]
        found, total = base.page(where, after, skip, count)
        assert total == len(kept)
        assert found.tolist() == [n for n in numbers if n > after][skip : skip + count], where
        both = ["all", [where, ["=", "objet", "Sport"]]]
        found, total = base.page(both, after, skip, count)
        sport = [n for n in numbers if rows[n]["objet"] == "Sport"]
        assert (total, found.tolist()) == (len(sport), [n for n in sport if n > after][skip : skip + count])


def test_spans_asked_again_give_the_exact_groups_of_plain_python(grants: Any) -> None:
    from parvis.store import tallied

    rows, base = grants
    rng = random.Random(7)
    figures = [["count", ""], ["sum", "montant"], ["max", "jour"], ["sum", "annee"]]
    asked = {
        "keys": ["objet"], "figures": figures, "answer": [["key", 0], *(["figure", n] for n in range(4))], "orders": [],
        "limit": 10, "offset": 0,
    }  # fmt: skip
    for _ in range(40):
        _, where, kept = span(rng, rows)
        found, total = tallied.tallied(base, {**asked, "where": where})
        wanted = {}
        for objet in {r["objet"] for r in kept}:
            held = [r for r in kept if r["objet"] == objet]
            cents = [round(r["montant"] * 100) for r in held if r["montant"] is not None]
            years = [r["annee"] for r in held if r["annee"] is not None]
            last = max(r["jour"] for r in held).isoformat()
            wanted[objet] = [len(held), sum(cents) / 100 if cents else None, last, sum(years) if years else None]
        assert {row[0]: row[1:] for row in found} == wanted, where
        assert total == len(wanted)
    assert any(blocks is not None for blocks in base.spans.values())
