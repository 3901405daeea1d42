"""What a column bears on somebody, weighed from its header, its cells and its neighbours."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from parvis import pipeline
from parvis.privacy import bearing, roles
from parvis.privacy.meanings import HINT_BESIDE, HINT_WORDS
from parvis.privacy.words import lexicon
from parvis.values import Preparation

CHANCE = random.Random(3)
SURNAMES = [w.title() for w, weight in lexicon._SURNAMES.words().items() if weight >= 5 and w.isalpha()]
GIVEN = [w.title() for w, weight in lexicon._GIVEN.words().items() if weight >= 5 and w.isalpha()]


def prepared(folder: Path, name: str, columns: Mapping[str, Sequence[str]], rows: int = 40) -> Preparation:
    """Return a table as the pipeline prepares it, its cells drawn from a few."""
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, delimiter=";")
        out.writerow(columns)
        for _ in range(rows):
            out.writerow([CHANCE.choice(cells) for cells in columns.values()])
    (told,) = pipeline.inspect(path).preparations
    return told


NUMBERS = [str(n) for n in range(10_000, 99_000, 37)]
PEOPLE = {
    "NOMAGT": SURNAMES,
    "PREAGT": GIVEN,
    "MATAGT": NUMBERS,
    "CODABS": ["CMO", "CLM", "MAT"],
    "UNITE": ["UF1", "UF2"],
}


def test_headers_that_a_program_cut_short_are_read_together(tmp_path: Path) -> None:
    told = prepared(tmp_path, "GEST_ABS_AGENT", PEOPLE)
    found = roles.roles(told.profile, told.findings)
    assert (found["nomagt"], found["preagt"], found["matagt"]) == ("direct", "direct", "direct")
    assert found["codabs"] in ("sensitive", "quasi")


def test_what_counts_people_is_nobodys(tmp_path: Path) -> None:
    counts = {"quartier": ["Centre", "Gare"], "nb_allocataires_rsa": NUMBERS, "taux_handicap": ["3", "5"]}
    told = prepared(tmp_path, "statistiques", counts)
    assert not [f for f in told.findings if f.code.startswith("privacy.")]


def test_a_few_cells_say_nothing_that_no_rule_says(tmp_path: Path) -> None:
    told = prepared(tmp_path, "aides", {"demandeur": ["Alice Durand"], "montant": ["50", "90"]}, rows=4)
    assert {f.values["name"] for f in told.findings if f.code.startswith("privacy.")} == {"demandeur"}


def test_what_was_weighed_says_why_in_words_of_the_header(tmp_path: Path) -> None:
    told = prepared(tmp_path, "GEST_ABS_AGENT", PEOPLE)
    weighed = [f for f in told.findings if f.values.get("weighed")]
    assert weighed
    for finding in weighed:
        assert finding.hint == (HINT_WORDS if finding.values["words"] else HINT_BESIDE)
        assert finding.hint.format(**finding.values)


def test_each_column_has_a_chance_of_each_class(tmp_path: Path) -> None:
    told = prepared(tmp_path, "agents", PEOPLE)
    for one in bearing.weigh(told.profile, told.findings).values():
        assert set(one.chances) == set(bearing.CLASSES)
        assert abs(sum(one.chances.values()) - 1) < 1e-9


def test_the_same_table_is_told_the_same_when_it_is_screened_again(tmp_path: Path) -> None:
    first, second = (prepared(tmp_path, "GEST_ABS_AGENT", {**PEOPLE, "n": [str(i)]}).profile.titles for i in (1, 2))
    assert first == second == ("GEST ABS AGENT",)
