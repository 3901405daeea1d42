"""RDF Turtle: each row a subject, each column a property, typed; what the file is and under which licence stand first."""

from __future__ import annotations

from urllib.parse import quote

from parvis.store.writers import sql
from parvis.store.writers.frame import Cell, Format, Frame, Lines, dumped
from parvis.values import Kind

FORMAT = Format(".ttl", "text/turtle; charset=utf-8", "RDF Turtle", named=False)
XSD = {
    Kind.INTEGER: "integer", Kind.NUMBER: "double", Kind.BOOLEAN: "boolean", Kind.DATE: "date", Kind.DATETIME: "dateTime",
    Kind.TIME: "time",
}  # fmt: skip
_URI = ":/?#[]@!$&'()*+,;=%~"
_CONTROLS = "[\\x{7f}-\\x{9f}]"  # that parsers of Turtle take for the end of a line


def lines(frame: Frame) -> Lines:
    parts, names = [], [f"<{uri(frame, '/')}"]
    for cell in frame.shown:
        names.append(f" ; <{uri(frame, f'#{quote(cell.name)}')}> ")
        parts.append(f"CASE WHEN {sql.filled(cell)} THEN concat(CAST(? AS VARCHAR), {_term(cell, frame)}) ELSE '' END")
    body = f"concat({', '.join(parts)})" if parts else "''"
    # A statement begins with « ; » until its subject is written: cut off with the space that follows it.
    made = f"concat(CAST(? AS VARCHAR), {sql.ROW}, '>', substr({body}, 3), ' .\n')"
    return Lines(f"CASE WHEN {_any(frame)} THEN {made} ELSE '' END", names, _head(frame))


def _any(frame: Frame) -> str:
    return " OR ".join(sql.filled(c) for c in frame.shown) or "FALSE"


def _term(cell: Cell, frame: Frame) -> str:
    said = sql.text(cell, frame)
    if cell.kind in XSD:
        return f"concat('\"', {said}, '\"^^xsd:{XSD[cell.kind]}')"
    told = f"CAST(to_json({said}) AS VARCHAR)"
    mended = f"regexp_replace({told}, '{_CONTROLS}', '\ufffd', 'g')"
    return f"(CASE WHEN regexp_matches({said}, '{_CONTROLS}') THEN {mended} ELSE {told} END)"


def _head(frame: Frame) -> str:
    if not frame.ours:
        return "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
    words = {"title": "dct:title", "attribution": "dct:bibliographicCitation", "licence": "dct:rights"}
    told = [f"{word} {dumped(frame.about[name])}" for name, word in words.items() if name in frame.about]
    if frame.about.get("licence_url"):
        told.append(f"dct:license <{quote(frame.about['licence_url'], safe=_URI)}>")
    about = f"<{uri(frame, '')}> {' ; '.join(told)} .\n" if told else ""
    prefixes = "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n"
    return prefixes + about


def uri(frame: Frame, tail: str) -> str:
    """Return an address under the one of the rows."""
    return quote(f"{frame.base}{tail}", safe=_URI)
