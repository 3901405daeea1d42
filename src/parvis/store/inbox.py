"""The inbox: bytes arrive here under a name of ours, are counted, digested and sealed, and go to the vault."""

from __future__ import annotations

import errno
import hashlib
import secrets
import shutil
from typing import BinaryIO

from parvis.errors import InputError, TooLarge
from parvis.store import disk, sealed
from parvis.store.folder import Folder
from parvis.values import Parcel

LIMIT = 2 << 30  # bytes
FLOOR = 256 << 20  # bytes kept free, so that a full disk never stops the portal itself
NAME_LENGTH = 200


def put(folder: Folder, name: str, stream: BinaryIO, origin: str, now: str, *, limit: int = LIMIT) -> Parcel:
    """Return the parcel of a stream, its bytes safe on the disk and sealed: at no time do they lie there plain.

    The name that came with it is only kept as data: the file's own name is drawn here. ``now`` is ISO 8601 UTC.
    Raises: TooLarge past ``limit`` bytes, LimitError when the disk is full.
    """
    sha, size = hashlib.sha256(), 0
    with disk.said_kindly():
        place = folder.inbox / f"{secrets.token_hex(16)}{sealed.SUFFIX}"
        try:
            with place.open("xb") as target:
                disk.hook("write", place)
                sealer = sealed.Sealer(folder, target, place)
                while chunk := stream.read(disk.CHUNK):
                    size += len(chunk)
                    if size > limit:
                        raise TooLarge(
                            "Le fichier « {name} » dépasse la taille permise ({limit} Mo).",
                            "Découpez-le (par année, par service) ou demandez à l'administrateur d'élever la limite.",
                            name=tidy(name),
                            limit=limit >> 20,
                        )
                    if shutil.disk_usage(place.parent).free < FLOOR:
                        raise OSError(errno.ENOSPC, "floor", str(place))
                    sha.update(chunk)
                    sealer.write(chunk)
                sealer.close()
                disk.flush(target)
            disk.flush_folder(place.parent)
        except BaseException:
            place.unlink(missing_ok=True)
            raise
    return Parcel(path=place, name=tidy(name), digest=sha.hexdigest(), size=size, origin=origin, received_at=now)


def tidy(name: str) -> str:
    """Return a file name fit to be shown: no folder, no control character, not too long.

    Raises: InputError when nothing is left.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if c.isprintable()).strip(" .")
    if len(shown) > NAME_LENGTH:
        stem, dot, suffix = shown.rpartition(".")
        shown = f"{stem[: NAME_LENGTH - 12]}…{dot}{suffix[-10:]}" if dot else shown[:NAME_LENGTH]
    if not shown:
        raise InputError("Ce fichier n'a pas de nom.", "Donnez-lui un nom, puis déposez-le de nouveau.")
    return shown
