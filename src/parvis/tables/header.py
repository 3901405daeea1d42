"""Find the header of a grid of cells, and tell its tables apart.

An office file rarely starts with its header: a title, a sub-title and a blank line stand above; the header itself
takes two lines because cells are merged; tables stand one under the other, one per year, or side by side; totals,
sources and signatures stand below. The rules here look at what each line is made of, not at words of one town.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import chain, count, islice, pairwise, takewhile
from typing import Any

from parvis.frozen import dataclass
from parvis.units import is_unit
from parvis.values import Finding, Place, Severity, msg

Cells = Sequence[str | None]
Row = tuple[int, list[str | None]]  # line, cells

WHOLE = 20_000  # lines looked at as a whole; a longer grid is one table whose header is in its first lines
_LOOK = 40  # lines among which a header is looked for
_NAME = 60  # characters of a title that may name a table
_NOTES = 60  # lines of notes kept
_DATA = 0.3  # a complete line that scores less is no header: it is data

_NUMBER = re.compile(r"^[-+(]?\s*\d[\d\s\u00a0\u202f.,]*\s*[)%€]?\s*(?:€|%|-)?$")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d|^\d{1,2}/\d{1,2}/(?:\d\d|\d{4})\b|^\d{1,2}:\d\d(?::\d\d)?$")
_YEAR = re.compile(r"^\s*(?:19|20)\d\d(?:\s*[-/]\s*(?:19|20)?\d\d)?\s*$")
_TOTAL = re.compile(r"^\s*(?:sous[- ]?)?totaux?\b|^\s*(?:sous[- ]?)?total\b", re.IGNORECASE)
_REFERENCE = re.compile(r"^\(?\d{1,2}\)?(?:\.0)?$")
_COUNTED = re.compile(r"^\(?\d{1,2}\)?(?:\.0)?$|^\s*(?:19|20)\d\d\s*$")  # numbers of columns, years above months
_DBASE = re.compile(r"^.+,(?:[CDFLN]|[CDFLN],\d+(?:,\d+)?)$")
_NOTE = re.compile(r"^\s*(?:sources?|notes?|nb|n\.b\.|\*|\(\d\)|mise? à jour|l[ée]gende)(?!\w)", re.IGNORECASE)
_PAGE = re.compile(r"(?:page|p\.)\s*\d{1,4}(?:\s*(?:/|sur|de)\s*\d{1,4})?", re.IGNORECASE)
_FIRST = 0.3  # by how much a line must look more like a header than a complete one above it
_WORDS = re.compile(
    r"\b(?:nom|pr[ée]noms?|code|codes|date|dates|montants?|adresse|id|identifiant|libell[ée]|type|commune|ville|siret|"
    r"siren|insee|n[°o]|num[ée]ro|ann[ée]e|exercice|objet|nature|quartier|rue|voie|latitude|longitude|lat|lon|long|x|y|"
    r"surface|superficie|nombre|nb|description|cat[ée]gorie|statut|[ée]tat|t[ée]l[ée]phone|tel|email|mail|url|site|service|"
    r"direction|bureau|lieu|cp|secteur|titre|total|population|horaires?|jour|mois|lundi|mardi|b[ée]n[ée]ficiaire|"
    r"structure|association|candidat|voix|inscrits|votants|fonction|article|chapitre|r[ée]f[ée]rence|ref|name)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Start:
    """Where a table starts: its labels, the last line of its header (None: there is no header)."""

    labels: list[str]
    line: int
    first: int = 0  # first line of the header
    found: bool = True
    titles: tuple[str, ...] = ()
    stacked: bool = False
    made: frozenset[int] = frozenset()  # columns whose label only repeats the merged cell that covers them
    name: str = ""  # the title that stands over the table's first column, nearest to it


@dataclass(slots=True)
class _Block:
    """Consecutive lines that make one table."""

    start: Start
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)  # lines that only repeat the header
    columns: list[int] = field(default_factory=list)  # columns of the grid that are kept


def simple(rows: Sequence[Cells], first_line: int) -> Start | None:
    """Return the start of a grid that is one plain table from its first lines on, or None when it is not plain."""
    if len(rows) < 3:
        return None
    grid = [(first_line + i, list(r)) for i, r in enumerate(rows)]
    start = _start(grid, {})
    if start is None or not start.found or start.stacked or start.titles:
        return None
    width = len(rows[start.line - first_line])
    if len(start.labels) != width or any(len(r) != width for r in rows[start.line - first_line :]):
        return None
    return start if start.line == first_line else None


def split(sink: Any, name: str, rows: Iterable[Cells], facts: Mapping[str, Any]) -> None:
    """Put the tables of a grid into the sink.

    ``facts`` may hold ``first_line`` (line of the first row), ``lines`` (iterable of the rows' lines, when some are
    left out), ``merged`` (list of (first line, first column, last line, last column); columns as in ``rows``),
    ``at`` (the sheet's columns of the cells, when some are left out) and ``rest`` (what follows ``rows`` in a sheet too
    long to be looked at as a whole: batches of c0..cN and ``__line``, without blank lines); other facts go to the
    table as they are.
    """
    kept = {k: v for k, v in facts.items() if k not in ("first_line", "merged", "lines", "rest")}
    lines = facts.get("lines") or count(int(facts.get("first_line", 1)))
    stream: Iterator[Row] = ((line, [_clean(c) for c in r]) for r, line in zip(rows, lines, strict=False))
    head = list(islice(stream, WHOLE))
    rest = islice(stream, 0, None)
    following = next(rest, None)
    if not any(any(r) for _, r in head) and following is None:
        return
    if facts.get("sheet") and _prose(head):
        sink.find(
            Finding(
                "header.prose",
                Severity.INFO,
                msg("La feuille « {sheet} » contient du texte, pas un tableau : elle n'a pas été lue."),
                Place(sheet=name),
                {"sheet": name},
            )
        )
        return
    merged = _merged(facts.get("merged") or ())
    if following is not None or "rest" in facts:
        more = rest if following is None else chain([following], rest)
        _long(sink, name, head, more, facts.get("rest", ()), facts=kept, merged=merged)
        return
    lone = all(len(row) == 1 for _, row in head)  # a text whose every line stands between quotes
    pasted = _pasted(head) if facts.get("sheet") or lone else None
    whole = [pasted] if pasted else _blocks(head, merged)
    several = len(whole) > 1
    for own, block in zip(_names(name, whole) if several else [name], whole, strict=False):
        _keep(sink, own, block, kept)
    if several:
        sink.find(
            Finding(
                "header.several_tables",
                Severity.INFO,
                msg("{count} tableaux ont été trouvés dans cette feuille : ils sont traités séparément."),
                Place(sheet=name),
                {"count": len(whole)},
            )
        )


def labels_findings(labels: Sequence[str], line: int, sheet: str = "") -> list[Finding]:
    """Return the remark on empty or equal labels, if there are any."""
    folded = Counter(" ".join(label.split()).casefold() for label in labels if label.strip())
    twice = [label for label, count in folded.items() if count > 1]
    empty = [i + 1 for i, label in enumerate(labels) if not label.strip()]
    if not twice and not empty:
        return []
    parts = []
    if empty:
        parts.append(msg("colonne(s) sans titre : {columns}").format(columns=", ".join(map(str, empty[:10]))))
    if twice:
        parts.append(msg("titres en double : {labels}").format(labels=", ".join(f"« {t} »" for t in twice[:10])))
    return [
        Finding(
            "header.labels",
            Severity.WARN,
            msg("Des en-têtes de colonnes étaient vides ou en double ({what}) ; ils ont été renommés."),
            Place(sheet=sheet, line=line),
            {"what": " ; ".join(parts)},
            hint=msg("Donnez à chaque colonne un titre court et unique dans votre fichier."),
            count=len(empty) + len(twice),
        )
    ]


# --- Cells ----------------------------------------------------------------------------------------


def _clean(cell: str | None) -> str | None:
    return cell if cell is not None and cell.strip() else None


def kind(cell: str | None) -> str:
    """Return what a cell looks like: "" (empty), "n" (number), "d" (date or hour) or "t" (text)."""
    if cell is None:
        return ""
    cell = cell.strip()
    if not cell:
        return ""
    if _DATE.match(cell):
        return "d"
    if _NUMBER.match(cell):
        return "n"
    return "t"


def _filled(row: Cells) -> int:
    return sum(c is not None for c in row)


def _merged(ranges: Sequence[Sequence[int]]) -> dict[int, list[tuple[int, int, int]]]:
    """Return line -> (first column, last column, last line) of the merged cells that start there."""
    out: dict[int, list[tuple[int, int, int]]] = {}
    for top, left, bottom, right in ranges:
        out.setdefault(top, []).append((left, right, bottom))
    return out


def _prose(rows: Sequence[Row]) -> bool:
    """True when a sheet is a text typed in one column: a notice, a description of the file."""
    cells = [c for _, r in rows for c in r if c is not None]
    if not cells or any(_filled(r) > 1 for _, r in rows) or any(any(c for c in r[1:]) for _, r in rows):
        return False
    separated = sum(c.count(";") >= 2 or c.count("\t") >= 1 or c.count(",") >= 3 for c in cells)
    blank = sum(not any(r) for _, r in rows)
    long = sum(len(c) for c in cells) / len(cells)
    return separated < 0.5 * len(cells) and all(kind(c) == "t" for c in cells) and (long > 40 or blank > len(cells) / 4)


def _pasted(rows: Sequence[Row]) -> _Block | None:
    """Return the one column of a CSV pasted in a sheet, or None when the sheet is not that.

    Lines that were cut at the commas of their texts are put together again; the header is looked for in the cells
    that the separator makes.
    """
    lines = [(line, ",".join(c for c in row if c is not None)) for line, row in rows if any(row)]
    if len(lines) < 3 or any(next(i for i, c in enumerate(row) if c is not None) for _, row in rows if any(row)):
        return None
    for sign in ";\t|":
        usual, count = Counter(text.count(sign) for _, text in lines).most_common(1)[0]
        whole = sum((row[0] or "").count(sign) == usual for _, row in rows if any(row))
        if usual < 2 or count < 0.9 * len(lines) or whole < 0.5 * len(lines):
            continue
        cut = [(line, [c.strip() or None for c in text.split(sign)]) for line, text in lines]
        start = _start(cut, {})
        if start is None or not start.found:
            return None
        label = next(text for line, text in lines if line == start.line)
        titles = tuple(text for line, text in lines if line < start.first)
        kept: list[Row] = [(line, [text]) for line, text in lines if line > start.line]
        return _Block(Start([label], start.line, start.line, titles=titles), kept)
    return None


# --- Where a table starts -------------------------------------------------------------------------


def _start(grid: Sequence[Row], merged: Mapping[int, list[tuple[int, int, int]]]) -> Start | None:
    """Return where the first table of these lines starts, or None when there is no line at all."""
    filled = [(i, line, row) for i, (line, row) in enumerate(grid) if any(row)]
    if not filled:
        return None
    width = max(len(row) for _, _, row in filled[: _LOOK * 3])
    usual = _usual(filled)
    if _is_form(filled, width):
        return _headless(filled, width, usual)
    if _only_header(filled):
        return _with_stack(grid, filled[-1][0], merged, width)
    best, best_score = None, 0.0
    for position, (i, _, row) in enumerate(filled[:_LOOK]):
        below = [r for _, _, r in filled[position + 1 : position + 31]]
        local = min(usual, _usual_of(below[:8]) or usual)  # another table further down may be wider
        score = _score(row, below, local)
        if _is_data(row, local, score, found=best_score >= 0.55):
            break  # the data have begun: no header stands below them
        score -= 0.03 * position
        # Words of headers also stand in data (« rue », « lundi »): below a line that is one, they prove little.
        if score > best_score + (_FIRST if best is not None and _complete(grid[best][1], usual) else 0.0):
            best, best_score = i, score
        if best is not None and position > 12 and best_score > 2:
            break
    if best is None or best_score < 0.55:
        return _headless(filled, width, usual)
    return _with_stack(grid, best, merged, width)


def _complete(row: Cells, usual: float) -> bool:
    """True for a complete line of short texts that all differ: what a header is, whatever its words."""
    cells = [c.casefold().strip() for c in row if c is not None]
    short = all(kind(c) == "t" and 1 < len(c) <= 40 for c in cells)
    return short and len(cells) >= max(usual, 3) and len(set(cells)) == len(cells)


def _is_data(row: Cells, usual: float, score: float, *, found: bool) -> bool:
    """True for a line of data: complete and no header, or with numbers below what may be one."""
    cells = [c for c in row if c is not None]
    if all(_COUNTED.match(c) for c in cells):
        return False
    hard = sum(kind(c) in "nd" and not _COUNTED.match(c) for c in cells)
    return (score < _DATA and len(cells) >= 0.9 * usual) or (found and hard >= 2 and len(cells) >= 0.6 * usual)


def _only_header(filled: Sequence[tuple[int, int, Cells]]) -> bool:
    """True when there is a header, perhaps under titles, and no line of data: an empty model."""
    *titles, (_, _, last) = filled
    cells = [c for c in last if c is not None]
    alone = all(_filled(r) == 1 for _, _, r in titles)
    named = all(kind(c) == "t" and len(c) <= 90 for c in cells) and len({c.casefold() for c in cells}) == len(cells)
    return len(cells) >= 3 and alone and named


def _is_form(filled: Sequence[tuple[int, int, Cells]], width: int) -> bool:
    """True for a form: labels and their values side by side, several pairs across, and no header at all.

    A label says what its one value is, so none comes twice; the values below one another have nothing in common:
    surfaces, populations, rates and words.
    """
    pairs = [(i, i + 1) for i in range(0, width - 1, 2)]
    if width % 2 or not 2 <= len(pairs) <= 4 or not 5 <= len(filled) <= 200:
        return False
    for label, value in pairs:
        said = [r[label] for _, _, r in filled if label < len(r) and r[label] is not None]
        told = [r[value] for _, _, r in filled if value < len(r) and r[value] is not None]
        lone = sum(value < len(r) and r[value] is not None and r[label] is None for _, _, r in filled)
        words = sum(len(c.split()) for c in said if c) / max(len(said), 1)
        if len(said) < 4 or len(set(said)) < 0.9 * len(said) or words < 1.8 or lone > 0.1 * len(told):
            return False
        if sum(kind(c) == "n" for c in said if c) > 0.1 * len(said):
            return False
        sizes = [len(re.sub(r"\D", "", c.partition(",")[0])) for c in told if c and kind(c) == "n"]
        texts = sum(kind(c) == "t" for c in told if c)
        if len(sizes) < 0.5 * len(told) or not texts or max(sizes) - min(sizes) < 4:
            return False
    return True


def _usual_of(rows: Sequence[Cells]) -> int:
    """Return the usual number of filled cells of some lines, those of one cell left out; 0 when there is none."""
    wide = sorted(n for r in rows if (n := _filled(r)) > 1)
    return wide[len(wide) // 2] if wide else 0


def _usual(filled: Sequence[tuple[int, int, Cells]]) -> float:
    counts = sorted(_filled(r) for _, _, r in filled[:200])
    wide = [c for c in counts if c > 1] or counts
    return wide[len(wide) // 2]


def _score(row: Cells, below: Sequence[Cells], usual: float) -> float:
    """Return how much a line looks like the header of the lines below it (0: not at all; above 1: surely)."""
    cells = [(i, c) for i, c in enumerate(row) if c is not None]
    if not cells or not below:
        return 0.3 if cells and not below and all(kind(c) == "t" for _, c in cells) and len(cells) > 1 else 0.0
    years = _year_names(cells, below)
    texts = [c for i, c in cells if kind(c) == "t" or _DBASE.match(c) or i in years]
    text_share = len(texts) / len(cells)
    if text_share < 0.5 or (len(cells) == 1 and usual > 1):
        return 0.0
    fill = min(1.0, len(cells) / max(usual, 1))
    if fill < 0.5:
        return 0.0
    distinct = len({c.casefold().strip() for _, c in cells}) / len(cells)
    contrast = same = 0.0
    for i, cell in cells:
        under = [c for r in below if i < len(r) and (c := r[i]) is not None]
        kinds = [kind(c) for c in under]
        if not kinds:
            continue
        hard = sum(k in "nd" for k in kinds) / len(kinds)
        mine = "t" if i in years else kind(cell)
        code = _code_shape(under)
        if mine == "t" and hard >= 0.6:
            contrast += 1
        elif code and _shape(cell) == code:
            same += 1
        elif code and mine == "t":
            contrast += 0.7
        elif mine in "nd" and hard >= 0.6:
            same += 1
        elif under.count(cell) > 0.1 * len(under):
            same += 0.7
    numbers = sum(kind(c) == "n" and not _YEAR.match(c) for _, c in cells)
    if numbers > 0.1 * len(cells):
        return 0.0
    long = sum(len(c) > 90 for _, c in cells) / len(cells)
    words = sum(bool(_WORDS.search(c.replace("_", " "))) for c in texts) / len(cells)
    dbase = sum(bool(_DBASE.match(c)) for c in texts) / len(cells)
    if usual <= 1 and not contrast and not _names_a_list(cells[0][1]):
        return 0.0
    missing = max(0.0, 1 - len(cells) / max(usual, 1))
    return (
        0.6 * text_share
        + 0.5 * fill
        + 0.4 * distinct
        + 1.2 * contrast / len(cells)
        - 1.6 * same / len(cells)
        - 0.8 * long
        + 0.8 * words
        + 0.8 * dbase
        - 0.8 * missing
        - 0.5
    )


def _year_names(cells: Sequence[tuple[int, str]], below: Sequence[Cells]) -> frozenset[int]:
    """Return the columns named after years that follow one another (« 2022 ; 2023 ; 2024 »), other things under them."""
    named = [(i, int(m.group()[:4])) for i, c in cells if (m := _YEAR.match(c.strip()))]
    steps = {b[1] - a[1] for a, b in pairwise(named)}
    if len(named) < 3 or len(steps) != 1 or abs(steps.pop()) != 1:
        return frozenset()
    under = [c for r in below for i, _ in named if i < len(r) and (c := r[i]) is not None]
    told = sum(bool(_YEAR.match(c)) for c in under)
    return frozenset(i for i, _ in named) if under and told <= 0.2 * len(under) else frozenset()


def _names_a_list(cell: str) -> bool:
    """True when a cell may be the title of a column that stands alone: a usual word, an identifier, a pasted CSV."""
    pasted = max(cell.count(sign) for sign in ";\t|,") >= 2
    return pasted or "_" in cell or (len(cell.split()) <= 4 and bool(_WORDS.search(cell)))


def _shape(cell: str) -> str:
    """Return the figure of a cell: 9 for a digit, A for a capital, a for another letter."""
    return "".join("9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in cell.strip())


def _code_shape(cells: Sequence[str]) -> str:
    """Return the figure that nearly all these cells share, when it is one of a code (« 99A », « AA »), or ""."""
    if len(cells) < 4 or len({c.strip() for c in cells}) < len(cells) / 2:
        return ""
    figure, count = Counter(map(_shape, cells)).most_common(1)[0]
    coded = len(figure) <= 20 and ("9" in figure or (set(figure) == {"A"} and len(figure) <= 3))
    return figure if coded and count >= 0.8 * len(cells) else ""


def _headless(filled: Sequence[tuple[int, int, Cells]], width: int, usual: float) -> Start:
    titles: list[str] = []
    position = 0
    while position < len(filled) - 1 and _filled(filled[position][2]) == 1 and usual > 1:
        titles.append(next(c for c in filled[position][2] if c is not None))
        position += 1
    line = filled[position][1] - 1
    return Start([""] * width, line, line, found=False, titles=tuple(titles))


def _with_stack(grid: Sequence[Row], best: int, merged: Mapping[int, list[tuple[int, int, int]]], width: int) -> Start:
    """Return the start whose header ends at row ``best`` or just below, with the group lines above it."""
    if best and _filled(grid[best - 1][1]) > 1 and _units(grid[best - 1][1], [r for _, r in grid[best : best + 30]]):
        best -= 1  # the line of units was taken for the header
    top = bottom = best
    header = _padded(grid[best][1], width)
    units = _units(header, [row for _, row in grid[best + 1 : best + 30]])
    below = grid[best + 1][1] if best + 1 < len(grid) else ()
    if units or _completes(header, below, grid[best][0], merged, grid[best + 2 : best + 30]):
        bottom = best + 1
    named = range(top, top + 1 if units else bottom + 1)
    stack = [_spread(grid[i][1], grid[i][0], merged, width, last=i == bottom) for i in named]
    while top > 0:
        row = grid[top - 1][1]
        if _filled(row) >= 2 and all(_REFERENCE.match(c) for c in row if c is not None):
            top -= 1  # a line of column numbers
            continue
        if not _groups(row, grid[top - 1][0], merged, grid[bottom][1]):
            break
        top -= 1
        stack.insert(0, _spread(row, grid[top][0], merged, width, last=False))
    labels = [_joined([s[i] for s in stack]) for i in range(width)]
    labels = [f"{x} ({units[i]})".strip() if i in units else x for i, x in enumerate(labels)]
    made = frozenset(
        i
        for left, right, _ in merged.get(grid[bottom][0], ())
        for i in range(left + 1, min(right + 1, width))
        if i >= len(grid[bottom][1]) or grid[bottom][1][i] is None
    )
    above = [row for _, row in grid[:top] if any(row)]
    left = next((i for i, c in enumerate(grid[bottom][1]) if c is not None), 0)
    left = min(left, next((i for i, c in enumerate(grid[top][1]) if c is not None), left))
    over = [_one_line(r) for r in above if next(i for i, c in enumerate(r) if c is not None) <= left]
    name = next((t for t in reversed(over) if len(t) <= _NAME), "")
    titles = tuple(_one_line(r) for r in above)
    return Start(labels, grid[bottom][0], grid[top][0], titles=titles, stacked=len(stack) > 1, made=made, name=name)


def _units(header: Cells, below: Sequence[Cells]) -> dict[int, str]:
    """Return column -> unit when the line under a header only says in what its numbers are: « m² ; kWh ; € TTC »."""
    cells = {i: " ".join(c.split()).strip("()[]") for i, c in enumerate(below[0]) if c is not None} if below else {}
    if not cells or not all(kind(c) == "t" and len(c) <= 15 for c in cells.values()):
        return {}
    told = sum(map(is_unit, cells.values()))
    if told < max(1, 0.6 * len(cells)) or (told == 1 and _filled(header) > 4):
        return {}
    for i in cells:
        under = [kind(c) for r in below[1:] if i < len(r) and (c := r[i]) is not None]
        if not under or sum(k == "n" for k in under) < 0.6 * len(under):
            return {}
    return cells


def _padded(row: Cells, width: int) -> list[str | None]:
    return [*row, *([None] * (width - len(row)))][:width]


def _completes(
    header: Cells, below: Cells, line: int, merged: Mapping[int, list[tuple[int, int, int]]], data: Sequence[Row]
) -> bool:
    """True when the line below fills the holes of a header whose cells are merged."""
    cells = [(i, c) for i, c in enumerate(below) if c is not None]
    if not cells or any(kind(c) != "t" for _, c in cells):
        return False
    spans = [(left, right) for left, right, bottom in merged.get(line, ()) if right > left and bottom == line]
    tall = [left for left, right, bottom in merged.get(line, ()) if bottom == line + 1]
    if spans and (tall or all(any(left <= i <= right for left, right in spans) for i, _ in cells)):
        return True
    if merged.get(line) and not spans:
        return False
    holes = [i for i, c in cells if i >= len(header) or header[i] is None]
    if not holes or len(holes) < len(cells) / 3 or len(cells) >= sum(c is not None for c in header) + len(holes):
        return False
    full = [r for _, r in data if _filled(r) > len(cells)]
    return bool(full) and all(any(i < len(r) and r[i] is not None for r in full) for i in holes[:1])


def _groups(row: Cells, line: int, merged: Mapping[int, list[tuple[int, int, int]]], header: Cells) -> bool:
    """True when a line above the header names groups of columns."""
    cells = [c for c in row if c is not None]
    named = [i for i, c in enumerate(header) if c is not None]
    width = named[-1] - named[0] + 1
    if len(cells) < 2 or any(kind(c) != "t" or len(c) > 60 for c in cells) or len(cells) > width * 0.7:
        alone = len(cells) == 1  # then one over all the columns is a title
        spans = [
            1 for left, right, _ in merged.get(line, ()) if right > left and (right - left < width - 1 or not alone)
        ]
        longest = 40 if len(cells) == 1 else 60  # a longer cell alone is a sentence to the reader
        return bool(spans) and bool(cells) and all(kind(c) == "t" and len(c) <= longest for c in cells)
    return True


def _spread(
    row: Cells, line: int, merged: Mapping[int, list[tuple[int, int, int]]], width: int, *, last: bool
) -> list[str]:
    """Return the cells of a header line; a group's name is repeated over the columns that it spans."""
    out = [" ".join((c or "").split()) for c in _padded(row, width)]
    spans = {left: right for left, right, _ in merged.get(line, ())}
    if last:
        for left, right in spans.items():
            for i in range(left + 1, min(right + 1, width)):
                if out[left] and not out[i]:
                    out[i] = f"{out[left]} ({i - left + 1})"
        return out
    if spans:
        for left, right in spans.items():
            for i in range(left, min(right + 1, width)):
                out[i] = out[left]
        return out
    carried = ""
    for i, cell in enumerate(out):
        carried = cell or carried
        out[i] = carried
    return out


