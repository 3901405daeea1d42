"""The network that reads names: kept as it was written, any length of text, and what no rule knows told sensitive."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from parvis.privacy import names, network, spans, weighing

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


def test_what_is_known_is_reckoned_once_and_forgotten_when_there_is_too_much() -> None:
    asked: list[int] = []

    def reckon(one: int) -> network.Numbers:
        asked.append(one)
        return np.full(2, one, dtype=np.float32)

    rows = network.Rows(reckon, most=4, columns=2)
    assert rows.of([1, 2, 1]).tolist() == [[1, 1], [2, 2], [1, 1]] and asked == [1, 2]
    assert rows.of([3, 4, 5, 3])[:, 0].tolist() == [3, 4, 5, 3]  # the first are forgotten
    assert rows.of([2, 5])[:, 0].tolist() == [2, 5] and asked == [1, 2, 3, 4, 5, 2]
    kept = rows.of([5])
    kept += 1
    assert rows.of([5])[0, 0] == 5


def test_threads_that_ask_at_once_get_their_own_rows() -> None:
    rows = network.Rows[int](lambda one: np.full(3, one, dtype=np.float32), most=40, columns=3)
    asked = [[(n * step) % 97 for n in range(12)] for step in range(1, 60)]
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(rows.of, asked))
    assert [t[:, 0].tolist() for t in told] == asked


@pytest.mark.parametrize(("number", "other"), [("8420", "9999"), ("2024", "1999"), ("1789", "1871"), ("1932", "1941")])
def test_numbers_of_a_kind_are_read_alike(number: str, other: str) -> None:
    assert weighing.figures(number) == weighing.figures(other)
    assert weighing.alone(number, "0") == weighing.alone(weighing.figures(number), "0") == weighing.alone(other, "0")
