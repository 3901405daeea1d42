"""Files of data: metadata of Parquet, authors of GPX and KML, deleted rows that a SQLite database still holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from parvis.privacy.trace import Gathered, attribute, named, text_of, xml_root
from parvis.values import msg

TITLE = msg("Fichier de données")
SUFFIXES = (".parquet", ".gpx", ".kml", ".sqlite", ".gpkg", ".db")

_OWN = (b"ARROW:schema", b"pandas", b"geo")  # what libraries write by themselves
_LARGEST = 16 << 20  # bytes of a trace of GPX that are read


def recognises(head: bytes, name: str) -> bool:
    return head[:4] == b"PAR1" or head[:16] == b"SQLite format 3\0" or b"<gpx" in head[:2000] or b"<kml" in head[:2000]


def look(path: Path, name: str, into: Gathered) -> None:
    with path.open("rb") as stream:
        head = stream.read(_LARGEST)
    if head[:4] == b"PAR1":
        _parquet(path, into)
    elif head[:16] == b"SQLite format 3\0":
        _sqlite(path, into)
    else:
        _trace(head, into)


def _parquet(path: Path, into: Gathered) -> None:
    import pyarrow.parquet as pq

    told = pq.read_metadata(path).metadata or {}
    rest = [f"{k.decode('utf-8', 'replace')}: {v.decode('utf-8', 'replace')}" for k, v in told.items() if k not in _OWN]
    into.add("table_metadata", rest, count=len(rest))


def _sqlite(path: Path, into: Gathered) -> None:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as base:
        into.add("deleted_rows", count=int(base.execute("PRAGMA freelist_count").fetchone()[0]))


def _trace(data: bytes, into: Gathered) -> None:
    """Note the person of a GPX or a KML: who recorded a walk, with her mailbox."""
    root = xml_root(data)
    if root is None:
        return
    people = [text_of(n) for n in named(root, "author")]
    people += [f"{attribute(n, 'id')}@{attribute(n, 'domain')}" for n in named(root, "email") if attribute(n, "domain")]
    into.add("author", people, count=int(any(people)))
