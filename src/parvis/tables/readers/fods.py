"""LibreOffice's flat spreadsheet (FODS): the whole workbook in one XML file. Formulas and macros never run.

Format: OASIS OpenDocument 1.3, part 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import markup, workbook
from parvis.tables.cell_text import text
from parvis.values import Finding

TITLE = "Classeur LibreOffice en un seul fichier (FODS)"
SUFFIXES = (".fods",)

_KIND = b"application/vnd.oasis.opendocument.spreadsheet"
_WIDE = 1000  # cells or lines repeated further than that only fill the sheet
_SAID = {"float": "value", "percentage": "value", "currency": "value", "date": "date-value", "boolean": "boolean-value",
         "time": "time-value"}  # fmt: skip
_HOUR = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")


def recognises(path: Path, head: bytes) -> float:
    return 0.95 if markup.looks(head) == "document" and _KIND in head[:4096] else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put every visible sheet into the sink, its hidden lines and columns left out."""
    markup.guard(path)
    colours: dict[str, str] = {}
    veils: set[str] = set()
    findings: list[Finding] = []
    count = 0
    for _, element in markup.elements(path, ["{*}style", "{*}table"]):
        if markup.local(element) == "style":
            _style(element, colours, veils)
            continue
        if _attribute(element.getparent(), "is-sub-table") or markup.local(element.getparent()) == "table-cell":
            continue
        count += 1
        title = _attribute(element, "name") or f"Feuille {count}"
        if _attribute(element, "style-name") in veils:
            findings.append(workbook.veiled_sheet(title))
        else:
            hidden = workbook.Hidden()
            cells = _sheet(element, colours, hidden)
            workbook.put(sink, title, "fods", cells, hidden)
        markup.drop(element)
    if not count:
        raise InputError(
            "Ce classeur LibreOffice (FODS) ne contient aucune feuille.",
            "Enregistrez-le en ODS, puis renvoyez-le.",
            code="ods.empty",
        )
    return findings


def _style(element: Any, colours: dict[str, str], veils: set[str]) -> None:
    name = _attribute(element, "name")
    for part in element:
        if markup.local(part) == "table-cell-properties":
            colour = _attribute(part, "background-color").lower()
            if colour.startswith("#") and colour != "#ffffff":
                colours[name] = colour
        elif markup.local(part) == "table-properties" and _attribute(part, "display") == "false":
            veils.add(name)


def _sheet(sheet: Any, colours: dict[str, str], hidden: workbook.Hidden) -> list[list[str | None]]:
    column = 0
    for part in _inside(sheet, "table-column"):
        times = _times(part, "columns")
        if _attribute(part, "visibility") in ("collapse", "filter"):
            hidden.columns.update(range(column, column + min(times, _WIDE)))
        column += times
    cells: list[list[str | None]] = []
    waiting = 0  # blank lines that count only when something stands below them
    for row in _inside(sheet, "table-row"):
        times = _times(row, "rows")
        read = _row(row, len(cells) + waiting + 1, colours, hidden)
        if not any(read) and not hidden.colours:
            waiting += times
            continue
        cells += [[]] * min(waiting, workbook.FAR)
        waiting = 0
        if _attribute(row, "visibility") in ("collapse", "filter"):
            hidden.rows.update(range(len(cells) + 1, len(cells) + 1 + min(times, _WIDE)))
        cells += [read] * min(times, _WIDE)
    return cells


def _row(row: Any, line: int, colours: dict[str, str], hidden: workbook.Hidden) -> list[str | None]:
    out: list[str | None] = []
    blank = 0
    for cell in row:
        if markup.local(cell) not in ("table-cell", "covered-table-cell"):
            continue
        times = _times(cell, "columns")
        at = len(out) + blank
        said = _text(cell)
        if _attribute(cell, "style-name") in colours and times < _WIDE:
            for column in range(at, at + times):
                hidden.paint(colours[_attribute(cell, "style-name")], line, column)
        if any(markup.local(p) == "annotation" for p in cell if isinstance(p.tag, str)):
            hidden.comment(line, at)
        wide, tall = (int(_attribute(cell, f"number-{k}-spanned") or 1) for k in ("columns", "rows"))
        if wide > 1 or tall > 1:
            hidden.merged.append((line - 1, at, line + tall - 2, at + wide - 1))
        if said is None:
            blank += times
            continue
        out += [None] * min(blank, _WIDE * 16) + [said] * min(times, _WIDE)
        blank = 0
    return out


def _text(cell: Any) -> str | None:
    kind = _attribute(cell, "value-type")
    value = _attribute(cell, _SAID[kind]) if kind in _SAID else ""
    if kind in ("float", "percentage", "currency") and value:
        try:
            return text(float(value))
        except ValueError:
            return value
    if kind == "time" and (hour := _HOUR.fullmatch(value)):
        return f"{int(hour[1]):02d}:{hour[2]:0>2}:{hour[3]:0>2}"
    if kind == "boolean":
        return "vrai" if value == "true" else "faux"
    if kind == "date" and value:
        return value.removesuffix("T00:00:00").replace("T", " ")
    lines = ["".join(p.itertext()) for p in cell if isinstance(p.tag, str) and markup.local(p) == "p"]
    return text("\n".join(lines))


def _inside(sheet: Any, name: str) -> Iterator[Any]:
    """Yield the rows or columns of a sheet, those of its groups and headers too, in order."""
    for part in sheet:
        if not isinstance(part.tag, str):
            continue
        if markup.local(part) == name:
            yield part
        elif markup.local(part) in (f"{name}-group", f"{name}s", "table-header-rows", "table-header-columns"):
            yield from _inside(part, name)


def _times(element: Any, what: str) -> int:
    said = _attribute(element, f"number-{what}-repeated")
    return int(said) if said.isdigit() else 1


def _attribute(element: Any, name: str) -> str:
    """Return an attribute by its name, whatever its prefix; "" when it is absent."""
    if element is None:
        return ""
    return next((str(v) for k, v in element.attrib.items() if k.rpartition("}")[2] == name), "")
