"""What XLS, XLSX, XLSB and ODS have in common once opened: sheets of cells, some of them hidden."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from parvis.errors import InputError, LimitError
from parvis.frozen import dataclass
from parvis.tables import header
from parvis.tables.cell_text import ERRORS, column, joined, text
from parvis.tables.table import LINE, letters
from parvis.values import Finding, Place, Severity, msg

_MOST = 200_000  # coloured cells of a sheet that are remembered
FAR = 100_000  # blank lines between two filled ones, at most
_HEAD = 1000  # filled lines of a long sheet in which its header is looked for
_PART = 1000  # lines turned into columns at a time: their cells stay in the processor's own memory
_GROUP = 50  # parts written at a time


@dataclass(slots=True)
class Hidden:
    """What a sheet says elsewhere than in its visible cells: 1-based lines and 0-based columns."""

    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)  # addresses of the cells that hold an error
    colours: dict[tuple[int, int], str] = field(default_factory=dict)  # (line, column) of the painted cells
    comments: dict[tuple[int, int], None] = field(default_factory=dict)  # cells that carry one, in order
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)  # when the parser of cells does not say it
    blank: dict[tuple[int, int], None] = field(default_factory=dict)  # formulas whose result nobody kept

    def __bool__(self) -> bool:
        return bool(
            self.rows or self.columns or self.errors or self.colours or self.comments or self.merged or self.blank
        )

    def add(self, other: Hidden) -> None:
        """Take in what another part of the file says of the same sheet."""
        self.rows |= other.rows
        self.columns |= other.columns
        self.errors += other.errors
        self.colours |= other.colours
        self.comments |= other.comments
        self.merged += other.merged
        self.blank |= other.blank

    def paint(self, colour: str, line: int, column: int) -> None:
        if len(self.colours) < _MOST:
            self.colours[line, column] = colour

    def comment(self, line: int, column: int) -> None:
        if len(self.comments) < _MOST:
            self.comments[line, column] = None


def read(path: Path, sink: Any, kind: str, hidden: Mapping[str, Hidden] | None = None) -> None:
    """Put every visible sheet of a workbook into the sink, and say what was left out."""
    import python_calamine as calamine

    try:
        book = calamine.load_workbook(str(path))
    except calamine.PasswordError as error:
        raise InputError(
            "Ce classeur est protégé par un mot de passe.",
            "Enregistrez-en une copie sans mot de passe, puis renvoyez-la.",
            code="excel.password",
        ) from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise InputError(
            "Ce classeur est endommagé : il n'a pas pu être ouvert.",
            "Ouvrez-le dans votre tableur, enregistrez-le à nouveau, puis renvoyez-le.",
            code="excel.damaged",
        ) from error
    veiled: list[str] = []
    for sheet in book.sheets_metadata:
        if sheet.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        if sheet.visible != calamine.SheetVisibleEnum.Visible:
            veiled.append(sheet.name)
            continue
        _sheet(book, sheet.name, sink, kind, (hidden or {}).get(sheet.name) or Hidden())
    for name in veiled:
        sink.find(veiled_sheet(name))


def _sheet(book: Any, name: str, sink: Any, kind: str, hidden: Hidden) -> None:
    try:
        sheet = book.get_sheet_by_name(name)
    except Exception as error:  # calamine raises many kinds for one damaged sheet
        sink.find(
            Finding(
                "excel.damaged_sheet",
                Severity.WARN,
                msg("La feuille « {sheet} » est endommagée : elle n'a pas été lue."),
                Place(sheet=name),
                {"sheet": name, "reason": type(error).__name__},
            )
        )
        return
    if sheet.start is None:
        return
    errors: dict[str, list[str]] = {}
    if hidden.errors:
        errors["#"] = hidden.errors
    at = [c for c in range(sheet.start[1], sheet.end[1] + 1) if c not in hidden.columns]
    lines = [n for n in range(1, sheet.end[0] + 2) if n not in hidden.rows]
    spans = hidden.merged or [(t, a, b, r) for (t, a), (b, r) in sheet.merged_cell_ranges or ()]
    seen = _seen(sheet, hidden, at, spans)
    facts: dict[str, Any] = {"format": kind, "sheet": True, "merged": _merged(spans, at), "lines": lines, "at": at}
    before = len(sink.tables)
    if at and len(lines) > header.WHOLE:
        sink.grid(name, _texts(_first(seen), at, errors), rest=_batches(seen, at, errors), **facts)
    elif at:
        sink.grid(name, _texts(seen, at, errors), **facts)
    _say_hidden(sink, name, hidden, sheet.end)
    _say_colours(sink, name, hidden, sink.tables[before:])
    _say_comments(sink, name, hidden)
    _say_blank(sink, name, hidden)
    for cells in errors.values():
        sink.find(
            Finding(
                "excel.error_cells",
                Severity.WARN,
                msg("{count} cellule(s) contiennent une erreur du tableur ({cells}) : elles sont lues comme vides."),
                Place(sheet=name, cell=cells[0]),
                {"count": len(cells), "cells": ", ".join(cells[:5])},
                hint=msg("Corrigez la formule dans le tableur, ou effacez ces cellules."),
                count=len(cells),
                examples=tuple(cells[:5]),
            )
        )


def put(sink: Any, name: str, kind: str, cells: Sequence[Sequence[str | None]], hidden: Hidden) -> None:
    """Put a sheet whose cells are already text into the sink, without what it hides, and say what was left out."""
    end = (len(cells) - 1, max(map(len, cells), default=0) - 1)
    at = [c for c in range(end[1] + 1) if c not in hidden.columns]
    lines = [n for n in range(1, end[0] + 2) if n not in hidden.rows]
    moved = _moved(hidden.merged, hidden, at)
    rows = []
    for line in lines:
        row = cells[line - 1]
        seen = [row[i] if i < len(row) else None for i in at]
        for source, target in moved.get(line, ()):
            if seen[target] is None and source < len(row):
                seen[target] = row[source]
        rows.append(seen)
    before = len(sink.tables)
    if at and rows:
        sink.grid(name, rows, format=kind, sheet=True, merged=_merged(hidden.merged, at), lines=lines, at=at)
    _say_hidden(sink, name, hidden, end)
    _say_colours(sink, name, hidden, sink.tables[before:])
    _say_comments(sink, name, hidden)


def veiled_sheet(name: str) -> Finding:
    """Return the remark on a sheet that is hidden as a whole."""
    return Finding(
        "excel.hidden_sheet",
        Severity.WARN,
        msg("La feuille masquée « {sheet} » n'a pas été lue et ne sera pas publiée."),
        Place(sheet=name),
        {"sheet": name},
        hint=msg("Si elle doit être publiée, affichez-la dans votre tableur et renvoyez le fichier."),
        why=msg("Une feuille masquée contient souvent un brouillon ou des données personnelles."),
    )


def _merged(spans: Sequence[tuple[int, int, int, int]], at: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """Return the merged cells: first line (from 1), first column among the visible ones, last line, last column."""
    seen = {column: i for i, column in enumerate(at)}
    out = []
    for top, left, bottom, right in spans:
        inside = [seen[c] for c in range(left, min(right, at[-1]) + 1) if c in seen]
        if inside:
            out.append((top + 1, inside[0], bottom + 1, inside[-1]))
    return out


def _seen(
    sheet: Any, hidden: Hidden, at: Sequence[int], spans: Sequence[tuple[int, int, int, int]]
) -> Iterator[tuple[int, Sequence[Any]]]:
    """Return the visible lines with their visible cells, as the parser gives them."""
    lines = enumerate(sheet.iter_rows(), 1)
    if not (hidden.rows or hidden.columns):
        return lines
    moved = _moved(spans, hidden, at)
    first = sheet.start[1]  # the parser leaves out the empty columns before the first filled one

    def visible() -> Iterator[tuple[int, Sequence[Any]]]:
        for line, row in lines:
            if line in hidden.rows:
                continue
            cells = [row[c - first] for c in at]
            for source, target in moved.get(line, ()):
                if text(cells[target]) is None and source >= first:
                    cells[target] = row[source - first]
            yield line, cells

    return visible()


def _first(seen: Iterator[tuple[int, Sequence[Any]]]) -> list[tuple[int, Sequence[Any]]]:
    """Return the lines in which the header of a long sheet is looked for."""
    out, filled = [], 0
    for line, row in islice(seen, header.WHOLE):
        out.append((line, row))
        filled += any(cell is not None and cell != "" for cell in row)
        if filled == _HEAD:
            break
    return out


def _texts(
    seen: Iterable[tuple[int, Sequence[Any]]], at: Sequence[int], errors: dict[str, list[str]]
) -> Iterator[list[str | None]]:
    """Yield the lines as texts; the cells that hold an error are noted, and empty."""
    for line, row in seen:
        told = list(map(text, row))
        for i, cell in enumerate(told):
            if cell is not None and cell[0] == "#" and cell in ERRORS:
                errors.setdefault(cell, []).append(f"{letters(at[i])}{line}")
                told[i] = None
        yield told


def _batches(
    seen: Iterator[tuple[int, Sequence[Any]]], at: Sequence[int], errors: dict[str, list[str]]
) -> Iterator[pa.Table]:
    """Yield the same as ``_texts`` by columns, which costs a fifth: c0..cN and ``__line``, without the blank lines."""
    with _thrifty():
        while parts := [_columns(part) for part in _parts(seen)]:
            *columns, numbers = zip(*parts, strict=True)
            lines = pa.concat_arrays(numbers)
            texts, wrong = zip(*map(joined, columns), strict=True)
            for n, i, cell in sorted((n, i, cell) for i, told in enumerate(wrong) for n, cell in told.items()):
                errors.setdefault(cell, []).append(f"{letters(at[i])}{lines[n]}")
            yield _without_blank_lines(texts, lines)


@contextmanager
def _thrifty() -> Iterator[None]:
    """Spare, while millions of cells come and go, two things that cost a twentieth each.

    Python looks for circles among them, and there are none; Arrow's own allocator has large pages wiped.
    """
    collecting, pool = gc.isenabled(), pa.default_memory_pool()
    gc.disable()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(pool)
        if collecting:
            gc.enable()


def _parts(seen: Iterator[tuple[int, Sequence[Any]]]) -> Iterator[list[tuple[int, Sequence[Any]]]]:
    """Yield the lines that are written at a time, by parts that stay in the processor's own memory."""
    for _ in range(_GROUP):
        if not (part := list(islice(seen, _PART))):
            return
        yield part


