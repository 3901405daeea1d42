"""Which other tables of a town a table is held against: what it released, and what waits of the same deposit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from parvis.text import words
from parvis.values import Compared, Preparation, Version
from parvis_portal.catalogue import queries as catalogue
from parvis_portal.catalogue.models import Dataset
from parvis_portal.intake.models import Draft, Submission
from parvis_portal.jobs.actions import enqueue
from parvis_portal.jobs.models import JobRun, State
from parvis_portal.people.models import Organisation

MOST = 40  # datasets of a town that one table is held against
ASKED = 20  # tables that are compared again when another one is released
DEPOSIT = dt.timedelta(hours=1)  # files that a person brings within it are of one deposit
_OUTLINES = 2000  # rows of a dataset that may be the outline of a town, or of the communes around it
_OUTLINE = re.compile(  # « limites administratives de la commune », « contour communal »; not the zones of a commune
    r"\b(?:limites?|contours?|perimetres?)(?: administrati\w+)?(?: (?:de|du|des|la|le|les))* commun(?:es?|ale?s?|aux)\b"
    r"|\bcommun(?:es?|ale?s?) (?:limites?|contours?)\b"
)
_OPEN = (Draft.State.WAITING, Draft.State.PROPOSED)


def released(organisation: Organisation, own: Dataset | None) -> list[Version]:
    """Return the current versions of a town that follow a schema, the latest first, but of the dataset itself."""
    rows = catalogue.visible().filter(organisation=organisation).exclude(schema="").select_related("current")
    rows = rows.exclude(pk=own.pk) if own is not None else rows
    return [d.current.version for d in rows.order_by("-modified_at")[:MOST] if d.current is not None]


def outlines(organisation: Organisation) -> list[Version]:
    """Return the datasets of a town that are its own outline: their titles say so, and they hold a few shapes."""
    rows = catalogue.visible().filter(
        organisation=organisation, mapped=True, rows__lte=_OUTLINES, slug__contains="commun"
    )
    drawn = [d for d in rows.select_related("current").order_by("-modified_at")[:MOST] if d.current is not None]
    said = [(d, " ".join(words(f"{d.described.title} {d.slug}"))) for d in drawn]
    return [d.current.version for d, told in said if _OUTLINE.search(told) and d.current and d.current.version.geometry]


def deposit(submission: Submission) -> QuerySet[Draft]:
    """Return the tables that wait of the same file, and of the files that the same person brought with it."""
    at = submission.received_at
    near = Q(submission__received_at__range=(at - DEPOSIT, at + DEPOSIT), submission__sender=submission.sender)
    mine = Q(submission=submission)
    return waiting(submission.organisation).filter(mine | near if submission.sender_id is not None else mine)


def waiting(organisation: Organisation) -> QuerySet[Draft]:
    """Return the tables of a town that wait and follow a schema: others say nothing that could be compared."""
    rows = Draft.objects.filter(submission__organisation=organisation, state__in=_OPEN)
    return rows.exclude(preparation__schema="").select_related("submission").order_by("-pk")


def siblings(submission: Submission, preparation: Preparation, own: Dataset | None) -> list[Preparation]:
    """Return the tables of the same deposit, but other copies of the same one."""
    out = []
    for draft in deposit(submission)[:MOST]:
        other = draft.prepared
        same = draft.dataset_id is not None and own is not None and draft.dataset_id == own.pk
        copy = draft.submission_id != submission.pk and submission.name == draft.submission.name
        again = copy or (draft.submission_id != submission.pk and submission.digest == draft.submission.digest)
        if not (same or again or other.id == preparation.id or other.within):
            out.append(other)
    return out


def datasets(draft: Draft, compared: Sequence[Compared]) -> QuerySet[Dataset]:
    """Return the datasets that a draft was held against, those that are still released."""
    named = [c.key.removeprefix("dataset:") for c in compared if c.key.startswith("dataset:")]
    return catalogue.visible().filter(organisation=draft.organisation, pk__in=named).select_related("current")


def drafts(draft: Draft, compared: Sequence[Compared]) -> list[Draft]:
    """Return the tables that wait still of those that a draft was held against."""
    named = {c.key.removeprefix("draft:") for c in compared if c.key.startswith("draft:")}
    return [d for d in waiting(draft.organisation) if d.preparation["id"] in named] if named else []


def ask(drafts: QuerySet[Draft], only: str = "") -> None:
    """Ask for tables to be compared again, those that are not asked for already: with all others, or with one by its key."""
    asked = set(JobRun.objects.filter(name="intake.compare", state=State.WAITING).values_list("argument", flat=True))
    for pk in drafts.values_list("pk", flat=True)[:ASKED]:
        argument = f"{pk} {only}".strip()
        if not {str(pk), argument} & asked:
            enqueue("intake.compare", argument)
