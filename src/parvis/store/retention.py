"""How long what arrived is kept, and what the vault looks like from outside: what lies plain, what is late, what has no key.

Opens nothing: the doctor and the pages may ask. Originals hold what was removed for the public, so that they are kept no
longer than they serve (RGPD, article 5, paragraph 1, e).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from parvis.frozen import dataclass
from parvis.store import disk, sealed
from parvis.store.folder import Folder
from parvis.values import from_json, to_json

# Days that an original is kept once all is decided of it: the two months in which a decision of the town may be brought to
# court (CJA, article R. 421-1), and the month that the town has to answer somebody about his data (RGPD, article 12, 3).
DAYS = 90
SETTLED = 3600.0  # seconds after which what lies there is no work in progress
ABANDONED = 6 * 3600.0  # seconds; no work on one file lasts so long
GRACE = 2  # days that the work of erasing may be behind before the doctor says so
_TENDED = "tended.json"


@dataclass(frozen=True, slots=True)
class Tended:
    """What the last round of the vault saw: ``held`` are the digests of the originals that something still needs."""

    at: str  # ISO 8601 UTC
    days: int
    held: tuple[str, ...] = ()


def note(folder: Folder, at: str, days: int, held: Iterable[str]) -> None:
    """Keep what a round saw, for the doctor."""
    disk.write_json(folder.vault / _TENDED, to_json(Tended(at, days, tuple(sorted(held)))))


def noted(folder: Folder) -> Tended | None:
    """Return what the last round saw, None when there was none."""
    path = folder.vault / _TENDED
    return from_json(Tended, json.loads(path.read_text("utf-8"))) if path.exists() else None


def originals(folder: Folder) -> list[Path]:
    """Return the files that arrived and are kept, under their digest, with or without the suffix of what is sealed."""
    return sorted(_files(folder.raw))


def plain(folder: Folder) -> list[Path]:
    """Return the files of the vault that lie as they came: those of before it was sealed."""
    return sorted(p for place in (folder.raw, folder.staged) for p in _files(place) if p.suffix != sealed.SUFFIX)


def closed(folder: Folder) -> list[Path]:
    """Return the sealed files that no key of this installation opens."""
    every = (p for place in (folder.raw, folder.staged, folder.inbox) for p in _files(place))
    return sorted(p for p in every if p.suffix == sealed.SUFFIX and not sealed.opens(folder, p))


def late(folder: Folder, now: datetime | None = None) -> list[Path]:
    """Return the originals that nothing needs and that should have been erased since."""
    told = noted(folder)
    held = set(told.held) if told is not None else set()
    limit = (now or datetime.now(UTC)).timestamp() - ((told.days if told is not None else DAYS) + GRACE) * 86_400
    return sorted(p for p in _files(folder.raw) if p.stem not in held and p.stat().st_mtime < limit)


def settled(place: Path, seconds: float = SETTLED) -> list[Path]:
    """Return what has lain in a folder of the vault for an hour at least, or as many ``seconds``."""
    limit = time.time() - seconds
    return [p for p in place.iterdir() if p.stat().st_mtime < limit]


def abandoned(folder: Folder) -> list[Path]:
    """Return the workspaces that no work can still be using: a process died there, and what it opened lies plain."""
    return settled(folder.work, ABANDONED)


def _files(place: Path) -> Iterator[Path]:
    return (p for p in place.iterdir() if p.is_file() and not p.name.startswith("."))
