"""Writing the common files of a version once, after its release: what most people ask for is then only sent."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from parvis.errors import ParvisError
from parvis.store import disk, export, ready, shelf
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import Query, Ready, Version

EXCEL = "csv-excel"  # the CSV of French spreadsheets
LARGEST = 4 << 30  # bytes of a file
LONG = 50_000  # rows from which a format that is written whole before its first byte keeps its reader waiting
ROOM = 2 << 30  # bytes of the disk that stay free: a file that is sent as it is made needs none


def names(version: Version) -> list[str]:
    """Return the formats in which a version is written once: the common ones, and those that a long table makes one wait for."""
    known, long = export.FORMATS, version.rows > LONG
    return [*(n for n in export.writable(version) if known[n].common or (known[n].whole and long)), EXCEL]


def missing(folder: Folder) -> list[str]:
    """Return the current versions whose files are to be written, those released last first."""
    waiting = []
    for known in shelf.records(folder):
        release = known.release(known.current) if known.current else None
        if release is not None and not ready.current(folder, release.version):
            waiting.append((release.released_at, release.version))
    return [version for _, version in sorted(waiting, reverse=True)]


def write(pool: Pool, version: Version) -> Mapping[str, Ready]:
    """Write the common files of a version, and return those that lie there; none when it is withdrawn meanwhile.

    The files of other versions of its dataset are erased: their rows are still given, as they are made. A file that would
    fill the disk, or larger than ``LARGEST``, is left out. Raises: LimitError when the disk refuses, BusyError.
    """
    folder, files = pool.folder, dict[str, Ready]()
    for name in names(version):
        try:
            found = _written(pool, version, name)
        except ParvisError:
            if shelf.record(folder, version.dataset).current == version.id:
                raise
            return {}  # its rows went while they were read
        if found is not None:
            files[name] = found
    with disk.said_kindly(), disk.locked(folder.lock):
        record = shelf.record(folder, version.dataset)
        if record.current == version.id:
            ready.keep(folder, version.id, files)
        for release in record.releases:
            if release.version != record.current:
                ready.erase(folder, release.version)
    return files if record.current == version.id else {}


def _written(pool: Pool, version: Version, name: str) -> Ready | None:
    form, profile = ("csv", "excel") if name == EXCEL else (name, "")
    folder = pool.folder
    waiting = folder.staging / f"{secrets.token_hex(16)}.file"
    digest, size = hashlib.sha256(), 0
    if not _room(waiting):
        return None
    with disk.said_kindly():
        try:
            with waiting.open("xb") as stream:
                disk.hook("write", waiting)
                chunks = export.stream(pool, version, Query(), form, profile)
                for chunk in chunks:
                    if size + len(chunk) > LARGEST or (size >> 24 != (size + len(chunk)) >> 24 and not _room(waiting)):
                        getattr(chunks, "close", lambda: None)()
                        return None
                    digest.update(chunk)
                    stream.write(chunk)
                    size += len(chunk)
                disk.flush(stream)
            found = Ready(digest.hexdigest(), size)
            target = ready.path(folder, found)
            if not target.exists():
                disk.make(target.parent)
                waiting.chmod(0o444)
                disk.rename(waiting, target)
        finally:
            waiting.unlink(missing_ok=True)
    return found


def _room(place: Path) -> bool:
    return shutil.disk_usage(place.parent).free > ROOM
