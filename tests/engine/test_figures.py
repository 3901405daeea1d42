"""A chart is chosen from the columns, adds up only what may be added up, and says all it shows in words."""

from __future__ import annotations

import xml.etree.ElementTree as ET  # of our own drawings
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.figures import chart, svg
from parvis.values import Column, Figure, Function, Kind, Page

N, W, T, D = Kind.NUMBER, Kind.INTEGER, Kind.TEXT, Kind.DATE


def column(label: str, kind: Kind, distinct: int, filled: int = 100, **more: Any) -> Column:
    return Column(
        name=label.lower().replace(" ", "_"), label=label, kind=kind, distinct=distinct, filled=filled, **more
    )


def chosen(columns: Sequence[Column], rows: int = 100) -> Figure:
    figure = chart.choose(columns, rows)
    assert figure is not None
    return figure


def drawn(figure: Figure, rows: Sequence[Sequence[Any]], total: int | None = None) -> chart.Drawing:
    drawing = chart.draw(figure, Page((), tuple(tuple(r) for r in rows), total))
    assert drawing is not None
    return drawing


def pictures(drawing: chart.Drawing) -> list[ET.Element]:
    """Return the two pictures, having read them as a strict XML parser does."""
    return list(ET.fromstring(f"<div>{drawing.svg}</div>"))


# --- Choice ---------------------------------------------------------------------------------------


def test_subsidies_are_ranked_by_beneficiary() -> None:
    figure = chosen(
        [
            column("nomBeneficiaire", T, 98),
            column("dateConvention", D, 60),
            column("objet", T, 7),
            column("montant", N, 40, meaning="amount", unit="€"),
        ]
    )
    assert (figure.kind, figure.encodings["x"], figure.title) == (
        "bar",
        "nombeneficiaire",
        "Montant par nom bénéficiaire",
    )
    assert figure.query.aggregates[0].function is Function.SUM
    assert figure.query.limit == chart.BARS


def test_a_year_on_each_row_makes_a_line() -> None:
    figure = chosen([column("Année", W, 16, 16, meaning="year"), column("Naissances", W, 14, 16)], 16)
    assert (figure.kind, figure.title) == ("line", "Naissances par année")


def test_amounts_of_many_rows_a_year_are_a_line_through_the_years() -> None:
    figure = chosen([column("SIRET", T, 90, meaning="siret"), column("Année", W, 8, meaning="year"), column("Quartier", T, 6),
                     column("Montant", N, 80, meaning="amount", unit="€")])  # fmt: skip
    assert (figure.kind, figure.title, figure.query.group) == ("line", "Montant par année", ("année",))


def test_what_flows_is_summed_by_month_and_what_stands_is_not() -> None:
    days = column("date", D, 365, 730)
    assert chosen([days, column("compteur", T, 2, 730), column("passages", W, 300, 730)], 730).kind == "line"
    figure = chosen([days, column("quartier", T, 8, 730), column("capacité", W, 9, 730)], 730)
    assert (figure.kind, figure.encodings["x"]) == ("bar", "quartier")


def test_a_level_measured_many_times_is_averaged() -> None:
    figure = chosen([column("horodatage", Kind.DATETIME, 720, 720), column("NO2 (µg/m³)", N, 148, 720)], 720)
    assert figure.query.aggregates[0].function is Function.AVG
    assert "en moyenne" in figure.title


def test_a_budget_shows_expenses_by_function() -> None:
    figure = chosen(
        [
            column("nature", W, 100, 300),
            column("fonction", T, 16, 300, meaning="budget_function", examples=("020", "212")),
            column("sens", T, 2, 300, examples=("dépense", "recette")),
            column("prevu", N, 290, 300),
            column("realise", N, 290, 300),
        ],
        300,
    )
    assert (figure.kind, figure.encodings["x"], figure.encodings["measure"]) == ("bar", "fonction", "Realise")
    assert "dépense" in repr(figure.query.where) and "dépenses" in figure.title


