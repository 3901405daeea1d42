"""What a citizen types finds what the town published."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from parvis_portal.catalogue import queries
from parvis_portal.intake.models import Draft


@pytest.fixture
def two(released: Callable[..., Draft]) -> None:
    released("arbres_remarquables.csv")
    released("Écoles maternelles.csv", "École;Élèves\nLes Tilleuls;120\nLa Gare;98\nLes Prés;76\n".encode())


@pytest.mark.parametrize("words", ["ecoles", "École", "ÉCOLE maternelle", "élève", "eleves", "écol"])
def test_accents_plurals_and_starts_of_words_do_not_count(two: None, words: str) -> None:
    found = [e.metadata.title for e in queries.listing(words=words).entries]
    assert found == ["Écoles maternelles"]


def test_words_that_stand_nowhere_find_nothing(two: None) -> None:
    assert queries.listing(words="sous-marin nucléaire").total == 0


def test_a_title_outweighs_a_column(two: None) -> None:
    assert queries.listing(words="arbre").entries[0].metadata.title.startswith("Arbres")


def test_a_facet_counts_what_its_own_choice_leaves_out(two: None) -> None:
    whole = dict(queries.listing().facets["theme"])
    one = next(iter(whole))
    assert dict(queries.listing(filters={"theme": one}).facets["theme"]) == whole


def test_a_slip_of_the_keyboard_is_mended_for_who_found_nothing(two: None) -> None:
    from django.test import Client

    from parvis_portal.catalogue import search

    assert search.nearest(queries.visible(), "ecolles") == "écoles"
    assert search.nearest(queries.visible(), "arbrs remarqables") == "arbres remarquables"
    for words in ("sous-marin nucléaire", "", "x" * 5000, "écoles"):
        assert search.nearest(queries.visible(), words) == ""
    said = Client().get("/donnees/?q=ecolles").content.decode()
    assert "Vouliez-vous dire" in said and 'href="/donnees/?q=%C3%A9coles"' in said
    assert "Vouliez-vous dire" not in Client().get("/donnees/?q=ecole").content.decode()


def test_plurals_in_s_and_x_are_found_from_their_singular_and_back(released: Callable[..., Draft]) -> None:
    released("stationnement des vélos.csv")
    for words in ("vélo", "vélos", "velo", "velos", "VÉLOS"):
        assert queries.listing(words=words).total == 1, words
