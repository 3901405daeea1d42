"""A small network that reads names: of each word of a text, whether it is a person's, an official's or nobody's, and whether it
tells what the law protects.

A word is the sum of its signs (``weighing``) and of its place among all words; four layers then each add what stands a
little further, up to eight words on both sides. ``words/reader.bin`` holds what ``scripts/make_name_scores.py`` learnt from
sentences of ours: no text of a town is in it. What a word is by itself is reckoned once for all texts.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from math import exp, log1p

import numpy as np
from numpy.typing import NDArray

from parvis.privacy.weighing import Around, Seen, Token, Word, alone, inputs, places, signs_around
from parvis.privacy.words.kin import kin

NOBODY, PERSON, OFFICIAL, THING, SENSITIVE = 0, 1, 2, 3, 4  # what the network tells of each word
SCALE = 100  # of the scores, written as whole numbers
REACH = (1, 1, 2, 4)  # words on both sides that each layer sees
_PIECE, _LONGEST = 48, 96  # words of a long text that are read at once: to the end of a sentence, or at most
_SMALL = 32  # words whose three sides are one product: a larger one is shared between processors, which costs thirty times more
_AXES = 48  # of the places of words: see ``make_word_kin``

Numbers = NDArray[np.float32]
Weight = tuple[int, int, int]  # token, score of a person, score of an official, nobody's being 0


@dataclass(frozen=True, slots=True)
class Weighed:
    """``names`` are the scores of each word that may be a name; ``sensitive`` that of each token, above 0 when it is."""

    names: list[Weight]
    sensitive: list[int]


def weighed(seen: Seen) -> Weighed:
    """Return what each word of a text is taken for, by all that stands around it."""
    reader = _network()
    out = Weighed([], [])
    for first, after in _pieces(seen.tokens):
        told = reader.read(*inputs(seen, first, after)).tolist()
        out.names.extend(_weight(i, told[i - first]) for i in places(seen, first, after))
        out.sensitive.extend(round(one[SENSITIVE] * SCALE) for one in told)
    return out


def _weight(i: int, told: Sequence[float]) -> Weight:
    most = max(told[NOBODY], told[THING])
    nobody = most + log1p(exp(min(told[NOBODY], told[THING]) - most))
    return i, round((told[PERSON] - nobody) * SCALE), round((told[OFFICIAL] - nobody) * SCALE)


def _pieces(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield (first token, token after) of each part of a text that is read at once."""
    first = 0
    while len(tokens) - first > _PIECE:
        after = first + _PIECE
        limit = min(first + _LONGEST, len(tokens))
        while after < limit and tokens[after - 1].text not in ".;!?":
            after += 1
        yield first, after
        first = after
    if first < len(tokens):
        yield first, len(tokens)


# --- The network ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Network:
    """A network of words: each is the sum of its signs and of its place among all words, then of what stands around it.

    ``signs`` give rows of ``held``, bytes that ``steps`` scale; ``places`` are those of ``words/kin.bin``.
    """

    signs: Mapping[str, int]
    held: NDArray[np.int8]
    steps: Numbers
    widen: Numbers  # from the columns of a sign to those of a word
    places: NDArray[np.int8]
    of_place: Numbers  # of the word as it is written
    of_small: Numbers  # of the word in small letters
    layers: Sequence[tuple[Numbers, Numbers]]
    of_text: Numbers  # the mean of the text, in the last layer
    of_same: Numbers  # the mean of the same word elsewhere in the text
    last: tuple[Numbers, Numbers, Numbers, Numbers]

    def read(self, words: Sequence[Word], around: Sequence[Around]) -> Numbers:
        """Return what is told of each word, a column for each of NOBODY … SENSITIVE."""
        count, far, wide = len(words), max(REACH), self.of_place.shape[1]
        seen = np.zeros((count + 2 * far, wide), dtype=np.float32)
        here = seen[far : far + count]
        here += np.concatenate([_of_word(*word) for word in words]).reshape(here.shape)
        here += np.concatenate([_of_circumstances(one) for one in around]).reshape(here.shape)
        for reach, (weights, bias) in zip(REACH, self.layers, strict=True):
            before, behind = seen[far - reach : far - reach + count], seen[far + reach : far + reach + count]
            if count <= _SMALL:
                told = np.concatenate((before, here, behind), axis=1) @ weights
            else:
                told = here @ weights[wide : 2 * wide]
                told += before @ weights[:wide]
                told += behind @ weights[2 * wide :]
            told += bias
            if weights is self.layers[-1][0]:
                told += (here.sum(axis=0) / np.float32(count)) @ self.of_text
                told += _same(words, here) @ self.of_same
            here += np.maximum(told, 0, out=told)
        first, first_bias, second, second_bias = self.last
        out: Numbers = np.maximum(here @ first + first_bias, 0) @ second + second_bias
        return out

    def sum(self, signs: Sequence[str]) -> Numbers:
        """Return the sum of what is known of some signs."""
        rows = [row for row in map(self.signs.get, signs) if row is not None]
        total: Numbers = self.steps[rows] @ self.held[rows].astype(np.float32) @ self.widen
        return total


