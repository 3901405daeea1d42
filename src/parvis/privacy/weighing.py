"""What each capital word of a text names, weighed: a person, someone in a public function, or nobody.

Rules (``names``) say what they are sure of; this decides the rest as a reader would, by everything at once: how many bear
the word as a first name or a surname, how it is written, what stands on both sides, the noun or the verb it depends on,
the words used alike (``words/kin``), and what the rules said. Each word is weighed twice: the second time by what its
neighbours, its list and the rest of the text were taken for the first time. The weights (``words/scores.txt``) are learnt
from sentences of ours by ``scripts/make_name_scores.py``; no text of a town is in them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple, Protocol

from parvis.privacy.words import classes as c
from parvis.privacy.words.kin import kin
from parvis.privacy.words.lexicon import given, is_town, known, ordinary, surname

NOBODY, PERSON, OFFICIAL = 0, 1, 2
_FAR = 7  # words back to the noun that a name depends on
SCALE = 100  # of the weights, written as whole numbers


class Token(Protocol):
    """A word, a number or a sign of the text; see ``names``."""

    text: str
    start: int
    end: int
    folded: str
    shape: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A text as the rules leave it.

    ``verdicts`` is what they said of each token: "p" a person, "m" one with a title, "o" an official, "t" a thing, "h"
    someone of the past, "l" in a council's list, "n" nothing. ``facts`` are the letters of what else they noticed of it:
    "c" a code, "r" a monument's, "f" a firm's, "g" glued to a file or an address.
    """

    text: str
    tokens: Sequence[Token]
    verdicts: Sequence[str]
    facts: Sequence[str]
    prose: bool
    shout: bool


_HOPELESS = -400  # a text whose words are all under it is not weighed again
Weight = tuple[int, int, int]  # token, score of a person, score of an official, nobody's being 0


def weighed(seen: Seen) -> list[Weight]:
    """Return the scores of each capital word: by what stands around it, then by what its neighbours are taken for."""
    first = []
    last: list[str] = []
    person = official = 0  # of the run: its words share it
    for i, run, own in signs_of(seen):
        if run is not last:
            last = run
            person, official = _sum(run)
        alone = _sum_alone(seen.tokens[i].folded, seen.tokens[i].shape)
        here = _sum(own)
        first.append((i, person + alone[0] + here[0], official + alone[1] + here[1]))
    if all(person < _HOPELESS and official < _HOPELESS for _, person, official in first):
        return first
    return [(i, *_sum(signs)) for i, signs in signs_again(seen, first)]


def _sum(signs: Sequence[str]) -> tuple[int, int]:
    total = sum(filter(None, map(_scores().get, signs)))
    person = (total + _HALF) >> _BITS
    return person, total - (person << _BITS)


def packed(person: int, official: int) -> int:
    """Return two scores as one number: the sum of such numbers is that of the scores."""
    return (person << _BITS) + official


_BITS = 32
_HALF = 1 << (_BITS - 1)


@lru_cache(maxsize=65536)
def _sum_alone(word: str, shape: str) -> tuple[int, int]:
    return _sum(alone(word, shape))


@cache
def _scores() -> dict[str, int]:
    out: dict[str, int] = {}
    for line in files("parvis.privacy.words").joinpath("scores.txt").read_text("utf-8").splitlines():
        scores, _, signs = line.partition(" ")
        person, _, official = scores.partition(",")
        out.update(dict.fromkeys(signs.split(" "), packed(int(person), int(official))))
    return out


# --- What is seen of a word -----------------------------------------------------------------------

_FUNCTION = frozenset(
    "a au aux de du des d le la les l un une et ou en par pour avec chez sur sous dans vers entre sans est sont que qui "
    "dont ce cet cette ces son sa ses leur leurs mon ma mes notre nos votre vos il elle on nous vous je tu se ne pas plus "
    "y".split()
)


@lru_cache(maxsize=65536)
def _classes(word: str) -> str:
    """Return the classes of words that one is in, a letter each."""
    return "".join(
        letter
        for letter, words in (
            ("N", c.NOUNS), ("R", c.ROLES), ("L", c.LABELS), ("T", c.TITLES), ("X", c.NEVER), ("C", c.COMMON),
            ("B", c.AFTER_BODY), ("G", c.GIVEN_AFTER), ("S", c.SURNAME_AFTER), ("V", c.ACTS), ("O", c.OF_SOMEONE),
            ("I", c.GIVING), ("P", c.PARTICLES), ("W", c.WORKS), ("A", c.APPOSED), ("Z", c.REGIONS),
        )
        if word in words
    )  # fmt: skip


