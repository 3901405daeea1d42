"""What a text file is made of: its encoding, its line ends, its separator.

A French town hall sends UTF-8, UTF-16 (Excel's « texte Unicode »), cp1252, cp850 (DOS software) and Mac Roman, and
sometimes two of them in one file. General detectors call them cp1250 or mac_iceland: here each candidate is judged
on how French its accented letters look where they stand.
"""

from __future__ import annotations

import codecs
import csv
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from parvis.errors import LimitError
from parvis.frozen import dataclass

Bytes = bytes | bytearray
_CHUNK = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
SEPARATORS = ";,\t|"


@dataclass(frozen=True, slots=True)
class Text:
    """How the bytes of a text file are to be understood. ``fallback`` is the encoding of the lines that are not of
    ``encoding`` (a mixed file), or ""."""

    encoding: str
    fallback: str = ""
    bom: int = 0  # bytes to skip
    lines: int = 0  # line ends seen
    mac: bool = False  # lines end with CR alone
    nul: bool = False
    quotes: int = 0

    def decode(self, path: Path) -> Iterator[str]:
        """Yield the file's lines with their ends (as \\n), NUL characters kept."""
        if self.fallback or self.encoding in ("cp1252", "cp850", "mac_roman"):
            yield from self._mixed(path)
            return
        with path.open("r", encoding=self.encoding, errors="replace", newline=None) as stream:
            for number, line in enumerate(stream):
                yield line.lstrip("\ufeff") if number == 0 else line

    def _mixed(self, path: Path) -> Iterator[str]:
        with path.open("rb") as stream:
            stream.seek(self.bom)
            for raw in _lines(stream, b"\r" if self.mac else b"\n"):
                line = self.line(raw)
                yield line[:-2] + "\n" if line.endswith("\r\n") else line

    def line(self, raw: bytes) -> str:
        """Return one line decoded, by the fallback when it is not of the main encoding."""
        if self.mac:
            raw = raw.replace(b"\r", b"\n")
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError:
            return raw.decode(self.fallback or self.encoding, "replace")

    def foreign(self, raw: bytes) -> bool:
        """True when this line is written in the fallback encoding."""
        if not self.fallback:
            return False
        try:
            raw.decode(self.encoding)
        except UnicodeDecodeError:
            return True
        return False


def _lines(stream: object, end: bytes) -> Iterator[bytes]:
    rest = b""
    while chunk := stream.read(_CHUNK):  # type: ignore[attr-defined]  # any binary stream
        parts = (rest + chunk).split(end)
        rest = parts.pop()
        for part in parts:
            yield part + end
    if rest:
        yield rest


def text(path: Path, longest: int) -> Text:
    """Return how to read a text file, after one pass over its bytes.

    Raises: LimitError when a line is longer than ``longest`` bytes.
    """
    with path.open("rb") as stream:
        head = stream.read(4096)
        bom, encoding = next(((len(b), e) for b, e in _BOMS if head.startswith(b)), (0, ""))
        if not encoding:
            encoding = _wide(head)
        stream.seek(0)
        facts = _scan(stream, longest)
    mac = facts["cr"] > 0 and facts["lf"] == 0
    common: dict[str, Any] = {
        "bom": bom,
        "lines": facts["cr"] if mac else facts["lf"],
        "mac": mac,
        "quotes": facts["quotes"],
    }
    if encoding.startswith("utf-16"):
        return Text(encoding, **{**common, "lines": facts["lf"], "mac": False})
    nul = bool(facts["nul"])
    if facts["utf8"]:
        return Text("utf-8", nul=nul, **common)
    valid, invalid = _accented(path, b"\r" if mac else b"\n")
    best = french(invalid, mac)
    if bom or len(valid) > 0.1 * len(invalid) or _better(valid, best):
        return Text("utf-8", fallback=best, nul=nul, **common)
    return Text(best, nul=nul, **common)


