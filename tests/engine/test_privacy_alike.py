"""Texts that differ by one number hold the same kinds of personal data, whatever the number."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from parvis.privacy import spans, sql
from parvis.privacy.alike import alike, alike_sql, numbered_sql

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
    number=st.one_of(st.integers(0, 999_999), st.integers(1_000, 2_999), st.integers(1_890, 2_030)),
    after=st.sampled_from(AFTER),
    more=st.sampled_from(["", " Mme Louise Petit", " (maire)", " ; voir M. Karim Roux", ", pupille de la nation"]),
    bare=st.booleans(),
)
def test_a_number_among_others_changes_nothing(before: str, number: int, after: str, more: str, bare: bool) -> None:
    text = f"{before}{number}{after}{more}"
    told = [{s.meaning for s in spans.find(t, bare_names=bare)} for t in (text, alike(text))]
    assert told[0] == told[1]


def test_years_of_one_age_stand_for_each_other() -> None:
    assert alike("né en 1985") == alike("né en 1951") != alike("né en 2003")
    ages = ("1000", "1899", "1900", "1914", "1915", "1949", "1950", "1999", "2000", "2099", "2100", "2999")
    told = [alike(f"fondé en {year} par Jean Martin") for year in ages]
    assert told[::2] == told[1::2] and len(set(told)) == 6


def test_zeros_long_numbers_and_keys_stay_what_they_are() -> None:
    for text in ("tél. 06", "dossier 123456", "de 3 à 5 ans", "Lac", "", "chambre ٣", "FR2965 rue des Lilas"):
        assert alike(text) == text
    assert alike("Judo n° 4647") == alike("Judo n° 9999") == "Judo n° 7777"
    assert alike("Judo n° 12588") != alike("Judo n° 4647")


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(
        st.tuples(
            st.one_of(st.sampled_from(BEFORE), st.text(max_size=4)),
            st.one_of(
                st.sampled_from(["0", "07", "٣", "", "1 2"]), st.integers(0, 999_999).map(str),
                st.integers(1_000, 2_999).map(str),
            ),
            st.one_of(st.sampled_from(AFTER), st.text(max_size=4)),
        ).map("".join).filter(lambda t: "\0" not in t),
        min_size=1, max_size=60,
    ),
)  # fmt: skip
def test_the_engine_groups_only_texts_that_are_alike(texts: list[str]) -> None:
    with sql.connect() as engine:
        engine.execute("CREATE TEMP TABLE t AS SELECT unnest(?) AS cell", [texts])
        rows = engine.execute(
            f"SELECT list(cell) FROM (SELECT *, {numbered_sql('form')} AS number "
            "FROM (SELECT *, translate(cell, '123456789', '000000000') AS form FROM t)) "
            f"GROUP BY {alike_sql('cell', 'form', 'number')}"
        ).fetchall()
    assert all(len({alike(text) for text in cells}) == 1 for (cells,) in rows)
    assert sum(len(cells) for (cells,) in rows) == len(texts)


def test_numbered_texts_are_read_once() -> None:
    texts = [f"Judo club n° {n}" for n in (*range(300, 1000), *range(3000, 10_000), *range(1000, 3000))]
    with sql.connect() as engine:
        engine.execute("CREATE TEMP TABLE t AS SELECT unnest(?) AS cell", [texts])
        (told,) = engine.execute(
            f"SELECT count(DISTINCT {alike_sql('cell', 'form', 'number')}) FROM (SELECT *, {numbered_sql('form')} AS number "
            "FROM (SELECT *, translate(cell, '123456789', '000000000') AS form FROM t))"
        ).fetchall()[0]
    assert told == 2 + 2000  # of three figures and of four, and those that may be years each by itself
