"""A small network that reads names: of each word of a text, whether it is a person's, an official's or nobody's, and whether it
tells what the law protects.

A word is the sum of its signs (``weighing``) and of its place among all words; four layers then each add what stands a
little further, up to eight words on both sides. ``words/reader.bin`` holds what ``scripts/make_name_scores.py`` learnt from
sentences of ours: no text of a town is in it. What a word is by itself is reckoned once for all texts.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from parvis.frozen import dataclass
from parvis.privacy.weighing import Around, Seen, Token, Word, alone, figures, inputs, places, signs_around
from parvis.privacy.words.kin import kin

NOBODY, PERSON, OFFICIAL, THING, SENSITIVE = 0, 1, 2, 3, 4  # what the network tells of each word
SCALE = 100  # of the scores, written as whole numbers
REACH = (1, 1, 2, 4)  # words on both sides that each layer sees
_PIECE, _LONGEST = 48, 96  # words of a long text that are read at once: to the end of a sentence, or at most
_SMALL = 32  # words whose three sides are one product: a larger one is shared between processors, which costs thirty times more
_AXES = 48  # of the places of words: see ``make_word_kin``
_WORDS, _AROUND = 16384, 2048  # different words, and circumstances, of which all is kept at hand

T = TypeVar("T")
Numbers = NDArray[np.float32]
_Table = tuple[dict[T, int], Numbers]
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
        person, official, sensitive = _scores(reader.read(*inputs(seen, first, after)))
        out.names.extend((i, person[i - first], official[i - first]) for i in places(seen, first, after))
        out.sensitive.extend(sensitive)
    return out


def _scores(told: Numbers) -> tuple[list[int], list[int], list[int]]:
    """Return the scores of all words as a person's, as an official's, and as sensitive ones."""
    by_kind = told.T.copy()
    by_kind[PERSON : OFFICIAL + 1] -= np.logaddexp(by_kind[NOBODY], by_kind[THING])
    by_kind *= SCALE
    whole = np.rint(by_kind, out=by_kind).astype(np.int32)
    return whole[PERSON].tolist(), whole[OFFICIAL].tolist(), whole[SENSITIVE].tolist()


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


# --- What is known by itself ----------------------------------------------------------------------


class Rows(Generic[T]):
    """What is known of each of many things, a row each, reckoned the first time that it is asked for.

    Rows are written before their number is told, and a full table is left for a new one: threads may ask at once.
    """

    def __init__(self, reckon: Callable[[T], Numbers], most: int, columns: int) -> None:
        self._reckon, self._shape = reckon, (most, columns)
        self._lock = Lock()
        self._table = self._empty()

    def of(self, asked: Sequence[T]) -> Numbers:
        """Return the rows of some things, as a copy."""
        numbers, held = self._table
        try:
            at = [numbers[one] for one in asked]
        except KeyError:
            with self._lock:
                numbers, held = self._with(asked)
            at = [numbers[one] for one in asked]
        out: Numbers = held.take(at, axis=0)
        return out

    def _with(self, asked: Sequence[T]) -> _Table[T]:
        numbers, held = self._table
        if len(numbers) + sum(one not in numbers for one in set(asked)) > self._shape[0]:
            numbers, held = self._table = self._empty()
        for one in asked:
            if one not in numbers:
                held[len(numbers)] = self._reckon(one)
                numbers[one] = len(numbers)
        return numbers, held

    def _empty(self) -> _Table[T]:
        return {}, np.empty(self._shape, dtype=np.float32)  # the machine gives its memory row by row


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
        known = self._words.of([word if word[1] != "0" else (figures(word[0]), "0") for word in words])
        known += self._circumstances.of(around)
        seen = np.zeros((count + 2 * far, wide), dtype=np.float32)
        here = seen[far : far + count]
        told = known[:, 2 * wide : 3 * wide]  # the first layer: three sides to be summed
        told += self.layers[0][1]
        told[1:] += known[:-1, wide : 2 * wide]
        told[:-1] += known[1:, 3 * wide :]
        np.add(known[:, :wide], np.maximum(told, 0, out=told), out=here)
        for reach, (weights, bias) in zip(REACH[1:], self.layers[1:], strict=True):
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
                same = here.copy()
                for at in _repeated(words):
                    same[at] = here[at].sum(axis=0) / np.float32(len(at))
                told += same @ self.of_same
            here += np.maximum(told, 0, out=told)
        first, first_bias, second, second_bias = self.last
        told = here @ first
        told += first_bias
        out: Numbers = np.maximum(told, 0, out=told) @ second
        out += second_bias
        return out

    @cached_property
    def _words(self) -> Rows[Word]:
        return Rows(self._of_word, _WORDS, 4 * self.of_place.shape[1])

    @cached_property
    def _circumstances(self) -> Rows[Around]:
        return Rows(lambda around: self._beside(self._sum(signs_around(around))), _AROUND, 4 * self.of_place.shape[1])

    def _of_word(self, one: Word) -> Numbers:
        word, shape = one
        out = self._sum(alone(word, shape))
        if shape in ".0I":
            return self._beside(out)
        near = kin(word, shape)
        if near.row >= 0:
            out += self.places[near.row] @ self.of_place
        if near.small_row >= 0 and shape in "UT":
            out += self.places[near.small_row] @ self.of_small
        return self._beside(out)

    def _sum(self, signs: Sequence[str]) -> Numbers:
        rows = [row for row in map(self.signs.get, signs) if row is not None]
        total: Numbers = self.steps[rows] @ self.held[rows].astype(np.float32) @ self.widen
        return total

    def _beside(self, word: Numbers) -> Numbers:
        """Return what is known of a word, then what the first layer makes of it for who follows, for it, for who precedes."""
        return np.concatenate((word, *(word @ side for side in np.split(self.layers[0][0], 3))))


def _repeated(words: Sequence[Word]) -> list[list[int]]:
    """Return the places of each word that stands several times in a text."""
    if len(set(words)) == len(words):
        return []
    first: dict[Word, int] = {}
    groups: dict[int, list[int]] = {}
    for i, word in enumerate(words):
        at = first.setdefault(word, i)
        if at != i:
            groups.setdefault(at, [at]).append(i)
    return list(groups.values())


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
