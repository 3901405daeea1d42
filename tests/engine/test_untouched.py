"""Whether a file may be given as it came: only when nothing stands in it that its published table does not say."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.worksheet.datavalidation import DataValidation

from parvis import pipeline
from parvis.privacy import policy as policies
from parvis.privacy import traces as looking
from parvis.privacy import untouched
from parvis.privacy.untouched import ASK, NO, YES, Giving
from parvis.values import Policy, Step

HIDDEN = "Zyxalinde Kervoazouen"
ROWS: list[list[Any]] = [["Essence", "Quartier", "Hauteur", "Plantation"]] + [
    [kind, place, height, f"{3 + n:02d}/11/{1990 + n}"]
    for n, (kind, place, height) in enumerate(
        [("Tilleul", "Gare", 8.5), ("Érable", "Les Prés", 6.25), ("Platane", "Gare", 14.0), ("Orme", "Centre", 4.75)]
        * 3
    )
]


def csv(rows: list[list[Any]] = ROWS) -> bytes:
    return "\n".join(
        ";".join(str(c).replace(".", ",") if isinstance(c, float) else c for c in r) for r in rows
    ).encode()


def workbook(change: Callable[[Any], None] = lambda book: None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in ROWS:
        sheet.append(row)
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def packed(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("arbres.csv", data)
    return out.getvalue()


def judged(path: Path, content: bytes, policy: Policy | None = None) -> Giving:
    """Return the answer on a file, as it is given when it comes."""
    path.write_bytes(content)
    with pipeline.opened(path) as (reception, tables):
        traces = looking.look(path, path.name, as_it_came=True)
        held = pipeline._held_whole(reception.parcel, tables, traces)
        if len(held) != 1:
            return Giving(NO, untouched.SEVERAL)
        one = held[0].preparation
        return untouched.may_give(one, policy or policies.accept(one.policy, "essai"), traces)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("arbres.csv", csv()),
        ("arbres.csv", csv().decode().encode("cp1252")),
        ("arbres.csv", b"\xef\xbb\xbf" + csv()),
        ("arbres.xlsx", workbook()),
        ("bornes.geojson", json.dumps({
            "type": "FeatureCollection", "features": [
                {"type": "Feature", "id": n, "properties": {"nom": f"Borne {n}", "debit": n + 0.5},
                 "geometry": {"type": "Point", "coordinates": [2.1 + n / 7, 48.3]}} for n in range(6)
            ],
        }).encode()),
    ],
    ids=["csv", "cp1252", "bom", "workbook", "geojson"],
)  # fmt: skip
def test_a_file_that_is_its_table_may_be_given(tmp_path: Path, name: str, content: bytes) -> None:
    told = judged(tmp_path / name, content)
    assert told.verdict == YES, told.says.format(**told.values)


def test_what_stands_beside_the_table_is_shown_to_whoever_decides(tmp_path: Path) -> None:
    title = [["Arbres de la ville, état au printemps", "", "", ""], ["", "", "", ""]]
    told = judged(tmp_path / "arbres.csv", csv(title + ROWS))
    assert told.verdict == ASK
    assert told.says == untouched.BESIDE


def hidden_sheet(book: Any) -> None:
    sheet = book.create_sheet("Suivi")
    sheet.sheet_state = "hidden"
    sheet.append(["Agent"])
    sheet.append([HIDDEN])


def second_sheet(book: Any) -> None:
    sheet = book.create_sheet("Suivi")
    for row in ROWS:
        sheet.append(row)


def comment(book: Any) -> None:
    book.active["B2"].comment = Comment(HIDDEN, "x")


def author(book: Any) -> None:
    book.properties.creator = HIDDEN


def company(book: Any) -> None:
    book.properties.description = "code 7731"


def hidden_row(book: Any) -> None:
    book.active.row_dimensions[4].hidden = True


def hidden_column(book: Any) -> None:
    book.active.column_dimensions["C"].hidden = True


def far_cell(book: Any) -> None:
    book.active["ZZ900"] = f"Mme {HIDDEN}, 06 98 71 23 45"


def named_range(book: Any) -> None:
    from openpyxl.workbook.defined_name import DefinedName

    book.defined_names["suivi"] = DefinedName("suivi", attr_text=f'"Mme {HIDDEN}"')


def list_of_choices(book: Any) -> None:
    rule = DataValidation(type="list", formula1=f'"Mme {HIDDEN},M. Jean Martin"')
    book.active.add_data_validation(rule)
    rule.add("B2:B9")


def prompt(book: Any) -> None:
    rule = DataValidation(
        type="whole", formula1="1", prompt=f"Demander à Mme {HIDDEN} au 06 98 71 23 45", promptTitle="Aide"
    )
    book.active.add_data_validation(rule)
    rule.add("B2:B9")


def link(book: Any) -> None:
    book.active["A2"].hyperlink = "mailto:zyxalinde.kervoazouen@courriel.example"


def formula(book: Any) -> None:
    book.active["A2"] = f'=IF(1=1,"Tilleul","Mme {HIDDEN} 06 98 71 23 45")'


def footer(book: Any) -> None:
    book.active.oddFooter.left.text = f"Mme {HIDDEN}"


def money(book: Any) -> None:
    book.active["C2"].number_format = f'0.0" Mme {HIDDEN}"'


@pytest.mark.parametrize(
    "hide",
    [hidden_sheet, second_sheet, comment, author, company, hidden_row, hidden_column, far_cell, named_range, list_of_choices,
     prompt, link, footer],
)  # fmt: skip
def test_a_workbook_that_hides_something_is_not_given(tmp_path: Path, hide: Callable[[Any], None]) -> None:
    told = judged(tmp_path / "arbres.xlsx", workbook(hide))
    assert told.verdict == NO, told.says


@pytest.mark.parametrize("hide", [formula, money])
def test_words_of_formulas_and_formats_are_read_too(tmp_path: Path, hide: Callable[[Any], None]) -> None:
    assert judged(tmp_path / "arbres.xlsx", workbook(hide)).verdict == NO


def added(name: str, data: bytes, *, comment: bytes = b"", before: bytes = b"", extra: bytes = b"") -> bytes:
    out = io.BytesIO(workbook())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as package:
        if name:
            told = zipfile.ZipInfo(name)
            told.extra = extra
            package.writestr(told, data)
        package.comment = comment
    return before + out.getvalue()


SECRET = HIDDEN.encode()


@pytest.mark.parametrize(
    "content",
    [
        added("xl/media/image1.png", SECRET),
        added("customXml/item1.xml", b"<a>" + SECRET + b"</a>"),
        added("notes.txt", SECRET),
        added("", b"", comment=SECRET),
        added("", b"", before=SECRET * 4),
        added("xl/tables/table9.xml", b"<a/>", extra=b"\x99\x99\xc8\x00" + SECRET.ljust(200, b" ")),
        added("xl/tables/table9.xml", b"<!-- " + b"Mme " + SECRET + b" 06 98 71 23 45 --><a/>"),
        added("xl/tables/table9.xml", b"<a/><?memo " + b"Mme " + SECRET + b" 06 98 71 23 45 ?>"),
        added("xl/tables/table9.xml", b'<a memo="Mme ' + SECRET + b' 06 98 71 23 45"/>'),
    ],
    ids=[
        "picture",
        "custom data",
        "stray file",
        "comment",
        "before",
        "extra",
        "xml comment",
        "instruction",
        "attribute",
    ],
)
def test_no_byte_of_a_package_is_left_unread(tmp_path: Path, content: bytes) -> None:
    assert judged(tmp_path / "arbres.xlsx", content).verdict == NO


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("arbres.csv", f"Liste suivie par Mme {HIDDEN};;;\n".encode() + csv()),
        ("arbres.csv", csv() + f"\nSource : Mme {HIDDEN}, 06 98 71 23 45;;;\n".encode()),
        ("arbres.csv", b"".join(b"Remarque %d sur la saison;;;\n" % n for n in range(40)) + csv()),
        ("arbres_de_mme_kervoazouen.csv", csv()),
        ("arbres.tsv.pdf", b"%PDF-1.4\n" + csv()),
        ("arbres.zip", packed(csv())),
        ("arbres.csv.gz", gzip.compress(csv())),
    ],
    ids=["title", "note", "too much", "name of the file", "another format", "zip", "gzip"],
)
def test_a_text_that_says_more_than_its_table_is_not_given(tmp_path: Path, name: str, content: bytes) -> None:
    assert judged(tmp_path / name, content).verdict == NO


def test_a_telephone_is_no_coordinate(tmp_path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"nom": f"Borne {n}"},
            "geometry": {"type": "Point", "coordinates": [2.1, 48.3 + n]},
        }
        for n in range(4)
    ]
    told: dict[str, Any] = {"type": "FeatureCollection", "features": features, "bbox": ["06.98.71.23.45"]}
    assert judged(tmp_path / "bornes.geojson", json.dumps(told).encode()).verdict != YES
    twice = '{"type":"FeatureCollection","features":[' + ",".join(json.dumps(f) for f in features) + "]"
    again = twice + f',"memo":"Mme {HIDDEN}, 06 98 71 23 45","memo":"x"}}'
    assert judged(tmp_path / "bornes.geojson", again.encode()).verdict == NO


def test_a_table_that_is_changed_keeps_its_file(tmp_path: Path) -> None:
    path = tmp_path / "arbres.csv"
    dropped = policies.decide(Policy(), "quartier", "drop", by="essai")
    assert judged(path, csv(), dropped) == Giving(NO, untouched.TREATED)
    path.write_bytes(csv())
    with pipeline.opened(path) as (reception, tables):
        (held,) = pipeline._held_whole(reception.parcel, tables)
        step = Step("drop_columns", {"columns": ["Quartier"]}, message="x")
        lost = dataclasses.replace(held.preparation, recipe=(step,))
        assert untouched.may_give(lost, Policy(), ()).says == untouched.LOST
        assert untouched.may_give(dataclasses.replace(held.preparation, untouched=None), Policy(), ()).verdict == NO


def test_real_files_are_given_or_not_without_a_fault(shared: Path, tmp_path: Path) -> None:
    """Texts that offices write in many ways are still known for what they are in the table."""
    found = (
        sorted((shared / "data").rglob("*.csv"))[::40] + sorted((shared / "data" / "schemas").rglob("*valid*.csv"))[:2]
    )
    small = [p for p in found if p.stat().st_size < 100_000]
    assert small
    for path in small:
        assert judged(tmp_path / path.name, path.read_bytes()).verdict in (YES, ASK, NO)
