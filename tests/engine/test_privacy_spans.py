"""What is found inside a text, what is left alone. Every name and number here is invented or a published example."""

from __future__ import annotations

import itertools
import time

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parvis.privacy import names, spans

FOUND = [
    ("Subvention à M. Quiberon pour travaux", "person_name", "Quiberon"),
    ("Mme Anne-Marie LE GALL demande", "person_name", "Anne-Marie LE GALL"),
    ("mme durand a téléphoné", "person_name", "durand"),
    ("MME DURAND DEMANDE UNE AIDE", "person_name", "DURAND"),
    ("Relogement de Julie Martin et de sa fille", "person_name", "Julie Martin"),
    ("DURAND Alice", "person_name", "DURAND Alice"),
    ("DURAND ALICE", "person_name", "DURAND ALICE"),
    ("Alice DURAND", "person_name", "Alice DURAND"),
    ("Bravo à Rose Belrande pour l'idée", "person_name", "Rose Belrande"),
    ("espaces@ville.example", spans.ROLE, "espaces@ville.example"),
    ("Mme Fontaine demande", "person_name", "Fontaine"),
    ("aide à Julie Chapelle", "person_name", "Julie Chapelle"),
    ("M. Durand Mairie de Fontclaire", "person_name", "Durand"),
    ("Mme He\u0301le\u0300ne Qui\u0301beron", "person_name", "He\u0301le\u0300ne Qui\u0301beron"),
    ("Consorts Lebrun, parcelle AB 12", "person_name", "Lebrun"),
    ("Mme Alice Durand née 06/11/1968, Nevers", "birth_date", "06/11/1968"),
    ("Nom : Durand\nNé(e) : 28/02/1963 à Nevers", "birth_date", "28/02/1963"),
    ("naiss. 22/04/1951, décl. 14/07/2023 : M. Durand", "birth_date", "22/04/1951"),
    ("Mme DURAND 12/03/1964 absente", "birth_date", "12/03/1964"),
    ("Tel:(+33)639981120 ; réf. 2024/0639", "phone", "+33)639981120"),
    ("M. Durand, +351 912 44 18 07, vit à Braga l'hiver", "phone", "+351 912 44 18 07"),
    ("joindre Alice Durand au 06,12,43,11,08 le soir", "phone", "06,12,43,11,08"),
    ("Dossier MDPH 28-2022-99740, M. Durand", "identifier", "28-2022-99740"),
    ("n° fisc. 2180687192712 ; M. Durand", "identifier", "2180687192712"),
    ("M. Durand, 52 r. des Prés", "address", "52 r. des Prés"),
    ("DIA parc. FT 275 : vendeur M. Durand", "parcel", "FT 275"),
    ("Gymnase réservé par M. Durand", "person_name", "Durand"),
    ("MM. Durand, Petit et Martin", "person_name", "Durand, Petit et Martin"),
    ("M. et Mme Zyrkowski", "person_name", "Zyrkowski"),
    ("appeler le 06 12 34 56 78 le soir", "phone", "06 12 34 56 78"),
    ("appeler le 06.12.34.56.78", "phone", "06.12.34.56.78"),
    ("+33 6 12 34 56 78", "phone", "+33 6 12 34 56 78"),
    ("+33(0)612345678", "phone", "+33(0)612345678"),
    ("(06) 12 34 56 78", "phone", "(06) 12 34 56 78"),
    ("06 12 34 56 78", "phone", "06 12 34 56 78"),
    ("tél. 03 86 00 00 00", spans.LANDLINE, "03 86 00 00 00"),
    ("écrire à jean.exemple@courriel.example svp", "email", "jean.exemple@courriel.example"),
    ("alice.durand (at) courriel.example", "email", "alice.durand (at) courriel.example"),
    ("mairie@ville.example", spans.ROLE, "mairie@ville.example"),
    ("mairie.fontclaire@wanadoo.fr", spans.ROLE, "mairie.fontclaire@wanadoo.fr"),
    ("NIR 2 69 05 49 588 157 80", "nir", "2 69 05 49 588 157 80"),
    ("assurée 269054958815780.", "nir", "269054958815780"),
    ("n° sécu : 2690549588157", "nir", "2690549588157"),
    ("virement sur FR76 3000 6000 0112 3456 7890 189 au nom de", "iban", "FR76 3000 6000 0112 3456 7890 189"),
    ("fr7630006000011234567890189", "iban", "fr7630006000011234567890189"),
    ("DE89 3704 0044 0532 0130 00", "iban", "DE89 3704 0044 0532 0130 00"),
    ("né le 12/05/1980 à Nevers", "birth_date", "12/05/1980"),
    ("née le 3 mars 1982", "birth_date", "3 mars 1982"),
    ("date de naissance : 1982-03-03", "birth_date", "1982-03-03"),
    ("demeurant 12 bis rue des Lilas, 58990 Fontclaire", "address", "12 bis rue des Lilas, 58990 Fontclaire"),
    ("M. Paul Quiberon, adjoint au maire, rapporte", spans.OFFICIAL, "Paul Quiberon"),
    ("Rapporteur : Mme Aline Testard", spans.OFFICIAL, "Aline Testard"),
    ("Le maire, M. Jean Testard, propose", spans.OFFICIAL, "Jean Testard"),
]

