"""Learn ``src/parvis/privacy/words/scores.txt``: the weights by which a capital word is a person's, an official's or nobody's.

    python scripts/make_name_scores.py            # learn and write
    python scripts/make_name_scores.py --judge    # leave out a writer at a time, and say what is missed

The sentences are ours (``scripts/teaching``, and the sets of ``benchmarks/sentences`` that who mends has read), filled with
names drawn by their number of bearers; no text of a town is read. Two logistic regressions of three classes with a square
penalty, the second over what the first, learnt without that writer, says of each word and its neighbours; a share of the
signs is hidden at each step. The same seed gives the same file.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "src")]

import labelled  # noqa: E402  found by the path set above, as those under it

from parvis import places  # noqa: E402  as above
from parvis.privacy import names, spans, weighing  # noqa: E402  as above
from parvis.privacy.words import classes, lexicon  # noqa: E402  as above

TEACHING = Path(__file__).parent / "teaching"
TARGET = ROOT / "src" / "parvis" / "privacy" / "words" / "scores.txt"
SEED, ROUNDS = 11, 6  # ROUNDS: sentences of each template
LEAST = 3  # templates in which a sign must be seen
EPOCHS, BATCH, RATE, PENALTY, PENALTY_AGAIN = 16, 2048, 0.25, 1e-4, 1e-4
HIDDEN = 0.4  # share of the signs hidden each time, so that none is all that is learnt
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
DRAWS = 3  # times that all is learnt, in other orders and with other signs hidden: the mean says what is sure
FORGOTTEN = 0.25  # share of the sentences where the rules' verdict is hidden, so that it is not all that is learnt


@dataclass(slots=True)
class Lesson:
    """What one template gave: its sentences as the rules leave them, and what each capital word names."""

    writer: str
    family: str
    seen: list[weighing.Seen] = field(default_factory=list)
    kinds: list[list[int]] = field(default_factory=list)
    forgotten: list[bool] = field(default_factory=list)


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


def writer(file: str) -> str:
    """Return whose file it is: a writer is left out whole, or kept whole."""
    found = re.match(r"w\d", file)
    return found[0] if found else "fresh" if file in NO_JUDGES else "first"


class Names:
    """First names and surnames drawn by their number of bearers, some of no list, some that are ordinary words."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.given: defaultdict[int, list[str]] = defaultdict(list)
        self.family: defaultdict[int, list[str]] = defaultdict(list)
        for kind, store in (("given", self.given), ("surnames", self.family)):
            for word, weight in lexicon._weights(kind).items():
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


def lessons(rounds: int = ROUNDS, seed: int = SEED) -> list[Lesson]:
    """Return what each template teaches."""
    known, templates = taught()
    chance = random.Random(seed)
    drawn = Names(chance)
    out = []
    for file, family, template in templates:
        lesson = Lesson(writer(file), f"{file}/{family}")
        for _ in range(rounds):
            words = labelled.Families(words={**known, **drawn.words()})
            sentence = labelled.made(family, varied(template, chance), words, chance)
            text = sentence.text
            if chance.random() < 0.5 and text[0].islower():
                sentence = labelled.Sentence(family, text[0].upper() + text[1:], sentence.labels)
            if chance.random() < 0.03:
                sentence = labelled.Sentence(family, sentence.text.upper(), sentence.labels)
            if len(sentence.text) == len(text):
                add(lesson, sentence, forget=chance.random() < FORGOTTEN)
        out.append(lesson)
    return out


def add(lesson: Lesson, sentence: labelled.Sentence, *, forget: bool) -> None:
    seen = names.seen(sentence.text)
    if forget:
        seen = replace(seen, verdicts=["n"] * len(seen.tokens))
    kinds = [weighing.NOBODY] * len(seen.tokens)
    for label in sentence.labels:
        if label.kind in ("person", "official"):
            for i, token in enumerate(seen.tokens):
                if label.start < token.end and token.start < label.end:
                    kinds[i] = weighing.PERSON if label.hide else weighing.OFFICIAL
    lesson.seen.append(seen)
    lesson.kinds.append(kinds)
    lesson.forgotten.append(forget)


