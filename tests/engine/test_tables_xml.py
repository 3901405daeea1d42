"""XML of any kind: what repeats becomes rows; entities, DOCTYPE, nesting and other documents are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import reading
from parvis.errors import InputError, ParvisError
from reading import cells, lines

MARKETS = """<?xml version="1.0" encoding="{encoding}"?>
<contrats>
 <entete><date>2026-01-01</date></entete>
 <contrat id="1"><objet>Réfection</objet><acheteur><id>217</id></acheteur>
   <titulaires><titulaire>A</titulaire><titulaire>B</titulaire></titulaires></contrat>
 <contrat id="2"><objet>Écoles</objet><montant>12,5</montant></contrat>
</contrats>"""


def told(tmp_path: Path, content: str | bytes, name: str = "export.xml") -> Any:
    return reading.told(tmp_path, content if isinstance(content, bytes) else content.encode(), name)


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "windows-1252", "UTF-16"])
def test_the_element_that_repeats_becomes_rows(tmp_path: Path, encoding: str) -> None:
    sink = told(tmp_path, MARKETS.format(encoding=encoding).encode(encoding))
    assert cells(sink) == [
        {"id": "1", "objet": "Réfection", "acheteur.id": "217", "titulaires.titulaire": "A|B", "montant": None},
        {"id": "2", "objet": "Écoles", "acheteur.id": None, "titulaires.titulaire": None, "montant": "12,5"},
    ]
    assert lines(sink) == [4, 6]


def test_rows_without_a_container_are_found_among_other_elements(tmp_path: Path) -> None:
    rows = "".join(f"<l><nom>Lieu {n}</nom><cp>0{n}000</cp></l>" for n in range(1, 6))
    sink = told(tmp_path, f"<e><auteur>x</auteur><lieux><communaux>{rows}</communaux></lieux><fin><a/><a/></fin></e>")
    assert cells(sink)[4] == {"nom": "Lieu 5", "cp": "05000"}


BOMBS = {
    "laughs": '<!DOCTYPE a [<!ENTITY b "x">'
    + "".join(f'<!ENTITY b{n} "&b{n - 1 or ""};&b;">' for n in range(1, 20))
    + "]><a>&b9;</a>",
    "file": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a><l>&b;</l><l>&b;</l></a>',
    "network": '<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><a><l>1</l><l>2</l></a>',
    "late": "<?xml version='1.0'?>\n<!-- a -->\n<!-- b -->" + " " * 9000 + "<!doctype a><a/>",
    "comment": "<!-- <a> --><!DOCTYPE a [<!ENTITY b 'x'>]><a>&b;</a>",
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_documents_that_define_entities_are_refused(tmp_path: Path, content: str, codec: str) -> None:
    content = content.replace('version="1.0"', f'version="1.0" encoding="{codec}"')
    with pytest.raises(InputError, match="DOCTYPE"):
        told(tmp_path, content.encode(codec))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ('<?xml version="1.0" encoding="UTF-7"?><a><l>1</l><l>2</l></a>', "encodage"),
        ("<a><l>1</l><l>2", "ligne 1"),
        ("<a>\n<l>1</l>\n<l>&inconnu;</l></a>", "ligne 3"),
        ("<a>" * 10_000, "ligne 1"),
        ("<a><l>1</l></a>", "répété"),
        ("<a/>", "répété"),
        ("<gmd:MD_Metadata xmlns:gmd='g'><gmd:a>1</gmd:a></gmd:MD_Metadata>", "métadonnées"),
        ("<rdf:RDF xmlns:rdf='r'><a>1</a><a>2</a></rdf:RDF>", "catalogue"),
        ("<Workbook><Row/><Row/></Workbook>", "Excel 2003"),
        ("<ServiceExceptionReport><a>1</a></ServiceExceptionReport>", "service de cartes"),
        ("<a>" + "".join(f"<e{n}>1</e{n}>" for n in range(6000)) + "</a>", "trop d'éléments"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(tmp_path: Path, content: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        told(tmp_path, content)


def test_an_enormous_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParvisError, match="ligne"):
        told(tmp_path, "<a><l>" + "x" * 12_000_000 + "</l><l>2</l></a>")


def test_a_great_many_rows_take_little_memory(tmp_path: Path) -> None:
    sink = told(tmp_path, "<a>" + "<l><n>1</n><v>x</v></l>" * 60_000 + "</a>")
    assert sink.tables[0].rows == 60_000


def test_elements_in_elements_of_their_own_name_keep_their_parent(tmp_path: Path) -> None:
    plan = """<plan><comptes><compte code="1" nom="Capitaux"><compte code="10" nom="Dotations"><compte code="102" nom="Fonds"/>
    </compte></compte><compte code="2" nom="Immobilisations"/></comptes>
    <chapitres><chapitre code="011" nom="Charges"/><chapitre code="012" nom="Personnel"/>
    <chapitre code="65" nom="Autres"/></chapitres></plan>"""
    sink = told(tmp_path, plan)
    assert [(r["code"], r["niveau"], r["parent"]) for r in cells(sink)] == [
        ("1", "1", None),
        ("10", "2", "1"),
        ("102", "3", "10"),
        ("2", "1", None),
    ]
    assert [(t.name, t.rows) for t in sink.tables] == [("", 4), ("chapitre", 3)]


SHEET = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="Salles"><Table><Column ss:Index="3" ss:Hidden="1"/>
<Row><Cell><Data ss:Type="String">Salle</Data></Cell><Cell><Data ss:Type="String">Places</Data></Cell>
<Cell><Data ss:Type="String">Secret</Data></Cell><Cell><Data ss:Type="String">Ouverte le</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">Halle</Data></Cell><Cell ss:Formula="=1+1"><Data ss:Type="Number">300</Data></Cell>
<Cell ss:Index="4"><Data ss:Type="DateTime">2024-03-01T00:00:00.000</Data></Cell></Row>
<Row ss:Hidden="1"><Cell><Data ss:Type="String">Cachée</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">Foyer</Data></Cell><Cell><Data ss:Type="Number">80.0</Data></Cell></Row></Table></Worksheet>
<Worksheet ss:Name="Brouillon"><Table><Row><Cell><Data ss:Type="String">x</Data></Cell></Row></Table>
<WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel"><Visible>SheetHidden</Visible></WorksheetOptions></Worksheet>
</Workbook>"""


def test_an_excel_2003_workbook_in_xml_is_read_without_what_it_hides(tmp_path: Path) -> None:
    sink = told(tmp_path, SHEET, "salles.xls")
    assert cells(sink) == [
        {"Salle": "Halle", "Places": "300", "Ouverte le": "2024-03-01"},
        {"Salle": "Foyer", "Places": "80", "Ouverte le": None},
    ]
    assert {"excel.hidden_sheet", "excel.hidden_cells"} <= {f.code for f in sink.findings}
    assert "Secret" not in str(sink.tables)
