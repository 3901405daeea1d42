"""What stands in the hidden places of files: found, said with its place, never repeated, and harmless when hostile."""

from __future__ import annotations

import io
import json
import sqlite3
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typst
import xlwt
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from parvis.privacy import traces
from parvis.privacy.trace import HINTS, SENTENCES, people_in
from parvis.tables import cage
from parvis.values import Finding, Severity, to_json

NAME = "Zyxalinde Quiberon"
MAILBOX = "zyxalinde.quiberon@courriel.example"
SECRETS = (NAME, MAILBOX, "Quiberon", "zyxalinde")
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
OFFICE = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def look(folder: Path, name: str, content: bytes, **more: Any) -> dict[str, Finding]:
    """Return the traces of bytes by kind, after seeing that none of them repeats what it found."""
    path = folder / "recu"
    path.write_bytes(content)
    found = traces.look(path, name, **more)
    said = json.dumps(to_json(found), ensure_ascii=False)
    assert not [s for s in SECRETS if s in said], said
    for finding in found:
        assert finding.code == "privacy.trace" and finding.hint and finding.why
        assert "{" not in finding.text
    return {str(f.values["trace"]): f for f in found}


def packed(members: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return out.getvalue()


def workbook(make: Any = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Arbres"
    for row in (["Essence", "Quartier"], ["Tilleul", "Gare"], ["Platane", "Centre"]):
        sheet.append(row)
    book.properties.creator = "openpyxl"
    if make:
        make(book, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_members(content: bytes, members: dict[str, str | bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        held: dict[str, str | bytes] = {n: package.read(n) for n in package.namelist()}
    return packed({**held, **members})


# --- Workbooks ------------------------------------------------------------------------------------


def test_a_plain_workbook_hides_nobody(tmp_path: Path) -> None:
    found = look(tmp_path, "arbres.xlsx", workbook())
    assert not [f for f in found.values() if f.values["people"]]
    assert set(found) <= {"author", "property"}


def test_what_a_workbook_hides_is_found(tmp_path: Path) -> None:
    def make(book: Any, sheet: Any) -> None:
        book.properties.creator, book.properties.lastModifiedBy = NAME, "Q. Zyx"
        hidden = book.create_sheet("Paie")
        hidden.append([NAME])
        hidden.sheet_state = "veryHidden"
        sheet["A2"].comment = Comment(f"Vu avec Mme Quiberon, {MAILBOX}", NAME)
        sheet.column_dimensions["B"].hidden = True
        sheet.row_dimensions[3].hidden = True
        sheet.oddHeader.center.text = "Dossier suivi par Mme Zyxalinde Quiberon"
        book.defined_names["cachee"] = DefinedName("cachee", attr_text="Paie!$A$1", hidden=True)

    found = look(tmp_path, "arbres.xlsx", workbook(make))
    assert {"author", "hidden_sheet", "comment", "reviewer", "hidden_columns", "hidden_rows", "header_footer",
            "defined_name"} <= set(found)  # fmt: skip
    assert found["hidden_sheet"].text == "La feuille « Paie » est masquée : elle reste dans le fichier."
    assert found["comment"].place is not None and found["comment"].place.cell == "A2"
    assert "email" in found["comment"].values["people"] and "person_name" in found["author"].values["people"]
    assert (found["hidden_columns"].count, found["hidden_rows"].count) == (1, 1)
    assert {f.severity for f in found.values()} == {Severity.WARN}


def test_pivot_caches_copies_of_other_files_and_connections_are_found(tmp_path: Path) -> None:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    rows = "".join(f'<r><s v="x{i}"/></r>' for i in range(40))
    content = with_members(
        workbook(),
        {
            "xl/pivotCache/pivotCacheDefinition1.xml": f'<pivotCacheDefinition {main} refreshedBy="{NAME}"><cacheFields>'
            f'<cacheField><sharedItems><s v="{MAILBOX}"/></sharedItems></cacheField></cacheFields></pivotCacheDefinition>',
            "xl/pivotCache/pivotCacheRecords1.xml": f"<pivotCacheRecords {main}>{rows}</pivotCacheRecords>",
            "xl/externalLinks/externalLink1.xml": f"<externalLink {main}><cell><v>{NAME}</v></cell></externalLink>",
            "xl/connections.xml": f'<connections {main}><connection name="RH"><dbPr connection="UID=quiberon"/></connection>'
            "</connections>",
            "xl/embeddings/Courrier_QUIBERON_Zyxalinde.docx": b"x",
            "docProps/thumbnail.jpeg": b"\xff\xd8\xff",
            "xl/vbaProject.bin": b"x",
            "xl/_rels/externalLink1.xml.rels": '<Relationships><Relationship Id="r1" '
            'Target="file:///C:\\Users\\zyxalinde.quiberon\\paie.xlsx"/></Relationships>',
        },
    )
    found = look(tmp_path, "arbres.xlsx", content)
    assert {"pivot_cache", "external_link", "connection", "embedded", "thumbnail", "macro", "path", "account",
            "reviewer"} <= set(found)  # fmt: skip
    assert found["pivot_cache"].count == 40 and "email" in found["pivot_cache"].values["people"]
    assert "person_name" in found["account"].values["people"]


def test_a_sheet_named_after_somebody_is_said_without_its_name(tmp_path: Path) -> None:
    found = look(
        tmp_path, "aides.xlsx", workbook(lambda book, sheet: setattr(sheet, "title", "Mme Quiberon Zyxalinde"))
    )
    assert found["sheet_name"].count == 1


def test_a_file_published_as_it_came_is_blocked(tmp_path: Path) -> None:
    found = look(tmp_path, "a.xlsx", workbook(lambda b, s: setattr(b.properties, "creator", NAME)), as_it_came=True)
    assert found["author"].severity is Severity.BLOCK
    assert traces.about_people(tuple(found.values())) == (found["author"],)


# --- Documents ------------------------------------------------------------------------------------


def document(body: str, more: dict[str, str | bytes] | None = None) -> bytes:
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    return packed(
        {
            "[Content_Types].xml": types,
            "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
            **(more or {}),
        }
    )


def test_what_a_word_document_hides_is_found(tmp_path: Path) -> None:
    body = (
        f'<w:p><w:ins w:author="{NAME}"><w:r><w:t>ajout</w:t></w:r></w:ins>'
        f'<w:del w:author="{NAME}"><w:r><w:delText>Mme Quiberon, 06 12 34 56 78</w:delText></w:r></w:del></w:p>'
        f"<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>secret de {MAILBOX}</w:t></w:r></w:p>"
    )
    core = (
        '<cp:coreProperties xmlns:cp="x" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:creator>{NAME}</dc:creator><dc:title>Plainte de Mme Quiberon</dc:title></cp:coreProperties>"
    )
    found = look(
        tmp_path,
        "deliberation.docx",
        document(
            body,
            {
                "word/comments.xml": f'<w:comments {W}><w:comment w:author="{NAME}"><w:t>à revoir</w:t></w:comment></w:comments>',
                "word/footer1.xml": f"<w:ftr {W}><w:t>Affaire suivie par Mme Zyxalinde Quiberon</w:t></w:ftr>",
                "docProps/core.xml": core,
                "docProps/custom.xml": f'<Properties><property name="Agent">{NAME}</property></Properties>',
                "customXml/item1.xml": f"<fiche><agent>{NAME}</agent></fiche>",
                "word/media/image1.jpeg": jpeg(artist=NAME, gps=True),
            },
        ),
    )
    assert {"tracked", "reviewer", "hidden_text", "comment", "header_footer", "author", "property", "custom_data", "gps",
            "photo_author"} <= set(found)  # fmt: skip
    assert found["tracked"].count == 2 and "phone" in found["tracked"].values["people"]
    assert "email" in found["hidden_text"].values["people"]


def test_hidden_slides_and_notes_of_a_presentation_are_found(tmp_path: Path) -> None:
    p = 'xmlns:p="x" xmlns:a="y"'
    content = packed(
        {
            "[Content_Types].xml": "<Types/>",
            "ppt/presentation.xml": f"<p:presentation {p}/>",
            "ppt/slides/slide1.xml": f'<p:sld {p} show="0"><a:t>Mme Quiberon</a:t></p:sld>',
            "ppt/notesSlides/notesSlide1.xml": f"<p:notes {p}><a:t>parler de Mme Quiberon</a:t></p:notes>",
            "ppt/commentAuthors.xml": f'<p:l {p}><p:cmAuthor name="{NAME}"/></p:l>',
        }
    )
    found = look(tmp_path, "projet.pptx", content)
    assert {"hidden_slide", "notes", "reviewer"} <= set(found)
    assert "person_name" in found["notes"].values["people"]


@pytest.mark.parametrize("flat", [False, True])
def test_what_a_libreoffice_document_hides_is_found(tmp_path: Path, flat: bool) -> None:
    meta = f"<office:meta><meta:initial-creator>{NAME}</meta:initial-creator><dc:title>Aides</dc:title></office:meta>"
    content = (
        '<office:automatic-styles><style:style style:name="ta2"><style:table-properties table:display="false"/></style:style>'
        '<style:style style:name="T1"><style:text-properties text:display="none"/></style:style></office:automatic-styles>'
        f"<office:body><table:table table:name='Paie' table:style-name='ta2'><table:table-row table:visibility='collapse'/>"
        f"<table:table-column table:visibility='filter' table:number-columns-repeated='3'/>"
        f"<table:table-row><table:table-cell><office:annotation><dc:creator>{NAME}</dc:creator>"
        f"<text:p>{MAILBOX}</text:p></office:annotation></table:table-cell></table:table-row></table:table>"
        f"<text:p><text:span text:style-name='T1'>caché</text:span></text:p>"
        f"<text:tracked-changes><text:changed-region><text:deletion><text:p>Mme Quiberon</text:p></text:deletion>"
        f"</text:changed-region></text:tracked-changes></office:body>"
    )
    if flat:
        root = f'<office:document {OFFICE} office:mimetype="application/vnd.oasis.opendocument.x">'
        body: bytes = f'<?xml version="1.0"?>{root}{meta}{content}</office:document>'.encode()
    else:
        body = packed(
            {
                "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
                "meta.xml": f"<office:document-meta {OFFICE}>{meta}</office:document-meta>",
                "content.xml": f"<office:document-content {OFFICE}>{content}</office:document-content>",
                "Thumbnails/thumbnail.png": b"x",
            }
        )
    found = look(tmp_path, "aides.fods" if flat else "aides.ods", body)
    assert {"author", "property", "hidden_sheet", "hidden_rows", "hidden_columns", "comment", "reviewer", "tracked",
            "hidden_text"} <= set(found)  # fmt: skip
    assert found["hidden_columns"].count == 3
    assert ("thumbnail" in found) is not flat


# --- Old Office files -----------------------------------------------------------------------------


def summary(texts: dict[int, str]) -> bytes:
    """Return a set of properties of texts."""
    values, places = b"", []
    for number, text in texts.items():
        places.append((number, 8 + 8 * len(texts) + len(values)))
        raw = text.encode("cp1252") + b"\0"
        values += struct.pack("<II", 0x1E, len(raw)) + raw + b"\0" * (-len(raw) % 4)
    section = struct.pack("<II", 8 + 8 * len(texts) + len(values), len(texts))
    section += b"".join(struct.pack("<II", *p) for p in places) + values
    return b"\xfe\xff" + b"\0" * 22 + struct.pack("<I", 1) + b"\0" * 16 + struct.pack("<I", 48) + section


def compound_file(streams: dict[str, bytes]) -> bytes:
    """Return an old Office file of these streams, each in sectors of its own."""
    held = {n: s.ljust(4096, b"\0") for n, s in streams.items()}
    table, body = [0xFFFFFFFD, 0xFFFFFFFE], b""
    entries = [("Root Entry", 5, 0xFFFFFFFE, 0)]
    for name, stream in held.items():
        start, count = len(table), -(-len(stream) // 512)
        table += [*range(start + 1, start + count), 0xFFFFFFFE]
        body += stream.ljust(count * 512, b"\0")
        entries.append((name, 2, start, len(stream)))
    directory = b""
    for name, kind, start, size in entries:
        raw = name.encode("utf-16-le")
        row = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw) + 2, kind, 1) + b"\xff" * 12
        directory += row.ljust(116, b"\0") + struct.pack("<IQ", start, size)
    assert len(entries) <= 4 and len(table) <= 128
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    sectors = struct.pack(f"<{len(table)}I", *table).ljust(512, b"\xff") + directory.ljust(512, b"\0")
    return head + sectors + body


def test_who_wrote_an_old_document_is_found(tmp_path: Path) -> None:
    content = compound_file(
        {
            "\x05SummaryInformation": summary({4: NAME, 2: "Plainte de Mme Quiberon", 8: "mairie"}),
            "\x05DocumentSummaryInformation": summary({14: "M. Jean Martin", 15: "Commune"}),
        }
    )
    found = look(tmp_path, "courrier.doc", content)
    assert {"author", "property"} <= set(found)
    assert "person_name" in found["author"].values["people"] and "person_name" in found["property"].values["people"]
    cut = look(tmp_path, "courrier.doc", content[:900])
    assert not [f for f in cut.values() if f.values["people"]]


def test_hidden_sheets_and_the_user_of_an_old_workbook_are_found(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    book.owner = NAME
    shown, hidden = book.add_sheet("Aides"), book.add_sheet("Paie")
    shown.write(0, 0, "a")
    shown.row(3).hidden = True
    shown.write(3, 0, "b")
    shown.col(2).hidden = True
    hidden.write(0, 0, NAME)
    hidden.visibility = 1
    out = io.BytesIO()
    book.save(out)
    found = look(tmp_path, "aides.xls", out.getvalue())
    assert {"author", "hidden_sheet", "hidden_rows", "hidden_columns"} <= set(found)
    assert found["hidden_sheet"].values["sheet"] == "Paie"


# --- PDF ------------------------------------------------------------------------------------------


def pdf(source: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        main = Path(folder, "main.typ")
        main.write_text(source, "utf-8")
        return bytes(typst.compile(main))


def test_text_under_a_black_box_and_the_author_of_a_pdf_are_found(tmp_path: Path) -> None:
    source = (
        f'#set document(author: "{NAME}", title: "Arrêté", date: none)\n'
        "#set page(width: 16cm, height: 8cm)\nLe maire arrête :\n\n"
        "#place(dx: 0pt, dy: 0pt)[Mme Zyxalinde Quiberon, 06 12 34 56 78]"
        "#place(dx: 0pt, dy: -4pt, rect(width: 10cm, height: 20pt, fill: black))"
    )
    found = look(tmp_path, "arrete.pdf", pdf(source))
    assert found["covered"].count > 20 and found["covered"].values["page"] == 1
    assert {"person_name", "phone"} <= set(found["covered"].values["people"].split(", "))
    assert "person_name" in found["author"].values["people"]
    clean = look(tmp_path, "arrete.pdf", pdf("#set document(date: none)\nLe maire arrête."))
    assert not [f for f in clean.values() if f.values["people"]]


def raw_pdf(objects: list[str], tail: bytes = b"") -> bytes:
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(out)
    table = "".join(f"{o:010d} 00000 n \n" for o in offsets)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    return out + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode() + tail


def test_annotations_forms_layers_joined_files_and_earlier_states_of_a_pdf_are_found(tmp_path: Path) -> None:
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] >> /OCProperties << /D << /OFF [6 0 R] >> >> "
        "/Names << /EmbeddedFiles << /Names [(Courrier_QUIBERON_Zyxalinde.pdf) 7 0 R] >> >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Annots [4 0 R] >>",
        f"<< /Type /Annot /Subtype /Text /Rect [10 10 30 30] /T ({NAME}) /Contents (rappeler {MAILBOX}) >>",
        "<< /FT /Tx /T (nom) /V (Mme Quiberon) >>",
        "<< /Type /OCG /Name (x) >>",
        "<< /Type /Filespec >>",
    ]
    once = raw_pdf(objects)
    found = look(tmp_path, "avis.pdf", once)
    assert {"annotation", "form_field", "hidden_layer", "embedded"} <= set(found)
    assert "email" in found["annotation"].values["people"]
    assert "earlier_version" not in found
    start = once.rindex(b"xref\n0 ")
    again = once + f"startxref\n{start}\n%%EOF\n".encode()
    assert look(tmp_path, "avis.pdf", again)["earlier_version"].count == 1


# --- Photos ---------------------------------------------------------------------------------------


def tiff(artist: str = "", gps: bool = False, serial: str = "", time: str = "", order: str = "<") -> bytes:
    """Return an EXIF block with these entries."""
    entries: list[tuple[int, int, bytes]] = []
    if artist:
        entries.append((0x013B, 2, artist.encode() + b"\0"))
    if time:
        entries.append((0x0132, 2, time.encode() + b"\0"))
    if serial:
        entries.append((0xA431, 2, serial.encode() + b"\0"))
    count = len(entries) + int(gps)
    after = 8 + 2 + 12 * count + 4
    rows, blob = b"", b""
    for tag, kind, value in sorted(entries):
        held = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(f"{order}I", after + len(blob))
        blob += value if len(value) > 4 else b""
        rows += struct.pack(f"{order}HHI", tag, kind, len(value)) + held
    if gps:
        rows += struct.pack(f"{order}HHII", 0x8825, 4, 1, after + len(blob))
        inner = after + len(blob) + 2 + 24 + 4
        blob += struct.pack(f"{order}H", 2)
        blob += struct.pack(f"{order}HHII", 2, 5, 3, inner) + struct.pack(f"{order}HHII", 4, 5, 3, inner)
        blob += struct.pack(f"{order}I", 0) + struct.pack(f"{order}6I", 47, 1, 12, 1, 3, 1)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}I", 8) + struct.pack(f"{order}H", count) + rows + b"\0\0\0\0" + blob


def jpeg(**facts: Any) -> bytes:
    block = b"Exif\0\0" + tiff(**facts)
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(block) + 2) + block + b"\xff\xda\0\2\xff\xd9"


def png(**facts: Any) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    text = b"Author\0" + NAME.encode()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"eXIf", tiff(**facts)) + chunk(b"tEXt", text) + chunk(b"IEND", b"")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("make", [jpeg, png])
def test_the_place_the_author_and_the_device_of_a_photo_are_found(tmp_path: Path, make: Any, order: str) -> None:
    content = make(artist=NAME, gps=True, serial="0123456789", time="2026:03:01 10:00:00", order=order)
    found = look(tmp_path, "photo.jpg", content)
    assert {"gps", "photo_author", "photo_device", "photo_time"} <= set(found)
    assert "person_name" in found["photo_author"].values["people"]
    assert "gps" in look(tmp_path, "p.tif", tiff(gps=True, order=order))
    heic = b"\0\0\0\x18ftypheic" + b"\0" * 40 + b"Exif\0\0" + tiff(gps=True, order=order)
    assert "gps" in look(tmp_path, "p.heic", heic)
    webp = b"RIFF\0\0\0\0WEBPEXIF" + struct.pack("<I", len(tiff(gps=True))) + tiff(gps=True)
    assert "gps" in look(tmp_path, "p.webp", webp)
    assert not look(tmp_path, "vide.jpg", b"\xff\xd8\xff\xe0\0\4JF\xff\xda")


def test_xmp_and_iptc_name_the_photographer(tmp_path: Path) -> None:
    xmp = f'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><dc:creator><rdf:li>{NAME}</rdf:li></dc:creator> exif:GPSLatitude="47"'
    part = xmp.encode()
    byline = b"\x1c\x02\x50" + struct.pack(">H", len(NAME)) + NAME.encode()
    content = (
        b"\xff\xd8\xff\xe1" + struct.pack(">H", len(part) + 2) + part
        + b"\xff\xed" + struct.pack(">H", len(byline) + 2) + byline + b"\xff\xda"
    )  # fmt: skip
    found = look(tmp_path, "photo.jpg", content)
    assert {"gps", "photo_author"} <= set(found)


# --- Names and data -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["Courrier_DURAND_Rose.pdf", "lettre-mme-quiberon.csv", "aides MARTIN Julie.xlsx", "Aides_KERVOAZOUEN_Julie.csv"],
)
def test_a_file_named_after_somebody_is_said(tmp_path: Path, name: str) -> None:
    assert "file_name" in look(tmp_path, name, b"a;b\n1;2\n")


