"""What each column of a table bears on somebody, weighed: it names them, narrows them down, or tells what the law protects.

Rules (``screen``, ``about``) say what they are sure of; this decides the rest as a reader would, by everything at once: the
words of the header and their parts, what the cells look like, what the other columns are, and what the rules said. The
weights (``words/columns.txt``) are learnt by ``scripts/make_column_scores.py`` from tables of ours; no file of a town is in
them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

from parvis.frozen import dataclass
from parvis.headers import plain
from parvis.privacy.about import About, about, identifies, says_trait, theme, title_words
from parvis.privacy.heading import cells_say, head, speaks
from parvis.privacy.narrowing import narrows
from parvis.privacy.words.lexicon import given, ordinary, surname
from parvis.text import words
from parvis.values import Column, Finding, Kind, Profile

NOBODY, DIRECT, QUASI, TEXT = "none", "direct", "quasi", "text"
MATTERS = ("health", "social_aid", "income", "offence", "belief", "presence")  # what a sensitive column tells
CLASSES = (NOBODY, DIRECT, QUASI, TEXT, *MATTERS)
FIRST = (NOBODY, DIRECT, QUASI, "sensitive")  # of a first reading, column by column
SCALE = 25  # of the weights, written as whole numbers
LEVELS = (0.15, 0.4, 0.65, 0.88)  # chances that a table is about people between which columns are read otherwise
# Chances from which a column is said to be so, settled on tables left out of what was learnt.
CLEAR = 0.75  # chance that a column is nobody's from which what rules doubt of is given up
# Of these, rules go by the header or by the neighbours; what stands in the cells themselves is never given up.
DOUBTFUL = frozenset({"case_number", "identifier", "parcel", "address", *MATTERS})
SURE = 0.7  # chance of naming people from which the cells need not be known names
AGREED = 0.65  # chance that a column is nobody's under which rules are heard that say it narrows people down
ENOUGH = {DIRECT: 0.4, QUASI: 0.5, TEXT: 0.5, "sensitive": 0.35}
_PARTS = (3, 4, 5, 6)  # letters of the parts of a word
_LONGEST = 8  # words of a header that are read
_SEVERAL = 30  # cells whose number of different ones says something
_CHOICES = 40  # different cells of a column of choices
_SAID = (
    "health", "social_aid", "income", "offence", "belief", "vague", "trait", "trait_figures", "person", "identifier",
    "number", "act", "quasi", "quasi_figures", "officer", "breed", "goods", "papers", "machine", "scene", "office", "inside",
    "remarks", "done", "works", "register",
)  # fmt: skip
_TOLD = (
    "family", "nationality", "country", "language", "work", "schooling", "housing", "occupation", "sex", "progress",
    "health", "social_aid", "offence", "belief",
)  # fmt: skip


# --- What is seen of a table ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """The signs of a table's columns, those of the table itself, and those that only count in sight of the table's."""

    table: Sequence[str]
    columns: Sequence[Sequence[str]]
    crossed: Sequence[Sequence[str]]
    narrow: Mapping[str, str]  # columns that rules say to narrow people down, by name


def seen(profile: Profile, findings: Sequence[Finding], told: About | None = None) -> Seen:
    """Return the signs of a table from its profile and from what the rules found in it."""
    ruled = _ruled(findings)
    named = {name for name, said in ruled.items() if any(s.startswith(_NAMING) for s in said)}
    told = told or about(profile, lambda column: column.name in named, named)
    narrow = narrows(profile, findings, told)
    for name, role in narrow.items():
        ruled.setdefault(name, []).append(f"r:{role}")
    title = title_words(profile)
    heads = title.union(*(head(c) for c in profile.columns))
    own = [list(_own(c, profile, heads, title, each=told.each)) for c in profile.columns]
    flags = [f"f:{name}" for name in About.__slots__ if getattr(told, name)]
    whole = Counter(s for c in profile.columns for s in {f"m:{c.meaning}", *ruled.get(c.name, ())})
    table = [
        *flags,
        *(f"t={w}" for w in title),
        *(f"t{w[:n]}" for w in title for n in (4, 6) if len(w) >= n),
        *dict.fromkeys(s for signs in own for s in signs if s[:2] in ("w=", "p4", "p6", "m:", "c:", "s:", "o=")),
        *(f"{s}x{min(n, 3)}" for s, n in whole.items()),
        f"columns{min(len(profile.columns), 12) // 3}",
    ]
    columns, crossed = [], []
    for column, signs in zip(profile.columns, own, strict=True):
        mine = ruled.get(column.name, ())
        others = whole - Counter({f"m:{column.meaning}", *mine})
        beside = [f"n{s}" for s in others if s[:2] in ("r:", "m:")]
        columns.append([*signs, *mine, *beside, *(f"t={w}" for w in title), *flags])
        crossed.append([s for s in signs if s[:2] in ("w=", "k:", "m:", "c:", "s:", "d:", "p5")] + ["", *mine])
    return Seen(table, columns, crossed, narrow)


def summed(first: Sequence[Sequence[float]]) -> list[str]:
    """Return what a first reading of the columns, as chances of ``FIRST``, is a sign of for the table."""
    direct, quasi, matters = (sum(c[at] for c in first) for at in (1, 2, 3))
    most = max((max(c[2], c[3]) for c in first), default=0.0)
    return [
        f"1:direct{min(int(direct * 2), 6)}",
        f"1:quasi{min(int(quasi * 2), 6)}",
        f"1:matters{min(int(matters * 2), 6)}",
        f"1:beside{min(int((quasi + matters) * 2), 6)}",
        f"1:share{int(5 * (direct + quasi + matters) / max(len(first), 1))}",
        f"1:most{int(5 * most)}",
        f"1:named{int(5 * max((c[1] for c in first), default=0.0))}",
    ]


def at_level(found: Seen, people: float) -> list[list[str]]:
    """Return the signs of each column in a table that is about people by this chance."""
    level = sum(people >= least for least in LEVELS)
    return [[*own, *(f"{s}@{level}" for s in some)] for own, some in zip(found.columns, found.crossed, strict=True)]


_NAMING = ("r:person_name", "r:last_name", "r:nir", "r:birth_date")


def _ruled(findings: Sequence[Finding]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for finding in findings:
        if finding.code.startswith("privacy.") and "name" in finding.values:
            said = finding.values
            most = "most" if said["where"] == "column" and said["count"] * 2 >= said["filled"] else said["where"]
            out.setdefault(str(said["name"]), []).append(f"r:{said['meaning']}:{most}")
    return out


def _own(
    column: Column, profile: Profile, heads: set[str] | frozenset[str], title: frozenset[str], *, each: bool
) -> Iterator[str]:
    yield from _header(column.label or column.name)
    said = head(column)
    for name in _SAID:
        if speaks(said, name):
            yield f"s:{name}"
    matter = theme(column, heads, title)
    if matter:
        yield f"s:theme:{matter}"
    if says_trait(column):
        yield "s:says_trait"
    if identifies(column, each=each):
        yield f"s:identifies{each:d}"
    yield from _cells(column, profile)


@lru_cache(maxsize=16384)
def _header(label: str) -> tuple[str, ...]:
    """Return the signs of a header alone."""
    told = plain(label)[:_LONGEST]
    out = [f"w={w}" for w in told]
    out += [f"w={w[:-1]}" for w in told if len(w) > 3 and w[-1] in "sx"]
    out += [f"p{n}{w[:n]}" for w in told for n in _PARTS if len(w) >= n]
    out += [f"e4{w[-4:]}" for w in told if len(w) > 5]
    out += [f"g{n}{w[i : i + n]}" for w in told for n in (3, 4) for i in range(len(w) - n + 1)]
    out += [f"b={a} {b}" for a, b in pairwise(told)]
    out += [f"b={a} {b}" for a, b in zip(told, told[2:], strict=False)]
    if told:
        out += [f"first={told[0]}", f"last={told[-1]}"]
    out.append(f"words{min(len(told), 5)}")
    if "?" in label or len(label.split()) > 6:
        out.append("asked")
    if " ".join(told):
        out.append(f"o={' '.join(told)}")
    return tuple(dict.fromkeys(out))


def _cells(column: Column, profile: Profile) -> Iterator[str]:
    kind = column.kind.name.lower()
    yield f"k:{kind}"
    yield f"m:{column.meaning}"
    if column.unit:
        yield f"u:{column.unit}"
    if column.filled >= _SEVERAL:  # few cells are few for no reason
        share = column.distinct / column.filled
        yield f"d:{'few' if column.distinct <= 12 else 'some' if share < 0.5 else 'many' if share < 0.9 else 'all'}"
        yield f"d:{kind}:{column.distinct if column.distinct < 4 else 4 + (share >= 0.5) + (share >= 0.9)}"
        if column.filled < 0.95 * profile.rows:
            yield "d:gaps"
    if column.kind in (Kind.INTEGER, Kind.NUMBER) and column.maximum is not None:
        yield f"x:{kind}:{len(str(abs(int(float(column.maximum)))))}"
        yield f"x:low:{len(str(abs(int(float(column.minimum)))))}"
    if column.examples and column.kind is Kind.TEXT:
        yield from _texts(column)


def _texts(column: Column) -> Iterator[str]:
    examples = [e for e in column.examples if e.strip()]
    if not examples:
        return
    spaces = sum(len(e.split()) for e in examples) / len(examples)
    length = sum(map(len, examples)) / len(examples)
    yield f"l:{'1' if spaces <= 1 else '2' if spaces <= 2.2 else '3' if spaces < 5 else '5'}"
    yield f"l:{'short' if length < 6 else 'word' if length < 14 else 'line' if length < 28 else 'text'}"
    forms = {re.sub(r"[a-z]+", "a", re.sub(r"[A-Z]+", "A", re.sub(r"\d+", "9", e.strip()))) for e in examples}
    if len(forms) == 1 and len(examples) > 1:
        yield "form:one"
    if all(any(ch.isdigit() for ch in e) and " " not in e.strip() for e in examples):
        yield "form:code"
    told = [words(e) for e in examples]
    bare = [t for t in told if t and len(t) <= 3]
    names = sum(all(surname(w) >= 4 for w in t) for t in bare)
    both = sum(any(given(w) >= 5 for w in t) and any(surname(w) >= 4 for w in t) and len(t) > 1 for t in bare)
    first = sum(len(t) == 1 and given(t[0]) >= 5 for t in bare)
    usual = sum(any(ordinary(w) >= 2 for w in t) for t in told)
    for name, count in (("surnames", names), ("both", both), ("given", first), ("usual", usual)):
        yield f"c:{name}{round(4 * count / len(examples))}"
    for name in _TOLD:
        if cells_say(examples, name):
            yield f"c:{name}"
    if column.distinct <= _CHOICES and spaces < 6:
        chosen = list(dict.fromkeys(w for t in told for w in t[:4] if not w.isdigit()))
        yield from (f"v={w}" for w in chosen)
        yield from (f"v5{w[:5]}" for w in chosen if len(w) >= 5)


# --- What it weighs -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bearing:
    """The chance of each class, from 0 to 1, and the words of the header that tell it."""

    chances: Mapping[str, float]
    words: Sequence[str]
    narrow: bool = False  # rules say that it narrows people down

    @property
    def clear(self) -> bool:
        """Return whether a column is nobody's, whatever rules that go by its header say."""
        return self.chances[NOBODY] >= CLEAR

    @property
    def matter(self) -> str:
        """Return what it most likely tells, of what the law protects."""
        return max(MATTERS, key=lambda name: self.chances[name])

    @property
    def role(self) -> str:
        """Return "direct", "sensitive", "text", "quasi", or "" where nothing is likely enough."""
        chances = {**self.chances, "sensitive": sum(self.chances[m] for m in MATTERS)}
        best = max(ENOUGH, key=lambda role: chances[role] / ENOUGH[role])
        if chances[best] >= ENOUGH[best]:
            return best
        return QUASI if self.narrow and chances[NOBODY] < AGREED else ""


