"""Hierarchies made from the values alone: nested, ended by one word, and worded for people."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.errors import InputError
from parvis.privacy.microdata.hierarchies import Hierarchy
from parvis.privacy.microdata.made import KINDS, kind_of, made


def path(hierarchy: Hierarchy, value: str) -> list[str]:
    """The words above a value, level by level."""
    leaf = hierarchy.values.index(value)
    return [words[code[leaf]] for words, code in zip(hierarchy.words, hierarchy.codes, strict=True)]


@pytest.mark.parametrize(
    ("kind", "values", "value", "above"),
    [
        ("age", ["0", "14", "21", "31", "36", "37", "58", "102"], "37",
         ["37", "35 à 39 ans", "30 à 39 ans", "20 à 39 ans", "0 à 39 ans", "*"]),
        ("year", ["1984", "1982", "1985", "1995", "1901", "2011"], "1984",
         ["1984", "1980 à 1984", "1980 à 1989", "1980 à 1999", "1900 à 1999", "*"]),
        (
            "date",
            ["1984-05-17", "1984-05-18", "1984-04-02", "1984-11-02", "1983-01-01", "1986-01-01", "1999-01-01"],
            "1984-05-17",
            ["1984-05-17", "mai 1984", "2e trimestre 1984", "1984", "1980 à 1984", "1980 à 1989", "*"],
        ),
        ("commune", ["58194", "58086", "21231", "34172", "97411", "2A004"], "58194",
         ["58194", "département 58", "région Bourgogne-Franche-Comté", "*"]),
        ("postcode", ["58000", "58200", "21000", "97400", "1000"], "58000",
         ["58000", "département 58", "région Bourgogne-Franche-Comté", "*"]),
        ("iris", ["581940101", "581940102", "580860000", "212310101", "341720101"], "581940101",
         ["581940101", "58194", "département 58", "région Bourgogne-Franche-Comté", "*"]),
        ("address", ["12 bis rue des Lilas", "14 rue des Lilas", "3, place Haute"], "14 rue des Lilas",
         ["14 rue des Lilas", "rue des Lilas", "*"]),
        ("naf", ["84.11Z", "47.11B", "47.11C", "47.19A", "47.21Z", "46.11Z"], "47.11B",
         ["47.11B", "47.11", "47.1", "47", "section G", "*"]),
        ("pcs", ["523a", "523b", "525a", "542a", "210x"], "523a", ["523a", "523…", "52…", "5…", "*"]),
    ],
)  # fmt: skip
def test_values_go_under_broader_words(kind: str, values: list[str], value: str, above: list[str]) -> None:
    told = path(made("x", values, kind=kind), value)
    assert told == above


def test_amounts_go_by_bands_of_as_many_rows_with_round_bounds() -> None:
    values = [str(n * 137) for n in range(1, 2001)]
    hierarchy = made("montant", values)
    assert hierarchy.title == "amount"
    sizes = [len(words) for words in hierarchy.words]
    assert sizes[0] == 2000
    assert 32 <= sizes[1] <= 64
    assert all(over < under for under, over in pairwise(sizes))
    assert hierarchy.words[-2] == ("moins de 140 000", "140 000 et plus")


def test_rare_words_go_together_first() -> None:
    hierarchy = made("nationalité", ["A", "B", "C", "D"], [900, 90, 5, 5])
    assert path(hierarchy, "C") == ["C", "autres", "autres", "*"]
    assert path(hierarchy, "B") == ["B", "B", "autres", "*"]
    assert path(hierarchy, "A") == ["A", "A", "A", "*"]


def test_known_groupings_stand_between_a_place_and_its_department() -> None:
    cantons = {"58194": "canton du Nord", "58086": "canton du Nord", "58001": "canton du Sud"}
    hierarchy = made("commune", [*cantons, "21231", "34172"], kind="commune", within=[cantons])
    assert path(hierarchy, "58194")[:3] == ["58194", "canton du Nord", "département 58"]
    streets = {"12 rue Haute": "quartier Haut", "14 rue Haute": "quartier Haut", "2 rue Basse": "quartier Bas"}
    told = made("adresse", list(streets), kind="address", within=[streets])
    assert path(told, "12 rue Haute") == ["12 rue Haute", "quartier Haut", "*"]


def test_a_value_that_does_not_read_stands_for_itself() -> None:
    hierarchy = made("né le", ["1984-05-17", "1984-05-18", "inconnu", ""], kind="date")
    assert path(hierarchy, "inconnu")[-2:] == ["inconnu", "*"]
    assert path(hierarchy, "")[-2:] == ["", "*"]


def test_kinds_are_told_from_the_values() -> None:
    assert kind_of(["17/05/1984", "2001-01-31", ""]) == "date"
    assert kind_of(["84.11Z", "8412Z"]) == "naf"
    assert kind_of(["58194", "21231"]) == "commune"
    assert kind_of(["12,5", "-3"]) == "amount"
    assert kind_of(["3 rue Haute", "12 bis, place Basse"]) == "address"
    assert kind_of(["581940101"]) == "iris"
    assert kind_of(["oui", "non"]) == "words"
    assert kind_of([]) == "words"


def test_a_kind_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(InputError, match="Il existe : age"):
        made("x", ["1"], kind="taille")


@given(
    kind=st.sampled_from(sorted(KINDS)),
    values=st.lists(
        st.one_of(st.text(max_size=12), st.integers(-(10**9), 10**9).map(str), st.dates().map(str), st.just("58194")),
        min_size=1,
        max_size=40,
        unique=True,
    ),
)
def test_any_values_make_a_nested_hierarchy(kind: str, values: list[str]) -> None:
    hierarchy = made("x", values, kind=kind)
    assert hierarchy.values == tuple(values)
    assert len(hierarchy.words[-1]) == 1
    assert (hierarchy.loss[0] == 0).all()