@lru_cache(maxsize=32768)
def _of_word(word: str, shape: str) -> Numbers:
    reader = _network()
    out = reader.sum(alone(word, shape))
    if shape in ".0I":
        return out
    near = kin(word, shape)
    if near.row >= 0:
        out = out + reader.places[near.row] @ reader.of_place
    if near.small_row >= 0 and shape in "UT":
        out = out + reader.places[near.small_row] @ reader.of_small
    return out


@lru_cache(maxsize=4096)
def _of_circumstances(around: Around) -> Numbers:
    return _network().sum(signs_around(around))


def _same(words: Sequence[Word], here: Numbers) -> Numbers:
    """Return for each word the mean of all its places in the text."""
    if len(set(words)) == len(words):
        return here
    groups: defaultdict[Word, list[int]] = defaultdict(list)
    for i, word in enumerate(words):
        groups[word].append(i)
    out = here.copy()
    for at in groups.values():
        if len(at) > 1:
            out[at] = here[at].sum(axis=0) / len(at)
    return out


_HEAD = struct.Struct("<5I")  # columns of a sign, of a word, of the last layer, signs, bytes of their names


def packed(network: Network) -> bytes:
    """Return a network as its file holds it: ``held`` and the scales of its rows, then all else by half numbers."""
    names = "\n".join(network.signs).encode()
    columns, last = network.last[0].shape
    dense = np.concatenate([part.ravel() for part in _parts(network)]).astype(np.float16)
    return (
        _HEAD.pack(network.held.shape[1], columns, last, len(network.signs), len(names))
        + names + network.held.tobytes() + network.steps.astype(np.float16).tobytes() + dense.tobytes()
    )  # fmt: skip


def _parts(network: Network) -> list[Numbers]:
    layers = [part for layer in network.layers for part in layer]
    return [
        network.widen,
        network.of_place,
        network.of_small,
        *layers,
        network.of_text,
        network.of_same,
        *network.last,
    ]


def unpacked(held: bytes, places: NDArray[np.int8]) -> Network:
    """Return the network of a file."""
    narrow, columns, last, count, length = _HEAD.unpack_from(held)
    at = _HEAD.size + length
    signs = {sign: row for row, sign in enumerate(held[_HEAD.size : at].decode().split("\n"))}
    rows = np.frombuffer(held, np.int8, count * narrow, at).reshape(count, narrow)
    at += count * narrow
    steps = np.frombuffer(held, np.float16, count, at).astype(np.float32)
    dense = np.frombuffer(held, np.float16, offset=at + 2 * count).astype(np.float32)
    axes, wide = places.shape[1], (columns, columns)
    shapes: list[tuple[int, ...]] = [(narrow, columns), (axes, columns), (axes, columns)]
    shapes += [(3 * columns, columns), (columns,)] * len(REACH)
    shapes += [wide, wide, (columns, last), (last,), (last, SENSITIVE + 1), (SENSITIVE + 1,)]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    parts = [part.reshape(shape) for part, shape in zip(np.split(dense, ends[:-1]), shapes, strict=True)]
    widen, of_place, of_small, *layers = parts[: 3 + 2 * len(REACH)]
    of_text, of_same, *last_parts = parts[3 + 2 * len(REACH) :]
    first, first_bias, second, second_bias = last_parts
    return Network(
        signs, rows, steps, widen, places, of_place, of_small, list(zip(layers[::2], layers[1::2], strict=True)),
        of_text, of_same, (first, first_bias, second, second_bias),
    )  # fmt: skip


@cache
def word_places() -> NDArray[np.int8]:
    """Return the place of each row of words used alike, on each axis."""
    held = files("parvis.privacy.words").joinpath("kin.bin").read_bytes()
    return np.frombuffer(held, np.int8).reshape(-1, _AXES)


@cache
def _network() -> Network:
    held = files("parvis.privacy.words").joinpath("reader.bin").read_bytes()
    return unpacked(held, word_places())
