"""The vault: original bytes and tables not yet decided. Private, sealed, never served; only ``pipeline`` opens it.

What was kept before the vault was sealed has no suffix: it is sealed when it is next asked for, or by ``tend``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from parvis.errors import LimitError, ParvisError, UnknownName
from parvis.store import disk, retention, sealed
from parvis.store.folder import Folder
from parvis.values import Parcel, msg

_READ, _COPY = "-read", "-copy.xlsx"


# --- What arrived ---------------------------------------------------------------------------------


def keep(folder: Folder, parcel: Parcel) -> Parcel:
    """Bring a parcel's bytes to the vault, under their digest, and return the parcel as it is now.

    Raises: UnknownName when they are nowhere any more.
    """
    target = original_path(folder, parcel.digest)
    with disk.said_kindly():
        came = folder.inbox / parcel.path.name  # wherever the data folder was when it arrived
        plain = next((p for p in (came, folder.raw / parcel.digest) if p.exists()), None)
        if came.suffix == sealed.SUFFIX and came.exists():
            disk.rename(came, target)  # over the same file, if it came before: that one may be damaged, or its key lost
        elif plain is not None:
            sealed.seal(folder, plain, target)
            disk.erase(plain)
        elif not target.exists():
            raise UnknownName(
                msg("Le fichier d'origine « {name} » n'est plus dans le coffre : sa durée de garde est passée."),
                msg("Déposez-le de nouveau."),
                name=parcel.name,
            )
    return dataclasses.replace(parcel, path=target)


def original(folder: Folder, parcel: Parcel, work: Path) -> Parcel:
    """Return the parcel with its bytes readable in ``work``, for as long as that folder lasts.

    Raises: UnknownName when they were erased; LimitError when no key opens them, or when they are not what came.
    """
    place = work / "original"
    with disk.said_kindly():
        if sealed.unseal(folder, keep(folder, parcel).path, place) != parcel.digest:
            place.unlink()
            raise LimitError(
                msg("Le fichier d'origine « {name} » n'est plus celui qui est arrivé : il n'est pas lu."),
                msg("Reprenez-le d'une sauvegarde, ou déposez-le de nouveau."),
                name=parcel.name,
            )
    return dataclasses.replace(parcel, path=place)


def original_path(folder: Folder, digest: str) -> Path:
    return folder.raw / f"{digest}{sealed.SUFFIX}"


# --- What waits for a decision --------------------------------------------------------------------


def stage(folder: Folder, preparation: str, table: Path) -> None:
    """Keep the typed table of a preparation until it is decided."""
    _put(folder, f"{preparation}.parquet", table)


def staged(folder: Folder, preparation: str, work: Path) -> Path:
    """Return the typed table of a preparation, readable in ``work``. Raises: UnknownName when it was erased."""
    path = _opened(folder, f"{preparation}.parquet", work)
    if path is None:
        raise UnknownName(
            msg("Ce tableau n'est plus dans le coffre : il a déjà été décidé, ou sa durée de garde est passée."),
            msg("Déposez de nouveau le fichier d'origine."),
        )
    return path


def stage_read(folder: Folder, preparation: str, facts: Mapping[str, Any], table: Path) -> None:
    """Keep a table as it was read, and what is known of it, so that its repairs can be changed at once."""
    _put(folder, f"{preparation}{_READ}.parquet", table)
    name = f"{preparation}{_READ}.json"
    with disk.said_kindly():
        told = json.dumps(dict(facts), ensure_ascii=False).encode()
        sealed.seal_bytes(folder, told, folder.staged / f"{name}{sealed.SUFFIX}")
        disk.erase(folder.staged / name)


def staged_read(folder: Folder, preparation: str, work: Path) -> tuple[Mapping[str, Any], Path] | None:
    """Return (facts, table readable in ``work``) as it was read, None when it was not kept."""
    facts = _opened(folder, f"{preparation}{_READ}.json", work)
    table = _opened(folder, f"{preparation}{_READ}.parquet", work) if facts is not None else None
    if facts is None or table is None:
        return None
    return json.loads(facts.read_text("utf-8")), table


def put_copy(folder: Folder, preparation: str, made: Path) -> None:
    """Keep a marked copy, in place of the one before."""
    _put(folder, f"{preparation}{_COPY}", made)


def forget(folder: Folder, preparation: str) -> None:
    """Erase what was staged of a preparation that was decided."""
    # The table itself last: what is left of a crash is swept as long as it stands.
    for end in (f"{_READ}.parquet", f"{_READ}.json", _COPY, ".parquet"):
        for path in (folder.staged / f"{preparation}{end}{sealed.SUFFIX}", folder.staged / f"{preparation}{end}"):
            disk.erase(path)


def _put(folder: Folder, name: str, made: Path) -> None:
    with disk.said_kindly():
        sealed.seal(folder, made, folder.staged / f"{name}{sealed.SUFFIX}")
        disk.erase(folder.staged / name)  # as it was kept before the vault was sealed


def _opened(folder: Folder, name: str, work: Path) -> Path | None:
    """Return a staged file readable in ``work``, None when it was not kept."""
    place, plain = folder.staged / f"{name}{sealed.SUFFIX}", folder.staged / name
    with disk.said_kindly():
        if not place.exists():
            if not plain.exists():
                return None
            _put(folder, name, plain)
        target = work / f"staged-{name}"
        target.unlink(missing_ok=True)
        sealed.unseal(folder, place, target)
    return target


# --- Time -----------------------------------------------------------------------------------------


def tend(folder: Folder, *, drafts: Collection[str], arrivals: Collection[str]) -> int:
    """Seal what still lies plain, erase what was staged of tables decided since; return how many files were touched.

    ``drafts`` are the preparations that wait for a decision, ``arrivals`` the names of the files of the inbox that somebody
    awaits: others were cut on their way in. What cannot be done is left for the next time.
    """
    touched = 0
    for path in retention.plain(folder):
        with contextlib.suppress(ParvisError, FileNotFoundError), disk.said_kindly():
            sealed.seal(folder, path, path.with_name(f"{path.name}{sealed.SUFFIX}"))
            disk.erase(path)
            touched += 1
    for preparation in set(_preparations(folder)) - set(drafts):
        forget(folder, preparation)
        touched += 1
    for path in (p for place in (folder.raw, folder.staged) for p in retention.settled(place) if p.name[0] == "."):
        disk.erase(path)  # begun and never named: the machine stopped
        touched += 1
    for path in retention.abandoned(folder):
        disk.erase_tree(path)
        touched += 1
    for path in [p for p in retention.settled(folder.inbox) if p.name not in arrivals]:
        disk.erase(path)
        touched += 1
    return touched


def erase(folder: Folder, digest: str) -> bool:
    """Erase an original for good, and return whether it was there."""
    paths = [p for p in (original_path(folder, digest), folder.raw / digest) if p.exists()]
    with disk.said_kindly():
        for path in paths:
            disk.erase(path)
    return bool(paths)


def _preparations(folder: Folder) -> Iterator[str]:
    """Yield the preparations of which something has been staged for an hour at least."""
    for path in retention.settled(folder.staged):
        told = re.match(r"[0-9a-f]{24}", path.name)
        if told is not None:
            yield told[0]