def _columns(part: Sequence[tuple[int, Sequence[Any]]]) -> list[Any]:
    """Return the columns of some lines, then the lines' numbers."""
    lines, rows = zip(*part, strict=True)
    return [*map(column, zip(*rows, strict=True)), pa.array(lines, pa.int64())]


def _without_blank_lines(columns: Sequence[Any], lines: Any) -> pa.Table:
    table = pa.Table.from_arrays([*columns, lines], [*(f"c{i}" for i in range(len(columns))), LINE])
    if not all(column.null_count for column in columns):
        return table
    blank = [all(cell is None for cell in row) for row in zip(*(c.to_pylist() for c in columns), strict=True)]
    return table.filter(pa.array([not b for b in blank])) if any(blank) else table


def _moved(
    spans: Sequence[tuple[int, int, int, int]], hidden: Hidden, at: Sequence[int]
) -> dict[int, list[tuple[int, int]]]:
    """Return where the text of a merged cell is seen when the column that holds it is hidden: line -> (from, to)."""
    out: dict[int, list[tuple[int, int]]] = {}
    for top, left, _, right in spans if hidden.columns else ():
        first = next((i for i, c in enumerate(at) if left < c <= right), None)
        if left in hidden.columns and first is not None:
            out.setdefault(top + 1, []).append((left, first))
    return out


