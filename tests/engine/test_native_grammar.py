"""The language of ``where``: what it says, and the character it points to when it says nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.dialects import grammar
from parvis.errors import InputError
from parvis.values import Aggregate, All, Box, Column, Function, Kind, Not, Op, Order, Search, Some, Test

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
        ("commune = montant", 11, "apostrophes"),
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
