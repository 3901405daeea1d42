"""Words looked for where they lie: the same answers as from all of them loaded."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from parvis.privacy.words.held import Held

NAMES = ("given", "surnames", "ordinary", "towns")
SCRIPT = Path(__file__).parents[2] / "scripts" / "make_towns.py"


@pytest.mark.parametrize("name", NAMES)
def test_a_word_searched_weighs_as_when_all_are_loaded(name: str) -> None:
    words = Held(name).words()
    some = [*list(words)[:3], *list(words)[-3:], *sorted(words)[:: len(words) // 300]]
    for word in some:
        assert Held(name).get(word) == words[word]
    searched = Held(name)
    for word in ("", " ", "\n", "zzzz", "-", "été", "\ud800", some[0][:-1], some[0] + "q", f"{some[0]} {some[1]}"):
        assert searched.get(word) == words.get(word, 0)


@pytest.mark.parametrize("name", NAMES)
def test_words_lie_in_order_and_once(name: str) -> None:
    seen: set[str] = set()
    for _, line in Held(name)._held():
        words = line.split(b" ")
        assert words == sorted(words) and all(words)
        assert seen.isdisjoint(w.decode() for w in words)
        seen.update(w.decode() for w in words)


def test_who_asks_much_has_all_the_words_loaded() -> None:
    held = Held("given")
    answers = [held.get("jeanne") for _ in range(300)]
    assert len(set(answers)) == 1 and answers[0] > 0 and held._words is not None


def test_the_towns_are_those_of_the_list_of_communes() -> None:
    spec = importlib.util.spec_from_file_location("make_towns", SCRIPT)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert made.TOWNS.read_text("utf-8") == made.written(), "python scripts/make_towns.py"