@lru_cache(maxsize=65536)
def _profile(word: str) -> str:
    """Return how a word is known: figures of its bearers as a first name, as a surname, and of its use in small letters."""
    return f"{given(word)}{surname(word)}{min(ordinary(word), 3)}"


@lru_cache(maxsize=65536)
def _key(word: str, shape: str) -> str:
    """Return a word as its neighbours see it: itself when it is a word of the language, its profile when it is a name."""
    if shape == ".":
        return word
    if shape == "0":
        return f"#{_age(word)}" if len(word) == 4 and word[0] in "12" else f"#{min(len(word), 6)}"
    if shape == "I":
        return "<I>"
    if shape == "l" or word in _FUNCTION or _classes(word) or ordinary(word):
        return word
    return f"<{_profile(word)}{'K' if is_town(word) else ''}>"


def _age(year: str) -> str:
    """Return the age a year is of: before those who live, between the wars, ours."""
    return "old" if year < "1915" else "war" if year < "1950" else "now"


@lru_cache(maxsize=65536)
def _kind(word: str, shape: str) -> str:
    """Return the coarse kind of a word, for pairs."""
    if shape in ".0":
        return _key(word, shape)
    if shape == "l":
        return word if word in _FUNCTION else f"l{_classes(word)}"
    return f"{shape}{_profile(word)}"


@lru_cache(maxsize=65536)
def alone(word: str, shape: str) -> tuple[str, ...]:
    """Return the signs that a word carries by itself."""
    profile, classes = _profile(word), _classes(word)
    out = [
        f"p{shape}{profile}", f"g{profile[0]}", f"s{profile[1]}", f"o{profile[2]}{shape}", f"gs{profile[:2]}",
        f"3{word[-3:]}", f"2{word[-2:]}", f"n{min(len(word), 12)}{'-' in word}", f"3c{shape}{word[-3:]}", f"sh{shape}",
    ]  # fmt: skip
    out += [f"c{letter}" for letter in classes]
    near = kin(word, shape)
    out += (
        f"kn{near.narrow}", f"kw{near.wide}", f"kt{near.widest}{shape}", f"ku{near.used}{shape}", f"kp{near.widest}{profile[:2]}",
        f"ks{near.small}", f"kup{near.used}{profile[:2]}",
    )  # fmt: skip
    if shape == "U":
        spelt = spelling(word)
        out += (f"sp{spelt}{min(len(word), 7)}", f"spk{spelt}{profile[0] > '0'}{profile[1] > '0'}{near.used[-1:]}")
    if is_town(word):
        out += ("K", f"K{profile[:2]}")
    out += [f"{kind}{shape}" for kind in ("alone", "brands", "towns") if word in known(kind)]
    if classes or ordinary(word):
        out.append(f"w{word}")
    return tuple(out)


_VOWELS = frozenset("aeiouy")


def spelling(word: str) -> str:
    """Return how easily a word is said: its longest run of consonants and whether it has a vowel. Letters that stand for
    other words (« DMTO ») are seldom a name's."""
    run = most = 0
    for letter in word:
        run = 0 if letter in _VOWELS else run + 1
        most = max(most, run)
    return f"{min(most, 4)}{any(letter in _VOWELS for letter in word)}"


class _Beside(NamedTuple):
    """What is seen of a neighbour: itself, its kind, its ending, its narrow and its wide class."""

    key: str
    kind: str
    ending: str
    narrow: str
    wide: str


@lru_cache(maxsize=65536)
def _beside(word: str, shape: str) -> _Beside:
    key = _key(word, shape)
    ending = word[-3:] if shape == "l" and len(word) > 3 else ""
    if shape in ".0I" or word in _FUNCTION:
        return _Beside(key, _kind(word, shape), ending, key, key)
    near = kin(word, shape)
    return _Beside(key, _kind(word, shape), ending, f"{near.narrow}{shape}", f"{near.wide}{shape}")


_NOTHING = _Beside("", "", "", "", "")


