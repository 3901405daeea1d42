"""Files of a version that lie written: which they are, where, and their end.

The bytes are named by their digest; one description a version, put in place once all are there, says which file is in which
format. They are never the truth: made by a job after a release, erased with the version, made again at will.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from parvis import __version__
from parvis.store import disk
from parvis.store.folder import Folder
from parvis.values import Ready, from_json, to_json

MOST = 5000  # descriptions kept in memory
_known: dict[Path, tuple[int, Mapping[str, Ready]]] = {}
_lock = threading.Lock()


def of(folder: Folder, version: str) -> Mapping[str, Ready]:
    """Return the files of a version that lie written, by the name of their format; none is no fault."""
    place = _description(folder, version)
    try:
        at = place.stat().st_mtime_ns
    except FileNotFoundError:
        return {}
    with _lock:
        known = _known.get(place)
    if known is None or known[0] != at:
        known = (at, {name: from_json(Ready, told) for name, told in _read(place).get("files", {}).items()})
        with _lock:
            if len(_known) > MOST:
                _known.clear()
            _known[place] = known
    return known[1]


def path(folder: Folder, found: Ready) -> Path:
    """Return where the bytes of a file lie."""
    return folder.files / found.digest[:2] / found.digest


def keep(folder: Folder, version: str, files: Mapping[str, Ready]) -> None:
    """Say which files a version has: their bytes must lie there. Whoever calls holds the lock of the shelf."""
    told = {"format": 1, "engine": __version__, "files": {name: to_json(found) for name, found in files.items()}}
    disk.write_json(_description(folder, version), told)


def current(folder: Folder, version: str) -> bool:
    """True when the files of a version were written, by this very engine: another one writes other bytes."""
    place = _description(folder, version)
    return place.exists() and _read(place).get("engine") == __version__


def erase(folder: Folder, version: str) -> int:
    """Erase the files that no other version has, and return how many. Whoever calls holds the lock of the shelf."""
    place = _description(folder, version)
    if not place.exists():
        return 0
    files = _digests(place)
    disk.erase(place)
    others = {digest for other in described(folder) for digest in _digests(_description(folder, other))}
    erased = 0
    for digest in files - others:
        bytes_of = path(folder, Ready(digest, 0))
        if bytes_of.exists():
            disk.erase(bytes_of)
            erased += 1
    return erased


def described(folder: Folder) -> Iterator[str]:
    """Yield the versions that have files."""
    for place in sorted(folder.files.glob("[!.]*.json")):
        yield place.stem


def loose(folder: Folder) -> list[Path]:
    """Return the files that no description names: what a crash left, or what is being written."""
    named = {digest for version in described(folder) for digest in _digests(_description(folder, version))}
    return [p for p in folder.files.glob("??/*") if p.name not in named] + list(folder.files.glob(".*"))


def _description(folder: Folder, version: str) -> Path:
    return folder.files / f"{version}.json"


def _digests(place: Path) -> set[str]:
    return {str(told["digest"]) for told in _read(place).get("files", {}).values()}


def _read(place: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(place.read_text("utf-8"))
    except (FileNotFoundError, ValueError):  # erased meanwhile, or spoilt: it is written again
        return {}
    return told
