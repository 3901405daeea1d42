"""Learn ``src/parvis/privacy/words/reader.bin``: the network that says of each word whether it is a person's, an official's,
nobody's, and whether what is said is sensitive.

    python scripts/make_name_scores.py              # learn and write
    python scripts/make_name_scores.py --judge w4   # learn without the files of a writer, and say what is missed in them

The sentences are ours (``scripts/teaching``, and the sets of ``benchmarks/sentences`` that who mends has read), filled with
names drawn by their number of bearers; no text of a town is read. The network is that of ``parvis.privacy.network``, learnt
by the slope of its errors (Adam); so that it does not learn sentences by heart, signs, words and rules' verdicts are hidden
at random, and the places of words are shaken. The same seed gives the same file on the same machine.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the same sums in the same order

import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "src")]

import labelled  # noqa: E402  found by the path set above

from parvis import places  # noqa: E402  found by the path set above
from parvis.privacy import names, network, spans, weighing  # noqa: E402  found by the path set above
from parvis.privacy.words import classes, lexicon  # noqa: E402  found by the path set above
from parvis.privacy.words.kin import kin  # noqa: E402  found by the path set above

TEACHING = Path(__file__).parent / "teaching"
TARGET = ROOT / "src" / "parvis" / "privacy" / "words" / "reader.bin"
SEED, ROUNDS = 11, 4  # ROUNDS: sentences of each template
LEAST = 6  # templates in which a sign must be seen
NARROW, COLUMNS, LAST = 48, 96, 64  # of a sign, of a word, and of the last layer
EPOCHS, BATCH, RATE = 8, 128, 2e-3
HIDDEN_SIGNS, HIDDEN_WORDS, HIDDEN_TOKENS, HIDDEN_PARTS, SHAKEN = 0.4, 0.3, 0.1, 0.25, 0.5
FORGOTTEN = 0.25  # share of the sentences where the rules' verdict is hidden, so that it is not all that is learnt
SENSITIVE = 0.5  # weight of what is sensitive beside names
NO_JUDGES = (
    "taught",
    "fresh",
    "fresh2",
    "fresh3",
    "fresh4",
    "fresh5",
    "fresh6",
    "sealed2",
)  # read by who mends: they teach


@dataclass(slots=True)
class Lesson:
    """What one sentence teaches: its words by their numbers, the signs of each place, and what each word is."""

    file: str
    template: int
    words: np.ndarray
    around: np.ndarray
    wanted: np.ndarray  # NOBODY … THING, -1 for a word that is never a name
    sensitive: np.ndarray


# --- Sentences ------------------------------------------------------------------------------------


def taught() -> tuple[dict[str, list[str]], list[tuple[str, str, str]]]:
    """Return the words and the (file, family, template) of all files."""
    known: dict[str, list[str]] = {}
    templates = []
    for file in sources():
        one = labelled.families(file)
        for kind, words in one.words.items():
            known.setdefault(kind, []).extend(words)
        templates += [(file.stem, family, line) for family, lines in one.templates.items() for line in lines]
    return known, templates


def sources() -> list[Path]:
    """Return the files of templates: those written to teach, then those that no longer judge."""
    return [*sorted(TEACHING.glob("*.txt")), *(labelled.FOLDER / f"{name}.txt" for name in NO_JUDGES)]


class Names:
    """First names and surnames drawn by their number of bearers, some of no list, some that are ordinary words."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.given: defaultdict[int, list[str]] = defaultdict(list)
        self.family: defaultdict[int, list[str]] = defaultdict(list)
        for store_of, store in ((lexicon._GIVEN, self.given), (lexicon._SURNAMES, self.family)):
            for word, weight in store_of.words().items():
                if len(word) > 2:
                    store[min(weight, 6)].append(word.replace("_", " "))
        nouns = classes.NOUNS | classes.ROLES | classes.COMMON | classes.LABELS | classes.GIVEN_AFTER
        self.nouns = sorted(w for w in nouns if lexicon.surname(w) >= 4 and len(w) > 3)
        self.towns = sorted({place.name for place in places.communes().values()})
        self.flowers = sorted(w for w in classes.COMMON if lexicon.given(w) >= 4)

    def words(self) -> dict[str, list[str]]:
        """Return the lists of one sentence."""
        return {
            "given": [self._given() for _ in range(12)],
            "family": [self._family() for _ in range(12)],
            "town": self.chance.sample(self.towns, 6),
            "sigle": [self._letters() for _ in range(8)],
        }

    def _letters(self) -> str:
        """Return letters that stand for other words, some of which can be said: « DMTO », « ASA »."""
        count = self.chance.choices((2, 3, 4, 5, 6), (1, 5, 5, 2, 1))[0]
        kinds = "AAEIOUBCCDDFGHLMMNNPPRRSSTTV" if self.chance.random() < 0.6 else "BCDFGHJLMNPRSTVAE"
        return "".join(self.chance.choice(kinds) for _ in range(count))

    def _given(self) -> str:
        draw = self.chance.random()
        if draw < 0.06:
            return _capital(self.chance.choice(self.flowers))
        if draw < 0.12:
            return _capital(self._bent(self.chance.choice(self.given[self.chance.choice((3, 4))])))
        weight = self.chance.choices((2, 3, 4, 5, 6), (3, 2, 3, 4, 4))[0]
        word = self.chance.choice(self.given[weight])
        if draw > 0.95 and "-" not in word:
            word += "-" + self.chance.choice(self.given[5])
        return _capital(word)

    def _family(self) -> str:
        draw = self.chance.random()
        if draw < 0.12:
            return _capital(self.chance.choice(self.nouns))
        if draw < 0.20:
            return _capital(self._bent(self.chance.choice(self.family[self.chance.choice((3, 4))])))
        if draw < 0.24:  # « de La Tour », « Saint-Aubin »
            head = self.chance.choice(("de La ", "de la ", "Ait ", "Saint-", "Ould ", "De La ", "Le ", "La ", "du "))
            return head + _capital(self.chance.choice(self.nouns + self.family[4][:400]))
        if draw < 0.30:  # « d'Hauteville », « de Villeneuve »
            word = self.chance.choice((self.chance.choice(self.towns), self._capital_surname()))
            return f"d'{word}" if word[0] in "AEIOUÉH" else f"{self.chance.choice(('de', 'de', 'De'))} {word}"
        if draw < 0.35:
            heads = (
                "Le ",
                "Le ",
                "Da ",
                "Ben ",
                "El ",
                "Van ",
                "Do ",
                "La ",
                "Di ",
                "Dos ",
                "Van den ",
                "Al ",
                "Mac ",
                "O'",
            )
            return self.chance.choice(heads) + self._capital_surname()
        weight = self.chance.choices((2, 3, 4, 5, 6), (5, 4, 5, 4, 1))[0]
        word = self.chance.choice(self.family[weight])
        if draw > 0.96 and " " not in word:
            word += "-" + self.chance.choice(self.family[5])
        return _capital(word)

    def _capital_surname(self) -> str:
        return _capital(self.chance.choice(self.family[self.chance.choice((3, 4))]))

    def _bent(self, word: str) -> str:
        """Return a name of no list: two letters of a rare one changed."""
        letters = list(word)
        for _ in range(2):
            at = self.chance.randrange(len(letters))
            if letters[at].isalpha():
                letters[at] = self.chance.choice("aeiou" if letters[at] in "aeiouy" else "bcdfglmnrst")
        return "".join(letters)


