"""The language of ``where``: what it says, and the character it points to when it says nothing."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.dialects import grammar, wkt
from parvis.errors import InputError
from parvis.values import (
    Aggregate,
    All,
    Box,
    Calc,
    Call,
    Column,
    Field,
    Function,
    Holds,
    Kind,
    Literal,
    Not,
    Op,
    Order,
    Search,
    Some,
    Sort,
    Test,
)

Test.__test__ = False  # type: ignore[attr-defined]  # a value of ours, not a test class

COLUMNS = (
    Column("commune", "Commune"),
    Column("code", "Code INSEE"),
    Column("montant", "Montant", Kind.NUMBER),
    Column("annee", "Année", Kind.INTEGER),
    Column("actif", "Actif", Kind.BOOLEAN),
    Column("jour", "Jour", Kind.DATE),
    Column("forme", "Forme", Kind.GEOMETRY),
    Column("in", "In"),
    Column("search", "Search"),
)
A, B, C = Test("commune", Op.EQ, "a"), Test("commune", Op.EQ, "b"), Test("commune", Op.EQ, "c")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "commune = 'Fontclaire' and montant >= 1000",
            All((Test("commune", Op.EQ, "Fontclaire"), Test("montant", Op.GE, "1000"))),
        ),
        ("commune='a' or commune='b' and commune='c'", Some((A, All((B, C))))),
        ("(commune='a' or commune='b') and commune='c'", All((Some((A, B)), C))),
        ("not commune='a' and commune='b'", All((Not(A), B))),
        ("NOT (commune='a' OR commune='b')", Not(Some((A, B)))),
        ("commune in ('a', 'b')", Test("commune", Op.IN, ("a", "b"))),
        ("commune not in ('a')", Not(Test("commune", Op.IN, ("a",)))),
        ("annee in (2024, 2025)", Test("annee", Op.IN, ("2024", "2025"))),
        ("commune contains 'clair'", Test("commune", Op.CONTAINS, "clair")),
        ("commune not contains 'clair'", Not(Test("commune", Op.CONTAINS, "clair"))),
        ("commune starts with 'Font'", Test("commune", Op.STARTS, "Font")),
        ("montant is null", Test("montant", Op.NULL)),
        ("montant IS NOT NULL", Test("montant", Op.FILLED)),
        ("montant between 1 and 2", All((Test("montant", Op.GE, "1"), Test("montant", Op.LE, "2")))),
        ("commune = 'l''école'", Test("commune", Op.EQ, "l'école")),
        ('commune = "L\'Étang"', Test("commune", Op.EQ, "L'Étang")),
        ("code = 01234", Test("code", Op.EQ, "01234")),
        ("montant < -1.5e3", Test("montant", Op.LT, "-1.5e3")),
        ("montant<>.5", Test("montant", Op.NE, ".5")),
        ("actif = true", Test("actif", Op.EQ, "true")),
        ("jour >= '2026-01-01'", Test("jour", Op.GE, "2026-01-01")),
        ("search('école rue')", Search("école rue")),
        ("search = 'x'", Test("search", Op.EQ, "x")),
        ("bbox(-1.5, 47, 2, 48.25)", Box(-1.5, 47, 2, 48.25)),
        ("\"in\" in ('x')", Test("in", Op.IN, ("x",))),
        ("COMMUNE = 'a'", A),
        ("  commune\n=\t'a'  ", A),
    ],
)
def test_a_condition_says_what_it_reads(text: str, wanted: object) -> None:
    assert grammar.where(text, COLUMNS) == wanted


MONTANT, ANNEE, JOUR = Field("montant"), Field("annee"), Field("jour")
HERE = Call(Calc.POINT, (Field("lon"), Field("lat")))


def number(value: float) -> Literal:
    return Literal(value, Kind.INTEGER if isinstance(value, int) else Kind.NUMBER)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("montant * 2 > 100", Holds(Call(Calc.GT, (Call(Calc.MULTIPLY, (MONTANT, number(2))), number(100))))),
        ("montant -1 = 3", Holds(Call(Calc.EQ, (Call(Calc.ADD, (MONTANT, number(-1))), number(3))))),
        ("montant > annee", Holds(Call(Calc.GT, (MONTANT, ANNEE)))),
        ("(montant + 1) * 2 < 3 / annee", Holds(Call(Calc.LT, (
            Call(Calc.MULTIPLY, (Call(Calc.ADD, (MONTANT, number(1))), number(2))),
            Call(Calc.DIVIDE, (number(3), ANNEE)),
        )))),
        ("(commune = 'a') and (montant) > 1", All((A, Test("montant", Op.GT, "1")))),
        ("10 < montant", Holds(Call(Calc.LT, (number(10), MONTANT)))),
        ("year(jour) in (2025, 2026)", Holds(Call(Calc.ANY, (Call(Calc.YEAR, (JOUR,)), number(2025), number(2026))))),
        ("lower(commune) = 'a'", Holds(Call(Calc.EQ, (Call(Calc.LOWER, (Field("commune"),)), Literal("a", Kind.TEXT))))),
        ("length(commune) is not null", Holds(Call(Calc.NE, (Call(Calc.LENGTH, (Field("commune"),)), Literal(None, None))))),
        ("jour >= date('2026-3-1')", Holds(Call(Calc.GE, (JOUR, Literal("2026-03-01", Kind.DATE))))),
        ("period(jour, 'month') = '2026-03-01'", Holds(Call(Calc.EQ, (
            Call(Calc.BUCKET, (JOUR, number(1), Literal("month", Kind.TEXT))), Literal("2026-03-01", Kind.TEXT),
        )))),
        ("near(2.5, 48, 300)", Holds(Call(Calc.NEAR, (HERE, Literal(wkt.wkb("POINT(2.5 48)"), Kind.GEOMETRY), number(300))))),
        ("within('POINT(2 48)')", Holds(Call(Calc.WITHIN, (HERE, Literal(wkt.wkb("POINT(2 48)"), Kind.GEOMETRY))))),
    ],
)  # fmt: skip
def test_a_condition_may_calculate(text: str, wanted: object) -> None:
    assert grammar.where(text, COLUMNS, "where", HERE) == wanted


def test_lists_name_what_they_calculate() -> None:
    found = grammar.named("commune, montant * 1.2 as ttc, sum(montant), count", COLUMNS, "select")
    assert [n.name for n in found] == ["commune", "ttc", "sum_montant", "count"]
    assert [n.name for n in grammar.named("*, median(montant), montant / annee", COLUMNS, "select")][-2:] == [
        "median_montant",
        "montant / annee",
    ]
    with pytest.raises(InputError, match="même nom"):
        grammar.named("montant as x, annee as x", COLUMNS, "select")
    assert grammar.sorts("-n, year(jour)", COLUMNS, ["n"]) == (Sort("n", True), Sort(Call(Calc.YEAR, (JOUR,))))
    free = grammar.where("n > 3 and nom contains 'É'", [Column("n", "n"), Column("nom", "nom")], "having", free=True)
    assert isinstance(free, All) and all(isinstance(p, Holds) for p in free.parts)


@given(st.text(alphabet="amonty(),*+-/ '\"<=10.andorlike\x00é", max_size=60))
def test_any_list_is_understood_or_refused(text: str) -> None:
    for read in (grammar.named, lambda *told: grammar.sorts(told[0], told[1], ["n"])):
        with contextlib.suppress(InputError):
            read(text, COLUMNS, "select")


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("", 1, "un nom de colonne"),
        ("commune", 8, "une comparaison"),
        ("commune =", 10, "une valeur"),
        ("commune = Fontclaire", 11, "apostrophes"),
        ("commune = 'a", 11, "pas refermé"),
        ("commune = 'a' montant = 1", 15, "« and », « or »"),
        ("ville = 'a'", 1, "n'existe pas"),
        ("montant >= 'mille'", 12, "des nombres"),
        ("annee = 12abc", 9, "pas compris"),
        ("commune ~ 'a'", 9, "pas compris"),
        ("commune = 'a'; DROP TABLE t", 14, "pas compris"),
        ("commune = 'a' -- rien", 15, "pas compris"),
        ("(commune = 'a'", 15, "« ) »"),
        ("commune = 'a')", 14, "« and », « or »"),
        ("commune in ()", 13, "une valeur"),
        ("commune in 'a'", 12, "« ( »"),
        ("commune is 'a'", 12, "« null »"),
        ("commune starts 'a'", 16, "« with »"),
        ("bbox(1,2,3)", 11, "« , »"),
        ("bbox('a',2,3,4)", 6, "degrés"),
        ("forme = 'x'", 9, "géométrie"),
        ("jour = '31/12/2025'", 8, "dates"),
        ("é = 1", 1, "pas compris"),
        ("1 = 1", 1, "un nom de colonne"),
        ("nothing(commune) = 1", 1, "fonction n'existe pas"),
        ("year(jour, jour) = 1", 1, "year(date)"),
        ("near(200, 48, 10)", 1, "lieu"),
        ("near(2, 48)", 1, "near(longitude, latitude, mètres)"),
        ("intersects('CARRÉ')", 12, "forme"),
        ("montant + (commune = 'a') > 1", 11, "condition"),
        ("period(jour, 'fortnight') = '2026-01-01'", 1, "period("),
        ("format(jour, '%Q') = '1'", 1, "format("),
        ("jour = date('2026-02-30')", 8, "n'existe pas"),
    ],
)
def test_a_fault_points_to_its_character(text: str, position: int, said: str) -> None:
    with pytest.raises(InputError) as caught:
        grammar.where(text, COLUMNS)
    assert caught.value.values["position"] == position
    assert caught.value.values["parameter"] == "where"
    assert said in caught.value.text


def test_depth_length_and_number_of_conditions_have_their_limits() -> None:
    for text in (
        "(" * 5000 + "commune='a'" + ")" * 5000,
        "not " * 3000 + "commune='a'",
        " or ".join(["annee=1"] * 1000),
        f"commune='{'x' * 20_000}'",
        f"code in ({', '.join(['1'] * 9000)})",
    ):
        with pytest.raises(InputError):
            grammar.where(text, COLUMNS)
    assert grammar.where("(" * 8 + "commune='a'" + ")" * 8, COLUMNS) == A


def test_a_list_of_calculations_and_sorts_is_read() -> None:
    assert grammar.aggregates("count, sum(montant) as total, COUNT(*) as n, count_distinct(code)", COLUMNS) == (
        Aggregate(Function.COUNT),
        Aggregate(Function.SUM, "montant", "total"),
        Aggregate(Function.COUNT, "", "n"),
        Aggregate(Function.COUNT_DISTINCT, "code"),
    )
    assert grammar.order("-montant, commune") == (Order("montant", True), Order("commune"))
    assert grammar.names("a, b,a", "select") == ("a", "b")
    for text in ("", "sum", "sum()", "sum(*)", "sum(rien)", "drop(montant)", "count as 'n'", "count,", "count as é"):
        with pytest.raises(InputError):
            grammar.aggregates(text, COLUMNS)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_french(text: str) -> None:
    try:
        grammar.where(text, COLUMNS)
    except InputError as error:
        assert error.text
        assert isinstance(error.values["position"], int)


@given(
    st.lists(
        st.sampled_from(
            "commune montant ( ) and or not in contains starts with is null between 'a' 12 , = < bbox search '".split()
        ),
        max_size=14,
    )
)
def test_any_words_of_the_language_are_read_or_refused_in_french(words: list[str]) -> None:
    try:
        grammar.where(" ".join(words), COLUMNS)
    except InputError as error:
        assert error.text
