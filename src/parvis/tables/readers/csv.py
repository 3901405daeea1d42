"""Text with separators: CSV, TSV, and the texts that software calls CSV.

Two ways to the same table. Big regular files are cut by Arrow's parser straight to Parquet (about 2 processor
seconds for a million rows of 16 columns). Small or irregular ones (titles above the header, lines of unequal length,
mixed encodings) are read line by line, exactly, and every irregularity is said with its line.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Self

from parvis.errors import InputError
from parvis.tables import header, sniff
from parvis.tables.table import LINE
from parvis.values import Finding, Place, Severity, msg

TITLE = "Texte à séparateurs (CSV, TSV)"
SUFFIXES = (".csv", ".tsv", ".txt", ".tab", ".dat")

_SMALL = 4 << 20  # bytes: below, the exact way is fast enough
_GROUP = 120_000  # rows of a row group
_BLOCK = 1 << 20  # bytes cut at a time; larger ones cost more than they save
_MAPPED = 256 << 20  # bytes: a quarter of the memory that a file may take
_SAMPLE = 400  # lines looked at to find the separator and the header


def recognises(path: Path, head: bytes) -> float:
    """Anything that is text may be a CSV: other readers say so more loudly when it is theirs."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return 0.5
    if b"\x00" in head and not sniff._wide(head[:4096]) and head.count(0) > len(head) // 50 + 2:
        return 0.0
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start in (b"<", b"{", b"["):
        return 0.15
    control = sum(head.count(bytes([c])) for c in range(1, 32) if c not in (9, 10, 12, 13, 27, 28, 29, 30, 31, 26))
    return 0.3 if control <= len(head) // 100 + 2 else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the table (rarely several) of a text file into the sink."""
    text = sniff.text(path, sink.limits.line)
    sample = _sample(text, path)
    dialect = sniff.dialect(sample)
    _refuse_prose(name, sample, dialect)
    facts = {
        "format": "csv",
        "encoding": " + ".join(filter(None, (text.encoding, text.fallback))),
        "separator": dialect.separator,
    }
    said: list[Finding] = []
    exact = path.stat().st_size < _SMALL or sink.header_of("")
    if exact or not _fast(path, text, dialect, sample, sink, facts):
        exact = _Exact(path, text, dialect, sink, facts)
        exact.tail = _tail(sample, dialect.separator)
        exact.read()
    if text.fallback:
        said.append(_mixed(path, text))
    if text.nul:
        said.append(_nul(path, text))
    return said


def _sample(text: sniff.Text, path: Path) -> list[str]:
    lines: list[str] = []
    size = 0
    for line in islice(text.decode(path), _SAMPLE):
        lines.append(line.replace("\x00", ""))
        size += len(line)
        if size > 2 << 20:
            break
    return lines


def _refuse_prose(name: str, sample: Sequence[str], dialect: sniff.Dialect) -> None:
    """Refuse a text that is no table; a list with one value a line is a table of one column."""
    if Path(name).suffix.lower() in (".csv", ".tsv", ".tab"):
        return
    filled = [line.strip() for line in sample if line.strip()]
    regular = dialect.separator and dialect.consistency >= 0.9 and dialect.width >= 3
    long = sum(len(line.split()) > 6 for line in filled) > len(filled) * 0.2
    apart = dialect.separator and dialect.consistency >= 0.6 and not (long and dialect.separator == ",")
    if not (regular or apart or _is_list(sample, filled)):
        raise InputError(
            "Ce fichier est un texte, pas un tableau : aucune séparation en colonnes n'a été trouvée.",
            "Envoyez le tableur ou le CSV qu'il accompagne.",
            code="read.text",
        )


def _is_list(sample: Sequence[str], filled: Sequence[str]) -> bool:
    """True for a list with one value a line: codes of one length, or short lines that are no sentences."""
    if len(filled) < 10 or len(filled) < 0.95 * len(sample):
        return False
    sentences = sum(line[-1] in ".:!?" or line.startswith(("-", "*", "#")) for line in filled)
    words = sum(len(line.split()) for line in filled) / len(filled)
    same = len({len(line) for line in filled}) == 1 and words == 1
    return same or (sentences < 0.05 * len(filled) and words <= 8 and len(set(filled)) >= 0.9 * len(filled))


