"""Originals that everybody may have: the bytes that came, beside the version that was made of them without hiding anything.

One description a version, put in place once the bytes are there. They go with the version, or before it, when a later look or a
person finds that they may not be given: the description then says why, and the bytes are erased.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from parvis import __version__
from parvis.frozen import dataclass
from parvis.store import disk
from parvis.store.folder import Folder
from parvis.values import Extra, from_json, msg, to_json

NAME = "original"
TITLE = msg("Fichier d'origine")


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it came. ``engine`` is the version of Parvis that looked at it last; ``stopped`` why it is no longer given."""

    name: str
    digest: str  # SHA-256, hexadecimal
    size: int  # bytes
    media_type: str
    kind: str  # "csv", "xlsx" ...
    engine: str = __version__
    stopped: str = ""


def keep(folder: Folder, version: str, source: Path, told: Original) -> None:
    """Keep the bytes of a version's original, to be given once it is released. Doing it again changes nothing."""
    waiting = folder.staging / f"{secrets.token_hex(16)}.original"
    with disk.said_kindly():
        try:
            disk.hook("write", waiting)
            shutil.copyfile(source, waiting)
            disk.flush_file(waiting)
            waiting.chmod(0o444)
            disk.rename(waiting, path(folder, version))
        finally:
            waiting.unlink(missing_ok=True)
        disk.write_json(_description(folder, version), to_json(told))


def of(folder: Folder, version: str) -> Original | None:
    """Return the original that is given with a version, None when there is none."""
    found = _told(folder, version)
    return found if found is not None and not found.stopped else None


def stopped(folder: Folder, version: str) -> str:
    """Return why the original of a version is no longer given, "" when it is, or never was."""
    found = _told(folder, version)
    return found.stopped if found is not None else ""


def offered(found: Original) -> Extra:
    """Return what is told of an original beside the files of its version."""
    return Extra(NAME, TITLE, found.media_type, found.name, found.size, found.digest, kind=found.kind)


def path(folder: Folder, version: str) -> Path:
    """Return where the bytes lie."""
    return folder.originals / f"{version}.bytes"


def stop(folder: Folder, version: str, why: str) -> None:
    """Give the original of a version no longer, and erase its bytes."""
    found = of(folder, version)
    if found is not None:
        with disk.said_kindly():
            disk.write_json(_description(folder, version), to_json(dataclasses.replace(found, stopped=why)))
            disk.erase(path(folder, version))


def looked(folder: Folder, version: str) -> None:
    """Note that this very Parvis looked at an original, and found nothing."""
    found = of(folder, version)
    if found is not None:
        with disk.said_kindly():
            disk.write_json(_description(folder, version), to_json(dataclasses.replace(found, engine=__version__)))


def late(folder: Folder) -> Iterator[str]:
    """Yield the versions whose original another Parvis looked at: this one may see more."""
    for version in described(folder):
        found = of(folder, version)
        if found is not None and found.engine != __version__:
            yield version


def described(folder: Folder) -> Iterator[str]:
    """Yield the versions that have, or had, an original."""
    for place in sorted(folder.originals.glob("[!.]*.json")):
        yield place.stem


def erase(folder: Folder, version: str) -> int:
    """Erase the original of a version that is withdrawn: 1 when its bytes were there."""
    there = path(folder, version).exists()
    disk.erase(_description(folder, version))
    disk.erase(path(folder, version))
    return int(there)


def loose(folder: Folder) -> list[Path]:
    """Return the bytes that no description names: what a crash left."""
    known = set(described(folder))
    return [p for p in folder.originals.iterdir() if p.name[0] == "." or (p.suffix != ".json" and p.stem not in known)]


def _description(folder: Folder, version: str) -> Path:
    return folder.originals / f"{version}.json"


def _told(folder: Folder, version: str) -> Original | None:
    place = _description(folder, version)
    try:
        return _read(place, place.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@functools.lru_cache(5000)
def _read(place: Path, at: int) -> Original:
    return from_json(Original, json.loads(place.read_text("utf-8")))
