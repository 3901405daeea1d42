"""The type of each column, from what its cells really hold, and the typed Parquet file.

A sample says what a column may be; one SQL pass over all rows says whether it is. A column keeps its text when 2 % of
its cells or more do not fit: below, the odd cells become NULL and are a finding with their lines, never silently lost.
Codes stay text: SIRET, INSEE and postal codes, phones, anything with leading zeros.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from parvis.dates import SHAPES, Shape, folded, shapes_of
from parvis.france import is_siren, is_siret
from parvis.frozen import dataclass
from parvis.tables import engine, numbers, rewrite
from parvis.tables.table import LINE, SHAPE, RawTable
from parvis.tables.texts import Texts
from parvis.values import Finding, Kind, Severity, msg

TOLERANCE = 0.02  # share of odd cells from which a column stays text
_SAMPLE = 4000  # rows looked at
_SHOWN = 20  # lines named in a finding


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """What one column becomes. ``sql`` gives the typed value from the raw text column ``source``."""

    name: str
    label: str
    kind: Kind
    source: str  # "c3"
    sql: str
    filled: int = 0  # cells that hold a text
    missing: int = 0  # cells that only say « no value » (NC, n.d., -), in a column that is not text
    odd: int = 0  # cells that do not fit the type: NULL in the typed file
    odd_lines: Sequence[int] = ()  # the first of them
    unit: str = ""  # "€", "%" when the cells say so
    writing: str = ""  # how dates are written: name of the shape
    nearly: Kind | None = None  # the type that a text column would have had without its odd cells
    index: int = 0  # position among the raw columns


@dataclass(slots=True)
class _Candidate:
    kind: Kind
    sql: str
    unit: str = ""
    writing: str = ""
    counts: tuple[int, int, int, int] = (0, 0, 0, 0)  # filled, missing, fitting, leading zeros
    forced: bool = False  # a person said so: what does not fit is emptied, however much it is

    @property
    def odd(self) -> int:
        filled, missing, fitting, _ = self.counts
        return filled - missing - fitting


def infer(raw: RawTable, texts: Texts | None = None) -> tuple[TypedColumn, ...]:
    """Return the columns with their types, in the order of the labels; ``texts`` are those of ``tables.typed``."""
    texts = texts or Texts(raw)
    samples = _samples(raw)
    names = final_names(raw.labels, raw.geometry)
    candidates = {
        i: imposed(Kind(raw.kinds[raw.labels[i]]), cells, _cell(i))
        if raw.labels[i] in raw.kinds
        else _candidates(raw.labels[i], cells, _cell(i))
        for i, cells in enumerate(samples)
    }
    with _connect() as connection:
        _count(connection, raw, texts, {i: c[:1] for i, c in candidates.items()})
        _count(connection, raw, texts, {i: _others(c) for i, c in candidates.items()})
        return tuple(
            _decide(connection, raw, texts, i, names[i], label, candidates[i]) for i, label in enumerate(raw.labels)
        )


def _others(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Return the candidates still to count: none when the first one fits every cell."""
    return [] if not candidates or not candidates[0].odd else list(candidates[1:])


def write(raw: RawTable, columns: Sequence[TypedColumn], path: Path) -> None:
    """Write the typed Parquet: columns under their names, then ``__line`` and, for a layer, ``geometry`` (WKB)."""
    chosen = [f"{c.sql} AS {_quoted(c.name)}" for c in columns]
    chosen.append(LINE)
    if raw.geometry:
        chosen.append(f"{SHAPE} AS geometry")
    with _connect() as connection:
        if raw.rows >= rewrite.LARGE and rewrite.rewrite(connection, raw.path, path, _written(raw, columns), level=1):
            return
        connection.execute(
            f"COPY (SELECT {', '.join(chosen)} FROM read_parquet({_text(raw.path)})) TO {_text(path)} "
            "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880)"
        )


def _written(raw: RawTable, columns: Sequence[TypedColumn]) -> list[rewrite.Written]:
    out = [rewrite.Written(c.name, c.source, "" if c.sql == c.source else c.sql) for c in columns]
    shape = [rewrite.Written("geometry", SHAPE)] if raw.geometry else []
    return [*out, rewrite.Written(LINE, LINE), *shape]


def findings(raw: RawTable, columns: Sequence[TypedColumn]) -> tuple[Finding, ...]:
    """Return what there is to say of the types: odd cells that were emptied, columns that nearly had a type."""
    return tuple(f for c in columns for f in (_odd(raw, c), _nearly(raw, c)) if f is not None)


# --- Names ----------------------------------------------------------------------------------------

