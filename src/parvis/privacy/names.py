"""Where people are named inside a text, and where a name only names a street, a school or a company.

Four things decide, in this order: the title before the name (« M. », « Mme », « consorts »), the noun it hangs on
(« rue », « école », « SARL » make a place or a body of it), what the text says around (a list of those present, a public
function, a child, a file's name), then the lexicons of first names and surnames. A name is official when it stands in
a public function. In a sentence all this is then weighed, word by word, with everything else that is seen of it
(``weighing``): what the rules said is one sign among others. The whole text is read once more at last: whoever was
present at the council stays official in the debate, and whoever was named once is found again by a surname, a first
name or initials alone.
Figures of its errors: ``benchmarks/bench_text.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from functools import lru_cache

from parvis.frozen import dataclass
from parvis.privacy import weighing
from parvis.privacy.words import classes as c
from parvis.privacy.words.lexicon import given as _given
from parvis.privacy.words.lexicon import is_town, known, ordinary
from parvis.privacy.words.lexicon import surname as _surname
from parvis.privacy.words.patterns import any_of
from parvis.text import fold, late

Found = tuple[int, int, bool]  # start, end, official


@dataclass(slots=True)
class _Token:
    text: str
    start: int
    end: int
    folded: str
    shape: str  # "U" capitals, "T" title case, "I" an initial, "l" lower case, "." a sign, "0" figures


@dataclass(slots=True)
class _Name:
    """A name of tokens ``first`` to ``after`` (not included)."""

    first: int
    after: int
    official: bool = False


def find(text: str, *, bare: bool = True) -> list[Found]:
    """Return (start, end, official) of each person named. ``bare`` also takes names that no title announces."""
    return read(text, bare=bare).found


@dataclass(frozen=True, slots=True)
class Read:
    """``found`` is what ``find`` returns; ``sensitive`` (start, end) of what the weighing takes for sensitive, said of someone
    or not; ``calm`` when it is sure that nothing is."""

    found: list[Found]
    sensitive: list[tuple[int, int]] = field(default_factory=list)
    calm: bool = False


def read(text: str, *, bare: bool = True) -> Read:
    """Return who is named and what is sensitive in a text; see ``find``."""
    if not _may_name(text, bare):
        return Read([])
    tokens = _tokens(text)
    reading = _Reading(text, tokens, _shouting(tokens), bare)
    named = reading.names()
    grave: Sequence[int] = ()
    if bare and _is_weighed(reading):
        named, grave = _weighed(reading, named)
    if bare and named and _says_again(tokens, named):
        named = _Again(reading, named).names()
    out = [(tokens[n.first].start, tokens[n.after - 1].end, n.official) for n in named]
    if bare and any(not official for _, _, official in out):
        out = _with(out, _nicknames(text))
    found = _with(out, _in_files(text)) if bare else out
    return Read(found, _sensitive(tokens, grave), bool(grave) and max(grave) < _CALM)


def seen(text: str) -> weighing.Seen:
    """Return the words of a text and what the rules say of each."""
    tokens = _tokens(text)
    reading = _Reading(text, tokens, _shouting(tokens), bare=True)
    return reading.seen(reading.names())


def refuted(text: str) -> bool:
    """Return whether what looks like a person's name is a place's, a body's or someone's of the past."""
    tokens = _tokens(text)
    reading = _Reading(text, tokens, _shouting(tokens), bare=True)
    return not reading.names() and reading.guarded_until >= 0


# --- Reading --------------------------------------------------------------------------------------


class _Reading:
    """One text being read from left to right."""

    def __init__(self, text: str, tokens: Sequence[_Token], shout: bool, bare: bool) -> None:
        self.text = text
        self.tokens = tokens
        self.count = len(tokens)
        self.words = [t.folded for t in tokens]
        self.shapes = [t.shape for t in tokens]
        self.glued = bool(_GLUED.search(text))  # some words may be
        self.shout = shout  # all in capitals: they tell nothing
        self.bare = bare
        self.prose = _is_prose(tokens)  # sentences rather than a cell
        self.spoken = sum(t.shape in "UI" for t in tokens)  # words in capitals
        self.person_until = 0  # token after the last name of a person
        self.guarded_until = -1  # token after the last name that turned out to be a place's
        self.things: list[tuple[int, int]] = []  # tokens of those names
        self.lists = _lists(text, tokens) if bare else []

    def names(self) -> list[_Name]:
        out: list[_Name] = []
        i = 0
        while i < self.count:
            shape = self.shapes[i]
            step = None
            if shape not in ".0" and (shape != "l" or self.words[i] in _STARTING):
                step = self._step(i)
            if step is None:
                i += 1
                continue
            first, after, person = step
            if person and after > first:
                out.append(_Name(first, after, self._official(first, after)))
                self.person_until = after
            else:
                self.guarded_until = after
                self.things.append((first, after))
            i = max(after, i + 1)
        return out

    def seen(self, named: Sequence[_Name]) -> weighing.Seen:
        """Return what is weighed: the words, and what the rules said and noticed of each."""
        verdicts = self.verdicts(named)
        plain = ".0" if self.glued else ".0l"  # shapes of which nothing is noticed
        facts = [
            self._facts(i) if shape not in plain and verdict in "nthl" else ""
            for i, (verdict, shape) in enumerate(zip(verdicts, self.shapes, strict=True))
        ]
        return weighing.Seen(self.text, self.tokens, verdicts, facts, self.prose, self.shout)

    def _facts(self, i: int) -> str:
        token = self.tokens[i]
        glued = "g" if self.glued and self.is_glued(i) else ""
        if token.shape == "l":
            return glued
        return f"{glued}{'c' if self.is_code(i) else ''}{'r' if self.is_raised(i) else ''}{'f' if self.is_a_firm(i) else ''}"

    def verdicts(self, named: Sequence[_Name]) -> list[str]:
        """Return what the rules said of each token, a letter each; see ``weighing.Seen``."""
        out = ["n"] * len(self.tokens)
        for first, after in self.lists:
            out[first:after] = "l" * (after - first)
        for first, after in self.things:
            past = self.bare and (self._famous(first, after) or self._of_the_past(first, after))
            out[first:after] = ("h" if past else "t") * (after - first)
        for name in named:
            titled = self.folded(self._before_dot(name.first - 1)) in c.TITLES
            out[name.first : name.after] = ("o" if name.official else "m" if titled else "p") * (
                name.after - name.first
            )
        return out

    def _step(self, i: int) -> tuple[int, int, bool] | None:
        """Return (first token of a name, token after it, whether it is a person's) when one starts here."""
        token = self.tokens[i]
        step = self._titled(i) if token.folded in c.TITLES else None
        if step is None and self.bare:
            if token.folded in c.SURNAME_AFTER:
                step = self._surname_called(i)
            if step is None and (token.folded in c.GIVEN_AFTER or token.folded in c.GIVING):
                step = self._given_called(i)
            if step is None and token.shape in "UT":
                step = self._bare(i) or (self._listed(i) if self.lists else None)
            if step is None and token.shape in "UI":
                step = self._initials(i)
            if step is None and token.shape == "T":
                step = self._apposed(i)
            if step is None and token.folded == "est":
                step = self._small_given(i)
        return step

    # A title, then a name. Returns (first token of the name, token after it, whether it is a person).
    def _titled(self, i: int) -> tuple[int, int, bool] | None:
        token = self.tokens[i]
        if (token.shape == "l" and token.folded not in c.LOWER_TITLES) or self._no_title(i):
            return None
        j = self._skip_dot(i + 1)
        if self.folded(j) in ("et", "ou", "&", "/") and self.folded(j + 1) in c.TITLES:
            j = self._skip_dot(j + 2)
        if self.folded(j) in c.TITLES and self.folded(j) not in ("me", "m"):
            j = self._skip_dot(j + 1)  # Madame Veuve, M. le Docteur
        first = j
        if self.folded(j) in ("le", "la", "l") and self.folded(j + 1) in c.ROLES:
            first = j = self._after_role(j + 1)
        after = self._name_after_title(first, token.folded, self.folded(i + 1) == ".")
        if after == first:
            return None
        raised = self.folded(i - 1) in ("a", "au") and self.folded(i - 2) in c.WORKS  # « monument au professeur … »
        if raised or self._quoted_alone(i, after) or self._hangs_on_noun(i) or self._body_follows(after):
            return first, after, False
        return first, self._more_names(after) if token.folded in c.PLURAL else after, True

    def _no_title(self, i: int) -> bool:
        """True for the M of « M.P.T. » and of « L. et M. Durand », and for a doctor where only places are named."""
        word = self.tokens[i].folded
        if word == "m" and self.folded(i + 1) == "." and self.shape(i + 2) == "I" and self.folded(i + 3) == ".":
            return (
                self.tokens[i + 2].start == self.tokens[i + 1].end
                and self.tokens[i + 3].end - self.tokens[i].start == 4
            )
        if word == "m" and self.folded(i - 1) in ("et", "&") and self.shape(self._before_dot(i - 2)) == "I":
            return True
        return not self.bare and word in _HONOURS

    def _before_dot(self, i: int) -> int:
        return i - 1 if self.folded(i) == "." else i

    def _name_after_title(self, j: int, title: str, dotted: bool) -> int:
        """Return the token after the name that starts at ``j``, or ``j`` when there is none."""
        strict = title in c.WEAK_TITLES and not (title == "m" and dotted)
        start, taken, begun = j, 0, False
        while taken < 5 and j < len(self.tokens):
            token = self.tokens[j]
            if token.shape == "I":
                j = self._skip_dot(j + 1)
                taken += 1
                continue
            k = j
            while self.folded(k) in c.PARTICLES and k - j < 3:
                k += 1
            if k > j and title == "maitre" and taken == 0:
                return start  # maître d'ouvrage
            token = self.tokens[k] if k < len(self.tokens) else token
            if k >= len(self.tokens):
                break
            if not (self._can_name(token, taken, title, strict, begun) or (k > j and self._whole(j, k))):
                break
            j, taken = k + 1, taken + 1
            begun = taken == 1 and _given(token.folded) >= 4  # a first name calls for its surname, known or not
            ends = j == len(self.tokens) - 1  # one last word is the rest of the name
            if self.shout and not (begun or ends or self._known(j) or self.folded(j) in c.PARTICLES):
                break
        signs = [t.shape for t in self.tokens[start:j] if t.shape != "."]
        return start if signs.count("I") > 2 or set(signs) <= {"I"} else j

    def _can_name(self, token: _Token, taken: int, title: str, strict: bool, begun: bool) -> bool:
        word = token.folded
        if token.shape == "l":
            if taken or strict or word in c.NOUNS or word in c.NEVER or word in c.ROLES:
                return False
            return _surname(word) >= 3 and (
                not _common(word) or (title in ("mme", "mlle", "m") and _surname(word) >= 4)
            )
        if token.shape not in "UT" or word in c.TITLES or len(set(word)) == 1:
            return False  # « Mme XXXX » is masked already
        if word in c.ROLES:  # « M. Maire » is somebody, « M. le Maire » is not
            return taken <= 1 and _surname(word) >= 5 and (begun or title in _CIVIL_TITLES)
        if word in c.NOUNS:  # « Mme Fontaine », but « Mme Durand Mairie de Fontclaire »
            return taken <= 1 and _surname(word) >= 4 and word not in c.NEVER and (taken == 0 or begun)
        if taken == 0 and word in c.NEVER and word not in _MONTHS and _given(word) < 5:
            return False
        if strict and taken == 0:
            if title in _DOCTORS and self.prose and token.shape == "T":
                return not ordinary(word)
            return _surname(word) >= 4 or _given(word) >= 4 or (token.shape == "U" and not self.shout and len(word) > 3)
        return True

    # « la famille Durand », « le locataire DURAND », « affaire Durand c/ commune ».
    def _surname_called(self, i: int) -> tuple[int, int, bool] | None:
        j = self._after_colon(i + 1)
        if (self.folded(i), self.folded(j)) in (("nom", "de"), ("chez", "les")):
            j += 1
        apart = self.folded(j) == ","
        j += apart
        if self._bare_end(j):
            return None  # read whole, in its turn
        k = j
        while self.folded(k) in c.PARTICLES and self.shape(k) in "UTl" and k - j < 3:
            k += 1
        word, shape = self.folded(k), self.shape(k)
        if shape not in "UT" or not self._can_be_surname(k) or word in c.ROLES or self._hangs_on_noun(i):
            return None
        if shape == "U" and not self.shout:
            known = _surname(word) >= 3 or (len(word) > 4 and not ordinary(word))
        else:
            known = _surname(word) >= 4 and not _common(word) and not apart and self.folded(j - 1) != "chez"
            known = known or (self.folded(i) in c.PEOPLE and self._plain_unknown(k) and not apart)
            plants = k > j and self.tokens[k - 1].text in (
                "des",
                "du",
                "la",
                "les",
                "l'",
            )  # « la famille des Fagacées »
            known = known and not plants
            known = known or (self.folded(i) in c.FAMILY and self.prose and not (apart or plants or ordinary(word)))
        if not known or (shape == "T" and self.shape(k + 1) in "UT") or self._named_after(i):
            return None
        after = self._joined(k + 1)
        if self.folded(i).endswith(("s", "x")):
            after = self._more_names(after)  # « les familles Durand et Martin »
        return j, after, not self._body_follows(after)

    def _plain_unknown(self, k: int) -> bool:
        """True for a capital word that nobody writes small and that is no known name: « l'agent Haristoy »."""
        word = self.folded(k)
        return self.prose and len(word) > 3 and not ordinary(word) and word not in c.COMMON and word[-1] != "s"

    def _joined(self, after: int) -> int:
        """Return the token after « DURAND-MARTIN » or « DURAND MARTIN », whose first name ends at ``after``."""
        while self.shape(after) == "U" and _surname(self.folded(after)) >= 3:
            after += 1
        return after

    # « sa fille Chloé », « prénom : Chloé ».
    def _given_called(self, i: int) -> tuple[int, int, bool] | None:
        word = self.folded(i)
        j = self._after_colon(i + 1)
        if word in c.GIVING and self.folded(j) != "a":
            return None
        if word in c.GIVING:
            j += 1  # « transmettre à Chloé »
        if self.folded(j) == ("a" if word in ("bravo", "merci", "contact") else "de") and word != "enfants":
            j += 1  # « merci à Chloé », « la maman de Chloé »
        if self.folded(j) == "," and word.endswith("ment"):
            j += 1  # Cordialement, Chloé
        if self.shape(j) not in "UT" or self._bare_end(j) or (word not in _SURE_KIN and self.tokens[i].shape == "U"):
            return None
        name = self.folded(j)
        if _given(name) < 3 or (word not in _SURE_KIN and (_common(name) or (_given(name) < 4 and ordinary(name)))):
            return None
        if (self.shape(j + 1) in "UT" and self.folded(j + 1) in c.NOUNS) or self._named_after(i):
            return None
        after = j + 1
        while self.shape(after) in "UT" and self._can_be_surname(after) and after - j < 3:
            after += 1
        return j, after, not (self._body_follows(after) or self._famous(j, after))

    def _named_after(self, i: int) -> bool:
        """True for the « Père » of « place du Père Régis »."""
        return i > 0 and self.tokens[i].shape in "UT" and self.folded(i) in _RELIGIOUS and self._in_place(i)

    def _after_colon(self, i: int) -> int:
        return i + 1 if self.folded(i) == ":" else i

    # « Chloé, scolarisée en petite section ».
    def _apposed(self, i: int) -> tuple[int, int, bool] | None:
        word = self.folded(i)
        if not self.prose or self.folded(i + 1) not in (",", "(", "de"):
            return None
        if any(self.folded(i + n) in _STREETS for n in (2, 3, 4)) and _given(word) >= 4 and not _common(word):
            return None if self._in_place(i) else (i, i + 1, True)  # « Chloé, de la rue des Lilas »
        in_class = self.folded(i + 2) == "en" and self.folded(i + 3) in _CLASSES
        aged = self.shape(i + 2) == "0" and self.folded(i + 3) == "ans"
        rings = self.folded(i + 2)[:2] in ("06", "07") or self.folded(i + 2) == "+"
        if rings and self.prose and _given(word) >= 4 and not self._in_place(i):
            return i, i + 1, True  # « le covoiturage : Iris, 06 12 34 56 78 »
        if self.folded(i + 1) != "," or not (in_class or aged or self.folded(i + 2) in c.APPOSED):
            return None
        if _given(word) < 3 or _common(word) or self._in_place(i):
            return None
        return i, i + 1, True

    # « bonjour, c'est gilles, je viens samedi ».
    def _small_given(self, i: int) -> tuple[int, int, bool] | None:
        word = self.folded(i + 1)
        if self.folded(i - 1) != "c" or self.shape(i + 1) != "l" or self.folded(i + 2) not in (",", ".", "!", ""):
            return None
        if _given(word) < 4 or _common(word) or ordinary(word):
            return None
        return i + 1, i + 2, True

    # « A. B., né en 1972 »: initials that a birth completes.
    def _initials(self, i: int) -> tuple[int, int, bool] | None:
        j, count = i, 0
        while self.shape(j) == "I" and count < 3:
            j, count = self._skip_dot(j + 1), count + 1
            if self.folded(j) == "-" and self.shape(j + 1) == "I":
                j += 1
        if count == 0 and self.shape(i) == "U" and len(self.tokens[i].text) == 2:
            j, count = i + 1, 2
        born = j + 1 if self.folded(j) in (",", "(") else j
        if count < 2 or self.folded(born) not in ("ne", "nee"):
            return None
        return i, j, True

    # Names with no title: « Alice DURAND », « DURAND Alice », « Alice Durand ».
    def _bare(self, i: int) -> tuple[int, int, bool] | None:
        after = self._bare_end(i)
        if after is None:
            return None
        person = not (
            self._in_place(i)
            or self._body_follows(after)
            or self._famous(i, after)
            or self._quoted_alone(i, after)
            or self._of_the_past(i, after)
        )
        return i, after, person

    def _bare_end(self, i: int) -> int | None:
        if self.shape(i) not in "UT":
            return None
        return (
            self._couple(i)
            or self._given_then_surname(i)
            or self._surname_then_given(i)
            or self._turned(i)
            or self._unlisted(i)
        )

    # « Alice et Jean Durand ».
    def _couple(self, i: int) -> int | None:
        if self.folded(i + 1) != "et" or _given(self.folded(i)) < 4 or _given(self.folded(i + 2)) < 4:
            return None
        if (_common(self.folded(i)) and self.folded(i - 1) not in c.CALLS) or self.folded(i) in c.NOUNS:
            return None
        return self._given_then_surname(i + 2)

    def _given_then_surname(self, i: int) -> int | None:
        word = self.folded(i)
        weight = _given(word)
        if weight < (3 if self.prose else 4) or word in c.NOUNS or word in c.TITLES:
            return None
        if word in c.NEVER and not self._is_given_too(i):
            return None
        if word in c.PARTICLES and weight < 5:
            return None  # « San Pedro »
        j, common = i + 1, _common(word)
        loud_surname = self.tokens[i].shape == "T" and self.shape(j) == "U"  # « Jacky GILBERT »: it ends there
        while (
            not loud_surname
            and self.shape(j) in "UT"
            and _given(self.folded(j)) >= 5
            and self.shape(j + 1) in "UT"
            and j - i < 3
        ):
            weight, j, common = max(weight, 5), j + 1, False
        if self.shape(j) == "I":
            j = self._skip_dot(j + 1)
        k = j
        while self.folded(k) in c.PARTICLES and k - j < 3:
            k += 1
        sure = weight >= 5 and not common and _surname(self.folded(k)) >= 4 and self.folded(k) not in c.NEVER
        sure = sure or (self.prose and weight >= 3 and self._proper(k)) or (k > j and self._whole(j, k))
        if self.shape(k) not in "UT" or not (self._can_be_surname(k) or sure):
            return None
        surname = self.tokens[k]
        contrast = not self.shout and surname.shape == "U" and self.tokens[i].shape == "T" and len(surname.text) > 2
        acts = (self.prose or self.folded(i - 1) == ":") and self._acts(i, k + 1)
        known = self._surname_weight(j, k, plain=(common and not acts) or weight < (4 if self.prose else 5))
        if weight < 4 and known < 3 and not acts and not (contrast and self.prose and len(surname.text) > 4):
            return None
        linked = k > j and self.folded(k - 1) in ("de", "d", "du", "des", "la", "l") and not contrast and known < 4
        if linked and not (self.folded(k - 1) in ("de", "d") and self.prose and not common and weight >= 4):
            return None  # « Rose des Sables », « Jean de la Lune »
        called = i > 0 and self.folded(i - 1) in c.CALLS and surname.shape == "T" and self._unknown_name(k)
        enough = (
            contrast
            or (acts and weight >= 3 and (known >= 3 or (self._unknown_name(k) and not ordinary(surname.folded))))
            or called
            or known >= (3 if self.prose and weight >= 4 else 4)
            or (weight >= (4 if self.prose else 5) and not common and not self.shout and self._unknown_name(k))
        )
        loud = self.tokens[i].shape == "U" and surname.shape == "U"
        if loud and self.shout and self._in_sentence():
            enough = enough or (weight >= 4 and not common and self._unknown_name(k) and len(surname.text) > 3)
        elif loud and (weight < 5 or common) and known < (3 if self.prose else 5):
            return None
        if not enough or (common and known < (3 if self.prose else 4) and not (contrast or called or acts)):
            return None
        k += 1
        while k - i < 6 and self.shape(k) in "UT" and self._can_be_surname(k):
            if not (contrast and self.shape(k) == "U") and self._surname_weight(k, k) < 4:
                break
            k += 1
        return k

    def _is_given_too(self, i: int) -> bool:
        """True for the France of « France Durand », not of « France Travail »; and for Avril."""
        word, after = self.folded(i), self.folded(i + 1)
        if word == "avril":
            return self.shape(i - 1) != "0"
        return word == "france" and _surname(after) >= 4 and not _common(after) and not ordinary(after)

    def _proper(self, k: int) -> bool:
        """True for « Fontaine » and « Maire », nouns that tens of thousands bear, where no place or title goes on."""
        return (
            _surname(self.folded(k)) >= 5
            and self.folded(k + 1) not in ("de", "du", "des", "d")
            and self.shape(k + 1) not in "UT"
        )

    def _whole(self, first: int, last: int) -> bool:
        """True for « de La Tour »: a surname with its particles, though its last word is a noun."""
        if self.shape(last) not in "UT":
            return False
        if _surname(" ".join(self.folded(k) for k in range(first, last + 1))) >= 3:
            return True
        loud = any(self.tokens[k].text[0].isupper() for k in range(first, last))
        return loud and self.folded(first) in ("de", "d", "du") and _surname(self.folded(last)) >= 3

    def _acts(self, i: int, after: int) -> bool:
        """True where the sentence treats what stands from ``i`` to ``after`` as someone: it acts, or is spoken to."""
        before = self.folded(i - 1)
        if before in c.CALLS or before in c.LABELS or (before in (",", ":") and self.folded(i - 2) in c.LABELS):
            return True
        if before in ("de", "d") and (self.folded(i - 2) in c.OF_SOMEONE or self.folded(i - 2) in c.GIVEN_AFTER):
            return True
        if self.folded(after) in (",", "("):
            if self.folded(after) == "(":
                return True
            after += 1
            return self.folded(after) in c.APPOSED or (self.shape(after) == "0" and self.folded(after + 1) == "ans")
        return self.shape(after) == "l" and _is_verb(self.folded(after))

    def _in_sentence(self) -> bool:
        """True where capitals are a choice, or where there are many words: a title, a notice."""
        return self.prose or len(self.tokens) >= 5

    def _surname_then_given(self, i: int) -> int | None:
        if self.shout:
            return self._shouted(i)
        j = i
        while self.shape(j) == "U" or (self.folded(j) in c.PARTICLES and self.shape(j + 1) == "U" and j > i):
            noun = not self._can_be_surname(j) and self.folded(j) not in c.PARTICLES
            if noun and not (self.prose and self._heads_given(i, j)):
                return None
            j += 1
            if j - i > 4:
                return None
        if j == i or (len(self.tokens[j - 1].text) < 3 and j - i == 1):
            return None
        if self.folded(j) in (",", ";", "|") and self.shape(j + 1) == "T":
            j += 1
        if self.shape(j) != "T" or _given(self.folded(j)) < 3:
            return None
        known = any(self._loud_surname(k) for k in range(i, j))
        if (_common(self.folded(j)) or _given(self.folded(j)) < 4) and not known:
            return None
        if self.shape(j + 1) == "T" and _given(self.folded(j + 1)) < 4 and not known:
            return None  # « EHPAD Pierre Loti »: the capitals are a body's
        k = j + 1
        while self.shape(k) == "T" and _given(self.folded(k)) >= 4 and k - j < 3:
            k += 1
        return k

    def _heads_given(self, i: int, j: int) -> bool:
        """True for « FONTAINE Alice » and « DE LA TOUR Alice », not for « MAIRE Alice DURAND »."""
        if self.shape(j + 1) != "T" or _given(self.folded(j + 1)) < 3 or self.shape(j + 2) in "UT":
            return False
        return _surname(self.folded(j)) >= 5 or (j > i and self._whole(i, j))

    def _loud_surname(self, k: int) -> bool:
        word = self.folded(k)
        if _surname(word) >= 4:
            return True
        return (
            self.prose
            and not ordinary(word)
            and (_surname(word) >= 3 or (len(word) >= 5 and bool(_VOWEL.search(word))))
        )

    # « Durand Alice » in a sentence: a surname that is no first name, then a first name that is no surname of note.
    def _turned(self, i: int) -> int | None:
        if self.shout or not self.prose or self.shape(i) != "T" or self.shape(i + 1) != "T":
            return None
        word, given = self.folded(i), self.folded(i + 1)
        if _surname(word) < 3 or _given(word) >= 4 or _common(word) or not self._can_be_surname(i):
            return None
        if _given(given) < 4 or _common(given) or self.shape(i + 2) in "UT":
            return None
        return i + 2

    # « Modou GOUPIL », « GOUPIL Modou », « Modou Goupil demande »: a first name that no list has.
    def _unlisted(self, i: int) -> int | None:
        if self.shout or not self.prose:
            return None
        if self.shape(i) == "T" and self._plain_unknown(i) and _given(self.folded(i)) < 3 and self._can_be_surname(i):
            k = i + 1
            while self.folded(k) in c.PARTICLES and self.shape(k) in "UT" and k - i < 4:
                k += 1
            word = self.folded(k)
            if not self._spaced(i, k) or self.folded(i) in c.REGIONS or word in c.REGIONS or self.folded(k + 1) == "(":
                return None
            if self.shape(k) not in "UT" or not self._can_be_surname(k) or self.shape(k + 1) in "UT":
                return None
            loud = self.shape(k) == "U" and len(word) > 2 and _surname(word) >= 3
            said = self.folded(i - 1) in (":", "–", "—") or self._acts(i, k + 1)
            return k + 1 if loud or (_surname(word) >= 4 and not _common(word) and said) else None
        if (
            self.shape(i) == "U"
            and _surname(self.folded(i)) >= 4
            and self._can_be_surname(i)
            and self.shape(i + 1) == "T"
        ):
            named = (
                self._spaced(i, i + 1)
                and self._plain_unknown(i + 1)
                and self._can_be_surname(i + 1)
                and self.shape(i + 2) not in "UT"
            )
            before = i > 0 and self.folded(i - 1) in c.LABELS | c.SURNAME_AFTER | {",", ":"}
            return i + 2 if named and (before or self._acts(i, i + 2)) else None
        return None

    def _spaced(self, first: int, last: int) -> bool:
        """True when only a space stands between two words: not « Habillage_LIN »."""
        if last >= len(self.tokens):
            return False
        between = self.text[self.tokens[first].end : self.tokens[last].start]
        return between[:1].isspace() and "_" not in between and "," not in between

    def _shouted(self, i: int) -> int | None:
        """« DURAND ALICE », and nothing else in the cell."""
        if i != 0 or not 2 <= len(self.tokens) <= 4 or any(t.shape not in "UI" for t in self.tokens):
            return self._shouted_inside(i)
        words = self.tokens
        given = [t for t in words if _given(t.folded) >= 5 and not _common(t.folded)]
        if words[0].folded in ("la", "le", "les", "l", "du", "des") and words[1] in given:
            return None  # « LA NOE DAVY »
        others = [t for t in words if t not in given and t.folded not in _ARTICLES]
        if given and others and all(_surname(t.folded) >= 4 and t.folded not in c.NOUNS for t in others):
            return len(self.tokens)
        return None

    def _shouted_inside(self, i: int) -> int | None:
        """« DURAND ALICE » inside a notice that is all in capitals."""
        word, given = self.folded(i), self.folded(i + 1)
        if self.spoken < 5 or not self._can_be_surname(i) or _common(word) or _common(given) or given in c.PARTICLES:
            return None
        named = _surname(word) >= 3 or (len(word) > 4 and not ordinary(word) and "-" not in word)
        return i + 2 if named and _given(given) >= 4 and _given(word) < 4 else None

    # Someone in the list of a council, a lone surname included.
    def _listed(self, i: int) -> tuple[int, int, bool] | None:
        if not self._in_list(i):
            return None
        j = i
        while j - i < 6 and (
            (self.shape(j) in "UT" and self._can_be_surname(j))
            or (self.shape(j) == "I" and j > i)
            or (self.folded(j) in c.PARTICLES and self.shape(j + 1) in "UT")
        ):
            j = self._skip_dot(j + 1) if self.shape(j) == "I" else j + 1
        known = any(_surname(t.folded) >= 3 or _given(t.folded) >= 4 for t in self.tokens[i:j])
        return (i, j, True) if j > i and (known or self.tokens[i].shape == "U") else None

    def _in_list(self, i: int) -> bool:
        return any(start <= i < end for start, end in self.lists)

    # --- What stands around ---

    def _in_place(self, i: int) -> bool:
        """True when the name hangs on a place, a body or a work: « école maternelle publique Jules-Ferry »."""
        if (
            self.guarded_until >= 0
            and i - self.guarded_until in (0, 1)
            and (i == self.guarded_until or self.folded(i - 1) in (",", "et", "/", "-", "ou", "–", "&"))
        ):
            return True
        if _ACRONYM.search(self.text[max(0, self.tokens[i].start - 20) : self.tokens[i].start]):
            return True
        before = self.tokens[i - 1] if i and not self._starts_line(i) else None
        if before and before.shape in "UT" and not self._may_precede(before):
            return True
        if self.folded(i - 1) == "a" and self.folded(i - 2) in c.WORKS:
            return True
        owned = self.prose and self.folded(i - 1) in ("de", "d", "du")  # « le camion de Jean Durand » is his
        for k in range(i - 1, max(i - 8, self.person_until - 1, -1), -1):
            if self._starts_line(k + 1):
                return False
            word = self.tokens[k].folded
            if word in ("les", "des") and self.prose and self.shape(k + 1) not in "UT":
                continue
            if word == "sa" and self.tokens[k].shape != "U":
                continue  # hers, not the company
            if (word in c.NOUNS and not (owned and word in c.OWNED)) or word.startswith("saint"):
                return True
            if word in c.BREAKS or (self.tokens[k].shape == "." and word not in ("-", "'", "’", "«", '"', "/", ".")):
                return False
            if word == "." and not (k and len(self.tokens[k - 1].text) <= (4 if self.shout else 3)):
                return False
        return False

    def _starts_line(self, i: int) -> bool:
        return i > 0 and "\n" in self.text[self.tokens[i - 1].end : self.tokens[i].start]

    def _may_precede(self, token: _Token) -> bool:
        """True for a capital word that announces a person rather than names a place."""
        word = token.folded
        if self.prose and token.shape == "T" and word not in c.NOUNS and (ordinary(word) or word in c.NEVER):
            return True  # « Naissance de », « Considérant »: the word that starts a sentence
        if self.shout and word in ("de", "d", "a", "par"):
            return True
        if self.prose and token is self.tokens[0] and word not in c.NOUNS and not _surname(word):
            return True  # « Appeler »
        return word in c.ROLES or word in c.LABELS or word in c.BREAKS or word in c.TITLES or _given(word) >= 4

    def _hangs_on_noun(self, i: int) -> bool:
        k = i - 1
        civil = self.tokens[i].folded not in _HONOURS and self.prose
        while k >= 0 and self.tokens[k].folded in _LINKS:
            if civil and self.tokens[k].folded in ("de", "d", "du", "des", "."):
                return False  # « le terrain de M. Durand »
            if self.tokens[k].folded in c.NOUNS and self.tokens[k].folded not in ("les", "des"):
                return True
            k -= 1
        return k >= 0 and self.tokens[k].folded in c.NOUNS and not (civil and self.tokens[k].folded in c.OWNED)

    def is_under_a_saint(self, i: int) -> bool:
        """True for the noun of a body that bears a saint's name: « Harmonie Saint-Roch n° 12 »."""
        return self.folded(i) in c.NOUNS and self.folded(i + 1).startswith(("saint-", "sainte-"))

    def is_a_second_thing(self, i: int) -> bool:
        """True for a word of « Paul Durand » in « place Pierre Martin et Paul Durand »."""
        first = next((first for first, after in self.things if first <= i < after), 0)
        return self.folded(first - 1) in ("et", "&") and any(after == first - 1 for _, after in self.things)

    def _body_follows(self, after: int) -> bool:
        first, second = self.folded(after), self.folded(after + 1)
        if first in ("et", "&") and second in ("fils", "cie", "associes", "freres", "filles", "compagnie"):
            return True
        return first in c.AFTER_BODY and not (self.shape(after) == "l" and (self.prose or first == "est"))

    def _quoted_alone(self, i: int, after: int) -> bool:
        return i > 0 and self.folded(i - 1) in ("«", '"', "“") and self.folded(after) in ("»", '"', "”")

    def _famous(self, i: int, after: int) -> bool:
        said = " ".join(t.folded.replace("-", " ") for t in self.tokens[i:after] if t.shape != ".")
        behind = " ".join(self.folded(k) for k in range(max(0, i - 3), i))
        for title in ("madame de la", "madame de", "madame", "general", "marechal", "colonel", "abbe"):
            if behind.endswith(title) and _is_famous(f"{title} {said}"):
                return True
        return _is_famous(said) or _is_famous(f"{said} {self.folded(after)}")

    def _of_the_past(self, i: int, after: int) -> bool:
        """True when a year before 1915 stands beside the name, or in its sentence: « dessiné par … en 1889 »."""
        if _LONG_AGO.match(self.text, self.tokens[after - 1].end):
            return True
        if not self.prose:
            return False
        for k in range(after, min(after + 25, len(self.tokens))):
            if self._ends_sentence(k) or self.folded(k) in ("ne", "nee"):
                return False
            if self._old_year(k):
                return True
        return any(self._old_year(k) for k in range(max(0, i - 8), i))

    def _old_year(self, k: int) -> bool:
        token = self.tokens[k]
        if token.shape != "0" or len(token.text) != 4 or not 1000 <= int(token.text) < 1915:
            return False
        return self.folded(k - 1) in _BEFORE_YEAR

    def _ends_sentence(self, k: int) -> bool:
        word = self.folded(k)
        return word in ("!", "?", ";") or (word == "." and len(self.folded(k - 1)) > 3)

    def _official(self, first: int, after: int) -> bool:
        start, end = self.tokens[first].start, self.tokens[after - 1].end
        if self._in_list(first):
            return not _RESIDENT_AFTER.match(_flat(self.text[end : end + 40]))
        if not (_LETTER.search(self.text, end) or _LETTER.search(self.text[:start])):
            return False
        behind = _flat(self.text[end : end + 90])
        before = _flat(self.text[max(0, start - 90) : start])
        if _RESIDENT_AFTER.match(behind):
            return False
        return bool(
            _FUNCTION_AFTER.match(behind)
            or _ACT_AFTER.match(behind)
            or _FUNCTION_BEFORE.search(before)
            or _ACT_BEFORE.search(before)
        )

    def _more_names(self, after: int) -> int:
        """Return the token after « Durand, Martin et Petit » that follow a plural title."""
        while self.folded(after) in (",", "et", "&") and self.shape(after + 1) in "UTI":
            k = self._skip_dot(after + 2) if self.shape(after + 1) == "I" else after + 1
            while self.folded(k) in c.PARTICLES and self.shape(k + 1) in "UT" and k - after < 4:
                k += 1
            if self.shape(k) not in "UT" or self.folded(k) in c.ROLES or self.folded(k) in c.TITLES:
                break
            after = k + 1
            while self.shape(after) in "UT" and self._known(after):
                after += 1
        return after

    # --- Small questions ---

    def can_go_on(self, i: int) -> bool:
        """True for a word that may be part of a name that stands beside it."""
        return self.tokens[i].shape == "I" or (self._can_be_surname(i) and not self._body_follows(i))

    def end_of_particles(self, i: int) -> int:
        """Return the token after « de La Tour », « Le Goff » that starts at ``i``, or ``i``: one particle has a capital."""
        k = i
        while self.folded(k) in c.PARTICLES and self.shape(k) in "UTl" and k - i < 3:
            k += 1
        loud = any(self.shape(n) in "UT" for n in range(i, k))
        if k == i or self.shape(k) not in "UT" or not (loud or self._whole(i, k)) or self.folded(k) in c.TITLES:
            return i
        return k + 1

    def is_raised(self, i: int) -> bool:
        """True for « Marianne » of « buste de Marianne »."""
        return self.folded(i - 1) in ("de", "d", "du", "a", "au") and self.folded(i - 2) in c.WORKS

    def is_a_firm(self, i: int) -> bool:
        """True for « SCCV Durand », « Renault Zoe » and « DURAND TP »."""
        before, after = self.folded(i - 1), self.folded(i + 1)
        if self.shape(i) == "T" and (self.folded(i) in known("towns") or before in known("towns")):
            return True  # « Bad Wimpfen »
        if self.folded(i) in known("brands") and not self.beside(i):
            return True
        if before in _FORMS or (before in known("brands") and self.shape(i - 1) in "UT"):
            return True
        return self._body_follows(i + 1) and not (self.shape(i + 1) == "l" and after not in ("et", "&"))

    def is_famous(self, first: int, after: int) -> bool:
        """True for someone of the past or of a book, or a maker, whom no title announces."""
        while first < after - 1 and (self.folded(first) in c.PARTICLES or self.shape(first) in "I."):
            first += 1
        before = self.folded(self._before_dot(first - 1))
        if before in c.TITLES and before != "madame":
            return False
        if after - first == 1 and self.shape(first) == "T" and self.folded(first) in known("brands"):
            return before not in c.SURNAME_AFTER
        return self._famous(first, after) or (self.shape(first - 1) == "T" and self._famous(first - 1, after))

    def follows_a_postcode(self, i: int) -> bool:
        """True for the town of « 44000 NANTES » and of « 50620 ST JEAN DE DAYE », not for who is named after it."""
        first = i
        while first > 0 and i - first < _IN_A_TOWN and self.shapes[first - 1] not in ".0":
            first -= 1
        if first == 0 or self.shapes[first - 1] != "0" or len(self.words[first - 1]) != _POSTCODE:
            return False
        if first == i:
            return is_town(self.words[i]) or bool(_OF_TOWNS.search(self.words[i]))
        return self.shapes[first] != "l" and self.words[first] in _BEFORE_TOWNS

    def is_glued(self, i: int) -> bool:
        """True for a word of « alice.durand », of « scan_durand.pdf » and of an address of the web."""
        start, end = self.tokens[i].start, self.tokens[i].end
        behind = self.text[max(0, start - 1) : start]
        if self.shape(i) != "l":
            return behind == "_" or (behind == "/" and "//" in self.text[max(0, start - 80) : start])
        return behind in ("_", "@", ".", "/") or (
            self.text[end : end + 1] in ("_", "@", ".") and self.text[end + 1 : end + 2].isalnum()
        )

    def is_code(self, i: int) -> bool:
        """True for « AB » of a parcel and « SIRET »: few capitals, of no name, or before a number."""
        token = self.tokens[i]
        if self.shout or token.shape != "U" or len(token.text) > 6 or "-" in token.text:
            return False
        if len(token.text) <= 3 and (self.shape(i + 1) == "0" or self.folded(i + 1) in ("n", "no")):
            return True
        if token.folded in c.NEVER and token.folded not in _MONTHS:
            return True
        if len(token.text) <= 6 and self.folded(i - 1) in ("l", "la", "le", "les", "au", "aux", "du", "un", "une"):
            return True  # « la permanence de l'ADIL »
        return _given(token.folded) < 4 and _surname(token.folded) < 3

    def beside(self, i: int) -> bool:
        """True for a capital word that another stands beside."""
        return self.shape(i) in "UT" and any(
            self.shape(k) in "UT" and self.joined(min(i, k) + 1, max(i, k)) for k in (i - 1, i + 1) if k >= 0
        )

    def joined(self, after: int, i: int) -> bool:
        """True when a name that ends before ``after`` goes on at ``i``: « Jean-Marie D. de La Tour »."""
        return (
            all(self.folded(k) in c.PARTICLES or self.tokens[k].text in ".-‐_" for k in range(after, i))
            and "\n" not in self.text[self.tokens[after - 1].end : self.tokens[i].start]
        )

    def folded(self, i: int) -> str:
        return self.words[i] if 0 <= i < self.count else ""

    def shape(self, i: int) -> str:
        return self.shapes[i] if 0 <= i < self.count else "!"

    def _skip_dot(self, i: int) -> int:
        return i + 1 if self.folded(i) == "." else i

    def _after_role(self, i: int) -> int:
        for _ in range(8):
            if self.folded(i) not in c.ROLES and self.folded(i) not in _ROLE_LINKS:
                break
            i += 1
        return i

    def _known(self, i: int) -> bool:
        word = self.folded(i)
        return self.shape(i) in "UT" and (_given(word) >= 4 or _surname(word) >= 4) and word not in c.NOUNS

    def _surname_weight(self, first: int, last: int, plain: bool = True) -> int:
        """Return the weight of a surname, its particles or next word included: « Le Gall », « Da Silva ».

        ``plain`` leaves out those that are ordinary words: « Petit » is one only beside a sure first name.
        """
        whole = " ".join(self.folded(k) for k in range(first, last + 1))
        longer = f"{self.folded(last)} {self.folded(last + 1)}"
        word = self.folded(last)
        weight = 0 if plain and _common(word) else _surname(word)
        return max(weight, _surname(whole) if last > first else 0, _surname(longer))

    def _can_be_surname(self, i: int) -> bool:
        word = self.folded(i)
        if word in _MONTHS:  # « Luc Janvier »: a month has no capital, and figures beside it
            return self.shape(i) in "UT" and "0" not in (self.shape(i - 1), self.shape(i + 1)) and not self.shout
        return not (word in c.NOUNS or word in c.ROLES or word in c.TITLES or word in c.NEVER or len(word) < 2)

    def _unknown_name(self, i: int) -> bool:
        return len(self.folded(i)) >= 3 and not _common(self.folded(i))


# --- Weighing -------------------------------------------------------------------------------------


def _is_weighed(reading: _Reading) -> bool:
    """True for a sentence or a note: what stands around a word of a cell says little."""
    return reading.prose or len(reading.tokens) >= (3 if _has_small_words(reading.tokens) else 5)


def _has_small_words(tokens: Sequence[_Token]) -> bool:
    return any(t.shape == "l" and len(t.text) > 1 and t.folded not in c.PARTICLES for t in tokens)


def _tells(text: str, tokens: Sequence[_Token]) -> tuple[bool, bool]:
    """Return whether a word alone may be a name in this text, with a capital and without: as ``spans.may_hold`` asks."""
    if not _SPACE.search(text):
        return False, False
    told = whispered = capital = False
    small = after = end = 0  # small words of the line, those after a capital, the end of the word before
    last = ""
    for token in tokens:
        if "\n" in text[end : token.start]:
            small = after = 0
            capital = False
        start, end = token.text[:3], token.end
        if token.shape in "UT":
            latin = start[1:2].isalpha() and start[0] <= "Þ" and start[1] <= _LAST_LATIN
            told = told or (latin and (last in ("U", "T") or small > 0))
            capital = capital or latin
        elif token.shape == "l" and len(start) == 3 and start.islower() and start.isalpha() and max(start) <= "ÿ":
            small += 1
            after += capital
            told, whispered = told or after > 1, whispered or small > 2
            if told and whispered:
                break
        if token.shape != ".":
            last = token.shape
    return told, whispered


_SPACE = re.compile(r"[\t\n\f\r ]")
_LAST_LATIN = "\u024f"
_SAFE = 50  # added to the score of a person: better one name too many than one too few (chosen on a set read since)
_POSTCODE, _IN_A_TOWN = 5, 4  # figures, and words of a town after the first
_BEFORE_TOWNS = frozenset("st ste saint sainte la le les l".split())
_OF_TOWNS = re.compile(r"-(?:sur|sous|les?|la|l|en|de|du|des|d|aux?)-")
_LABEL = 5  # words of a cell that is no more than a label: a lone name in it must be sure (« Bassin bas Durand »)
_REIGNS = frozenset("i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xviii".split())
_LETTERS = 6  # of capitals that may stand for other words: « DMTO »
_SAID = 4  # of those that can be said: « ASA »
_OPENS = frozenset('"«“')
_SHOWN = frozenset(
    "statue statues buste tableau toile gravure fresque vitrail groupe sculpture bronze tapisserie".split()
)
_NEAR = -150  # what the score of a word beside a name must be above to be of it


@lru_cache(maxsize=16384)
def _are_letters(word: str) -> bool:
    """True for capitals that stand for other words: nobody bears them, and they are few, or cannot be said."""
    if len(word) > _LETTERS or _given(word) or _surname(word):
        return False
    return len(word) <= _SAID or weighing.spelling(word) >= "3"


def _weighed(reading: _Reading, named: Sequence[_Name]) -> tuple[list[_Name], Sequence[int]]:
    """Return the names once all that is seen of them is weighed, and how sensitive each token is."""
    from parvis.privacy import network  # numpy: nothing that only shows a page needs it

    seen = reading.seen(named)
    tokens, verdicts = reading.tokens, seen.verdicts
    told, whispered = _tells(reading.text, tokens)
    small = _has_small_words(tokens)
    scores: dict[int, tuple[int, int]] = {}
    named_at = [verdict in "pom" for verdict in verdicts]  # those in small letters are not weighed
    weighed = network.weighed(seen)
    for i, person, official in weighed.names:
        new = verdicts[i] in "nthl"
        if tokens[i].shape == "I" and named_at[i]:
            continue
        scores[i] = person, official
        if verdicts[i] == "m":
            named_at[i] = True  # « M. Quiberon » is a person
            continue
        safe = -_SAFE if new and not reading.prose and len(tokens) <= _LABEL else _SAFE
        if max(person + safe, official) <= 0:
            named_at[i] = False
            continue
        named_at[i] = not new or not _is_refused(
            reading, i, verdicts[i], small, whispered if tokens[i].shape == "l" else told
        )
    for i, (person, official) in scores.items():  # what stands between or beside two parts of a name is of it
        if not named_at[i] and max(person, official) > _NEAR and tokens[i].shape != "l" and reading.can_go_on(i):
            named_at[i] = any(
                0 <= k < len(tokens)
                and named_at[k]
                and tokens[k].shape in "UT"
                and reading.joined(min(i, k) + 1, max(i, k))
                for k in (i - 1, i + 1)
            )
    for i in scores:
        if named_at[i] and tokens[i].shape in "UT":
            for k in range(i + 1, reading.end_of_particles(i + 1)):
                named_at[k] = True  # « Alice de La Tour »
        elif (
            named_at[i]
            and tokens[i].shape == "l"
            and reading.shape(i + 1) == "l"
            and _surname(reading.folded(i + 1)) >= 4
        ):
            named_at[i + 1] = True  # « alice marchand »
    out: list[_Name] = []
    for i, taken in enumerate(named_at):
        if not taken:
            continue
        if tokens[i].shape == ".":
            if out and out[-1].after == i and (tokens[i - 1].shape == "I" or named_at[i + 1 : i + 2] == [True]):
                out[-1].after = i + 1  # « A. B. », « Durand, Petit et Martin »
        elif out and reading.joined(out[-1].after, i):
            out[-1].after = i + 1
        else:
            out.append(_Name(i, i + 1))
    for name in out:
        within = range(name.first, name.after)
        person = sum(scores[i][0] for i in within if i in scores)
        official = sum(scores[i][1] for i in within if i in scores)
        name.official = official > person + _SAFE * sum(i in scores for i in within)
    kept = [
        name
        for name in out
        if not reading.is_famous(name.first, name.after)
        and any(tokens[i].shape in "UTl" or verdicts[i] in "pmo" for i in range(name.first, name.after))
    ]
    return kept, weighed.sensitive


def _is_refused(reading: _Reading, i: int, verdict: str, small: bool, told: bool) -> bool:
    """True for a word that no rule takes for a name, and that is none whatever it weighs; ``small``: among small words."""
    token = reading.tokens[i]
    if not told or (verdict in "th" and not small):
        return True  # nothing around speaks against the rules: « E.H.P.A.D Alice Durand »
    if small and token.shape == "U" and _are_letters(token.folded):
        return True
    if i and reading.tokens[i - 1].text in _OPENS and any(w in _SHOWN for w in reading.words[: i - 1]):
        return True  # the title of a statue: « Rolland portant son cor »
    if token.shape == "T" and reading.folded(i + 1) in _REIGNS and reading.folded(i + 2) != ".":
        return True  # « Plaque aux rois Jacques I et Jacques II »
    if verdict == "t" and reading.is_a_second_thing(i):
        return True
    return token.shape in "UT" and (reading.follows_a_postcode(i) or reading.is_under_a_saint(i))


_GRAVE = -100  # what the score of a sensitive word must be above
_CALM = -600  # what all scores must be under for nothing to be sensitive, whatever words of health are said


def _sensitive(tokens: Sequence[_Token], scores: Sequence[int]) -> list[tuple[int, int]]:
    """Return (start, end) of each run of sensitive words; one small word between two is of the run."""
    out: list[tuple[int, int]] = []
    if not scores or max(scores) <= _GRAVE:
        return out
    first, last = -1, -9
    for i, score in enumerate([*scores, _GRAVE, _GRAVE, _GRAVE]):
        if score > _GRAVE and i < len(tokens):
            first, last = (i, i) if first < 0 else (first, i)
        elif first >= 0 and (i > last + 1 or i >= len(tokens) or tokens[i].shape == "."):
            while last > first and tokens[last].folded in _HANGING:
                last -= 1
            if any(tokens[k].shape in "lUT" and len(tokens[k].text) > 2 for k in range(first, last + 1)):
                out.append((tokens[first].start, tokens[last].end))
            first = -1
    return out


_HANGING = frozenset(
    "et ou ne de du des d le la les l un une a au aux en qui que , . ; :".split()
)  # nothing ends by them


# --- Reading again --------------------------------------------------------------------------------


@dataclass(slots=True)
class _Known:
    """Surnames met, and the first names that went with each."""

    surnames: dict[str, set[str]] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)

    def add(self, given: Sequence[str], surnames: Sequence[str]) -> None:
        for word in surnames:
            self.surnames.setdefault(word, set()).update(given)
        self.given.update(given)


