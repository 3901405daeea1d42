"""The worst spreadsheet of Fontclaire: who uses the town's halls, kept by hand, one block a year under the other.

Titles and merged headers, a table a year, a column a quarter, totals, SIRET that a spreadsheet rounded, accents encoded
twice, people's names and telephones, notes at the bottom, and a summary before the rest: each one was met in real files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

from parvis_portal.demo import people, writing
from parvis_portal.demo.town import Town

HALLS = ("Salle de l'Étang", "Espace Bel-Air", "Maison des associations", "Préau Jean-Jaurès")
YEARS = (2023, 2024, 2025)
NAME = "Suivi occupation salles.xlsx"
_TWICE = ("É", "é", "è", "ç", "ê", "à")


def write(town: Town) -> None:
    """Write the file as the office keeps it today."""
    write_years(town, town.path(f"vie-locale/{NAME}"), YEARS)


def write_years(town: Town, path: Path, years: Sequence[int]) -> None:
    """Write the file as it is after some years; the next one is the same with one more block."""
    sheet: list[writing.Row] = [("VILLE DE FONTCLAIRE - SERVICE VIE ASSOCIATIVE",), ()]
    merged: list[str] = []
    sums = []
    for year in years:
        total = _block(sheet, merged, town.random(f"halls/{year}"), town, year)
        sums.append((year, total))
    sheet += [("Source : cahier de réservation. Ne pas diffuser les téléphones.",)]
    summary: list[writing.Row] = [("Récapitulatif pour le conseil municipal",), ("Année", "Heures"), *sums]
    writing.xlsx(path, {"Récap": summary, "Suivi": sheet}, {"Suivi": merged})


def _block(sheet: list[writing.Row], merged: list[str], draw: Random, town: Town, year: int) -> int:
    """Add the table of one year, and return its total of hours."""
    sheet.append((f"Occupation des salles - année {year}",))
    top = len(sheet) + 1
    sheet.append(("Association", None, None, None, "Salle", "Heures réservées", None, None, None))
    sheet.append(("Nom", "SIRET", "Responsable", "Téléphone", None, "T1", "T2", "T3", "T4"))
    merged += [f"A{top}:D{top}", f"F{top}:I{top}"]
    sums = [0, 0, 0, 0]
    for association in town.associations[:16]:
        first, last = people.person(draw)
        hours = [draw.randrange(0, 60, 2) for _ in range(4)]
        sums = [a + b for a, b in zip(sums, hours, strict=True)]
        spoilt = f"{float(association.siret):.5E}".replace(".", ",")
        sheet.append(
            (association.name, spoilt, f"{first} {last}", people.mobile(draw), _twice(draw.choice(HALLS)), *hours)
        )
    sheet.append(("TOTAL", None, None, None, None, *sums))
    sheet.append(())
    return sum(sums)


def _twice(text: str) -> str:
    """Return a text as a program that reads UTF-8 as Windows-1252 leaves it."""
    return "".join(c.encode().decode("cp1252", "replace") if c in _TWICE else c for c in text)
