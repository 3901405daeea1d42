"""Cells as SQL texts: what several formats of lines have in common. Every name here is one of ours, never one from outside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

from parvis.store.writers.frame import Cell, Frame, dumped
from parvis.values import Kind

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ODD = r"[^\x{9}\x{a}\x{d}\x{20}-\x{d7ff}\x{e000}-\x{fffd}\x{10000}-\x{10ffff}]"
_PAIR = '\'^{"lon":([^,]*),"lat":([^}]*)}$\''
LONG = 32_767  # letters of a cell of a spreadsheet


def quoted(text: str) -> str:
    """Return a text of ours as SQL."""
    return "'" + text.replace("'", "''") + "'"


def column(cell: Cell) -> str:
    """Return the column of the question that a cell is."""
    return f"c{cell.at[0]}"


def filled(cell: Cell) -> str:
    """Return the condition that a cell has a value that can be told."""
    if len(cell.at) == 2:
        return f"(c{cell.at[0]} IS NOT NULL AND c{cell.at[1]} IS NOT NULL)"
    if cell.kind is Kind.NUMBER:
        return f"(isfinite({column(cell)}) IS TRUE)"
    return f"({column(cell)} IS NOT NULL)"


def both(cell: Cell, before: str, between: str, after: str, *, turned: bool = False) -> str:
    """Return a place of two numbers between words of ours, latitude first when ``turned``; empty without one of them."""
    x, y = (f"c{n}" for n in (reversed(cell.at) if turned else cell.at))
    return f"(CASE WHEN {filled(cell)} THEN concat({quoted(before)}, {x}, {quoted(between)}, {y}, {quoted(after)}) END)"


def local(cell: Cell, frame: Frame) -> str:
    """Return a moment in the zone of the file."""
    name = column(cell)
    return f"timezone({quoted(frame.zone)}, timezone('UTC', {name}))" if frame.zone else name


def moment(cell: Cell, frame: Frame) -> str:
    """Return a date, moment, time or whole number as text, NULL when the cell is empty."""
    name = column(cell)
    if cell.kind is not Kind.DATETIME:
        return f"CAST({name} AS VARCHAR)"
    there = local(cell, frame)
    whole = f"strftime({there}, '%Y-%m-%dT%H:%M:%S')"
    exact = f"strftime({there}, '%Y-%m-%dT%H:%M:%S.%f')"
    said = f"CASE WHEN epoch_us({name}) % 1000000 = 0 THEN {whole} ELSE {exact} END"
    if frame.zone:
        return f"(({said}) || {_offset(name, there)})"
    return f"(({said}) || '+00:00')" if frame.foreign else f"({said})"


def _offset(name: str, there: str) -> str:
    """Return how far a local moment is from its moment in UTC: seconds too, for those before the zones."""
    apart = f"CAST(epoch({there}) - epoch({name}) AS BIGINT)"

    def two(part: str) -> str:
        return f"lpad(CAST({part} AS VARCHAR), 2, '0')"

    seconds = f"CASE WHEN abs({apart}) % 60 = 0 THEN '' ELSE concat(':', {two(f'abs({apart}) % 60')}) END"
    sign = f"CASE WHEN {apart} < 0 THEN '-' ELSE '+' END"
    return f"concat({sign}, {two(f'abs({apart}) // 3600')}, ':', {two(f'abs({apart}) % 3600 // 60')}, {seconds})"


def number(cell: Cell) -> str:
    """Return a number as text, whole when it is, NULL when it is none."""
    name = column(cell)
    whole = f"{name} = trunc({name}) AND abs({name}) < 1e15"
    said = f"CASE WHEN {whole} THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) ELSE CAST({name} AS VARCHAR) END"
    return f"(CASE WHEN isfinite({name}) THEN {said} END)"


def text(cell: Cell, frame: Frame) -> str:
    """Return any cell as text, NULL when it is empty; a place is its latitude and longitude in other systems' fashion."""
    name = column(cell)
    if len(cell.at) == 2:
        return both(cell, "", ", ", "", turned=True)
    if cell.kind is Kind.TEXT:
        return name
    if cell.kind is Kind.GEOMETRY:
        if not frame.foreign:
            return name
        said = f"regexp_replace({name}, {_PAIR}, '\\2, \\1')"
        return f"(CASE WHEN starts_with({name}, '{{\"lon\"') THEN {said} ELSE {name} END)"
    if cell.kind is Kind.NUMBER:
        return number(cell)
    if cell.kind is Kind.BOOLEAN:
        return f"(CASE WHEN {name} THEN 'true' WHEN NOT {name} THEN 'false' END)"
    return moment(cell, frame)


