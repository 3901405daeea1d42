"""Learn ``src/parvis/privacy/words/scores.txt``: the weights by which a capital word is a person's, an official's or nobody's.

    python scripts/make_name_scores.py            # learn and write
    python scripts/make_name_scores.py --judge    # leave out a fifth of the families at a time, and say what is missed

The sentences are ours (``scripts/teaching``), filled with names drawn by their number of bearers; no text of a town is
read. A logistic regression of three classes with a square penalty; the same seed gives the same file.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "src")]

import labelled  # noqa: E402  found by the path set above, as those under it

from parvis import places  # noqa: E402
from parvis.privacy import names, weighing  # noqa: E402
from parvis.privacy.words import classes, lexicon  # noqa: E402

TEACHING = Path(__file__).parent / "teaching"
TARGET = ROOT / "src" / "parvis" / "privacy" / "words" / "scores.txt"
SEED, ROUNDS, FOLDS = 11, 14, 5  # ROUNDS: sentences of each template
LEAST = 3  # templates in which a sign must be seen
EPOCHS, BATCH, RATE, PENALTY = 16, 2048, 0.25, 2e-5
FORGOTTEN = 0.25  # share of the sentences where the rules' verdict is hidden, so that it is not all that is learnt

Row = tuple[list[str], int]


@dataclass(slots=True)
class Lesson:
    """What one template gave: the signs of each capital word and what it names."""

    family: str
    rows: list[Row] = field(default_factory=list)


# --- Sentences ------------------------------------------------------------------------------------


def taught() -> tuple[labelled.Families, list[tuple[str, str]]]:
    """Return the words and the (family, template) of all files."""
    known = labelled.Families()
    templates = []
    for file in sorted(TEACHING.glob("*.txt")):
        one = labelled.families(file)
        for kind, words in one.words.items():
            known.words.setdefault(kind, []).extend(words)
        templates += [(family, line) for family, lines in one.templates.items() for line in lines]
    return known, templates


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
        }

    def _given(self) -> str:
        draw = self.chance.random()
        if draw < 0.06:
            return _capital(self.chance.choice(self.flowers))
        if draw < 0.12:
            return _capital(self._bent(self.chance.choice(self.given[self.chance.choice((3, 4))])))
        weight = self.chance.choices((3, 4, 5, 6), (1, 3, 5, 5))[0]
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
        weight = self.chance.choices((3, 4, 5, 6), (4, 5, 4, 1))[0]
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
    for family, template in templates:
        lesson = Lesson(family)
        for _ in range(rounds):
            words = labelled.Families(words={**known.words, **drawn.words()})
            sentence = labelled.made(family, varied(template, chance), words, chance)
            text = sentence.text
            if chance.random() < 0.5 and text[0].islower():
                sentence = labelled.Sentence(family, text[0].upper() + text[1:], sentence.labels)
            if chance.random() < 0.03:
                sentence = labelled.Sentence(family, sentence.text.upper(), sentence.labels)
            if len(sentence.text) == len(text):
                lesson.rows += rows(sentence, forget=chance.random() < FORGOTTEN)
        out.append(lesson)
    return out


def rows(sentence: labelled.Sentence, *, forget: bool = False) -> Iterator[Row]:
    """Yield the signs of each capital word of a sentence, and what it names."""
    tokens, verdicts, prose, shout = names.seen(sentence.text)
    if forget:
        verdicts = ["n"] * len(tokens)
    for i, run, own in weighing.signs_of(tokens, verdicts, prose, shout):
        token = tokens[i]
        signs = [*run, *own, *weighing.alone(token.folded, token.shape)]
        kind = weighing.NOBODY
        for label in sentence.labels:
            if label.start < token.end and token.start < label.end and label.kind in ("person", "official"):
                kind = weighing.PERSON if label.hide else weighing.OFFICIAL
        yield signs, kind


# --- Learning -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Weights:
    signs: dict[str, int]
    values: np.ndarray  # a row for each sign and one of zeros, a column for each class but nobody's

    def table(self) -> dict[str, tuple[int, int]]:
        out = {}
        whole = np.rint(self.values * weighing.SCALE).astype(int)
        for sign, at in self.signs.items():
            pair = (int(whole[at, 0]), int(whole[at, 1]))
            if max(abs(pair[0]), abs(pair[1])) >= 4:
                out[sign] = pair
        return out


def learn(given: Sequence[Lesson], seed: int = SEED) -> Weights:
    """Return the weights that tell the lessons' words apart."""
    seen: Counter[str] = Counter()
    for lesson in given:
        seen.update({sign for signs, _ in lesson.rows for sign in signs})
    signs = {sign: at for at, sign in enumerate(sorted(s for s, n in seen.items() if n >= LEAST))}
    none = len(signs)
    examples = [row for lesson in given for row in lesson.rows]
    width = max(len(s) for s, _ in examples)
    table = np.full((len(examples), width), none, dtype=np.int32)
    for at, (held, _) in enumerate(examples):
        known = [signs[s] for s in held if s in signs]
        table[at, : len(known)] = known
    wanted = np.array([kind for _, kind in examples])
    values = np.zeros((none + 1, 2))
    squares = np.full((none + 1, 2), 1e-3)
    chance = np.random.default_rng(seed)
    for _ in range(EPOCHS):
        order = chance.permutation(len(examples))
        for start in range(0, len(order), BATCH):
            rows_held = table[order[start : start + BATCH]]
            scores = values[rows_held].sum(axis=1)
            scores = np.column_stack([np.zeros(len(rows_held)), scores])
            scores -= scores.max(axis=1, keepdims=True)
            chances = np.exp(scores)
            chances /= chances.sum(axis=1, keepdims=True)
            chances[np.arange(len(rows_held)), wanted[order[start : start + BATCH]]] -= 1
            for kind in (0, 1):
                errors = np.repeat(chances[:, kind + 1], width)
                slope = np.bincount(rows_held.ravel(), weights=errors, minlength=none + 1) / len(rows_held)
                slope += PENALTY * values[:, kind]
                squares[:, kind] += slope**2
                values[:, kind] -= RATE * slope / np.sqrt(squares[:, kind])
            values[none] = 0
    return Weights(signs, values)


