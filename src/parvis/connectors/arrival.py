"""What a visit is told and what it brings: an errand, arrivals, and the marks that say what was brought already."""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol

from parvis.connectors.setting import Setting
from parvis.errors import MissingExtra, ParvisError
from parvis.frozen import dataclass
from parvis.outgoing import Client
from parvis.text import fold
from parvis.values import msg

# What a program leaves beside a file while it works on it, or while it copies it.
_PASSING = ("~$*", ".*", "*.tmp", "*.part", "*.filepart", "*.crdownload", "*.swp", "thumbs.db", "desktop.ini", "*~")


class Stream(Protocol):
    """Bytes to be read once: b"" at the end."""

    def read(self, count: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Errand:
    """One visit to a place. ``marks`` is what former visits kept: key -> mark, as JSON."""

    settings: Mapping[str, Any]
    client: Client
    now: dt.datetime
    secret: str = field(default="", repr=False)
    marks: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None  # what the operator opened to watched folders


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that came. ``mark`` is to be kept under ``key`` once its bytes are safe."""

    name: str
    stream: Stream
    origin: str  # address shown to people and kept with the file: never holds a secret
    key: str
    mark: Any = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A mark to keep without any file: letters that held nothing, a server's fingerprint."""

    key: str
    mark: Any


@dataclass(frozen=True, slots=True)
class Listed:
    """A file seen in a list: its path in the place, and what changes when it does (size, time, ETag)."""

    path: str
    size: int
    mark: Any

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


NAMES = Setting(
    "names",
    msg("Noms des fichiers"),
    "lines",
    msg("Un modèle par ligne, par exemple *.csv ou budget_*.xlsx. Vide : tous les fichiers."),
    default=(),
)


class Unread:
    """The stream of a file that is not even asked for: reading it raises the reason."""

    def __init__(self, reason: ParvisError) -> None:
        self.reason = reason

    def read(self, count: int, /) -> bytes:
        raise self.reason


def chosen(name: str, patterns: Sequence[str]) -> bool:
    """Return whether a file's name is asked for: case and accents do not count, passing files never are."""
    folded = fold(name)
    if any(fnmatch.fnmatchcase(folded, pattern) for pattern in _PASSING):
        return False
    return not patterns or any(fnmatch.fnmatchcase(folded, fold(pattern)) for pattern in patterns)


def due(listed: Iterable[Listed], errand: Errand) -> Iterator[Listed]:
    """Yield the files asked for that are new or changed since their mark, in the order of their names."""
    patterns = errand.settings.get("names", ())
    for one in sorted(listed, key=lambda one: one.path):
        if chosen(one.name, patterns) and errand.marks.get(one.path) != one.mark:
            yield one


def missing(extra: str, error: ImportError) -> MissingExtra:
    """Return what to say when an optional package is not installed."""
    return MissingExtra(
        msg("Ce genre de source demande un complément qui n'est pas installé."),
        msg("L'administrateur l'installe avec : pip install 'parvis[{extra}]'"),
        extra=extra,
        package=error.name or extra,
    )