def _joined(parts: Sequence[str]) -> str:
    kept: list[str] = []
    if parts and not parts[-1] and len(parts) > 1:
        own = [p for p in parts if p]
        return own[0] if own else ""
    for part in parts:
        if part and part not in kept:
            kept.append(part)
    return " / ".join(kept)


def _one_line(row: Cells) -> str:
    return " ".join(" ".join(c.split()) for c in row if c is not None)


# --- Several tables -------------------------------------------------------------------------------


def _blocks(grid: list[Row], merged: Mapping[int, list[tuple[int, int, int]]]) -> list[_Block]:
    out: list[_Block] = []
    for part in _side_by_side(grid):
        out += _stacked(part, merged)
    return [b for b in out if b.rows or not out or b is out[0]]


def _side_by_side(grid: list[Row]) -> list[list[Row]]:
    """Cut a grid at its empty columns when both sides are tables of different heights."""
    width = max(len(r) for _, r in grid)
    used = [0] * width
    for _, row in grid:
        for i, cell in enumerate(row):
            used[i] += cell is not None
    cuts = [i for i in range(1, width - 1) if not used[i]]
    if not cuts or len(grid) > 5000:
        return [grid]
    edges = [-1, *cuts, width]
    spans = [(a + 1, b) for a, b in pairwise(edges) if b - a > 2]
    if len(spans) < 2:
        return [grid]
    parts = [[(line, [c if left <= i < right else None for i, c in enumerate(r)]) for line, r in grid]
             for left, right in spans]  # fmt: skip
    starts = [_start(p, {}) for p in parts]
    if any(s is None or not s.found for s in starts):
        return [grid]
    heights = [sum(any(r) for _, r in p) for p in parts]
    names = [[x for x in s.labels if x] for s in starts if s is not None]
    if max(heights) - min(heights) > max(2, 0.2 * max(heights)) or names[0] == names[1]:
        return parts
    return [grid]


