"""The shelf: versions that never change, the record of what is released, and how both survive anything.

Order of a publication: the object (named by its digest), its manifest, the record that makes it current. Each is
whole or absent. Order of a withdrawal: the tombstone in the record, then the bytes. ``repair`` finishes what a crash
cut and sweeps what it left.
"""

from __future__ import annotations

import dataclasses
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from parvis import __version__
from parvis.errors import GoneError, LimitError, UnknownName
from parvis.frozen import dataclass
from parvis.privacy import policy as policies
from parvis.store import disk, manifest, originals, ready
from parvis.store.folder import Folder
from parvis.store.manifest import DatasetRecord, ReleaseRecord
from parvis.values import Finding, Kind, Metadata, Policy, Version

if TYPE_CHECKING:
    from parvis.privacy.protect import SafeTable

STALE = 24 * 3600  # seconds after which an object that no manifest names is a leftover, not work in progress


def put(
    folder: Folder,
    safe: SafeTable,
    *,
    dataset: str,
    number: int,
    metadata: Metadata,
    findings: Sequence[Finding] = (),
    quality: Mapping[str, float] | None = None,
    schema: str = "",
    crs: str = "",
    bbox: Sequence[float] = (),
    point: Sequence[str] = (),
    source_digest: str = "",
    policy: Policy | None = None,
    now: str,
) -> Version:
    """Return the version made of a protected table, on the disk for good. Doing it again gives the same one.

    ``policy`` is what may be read of the one that was applied, when a header of what was taken away must not be.

    Raises: LimitError when the disk refuses, or does not give back the rows that were written.
    """
    with disk.said_kindly():
        content, size = _keep_object(folder, safe.path, safe.rows)
        applied = safe.policy if policy is None else policy
        identity = manifest.version_id(f"{dataset}/{number}", content, safe.columns, schema, applied, metadata)
        path = folder.versions / f"{identity}.json"
        if path.exists():
            return manifest.read_version(path)
        geometry = next((c.name for c in safe.columns if c.kind is Kind.GEOMETRY), "")
        kept = {c.name for c in safe.columns}
        version = Version(
            id=identity,
            dataset=dataset,
            object=content,
            size=size,
            rows=safe.rows,
            columns=tuple(safe.columns),
            metadata=metadata,
            policy=_unsigned(applied),
            created_at=now,
            number=number,
            schema=schema,
            quality=dict(quality or {}),
            findings=tuple(findings),
            risk=safe.risk,
            crs=crs,
            bbox=tuple(bbox),
            point=tuple(point) if set(point) <= kept else (),
            geometry=geometry,
            source_digest=source_digest,
            engine=__version__,
        )
        disk.write_json(path, manifest.as_file(version))
    return version


def release(folder: Folder, record: DatasetRecord, version: str, now: str) -> DatasetRecord:
    """Make a version the current one of its dataset and return the record as written.

    ``record`` gives the dataset's identity and owner; its releases are those on the disk. Doing it again changes
    nothing. Raises: UnknownName when the version is not on the shelf.
    """
    found = load(folder, version)
    with disk.said_kindly(), disk.locked(folder.lock):
        known = _record_or_none(folder, record.id)
        releases = tuple(known.releases) if known else ()
        if not any(r.version == version and not r.withdrawn_at for r in releases):
            releases = (*releases, ReleaseRecord(version, found.number, now))
        written = dataclasses.replace(
            record, releases=releases, current=version, created_at=known.created_at if known else now
        )
        disk.write_json(_record_path(folder, record.id), manifest.as_file(written))
    return written


def withdraw(folder: Folder, dataset: str, reason: str, now: str, version: str = "") -> DatasetRecord:
    """Withdraw a version, or all of a dataset's when none is named: tombstone first, then the bytes are erased.

    The newest version that remains becomes the current one.
    """
    with disk.said_kindly(), disk.locked(folder.lock):
        known = record(folder, dataset)
        releases = tuple(
            dataclasses.replace(r, withdrawn_at=now, reason=reason)
            if not r.withdrawn_at and version in ("", r.version)
            else r
            for r in known.releases
        )
        left = [r for r in releases if not r.withdrawn_at]
        written = dataclasses.replace(known, releases=releases, current=left[-1].version if left else "")
        disk.write_json(_record_path(folder, dataset), manifest.as_file(written))
        _erase_withdrawn(folder)
    return written


def load(folder: Folder, version: str) -> Version:
    """Return a version's manifest, released or not. Raises: UnknownName."""
    path = folder.versions / f"{_checked(version)}.json"
    if not path.exists():
        raise UnknownName("La version « {version} » n'existe pas.", version=version)
    return manifest.read_version(path)


def version(folder: Folder, identity: str) -> Version:
    """Return a version that may be read. Raises: UnknownName; GoneError, with the reason, when it was withdrawn."""
    found = load(folder, identity)
    known = _record_or_none(folder, found.dataset)
    tombstone = known.release(identity) if known else None
    if tombstone and tombstone.withdrawn_at:
        raise GoneError(
            "Cette version a été retirée le {day} : {reason}", day=tombstone.withdrawn_at[:10], reason=tombstone.reason
        )
    return found


def record(folder: Folder, dataset: str) -> DatasetRecord:
    """Return what the shelf knows of a dataset. Raises: UnknownName."""
    known = _record_or_none(folder, dataset)
    if known is None:
        raise UnknownName("Le jeu de données « {dataset} » n'existe pas.", dataset=dataset)
    return known


