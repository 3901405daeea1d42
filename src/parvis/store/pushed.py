"""Rows that a program sends as it measures them, sealed as they come, until a version is made of them all.

One folder a dataset, under the vault; one sealed file a batch, named by its time, brought together into one when they are read.
They stay as long as the dataset's door is open: each version is made from all of them.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from parvis.store import disk, sealed
from parvis.store.folder import Folder

Row = Mapping[str, Any]
MOST = 200_000  # rows of a dataset
BYTES = 64 << 20  # of all its batches


def keep(folder: Folder, dataset: str, rows: Sequence[Row]) -> None:
    """Keep a batch, safe on the disk. Raises: LimitError when the disk is full."""
    with disk.said_kindly():
        content = json.dumps(list(rows), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        sealed.seal_bytes(folder, content, _place(folder, dataset) / _name())


def size(folder: Folder, dataset: str) -> int:
    """Return the bytes of the batches of a dataset."""
    return sum(p.stat().st_size for p in _batches(folder, dataset))


def gathered(folder: Folder, dataset: str) -> list[Row]:
    """Return all the rows of a dataset in the order in which they came, and leave them in one batch."""
    batches, rows = _batches(folder, dataset), list[Row]()
    for path in batches:
        rows += json.loads(b"".join(sealed.pieces(folder, path)))
    if len(batches) > 1:
        # Under the name of the last: what comes meanwhile stays after it. Cut here, the rows would come twice: the older
        # ones go last to first, so that none is lost.
        content = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        with disk.said_kindly():
            sealed.seal_bytes(folder, content, batches[-1])
        for path in reversed(batches[:-1]):
            path.unlink(missing_ok=True)
    return rows


def forget(folder: Folder, dataset: str) -> None:
    """Erase all the rows of a dataset."""
    shutil.rmtree(folder.vault / "pushed" / dataset, ignore_errors=True)


def _place(folder: Folder, dataset: str) -> Path:
    return disk.make(folder.vault / "pushed" / dataset, private=True)


def _batches(folder: Folder, dataset: str) -> list[Path]:
    place = folder.vault / "pushed" / dataset
    return sorted(p for p in place.glob(f"*{sealed.SUFFIX}") if not p.name.startswith(".")) if place.is_dir() else []


def _name() -> str:
    return f"{time.time_ns():020d}-{secrets.token_hex(4)}{sealed.SUFFIX}"
