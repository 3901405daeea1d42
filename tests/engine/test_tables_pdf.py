"""Tables of PDF: found by their lines or by alignment, joined over the pages; hidden text is said and never read."""

from __future__ import annotations

import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import typst

from parvis.errors import InputError
from parvis.tables.read import read
from parvis.tables.table import Limits
from parvis.values import Parcel, Severity
from reading import cells, codes, told

PAGE = '#set page(width: 18cm, height: 12cm, margin: 1.5cm, numbering: "1")\n#set text(size: 9pt)\n'
HEADER = "table.header([Salle], [Places], [Tarif])"


def pdf(source: str, picture: bytes = b"") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        main = Path(folder, "main.typ")
        main.write_text(PAGE + source, "utf-8")
        if picture:
            Path(folder, "scan.png").write_bytes(picture)
        return bytes(typst.compile(main))


def rooms(count: int, options: str = "", header: str = HEADER) -> str:
    rows = ", ".join(f"[Salle {n}], [{n * 10}], [{n * 25},50]" for n in range(1, count + 1))
    return f"#table(columns: (5cm, 3cm, 3cm), {options} {header}, {rows})\n"


def test_a_table_drawn_with_lines_is_read(tmp_path: Path) -> None:
    sink = told(tmp_path, pdf("Salles à louer\n" + rooms(5)), "salles.pdf")
    assert sink.tables[0].labels == ("Salle", "Places", "Tarif")
    assert cells(sink)[4] == {"Salle": "Salle 5", "Places": "50", "Tarif": "125,50"}
    assert "pdf.read" in codes(sink)


@pytest.mark.parametrize("header", [HEADER, "[Salle], [Places], [Tarif]"], ids=["repeated", "once"])
def test_a_table_over_several_pages_is_one(header: str, tmp_path: Path) -> None:
    sink = told(tmp_path, pdf("#set page(header: [Ville de Fontclaire])\n" + rooms(60, header=header)), "salles.pdf")
    assert [t.rows for t in sink.tables] == [60]
    assert cells(sink)[59]["Salle"] == "Salle 60"


def test_two_tables_are_two(tmp_path: Path) -> None:
    other = "#table(columns: 2, [École], [Classes], [Prévert], [6], [Pagnol], [8])\n"
    sink = told(tmp_path, pdf("Salles à louer\n" + rooms(3) + "\n\nÉcoles\n" + other), "annexe.pdf")
    assert [(t.name, t.rows) for t in sink.tables] == [("Salles à louer", 3), ("Écoles", 2)]


def test_a_table_without_lines_is_read_by_its_alignment(tmp_path: Path) -> None:
    text = "Le conseil municipal a fixé les tarifs suivants pour la location des salles de la commune.\n\n"
    sink = told(tmp_path, pdf(text + rooms(8, "stroke: none,")), "salles.pdf")
    assert cells(sink)[7] == {"Salle": "Salle 8", "Places": "80", "Tarif": "200,50"}
    assert sink.tables[0].rows == 8
    assert "pdf.unruled" in codes(sink)


def test_wrapped_cells_without_lines_and_moving_columns_are_followed(tmp_path: Path) -> None:
    works = ", ".join(
        f"[Travaux {n}], [Réfection de la toiture de l'école primaire numéro {n}], [{n}000 €]" for n in range(1, 6)
    )
    sink = told(
        tmp_path,
        pdf(f"#table(columns: (3cm, 4cm, 2cm), stroke: none, [Objet], [Description], [Montant], {works})"),
        "a.pdf",
    )
    assert [r["Montant"] for r in cells(sink)] == [f"{n}000 €" for n in range(1, 6)]
    assert cells(sink)[4]["Description"] == "Réfection de la toiture de l’école primaire numéro 5"
    (tmp_path / "work").rename(tmp_path / "before")
    years = ", ".join(f"[{y}], [{y % 97}], [{y % 31}]" for y in range(2000, 2030))
    sink = told(
        tmp_path,
        pdf(f"#table(columns: 3, align: right, stroke: none, [Année], [Naissances], [Décès], {years})"),
        "b.pdf",
    )
    assert [t.rows for t in sink.tables] == [30]


def test_merged_cells_are_undone(tmp_path: Path) -> None:
    source = """#table(columns: 3,
      table.cell(rowspan: 2)[Quartier], table.cell(colspan: 2)[Effectifs], [Filles], [Garçons],
      table.cell(rowspan: 2)[Centre], [12], [15], [20], [21], [Nord], [7], [8])"""
    sink = told(tmp_path, pdf(source), "effectifs.pdf")
    assert [list(r.values()) for r in cells(sink)] == [
        ["Centre", "12", "15"],
        ["Centre", "20", "21"],
        ["Nord", "7", "8"],
    ]
    assert sink.tables[0].labels[1].startswith("Effectifs")