def records(folder: Folder) -> Iterator[DatasetRecord]:
    """Yield every dataset of the shelf."""
    for path in sorted(folder.datasets.glob("*.json")):
        yield manifest.read_record(path)


@dataclass(frozen=True, slots=True)
class Repair:
    """What ``repair`` did: leftovers swept, objects of withdrawn versions erased."""

    swept: int = 0
    erased: int = 0


def repair(folder: Folder, *, stale: float = STALE) -> Repair:
    """Finish half-done withdrawals and sweep what a crash left. Safe at any time, even beside a publication.

    ``stale``: seconds after which what no manifest names is a leftover.
    """
    swept, limit = 0, time.time() - stale
    with disk.said_kindly(), disk.locked(folder.lock):
        erased = _erase_withdrawn(folder)
        named = {manifest.read_version(p).object for p in folder.versions.glob("*.json")}
        for path in folder.objects.glob("??/*.parquet"):
            if path.stem not in named and path.stat().st_mtime < limit:
                disk.erase(path)
                swept += 1
        loose = [
            *folder.staging.iterdir(),
            *folder.work.iterdir(),
            *folder.versions.glob(".*"),
            *folder.datasets.glob(".*"),
            *ready.loose(folder),
            *originals.loose(folder),
        ]
        for path in loose:
            if path.stat().st_mtime < limit:
                disk.erase_tree(path) if path.is_dir() else disk.erase(path)
                swept += 1
    return Repair(swept, erased)


def verify(folder: Folder) -> list[str]:
    """Return the versions whose object is absent or no longer has its digest: bit rot is silent in Parquet."""
    damaged, seen = [], dict[str, bool]()
    withdrawn = {r.version for known in records(folder) for r in known.releases if r.withdrawn_at}
    for path in sorted(folder.versions.glob("*.json")):
        found = manifest.read_version(path)
        if found.id in withdrawn:
            continue
        if found.object not in seen:
            place = folder.object(found.object)
            seen[found.object] = place.exists() and disk.digest(place) == found.object
        if not seen[found.object]:
            damaged.append(found.id)
    return damaged


# --- Steps ----------------------------------------------------------------------------------------


def _keep_object(folder: Folder, source: Path, rows: int) -> tuple[str, int]:
    """Bring a Parquet file under its digest's name and return (digest, size): read back before it is named."""
    waiting = folder.staging / secrets.token_hex(16)
    try:
        disk.hook("link", waiting)
        try:
            os.link(source, waiting)
        except OSError:
            shutil.copyfile(source, waiting)
        disk.flush_file(waiting)
        _must_hold(waiting, rows)
        content, size = disk.digest(waiting), waiting.stat().st_size
        target = folder.object(content)
        if not target.exists():
            disk.make(target.parent)
            waiting.chmod(0o444)
            disk.rename(waiting, target)
            disk.flush_folder(folder.objects)
    finally:
        waiting.unlink(missing_ok=True)
    return content, size


def _unsigned(policy: Policy) -> Policy:
    """Return the policy without the names of who decided it: they stay in the journal, the manifest may be read."""
    rules = tuple(dataclasses.replace(r, decided_by="commune" if r.decided_by else "") for r in policy.rules)
    wishes = {name: getattr(policy, name) for name in policies.WISHES}
    told = {
        name: dataclasses.replace(w, decided_by="commune" if w.decided_by else "")
        for name, w in wishes.items()
        if w is not None
    }
    return dataclasses.replace(policy, rules=rules, **told, decided_by="commune" if policy.decided_by else "")


def _must_hold(path: Path, rows: int) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        found = file.metadata.num_rows
    if found != rows:
        raise LimitError(
            "Le disque n'a pas rendu ce qui a été écrit ({found} lignes au lieu de {rows}).", found=found, rows=rows
        )


def _erase_withdrawn(folder: Folder) -> int:
    """Erase objects that only withdrawn versions name."""
    gone, kept = set[str](), set[str]()
    dead = {r.version for known in records(folder) for r in known.releases if r.withdrawn_at}
    alive = {r.version for known in records(folder) for r in known.releases if not r.withdrawn_at}
    for path in folder.versions.glob("*.json"):
        found = manifest.read_version(path)
        (gone if found.id in dead - alive else kept).add(found.object)
    erased = 0
    for version in dead - alive:
        erased += ready.erase(folder, version) + originals.erase(folder, version)
        if (path := folder.tiles(version)).exists():
            disk.erase(path)
            erased += 1
    for content in gone - kept:
        for place in (folder.object(content), folder.index(content)):
            if place.exists():
                disk.erase(place)
                erased += 1
    return erased


def _record_path(folder: Folder, dataset: str) -> Path:
    return folder.datasets / f"{_checked(dataset)}.json"


def _record_or_none(folder: Folder, dataset: str) -> DatasetRecord | None:
    path = _record_path(folder, dataset)
    return manifest.read_record(path) if path.exists() else None


def _checked(identity: str) -> str:
    """Return an id that is safe as a file name. Raises: UnknownName, since nothing else was ever given out."""
    if not identity.isalnum() or not identity.isascii() or len(identity) > 64:
        raise UnknownName("« {name} » n'existe pas.", name=identity[:80])
    return identity
