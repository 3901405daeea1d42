"""Reports: the same findings as a page, a PDF, the marked spreadsheet and SARIF; nothing of a file is ever obeyed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from parvis import pipeline
from parvis.cli.file import check
from parvis.errors import LimitError
from parvis.reports import html, marked, pdf, sarif
from parvis.reports.report import Report, groups, remark, report
from parvis.tables.table import RawTable
from parvis.values import Finding, Place, Policy, Reception, Rule, Severity, Step

NASTY = ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "#panic()", "*gras* _it_ $x$ @a <b>", "]]>&amp;\"'", "{count}",
         "\u202eécrit à l'envers", "#read(\"/etc/passwd\")"]  # fmt: skip
SUBSIDIES = """nomAttribuant;idAttribuant;nomBeneficiaire;idBeneficiaire;montant;nature
Fontclaire;21580999700012;Chorale;35181600000000;1000;aide en numéraire
Fontclaire;21580999700012;Judo;21580999700013;deux cents;Aide en numeraire
Fontclaire;21580999700012;Boules;;300;don
"""


def file(work: Path, name: str, content: str) -> Path:
    place = work / name
    place.write_text(content, "utf-8")
    return place


def workbook(work: Path, rows: Sequence[Sequence[Any]], title: str = "Feuil1") -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = title
    for row in rows:
        page.append(list(row))
    book.save(work / "classeur.xlsx")
    return work / "classeur.xlsx"


class Outline(HTMLParser):
    """What a page is made of, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [v for k, v in attrs if k == "id" and v]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, tag


def told(reception: Reception) -> Report:
    return report(reception, day="2026-11-25")


# --- The page and the PDF -------------------------------------------------------------------------


def test_a_page_says_all_that_was_found_and_needs_nothing_else(tmp_path: Path) -> None:
    reception = pipeline.check(file(tmp_path, "subventions.csv", SUBSIDIES))
    page = html.page(told(reception))
    outline = Outline()
    outline.feed(page)
    assert not outline.open and len(outline.ids) == len(set(outline.ids))
    assert '<html lang="fr">' in page and outline.tags.count("h1") == 1 and "main" in outline.tags
    assert not re.search(r"(?:src|href)=\"(?!#)", page) and "url(" not in page and "script" not in outline.tags
    for finding in (*reception.findings, *reception.preparations[0].findings):
        assert finding.code in page
    assert "Publiable" in page and "sur 100" in page and "À faire en premier" in page


@pytest.mark.parametrize("nasty", NASTY)
def test_nothing_of_a_file_is_obeyed(tmp_path: Path, nasty: str) -> None:
    finding = Finding("x.y", Severity.WARN, "Colonne « {column} » : {count}", Place(nasty, 3, nasty),
                      {"column": nasty, "count": 2}, hint="{column}", why="{column}", examples=(nasty,), lines=(3, 4), count=2,
                      fix=Step("replace_values", {"column": nasty, "pairs": {nasty: nasty}}))  # fmt: skip
    reception = pipeline.check(file(tmp_path, "a.csv", "a;b\n1;2\n3;4\n"))
    reception = Reception(reception.parcel, (finding,), reception.preparations)
    page = html.page(told(reception))
    outline = Outline()
    outline.feed(page)
    assert not outline.open and "script" not in outline.tags and "b" not in outline.tags
    assert pdf.document(told(reception)).startswith(b"%PDF")
    assert json.loads(json.dumps(sarif.log(reception)))["runs"][0]["results"][0]["ruleId"] == "x.y"


def test_a_pdf_is_tagged_and_searchable(tmp_path: Path) -> None:
    import pdfplumber

    made = pdf.document(told(pipeline.check(file(tmp_path, "subventions.csv", SUBSIDIES))))
    assert b"/StructTreeRoot" in made and b"pdfuaid" in made and b"/Lang" in made
    (tmp_path / "r.pdf").write_bytes(made)
    with pdfplumber.open(tmp_path / "r.pdf") as document:
        text = "\n".join(p.extract_text() for p in document.pages)
    assert "subventions.csv" in text and "Publiable" in text and "liste permise" in text


def test_a_refused_file_has_its_report_too(tmp_path: Path) -> None:
    reception = pipeline.check(file(tmp_path, "vide.csv", ""))
    assert reception.refused and "Empêche la lecture" in html.page(told(reception))
    assert pdf.document(told(reception)).startswith(b"%PDF")


def test_lines_are_said_in_words() -> None:
    many = Finding("a", Severity.WARN, "x", lines=tuple(range(3, 103)), count=214)
    assert remark(many).lines == "lignes 3, 4, 5, 6, 7, 8, 9, 10 et 206 autres"
    assert remark(Finding("a", Severity.WARN, "x", lines=(3, 9), count=2)).lines == "lignes 3 et 9"
    assert [g.severity for g in groups([Finding("a", s, "x") for s in reversed(Severity)])] == [
        str(s) for s in Severity
    ]