def _says_again(tokens: Sequence[_Token], named: Sequence[_Name]) -> bool:
    """Return whether a text may name someone twice: officials beside others, or a word of a name, or initials, elsewhere."""
    if len({name.official for name in named}) > 1:
        return True
    taken = {i for name in named for i in range(name.first, name.after)}
    said = {tokens[i].folded for i in taken}
    return any(t.shape == "I" or (t.shape in "UT" and t.folded in said) for i, t in enumerate(tokens) if i not in taken)


class _Again:
    """The same text read once more, with what it said of people."""

    def __init__(self, reading: _Reading, named: Sequence[_Name]) -> None:
        self.reading, self.named = reading, named
        self.roll, self.private = _Known(), _Known()
        for name in named:
            if name.official:
                self.roll.add(*self._parts(name.first, name.after))
        for name in named:
            name.official = name.official or self._on_the_roll(name)
            if not name.official:
                self.private.add(*self._parts(name.first, name.after))

    def names(self) -> list[_Name]:
        """Return all names in order, the second mentions of private people added."""
        wanted = {w for w in (*self.private.surnames, *self.private.given) if len(w) > 2}
        wanted -= self.roll.surnames.keys()
        out = list(self.named)
        taken = {k for n in self.named for k in range(n.first, n.after)}
        taken |= {k for first, after in self.reading.things for k in range(first, after)}
        tokens = self.reading.tokens
        pairs = self._pairs()
        for i, token in enumerate(tokens):
            if i in taken:
                continue
            if token.shape in "UT" and token.folded in wanted and self._is_mention(i):
                first = i
                while first > 0 and first - 1 not in taken and self._is_particle(first - 1):
                    first -= 1
                out.append(_Name(first, i + 1))
            elif token.shape == "I" and self._initials(i) in pairs:
                out.append(_Name(i, i + 4))
        out.sort(key=lambda n: n.first)
        return out

    def _is_particle(self, i: int) -> bool:
        return self.reading.folded(i) in c.PARTICLES and self.reading.shape(i) in "UT"

    def _is_mention(self, i: int) -> bool:
        token, reading = self.reading.tokens[i], self.reading
        while i > 0 and self._is_particle(i - 1):
            i -= 1  # « DA SILVA »
        starts = i == 0 or reading.folded(i - 1) == "."
        if _common(token.folded) and ((starts and not _is_verb(reading.folded(i + 1))) or token.folded in c.NOUNS):
            return False
        return not (reading._in_place(i) or reading._hangs_on_noun(i) or reading._body_follows(i + 1))

    def _initials(self, i: int) -> str:
        """Return « ad » for « A. D. »."""
        at, signs = self.reading.folded, self.reading.shape
        if at(i + 1) == "." and signs(i + 2) == "I" and at(i + 3) == ".":
            return at(i) + at(i + 2)
        return ""

    def _pairs(self) -> set[str]:
        return {g[0] + s[0] for s, given in self.private.surnames.items() for g in given if g and s}

    def _on_the_roll(self, name: _Name) -> bool:
        given, surnames = self._parts(name.first, name.after)
        for word in surnames:
            known = self.roll.surnames.get(word)
            if known is not None and (not given or not known or known & set(given)):
                return True
            if known is not None and any(len(g) == 1 and g == k[:1] for g in given for k in known):
                return True
        return False

    def _parts(self, first: int, after: int) -> tuple[list[str], list[str]]:
        """Return (first names, surnames) of a name; particles are left out."""
        tokens = [t for t in self.reading.tokens[first:after] if t.shape in "UTIl" and t.folded not in c.PARTICLES]
        tokens = [t for t in tokens if t.folded not in ("et", "&")]
        shapes = {t.shape for t in tokens if t.shape in "UT"}
        if shapes == {"U", "T"}:
            return [t.folded for t in tokens if t.shape in "TI"], [t.folded for t in tokens if t.shape == "U"]
        words = [t.folded for t in tokens]
        if len(words) < 2:
            return (words, []) if words and self._is_given(first, words[0]) else ([], words)
        if _given(words[0]) < 4 and _given(words[-1]) >= 4:
            return words[-1:], words[:-1]
        count = 1
        while count < len(words) - 1 and _given(words[count]) >= 5:
            count += 1
        return words[:count], words[count:]

    def _is_given(self, first: int, word: str) -> bool:
        """True for a first name alone, which no title announces."""
        before = self.reading.folded(self.reading._before_dot(first - 1))
        return before in c.GIVEN_AFTER or (before not in c.TITLES and _given(word) > _surname(word))


