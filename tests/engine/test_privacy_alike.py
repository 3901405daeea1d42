"""Texts that differ by one number hold the same kinds of personal data, whatever the number."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from parvis.privacy import spans
from parvis.privacy.alike import alike

BEFORE = [
    "Judo club du Lac n° ", "M. Paul DURAND, ", "né en ", "Mme Alice Martin (", "dossier n° ", "permis n° ", "AB-",
    "a.durand", "Lot ", "demeurant ", "recours numéro ", "tél. ", "Section A n° ", "matricule ", "P. D., ", "IP ",
    "née le ", "le ", "parcelle AB ", "Durand ", "RNA W", "FR", "allocataire ", "salle ", "bénéficiaire du RSA depuis ",
]  # fmt: skip
AFTER = [
    "", ")", " rue des Lilas", "-CD", "@exemple.fr", " ans", " Fontclaire", ", rue du Bac", " est décédé", "-AB", "e",
    " euros", "/A", "-X", " bis rue du Lac à Fontclaire", " chez M. Martin", ".", " mars", "A",
]  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(
    before=st.lists(st.sampled_from(BEFORE), max_size=3).map("".join),
    number=st.integers(0, 999_999),
    after=st.sampled_from(AFTER),
    more=st.sampled_from(["", " Mme Louise Petit", " (maire)", " ; voir M. Karim Roux", ", pupille de la nation"]),
    bare=st.booleans(),
)
def test_a_number_among_others_changes_nothing(before: str, number: int, after: str, more: str, bare: bool) -> None:
    text = f"{before}{number}{after}{more}"
    told = [{s.meaning for s in spans.find(t, bare_names=bare)} for t in (text, alike(text))]
    assert told[0] == told[1]


def test_years_zeros_and_long_numbers_stay_what_they_are() -> None:
    for text in ("né en 1985", "tél. 06", "dossier 123456", "de 3 à 5 ans", "Lac", "", "chambre ٣"):
        assert alike(text) == text
    assert alike("Judo n° 4647") == alike("Judo n° 9999") == "Judo n° 7777"
    assert alike("Judo n° 12588") != alike("Judo n° 4647")