def _stacked(grid: list[Row], merged: Mapping[int, list[tuple[int, int, int]]]) -> list[_Block]:
    """Cut a grid in the tables that stand one under the other."""
    start = _start(grid, merged)
    if start is None:
        return []
    block = _Block(start)
    blocks = [block]
    i = 0
    while i < len(grid) and grid[i][0] <= start.line:
        i += 1
    previous_blank = False
    while i < len(grid):
        line, row = grid[i]
        if not any(row):
            previous_blank = True
            i += 1
            continue
        if _filled(row) == 1 and _PAGE.fullmatch(next(c for c in row if c is not None).strip()):
            block.notes = [*block.notes, _one_line(row)][:_NOTES]
            i += 1
            continue
        if _again(row, block.start.labels):
            block.repeated.append(line)
            i += 1
            previous_blank = False
            continue
        note = _NOTE.match(_one_line(row)) is not None  # stands under the table above, not over the next one
        other = _another(grid, i, block, merged) if (previous_blank or _filled(row) == 1) and not note else None
        if other is not None:
            block = _Block(other)
            blocks.append(block)
            while i < len(grid) and grid[i][0] <= other.line:
                i += 1
            previous_blank = False
            continue
        block.rows.append((line, row))
        previous_blank = False
        i += 1
    return blocks


