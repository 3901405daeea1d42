"""The vault: original bytes and tables not yet decided. Private, never served; only ``pipeline`` opens it."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


def stage_read(folder: Folder, preparation: str, facts: Mapping[str, Any], table: Path) -> None:
    """Keep a table as it was read, and what is known of it, so that its repairs can be changed at once."""
    stage(folder, f"{preparation}-read", table)
    with disk.said_kindly():
        disk.write_json(_facts_path(folder, preparation), dict(facts))


def staged_read(folder: Folder, preparation: str) -> tuple[Mapping[str, Any], Path] | None:
    """Return (facts, table) as it was read, None when it was not kept."""
    facts, table = _facts_path(folder, preparation), staged_path(folder, f"{preparation}-read")
    if not facts.exists() or not table.exists():
        return None
    return json.loads(facts.read_text("utf-8")), table


def _facts_path(folder: Folder, preparation: str) -> Path:
    return folder.staged / f"{preparation}-read.json"


def staged_path(folder: Folder, preparation: str) -> Path:
    return folder.staged / f"{preparation}.parquet"


def copy_path(folder: Folder, preparation: str) -> Path:
    """Return where the marked copy of a preparation's file stands, once it is made."""
    return folder.staged / f"{preparation}-copy.xlsx"


def put_copy(folder: Folder, preparation: str, made: Path) -> None:
    """Keep a marked copy, in place of the one before."""
    with disk.said_kindly():
        beside = copy_path(folder, preparation).with_suffix(".new")
        shutil.copyfile(made, beside)
        disk.flush_file(beside)
        disk.rename(beside, copy_path(folder, preparation))


def forget(folder: Folder, preparation: str) -> None:
    """Erase what was staged of a preparation that was decided."""
    read, facts = staged_path(folder, f"{preparation}-read"), _facts_path(folder, preparation)
    for path in (read, facts, copy_path(folder, preparation)):
        disk.erase(path)
    disk.erase(staged_path(folder, preparation))