@pytest.mark.parametrize(
    "name",
    [
        "arbres.csv",
        "ecole_Jean_Jaures.xlsx",
        "budget-2026.pdf",
        "rue Victor Hugo.geojson",
        "liste ECOLE Pierre Loti.csv",
        "MAIRIE Fontclaire 2026.xlsx",
        "subventions_associations.csv",
    ],
)
def test_a_file_named_after_a_place_is_not(tmp_path: Path, name: str) -> None:
    assert "file_name" not in look(tmp_path, name, b"a;b\n1;2\n")


def test_documents_and_photos_of_an_archive_are_looked_into(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {
        "photos/chantier.jpg": jpeg(gps=True),
        "actes/acte.docx": document(f'<w:p><w:del w:author="{NAME}"><w:t>Mme Quiberon</w:t></w:del></w:p>'),
        "arbres.csv": "a;b\n1;2\n",
        "abime.xlsx": b"PK\3\4 rien",
    }
    found = look(tmp_path, "envoi.zip", packed(members))
    assert {"gps", "tracked", "reviewer"} <= set(found)
    assert traces.may_hide("envoi.zip") and traces.may_hide("plan.pdf") and not traces.may_hide("arbres.csv")


def test_members_of_an_archive_metadata_and_deleted_rows_are_looked_at(tmp_path: Path) -> None:
    assert "member_name" in look(tmp_path, "envoi.zip", packed({"Courrier_DURAND_Rose.pdf": b"x", "b.csv": b"x"}))
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({"agent": f"Mme Quiberon {MAILBOX}"}), sink)
    assert "email" in look(tmp_path, "t.parquet", sink.getvalue())["table_metadata"].values["people"]
    base = tmp_path / "b.db"
    with sqlite3.connect(base) as held:
        held.execute("CREATE TABLE t (x)")
        held.executemany("INSERT INTO t VALUES (?)", [("x" * 900,)] * 50)
        held.execute("DELETE FROM t")
    held.close()
    assert look(tmp_path, "b.sqlite", base.read_bytes())["deleted_rows"].count > 5
    gpx = f'<gpx><metadata><author><name>{NAME}</name><email id="zyx" domain="courriel.example"/></author></metadata></gpx>'
    assert "email" in look(tmp_path, "chemin.gpx", gpx.encode())["author"].values["people"]