def weigh(profile: Profile, findings: Sequence[Finding], told: About | None = None) -> Mapping[str, Bearing]:
    """Return what each column bears on somebody, by name, from the profile and what rules found in the table."""
    found = seen(profile, findings, told)
    weights = _weights()
    first = [_chances(_sums(weights["first"], signs, len(FIRST))) for signs in found.columns]
    people = _chances(_sums(weights["table"], [*found.table, *summed(first)], 2))[1]
    out = {}
    for column, signs in zip(profile.columns, at_level(found, people), strict=True):
        sums = _sums(weights["column"], signs, len(CLASSES))
        chances = dict(zip(CLASSES, _chances(sums), strict=True))
        out[column.name] = Bearing(chances, _telling(column, sums), found.narrow.get(column.name) == QUASI)
    return out


def _telling(column: Column, sums: Sequence[int]) -> list[str]:
    """Return the words of a header that weigh most for what the column likely is."""
    kind = max(range(1, len(CLASSES)), key=lambda at: sums[at])
    table = _weights()["column"]
    told = []
    for word in dict.fromkeys(plain(column.label or column.name)):
        weight = _sums(table, [s for s in _header(word) if s[0] in "wpeg"], len(CLASSES))
        if weight[kind] > weight[0]:
            told.append(word)
    return told


