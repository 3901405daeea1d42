"""Doors of datasets: a program that has the key of one sends its rows as it measures them.

The rows lie sealed; every few minutes a file of them all is brought like any other, so that it is examined, protected and
decided on as a clerk's file is: nothing that a program sends is public by itself.
"""

from __future__ import annotations

import datetime as dt
import hmac
import io
import json
import secrets
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from parvis.errors import InputError, RefusedError
from parvis.store import inbox, pushed
from parvis.store.folder import Folder
from parvis.store.pushed import Row
from parvis.values import msg
from parvis_portal.catalogue.models import Dataset
from parvis_portal.intake import actions
from parvis_portal.intake.models import Door, Draft
from parvis_portal.jobs.actions import enqueue
from parvis_portal.people import audit, queries
from parvis_portal.people.models import User

EVERY = dt.timedelta(minutes=5)  # rows wait for those that follow
_OPEN = (Draft.State.WAITING, Draft.State.WORKING, Draft.State.PROPOSED, Draft.State.COMMITTING)


@transaction.atomic
def open_door(dataset: Dataset, by: User) -> str:
    """Return the key by which a program sends rows to a dataset, the only sight of it; a former key ends."""
    key = secrets.token_hex(28)
    facts = {"digest": queries.digest(key), "start": key[:6], "created_by": by}
    Door.objects.update_or_create(dataset=dataset, defaults=facts)
    audit.write(by, dataset.organisation, "door.open", f"dataset:{dataset.pk}", start=key[:6])
    return key


def close_door(dataset: Dataset, by: User) -> None:
    """End the key of a dataset and erase what was sent with it; what was published stays."""
    with transaction.atomic():
        Door.objects.filter(dataset=dataset).delete()
        audit.write(by, dataset.organisation, "door.close", f"dataset:{dataset.pk}")
    pushed.forget(Folder(settings.DATA), dataset.pk)


def receive(name: str, key: str, rows: Sequence[Row]) -> None:
    """Keep the rows that a program sends to a dataset, by its slug or id.

    Raises: RefusedError for a wrong key, the same when there is no such door; InputError when it is full; LimitError.
    """
    doors = Door.objects.select_related("dataset")
    wanted = name.replace("\x00", "\ufffd")
    found = doors.filter(dataset__slug=wanted).first() or doors.filter(dataset_id=wanted).first()
    if found is None or not hmac.compare_digest(found.digest, queries.digest(key[: queries.LONGEST])):
        raise RefusedError(msg("Cette clé n'ouvre pas ce jeu de données."))
    folder = Folder(settings.DATA)
    if found.rows + len(rows) > pushed.MOST or pushed.size(folder, found.dataset_id) > pushed.BYTES:
        raise InputError(
            msg("Ce jeu de données a reçu tout ce qu'il peut recevoir ({most} lignes)."),
            msg("La mairie ferme cette entrée et en ouvre une autre, par exemple chaque année."),
            most=pushed.MOST,
        )
    pushed.keep(folder, found.dataset_id, rows)
    now = timezone.now()
    Door.objects.filter(pk=found.pk).update(rows=F("rows") + len(rows), last_at=now)
    Door.objects.filter(pk=found.pk, waiting_since=None).update(waiting_since=now)


def ask_due(now: dt.datetime) -> None:
    """Ask for a file of the rows of each door that has new ones, unless the last one still waits for a decision."""
    for door in Door.objects.filter(waiting_since__lte=now - EVERY):
        if door.dataset.drafts.filter(state__in=_OPEN).exists():
            continue
        with transaction.atomic():
            if Door.objects.filter(pk=door.pk, waiting_since=door.waiting_since).update(waiting_since=None):
                enqueue("intake.gather", door.pk)


def gather(pk: str) -> None:
    """Bring the rows of a door as one file for its dataset."""
    door = Door.objects.select_related("dataset__organisation").filter(pk=pk).first()
    if door is None:
        return
    folder, dataset = Folder(settings.DATA), door.dataset
    rows = pushed.gathered(folder, dataset.pk)
    if not rows:
        return
    content = io.BytesIO(json.dumps(rows, ensure_ascii=False).encode("utf-8", "replace"))
    name, origin = f"mesures-{dataset.slug}.json", f"push:{dataset.pk}"
    parcel = inbox.put(folder, name, content, origin, actions.now(), limit=settings.UPLOAD_LIMIT)
    with transaction.atomic():
        actions.submit(dataset.organisation, None, parcel, dataset)