def _mixed(path: Path, text: sniff.Text) -> Finding:
    with path.open("rb") as stream:
        lines = [n for n, raw in enumerate(sniff._lines(stream, b"\r" if text.mac else b"\n"), 1) if text.foreign(raw)]
    shown = ", ".join(str(n) for n in lines[:10]) + (" ..." if len(lines) > 10 else "")
    return Finding(
        "csv.mixed_encoding",
        Severity.WARN,
        msg("{count} ligne(s) ne sont pas dans le même encodage que le reste ({encoding}) : lignes {lines}."),
        Place(line=lines[0] if lines else None),
        {"count": len(lines), "encoding": text.encoding, "lines": shown},
        hint=msg("Elles ont été relues en {fallback}. Vérifiez leurs accents dans l'aperçu.").replace(
            "{fallback}", text.fallback
        ),
        why=msg("Deux fichiers d'origines différentes ont sans doute été mis bout à bout."),
        count=len(lines),
    )


def _nul(path: Path, text: sniff.Text) -> Finding:
    lines = [n for n, line in enumerate(text.decode(path), 1) if "\x00" in line]
    return Finding(
        "csv.nul",
        Severity.WARN,
        msg(
            "{count} ligne(s) contenaient des caractères invisibles (octet nul) ; ils ont été retirés. Première : {line}."
        ),
        Place(line=lines[0] if lines else None),
        {"count": len(lines), "line": lines[0] if lines else 0},
        hint=msg("Vérifiez ces lignes dans l'aperçu."),
        count=len(lines),
    )


# --- The exact way --------------------------------------------------------------------------------


def _tail(sample: Sequence[str], separator: str) -> str:
    """Return the foreign separator that ends nearly every line (« ;; »): a CSV pasted in a sheet, then saved again."""
    ends = Counter(line.rstrip("\r\n")[-1:] for line in sample if line.strip())
    for end, count in ends.most_common(1):
        if separator and end in sniff.SEPARATORS and end != separator and count > 0.8 * ends.total():
            return end
    return ""


