"""The spreadsheet itself, its cells coloured and commented: an agent corrects where the remark is.

A workbook of Excel is opened and written again with its sheets as they were; any other file (CSV, ODS, XLS, XML ...) is
laid out on sheets, each cell on the line that it has in the original. All of it happens in a confined process.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from parvis.errors import LimitError
from parvis.frozen import dataclass
from parvis.reports.report import Say, remark
from parvis.tables import cage
from parvis.tables.table import LINE, RawTable
from parvis.values import Finding, msg

MARKS = 50_000  # cells marked in one copy
_ROWS = 1_048_576  # of a sheet
_OPENED = 12 << 20  # bytes of a workbook that is opened whole; beyond, it is laid out anew
_EXPANDED = 200 << 20
_COMMENTED = 4000  # cells with a comment: each is a drawing, and a workbook of more opens slowly
_COLOURS = {"refuse": "F4B6BD", "block": "F4B6BD", "warn": "FBE0A8", "info": "CFDCFB"}
_RANK = {"refuse": 0, "block": 1, "warn": 2, "info": 3}
_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True, slots=True)
class Mark:
    """One cell to colour: 0-based column of the sheet, line from 1, what is said of it. Column -1 is the whole line."""

    sheet: str
    line: int
    column: int
    severity: str
    text: str


def marks(findings: Sequence[Finding], raw: RawTable, say: Say = str) -> list[Mark]:
    """Return the cells that findings on one table are about, most serious first; ``raw`` places the columns."""
    out: list[Mark] = []
    for finding in findings:
        place = finding.place
        lines = finding.lines or ((place.line,) if place is not None and place.line else ())
        if not lines and place is not None and place.column and raw.header_line:
            lines = (raw.header_line,)  # about the whole column: its header is marked
        if not lines:
            continue
        said = remark(finding, say)
        text = " ".join(t for t in (said.text, said.hint) if t)
        column = _column(raw, place.column, place.cell) if place is not None else -1
        out += [Mark(raw.name, n, column, str(finding.severity), text) for n in lines[: MARKS - len(out)]]
    return sorted(out, key=lambda m: _RANK[m.severity])


def write(
    source: Path, name: str, tables: Sequence[tuple[RawTable, Sequence[Finding]]], target: Path, say: Say = str
) -> Path:
    """Write the marked copy of a file and return its path. ``tables``: each table read, with what was found in it.

    Raises: LimitError when it does not fit a spreadsheet, and what ``cage.run`` raises.
    """
    if any(raw.rows >= _ROWS for raw, _ in tables):
        raise LimitError(
            msg("« {name} » a plus de lignes qu'un tableur n'en ouvre : la copie annotée n'a pas été faite."),
            msg("Prenez le rapport en page web, ou découpez le fichier par année."),
            name=name,
        )
    told = [m for raw, findings in tables for m in marks(findings, raw, say)][:MARKS]
    work = target.parent
    order = work / f"{target.name}.json"
    order.write_text(json.dumps([asdict(m) for m in told]), "utf-8")
    legend = [say(msg("Rouge : à décider avant de publier.")), say(msg("Jaune : à corriger si possible.")),
              say(msg("Bleu : bon à savoir.")), say(msg("Cette copie annotée vient de Parvis ; votre fichier n'a pas "
                                                        "changé."))]  # fmt: skip
    sheets = [{"path": str(raw.path), "name": raw.name or Path(name).stem, "of": raw.name, "labels": list(raw.labels),
               "columns": _columns(raw), "header": raw.header_line or 1} for raw, _ in tables]  # fmt: skip
    try:
        cage.run(
            "parvis.reports.marked:mark" if _is_workbook(source) else "parvis.reports.marked:lay_out",
            {"source": str(source), "order": str(order), "target": str(target), "sheets": sheets, "legend": legend},
            cage.Allowance(memory=1536 << 20, seconds=150.0),
            reads=[source, order, *(raw.path for raw, _ in tables)],
            writes=[work],
        )
    finally:
        order.unlink(missing_ok=True)
    return target


# --- In the confined process ----------------------------------------------------------------------


def mark(source: str, order: str, target: str, sheets: Sequence[Mapping[str, Any]], legend: Sequence[str]) -> None:
    """Open a workbook, colour and comment its cells, and write it under another name; macros are left out."""
    import mimetypes

    mimetypes.knownfiles = []  # of the machine, which this process may not read
    import openpyxl
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    with Path(source).open("rb") as stream:  # by its bytes: the vault keeps no suffix
        book = openpyxl.load_workbook(stream, keep_vba=False, keep_links=False)
    fills = {s: PatternFill("solid", fgColor=colour) for s, colour in _COLOURS.items()}
    commented = 0
    for (sheet, line, column), (severity, text) in _gathered(order).items():
        page = _sheet_of(book, sheet)
        if not hasattr(page, "cell"):
            continue  # a sheet that is a chart, or that is not there
        cell = page.cell(line, max(column, 0) + 1)
        if type(cell).__name__ == "MergedCell":
            continue
        cell.fill = fills[severity]
        if commented < _COMMENTED:
            cell.comment = Comment(text[:1500], "Parvis", height=140, width=320)
            commented += 1
    _explain(book, legend)
    book.save(target)


def lay_out(source: str, order: str, target: str, sheets: Sequence[Mapping[str, Any]], legend: Sequence[str]) -> None:
    """Lay the tables out on sheets, each row on its own line, cells as text: nothing of them is ever a formula."""
    import pyarrow.parquet as pq
    import xlsxwriter

    marked = _gathered(order)
    taken: set[str] = set()
    with xlsxwriter.Workbook(
        target,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    ) as book:
        fills = {s: book.add_format({"bg_color": f"#{colour}"}) for s, colour in _COLOURS.items()}
        bold = book.add_format({"bold": True})
        commented = 0
        for sheet in sheets:
            page = book.add_worksheet(_sheet_name(str(sheet["name"]), taken))
            head = int(sheet["header"]) - 1
            for label, column in zip(sheet["labels"], sheet["columns"], strict=True):
                page.write_string(head, column, str(label)[:32_000], bold)
            last = head
            for batch in pq.ParquetFile(sheet["path"]).iter_batches(columns=[LINE, *_cells(sheet)]):
                for row in zip(*(c.to_pylist() for c in batch.columns), strict=True):
                    line = max(int(row[0]), last + 2)  # a file of one line a row keeps its numbers
                    last = line - 1
                    for value, column in zip(row[1:], sheet["columns"], strict=True):
                        found = marked.get((str(sheet["of"]), int(row[0]), column))
                        form = fills[found[0]] if found is not None else None
                        if value is not None or form is not None:
                            page.write_string(last, column, (value or "")[:32_000], form)
                        if found is not None and commented < _COMMENTED:
                            page.write_comment(last, column, found[1][:1500], {"author": "Parvis", "x_scale": 2.5})
                            commented += 1
        page = book.add_worksheet(_sheet_name("Parvis", taken))
        for number, sentence in enumerate(legend):
            page.write_string(number, 0, sentence)


def _sheet_of(book: Any, name: str) -> Any:
    """Return the sheet of a table; one of several tables of a sheet is named after it."""
    near = [n for n in book.sheetnames if name == n or name.startswith(n)]
    return book[max(near, key=len)] if near else book.worksheets[0] if len(book.worksheets) == 1 else None


def _gathered(order: str) -> dict[tuple[str, int, int], tuple[str, str]]:
    """Return the marks by cell, those of one cell in one text under its most serious colour."""
    out: dict[tuple[str, int, int], tuple[str, str]] = {}
    for told in json.loads(Path(order).read_text("utf-8")):
        key = (told["sheet"], told["line"], max(told["column"], 0))
        severity, text = out.get(key, (told["severity"], ""))
        if told["text"] not in text:
            out[key] = (severity, f"{text}\n\n{told['text']}".strip())
    return out


def _explain(book: Any, legend: Sequence[str]) -> None:
    page = book.create_sheet(_sheet_name("Parvis", {n.casefold() for n in book.sheetnames}))
    for number, sentence in enumerate(legend, 1):
        page.cell(number, 1, sentence)


def _sheet_name(name: str, taken: set[str]) -> str:
    """Return a name that a spreadsheet takes: 31 signs, none of its own, unlike the others."""
    bare = _SHEET_NAME.sub(" ", name).strip(" '")[:31] or "Feuille"
    wanted, turn = bare, 2
    while wanted.casefold() in taken or wanted.casefold() == "history":
        end = f" {turn}"
        wanted, turn = bare[: 31 - len(end)] + end, turn + 1
    taken.add(wanted.casefold())
    return wanted


def _cells(sheet: Mapping[str, Any]) -> list[str]:
    return [f"c{i}" for i in range(len(sheet["labels"]))]


# --- Where columns stand --------------------------------------------------------------------------


def _columns(raw: RawTable) -> list[int]:
    """Return the 0-based column of the sheet where each column of the table stands."""
    return list(raw.positions) if raw.positions else [raw.first_column + i for i in range(len(raw.labels))]


def _column(raw: RawTable, label: str, cell: str) -> int:
    letters = cell.rstrip("0123456789")
    if letters.isalpha():
        number = 0
        for letter in letters.upper():
            number = number * 26 + ord(letter) - 64
        return number - 1
    return _columns(raw)[list(raw.labels).index(label)] if label and label in raw.labels else -1


def _is_workbook(source: Path) -> bool:
    """True for a workbook of Excel 2007 and later that is small enough to be opened whole."""
    try:
        with zipfile.ZipFile(source) as archive:
            names = set(archive.namelist())
            whole = sum(i.file_size for i in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
    return "xl/workbook.xml" in names and source.stat().st_size <= _OPENED and whole <= _EXPANDED
