"""People in sentences: what must be hidden is, what may be said stays. Every name here is drawn from lists at random."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parvis.privacy import spans

FOUND, PEOPLE, PRECISION, DAMAGED = 0.97, 0.97, 0.93, 0.03
JUDGED = ("judged",)  # what no lesson was made of; the sealed files are left to the benchmark
FILES = ("taught", "judged", "fresh3", "fresh4", "fresh5", "fresh6")


@cache
def labelled() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "labelled.py"
    spec = importlib.util.spec_from_file_location("labelled", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["labelled"] = module
    spec.loader.exec_module(module)
    return module


@cache
def made(name: str, count: int = 600, seed: int = 7) -> list[object]:
    module = labelled()
    return list(module.sentences(module.families(module.FOLDER / f"{name}.txt"), count, seed))


@pytest.mark.parametrize("name", JUDGED)
def test_what_must_be_hidden_is_and_what_may_stay_stays(name: str) -> None:
    score, _ = labelled().scored(
        made(name, 1500), lambda text: [(s.start, s.end, s.meaning == "person_name") for s in spans.hidden(text)]
    )
    assert score.recall >= FOUND, score.missed_by.most_common(10)
    assert score.people_recall >= PEOPLE, score.missed_by.most_common(10)
    assert score.people_precision >= PRECISION
    assert score.damage <= DAMAGED, score.damaged_by.most_common(10)


def test_the_two_files_of_sentences_share_no_template() -> None:
    module = labelled()
    taught, judged = (module.families(module.FOLDER / f"{name}.txt") for name in FILES[:2])
    assert len(taught.templates) >= 80
    assert len(judged.templates) >= 80
    assert not set(taught.templates) & set(judged.templates)
    lines = [{line for lines in f.templates.values() for line in lines} for f in (taught, judged)]
    assert not lines[0] & lines[1]
    for kind in ("given", "family", "street", "town"):
        assert not set(taught.words[kind]) & set(judged.words[kind])


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("name", FILES)
def test_the_cheap_test_lets_through_every_sentence_where_something_stands(name: str, bare: bool) -> None:
    texts = [s.text for s in made(name)]  # type: ignore[attr-defined]
    with duckdb.connect() as engine:
        engine.execute("CREATE TABLE said (line INTEGER, cell VARCHAR)")
        engine.executemany("INSERT INTO said VALUES (?, ?)", list(enumerate(texts)))
        forms = "regexp_replace(cell, '[0-9]', '0', 'g')"
        through = [
            {line for (line,) in engine.execute(f"SELECT line FROM said WHERE {test}").fetchall()}
            for test in (
                spans.may_hold("cell", bare_names=bare),
                spans.may_hold_form(forms, bare_names=bare),
            )
        ]
    for at, text in enumerate(texts):
        if spans.find(text, bare_names=bare):
            assert at in through[0], text
            assert at in through[1], text


@pytest.mark.parametrize("name", FILES)
def test_masking_a_masked_sentence_changes_nothing(name: str) -> None:
    for sentence in made(name):
        once = spans.replaced(sentence.text, "[…]")  # type: ignore[attr-defined]
        assert spans.replaced(once, "[…]") == once


HOSTILE = [
    (
        "the minutes name a resident by a first name and a street",
        "Chloé, 12 rue des Lilas, demande un banc.",
        ["Chloé"],
    ),
    ("a first name and the street it lives in", "Chloé, de la rue des Lilas, demande un banc.", ["Chloé"]),
    ("initials and a birth year", "L'intéressé, A. B., né en 1972, a été entendu.", ["A. B.", "1972"]),
    ("a name in a file's name", "Voir Courrier_DURAND_Alice.pdf et la note du service.", ["DURAND", "Alice"]),
    ("a second mention", "Mme Alice DURAND écrit. Le dossier de Durand est clos.", ["Alice DURAND", "Durand"]),
    ("an account", "alice.durand a commenté la page.", ["alice.durand"]),
    ("a parcel with its owner", "La parcelle AB 12 appartient à M. Jean Durand.", ["AB 12", "Jean Durand"]),
    ("a sole trader", "Mme Alice Durand, micro-entreprise, SIRET 732 829 320 00074.", ["732 829 320 00074"]),
    ("a bank account of before", "RIB : 30006 00001 12345678901 89", ["30006 00001 12345678901 89"]),
    ("a health matter", "M. Durand est atteint d'une sclérose en plaques.", ["Durand", "sclérose en plaques"]),
    ("a state of health", "Mme Durand est épileptique et ne marche plus.", ["épileptique", "ne marche plus"]),
    ("a remedy", "M. Durand prend du Lexomil.", ["Lexomil"]),
    ("bills not paid", "Mme Durand n'arrive plus à payer son loyer.", ["n'arrive plus à payer son loyer"]),
    ("a victim", "Mme Durand a été violée.", ["violée"]),
    ("a surname alone that begins a sentence", "Durand a oublié son parapluie au guichet.", ["Durand"]),
    ("a home without a number", "Mme Alice Durand, lieu-dit Kerhuel, demande un bac.", ["lieu-dit Kerhuel"]),
    ("a home that a word says", "Jean Durand habite résidence Les Mimosas, bât. C.", ["résidence Les Mimosas, bât. C"]),
    (
        "a birth after a maiden name",
        "Alice Petit, née Durand le 12.03.1958, demande un acte.",
        ["Durand", "12.03.1958"],
    ),
    ("a licence to drive", "Jean Durand, permis 876271653179, est le conducteur.", ["876271653179"]),
    ("a card that was lost", "Chèque énergie d'Alice Durand perdu, n° 788837798967.", ["788837798967"]),
    ("a demand for a home", "Alice Durand, n° unique 02021-820161, attend un logement.", ["02021-820161"]),
    ("a plate that a word says", "Voiture grise, immat AC 577 DN, chez M. Durand.", ["AC 577 DN"]),
    ("someone who only shares a surname", "Présents : Jean DURAND, maire. Mme Chloé DURAND réclame.", ["Chloé DURAND"]),
]


@pytest.mark.parametrize(("said", "text", "parts"), HOSTILE, ids=[h[0] for h in HOSTILE])
def test_hostile_sentences(said: str, text: str, parts: list[str]) -> None:
    hidden = [text[s.start : s.end] for s in spans.hidden(text)]
    for part in parts:
        assert any(part in one for one in hidden), hidden


KEPT = [
    "Présents : Jean DURAND, maire, et Alice MARTIN. M. DURAND répond à Mme MARTIN.",
    "M. DURAND donne pouvoir à Mme MARTIN.",
    "Le diabète est le thème de la campagne de M. Durand, adjoint.",
    "La parcelle communale AB 12 est classée.",
    "SARL Jean Durand, SIRET 732 829 320 00074.",
    "Version 2.0.1.4 du logiciel, réf. AB-123-CD.",
    "M. X., Mme A. et M. D… sont déboutés.",
    "Marché n° 2023-0612345678, facture 0745120936.",
    "Travaux au lieu-dit Kerhuel, chemin communal.",
    "Équipe née de la fusion le 4 janvier 2017.",
]


def test_a_street_where_something_lies_is_nobodys_home() -> None:
    hidden = [s.meaning for s in spans.hidden("Mme Durand signale un trou devant le 14 rue des Lilas.")]
    assert hidden == ["person_name"]


@pytest.mark.parametrize("text", KEPT)
def test_what_may_be_said_is_kept(text: str) -> None:
    assert [text[s.start : s.end] for s in spans.hidden(text)] == []


@given(st.text(alphabet=st.sampled_from(list("aéÉAB M.me1(:;,-_'’\n@/«»é")), max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_reading(text: str) -> None:
    for span in spans.find(text):
        assert 0 <= span.start < span.end <= len(text)