# --- Lists of a council ---------------------------------------------------------------------------


def _lists(text: str, tokens: Sequence[_Token]) -> list[tuple[int, int]]:
    """Return (first token, token after) of each list of members: « Présents : … », « Abstentions : 2 (…) »."""
    out: list[tuple[int, int]] = []
    if "rocuration de vote" in text:
        return out  # an elector's
    for i, token in enumerate(tokens):
        if token.folded not in c.LISTS or token.shape not in "UTl":
            continue
        start = next((k + 1 for k in range(i + 1, min(i + 12, len(tokens))) if _opens(tokens, k)), None)
        if start is None or any(tokens[k].folded in (".", ";") for k in range(i + 1, start - 1)):
            continue
        out.append((start, _end_of_list(text, tokens, start, closed=tokens[start - 1].text == "(")))
    return out


def _opens(tokens: Sequence[_Token], k: int) -> bool:
    return tokens[k].text == ":" or (tokens[k].text == "(" and tokens[k - 1].shape == "0")


def _end_of_list(said: str, tokens: Sequence[_Token], start: int, *, closed: bool) -> int:
    for k in range(start, len(tokens)):
        text = tokens[k].text
        if closed and text == ")":
            return k
        if k > start:
            gap = said[tokens[k - 1].end : tokens[k].start]
            if "\n\n" in gap or ("\n" in gap and not _goes_on(tokens[k])):
                return k
        if text == "." and tokens[k - 1].shape != "I" and tokens[k - 1].folded not in c.TITLES:
            return k
        if text == ":" and k > start:
            return k
    return len(tokens)


