"""People in sentences: what must be hidden is, what may be said stays. Every name here is drawn from lists at random."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

from parvis.privacy import spans

FOUND, PEOPLE, PRECISION, DAMAGED = 0.97, 0.97, 0.93, 0.03
FILES = ("taught", "judged", "fresh")


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
def made(name: str, count: int = 1500, seed: int = 7) -> list[object]:
    module = labelled()
    return list(module.sentences(module.families(module.FOLDER / f"{name}.txt"), count, seed))


@pytest.mark.parametrize("name", FILES[1:])
def test_what_must_be_hidden_is_and_what_may_stay_stays(name: str) -> None:
    score, _ = labelled().scored(
        made(name), lambda text: [(s.start, s.end, s.meaning == "person_name") for s in spans.hidden(text)]
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
