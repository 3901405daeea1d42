"""vCard (VCF): the address book of an association or of a service, one row a card.

A card speaks of a person: its columns bear the words by which the privacy engine knows them.
Formats: vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350).
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import sniff
from parvis.values import Finding, Place, Severity, msg

TITLE = "Carnet d'adresses (vCard, VCF)"
SUFFIXES = (".vcf", ".vcard")

LABELS = (
    "Nom complet",
    "Civilité",
    "Nom",
    "Prénom",
    "Organisation",
    "Service",
    "Fonction",
    "Téléphone",
    "Mobile",
    "Télécopie",
    "Courriel",
    "Adresse",
    "Code postal",
    "Commune",
    "Pays",
    "Site web",
    "Date de naissance",
    "Catégories",
    "Note",
)
_PLAIN = {
    "FN": "Nom complet",
    "TITLE": "Fonction",
    "ROLE": "Fonction",
    "EMAIL": "Courriel",
    "URL": "Site web",
    "BDAY": "Date de naissance",
    "NOTE": "Note",
    "CATEGORIES": "Catégories",
}
_LEFT = ("PHOTO", "LOGO", "SOUND", "KEY", "AGENT", "GEO")  # GEO: the place of a home, which no column would announce
_SIZE = 64 << 20
_PROPERTY = re.compile(r'^(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)((?:;(?:"[^"]*"|[^":])*)*):(.*)$', re.DOTALL)


def recognises(path: Path, head: bytes) -> float:
    return 0.95 if re.match(rb"(?:\xef\xbb\xbf)?\s*BEGIN:VCARD\b", head, re.IGNORECASE) else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the cards into the sink, one row each."""
    if path.stat().st_size > _SIZE:
        raise InputError("Ce carnet d'adresses est trop grand.", "Exportez-le en plusieurs fois.", code="vcard.size")
    text = sniff.text(path, sink.limits.line)
    cards, left, cut = _cards(_unfolded(list(text.decode(path))))
    if not cards:
        raise InputError(
            "Ce carnet d'adresses ne contient aucune fiche complète.",
            "Exportez-le à nouveau depuis votre messagerie.",
            code="vcard.empty",
        )
    labels = [x for x in LABELS if any(card.get(x) for _, card in cards)] or ["Nom complet"]
    rows = ((line, ["|".join(card.get(x, ())) or None for x in labels]) for line, card in cards)
    sink.rows("", labels, rows, format="vcard", encoding=text.encoding)
    return [*([_pictures(left)] if left else []), *([_cut(cut)] if cut else [])]


def _unfolded(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield (line, property): a line that starts with a blank goes on with the one before (RFC 6350, 3.2)."""
    number, whole = 0, ""
    for n, raw in enumerate(lines, 1):
        line = raw.rstrip("\r\n")
        soft = whole.endswith("=") and "QUOTED-PRINTABLE" in whole.partition(":")[0].upper()
        if whole and soft:
            whole = whole[:-1] + line  # vCard 2.1 cuts its lines as letters do
        elif whole and line[:1] in (" ", "\t"):
            whole += line[1:]
        else:
            if whole:
                yield number, whole
            number, whole = n, line
    if whole:
        yield number, whole


Card = dict[str, list[str]]


def _cards(properties: Iterator[tuple[int, str]]) -> tuple[list[tuple[int, Card]], int, int]:
    """Return the cards with their first lines, how many pictures and keys were left, and the line of a card cut short."""
    cards: list[tuple[int, Card]] = []
    left = begin = 0
    card: Card = {}
    for line, text in properties:
        word = text.strip().upper()
        if word == "BEGIN:VCARD":
            begin, card = line, {}
        elif word == "END:VCARD" and begin:
            cards.append((begin, card))
            begin = 0
        elif begin and (found := _PROPERTY.match(text)):
            kind = found[1].upper()
            if kind in _LEFT:
                left += 1
            else:
                _take(card, kind, found[2].upper(), _value(found[2], found[3]))
    return cards, left, begin


def _value(parameters: str, raw: str) -> str:
    if "QUOTED-PRINTABLE" not in parameters.upper():
        return raw
    charset = re.search(r"CHARSET=\"?([\w-]+)", parameters, re.IGNORECASE)
    try:
        return quopri.decodestring(raw.encode("utf-8")).decode(charset[1] if charset else "utf-8", "replace")
    except (LookupError, binascii.Error):
        return raw


def _take(card: Card, kind: str, parameters: str, value: str) -> None:
    parts = [_plain(p) for p in re.split(r"(?<!\\);", value)]
    if kind == "N":
        for label, text in zip(("Nom", "Prénom", "", "Civilité"), parts, strict=False):
            _put(card, label, text)
    elif kind == "ORG":
        _put(card, "Organisation", parts[0])
        _put(card, "Service", " - ".join(p for p in parts[1:] if p))
    elif kind == "ADR":
        _, more, street, town, _, code, country, *_ = (*parts, *([""] * 7))
        _put(card, "Adresse", ", ".join(p for p in (street, more) if p))
        for label, text in (("Commune", town), ("Code postal", code), ("Pays", country)):
            _put(card, label, text)
    elif kind == "TEL":
        label = "Télécopie" if "FAX" in parameters else "Mobile" if "CELL" in parameters else "Téléphone"
        _put(card, label, _plain(value).removeprefix("tel:"))
    elif kind == "CATEGORIES":
        for text in re.split(r"(?<!\\),", value):
            _put(card, "Catégories", _plain(text))
    elif kind in _PLAIN:
        text = _plain(value)
        _put(card, _PLAIN[kind], _day(text) if kind == "BDAY" else text.removeprefix("mailto:"))


def _put(card: Card, label: str, text: str) -> None:
    if label and text and text not in card.setdefault(label, []):
        card[label].append(text)


def _plain(text: str) -> str:
    """Return a value with its escaped signs as they are read."""
    told = re.sub(r"\\([nN,;:\\])", lambda m: " " if m[1] in "nN" else m[1], text)
    return " ".join(told.replace("|", "/").split())


def _day(text: str) -> str:
    found = re.match(r"^(\d{4})-?(\d\d)-?(\d\d)", text)
    return "-".join(found.groups()) if found else text


def _pictures(count: int) -> Finding:
    return Finding(
        "vcard.pictures",
        Severity.INFO,
        msg("Photos, logos, sons, clés et positions des fiches, qui n'ont pas été lus : {count}."),
        values={"count": count},
        count=count,
    )


def _cut(line: int) -> Finding:
    return Finding(
        "vcard.cut",
        Severity.WARN,
        msg("La dernière fiche, ligne {line}, n'est pas complète : elle n'a pas été lue."),
        Place(line=line),
        {"line": line},
        msg("L'envoi ou l'export a peut-être été coupé : recommencez-le."),
    )