def _say_hidden(sink: Any, name: str, hidden: Hidden, end: tuple[int, int]) -> None:
    rows = sorted(r for r in hidden.rows if r <= end[0] + 1)
    columns = sorted(c for c in hidden.columns if c <= end[1])
    if columns:
        sink.find(
            Finding(
                "excel.hidden_columns",
                Severity.WARN,
                msg("{count} colonne(s) masquée(s) de la feuille « {sheet} » n'ont pas été lues : {columns}."),
                Place(sheet=name),
                {"count": len(columns), "sheet": name, "columns": ", ".join(letters(c) for c in columns[:10])},
                hint=msg("Si elles doivent être publiées, affichez-les et renvoyez le fichier."),
                count=len(columns),
            )
        )
    if rows:
        sink.find(
            Finding(
                "excel.hidden_rows",
                Severity.WARN,
                msg("{count} ligne(s) masquée(s) ou filtrée(s) de la feuille « {sheet} » n'ont pas été lues (première : "
                    "{line})."),
                Place(sheet=name, line=rows[0]),
                {"count": len(rows), "sheet": name, "line": rows[0]},
                hint=msg("Si elles doivent être publiées, retirez le filtre et renvoyez le fichier."),
                count=len(rows),
            )
        )  # fmt: skip


def _say_colours(sink: Any, name: str, hidden: Hidden, tables: Sequence[Any]) -> None:
    """Say that cells of the data are painted, when that seems to mean something."""
    told: list[tuple[int, int]] = []
    for table in tables if hidden.colours else ():
        places = list(table.positions) or list(range(table.first_column, table.first_column + len(table.labels)))
        lines = {int(n) for n in pq.read_table(table.path, columns=[LINE]).column(0).to_pylist() if n is not None}
        told += _meant(hidden.colours, lines, places, table.rows)
    if not told:
        return
    sink.find(
        _finding_on_cells(
            "excel.colours",
            msg(
                "{count} cellule(s) de la feuille « {sheet} » sont coloriées ({cells}) : les couleurs ne sont pas lues."
            ),
            name,
            told,
            hint=msg("Si une couleur veut dire quelque chose, ajoutez une colonne qui le dit en toutes lettres."),
            why=msg("Un fichier de données ne garde pas les couleurs, et tout le monde ne les voit pas."),
        )
    )