def judged(learnt: Weights, given: Sequence[Lesson]) -> Counter[tuple[int, int]]:
    """Return how many words of each kind were taken for each."""
    out: Counter[tuple[int, int]] = Counter()
    table = learnt.table()
    for lesson in given:
        for signs, kind in lesson.rows:
            pairs = [table[s] for s in signs if s in table]
            person, official = sum(p for p, _ in pairs), sum(o for _, o in pairs)
            told = max(((0, 0), (person, 1), (official, 2)))[1]
            out[kind, told] += 1
    return out


def write(learnt: Weights) -> None:
    """Write a line for each pair of scores: the scores, then the signs that have them."""
    lines: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for sign, pair in learnt.table().items():
        lines[pair].append(sign)
    text = "\n".join(f"{p},{o} {' '.join(sorted(signs))}" for (p, o), signs in sorted(lines.items()))
    TARGET.write_text(text + "\n", "utf-8")
    print(f"{sum(map(len, lines.values()))} signs, {len(text.encode()) / 1e6:.2f} MB")


def main() -> None:
    given = lessons()
    print(len(given), "templates,", sum(len(x.rows) for x in given), "words")
    if "--judge" in sys.argv:
        families = sorted({x.family for x in given})
        total: Counter[tuple[int, int]] = Counter()
        for fold in range(FOLDS):
            out = set(families[fold::FOLDS])
            learnt = learn([x for x in given if x.family not in out])
            told = judged(learnt, [x for x in given if x.family in out])
            total += told
            print(fold, sorted(out), dict(told))
        for kind in range(3):
            print(kind, [round(total[kind, t] / max(1, sum(total[kind, u] for u in range(3))), 4) for t in range(3)])
        return
    learnt = learn(given)
    print(dict(judged(learnt, given)))
    write(learnt)


if __name__ == "__main__":
    main()