def _goes_on(token: _Token) -> bool:
    """True for the line of a list that names one more."""
    word = token.folded
    return word in c.TITLES or (
        token.shape in "UTI" and (_surname(word) >= 3 or _given(word) >= 3) and not _common(word)
    )


# --- Names of files and of accounts ---------------------------------------------------------------

_FILE = re.compile(
    r"[\w.\-]{3,120}\.(?:pdf|docx?|odt|rtf|txt|jpe?g|png|tiff?|xlsx?|ods|csv|msg|eml|zip)\b", re.IGNORECASE
)
_ACCOUNT = re.compile(r"(?<![\w@.\-/])[a-zà-ÿ]{2,20}(?:-[a-zà-ÿ]{2,20})?[._][a-zà-ÿ]{2,25}(?![\w@\-]|\.\w)")
_CAMEL = re.compile(r"(?<!\w)([A-ZÀ-Ý][a-zà-ÿ]{2,})([A-ZÀ-Ý][a-zà-ÿ]{2,})(?!\w)")
_ENDINGS = frozenset("info gouv asso mairie ville france paris bzh corsica wiki".split())
_PIECE = re.compile(r"[^\W\d_]{2,}")


def _in_files(text: str) -> Iterator[Found]:
    """Yield the names in « Courrier_DURAND_Alice.pdf » and in « alice.durand »."""
    for account in _CAMEL.finditer(text):
        if _given(fold(account[1])) >= 4 and not ordinary(fold(account[2])):
            yield account.start(), account.end(), False
    if not (_GLUED_DOT.search(text) and "." in text):
        return
    for file in _FILE.finditer(text):
        pieces = list(_PIECE.finditer(text, file.start(), file.end()))[:-1]
        run = [p for p in pieces if _names_a_file(p.group())]
        known = [p for p in run if _surname(fold(p.group())) >= 3 or _given(fold(p.group())) >= 4]
        if known and (any(_given(fold(p.group())) < 4 for p in run) or len(run) > 1):
            for piece in run:
                yield piece.start(), piece.end(), False
    for account in _ACCOUNT.finditer(text):
        first, second = re.split(r"[._]", fold(account.group()), maxsplit=1)
        if ordinary(first) > 1 or ordinary(second) or second in _ENDINGS:
            continue
        if _given(first) >= 4 and len(second) >= 4 and not _common(first):
            yield account.start(), account.end(), False
            continue
        if (_given(first) >= 4 and _surname(second) >= 3) or (_given(second) >= 4 and _surname(first) >= 3):
            yield account.start(), account.end(), False