_RESERVED = frozenset(
    [
        "select",
        "where",
        "group",
        "order",
        "limit",
        "offset",
        "cursor",
        "format",
        "count",
        "and",
        "or",
        "not",
        "in",
        "is",
        "null",
        "true",
        "false",
        "from",
        "as",
        "by",
        "having",
        "join",
        "on",
        "union",
        "all",
        "distinct",
        "case",
        "when",
        "then",
        "else",
        "end",
        "like",
        "between",
        "asc",
        "desc",
        "table",
        "rowid",
        "bbox",
    ]
)


def final_names(labels: Sequence[str], geometry: bool = False) -> list[str]:
    """Return the columns' names in the APIs: lower case ASCII letters, digits and _, unique, a letter first."""
    taken = {"geometry"} if geometry else set()
    out = []
    for number, label in enumerate(labels, 1):
        name = re.sub(r"[^a-z0-9]+", "_", folded(_ascii(label))).strip("_")[:60].strip("_")
        if not name:
            name = f"colonne_{number}"
        elif name in _RESERVED or not name[0].isalpha():
            name = f"col_{name}"
        unique, turn = name, 2
        while unique in taken:
            unique, turn = f"{name}_{turn}", turn + 1
        taken.add(unique)
        out.append(unique)
    return out


def _ascii(label: str) -> str:
    for sign, said in (("œ", "oe"), ("Œ", "OE"), ("æ", "ae"), ("n°", "numero "), ("N°", "numero "), ("€", " euros "),
                       ("%", " pourcent "), ("²", "2"), ("³", "3")):  # fmt: skip
        label = label.replace(sign, said)
    return label


# --- What a column may be -------------------------------------------------------------------------

_CODE = re.compile(
    r"\b(?:cod(?:es?|e?post\w*|e?insee\w*|e?com\w*|geo)?|cd ?post\w*|siret|siren|insee\w*|\w*insee|tel|telephone|phone|fax|"
    r"portable|mobile|cp|postal|postale|rna|nic|naf|ape|fantoir|rivoli|uai|rne|finess|iban|rib|nir|matricule|"
    r"immatriculation|cadastre|parcelle|idu|ean)\b"
)
_ACCOUNT = re.compile(
    r"^(?:(?:sous )?(?:nature|fonction|fontion|chapitre|rubrique)|article(?! \d)|compte)(?: (?:m\d+|budgetaire|comptable))?$"
)
_DATE_WORD = re.compile(
    r"\b(?:date|dates|jour|debut|fin|creation|naissance|ouverture|fermeture|le|dat\w*|ddebut|dfin|recale\w*|maj)\b|date"
)
_ADDRESS = re.compile(r"\b(?:adresse|ville|domicile|localite)\b")
_IDENTIFIER = re.compile(r"^(?:id|ident|ref|numero|num|n°|matricule)")
_ZERO = re.compile(r"0\d+")


def is_code(label: str) -> bool:
    """True when a header says that its column holds codes, whatever the digits look like."""
    words = re.sub(r"[^a-z0-9]+", " ", folded(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)))
    return _CODE.search(words) is not None and not re.search(r"\bnb\b|nombre|montant\b", words)


def _is_cut_code(label: str) -> bool:
    """True when dBase, which keeps ten letters, may have cut a word for a code: « Station_co » was a postal code."""
    last = re.split(r"[\W_]+", folded(label))[-1]
    whole = ("code", "codepostal", "codpost", "codeinsee", "insee", "postal", "siret", "siren")
    return len(label) == 10 and len(last) >= 2 and any(w.startswith(last) for w in whole)


def _is_account(label: str, digits: Sequence[str]) -> bool:
    """True when whole numbers under « nature » or « fonction » are accounts of a chart: 6042 is no quantity."""
    words = re.sub(r"[^a-z0-9]+", " ", folded(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label))).strip()
    return bool(_ACCOUNT.match(words)) and all(len(c) <= 8 for c in digits)


def _candidates(label: str, cells: Sequence[str], cell: str) -> list[_Candidate]:
    """Return the types that the sample allows, best first."""
    meant = {x: c for x in dict.fromkeys(cells) if (c := x.strip()) and not numbers.is_missing(c)}
    said = [meant[x] for x in cells if x in meant]
    if not said:
        return []
    dates = _dates(label, said, cell)
    if dates is not None:
        return [dates]
    words = numbers.booleans(meant.values())
    if words is not None and len({c.casefold() for c in meant.values()}) <= 4:
        return [_Candidate(Kind.BOOLEAN, numbers.boolean_sql(cell, words))]
    if _looks_like_codes(label, said):
        return []
    return [
        _Candidate(Kind.INTEGER if w.whole else Kind.NUMBER, w.sql(cell), unit=w.unit) for w in numbers.writings(said)
    ]


