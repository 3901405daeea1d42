"""Invented people: ordinary first names with surnames made of syllables, so that nobody is named by chance."""

from __future__ import annotations

from random import Random

from parvis_portal.demo.town import STREETS, luhn_closed

FIRST = [
    "Alice",
    "Amina",
    "Antoine",
    "Baptiste",
    "Bruno",
    "Camille",
    "Carole",
    "Chloé",
    "Claire",
    "Daniel",
    "Denis",
    "Diane",
    "Élodie",
    "Émile",
    "Fatou",
    "Farid",
    "Florence",
    "Gabriel",
    "Hélène",
    "Hugo",
    "Inès",
    "Irène",
    "Jules",
    "Julie",
    "Karim",
    "Laure",
    "Léa",
    "Louis",
    "Lucas",
    "Manon",
    "Marc",
    "Marie",
    "Mehdi",
    "Nadia",
    "Nathan",
    "Noémie",
    "Olivier",
    "Pauline",
    "Paul",
    "Raphaël",
    "Rose",
    "Sami",
    "Sarah",
    "Simon",
    "Sophie",
    "Thomas",
    "Valérie",
    "Victor",
    "Yasmine",
    "Zoé",
]
_START = [
    "Bau",
    "Cor",
    "Dal",
    "Fer",
    "Gar",
    "Lor",
    "Mar",
    "Nau",
    "Per",
    "Quin",
    "Ro",
    "Sau",
    "Tour",
    "Vau",
    "Bel",
    "Char",
    "Den",
    "Gou",
    "Hau",
    "Lan",
]
_MIDDLE = ["ba", "de", "gi", "la", "li", "mo", "ne", "ra", "ri", "vo"]
_END = ["bert", "chon", "dieu", "gnac", "lin", "mont", "nel", "quet", "rande", "ssac", "tier", "val", "zat"]


def surname(draw: Random) -> str:
    return draw.choice(_START) + draw.choice(_MIDDLE) + draw.choice(_END)


def person(draw: Random) -> tuple[str, str]:
    """Return (first name, surname)."""
    return draw.choice(FIRST), surname(draw)


def mailbox(first: str, last: str, draw: Random) -> str:
    plain = (first + "." + last).lower().translate(str.maketrans("éèêëàâîïôûüç", "eeeeaaiiouuc"))
    return f"{plain}{draw.choice(('', '', draw.randrange(60, 99)))}@courriel.example"


def mobile(draw: Random) -> str:
    return f"06 {draw.randrange(100):02d} {draw.randrange(100):02d} {draw.randrange(100):02d} {draw.randrange(100):02d}"


def address(draw: Random) -> str:
    return f"{draw.randrange(1, 90)} {draw.choice(STREETS)}"


def nir(draw: Random) -> str:
    """Return a social-security number with its key: well formed, in a commune code that was never given."""
    body = f"{draw.choice('12')}{draw.randrange(40, 99)}{draw.randrange(1, 13):02d}58999{draw.randrange(1, 999):03d}"
    return f"{body}{97 - int(body) % 97:02d}"


def siret(draw: Random) -> str:
    siren = luhn_closed(f"{draw.randrange(30, 92)}{draw.randrange(10**6):06d}")
    return luhn_closed(f"{siren}{draw.randrange(1, 9):04d}")