def _names_a_file(piece: str) -> bool:
    word = fold(piece)
    if not piece[0].isupper() or _common(word) or ordinary(word) or len(word) < 3:
        return False
    return not (word in c.NOUNS or word in c.ROLES or word in c.NEVER or word in c.LABELS)


_NICKNAME = re.compile(r"\b(?:dite?|alias|surnommée?)\s+[«\"“]\s?([^»\"”\n]{2,25}?)\s?[»\"”]")


def _nicknames(text: str) -> Iterator[Found]:
    """Yield « Titi » of « Bastien Durand, dit « Titi » »."""
    for m in _NICKNAME.finditer(text):
        yield m.start(1), m.end(1), False


def _with(found: list[Found], more: Iterator[Found]) -> list[Found]:
    for one in more:
        if all(one[1] <= start or end <= one[0] for start, end, _ in found):
            found.append(one)
    found.sort()
    return found


# --- Words ----------------------------------------------------------------------------------------

_GLUED_DOT = re.compile(r"[_.](?=\w)")
_GLUED = re.compile(r"[_@./](?=\w)")
_PART = r"(?:[^\W\d_][\u0300-\u036f]*)+"  # accents may stand apart from their letters
_WORD = re.compile(rf"{_PART}(?:-{_PART})*")
_TOKEN = re.compile(rf"(?:[dlDL]|(?:[cjmnst]|[Qq]u)(?=['’]))['’]|{_PART}(?:['’\-‐]{_PART})*|\d+|[^\w\s]")


