"""How long originals are kept in the vault: as long as something needs them, then as many days as the settings say."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from parvis.store import retention, sealed
from parvis.store.folder import Folder
from parvis.values import Finding, Step, to_json
from parvis_portal.intake.models import Draft, Source, Submission
from parvis_portal.jobs.actions import enqueue
from parvis_portal.jobs.models import JobRun
from parvis_portal.people import audit

EVERY = dt.timedelta(days=1)
# A draft whose file may be read again: the others are decided.
OPEN = (Draft.State.WAITING, Draft.State.WORKING, Draft.State.PROPOSED, Draft.State.COMMITTING)
_NO_CELLS: dict[str, Any] = {"examples": (), "minimum": None, "maximum": None, "mean": None}
_AT_ONCE = 500  # digests in one question to the database


def ask_due(now: dt.datetime) -> None:
    """Ask for the vault to be tended, once a day, as soon as it holds something."""
    recent = JobRun.objects.filter(name="intake.tend", created_at__gt=now - EVERY)
    if not recent.exists() and retention.originals(Folder(settings.DATA)):
        enqueue("intake.tend", "")


def drafts() -> set[str]:
    """Return the ids of the preparations that wait for a decision."""
    told = Draft.objects.filter(state__in=OPEN).values_list("preparation__id", flat=True)
    return {str(t) for t in told}


def arrivals() -> set[str]:
    """Return the names of the files of the inbox that wait to be examined."""
    waiting = Submission.objects.filter(state=Submission.State.WAITING)
    return {row.as_parcel.path.name for row in waiting}


def erase_late(folder: Folder, now: dt.datetime, erase: Callable[[str], bool]) -> int:
    """Erase the originals whose time has passed, each with its line in the journal; return how many.

    ``erase`` is what removes the original of a digest. What is still needed is noted for the doctor.
    """
    here = [p.name.removesuffix(sealed.SUFFIX) for p in retention.originals(folder)]
    limit = now - dt.timedelta(days=settings.VAULT_DAYS)
    count = sum(_erased(digest, limit, erase) for digest in here)
    retention.note(folder, now.isoformat(timespec="seconds"), settings.VAULT_DAYS, _kept(here, limit))
    return count


def _erased(digest: str, limit: dt.datetime, erase: Callable[[str], bool]) -> bool:
    """Erase one original if nothing needs it any more."""
    with transaction.atomic():
        rows = list(Submission.objects.select_for_update().filter(digest=digest))
        if not rows or any(_needed(row) or _last(row) >= limit for row in rows):
            return False
        for row in rows:
            days = settings.VAULT_DAYS
            audit.write(
                None, row.organisation, "expire", f"submission:{row.pk}", name=row.name, digest=digest, days=days
            )
            _forget_cells(row)
        return erase(digest)  # last: a line that cannot be written leaves the file


def _forget_cells(row: Submission) -> None:
    """Take out of the rows of a file what they show of its cells: examples, extremes, previews, before and after.

    What was decided stays, and what was seen in each column: the next file of the source is held against it.
    """
    row.findings = [to_json(_bare(f)) for f in row.remarks]
    row.save(update_fields=["findings"])
    for draft in row.drafts.all():
        held = draft.prepared
        columns = tuple(dataclasses.replace(c, **_NO_CELLS) for c in held.profile.columns)
        held = dataclasses.replace(
            held,
            profile=dataclasses.replace(held.profile, columns=columns),
            findings=tuple(_bare(f) for f in held.findings if f.code.startswith("privacy.")),
            recipe=tuple(_unseen(s) for s in held.recipe),
            preview=(),
            untouched=None,
        )
        draft.preparation = to_json(held)
        draft.recipe = [to_json(_unseen(s)) for s in draft.steps]
        draft.former, draft.rehearsal = [], {}
        draft.save(update_fields=["preparation", "recipe", "former", "rehearsal"])


def _bare(finding: Finding) -> Finding:
    return dataclasses.replace(finding, examples=(), fix=None)


def _unseen(step: Step) -> Step:
    return dataclasses.replace(step, before=(), after=())


def _needed(row: Submission) -> bool:
    if row.state == Submission.State.WAITING or row.drafts.filter(state__in=OPEN).exists():
        return True
    return row.source is not None and _newest_of_schedule(row, row.source)


def _newest_of_schedule(row: Submission, source: Source) -> bool:
    """True for the last file of a source that goes by itself: its recipe may have to be tried on it again."""
    live = bool(source.schedule) and source.enabled
    return live and not source.submissions.filter(pk__gt=row.pk).exists()


def _last(row: Submission) -> dt.datetime:
    """Return when a file arrived, or when the last of its tables was decided."""
    decided = row.drafts.aggregate(at=Max("decided_at"))["at"]
    return max(row.received_at, decided) if decided is not None else row.received_at


def _kept(digests: list[str], limit: dt.datetime) -> Iterable[str]:
    """Yield the originals that stay, though they arrived before the limit."""
    for start in range(0, len(digests), _AT_ONCE):
        some = Submission.objects.filter(digest__in=digests[start : start + _AT_ONCE], received_at__lt=limit)
        yield from some.values_list("digest", flat=True).distinct().order_by()
