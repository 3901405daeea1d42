"""What workers do of what was received and decided. Every job may be done again: a crash loses nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from parvis import pipeline
from parvis.privacy import policy as policies
from parvis.privacy.people import rows_are_people
from parvis.privacy.trace import CODE as TRACE
from parvis.store import originals, shelf
from parvis.store.folder import Folder
from parvis.values import Finding, Preparation, Reception, Severity, to_json
from parvis_portal.catalogue import actions as cataloguing
from parvis_portal.catalogue.models import Dataset
from parvis_portal.intake import former, keeping, layers, neighbours, pushed, queries, sources
from parvis_portal.intake.actions import now
from parvis_portal.intake.models import Draft, Submission, Visit
from parvis_portal.jobs.actions import enqueue

Progress = Callable[[float, str], None]


def prepare(argument: str, progress: Progress) -> None:
    """Examine a submission: one draft for each table found, or a refusal with its reason."""
    submission = Submission.objects.select_related("organisation").get(pk=argument)
    if submission.state != Submission.State.WAITING:
        return
    known = former.candidates(submission)
    reception = pipeline.prepare(
        Folder(settings.DATA),
        submission.as_parcel,
        recipe=known,
        references=former.references(submission.organisation, (s for r in known for s in r.steps)),
        outlines=neighbours.outlines(submission.organisation),
        territory=submission.organisation.insee,
        now=now(),
        progress=progress,
    )
    _keep(submission, _compared(submission, reception))
    for told in [p for p in reception.preparations if p.schema][: neighbours.ASKED]:
        neighbours.ask(neighbours.deposit(submission).exclude(submission=submission), f"draft:{told.id}")


def prepare_failed(argument: str, error: str) -> None:
    """A file that could not be examined is refused, with what stopped it."""
    finding = Finding("file.failed", Severity.REFUSE, "{error}", values={"error": error})
    Submission.objects.filter(pk=argument, state=Submission.State.WAITING).update(
        state=Submission.State.REFUSED, findings=[to_json(finding)]
    )


def rework(argument: str, progress: Progress) -> None:
    """Prepare a table again under the steps that a person wants; what was decided of its columns stays decided."""
    draft = Draft.objects.select_related("submission__organisation", "dataset__current").get(pk=argument)
    if draft.state != Draft.State.WORKING:
        return
    folder, before, organisation = Folder(settings.DATA), draft.prepared, draft.submission.organisation
    after = pipeline.rework(
        folder,
        before,
        draft.steps,
        schema=draft.schema,
        references=former.references(organisation, draft.steps),
        outlines=neighbours.outlines(organisation),
        territory=organisation.insee,
        now=now(),
        progress=progress,
    )
    after = _with_change(folder, after, draft.dataset)
    after = _beside(draft.submission, after, draft.dataset)
    policy = former.decided(after, after.policy, draft.decided_policy, policies.seen(before.findings))
    with transaction.atomic():
        Draft.objects.filter(pk=draft.pk, state=Draft.State.WORKING).update(
            preparation=to_json(after), policy=to_json(policy), state=Draft.State.WAITING
        )
        _take_in(draft, before, after)
        _ask_rehearsal(Draft.objects.get(pk=draft.pk))


def rework_failed(argument: str, error: str) -> None:
    """A change that could not be made is undone, with the reason."""
    draft = Draft.objects.filter(pk=argument, state=Draft.State.WORKING).first()
    if draft is not None:
        draft.state, draft.error, draft.former = Draft.State.WAITING, error[:500], draft.former[:-1]
        draft.save()


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
        others=queries.published(draft.organisation, draft.dataset),
        inhabitants=draft.organisation.population or 0,
        layer=layers.chosen(draft),
        traces=[f for f in draft.submission.remarks if f.code == TRACE],
        original=draft.original,
        now=now(),
    )
    progress(0.8, "Publication")
    cataloguing.release(folder, draft.dataset, version, by=draft.decided_by, now=now())
    Draft.objects.filter(pk=draft.pk).update(state=Draft.State.RELEASED, error="")
    pipeline.forget(folder, preparation)
    neighbours.ask(neighbours.waiting(draft.organisation), f"dataset:{draft.dataset.pk}")


def commit_failed(argument: str, error: str) -> None:
    """A publication that stopped goes back to whoever decides, with the reason."""
    Draft.objects.filter(pk=argument, state=Draft.State.COMMITTING).update(state=Draft.State.WAITING, error=error[:500])


def compare(argument: str, progress: Progress) -> None:
    """Hold a table that waits against the other ones of the town again, as they are now: all, or the one that changed."""
    number, _, only = argument.partition(" ")
    draft = Draft.objects.select_related("submission__organisation", "dataset").filter(pk=number).first()
    if draft is None or not draft.open:
        return
    after = _beside(draft.submission, draft.prepared, draft.dataset, only=only)
    with transaction.atomic():
        row = Draft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
        if row.open and row.preparation == draft.preparation:  # else what changed it compared it too
            row.preparation = to_json(after)
            row.save(update_fields=["preparation"])


def rehearse(argument: str, progress: Progress) -> None:
    """Try what was decided so far on a table, for the page to show what the public would see."""
    drafts = Draft.objects.select_related("submission__organisation", "dataset__current")
    draft = drafts.filter(pk=argument).first()
    if draft is None or not draft.open:
        return
    current = draft.dataset.current if draft.dataset is not None else None
    progress(0.1, "Essai de vos choix sur le tableau")
    town = draft.organisation
    told = pipeline.rehearse(
        Folder(settings.DATA),
        draft.prepared,
        draft.decided_policy,
        others=queries.published(town, draft.dataset),
        inhabitants=town.population or 0,
        follows=current.version_id if current is not None and current.withdrawn_at is None else "",
        dataset=draft.dataset.pk if draft.dataset is not None else "",
        layer=layers.chosen(draft),
    )
    with transaction.atomic():
        row = Draft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
        if row.open and row.policy == draft.policy:  # else it was decided again, and another work tries that
            row.rehearsal = {"policy": draft.policy, "told": to_json(told)}
            row.save(update_fields=["rehearsal"])


def forget(argument: str, progress: Progress) -> None:
    """Erase what was staged of a discarded draft."""
    draft = Draft.objects.get(pk=argument)
    pipeline.forget(Folder(settings.DATA), draft.prepared)


def annotate(argument: str, progress: Progress) -> None:
    """Make the marked copy of a draft's file."""
    draft = Draft.objects.select_related("submission__organisation").get(pk=argument)
    if draft.state in (Draft.State.WAITING, Draft.State.PROPOSED):
        organisation = draft.submission.organisation
        pipeline.annotate(
            Folder(settings.DATA),
            draft.prepared,
            references=former.references(organisation, draft.steps),
            outlines=neighbours.outlines(organisation),
            territory=organisation.insee,
            now=now(),
            progress=progress,
        )