def _capital(word: str) -> str:
    return re.sub(r"(?:(?<=^)|(?<=[ \-']))[a-z]", lambda m: m.group().upper(), word)


_PERSON = re.compile(r"\[(person|-official)\|\{g(\d?)\} \{n(\d?)\}\]")
_LONE = re.compile(r"\[(person|-official)\|\{n(\d?)\}\]")
_THING = re.compile(r"(\[-(?:place|street|company|work|law)\|[^\]]*?)\{g(\d?)\} \{n\2\}")


def varied(template: str, chance: random.Random) -> str:
    """Return a template with its names written otherwise: capitals, order, a title, hyphens."""

    def person(found: re.Match[str]) -> str:
        kind, number = found[1], found[2]
        g, n = f"{{g{number}}}", f"{{n{number}}}"
        loud = f"{{N{number}}}"
        form = chance.choices((f"{g} {n}", f"{g} {loud}", f"{loud} {g}", f"{n} {g}"), (50, 25, 13, 6))[0]
        title = "{M} " if chance.random() < 0.06 else ""
        return f"{title}[{kind}|{form}]"

    def lone(found: re.Match[str]) -> str:
        return f"[{found[1]}|{{{'N' if chance.random() < 0.3 else 'n'}{found[2]}}}]"

    def thing(found: re.Match[str]) -> str:
        gap = "-" if chance.random() < 0.3 else " "
        return f"{found[1]}{{g{found[2]}}}{gap}{{n{found[2]}}}"

    out = _LONE.sub(lone, _PERSON.sub(person, template))
    return _THING.sub(thing, out)


