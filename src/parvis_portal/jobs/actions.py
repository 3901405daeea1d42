"""Asking for work by its name: whoever asks never imports what does it."""

from __future__ import annotations

from django.db import transaction

from parvis_portal.jobs.models import JobRun


def enqueue(name: str, argument: object) -> JobRun:
    """Ask for a job ("intake.prepare", 12) and return its row. It starts once the caller's transaction is committed."""
    run = JobRun.objects.create(name=name, argument=str(argument))
    transaction.on_commit(lambda: _submit(run))
    return run


def _submit(run: JobRun) -> None:
    from parvis_portal.jobs.tasks import submit  # what runs the task library is loaded when a job is asked for

    submit(run)