def _looks_like_codes(label: str, cells: Sequence[str]) -> bool:
    """True when these cells are codes by their digits, or whole numbers under a header of codes."""
    if any(_ZERO.fullmatch(c) for c in dict.fromkeys(cells)):
        return True
    digits = [c for c in cells if c.isdigit()]
    if is_code(label) and len(digits) >= 0.5 * len(cells):
        return True
    if _is_account(label, digits) and len(digits) >= 0.9 * len(cells):
        return True
    if _ADDRESS.search(folded(label)) and all(len(c) == 5 for c in cells) and len(digits) == len(cells):
        return True  # a postal code under the second half of « adresse »
    if _IDENTIFIER.match(folded(label)) and sum("." in c for c in cells) >= 0.5 * len(cells):
        return True  # 248.1 and 248.10 are two trees
    if len(digits) < 0.9 * len(cells):
        return False
    lengths = {len(c) for c in digits}
    if _is_cut_code(label) and len(lengths) == 1 and lengths <= {5, 9, 14}:
        return True
    if max(lengths) > 15 or lengths == {14}:  # nothing is counted in tens of thousands of billions
        return True
    if sum(count for c, count in Counter(digits).items() if len(c) == 14 and is_siret(c)) >= 0.8 * len(digits):
        return True
    return lengths == {9} and len(digits) >= 5 and all(is_siren(c) for c in digits)


def _dates(label: str, cells: Sequence[str], cell: str) -> _Candidate | None:
    counts: dict[str, int] = {}
    fits = len(cells)
    header = bool(_DATE_WORD.search(folded(label).replace("_", " "))) or label.endswith(",D")
    for text, times in Counter(cells).items():
        shapes = [s for s in shapes_of(text) if header or not s.needs_header]
        if not shapes:
            fits -= times
            if fits < 0.9 * len(cells):
                return None
        for shape in shapes:
            counts[shape.name] = counts.get(shape.name, 0) + times
    chosen = _chosen(counts)
    if chosen is None:
        return None
    kinds = {s.kind for s in chosen}
    kind = Kind.TIME if kinds == {"time"} else Kind.DATE if kinds == {"date"} else Kind.DATETIME
    parts = [s.sql(cell) if kind is not Kind.DATETIME else f"CAST({s.sql(cell)} AS TIMESTAMP)" for s in chosen]
    sql = parts[0] if len(parts) == 1 else f"COALESCE({', '.join(parts)})"
    return _Candidate(kind, sql, writing=" ".join(s.name for s in chosen))


def _chosen(counts: dict[str, int]) -> list[Shape] | None:
    """Return the shapes to try, most frequent first; day before month unless the cells say otherwise."""
    if counts.get("american", 0) > counts.get("french", 0):
        counts.pop("french", None)
    else:
        counts.pop("american", None)
    if "compact" in counts and len(counts) > 1:
        counts.pop("compact")
    chosen = sorted((s for s in SHAPES if counts.get(s.name)), key=lambda s: -counts[s.name])
    kinds = {s.kind for s in chosen}
    if not chosen or ("time" in kinds and len(kinds) > 1):
        return None
    return chosen[:4]


_YES, _NO = ("oui", "o", "vrai", "true", "yes", "1", "x"), ("non", "n", "faux", "false", "no", "0")


def imposed(kind: Kind, cells: Sequence[str], cell: str) -> list[_Candidate]:
    """Return how cells are read as the type that a person gave to their column; empty for text, and when none fits."""
    said = [c for c in (x.strip() for x in cells) if c and not numbers.is_missing(c)]
    sql = ""
    if kind is Kind.BOOLEAN and any(c.casefold() in (*_YES, *_NO) for c in said):
        sql = f"CASE WHEN lower({cell}) IN {_YES} THEN true WHEN lower({cell}) IN {_NO} THEN false END"
    elif kind in (Kind.INTEGER, Kind.NUMBER):
        sql = _number_sql(said, cell, whole=kind is Kind.INTEGER)
    elif kind in (Kind.DATE, Kind.DATETIME, Kind.TIME):
        counts = Counter(s.name for c in said for s in shapes_of(c) if (s.kind == "time") == (kind is Kind.TIME))
        shapes = _chosen(dict(counts)) or []
        sql_type = {Kind.DATE: "DATE", Kind.DATETIME: "TIMESTAMP", Kind.TIME: "TIME"}[kind]
        parts = [f"CAST({s.sql(cell)} AS {sql_type})" for s in shapes]
        sql = f"COALESCE({', '.join(parts)}, NULL)" if parts else ""
    return [_Candidate(kind, sql, forced=True)] if sql else []