# --- The marked spreadsheet -----------------------------------------------------------------------


def marked_copy(work: Path, source: Path) -> Any:
    with pipeline.verified(source, lines=10_000) as (_, tables):
        made = marked.write(source, source.name, [(t.raw, t.preparation.findings) for t in tables], work / "copy.xlsx")
    return openpyxl.load_workbook(made)


def test_a_workbook_keeps_its_sheets_and_its_cells_are_marked(tmp_path: Path) -> None:
    rows = [line.split(";") for line in SUBSIDIES.splitlines()]
    book = marked_copy(tmp_path, workbook(tmp_path, [["Subventions 2026"], [], *rows], "Subventions"))
    assert book.sheetnames == ["Subventions", "Parvis"]
    page = book["Subventions"]
    assert page["A1"].value == "Subventions 2026" and page["A4"].value == "Fontclaire"
    commented = {c.coordinate for row in page.iter_rows() for c in row if c.comment is not None}
    assert {"F5", "F6", "D4", "D5"} <= commented  # natures and numbers, on the lines they have in the original
    assert "liste permise" in page["F6"].comment.text and page["F6"].fill.fgColor.rgb.endswith("FBE0A8")


def test_a_workbook_is_known_by_its_bytes(tmp_path: Path) -> None:
    source = workbook(tmp_path, [line.split(";") for line in SUBSIDIES.splitlines()]).rename(tmp_path / "3f2a9c")
    raw = RawTable("Feuil1", tmp_path / "x", ("a", "b"), 3, header_line=1, sheet=True)
    finding = Finding("x.y", Severity.WARN, "x", Place("Feuil1", 2, "a", "A2"), lines=(2, 3), count=2)
    made = marked.write(source, "subventions.xlsx", [(raw, [finding])], tmp_path / "copy.xlsx")
    page = openpyxl.load_workbook(made)["Feuil1"]
    assert page["A3"].comment is not None and page["A4"].comment is None


def test_a_csv_is_laid_out_on_its_own_lines(tmp_path: Path) -> None:
    page = marked_copy(tmp_path, file(tmp_path, "subventions.csv", SUBSIDIES)).worksheets[0]
    assert [c.value for c in page[1]][:2] == ["nomAttribuant", "idAttribuant"] and page["C3"].value == "Judo"
    assert page["F3"].comment is not None and page["D3"].comment is not None and page["A2"].comment is None


def test_no_text_becomes_a_formula(tmp_path: Path) -> None:
    content = "nom;note\n" + "\n".join(f'"{n.replace(chr(34), chr(34) * 2)}";a{i}' for i, n in enumerate(NASTY)) + "\n"
    book = marked_copy(tmp_path, file(tmp_path, "formules.csv", content))
    cells = [c for page in book.worksheets for row in page.iter_rows() for c in row]
    assert not [c.coordinate for c in cells if c.data_type == "f"] and not [c for c in cells if c.hyperlink]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["macros.xlsm", "export.xls", "formules.csv", "feuille_masquee.xlsx", "dates_1904.xlsx",
                                  "entete_fusionne.xlsx", "protege.xlsx", "unicode.csv", "croise.geojson"])  # fmt: skip
def test_hostile_files_are_marked_or_refused_in_words(shared: Path, tmp_path: Path, name: str) -> None:
    source = shared / "badfiles" / name
    with pipeline.verified(source, lines=1000) as (reception, tables):
        if not tables:
            assert reception.refused
            return
        made = marked.write(source, name, [(t.raw, t.preparation.findings) for t in tables], tmp_path / "copy.xlsx")
    book = openpyxl.load_workbook(made, keep_vba=True)
    assert book.vba_archive is None or "xl/vbaProject.bin" not in book.vba_archive.namelist()
    assert "Parvis" in book.sheetnames


def test_a_table_longer_than_a_sheet_is_said(tmp_path: Path) -> None:
    raw = RawTable("", tmp_path / "x.parquet", ("a",), 1_048_576)
    with pytest.raises(LimitError, match="tableur"):
        marked.write(tmp_path / "grand.csv", "grand.csv", [(raw, ())], tmp_path / "copy.xlsx")


def test_a_remark_on_a_whole_column_marks_its_header(tmp_path: Path) -> None:
    raw = RawTable("F", tmp_path / "x", ("a", "b"), 3, header_line=4, first_column=1, sheet=True)
    [mark] = marked.marks([Finding("privacy.email", Severity.BLOCK, "x", Place("F", None, "b"))], raw)
    assert (mark.line, mark.column, mark.severity) == (4, 2, "block")
    assert marked.marks([Finding("schema.missing_field", Severity.WARN, "x")], raw) == []


