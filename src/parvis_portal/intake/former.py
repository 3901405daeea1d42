"""What was accepted of a source's former files, and how the next one takes it up.

A decision is replayed on what was decided, and on nothing else: the same columns, holding the same personal data.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from django.db.models import Q
from django.utils import timezone

from parvis.dates import MONTHS
from parvis.frozen import dataclass
from parvis.privacy import policy as policies
from parvis.schemas import schema as schemas
from parvis.tables import recipe as recipes
from parvis.text import fold
from parvis.values import NO_SCHEMA, Metadata, Policy, Preparation, Recipe, Step, Version, to_json
from parvis_portal.catalogue.models import Dataset
from parvis_portal.intake.models import Draft, Source, SourceTable, Submission
from parvis_portal.people.models import Organisation, User

DATASET = "dataset:"  # how a step names a released dataset that it looks into
BORROWED = "~"  # the steps come from another source, whose headers are the same: its decisions do not hold here
_LOOKED = 50  # datasets of a town that the steps of one file may look into
MOST = 500  # recipes of a town that one file is compared with
_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20[0-4]\d)(?!\d)")
_DATED = re.compile(r"\(\d\d/\d\d/\d{4}\)$")
_PASSING = re.compile(
    rf"\b(?:{'|'.join(MONTHS)}|janv|fevr|juil|sept|oct|nov|dec|t[1-4]|s[1-4]|copie|copy|def|definitif|final|vf|v|maj)\b|\d+"
)


def key(name: str) -> str:
    """Return what stays of a file's name from one month to the next: no date, no number, no « copie »."""
    stem = re.sub(r"[^a-z0-9]+", " ", fold(PurePath(name).stem))
    return " ".join(_PASSING.sub(" ", stem).split())[:100]


def candidates(submission: Submission) -> tuple[Recipe, ...]:
    """Return the recipes that the tables of a file may replay; those of its own source are marked."""
    rows = SourceTable.objects.filter(source__organisation=submission.organisation).select_related("source")
    wanted, mine = submission.parcel.get("dataset", ""), key(submission.name)
    return tuple(
        Recipe(
            steps=row.steps,
            table=row.table,
            labels=tuple(row.labels),
            id=str(row.pk),
            named=_same_source(row, submission, wanted, mine),
            schema=row.schema if row.schema in (NO_SCHEMA, *schemas.all_ids()) else "",
        )
        for row in rows.order_by("-accepted_at")[:MOST]
    )


def _same_source(row: SourceTable, submission: Submission, wanted: str, mine: str) -> bool:
    if submission.source_id is not None:
        return row.source_id == submission.source_id and row.file in ("", mine)
    if wanted:
        return row.dataset_id == wanted
    return row.source.connector == "upload" and len(mine) > 2 and row.source.marks.get("key") == mine


def references(organisation: Organisation, steps: Iterable[Step]) -> tuple[Version, ...]:
    """Return the versions of the town that some steps look into, and those that may be its address base."""
    named = {str(v).removeprefix(DATASET) for s in steps for v in s.parameters.values() if str(v).startswith(DATASET)}
    rows = Dataset.objects.filter(organisation=organisation, current__isnull=False, current__withdrawn_at=None)
    addresses = Q(schema__icontains="bal") | Q(slug__icontains="adresse")
    found = rows.filter(Q(pk__in=named) | addresses).select_related("current")[:_LOOKED]
    return tuple(d.current.version for d in found if d.current is not None)


@dataclass(frozen=True, slots=True)
class Start:
    """How a draft starts: what is proposed of it, and what was decided before."""

    policy: Policy
    metadata: Metadata
    dataset: Dataset | None = None
    source: Source | None = None
    ignored: bool = False
    follows: str = ""
    schema: str = ""


def start(submission: Submission, preparation: Preparation) -> Start:
    """Return how the draft of a prepared table starts, from what was accepted of the recipe it replayed."""
    row = _followed(preparation)
    if row is None or row.source.organisation_id != submission.organisation_id:
        return Start(preparation.policy, preparation.metadata)
    if not _same_source(row, submission, submission.parcel.get("dataset", ""), key(submission.name)):
        return Start(preparation.policy, preparation.metadata, follows=f"{BORROWED}{row.pk}")
    dataset = row.dataset if row.dataset is not None and _goes_on(row.dataset, submission) else None
    same = row.table == preparation.profile.table or list(row.labels) == list(preparation.labels)
    return Start(
        policy=decided(preparation, preparation.policy, row.decided_policy, row.policy.get("seen", {})),
        metadata=described(preparation.metadata, dataset),
        dataset=dataset,
        source=row.source,
        ignored=row.ignored and same,
        follows=str(row.pk),
        schema=row.schema,
    )


