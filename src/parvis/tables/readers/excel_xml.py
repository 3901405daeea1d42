"""Excel 2003 saved as XML (SpreadsheetML): what some business software still calls .xls.

Format: « XML Spreadsheet Reference », Office 2003. Formulas never run: the values that were saved are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import document, markup
from parvis.values import Finding, Place, Severity, msg

TITLE = "Classeur Excel 2003 (XML)"
SUFFIXES = (".xml", ".xls")

_HOLE = 5_000  # lines that an index may jump over


def recognises(path: Path, head: bytes) -> float:
    return 0.95 if markup.looks(head) == "Workbook" else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put every visible sheet into the sink, its hidden lines and columns left out."""
    markup.guard(path)
    findings: list[Finding] = []
    for number, (_, sheet) in enumerate(markup.elements(path, ["{*}Worksheet"]), 1):
        title = _said(sheet, "Name") or f"Feuille {number}"
        visible = (sheet.findtext("{*}WorksheetOptions/{*}Visible") or "").strip()
        if visible in ("SheetHidden", "SheetVeryHidden"):
            findings.append(_hidden_sheet(title))
        else:
            grid, hidden = _grid(sheet)
            if grid.rows:
                rows = [[*r, *([None] * (grid.width - len(r)))] for r in grid.rows]
                sink.grid(title, rows, merged=grid.merged, format="xls", sheet=True)
            if hidden:
                findings.append(_hidden_lines(title, hidden))
        markup.drop(sheet)
    if not sink.tables and not findings:
        raise InputError(
            "Ce classeur Excel 2003 (XML) ne contient aucune feuille remplie.",
            "Enregistrez-le en XLSX ou en ODS, puis renvoyez-le.",
            code="excel.empty",
        )
    return findings


def _grid(sheet: Any) -> tuple[document.Grid, int]:
    """Return the cells of a sheet, and how many hidden lines and columns were left out."""
    grid = document.Grid()
    veiled = set(_veiled(sheet))
    hidden = len(veiled)
    line = -1
    for row in sheet.iterfind("{*}Table/{*}Row"):
        line = _index(row, line)
        if _said(row, "Hidden") == "1":
            hidden += 1
            grid.put(line, 0, "")
            continue
        column = -1
        for cell in row.iterfind("{*}Cell"):
            column = _index(cell, column)
            across, down = _number(cell, "MergeAcross") + 1, min(_number(cell, "MergeDown"), _HOLE) + 1
            text = "" if column in veiled else _text(cell)
            grid.put(line, column, text, min(across, document.SPAN), down)
            column += min(across, document.SPAN) - 1
    return grid, hidden


def _veiled(sheet: Any) -> Iterator[int]:
    column = -1
    for node in sheet.iterfind("{*}Table/{*}Column"):
        column = _index(node, column)
        span = min(_number(node, "Span"), document.SPAN)
        if _said(node, "Hidden") == "1":
            yield from range(column, column + span + 1)
        column += span


def _index(node: Any, last: int) -> int:
    """Return the place of a line or a cell, from 0: the next one, unless it says its own."""
    said = _number(node, "Index")
    return said - 1 if last < said - 1 <= last + _HOLE else last + 1


def _text(cell: Any) -> str:
    data = cell.find("{*}Data")
    if data is None:
        return ""
    text = "".join(data.itertext()).strip()
    kind = _said(data, "Type")
    if kind == "DateTime":
        day, _, hour = text.partition("T")
        return day if hour[:8] in ("", "00:00:00") else f"{day} {hour[:8]}"
    if kind == "Boolean":
        return {"1": "VRAI", "0": "FAUX"}.get(text, text)
    return text.removesuffix(".0") if kind == "Number" else text


def _said(node: Any, name: str) -> str:
    return next((v for k, v in node.attrib.items() if k.rpartition("}")[2] == name), "")


def _number(node: Any, name: str) -> int:
    value = _said(node, name)
    return int(value) if value.isdigit() and len(value) < 7 else 0


def _hidden_sheet(title: str) -> Finding:
    return Finding(
        "excel.hidden_sheet",
        Severity.WARN,
        msg("La feuille masquée « {sheet} » n'a pas été lue."),
        Place(sheet=title),
        {"sheet": title},
        msg("Affichez-la dans Excel si elle doit être publiée."),
    )


def _hidden_lines(title: str, count: int) -> Finding:
    return Finding(
        "excel.hidden_cells",
        Severity.WARN,
        msg("Lignes et colonnes masquées de la feuille « {sheet} », qui n'ont pas été lues : {count}."),
        Place(sheet=title),
        {"sheet": title, "count": count},
        msg("Affichez-les dans Excel si elles doivent être publiées."),
        count=count,
    )
