"""The chart that columns call for: chosen with sense, drawn without danger, told to who does not see it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from parvis.figures import chart
from parvis.values import Column, Kind, Page

QUARTER = Column("quartier", "Quartier", Kind.TEXT, filled=100, distinct=6)
AMOUNT = Column("montant", "Montant (€)", Kind.NUMBER, meaning="amount", unit="€", filled=100, distinct=80)
YEAR = Column("annee", "Année", Kind.INTEGER, meaning="year", filled=100, distinct=8)
SIRET = Column("siret", "SIRET", Kind.TEXT, meaning="siret", filled=100, distinct=100)
LATITUDE = Column("lat", "Latitude", Kind.NUMBER, meaning="latitude", filled=100, distinct=100)


def test_amounts_by_year_are_a_line() -> None:
    figure = chart.choose([SIRET, YEAR, QUARTER, AMOUNT], 100)
    assert figure is not None and figure.kind == "line" and figure.query.group == ("annee",)


def test_amounts_by_category_are_bars_the_highest_first() -> None:
    figure = chart.choose([SIRET, QUARTER, AMOUNT], 100)
    assert figure is not None and figure.kind == "bar"
    assert figure.query.order[0].descending and figure.query.limit == chart.BARS


def test_a_sum_that_means_nothing_is_not_drawn() -> None:
    figure = chart.choose([QUARTER, LATITUDE], 100)
    assert figure is not None and figure.title == "Nombre de lignes par Quartier"
    assert chart.choose([SIRET, LATITUDE], 100) is None


def test_labels_are_escaped_and_the_picture_is_named() -> None:
    figure = chart.choose([QUARTER, AMOUNT], 100)
    assert figure is not None
    page = Page((QUARTER, AMOUNT), [("<script>alert(1)</script>", 12.5), ('"Gare" & Centre', 3)], total=2)
    drawn = chart.draw(figure, page)
    tree = ET.fromstring(drawn.svg)
    assert tree.attrib["role"] == "img" and tree.attrib["aria-label"] == figure.title
    assert "<script" not in drawn.svg and "style=" not in drawn.svg
    assert drawn.rows[0] == ("<script>alert(1)</script>", "12,50")
    assert drawn.sentence.startswith("Le plus élevé")


def test_a_line_of_one_point_or_of_none_is_still_a_picture() -> None:
    figure = chart.choose([YEAR, AMOUNT], 100)
    assert figure is not None
    for rows in ([], [(2024, 1.0)], [(2023, -4.0), (2024, 0.0), (2025, 1e12)]):
        drawn = chart.draw(figure, Page((YEAR, AMOUNT), rows, total=len(rows)))
        assert ET.fromstring(drawn.svg).tag.endswith("svg") and "nan" not in drawn.svg