def decided(preparation: Preparation, proposed: Policy, before: Policy, seen: Any) -> Policy:
    """Return the proposed policy, with what was decided before on the same columns."""
    return policies.replayed(proposed, preparation.profile, preparation.findings, before, dict(seen))


def described(fresh: Metadata, dataset: Dataset | None) -> Metadata:
    """Return the metadata of a new version: those of the last one, with the days that the new file covers."""
    if dataset is None or not dataset.metadata:
        return fresh
    last = dataset.described
    # A file that says no period is of the day it came in: that does not undo a period that somebody wrote.
    dated = fresh.temporal_start != fresh.temporal_end or last.temporal_start == last.temporal_end
    days = (
        (fresh.temporal_start, fresh.temporal_end)
        if fresh.temporal_end and dated
        else (last.temporal_start, last.temporal_end)
    )
    return dataclasses.replace(last, temporal_start=days[0], temporal_end=days[1], source=fresh.source)


def _followed(preparation: Preparation) -> SourceTable | None:
    if not preparation.follows.isdigit():
        return None
    return SourceTable.objects.select_related("source", "dataset").filter(pk=preparation.follows).first()


def _goes_on(dataset: Dataset, submission: Submission) -> bool:
    """True when a file renews a dataset; the file of another year is another dataset, unless a person said so."""
    if dataset.withdrawn_at is not None or dataset.organisation_id != submission.organisation_id:
        return False
    if submission.parcel.get("dataset") == dataset.pk:
        return True
    before = set(_YEAR.findall(str(dataset.metadata.get("source", ""))))
    now = set(_YEAR.findall(submission.name))
    return not before or not now or bool(before & now)


# --- Once accepted --------------------------------------------------------------------------------


def remember(draft: Draft, by: User | None) -> SourceTable:
    """Keep with the source what was accepted of a table: its steps, its headers, its decisions."""
    source = draft.submission.source or _upload(draft.submission, by)
    preparation = draft.prepared
    row = _row(source, draft.submission, preparation)
    row.dataset, row.ignored, row.schema = draft.dataset, False, draft.schema
    row.recipe = [to_json(s) for s in recipes.kept(preparation.recipe)]
    row.labels = list(preparation.labels)
    row.policy = to_json(_dated(draft.decided_policy)) | {"seen": to_json(policies.seen(preparation.findings))}
    row.accepted_at, row.accepted_by = timezone.now(), by
    row.save()
    for other in draft.submission.drafts.filter(state=Draft.State.DISCARDED, decided_by__isnull=False):
        set_aside(other)
    return row


def set_aside(draft: Draft) -> None:
    """Remember that a table of a source is not wanted, once another of the same file was."""
    preparation = draft.prepared
    source = draft.submission.source
    if source is None or not source.tables.filter(ignored=False).exists() or preparation.within:
        return
    row = _row(source, draft.submission, preparation)
    if row.pk is None or not row.recipe:
        row.labels, row.ignored = list(preparation.labels), True
        row.save()


def _row(source: Source, submission: Submission, preparation: Preparation) -> SourceTable:
    """Return the row of a table, that of the recipe it replayed if it is the same source's and the same file's.

    A folder or a mailbox brings several files: each has its own rows, found by what stays of its name.
    """
    table = preparation.profile.table[:255]
    file = "" if source.connector == "upload" else key(submission.name)
    followed = _followed(preparation)
    exact = SourceTable.objects.filter(source=source, file=file, table=table).first()
    if exact is not None:
        return exact
    if followed is not None and followed.source_id == source.pk and followed.file == file:
        followed.table = table
        return followed
    return SourceTable(source=source, file=file, table=table)


def _upload(submission: Submission, by: User | None) -> Source:
    """Return the source of files that people bring themselves under this name, made if it is the first."""
    mine = key(submission.name) or submission.name
    known = Source.objects.filter(organisation=submission.organisation, connector="upload", marks__key=mine).first()
    source = known or Source.objects.create(
        organisation=submission.organisation, name=submission.name[:200], connector="upload", marks={"key": mine},
        created_by=by,
    )  # fmt: skip
    submission.source = source
    submission.save(update_fields=["source"])
    return source


def _dated(policy: Policy) -> Policy:
    """Return the policy, each decision saying when it was taken: the next file shows it."""
    day = timezone.localdate().strftime("%d/%m/%Y")
    return dataclasses.replace(
        policy,
        rules=tuple(
            dataclasses.replace(r, decided_by=f"{r.decided_by} ({day})")
            if r.decided_by and not _DATED.search(r.decided_by)
            else r
            for r in policy.rules
        ),
    )
