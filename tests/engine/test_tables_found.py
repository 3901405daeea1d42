"""Random tables, dressed as offices dress them, come back with their header and their rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reading import cells, codes, told

SETTINGS = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
NAMES = ("Nom", "Libellé de l'équipement", "Adresse", "Commune", "Surface en hectares", "Montant en euros", "Date d'ouverture",
         "Code postal", "N° de dossier", "Effectif", "Observations", "Gestionnaire", "Type de voie", "Année", "Capacité",
         "Subvention versée", "Taux (%)", "Accessible", "Secteur scolaire", "Responsable du suivi")  # fmt: skip
WORDS = ("halle", "stade", "école", "Forêt", "piscine", "mairie annexe", "Les Prés", "salle du Lac", "Étang", "gymnase",
         "crèche", "place du Marché", "rue Haute", "quai", "Bois Joli", "moulin", "lavoir", "jardin", "préau")  # fmt: skip
TITLES = ("Liste des équipements de la commune", "Exercice 2024", "Service des sports", "Annexe 3 de la délibération",
          "Document de travail, à jour au 3 mars", "Données arrêtées par le conseil")  # fmt: skip
NOTES = ("Source : service des sports", "* chiffres provisoires", "(1) hors subventions exceptionnelles",
         "Mise à jour le 3 mars 2024 par la direction générale")  # fmt: skip
KINDS = ("text", "whole", "decimal", "date", "code", "year", "choice")


@dataclass
class Made:
    """A table as an office wrote it, and what must be read."""

    labels: list[str]
    rows: list[list[Any]]
    titles: list[str] = field(default_factory=list)
    groups: list[tuple[str, int]] = field(default_factory=list)  # name, number of columns
    notes: list[str] = field(default_factory=list)
    total: bool = False
    left: int = 0
    blank: int = 1  # blank lines between the titles and the header
    holes: set[int] = field(default_factory=set)  # blank lines before these rows

    def grid(self) -> list[list[Any]]:
        """Return the lines of the sheet; merged groups stand in their first column."""
        width = len(self.labels)
        out: list[list[Any]] = [[t, *[None] * (width - 1)] for t in self.titles]
        out += [[None] * width] * (self.blank if self.titles else 0)
        if self.groups:
            line: list[Any] = []
            for name, count in self.groups:
                line += [name, *[None] * (count - 1)]
            out.append(line)
        out.append(list(self.labels))
        for number, row in enumerate(self.rows):
            if number in self.holes:
                out.append([None] * width)
            out.append(list(row))
        if self.total:
            numbers = [i for i, v in enumerate(self.rows[0]) if isinstance(v, int | float)]
            line = ["Total", *[None] * (width - 1)]
            for i in numbers:
                if i:
                    line[i] = sum(r[i] or 0 for r in self.rows)
            out.append(line)
        if self.notes:
            out.append([None] * width)
            out += [[n, *[None] * (width - 1)] for n in self.notes]
        return [[*[None] * self.left, *r] for r in out]

    def header(self) -> int:
        return len(self.titles) + (self.blank if self.titles else 0) + bool(self.groups) + 1

    def wanted(self) -> list[str]:
        if not self.groups:
            return self.labels
        over = [name for name, count in self.groups for _ in range(count)]
        return [f"{a} / {b}" if a else b for a, b in zip(over, self.labels, strict=True)]


def value(kind: str, chance: random.Random) -> Any:
    return {
        "text": lambda: f"{chance.choice(WORDS)} {chance.choice(WORDS)} {chance.randint(1, 99)}",
        "whole": lambda: chance.randint(0, 9000),
        "decimal": lambda: round(chance.uniform(0.5, 5000) + 0.01, 2),
        "date": lambda: dt.date(2000, 1, 1) + dt.timedelta(days=chance.randint(0, 9000)),
        "code": lambda: f"{chance.randint(1000, 95999):05d}",
        "year": lambda: chance.randint(1950, 2025),
        "choice": lambda: chance.choice(("oui", "non")),
    }[kind]()


@st.composite
def tables(draw: Any, dressed: bool = True) -> Made:
    chance = random.Random(draw(st.integers(0, 10**9)))
    width = draw(st.integers(3, 8))
    labels = chance.sample(NAMES, width)
    kinds = ["text", *[chance.choice(KINDS) for _ in range(width - 1)]]
    if not set(kinds) & {"whole", "decimal", "date"}:
        kinds[-1] = "whole"
    height = draw(st.integers(4, 30))
    rows = [
        [value(k, chance) if i < 2 or chance.random() > 0.08 else None for i, k in enumerate(kinds)]
        for _ in range(height)
    ]
    made = Made(labels, rows)
    if not dressed:
        return made
    made.titles = chance.sample(TITLES, draw(st.integers(0, 3)))
    made.blank = draw(st.integers(0, 2))
    made.left = draw(st.integers(0, 2))
    made.notes = chance.sample(NOTES, draw(st.integers(0, 2)))
    made.total = draw(st.booleans()) and any(isinstance(v, int | float) for v in rows[0][1:])
    made.holes = set(draw(st.lists(st.integers(1, height - 1), max_size=2)))
    if width >= 4 and draw(st.booleans()):
        cut = draw(st.integers(2, width - 2))
        made.groups = [("Équipement", cut), ("Gestion de l'année", width - cut)]
    return made


def sheet(*parts: tuple[Made, int, int]) -> bytes:
    """Return a workbook of one sheet where tables stand at (line, column), groups merged over their columns."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "Feuille"
    for made, top, left in parts:
        for i, line in enumerate(made.grid()):
            for k, cell in enumerate(line):
                if cell is not None:
                    page.cell(top + i, left + k, cell)
        if made.groups:
            at = left + made.left
            for _, count in made.groups:
                page.merge_cells(start_row=top + made.header() - 2, start_column=at, end_row=top + made.header() - 2,
                                 end_column=at + count - 1)  # fmt: skip
                at += count
        for i in range(len(made.titles)):
            first = left + made.left
            page.merge_cells(
                start_row=top + i, start_column=first, end_row=top + i, end_column=first + len(made.labels) - 1
            )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    return (
        cell.isoformat()
        if isinstance(cell, dt.date)
        else f"{cell:.2f}".rstrip("0").rstrip(".")
        if isinstance(cell, float)
        else str(cell)
    )