# --- Learning -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Rows:
    """The signs of capital words by their numbers, and what each names."""

    numbers: dict[str, int] = field(default_factory=dict)
    held: list[np.ndarray] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    writers: list[str] = field(default_factory=list)
    lessons: Counter[int] = field(default_factory=Counter)  # in which each sign is seen

    def add(self, signs: Iterable[str], kind: int, writer: str) -> None:
        numbers = self.numbers
        self.held.append(np.fromiter((numbers.setdefault(s, len(numbers)) for s in signs), dtype=np.int32))
        self.kinds.append(kind)
        self.writers.append(writer)

    def ends_lesson(self, first: int) -> None:
        """Count the signs of the lesson whose rows begin at ``first``."""
        if first < len(self.held):
            self.lessons.update(np.unique(np.concatenate(self.held[first:])).tolist())

    def table(self) -> np.ndarray:
        """Return the signs of each row, the rare ones and the empty places as the number after the last."""
        none = len(self.numbers)
        common = np.array([self.lessons[n] >= LEAST for n in range(none)] + [False])
        out = np.full((len(self.held), max(map(len, self.held))), none, dtype=np.int32)
        for at, signs in enumerate(self.held):
            kept = signs[common[signs]]
            out[at, : len(kept)] = kept
        return out


def first_rows(given: Sequence[Lesson]) -> Rows:
    out = Rows()
    for lesson in given:
        start = len(out.held)
        for seen, kinds in zip(lesson.seen, lesson.kinds, strict=True):
            for i, run, own in weighing.signs_of(seen):
                token = seen.tokens[i]
                out.add([*run, *own, *weighing.alone(token.folded, token.shape)], kinds[i], lesson.writer)
        out.ends_lesson(start)
    return out


def second_rows(given: Sequence[Lesson], scores: np.ndarray) -> Rows:
    """Return the rows that the first scores give, those of sentences whose verdicts were not forgotten."""
    out, at = Rows(), 0
    whole = np.rint(scores * weighing.SCALE).astype(int).tolist()
    for lesson in given:
        start = len(out.held)
        for seen, kinds, forgotten in zip(lesson.seen, lesson.kinds, lesson.forgotten, strict=True):
            places = [i for i, _, _ in weighing.signs_of(seen)]
            first = [(i, *whole[at + n]) for n, i in enumerate(places)]
            at += len(places)
            if not forgotten:
                for i, signs in weighing.signs_again(seen, first):
                    out.add(signs, kinds[i], lesson.writer)
        out.ends_lesson(start)
    return out


def learn(table: np.ndarray, wanted: np.ndarray, none: int, penalty: float, seed: int = SEED) -> np.ndarray:
    """Return the weights of each sign, a column for each class but nobody's; a share of the signs is hidden each time."""
    values = np.zeros((none + 1, 3))
    squares = np.full((none + 1, 3), 1e-3)
    chance = np.random.default_rng(seed)
    for _ in range(EPOCHS):
        order = chance.permutation(len(table))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            held = np.where(chance.random((len(batch), table.shape[1])) < HIDDEN, none, table[batch])
            scores = values[held].sum(axis=1)
            chances = np.exp(scores - scores.max(axis=1, keepdims=True))
            chances /= chances.sum(axis=1, keepdims=True)
            chances[np.arange(len(batch)), wanted[batch]] -= 1
            for kind in range(3):
                errors = np.repeat(chances[:, kind], table.shape[1])
                slope = np.bincount(held.ravel(), weights=errors, minlength=none + 1) / len(batch)
                slope += penalty * values[:, kind]
                squares[:, kind] += slope**2
                values[:, kind] -= RATE * slope / np.sqrt(squares[:, kind])
            values[none] = 0
    return (values[:, 1:] - values[:, :1]) * (1 - HIDDEN)


Table = dict[str, tuple[int, int]]