@dataclass(slots=True)
class School:
    """All sentences, and the numbers of words and of signs."""

    words: dict[weighing.Word, int] = field(default_factory=dict)
    circumstances: dict[str, int] = field(default_factory=lambda: {"": 0})
    lessons: list[Lesson] = field(default_factory=list)

    def add(self, file: str, template: int, sentence: labelled.Sentence) -> None:
        """Add a sentence, as the rules leave it."""
        seen = names.seen(sentence.text)
        if not seen.tokens:
            return
        words, around = weighing.inputs(seen, 0, len(seen.tokens))
        wanted = np.full(len(words), -1, dtype=np.int8)
        wanted[list(weighing.places(seen, 0, len(words)))] = network.NOBODY
        sensitive = np.zeros(len(words), dtype=bool)
        for label in sentence.labels:
            for i, token in enumerate(seen.tokens):
                if not (label.start < token.end and token.start < label.end):
                    continue
                if label.kind in ("person", "official"):
                    wanted[i] = network.PERSON if label.hide else network.OFFICIAL
                elif label.kind == "sensitive":
                    sensitive[i] = label.hide
                elif not label.hide and wanted[i] == network.NOBODY and label.kind != "subject":
                    wanted[i] = network.THING
        number = [self.words.setdefault(word, len(self.words)) for word in words]
        signs = [
            [self.circumstances.setdefault(sign, len(self.circumstances)) for sign in weighing.signs_around(one)]
            for one in around
        ]
        self.lessons.append(Lesson(file, template, np.array(number), np.array(signs), wanted, sensitive))


def school(rounds: int = ROUNDS, seed: int = SEED) -> School:
    """Return what all templates teach."""
    known, templates = taught()
    chance = random.Random(seed)
    drawn, out = Names(chance), School()
    for n, (file, family, template) in enumerate(templates):
        for _ in range(rounds):
            words = labelled.Families(words={**known, **drawn.words()})
            out.add(file, n, written(labelled.made(family, varied(template, chance), words, chance), chance))
    return out


def written(sentence: labelled.Sentence, chance: random.Random) -> labelled.Sentence:
    """Return a sentence as hands write it: some begin with a capital, some without, some are all in capitals."""
    text, draw = sentence.text, chance.random()
    if draw < 0.5 and text[0].islower():
        text = text[0].upper() + text[1:]
    elif draw > 0.97:
        text = text.upper()
    elif draw > 0.94 and text[1:2].islower():
        text = text[0].lower() + text[1:]
    return labelled.Sentence(sentence.family, text, sentence.labels) if len(text) == len(sentence.text) else sentence


# --- What the network is given --------------------------------------------------------------------