def value(cell: Cell, frame: Frame) -> str:
    """Return a cell as JSON; « null » when it is empty."""
    name = column(cell)
    if len(cell.at) == 2:
        pair = both(cell, '{"lon":', ',"lat":', "}")
        return f"coalesce({pair}, 'null')"
    if cell.several:
        parts = f"string_split(substr({name}, 2, length({name}) - 2), chr(31))"
        return f"(CASE WHEN {name} IS NULL THEN 'null' ELSE CAST(to_json({parts}) AS VARCHAR) END)"
    if cell.kind is Kind.TEXT:
        return f"coalesce(CAST(to_json({name}) AS VARCHAR), 'null')"
    if cell.kind is Kind.NUMBER:
        return f"(CASE WHEN isfinite({name}) THEN CAST({name} AS VARCHAR) ELSE 'null' END)"
    if cell.kind is Kind.BOOLEAN:
        return f"(CASE WHEN {name} THEN 'true' WHEN NOT {name} THEN 'false' ELSE 'null' END)"
    if cell.kind is Kind.GEOMETRY:
        feature = f"""concat('{{"type":"Feature","geometry":', {name}, ',"properties":{{}}}}')"""
        wrapped = f"(CASE WHEN starts_with({name}, '{{\"lon\"') THEN {name} ELSE {feature} END)"
        return f"(CASE WHEN {name} IS NULL THEN 'null' ELSE {wrapped if frame.foreign else name} END)"
    if cell.kind is Kind.INTEGER:
        return f"coalesce(CAST({name} AS VARCHAR), 'null')"
    return f"coalesce('\"' || {moment(cell, frame)} || '\"', 'null')"


def pairs(cells: Sequence[Cell], frame: Frame) -> tuple[str, list[str]]:
    """Return a row as a JSON object, and the names that are bound in it."""
    if not cells:
        return "'{}'", []
    names = [f"{'{' if n == 0 else ','}{dumped(c.name)}:" for n, c in enumerate(cells)]
    parts = ", ".join(f"CAST(? AS VARCHAR), {value(c, frame)}" for c in cells)
    return f"concat({parts}, '}}')", names


def shape(cell: Cell, epsg: int = 4326) -> str:
    """Return a place as a GeoJSON geometry in a system of coordinates, NULL when the row has none."""
    said = both(cell, '{"type":"Point","coordinates":[', ",", "]}") if len(cell.at) == 2 else _told(column(cell))
    return said if epsg == 4326 else f"shape_moved({said}, {int(epsg)})"


def _told(name: str) -> str:
    point = '\'{"type":"Point","coordinates":[\\1,\\2]}\''
    return f"(CASE WHEN starts_with({name}, '{{\"lon\"') THEN regexp_replace({name}, {_PAIR}, {point}) ELSE {name} END)"


def xml(expression: str) -> str:
    """Return a text as XML has it: signs that it cannot hold are told to be so."""
    mended = f"regexp_replace({expression}, '{_ODD}', '\ufffd', 'g')"
    kept = f"CASE WHEN regexp_matches({expression}, '{_ODD}') THEN {mended} ELSE {expression} END"
    return f"replace(replace(replace({kept}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"


def escaped(cell: Cell, frame: Frame) -> str:
    """Return a cell as text of an XML file, NULL when it is empty."""
    said = text(cell, frame)
    return xml(said) if cell.kind in (Kind.TEXT, Kind.GEOMETRY) else said


def tagged(words: str, *, attribute: bool = False) -> str:
    """Return words of a head or a name as XML has them."""
    return escape(_NOT_XML.sub("\ufffd", words), {'"': "&quot;"} if attribute else {})


def name_of(frame: Frame) -> str:
    """Return what a row is called: the column that was said, else the first text that it holds; NULL for none."""
    wanted = [c for c in frame.shown if c.name == frame.options.get("name_field")]
    texts = [c for c in frame.shown if c.kind is Kind.TEXT]
    said = [text(c, frame) for c in (*wanted, *texts)]
    return f"coalesce({', '.join(said)})" if said else "CAST(NULL AS VARCHAR)"


ROW = "CAST(row_number() OVER () AS VARCHAR)"