@pytest.mark.parametrize("label", ["Hauteur", "Prix", "Latitude", "Code postal", "N° de dossier", "Température", "Âge"])
def test_what_cannot_be_added_up_never_is(label: str) -> None:
    figure = chosen([column("Quartier", T, 8), column(label, N, 60)])
    assert figure.query.aggregates[0].function is Function.COUNT
    assert figure.title == "Nombre de lignes par quartier"


def test_prices_of_a_list_are_not_added_up() -> None:
    figure = chosen(
        [column("Service", T, 6, 18), column("Prestation", T, 10, 18), column("Montant (€)", N, 12, 18, unit="€")], 18
    )
    assert figure.query.aggregates[0].function is Function.COUNT


def test_an_identifier_a_code_or_a_day_of_the_week_is_no_category() -> None:
    for label in ("stop_id", "Code INSEE", "Samedi", "N° SIRET", "ref_cadastrale"):
        assert chart.choose([column(label, T, 8)], 100) is None
    assert chart.choose([column("voie", T, 8, meaning="address"), column("tel", T, 9, meaning="phone")], 100) is None


def test_only_numbers_make_a_distribution() -> None:
    figure = chosen([column("Tour (cm)", N, 60), column("id", T, 100)])
    assert (figure.kind, figure.title) == ("histogram", "Répartition : Tour (cm)")


def test_nothing_is_drawn_of_columns_without_a_header_or_of_one_row() -> None:
    assert chart.choose([column("colonne_1", T, 9, 9), column("colonne_2", W, 9, 9)], 9) is None
    assert chart.choose([column("Quartier", T, 1, 1), column("montant", N, 1, 1)], 1) is None
    assert chart.choose([], 50) is None


def test_a_column_that_is_mostly_empty_is_left_aside() -> None:
    assert chart.choose([column("Domaine", T, 5, 20), column("id", T, 100)], 100) is None


@pytest.mark.parametrize(
    ("label", "unit", "said"),
    [
        ("NOMBRE_OCCURRENCES", "", "Nombre occurrences"),
        ("dateConvention", "", "Date convention"),
        ("Montant (en €)", "€", "Montant"),
        ("Montant HT", "", "Montant HT"),
        ("Association / Nom", "", "Association nom"),
        ("élèves", "", "Élèves"),
    ],
)
def test_a_label_is_said_in_words(label: str, unit: str, said: str) -> None:
    assert chart.shown(column(label, N, 3, unit=unit)) == said


# --- Drawing --------------------------------------------------------------------------------------

BARS = chosen([column("Quartier", T, 8), column("Montant", N, 60, meaning="amount", unit="€")])
LINE = chosen([column("date", D, 365, 730), column("passages", W, 300, 730)], 730)
SPREAD = chosen([column("Tour", N, 60), column("id", T, 100)])


def test_a_picture_has_a_title_a_description_and_a_table() -> None:
    drawing = drawn(BARS, [("Gare", 12_500_000.0, 3), ("Centre", 800.5, 2)], 40)
    wide, narrow = pictures(drawing)
    for picture in (wide, narrow):
        title, desc = picture[0], picture[1]
        assert picture.get("role") == "img"
        assert picture.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
        assert title.text == "Montant par quartier" and desc.text == drawing.sentence
    assert wide[0].get("id") != narrow[0].get("id")
    assert drawing.sentence == "Le plus élevé : Gare, 12,5\u00a0M€. Les 2 premiers sur 40 sont dessinés."
    assert drawing.headers == ("Quartier", "Montant (€)")
    assert drawing.rows == [("Gare", "12\u202f500\u202f000"), ("Centre", "800,50")]


