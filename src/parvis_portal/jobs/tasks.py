"""The one task that runs every job, its lease and its heartbeat; and the reaper of those whose worker died."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.utils import timezone
from django_tasks import task

from parvis.errors import ParvisError
from parvis_portal.jobs.models import JobRun, State

LEASE = dt.timedelta(seconds=30)
BEAT = 8.0  # seconds
MOST_ATTEMPTS = 3
log = logging.getLogger("parvis.jobs")

Progress = Callable[[float, str], None]


@task()
def work(run_id: int) -> None:
    """Do a job, whatever its name: ``app.verb`` is the function ``verb`` of ``parvis_portal.app.jobs``."""
    run = claim(run_id)
    if run is not None:
        perform(run)


def submit(run: JobRun) -> None:
    """Put a run in the queue of the task library: its own lane when it waits for other machines."""
    lane = "outside" if run.name in settings.JOBS_OUTSIDE else "default"
    JobRun.objects.filter(pk=run.pk).update(task=str(work.using(queue_name=lane).enqueue(run.pk).id))


def claim(run_id: int) -> JobRun | None:
    """Take a job for this process, None when it is done or another holds it."""
    now = timezone.now()
    with transaction.atomic():
        run = JobRun.objects.select_for_update().filter(pk=run_id).first()
        if run is None or run.state in (State.DONE, State.FAILED):
            return None
        if run.state == State.RUNNING and run.lease_until and run.lease_until > now:
            return None
        run.state, run.worker, run.attempts = State.RUNNING, f"{socket.gethostname()}:{os.getpid()}", run.attempts + 1
        run.lease_until, run.error = now + LEASE, ""
        run.save()
    return run


def perform(run: JobRun) -> None:
    """Do a job that was claimed: an expected error ends it with its sentence, any other is tried again."""
    app, verb = run.name.split(".")
    try:
        function = getattr(import_module(f"parvis_portal.{app}.jobs"), verb)
        with alive(run):
            function(run.argument, lambda share, said: tell(run, share, said))
    except ParvisError as error:
        end(run, error.text)
    except Exception:
        log.exception("job %s(%s)", run.name, run.argument)
        if run.attempts >= MOST_ATTEMPTS:
            end(run, "Une erreur inattendue a arrêté ce travail. Elle est consignée : prévenez votre administrateur.")
        else:
            JobRun.objects.filter(pk=run.pk).update(state=State.WAITING, lease_until=None)
            submit(run)
    else:
        end(run)


def tell(run: JobRun, share: float, said: str) -> None:
    """Say how far a job is, for the page that waits."""
    JobRun.objects.filter(pk=run.pk).update(share=share, said=said[:200])


def end(run: JobRun, error: str = "") -> None:
    state = State.FAILED if error else State.DONE
    JobRun.objects.filter(pk=run.pk).update(
        state=state, error=error, ended_at=timezone.now(), share=1, lease_until=None
    )
    if error:
        app, verb = run.name.split(".")
        failed = getattr(import_module(f"parvis_portal.{app}.jobs"), f"{verb}_failed", None)
        if failed is not None:
            failed(run.argument, error)


@contextlib.contextmanager
def alive(run: JobRun) -> Iterator[None]:
    """Push the lease forward while the work lasts: a dead process no longer does."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(BEAT):
            try:
                close_old_connections()
                JobRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() + LEASE)
            except Exception:
                log.exception("heartbeat")
        connection.close()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


def tick() -> None:
    """Let each app do what its clock says: ``tick`` of its ``jobs``, when it has one, is called with the time."""
    for known in apps.get_app_configs():
        if known.name.startswith("parvis_portal.") and find_spec(f"{known.name}.jobs"):
            function = getattr(import_module(f"{known.name}.jobs"), "tick", None)
            if function is not None:
                function(timezone.now())


def reap() -> int:
    """Take again the jobs whose worker died, and those that were asked for and never queued; return how many."""
    from django_tasks.base import TaskResultStatus
    from django_tasks_db.models import DBTaskResult

    now = timezone.now()
    dead = JobRun.objects.filter(state=State.RUNNING, lease_until__lt=now)
    lost = JobRun.objects.filter(state=State.WAITING, task="", created_at__lt=now - dt.timedelta(minutes=1))
    count = 0
    for run in [*dead, *lost]:
        if run.task:
            DBTaskResult.objects.filter(pk=run.task, status=TaskResultStatus.RUNNING).delete()
        if run.attempts >= MOST_ATTEMPTS:
            end(run, "Ce travail a fait tomber trois fois le programme qui le traite ; il n'est plus tenté.")
        else:
            JobRun.objects.filter(pk=run.pk).update(state=State.WAITING, lease_until=None)
            submit(run)
        count += 1
    return count