def test_sheets_have_names_that_a_spreadsheet_takes() -> None:
    taken: set[str] = set()
    names = [marked._sheet_name(n, taken) for n in ("a/b:c", "A b c", "x" * 60, "x" * 60, "", "History", "'")]
    assert len({n.casefold() for n in names}) == len(names) and all(0 < len(n) <= 31 for n in names)
    assert not any(set(n) & set("[]:*?/\\") for n in names)


# --- What becomes public --------------------------------------------------------------------------


def test_a_published_version_quotes_nothing_that_its_policy_takes_away(tmp_path: Path) -> None:
    [preparation] = pipeline.check(file(tmp_path, "subventions.csv", SUBSIDIES)).preparations
    assert any(f.code == "schema.enum" and f.fix and f.lines for f in preparation.findings)
    kept = pipeline._public(preparation, Policy())
    assert any(f.code == "schema.enum" and f.examples for f in kept) and not any(f.fix or f.lines for f in kept)
    hidden = pipeline._public(preparation, Policy((Rule("nature", "drop"),)))
    assert hidden and not any(f.place and f.place.column == "nature" for f in hidden)
    assert "numeraire" not in json.dumps([(f.text, f.examples) for f in hidden])


# --- For machines ---------------------------------------------------------------------------------


def test_sarif_names_rules_lines_and_repairs(tmp_path: Path) -> None:
    log = sarif.log(pipeline.check(file(tmp_path, "sub ventions.csv", SUBSIDIES)))
    run = log["runs"][0]
    assert log["version"] == "2.1.0" and run["artifacts"][0]["location"]["uri"] == "sub%20ventions.csv"
    rules = [r["id"] for r in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"] and result["message"]["text"] and result["locations"]
        assert result["level"] in ("error", "warning", "note")
    [enum] = [r for r in run["results"] if r["ruleId"] == "schema.enum"]
    assert [place["physicalLocation"]["region"]["startLine"] for place in enum["locations"]] == [3, 4]
    assert enum["properties"]["repair"]["parameters"]["pairs"] == {"Aide en numeraire": "aide en numéraire"}
    [table] = run["properties"]["tables"]
    assert table["level"] == "publishable" and 0 < table["score"] < 100


# --- The command ----------------------------------------------------------------------------------


def test_the_command_writes_every_kind_of_report(tmp_path: Path) -> None:
    source = file(tmp_path, "subventions.csv", SUBSIDIES)
    wanted = [tmp_path / f"r.{kind}" for kind in ("html", "pdf", "xlsx", "sarif")]
    done = CliRunner().invoke(check, [str(source), "--json", *(a for w in wanted for a in ("--report", str(w)))])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["tables"][0]["level"] == "publishable"
    heads = [w.read_bytes()[:5] for w in wanted]
    assert heads[0] == b"<!doc" and heads[1] == b"%PDF-" and heads[2][:2] == b"PK" and heads[3][:1] == b"{"


def test_a_report_of_another_kind_is_refused_before_reading(tmp_path: Path) -> None:
    done = CliRunner().invoke(check, [str(file(tmp_path, "a.csv", SUBSIDIES)), "--report", str(tmp_path / "r.docx")])
    assert done.exit_code != 0 and "docx" in str(done.exception)


def test_other_files_and_the_delivery_before_are_held_against_it(tmp_path: Path) -> None:
    before = file(tmp_path, "avant.csv", "id;lieu;places\n" + "".join(f"N{n};lieu {n};{n}\n" for n in range(60)))
    now = file(tmp_path, "apres.csv", "id;lieu\n" + "".join(f"N{n};lieu {n}\n" for n in range(20)))
    codes = {f.code for p in pipeline.check(now, former=before).preparations for f in p.findings}
    assert {"continuity.columns_lost", "continuity.rows_lost"} <= codes
    grants = "nomAttribuant;idAttribuant;dateConvention;referenceDecision;nomBeneficiaire;idBeneficiaire;objet;montant;nature\n"
    grants += "Fontclaire;21580999700012;2026-04-01;2026-77;Judo;21580999700012;tatamis;500;aide en numéraire\n" * 2
    acts = "COLL_NOM;COLL_SIRET;DELIB_ID;DELIB_DATE;DELIB_MATIERE_CODE;DELIB_MATIERE_NOM;DELIB_OBJET\n"
    acts += "".join(
        f"Fontclaire;21580999700012;2026-{n:02};2026-03-01;7.5;Finances locales/Subventions;o{n}\n" for n in range(5)
    )
    told = pipeline.check(file(tmp_path, "s.csv", grants), beside=[file(tmp_path, "d.csv", acts)])
    assert "across.no_deliberation" in {f.code for p in told.preparations for f in p.findings}