def test_text_under_a_black_box_is_said_and_never_read(tmp_path: Path) -> None:
    masked = "[#box[MODELE#place(top + left, dx: -2pt, dy: -2pt, rect(width: 60pt, height: 12pt, fill: black))]]"
    source = f"#table(columns: (4cm, 4cm), [Bénéficiaire], [Montant], {masked}, [450], [Club], [300], [Ligue], [200])"
    sink = told(tmp_path, pdf(source), "aides.pdf")
    (finding,) = [f for f in sink.findings if f.code == "pdf.hidden_text"]
    assert finding.severity is Severity.BLOCK
    assert "MODELE" not in str(cells(sink)) + str(sink.findings) + str(sink.tables)
    assert [r["Montant"] for r in cells(sink)] == ["450", "300", "200"]


def test_white_text_on_a_dark_header_is_read(tmp_path: Path) -> None:
    fill = "fill: (x, y) => if y == 0 { navy },"
    header = "table.header(..([Salle], [Places], [Tarif]).map(c => text(fill: white, c)))"
    sink = told(tmp_path, pdf(rooms(4, fill, header)), "salles.pdf")
    assert sink.tables[0].labels == ("Salle", "Places", "Tarif")
    assert "pdf.hidden_text" not in codes(sink)


def test_white_text_on_white_is_not_read(tmp_path: Path) -> None:
    sink = told(tmp_path, pdf(rooms(4) + "#text(fill: white)[Jean MODELE, 12 rue des Prés]"), "salles.pdf")
    assert "pdf.hidden_text" in codes(sink)


def test_a_scanned_page_is_said_to_be_an_image(tmp_path: Path) -> None:
    scan = '#set page(margin: 0cm, numbering: none)\n#image("scan.png", width: 18cm, height: 12cm)\n'
    with pytest.raises(InputError, match="image") as caught:
        told(tmp_path, pdf(scan, png()), "scan.pdf")
    assert caught.value.hint
    (tmp_path / "work").rmdir()
    sink = told(tmp_path, pdf(rooms(5) + scan, png()), "mixte.pdf")
    assert "pdf.scanned_pages" in codes(sink)


def test_a_letter_in_pdf_gives_no_table(tmp_path: Path) -> None:
    text = "Madame, Monsieur, " + "la commune a le plaisir de vous annoncer la réouverture de la halle. " * 20
    with pytest.raises(InputError, match="aucun tableau"):
        told(tmp_path, pdf(f"#columns(2)[{text}]\n\n{text}"), "lettre.pdf")


# --- Hostile PDF ----------------------------------------------------------------------------------


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + bytes((x * y) % 256 for x in range(64)) for y in range(64))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))  # fmt: skip


def raw(*objects: str, trailer: str = "/Root 1 0 R") -> bytes:
    """Return a PDF made of these objects, numbered from 1, without a table of offsets."""
    body = "".join(f"{n} 0 obj {o} endobj\n" for n, o in enumerate(objects, 1))
    return f"%PDF-1.4\n{body}trailer <<{trailer}>>\n%%EOF".encode("latin-1")


def bomb() -> bytes:
    data = zlib.compress(zlib.compress(b" " * (400 << 20), 9), 9)
    stream = f"<</Length {len(data)}/Filter[/FlateDecode/FlateDecode]>>stream\n".encode() + data + b"\nendstream"
    head = raw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
               "<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 500]/Contents 4 0 R>>")  # fmt: skip
    return head.replace(b"trailer", b"4 0 obj " + stream + b" endobj\ntrailer")


FORM = "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</A 4 0 R>>>>/Length 5>>stream\n/A Do\nendstream"
HOSTILE: dict[str, Any] = {
    "cut.pdf": pdf(rooms(5))[:1500],
    "head.pdf": b"%PDF-1.7\n" + b"\x00\xff" * 5000,
    "pages_in_a_ring.pdf": raw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9999999>>"),
    "forms_in_a_ring.pdf": raw(
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 5 0 R/Resources<</XObject<</A 4 0 R>>>>>>",
        FORM,
        "<</Length 5>>stream\n/A Do\nendstream",
    ),
    "self.pdf": raw("1 0 R"),
    "deep.pdf": b"%PDF-1.4\n1 0 obj " + b"[" * 100_000 + b" endobj\ntrailer <</Root 1 0 R>>",
    "script.pdf": raw(
        "<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>", "<</Type/Pages/Kids[]/Count 0>>"
    ),
    "bomb.pdf": bomb(),
    "locked.pdf": raw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>",
                      "<</Filter/Standard/V 1/R 2/O<" + "41" * 32 + ">/U<" + "42" * 32 + ">/P -4>>",
                      trailer="/Root 1 0 R/Encrypt 3 0 R/ID[<00><00>]"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_pdf_is_refused_in_french(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    got = read(Parcel(path, name, "", path.stat().st_size), tmp_path / "read", Limits(seconds=8))
    assert not got.tables
    (said,) = got.findings
    assert said.severity is Severity.REFUSE
    if name not in ("bomb.pdf", "forms_in_a_ring.pdf", "deep.pdf", "self.pdf"):  # stopped by the limits
        assert "PDF" in said.text


def test_a_program_in_a_pdf_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="programme"):
        told(tmp_path, HOSTILE["script.pdf"], "script.pdf")


def test_a_locked_pdf_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="mot de passe"):
        told(tmp_path, HOSTILE["locked.pdf"], "locked.pdf")
