"""SQLite: the tables and the views of a database file, each as a table.

The file is opened for reading alone, and the only statements that run are ours: the list of names, the columns, and
``SELECT`` of the columns of one name. What its author wrote (triggers, functions, virtual tables) never runs: a view
is read only if it needs nothing else than plain tables and harmless functions, and under a count of steps.
Format: sqlite.org/fileformat2.html; guards: sqlite.org/security.html.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from parvis.errors import InputError
from parvis.tables.sink import too_wide
from parvis.values import Finding, Place, Severity, msg

TITLE = "Base SQLite"
SUFFIXES = (".sqlite", ".sqlite3", ".db", ".db3", ".s3db")

_MAGIC = b"SQLite format 3\x00"
_STEPS = 50_000  # virtual machine steps between two looks at the count
_MOST_STEPS = 400_000_000  # of a view
_BATCH = 5_000
_OWN = ("sqlite_", "spatial_ref_sys", "geometry_columns", "spatialite_history", "sql_statements_log", "data_licenses",
        "views_geometry_columns", "virts_geometry_columns", "vector_layers", "elementarygeometries", "knn",
        "layer_styles", "rtree_", "idx_", "django_", "auth_permission")  # fmt: skip
_FUNCTIONS = frozenset(
    "abs char coalesce count date datetime glob group_concat ifnull iif instr julianday length like lower ltrim max min "
    "nullif printf quote replace round rtrim sign strftime substr substring sum avg total time trim typeof unicode upper "
    "cast hex row_number rank dense_rank lag lead first_value last_value json_extract concat concat_ws".split()
)


def recognises(path: Path, head: bytes) -> float:
    return 0.6 if head.startswith(_MAGIC) and b"gpkg_contents" not in head else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put every table and every harmless view into the sink, the empty ones left out."""
    findings: list[Finding] = []
    try:
        base = _opened(path, sink.limits.cell)
        try:
            names = _names(base)
            for place, (kind, title) in enumerate(names):
                if kind == "virtual":
                    findings.append(_left(title, msg("c'est une table virtuelle, que seul son programme sait lire.")))
                    continue
                try:
                    findings += _table(base, kind, title, sink, alone=len(names) == 1)
                except sqlite3.DatabaseError as error:
                    if kind == "table" and place == 0 and not _holds(error):
                        raise
                    findings.append(_left(title, _why(kind)))
        finally:
            base.close()
    except sqlite3.Error as error:
        raise _damaged() from error
    if not sink.tables:
        raise InputError(
            "Cette base SQLite ne contient aucune table remplie.",
            "Exportez la table utile en CSV.",
            code="sqlite.empty",
        )
    return findings


def _opened(path: Path, longest: int) -> sqlite3.Connection:
    """Open a file of which nothing is trusted: no writing, no extension, no function of its own, no other file."""
    base = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True, isolation_level=None)
    if hasattr(
        base, "setlimit"
    ):  # Python's own; the variant that a site may load instead has none, and never reads files
        for limit, value in (
            (sqlite3.SQLITE_LIMIT_LENGTH, max(longest, 16 << 20)),
            (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
            (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
            (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100),
            (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 50),
        ):
            base.setlimit(limit, value)
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON", "mmap_size=0", "temp_store=2"):
        base.execute(f"PRAGMA {pragma}")
    base.text_factory = bytes
    base.set_authorizer(_allowed)
    return base


def _allowed(action: int, first: str | None, second: str | None, base: str | None, source: str | None) -> int:
    """Let through what reading plain tables needs, and nothing else."""
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() == "table_info":
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FUNCTIONS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _names(base: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return (kind, name) of what holds data, in the order in which it was made; virtual tables are told apart."""
    rows = base.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY rowid"
    ).fetchall()
    told = [(k.decode(), n.decode("utf-8", "replace"), (s or b"").lstrip()[:40].upper()) for k, n, s in rows if n]
    virtual = [n for _, n, s in told if s.startswith(b"CREATE VIRTUAL")]
    out = []
    for kind, name, sql in told:
        shadow = any(name.startswith(f"{v}_") for v in virtual)  # where a virtual table keeps its own data
        if name.lower().startswith(_OWN) or shadow:
            continue
        out.append(("virtual" if sql.startswith(b"CREATE VIRTUAL") else kind, name))
    return out


def _table(base: sqlite3.Connection, kind: str, name: str, sink: Any, *, alone: bool) -> Iterator[Finding]:
    """Put a table into the sink, and yield what could not be read of it."""
    labels = [str(r[1], "utf-8", "replace") for r in base.execute(f"PRAGMA table_info({_quoted(name)})").fetchall()]
    if not labels:
        return
    if len(labels) > sink.limits.columns:
        raise too_wide(len(labels), sink.limits.columns)
    steps = 0

    def tick() -> int:
        nonlocal steps
        steps += _STEPS
        return int(kind == "view" and steps > _MOST_STEPS)

    base.set_progress_handler(tick, _STEPS)
    wanted = ", ".join(_quoted(label) for label in labels)
    cursor = base.execute(f"SELECT {wanted} FROM {_quoted(name)}")
    first = cursor.fetchmany(_BATCH)
    binary: set[int] = set()
    if first:
        title = "" if alone else name
        sink.rows(title, labels, _rows(cursor, first, binary), format="sqlite", encoding="utf-8")
    if binary:
        yield _no_text(name, [labels[i] for i in sorted(binary)])


def _rows(cursor: sqlite3.Cursor, rows: list[Any], binary: set[int]) -> Iterator[tuple[int, list[str | None]]]:
    """Yield (line, cells); ``binary`` receives the columns that hold something else than text."""
    line = 0
    while rows:
        for row in rows:
            line += 1
            cells = [_cell(c) for c in row]
            binary.update(i for i, c in enumerate(cells) if c is None and row[i])
            yield line, cells
        rows = cursor.fetchmany(_BATCH)


def _cell(value: Any) -> str | None:
    """Return a value as text: 12.0 is 12, bytes that are no text are left out."""
    if value is None:
        return None
    if isinstance(value, bytes):
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            return None
        return text if text.strip() and "\x00" not in text else None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _holds(error: sqlite3.DatabaseError) -> bool:
    return "malformed" not in str(error) and "not a database" not in str(error)


def _why(kind: str) -> str:
    if kind == "view":
        return msg("cette vue demande autre chose qu'une simple lecture des tables, ou trop de temps.")
    return msg("la table est endommagée.")


def _no_text(name: str, labels: Sequence[str]) -> Finding:
    return Finding(
        "sqlite.binary",
        Severity.WARN,
        msg("Colonnes de « {name} » qui contiennent des images ou des formes, laissées vides : {columns}."),
        Place(sheet=name[:120]),
        {"name": name[:120], "columns": ", ".join(label[:60] for label in labels[:10])},
        msg("Si ce sont des objets géographiques, exportez la couche en GeoPackage, puis renvoyez-la."),
    )


def _left(name: str, why: str) -> Finding:
    return Finding(
        "sqlite.left_out",
        Severity.WARN,
        msg("« {name} » n'a pas été lu : {why}"),
        Place(sheet=name[:120]),
        {"name": name[:120], "why": why},
        msg("Si ces données doivent être publiées, exportez-les en CSV."),
    )


def _damaged() -> InputError:
    return InputError(
        "Cette base SQLite est endommagée, ou n'en est pas une : elle n'a pas pu être lue.",
        "Enregistrez-la à nouveau, ou exportez ses tables en CSV.",
        code="sqlite.damaged",
    )
