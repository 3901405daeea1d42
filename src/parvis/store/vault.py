"""The vault: original bytes and tables not yet decided. Private, never served; only ``pipeline`` opens it."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

from parvis.errors import UnknownName
from parvis.store import disk
from parvis.store.folder import Folder
from parvis.values import Parcel


def keep(folder: Folder, parcel: Parcel) -> Parcel:
    """Move a parcel's bytes to the vault, under their digest, and return the parcel as it is now."""
    target = folder.raw / parcel.digest
    with disk.said_kindly():
        if target.exists():
            if parcel.path != target and parcel.path.parent == folder.inbox:
                disk.erase(parcel.path)
        elif parcel.path.exists():
            disk.rename(parcel.path, target)
        else:
            raise UnknownName("Le fichier d'origine « {name} » n'est plus dans le coffre.", name=parcel.name)
    return dataclasses.replace(parcel, path=target)


def stage(folder: Folder, preparation: str, table: Path) -> None:
    """Keep the typed table of a preparation until it is decided."""
    target = staged_path(folder, preparation)
    with disk.said_kindly():
        beside = target.with_suffix(".new")
        try:
            disk.hook("link", beside)
            os.link(table, beside)
        except OSError:
            disk.hook("copy", beside)
            shutil.copyfile(table, beside)
        disk.flush_file(beside)
        disk.rename(beside, target)


def staged_path(folder: Folder, preparation: str) -> Path:
    return folder.staged / f"{preparation}.parquet"


def forget(folder: Folder, preparation: str) -> None:
    """Erase the typed table of a preparation that was decided."""
    disk.erase(staged_path(folder, preparation))
