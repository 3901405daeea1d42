"""The words of headers as programs write them."""

from __future__ import annotations

import pytest

from parvis.headers import plain


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("DTNAISS", "date naissance"),
        ("NOMRESP1", "nom responsable"),
        ("nbJoursMaladie", "nombre jours maladie"),
        ("CPRESP1", "code postal responsable"),
        ("Pr_nom", "prenom"),
        ("T?l?phone", "telephone"),
        ("Nationalit_", "nationalite"),
        ("PrÃ©nom", "prenom"),
        ("Né(e) le", "ne"),
        ("Date et lieu de naissance", "date naissance lieu"),
        ("First name", "prenom"),
        ("zip_code", "code postal"),
        ("n° sécu", "n secu"),
        ("Situation de l'usager", "situation usager"),
    ],
)
def test_a_header_is_read_as_people_would_write_it(label: str, said: str) -> None:
    assert " ".join(plain(label)) == said


@pytest.mark.parametrize(
    "label", ["garage", "paysage", "consommation", "MoDem", "village", "étage", "typologie", "natation"]
)
def test_ordinary_words_are_left_whole(label: str) -> None:
    assert "age" not in plain(label) and "naissance" not in plain(label)
    assert set(plain(label)) & {"demandeur", "nationalite"} == set()


def test_a_header_of_any_length_is_read_in_no_time() -> None:
    assert plain("nom" * 60_000)
    assert plain("") == ()
