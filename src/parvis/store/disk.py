"""Every call that writes to the disk, in one small place, in the order that survives a crash.

A file is written whole beside its place, flushed to the disk, then renamed; the folder is flushed after. A flush
that fails is never tried again on the same file: what the kernel kept of it is unknown. Tests make the k-th call of
a publication fail by replacing ``hook``.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from parvis.errors import LimitError, ParvisError

CHUNK = 1 << 20


def _nothing(call: str, path: Path) -> None:
    """Called before each write: does nothing in life, fails or kills in the tests."""


hook: Callable[[str, Path], None] = _nothing


@contextlib.contextmanager
def said_kindly() -> Iterator[None]:
    """Turn what the disk refuses into an error that an agent understands."""
    try:
        yield
    except OSError as error:
        raise disk_error(error) from error


def disk_error(error: OSError) -> ParvisError:
    """Return the sentence for a refusal of the disk."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LimitError(
            "Le disque est plein : l'opération s'est arrêtée et rien n'a été publié à moitié.",
            "Libérez de la place sur la machine, puis recommencez.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return LimitError(
            "Parvis n'a pas le droit d'écrire dans « {name} ».",
            "Donnez au compte de Parvis le droit d'écrire dans le dossier des données.",
            name=Path(error.filename or "?").name,
        )
    return LimitError(
        "Le disque a refusé une opération ({why}) : rien n'a été publié à moitié.",
        "Si cela se répète, faites vérifier le disque.",
        why=error.strerror or str(error),
    )


def make(folder: Path, private: bool = False) -> Path:
    """Make a folder and its parents; a private one is closed to other accounts."""
    if not folder.is_dir():
        hook("mkdir", folder)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o755)
    return folder


def flush(stream: IO[Any]) -> None:
    """Bring a file's bytes to the disk itself."""
    stream.flush()
    hook("fsync", Path(stream.name))
    os.fsync(stream.fileno())


def flush_file(path: Path) -> None:
    """The same for a file that another library wrote: DuckDB and Arrow never do it."""
    with path.open("rb") as stream:
        hook("fsync", path)
        os.fsync(stream.fileno())


def flush_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk: without it a rename may be forgotten at power loss."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        hook("fsync folder", folder)
        os.fsync(handle)
    finally:
        os.close(handle)


def rename(source: Path, target: Path) -> None:
    """Put a flushed file in its place, replacing what was there, and remember it."""
    hook("rename", target)
    source.replace(target)
    flush_folder(target.parent)


def write(target: Path, content: bytes) -> None:
    """Write a small file whole, or not at all."""
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as stream:
            hook("write", beside)
            stream.write(content)
            flush(stream)
        rename(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def write_json(target: Path, value: Any) -> None:
    write(target, (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode())


def erase(path: Path) -> None:
    """Remove a file; it may be gone already."""
    if path.exists():
        hook("unlink", path)
        path.unlink(missing_ok=True)
        flush_folder(path.parent)


def erase_tree(folder: Path) -> None:
    hook("rmtree", folder)
    shutil.rmtree(folder, ignore_errors=True)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file while the block lasts: one writer at a time, released by the kernel if we die."""
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
