"""What workers do of what was received and decided. Every job may be done again: a crash loses nothing."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import transaction

from parvis import pipeline
from parvis.store.folder import Folder
from parvis.values import Finding, Preparation, Reception, Severity, to_json
from parvis_portal.catalogue import actions as cataloguing
from parvis_portal.catalogue.models import Dataset
from parvis_portal.intake.actions import now
from parvis_portal.intake.models import Draft, Submission

Progress = Callable[[float, str], None]


def prepare(argument: str, progress: Progress) -> None:
    """Examine a submission: one draft for each table found, or a refusal with its reason."""
    submission = Submission.objects.select_related("organisation").get(pk=argument)
    if submission.state != Submission.State.WAITING:
        return
    reception = pipeline.prepare(
        Folder(settings.DATA),
        submission.as_parcel,
        territory=submission.organisation.insee,
        now=now(),
        progress=progress,
    )
    _keep(submission, reception)


def prepare_failed(argument: str, error: str) -> None:
    """A file that could not be examined is refused, with what stopped it."""
    finding = Finding("file.failed", Severity.REFUSE, "{error}", values={"error": error})
    Submission.objects.filter(pk=argument, state=Submission.State.WAITING).update(
        state=Submission.State.REFUSED, findings=[to_json(finding)]
    )


def commit(argument: str, progress: Progress) -> None:
    """Make an approved draft an immutable version, then the current one of its dataset."""
    draft = Draft.objects.select_related("submission__organisation", "dataset__organisation", "decided_by").get(
        pk=argument
    )
    if draft.state != Draft.State.COMMITTING or draft.dataset is None:
        return
    folder = Folder(settings.DATA)
    preparation = draft.prepared
    progress(0.2, "Protection des données")
    version = pipeline.commit(
        folder,
        preparation,
        draft.decided_policy,
        draft.described,
        dataset=draft.dataset.pk,
        number=draft.number,
        now=now(),
    )
    progress(0.8, "Publication")
    cataloguing.release(folder, draft.dataset, version, by=draft.decided_by, now=now())
    Draft.objects.filter(pk=draft.pk).update(state=Draft.State.RELEASED, error="")
    pipeline.forget(folder, preparation)


def commit_failed(argument: str, error: str) -> None:
    """A publication that stopped goes back to whoever decides, with the reason."""
    Draft.objects.filter(pk=argument, state=Draft.State.COMMITTING).update(state=Draft.State.WAITING, error=error[:500])


def forget(argument: str, progress: Progress) -> None:
    """Erase what was staged of a discarded draft."""
    draft = Draft.objects.get(pk=argument)
    pipeline.forget(Folder(settings.DATA), draft.prepared)


def _keep(submission: Submission, reception: Reception) -> None:
    wanted = submission.parcel.get("dataset", "")
    with transaction.atomic():
        row = Submission.objects.select_for_update().get(pk=submission.pk)
        if row.state != Submission.State.WAITING:
            return
        row.drafts.all().delete()
        row.parcel = to_json(reception.parcel)
        row.findings = [to_json(f) for f in reception.findings]
        row.state = Submission.State.REFUSED if reception.refused else Submission.State.READY
        row.save()
        alone = len(reception.preparations) == 1
        for preparation in reception.preparations:
            Draft.objects.create(
                submission=row,
                preparation=to_json(preparation),
                policy=to_json(preparation.policy),
                metadata=to_json(preparation.metadata),
                dataset=_target(row, preparation, wanted if alone else ""),
            )


def _target(submission: Submission, preparation: Preparation, wanted: str) -> Dataset | None:
    """Return the dataset a draft would renew: the one asked for, else the one made of a file of the same name."""
    rows = Dataset.objects.filter(organisation=submission.organisation)
    if wanted:
        return rows.filter(pk=wanted).first()
    same = rows.filter(
        current__isnull=False,
        drafts__submission__name=submission.name,
        drafts__state=Draft.State.RELEASED,
        drafts__preparation__profile__table=preparation.profile.table,
    )
    return same.order_by("-modified_at").first()