def signs_of(seen: Seen) -> Iterator[tuple[int, list[str], list[str]]]:
    """Yield the signs of each capital word, by which it is weighed: those of its run, and its own beside ``alone``."""
    tokens, verdicts = seen.tokens, seen.verdicts
    count = len(tokens)
    around = [_beside(t.folded, t.shape) for t in tokens]
    whole = f"{'P' if seen.prose else 'p'}{'S' if seen.shout else 's'}"
    first = after = 0
    run: list[str] = []
    for i, token in enumerate(tokens):
        if not is_weighed(token.folded, token.shape) or (verdicts[i] == "n" and _is_plain(token.folded, token.shape)):
            continue
        if i >= after:
            first, after = i, _end_of_run(tokens, i)
            run = _run_signs(tokens, around, first, after)
            lines = (
                f"{first == 0 or _breaks(seen, first - 1, first)}{after == count or _breaks(seen, after - 1, after)}"
            )
            run += (f"N{lines}", f"NL{lines}{run[0]}")
            verdict = max("thpmonl", key=verdicts[first:after].count)  # what most of it is
            run.append(f"rv{verdict}{after - first}")
            run.append(whole)
        out: list[str] = []
        profile = f"{token.shape}{_profile(token.folded)}"
        small = f"{token.shape}{_small(token.folded)}"
        b1 = around[i - 1] if i else _NOTHING
        b2 = around[i - 2] if i > 1 else _NOTHING
        a1 = around[i + 1] if i + 1 < count else _NOTHING
        a2 = around[i + 2] if i + 2 < count else _NOTHING
        k = i - 1
        while k >= 0 and tokens[k].folded in c.PARTICLES and tokens[k].shape in "Tl":
            k -= 1
        if k < i - 1:  # « de La Tour », « Le Goff »
            loud = any(tokens[n].shape == "T" for n in range(max(k + 1, 1), i))
            out += (
                f"pk{loud}{small}",
                f"pk{loud}{around[k].kind if k >= 0 else '^'}",
                f"pk{loud}{tokens[i - 1].folded}{small}",
            )
            if k >= 0:
                out.append(f"pb{tokens[k].shape}{_small(tokens[k].folded)}_{small}")
        k = i + 1
        while k < count and tokens[k].folded in c.PARTICLES and tokens[k].shape in "Tl":
            k += 1
        if k > i + 1 and k < count and tokens[k].shape in "UT":
            loud = any(tokens[n].shape == "T" for n in range(i + 1, k))
            out += (f"pa{loud}{small}", f"pa{loud}{small}_{_small(tokens[k].folded)}")
        verdict = verdicts[i]
        at = ("F" if i == first else "") + ("E" if i == after - 1 else "")
        out += (
            f"b{b1.key}", f"bb{b2.key}_{b1.key}", f"a{a1.key}", f"aa{a1.key}_{a2.key}",
            f"bk{b1.kind}_{small}", f"ak{small}_{a1.kind}", f"b2{b2.key}", f"a2{a2.key}", f"bak{b1.kind}_{a1.kind}",
            f"be{b1.ending}", f"ae{a1.ending}", f"aes{a1.ending}_{small}",
            f"v{verdict}", f"vp{verdict}{profile}", f"vs{verdict}{small}{whole}",
            f"vb{verdict}{b1.kind}", f"va{verdict}{a1.kind}", f"at{at}{min(after - first, 5)}",
            f"atp{at}{small}{min(after - first, 4)}",
            f"{whole}{small}", "first" if i == 0 else "later", f"h{run[0]}_{small}", f"hv{run[0]}_{verdict}",
        )  # fmt: skip
        out += (
            f"1{b1.narrow}", f"1w{b1.wide}", f"4{a1.narrow}", f"4w{a1.wide}", f"5w{b2.wide}", f"6w{a2.wide}",
            f"7w{b1.wide}_{a1.wide}",
        )  # fmt: skip
        if seen.facts[i]:
            out += (f"f{seen.facts[i]}", f"f{seen.facts[i]}{verdict}{small}")
        yield i, run, out


@lru_cache(maxsize=65536)
def is_weighed(word: str, shape: str) -> bool:
    """True for a word that may be a name: with a capital, or known as one and hardly as anything else."""
    if shape in ".0" or word in c.TITLES or word in _FUNCTION:
        return False
    if shape != "l":
        return True
    if len(word) < 3 or ordinary(word) or _classes(word):
        return False
    used = kin(word, shape).used
    small, title = used[0], used[1]
    return given(word) >= 3 or (surname(word) >= 3 and (small == "-" or "-" != title < small))


