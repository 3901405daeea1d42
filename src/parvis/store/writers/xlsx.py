"""Excel: one sheet of typed cells, written as it goes; text is text, whatever it looks like, and nothing of it ever runs.

Cells and rows have no address, which the format allows: programs count. A whole number of more than fifteen digits, which
Excel would round, is text; a text longer than a cell holds is cut, and says so by its last sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from parvis.store.writers import sql
from parvis.store.writers.archive import Archive
from parvis.store.writers.frame import SHEET_ROWS, Cell, Format, Frame, Lines
from parvis.values import Kind

FORMAT = Format(
    ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel", most=SHEET_ROWS, common=True
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PLAIN, _HEAD, _DAY, _MOMENT = 0, 1, 2, 3  # styles, in the order of styles.xml
_ODD = r"^\s|\s$|[&<>\n\r\t]|_x[0-9A-Fa-f]{4}_|[^\x{20}-\x{d7ff}\x{e000}-\x{fffd}\x{10000}-\x{10ffff}]"
_WIDE, _NARROW = 60, 8  # letters of a column


def lines(frame: Frame) -> Lines:
    cells = ", ".join(_cell(c, frame) for c in frame.shown) or "''"
    return Lines(f"concat('<row>', {cells}, '</row>')", head=_head(frame), tail="</sheetData></worksheet>")


def packed(chunks: Iterable[bytes], told: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the workbook around the lines of its sheet."""
    book = Archive()
    about = told["about"]
    for name, text in _parts(about).items():
        yield book.kept(name, (_XML + text).encode("utf-8", "replace"))
    yield from book.streamed("xl/worksheets/sheet1.xml", chunks)
    yield book.end()


def _cell(cell: Cell, frame: Frame) -> str:
    name = sql.column(cell)
    if len(cell.at) == 1 and cell.kind is Kind.NUMBER:
        return f"(CASE WHEN isfinite({name}) THEN concat('<c><v>', {name}, '</v></c>') ELSE '<c/>' END)"
    if cell.kind is Kind.INTEGER:
        exact = f"concat('<c><v>', {name}, '</v></c>')"
        long = f"concat('<c t=\"inlineStr\"><is><t>', {name}, '</t></is></c>')"
        return (
            f"(CASE WHEN {name} IS NULL THEN '<c/>' WHEN abs({name}) < 1000000000000000 THEN {exact} ELSE {long} END)"
        )
    if cell.kind is Kind.BOOLEAN:
        both = f"'<c t=\"b\"><v>1</v></c>' WHEN NOT {name} THEN '<c t=\"b\"><v>0</v></c>'"
        return f"(CASE WHEN {name} THEN {both} ELSE '<c/>' END)"
    if cell.kind in (Kind.DATE, Kind.DATETIME):
        return _when(cell, frame)
    return _text(sql.text(cell, frame))


def _when(cell: Cell, frame: Frame) -> str:
    """A date as a spreadsheet counts it, in days; one before 1 March 1900, which programs count differently, as text."""
    name, style = sql.column(cell), _DAY if cell.kind is Kind.DATE else _MOMENT
    days = f"date_diff('day', DATE '1899-12-30', {name})"
    if cell.kind is Kind.DATETIME:
        days = f"(epoch_us({sql.local(cell, frame)}) / 86400000000.0 + 25569)"
    counted = f"concat('<c s=\"{style}\"><v>', {days}, '</v></c>')"
    known, said = f"{name} >= DATE '1900-03-01' AND {name} < DATE '9999-12-31'", _text(sql.moment(cell, frame))
    return f"(CASE WHEN {name} IS NULL THEN '<c/>' WHEN {known} THEN {counted} ELSE {said} END)"


def _text(said: str) -> str:
    plain = f"concat('<c t=\"inlineStr\"><is><t>', {said}, '</t></is></c>')"
    # « _x000D_ » in a text would be read as the sign that it names: its first sign is written so in turn.
    named = f"regexp_replace({_fitting(said)}, '_(x[0-9A-Fa-f]{{4}}_)', '_x005F_\\1', 'g')"
    made = f"replace({sql.xml(named)}, chr(13), '&#13;')"
    kept = f"concat('<c t=\"inlineStr\"><is><t xml:space=\"preserve\">', {made}, '</t></is></c>')"
    odd = f"strlen({said}) > {sql.LONG} OR regexp_matches({said}, '{_ODD}')"
    return f"(CASE WHEN {said} IS NULL THEN '<c/>' WHEN {odd} THEN {kept} ELSE {plain} END)"