def check(sink: Any, made: Made, table: int = 0, top: int = 1) -> None:
    raw = sink.tables[table]
    assert list(raw.labels) == made.wanted()
    assert raw.header_line == top + made.header() - 1
    got = [list(r.values()) for r in cells(sink, table)]
    if made.total:
        assert got[-1][0] == "Total"
        got.pop()
    assert got == [[text(c) for c in row] for row in made.rows]


@SETTINGS
@given(tables())
def test_a_dressed_table_comes_back_from_a_workbook(made: Made) -> None:
    with TemporaryDirectory() as folder:
        check(told(Path(folder), sheet((made, 1, 1)), "envoi.xlsx"), made)


@SETTINGS
@given(
    tables(), st.sampled_from([("utf-8", ";"), ("cp1252", ";"), ("utf-8", ","), ("mac_roman", "\t"), ("cp850", ";")])
)
def test_a_dressed_table_comes_back_from_a_text(made: Made, way: tuple[str, str]) -> None:
    encoding, separator = way
    made.groups = []  # a text has no merged cells
    made.left = 0
    out = io.StringIO(newline="")
    ends = "\r" if encoding == "mac_roman" else "\r\n"
    csv.writer(out, delimiter=separator, lineterminator=ends).writerows([[text(c) for c in r] for r in made.grid()])
    with TemporaryDirectory() as folder:
        check(told(Path(folder), out.getvalue().encode(encoding), "envoi.csv"), made)


@SETTINGS
@given(tables(dressed=False), tables(dressed=False))
def test_two_tables_one_under_the_other_come_back(first: Made, second: Made) -> None:
    first.titles, second.titles = ["Piscines municipales"], ["Terrains et stades"]
    below = len(first.grid()) + 3
    with TemporaryDirectory() as folder:
        sink = told(Path(folder), sheet((first, 1, 1), (second, below, 1)), "envoi.xlsx")
        assert "header.several_tables" in codes(sink)
        check(sink, first)
        check(sink, second, 1, below)
        assert [t.name for t in sink.tables] == ["Feuille / Piscines municipales", "Feuille / Terrains et stades"]