def _tokens(text: str) -> list[_Token]:
    out: list[_Token] = []
    for m in _TOKEN.finditer(text):
        word = m.group()
        out.append(_Token(word, *m.span(), *_facts(word)))
    return out


@lru_cache(maxsize=65536)
def _facts(word: str) -> tuple[str, str]:
    """Return (folded, shape) of a word, of figures or of a sign."""
    if word[0].isdigit():
        return word, "0"
    if not word[0].isalpha():
        return word, "."
    if word[-1] in "'’":
        return fold(word[:-1]), "l"
    return fold(word), _shape_of(word)


def _may_name(text: str, bare: bool) -> bool:
    """False, and fast, where no title nor first name stands: most cells of most tables."""
    before = ""  # the word before, when it has a capital
    last = ""
    starts = False  # by a name, it may be: « Durand a oublié son parapluie »
    for found in _WORD.finditer(text):
        folded, shape = _facts(found.group())
        if bare and before and shape in "UT" and (_surname(folded) >= 3 or _surname(before) >= 4):
            return True
        before = folded if shape in "UT" else ""
        if bare and last and (starts or weighing.is_weighed(folded, shape)):
            return True
        starts = not last and shape in "UT" and _surname(folded) >= 3 and not ordinary(folded) and not _common(folded)
        last = folded
        if folded in c.TITLES or (bare and ((shape in "UT" and _given(folded) >= 3) or folded in _ANNOUNCING)):
            return True
    if bare and (_CAMEL.search(text) or "c'est " in text or "c’est " in text):
        return True
    return bare and "." in text and bool(_GLUED_DOT.search(text)) and bool(_FILE.search(text) or _ACCOUNT.search(text))