LEFT_ALONE = [
    "rue Jean Jaurès",
    "12 avenue du Docteur Roux",
    "École maternelle publique Jules-Ferry",
    "École Prim. M. de Lattre",
    "travaux place Pierre Martin et Paul Durand",
    "Gymnase Alice Milliat",
    "EHPAD Pierre Loti",
    "E.H.P.A.D Françoise Durand",
    "M.P.T. Albert Camus",
    "Les Amis de Jean Ferrat",
    "SARL Jean Dupont",
    "Jean Dupont SARL",
    "Société Durand et fils",
    "Dupont & Fils",
    "M. le Maire expose le projet",
    "Madame la Présidente",
    "Maître d'ouvrage : commune de Fontclaire",
    "M. le Maire de Fontaine",
    "rue de la Fontaine Saint Jean",
    "Le Moulin Rouge",
    "Monument à Auguste Belrande",
    "Plaque à Pierre Mendès France",
    "Judo Club Fontclaire",
    "« Madame Bovary »",
    "Rose des vents",
    "Marine nationale",
    "France Télécom",
    "Fête de la Saint Jean",
    "Genre dédié à Pierre Magnol (1638-1715)",
    "2015-01-01/2015-12-31",
    "01/02/2024-03/04/2024",
    "SIRET 356 000 000 00048",
    "référence 2015-0612345678",
    "Réunion du 06/12/2024 18:30 en mairie",
    "Place de la Mairie 50620 ST JEAN DE DAYE",
    "2 Rue du Lavoir. 56450 Le Hézo",
    "Plaque aux rois Jacques I et Jacques II",
    "recettes +20 000 000 000 €",
    "48.300028900000001,2.69",
    "2690549588157",
    "269054958815781",
    "FR76 3000 6000 0112 3456 7890 188",
    "né le 26 février 1802",
    "0386000000",
    "08 99 12 34 56",
    "",
    "   ",
    "@",
    "@@@ a@b",
]


@pytest.mark.parametrize(("text", "meaning", "part"), FOUND)
def test_a_personal_value_is_found_inside_a_text(text: str, meaning: str, part: str) -> None:
    assert (meaning, part) in [(s.meaning, text[s.start : s.end]) for s in spans.find(text)]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_a_place_a_body_or_a_reference_is_left_alone(text: str) -> None:
    assert [text[s.start : s.end] for s in spans.find(text) if s.meaning in spans.TEXT_MEANINGS] == []


@pytest.mark.parametrize(("text", "meaning", "part"), FOUND)
def test_the_cheap_test_lets_through_every_cell_where_something_stands(text: str, meaning: str, part: str) -> None:
    assert duckdb.execute(f"SELECT {spans.may_hold('$1')}", [text]).fetchall() == [(True,)]


@pytest.mark.parametrize("text", [f[0] for f in FOUND])
def test_masking_a_masked_text_changes_nothing(text: str) -> None:
    once = spans.replaced(text, "[…]", landlines=True)
    assert spans.replaced(once, "[…]", landlines=True) == once


def test_masking_leaves_the_text_around() -> None:
    said = "Aide de 200 € à Mme Alice Durand (06 12 34 56 78) pour l'école Jules-Ferry, voir mairie@ville.example."
    assert (
        spans.replaced(said, "[…]")
        == "Aide de 200 € à Mme […] ([…]) pour l'école Jules-Ferry, voir mairie@ville.example."
    )


def test_a_landline_goes_only_where_it_may_be_a_home() -> None:
    assert spans.replaced("tél. 03 86 00 00 00", "[…]") == "tél. 03 86 00 00 00"
    assert spans.replaced("tél. 03 86 00 00 00", "[…]", landlines=True) == "tél. […]"


def test_a_name_alone_may_be_left_where_names_are_places() -> None:
    assert names.find("Jean Durand", bare=False) == []
    assert names.find("M. Durand", bare=False) != []
    assert names.find("Docteur Durand", bare=False) == []


def test_a_place_named_after_someone_is_refuted() -> None:
    assert names.refuted("École Jean Durand")
    assert not names.refuted("Jean Durand")
    assert not names.refuted("Fontclaire")


def test_a_body_under_a_saints_name_is_nobody() -> None:
    assert names.find("Harmonie Saint-Roch n° 17456") == []
    assert names.find("Chorale Sainte-Cécile 12345") == []
    assert names.find("Alice Saint-Roch, infirmière") != []


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_without_failing(text: str) -> None:
    found = spans.find(text)
    assert all(0 <= s.start < s.end <= len(text) for s in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


@settings(max_examples=200, deadline=None)
@given(st.text("aA M.,é'-0612345678@ née le rue\n\u00a0", max_size=120))
def test_nothing_stands_where_the_cheap_test_says_no(text: str) -> None:
    passed = duckdb.execute(f"SELECT {spans.may_hold('$1')}", [text]).fetchall()[0][0]
    assert passed or not [s for s in spans.find(text) if s.meaning in spans.TEXT_MEANINGS]


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "A. ",
        "M. ",
        "06 ",
        "1 ",
        "FR76",
        "@",
        "a@",
        "né le ",
        "domicile ",
        "Jean ",
        "- ",
        "j@a.fr ",
        "0612345678 ",
        "M. Durand ",
    ],
)
def test_a_hostile_cell_is_read_in_time(piece: str) -> None:
    began = time.process_time()
    spans.find(piece * (200_000 // len(piece)))
    assert time.process_time() - began < 5
