"""The network that reads names: kept as it was written, any length of text, and what no rule knows told sensitive."""

from __future__ import annotations

import numpy as np
import pytest

from parvis.privacy import names, network, spans

HARD = 96  # words of one piece: a larger product would be shared between processors


def test_the_network_is_read_as_it_was_written() -> None:
    read = network._network()
    again = network.unpacked(network.packed(read), network.word_places())
    assert list(again.signs) == list(read.signs) and np.array_equal(again.held, read.held)
    assert all(np.array_equal(a, b) for a, b in zip(network._parts(again), network._parts(read), strict=True))


@pytest.mark.parametrize(
    "text", ["Alice Durand habite ici. " * 60, "Alice DURAND " * 400, "et " * 500 + "Alice Durand"]
)
def test_a_long_text_is_read_by_pieces_and_each_word_once(text: str) -> None:
    seen = names.seen(text)
    pieces = list(network._pieces(seen.tokens))
    assert [first for first, _ in pieces[1:]] == [after for _, after in pieces[:-1]]
    assert pieces[-1][1] == len(seen.tokens) and max(after - first for first, after in pieces) <= HARD
    weighed = network.weighed(seen)
    at = [i for i, _, _ in weighed.names]
    assert at == sorted(set(at)) and len(weighed.sensitive) == len(seen.tokens)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Mme Alice Durand est électrosensible et ne sort plus de chez elle.", "électrosensible"),
        ("Jean Durand, narcoleptique, ne conduit plus.", "narcoleptique"),
    ],
)
def test_what_no_rule_knows_is_told_sensitive_of_someone(text: str, part: str) -> None:
    assert ("private", part) in [(s.meaning, text[s.start : s.end]) for s in spans.hidden(text)]


def test_nothing_is_sensitive_of_nobody() -> None:
    assert not spans.hidden("Conférence sur la narcolepsie, salle des fêtes.")
