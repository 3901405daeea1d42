"""Texts whose columns stand at the same places on every line: the listings of mainframes and of old business software.

No sign separates the columns: they are cut where all the lines have a blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.tables import sniff
from parvis.values import Finding, Severity, msg

TITLE = "Texte à largeur fixe"
SUFFIXES = (".txt", ".dat", ".prn", ".asc", ".lst")

_SAMPLE = 400  # lines
_RULE = re.compile(r"^[\s\-=_+|]*$")  # a line drawn under the header
_WIDEST = 2000  # characters of a line


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where each column starts and ends, from 0; the end is not in it."""

    columns: Sequence[tuple[int, int]]

    def cut(self, line: str) -> list[str | None]:
        """Return the cells of a line; one that writes over the blanks between columns is a title, kept whole."""
        text = line.rstrip()
        ends = [*[start for start, _ in self.columns[1:]], max(len(text), self.columns[-1][1])]
        gaps = [text[end:start] for (_, end), (start, _) in zip(self.columns, self.columns[1:], strict=False)]
        if any(g.strip() for g in gaps):
            words = re.split(r"\s{2,}", text.strip())
            if len(words) == len(self.columns):
                return list(words)
            if text[self.columns[0][0] : ends[0]].strip() and sum(bool(g.strip()) for g in gaps) > len(gaps) / 2:
                return [text.strip(), *([None] * (len(self.columns) - 1))]
        starts = [0, *ends[:-1]]
        return [text[a:b].strip() or None for a, b in zip(starts, ends, strict=True)]


def recognises(path: Path, head: bytes) -> float:
    if b"\x00" in head or head[:1] in (b"<", b"{", b"["):
        return 0.0
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    lines = text.splitlines()[:_SAMPLE]
    return 0.42 if _layout(lines[:-1] if len(head) > 60_000 else lines) is not None else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the table into the sink."""
    text = sniff.text(path, sink.limits.line)
    sample = [line for _, line in zip(range(_SAMPLE), text.decode(path), strict=False)]
    layout = _layout([line.rstrip("\n") for line in sample])
    if layout is None:
        raise InputError(
            "Ce fichier est un texte, pas un tableau : aucune séparation en colonnes n'a été trouvée.",
            "Envoyez le tableur ou le CSV qu'il accompagne.",
            code="read.text",
        )
    sink.grid("", _rows(text.decode(path), layout), format="txt", encoding=text.encoding)
    return [
        Finding(
            "fixed_width.cut",
            Severity.WARN,
            msg(
                "Ce texte n'a pas de séparateur : ses {count} colonnes ont été coupées là où toutes les lignes ont un blanc."
            ),
            values={"count": len(layout.columns)},
            hint=msg("Vérifiez l'aperçu colonne par colonne, ou demandez un export en CSV."),
        )
    ]


def _rows(lines: Iterator[str], layout: _Layout) -> Iterator[list[str | None]]:
    for line in lines:
        bare = line.rstrip("\n").expandtabs(8)
        yield [None] * len(layout.columns) if _RULE.match(bare) else layout.cut(bare)


def _layout(lines: Sequence[str]) -> _Layout | None:
    """Return where the columns stand, or None when the text has none that are sure."""
    body = [line.rstrip() for line in lines if line.strip() and not _RULE.match(line)]
    if len(body) < 5 or max(map(len, body)) > _WIDEST or any(s in line for line in body for s in ";|\t"):
        return None
    dialect = sniff.dialect(body)
    if dialect.separator and dialect.consistency > 0.6 and dialect.width > 2:
        return None  # commas do separate
    core = body[5:-5] if len(body) >= 25 else body[1:]  # titles and notes stand at the ends
    width = max(map(len, core))
    blank = [all(len(line) <= i or line[i] == " " for line in core) for i in range(width)]
    columns: list[tuple[int, int]] = []
    start = None
    for i, empty in enumerate([*blank, True]):
        if not empty and start is None:
            start = i
        elif empty and start is not None:
            columns.append((start, i))
            start = None
    columns = _drawn(lines) or _sure(columns, core)
    if len(columns) < 2:
        return None
    filled = [sum(bool(line[a:b].strip()) for line in core) / len(core) for a, b in columns]
    enough = min(filled) > 0.9 if len(columns) == 2 else sorted(filled)[-2] > 0.8
    words = [{line[a:b].strip() for line in core} for a, b in columns]
    said = sum(
        len(w) == 1 and any(c.isalpha() for c in next(iter(w))) for w in words
    )  # « Route », « demande » on each line
    long = sum(len(line[columns[-1][0] :].split()) for line in core) > 8 * len(core)
    return _Layout(columns) if enough and not said and not long else None


def _drawn(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Return the columns that a line of dashes under the header draws."""
    for line in lines:
        runs = [m.span() for m in re.finditer(r"[-=]{2,}", line)]
        if len(runs) > 1 and re.fullmatch(r"[-= ]+", line.rstrip()):
            return runs
    return []


def _sure(columns: Sequence[tuple[int, int]], core: Sequence[str]) -> list[tuple[int, int]]:
    """Return the columns, joined where the one blank between them may be chance: in few lines, or inside long texts."""
    out: list[tuple[int, int]] = []
    for start, end in columns:
        filled = sum(bool(line[start:end].strip()) for line in core) / len(core)
        if out and start - out[-1][1] < 2 and (len(core) < 8 or filled < 0.5):
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out