@lru_cache(maxsize=65536)
def _is_plain(word: str, shape: str) -> bool:
    """True for a word of the language that nobody bears: « Convocation »."""
    if shape == "T" and "-" in word:
        return all(part in _FUNCTION or (ordinary(part) and given(part) < 4) for part in word.split("-"))
    return shape == "T" and ordinary(word) >= 1 and given(word) < 3 and surname(word) < 4


@lru_cache(maxsize=65536)
def _letter(word: str, shape: str) -> str:
    """Return what a word is inside a run: a first name, a surname, both, a particle, a noun, a word, a name of no list."""
    if shape in ".0":
        return "-"
    if word in c.PARTICLES:
        return "p"
    if shape == "I":
        return "i"
    noun = bool(set(_classes(word)) & set("NRXLBT"))
    g, s = given(word) >= 4, surname(word) >= 4
    letter = "b" if g and s else "g" if g else "n" if noun else "s" if s else "o" if ordinary(word) else "u"
    return letter.upper() if shape == "U" else letter


@lru_cache(maxsize=65536)
def _small(word: str) -> str:
    """Return a coarse profile: known as a first name, as a surname, as a word."""
    g, s, o = given(word), surname(word), ordinary(word)
    return f"{'0' if g < 3 else '3' if g < 4 else '4' if g < 5 else '5'}{'0' if s < 3 else '3' if s < 4 else '4'}{min(o, 2)}"


def _end_of_run(tokens: Sequence[Token], i: int) -> int:
    """Return the token after the words with capitals that follow one another, particles and initials' dots included."""
    after = i + 1
    k = after
    while k < len(tokens):
        token = tokens[k]
        if (token.shape in "UTI" and token.folded not in c.TITLES) or is_weighed(token.folded, token.shape):
            after = k = k + 1
        elif (
            (token.folded == "." and tokens[k - 1].shape == "I")
            or (token.shape == "l" and token.folded in c.PARTICLES)
            or token.text in "-‐"
        ):
            k += 1
        else:
            break
        if k - after > 3:
            break
    return after


