"""What each capital word of a text names, weighed: a person, someone in a public function, or nobody.

Rules (``names``) say what they are sure of; this decides the rest as a reader would, by everything at once: how many bear
the word as a first name or a surname, how it is written, what stands on both sides, the noun or the verb it depends on,
and what the rules said. The weights (``words/scores.txt``) are learnt from sentences of ours by
``scripts/make_name_scores.py``; no text of a town is in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Protocol

from parvis import places
from parvis.privacy.words import classes as c
from parvis.privacy.words.lexicon import given, known, ordinary, surname
from parvis.text import fold

NOBODY, PERSON, OFFICIAL = 0, 1, 2
_FAR = 7  # words back to the noun that a name depends on
SCALE = 100  # of the weights, written as whole numbers


class Token(Protocol):
    """A word, a number or a sign of the text; see ``names``."""

    text: str
    folded: str
    shape: str


def weighed(
    tokens: Sequence[Token], verdicts: Sequence[str], prose: bool, shout: bool
) -> Iterator[tuple[int, int, int]]:
    """Yield (token, score of a person, score of an official) of each capital word, nobody's being 0.

    ``verdicts`` is what the rules said of each token: "p" a person, "m" one with a title, "o" an official, "t" a thing,
    "h" someone of the past, "l" in a council's list, "n" nothing.
    """
    last: list[str] = []
    person = official = 0  # of the run: its words share it
    for i, run, own in signs_of(tokens, verdicts, prose, shout):
        if run is not last:
            last = run
            person, official = _sum(run)
        alone = _sum_alone(tokens[i].folded, tokens[i].shape)
        here = _sum(own)
        yield i, person + alone[0] + here[0], official + alone[1] + here[1]


def _sum(signs: Sequence[str]) -> tuple[int, int]:
    table = _scores()
    found = [table[sign] for sign in signs if sign in table]
    return sum([pair[0] for pair in found]), sum([pair[1] for pair in found])


@lru_cache(maxsize=65536)
def _sum_alone(word: str, shape: str) -> tuple[int, int]:
    return _sum(alone(word, shape))


@cache
def _towns() -> frozenset[str]:
    """Return the names of communes of one word: « clermont-ferrand »."""
    return frozenset(name for name in (fold(place.name) for place in places.communes().values()) if " " not in name)


@cache
def _scores() -> dict[str, tuple[int, int]]:
    out: dict[str, tuple[int, int]] = {}
    for line in files("parvis.privacy.words").joinpath("scores.txt").read_text("utf-8").splitlines():
        scores, _, signs = line.partition(" ")
        person, _, official = scores.partition(",")
        pair = int(person), int(official)
        for sign in signs.split(" "):
            out[sign] = pair
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
    return f"<{_profile(word)}{'K' if word in _towns() else ''}>"


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
    if word in _towns():
        out += ("K", f"K{profile[:2]}")
    out += [f"{kind}{shape}" for kind in ("alone", "brands", "towns") if word in known(kind)]
    if classes or ordinary(word):
        out.append(f"w{word}")
    return tuple(out)


@lru_cache(maxsize=65536)
def _beside(word: str, shape: str) -> tuple[str, str, str]:
    """Return the key, the kind and the ending of a neighbour."""
    return _key(word, shape), _kind(word, shape), word[-3:] if shape == "l" and len(word) > 3 else ""


_NOTHING = ("", "", "")


def signs_of(
    tokens: Sequence[Token], verdicts: Sequence[str], prose: bool, shout: bool
) -> Iterator[tuple[int, list[str], list[str]]]:
    """Yield the signs of each capital word, by which it is weighed: those of its run, and its own beside ``alone``."""
    count = len(tokens)
    around = [_beside(t.folded, t.shape) for t in tokens]
    whole = f"{'P' if prose else 'p'}{'S' if shout else 's'}"
    first = after = 0
    run: list[str] = []
    for i, token in enumerate(tokens):
        if not is_weighed(token.folded, token.shape) or (verdicts[i] == "n" and _is_plain(token.folded, token.shape)):
            continue
        if i >= after:
            first, after = i, _end_of_run(tokens, i)
            run = _run_signs(tokens, around, first, after)
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
                f"pk{loud}{around[k][1] if k >= 0 else '^'}",
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
            f"b{b1[0]}", f"bb{b2[0]}_{b1[0]}", f"a{a1[0]}", f"aa{a1[0]}_{a2[0]}",
            f"bk{b1[1]}_{small}", f"ak{small}_{a1[1]}", f"b2{b2[0]}", f"a2{a2[0]}", f"bak{b1[1]}_{a1[1]}",
            f"be{b1[2]}", f"ae{a1[2]}", f"aes{a1[2]}_{small}",
            f"v{verdict}", f"vp{verdict}{profile}", f"vs{verdict}{small}{whole}",
            f"vb{verdict}{b1[1]}", f"va{verdict}{a1[1]}", f"at{at}{min(after - first, 5)}",
            f"atp{at}{small}{min(after - first, 4)}",
            f"{whole}{small}", "first" if i == 0 else "later", f"h{run[0]}_{small}", f"hv{run[0]}_{verdict}",
        )  # fmt: skip
        yield i, run, out


@lru_cache(maxsize=65536)
def is_weighed(word: str, shape: str) -> bool:
    """True for a word that may be a name: with a capital, or known as one and hardly as anything else."""
    if shape in ".0" or word in c.TITLES or word in _FUNCTION:
        return False
    if shape != "l":
        return True
    return given(word) >= 3 and len(word) > 2 and not ordinary(word) and not _classes(word)


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


def _run_signs(tokens: Sequence[Token], around: Sequence[tuple[str, str, str]], first: int, after: int) -> list[str]:
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
        elif token.shape == "l" or (k == 0 and not given(token.folded)) or _classes(token.folded):
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
        f"L{l1[0]}", f"LL{l2[0]}_{l1[0]}", f"L3{l3[0]}_{l2[0]}", f"R{r1[0]}", f"RR{r1[0]}_{r2[0]}", f"Re{r1[2]}",
        f"R2{r2[0]}", f"R2k{r1[1]}_{r2[1]}", f"R3{r1[1]}_{r3[0]}", f"LR{l1[1]}_{r1[1]}", f"Lk{l2[1]}_{l1[1]}",
        f"F{_key(lead, tokens[first].shape)}", f"Fc{_classes(lead)}", f"Q{l1[0] in _OPENS}{r1[0] in _CLOSES}",
        f"E{_key(tokens[after - 1].folded, tokens[after - 1].shape)}",
    ]  # fmt: skip
    out += (f"M{made}", f"ML{made}_{l1[1]}", f"MR{made}_{r1[1]}", f"MH{made}_{classes}")
    out += [f"Hc{letter}" for letter in classes]
    if whose:
        out += (f"W{whose}", f"W{whose}_{classes}", f"W{whose}_{link}")
    if after - first == 1:
        out.append("one")
        if lead in _towns():
            out += (f"KL{l1[0]}", f"KLL{l2[0]}_{l1[0]}")
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
