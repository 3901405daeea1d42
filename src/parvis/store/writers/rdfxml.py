"""RDF/XML: the same statements as Turtle, for the programs that read no other form."""

from __future__ import annotations

from parvis.store.writers import sql
from parvis.store.writers.frame import Format, Frame, Lines
from parvis.store.writers.gpx import tag
from parvis.store.writers.turtle import XSD, uri

FORMAT = Format(".rdf", "application/rdf+xml; charset=utf-8", "RDF/XML", named=False)
_RDF, _TYPES = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/2001/XMLSchema#"


def lines(frame: Frame) -> Lines:
    about = sql.tagged(uri(frame, "/"), attribute=True)
    parts, names = [], [f'<rdf:Description rdf:about="{about}']
    for cell in frame.shown:
        typed = f' rdf:datatype="{_TYPES}{XSD[cell.kind]}"' if cell.kind in XSD else ""
        names += [f"<f:{tag(cell.name)}{typed}>", f"</f:{tag(cell.name)}>"]
        said = f"concat(CAST(? AS VARCHAR), {sql.escaped(cell, frame)}, CAST(? AS VARCHAR))"
        parts.append(f"CASE WHEN {sql.filled(cell)} THEN {said} ELSE '' END")
    body = ", ".join(["CAST(? AS VARCHAR)", sql.ROW, "'\">'", *parts, "'</rdf:Description>\n'"])
    return Lines(f"concat({body})", names, _head(frame), "</rdf:RDF>\n")


def _head(frame: Frame) -> str:
    words = {"title": "title", "attribution": "bibliographicCitation", "licence": "rights"}
    told = "".join(f"<dct:{w}>{sql.tagged(frame.about[n])}</dct:{w}>" for n, w in words.items() if n in frame.about)
    if frame.about.get("licence_url"):
        told += f'<dct:license rdf:resource="{sql.tagged(frame.about["licence_url"], attribute=True)}"/>'
    space, about = (sql.tagged(uri(frame, tail), attribute=True) for tail in ("#", ""))
    spaces = f'xmlns:rdf="{_RDF}" xmlns:dct="http://purl.org/dc/terms/" xmlns:f="{space}"'
    file = f'<rdf:Description rdf:about="{about}">{told}</rdf:Description>\n' if told and frame.ours else ""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF {spaces}>\n{file}'
