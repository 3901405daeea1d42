"""JSON-LD: rows as a graph whose words are the columns, under a context that is in the file."""

from __future__ import annotations

from parvis.store.writers import sql
from parvis.store.writers.frame import Format, Frame, Lines, dumped
from parvis.store.writers.turtle import uri

FORMAT = Format(".jsonld", "application/ld+json; charset=utf-8", "JSON-LD", named=False)
_TERMS = "http://purl.org/dc/terms/"


def lines(frame: Frame) -> Lines:
    parts, names = [], [f'{{"@id":{dumped(uri(frame, "/"))[:-1]}']
    for cell in frame.shown:
        names.append(f",{dumped(cell.name)}:")
        said = sql.value(cell, frame)
        if len(cell.at) == 2 or cell.kind.value == "geometry":
            said = f"CAST(to_json({sql.text(cell, frame)}) AS VARCHAR)"
        parts.append(f"CASE WHEN {sql.filled(cell)} THEN concat(CAST(? AS VARCHAR), {said}) ELSE '' END")
    body = ", ".join(["',\n'", "CAST(? AS VARCHAR)", sql.ROW, "'\"'", *parts, "'}'"])
    head = f'{{"@context":{dumped(_CONTEXT | {"@vocab": uri(frame, "#")})},"@graph":['
    about = _about(frame) if frame.ours else ""
    return Lines(f"concat({body})", names, head + about, "]}\n", 0 if about else 2)


_CONTEXT = {
    "dct:license": {"@id": f"{_TERMS}license", "@type": "@id"}, "dct:title": f"{_TERMS}title",
    "dct:bibliographicCitation": f"{_TERMS}bibliographicCitation",
}  # fmt: skip


def _about(frame: Frame) -> str:
    """Return the file itself as the first thing of the graph: a graph with a name of its own would be read by few."""
    told = {"title": "title", "attribution": "bibliographicCitation", "licence_url": "license"}
    about = {f"dct:{word}": frame.about[name] for name, word in told.items() if name in frame.about}
    return dumped({"@id": uri(frame, ""), **about})
