"""Small facts about French words."""

from __future__ import annotations

import re
import unicodedata

import pytest

from parvis import text


@pytest.mark.parametrize(
    ("bare", "written"),
    [
        ("Resultats europeennes", "Résultats européennes"),
        ("prets mediatheque", "prêts médiathèque"),
        ("Etat civil annuel", "État civil annuel"),
        ("ccas aides", "CCAS aides"),
        ("EQUIPEMENTS", "ÉQUIPEMENTS"),
        ("Déjà écrit", "Déjà écrit"),
        ("Marche exploratoire", "Marche exploratoire"),  # a walk, not a market
    ],
)
def test_a_title_gets_back_what_its_file_name_lost(bare: str, written: str) -> None:
    assert text.accented(bare) == written


def test_only_words_whose_bare_form_means_nothing_are_in_the_lexicon() -> None:
    ambiguous = {
        "marche",
        "marches",
        "cote",
        "cotes",
        "peche",
        "tache",
        "sur",
        "du",
        "conges",
        "forme",
        "place",
        "eleve",
    }
    assert not {w for w in ambiguous if text.accented(w) != w} - {"eleve"}


def test_double_signs_never_start_a_line() -> None:
    assert text.spaced("Ouvrez « ceci » : oui ?") == "Ouvrez «\u00a0ceci\u00a0»\u00a0: oui\u202f?"
    assert text.spaced("https://a.example/?q=1 ; 12:30") == "https://a.example/?q=1\u202f; 12:30"


def test_a_word_and_its_plural_have_the_same_stem() -> None:
    groups = (
        "vélo vélos velo velos", "menu menus", "jeu jeux", "lieu lieux", "feu feux", "élu élus", "numéro numéros", "tri tris",
        "travail travaux", "bail baux", "vitrail vitraux", "tuyau tuyaux", "matériau matériaux", "préau préaux", "logo logos",
        "emploi emplois", "bureau bureaux", "local locaux", "eau eaux", "école écoles", "bus bus", "abri abris",
        "municipal municipaux municipale municipales", "marché marchés", "accès accès", "permis permis",
    )  # fmt: skip
    for group in groups:
        assert len({tuple(text.stems(word)) for word in group.split()}) == 1, group
    for other in ("bus", "gaz", "eau"):
        assert text.stems(other) == [other]


def test_a_title_gets_back_the_small_words_that_a_file_name_lost() -> None:
    assert (
        text.phrased("Qualité air") == "Qualité de l'air"
        and text.phrased("menus cantine 2026") == "menus de la cantine 2026"
    )
    assert text.phrased("Liste des marches conclus") == "Liste des marchés conclus"
    for said in ("Qualité de l'air", "Arbres", "Air de qualité", "Bureaux de vote", "", "ﬁ œuvre"):
        assert text.phrased(said) == said


def test_a_late_regular_expression_is_compiled_when_it_is_first_asked_and_answers_as_any_other() -> None:
    late = text.late(r"\bn°\s?(\d+)", re.IGNORECASE)
    assert late.pattern == r"\bn°\s?(\d+)"
    assert "search" not in vars(late)
    assert [m[1] for m in late.finditer("N° 12 et n°7")] == ["12", "7"]
    assert late.sub("x", "n° 3") == "x"
    assert late.fullmatch("n° 3") is not None
    with pytest.raises(re.error):
        text.late("(").search("a")


def test_usual_accents_fold_as_all_the_others() -> None:
    def slowly(said: str) -> str:
        plain = unicodedata.normalize("NFKD", said.casefold().replace("œ", "oe").replace("æ", "ae").replace("’", "'"))
        return "".join(c for c in plain if not unicodedata.combining(c)).strip()

    usual = [*map(chr, range(0x20, 0x180)), "\u2019", "\u0301", "\u00a0", "\u017f", "\ufb01", "\u0130"]
    for letter in usual:
        for said in (letter, f"{letter}É", f"a{letter}b", f" {letter}n° "):
            assert text.fold(said) == slowly(said), said