class _Exact:
    """Reads line by line with Python's csv, counts what is irregular, and says it."""

    def __init__(self, path: Path, text: sniff.Text, dialect: sniff.Dialect, sink: Any, facts: dict[str, Any]) -> None:
        self.path, self.text, self.dialect, self.sink, self.facts = path, text, dialect, sink, facts
        self.widths: Counter[int] = Counter()
        self.odd: dict[int, int] = {}  # line -> number of cells, for the first odd lines
        self.sewn = 0
        self.tail = ""  # the sign that ends every line of a file separated by another one

    def read(self) -> None:
        csv.field_size_limit(self.sink.limits.line)
        rows = self.records()
        merged = 0
        if self.dialect.separator == ",":
            rows, merged = self._decimal_commas(rows)
        usual = self.dialect.width
        before = len(self.sink.tables)
        self.sink.grid("", self._watched(rows, usual), first_line=1 + self.dialect.skip, **self.facts)
        if merged:
            self.sink.find(_merged(merged))
        if self.sewn:
            self.sink.find(_texts(self.sewn))
        self._say_unequal(usual, self.sink.tables[before:])

    def records(self) -> Iterator[list[str | None]]:
        """Yield the records; a NUL is removed, an unclosed quote is refused with its line."""
        lines = (self._line(line) for line in self.text.decode(self.path))
        for _ in range(self.dialect.skip):
            next(lines, None)
        separator = self.dialect.separator or "\x1f"
        kept: list[str] = []

        def remembered() -> Iterator[str]:
            for line in lines:
                kept.append(line)
                yield line

        done = self.dialect.skip
        reader = csv.reader(remembered(), delimiter=separator)
        try:
            for row in reader:
                if len(kept) > 1:
                    _refuse_open_quote(kept, separator, done + 1, self.dialect.width)
                elif kept and kept[0].count('"') % 2 and not kept[0].endswith("\n"):
                    _refuse_open_quote([*kept, ""], separator, done + 1, self.dialect.width)
                done += len(kept)
                kept.clear()
                yield [c if c.strip() else None for c in row]
        except csv.Error as error:
            raise InputError(
                "La ligne {line} ne peut pas être découpée en cellules : un guillemet ouvert n'est sans doute jamais "
                "refermé.",
                "Corrigez cette ligne dans un éditeur de texte, puis renvoyez le fichier.",
                line=done + 1,
                code="csv.quote",
            ) from error

    def _line(self, line: str) -> str:
        line = line.replace("\x00", "")
        if self.tail:
            bare = line.rstrip("\n")
            whole = self.tail.join(next(csv.reader([bare], delimiter=self.tail), []))
            line = whole.rstrip(self.tail) + line[len(bare) :]
        return line

    def _sewn(self, row: list[str | None], usual: int) -> list[str | None]:
        """Sew again a text cut at its commas: the pieces that start with a space, when that gives the usual width."""
        missing = len(row) - usual
        seams = [i for i in range(1, len(row)) if row[i - 1] and _continues(row[i])]
        if missing <= 0 or missing > len(seams):
            return row
        if missing < len(seams):  # a lone piece may be a value that starts with a space: runs are surely one text
            seams = sorted(sorted(seams, key=lambda i: (i + 1 in seams or i - 1 in seams, i), reverse=True)[:missing])
        out: list[str | None] = []
        for i, cell in enumerate(row):
            if i in seams:
                out[-1] = f"{out[-1]},{cell}"
            else:
                out.append(cell)
        self.sewn += 1
        return out

    def _watched(self, rows: Iterator[list[str | None]], usual: int) -> Iterator[list[str | None]]:
        for line, row in enumerate(rows, 1 + self.dialect.skip):
            while row and row[-1] is None and len(row) > usual:
                row.pop()
            if self.dialect.separator == ",":
                row = self._sewn(row, usual)  # noqa: PLW2901  the mended row takes the place of the read one
            if any(row):
                self.widths[len(row)] += 1
                if len(row) != usual and len(self.odd) < 2000:
                    self.odd[line] = len(row)
            yield row

    def _decimal_commas(self, rows: Iterator[list[str | None]]) -> tuple[Iterator[list[str | None]], int]:
        """Sew « 25 000 » and « 00 » together again when amounts were written with an unprotected comma."""
        first = list(islice(rows, 2000))
        seam = _seam(first)
        if seam is None:
            return self._chained(first, rows), 0
        width = len(_trimmed(first[0]))
        self.dialect = sniff.Dialect(",", self.dialect.skip, self.dialect.consistency, width)

        def sewn() -> Iterator[list[str | None]]:
            for row in self._chained(first, rows):
                yield _sew(row, seam, width)

        return sewn(), seam + 1

    @staticmethod
    def _chained(first: list[list[str | None]], rest: Iterator[list[str | None]]) -> Iterator[list[str | None]]:
        yield from first
        yield from rest

    def _say_unequal(self, usual: int, tables: Sequence[Any]) -> None:
        starts = max((t.header_line or 0 for t in tables[:1]), default=0)
        odd = {line: width for line, width in self.odd.items() if line > starts}
        if not odd or not self.dialect.separator:
            return
        shown = [
            msg("ligne {line} : {width} valeur(s) au lieu de {usual}").format(line=line, width=width, usual=usual)
            for line, width in list(odd.items())[:5]
        ]
        longer = any(width > usual for width in odd.values())
        self.sink.find(
            Finding(
                "csv.unequal_lines",
                Severity.WARN,
                msg("{count} ligne(s) n'ont pas le même nombre de valeurs que l'en-tête : {lines}."),
                Place(line=next(iter(odd))),
                {"count": len(odd), "lines": " ; ".join(shown) + (" ..." if len(odd) > 5 else "")},
                hint=msg(
                    "Vérifiez ces lignes dans l'aperçu : les valeurs en trop sont gardées dans des colonnes à part."
                )
                if longer
                else msg("Les valeurs absentes sont laissées vides. Vérifiez ces lignes dans l'aperçu."),
                why=msg("Un séparateur dans un texte non protégé par des guillemets décale les colonnes."),
                count=len(odd),
            )
        )