def _wide(head: bytes) -> str:
    """Return UTF-16's name when every other byte of the head is NUL, else ""."""
    if len(head) < 8:
        return ""
    even, odd = head[0::2].count(0) / (len(head) / 2), head[1::2].count(0) / (len(head) / 2)
    if odd > 0.6 and even < 0.2:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 and odd < 0.2 else ""


def _scan(stream: BinaryIO, longest: int) -> dict[str, int]:
    """Return what a file is made of; returns are counted when no line feed ends a line."""
    facts = {"lf": 0, "cr": 0, "nul": 0, "quotes": 0, "utf8": 1}
    run, rest = 0, b""
    buffer = bytearray(_CHUNK)
    while size := stream.readinto(buffer):  # type: ignore[attr-defined]  # what opens a file has it
        chunk = buffer if size == _CHUNK else buffer[:size]
        end = b"\n" if b"\n" in chunk else b"\r"
        first = chunk.find(end)
        run = run + len(chunk) if first < 0 else max(run + first, 0)
        if run > longest:
            raise LimitError(
                "La ligne {line} est trop longue (plus de {limit} Mo).",
                "Le séparateur de lignes s'est sans doute perdu : exportez le fichier à nouveau.",
                line=max(facts["lf"], facts["cr"]) + 1,
                limit=longest >> 20,
            )
        if first >= 0:
            run = len(chunk) - chunk.rfind(end) - 1
        for name, sign in (("lf", b"\n"), ("cr", b"\r"), ("nul", b"\x00"), ("quotes", b'"')):
            if sign in chunk and (name != "cr" or not facts["lf"]):
                facts[name] += _count(chunk, sign)
        if facts["utf8"]:
            whole, rest = _whole_signs(rest + chunk if rest else chunk)
            facts["utf8"] = int(_is_utf8(whole))
    if rest:
        facts["utf8"] = 0
    if facts["lf"]:
        facts["cr"] = 0
    return facts


def _count(chunk: Bytes, sign: bytes) -> int:
    """Return how often a byte comes, four times faster than ``bytes.count`` in a large piece of text."""
    if len(chunk) < _CHUNK:
        return chunk.count(sign)
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == sign[0]))


def _whole_signs(chunk: Bytes) -> tuple[Bytes, bytes]:
    """Cut a piece of UTF-8 before the sign that its end cuts in two, if there is one."""
    for back in range(1, min(4, len(chunk) + 1)):
        lead = chunk[-back]
        if lead >= 0xC0:
            needed = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return (chunk[:-back], bytes(chunk[-back:])) if back < needed else (chunk, b"")
        if lead < 0x80:
            break
    return chunk, b""