def pairs(rows: Rows, values: np.ndarray) -> Table:
    whole = np.rint(values * weighing.SCALE).astype(int)
    return {
        sign: (a, b)
        for sign, at in rows.numbers.items()
        if max(abs(a := int(whole[at, 0])), abs(b := int(whole[at, 1]))) >= 4
    }


class School:
    """Both passes, learnt from all writers, and from all but one."""

    def __init__(self, given: Sequence[Lesson]) -> None:
        self.given = given
        self.first = first_rows(given)
        self.table, self.kinds = self.first.table(), np.array(self.first.kinds)
        self.writers = np.array(self.first.writers)
        self.without: dict[str, np.ndarray] = {}  # first weights learnt without each writer
        scores = np.zeros((len(self.kinds), 2))
        for name in sorted(set(self.writers)):
            out = self.writers == name
            self.without[name] = learn(self.table[~out], self.kinds[~out], len(self.first.numbers), PENALTY)
            scores[out] = self.without[name][self.table[out]].sum(axis=1)
        self.second = second_rows(given, scores)
        self.again, self.kinds_again = self.second.table(), np.array(self.second.kinds)

    def whole(self) -> Table:
        """Return the scores of all signs."""
        first = [learn(self.table, self.kinds, len(self.first.numbers), PENALTY, SEED + n) for n in range(DRAWS)]
        return pairs(self.first, np.mean(first, axis=0)) | self._second(None)

    def but(self, writer: str) -> Table:
        """Return what is learnt without a writer."""
        return pairs(self.first, self.without[writer]) | self._second(writer)

    def _second(self, writer: str | None) -> Table:
        kept = np.array([w != writer for w in self.second.writers])
        table, kinds, none = self.again[kept], self.kinds_again[kept], len(self.second.numbers)
        second = [learn(table, kinds, none, PENALTY_AGAIN, SEED + n) for n in range(1 if writer else DRAWS)]
        return pairs(self.second, np.mean(second, axis=0))


def write(table: Table) -> None:
    """Write a line for each pair of scores: the scores, then the signs that have them."""
    lines: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for sign, pair in table.items():
        lines[pair].append(sign)
    text = "\n".join(f"{p},{o} {' '.join(sorted(signs))}" for (p, o), signs in sorted(lines.items()))
    TARGET.write_text(text + "\n", "utf-8")
    print(f"{len(table)} signs, {len(text.encode()) / 1e6:.2f} MB")


# --- Judging --------------------------------------------------------------------------------------


def judged(table: Table, writer_left: str) -> labelled.Score:
    """Return the score of what was learnt without a writer, on the sentences of that writer."""
    held = {sign: weighing.packed(*pair) for sign, pair in table.items()}
    weighing._scores = lambda: held  # type: ignore[assignment]
    weighing._sum_alone.cache_clear()
    known, _ = taught()
    drawn: defaultdict[str, list[str]] = defaultdict(list)
    for name in ("fresh4", "fresh5", "fresh6"):
        for kind in ("given", "family", "town"):
            drawn[kind] += labelled.families(labelled.FOLDER / f"{name}.txt").words[kind]
    made = []
    for file in sources():
        one = labelled.families(file)
        if writer(file.stem) == writer_left and one.templates:
            one.words = {**known, **one.words, **drawn}
            made += labelled.sentences(one, 3 * sum(map(len, one.templates.values())), SEED)
    score, _ = labelled.scored(
        made, lambda text: [(s.start, s.end, s.meaning == "person_name") for s in spans.hidden(text)]
    )
    return score


def main() -> None:
    given = lessons()
    print(len(given), "templates,", sum(len(x.seen) for x in given), "sentences")
    school = School(given)
    if "--judge" in sys.argv:
        for name in sorted(school.without):
            score = judged(school.but(name), name)
            people = f"{score.people_recall:.3f} {score.people_precision:.3f}"
            print(f"{name:6} hidden {score.recall:.3f} people {people} damaged {score.damage:.3f}")
        return
    write(school.whole())


if __name__ == "__main__":
    main()
