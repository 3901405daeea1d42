"""What arrives and what is decided of it. Nothing here is public."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from parvis.privacy.rehearsal import Rehearsal
from parvis.values import Finding, Metadata, Parcel, Policy, Preparation, Step, from_json
from parvis_portal.catalogue.models import Dataset
from parvis_portal.jobs.models import JobRun
from parvis_portal.people.models import Organisation, User


class Source(models.Model):
    """A place files come from, again and again: an agent's own upload, a folder, a server, a mailbox."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="sources")
    name = models.CharField(_("nom"), max_length=200)
    connector = models.CharField(max_length=40, default="upload", db_index=True)  # plugin of parvis.connectors
    settings = models.JSONField(default=dict, blank=True)  # what the connector asks for, without its secret
    secret = models.TextField(blank=True)  # encrypted; never shown, never logged
    schedule = models.CharField(max_length=60, blank=True)  # "" when only a person brings files
    enabled = models.BooleanField(default=True)
    marks = models.JSONField(default=dict, blank=True)  # what was seen: ETag, digests, message numbers
    last_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True, db_index=True)
    failed = models.TextField(blank=True)  # why the last visit stopped, French
    failures = models.PositiveSmallIntegerField(default=0)  # in a row: each one makes the next try wait longer
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class Visit(models.Model):
    """One time that Parvis went to a source: who asked for it, what it brought, why it stopped."""

    class State(models.TextChoices):
        WAITING = "waiting", _("En attente")
        RUNNING = "running", _("En cours")
        DONE = "done", _("Terminée")
        FAILED = "failed", _("Échouée")

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="visits")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)  # None: the schedule
    job = models.ForeignKey(JobRun, on_delete=models.SET_NULL, null=True)
    brought = models.PositiveIntegerField(default=0)  # files taken in
    same = models.PositiveIntegerField(default=0)  # files that came again, without any change
    remarks = models.JSONField(default=list)  # French sentences: a file too large ...
    error = models.TextField(blank=True)  # French
    began_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [  # two workers, a person and the clock: one visit at a time, whoever asks
            models.UniqueConstraint(
                fields=["source"], condition=models.Q(state__in=["waiting", "running"]), name="one_open_visit"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.began_at:%Y-%m-%d %H:%M} {self.state}"

    @property
    def open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)


class SourceTable(models.Model):
    """What was accepted once for one table of a source, and is replayed on its next files."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="tables")
    file = models.CharField(max_length=100, blank=True)  # what stays of its name; "" for a source of one file
    table = models.CharField(max_length=255, blank=True)  # Profile.table: "" when the file is one table
    dataset = models.ForeignKey(Dataset, on_delete=models.SET_NULL, null=True, related_name="sources")
    recipe = models.JSONField(default=list)  # of values.Step, in order
    labels = models.JSONField(default=list)  # headers of the file the recipe was accepted on
    policy = models.JSONField(default=dict)  # values.Policy, as decided
    schema = models.CharField(max_length=80, blank=True)  # as a person chose it: see values.Recipe
    ignored = models.BooleanField(default=False)  # a person put this table aside: so are the next ones
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "file", "table"], name="one_recipe_each")]

    def __str__(self) -> str:
        return f"{self.source} / {self.table}" if self.table else str(self.source)

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(from_json(Step, s) for s in self.recipe)

    @property
    def decided_policy(self) -> Policy:
        return from_json(Policy, self.policy)


class Door(models.Model):
    """The key by which a program sends rows to a dataset as it measures them. Only its digest is kept."""

    dataset = models.OneToOneField(Dataset, on_delete=models.CASCADE, related_name="door")
    digest = models.CharField(max_length=64)
    start = models.CharField(max_length=8)  # its first signs
    rows = models.PositiveIntegerField(default=0)  # received since it is open
    last_at = models.DateTimeField(null=True)
    waiting_since = models.DateTimeField(null=True, db_index=True)  # rows that no file holds yet
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.dataset_id} {self.start}…"


class Submission(models.Model):
    """A parcel's passage through the portal: a file as it came, and what was said of it as a whole."""

    class State(models.TextChoices):
        WAITING = "waiting", _("En cours d'examen")
        READY = "ready", _("Examiné")
        REFUSED = "refused", _("Refusé")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="submissions")
    sender = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    source = models.ForeignKey(Source, on_delete=models.SET_NULL, null=True, related_name="submissions")
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
        WORKING = "working", _("Réparation en cours")
        PROPOSED = "proposed", _("À approuver")
        COMMITTING = "committing", _("Publication en cours")
        RELEASED = "released", _("Publié")
        DISCARDED = "discarded", _("Écarté")

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="drafts")
    preparation = models.JSONField()  # values.Preparation, with what was proposed
    recipe = models.JSONField(default=list)  # of values.Step, as the person wants it; the preparation shows what came
    former = models.JSONField(default=list)  # recipes before the last changes, newest last: what "undo" goes back to
    schema = models.CharField(max_length=80, blank=True)  # as a person chose it: see values.Recipe
    policy = models.JSONField()  # values.Policy, as decided so far
    rehearsal = models.JSONField(default=dict)  # values.Rehearsal of a policy, with the policy that was tried
    metadata = models.JSONField()  # values.Metadata, as decided so far
    original = models.BooleanField(null=True)  # a person wants the file itself given too, or not; None: nobody said
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
    def steps(self) -> tuple[Step, ...]:
        return tuple(from_json(Step, s) for s in self.recipe)

    @property
    def decided_policy(self) -> Policy:
        return from_json(Policy, self.policy)

    @property
    def rehearsed(self) -> Rehearsal | None:
        """What the policy would give as it stands now, None while that is not known."""
        if self.rehearsal.get("policy") != self.policy:
            return None
        return from_json(Rehearsal, self.rehearsal["told"])

    @property
    def described(self) -> Metadata:
        return from_json(Metadata, self.metadata)

    @property
    def open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.PROPOSED)
