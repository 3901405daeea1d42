"""Web pages that business software calls .xls: the tables of an HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.tables import refusal, sniff
from parvis.values import Finding, Severity, msg

TITLE = "Tableau HTML (faux fichier .xls)"
SUFFIXES = (".xls", ".xlsx", ".htm", ".html")

_SPAN = 200  # columns that one cell may span


def recognises(path: Path, head: bytes) -> float:
    return 0.6 if refusal.is_html(head) else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the page's tables into the sink, nested ones left out."""
    from lxml import html

    if path.stat().st_size > 64 << 20:
        raise InputError("Cette page HTML est trop grande.", "Exportez le tableau en CSV.", code="read.html")
    text = "".join(sniff.text(path, sink.limits.line * 4).decode(path))
    tree = html.document_fromstring(text.encode("utf-8"), parser=html.HTMLParser(encoding="utf-8", no_network=True))
    tables = [t for t in tree.iter("table") if not any(a.tag == "table" for a in t.iterancestors())]
    for number, table in enumerate(tables, 1):
        sink.grid(str(number) if len(tables) > 1 else "", _rows(table), format="html")
    if not sink.tables:
        raise refusal.web_page()
    return [
        Finding(
            "html.disguised",
            Severity.WARN,
            msg("Ce fichier est en réalité une page HTML, pas un classeur : son tableau a été lu."),
            hint=msg("Vérifiez l'aperçu. Si possible, exportez en XLSX ou en CSV."),
        )
    ]


def _rows(table: Any) -> Iterator[list[str | None]]:
    for row in table.iter("tr"):
        cells: list[str | None] = []
        for cell in row:
            if cell.tag not in ("td", "th"):
                continue
            text = " ".join("".join(cell.itertext()).split())
            cells.append(text or None)
            span = str(cell.get("colspan") or "1")
            cells += [None] * (min(int(span), _SPAN) - 1 if span.isdigit() else 0)
        yield cells