def _refuse_open_quote(kept: Sequence[str], separator: str, line: int, width: int) -> None:
    """Refuse a record of several lines when its quote was surely never closed.

    Either it runs to the end of the file with an odd number of quotes, or it swallowed lines that are each a whole
    record of the usual width.
    """
    whole = "".join(kept)
    swallowed = [k for k in kept[1:-1] if width > 1 and k.count(separator) == width - 1 and '"' not in k]
    if whole.count('"') % 2 or len(swallowed) > max(2, len(kept) // 2):
        opened = next((i for i, k in enumerate(kept) if k.count('"') % 2), 0)
        raise InputError(
            "Un guillemet ouvert ligne {line} n'est jamais refermé.",
            "Ouvrez le fichier dans un éditeur de texte, corrigez cette ligne (ajoutez le guillemet fermant, ou retirez "
            "l'autre), puis renvoyez-le.",
            line=line + opened,
            code="csv.quote",
        )


_WHOLE = re.compile(r"^-?\d{1,3}(?:[ \u00a0\u202f]?\d{3})*$")
_CENTS = re.compile(r"^\d{2}$")


def _continues(cell: str | None) -> bool:
    """True for a piece of text that a comma cut off: it starts with the space that follows a comma."""
    return cell is not None and cell[0] == " " and cell[1:2] not in ("", " ") and not _WHOLE.match(cell.strip())


def _trimmed(row: Sequence[str | None]) -> list[str | None]:
    out = list(row)
    while out and out[-1] is None:
        out.pop()
    return out


def _seam(rows: Sequence[Sequence[str | None]]) -> int | None:
    """Return the column where nearly every long row has « whole », « cents » side by side, or None."""
    if len(rows) < 4:
        return None
    width = len(_trimmed(rows[0]))
    long = [r for r in rows[1:] if len(r) == width + 1]
    longer = sum(len(r) > width for r in rows[1:])
    if not long or longer < 0.5 * (len(rows) - 1) or width < 2:
        return None
    best, share = None, 0.0
    for i in range(width):
        fits = sum(bool(_WHOLE.match(r[i] or "") and _CENTS.match(r[i + 1] or "")) for r in long) / len(long)
        if fits > share:
            best, share = i, fits
    return best if share > 0.9 else None


def _sew(row: list[str | None], seam: int, width: int) -> list[str | None]:
    """Sew the amount of a row that is too long: at the seam, or further when a text before it was cut too."""
    for i in range(seam, min(seam + 1 + len(row) - width, len(row) - 1)):
        whole, cents = row[i], row[i + 1]
        if len(row) > width and _WHOLE.match(whole or "") and _CENTS.match(cents or ""):
            return [*row[:i], f"{whole},{cents}", *row[i + 2 :]]
    return row


def _texts(count: int) -> Finding:
    return Finding(
        "csv.unprotected_commas",
        Severity.WARN,
        msg("{count} ligne(s) contenaient des virgules non protégées dans un texte, qui décalaient les colonnes : elles ont "
            "été recollées."),
        values={"count": count},
        hint=msg("Vérifiez l'aperçu. À l'export, choisissez le point-virgule comme séparateur."),
        count=count,
    )  # fmt: skip


def _merged(column: int) -> Finding:
    return Finding(
        "csv.unprotected_decimals",
        Severity.WARN,
        msg("Les montants de la colonne {column} contenaient une virgule non protégée, qui décalait les colonnes : ils "
            "ont été recollés (« 25 000 » et « 00 » → « 25 000,00 »)."),
        values={"column": column},
        hint=msg("Vérifiez l'aperçu. À l'export, choisissez le point-virgule comme séparateur."),
    )  # fmt: skip


# --- The fast way ---------------------------------------------------------------------------------


def _fast(
    path: Path, text: sniff.Text, dialect: sniff.Dialect, sample: Sequence[str], sink: Any, facts: dict[str, Any]
) -> bool:
    """Cut the file with Arrow; return False, with nothing kept, when it is not perfectly regular."""
    if text.nul or text.fallback or text.quotes % 2 or not dialect.separator or dialect.consistency < 0.95:
        return False
    start = header.simple(_parsed(sample, dialect), 1 + dialect.skip)
    if start is None:
        return False
    import pyarrow as pa

    out = sink.path()
    source, offset = _as_utf8(path, text, start.line, sink)
    try:
        rows = _cut(source, offset, out, dialect.separator, start, text, sink.limits.rows)
    except (_IrregularError, pa.ArrowInvalid):
        out.unlink(missing_ok=True)
        return False
    finally:
        if source != path:
            source.unlink(missing_ok=True)
    sink.file("", start.labels, out, rows, header_line=start.line, **facts)
    for finding in header.labels_findings(start.labels, start.line):
        sink.find(finding)
    return True


class _IrregularError(Exception):
    """The file is not regular enough for the fast way."""


def _parsed(sample: Sequence[str], dialect: sniff.Dialect) -> list[list[str | None]]:
    rows = csv.reader(sample[dialect.skip :], delimiter=dialect.separator)
    return [[c if c.strip() else None for c in row] for row in rows][:-1]


def _as_utf8(path: Path, text: sniff.Text, line: int, sink: Any) -> tuple[Path, int]:
    """Return a UTF-8 file with line feeds, and the offset of the line after ``line``."""
    source = path
    if text.encoding != "utf-8" or text.mac:
        source = sink.path(".txt")
        with path.open("r", encoding=text.encoding, errors="strict", newline=None) as stream:
            stream.seek(text.bom)
            with source.open("w", encoding="utf-8", newline="") as out:
                while chunk := stream.read(1 << 20):
                    out.write(chunk)
    with source.open("rb") as raw:
        for _ in range(line):
            raw.readline()
        return source, raw.tell()


def _cut(source: Path, offset: int, out: Path, separator: str, start: header.Start, text: sniff.Text, most: int) -> int:
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pc

    from parvis.tables.forms import wholes

    width = len(start.labels)
    names = [f"c{i}" for i in range(width)]
    skipped: list[int] = []

    def odd(row: pc.InvalidRow) -> Literal["skip", "error"]:
        if row.text.replace(separator, "").strip() or row.number is None:
            raise _IrregularError
        skipped.append(row.number)
        return "skip"

    def guarded(row: pc.InvalidRow) -> Literal["skip", "error"]:
        try:
            return odd(row)
        except _IrregularError:
            failed.append(True)
            return "error"

    failed: list[bool] = []
    waiting: list[pa.RecordBatch] = []
    done = record = 0
    written = _Written(out, names)
    # What is mapped is neither copied nor does it take pages that are wiped first, but it takes as many addresses.
    mapped = source.stat().st_size <= _MAPPED
    opened: Any = pa.memory_map(str(source), "r") if mapped else pa.OSFile(str(source), "r")
    with opened as stream:
        stream.seek(offset)
        batches = pc.open_csv(
            stream,
            pc.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=names),
            pc.ParseOptions(
                delimiter=separator,
                newlines_in_values=text.quotes > 0,  # without a quote no cell can hold one, and cutting costs less
                ignore_empty_lines=False,
                invalid_row_handler=guarded,
            ),
            pc.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
                check_utf8=False,  # ``sniff.text`` has read every byte, or they were written here
            ),
        )
        with written:
            for batch in batches:
                numbers = np.arange(record + 1, record + 1 + batch.num_rows + len(skipped))
                numbers = numbers[~np.isin(numbers, skipped)][: batch.num_rows] if skipped else numbers
                record = int(numbers[-1]) if len(numbers) else record
                waiting.append(batch.append_column(LINE, wholes(numbers + start.line)))
                done += batch.num_rows
                if done > most:
                    raise _IrregularError
                if sum(b.num_rows for b in waiting) >= _GROUP:
                    written.group(pa.Table.from_batches(waiting))
                    waiting.clear()
            if waiting:
                written.group(pa.Table.from_batches(waiting))
    if failed or not done:
        raise _IrregularError
    if abs(text.lines - done - len(skipped) - start.line) > 1 and _swallowed(out, names, separator):
        raise _IrregularError
    return done


