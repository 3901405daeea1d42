"""Sentences made from families of templates, each with the places of what must be hidden and of what must stay.

A family is a heading « == name » and its templates, a line each. In a template ``[person|{g} {N}]`` must be hidden,
``[-official|{g} {N}]`` must stay, and ``{g}`` is a first name, ``{n}`` a surname, ``{N}`` the surname in capitals (``{g2}``:
of a second person, and so on); ⏎ ends a line. Lines « @given », « @family » … give the words. The same seed makes the same
sentences.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from parvis.text import fold

FOLDER = Path(__file__).parent / "sentences"
HALF = 0.5  # share of a label that must be covered to be found, or damaged
_LABEL = re.compile(r"\[(-?)([a-z_]+)\|((?:[^\[\]]|\[[^\]|]*\])*)\]")
_SLOT = re.compile(r"\{([a-zA-Z]+)(\d?)\}")
_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()


@dataclass(frozen=True, slots=True)
class Label:
    start: int
    end: int
    kind: str
    hide: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    family: str
    text: str
    labels: tuple[Label, ...]


@dataclass(slots=True)
class Families:
    words: dict[str, list[str]] = field(default_factory=dict)
    templates: dict[str, list[str]] = field(default_factory=dict)


def families(file: Path) -> Families:
    """Return what a file of templates holds."""
    out, name = Families(), ""
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("@"):
            kind, *words = line[1:].split()
            out.words.setdefault(kind, []).extend(w.replace("_", " ") for w in words)
        elif line.startswith("== "):
            name = line[3:].strip()
        elif line.strip() and not line.startswith("#"):
            out.templates.setdefault(name, []).append(line)
    return out


def sentences(known: Families, count: int, seed: int, only: frozenset[str] | None = None) -> list[Sentence]:
    """Return so many sentences, each family as often as another."""
    chance = random.Random(seed)
    names = [n for n in sorted(known.templates) if only is None or n in only]
    out = []
    for i in range(count):
        family = names[i % len(names)]
        rounds = i // len(names)
        templates = known.templates[family]
        out.append(made(family, templates[rounds % len(templates)], known, chance))
    return out


def made(family: str, template: str, known: Families, chance: random.Random) -> Sentence:
    """Return one sentence of a template."""
    filler = Filler(known.words, chance)
    template = template.replace("⏎", "\n")
    text, labels, last = "", [], 0
    for found in _LABEL.finditer(template):
        text += filler.fill(template[last : found.start()])
        start, inside = len(text), filler.fill(found[3])
        text += inside
        labels.append(Label(start, len(text), found[2], not found[1]))
        last = found.end()
    return Sentence(family, text + filler.fill(template[last:]), tuple(labels))


class Filler:
    """The words of one sentence: a slot asked twice gives the same person."""

    def __init__(self, words: dict[str, list[str]], chance: random.Random) -> None:
        self.words, self.chance = words, chance
        self.people: dict[str, tuple[str, str]] = {}
        self.slots: dict[str, Callable[[], str]] = {
            "M": lambda: chance.choice(("M.", "Mme", "Monsieur", "Madame", "M.", "Mme")),
            "Mme": lambda: chance.choice(("Mme", "Madame")),
            "MME": lambda: "MME",
            "num": lambda: str(chance.randint(1, 148)),
            "cp": lambda: f"{chance.randint(1, 95):02d}{chance.randrange(100, 999)}",
            "day": self._day,
            "daynum": lambda: f"{chance.randint(1, 28):02d}/{chance.randint(1, 12):02d}/{chance.randint(2015, 2026)}",
            "birth": self._birth,
            "year": lambda: str(chance.randint(1931, 2015)),
            "amount": lambda: f"{chance.randint(1, 98)} {chance.randrange(1000):03d}".replace("0 ", " ", 0),
            "mobile": self._mobile,
            "landline": lambda: self._phone("0" + chance.choice("12345")),
            "email": self._mailbox,
            "nir": lambda: self._nir(" "),
            "nirpacked": lambda: self._nir(""),
            "iban": lambda: self._iban(" "),
            "ibanpacked": lambda: self._iban(""),
            "plate": self._plate,
            "oldplate": lambda: f"{chance.randint(100, 9999)} {self._letters(2)} {chance.randint(10, 95)}",
            "ip": lambda: ".".join(str(chance.randint(1, 254)) for _ in range(4)),
            "parcel": lambda: f"{self._letters(2)} {chance.choice(('', 'n° '))}{chance.randint(1, 999)}",
            "siret": lambda: self._siret(str(chance.randint(3, 9))),
            "pubsiret": lambda: self._siret("21"),
            "casenum": lambda: f"{chance.randint(2015, 2026)}-{chance.randrange(10**5):05d}",
            "caf": lambda: f"{chance.randrange(10**6, 10**7)}{self._letters(1)}",
            "spi": lambda: f"{chance.randint(0, 3)}{chance.randrange(10**12):012d}",
            "cni": lambda: f"{chance.randrange(10**11, 10**12)}",
            "passport": lambda: f"{chance.randint(10, 25)}{self._letters(2)}{chance.randrange(10**5):05d}",
            "chip": lambda: f"250{chance.randrange(10**12):012d}",
        }

    def fill(self, text: str) -> str:
        return _SLOT.sub(self._slot, text)

    def _slot(self, found: re.Match[str]) -> str:
        name, number = found[1], found[2]
        if name in ("g", "G", "n", "N", "I", "J", "gl", "nl"):
            if number not in self.people:
                self.people[number] = self.chance.choice(self.words["given"]), self.chance.choice(self.words["family"])
            given, family = self.people[number]
            return {
                "g": given, "G": given.upper(), "n": family, "N": family.upper(), "I": given[0], "J": family.upper()[0],
                "gl": fold(given).replace(" ", ""), "nl": fold(family).replace(" ", "").replace("'", ""),
            }[name]  # fmt: skip
        if name == "townslug":
            return fold(self.chance.choice(self.words["town"])).replace(" ", "-")
        if name in self.slots:
            return self.slots[name]()
        return self.chance.choice(self.words[name])

    def _letters(self, count: int) -> str:
        return "".join(self.chance.choice("ABCDEFGHJKLMNPQRSTVWXYZ") for _ in range(count))

    def _day(self) -> str:
        first = self.chance.randint(1, 28)
        return f"{'1er' if first == 1 else first} {self.chance.choice(_MONTHS)} {self.chance.randint(2015, 2026)}"

    def _birth(self) -> str:
        day, month, year = self.chance.randint(1, 28), self.chance.randint(1, 12), self.chance.randint(1931, 2015)
        return self.chance.choice(
            (f"{day:02d}/{month:02d}/{year}", f"{day} {_MONTHS[month - 1]} {year}", f"{day:02d}.{month:02d}.{year}",
             f"{year}-{month:02d}-{day:02d}")
        )  # fmt: skip

    def _mobile(self) -> str:
        return self._phone(self.chance.choice(("06", "07")))

    def _phone(self, start: str) -> str:
        pairs = [start, *(f"{self.chance.randrange(100):02d}" for _ in range(4))]
        form = self.chance.choice((" ", ".", "-", "", "+33"))
        if form == "+33":
            return f"+33 {start[1]} {' '.join(pairs[1:])}"
        return form.join(pairs) if form or start in ("06", "07") else " ".join(pairs)

    def _mailbox(self) -> str:
        given = fold(self.chance.choice(self.words["given"])).replace(" ", "")
        family = fold(self.chance.choice(self.words["family"])).replace(" ", "").replace("'", "")
        local = self.chance.choice((f"{given}.{family}", f"{given[0]}{family}", f"{family}{self.chance.randint(1, 99)}",
                                    f"{given}-{family}", f"{given}{self.chance.randint(50, 99)}"))  # fmt: skip
        return f"{local}@{self.chance.choice(('orange.fr', 'gmail.com', 'laposte.net', 'free.fr', 'sfr.fr'))}"

    def _nir(self, gap: str) -> str:
        c = self.chance
        parts = [str(c.randint(1, 2)), f"{c.randrange(100):02d}", f"{c.randint(1, 12):02d}", f"{c.randint(1, 95):02d}",
                 f"{c.randint(1, 700):03d}", f"{c.randint(1, 900):03d}"]  # fmt: skip
        if parts[3] == "20":
            parts[3] = "2A"
        value = int("".join(parts).replace("2A", "19"))
        return gap.join([*parts, f"{97 - value % 97:02d}"])

    def _iban(self, gap: str) -> str:
        body = "".join(str(self.chance.randrange(10)) for _ in range(23))
        whole = int(body + "152700")
        packed = f"FR{98 - whole % 97:02d}{body}"
        return gap.join(packed[i : i + 4] for i in range(0, 27, 4))

    def _plate(self) -> str:
        gap = self.chance.choice(("-", "-", " ", ""))
        return gap.join((self._letters(2), f"{self.chance.randint(1, 999):03d}", self._letters(2)))

    def _siret(self, start: str) -> str:
        head = self._keyed(start + "".join(str(self.chance.randrange(10)) for _ in range(8 - len(start))))
        whole = self._keyed(f"{head}{self.chance.randint(1, 9999):04d}")
        return self.chance.choice((whole, f"{whole[:3]} {whole[3:6]} {whole[6:9]} {whole[9:]}"))

    def _keyed(self, digits: str) -> str:
        total = sum(int(d) * 2 - (9 if int(d) > 4 else 0) if i % 2 == 0 else int(d) for i, d in enumerate(digits[::-1]))
        return f"{digits}{-total % 10}"


# --- Judging --------------------------------------------------------------------------------------

Hidden = tuple[int, int, bool]  # start, end, whether it was taken for a person's name


@dataclass(slots=True)
class Score:
    """Counts over sentences. ``found`` and ``damaged`` by kind and by family as well."""

    hide: int = 0
    found: int = 0
    keep: int = 0
    damaged: int = 0
    people: int = 0
    people_found: int = 0
    said_people: int = 0
    right_people: int = 0
    over_officials: int = 0
    stray: int = 0
    missed_by: Counter[str] = field(default_factory=Counter)
    damaged_by: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[str] = field(default_factory=Counter)
    found_by_kind: Counter[str] = field(default_factory=Counter)

    def add(self, sentence: Sentence, hidden: Sequence[Hidden]) -> list[str]:
        """Count one sentence; return what went wrong in it, for who mends."""
        wrong = []
        for label in sentence.labels:
            covered = sum(max(0, min(e, label.end) - max(s, label.start)) for s, e, _ in hidden)
            person = any(p and min(e, label.end) - max(s, label.start) > 0 for s, e, p in hidden)
            hit = covered >= HALF * max(label.end - label.start, 1)
            name = f"{'' if label.hide else '-'}{label.kind}"
            self.by_kind[name] += 1
            self.found_by_kind[name] += hit
            if label.hide:
                self.hide += 1
                self.found += hit
                if label.kind == "person":
                    self.people += 1
                    self.people_found += hit and person
                if not hit:
                    self.missed_by[sentence.family] += 1
                    wrong.append(f"missed {label.kind} « {sentence.text[label.start : label.end]} »")
            else:
                self.keep += 1
                self.damaged += hit
                if hit:
                    self.damaged_by[sentence.family] += 1
                    wrong.append(f"damaged {label.kind} « {sentence.text[label.start : label.end]} »")
        for start, end, person in hidden:
            touching = [x for x in sentence.labels if min(end, x.end) - max(start, x.start) > 0]
            self.stray += not touching
            if not touching:
                wrong.append(f"stray « {sentence.text[start:end]} »")
            if person:
                self.said_people += 1
                right = sum(min(end, x.end) - max(start, x.start) for x in touching if x.hide and x.kind == "person")
                self.right_people += right >= HALF * (end - start)
                self.over_officials += any(x.kind == "official" for x in touching)
        return wrong

    @property
    def recall(self) -> float:
        return self.found / max(self.hide, 1)

    @property
    def damage(self) -> float:
        return self.damaged / max(self.keep, 1)

    @property
    def people_recall(self) -> float:
        return self.people_found / max(self.people, 1)

    @property
    def people_precision(self) -> float:
        return self.right_people / max(self.said_people, 1)


def scored(
    made: Sequence[Sentence], read: Callable[[str], Sequence[Hidden]]
) -> tuple[Score, Iterator[tuple[Sentence, str]]]:
    """Return the score of a reader of texts, and what it got wrong."""
    score, wrong = Score(), []
    for sentence in made:
        wrong += [(sentence, said) for said in score.add(sentence, read(sentence.text))]
    return score, iter(wrong)
