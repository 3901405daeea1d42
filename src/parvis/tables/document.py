"""Tables that stand in a text document (Word, LibreOffice, PDF): from cells that span others to grids, and what is said.

A document holds more than what is seen: deleted text, comments, names of authors. Whoever reads one puts only the
text that a printed page would show into a ``Grid``; the rest is said, and never published.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.tables import markup
from parvis.tables.sink import too_wide
from parvis.values import Finding, Severity, msg

SPAN = 200  # columns that one cell may cover
_CAPTION = 90  # characters: beyond, the paragraph above a table is no caption
_PROSE = 400  # characters: cells longer than that, in most places, make a page and no table


@dataclass(slots=True)
class Grid:
    """The cells of one table by (line, column), from 0; ``caption`` is the paragraph above it."""

    caption: str = ""
    rows: list[list[str | None]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    colours: dict[tuple[int, int], str] = field(default_factory=dict)  # of the cells without text, RRGGBB
    deep: int = 1  # lines that the cells of the first one go down to: the header's

    def put(self, line: int, column: int, text: str, across: int = 1, down: int = 1) -> None:
        """Write a cell; the lines that it covers hold its text too (but in the header), the columns stay empty."""
        while len(self.rows) < line + down:
            self.rows.append([])
        header = line < self.deep
        if header:
            self.deep = max(self.deep, line + down)
        for covered in self.rows[line : line + down]:
            covered.extend([None] * (column + across - len(covered)))
        for covered in self.rows[line : line + (1 if header else down)]:
            covered[column] = text or None
        if across > 1 or down > 1:
            self.merged.append((line + 1, column, line + down, column + across - 1))

    def go_on(self, line: int, column: int, first: int, across: int) -> None:
        """Let the cell that starts at (first, column) go down to this line."""
        if first < self.deep:
            self.deep = max(self.deep, line + 1)
        self.put(line, column, (self.rows[first][column] or "") if first >= self.deep else "", across)

    @property
    def width(self) -> int:
        return max((len(r) for r in self.rows), default=0)

    def header(self) -> tuple[str | None, ...]:
        return tuple(self.rows[0]) if self.rows else ()

    def colour(self) -> int:
        """Write the names of their colours into the cells that have no text, when these are what the table says.

        Returns how many cells: 0 when fewer than two colours stand there, or in few cells.
        """
        told = {place: named(rgb) for place, rgb in self.colours.items() if place[0] and named(rgb)}
        size = max(sum(bool(row) for row in self.rows[1:]) * (self.width - 1), 1)
        if len(set(told.values())) < 2 or len(told) < 0.3 * size:
            return 0
        for (line, column), name in told.items():
            self.rows[line][column] = name
        return len(told)

    def is_table(self) -> bool:
        """True for data; False for the frames with which people lay out a letter."""
        cells = [c for row in self.rows for c in row if c]
        lines = sum(any(r) for r in self.rows)
        if lines < 2 or self.width < 2 or len(cells) < 4:
            return False
        columns = {i for row in self.rows for i, c in enumerate(row) if c}
        if len(columns) < 2 or sum(len(c) > _PROSE for c in cells) > len(cells) / 3:
            return False
        return len(cells) >= 0.4 * lines * len(columns)


def put(sink: Any, grids: Sequence[Grid], **facts: Any) -> None:
    """Put the grids that are tables into the sink, those that go on under the same header joined."""
    coloured = sum(g.colour() for g in grids)
    if coloured:
        sink.find(_coloured(coloured))
    tables = list(_joined([g for g in grids if g.is_table()]))
    names: set[str] = set()
    for number, grid in enumerate(tables, 1):
        if grid.width > sink.limits.columns:
            raise too_wide(grid.width, sink.limits.columns)
        name = ""
        if len(tables) > 1:
            name = grid.caption if grid.caption and grid.caption not in names else f"Tableau {number}"
        names.add(name)
        rows = [[*r, *([None] * (grid.width - len(r)))] for r in grid.rows]
        sink.grid(name, rows, merged=grid.merged, **facts)


def _joined(grids: Sequence[Grid]) -> Iterator[Grid]:
    """Yield the tables; one that repeats the header of the one before is its following part."""
    last: Grid | None = None
    for grid in grids:
        if last is not None and last.width == grid.width and last.header() == grid.header() and any(grid.header()):
            shift = len(last.rows) - 1
            last.rows += grid.rows[1:]
            last.merged += [(a + shift, b, c + shift, d) for a, b, c, d in grid.merged if a > 1]
            continue
        if last is not None:
            yield last
        last = grid
    if last is not None:
        yield last


def caption(text: str) -> str:
    """Return a paragraph as the name of the table under it, "" when it is no caption."""
    bare = " ".join(text.split()).strip(" :.")
    return bare if 2 < len(bare) <= _CAPTION else ""


def named(rgb: str) -> str:
    """Return the French name of a colour (RRGGBB), "" for white and black."""
    try:
        red, green, blue = (int(rgb[i : i + 2], 16) / 255 for i in (0, 2, 4))
    except ValueError:
        return ""
    hue, light, strength = colorsys.rgb_to_hls(red, green, blue)
    if light > 0.96 or light < 0.06:
        return ""
    if strength < 0.12:
        return "gris"
    names = ((15, "rouge"), (48, "orange"), (70, "jaune"), (165, "vert"), (260, "bleu"), (300, "violet"), (340, "rose"))
    return next((name for end, name in names if hue * 360 < end), "rouge")


# --- What Word and LibreOffice have in common -----------------------------------------------------


def guard(path: Path, refusal: str) -> None:
    """Refuse with this sentence a document whose XML holds definitions; the hint speaks of a word processor."""
    try:
        markup.guard(path)
    except InputError as error:
        if error.values.get("code") != "xml.doctype":
            raise
        again = msg("Ouvrez-le dans votre traitement de texte et enregistrez-le à nouveau, puis renvoyez-le.")
        raise InputError(refusal, again, **error.values) from error


def children(node: Any, tags: Sequence[str], wraps: Sequence[str]) -> Iterator[Any]:
    """Yield the rows of a table or the cells of a row, through the marks that may wrap them."""
    for child in node:
        if isinstance(child.tag, str):
            kind = markup.local(child)
            if kind in tags:
                yield child
            elif kind in wraps:
                yield from children(child, tags, wraps)


# --- What is said ---------------------------------------------------------------------------------


def no_table(
    tracked: bool = False, comments: int = 0, hidden: int = 0, macros: bool = False, inside: int = 0
) -> InputError:
    """Return the refusal of a text document in which no table stands; it says what the document hides."""
    said = (
        (tracked, "des modifications suivies"),
        (comments, "des commentaires"),
        (hidden, "du texte masqué"),
        (macros, "des macros"),
        (inside, "d'autres fichiers"),
    )
    found = [words for present, words in said if present]
    return InputError(
        "C'est un document de texte, et il ne contient aucun tableau{tracked}.",
        "Copiez ses données dans un tableur, puis renvoyez-le. Avant de diffuser le document lui-même, acceptez ou "
        "refusez toutes les modifications suivies et effacez les commentaires : ils gardent ce qui a été supprimé et le "
        "nom des auteurs.",
        tracked=f" ; il contient {', '.join(found)}" if found else "",
        code="read.document",
    )


def remarks(
    *, tracked: int = 0, comments: int = 0, hidden: int = 0, inside: int = 0, macros: bool = False
) -> Iterator[Finding]:
    """Yield what is to be said of a document that hides something: counts of changes, comments, hidden texts, files."""
    if tracked:
        yield Finding(
            "document.tracked",
            Severity.BLOCK,
            msg(
                "Ce document contient des modifications suivies ({count}) : le texte supprimé n'a pas été lu, le texte ajouté "
                "l'a été."
            ),
            values={"count": tracked},
            hint=msg("Acceptez ou refusez toutes les modifications dans votre logiciel, puis renvoyez le document."),
            why=msg(
                "Un document en cours de révision n'est pas la version décidée, et il nomme ceux qui l'ont révisé."
            ),
            count=tracked,
        )
    if comments:
        yield Finding(
            "document.comments",
            Severity.WARN,
            msg("Ce document contient des commentaires ({count}) : ils n'ont pas été lus et ne seront pas publiés."),
            values={"count": comments},
            hint=msg("Effacez-les avant de diffuser le document lui-même."),
            count=comments,
        )
    if hidden:
        yield Finding(
            "document.hidden",
            Severity.WARN,
            msg("Ce document contient du texte masqué ({count} passages) : il n'a pas été lu et ne sera pas publié."),
            values={"count": hidden},
            hint=msg("Effacez-le avant de diffuser le document lui-même."),
            count=hidden,
        )
    if macros:
        yield Finding(
            "document.macros",
            Severity.WARN,
            msg(
                "Ce document contient des macros ou un programme : ils n'ont pas été lancés, seuls ses tableaux ont été lus."
            ),
            hint=msg("Ne diffusez pas le document lui-même : enregistrez-le sans macros."),
        )
    if inside:
        yield Finding(
            "document.embedded",
            Severity.WARN,
            msg("Ce document contient d'autres fichiers ({count}), un classeur par exemple : ils n'ont pas été lus."),
            values={"count": inside},
            hint=msg("Renvoyez-les à part s'ils doivent être publiés, et ôtez-les du document avant de le diffuser."),
            count=inside,
        )


def _coloured(count: int) -> Finding:
    return Finding(
        "document.colours",
        Severity.BLOCK,
        msg(
            "Des cases sans texte sont colorées ({count}) : leur couleur porte une information, elle a été écrite en mots."
        ),
        values={"count": count},
        hint=msg("Remplacez chaque couleur par ce qu'elle veut dire, d'après la légende, puis renvoyez le document."),
        why=msg("Une couleur ne se lit ni dans un fichier de données, ni par une personne aveugle ou daltonienne."),
        count=count,
    )
