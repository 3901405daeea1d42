"""Where people are named inside a text, and where a name only names a street, a school or a company.

Three things decide, in this order: the title before the name (« M. », « Mme », « consorts »), the noun it hangs on
(« rue », « école », « SARL » make a place or a body of it), then the lexicons of first names and surnames.
A name is official when a public function stands beside it. Figures of its errors are in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from parvis import france
from parvis.text import fold

Found = tuple[int, int, bool]  # start, end, official


@dataclass(slots=True)
class _Token:
    text: str
    start: int
    end: int
    folded: str
    shape: str  # "U" capitals, "T" title case, "I" an initial, "l" lower case, "." a sign, "0" figures


def find(text: str, *, bare: bool = True) -> list[Found]:
    """Return (start, end, official) of each person named. ``bare`` also takes names that no title announces."""
    if not _may_name(text, bare):
        return []
    tokens = _tokens(text)
    return _Reading(text, tokens, _shouting(tokens), bare).names()


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
        self.shout = shout  # all in capitals: they tell nothing
        self.bare = bare
        self.guarded_until = -1  # token after the last name that turned out to be a place's

    def names(self) -> list[Found]:
        out: list[Found] = []
        i = 0
        while i < len(self.tokens):
            token = self.tokens[i]
            step = self._titled(i) if token.folded in _TITLES else None
            if step is None and self.bare and token.shape in "UT":
                step = self._bare(i)
            if step is None:
                i += 1
                continue
            first, after, person = step
            if person and after > first:
                start, end = self.tokens[first].start, self.tokens[after - 1].end
                out.append((start, end, self._official(start, end)))
            else:
                self.guarded_until = after
            i = max(after, i + 1)
        return out

    # A title, then a name. Returns (first token of the name, token after it, whether it is a person).
    def _titled(self, i: int) -> tuple[int, int, bool] | None:
        token = self.tokens[i]
        if (token.shape == "l" and token.folded not in _LOWER_TITLES) or self._no_title(i):
            return None
        j = self._skip_dot(i + 1)
        if self._folded(j) in ("et", "ou", "&", "/") and self._folded(j + 1) in _TITLES:
            j = self._skip_dot(j + 2)
        if self._folded(j) in _TITLES and self._folded(j) not in ("me", "m"):
            j = self._skip_dot(j + 1)  # Madame Veuve, M. le Docteur
        first = j
        if self._folded(j) in ("le", "la", "l") and self._folded(j + 1) in _ROLES:
            first = j = self._after_role(j + 1)
        after = self._name_after_title(first, token.folded, self._folded(i + 1) == ".")
        if after == first:
            return None
        if self._quoted_alone(i, after) or self._hangs_on_noun(i) or self._body_follows(after):
            return first, after, False
        return first, self._more_names(after) if token.folded in _PLURAL else after, True

    def _no_title(self, i: int) -> bool:
        """True for the M of « M.P.T. » and of « L. et M. Durand », and for a doctor where only places are named."""
        word = self.tokens[i].folded
        if word == "m" and self._folded(i + 1) == "." and self._shape(i + 2) == "I" and self._folded(i + 3) == ".":
            return (
                self.tokens[i + 2].start == self.tokens[i + 1].end
                and self.tokens[i + 3].end - self.tokens[i].start == 4
            )
        if word == "m" and self._folded(i - 1) in ("et", "&") and self._shape(self._before_dot(i - 2)) == "I":
            return True
        return not self.bare and word in _HONOURS

    def _before_dot(self, i: int) -> int:
        return i - 1 if self._folded(i) == "." else i

    def _name_after_title(self, j: int, title: str, dotted: bool) -> int:
        """Return the token after the name that starts at ``j``, or ``j`` when there is none."""
        strict = title in _WEAK_TITLES and not (title == "m" and dotted)
        start, taken, begun = j, 0, False
        while taken < 5 and j < len(self.tokens):
            token = self.tokens[j]
            if token.shape == "I":
                j = self._skip_dot(j + 1)
                taken += 1
                continue
            k = j
            while self._folded(k) in _PARTICLES and k - j < 3:
                k += 1
            if k > j and title == "maitre" and taken == 0:
                return start  # maître d'ouvrage
            token = self.tokens[k] if k < len(self.tokens) else token
            if k >= len(self.tokens) or not self._can_name(token, taken, strict, begun):
                break
            j, taken = k + 1, taken + 1
            begun = taken == 1 and _given(token.folded) >= 4  # a first name calls for its surname, known or not
            ends = j == len(self.tokens) - 1  # one last word is the rest of the name
            if self.shout and not (begun or ends or self._known(j) or self._folded(j) in _PARTICLES):
                break
        signs = [t.shape for t in self.tokens[start:j] if t.shape != "."]
        return start if signs.count("I") > 2 or set(signs) <= {"I"} else j

    def _can_name(self, token: _Token, taken: int, strict: bool, begun: bool) -> bool:
        word = token.folded
        if token.shape == "l":
            return taken == 0 and not strict and _surname(word) >= 4 and word not in _COMMON
        if token.shape not in "UT" or word in _ROLES or word in _TITLES:
            return False
        if word in _NOUNS:  # « Mme Fontaine », but « Mme Durand Mairie de Fontclaire »
            return taken <= 1 and _surname(word) >= 4 and word not in _NEVER and (taken == 0 or begun)
        if taken == 0 and word in _NEVER:
            return False
        if strict and taken == 0:
            return _surname(word) > 0 or _given(word) >= 4 or (token.shape == "U" and not self.shout and len(word) > 3)
        return True

    # Names with no title: « Alice DURAND », « DURAND Alice », « Alice Durand ».
    def _bare(self, i: int) -> tuple[int, int, bool] | None:
        after = self._given_then_surname(i) or self._surname_then_given(i)
        if after is None:
            return None
        person = not (
            self._in_place(i)
            or self._body_follows(after)
            or self._famous(i, after)
            or self._quoted_alone(i, after)
            or _LONG_AGO.match(self.text, self.tokens[after - 1].end)
        )
        return i, after, person

    def _given_then_surname(self, i: int) -> int | None:
        weight = _given(self.tokens[i].folded)
        if weight < 4 or self.tokens[i].folded in _NOUNS or self.tokens[i].folded in _NEVER:
            return None
        j, common = i + 1, self.tokens[i].folded in _COMMON
        while self._shape(j) in "UT" and _given(self._folded(j)) >= 5 and self._shape(j + 1) in "UT" and j - i < 3:
            weight, j, common = max(weight, 5), j + 1, False
        if self._shape(j) == "I":
            j = self._skip_dot(j + 1)
        k = j
        while self._folded(k) in _PARTICLES and k - j < 3:
            k += 1
        sure = weight >= 5 and not common and _surname(self._folded(k)) >= 4 and self._folded(k) not in _NEVER
        if self._shape(k) not in "UT" or not (self._can_be_surname(k) or sure):
            return None
        surname = self.tokens[k]
        contrast = not self.shout and surname.shape == "U" and self.tokens[i].shape == "T" and len(surname.text) > 2
        known = self._surname_weight(j, k, plain=common or weight < 5)
        if k > j and self._folded(k - 1) in ("de", "d", "du", "des", "la", "l") and not contrast and known < 4:
            return None  # « Rose des Sables », « Jean de la Lune »
        called = i > 0 and self._folded(i - 1) in _CALLS and surname.shape == "T" and self._unknown_name(k)
        enough = (
            contrast
            or called
            or known >= 4
            or (weight >= 5 and not common and not self.shout and self._unknown_name(k))
        )
        loud = self.tokens[i].shape == "U" and surname.shape == "U"
        if loud and (weight < 5 or common) and known < 5:
            return None
        if not enough or (common and known < 4 and not contrast and not called):
            return None
        k += 1
        while k - i < 6 and self._shape(k) in "UT" and self._can_be_surname(k):
            if not (contrast and self._shape(k) == "U") and self._surname_weight(k, k) < 4:
                break
            k += 1
        return k

    def _surname_then_given(self, i: int) -> int | None:
        if self.shout:
            return self._shouted(i)
        j = i
        while self._shape(j) == "U" or (self._folded(j) in _PARTICLES and self._shape(j + 1) == "U" and j > i):
            if not self._can_be_surname(j) and self._folded(j) not in _PARTICLES:
                return None
            j += 1
            if j - i > 4:
                return None
        if j == i or (len(self.tokens[j - 1].text) < 3 and j - i == 1):
            return None
        if self._folded(j) == "," and self._shape(j + 1) == "T":
            j += 1
        if self._shape(j) != "T" or _given(self._folded(j)) < 4:
            return None
        known = any(_surname(self.tokens[k].folded) >= 4 for k in range(i, j))
        if self._folded(j) in _COMMON and not known:
            return None
        if self._shape(j + 1) == "T" and _given(self._folded(j + 1)) < 4 and not known:
            return None  # « EHPAD Pierre Loti »: the capitals are a body's
        k = j + 1
        while self._shape(k) == "T" and _given(self._folded(k)) >= 4 and k - j < 3:
            k += 1
        return k

    def _shouted(self, i: int) -> int | None:
        """« DURAND ALICE », and nothing else in the cell."""
        if i != 0 or not 2 <= len(self.tokens) <= 4 or any(t.shape not in "UI" for t in self.tokens):
            return None
        words = self.tokens
        given = [t for t in words if _given(t.folded) >= 5 and t.folded not in _COMMON]
        others = [t for t in words if t not in given]
        if given and others and all(_surname(t.folded) > 0 and t.folded not in _NOUNS for t in others):
            return len(self.tokens)
        return None

    # --- What stands around ---

    def _in_place(self, i: int) -> bool:
        """True when the name hangs on a place, a body or a work: « école maternelle publique Jules-Ferry »."""
        if (
            self.guarded_until >= 0
            and i - self.guarded_until in (0, 1)
            and (i == self.guarded_until or self._folded(i - 1) in (",", "et", "/", "-", "ou", "–", "&"))
        ):
            return True
        if _ACRONYM.search(self.text[max(0, self.tokens[i].start - 20) : self.tokens[i].start]):
            return True
        before = self.tokens[i - 1] if i else None
        if before and before.shape in "UT" and not self._may_precede(before):
            return True
        if self._folded(i - 1) == "a" and self._folded(i - 2) in _WORKS:
            return True
        for k in range(i - 1, max(i - 8, -1), -1):
            word = self.tokens[k].folded
            if word in _NOUNS or word.startswith("saint"):
                return True
            if word in _BREAKS or (self.tokens[k].shape == "." and word not in ("-", "'", "’", "«", '"', "/", ".")):
                return False
            if word == "." and not (k and len(self.tokens[k - 1].text) <= 3):
                return False
        return False

    def _may_precede(self, token: _Token) -> bool:
        """True for a capital word that announces a person rather than names a place."""
        word = token.folded
        return word in _ROLES or word in _LABELS or word in _BREAKS or word in _TITLES or _given(word) >= 4

    def _hangs_on_noun(self, i: int) -> bool:
        k = i - 1
        while k >= 0 and (self.tokens[k].folded in _LINKS):
            k -= 1
        return k >= 0 and (self.tokens[k].folded in _NOUNS)

    def _body_follows(self, after: int) -> bool:
        first, second = self._folded(after), self._folded(after + 1)
        if first in ("et", "&") and second in ("fils", "cie", "associes", "freres", "filles", "compagnie"):
            return True
        return first in _AFTER_BODY

    def _quoted_alone(self, i: int, after: int) -> bool:
        return i > 0 and self._folded(i - 1) in ("«", '"', "“") and self._folded(after) in ("»", '"', "”")

    def _famous(self, i: int, after: int) -> bool:
        said = " ".join(t.folded.replace("-", " ") for t in self.tokens[i:after] if t.shape != ".")
        return said in _FAMOUS or f"{said} {self._folded(after)}" in _FAMOUS

    def _official(self, start: int, end: int) -> bool:
        after = fold(self.text[end : end + 60])
        before = fold(self.text[max(0, start - 60) : start])
        return bool(_FUNCTION_AFTER.match(after) or _FUNCTION_BEFORE.search(before))

    def _more_names(self, after: int) -> int:
        """Return the token after « Durand, Martin et Petit » that follow a plural title."""
        while self._folded(after) in (",", "et", "&") and self._shape(after + 1) in "UTI":
            k = self._skip_dot(after + 2) if self._shape(after + 1) == "I" else after + 1
            if self._shape(k) not in "UT" or self._folded(k) in _ROLES or self._folded(k) in _TITLES:
                break
            after = k + 1
            while self._shape(after) in "UT" and self._known(after):
                after += 1
        return after

    # --- Small questions ---

    def _folded(self, i: int) -> str:
        return self.tokens[i].folded if 0 <= i < len(self.tokens) else ""

    def _shape(self, i: int) -> str:
        return self.tokens[i].shape if 0 <= i < len(self.tokens) else "!"

    def _skip_dot(self, i: int) -> int:
        return i + 1 if self._folded(i) == "." else i

    def _after_role(self, i: int) -> int:
        for _ in range(8):
            if self._folded(i) not in _ROLES and self._folded(i) not in _ROLE_LINKS:
                break
            i += 1
        return i

    def _known(self, i: int) -> bool:
        word = self._folded(i)
        return self._shape(i) in "UT" and (_given(word) >= 4 or _surname(word) >= 4) and word not in _NOUNS

    def _surname_weight(self, first: int, last: int, plain: bool = True) -> int:
        """Return the weight of a surname, its particles or next word included: « Le Gall », « Da Silva ».

        ``plain`` leaves out those that are ordinary words: « Petit » is one only beside a sure first name.
        """
        whole = " ".join(self._folded(k) for k in range(first, last + 1))
        longer = f"{self._folded(last)} {self._folded(last + 1)}"
        word = self._folded(last)
        weight = 0 if plain and word in _COMMON else _surname(word)
        return max(weight, france.surname_weight(whole) if last > first else 0, france.surname_weight(longer))

    def _can_be_surname(self, i: int) -> bool:
        word = self._folded(i)
        return not (word in _NOUNS or word in _ROLES or word in _TITLES or word in _NEVER or len(word) < 2)

    def _unknown_name(self, i: int) -> bool:
        return len(self._folded(i)) >= 3 and self._folded(i) not in _COMMON


# --- Words ----------------------------------------------------------------------------------------

_PART = r"(?:[^\W\d_][\u0300-\u036f]*)+"  # accents may stand apart from their letters
_WORD = re.compile(rf"{_PART}(?:-{_PART})*")
_TOKEN = re.compile(rf"(?:[dlDL]|(?:[cjmnst]|[Qq]u)(?=['’]))['’]|{_PART}(?:['’\-‐]{_PART})*|\d+|[^\w\s]")


def _tokens(text: str) -> list[_Token]:
    return list(_read(text))


def _read(text: str) -> Iterator[_Token]:
    for m in _TOKEN.finditer(text):
        word = m.group()
        if word[0].isdigit():
            yield _Token(word, m.start(), m.end(), word, "0")
        elif not word[0].isalpha():
            yield _Token(word, m.start(), m.end(), word, ".")
        elif word[-1] in "'’":
            yield _Token(word, m.start(), m.end(), fold(word[:-1]), "l")
        else:
            yield _Token(word, m.start(), m.end(), *_facts(word))


@lru_cache(maxsize=65536)
def _facts(word: str) -> tuple[str, str]:
    """Return (folded, shape) of a word."""
    return fold(word), _shape_of(word)


def _may_name(text: str, bare: bool) -> bool:
    """False, and fast, where no title nor first name stands: most cells of most tables."""
    for word in _WORD.findall(text):
        folded, shape = _facts(word)
        if folded in _TITLES or (bare and shape in "UT" and _given(folded) >= 4):
            return True
    return False


def _shape_of(word: str) -> str:
    if not word[0].isupper():
        return "l"
    if len(word) == 1:
        return "I"
    return "U" if word.isupper() else "T"


def _shouting(tokens: Sequence[_Token]) -> bool:
    """True when all is in capitals, which then tell nothing."""
    return not any(t.shape in "Tl" and len(t.text) > 2 for t in tokens)


@lru_cache(maxsize=65536)
def _given(word: str) -> int:
    """Return the weight of a first name, 0 when it is none; « jean-pierre » weighs as its lightest part."""
    whole = france.first_name_weight(word)
    if whole or "-" not in word:
        return whole
    return min((france.first_name_weight(p) for p in word.split("-")), default=0)


@lru_cache(maxsize=65536)
def _surname(word: str) -> int:
    whole = france.surname_weight(word)
    if whole or "-" not in word:
        return whole
    return min((france.surname_weight(p) for p in word.split("-")), default=0)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ACRONYM = re.compile(r"(?:[A-Z]\.){2,}[A-Z]?\s*$|\b[A-Z]\.[A-Z]\s*$")  # « E.H.P.A.D Françoise Gauffier »
_LONG_AGO = re.compile(r"[\s.,]{0,3}\(?\s?(?:v\.\s?)?1[0-8]\d\d\b")  # « Pierre Magnol (1638-1715) »
_HONOURS = _set("me dr pr docteur professeur maitre")
_TITLES = _set(
    "m mr mrs mm mme mmes mlle mlles me dr pr monsieur madame mademoiselle messieurs mesdames mesdemoiselles "
    "docteur professeur maitre veuve vve consorts epoux epouse indivision nee"
)
_LOWER_TITLES = _set(
    "m mr mme mmes mlle monsieur madame mademoiselle messieurs mesdames veuve consorts epoux epouse indivision nee"
)
_WEAK_TITLES = _set("m me pr professeur docteur dr maitre epoux epouse nee veuve mrs indivision")
_PLURAL = _set("mm mmes mlles messieurs mesdames mesdemoiselles consorts epoux")
_PARTICLES = _set("de du des le la les d l van von der den ben el al bel da dos di del y o san sainte")
_LINKS = _set(
    "prim primaire elem elementaire mat maternelle public publique prive privee municipal municipale de du des d "
    "l la le les -' ’ « ."
) | {'"'}
# Functions of public life, and those that make « M. le … » no name.
_ROLES = _set(
    "maire adjoint adjointe conseiller conseillere conseillers president presidente vice-president "
    "vice-presidente prefet prefete sous-prefet sous-prefete depute deputee senateur senatrice ministre directeur "
    "directrice secretaire tresorier tresoriere rapporteur rapporteure rapporteuse elu elue comptable receveur "
    "receveuse percepteur trésorier inspecteur inspectrice recteur rectrice procureur procureure commissaire "
    "administrateur administratrice delegue deleguee responsable chef cheffe juge notaire architecte proviseur "
    "proviseure principal principale doyen doyenne general generale municipal municipale municipaux communautaire "
    "departemental departementale regional regionale premier premiere deuxieme troisieme garde ambassadeur "
    "ambassadrice premier-ministre"
)
_ROLE_LINKS = _set("de du des d la l au aux adjoint")
_FUNCTIONS = (
    r"(?:maires?|adjointe?s?|conseill(?:er|ere)s?\s+(?:municipa|communautaire|departementa|regiona|deleguee?)\w*|prefete?|"
    r"sous-prefete?|deputee?|senat(?:eur|rice)|ministre|president(?:e)?\s+(?:du conseil|de la (?:communaute|metropole|region|"
    r"seance|republique|commission)|du departement)|garde des sceaux|"
    r"vice-presidente?|rapporteu(?:r|re|se)|secretaire de seance|elue?|"
    r"directeur general des services|directrice generale des services|dgs|comptable public|procureure?|"
    r"(?:1er|1ere|2e|2eme|3e|3eme|4e|4eme|5e|5eme|6e|7e|8e|premiere?|deuxieme|troisieme)\s+adjointe?)"
)
_FUNCTION_AFTER = re.compile(
    rf"^\s*(?:[,(:–-]\s*)?(?:en (?:sa )?qualite de\s+|agissant en qualite de\s+)?(?:l[ea]\s+|l')?{_FUNCTIONS}\b"
)
_FUNCTION_BEFORE = re.compile(
    rf"\b{_FUNCTIONS}(?:\s+(?:de|du|des|d'|en|a|au|aux|charge\w*)\b[^,.;:]{{0,30}})?\s*[,:(–-]?\s*"
    r"(?:m|mr|mme|mlle|monsieur|madame)?\.?\s*$"
)
_LABELS = _set(
    "beneficiaire demandeur demandeuse petitionnaire proprietaire locataire gerant gerante contact titulaire "
    "auteur signataire famille animateur animatrice professeur enseignant enseignante agent interlocuteur "
    "candidat candidate remerciements nom prenom par pour chez avec present presents presente absent absents "
    "excuse excuses pouvoir pouvoirs votants votant votes mandataire pharmacien medecin infirmier infirmiere "
    "avocat entraineur moniteur"
)
_BREAKS = _set(
    "a par pour avec chez entre dont que qui est sont ont ainsi auquel laquelle lequel au aux envers aupres "
    "contre sous versee verse attribuee accordee donne signe signee remis remise recu cedee vendue louee"
)
_CALLS = _set("a par avec chez pour envers merci bravo")  # who is thanked, paid or met: « bravo à Rose Belrande »
_WORKS = _set("monument stele plaque statue buste medaillon hommage ode dedicace tombeau memorial fresque")
# Nouns that make a place, a body, a work or a rule of the name that follows.
_NOUNS = _set(
    "medaillon view r equipe prim elem mat aquarelle ogec apel sdis locaux equipement environnement telecom parvis rue avenue av "
    "ave boulevard bd bld blvd place pl allee allees chemin che ch chem route rte impasse imp quai square sq "
    "cours esplanade pont parc jardin jardins passage voie sentier ruelle faubourg fbg rond-point rondpoint "
    "carrefour promenade venelle mail montee cote port villa cite lotissement hameau lieu-dit lieudit zac za zi "
    "zone secteur ilot quartier residence residences immeuble batiment bat tour ecole ecoles ec groupe college "
    "lycee creche creches multi-accueil maternelle elementaire primaire cantine restaurant centre maison gymnase "
    "stade salle salles piscine mediatheque bibliotheque theatre espace complexe hopital clinique chapelle eglise "
    "cathedrale basilique abbaye foyer ehpad arret station gare metro tram tramway terminus parking aire hotel "
    "boulangerie boucherie garage pharmacie club association asso comite amicale union societe ste sarl sas sasu "
    "sa eurl sci scp scop selarl selas snc gaec earl scea ets ei etablissement etablissements entreprise cabinet "
    "agence atelier ateliers fondation federation syndicat mairie commune ville loi lois jurisprudence prix "
    "concours challenge tournoi trophee coupe cie compagnie transports travaux construction immobilier studio "
    "galerie librairie editions musee statue buste stele monument fontaine plaque oeuvre oeuvres tableau toile "
    "sculpture fresque exposition expo concert spectacle film roman livre album chanson recital hommage "
    "conference conservatoire auditorium cinema festival orchestre choeur chorale harmonie fanfare theorie plan "
    "rapport projet programme dispositif institut institution universite faculte laboratoire campus internat iut "
    "ifsi lep lp sep mfr ime itep sessad esat cmp cmpp ccas mjc mptt crous caserne camp fort chateau moulin ferme "
    "domaine bois foret lac etang plage digue barrage canal ecluse terrain plateau cosec halle halles marche "
    "marches kiosque skatepark dojo velodrome patinoire base refuge cimetiere crematorium presbytere temple "
    "mosquee synagogue prefecture tribunal palais amis ami cercle collectif mouvement confrerie academie alliance "
    "ligue office bureau service conseil lieu site rive les des saint sainte st notre-dame nd mont col pic pole "
    "crechesm micro-creche halte-garderie rpe ram lape alsh clsh accueil periscolaire jeunesse radio journal "
    "revue magazine collection fonds legs donation dotation bourse bourses medaille famille promotion banque "
    "credit caisse mutuelle assurance ecurie haras pepiniere pepinieres brasserie cafe bar tabac pizzeria "
    "traiteur auberge gite camping chambre chambres menuiserie plomberie electricite scierie maconnerie "
    "imprimerie taxi taxis ambulances auto-ecole cordonnerie fleuriste coiffure opticien optique ensemble quatuor "
    "trio duo quintette sextet big-band groupement cooperative comptoir bus ligne navette borne bornes forage "
    "captage source pompage poste transformateur sprt decheterie variete varietes rosier cultivar prunus"
)
_AFTER_BODY = _set(
    "equipement environnement telecom nord sud est ouest gamme btp tp automobiles auto voyages paysagiste sarl "
    "sas sasu sa eurl sci scp scop selarl selas snc gaec earl scea ei cie associes consulting conseil conseils "
    "architectes architecte avocats immobilier transports batiment construction constructions travaux production "
    "productions editions diffusion services formation formations sport sports basket football club fc paysage "
    "paysages electricite plomberie"
)
# Never a name after a title nor a surname: words that titles and first names meet in ordinary sentences.
_NEVER = _set(
    "saint sainte france tom dom reims stella le la les un une des du de et ou en au aux par pour sur sous dans "
    "avec sans est sont tous toutes tout toute ce cette janvier fevrier mars avril mai juin juillet aout "
    "septembre octobre novembre decembre lundi mardi mercredi jeudi vendredi samedi dimanche tarif tarifs montant "
    "total euros budget compte subvention subventions nord sud ouest europe ouvrage oeuvre bovary sans-gene sport "
    "culture ii iii iv vi vii viii ix xi xii xiii xiv xv xvi et/ou non oui aide achat demande dossier acquisition "
    "convention annee fonctionnement"
)
# First names and surnames that are ordinary words too: alone they prove nothing.
_COMMON = _set(
    "rose pierre marine france florence victoire olive charlotte aurore iris violette marguerite prune clementine "
    "ambre jade perle melodie harmonie constance prudence clemence esperance celeste avril alma lorraine ville "
    "parc port bois mont moulin fontaine maire maison bon grand petit blanc noir brun rouge roux jeune vieux long "
    "court bel beau gros fort leger marchand boulanger meunier berger chevalier prince roi page clerc moine pape "
    "abbe chapelle eglise riviere lac mer vallee valle prairie pre roche rocher pierres sable colin merlin loup "
    "renard lion aigle noel carnaval laurier saule chene fleur fleurs lys dahlia lilas ange marin mercier "
    "mercredi paris lyon nice tours vienne nancy sens bonne bonheur chance amour vie ete hiver soleil lune sol "
    "terre nature foret place cour quai chemin rue masse base carre bar bas haut sept huit neuf vingt cent mille "
    "point ligne suite union alliance concorde liberte egalite fraternite republique dimanche samedi mardi "
    "jean-bart alba ariane diane daphne flora gaia electra europe asia"
)
# People of the past whose names are on every street corner: not someone of today unless a title says so.
_FAMOUS = frozenset(
    name
    for name in (
        "jean jaures,jules ferry,victor hugo,louis pasteur,jean moulin,leon blum,emile zola,paul bert,jules verne,"
        "marie curie,pierre curie,louis aragon,paul eluard,jacques prevert,albert camus,antoine de saint exupery,"
        "charles de gaulle,georges pompidou,francois mitterrand,jacques chirac,simone veil,jean zay,lucie aubrac,"
        "louise michel,george sand,victor schoelcher,jean mermoz,guy moquet,gabriel peri,maurice thorez,jacques duclos,"
        "salvador allende,pablo neruda,nelson mandela,martin luther king,rosa parks,anne frank,jean mace,ferdinand buisson,"
        "marcel pagnol,jean giono,alphonse daudet,frederic mistral,edmond rostand,georges brassens,jacques brel,"
        "edith piaf,charles trenet,jean ferrat,boris vian,claude debussy,maurice ravel,hector berlioz,georges bizet,"
        "auguste renoir,claude monet,paul cezanne,henri matisse,pablo picasso,auguste rodin,camille claudel,"
        "jean baptiste clement,pierre mendes france,pierre brossolette,pierre semard,ambroise croizat,marcel cachin,"
        "leon gambetta,aristide briand,georges clemenceau,jules guesde,raymond poincare,adolphe thiers,sadi carnot,"
        "leo lagrange,alphonse juin,philippe leclerc,max rouquette,michel colucci,albertine sarrazin,stella maris,"
        "jean de la fontaine,pierre corneille,jean racine,blaise pascal,rene descartes,denis diderot,jean jacques rousseau,"
        "jean henri fabre,claude bernard,marcelin berthelot,louis armand,jean perrin,frederic joliot curie,irene joliot curie,"
        "joliot curie,paul langevin,henri becquerel,louis braille,charles peguy,arthur rimbaud,paul verlaine,"
        "charles baudelaire,guillaume apollinaire,robert desnos,francois villon,pierre de ronsard,joachim du bellay,"
        "guy de maupassant,gustave flaubert,honore de balzac,alexandre dumas,jules michelet,ernest renan,anatole france,"
        "romain rolland,henri barbusse,andre malraux,jean paul sartre,simone de beauvoir,colette besson,alain mimoun,"
        "alain colas,eric tabarly,maurice herzog,pierre de coubertin,marcel cerdan,louison bobet,"
        "jean bouin,roger salengro,jean vilar,gerard philipe,louis jouvet,jean cocteau,jean renoir,francois truffaut,"
        "agnes varda,olympe de gouges,danielle casanova,germaine tillion,genevieve de gaulle anthonioz,pierre brossolette,"
        "josephine baker,missak manouchian,henri barbusse,youri gagarine,elsa triolet,marie laurencin,berthe morisot,"
        "jacques cartier,christophe colomb,jean bart,rene cassin,robert schuman,jean monnet,general leclerc,"
        "henri dunant,raoul follereau,francoise dolto,maria montessori,celestin freinet,jean piaget,henri wallon,"
        "elise freinet,pauline kergomard,jacques yves cousteau,paul emile victor,haroun tazieff,dian fossey,hubert reeves"
    ).split(",")
)
