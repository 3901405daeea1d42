"""Tables of several years in one sheet: the year of each is kept, wherever the sheet says it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from parvis.tables import recipe
from parvis.tables.draft import SAME_FILE, Reference
from parvis.tables.table import RawTable
from parvis.values import Recipe, Step
from reading import told

HEADER = ["Association", "Objet", "Montant"]


def rows(first: int) -> list[list[Any]]:
    return [[f"Club {first + n}", ("sport", "culture")[n % 2], 100 * first + n] for n in range(5)]


def long(year: int) -> str:
    return f"Tableau récapitulatif des subventions versées aux associations pour l'année {year}"


SHEETS: dict[str, list[list[Any]]] = {
    "a title above each": [["Année 2023"], HEADER, *rows(1), [], ["Année 2024"], HEADER, *rows(2)],
    "no blank line": [["Subventions"], [], ["Année 2023"], HEADER, *rows(1), ["Année 2024"], HEADER, *rows(2)],
    "a bare year above each": [[2023], HEADER, *rows(1), [], [2024], HEADER, *rows(2)],
    "another title under the year": [
        ["Subventions 2023"], ["Montants en euros"], HEADER, *rows(1), [],
        ["Subventions 2024"], ["Montants en euros"], HEADER, *rows(2),
    ],
    "long titles": [[long(2023)], HEADER, *rows(1), [], [long(2024)], HEADER, *rows(2)],
    "in a header": [
        ["Association", "Objet", "Montant 2023"], *rows(1), [], ["Association", "Objet", "Montant 2024"], *rows(2),
    ],
    "one header, years between": [HEADER, ["Année 2023"], *rows(1), ["Année 2024"], *rows(2)],
    "one header, bare years between": [HEADER, [2023], *rows(1), [2024], *rows(2)],
    "one header, the first year above it": [["Exercice 2023"], HEADER, *rows(1), [], ["Exercice 2024"], *rows(2)],
    "one header, the first bare year above it": [[2023], HEADER, *rows(1), [], [2024], *rows(2)],
}  # fmt: skip


def read(tmp_path: Path, lines: Sequence[Sequence[Any]]) -> Sequence[RawTable]:
    book = openpyxl.Workbook()
    for number, line in enumerate(lines, 1):
        for place, cell in enumerate(line, 1):
            book.active.cell(number, place, cell)
    out = io.BytesIO()
    book.save(out)
    return told(tmp_path, out.getvalue(), "subventions.xlsx").tables


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_year_of_each_table_becomes_a_column(sheet: str, tmp_path: Path) -> None:
    tables = read(tmp_path, SHEETS[sheet])
    references = {f"{SAME_FILE}{t.name}": Reference(t.name, t.path, t.labels, t.columns()) for t in tables}
    _, done = recipe.run(tables[0], None, tmp_path, references)
    (idea,) = [s for s in done if s.origin == "idea" and s.repair in ("stack_tables", "section_rows")]
    assert idea.parameters == {"name": "année"}
    accepted = Recipe((Step(idea.repair, idea.parameters, origin="hand"),))
    mended, _ = recipe.run(tables[0], accepted, tmp_path, references)
    assert list(mended.labels) == ["année", *HEADER]
    found = [list(r.values()) for r in pq.read_table(mended.path, columns=mended.columns()).to_pylist()]
    wanted = [(year, first) for year, first in (("2023", 1), ("2024", 2))]
    assert found == [[year, *map(str, row)] for year, first in wanted for row in rows(first)]


def test_the_source_under_a_table_is_no_title_of_the_next_one(tmp_path: Path) -> None:
    source = ["Source : service des associations"]
    lines = [["Année 2023"], HEADER, *rows(1), source, [], ["Année 2024"], HEADER, *rows(2), source]
    first, second = read(tmp_path, lines)
    assert (first.titles, second.titles) == (("Année 2023",), ("Année 2024",))
    assert list(first.notes) == list(second.notes) == source
    assert first.rows == second.rows == 5


def test_a_year_whose_values_are_missing_is_no_title(tmp_path: Path) -> None:
    lines = [["Année", "Visites", "Prêts"], *[[2010 + n, 5 * n, n] for n in range(6)], [2016], [2017, 40, 8]]
    (table,) = read(tmp_path, lines)
    _, done = recipe.run(table, None, tmp_path)
    assert "section_rows" not in [s.repair for s in done]
    assert table.rows == 8