def _number_sql(cells: Sequence[str], cell: str, *, whole: bool) -> str:
    """Return the SQL of a number written with the decimal sign that fits most cells; "" when it fits none."""
    ways = [numbers.Writing(","), numbers.Writing(".")]
    fits = [sum(re.fullmatch(w.pattern(), c) is not None for c in cells) for w in ways]
    if not any(fits):
        return ""
    number = ways[fits.index(max(fits))].sql(cell)
    return f"CASE WHEN {number} = round({number}) THEN CAST({number} AS BIGINT) END" if whole else number


# --- What a column is -----------------------------------------------------------------------------


def _samples(raw: RawTable) -> list[list[str]]:
    """Return filled cells of each column, taken from the start, the middle and the end of the table."""
    names = raw.columns()
    if not names:
        return []
    out: list[list[str]] = [[] for _ in names]
    with pq.ParquetFile(raw.path) as file:
        groups = file.num_row_groups
        picked = sorted({0, groups // 3, 2 * groups // 3, groups - 1} & set(range(groups)))
        each = max(_SAMPLE // max(len(picked), 1), 1)
        for group in picked:
            for batch in islice(file.iter_batches(batch_size=each, row_groups=[group], columns=names), 1):
                for i, column in enumerate(batch.columns):
                    out[i] += [str(cell) for cell in column.drop_null().to_pylist()]
    empty = [i for i, cells in enumerate(out) if len(cells) < 20]
    if empty and raw.rows > _SAMPLE:
        _fill(raw, empty, out)
    return out


def _fill(raw: RawTable, columns: Sequence[int], out: list[list[str]]) -> None:
    """Look further for the cells of columns that are nearly empty."""
    with _connect() as connection:
        for i in columns:
            rows = connection.execute(
                f"SELECT c{i} FROM read_parquet({_text(raw.path)}) WHERE c{i} IS NOT NULL LIMIT 1000"
            ).fetchall()
            out[i] = [r[0] for r in rows]


def _count(
    connection: duckdb.DuckDBPyConnection, raw: RawTable, texts: Texts, candidates: dict[int, list[_Candidate]]
) -> None:
    """Fill the counts of every candidate in one pass over the rows."""
    places = [(i, candidate) for i, column in candidates.items() for candidate in column]
    if not places:
        return
    if raw.rows >= rewrite.LARGE:
        for i, candidate in places:
            zeros = _zeros(i) if candidate.kind is Kind.INTEGER else ""
            values, what = texts.values.get(f"c{i}"), (f"c{i}", candidate.sql, numbers.missing_sql(_cell(i)), zeros)
            if values is not None:
                told = rewrite.counted_values(connection, values, *what)
            else:
                forms = texts.forms(f"c{i}") if candidate.kind is Kind.NUMBER else None
                told = rewrite.counted_forms(connection, forms, *what) or rewrite.counted(connection, raw.path, *what)
            candidate.counts = (told.filled, told.missing, told.fitting, told.marked)
        return
    inner = [f"c{i}" for i in sorted({i for i, _ in places})]
    asked = []
    for n, (i, candidate) in enumerate(places):
        inner.append(f"{candidate.sql} AS v{n}")
        unfit = f"v{n} IS NULL AND c{i} IS NOT NULL"
        asked += [
            f"count(c{i})",
            f"count_if(CASE WHEN {unfit} THEN {numbers.missing_sql(_cell(i))} ELSE false END)",
            f"count(v{n})",
            f"count_if({_zeros(i)})" if candidate.kind is Kind.INTEGER else "0",
        ]
    query = f"SELECT {', '.join(asked)} FROM (SELECT {', '.join(inner)} FROM read_parquet({_text(raw.path)}))"
    row = connection.execute(query).fetchall()[0]
    for n, (_, candidate) in enumerate(places):
        filled, missing, fitting, marked = (int(x or 0) for x in row[4 * n : 4 * n + 4])
        candidate.counts = (filled, missing, fitting, marked)


def _zeros(i: int) -> str:
    """Return the SQL that is true for a whole number behind zeros, which is a code."""
    return f"regexp_full_match(c{i}, '\\s*0\\d+')"


def _decide(
    connection: duckdb.DuckDBPyConnection,
    raw: RawTable,
    texts: Texts,
    i: int,
    name: str,
    label: str,
    candidates: Sequence[_Candidate],
) -> TypedColumn:
    source = f"c{i}"
    known = texts.counts(source) if not candidates else None
    counted = candidates[0].counts[0] if candidates else known[0] if known is not None else _filled(raw, i)
    counted_ones = [c for c in candidates if c.counts[2]]
    best = max(counted_ones, key=lambda c: c.counts[2], default=None)  # the first, so the strictest, when equal
    if best is not None and (best.forced or not any(c.counts[3] for c in candidates)):
        filled, missing, fitting, _ = best.counts
        if best.forced or best.odd < TOLERANCE * filled:
            lines = _lines(connection, raw, i, best) if best.odd > 0 else ()
            return TypedColumn(
                name, label, best.kind, source, best.sql, filled, missing, max(best.odd, 0), lines,
                best.unit, best.writing, index=i,
            )  # fmt: skip
        if fitting >= 0.8 * filled and best.kind is not Kind.BOOLEAN:  # « Oui, Non, Plutôt oui » are three answers
            lines = _lines(connection, raw, i, best)
            return TypedColumn(name, label, Kind.TEXT, source, source, filled, odd=best.odd, odd_lines=lines,
                               nearly=best.kind, index=i)  # fmt: skip
    return TypedColumn(name, label, Kind.TEXT, source, source, counted, index=i)


def _filled(raw: RawTable, i: int) -> int:
    """Return the number of filled cells of a column, from the file's own statistics."""
    meta = pq.read_metadata(raw.path)
    position = meta.schema.names.index(f"c{i}")
    empty = 0
    for group in range(meta.num_row_groups):
        statistics = meta.row_group(group).column(position).statistics
        if statistics is None or statistics.null_count is None:
            with _connect() as connection:
                told = connection.execute(f"SELECT count(c{i}) FROM read_parquet({_text(raw.path)})").fetchall()
                return int(told[0][0])
        empty += statistics.null_count
    return int(meta.num_rows - empty)


def _lines(connection: duckdb.DuckDBPyConnection, raw: RawTable, i: int, candidate: _Candidate) -> tuple[int, ...]:
    rows = connection.execute(
        f"SELECT {LINE} FROM read_parquet({_text(raw.path)}) WHERE c{i} IS NOT NULL AND ({candidate.sql}) IS NULL "
        f"AND NOT {numbers.missing_sql(_cell(i))} ORDER BY {LINE} LIMIT {_SHOWN}"
    ).fetchall()
    return tuple(int(r[0]) for r in rows)


_WORDS = {
    Kind.INTEGER: msg("des nombres entiers"),
    Kind.NUMBER: msg("des nombres"),
    Kind.BOOLEAN: msg("oui ou non"),
    Kind.DATE: msg("des dates"),
    Kind.DATETIME: msg("des dates et heures"),
    Kind.TIME: msg("des heures"),
}


def _odd(raw: RawTable, column: TypedColumn) -> Finding | None:
    if column.kind is Kind.TEXT or not column.odd:
        return None
    return Finding(
        "types.odd_cells",
        Severity.WARN,
        msg(
            "Colonne « {column} » : {count} cellule(s) ne sont pas {what} ; elles sont laissées vides (lignes {lines})."
        ),
        raw.place(column.odd_lines[0] if column.odd_lines else None, column.index),
        {"column": column.label, "count": column.odd, "what": _WORDS[column.kind], "lines": _said(column)},
        hint=msg("Corrigez ces cellules dans votre fichier si elles devaient compter."),
        count=column.odd,
    )


def _nearly(raw: RawTable, column: TypedColumn) -> Finding | None:
    if column.nearly is None:
        return None
    return Finding(
        "types.stays_text",
        Severity.WARN,
        msg("Colonne « {column} » : {count} cellule(s) ne sont pas {what}, c'est trop pour les écarter : la colonne reste "
            "du texte (lignes {lines})."),
        raw.place(column.odd_lines[0] if column.odd_lines else None, column.index),
        {"column": column.label, "count": column.odd, "what": _WORDS[column.nearly], "lines": _said(column)},
        hint=msg("Corrigez ces cellules pour que la colonne puisse être triée, additionnée et dessinée."),
        count=column.odd,
    )  # fmt: skip


def _said(column: TypedColumn) -> str:
    shown = ", ".join(str(n) for n in column.odd_lines[:10])
    return shown + (" ..." if column.odd > 10 else "")


# --- SQL ------------------------------------------------------------------------------------------


def _cell(i: int) -> str:
    """Return the SQL of a trimmed cell."""
    return f"trim(c{i})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(path: Path | str) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _connect() -> Any:
    return engine.connect()
