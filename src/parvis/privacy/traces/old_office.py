"""Old Office files (DOC, XLS, PPT): who wrote them, hidden sheets, rows and comments, macros, joined files."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from parvis.privacy import compound
from parvis.privacy.trace import Gathered, people_in
from parvis.tables import biff
from parvis.values import msg

TITLE = msg("Ancien document Office")
SUFFIXES = (".doc", ".xls", ".ppt", ".dot", ".xlt")

_LARGEST = 256 << 20
_AUTHORS, _WORDS = (4, 8), (2, 3, 5, 6)  # of the first summary: author, last one; title, subject, keywords, remarks
_MANAGER, _COMPANY = 14, 15  # of the second summary
_BOUNDSHEET, _WRITE_ACCESS = 0x85, 0x5C


def recognises(head: bytes, name: str) -> bool:
    return head[:8] == compound.MAGIC


def look(path: Path, name: str, into: Gathered) -> None:
    with path.open("rb") as stream:
        held = compound.streams(stream.read(_LARGEST))
    first = compound.summary(held.get("\x05SummaryInformation", b""))
    second = compound.summary(held.get("\x05DocumentSummaryInformation", b""))
    authors = [first[n] for n in _AUTHORS if first.get(n)] + [second[n] for n in (_MANAGER,) if second.get(n)]
    into.add("author", authors, count=int(bool(authors or second.get(_COMPANY))))
    words = [first[n] for n in _WORDS if first.get(n)]
    into.add("property", words, count=len(words))
    into.add("macro", count=int(bool({"VBA", "Macros", "_VBA_PROJECT_CUR"} & set(held))))
    joined = [n for n in held if n.startswith(("MBD", "_1")) or n == "ObjectPool"]
    into.add("embedded", count=len(joined))
    into.add("pivot_cache", count=int("_SX_DB_CUR" in held))
    into.add("tracked", count=int("Revision Log" in held or "User Names" in held))
    if "Workbook" in held:
        _workbook(path, held["Workbook"], into)


def _workbook(path: Path, content: bytes, into: Gathered) -> None:
    personal = []
    for kind, body in _records(content):
        if kind == _BOUNDSHEET and len(body) >= 8:
            wide = body[7] & 1
            title = body[8 : 8 + body[6] * (1 + wide)].decode("utf-16-le" if wide else "latin-1", "replace")
            into.add("hidden_sheet", count=int(body[4] & 3 > 0), sheet=title)
            personal += [title] if people_in([title]) else []
        elif kind == _WRITE_ACCESS:
            told = body[3:].decode("utf-16-le" if len(body) > 2 and body[2] & 1 else "latin-1", "replace").strip("\0 ")
            into.add("author", [told], count=int(bool(told)))
    into.add("sheet_name", personal, count=len(personal))
    for sheet, hidden in biff.look(path).items():
        into.add("hidden_rows", count=len(hidden.rows), sheet=sheet)
        into.add("hidden_columns", count=len(hidden.columns), sheet=sheet)
        into.add("comment", count=len(hidden.comments), sheet=sheet)


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (kind, body) of the records of the workbook's first part."""
    at = 0
    while at + 4 <= len(content):
        kind, length = struct.unpack_from("<HH", content, at)
        yield kind, content[at + 4 : at + 4 + length]
        if kind == 0x0A:
            return
        at += 4 + length
