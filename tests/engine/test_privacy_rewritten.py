"""Numbers of people that a column writes in its own way, and the numbers of things that look like them."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from parvis import france
from parvis.privacy import rewritten

CHANCE = random.Random(7)


def nir() -> str:
    born = f"{CHANCE.choice('12')}{CHANCE.randint(30, 99)}{CHANCE.randint(1, 12):02d}"
    body = f"{born}58{CHANCE.randint(100, 900)}{CHANCE.randint(100, 900)}"
    return f"{body}{97 - int(body) % 97:02d}"


def account() -> str:
    body = f"{CHANCE.randint(10000, 49999)}{CHANCE.randint(10000, 99999)}{CHANCE.randint(10**10, 10**11 - 1)}"
    return next(f"{body}{key:02d}" for key in range(98) if france.is_rib(f"{body}{key:02d}"))


def mobile() -> str:
    return f"{CHANCE.choice('67')}{CHANCE.randint(10**7, 10**8 - 1)}"


def mailbox() -> str:
    return f"{CHANCE.choice(('lea', 'marc'))}.{CHANCE.choice(('petit', 'morel'))}{CHANCE.randint(1, 999)}@laposte.net"


def plate() -> str:
    return f"{CHANCE.choice('ABC')}D-{CHANCE.randint(100, 999)}-E{CHANCE.choice('FGH')}"


def parted(text: str, sign: str, *sizes: int) -> str:
    out, at = [], 0
    for size in sizes:
        out.append(text[at : at + size])
        at += size
    return sign.join([*out, text[at:]] if text[at:] else out)


WAYS: dict[str, tuple[str, Callable[[], str]]] = {
    "slashes": ("nir", lambda: parted(nir(), "/", 1, 2, 2, 2, 3, 3)),
    "underscores": ("nir", lambda: parted(nir(), "_", 1, 2, 2, 2, 3, 3)),
    "key in brackets": ("nir", lambda: parted(nir(), " (", 13) + ")"),
    "key said": ("nir", lambda: parted(nir(), " clé ", 13)),
    "no key": ("nir", lambda: parted(nir()[:13], " ", 1, 2, 2, 2, 3)),
    "zeros before": ("nir", lambda: "000" + nir()),
    "a decimal": ("nir", lambda: nir() + ".0"),
    "a formula": ("nir", lambda: f'="{nir()}"'),
    "bank, counter, account": ("iban", lambda: parted(account(), " ", 5, 5, 11)),
    "account in one": ("iban", account),
    "account and slashes": ("iban", lambda: parted(account(), "/", 5, 5, 11)),
    "account said": ("iban", lambda: "RIB : " + account()),
    "account half hidden": ("iban", lambda: f"FR76XXXXXXXXXXXXXXXX{CHANCE.randint(100, 999)}"),
    "zero lost": ("phone", mobile),
    "zero lost and spaces": ("phone", lambda: parted(mobile(), " ", 1, 2, 2, 2)),
    "country without its sign": ("phone", lambda: "33" + mobile()),
    "by three": ("phone", lambda: parted("0" + mobile(), " ", 4, 3)),
    "whose it is": ("phone", lambda: f"0{mobile()} (mère)"),
    "two of them": ("phone", lambda: f"0{mobile()} ou 03860{CHANCE.randint(10000, 99999)}"),
    "a word for @": ("email", lambda: mailbox().replace("@", " arobase ")),
    "spaces around @": ("email", lambda: mailbox().replace("@", " @ ")),
    "words for both": ("email", lambda: mailbox().replace("@", " at ").replace(".net", " dot net")),
    "plate with points": ("plate", lambda: plate().replace("-", ".")),
    "plate and department": ("plate", lambda: plate() + " (58)"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_number_is_read_however_it_is_written(way: str) -> None:
    wanted, make = WAYS[way]
    assert rewritten.meaning([make() for _ in range(30)], set()) == wanted


def test_a_spoilt_number_asks_for_its_header() -> None:
    cells = [f"{CHANCE.randint(1, 2)},{CHANCE.randint(10000, 99999)}E+14" for _ in range(30)]
    assert rewritten.meaning(cells, {"numero", "secu"}) == "nir"
    assert rewritten.meaning(cells, {"energie"}) == ""


THINGS: dict[str, Callable[[], str]] = {
    "bar codes": lambda: f"3{CHANCE.randint(10**11, 10**12 - 1)}",
    "SIRET": lambda: "".join(CHANCE.choices("0123456789", k=14)),
    "any nine figures": lambda: str(CHANCE.randint(10**8, 10**9 - 1)),
    "landlines": lambda: f"0386{CHANCE.randint(100000, 999999)}",
    "generic mailboxes": lambda: f"accueil{CHANCE.randint(1, 99)} @ mairie-fontclaire.fr",
    "orders": lambda: f"2026-{CHANCE.randint(1000, 9999)}",
    "parcels": lambda: f"AB {CHANCE.randint(1, 900)}",
    "sentences": lambda: f"Réunion à 18 h, salle {CHANCE.randint(1, 9)}",
    "amounts": lambda: f"{CHANCE.randint(1, 900)} 000,00",
}


@pytest.mark.parametrize("thing", THINGS)
def test_numbers_of_things_are_nobodys(thing: str) -> None:
    assert rewritten.meaning([THINGS[thing]() for _ in range(30)], set()) == ""


def test_a_few_cells_are_chance() -> None:
    assert rewritten.meaning([nir() for _ in range(5)], set()) == ""
    assert rewritten.meaning([f"lot {n}" for n in range(100)] + [nir() for _ in range(20)], set()) == ""