@SETTINGS
@given(tables(dressed=False), tables(dressed=False))
def test_two_tables_side_by_side_come_back(first: Made, second: Made) -> None:
    if abs(len(first.rows) - len(second.rows)) < 9:  # tables of the same height are one with an empty column
        second.rows = second.rows * 4
    with TemporaryDirectory() as folder:
        sink = told(Path(folder), sheet((first, 1, 1), (second, 1, len(first.labels) + 2)), "envoi.xlsx")
        assert len(sink.tables) == 2
        check(sink, first)
        check(sink, second, 1)


@SETTINGS
@given(tables(dressed=False))
def test_a_table_pasted_as_csv_in_one_column_comes_back(made: Made) -> None:
    from parvis.tables import repairs

    book = openpyxl.Workbook()
    for line in made.grid():
        book.active.append([";".join("" if c is None else text(c) or "" for c in line)])
    out = io.BytesIO()
    book.save(out)
    with TemporaryDirectory() as folder:
        sink = told(Path(folder), out.getvalue(), "envoi.xlsx")
        steps = repairs.propose(sink.tables[0])
        assert [s.repair for s in steps][:1] == ["one_column_csv"]
        mended = repairs.apply(sink.tables[0], steps[:1], Path(folder) / "work")
        assert list(mended.labels) == made.labels
        assert mended.rows == len(made.rows)


def test_a_text_whose_every_line_is_quoted_keeps_its_header_and_all_its_rows(tmp_path: Path) -> None:
    from parvis.tables import repairs

    lines = ['"id;voie;longueur (m)"', *(f'"{n};Rue {n};{100 + n}"' for n in range(1, 20))]
    sink = told(tmp_path, "\r\n".join(lines).encode(), "voies.csv")
    steps = repairs.propose(sink.tables[0])
    assert [s.repair for s in steps] == ["one_column_csv"]
    mended = repairs.apply(sink.tables[0], steps, tmp_path / "work")
    assert (list(mended.labels), mended.rows) == (["id", "voie", "longueur (m)"], 19)


def test_a_line_of_units_under_the_header_belongs_to_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Consommations 2023"],
        [],
        ["Bâtiment", "Surface", "Électricité", None, "Gaz"],
        [None, "m²", "kWh", "€ TTC", "kWh PCS"],
        *(["Halle", 210 + n, 9000 + n, 1200.5 + n, 4000 + n] for n in range(4)),
    ):
        sheet.append(row)
    sheet.merge_cells("C3:D3")
    out = io.BytesIO()
    book.save(out)
    table = told(tmp_path, out.getvalue(), "energie.xlsx").tables[0]
    wanted = ["Bâtiment", "Surface (m²)", "Électricité (kWh)", "Électricité (€ TTC)", "Gaz (kWh PCS)"]
    assert (list(table.labels), table.rows, table.header_line) == (wanted, 4, 4)


def test_a_column_of_units_is_no_line_of_units(tmp_path: Path) -> None:
    text = "Prestation;Unité;Tarif\nEau;m³;3,20\nSalle;h;12,00\nBenne;t;80,00\n"
    table = told(tmp_path, text.encode(), "tarifs.csv").tables[0]
    assert (list(table.labels), table.rows) == (["Prestation", "Unité", "Tarif"], 3)