def _fitting(said: str) -> str:
    """A text as long as a cell may be: letters beyond the first plane count twice."""
    far = f"CASE WHEN regexp_matches({said}, '[\\x{{10000}}-\\x{{10ffff}}]') THEN {sql.LONG // 2} ELSE {sql.LONG} END"
    return f"(CASE WHEN length({said}) > {far} THEN concat(left({said}, ({far}) - 1), '…') ELSE {said} END)"


def _head(frame: Frame) -> str:
    shown = frame.shown
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{min(_WIDE, max(_NARROW, len(_title(c, frame)) + 3, _width(c)))}" customWidth="1"/>'
        for n, c in enumerate(shown, 1)
    )
    titles = "".join(f'<c s="{_HEAD}" t="inlineStr"><is><t>{sql.tagged(_title(c, frame))}</t></is></c>' for c in shown)
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        f"{f'<cols>{columns}</cols>' if shown else ''}<sheetData><row>{titles}</row>"
    )


def _title(cell: Cell, frame: Frame) -> str:
    return (cell.label or cell.name)[: sql.LONG]


def _width(cell: Cell) -> int:
    return {Kind.TEXT: 20, Kind.DATE: 12, Kind.DATETIME: 18}.get(cell.kind, 10)


def _parts(about: Mapping[str, str]) -> dict[str, str]:
    """Return the small parts of a workbook: what it is made of, and what it says of itself."""
    types = {
        "/xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        "/xl/worksheets/sheet1.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml",
        "/xl/styles.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml",
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        "/docProps/app.xml": "application/vnd.openxmlformats-officedocument.extended-properties+xml",
        "/docProps/custom.xml": "application/vnd.openxmlformats-officedocument.custom-properties+xml",
    }
    told = "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in types.items())
    defaults = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{defaults}{told}</Types>',
        "_rels/.rels": _links(
            (f"{_OFFICE}/relationships/officeDocument", "xl/workbook.xml"),
            (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
            (f"{_OFFICE}/relationships/extended-properties", "docProps/app.xml"),
            (f"{_OFFICE}/relationships/custom-properties", "docProps/custom.xml"),
        ),
        "docProps/core.xml": _core(about),
        "docProps/app.xml": f'<Properties xmlns="{_OFFICE}/extended-properties"><Application>Parvis</Application></Properties>',
        "docProps/custom.xml": _custom(about),
        "xl/workbook.xml": (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}/relationships"><sheets>'
            '<sheet name="Données" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": _links(
            (f"{_OFFICE}/relationships/worksheet", "worksheets/sheet1.xml"),
            (f"{_OFFICE}/relationships/styles", "styles.xml"),
        ),
        "xl/styles.xml": _STYLES,
    }


def _links(*links: tuple[str, str]) -> str:
    said = "".join(f'<Relationship Id="rId{n}" Type="{t}" Target="{f}"/>' for n, (t, f) in enumerate(links, 1))
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{said}</Relationships>'


def _core(about: Mapping[str, str]) -> str:
    words = {
        "dc:title": "title", "dc:creator": "producer", "dc:description": "attribution", "dc:subject": "description",
        "cp:keywords": "keywords",
    }  # fmt: skip
    said = "".join(f"<{tag}>{sql.tagged(about[name])}</{tag}>" for tag, name in words.items() if name in about)
    day = f"{about.get('modified', '')[:19] or '2000-01-01T00:00:00'}Z"
    dates = "".join(
        f'<dcterms:{name} xsi:type="dcterms:W3CDTF">{sql.tagged(day)}</dcterms:{name}>'
        for name in ("created", "modified")
    )
    spaces = (
        f'xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    )
    return f"<cp:coreProperties {spaces}>{said}{dates}</cp:coreProperties>"


def _custom(about: Mapping[str, str]) -> str:
    names = {
        "Licence": "licence",
        "Adresse de la licence": "licence_url",
        "Attribution": "attribution",
        "Version": "version",
    }
    said = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{pid}" name="{name}"><vt:lpwstr>'
        f"{sql.tagged(about[key])}</vt:lpwstr></property>"
        for pid, (name, key) in enumerate(((n, k) for n, k in names.items() if k in about), 2)
    )
    return f'<Properties xmlns="{_OFFICE}/custom-properties" xmlns:vt="{_OFFICE}/docPropsVTypes">{said}</Properties>'


_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/>'
    '<numFmt numFmtId="165" formatCode="dd/mm/yyyy\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
