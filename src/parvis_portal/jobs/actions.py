"""Asking for work by its name: whoever asks never imports what does it."""

from __future__ import annotations

from django.db import transaction

from parvis_portal.jobs.models import JobRun

MOST_ATTEMPTS = 3


def enqueue(name: str, argument: object) -> JobRun:
    """Ask for a job ("intake.prepare", 12) and return its row. It starts once the caller's transaction is committed."""
    run = JobRun.objects.create(name=name, argument=str(argument))
    transaction.on_commit(lambda: submit(run))
    return run


def submit(run: JobRun) -> None:
    """Put a run in the queue of the task library."""
    from parvis_portal.jobs.tasks import work

    JobRun.objects.filter(pk=run.pk).update(task=str(work.enqueue(run.pk).id))
