"""Workbooks: what a sheet hides, paints or comments is said, and never published in silence."""

from __future__ import annotations

import datetime as dt
import io
import re
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from parvis.errors import InputError, LimitError
from parvis.tables import biff, header, package, workbook, xlsb
from parvis.tables.read import read_into
from parvis.tables.readers import excel
from parvis.tables.sink import Sink
from parvis.tables.table import Limits
from parvis.tables.workbook import Hidden
from reading import cells, codes, lines, of, told

GREEN = PatternFill("solid", fgColor="00B050")
RED = PatternFill("solid", fgColor="FFC00000")


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rounds(rows: int = 8) -> Any:
    """Return a workbook with one sheet: equipment and its state."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Équipements"
    sheet.append(["nom", "quartier", "surface"])
    for i in range(rows):
        sheet.append([f"Salle {i}", ("Nord", "Sud")[i % 2], 40 + 7 * i])
    return book


def said(sink: Any, code: str) -> str:
    return next(f.text for f in sink.findings if f.code == code)


def test_cells_painted_here_and_there_are_said(tmp_path: Path) -> None:
    book = rounds()
    for place, fill in (("A3", RED), ("A6", RED), ("A7", GREEN)):
        book.active[place].fill = fill
    sink = told(tmp_path, saved(book), "equipements.xlsx")
    assert "3 cellule(s)" in said(sink, "excel.colours")
    assert "A3, A6, A7" in said(sink, "excel.colours")


@pytest.mark.parametrize("painted", ["header", "column", "bands", "white"])
def test_decoration_is_not_taken_for_information(tmp_path: Path, painted: str) -> None:
    book = rounds()
    lines = {"header": [1], "column": range(2, 10), "bands": range(3, 10, 2), "white": [4]}[painted]
    for line in lines:
        for column in "B" if painted == "column" else "ABC":
            book.active[f"{column}{line}"].fill = (
                PatternFill("solid", fgColor="FFFFFFFF") if painted == "white" else GREEN
            )
    assert "excel.colours" not in codes(told(tmp_path, saved(book), "equipements.xlsx"))


def test_comments_are_said_and_not_published(tmp_path: Path) -> None:
    book = rounds()
    book.active["B4"].comment = Comment("voir avec le service", "agent")
    sink = told(tmp_path, saved(book), "equipements.xlsx")
    assert "B4" in said(sink, "excel.comments")
    assert all("voir avec" not in str(v) for row in cells(sink) for v in row.values())


def test_formulas_without_a_result_are_said_and_empty_texts_are_not(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Rue", "Longueur", "Surface"])
    for line in range(2, 7):
        book.active.append([f"Rue {line}", 10 * line, f"=B{line}*3"])
    out = io.BytesIO()
    book.save(out)
    (said,) = [f for f in told(tmp_path, out.getvalue(), "voirie.xlsx").findings if f.code == "excel.no_results"]
    assert said.count == 5 and said.place is not None and said.place.cell == "C2"
    reckoned = io.BytesIO()
    with zipfile.ZipFile(out) as given, zipfile.ZipFile(reckoned, "w") as kept:
        for name in given.namelist():
            content = given.read(name)
            if name.endswith("sheet1.xml"):  # as a spreadsheet writes a text that is empty
                content = re.sub(rb'<c r="(C\d)"(?: t="\w+")?>', rb'<c r="\1" t="str">', content)
            kept.writestr(name, content)
    (tmp_path / "b").mkdir()
    assert "excel.no_results" not in codes(told(tmp_path / "b", reckoned.getvalue(), "voirie.xlsx"))


def test_hidden_rows_columns_and_sheets_are_said_and_left_out(tmp_path: Path) -> None:
    book = rounds()
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["B"].hidden = True
    other = book.create_sheet("Brouillon")
    other.append(["secret", "code"])
    other.append(["x", 1])
    other.sheet_state = "hidden"
    sink = told(tmp_path, saved(book), "equipements.xlsx")
    assert {"excel.hidden_rows", "excel.hidden_columns", "excel.hidden_sheet"} <= set(codes(sink))
    assert len(sink.tables) == 1
    assert [row["nom"] for row in cells(sink)] == [f"Salle {i}" for i in range(8) if i != 1]
    assert list(sink.tables[0].labels) == ["nom", "surface"]


def test_the_text_of_a_merged_cell_is_seen_when_its_first_column_is_hidden(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Projet", None, None, "Lots", None], ["n°", "objet", "montant", "titulaire", "montant"]):
        sheet.append(row)
    for i in range(5):
        sheet.append([i, f"Chantier {i}", 100 * i, f"Société {i}", 90 * i])
    sheet.merge_cells("A1:C1")
    sheet.merge_cells("D1:E1")
    sheet.column_dimensions["A"].hidden = True
    sink = told(tmp_path, saved(book), "marches.xlsx")
    assert list(sink.tables[0].labels) == ["Projet / objet", "Projet / montant", "Lots / titulaire", "Lots / montant"]


def _long(rows: int = 60) -> Any:
    """Return a sheet that starts in C3, with a blank line, an error, a merged cell, hidden lines and columns."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Voirie"
    kinds = ("voie", "longueur", "date", "code", "note", "vue le", "secret")
    for place, label in enumerate(kinds, 3):
        sheet.cell(3, place, label)
    for i in range(rows):
        line = 4 + i
        if i == rows - 4:
            continue
        sheet.cell(line, 3, f"Rue {i}")
        sheet.cell(line, 4, 12.5 * i if i % 7 else None)
        sheet.cell(line, 5, dt.date(2024, 1, 1) + dt.timedelta(i // 2))
        sheet.cell(line, 6, f"{i:05d}")
        sheet.cell(line, 7, ("oui", 1, None, 2.5, " ")[i % 5])
        sheet.cell(line, 8, dt.datetime(2024, 1, 1, 8, i))  # noqa: DTZ001  no zone in a cell
        sheet.cell(line, 9, "à cacher")
    sheet["G40"] = "#N/A"
    sheet["C41"] = "#REF!"
    sheet["D42"].data_type = "e"
    sheet["D42"] = "#DIV/0!"
    sheet.row_dimensions[50].hidden = True
    sheet.column_dimensions["I"].hidden = True
    return book


def test_a_long_sheet_is_read_by_columns_as_a_short_one_is_by_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = saved(_long())
    (tmp_path / "a").mkdir()
    short = told(tmp_path / "a", content, "voirie.xlsx")
    monkeypatch.setattr(header, "WHOLE", 40)
    monkeypatch.setattr(workbook, "_HEAD", 5)
    monkeypatch.setattr(workbook, "_PART", 7)
    monkeypatch.setattr(workbook, "_GROUP", 3)
    (tmp_path / "b").mkdir()
    long = told(tmp_path / "b", content, "voirie.xlsx")
    assert long.tables[0].labels == short.tables[0].labels
    assert cells(long) == cells(short)
    assert lines(long) == lines(short)
    assert len(lines(long)) == 58 and 50 not in lines(long) and 60 not in lines(long)
    assert [f.text for f in long.findings] == [f.text for f in short.findings]
    assert {"G40", "C41", "D42"} == {c for f in long.findings if f.code == "excel.error_cells" for c in f.examples}


def test_the_header_that_a_person_chose_in_a_long_sheet_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(header, "WHOLE", 40)
    monkeypatch.setattr(workbook, "_HEAD", 5)
    path = tmp_path / "voirie.xlsx"
    path.write_bytes(saved(_long()))
    sink = Sink(tmp_path, headers={"Voirie": 3})
    read_into(path, "voirie.xlsx", sink)
    assert list(sink.tables[0].labels) == ["voie", "longueur", "date", "code", "note", "vue le"]
    assert sink.tables[0].rows == 58
    assert sink.tables[0].positions == (2, 3, 4, 5, 6, 7)


def _rewritten(content: bytes, **changes: tuple[str, str]) -> bytes:
    """Return a workbook whose first sheet's XML was changed by regular expressions."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in package.namelist():
            data = package.read(name)
            if name == "xl/worksheets/sheet1.xml":
                text = data.decode()
                for old, new in changes.values():
                    text, count = re.subn(old, new, text)
                    assert count, old
                data = text.encode()
            target.writestr(name, data)
    return out.getvalue()


def test_hidden_lines_are_seen_whatever_quotes_the_program_writes(tmp_path: Path) -> None:
    book = rounds()
    book.active.row_dimensions[3].hidden = True
    content = _rewritten(saved(book), quotes=(r'="([^"<>]*)"', r"='\1'"))
    sink = told(tmp_path, content, "equipements.xlsx")
    assert "excel.hidden_rows" in codes(sink)
    assert "Salle 1" not in {row["nom"] for row in cells(sink)}


@pytest.mark.parametrize("dimension", ["", '<dimension ref="A1:C9"/>'])
def test_a_stray_cell_far_away_is_refused_with_what_to_do(tmp_path: Path, dimension: str) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    content = _rewritten(saved(rounds()), far=("</sheetData>", far), dimension=(r"<dimension [^>]*/>", dimension))
    with pytest.raises(LimitError, match="1048576 lignes et 16384 colonnes"):
        told(tmp_path, content, "equipements.xlsx")


@pytest.mark.parametrize("tag", [b"<c ", b"<row ", b'<c r="A1" ', b"<col ", b"<a b", b'r="A1" ', b" a='"])
def test_tags_that_never_end_are_looked_at_once(tag: bytes) -> None:
    window = b"<c " + tag * (250_000 // len(tag)) + b' hidden="1" t="e" s="2"'
    start = time.process_time()
    excel._look_at_sheet([window], "Feuille", {b"1": "FF00B050"})
    assert time.process_time() - start < 2


# --- ODS ------------------------------------------------------------------------------------------

_NAMES = " ".join(
    f'xmlns:{k}="urn:oasis:names:tc:opendocument:xmlns:{v}:1.0"'
    for k, v in (("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"),
                 ("fo", "xsl-fo-compatible"))
)  # fmt: skip


def document(sheet: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMES}><office:automatic-styles>'
        '<style:style style:name="ce1" style:family="table-cell"><style:table-cell-properties '
        'fo:background-color="#ff0000"/></style:style></office:automatic-styles><office:body><office:spreadsheet>'
        f'<table:table table:name="Salles &amp; terrains">{sheet}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )


def row(*values: str, line: str = "", cell: str = "", note: str = "") -> str:
    inner = "".join(
        f'<table:table-cell office:value-type="string"{cell if i == 0 else ""}>'
        f"{note if i == 0 else ''}<text:p>{v}</text:p></table:table-cell>"
        for i, v in enumerate(values)
    )
    return f"<table:table-row{line}>{inner}</table:table-row>"


SHEET = (
    '<table:table-column/><table:table-column table:visibility="collapse"/><table:table-column/>'
    + row("nom", "interne", "type")
    + row("Halle", "x", "salle")
    + row("Stade", "x", "terrain", cell=' table:style-name="ce1"')
    + row("Foyer", "x", "salle", line=' table:visibility="filter"')
    + row("Gymnase", "x", "salle", note="<office:annotation><text:p>à revoir</text:p></office:annotation>")
    + row("Dojo", "x", "salle")
)


def ods(content: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return out.getvalue()


def test_a_libreoffice_sheet_says_what_it_hides_paints_and_comments(tmp_path: Path) -> None:
    sink = told(tmp_path, ods(document(SHEET)), "salles.ods")
    assert [r["nom"] for r in cells(sink)] == ["Halle", "Stade", "Gymnase", "Dojo"]
    assert list(sink.tables[0].labels) == ["nom", "type"]
    assert "A3" in said(sink, "excel.colours")
    assert "A5" in said(sink, "excel.comments")
    assert {"excel.hidden_rows", "excel.hidden_columns"} <= set(codes(sink))


# --- XLS ------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_an_old_workbook_hides_what_its_libreoffice_copy_hides(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "marches" / "montpellier-MarchesConclus"
    for number, suffix in enumerate(("xls", "ods")):
        work = tmp_path / str(number)
        work.mkdir()
        sink = of(work, folder / f"VilleMTP_MTP_MarchesConclus_2013.{suffix}")
        assert (sink.tables[0].rows, len(sink.tables[0].labels)) == (292, 15)
        assert "324 ligne(s)" in said(sink, "excel.hidden_rows")
        assert "10 colonne(s)" in said(sink, "excel.hidden_columns")


def test_records_of_an_old_workbook_are_read_without_believing_their_lengths() -> None:
    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    sheet = (
        record(0x809, b"\0" * 16)
        + record(0x7D, struct.pack("<HHHHHH", 2, 3, 100, 0, 1, 0))
        + record(0x208, struct.pack("<HHHHHHHH", 4, 0, 5, 0, 0, 0, 0x20, 0))
        + record(0x203, struct.pack("<HHHd", 6, 1, 1, 2.5))
        + record(0x1C, struct.pack("<HHHHH", 7, 0, 0, 1, 0))
        + record(0x0A, b"")
    )
    style = [b"\0" * 14 + struct.pack("<IH", 1 << 26 if painted else 0, 10) for painted in (False, True)]
    head = record(0x809, b"\0" * 16) + b"".join(record(0xE0, s) for s in style)
    place = len(head) + 4 + 8 + 5 + 4
    head += record(0x85, struct.pack("<IBBBB", place, 0, 0, 5, 0) + b"Liste") + record(0x0A, b"")
    found = biff._sheets(head + sheet)
    assert found == {
        "Liste": Hidden({5}, {2, 3}, colours={(7, 1): "10"}, comments={(8, 0): None}),
    }
    for cut in range(len(head), len(head + sheet), 7):
        biff._sheets((head + sheet)[:cut])


@pytest.mark.parametrize("content", [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 3000, b"\x09\x08" * 400])
def test_a_broken_old_workbook_only_gives_less(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "casse.xls"
    path.write_bytes(content)
    assert biff.look(path) == {}


def test_dates_and_hours_of_a_sheet_are_text_as_the_agent_sees_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["jour", "heure", "moment"])
    for i in range(4):
        book.active.append([dt.date(2024, 3, 1 + i), dt.time(8 + i, 30), dt.datetime(2024, 3, 1 + i, 9, 15)])  # noqa: DTZ001
    first = cells(told(tmp_path, saved(book), "horaires.xlsx"))[0]
    assert first == {"jour": "2024-03-01", "heure": "08:30:00", "moment": "2024-03-01 09:15:00"}


def test_a_flat_libreoffice_file_gives_what_its_package_gives(tmp_path: Path) -> None:
    content = (
        document(SHEET)
        .replace("document-content", "document")
        .replace(
            "<office:document ", '<office:document office:mimetype="application/vnd.oasis.opendocument.spreadsheet" ', 1
        )
    )
    sink = told(tmp_path, content.encode(), "salles.fods")
    assert [t.format for t in sink.tables] == ["fods"]
    assert [r["nom"] for r in cells(sink)] == ["Halle", "Stade", "Gymnase", "Dojo"]
    assert list(sink.tables[0].labels) == ["nom", "type"]
    assert "A3" in said(sink, "excel.colours")
    assert "A5" in said(sink, "excel.comments")
    assert {"excel.hidden_rows", "excel.hidden_columns"} <= set(codes(sink))


def test_the_values_of_a_flat_libreoffice_file_are_text_as_the_agent_sees_it(tmp_path: Path) -> None:
    def cell(kind: str, name: str, value: str) -> str:
        return f'<table:table-cell office:value-type="{kind}" office:{name}="{value}"><text:p>vu</text:p></table:table-cell>'

    line = (
        "<table:table-row>" + cell("float", "value", "12") + cell("currency", "value", "1234.5")
        + cell("date", "date-value", "2024-03-01") + cell("time", "time-value", "PT08H30M00S")
        + cell("boolean", "boolean-value", "true") + "</table:table-row>"
    )  # fmt: skip
    far = (
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
    )
    content = document(row("a", "b", "c", "d", "e") + line * 3 + far).replace("document-content", "document")
    content = content.replace(
        "<office:document ", '<office:document office:mimetype="application/vnd.oasis.opendocument.spreadsheet" ', 1
    )
    sink = told(tmp_path, content.encode(), "valeurs.fods")
    assert cells(sink) == [{"a": "12", "b": "1234.5", "c": "2024-03-01", "d": "08:30:00", "e": "vrai"}] * 3


def test_a_flat_file_with_definitions_is_refused(tmp_path: Path) -> None:
    content = '<!DOCTYPE x [<!ENTITY a "b">]>' + document(SHEET)
    with pytest.raises(InputError):
        told(tmp_path, content.encode(), "salles.fods")


def test_a_binary_workbook_says_what_it_hides() -> None:
    def record(kind: int, body: bytes) -> bytes:
        number = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return number + bytes([len(body)]) + body

    def string(said: str) -> bytes:
        return struct.pack("<I", len(said)) + said.encode("utf-16-le")

    sheet = (
        record(60, struct.pack("<IIIIH", 1, 2, 2560, 0, 1))
        + record(60, struct.pack("<IIIIH", 4, 4, 2560, 0, 2))
        + record(0, struct.pack("<IIHBBB", 3, 0, 300, 0, 0x10, 0) + b"\0" * 4)
        + record(0, struct.pack("<IIHBBB", 4, 0, 300, 0, 0, 0) + b"\0" * 4)
    )
    links = '<Relationships><Relationship Id="{0}" Target="{1}"/></Relationships>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        book = record(156, struct.pack("<II", 0, 1) + string("rId1") + string("Élus"))
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/_rels/workbook.bin.rels", links.format("rId1", "worksheets/sheet1.bin"))
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
        archive.writestr("xl/worksheets/_rels/sheet1.bin.rels", links.format("rId1", "../comments1.bin"))
        archive.writestr("xl/comments1.bin", record(635, struct.pack("<IIIII", 0, 6, 6, 1, 1) + b"\0" * 16))
    with zipfile.ZipFile(out) as archive:
        found = xlsb.look(archive, package.Meter(Limits(), len(out.getvalue())))
    assert found == {"Élus": Hidden({4}, {1, 2}, comments={(7, 1): None})}
    for cut in range(len(sheet)):
        xlsb._sheet(sheet[:cut])