class Signs:
    """The signs of all words, by number, and the places of words; 0 is the number of no sign."""

    def __init__(self, known: School, lessons: Sequence[Lesson]) -> None:
        held = [weighing.alone(*word) for word in known.words]
        seen: Counter[str] = Counter()
        here: set[str] = set()
        last = -1
        for lesson in lessons:
            if lesson.template != last:
                seen.update(here)
                here, last = set(), lesson.template
            for word in lesson.words.tolist():
                here.update(held[word])
        seen.update(here)
        common = sorted(sign for sign, count in seen.items() if count >= LEAST)
        self.names = ["", *common, *list(known.circumstances)[1:]]
        numbers = {sign: n for n, sign in enumerate(self.names)}
        self.first_around = len(common)  # added to the number of a circumstance
        rows = [[numbers[sign] for sign in signs if sign in numbers] for signs in held]
        self.of_word = np.zeros((len(rows), max(map(len, rows))), dtype=np.int32)
        for n, row in enumerate(rows):
            self.of_word[n, : len(row)] = row
        # Signs that say which word it is, rather than of what kind.
        self.is_name = np.array([s[:1] in set("kw4^32") and s[:2] not in _KIN for s in self.names])
        table = network.word_places().astype(np.float32) / PLACE
        self.places = np.vstack([table, np.zeros((1, table.shape[1]), dtype=np.float32)])
        near = [kin(*word) if word[1] in "lTU" else None for word in known.words]
        self.row = np.array([one.row if one else -1 for one in near])
        self.small = np.array(
            [one.small_row if one and word[1] in "TU" else -1 for one, word in zip(near, known.words, strict=True)]
        )
        self.deviation = self.places.std(axis=0)


_KIN = {"kn", "kw", "kt", "ku", "kp", "ks"}


@dataclass(slots=True)
class Sheet:
    """Some sentences, laid end to end."""

    signs: np.ndarray  # of each different word
    places: np.ndarray
    small: np.ndarray
    word: np.ndarray  # of each token, among the different ones
    around: np.ndarray
    before: dict[int, np.ndarray]  # token so far before each, the one after the last where there is none
    behind: dict[int, np.ndarray]
    text: Groups
    same: Groups
    wanted: np.ndarray
    sensitive: np.ndarray


class Groups:
    """Tokens that are summed together."""

    def __init__(self, at: np.ndarray) -> None:
        _, self.at = np.unique(at, return_inverse=True)
        self.order = np.argsort(self.at, kind="stable")
        self.starts = np.searchsorted(self.at[self.order], np.arange(self.at.max() + 1))
        self.counts = np.bincount(self.at).astype(np.float32)[:, None]

    def sums(self, held: np.ndarray) -> np.ndarray:
        return np.add.reduceat(held[self.order], self.starts, axis=0)


def sheet(signs: Signs, lessons: Sequence[Lesson], forgotten: np.ndarray, told_nothing: int) -> Sheet:
    words = np.concatenate([lesson.words for lesson in lessons])
    lengths = np.array([len(lesson.words) for lesson in lessons])
    text = np.repeat(np.arange(len(lessons)), lengths)
    count, first = len(words), (np.cumsum(lengths) - lengths)[text]
    at = np.arange(count)
    place, left = at - first, first + lengths[text] - 1 - at
    different, word = np.unique(words, return_inverse=True)
    around = np.concatenate([lesson.around for lesson in lessons])
    around = np.where(around > 0, around + signs.first_around, 0)
    around[forgotten[text], 0] = told_nothing + signs.first_around
    return Sheet(
        signs.of_word[different], signs.places[signs.row[different]], signs.places[signs.small[different]], word, around,
        {far: np.where(place >= far, at - far, count) for far in set(network.REACH)},
        {far: np.where(left >= far, at + far, count) for far in set(network.REACH)},
        Groups(text), Groups(text * np.int64(len(signs.of_word)) + words),
        np.concatenate([lesson.wanted for lesson in lessons]), np.concatenate([lesson.sensitive for lesson in lessons]),
    )  # fmt: skip


