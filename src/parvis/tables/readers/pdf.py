"""PDF born of software: its tables, found by their lines or by the alignment of their words, joined over the pages.

A text that a box covers is still in the file: it is said, and never read. A scanned page is an image: nothing is
read of it. Format: ISO 32000; parsed by pdfminer through pdfplumber.
"""

from __future__ import annotations

import logging
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import pairwise
from pathlib import Path
from typing import Any

from parvis.errors import InputError, LimitError, ParvisError
from parvis.frozen import dataclass
from parvis.tables import covered as covering
from parvis.tables import document
from parvis.values import Finding, Severity, msg

TITLE = "Tableaux d'un PDF"
SUFFIXES = (".pdf",)

_PAGES = 250
_EDGE = 4.0  # points between two edges that are one
_DRAWING = 15_000  # lines on a page: beyond it is a map or a plan, and looking for cells in it would take minutes
_ROOM = 3  # lines of running text that may stand between two parts of a table
_BROKEN = (ValueError, TypeError, KeyError, AttributeError, IndexError, AssertionError, RecursionError, OverflowError,
           NotImplementedError, OSError, zlib.error, struct.error)  # fmt: skip  # what pdfminer lets out on a damaged file


def recognises(path: Path, head: bytes) -> float:
    return 0.95 if b"%PDF-" in head[:1024] else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the tables of the document into the sink.

    Raises: InputError when it is scanned, locked or damaged, or when no table stands in it.
    """
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfminer.pdfexceptions import PDFException
    from pdfminer.psexceptions import PSException
    from pdfplumber.utils.exceptions import PdfminerException

    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)  # its remarks are in English, on what is read all the same
    try:
        with pdfplumber.open(path) as pdf:
            told = _read(pdf)
    except ParvisError:
        raise
    except PdfminerException as error:
        raise _locked() if any(isinstance(a, PDFPasswordIncorrect) for a in error.args) else _damaged() from error
    except (PSException, PDFException, *_BROKEN) as error:
        raise _damaged() from error
    document.put(sink, told.grids, format="pdf")
    if not sink.tables:
        raise told.refusal()
    return list(told.remarks())


def _read(pdf: Any) -> _Told:
    pages = pdf.pages
    if len(pages) > _PAGES:
        raise LimitError(
            "Ce PDF a {count} pages ; la limite est de {limit}.",
            "Demandez le tableur d'origine, ou n'envoyez que les pages des tableaux.",
            count=len(pages),
            limit=_PAGES,
        )
    inside, macros = _held(pdf)
    told = _Told(pages=len(pages), inside=inside, macros=macros)
    for number, page in enumerate(pages, 1):
        told.look(page, number)
        page.close()
    return told


def _held(pdf: Any) -> tuple[int, bool]:
    """Return whether files are attached to the document (1 or 0), and whether it holds a program."""
    catalog = pdf.doc.catalog
    names = _resolved(catalog.get("Names"))
    action = _resolved(catalog.get("OpenAction"))
    runs = "JavaScript" in names or (isinstance(action, dict) and "JS" in action) or "AA" in catalog
    return int("EmbeddedFiles" in names), runs


def _resolved(value: Any) -> Any:
    found = value.resolve() if hasattr(value, "resolve") else value
    return found if isinstance(found, dict) else {}


@dataclass(slots=True)
class _Told:
    """What the pages hold, in order."""

    pages: int
    inside: int = 0
    macros: bool = False
    grids: list[_Table] = field(default_factory=list)
    hidden: int = 0  # letters under a box, or white on white
    hiding: list[int] = field(default_factory=list)  # pages where they stand
    scanned: list[int] = field(default_factory=list)
    recognised: list[int] = field(default_factory=list)  # scanned, with a text that a program read
    drawings: list[int] = field(default_factory=list)
    unruled: int = 0
    notes: int = 0

    def look(self, page: Any, number: int) -> None:
        """Take the tables of one page."""
        covered = covering.covered(page)
        images = sum(_area(i, page) for i in page.images)
        self.notes += sum(covering.annotation(a) in ("Text", "FreeText") for a in page.annots)
        seen = len(page.chars) - len(covered)
        if covered:
            self.hidden += len(covered)
            self.hiding.append(number)
        if seen < 20 and images > 0.4:
            self.scanned.append(number)
            return
        if images > 0.85:
            self.recognised.append(number)
        if len(page.lines) + len(page.rects) + len(page.curves) > _DRAWING:
            self.drawings.append(number)
            return
        clean = (
            page.filter(lambda o: o.get("object_type") != "char" or covering.key(o) not in covered) if covered else page
        )
        if len({(c["text"], round(c["x0"]), round(c["top"])) for c in clean.chars}) < 0.95 * len(clean.chars):
            clean = clean.dedupe_chars()  # bold made of letters printed twice
        lines = _lines(clean)
        found = list(_ruled(clean, number, lines))
        boxes = [t.box for t in found]
        free = [line for line in lines if not any(b[1] - 1 <= line.top <= b[3] + 1 for b in boxes)]
        aligned = list(_aligned(free, number))
        self.unruled += len(aligned)
        for table in sorted([*found, *aligned], key=lambda t: t.box[1]):
            table.above = sum(line.top < table.box[1] for line in lines)
            table.below = sum(line.top > table.box[3] for line in lines)
            self._keep(table)

    def _keep(self, table: _Table) -> None:
        last = self.grids[-1] if self.grids else None
        if last is not None and _goes_on(last, table):
            _join(last, table)
        else:
            self.grids.append(table)

    def refusal(self) -> InputError:
        """Return why there is no table."""
        if self.scanned and len(self.scanned) == self.pages:
            return InputError(
                "Ce PDF est une image (un document numérisé) : ses tableaux ne peuvent pas être lus.",
                "Demandez le fichier d'origine (tableur, ou PDF enregistré depuis le logiciel et non numérisé) à qui l'a "
                "produit.",
                code="pdf.scanned",
            )
        said = (
            (self.hidden, "du texte caché sous un rectangle"),
            (self.notes, "des commentaires"),
            (self.inside, "des fichiers joints"),
            (self.macros, "un programme"),
        )
        return InputError(
            "Ce PDF ne contient aucun tableau que Parvis sache lire{hidden}.",
            "Demandez le tableur d'origine (XLSX, ODS ou CSV) à qui l'a produit. Attention aussi avant de diffuser ce PDF : "
            "un texte masqué par un rectangle noir reste lisible dessous.",
            hidden="".join(f" ; il contient {words}" for present, words in said if present),
            code="read.pdf",
        )

    def remarks(self) -> Iterator[Finding]:
        if self.hidden:
            yield Finding(
                "pdf.hidden_text",
                Severity.BLOCK,
                msg("Ce PDF contient du texte caché sous un rectangle ou écrit en blanc (page {page}) : il n'a pas été lu."),
                values={"page": self.hiding[0]},
                hint=msg("Ne diffusez pas ce PDF tel quel : un texte masqué par un rectangle reste lisible dessous. Ôtez-le du "
                         "document d'origine, puis refaites le PDF."),
                why=msg("Ce qui a été caché l'a été pour une raison : le nom d'une personne, souvent."),
                count=self.hidden,
            )  # fmt: skip
        if self.scanned:
            yield Finding(
                "pdf.scanned_pages",
                Severity.WARN,
                msg("Des pages sont des images ({pages}) : leurs tableaux n'ont pas été lus."),
                values={"pages": _listed(self.scanned)},
                hint=msg("Demandez le fichier d'origine à qui l'a produit."),
                count=len(self.scanned),
            )
        if self.recognised:
            yield Finding(
                "pdf.recognised_text",
                Severity.BLOCK,
                msg(
                    "Des pages sont numérisées ({pages}) : leur texte a été reconnu par un programme, qui se trompe parfois."
                ),
                values={"pages": _listed(self.recognised)},
                hint=msg("Relisez chaque chiffre, ou demandez le fichier d'origine."),
                count=len(self.recognised),
            )
        if self.drawings:
            yield Finding(
                "pdf.drawings",
                Severity.INFO,
                msg("Des pages sont des plans ou des dessins ({pages}) : elles n'ont pas été lues."),
                values={"pages": _listed(self.drawings)},
                count=len(self.drawings),
            )
        if self.unruled:
            yield Finding(
                "pdf.unruled",
                Severity.WARN,
                msg(
                    "Ce PDF contient des tableaux sans traits ({count}) : leurs colonnes viennent de l'alignement des mots."
                ),
                values={"count": self.unruled},
                hint=msg("Vérifiez l'aperçu colonne par colonne, ou demandez le tableur d'origine."),
                count=self.unruled,
            )
        yield Finding(
            "pdf.read",
            Severity.WARN,
            msg("Les tableaux de ce PDF ont été reconstitués d'après le dessin de ses pages."),
            hint=msg("Vérifiez l'aperçu, ou demandez le tableur d'origine : il est toujours plus sûr."),
        )
        yield from document.remarks(comments=self.notes, inside=self.inside, macros=self.macros)


def _listed(pages: Sequence[int]) -> str:
    shown = ", ".join(map(str, pages[:8]))
    return f"{shown}…" if len(pages) > 8 else shown


def _area(image: Any, page: Any) -> float:
    """Return the share of the page that an image takes."""
    width = min(image["x1"], page.width) - max(image["x0"], 0)
    height = min(image["bottom"], page.height) - max(image["top"], 0)
    return float(max(width, 0) * max(height, 0) / max(page.width * page.height, 1))


# --- Tables ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Table(document.Grid):
    """A grid and where it stands: page, box (x0, top, x1, bottom), the edges of its columns, the lines around it."""

    page: int = 0
    last: int = 0  # page where its last part stands
    box: tuple[float, float, float, float] = (0, 0, 0, 0)
    edges: tuple[float, ...] = ()
    spans: tuple[tuple[float, float], ...] = ()  # of the columns that only alignment shows
    above: int = 0
    below: int = 0


@dataclass(frozen=True, slots=True)
class _Line:
    """The words of one line of text, put together where they follow one another."""

    top: float
    bottom: float
    parts: Sequence[tuple[float, float, str]]

    @property
    def text(self) -> str:
        return " ".join(p[2] for p in self.parts)


def _lines(page: Any) -> list[_Line]:
    words = sorted(page.extract_words(), key=lambda w: (round(w["bottom"] / 2), w["x0"]))
    rows: list[list[Any]] = []
    for word in words:
        if rows and abs(word["bottom"] - rows[-1][-1]["bottom"]) < 3:
            rows[-1].append(word)
        else:
            rows.append([word])
    out = []
    for row in rows:
        row.sort(key=lambda w: w["x0"])
        parts: list[tuple[float, float, str]] = []
        for word in row:
            room = max(5.0, 0.7 * (word["bottom"] - word["top"]))
            if parts and word["x0"] - parts[-1][1] < room:
                x0, _, text = parts[-1]
                parts[-1] = (x0, word["x1"], f"{text} {word['text']}")
            else:
                parts.append((word["x0"], word["x1"], word["text"]))
        out.append(_Line(min(w["top"] for w in row), max(w["bottom"] for w in row), parts))
    return sorted(out, key=lambda line: line.top)


def _ruled(page: Any, number: int, lines: Sequence[_Line]) -> Iterator[_Table]:
    """Yield the tables whose cells are drawn."""
    for found in page.find_tables():
        cells = [c for row in found.rows for c in row.cells if c]
        xs = _distinct([x for c in cells for x in (c[0], c[2])])
        ys = _distinct([y for c in cells for y in (c[1], c[3])])
        table = _Table(page=number, last=number, box=tuple(found.bbox), edges=tuple(xs))
        for row, texts in zip(found.rows, found.extract(), strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                if cell is not None:
                    top, left = _nearest(ys, cell[1]), _nearest(xs, cell[0])
                    down, across = _nearest(ys, cell[3]) - top, _nearest(xs, cell[2]) - left
                    table.put(top, left, _unwrapped(text), max(across, 1), max(down, 1))
        table.caption = _caption(lines, found.bbox[1], number)
        if table.is_table():
            yield table


def _unwrapped(text: str | None) -> str:
    """Return a cell's text on one line; a word that a hyphen cuts at a line's end is put together again."""
    return " ".join(re.sub(r"(?<=[a-zà-ÿ])[-\u00ad]\n(?=[a-zà-ÿ])", "", text or "").split())


def _distinct(values: Sequence[float]) -> list[float]:
    out: list[float] = []
    for value in sorted(values):
        if not out or value - out[-1] > _EDGE / 2:
            out.append(value)
    return out


def _nearest(values: Sequence[float], value: float) -> int:
    return min(range(len(values)), key=lambda i: abs(values[i] - value))


def _caption(lines: Sequence[_Line], top: float, number: int) -> str:
    above = [line for line in lines if line.bottom <= top + 2 and top - line.bottom < 40 and len(line.parts) == 1]
    return (document.caption(above[-1].text) if above else "") or f"Page {number}"


def _aligned(lines: Sequence[_Line], number: int) -> Iterator[_Table]:
    """Yield the tables that only the alignment of their words shows."""
    block: list[_Line] = []
    for line in [*lines, None]:
        apart = block and (line is None or line.top - block[-1].bottom > 2.2 * (block[-1].bottom - block[-1].top))
        if line is None or apart:
            yield from _columns(block, number, lines)
            block = []
        if line is not None:
            block.append(line)


def _columns(block: Sequence[_Line], number: int, lines: Sequence[_Line]) -> Iterator[_Table]:
    several = [line for line in block if len(line.parts) > 1]
    if len(several) < 3:
        return
    first = block.index(several[0])
    body = [line for line in block[first:] if len(line.parts) > 1 or line.top < several[-1].top]
    if len(several) < 0.3 * len(body):
        return
    columns: list[list[float]] = []
    for x0, x1, _ in sorted(p for line in several for p in line.parts):
        if columns and x0 < columns[-1][1]:
            columns[-1][1] = max(columns[-1][1], x1)
        else:
            columns.append([x0, x1])
    table = _Table(page=number, last=number, edges=tuple(c[0] for c in columns))
    table.spans = tuple((c[0], c[1]) for c in columns)
    room = _room(body, columns)
    for line in block[block.index(body[-1]) + 1 :]:  # the end of the last row, when it is wrapped
        if line.top - body[-1].bottom >= room or any(_column(columns, p) == 0 for p in line.parts):
            break
        body.append(line)
    table.box = (columns[0][0], body[0].top, columns[-1][1], body[-1].bottom)
    before: _Line | None = None
    for line in body:
        places = {_column(columns, p): p[2] for p in line.parts}
        if before is not None and 0 not in places and len(places) < len(columns) and line.top - before.bottom < room:
            row = table.rows[-1]
            for i, text in places.items():
                row[i] = f"{row[i]} {text}" if row[i] else text
        else:
            at = len(table.rows)
            for i in range(len(columns)):
                table.put(at, i, places.get(i, ""))
        before = line
    if _columns_hold(table):
        table.caption = _caption(lines, table.box[1], number)
        yield table


def _room(body: Sequence[_Line], columns: Sequence[Sequence[float]]) -> float:
    """Return the gap under which a line goes on with the row above: well under the usual one between two rows."""
    gaps = sorted(b.top - a.bottom for a, b in pairwise(body) if any(_column(columns, p) == 0 for p in b.parts))
    return 0.7 * gaps[len(gaps) // 2] if gaps else 0.0


_RANK = re.compile(r"^\d{1,3}\s?[.)°-]$")  # of a list of sentences
_VALUE = re.compile(r"^[-+(]?[\d\s\u00a0\u202f.,/:%€)-]*\d[\d\s\u00a0\u202f.,/:%€)-]*$")


def _columns_hold(table: _Table) -> bool:
    """True for data: full columns, one of numbers or dates at least, or all short; never a numbered list of sentences."""
    rows = table.rows[1:]
    if len(rows) < 3 or not table.is_table():
        return False
    columns = [[r[i] for r in rows] for i in range(table.width)]
    filled = [[c for c in column if c] for column in columns]
    if sum(map(len, filled)) < 0.75 * len(rows) * table.width:
        return False
    means = [sum(map(len, cells)) / max(len(cells), 1) for cells in filled]
    values = [sum(bool(_VALUE.match(c)) and not _RANK.match(c) for c in cells) for cells in filled]
    measured = any(v >= 0.6 * len(rows) for v in values[1:])
    short = max(means) <= 25 and all(len(cells) >= 0.8 * len(rows) for cells in filled)
    return max(means) <= (120 if measured else 60) and (measured or short)


def _column(columns: Sequence[Sequence[float]], part: tuple[float, float, str]) -> int:
    middle = (part[0] + part[1]) / 2
    return min(range(len(columns)), key=lambda i: max(columns[i][0] - middle, middle - columns[i][1], 0))


# --- Over the pages -------------------------------------------------------------------------------


def _goes_on(last: _Table, table: _Table) -> bool:
    """True when a table at the top of a page is the following of the one at the bottom of the page before."""
    if table.page != last.last + 1 or last.below > _ROOM or table.above > _ROOM + 1 or last.width != table.width:
        return False
    near = len(last.edges) == len(table.edges)
    near = near and all(abs(a - b) < 2 * _EDGE for a, b in zip(last.edges, table.edges, strict=True))
    same = bool(last.spans) and len(last.spans) == len(table.spans)
    same = same and all(a[0] < b[1] and b[0] < a[1] for a, b in zip(last.spans, table.spans, strict=True))
    return near or same or last.header() == table.header()


def _join(last: _Table, table: _Table) -> None:
    """Put the rows of the following part under those that are there; its header, when it repeats, is let go."""
    depth = last.deep
    again = depth if table.rows[:depth] == last.rows[:depth] else 0
    shift = len(last.rows) - again
    last.rows += table.rows[again:]
    last.merged += [(a + shift, b, c + shift, d) for a, b, c, d in table.merged if a > again]
    last.last, last.below, last.box = table.page, table.below, table.box


# --- Refusals -------------------------------------------------------------------------------------


def _locked() -> InputError:
    return InputError(
        "Ce PDF est protégé par un mot de passe.",
        "Enregistrez-en une copie sans mot de passe, ou demandez le tableur d'origine.",
        code="pdf.password",
    )


def _damaged() -> InputError:
    return InputError(
        "Ce PDF est endommagé ou incomplet : il n'a pas pu être lu.",
        "Refaites l'export, ou demandez le tableur d'origine (XLSX, ODS ou CSV) à qui l'a produit.",
        code="pdf.damaged",
    )