def test_the_pages_of_a_printed_list_are_one_table(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for page in range(3):
        book.active.append(["Code", "Véhicule", "Kilomètres", "Année"])
        for n in range(5):
            book.active.append([f"V{page}{n}", "Fourgon", 1000 * n + page, 2015 + n])
        book.active.append([None, None, f"Page {page + 1}/3"])
    out = io.BytesIO()
    book.save(out)
    sink = told(tmp_path, out.getvalue(), "parc.xlsx")
    assert [(t.rows, list(t.labels)) for t in sink.tables] == [(15, ["Code", "Véhicule", "Kilomètres", "Année"])]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_model_without_rows_keeps_its_header(tmp_path: Path, separator: str) -> None:
    sink = told(tmp_path, separator.join(("siret", "nom", "montant")).encode() + b"\n", "modele.csv")
    assert (list(sink.tables[0].labels), sink.tables[0].rows) == (["siret", "nom", "montant"], 0)


def test_a_list_with_one_code_a_line_has_no_header(tmp_path: Path) -> None:
    sink = told(tmp_path, "\n".join(f"{i:02d}.{i % 7}0Z" for i in range(40)).encode(), "codes.txt")
    assert (sink.tables[0].header_line, sink.tables[0].rows) == (None, 40)


def test_a_form_of_labels_and_values_is_not_given_a_header(tmp_path: Path) -> None:
    rows = [
        ("Fiche de la commune", "2024", "Groupement de rattachement", "Pays du Lac"),
        ("Superficie en hectares", "5688", "Produit des taxes foncières", "94181681"),
        ("Population totale", "2563", "Zone de montagne ou non", "NON"),
        ("Nombre de logements", "12", "Effort fiscal moyen", "0,945900"),
        ("Revenu par habitant", "28189", "Indice de ressources", "1,2"),
        ("Longueur de voirie en mètres", "550000", "Potentiel financier net", "50358767"),
        ("Places de caravanes", "4", "Rang au classement", "246"),
        ("Nom du maire délégué", "sans", "Bases nettes de taxe", "297578993"),
    ]
    sink = told(tmp_path, "\n".join(";".join(r) for r in rows).encode(), "fiche.csv")
    assert (sink.tables[0].header_line, sink.tables[0].rows) == (None, 8)


def test_texts_and_amounts_cut_at_their_commas_are_sewn(tmp_path: Path) -> None:
    rows = ["nom,objet,montant,date"]
    rows += [
        f"Club {i},aide aux jeunes, aux familles, aux anciens,{20 + i} 000,00,2024-03-{i + 1:02d}" for i in range(4)
    ]
    rows += [f"Amicale {i},fonctionnement,{5 + i} 500,50,2024-04-{i + 1:02d}" for i in range(9)]
    sink = told(tmp_path, "\n".join(rows).encode(), "aides.csv")
    assert list(sink.tables[0].labels) == ["nom", "objet", "montant", "date"]
    assert cells(sink)[0] == {
        "nom": "Club 0", "objet": "aide aux jeunes, aux familles, aux anciens", "montant": "20 000,00",
        "date": "2024-03-01",
    }  # fmt: skip
    assert cells(sink)[-1]["montant"] == "13 500,50"
    assert {"csv.unprotected_commas", "csv.unprotected_decimals"} <= set(codes(sink))
    assert "csv.unequal_lines" not in codes(sink)


def test_a_comma_file_pasted_in_a_sheet_and_saved_again_is_read(tmp_path: Path) -> None:
    rows = ["nom,objet,note;;"]
    rows += [f"Club {i},fête du lac,bien;;" for i in range(6)]
    rows.append('"Club 7,fête ""des blés"" de juin,moyen "; selon le bilan;')
    sink = told(tmp_path, "\n".join(rows).encode(), "clubs.csv")
    assert list(sink.tables[0].labels) == ["nom", "objet", "note"]
    assert cells(sink)[-1] == {"nom": "Club 7", "objet": 'fête "des blés" de juin', "note": "moyen ; selon le bilan"}


def test_notes_below_a_gap_are_kept_apart_from_the_rows(tmp_path: Path) -> None:
    rows = [["code", "libellé"], *[[f"A{i}", f"Nombre de cas {i}"] for i in range(8)], [], ["Définitions"], [],
            ["Un cas est compté une fois par an, au lieu où il se produit."]]  # fmt: skip
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    sink = told(tmp_path, out.getvalue(), "lexique.xlsx")
    assert sink.tables[0].rows == 8
    assert sink.tables[0].notes[0] == "Définitions"
