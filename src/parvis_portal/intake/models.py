"""What arrives and what is decided of it. Nothing here is public."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from parvis.values import Finding, Metadata, Parcel, Policy, Preparation, from_json
from parvis_portal.catalogue.models import Dataset
from parvis_portal.jobs.models import JobRun
from parvis_portal.people.models import Organisation, User


class Submission(models.Model):
    """A parcel's passage through the portal: a file as it came, and what was said of it as a whole."""

    class State(models.TextChoices):
        WAITING = "waiting", _("En cours d'examen")
        READY = "ready", _("Examiné")
        REFUSED = "refused", _("Refusé")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="submissions")
    sender = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    name = models.CharField(max_length=255)
    parcel = models.JSONField()  # values.Parcel
    digest = models.CharField(max_length=64, db_index=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, db_index=True)
    findings = models.JSONField(default=list)  # of values.Finding
    job = models.ForeignKey(JobRun, on_delete=models.SET_NULL, null=True)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name

    @property
    def as_parcel(self) -> Parcel:
        return from_json(Parcel, self.parcel)

    @property
    def remarks(self) -> list[Finding]:
        return [from_json(Finding, f) for f in self.findings]

    @property
    def reason(self) -> str:
        """The sentence that says why a file was refused."""
        first = next((f for f in self.remarks if f.severity == "refuse"), None)
        if first is None:
            return ""
        return f"{first.text} {first.hint.format(**first.values)}".strip()


class Draft(models.Model):
    """One table of a submission, between its preparation and the decision on it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("À décider")
        PROPOSED = "proposed", _("À approuver")
        COMMITTING = "committing", _("Publication en cours")
        RELEASED = "released", _("Publié")
        DISCARDED = "discarded", _("Écarté")

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="drafts")
    preparation = models.JSONField()  # values.Preparation, with what was proposed
    policy = models.JSONField()  # values.Policy, as decided so far
    metadata = models.JSONField()  # values.Metadata, as decided so far
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, db_index=True)
    dataset = models.ForeignKey(Dataset, on_delete=models.SET_NULL, null=True, related_name="drafts")
    number = models.PositiveIntegerField(default=0)  # of the version it will be, reserved when approved
    job = models.ForeignKey(JobRun, on_delete=models.SET_NULL, null=True)
    error = models.CharField(max_length=500, blank=True)  # why the last publication stopped
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dataset", "number"], condition=models.Q(number__gt=0), name="one_draft_each"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return str(self.metadata.get("title") or self.submission.name)

    @property
    def organisation(self) -> Organisation:
        return self.submission.organisation

    @property
    def prepared(self) -> Preparation:
        return from_json(Preparation, self.preparation)

    @property
    def decided_policy(self) -> Policy:
        return from_json(Policy, self.policy)

    @property
    def described(self) -> Metadata:
        return from_json(Metadata, self.metadata)

    @property
    def open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.PROPOSED)
