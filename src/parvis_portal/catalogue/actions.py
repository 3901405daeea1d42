"""Releasing and withdrawing: the shelf first, which is the truth, then the rows that index it.

A crash between the two leaves the shelf ahead; ``reindex`` rolls the rows forward.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import F, Q

from parvis.errors import UnknownName
from parvis.store import index as indexing
from parvis.store import originals, shelf
from parvis.store.folder import Folder
from parvis.store.manifest import DatasetRecord
from parvis.text import slug as slug_of
from parvis.values import Version, to_json
from parvis_portal.catalogue import search
from parvis_portal.catalogue.models import Dataset, Downloads, Release
from parvis_portal.catalogue.signals import dataset_withdrawn, version_released
from parvis_portal.people import audit
from parvis_portal.people.models import Organisation, User


@transaction.atomic
def reserve(organisation: Organisation, title: str) -> Dataset:
    """Return a new dataset, public to nobody, whose address is taken from its title."""
    base = slug_of(title)
    name, turn = base, 2
    while Dataset.objects.filter(slug=name).exists():
        name, turn = f"{base}-{turn}", turn + 1
    return Dataset.objects.create(organisation=organisation, slug=name)


def release(folder: Folder, dataset: Dataset, version: Version, *, by: User | None, now: str) -> Release:
    """Make a version current, on the shelf then in the rows. Doing it again changes nothing."""
    known = DatasetRecord(
        id=dataset.pk,
        slug=dataset.slug,
        organisation=dataset.organisation.slug,
        organisation_name=dataset.organisation.name,
        insee=dataset.organisation.insee,
    )
    record = shelf.release(folder, known, version.id, now)
    indexing.build(folder, version)
    with transaction.atomic():
        before = dataset.releases.filter(version_id=version.id, withdrawn_at__isnull=True).exists()
        _follow(folder, dataset, record)
        found = dataset.releases.get(version_id=version.id)
        if not before:
            audit.write(by, dataset.organisation, "release", f"dataset:{dataset.pk}", version=version.id)
        turn(folder)
    transaction.on_commit(lambda: version_released.send(Dataset, dataset=dataset, version=version))
    return found


def withdraw(folder: Folder, dataset: Dataset, reason: str, *, by: User | None, now: str, version: str = "") -> Dataset:
    """Withdraw a version or the whole dataset: the tombstone, the erased bytes, then the rows."""
    if not reason.strip():
        from parvis.errors import InputError

        raise InputError("Dites pourquoi ces données sont retirées : la raison sera affichée à leur place.")
    record = shelf.withdraw(folder, dataset.pk, reason.strip()[:300], now, version)
    with transaction.atomic():
        _follow(folder, dataset, record)
        audit.write(by, dataset.organisation, "withdraw", f"dataset:{dataset.pk}", reason=reason, version=version)
        turn(folder)
    transaction.on_commit(lambda: dataset_withdrawn.send(Dataset, dataset=dataset, reason=reason))
    return dataset


def stop_original(folder: Folder, dataset: Dataset, version: str, reason: str, *, by: User | None) -> None:
    """Give the original of a version no longer: its bytes are erased, its published copy stays."""
    originals.stop(folder, version, reason.strip()[:300])
    with transaction.atomic():
        audit.write(by, dataset.organisation, "original.stop", f"dataset:{dataset.pk}", reason=reason, version=version)
        turn(folder)


def stopped(folder: Folder, version: str, why: str) -> None:
    """Note that Parvis itself stopped giving an original, for what it found in it."""
    row = Release.objects.select_related("dataset__organisation").filter(version_id=version).first()
    if row is not None:
        with transaction.atomic():
            owner = row.dataset.organisation
            audit.write(None, owner, "original.stop", f"dataset:{row.dataset_id}", reason=why, version=version)
            turn(folder)


def reindex(folder: Folder) -> int:
    """Rebuild the rows from the shelf and return how many datasets it holds. Safe at any time."""
    seen: list[str] = []
    for record in shelf.records(folder):
        with transaction.atomic():
            _follow(folder, _row_of(record), record)
        seen.append(record.id)
    with transaction.atomic():
        # A row released that the shelf does not know is not public: the shelf is the truth.
        Dataset.objects.filter(current__isnull=False).exclude(pk__in=seen).update(current=None)
        turn(folder)
    return len(seen)


def stale(folder: Folder) -> Sequence[str]:
    """Return the ids of the datasets whose rows are not what the shelf says: what a crash left between the two."""
    known = dict(Dataset.objects.values_list("pk", "current__version_id"))
    return [r.id for r in shelf.records(folder) if (known.get(r.id) or "") != r.current]


# --- Steps ----------------------------------------------------------------------------------------


def _row_of(record: DatasetRecord) -> Dataset:
    owner, _ = Organisation.objects.get_or_create(
        slug=record.organisation, defaults={"name": record.organisation_name, "insee": record.insee}
    )
    found, _ = Dataset.objects.get_or_create(pk=record.id, defaults={"organisation": owner, "slug": record.slug})
    return found


def _follow(folder: Folder, dataset: Dataset, record: DatasetRecord) -> None:
    """Bring the rows of a dataset to what its record says."""
    for told in record.releases:
        gone = bool(told.withdrawn_at)
        manifest = to_json(shelf.load(folder, told.version))
        if gone:
            manifest |= {"columns": [], "findings": []}
        Release.objects.update_or_create(
            dataset=dataset,
            version_id=told.version,
            defaults={
                "number": told.number,
                "manifest": manifest,
                "released_at": _moment(told.released_at),
                "withdrawn_at": _moment(told.withdrawn_at) if gone else None,
                "reason": told.reason,
            },
        )
    current = dataset.releases.filter(version_id=record.current).first() if record.current else None
    dataset.current = current
    dataset.created_at = _moment(record.created_at) if record.created_at else None
    if current is not None:
        version = current.version
        dataset.metadata = to_json(version.metadata)
        dataset.theme, dataset.licence = version.metadata.theme, version.metadata.licence
        dataset.schema, dataset.rows = version.schema, version.rows
        dataset.mapped = bool(version.geometry or version.point)
        dataset.modified_at = current.released_at
        dataset.withdrawn_at, dataset.withdrawn_reason = None, ""
        search.index(dataset, version.metadata, version)
    else:
        last = record.releases[-1] if record.releases else None
        dataset.withdrawn_at = _moment(last.withdrawn_at) if last and last.withdrawn_at else None
        dataset.withdrawn_reason = last.reason if last else ""
        dataset.metadata = {"title": dataset.metadata.get("title", "")} if dataset.metadata else {}
        dataset.terms.all().delete()
    dataset.save()


def turn(folder: Folder) -> None:
    """Say that something public changed, once the rows are committed: what was kept before is no longer given."""
    transaction.on_commit(lambda: _stamp(folder))


def _stamp(folder: Folder) -> None:
    folder.stamp.touch()
    moment = time.time_ns()  # the kernel's own clock of files only ticks every few milliseconds
    os.utime(folder.stamp, ns=(moment, moment))


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise UnknownName("Une date de l'étagère est illisible : « {text} ».", text=text) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def add_downloads(counts: Mapping[tuple[str, str], int]) -> None:
    """Add numbers of downloads, by (slug or id of a dataset, month): a name that is none counts for nothing."""
    names = {name.replace("\x00", "") for name, _ in counts}
    rows = Dataset.objects.filter(Q(pk__in=[n for n in names if len(n) <= 12]) | Q(slug__in=names))
    known = {name: pk for pk, slug in rows.values_list("pk", "slug") for name in (pk, slug)}
    with transaction.atomic():
        for (name, month), count in counts.items():
            if (pk := known.get(name.replace("\x00", ""))) is not None:
                Downloads.objects.get_or_create(dataset_id=pk, month=month)
                Downloads.objects.filter(dataset_id=pk, month=month).update(count=F("count") + count)