# --- Hostile --------------------------------------------------------------------------------------

HOSTILE = {
    "bomb.docx": packed({"[Content_Types].xml": "x", "word/document.xml": b"<a>" + b"0" * (150 << 20)}),
    "entities.docx": document("").replace(b"x", b"x"),
    "cut.xlsx": workbook()[:700],
    "cut.pdf": b"%PDF-1.7\n1 0 obj\n<<",
    "loop.tif": b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0",
    "far.jpg": b"\xff\xd8\xff\xe1\0\x20Exif\0\0II*\0\xff\xff\xff\xff" + b"\0" * 20,
    "empty.png": b"\x89PNG\r\n\x1a\n",
    "empty": b"",
    "loop.doc": compound_file({"\x05SummaryInformation": b"\xfe\xff" + b"\xff" * 80})[:76] + b"\0" * 2000,
    "cut.db": b"SQLite format 3\0" + b"\0" * 50,
    "cut.parquet": b"PAR1" + b"\0" * 50,
    "bad.gpx": b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><gpx><author>&a;</author></gpx>",
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_file_harms_nothing(tmp_path: Path, name: str) -> None:
    found = look(tmp_path, name, HOSTILE[name], allowance=cage.Allowance(memory=512 << 20, seconds=30))
    assert set(found) <= {"unread", "thumbnail", "author", "property"}


def test_outside_entities_are_never_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("Mme Zyxalinde Quiberon")
    body = (
        f'<!DOCTYPE x [<!ENTITY a SYSTEM "{secret.as_uri()}">]><w:comments {W}><w:comment>&a;</w:comment></w:comments>'
    )
    found = look(tmp_path, "a.docx", document("", {"word/comments.xml": body}))
    assert "unread" in found and "comment" not in found


def test_every_kind_has_its_sentence_and_every_plugin_its_title() -> None:
    assert set(HINTS) <= set(SENTENCES)
    for name, plugin in traces.plugins().items():
        assert plugin.TITLE and callable(plugin.recognises) and callable(plugin.look), name
    assert people_in(["Mairie de Fontclaire"], named=True) == ()
    assert people_in(["zquiberon"], named=True) == ("person_name",)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("masque.pdf", "covered"),
        ("suivi.docx", "tracked"),
        ("feuille_masquee.xlsx", "hidden_sheet"),
        ("photo.jpg", "gps"),
    ],
)
def test_the_hostile_files_beside_the_repository_are_seen(shared: Path, name: str, kind: str) -> None:
    found = traces.look(shared / "badfiles" / name)
    assert kind in {f.values["trace"] for f in found}