def collect(argument: str, progress: Progress) -> None:
    """Make a visit of a source; what it brings is examined by jobs of its own."""
    found = Visit.objects.select_related("source__organisation").filter(pk=argument).first()
    if found is not None and found.open:
        progress(0.1, f"Visite de « {found.source.name} »")
        sources.perform(found)


def collect_failed(argument: str, error: str) -> None:
    """A visit that stopped the program itself is closed, with the reason."""
    found = Visit.objects.filter(pk=argument).first()
    if found is not None:
        sources.end(found, error)


def tend(argument: str, progress: Progress) -> None:
    """Put the vault in order: what still lies plain is sealed, what was decided and what has had its time is erased.

    The originals that everybody may have are looked at again by a Parvis that did not yet: it may see more.
    """
    folder = Folder(settings.DATA)
    pipeline.tend(folder, keeping.drafts(), keeping.arrivals())
    keeping.erase_late(folder, timezone.now(), lambda digest: pipeline.erase(folder, digest))
    for version in list(originals.late(folder)):
        if why := pipeline.look_again(folder, shelf.load(folder, version), now()):
            cataloguing.stopped(folder, version, why)


def gather(argument: str, progress: Progress) -> None:
    """Bring as a file the rows that a program sent to a dataset."""
    pushed.gather(argument)


