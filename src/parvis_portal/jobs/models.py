"""One row for each piece of work: how far it is, and who holds it. The task library keeps the queue."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    WAITING = "waiting", _("En attente")
    RUNNING = "running", _("En cours")
    DONE = "done", _("Terminé")
    FAILED = "failed", _("Échoué")


class JobRun(models.Model):
    """``lease_until`` is pushed forward while the work lives: past it, the worker is dead and the job is taken again."""

    name = models.CharField(max_length=80)  # "intake.prepare"
    argument = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, db_index=True)
    task = models.CharField(max_length=40, blank=True)  # id in the task library
    worker = models.CharField(max_length=80, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    share = models.FloatField(default=0)  # 0..1
    said = models.CharField(max_length=200, blank=True)  # what is being done, French
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.name}({self.argument}) {self.state}"
