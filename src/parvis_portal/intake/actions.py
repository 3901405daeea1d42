"""Receiving, deciding: each act is checked, written in the journal, and only names the job that follows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from parvis.catalogue import metadata as describing
from parvis.errors import InputError, RefusedError
from parvis.privacy import policy as policies
from parvis.privacy import wording
from parvis.store import inbox
from parvis.store.folder import Folder
from parvis.values import Metadata, Parcel, Wish, to_json
from parvis_portal.catalogue import actions as cataloguing
from parvis_portal.catalogue.models import Dataset
from parvis_portal.intake import former, queries
from parvis_portal.intake.models import Draft, Source, Submission
from parvis_portal.jobs.actions import enqueue
from parvis_portal.jobs.models import JobRun
from parvis_portal.people import audit
from parvis_portal.people.models import Organisation, User


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def receive(
    folder: Folder,
    organisation: Organisation,
    sender: User | None,
    name: str,
    stream: BinaryIO,
    *,
    origin: str,
    dataset: Dataset | None = None,
) -> Submission:
    """Take a file in and return its submission; its examination is asked for. Raises: InputError, LimitError."""
    parcel = inbox.put(folder, name, stream, origin, now(), limit=settings.UPLOAD_LIMIT)
    return submit(organisation, sender, parcel, dataset)


@transaction.atomic
def submit(
    organisation: Organisation,
    sender: User | None,
    parcel: Parcel,
    dataset: Dataset | None,
    source: Source | None = None,
) -> Submission:
    """Return the submission of bytes that are already in the inbox; ``source`` when a connector brought them."""
    submission = Submission.objects.create(
        organisation=organisation,
        sender=sender,
        name=parcel.name[:255],
        parcel=to_json(parcel),
        digest=parcel.digest,
        source=source,
    )
    if dataset is not None:
        submission.parcel["dataset"] = dataset.pk  # kept beside: a draft takes it when the file holds one table
    submission.job = enqueue("intake.prepare", submission.pk)
    submission.save()
    audit.write(sender, organisation, "receive", f"submission:{submission.pk}", name=parcel.name, digest=parcel.digest)
    return submission


@transaction.atomic
def save(
    draft: Draft,
    by: User | None,
    metadata: Metadata | None = None,
    rules: Mapping[str, policies.Choice] | None = None,
    dataset: Dataset | None = None,
    override: tuple[str, str] | None = None,
    wishes: Mapping[str, Wish | None] | None = None,
    original: bool | None = None,
) -> Draft:
    """Keep what a person changed: metadata, what becomes of each column, (ground, reason) to publish despite a risk, what is
    done to the rows, by field of a policy, and whether the file itself is given too.

    Raises: RefusedError when personal data would be kept without a ground; InputError.
    """
    draft = _locked(draft)
    if metadata is not None:
        draft.metadata = to_json(dataclasses.replace(metadata, source=wording.file_name(draft.submission.name)))
    policy = draft.decided_policy
    for column, choice in (rules or {}).items():
        before = policy.rule(column)
        same = before is not None and before.transform == choice.transform
        usual = before.parameters if before is not None and same else {}
        parameters = usual if choice.parameters is None else choice.parameters
        policy = policies.decide(
            policy, column, choice.transform, parameters, ground=choice.ground, by=str(by or "Parvis")
        )
    for name, wanted in (wishes or {}).items():
        if _fresh(wanted, getattr(policy, name)):
            policy = policies.wish(policy, name, wanted, by=str(by or "Parvis"))
    if override is not None and override != (policy.ground, policy.reason):
        policy = policies.override(policy, *override, by=str(by or "Parvis"))
    if policy != draft.decided_policy:
        draft.policy = to_json(policy)
        enqueue("intake.rehearse", draft.pk)
    draft.original = draft.original if original is None else original
    moved = draft.dataset_id != (dataset.pk if dataset is not None else None)
    draft.dataset = dataset
    draft.save()
    if moved and draft.preparation.get("beside"):  # a table is not held against the dataset that it renews
        enqueue("intake.compare", draft.pk)
    return draft


def _fresh(wanted: Wish | None, held: Wish | None) -> bool:
    """True for a wish that is not what is held already, or that nobody has decided yet."""
    return wanted != held or (wanted is not None and not wanted.decided_by)


@transaction.atomic
def annotate(draft: Draft) -> None:
    """Ask for the marked copy of a draft's file."""
    enqueue("intake.annotate", draft.pk)


