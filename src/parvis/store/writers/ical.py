"""iCalendar (RFC 5545): an event for each row that has a day, when the data have a day and a title.

Which columns these are is told by the words of their names, in French and English, and by their kind.
"""

from __future__ import annotations

from collections.abc import Sequence

from parvis.store.writers import sql
from parvis.store.writers.frame import Cell, Format, Frame, Lines
from parvis.text import fold
from parvis.values import Column, Kind

FORMAT = Format(".ics", "text/calendar; charset=utf-8", "iCalendar")
_TITLE = (
    "titre", "title", "intitule", "evenement", "event", "manifestation", "summary", "nom", "name", "libelle", "objet", "seance",
    "reunion", "sujet",
)  # fmt: skip
_START = ("debut", "start", "begin", "commence", "du")
_END = ("fin", "end", "termine", "cloture", "au")
_PLACE = ("lieu", "location", "adresse", "salle", "place", "venue")
_ABOUT = ("description", "resume", "detail", "details", "commentaire")
_WEB = ("url", "lien", "link", "site", "web")
_WHEN = (Kind.DATE, Kind.DATETIME)
_ESCAPES = {"'\\'": "'\\\\'", "';'": "'\\;'", "','": "'\\,'", "chr(13)": "''", "chr(10)": "'\\n'"}
_LINE = 18  # letters, of four bytes at the most, so that a line has no more than 75


def fits(columns: Sequence[Column | Cell]) -> bool:
    """True when rows can be events: a day, and what happens."""
    return _start(columns) is not None and _title(columns) is not None


def lines(frame: Frame) -> Lines:
    cells = [c for c in frame.shown if len(c.at) == 1]
    start, title, end = _start(cells), _title(cells), _end(cells)
    if not isinstance(start, Cell) or not isinstance(title, Cell):
        return Lines("''", head=_head(frame), tail="END:VCALENDAR\r\n")
    parts = [
        "'BEGIN:VEVENT\r\nUID:'", "CAST(? AS VARCHAR)", sql.ROW, "'@parvis\r\n'", "CAST(? AS VARCHAR)",
        f"'DTSTART{_when(start, frame)}", "chr(13), chr(10)",
    ]  # fmt: skip
    if isinstance(end, Cell) and end.kind is start.kind:
        later = f"{sql.column(end)} >= {sql.column(start)}"
        parts.append(f"CASE WHEN {later} THEN concat('DTEND{_when(end, frame, day=1)}, chr(13), chr(10)) ELSE '' END")
    parts.append(_property("SUMMARY", title, frame))
    for name, words in (("LOCATION", _PLACE), ("DESCRIPTION", _ABOUT), ("URL", _WEB)):
        found = _named(cells, words)
        if isinstance(found, Cell) and found is not title:
            parts.append(_property(name, found, frame))
    parts.append("'END:VEVENT\r\n'")
    both = f"{sql.column(start)} IS NOT NULL AND {sql.column(title)} IS NOT NULL"
    line = f"CASE WHEN {both} THEN concat({', '.join(parts)}) ELSE '' END"
    stamp = "".join(c for c in frame.about.get("modified", "2000-01-01T00:00:00")[:19] if c not in "-:")
    bound = [f"{frame.about.get('dataset', 'parvis')}-", f"DTSTAMP:{stamp}Z\r\n"]
    return Lines(line, bound, _head(frame), "END:VCALENDAR\r\n")


def _when(cell: Cell, frame: Frame, day: int = 0) -> str:
    """Return what follows the name of a moment: a day, whose end is the day after it, or a moment."""
    if cell.kind is Kind.DATE:
        return f";VALUE=DATE:', strftime({sql.column(cell)} + {day}, '%Y%m%d')"
    return f":', strftime({sql.column(cell)}, '%Y%m%dT%H%M%S{'Z' if frame.foreign else ''}')"


def _property(name: str, cell: Cell, frame: Frame) -> str:
    """Return a property of text, its long lines folded as the format wants."""
    said = sql.text(cell, frame)
    if name != "URL":
        for sign, mended in _ESCAPES.items():
            said = f"replace({said}, {sign}, {mended})"
    said = f"regexp_replace({said}, '[\\x00-\\x1f]', '', 'g')"
    line = f"concat('{name}:', {said})"
    folded = f"regexp_replace({line}, '(.{{{_LINE}}})', concat('\\1', chr(13), chr(10), ' '), 'g')"
    made = f"CASE WHEN strlen({line}) > 75 THEN {folded} ELSE {line} END"
    return f"CASE WHEN {sql.filled(cell)} THEN concat({made}, chr(13), chr(10)) ELSE '' END"


def _head(frame: Frame) -> str:
    about = frame.about
    said = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Parvis//Parvis//FR", "CALSCALE:GREGORIAN"]
    words = {"X-WR-CALNAME": "title", "X-WR-CALDESC": "attribution", "X-LICENCE": "licence_url"}
    for name, key in words.items():
        if key in about:
            said.append(_folded(f"{name}:{_escaped(about[key])}"))
    return "".join(f"{line}\r\n" for line in said)


def _escaped(text: str) -> str:
    clean = "".join(c if c == "\n" or c >= " " else "" for c in text)
    return clean.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    if len(line.encode()) <= 75:
        return line
    return "\r\n ".join(line[i : i + _LINE] for i in range(0, len(line), _LINE))


# --- Which columns --------------------------------------------------------------------------------


def _start(columns: Sequence[Column | Cell]) -> Column | Cell | None:
    moments = [c for c in columns if c.kind in _WHEN]
    first = _named(moments, _START)
    if first is not None:
        return first
    others = [c for c in moments if _named([c], _END) is None]
    return others[0] if others else None


def _end(columns: Sequence[Column | Cell]) -> Column | Cell | None:
    return _named([c for c in columns if c.kind in _WHEN], _END)


def _title(columns: Sequence[Column | Cell]) -> Column | Cell | None:
    return _named([c for c in columns if c.kind is Kind.TEXT], _TITLE)


def _named(columns: Sequence[Column | Cell], words: Sequence[str]) -> Column | Cell | None:
    """Return the first column, by the order of the words, whose name has one of them."""
    for word in words:
        for column in columns:
            if word in fold(f"{column.name} {column.label}").replace("_", " ").split():
                return column
    return None