# --- Learning -------------------------------------------------------------------------------------

Rows = tuple[np.ndarray, np.ndarray]  # numbers of signs, the slope of each


class Learner:
    """The weights of a network, and what Adam keeps of their slopes."""

    def __init__(self, signs: Signs, seed: int) -> None:
        self.chance = chance = np.random.default_rng(seed)
        axes, wide = signs.places.shape[1], COLUMNS

        def drawn(*shape: int, scale: float) -> np.ndarray:
            return (chance.standard_normal(shape) * scale).astype(np.float32)

        self.signs = signs
        self.parts = {
            "held": drawn(len(signs.names), NARROW, scale=0.1),
            "widen": drawn(NARROW, wide, scale=1 / NARROW**0.5),
            "of_place": drawn(axes, wide, scale=0.05),
            "of_small": drawn(axes, wide, scale=0.03),
            "of_text": drawn(wide, wide, scale=0.5 / wide**0.5),
            "of_same": drawn(wide, wide, scale=0.5 / wide**0.5),
            "first": drawn(wide, LAST, scale=(2 / wide) ** 0.5),
            "first_bias": np.zeros(LAST, dtype=np.float32),
            "second": drawn(LAST, 5, scale=0.1),
            "second_bias": np.zeros(5, dtype=np.float32),
        }
        for n in range(len(network.REACH)):
            self.parts[f"layer{n}"] = drawn(3 * wide, wide, scale=(1 / (3 * wide)) ** 0.5)
            self.parts[f"bias{n}"] = np.zeros(wide, dtype=np.float32)
        self.parts["held"][0] = 0
        self.means = {name: np.zeros_like(part) for name, part in self.parts.items()}
        self.squares = {name: np.zeros_like(part) for name, part in self.parts.items()}
        self.steps = 0

    def slopes(self, page: Sheet) -> tuple[dict[str, np.ndarray], list[Rows], float]:
        """Return the slope of the error by each part, by the signs, and the error."""
        part, chance = self.parts, self.chance

        def kept(share: float, *shape: int) -> np.ndarray:
            return chance.random(shape, dtype=np.float32) >= share

        signs = np.where(kept(HIDDEN_SIGNS, *page.signs.shape), page.signs, 0)
        unnamed = ~kept(HIDDEN_WORDS, len(signs), 1)
        signs = np.where(unnamed & self.signs.is_name[signs], 0, signs)
        shaken = chance.standard_normal(page.places.shape, dtype=np.float32) * (SHAKEN * self.signs.deviation)
        place = page.places + shaken * page.places.any(axis=1, keepdims=True)
        scale = np.float32(1 / (1 - HIDDEN_SIGNS))
        known, around = part["held"][signs].sum(axis=1) * scale, part["held"][page.around].sum(axis=1)
        word = known @ part["widen"] + place @ part["of_place"] + page.small @ part["of_small"]
        shown = kept(HIDDEN_TOKENS, len(page.word), 1)
        here = (word[page.word] + around @ part["widen"]) * shown
        none = np.zeros((1, COLUMNS), dtype=np.float32)
        kept_layers = []
        for n, far in enumerate(network.REACH):
            padded = np.concatenate((here, none))
            beside = np.concatenate((padded[page.before[far]], here, padded[page.behind[far]]), axis=1)
            told = beside @ part[f"layer{n}"] + part[f"bias{n}"]
            if n == len(network.REACH) - 1:
                text = page.text.sums(here) / page.text.counts
                same = page.same.sums(here) / page.same.counts
                told += (text @ part["of_text"])[page.text.at] + (same @ part["of_same"])[page.same.at]
            live = (told > 0) * kept(HIDDEN_PARTS, *told.shape) * np.float32(1 / (1 - HIDDEN_PARTS))
            here = here + told * live
            kept_layers.append((beside, live))
        last = np.maximum(here @ part["first"] + part["first_bias"], 0)
        out = last @ part["second"] + part["second_bias"]
        error, slope = _errors(out, page)
        slopes = {"second": last.T @ slope, "second_bias": slope.sum(axis=0)}
        back = (slope @ part["second"].T) * (last > 0)
        slopes |= {"first": here.T @ back, "first_bias": back.sum(axis=0)}
        back = back @ part["first"].T
        for n in reversed(range(len(network.REACH))):
            far, (beside, live) = network.REACH[n], kept_layers[n]
            told = back * live
            slopes |= {f"layer{n}": beside.T @ told, f"bias{n}": told.sum(axis=0)}
            by = told @ part[f"layer{n}"].T
            before = np.concatenate((by[:, :COLUMNS], none))[page.behind[far]]
            behind = np.concatenate((by[:, 2 * COLUMNS :], none))[page.before[far]]
            back = back + by[:, COLUMNS : 2 * COLUMNS] + before + behind
            if n == len(network.REACH) - 1:
                of_text, of_same = page.text.sums(told), page.same.sums(told)
                slopes |= {"of_text": text.T @ of_text, "of_same": same.T @ of_same}
                back += ((of_text @ part["of_text"].T) / page.text.counts)[page.text.at]
                back += ((of_same @ part["of_same"].T) / page.same.counts)[page.same.at]
        back *= shown
        by_word = Groups(page.word).sums(back)
        slopes |= {"of_place": place.T @ by_word, "of_small": page.small.T @ by_word}
        slopes["widen"] = known.T @ by_word + around.T @ back
        narrow = part["widen"].T
        return slopes, [(signs, by_word @ narrow * scale), (page.around, back @ narrow)], error

    def step(self, slopes: dict[str, np.ndarray], rows: list[Rows], rate: float) -> None:
        """Go down the slopes; of the signs, only those seen move."""
        self.steps += 1
        for name, slope in slopes.items():
            self._move(name, slice(None), slope, rate)
        for numbers, slope in rows:
            flat = numbers.ravel()
            at = np.repeat(np.arange(len(numbers)), numbers.shape[1])[flat > 0]
            flat = flat[flat > 0]
            order = np.argsort(flat, kind="stable")
            starts = np.flatnonzero(np.diff(flat[order], prepend=-1))
            self._move("held", flat[order][starts], np.add.reduceat(slope[at[order]], starts, axis=0), rate)

    def _move(self, name: str, which: np.ndarray | slice, slope: np.ndarray, rate: float) -> None:
        mean, square = self.means[name], self.squares[name]
        mean[which] = 0.9 * mean[which] + np.float32(0.1) * slope
        square[which] = 0.99 * square[which] + np.float32(0.01) * slope**2
        size = np.sqrt(square[which] / (1 - 0.99**self.steps)) + 1e-8
        self.parts[name][which] -= np.float32(rate / (1 - 0.9**self.steps)) * (mean[which] / size)

    def made(self) -> network.Network:
        """Return what was learnt, as it is kept: the scale of the places is that of their bytes."""
        part = self.parts
        held = part["held"][1:]
        steps = np.maximum(np.abs(held).max(axis=1), 1e-6).astype(np.float16).astype(np.float32) / 127
        steps = steps.astype(np.float16).astype(np.float32)
        numbers = np.clip(np.rint(held / np.maximum(steps, 1e-7)[:, None]), -127, 127).astype(np.int8)
        layers = [(part[f"layer{n}"], part[f"bias{n}"]) for n in range(len(network.REACH))]
        print(len(held), "signs")
        return network.Network(
            {sign: n for n, sign in enumerate(self.signs.names[1:])}, numbers, steps, part["widen"], network.word_places(),
            part["of_place"] / PLACE, part["of_small"] / PLACE, layers, part["of_text"], part["of_same"],
            (part["first"], part["first_bias"], part["second"], part["second_bias"]),
        )  # fmt: skip