@transaction.atomic
def compare(draft: Draft) -> JobRun:
    """Ask for a table to be held against the town's others again, and return the work that does it."""
    return enqueue("intake.compare", draft.pk)


@transaction.atomic
def propose(draft: Draft, by: User) -> Draft:
    """An agent has finished: the referent is asked to approve."""
    draft = _locked(draft)
    draft.state = Draft.State.PROPOSED
    draft.save()
    audit.write(by, draft.organisation, "propose", f"draft:{draft.pk}", title=draft.title)
    return draft


@transaction.atomic
def approve(draft: Draft, by: User | None) -> Draft:
    """Decide the release of a draft; its publication is asked for.

    Raises: RefusedError, naming the columns, while one waits for a decision; InputError for unfit metadata.
    """
    draft = _locked(draft)
    waiting = queries.undecided(draft)
    if waiting:
        raise RefusedError(
            "Décidez d'abord de ce que deviennent ces colonnes : {columns}.",
            columns=", ".join(f"« {c} »" for c in waiting),
        )
    metadata = describing.decided(draft.described)
    metadata = dataclasses.replace(metadata, producer=metadata.producer or draft.organisation.name)
    drawn = draft.decided_policy.synthesis is not None
    metadata = describing.as_synthetic(metadata) if drawn else describing.as_itself(metadata)
    draft.metadata = to_json(metadata)
    if draft.dataset is None:
        draft.dataset = cataloguing.reserve(draft.organisation, metadata.title)
    elif draft.dataset.organisation_id != draft.submission.organisation_id:
        raise RefusedError("Ce jeu de données appartient à une autre commune.")
    draft.number = draft.number or _next_number(draft.dataset)
    draft.state, draft.error = Draft.State.COMMITTING, ""
    draft.decided_by, draft.decided_at = by, timezone.now()
    draft.job = enqueue("intake.commit", draft.pk)
    draft.save()
    former.remember(draft, by)
    for other in taken_in(draft):
        discard(other, by)
    audit.write(
        by,
        draft.organisation,
        "approve",
        f"draft:{draft.pk}",
        title=metadata.title,
        policy=draft.policy,
        original=draft.original,
    )
    return draft


@transaction.atomic
def discard(draft: Draft, by: User | None) -> Draft:
    """Put a draft aside for good; what was staged of it is erased."""
    draft = _locked(draft)
    draft.state, draft.decided_by, draft.decided_at = Draft.State.DISCARDED, by, timezone.now()
    draft.job = enqueue("intake.forget", draft.pk)
    draft.save()
    former.set_aside(draft)
    for other in taken_in(draft):
        Draft.objects.filter(pk=other.pk).update(preparation={**other.preparation, "within": ""})
    audit.write(by, draft.organisation, "discard", f"draft:{draft.pk}", title=draft.title)
    return draft


def taken_in(draft: Draft) -> list[Draft]:
    """Return the other open drafts of the same file that this one takes in: they are decided with it."""
    mine = str(draft.preparation["profile"].get("table", ""))
    others = draft.submission.drafts.exclude(pk=draft.pk).filter(state__in=[Draft.State.WAITING, Draft.State.PROPOSED])
    return [d for d in others if d.preparation.get("within") == mine and mine]


def _locked(draft: Draft) -> Draft:
    found = Draft.objects.select_for_update(of=("self",)).select_related("submission__organisation").get(pk=draft.pk)
    if not found.open:
        raise InputError("Ce brouillon a déjà été décidé.", "Rechargez la page pour voir où il en est.")
    return found


def _next_number(dataset: Dataset) -> int:
    released = dataset.releases.aggregate(n=Max("number"))["n"] or 0
    reserved = dataset.drafts.aggregate(n=Max("number"))["n"] or 0
    return int(max(released, reserved)) + 1