def _run_signs(tokens: Sequence[Token], around: Sequence[_Beside], first: int, after: int) -> list[str]:
    """Return the signs of what stands around a run of capital words; the first is the noun that it depends on."""
    count = len(tokens)
    link = ""
    head = "^"
    distance = 0
    whose = ""
    for k in range(first - 1, max(first - 1 - _FAR, -1), -1):
        token = tokens[k]
        if token.shape == ".":
            if token.text in ".;!?:" or (token.text in ",(" and link and k):
                head = f"^{token.text}"
                break
            link = link or token.text
        elif token.shape == "0":
            link = link or "#"
        elif token.folded in _FUNCTION or token.folded in c.TITLES:
            link = link or token.folded
        elif token.shape == "l" or (k == 0 and given(token.folded) < 3) or _classes(token.folded):
            head = token.folded
            distance = min(first - k, 4)
            if k > 1 and tokens[k - 1].folded in ("de", "d", "du", "des") and tokens[k - 2].shape not in ".0":
                whose = _classes(tokens[k - 2].folded)  # « l'agente d'accueil Alice »
            break
        else:
            head = "<name>"
            distance = min(first - k, 4)
            break
    classes = _classes(head)
    l1 = around[first - 1] if first else _NOTHING
    l2 = around[first - 2] if first > 1 else _NOTHING
    l3 = around[first - 3] if first > 2 else _NOTHING
    r1 = around[after] if after < count else _NOTHING
    r2 = around[after + 1] if after + 1 < count else _NOTHING
    r3 = around[after + 2] if after + 2 < count else _NOTHING
    lead = tokens[first].folded
    made = "".join(_letter(tokens[k].folded, tokens[k].shape) for k in range(first, after))[:7]
    start = first
    while start > 0 and tokens[start - 1].folded in c.PARTICLES and tokens[start - 1].shape == "T":
        start -= 1
    if start < first and start:
        made = "P" + made
    out = [
        f"{classes}_{link}", f"H{head}", f"He{head[-4:]}", f"Hl{head}_{link}", f"Hd{classes}{distance}", f"Hel{head[-4:]}_{link}",
        f"L{l1.key}", f"LL{l2.key}_{l1.key}", f"L3{l3.key}_{l2.key}", f"R{r1.key}", f"RR{r1.key}_{r2.key}", f"Re{r1.ending}",
        f"R2{r2.key}", f"R2k{r1.kind}_{r2.kind}", f"R3{r1.kind}_{r3.key}", f"LR{l1.kind}_{r1.kind}", f"Lk{l2.kind}_{l1.kind}",
        f"F{_key(lead, tokens[first].shape)}", f"Fc{_classes(lead)}", f"Q{l1.key in _OPENS}{r1.key in _CLOSES}",
        f"E{_key(tokens[after - 1].folded, tokens[after - 1].shape)}",
    ]  # fmt: skip
    out += (f"M{made}", f"ML{made}_{l1.kind}", f"MR{made}_{r1.kind}", f"MH{made}_{classes}")
    out += [f"Hc{letter}" for letter in classes]
    near = kin(head, "l") if head[0] not in "^<" else None
    narrow, wide, widest = (near.narrow, near.wide, near.widest) if near else (head, head, head)
    out += (
        f"Kn{narrow}", f"Kw{wide}", f"Kt{widest}_{link}", f"Knl{narrow}_{link}", f"Kwl{wide}_{link}", f"Kh{widest}_{r1.wide}",
        f"KL{l1.narrow}", f"KLw{l1.wide}", f"K2{l2.narrow}", f"K2w{l2.wide}", f"K3w{l3.wide}",
        f"KR{r1.narrow}", f"KRw{r1.wide}", f"K4{r2.narrow}", f"K4w{r2.wide}", f"K5w{r3.wide}",
        f"KLR{l1.wide}_{r1.wide}", f"KLL{l2.wide}_{l1.wide}", f"KRR{r1.wide}_{r2.wide}",
    )  # fmt: skip
    if whose:
        out += (f"W{whose}", f"W{whose}_{classes}", f"W{whose}_{link}")
    if after - first == 1:
        out.append("one")
        if is_town(lead):
            out += (f"KL{l1.key}", f"KLL{l2.key}_{l1.key}")
    for k in range(after, min(after + 8, count)):
        if tokens[k].text in ".;!?":
            break
        if tokens[k].shape == "0" and len(tokens[k].text) == 4 and tokens[k].text[0] in "12":
            out.append(f"Y{_age(tokens[k].text)}")
            break
    far = ""  # past a comma
    for k in range(first - 1, max(first - 9, -1), -1):
        if tokens[k].text in ".;!?":
            break
        if tokens[k].text in ",(–-:|":
            far = ","
        if tokens[k].shape == "0" and len(tokens[k].text) == 4 and tokens[k].text[0] in "12":
            out.append(f"y{_age(tokens[k].text)}")
        letters = _classes(tokens[k].folded)
        if letters and tokens[k].folded not in _FUNCTION:
            out.append(f"l{far}{min((first - k) // 2, 3)}{letters}")
    far = ""
    for k in range(after, min(after + 6, count)):
        if tokens[k].text in ".;!?":
            break
        if tokens[k].text in ",(–-:|":
            far = ","
        letters = _classes(tokens[k].folded)
        if letters and tokens[k].folded not in _FUNCTION:
            out.append(f"r{far}{min((k - after) // 2, 2)}{letters}")
    return out


_OPENS = frozenset("«\"“'(")
_CLOSES = frozenset("»\"”')")


# --- What is seen once each word has been weighed -------------------------------------------------

_STEP, _MOST = 60, 14  # of the scores, as signs see them
_LINK = 3  # tokens between two runs of capital words that still make one list


