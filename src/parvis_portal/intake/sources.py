"""Sources: made, changed, paused, visited. Who may is judged by the views; each act leaves its line in the journal,
which never holds a secret."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from parvis import connectors
from parvis.connectors.arrival import Arrival, Errand
from parvis.errors import InputError, ParvisError, TooLarge, UnknownName
from parvis.outgoing import Client
from parvis.store import inbox
from parvis.store.folder import Folder
from parvis.values import Parcel, msg
from parvis_portal.intake import actions, schedule, sealing
from parvis_portal.intake.models import Source, Submission, Visit
from parvis_portal.jobs.actions import enqueue
from parvis_portal.people import audit
from parvis_portal.people.models import Organisation, User

UPLOAD = "upload"  # the connector of what people bring themselves
KEPT = 200  # visits of a source that are remembered
WHOLE = 900.0  # seconds that one visit may last
_MARKS = 20_000  # marks of a source: the oldest go first
_LASTING = ("#",)  # what the marks of a place keep when all is to be brought again: a server's fingerprint


# --- What a person does ---------------------------------------------------------------------------


@transaction.atomic
def create(
    organisation: Organisation,
    by: User | None,
    name: str,
    connector: str,
    told: Mapping[str, Any],
    secret: str = "",
    rhythm: str = "",
) -> Source:
    """Return a new source; whoever makes it asks for its first visit. Raises: InputError, UnknownName."""
    settled = connectors.settled(connector, told)
    source = Source.objects.create(
        organisation=organisation,
        name=name,
        connector=connector,
        settings=settled,
        secret=sealing.seal(secret, connectors.target(connector, settled)),
        schedule=rhythm,
        next_at=schedule.following(rhythm, timezone.now()),
        created_by=by,
    )
    audit.write(by, organisation, "source.create", f"source:{source.pk}", name=name, connector=connector)
    return source


@transaction.atomic
def change(
    source: Source, by: User | None, name: str, told: Mapping[str, Any], secret: str = "", rhythm: str = ""
) -> Source:
    """Change a source. A secret left empty stays as it is, unless the place it is sent to changed.

    Raises: InputError.
    """
    source = _at_rest(source)
    settled = connectors.settled(source.connector, told)
    target = connectors.target(source.connector, settled)
    moved = target != connectors.target(source.connector, source.settings)
    if moved and source.secret and not secret:
        raise InputError(
            msg("L'adresse a changé : écrivez de nouveau le mot de passe."),
            msg("Il n'est jamais envoyé à une autre machine que celle pour laquelle il a été donné."),
            field="secret",
        )
    if secret:
        source.secret = sealing.seal(secret, target)
    if moved:
        source.marks = {}
    now = timezone.now()
    source.name, source.settings = name, settled
    source.failed, source.failures = "", 0
    source.schedule, source.next_at = rhythm, schedule.following(rhythm, now) if source.enabled else None
    source.save()
    audit.write(by, source.organisation, "source.change", f"source:{source.pk}", name=name, moved=moved)
    return source


@transaction.atomic
def pause(source: Source, by: User | None) -> Source:
    """Stop the schedule of a source, or start it again."""
    source = Source.objects.select_for_update(of=("self",)).get(pk=source.pk)
    source.enabled = not source.enabled
    source.failures = 0
    source.next_at = schedule.following(source.schedule, timezone.now()) if source.enabled else None
    source.save()
    audit.write(by, source.organisation, "source.resume" if source.enabled else "source.pause", f"source:{source.pk}")
    return source


@transaction.atomic
def forget_marks(source: Source, by: User | None) -> Source:
    """Let the next visit bring everything again, what was already seen too."""
    source = _at_rest(source)
    items = {k: v for k, v in source.marks.get("items", {}).items() if k.startswith(_LASTING)}
    source.marks = {"items": items}
    source.save(update_fields=["marks"])
    audit.write(by, source.organisation, "source.again", f"source:{source.pk}")
    return source


@transaction.atomic
def remove(source: Source, by: User | None) -> None:
    """Remove a source and its secret; what it brought stays. Raises: InputError while it is being visited."""
    source = _at_rest(source)
    audit.write(by, source.organisation, "source.remove", f"source:{source.pk}", name=source.name)
    Source.objects.filter(pk=source.pk).delete()


def _at_rest(source: Source) -> Source:
    """Return the source, locked: a visit under way keeps marks that a change would contradict."""
    if source.visits.filter(state=Visit.State.RUNNING).exists():
        raise InputError(msg("Parvis est en train de visiter cette source."), msg("Réessayez dans un instant."))
    return Source.objects.select_for_update(of=("self",)).get(pk=source.pk)


def visit(source: Source, by: User | None) -> Visit:
    """Ask for a visit and return it; the one under way when there is one."""
    try:
        with transaction.atomic():
            made = Visit.objects.create(source=source, asked_by=by)
            made.job = enqueue("intake.collect", made.pk)
            made.save(update_fields=["job"])
            return made
    except IntegrityError:
        return Visit.objects.get(source=source, state__in=[Visit.State.WAITING, Visit.State.RUNNING])


def named(wanted: str, organisation: str = "") -> list[Source]:
    """Return the source of this number or name, or all those that are not paused for "".

    Raises: UnknownName, naming those that exist.
    """
    rows = Source.objects.exclude(connector=UPLOAD).select_related("organisation")
    if organisation:
        rows = rows.filter(organisation__slug=organisation)
    if not wanted:
        return list(rows.filter(enabled=True))
    found = list(rows.filter(pk=int(wanted))) if wanted.isdecimal() and len(wanted) < 10 else []
    found = found or list(rows.filter(name__iexact=wanted))
    if not found:
        raise UnknownName(
            msg("La source « {name} » n'existe pas."),
            msg("Il y a : {known}."),
            name=wanted,
            known=", ".join(f"{s.pk} ({s.name})" for s in rows[:30]) or "—",
        )
    return found


# --- What the clock does --------------------------------------------------------------------------


def ask_due(now: dt.datetime) -> int:
    """Ask for a visit of each source whose time has come, and return how many: a source is asked by one worker only."""
    asked = 0
    rows = Source.objects.filter(enabled=True, next_at__lte=now).exclude(schedule="").exclude(connector=UPLOAD)
    for source in rows:
        with transaction.atomic():
            following = schedule.following(source.schedule, now)
            taken = Source.objects.filter(pk=source.pk, next_at=source.next_at, enabled=True).update(next_at=following)
            if taken:
                visit(source, None)
                asked += 1
    return asked


# --- The visit itself -----------------------------------------------------------------------------


def perform(visiting: Visit) -> Visit:
    """Make a visit: bring what is new, keep the marks, say what happened. An error of the place ends it, kindly."""
    source = visiting.source
    Visit.objects.filter(pk=visiting.pk).update(state=Visit.State.RUNNING)
    error: ParvisError | None = None
    count = 0
    try:
        count = _bring(visiting, source)
    except ParvisError as raised:
        error = raised
    ended = end(visiting, error.text if error else "", error.retryable if error else False)
    if count >= connectors.MOST:  # there may be more: the first visit of a full folder takes several
        visit(source, visiting.asked_by)
    return ended


def end(visiting: Visit, error: str, passing: bool = False) -> Visit:
    """Close a visit and say when the next one is."""
    now = timezone.now()
    with transaction.atomic():
        source = Source.objects.select_for_update(of=("self",)).filter(pk=visiting.source_id).first()
        if source is None:  # removed by hand, and its visits with it
            return visiting
        visiting.refresh_from_db()
        if not visiting.open:
            return visiting
        visiting.state = Visit.State.FAILED if error else Visit.State.DONE
        visiting.error, visiting.ended_at = error, now
        visiting.save()
        source.last_at, source.failed = now, error
        source.failures = source.failures + 1 if error else 0
        if source.enabled and error:
            source.next_at = schedule.again(source.schedule, now, source.failures, passing)
        source.save(update_fields=["last_at", "failed", "failures", "next_at"])
        old = source.visits.values_list("pk", flat=True)[KEPT:]
        Visit.objects.filter(pk__in=list(old)).delete()
    return visiting


def _bring(visiting: Visit, source: Source) -> int:
    """Take in what is new, and return how many files came."""
    folder, count = Folder(settings.DATA), 0
    with Client(settings.INSIDE, whole=WHOLE) as client:
        for one in connectors.collect(source.connector, errand(source, client)):
            if not isinstance(one, Arrival):
                _keep(source, one.key, one.mark)
                continue
            count += 1
            try:
                parcel = inbox.put(
                    folder, one.name, cast(BinaryIO, one.stream), one.origin, actions.now(), limit=settings.UPLOAD_LIMIT
                )
            except TooLarge as error:
                visiting.remarks.append(error.text)
                visiting.save(update_fields=["remarks"])
                _keep(source, one.key, one.mark)
                continue
            _take(visiting, source, one, parcel)
    return count


def errand(source: Source, client: Client) -> Errand:
    """Return what the connector is told: settings, the opened secret, the marks of former visits."""
    target = connectors.target(source.connector, source.settings)
    return Errand(
        settings=connectors.settled(source.connector, source.settings),
        client=client,
        now=timezone.now(),
        secret=sealing.opened(source.secret, target),
        marks=source.marks.get("items", {}),
        folder=opened_folder(source.organisation),
    )


def opened_folder(organisation: Organisation) -> Path | None:
    """Return the folder that the operator opened to a town's watched folders: each town has its own under it."""
    return Path(settings.FOLDERS) / organisation.slug if settings.FOLDERS else None


def _take(visiting: Visit, source: Source, one: Arrival, parcel: Parcel) -> Submission | None:
    """Make a submission of a file, unless the last one of its name, or of the source, held the same bytes."""
    lasts = source.marks.setdefault("last", {})
    same = parcel.digest in (lasts.get(parcel.name), lasts.get(""))
    submission = None
    if same:
        parcel.path.unlink(missing_ok=True)
    with transaction.atomic():
        if not same:
            submission = actions.submit(source.organisation, None, parcel, None, source=source)
        lasts.pop(parcel.name, None)
        lasts[parcel.name] = lasts[""] = parcel.digest
        _keep(source, one.key, one.mark)
        visiting.brought += not same
        visiting.same += same
        visiting.save(update_fields=["brought", "same"])
    return submission


def _keep(source: Source, key: str, mark: Any) -> None:
    items = source.marks.setdefault("items", {})
    if mark is not None:
        items.pop(key, None)  # the newest last
        items[key] = json.loads(json.dumps(mark))
    for kept in (items, source.marks.get("last", {})):
        for old in [k for k in kept if k and not k.startswith(_LASTING)][: max(len(kept) - _MARKS, 0)]:
            del kept[old]
    source.save(update_fields=["marks"])