def _shape_of(word: str) -> str:
    if not word[0].isupper():
        return "l"
    if len(word) == 1:
        return "I"
    return "U" if word.isupper() else "T"


def _flat(text: str) -> str:
    """Return a text on one line, folded: the end of a line is a comma."""
    return _COMMAS.sub(", ", " ".join(fold(text.replace("\n", " , ")).split()))


def _is_prose(tokens: Sequence[_Token]) -> bool:
    small = sum(t.shape == "l" and len(t.text) > 2 for t in tokens)
    if small >= 3:
        return True
    return small >= 1 and (tokens[-1].text in ".!?»," or any(t.text in _VERBS for t in tokens))


def _shouting(tokens: Sequence[_Token]) -> bool:
    """True when all is in capitals, which then tell nothing."""
    return not any(t.shape in "Tl" and len(t.text) > 2 for t in tokens)


@lru_cache(maxsize=65536)
def _common(word: str) -> bool:
    """True for a word that towns write every day: alone it proves no name."""
    if word in c.COMMON:
        return True
    return ordinary(word) >= 2 or (ordinary(word) == 1 and _surname(word) < 4 and _given(word) < 4)


_FUTURE = re.compile(r"\w\w(?:era|ira|ura|dra|ront|rait|raient)$")


def _is_famous(said: str) -> bool:
    return said in c.FAMOUS or said in known("people")