class _Written:
    """The Parquet file of a big table: a text that comes often is kept once in each group of rows.

    Texts are encoded here rather than by the Parquet writer, which would do it for those that nearly all differ too, and
    in three times the time. Nothing is compressed: the file is read once or twice, then erased.
    """

    def __init__(self, out: Path, names: Sequence[str]) -> None:
        self.out, self.names = out, names
        self.writer: Any = None
        self.often: list[str] = []  # columns whose texts come often, by the first group

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.writer is not None:
            self.writer.close()

    def group(self, rows: Any) -> None:
        """Write a group of rows, with their lines."""
        import pyarrow as pa

        made = [self._encoded(n, rows.column(n)) for n in self.names]
        table = pa.table([*made, rows.column(LINE)], names=[*self.names, LINE])
        if self.writer is None:
            self.often = [n for n in self.names if pa.types.is_dictionary(table.schema.field(n).type)]
            self.writer = self._opened(table.schema)
        self.writer.write_table(table, row_group_size=len(table))

    def _encoded(self, name: str, cells: Any) -> Any:
        """Return cells with each text once where they come often, by the first group; else as they are."""
        if self.writer is not None and name not in self.often:
            return cells
        coded = _of_one_text(cells) or cells.dictionary_encode()
        often = self.writer is not None or len(coded.chunk(0).dictionary) * 2 <= len(cells)
        return coded if often else cells

    def _opened(self, schema: Any) -> Any:
        import pyarrow.parquet as pq

        encoded: Any = self.often
        lines: Any = [LINE]  # what is looked for near a line is found without reading the other groups
        return pq.ParquetWriter(
            self.out, schema, compression="none", use_dictionary=encoded, write_statistics=lines, store_schema=False,
            column_encoding={LINE: "DELTA_BINARY_PACKED"},
        )  # fmt: skip