def _sums(table: _Weights, signs: Sequence[str], classes: int) -> list[int]:
    sums = [0] * classes
    for sign in signs:
        for at, weight in table.of(sign):
            sums[at] += weight
    return sums


def _chances(sums: Sequence[int]) -> list[float]:
    most = max(sums)
    parts = [math.exp((s - most) / SCALE) for s in sums]
    whole = sum(parts)
    return [p / whole for p in parts]


@dataclass(slots=True)
class _Weights:
    """The weights of the signs of one reading, each worked out when it is first met: a table has a few of them."""

    lines: Mapping[str, str]  # sign -> the weights of the classes, as they are written
    met: dict[str, Sequence[tuple[int, int]]] = field(default_factory=dict)

    def of(self, sign: str) -> Sequence[tuple[int, int]]:
        """Return the (class, weight) pairs of a sign."""
        if sign not in self.lines:
            return ()
        if sign not in self.met:
            self.met[sign] = tuple((at, int(w)) for at, w in enumerate(self.lines[sign].split(",")) if w)
        return self.met[sign]


@cache
def _weights() -> Mapping[str, _Weights]:
    """Return the weights of each of the three readings."""
    out: dict[str, _Weights] = {}
    text = files("parvis.privacy.words").joinpath("columns.txt").read_text("utf-8")
    for part in text.removeprefix("[").split("\n["):
        name, _, lines = part.partition("]\n")
        out[name] = _Weights(dict(_parted(line) for line in lines.splitlines()))
    return out


def _parted(line: str) -> tuple[str, str]:
    sign, _, told = line.rpartition("\t")
    return sign, told