def test_no_picture_holds_a_style_or_a_script() -> None:
    hostile = '</text><script>alert(1)</script>" onload="x\x00\x08'
    for figure, row in ((BARS, (hostile, 3.0, 1)), (LINE, ("2026-01-01", 3.0, 1))):
        drawing = drawn(figure, [row, ("2026-03-01", 4.0, 1), ("2026-05-01", 4.0, 1)])
        for picture in pictures(drawing):
            assert not [e for e in picture.iter() if e.tag.endswith("script") or e.get("style") or e.get("onload")]


def test_a_value_under_zero_goes_to_the_left() -> None:
    drawing = drawn(BARS, [("Recettes", 100.0, 1), ("Solde", -50.0, 1)])
    plus, minus = [e for e in pictures(drawing)[0].iter() if e.tag.endswith("rect")]
    zero = float(plus.get("x", 0))
    assert float(minus.get("x", 0)) + float(minus.get("width", 0)) == pytest.approx(zero, abs=0.2)
    assert "under" in minus.get("class", "")


def test_days_are_gathered_by_month_and_a_month_without_any_counts_zero() -> None:
    days = [(f"2025-{m:02}-{d:02}", 10, 1) for m in (1, 2, 4) for d in (1, 2, 3)]
    drawing = drawn(LINE, days)
    assert drawing.title == "Passages par mois"
    assert drawing.rows == [("janv. 2025", "30"), ("févr. 2025", "30"), ("mars 2025", "0"), ("avr. 2025", "30")]
    assert "De janv. 2025 à avr. 2025" in drawing.sentence


def test_a_mean_of_days_weighs_their_rows_and_a_missing_day_is_not_zero() -> None:
    figure = chosen([column("horodatage", Kind.DATETIME, 720, 720), column("NO2", N, 148, 720)], 720)
    rows = [("2026-04-01T00:00:00", 10.0, 3), ("2026-04-01T01:00:00", 20.0, 1), ("2026-04-20T01:00:00", 7.0, 1)]
    drawing = drawn(figure, [*rows, ("2026-04-28T01:00:00", 9.0, 1)])
    assert drawing.rows == [("01/04/2026", "12,50"), ("20/04/2026", "7"), ("28/04/2026", "9")]


def test_many_years_are_drawn_by_year() -> None:
    rows = [(f"{y}-06-01", 1, 1) for y in range(1990, 2020)]
    assert drawn(LINE, rows).title == "Passages par année"
    assert len(drawn(LINE, rows).rows) == 30


def test_a_distribution_holds_every_row_in_round_classes() -> None:
    drawing = drawn(SPREAD, [(v, 2, 2) for v in range(100)] + [(100_000, 1, 1)])
    assert sum(int(said) for _, said in drawing.rows) == 201
    assert drawing.rows[0][0].startswith("de 0 à ")
    assert 5 <= len(drawing.rows) <= 30


def test_nothing_comes_of_no_rows_and_of_values_that_are_no_numbers() -> None:
    for figure in (BARS, LINE, SPREAD):
        assert chart.draw(figure, Page((), ())) is None
        assert chart.draw(figure, Page((), (("a", float("nan"), 1), (None, 2.0, 1), ("b", None, 1)))) is None


def test_sentences_are_said_in_the_readers_language() -> None:
    english = {
        "{measure} par {label}": "{measure} by {label}",
        "Le plus élevé : {label}, {value}.": "Highest: {label}, {value}.",
    }
    drawing = chart.draw(BARS, Page((), (("Gare", 3.0, 1),)), lambda text: english.get(text, text))
    assert drawing is not None
    assert (drawing.title, drawing.sentence) == ("Montant by quartier", "Highest: Gare, 3\u00a0€.")


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1234567, "", "1\u202f234\u202f567"),
        (12_300_000, "€", "12,3\u00a0M€"),
        (2e9, "", "2\u00a0Md"),
        (0.5, "kWh", "0,5\u00a0kWh"),
        (0.0012, "", "0,0012"),
        (-1500, "€", "-1\u202f500\u00a0€"),
        (0, "", "0"),
    ],
)
def test_numbers_are_french(value: float, unit: str, said: str) -> None:
    assert svg.amount(value, unit) == said


