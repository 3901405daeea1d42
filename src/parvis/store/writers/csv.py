"""CSV: a comma and the names of columns, or a French spreadsheet's (semicolons, decimal comma, days first, labels)."""

from __future__ import annotations

import re

from parvis.store.writers import sql
from parvis.store.writers.frame import Cell, Format, Frame, Lines
from parvis.values import Kind

FORMAT = Format(".csv", "text/csv; charset=utf-8", "CSV", common=True)
DELIMITERS = {",": "','", ";": "';'", "|": "'|'", "\t": "chr(9)"}
_STARTS = "(61,43,45,64,9,13,10,65309,65291,65293,65312)"  # signs that a spreadsheet takes for the start of a formula
_FORMULA = re.compile(r"^[=+\-@\t\r\n＝＋－＠]")
_PLAIN_NUMBER = re.compile(r"^[+-]?[\d\s.,]+$")


def lines(frame: Frame) -> Lines:
    excel = frame.options.get("profile") == "excel"
    delimiter = frame.options.get("delimiter", ";" if frame.foreign or excel else ",")
    every, sign = bool(frame.options.get("quote_all")), DELIMITERS[delimiter]
    labelled = excel or frame.options.get("use_labels")
    heads = [(c.label if labelled else c.name) for c in frame.cells]
    if frame.foreign or excel:
        heads = [harmless(h) for h in heads]
    said = delimiter.join(quoted(h, delimiter, every) for h in heads)
    cells = [_cell(c, frame, sign, every, excel) for c in frame.cells]
    mark = "\ufeff" if excel or frame.options.get("bom") else ""
    return Lines(f"concat({f', {sign}, '.join(cells)}, chr(13), chr(10))", head=f"{mark}{said}\r\n")


def harmless(text: str) -> str:
    """Return text that no spreadsheet runs; a true number is never touched."""
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.match(text) else text


def quoted(text: str, delimiter: str, every: bool) -> str:
    """Return a cell of CSV, between quotes when it must, or when ``every`` one is."""
    if every or delimiter in text or '"' in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def _cell(cell: Cell, frame: Frame, sign: str, every: bool, excel: bool) -> str:
    name = sql.column(cell)
    if len(cell.at) == 2:
        mark = '"' if every or sign == "','" else ""
        return f"coalesce({sql.both(cell, mark, ', ', mark, turned=True)}, '')"
    if cell.kind in (Kind.TEXT, Kind.GEOMETRY):
        return _text(sql.text(cell, frame), sign, every)
    if excel and cell.kind is Kind.NUMBER:
        return f"coalesce(replace({sql.number(cell)}, '.', ','), '')"
    if excel and cell.kind is Kind.BOOLEAN:
        return f"(CASE WHEN {name} THEN 'vrai' WHEN NOT {name} THEN 'faux' ELSE '' END)"
    if excel and cell.kind is Kind.DATE:
        return f"coalesce(strftime({name}, '%d/%m/%Y'), '')"
    return f"coalesce({sql.text(cell, frame)}, '')"


def _text(said: str, sign: str, every: bool) -> str:
    """A text that no spreadsheet runs, between quotes when it holds what separates; a true number is left as it is."""
    formula = f"unicode({said}) IN {_STARTS} AND NOT regexp_full_match({said}, '[+-]?[\\d\\s.,]+')"
    plain = f"(CASE WHEN {formula} THEN concat('''', {said}) ELSE {said} END)"
    between = f"concat('\"', replace({plain}, '\"', '\"\"'), '\"')"
    if every:
        return f"(CASE WHEN {said} IS NULL THEN '' ELSE {between} END)"
    signs = " OR ".join(f"contains({said}, {s})" for s in (sign, "'\"'", "chr(10)", "chr(13)"))
    return f"(CASE WHEN {said} IS NULL THEN '' WHEN {signs} THEN {between} ELSE {plain} END)"
