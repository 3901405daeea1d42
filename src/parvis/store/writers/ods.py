"""OpenDocument spreadsheet: one sheet of typed cells, written as it goes; text is text, and nothing of it ever runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from parvis.store.writers import sql
from parvis.store.writers.archive import Archive
from parvis.store.writers.frame import SHEET_ROWS, Cell, Format, Frame, Lines
from parvis.values import Kind

MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
FORMAT = Format(".ods", MEDIA_TYPE, "OpenDocument", most=SHEET_ROWS)
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACE = "urn:oasis:names:tc:opendocument:xmlns"
_NAMES = {"number": "datastyle", "fo": "xsl-fo-compatible"} | {
    n: n for n in ("office", "table", "text", "style", "meta")
}
_SPACES = (
    " ".join(f'xmlns:{n}="{_SPACE}:{p}:1.0"' for n, p in _NAMES.items())
    + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
_ODD = r"^\s|\s$|  |[&<>\n\r\t]|[^\x{20}-\x{d7ff}\x{e000}-\x{fffd}\x{10000}-\x{10ffff}]"
_EMPTY = "'<table:table-cell/>'"
_TAGS = {
    "chr(13) || chr(10)": "chr(10)", "chr(13)": "chr(10)", "chr(10)": "'</text:p><text:p>'", "chr(9)": "'<text:tab/>'",
}  # fmt: skip


def lines(frame: Frame) -> Lines:
    cells = ", ".join(_cell(c, frame) for c in frame.shown) or _EMPTY
    line = f"concat('<table:table-row>', {cells}, '</table:table-row>')"
    return Lines(
        line, head=_head(frame), tail="</table:table></office:spreadsheet></office:body></office:document-content>"
    )


def packed(chunks: Iterable[bytes], told: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the document around the lines of its sheet; its type stands first, as it is."""
    book = Archive()
    yield book.kept("mimetype", MEDIA_TYPE.encode(), stored=True)
    yield book.kept("META-INF/manifest.xml", (_XML + _MANIFEST).encode())
    yield book.kept("meta.xml", (_XML + _meta(told["about"])).encode("utf-8", "replace"))
    yield from book.streamed("content.xml", chunks)
    yield book.end()


def _cell(cell: Cell, frame: Frame) -> str:
    name = sql.column(cell)

    def typed(kind: str, attribute: str, value: str, style: str = "") -> str:
        styled = f' table:style-name="{style}"' if style else ""
        start = f'<table:table-cell{styled} office:value-type="{kind}" office:{attribute}="'
        return f"concat({sql.quoted(start)}, {value}, '\"/>')"

    if len(cell.at) == 1 and cell.kind is Kind.NUMBER:
        return f"(CASE WHEN isfinite({name}) THEN {typed('float', 'value', name)} ELSE {_EMPTY} END)"
    if cell.kind is Kind.INTEGER:
        exact, long = typed("float", "value", name), _text(f"CAST({name} AS VARCHAR)")
        said = f"CASE WHEN abs({name}) < 1000000000000000 THEN {exact} ELSE {long} END"
    elif cell.kind is Kind.BOOLEAN:
        said = typed("boolean", "boolean-value", sql.text(cell, frame))
    elif cell.kind is Kind.DATE:
        said = typed("date", "date-value", sql.moment(cell, frame), "jour")
    elif cell.kind is Kind.DATETIME:
        said = typed("date", "date-value", f"strftime({sql.local(cell, frame)}, '%Y-%m-%dT%H:%M:%S')", "moment")
    else:
        return _text(sql.text(cell, frame))
    return f"(CASE WHEN {name} IS NULL THEN {_EMPTY} ELSE {said} END)"


def _text(said: str) -> str:
    """A text whose line ends are paragraphs and whose spaces all stay, though the format takes several for one."""
    start, end = '<table:table-cell office:value-type="string"><text:p>', "</text:p></table:table-cell>"
    plain = f"concat('{start}', {said}, '{end}')"
    made = sql.xml(said)
    made = f"CASE WHEN regexp_matches({said}, '^\\s|\\s$|  ') THEN replace({made}, ' ', '<text:s/>') ELSE {made} END"
    for sign, tag in _TAGS.items():
        made = f"replace({made}, {sign}, {tag})"
    kept = f"concat('{start}', {made}, '{end}')"
    return (
        f"(CASE WHEN {said} IS NULL THEN {_EMPTY} WHEN regexp_matches({said}, '{_ODD}') THEN {kept} ELSE {plain} END)"
    )


def _head(frame: Frame) -> str:
    titles = "".join(
        f'<table:table-cell table:style-name="titre" office:value-type="string"><text:p>{sql.tagged(c.label or c.name)}'
        "</text:p></table:table-cell>"
        for c in frame.shown
    )
    return (
        f'{_XML}<office:document-content {_SPACES} office:version="1.3">{_STYLES}<office:body><office:spreadsheet>'
        '<table:table table:name="Données"><table:table-column table:number-columns-repeated="'
        f'{max(1, len(frame.shown))}"/><table:table-header-rows><table:table-row>{titles or "<table:table-cell/>"}'
        "</table:table-row></table:table-header-rows>"
    )


_DAY = "<number:text>/</number:text>".join(f'<number:{n} number:style="long"/>' for n in ("day", "month", "year"))
_HOUR = "<number:text> </number:text>" + "<number:text>:</number:text>".join(
    f'<number:{n} number:style="long"/>' for n in ("hours", "minutes", "seconds")
)
_STYLES = (
    "<office:automatic-styles>"
    f'<number:date-style style:name="N1">{_DAY}</number:date-style>'
    f'<number:date-style style:name="N2">{_DAY}{_HOUR}</number:date-style>'
    '<style:style style:name="jour" style:family="table-cell" style:data-style-name="N1"/>'
    '<style:style style:name="moment" style:family="table-cell" style:data-style-name="N2"/>'
    '<style:style style:name="titre" style:family="table-cell"><style:text-properties fo:font-weight="bold"/></style:style>'
    "</office:automatic-styles>"
)
_MANIFEST = (
    f'<manifest:manifest xmlns:manifest="{_SPACE}:manifest:1.0" manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MEDIA_TYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    '<manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


def _meta(about: Mapping[str, str]) -> str:
    words = {
        "dc:title": "title",
        "dc:creator": "producer",
        "dc:description": "attribution",
        "dc:subject": "description",
    }
    said = "".join(f"<{tag}>{sql.tagged(about[name])}</{tag}>" for tag, name in words.items() if name in about)
    names = {"Licence": "licence", "Adresse de la licence": "licence_url", "Version": "version"}
    own = "".join(
        f'<meta:user-defined meta:name="{name}">{sql.tagged(about[key])}</meta:user-defined>'
        for name, key in names.items()
        if key in about
    )
    day = about.get("modified", "")[:19] or "2000-01-01T00:00:00"
    return (
        f'<office:document-meta {_SPACES} office:version="1.3"><office:meta><meta:generator>Parvis</meta:generator>{said}'
        f"<dc:date>{sql.tagged(day)}</dc:date>{own}</office:meta></office:document-meta>"
    )
