"""The side index of a version: its columns laid out so that small questions cost a millisecond and not a scan.

One file made from the object, read through a memory map by ``store.indexed``. Text is kept once for each distinct
value, as JSON writes it, with the rows that hold it; numbers and dates are plain arrays; the folded text serves
« contains ». It takes two to four times the room of the object, a fifth of a SQLite table of the same rows, and
some one processor second for a million rows of 16 columns (ADR 11). It is never the truth: built at publication when the
version is large, erased with its object or when a newer version is current, rebuilt at will.
"""

from __future__ import annotations

import secrets

from parvis.store import disk, shelf
from parvis.store.folder import Folder
from parvis.values import Version

WORTH = 20_000  # rows; under it the object itself answers in a few milliseconds
LARGEST = 6 << 30  # bytes, some fifty million rows of 16 columns; a worker maps no more


def build(folder: Folder, version: Version) -> bool:
    """Make the index of a version if it is worth one and absent; True when there is one afterwards."""
    target = folder.index(version.object)
    if target.exists():
        return True
    if version.rows < WORTH:
        return False
    from parvis.store import layout  # late: what asks questions of an index never writes one

    waiting = folder.staging / f"{secrets.token_hex(16)}.index"
    with disk.said_kindly():
        try:
            with waiting.open("xb") as stream:
                disk.hook("write", waiting)
                layout.write(stream, folder.object(version.object), version)
                disk.flush(stream)
            if waiting.stat().st_size > LARGEST:
                return False
            disk.rename(waiting, target)
        finally:
            waiting.unlink(missing_ok=True)
        _sweep(folder, version.object)
    return True


def _sweep(folder: Folder, new: str) -> None:
    """Erase the indexes that no current version asks for: old versions answer from their object."""
    current = {shelf.load(folder, known.current).object for known in shelf.records(folder) if known.current}
    for found in folder.indexes.iterdir():
        if found.suffix != ".index" or (found.stem not in current and found.stem != new):
            disk.erase(found)