def _meant(
    colours: Mapping[tuple[int, int], str], lines: Collection[int], places: Sequence[int], rows: int
) -> list[tuple[int, int]]:
    """Return the painted cells that stand out: neither whole columns, nor one line in two, nor the whole table."""
    inside = {c: colour for c, colour in colours.items() if c[0] in lines and c[1] in places}
    kept: list[tuple[int, int]] = []
    for colour in set(inside.values()):
        cells = [c for c, other in inside.items() if other == colour]
        by_column = Counter(column for _, column in cells)
        cells = [c for c in cells if by_column[c[1]] < 0.9 * rows]
        by_line = Counter(line for line, _ in cells)
        banded = len(by_line) >= 3 and all(b - a == 2 for a, b in pairwise(sorted(by_line)))
        if not banded:
            kept += cells
    several = len({inside[c] for c in kept}) > 1
    return kept if several or len(kept) <= 0.6 * rows * len(places) else []


def _say_comments(sink: Any, name: str, hidden: Hidden) -> None:
    if not hidden.comments:
        return
    sink.find(
        _finding_on_cells(
            "excel.comments",
            msg(
                "{count} commentaire(s) de la feuille « {sheet} » n'ont pas été lus et ne seront pas publiés ({cells})."
            ),
            name,
            hidden.comments,
            hint=msg("Si l'un d'eux doit être publié, recopiez-le dans une colonne."),
            why=msg("Un commentaire est souvent une remarque de travail, avec le nom de son auteur."),
        )
    )


def _say_blank(sink: Any, name: str, hidden: Hidden) -> None:
    shown = [
        (line, column) for line, column in hidden.blank if line not in hidden.rows and column not in hidden.columns
    ]
    if shown:
        sink.find(
            _finding_on_cells(
                "excel.no_results",
                msg(
                    "{count} formule(s) de la feuille « {sheet} » n'ont pas de résultat dans le fichier ({cells}) : ces cellules "
                    "sont lues comme vides."
                ),
                name,
                shown,
                hint=msg(
                    "Ouvrez le fichier dans votre tableur, enregistrez-le, puis renvoyez-le : les calculs y seront."
                ),
                why=msg("Le programme qui a écrit ce classeur a laissé les calculs à faire à celui qui l'ouvre."),
            )
        )


def _finding_on_cells(
    code: str, message: str, sheet: str, places: Iterable[tuple[int, int]], *, hint: str, why: str
) -> Finding:
    """Return the remark on cells given by (line, column), the first of which are named."""
    cells = [f"{letters(column)}{line}" for line, column in sorted(places)]
    told = ", ".join(cells[:5]) + (" ..." if len(cells) > 5 else "")
    values = {"count": len(cells), "sheet": sheet, "cells": told}
    place = Place(sheet=sheet, cell=cells[0])
    return Finding(code, Severity.WARN, message, place, values, hint=hint, why=why, count=len(cells))


def too_big(rows: int, columns: int, sheet: str) -> LimitError:
    return LimitError(
        "La feuille « {sheet} » de ce classeur s'étend sur {rows} lignes et {columns} colonnes : c'est trop.",
        "Une cellule perdue loin du tableau suffit : supprimez les lignes et colonnes vides, ou exportez la feuille en "
        "CSV.",
        sheet=sheet,
        rows=rows,
        columns=columns,
    )


def column_index(reference: str) -> int:
    """Return the 0-based column of a reference's letters: "A" is 0, "AA" is 26."""
    out = 0
    for sign in reference:
        out = out * 26 + ord(sign) - 64
    return out - 1


def macros(what: str) -> Finding:
    return Finding(
        "excel.macros",
        Severity.WARN,
        msg("Ce classeur contient des macros : seules les données ont été lues."),
        values={"what": what},
        why=msg("Un programme caché dans un classeur ne doit pas être diffusé : le fichier d'origine reste privé."),
    )