def signs_again(seen: Seen, first: Sequence[Weight]) -> Iterator[tuple[int, list[str]]]:
    """Yield the signs of each capital word that its first scores give, with those of its run, its list and its text."""
    tokens, verdicts = seen.tokens, seen.verdicts
    runs = _runs(seen, first)
    whole = f"{'P' if seen.prose else 'p'}{'S' if seen.shout else 's'}"
    likely = [max(((0, "n"), (p, "p"), (o, "o")))[1] for _, p, o in runs]
    people, officials = likely.count("p"), likely.count("o")
    highest = _Highest(max(p, o) for _, p, o in runs)
    elsewhere: defaultdict[str, _Highest] = defaultdict(_Highest)
    for i, person, official in first:
        elsewhere[tokens[i].folded].add(max(person, official))
    at = 0
    for n, (members, run_person, run_official) in enumerate(runs):
        before = _linked(seen, runs[n - 1][0][-1], members[0]) if n else "^"
        behind = _linked(seen, members[-1], runs[n + 1][0][0]) if n + 1 < len(runs) else "$"
        left = likely[n - 1] if n else "^"
        right = likely[n + 1] if n + 1 < len(runs) else "$"
        told = likely[n]
        most = highest.but(max(run_person, run_official))
        more = f"{min(officials - (told == 'o'), 2)}{min(people - (told == 'p'), 2)}"
        shared = [
            f"R{_level(run_person)}", f"O{_level(run_official)}", f"RO{_level(run_person, 2)}_{_level(run_official, 2)}",
            f"n{min(people, 3)}{min(officials, 3)}{told}", f"o{more}_{_level(run_official - run_person, 2)}",
            f"b{before}_{left}{told}", f"a{behind}_{right}{told}", f"ab{left}{told}{right}",
            f"m{'-' if most is None else _level(most, 2)}{told}",
            f"bl{before}_{left}_{_level(max(run_person, run_official), 2)}",
            f"al{behind}_{right}_{_level(max(run_person, run_official), 2)}",
            f"w{whole}{told}{min(len(members), 4)}",
        ]  # fmt: skip
        for i in members:
            _, person, official = first[at]
            at += 1
            token, verdict = tokens[i], verdicts[i]
            best = max(person, official)
            small = f"{token.shape}{_small(token.folded)}"
            same = elsewhere[token.folded].but(best)
            out = [
                f"p{_level(person)}", f"q{_level(official)}", f"pq{_level(person, 2)}_{_level(official, 2)}",
                f"d{_level(official - person)}", f"v{verdict}{_level(best)}", f"vd{verdict}{_level(official - person, 2)}",
                f"s{small}{_level(best, 2)}", f"f{seen.facts[i]}{verdict}{_level(best, 3)}", f"W{whole}{_level(best, 2)}",
                f"e{'-' if same is None else _level(same, 2)}_{_level(best, 2)}",
                f"r{_level(max(run_person, run_official) - best, 2)}_{_level(best, 2)}", f"vr{verdict}{told}",
            ]  # fmt: skip
            yield i, [f"2{sign}" for sign in (*shared, *out)]


class _Highest:
    """The two highest of some scores."""

    def __init__(self, scores: Iterable[int] = ()) -> None:
        self.first: int | None = None
        self.second: int | None = None
        for score in scores:
            self.add(score)

    def add(self, score: int) -> None:
        if self.first is None or score > self.first:
            self.first, self.second = score, self.first
        elif self.second is None or score > self.second:
            self.second = score

    def but(self, score: int) -> int | None:
        """Return the highest of all but this one, None when it is alone."""
        return self.second if score == self.first else self.first


def _level(score: int, width: int = 1) -> int:
    """Return a score as signs see it: a few steps on both sides of none."""
    return max(-_MOST // width, min(_MOST // width, score // (_STEP * width)))


def _runs(seen: Seen, first: Sequence[Weight]) -> list[tuple[list[int], int, int]]:
    """Return (tokens, score of a person, of an official) of each run of weighed words: the mean of its words."""
    out: list[tuple[list[int], int, int]] = []
    held: list[Weight] = []
    for weight in first:
        if held and not _is_one_run(seen, held[-1][0], weight[0]):
            out.append(_mean(held))
            held = []
        held.append(weight)
    return [*out, _mean(held)] if held else out


def _is_one_run(seen: Seen, before: int, after: int) -> bool:
    between = seen.tokens[before + 1 : after]
    return all(t.folded in c.PARTICLES or t.text in ".-\u2010" for t in between) and not _breaks(seen, before, after)


def _breaks(seen: Seen, before: int, after: int) -> bool:
    """Return whether a line ends between two tokens."""
    return "\n" in seen.text[seen.tokens[before].end : seen.tokens[after].start]


def _mean(held: Sequence[Weight]) -> tuple[list[int], int, int]:
    count = len(held)
    return [w[0] for w in held], sum(w[1] for w in held) // count, sum(w[2] for w in held) // count


def _linked(seen: Seen, before: int, after: int) -> str:
    """Return what stands between two runs: « , », « et », the signs of a list; only how far when they are apart."""
    between = [
        t.text if t.shape == "." else "#" if t.shape == "0" else t.folded for t in seen.tokens[before + 1 : after]
    ]
    line = "/" if _breaks(seen, before, after) else ""
    return line + (" ".join(between) if len(between) <= _LINK else f"{len(between) > 8}")
