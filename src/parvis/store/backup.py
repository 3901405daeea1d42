"""Backup while everything runs, restore elsewhere, and every digest checked on both ways."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from parvis.errors import InputError, LimitError
from parvis.frozen import dataclass
from parvis.store import disk, manifest, originals, sealed, shelf
from parvis.store.folder import Folder
from parvis.values import to_json

MARK = "sauvegarde.json"
TURNS = 5


@dataclass(frozen=True, slots=True)
class Report:
    objects: int  # public files copied
    size: int  # bytes of everything
    at: str = ""
    keyless: bool = False  # the originals came without the key that opens them


def backup(data: Folder | str | Path, target: str | Path, now: str = "", *, vault_key: bool = False) -> Report:
    """Copy the data folder to ``target`` (absent or empty) while it is used, and return what was copied.

    The catalogue of rows is copied first, at one instant, then the records, the manifests and the objects they name:
    objects never change, so what the rows name is always there. The originals in the vault come with it, sealed as they
    are: with ``vault_key`` the key that opens them comes too, without it a stolen backup tells nothing of them.
    ``now`` is ISO 8601 UTC, the present time by default.
    Raises: InputError when the target is not empty; LimitError when an object was damaged.
    """
    folder, target = _folder(data), Path(target)
    now = now or datetime.now(UTC).isoformat(timespec="seconds")
    if target.exists() and any(target.iterdir()):
        raise InputError(
            "Le dossier « {name} » n'est pas vide.", "Donnez à chaque sauvegarde un dossier neuf.", name=target.name
        )
    with disk.said_kindly():
        copy = Folder(disk.make(target, private=True))
        if folder.database.exists():
            _copy_database(folder.database, copy.database)
        if folder.secret.exists():
            shutil.copy2(folder.secret, copy.secret)
        if folder.outlines.exists():
            shutil.copy2(folder.outlines, copy.outlines)
        if vault_key and folder.vault_key.exists():
            shutil.copy2(folder.vault_key, copy.vault_key)
            copy.vault_key.chmod(0o600)
        objects = _copy_shelf(folder, copy)
        for source, place in _private(folder, copy):
            for path in source.glob("[!.]*"):
                with contextlib.suppress(FileNotFoundError):  # decided meanwhile: it is in the vault or on the shelf
                    shutil.copy2(path, place / path.name)
        size = sum(p.stat().st_size for p in target.rglob("*") if p.is_file())
        disk.write_json(target / MARK, {"at": now, "objects": objects, "size": size})
    return Report(objects, size, now, folder.vault_key.exists() and not copy.vault_key.exists())


def _private(folder: Folder, copy: Folder) -> list[tuple[Path, Path]]:
    """Return the folders of what is not public, and where they go; proof sheets are small, and never without the shelf."""
    proofs = [(f.private_proof("x").parent, f.proof("x").parent) for f in (folder, copy)]
    places = [(folder.raw, copy.raw), (folder.staged, copy.staged), (folder.inbox, copy.inbox)]
    return [*places, *zip(*proofs, strict=True)]


def restore(source: str | Path, data: Folder | str | Path) -> Report:
    """Bring a backup into an empty data folder, checking every digest before anything is served.

    Raises: InputError when it is no backup or the folder is not empty; LimitError, naming them, for damaged objects.
    """
    source, folder = Path(source), _folder(data)
    if not (source / MARK).exists():
        raise InputError("« {name} » n'est pas une sauvegarde de Parvis.", name=source.name)
    if folder.root.exists() and any(folder.root.iterdir()):
        raise InputError(
            "Le dossier « {name} » contient déjà des données.", "Restaurez dans un dossier vide.", name=folder.root.name
        )
    damaged = shelf.verify(Folder(source))
    if damaged:
        raise LimitError("Sauvegarde abîmée : {versions}.", "Prenez une autre sauvegarde.", versions=", ".join(damaged))
    with disk.said_kindly():
        shutil.copytree(source, folder.root, dirs_exist_ok=True)
        (folder.root / MARK).unlink()
        for private in (folder.root / "vault", folder.root / "inbox"):
            private.chmod(0o700)
    size = sum(p.stat().st_size for p in folder.root.rglob("*") if p.is_file())
    keyless = not folder.vault_key.exists() and any(folder.raw.glob(f"*{sealed.SUFFIX}"))
    return Report(sum(1 for _ in folder.objects.glob("??/*.parquet")), size, keyless=keyless)


def _folder(data: Folder | str | Path) -> Folder:
    return data if isinstance(data, Folder) else Folder(Path(data))


def _copy_database(source: Path, target: Path) -> None:
    """Copy SQLite at one instant, WAL included: a plain copy of the file would lose the last commits."""
    from_, to = sqlite3.connect(source, timeout=20), sqlite3.connect(target)
    try:
        from_.backup(to)
    finally:
        from_.close()
        to.close()


def _copy_shelf(folder: Folder, copy: Folder) -> int:
    """Copy records, manifests and the objects they name, and return how many objects.

    A withdrawal erases an object between the two: its tombstone is then in the records, which are read again.
    """
    for turn in range(TURNS):
        with disk.locked(folder.lock):
            for source, place in ((folder.datasets, copy.datasets), (folder.versions, copy.versions)):
                for path in source.glob("[!.]*.json"):
                    shutil.copy2(path, place / path.name)
        try:
            return _copy_objects(folder, copy)
        except FileNotFoundError:
            if turn == TURNS - 1:
                raise
    raise AssertionError


def _copy_objects(folder: Folder, copy: Folder) -> int:
    withdrawn = {r.version for known in shelf.records(copy) for r in known.releases if r.withdrawn_at}
    kept = {p.stem: p for p in copy.objects.glob("??/*.parquet")}
    wanted = {m.object for m in map(manifest.read_version, copy.versions.glob("*.json")) if m.id not in withdrawn}
    for content in sorted(wanted):
        if kept.pop(content, None) is not None:
            continue
        place = copy.object(content)
        disk.make(place.parent)
        shutil.copy2(folder.object(content), place)
        if disk.digest(place) != content:
            raise LimitError("Le fichier publié {digest} est abîmé sur ce disque.", digest=content[:12])
    for path in kept.values():  # withdrawn since the turn before
        path.unlink()
    _copy_originals(folder, copy, withdrawn)
    return len(wanted)


def _copy_originals(folder: Folder, copy: Folder, withdrawn: Collection[str]) -> None:
    """Copy the originals that everybody may have; one that a person stops meanwhile is left."""
    for version in originals.described(folder):
        found = originals.of(folder, version)
        if found is None or version in withdrawn:
            continue
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(originals.path(folder, version), place := originals.path(copy, version))
            if disk.digest(place) != found.digest:
                raise LimitError("Le fichier publié {digest} est abîmé sur ce disque.", digest=found.digest[:12])
            disk.write_json(copy.originals / f"{version}.json", to_json(found))
    for version in {*originals.described(copy)} & {*withdrawn}:
        originals.erase(copy, version)