def _is_utf8(chunk: Bytes) -> bool:
    """True for bytes that are UTF-8; Arrow reads a large piece eight times faster than Python."""
    if len(chunk) >= _CHUNK // 2:
        import numpy as np
        import pyarrow as pa

        ends = pa.py_buffer(np.array([0, len(chunk)], np.int32).tobytes())
        try:
            pa.Array.from_buffers(pa.string(), 1, [None, ends, pa.py_buffer(chunk)]).validate(full=True)
        except pa.ArrowInvalid:
            return False
        return True
    try:
        chunk.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _accented(path: Path, end: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return at most 3,000 accented lines that are valid UTF-8, and as many that are not."""
    valid: list[bytes] = []
    invalid: list[bytes] = []
    with path.open("rb") as stream:
        for raw in _lines(stream, end):
            if raw.isascii():
                continue
            try:
                raw.decode("utf-8")
                kept = valid
            except UnicodeDecodeError:
                kept = invalid
            if len(kept) < 3000:
                kept.append(raw[:4000])
    return valid, invalid


def _better(lines: Sequence[bytes], encoding: str) -> bool:
    """True when lines that may be UTF-8 make better French so than in the encoding of the other lines.

    Two accented signs of Mac Roman in a row may be valid UTF-8 by accident.
    """

    def score(name: str) -> float:
        return sum(_likely(line.decode(name, "replace")) for line in lines)

    return bool(lines) and score("utf-8") >= score(encoding)


_LETTERS = frozenset("éèêàçâîôûùëïüœÉÈÊÀÇÂÎÔÛÙËÏŒ")
_SIGNS = frozenset("°«»’‘“”–—…€²³½·•\xa0\u202f×±µ§©®")


def french(lines: Sequence[bytes], mac: bool = False) -> str:
    """Return the 8-bit encoding that makes the best French of these bytes: cp1252, cp850 or mac_roman."""

    def score(encoding: str) -> float:
        total = 1.0 if encoding == ("mac_roman" if mac else "cp1252") else 0.0
        return total + sum(_likely(line.decode(encoding, "replace")) for line in lines)

    return max(("cp1252", "cp850", "mac_roman"), key=score)


def _likely(line: str) -> float:
    total = 0.0
    for i, sign in enumerate(line):
        if sign.isascii():
            continue
        before = line[i - 1] if i else " "
        after = line[i + 1] if i + 1 < len(line) else " "
        if sign in _LETTERS:
            odd = sign.isupper() and before.islower()
            total += -3 if odd else 2 if before.isalpha() or after.isalpha() else 0.5
        elif sign in _SIGNS:
            apart = (sign in "°²³½€\xa0\u202f" and before.isdigit()) or (sign in "’'" and after.isalpha())
            total += 1 if apart or sign in "°«»\xa0" else -0.5
        elif sign.isalpha() and sign not in "\ufffd":
            total -= 1.5
        else:
            total -= 4
    return total


# --- The separator --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dialect:
    separator: str  # "" when nothing separates
    skip: int = 0  # lines that only say the separator ("sep=;")
    consistency: float = 0.0  # share of the lines that have the usual number of cells
    width: int = 1  # that number


def dialect(lines: Sequence[str]) -> Dialect:
    """Return the separator of a sample of lines: the one that cuts most lines in the same number of cells."""
    if lines and lines[0].strip().lower().startswith("sep=") and len(lines[0].strip()) <= 5:
        separator = lines[0].rstrip("\r\n")[4:5] or "\t"
        if separator in SEPARATORS:
            return _measure(lines[1:], separator, 1)[1]
    return max((_measure(lines, s, 0) for s in SEPARATORS), key=lambda pair: pair[0])[1]


def _measure(lines: Sequence[str], separator: str, skip: int) -> tuple[float, Dialect]:
    if not any(separator in line for line in lines):
        return 0.0, Dialect("", skip)
    rows = [r for r in islice(csv.reader(lines, delimiter=separator), 400) if any(c.strip() for c in r)]
    if not rows:
        return 0.0, Dialect("", skip)
    used = _used(rows)
    widths = Counter(min(len(r), used) for r in rows if min(len(r), used) > 1)
    if not widths:
        return 0.0, Dialect("", skip)
    width, count = max(widths.items(), key=lambda pair: pair[1] * math.log2(pair[0]))
    consistency = count / len(rows)
    if separator == "," and consistency < 0.5 and sum(widths.values()) < 0.5 * len(rows):
        return 0.0, Dialect("", skip)  # most lines have no comma: those of the others are in their sentences
    others = [s for s in SEPARATORS if s not in (separator, ",")]
    cells = [c for r in rows for c in r if c]
    dirty = sum(any(s in c for s in others) for c in cells) / max(len(cells), 1)
    # « 12;"POINT (2, 48)" » cut at its comma: another separator opens a quotation in the middle of a cell
    opened = sum(any(f'{s}"' in c for c in r for s in others) for r in rows) / len(rows)
    score = consistency * math.log2(width + 1) * (1 - 0.8 * dirty) * (1 - 0.9 * opened)
    return score, Dialect(separator, skip, consistency, width)


def _used(rows: Sequence[Sequence[str]]) -> int:
    """Return the number of columns, those left out at the end that have neither a title nor values (« ;; »)."""
    for i in range(max(map(len, rows)), 1, -1):
        filled = sum(len(r) >= i and bool(r[i - 1].strip()) for r in rows)
        if filled >= 0.2 * len(rows) or (len(rows[0]) >= i and rows[0][i - 1].strip()):
            return i
    return 1
