"""Where personal values stand inside a text: mailboxes, telephones, NIR, IBAN, birth dates, homes and names.

``find`` is the judge of the whole engine: the screen counts what it finds, masking replaces it, and the second
screen asks it again. ``may_hold`` is the cheap SQL test that spares it the cells where it cannot find anything.
Every expression is linear: a cell may be a megabyte of anything.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator

from parvis import france
from parvis.frozen import dataclass
from parvis.privacy import homes, matters, names, numbers
from parvis.privacy.numbers import LANDLINE, is_landline
from parvis.privacy.sql import literal
from parvis.privacy.words import classes, lexicon
from parvis.privacy.words.patterns import lines
from parvis.text import fold

_PASSES = 4
OFFICIAL = "official"  # the name of an elected or sworn person, in the function: may be published
ROLE = "mailbox"  # the mailbox of a function
TEXT_MEANINGS = (
    "email", "phone", "nir", "iban", "plate", "ip_address", "identifier", "birth_date", "address", "person_name",
    "case_number", "parcel", "siret", *matters.MEANINGS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """A value inside a text: ``text[start:end]`` and what it is."""

    start: int
    end: int
    meaning: str


def find(text: str, *, bare_names: bool = True) -> list[Span]:
    """Return the personal values of a text, in order, none over another.

    ``bare_names`` also looks for first names with surnames that no title announces. Meanings are
    ``TEXT_MEANINGS``, and LANDLINE, ROLE and OFFICIAL for what the caller decides upon.
    """
    found: list[Span] = []
    plain = _plain(text)
    figures = len(_DIGIT.findall(text))
    for finder, least in _FINDERS:
        if figures >= least:
            for start, end, meaning in finder(text, plain):
                _insert(found, Span(start, end, meaning))
    read = names.read(text, bare=bare_names)
    named = read.found
    for start, end, official in named:
        _insert(found, Span(start, end, OFFICIAL if official else "person_name"))
    people = [(start, end) for start, end, official in named if not official]
    if people and not _says_more(plain, people):
        for part in homes.births_after(plain, people[-1][1]) if figures else ():
            _cover(found, Span(*part))
        return found  # a name alone, or with figures
    for span in _beside_people(text, plain, people, figures, read):
        _cover(found, span)
    return _at_home(found, plain, people) if people else found


def hidden(text: str, *, landlines: bool = False, bare_names: bool = True) -> list[Span]:
    """Return what masking hides of a text: what ``find`` finds, less officials, mailboxes and telephones of functions."""
    wanted = {*TEXT_MEANINGS, LANDLINE} if landlines else set(TEXT_MEANINGS)
    return [span for span in find(text, bare_names=bare_names) if span.meaning in wanted]


def replaced(text: str, by: str, *, landlines: bool = False, bare_names: bool = True) -> str:
    """Return the text with each personal value replaced; role mailboxes and officials stay."""
    for _ in range(_PASSES):  # what stands beside a name may show once the name is gone
        out, last = [], 0
        for span in hidden(text, landlines=landlines, bare_names=bare_names):
            out += [text[last : span.start], by]
            last = span.end
        if not out:
            break
        text = "".join([*out, text[last:]])
    return text


def may_hold(column: str, *, bare_names: bool = True) -> str:
    """Return the SQL test of the cells where ``find`` may find something; ``column`` is an SQL expression of text."""
    named = _matches(column, _TITLED_SQL)
    if bare_names:
        named = (
            f"({named} OR {_matches(column, _CAPITALS_SQL)} OR {_matches(column, _CALLED_SQL)} "
            f"OR {_matches(column, _TOLD_SQL)})"
        )
    alone = f" OR {_matches(column, _FILES_SQL)}" if bare_names else ""
    return (
        f"(contains({column}, '@') OR (strlen({column}) >= 10 AND {_matches(column, _NUMBERS_SQL)}) "
        f"OR (strlen({column}) >= 7 AND ({_matches(column, _SIGNS_SQL)}{alone})) "
        f"OR (regexp_matches({column}, '\\s') AND ({named} OR {_matches(column, _HOME_SQL)} OR {_matches(column, _SOMEONE_SQL)} "
        f"OR ({_matches(column, '[0-9]')} AND {_matches(column, _PAPERS_SQL)}))))"
    )


def _matches(column: str, pattern: str) -> str:
    return f"regexp_matches({column}, {literal(pattern)})"


def may_hold_form(column: str, *, bare_names: bool = True) -> str:
    """Return the same test of the form of a text, its digits made zeros (``tables.forms``): true wherever the other is."""
    test = may_hold(column, bare_names=bare_names)
    for said, form in ((_NUMBERS_SQL, _NUMBERS_FORM_SQL), (_PAPERS_SQL, _PAPERS_FORM_SQL)):
        test = test.replace(literal(said), literal(form))
    return test


_WORD = re.compile(r"[a-z]{2}")


def _says_more(plain: str, people: list[tuple[int, int]]) -> bool:
    """Return whether words stand beside the names of a text."""
    last = 0
    for start, end in people:
        if _WORD.search(plain, last, start):
            return True
        last = end
    return bool(_WORD.search(plain, last))


_DIGIT = re.compile(r"\d")


# --- Mailboxes ------------------------------------------------------------------------------------

_AT = re.compile(r"@|\s?[(\[]\s?(?:at|arobase|@)\s?[)\]]\s?", re.IGNORECASE)
_LOCAL = re.compile(r"[\w.+%'-]+$")
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+){1,6}")
# A body's own words: « mairie.fontclaire@… » is nobody's, even at a provider where people have theirs.
_BODIES = frozenset(
    "mairie commune ville ccas ecole college lycee creche mediatheque bibliotheque syndicat piscine musee camping "
    "cantine garderie accueil contact secretariat urbanisme asso association club comite amicale office tourisme "
    "espace etat service eau dechets travaux police logement sav support service client reservation hotel loisirs "
    "theatre cinema conservatoire ludotheque ehpad foyer gymnase police pompiers paroisse federation ligue union".split()
)


def is_role(address: str) -> bool:
    """Return whether a mailbox belongs to a function or a body, not to a person."""
    if france.is_generic_mailbox(address):
        return True
    local = fold(address.rpartition("@")[0])
    words = [w for w in re.split(r"[.\-_+\d]+", local) if w]
    domain = re.sub(r"[^a-z]", "", fold(address.rpartition("@")[2]).rpartition(".")[0])
    if len(words) == 1 and words[0] in _ACRONYMS:
        return True
    if (
        _OF_A_TOWN.match(fold(address.rpartition("@")[2]))
        and not _names_someone(words)
        and any(lexicon.ordinary(w) or w in classes.NOUNS for w in words)
    ):
        return True  # « eclairage.public@mairie-fontclaire.fr »
    if (
        len(words) == 1
        and len(words[0]) >= 3
        and domain.startswith(words[0])
        and not france.first_name_weight(words[0])
    ):
        return True  # sdem@sdem50.example: the body's own name
    named = any(france.first_name_weight(w) >= 4 for w in words[1:])
    return bool(words) and not named and any(words[0].startswith(b) for b in _BODIES)


_ACRONYMS = frozenset(
    "ram rpe pij bij dst dgs dga drh dsi dpo alsh clsh spanc pmi mjc sivom sivu sdis ape clic maia cms mds rh ot si ac st pm "
    "rgpd plu etat-civil odp ctm cdi bdp rgaa elu elus presse".split()
)
_OF_A_TOWN = re.compile(r"(?:mairie|ville|commune|ccas|agglo|metropole|departement|region|cc|ca|cu)[-.]")


def _names_someone(words: list[str]) -> bool:
    """Return whether the words of a mailbox are a first name, or an initial, beside a surname."""
    if not words or france.first_name_weight(words[0]) >= 4 or any(france.first_name_weight(w) >= 5 for w in words[1:]):
        return True
    return len(words) > 1 and len(words[0]) == 1


def _mailboxes(text: str, plain: str) -> Iterator[numbers.Part]:
    if "@" not in text and "(" not in text and "[" not in text:
        return
    for sign in _AT.finditer(text):
        start = max(0, sign.start() - 64)
        local = _LOCAL.search(text[start : sign.start()])
        domain = _DOMAIN.match(text, sign.end(), sign.end() + 255)
        if local and domain:
            whole = f"{local.group().lstrip('.')}@{domain.group()}"
            yield start + local.start(), domain.end(), ROLE if is_role(whole) else "email"


# --- Telephones of a whole cell -------------------------------------------------------------------


def whole_phone(cell: str) -> str:
    """Return "phone", LANDLINE or "" for a cell of a telephone column, its leading zero lost or not."""
    digits = "".join(c for c in cell if c.isdigit())
    if not 9 <= len(digits) <= 14 or cell.strip(" +0123456789.-/()\u00a0\u202f"):
        return ""
    first = digits[-9]
    return "" if first in "08" else LANDLINE if is_landline(first) else "phone"


# --- What is personal beside a person -------------------------------------------------------------

_ACCENTS = str.maketrans(
    {
        **{chr(code): fold(chr(code))[:1] or chr(code) for code in range(0xC0, 0x180) if len(fold(chr(code))) == 1},
        "’": "'",
        " ": " ",
        " ": " ",
        " ": " ",
    }
)
_STOP = re.compile(r"[.!?;](?=\s+[«\"(]?\s?[A-ZÀ-Ý])|\n")
_SHORT = re.compile(r"(?:\b(?:m|mm|mme|mmes|mlle|dr|pr|me|st|ste|n|no|parc|art|av|bd|tel|ref|cf|ex|p|[a-z]))$")


def _plain(text: str) -> str:
    """Return the text in small letters without accents, each character at its place."""
    plain = text.translate(_ACCENTS).lower()
    return plain if len(plain) == len(text) else text


def _sentences(text: str, plain: str) -> Iterator[tuple[int, int]]:
    start = 0
    for stop in _STOP.finditer(text):
        if text[stop.start()] == "." and _SHORT.search(plain, max(start, stop.start() - 6), stop.start()):
            continue
        yield start, stop.start()
        start = stop.end()
    if start < len(text):
        yield start, len(text)


def _beside_people(
    text: str, plain: str, people: list[tuple[int, int]], figures: int, read: names.Read
) -> Iterator[Span]:
    """Yield what is personal because the text is about someone: their home, their file, their health."""
    for part in homes.homes(text, plain, people):
        yield Span(*part)
    if figures:
        for _, end in people:
            for part in homes.births_after(plain, end):
                yield Span(*part)
    for start, end in _sentences(text, plain):
        someone = any(start <= first < end for first, _ in people)
        if figures >= 3 and numbers.may_be_a_case(plain):
            for part in numbers.cases(text, plain, start, end, someone=someone):
                yield Span(*part)
        if figures >= 9:
            for part in numbers.sole_traders(text, plain, start, end, someone=someone):
                yield Span(*part)
        if someone and figures:
            for part in numbers.parcels(text, plain, start, end):
                yield Span(*part)
        if not read.calm and (someone or matters.SOMEONE.search(plain, start, end)):
            for part in matters.matters(plain, start, end):
                yield Span(*part)
            for first, last in read.sensitive:
                if start <= first and last <= end:
                    yield Span(first, last, matters.PRIVATE)


_COUNTER = re.compile(r"\b(?:astreinte|regie|mairie|standard|accueil|service|secretariat|permanence)\b")


def _at_home(found: list[Span], plain: str, people: list[tuple[int, int]]) -> list[Span]:
    """Return the spans, the landline beside someone being theirs: « Mme Durand, tél. 03 86 00 00 00 »."""
    return [
        Span(s.start, s.end, "phone") if s.meaning == LANDLINE and _is_theirs(s, plain, people) else s for s in found
    ]


def _is_theirs(span: Span, plain: str, people: list[tuple[int, int]]) -> bool:
    near = any(0 <= span.start - end <= 90 or 0 <= start - span.end <= 12 for start, end in people)
    return near and not _COUNTER.search(plain, max(0, span.start - 60), span.start)


# In the order of what stands before what, each with the figures that it cannot do without.
_FINDERS = (
    (_mailboxes, 0),
    (numbers.ibans, 2),
    (numbers.nirs, 12),
    (numbers.papers, 4),
    (numbers.phones, 10),
    (numbers.plates, 3),
    (numbers.addresses_of_machines, 4),
    (homes.births, 4),
)


def _insert(found: list[Span], span: Span) -> None:
    """Put a span at its place among those found before, unless one of them is already there."""
    at = bisect.bisect_left(found, span.start, key=lambda s: s.start)
    before, after = found[at - 1] if at else None, found[at] if at < len(found) else None
    if (before is None or before.end <= span.start) and (after is None or span.end <= after.start):
        found.insert(at, span)


def _cover(found: list[Span], span: Span) -> None:
    """Put a span in place of those that it holds whole; not over one that it cuts, nor over a mailbox or a number."""
    inside = [s for s in found if s.start < span.end and span.start < s.end]
    names_only = all(
        span.start <= s.start and s.end <= span.end and s.meaning in (OFFICIAL, "person_name") for s in inside
    )
    if not inside or (names_only and span.meaning == "address"):
        for one in inside:
            found.remove(one)
        _insert(found, span)


# --- The cheap tests, in DuckDB's dialect (RE2) ---------------------------------------------------

_SPACE = r"[\s\x{A0}\x{202F}\x{2007}\x{2009}]"
_SEP = r"[\s\x{A0}\x{202F}\x{2007}\x{2009}.,\-/()]{0,3}"
# One sign between the pairs of a telephone: a period, « 2026-01-09/2026-12-31 », has two, and is none.
_PAIRS = "|".join(
    rf"(?:[\s\x{{A0}}\x{{202F}}\x{{2007}}\x{{2009}}{sign}()]{{0,3}}[0-9]{{2}}){{4}}" for sign in (".", r"\-", "/")
)
_NUMBERS_SQL = (
    rf"(?:^|[^0-9A-Za-z])(?:(?:\+|00){_SPACE}?33{_SEP}(?:\(0\){_SPACE}?)?|\(?0)[1-9](?:{_PAIRS})(?:$|[^0-9A-Za-z])"
    rf"|(?:^|[^0-9A-Za-z])[1-478]{_SEP}[0-9]{{2}}{_SEP}[0-9]{{2}}{_SEP}(?:[0-9]{{2}}|2[ABab]){_SEP}[0-9]{{3}}{_SEP}[0-9]{{3}}"
    rf"(?:{_SEP}[0-9]{{2}})?(?:$|[^0-9A-Za-z])"
    rf"|(?:^|[^0-9A-Za-z])[A-Za-z]{{2}}[0-9]{{2}}(?:{_SEP}[A-Za-z0-9]){{11}}"
    rf"|\+[0-9]{{1,3}}\)?(?:{_SEP}[0-9]){{5}}"
    r"|(?i:[(\[]\s?(?:at|arobase)\s?[)\]])"
)
# The same once every digit is a zero: what was said of one digit is said of any.
_NUMBERS_FORM_SQL = (
    _NUMBERS_SQL.replace("?33", "?00").replace("[1-9]", "0").replace("[1-478]", "0").replace("2[ABab]", "0[ABab]")
)
# Latin letters by their ranges: the full classes cost a hundred times more to compile, for each query.
_LETTER, _CAPITAL = r"A-Za-z\x{C0}-\x{24F}\x{300}-\x{36F}", r"A-Z\x{C0}-\x{DE}\x{100}-\x{24F}"
_TITLED_SQL = (
    rf"(?i)(?:^|[^{_LETTER}])(?:mr?s?|mmes?|mlles?|mm|me|dr|pr|monsieur|madame|mademoiselle|messieurs|mesdames|"
    r"mesdemoiselles|docteur|professeur|ma[iî]tre|veuve|vve|consorts|[ée]poux|[ée]pouse|indivision|n[ée]e)"
    rf"[^{_LETTER}0-9]"
)
_CAPITALS_SQL = (
    rf"[{_CAPITAL}][{_LETTER}'’\-]+[^{_LETTER}0-9]+(?:(?:[{_LETTER}]\.|[dD]['’]|[{_LETTER}]{{1,3}}\s)\s?)?"
    rf"[{_CAPITAL}][{_LETTER}'’\-]"
)
_SMALL_SQL = rf"(?:^|[^{_LETTER}])[a-z\x{{DF}}-\x{{FF}}]{{3,}}"
# A sentence with a capital word anywhere: « la clé est chez Kevin ».
_TOLD_SQL = (
    rf"[{_CAPITAL}][{_LETTER}].*{_SMALL_SQL}.*{_SMALL_SQL}"
    rf"|{_SMALL_SQL}.*(?:{_SMALL_SQL}.*{_SMALL_SQL}|[{_CAPITAL}][{_LETTER}])"
)
_SIGNS_SQL = (
    r"[A-HJ-NP-TV-Z]{2}[ \-]?[0-9]{3}[ \-]?[A-HJ-NP-TV-Z]{2}|[0-9]{2,4}[ \-][A-Z]{2,3}[ \-][0-9]|(?:[0-9]{1,3}\.){3}[0-9]"
    r"|(?:[0-9A-Fa-f]{1,4}:{1,2}){3}|[0-9]{5}[ \-]?[0-9]{5}[ \-]?[0-9A-Z]{11}[ \-]?[0-9]"
)
_FILES_SQL = (
    r"(?i:\.(?:pdf|docx?|odt|rtf|txt|jpe?g|png|tiff?|xlsx?|ods|csv|msg|eml|zip))(?:$|[^0-9A-Za-z])"
    rf"|(?:^|[^0-9@.\-/{_LETTER}])[a-z\x{{E0}}-\x{{FF}}]{{2,20}}(?:-[a-z\x{{E0}}-\x{{FF}}]{{2,20}})?[._][a-z\x{{E0}}-\x{{FF}}]{{2,25}}(?:$|[^0-9@_\-{_LETTER}])"
)
_FILES_SQL += r"|[A-Z\x{C0}-\x{DE}][a-z\x{DF}-\x{FF}]{2,}[A-Z\x{C0}-\x{DE}][a-z\x{DF}-\x{FF}]{2,}"  # AliceDurand
_VOWELS = {"e": "[eéèêë]", "a": "[aàâä]", "i": "[iîï]", "o": "[oôö]", "u": "[uùûü]", "c": "[cç]"}


def _any_accents(words: Iterable[str]) -> str:
    return "|".join("".join(_VOWELS.get(sign, sign) for sign in word) for word in sorted(words))


_CALLED_SQL = (
    rf"(?:^|[^{_LETTER}])c['’]est [a-z]|"
    rf"(?:^|[^{_LETTER}])(?i:{_any_accents(classes.SURNAME_AFTER | classes.GIVEN_AFTER | classes.GIVING)})[^{_LETTER}0-9]"
    rf"(?:.{{0,12}}[^{_LETTER}])?[{_CAPITAL}][{_LETTER}'’\-]"
    rf"|[{_CAPITAL}][{_LETTER}\-]+[\s,(]+(?:\S+\s){{0,3}}(?:rue|avenue|boulevard|chemin|impasse|all[ée]e|quai|place|route|square|lotissement|hameau)"
    rf"|[{_CAPITAL}][{_LETTER}\-]+\s?,\s*(?i:{_any_accents(classes.APPOSED)}|en|0[67]|\+|[0-9])(?:$|[^{_LETTER}])"
    rf"|(?:^|[^{_LETTER}])(?i:{_any_accents(classes.LISTS)})[^{_LETTER}].*[:(]"
)
_PAPERS_SQL = rf"(?i)(?:{_any_accents((*numbers.SIGNS, *numbers.CASES, *numbers.TRADES))})"
_PAPERS_FORM_SQL = _PAPERS_SQL.replace("|19|20|", "|00|")  # the years of files
_SOMEONE_SQL = rf"(?i){_any_accents(lines('someone'))}"
_HOME_SQL = (
    r"(?i)n[ée](?:\(e\)|[.·]e|e)?s?(?:\s+(?:le|en|vers|à|a)(?:$|\s)|[\s:=.;|,'\"]*[0-9])|naiss|ddn|d\.d\.n|bday|demeur|domicil|r[ée]sid|habit|adresse|chez"
    r"|\b(?:vi|log|h[ée]berg)\S*\s"
)