PLACE = 127 / 3  # of the bytes of a place, by deviation: see ``make_word_kin``


def _errors(out: np.ndarray, page: Sheet) -> tuple[float, np.ndarray]:
    """Return the mean error on names, and the slope of the whole error by what is told of each token."""
    slope = np.zeros_like(out)
    names_at = np.flatnonzero(page.wanted >= 0)
    told = out[names_at, : network.SENSITIVE]
    chances = np.exp(told - told.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    right = page.wanted[names_at], np.arange(len(names_at))
    error = float(-np.log(chances[right[1], right[0]] + 1e-9).mean())
    chances[right[1], right[0]] -= 1
    slope[names_at, : network.SENSITIVE] = chances / max(len(names_at), 1)
    likely = 1 / (1 + np.exp(-np.clip(out[:, network.SENSITIVE], -30, 30)))
    slope[:, network.SENSITIVE] = (likely - page.sensitive) * np.float32(SENSITIVE / len(page.text.counts))
    return error, slope


def learnt(known: School, lessons: Sequence[Lesson], seed: int = SEED) -> network.Network:
    """Return the network that some sentences teach."""
    signs = Signs(known, lessons)
    learner = Learner(signs, seed)
    chance = np.random.default_rng(seed + 1)
    told_nothing = known.circumstances["~vn"]
    count = EPOCHS * -(-len(lessons) // BATCH)
    for epoch in range(EPOCHS):
        order, errors = chance.permutation(len(lessons)), []
        for start in range(0, len(order), BATCH):
            batch = [lessons[n] for n in order[start : start + BATCH]]
            page = sheet(signs, batch, chance.random(len(batch)) < FORGOTTEN, told_nothing)
            slopes, rows, error = learner.slopes(page)
            rate = RATE * min(1, (learner.steps + 1) / 200) * (1 - learner.steps / count)
            learner.step(slopes, rows, rate)
            errors.append(error)
        print(f"{epoch + 1}: {np.mean(errors):.4f}, {time.process_time():.0f} s", flush=True)
    return learner.made()


# --- Judging --------------------------------------------------------------------------------------


def judged(read: network.Network, held: re.Pattern[str]) -> None:
    """Print the score of what was learnt without some files, on their sentences."""
    use(read)
    known, _ = taught()
    drawn: defaultdict[str, list[str]] = defaultdict(list)
    for name in ("fresh4", "fresh5", "fresh6"):
        for kind in ("given", "family", "town"):
            drawn[kind] += labelled.families(labelled.FOLDER / f"{name}.txt").words[kind]
    some = Names(random.Random(SEED))
    drawn["sigle"] = [some._letters() for _ in range(40)]
    made = []
    for file in sources():
        one = labelled.families(file)
        if held.match(file.stem) and one.templates:
            one.words = {**known, **one.words, **drawn}
            made += labelled.sentences(one, 2 * sum(map(len, one.templates.values())), SEED)
    score, wrong = labelled.scored(
        made, lambda text: [(s.start, s.end, s.meaning == "person_name") for s in spans.hidden(text)]
    )
    people = f"{score.people_recall:.3f} {score.people_precision:.3f}"
    print(f"hidden {score.recall:.3f} people {people} damaged {score.damage:.3f}")
    for sentence, said in wrong:
        print(f"{said} || {sentence.text!r}")


def use(read: network.Network) -> None:
    """Weigh by this network from now on."""
    network._network = lambda: read  # type: ignore[assignment]


def main() -> None:
    known = school()
    print(len(known.lessons), "sentences,", len(known.words), "words")
    if "--judge" in sys.argv:
        held = re.compile(sys.argv[-1])
        judged(learnt(known, [lesson for lesson in known.lessons if not held.match(lesson.file)]), held)
        return
    packed = network.packed(learnt(known, known.lessons))
    TARGET.write_bytes(packed)
    print(f"{len(packed) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
