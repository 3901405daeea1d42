"""Where personal values stand inside a text: mailboxes, telephones, NIR, IBAN, birth dates, homes and names.

``find`` is the judge of the whole engine: the screen counts what it finds, masking replaces it, and the second
screen asks it again. ``may_hold`` is the cheap SQL test that spares it the cells where it cannot find anything.
Every expression is linear: a cell may be a megabyte of anything.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass

from parvis import france
from parvis.privacy import names
from parvis.privacy.sql import literal
from parvis.text import fold

OFFICIAL = "official"  # the name of an elected or sworn person, in the function: may be published
LANDLINE = "landline"  # a telephone that is not a mobile: of a home or of a counter, the text does not say
ROLE = "mailbox"  # the mailbox of a function
TEXT_MEANINGS = ("email", "phone", "nir", "iban", "birth_date", "address", "person_name")


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
    figures = len(_DIGIT.findall(text))
    for finder, least in _FINDERS:
        if figures >= least:
            for span in finder(text):
                _insert(found, span)
    for start, end, official in names.find(text, bare=bare_names):
        _insert(found, Span(start, end, OFFICIAL if official else "person_name"))
    return found


def replaced(text: str, by: str, *, landlines: bool = False, bare_names: bool = True) -> str:
    """Return the text with each personal value replaced; role mailboxes and officials stay."""
    wanted = {*TEXT_MEANINGS, LANDLINE} if landlines else set(TEXT_MEANINGS)
    out, last = [], 0
    for span in find(text, bare_names=bare_names):
        if span.meaning in wanted:
            out += [text[last : span.start], by]
            last = span.end
    return "".join([*out, text[last:]]) if out else text


def may_hold(column: str, *, bare_names: bool = True) -> str:
    """Return the SQL test of the cells where ``find`` may find something; ``column`` is an SQL expression of text."""
    named = f"regexp_matches({column}, {literal(_TITLED_SQL)})"
    if bare_names:
        named = f"({named} OR regexp_matches({column}, {literal(_CAPITALS_SQL)}))"
    return (
        f"(contains({column}, '@') OR (strlen({column}) >= 10 AND regexp_matches({column}, {literal(_NUMBERS_SQL)})) "
        f"OR (regexp_matches({column}, '\\s') AND ({named} OR regexp_matches({column}, {literal(_HOME_SQL)}))))"
    )


def may_hold_form(column: str, *, bare_names: bool = True) -> str:
    """Return the same test of the form of a text, its digits made zeros (``tables.forms``): true wherever the other is."""
    return may_hold(column, bare_names=bare_names).replace(literal(_NUMBERS_SQL), literal(_NUMBERS_FORM_SQL))


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
    if (
        len(words) == 1
        and len(words[0]) >= 3
        and domain.startswith(words[0])
        and not france.first_name_weight(words[0])
    ):
        return True  # sdem@sdem50.example: the body's own name
    named = any(france.first_name_weight(w) >= 4 for w in words[1:])
    return bool(words) and not named and any(words[0].startswith(b) for b in _BODIES)


def _mailboxes(text: str) -> Iterator[Span]:
    if "@" not in text and "(" not in text and "[" not in text:
        return
    for sign in _AT.finditer(text):
        start = max(0, sign.start() - 64)
        local = _LOCAL.search(text[start : sign.start()])
        domain = _DOMAIN.match(text, sign.end(), sign.end() + 255)
        if local and domain:
            whole = f"{local.group().lstrip('.')}@{domain.group()}"
            yield Span(start + local.start(), domain.end(), ROLE if is_role(whole) else "email")


# --- Numbers with a key ---------------------------------------------------------------------------

_GAP = r"[\s.\-]{0,2}"
_NIR = re.compile(
    rf"(?<![0-9A-Za-z])(?<!\d[.,])[1-478]{_GAP}\d\d{_GAP}\d\d{_GAP}(?:\d\d|2[ABab]){_GAP}\d{{3}}{_GAP}\d{{3}}(?:[\s.\-/]{{0,3}}\d\d)?(?![0-9A-Za-z]|[.,]\d)"
)
_NIR_SAID = re.compile(r"\b(?:nir|secu|securite sociale|n[o°]? ?ss)\b", re.IGNORECASE)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?:[\s.\-]?[A-Za-z0-9]){11,30}")
_IBAN_LENGTHS = {
    "FR": 27, "MC": 27, "DE": 22, "BE": 16, "ES": 24, "IT": 27, "LU": 20, "NL": 18, "PT": 25, "GB": 22, "CH": 21,
    "IE": 22, "AT": 20, "PL": 28, "LT": 20, "EE": 20, "DK": 18, "SE": 24, "RO": 24,
}  # fmt: skip


def _nirs(text: str) -> Iterator[Span]:
    for m in _NIR.finditer(text):
        said = bool(_NIR_SAID.search(fold(text[max(0, m.start() - 40) : m.start()])))
        if france.is_nir(m.group().replace("/", ""), key=not said):
            yield Span(m.start(), m.end(), "nir")


def _ibans(text: str) -> Iterator[Span]:
    for m in _IBAN.finditer(text):
        wanted = _IBAN_LENGTHS.get(m.group()[:2].upper())
        ends = [i for i in range(m.start(), m.end() + 1) if i == m.end() or not text[i].isalnum()]
        lengths = [(i, len(re.sub(r"[\s.\-]", "", text[m.start() : i]))) for i in ends]
        if wanted:
            lengths += [(m.start() + n, len(re.sub(r"[\s.\-]", "", m.group()[:n]))) for n in range(wanted, wanted + 13)]
        for end, length in sorted(set(lengths)):
            if (wanted is None or length == wanted) and france.is_iban(text[m.start() : end]):
                yield Span(m.start(), end, "iban")
                break


# --- Telephones -----------------------------------------------------------------------------------

_PHONE = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:\+|00)\s?33[\s.\-]{0,2}(?:\(0\)\s?)?|\(0(?=[1-9]\))|0)([1-9])\)?((?:[\s.\-/]{0,2}\d{2}){4})(?![0-9A-Za-z])"
)
_RING = re.compile(r"\b(?:tel|telephone|portable|mobile|port|gsm|fax|appel\w*|joindre|phone)\b")


def is_landline(digits: str) -> bool:
    """Return whether the first figure after the prefix is not that of a mobile."""
    return digits not in ("6", "7")


def _phones(text: str) -> Iterator[Span]:
    for m in _PHONE.finditer(text):
        signs = set(re.sub(r"[\d\s]", "", m.group(2)))
        before, after = text[max(0, m.start() - 2) : m.start()], text[m.end() : m.end() + 2]
        if len(signs) > 1 or re.search(r"\d[-/.]$", before) or re.match(r"[-/.]\d", after):
            continue  # two dates, a reference: not a number to ring
        first = m.group(1)
        if m.group().isdigit() and is_landline(first) and not _RING.search(fold(text[: m.start()])[-40:]):
            continue  # ten figures in a row are a code more often than a counter's telephone
        if first != "8":
            yield Span(m.start(), m.end(), LANDLINE if is_landline(first) else "phone")


def whole_phone(cell: str) -> str:
    """Return "phone", LANDLINE or "" for a cell of a telephone column, its leading zero lost or not."""
    digits = "".join(c for c in cell if c.isdigit())
    if not 9 <= len(digits) <= 14 or cell.strip(" +0123456789.-/()\u00a0\u202f"):
        return ""
    first = digits[-9]
    return "" if first in "08" else LANDLINE if is_landline(first) else "phone"


# --- Births and homes -----------------------------------------------------------------------------

_MONTHS = "janv|f[ée]vr|mars|avr|mai|juin|juil|ao[uû]t|sept|oct|nov|d[ée]c"
_DAY = (
    r"(?:\d{1,2}\s?[/.\-]\s?\d{1,2}\s?[/.\-]\s?(?:\d{4}|\d\d)|\d{4}-\d\d-\d\d|"
    rf"\d{{1,2}}(?:er)?\s+(?:{_MONTHS})\w*\.?\s+\d{{4}})"
)
_BIRTH = re.compile(
    rf"\b(?:n[ée](?:\(e\)|[.·]e|e)?s?\s+le|(?:date|jour)\s+de\s+naissance|naissance|d\.?d\.?n\.?)\s*:?\s*(?:le\s+)?({_DAY})",
    re.IGNORECASE,
)
_STREETS = (
    "rue|avenue|av|bd|boulevard|place|pl|chemin|route|impasse|all[ée]e|quai|cours|square|sentier|passage|"
    "lotissement|r[ée]sidence|hameau|lieu-dit|faubourg|voie|mont[ée]e|villa|cit[ée]"
)
_HOME = re.compile(
    r"\b(?:demeurant|domicili[ée]e?s?|r[ée]sidant|habitant|habite|adresse personnelle|domicile)\b\s*:?\s*"
    r"(?:au|[àa]|dans)?\s*"
    rf"(\d{{1,4}}\s?(?:bis|ter|quater|[A-D])?,?\s+(?:{_STREETS})\b[^,;.\n()]{{2,60}}"
    r"(?:,?\s*\d{5}\s+[^\W\d_][\w'’ -]{1,40})?)",
    re.IGNORECASE,
)
_OLD = 1900  # someone born before is dead, and in the history books


# What stands in every text that the expressions find: most texts have none of it, which is seen at once.
_BIRTH_SIGNS = ("le", "naissance", "dn", "d.n")
_HOME_SIGNS = ("demeurant", "domicil", "sidant", "habit", "adresse personnelle")


def _births(text: str) -> Iterator[Span]:
    said = text.casefold()
    if not any(sign in said for sign in _BIRTH_SIGNS):
        return
    for m in _BIRTH.finditer(text):
        year = re.search(r"\d{4}", m.group(1))
        if not year or int(year.group()) >= _OLD:
            yield Span(m.start(1), m.end(1), "birth_date")


def _homes(text: str) -> Iterator[Span]:
    said = text.casefold()
    if not any(sign in said for sign in _HOME_SIGNS):
        return
    for m in _HOME.finditer(text):
        yield Span(m.start(1), m.end(1), "address")


# In the order of what stands before what, each with the figures that it cannot do without.
_FINDERS = ((_mailboxes, 0), (_ibans, 2), (_nirs, 12), (_phones, 10), (_births, 4), (_homes, 1))


def _insert(found: list[Span], span: Span) -> None:
    """Put a span at its place among those found before, unless one of them is already there."""
    at = bisect.bisect_left(found, span.start, key=lambda s: s.start)
    before, after = found[at - 1] if at else None, found[at] if at < len(found) else None
    if (before is None or before.end <= span.start) and (after is None or span.end <= after.start):
        found.insert(at, span)


# --- The cheap tests, in DuckDB's dialect (RE2) ---------------------------------------------------

_SPACE = r"[\s\x{A0}\x{202F}\x{2007}\x{2009}]"
_SEP = r"[\s\x{A0}\x{202F}\x{2007}\x{2009}.\-/()]{0,3}"
_NUMBERS_SQL = (
    rf"(?:^|[^0-9A-Za-z])(?:(?:\+|00){_SPACE}?33{_SEP}(?:\(0\){_SPACE}?)?|\(?0)[1-9](?:{_SEP}[0-9]{{2}}){{4}}(?:$|[^0-9A-Za-z])"
    rf"|(?:^|[^0-9A-Za-z])[1-478]{_SEP}[0-9]{{2}}{_SEP}[0-9]{{2}}{_SEP}(?:[0-9]{{2}}|2[ABab]){_SEP}[0-9]{{3}}{_SEP}[0-9]{{3}}"
    rf"(?:{_SEP}[0-9]{{2}})?(?:$|[^0-9A-Za-z])"
    rf"|(?:^|[^0-9A-Za-z])[A-Za-z]{{2}}[0-9]{{2}}(?:{_SEP}[A-Za-z0-9]){{11}}"
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
_HOME_SQL = r"(?i)n[ée](?:\(e\)|[.·]e|e)?s?\s+le\b|naissance|ddn|d\.d\.n|demeurant|domicil|r[ée]sidant|habit|adresse personnelle"