def tick(now: dt.datetime) -> None:
    """Ask for what the clock says: visits of sources, rows that programs sent, the care of the vault. Called every few
    seconds by the workers."""
    sources.ask_due(now)
    pushed.ask_due(now)
    keeping.ask_due(now)


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
            _start(row, preparation, wanted if alone else "")


def _start(submission: Submission, preparation: Preparation, wanted: str) -> None:
    """Make the draft of a prepared table: proposed afresh, or taking up what was accepted of the file before."""
    begun = former.start(submission, preparation)
    preparation = dataclasses.replace(preparation, follows=begun.follows)
    dataset = begun.dataset or _target(submission, preparation, wanted)
    if begun.source is not None and submission.source_id is None:
        submission.source = begun.source
        submission.save()
    draft = Draft.objects.create(
        submission=submission,
        preparation=to_json(_with_change(Folder(settings.DATA), preparation, dataset)),
        policy=to_json(begun.policy),
        metadata=to_json(begun.metadata),
        schema=begun.schema,
        dataset=dataset,
        state=Draft.State.DISCARDED if begun.ignored else Draft.State.WAITING,
    )
    _ask_rehearsal(draft)


def _ask_rehearsal(draft: Draft) -> None:
    """Have what is proposed tried, for a table that speaks of people: the page then says what an outsider could do."""
    preparation = draft.prepared
    touched = (
        policies.blocking(preparation.findings)
        or preparation.policy.hiding
        or rows_are_people(preparation.profile, preparation.findings)
    )
    if draft.open and preparation.profile.rows and touched:
        enqueue("intake.rehearse", draft.pk)


def _compared(submission: Submission, reception: Reception) -> Reception:
    """Return what came of a file, each of its tables held against the others, of this file and of the town."""
    told = []
    for preparation in reception.preparations:
        begun = former.start(submission, preparation)
        own = begun.dataset or _target(submission, preparation, submission.parcel.get("dataset", ""))
        told.append(_beside(submission, preparation, own, reception.preparations))
    return dataclasses.replace(reception, preparations=tuple(told))


def _beside(
    submission: Submission,
    preparation: Preparation,
    own: Dataset | None,
    siblings: Sequence[Preparation] = (),
    only: str = "",
) -> Preparation:
    """Return the preparation with what other tables of the town contradict in it; its own dataset is none of them."""
    return pipeline.beside(
        Folder(settings.DATA),
        preparation,
        versions=neighbours.released(submission.organisation, own),
        waiting=[*siblings, *neighbours.siblings(submission, preparation, own)],
        only=only,
        now=now(),
    )


def _with_change(folder: Folder, preparation: Preparation, dataset: Dataset | None) -> Preparation:
    """Return the preparation saying what is new since the version that it would follow."""
    current = dataset.current if dataset is not None else None
    if current is None or current.withdrawn_at is not None:
        return dataclasses.replace(preparation, change=None)
    findings = [f for f in preparation.findings if not f.code.startswith("continuity.")]
    findings += pipeline.compared(folder, preparation, current.version)
    change = pipeline.change(folder, preparation, current.version)
    return dataclasses.replace(preparation, change=change, findings=tuple(findings))


def _take_in(draft: Draft, before: Preparation, after: Preparation) -> None:
    """Say on the other tables of the file by which one they are taken in, or that they no longer are."""
    mine, names = after.profile.table, set(after.takes_in)
    for other in draft.submission.drafts.exclude(pk=draft.pk).filter(state=Draft.State.WAITING):
        told = other.preparation
        within = mine if told["profile"]["table"] in names else ""
        if within or told.get("within") == mine:
            Draft.objects.filter(pk=other.pk).update(preparation={**told, "within": within})


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