finite = st.floats(-1e15, 1e15, allow_nan=False)


@given(st.lists(st.tuples(st.text(max_size=60), finite, st.integers(1, 9)), min_size=1, max_size=15))
def test_any_bars_are_drawn_within_their_picture(rows: list[tuple[str, float, int]]) -> None:
    for picture in pictures(drawn(BARS, rows)):
        width, height = (float(n) for n in picture.get("viewBox", "").split()[2:])
        for mark in (e for e in picture.iter() if e.tag.endswith("rect")):
            x, y, long = (float(mark.get(n, "")) for n in ("x", "y", "width"))
            assert x >= -1 and x + long <= width + 1 and 0 <= y <= height


@given(st.lists(st.tuples(st.dates(), finite, st.integers(1, 9)), min_size=2, max_size=60, unique_by=lambda r: r[0]))
def test_any_line_is_drawn_within_its_picture(rows: list[tuple[Any, float, int]]) -> None:
    told = sorted((str(d), v, n) for d, v, n in rows)
    for picture in pictures(drawn(LINE, told)):
        width, height = (float(n) for n in picture.get("viewBox", "").split()[2:])
        for line in (e for e in picture.iter() if e.tag.endswith("polyline")):
            for x, y in (p.split(",") for p in line.get("points", "").split()):
                assert 0 <= float(x) <= width and 0 <= float(y) <= height


@given(st.lists(st.tuples(finite, st.integers(1, 9)), min_size=2, max_size=60, unique_by=lambda r: r[0]))
def test_any_distribution_keeps_every_row(rows: list[tuple[float, int]]) -> None:
    drawing = chart.draw(SPREAD, Page((), tuple(sorted((v, n, n) for v, n in rows))))
    if drawing is not None:
        pictures(drawing)
        assert sum(float(said.replace("\u202f", "").replace(",", ".")) for _, said in drawing.rows) == sum(
            n for _, n in rows
        )


@given(finite, finite)
def test_marks_enclose_what_they_measure(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    marks = svg.steps(low, high)
    slack = 1e-6 * max(1.0, abs(low), abs(high))
    assert marks[0] <= low + slack and marks[-1] >= high - slack
    assert 2 <= len(marks) <= 9


def test_amounts_are_in_euros_and_the_air_s_measures_have_their_writing() -> None:
    figure = chosen([column("nom", T, 98), column("montant", N, 40, meaning="amount")])
    assert figure.encodings["unit"] == "€"
    air = chart.shown(Column("no2_ug_m3", "no2_ug_m3", Kind.NUMBER, unit="µg/m³"))
    assert air == "NO2" and chart.shown(Column("surface_m2", "surface_m2", Kind.NUMBER, unit="m²")) == "Surface"
    assert chart.shown(Column("qualite", "qualite_eau")) == "Qualité eau"


def test_a_tie_is_said_as_a_tie() -> None:
    figure = chosen([column("nom", T, 98), column("montant", N, 40, meaning="amount")])
    two = drawn(figure, [("A", 500, 1), ("B", 500, 1), ("C", 20, 1)])
    assert two.sentence.startswith("Les plus élevés : 2 à égalité, 500")
    assert drawn(figure, [("A", 5, 1), ("B", 5, 1)]).sentence.startswith("Tous à égalité : 5")
    assert drawn(figure, [("A", 9, 1), ("B", 5, 1)]).sentence.startswith("Le plus élevé : A, 9")


def test_a_line_whose_scale_starts_above_zero_has_no_surface_under_it() -> None:
    told = svg.Told("t", "d")
    assert "area" not in svg.line([(1, "a", 14.6), (2, "b", 15.9), (3, "c", 15.0)], told)
    assert "area" in svg.line([(1, "a", 1.0), (2, "b", 15.9), (3, "c", 5.0)], told)
