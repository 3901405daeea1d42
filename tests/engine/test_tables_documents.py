"""Tables of text documents: what a printed page shows is read, what is deleted, hidden or commented never is."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from parvis.errors import InputError, ParvisError
from parvis.tables import cage
from parvis.tables.read import read
from parvis.tables.table import Limits
from parvis.values import Parcel, Severity
from reading import cells, codes, told

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
ODT = "application/vnd.oasis.opendocument.text"
ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)


def packed(members: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(body: str, **more: str) -> bytes:
    main = f"<w:document {W}><w:body>{body}</w:body></w:document>"
    return packed({"word/document.xml": main, **{f"word/{k}.xml": v for k, v in more.items()}})


def odt(body: str, before: str = "") -> bytes:
    text = f"<office:body><office:text>{before}{body}</office:text></office:body>"
    return packed({"mimetype": ODT, "content.xml": f"<office:document-content {ODF}>{text}</office:document-content>"})


def p(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def tc(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{text if text.startswith('<') else p(text)}</w:tc>"


def tbl(*rows: list[str]) -> str:
    return (
        "<w:tbl>"
        + "".join(f"<w:tr>{''.join(c if c.startswith('<') else tc(c) for c in row)}</w:tr>" for row in rows)
        + "</w:tbl>"
    )


ROOMS = tbl(["Salle", "Places", "Tarif"], ["Halle", "300", "450"], ["Foyer", "80", "120"], ["Préau", "60", "0"])


def test_a_word_table_is_read_under_its_header(tmp_path: Path) -> None:
    sink = told(tmp_path, docx(p("Salles à louer") + ROOMS + p("Fait en mairie.")), "salles.docx")
    assert sink.tables[0].labels == ("Salle", "Places", "Tarif")
    assert cells(sink)[1] == {"Salle": "Foyer", "Places": "80", "Tarif": "120"}
    assert sink.tables[0].format == "docx"


def test_several_tables_bear_their_captions(tmp_path: Path) -> None:
    schools = tbl(["École", "Classes"], ["Prévert", "6"], ["Pagnol", "8"])
    sink = told(tmp_path, docx(p("Salles à louer :") + ROOMS + p("Écoles") + schools), "annexe.docx")
    assert [(t.name, t.rows) for t in sink.tables] == [("Salles à louer", 3), ("Écoles", 2)]


def test_a_table_cut_in_two_under_the_same_header_is_one(tmp_path: Path) -> None:
    following = tbl(["Salle", "Places", "Tarif"], ["Gymnase", "500", "900"])
    sink = told(tmp_path, docx(ROOMS + p("(suite)") + following), "salles.docx")
    assert [t.rows for t in sink.tables] == [4]


def test_merged_cells_go_down_and_headers_are_joined(tmp_path: Path) -> None:
    restart, goes_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    table = tbl(
        [tc("Quartier", restart), tc("Effectifs", '<w:gridSpan w:val="2"/>')],
        [tc("", goes_on), "Filles", "Garçons"],
        [tc("Centre", restart), "12", "15"],
        [tc("", goes_on), "20", "21"],
        ["Nord", "7", "8"],
    )
    sink = told(tmp_path, docx(table), "effectifs.docx")
    assert sink.tables[0].labels[0] == "Quartier"
    assert [label.startswith("Effectifs") for label in sink.tables[0].labels] == [False, True, True]
    assert [list(r.values()) for r in cells(sink)] == [
        ["Centre", "12", "15"],
        ["Centre", "20", "21"],
        ["Nord", "7", "8"],
    ]


def test_tracked_changes_comments_and_hidden_text_are_said_and_never_read(tmp_path: Path) -> None:
    changed = (
        '<w:p><w:ins w:author="X"><w:r><w:t>450</w:t></w:r></w:ins>'
        '<w:del w:author="X"><w:r><w:delText>999</w:delText></w:r></w:del>'
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>SECRET</w:t></w:r></w:p>"
    )
    gone = '<w:tr><w:trPr><w:del w:author="X"/></w:trPr>' + tc("Ôtée") + tc("1") + tc("1") + "</w:tr>"
    table = tbl(["Salle", "Places", "Tarif"], ["Halle", "300", tc(changed)], ["Foyer", "80", "120"]).replace(
        "</w:tbl>", f"{gone}</w:tbl>"
    )
    sink = told(tmp_path, docx(table, comments=f'<w:comments {W}><w:comment w:id="1"/></w:comments>'), "salles.docx")
    assert [list(r.values()) for r in cells(sink)] == [["Halle", "300", "450"], ["Foyer", "80", "120"]]
    said = {f.code: f for f in sink.findings}
    assert said["document.tracked"].severity is Severity.BLOCK
    assert {"document.comments", "document.hidden"} <= set(said)


def test_colours_that_stand_for_words_are_asked_about(tmp_path: Path) -> None:
    def day(fill: str) -> str:
        return tc("", f'<w:shd w:fill="{fill}"/>')

    table = tbl(
        ["Heure", "Lundi", "Mardi"], ["8 h", day("FF0000"), day("00B050")], ["9 h", day("00B050"), day("FFC000")]
    )
    sink = told(tmp_path, docx(table), "affluence.docx")
    assert [list(r.values()) for r in cells(sink)] == [["8 h", "rouge", "vert"], ["9 h", "vert", "orange"]]
    assert "document.colours" in codes(sink)


def test_macros_and_embedded_files_are_said(tmp_path: Path) -> None:
    main = f"<w:document {W}><w:body>{ROOMS}</w:body></w:document>"
    sent = {"word/document.xml": main, "word/vbaProject.bin": b"x", "word/embeddings/Classeur1.xlsx": b"x"}
    assert {"document.macros", "document.embedded"} <= set(codes(told(tmp_path, packed(sent), "salles.docm")))
    (tmp_path / "work").rename(tmp_path / "before")
    sent["word/document.xml"] = f"<w:document {W}><w:body>{p('Bonjour')}</w:body></w:document>"
    with pytest.raises(InputError, match="macros"):
        told(tmp_path, packed(sent), "lettre.docm")


def test_a_letter_without_table_is_refused_with_what_to_do(tmp_path: Path) -> None:
    frame = tbl(["Mairie", ""], ["", ""])
    with pytest.raises(InputError, match="aucun tableau"):
        told(tmp_path, docx(frame + p("Madame, Monsieur")), "lettre.docx")


def test_a_table_in_a_frame_is_found(tmp_path: Path) -> None:
    sink = told(tmp_path, docx(tbl([tc(ROOMS + p(""))])), "cadre.docx")
    assert [t.rows for t in sink.tables] == [3]


def cell(text: str, **attributes: Any) -> str:
    said = "".join(f' table:{k.replace("_", "-")}="{v}"' for k, v in attributes.items())
    return f"<table:table-cell{said}><text:p>{text}</text:p></table:table-cell>"


def table(*rows: str) -> str:
    return (
        f'<table:table table:name="T1">{"".join(f"<table:table-row>{r}</table:table-row>" for r in rows)}</table:table>'
    )


def test_an_odt_table_is_read_without_what_was_deleted(tmp_path: Path) -> None:
    covered = "<table:covered-table-cell/>"
    body = table(
        cell("Salle", number_rows_spanned=2) + cell("Tarif", number_columns_spanned=2) + covered,
        covered + cell("Semaine") + cell("Fête"),
        cell("Halle<office:annotation><text:p>à revoir</text:p></office:annotation>")
        + cell("100", number_columns_repeated=2),
        cell("Foyer") + cell("50") + cell("60<text:hidden-text>SECRET</text:hidden-text>"),
        cell("Préau") + cell("5") + cell("6"),
    )
    old = table(cell("Vieux") + cell("Non"), cell("a") + cell("b"))
    region = f"<text:changed-region><text:deletion>{old}</text:deletion></text:changed-region>"
    before = f"<text:tracked-changes>{region}</text:tracked-changes>"
    sink = told(tmp_path, odt(body, before), "salles.odt")
    assert len(sink.tables) == 1
    assert [list(r.values()) for r in cells(sink)] == [
        ["Halle", "100", "100"],
        ["Foyer", "50", "60"],
        ["Préau", "5", "6"],
    ]
    assert sink.tables[0].labels[0] == "Salle"
    assert {"document.tracked", "document.comments", "document.hidden"} <= set(codes(sink))


def test_a_flat_odt_is_read_too(tmp_path: Path) -> None:
    content = (f'<office:document {ODF} office:mimetype="{ODT}"><office:body><office:text>'
               + table(cell("Salle") + cell("Places"), cell("Halle") + cell("300"), cell("Foyer") + cell("80"))
               + "</office:text></office:body></office:document>")  # fmt: skip
    sink = told(tmp_path, content.encode(), "salles.fodt")
    assert cells(sink)[0] == {"Salle": "Halle", "Places": "300"}


# --- Hostile documents ----------------------------------------------------------------------------

BOMB = docx(ROOMS, media="0" * (200 << 20))
DOCTYPE = packed(
    {"word/document.xml": f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document {W}>&x;</w:document>'}
)
HOSTILE = {
    "entities.docx": DOCTYPE,
    "cut.docx": docx(ROOMS)[:-60],
    "cut_xml.docx": packed({"word/document.xml": f"<w:document {W}><w:body>{ROOMS[:200]}"}),
    "spans.docx": docx(tbl([tc("a", '<w:gridSpan w:val="999999999999"/>'), "b"], ["c", "d"])),
    "deep.docx": docx("<w:tbl><w:tr><w:tc>" * 3000 + "</w:tc></w:tr></w:tbl>" * 3000),
    "slip.docx": packed({"word/document.xml": "<w:document/>", "../../evil.xml": "x"}),
    "false.docx": b"PK\x03\x04word/document.xml" + b"\x00" * 100,
    "entities.odt": packed({"mimetype": ODT, "content.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
    "rows.odt": odt('<table:table><table:table-row table:number-rows-repeated="99999999"><table:table-cell '
                    'table:number-columns-repeated="99999999"/></table:table-row></table:table>'),
    "empty.odt": packed({"mimetype": ODT}),
    "notes.odt": odt("<text:p>Bonjour</text:p>"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_in_french(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    got = read(Parcel(path, name, "", path.stat().st_size), tmp_path / "read", Limits(seconds=20))
    assert not got.tables or name == "spans.docx"
    assert got.refused == (not got.tables)
    assert all("n'a pas pu être lu : il est endommagé" not in f.text for f in got.findings), "an unforeseen error"


def test_a_document_that_swells_is_stopped(tmp_path: Path) -> None:
    swollen = f"<w:document {W}><w:body>{ROOMS}<w:p><w:r><w:t>{'a' * (9 << 20)}</w:t></w:r></w:p>" + "<w:p/>" * (
        20 << 20
    )
    with pytest.raises(ParvisError) as caught:
        told(tmp_path, packed({"word/document.xml": swollen}), "bombe.docx")
    assert "limite" in caught.value.text


def test_the_cage_is_still_there() -> None:
    assert cage.state()["memory"]