def _of_one_text(cells: Any) -> Any:
    """Return cells encoded when they all hold the same text, which half of the columns of a usual export do, else None.

    Their bytes are compared with themselves, a text farther: a third of the time that looking each one up takes.
    """
    import numpy as np
    import pyarrow as pa

    from parvis.tables.forms import wholes

    chunks = [c for c in cells.chunks if len(c)]
    if not chunks or cells.null_count or cells.type != pa.string() or chunks[0][0] != chunks[0][-1]:
        return None
    text = chunks[0].slice(0, 1)
    written = str(text[0].as_py()).encode()
    width = len(written)
    for chunk in chunks:
        _, ends, data = chunk.buffers()
        offsets = np.frombuffer(ends, np.int32, len(chunk) + 1, chunk.offset * 4)
        start, size = int(offsets[0]), width * len(chunk)
        if not width or int(offsets[-1]) - start != size or not (offsets[1:] - offsets[:-1] == width).all():
            return None
        same = data.slice(start, size)
        if same.slice(0, width).to_pybytes() != written or not same.slice(width).equals(same.slice(0, size - width)):
            return None
    codes: Any = wholes(np.zeros(len(cells), np.int32))
    return pa.chunked_array([pa.DictionaryArray.from_arrays(codes, text)])


def _swallowed(out: Path, names: Sequence[str], separator: str) -> bool:
    """True when a cell of several lines holds a whole record: a quote was not closed where it should have been."""
    import pyarrow.parquet as pq
    from pyarrow import compute

    for name in names:
        cells = pq.read_table(out, columns=[name]).column(0)
        for cell in cells.filter(compute.match_substring(cells, "\n")).to_pylist():
            if any(line.count(separator) >= len(names) - 1 for line in str(cell).split("\n")[1:-1]):
                return True
    return False
