"""A seeded SCDL subsidies file of any size: 16 columns, `;`, French decimals, valid SIRET."""

from __future__ import annotations

import datetime
import random
from pathlib import Path

HEADER = (
    "nomAttribuant;idAttribuant;dateConvention;referenceDecision;nomBeneficiaire;idBeneficiaire;rnaBeneficiaire;objet;"
    "montant;nature;conditionsVersement;datesPeriodeVersement;idRAE;notificationUE;pourcentageSubvention;dispositifAide"
)
FIELDS = (
    "Judo",
    "Harmonie",
    "Théâtre",
    "Entraide",
    "Jardins",
    "Cyclo-club",
    "Ciné-club",
    "Amicale",
    "Chœur",
    "Archers",
)
PLACES = ("de la Gare", "des Sources", "du Moulin", "de Bel-Air", "Saint-Roch", "des Vergers", "du Lavoir", "du Puits")
SUBJECTS = (
    "Fonctionnement annuel",
    "Achat de matériel",
    "Organisation d'un évènement",
    "Travaux du local",
    "Projet éducatif",
)
NATURES = ("aide en numéraire", "aide en nature", "aide en numéraire;aide en nature")
BENEFICIARIES = 20_000


def write_subsidies(path: Path, rows: int, seed: int, decimal: str = ",") -> None:
    """Write ``rows`` lines of UTF-8 CSV (about 215 bytes each); the same seed gives the same bytes.

    With a decimal point the file follows its schema to the letter: checkers then have nothing to report.
    """
    draw = random.Random(seed)
    town = siret(draw)
    known = []
    for number in range(BENEFICIARIES):
        name = f"{draw.choice(FIELDS)} {draw.choice(PLACES)} n° {number}"
        known.append(f"{name};{siret(draw)};W{draw.randrange(10**9):09d}")
    first = datetime.date(2015, 1, 1).toordinal()
    days = [datetime.date.fromordinal(first + n).isoformat() for n in range(3650)]
    with path.open("w", encoding="utf-8", newline="\r\n") as out:
        out.write(HEADER + "\n")
        for number in range(rows):
            day = days[draw.randrange(3650)]
            amount = f"{draw.randrange(100, 90_000)}{decimal}{draw.randrange(100):02d}"
            nature = NATURES[0] if draw.random() < 0.9 else NATURES[1]
            out.write(
                f"Commune de Fontclaire;{town};{day};{day[:4]}-{number:07d};{known[draw.randrange(BENEFICIARIES)]};"
                f"{SUBJECTS[draw.randrange(5)]} {day[:4]};{amount};{nature};unique;{day}/{day[:4]}-12-31;;non;"
                f"0{decimal}{draw.randrange(1, 10)};Soutien à la vie associative\n"
            )


def write_places(lines: Path, path: Path, seed: int) -> None:
    """Write the same lines with two columns more: places of a town and around, to six decimals."""
    draw = random.Random(seed)
    with lines.open(encoding="utf-8", newline="") as source, path.open("w", encoding="utf-8", newline="") as out:
        out.write(next(source).removesuffix("\r\n") + ";longitude;latitude\r\n")
        for line in source:
            east, north = 2.2 + draw.random() * 0.3, 48 + draw.random() * 0.2
            out.write(f"{line.removesuffix(chr(13) + chr(10))};{east:.6f};{north:.6f}\r\n")


def siret(draw: random.Random) -> str:
    """Return a SIRET whose two keys are right."""
    return _closed(_closed(f"{draw.randrange(10**7, 10**8)}") + f"{draw.randrange(1, 100):04d}")


def _closed(digits: str) -> str:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return f"{digits}{-total % 10}"