def _again(row: Cells, labels: Sequence[str]) -> bool:
    """True when a line repeats the header (one per printed page)."""
    cells = [(i, " ".join(c.split()).casefold()) for i, c in enumerate(row) if c is not None]
    names = [{x.casefold(), *x.casefold().split(" / ")} for x in labels]
    same = sum(i < len(names) and c in names[i] for i, c in cells)
    return same > 1 and same >= 0.75 * len(cells) and (same > 3 or same >= 0.4 * sum(any(n) for n in names))


def _another(
    grid: Sequence[Row], i: int, block: _Block, merged: Mapping[int, list[tuple[int, int, int]]]
) -> Start | None:
    """Return the start of another table at row ``i``, possibly under a title of one or two lines."""
    for j in range(i, min(i + 4, len(grid))):
        row = grid[j][1]
        if _filled(row) < 2:
            continue
        texts = [c for c in row if c is not None]
        below = [r for _, r in grid[j + 1 : j + 21] if any(r)]
        if len(texts) < 2 or not below or any(kind(c) != "t" for c in texts):
            return None
        again = _again(row, block.start.labels)
        usual = min(sorted(_filled(r) for r in below)[len(below) // 2], _usual_of(below[:8]) or 2)
        hard = [
            k for k, c in enumerate(row)
            if c is not None
            and (under := [kind(r[k]) for r in below if k < len(r) and r[k] is not None])
            and sum(x in "nd" for x in under) / len(under) >= 0.8
        ]  # fmt: skip
        odd = [k for k in hard if _was_hard(block, k)]
        named = sum(bool(_WORDS.search(c)) for c in texts)
        titled = j > i and grid[i][0] - block.rows[-1][0] > 1 if block.rows else False
        sure = len(odd) >= 0.25 * len(texts) or (titled and (named >= 0.3 * len(texts) or len(hard) > 1))
        if again and j > i:
            return _with_stack(grid[i:], j - i, merged, max(len(r) for _, r in grid))
        if hard and sure and usual >= 2 and _score(row, below, usual) > 1.3:
            return _with_stack(grid[i:], j - i, merged, max(len(r) for _, r in grid))
        return None
    return None


def _was_hard(block: _Block, column: int) -> bool:
    """True when the table above does not hold text in this column: a text cell there is then no value of it."""
    above = [kind(r[column]) for _, r in block.rows[-20:] if column < len(r) and r[column] is not None]
    return not above or sum(k == "t" for k in above) / len(above) < 0.3


def _names(name: str, blocks: Sequence[_Block]) -> list[str]:
    """Return the names of the tables of a sheet: their own titles, or numbers; no two alike."""
    said = [b.start.name or next((t for t in reversed(b.start.titles) if len(t) <= _NAME), "") for b in blocks]
    if not all(said) or len(set(said)) < len(said):
        said = _apart(blocks) or said
    twice = Counter(said)
    said = [t if t and twice[t] == 1 else f"{t} ({n})" if t else str(n) for n, t in enumerate(said, 1)]
    return [f"{name} / {t}" if name else t for t in said]


def _apart(blocks: Sequence[_Block]) -> list[str]:
    """Return for each table the title that no other has, or of long ones what they do not share; [] when some has none.

    « Montants en euros » stands above each year of a sheet: the year is in another line.
    """
    own = []
    for block in blocks:
        others = {t for b in blocks if b is not block for t in b.start.titles}
        own.append(next((t.split() for t in reversed(block.start.titles) if t not in others), []))
    if any(len(" ".join(words)) > _NAME for words in own):
        own = [words[_shared(own) :] for words in own]
        end = _shared([words[::-1] for words in own])
        own = [words[: len(words) - end] for words in own]
    told = [" ".join(words) for words in own]
    return told if all(0 < len(t) <= _NAME for t in told) and len(set(told)) == len(told) else []


def _shared(titles: Sequence[Sequence[str]]) -> int:
    """Return how many first words all these titles share."""
    return sum(1 for _ in takewhile(lambda words: len(set(words)) == 1, zip(*titles, strict=False)))


# --- Into the sink --------------------------------------------------------------------------------


def _keep(sink: Any, name: str, block: _Block, facts: Mapping[str, Any]) -> None:
    _take_notes(block)
    start = block.start
    width = max([len(start.labels), *(len(r) for _, r in block.rows)], default=0)
    used = [bool(i < len(start.labels) and start.labels[i]) and i not in start.made for i in range(width)]
    for _, row in block.rows:
        for i, cell in enumerate(row):
            if cell is not None:
                used[i] = True
    columns = [i for i in range(width) if used[i]]
    if not columns or (not block.rows and len([c for c in columns if c < len(start.labels)]) < 2):
        return
    labels = _labels(start, columns)
    at = facts.get("at") or range(int(facts.get("first_column", 0)), 1 << 20)
    kept = {k: v for k, v in facts.items() if k != "at"}
    places = tuple(at[c] for c in columns)
    kept["first_column"] = places[0]
    if places != tuple(range(places[0], places[0] + len(places))):
        kept["positions"] = places
    rows = ((line, [row[i] if i < len(row) else None for i in columns]) for line, row in block.rows)
    line = start.line if start.found else None
    sink.rows(name, labels, rows, header_line=line, titles=start.titles, notes=tuple(block.notes), **kept)
    _say(sink, name, start, labels)
    if block.repeated:
        sink.find(
            Finding(
                "header.repeated",
                Severity.INFO,
                msg(
                    "{count} ligne(s) répétaient l'en-tête au milieu du tableau : elles ont été retirées (lignes {lines})."
                ),
                Place(sheet=name, line=block.repeated[0]),
                {"count": len(block.repeated), "lines": ", ".join(map(str, block.repeated[:10]))},
                count=len(block.repeated),
            )
        )


def _labels(start: Start, columns: Sequence[int]) -> list[str]:
    out = []
    for i in columns:
        label = start.labels[i] if i < len(start.labels) else ""
        out.append(" ".join(label.split()))
    return out


def _take_notes(block: _Block) -> None:
    """Move what stands below the table (sources, signatures, legends, definitions) out of its rows."""
    cut = _after_gap(block.rows)
    if cut is None:
        cut = _last_lines(block.rows)
    if cut is not None:
        block.notes = [*block.notes, *(_one_line(r) for _, r in block.rows[cut:])][:_NOTES]
        block.rows = block.rows[:cut]


def _after_gap(rows: Sequence[Row]) -> int | None:
    """Return where the texts begin that follow a blank line: single cells, or lines without the first column."""
    if len(rows) < 4:
        return None
    gaps = [i for i in range(max(3, len(rows) - 200), len(rows)) if rows[i][0] - rows[i - 1][0] > 1]
    for cut in gaps:
        above, below = [r for _, r in rows[:cut]], [r for _, r in rows[cut:]]
        texts = all(kind(c) == "t" and not _TOTAL.match(c) for r in below for c in r if c is not None)
        key = next((i for i in range(len(above[0])) if sum(r[i] is not None for r in above) >= 0.95 * len(above)), None)
        if not texts or key is None:
            continue
        alone = all(_filled(r) == 1 for r in below) and sum(_filled(r) > 1 for r in above) >= 0.9 * len(above)
        unkeyed = all(key >= len(r) or r[key] is None for r in below)
        if alone or (unkeyed and len(below) <= 15):
            return cut
    return None


def _last_lines(rows: Sequence[Row]) -> int | None:
    """Return where the notes begin that stand right under the table."""
    if len(rows) < 3:
        return None
    usual = sorted(_filled(r) for _, r in rows)[len(rows) // 2]
    if usual < 3:
        return None
    taken = 0
    for _, row in reversed(rows[-15:]):
        cells = [c for c in row if c is not None]
        text = all(kind(c) == "t" for c in cells) and not _TOTAL.match(cells[0])
        if not (len(cells) <= max(1, usual // 4) and text and (len(cells[0]) > 25 or row[0] is not None)):
            break
        taken += 1
    if not taken or taken > len(rows) // 2:
        return None
    cut = len(rows) - taken
    gap = rows[cut - 1][0] < rows[cut][0] - 1
    said = any(_NOTE.match(_one_line(r)) for _, r in rows[cut:])
    return cut if gap or said else None


def _say(sink: Any, name: str, start: Start, labels: Sequence[str]) -> None:
    sheet = name
    if not start.found:
        sink.find(
            Finding(
                "header.none",
                Severity.WARN,
                msg("Ce tableau n'a pas de ligne de titres : les colonnes ont été numérotées."),
                Place(sheet=sheet),
                hint=msg("Ajoutez au-dessus des données une ligne qui donne le nom de chaque colonne."),
            )
        )
        return
    if start.titles:
        sink.find(
            Finding(
                "header.below_title",
                Severity.INFO,
                msg("L'en-tête a été trouvé ligne {line}, sous le titre « {title} »."),
                Place(sheet=sheet, line=start.line),
                {"line": start.line, "title": start.titles[0][:120]},
            )
        )
    if start.stacked:
        sink.find(
            Finding(
                "header.stacked",
                Severity.WARN,
                msg("L'en-tête est sur plusieurs lignes ({first} à {last}) : les titres ont été réunis."),
                Place(sheet=sheet, line=start.line),
                {"first": start.first, "last": start.line},
                hint=msg("Vérifiez les noms de colonnes dans l'aperçu."),
            )
        )
    for finding in labels_findings(labels, start.line, sheet):
        sink.find(finding)


def _long(
    sink: Any,
    name: str,
    head: list[Row],
    rest: Iterator[Row],
    batches: Iterable[Any],
    *,
    facts: Mapping[str, Any],
    merged: Mapping[int, list[tuple[int, int, int]]],
) -> None:
    """Keep a grid too long to be looked at as a whole: one table, blank lines left out.

    ``rest`` are the lines after ``head``; ``batches`` what comes after them, already by columns.
    """
    start = _start(head, merged) or Start([""], 0, 0, found=False)
    width = max(len(start.labels), *(len(r) for _, r in head))
    labels = [*start.labels, *([""] * (width - len(start.labels)))]

    def rows() -> Iterator[Row]:
        for line, row in chain(head, rest):
            if line > start.line and any(row):
                yield line, (row[:width] if len(row) > width else row)

    clean = _labels(Start(labels, start.line), range(width))
    at = facts.get("at")
    facts = {k: v for k, v in facts.items() if k != "at"} | ({"positions": tuple(at[:width])} if at else {})
    line = start.line if start.found else None
    sink.rows(name, clean, rows(), batches, header_line=line, titles=start.titles, **facts)
    _say(sink, name, start, clean)