def _is_verb(word: str) -> bool:
    return word in c.ACTS or bool(_FUTURE.search(word))


_STARTING = c.TITLES | c.SURNAME_AFTER | c.GIVEN_AFTER | c.GIVING | {"est"}
_ANNOUNCING = c.SURNAME_AFTER | c.GIVEN_AFTER | c.GIVING | c.LISTS | {"ne", "nee"}
_STREETS = frozenset("rue avenue boulevard chemin impasse allee quai place route square lotissement hameau".split())
_CLASSES = frozenset(
    "cp ce ce1 ce2 cm cm1 cm2 ps ms gs petite moyenne grande maternelle primaire sixieme classe".split()
)
_MONTHS = frozenset("janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split())
_FORMS = frozenset(
    "sarl sas sasu sa eurl sci sccv snc scp scop gaec earl scea spl sem ets etablissements societe ste selarl holding tempete "
    "ouragan cyclone".split()
)
_ARTICLES = frozenset("la le les l du des de d".split())
_VOWEL = re.compile(r"[aeiouy]")
_SURE_KIN = frozenset(
    "fils fille filles soeur frere mari femme beau-frere belle-soeur beau-pere belle-mere prenom prenomme prenommee appelle "
    "appelee appele enfant enfants bebe epouse".split()
)
_RELIGIOUS = frozenset("pere mere frere freres soeur soeurs famille".split())
_BEFORE_YEAR = frozenset("en de ( - – — depuis vers avant apres jusqu'en et a des".split())
_ACRONYM = re.compile(r"(?:[A-Z]\.){2,}[A-Z]?\s*$|\b[A-Z]\.[A-Z]\s*$")  # « E.H.P.A.D Françoise Gauffier »
_LONG_AGO = re.compile(r"[\s.,]{0,3}\(?\s?(?:v\.\s?)?1[0-8]\d\d\b")  # « Pierre Magnol (1638-1715) »
_LETTER = re.compile(r"[^\W\d_]")
_COMMAS = re.compile(r" ?,[ ,]*")
_VERBS = frozenset("a est ont sont avait était sera fut demande doit peut".split())
_CIVIL_TITLES = frozenset("m mr mme mlle monsieur madame mademoiselle".split())
_DOCTORS = frozenset("docteur dr pr professeur maitre veuve".split())
_HONOURS = frozenset("me dr pr docteur professeur maitre".split())
_LINKS = frozenset(
    "prim primaire elem elementaire mat maternelle public publique prive privee municipal municipale de du des d "
    "l la le les -' ’ « . \"".split()
)
_ROLE_LINKS = frozenset("de du des d la l au aux adjoint".split())

# --- Public functions -----------------------------------------------------------------------------

_ARTICLE = r"(?:l[ea]s?\s+|l'|son\s+|sa\s+|notre\s+|nos\s+)?"
_CIVIL = r"(?:m|mr|mme|mlle|monsieur|madame)?\.?\s*$"
_RESIDENT_AFTER = late(
    r"^\s*[,(]?\s*(?:un |une |une? des )?(?:habitante?s?|riveraine?s?|residente?s?|administree?s?|voisine?s?|parents? d'eleve|"
    r"presidente? (?:du collectif|de l'association|de l'amicale)|proprietaires?|locataires?|retraitee?s?|commercante?s?)\b"
)
_FUNCTION_AFTER = late(
    rf"^\s*(?:[,(:–—-]\s*)?(?:en (?:sa )?qualite de\s+|agissant en qualite de\s+)?{_ARTICLE}{any_of('function')}\b"
)
_FUNCTION_BEFORE = late(
    rf"\b{any_of('function')}"
    r"(?:\s+(?:de|du|des|d'|en|a la|a l'|au|aux|charge\w*|delegue\w*|voirie|municipal\w*|sport|culture|"
    r"techniques?|generale?s?|adjointe?s?|territoria\w*|communa\w*|financi\w*|honoraire|suppleante?s?|interim\w*)\b[^.;:]{0,45}?)?"
    rf"(?:\s*[,(:–-]\s*|\s+|$)(?:signe\s*:?\s*)?{_CIVIL}"
)
_ACT_AFTER = late(rf"^\s*(?:\([^)]{{0,30}}\)\s*)?(?:,[^,.]{{0,40}},\s*)?{any_of('act_after')}")
_ACT_BEFORE = late(rf"\b{any_of('act_before')}(?:\s+|$){_CIVIL}")
