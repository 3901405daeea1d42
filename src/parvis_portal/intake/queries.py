"""What a person may see of what arrived: that of the organisations he belongs to, and nothing else."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.db.models import QuerySet

from parvis.privacy import policy as policies
from parvis.privacy import wording
from parvis.privacy.people import may_be_people, may_count
from parvis.values import Finding, Severity, Version
from parvis_portal.catalogue import queries as catalogue
from parvis_portal.catalogue.models import Dataset
from parvis_portal.intake.models import Draft, Source, Submission
from parvis_portal.jobs.models import JobRun
from parvis_portal.people.models import Organisation, User

_LOOKED_AT, _OTHERS, _ROWS = 100, 12, 200_000  # datasets, those held against a table, their most rows
_VERSIONS = 3  # of the dataset itself


def submissions(user: Any) -> QuerySet[Submission]:
    if not isinstance(user, User):
        return Submission.objects.none()
    return Submission.objects.filter(organisation__memberships__user=user).select_related("organisation", "job")


def drafts(user: Any) -> QuerySet[Draft]:
    if not isinstance(user, User):
        return Draft.objects.none()
    rows = Draft.objects.filter(submission__organisation__memberships__user=user)
    return rows.select_related("submission", "submission__organisation", "dataset", "job")


def sources(user: Any) -> QuerySet[Source]:
    """Return the places that Parvis goes to by itself: what people bring themselves is none."""
    if not isinstance(user, User):
        return Source.objects.none()
    return Source.objects.filter(organisation__memberships__user=user).exclude(connector="upload")


def undecided(draft: Draft) -> list[str]:
    """Return the labels of the columns that still wait for a person's decision."""
    preparation = draft.prepared
    return list(policies.undecided(draft.decided_policy, preparation.profile, preparation.findings))


def findings(draft: Draft) -> list[Finding]:
    """Return the remarks on a table as they stand: what a decision answers no longer waits for one."""
    preparation = draft.prepared
    policy = draft.decided_policy
    left = {str(f.values["name"]) for f in policies.check(policy, preparation.profile, preparation.findings)}
    answered = [f for f in policies.blocking(preparation.findings) if f.values["name"] not in left]
    told = [dataclasses.replace(f, severity=Severity.INFO) if f in answered else f for f in preparation.findings]
    return [*told, *wording.remarks(draft.described)]  # of what was written on the page, as it stands


def published(organisation: Organisation, own: Dataset | None) -> list[Version]:
    """Return what everybody may read already of a town's people: the last versions of the dataset itself, the other
    datasets from which something was taken away, and those that count or have people's traits."""
    rows = catalogue.visible().filter(organisation=organisation).select_related("current").order_by("-modified_at")
    others = [d.current.version for d in rows.exclude(pk=own.pk if own else None)[:_LOOKED_AT] if d.current is not None]
    out = [v for v in others if policies.treated(v.policy) and v.rows <= _ROWS][:_OTHERS]
    left = [v for v in others if not policies.treated(v.policy) and v.rows <= _ROWS]
    out += [v for v in left if may_count(v.columns, v.rows) or may_be_people(v.columns)][:_OTHERS]
    if own is not None:
        out += [r.version for r in own.releases.filter(withdrawn_at=None).order_by("-number")[:_VERSIONS]]
    return out


def rehearsing(draft: Draft) -> JobRun | None:
    """Return the work that tries what was decided, when it is not yet known what that gives."""
    if draft.rehearsed is not None:
        return None
    return JobRun.objects.filter(name="intake.rehearse", argument=str(draft.pk)).order_by("-pk").first()


def proposed(draft: Draft) -> dict[str, policies.Choice]:
    """Return the rules that nobody decided yet, as they are proposed, by column."""
    return {
        r.column: policies.Choice(r.transform, r.ground, r.parameters)
        for r in draft.decided_policy.rules
        if not r.decided_by
    }


def blocked(draft: Draft) -> bool:
    """True when something other than a column's decision forbids the release."""
    return any(f.severity is Severity.REFUSE for f in draft.prepared.findings)
