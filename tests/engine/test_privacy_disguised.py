"""What a column says in another writing: base64, hexadecimal, addresses of pages, keys made of a name and a birth date."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from parvis import pipeline
from parvis.privacy import disguised

FIRST = "Emma Louise Jade Alice Ambre Lina Rose Anna".split()
LAST = "Durand Lefebvre Moreau Girard Bonnet Lambert Fontaine Rousseau".split()
PEOPLE = [(f, x, n + 1) for n, (f, x) in enumerate(zip(FIRST, LAST, strict=True))]
Write = Callable[[str, str, int], str]


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SPEAKING: dict[str, Write] = {
    "mailboxes in base64": lambda f, x, n: coded(f"{f}.{x}@courriel.example"),
    "names in base64 for addresses": lambda f, x, n: base64.urlsafe_b64encode(f"{f} {x}".encode()).decode().rstrip("="),
    "names in hexadecimal": lambda f, x, n: f"{f} {x}, 12 rue".encode().hex(),
    "a page asked with a mailbox": lambda f, x, n: f"https://x.example/d?id={n}&mail={f}.{x}%40courriel.example",
    "a page asked with a name": lambda f, x, n: f"https://x.example/d?nom={x}&prenom={f}",
    "a name and a birth date": lambda f, x, n: f"{x.upper()}{f.upper()}1940{n:02}0{n}",
    "first name first": lambda f, x, n: f"{f}{x}0{n}0219{40 + n}".lower(),
    "an initial and a year": lambda f, x, n: f"{x.upper()}-{f[0]}-194{n}",
}
SILENT: dict[str, Write] = {
    "digests": lambda f, x, n: hashlib.sha256(x.encode()).hexdigest(),
    "acts": lambda f, x, n: f"DEL2024{n:04}",
    "feasts": lambda f, x, n: f"Fete-de-la-musique-200{n}",
    "streets": lambda f, x, n: f"RUEVICTORHUGO190{n}",
    "budgets": lambda f, x, n: f"BUDGET-PRIMITIF-200{n}",
    "pages": lambda f, x, n: f"https://data.example/api?id={n}&page=2",
    "pictures in base64": lambda f, x, n: base64.b64encode(bytes(range(128 + n, 200))).decode(),
    "words in base64": lambda f, x, n: coded(f"salle des fêtes {n}"),
}


@pytest.mark.parametrize("name", SPEAKING)
def test_another_writing_hides_nobody(tmp_path: Path, name: str) -> None:
    assert disguised.meaning([SPEAKING[name](*p) for p in PEOPLE]) in ("person_name", "email")
    path = tmp_path / "export.csv"
    path.write_text("cle;valeur\n" + "".join(f"{SPEAKING[name](*p)};{p[2]}\n" for p in PEOPLE), "utf-8")
    (preparation,) = pipeline.inspect(path).preparations
    assert [r.transform for r in preparation.policy.rules if r.column == "cle"] == ["drop"]


@pytest.mark.parametrize("name", SILENT)
def test_what_tells_of_nobody_is_left(name: str) -> None:
    assert disguised.meaning([SILENT[name](*p) for p in PEOPLE]) == ""


@pytest.mark.parametrize("cell", ["%%%", "%zz%", "?" * 5000, "A" * 1999, "0x", "=" * 40, "\0" * 30, "é" * 40 + "2000"])
def test_hostile_cells_harm_nothing(cell: str) -> None:
    assert disguised.meaning([cell] * 10) == "" and disguised.may_hold([cell]) in (True, False)
