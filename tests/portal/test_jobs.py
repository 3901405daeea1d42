"""Jobs live in the database: one that was cut is taken again, one that cannot be done says so."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.utils import timezone

from parvis_portal.jobs import tasks, worker
from parvis_portal.jobs.actions import enqueue
from parvis_portal.jobs.models import JobRun, State

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_job_is_done_once_and_says_how_far_it_is() -> None:
    run = enqueue("intake.prepare", "999999999")
    worker.run(once=True)
    run.refresh_from_db()
    assert run.state in (State.FAILED, State.WAITING, State.DONE)
    assert run.attempts >= 1


def test_a_job_whose_worker_died_is_taken_again() -> None:
    run = enqueue("intake.forget", "1")
    JobRun.objects.filter(pk=run.pk).update(
        state=State.RUNNING, attempts=1, lease_until=timezone.now() - dt.timedelta(seconds=1)
    )
    assert tasks.reap() == 1
    run.refresh_from_db()
    assert run.state == State.WAITING


def test_a_job_that_kills_its_worker_three_times_is_given_up_with_a_sentence() -> None:
    run = enqueue("intake.forget", "1")
    JobRun.objects.filter(pk=run.pk).update(
        state=State.RUNNING, attempts=3, lease_until=timezone.now() - dt.timedelta(seconds=1)
    )
    tasks.reap()
    run.refresh_from_db()
    assert run.state == State.FAILED and "trois fois" in run.error


def test_a_job_held_by_a_living_worker_is_left_to_it() -> None:
    run = enqueue("intake.forget", "1")
    JobRun.objects.filter(pk=run.pk).update(state=State.RUNNING, lease_until=timezone.now() + dt.timedelta(seconds=30))
    assert tasks.reap() == 0
    assert tasks.claim(run.pk) is None


def test_a_worker_killed_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    """A real worker process is killed with signal 9 while it works; the next one finishes the publication."""
    data = tmp_path / "killed"
    file = tmp_path / "grand.csv"
    file.write_text("nom;valeur\n" + "".join(f"ligne {n};{n}\n" for n in range(150_000)), "utf-8")
    environment = {**os.environ, "PARVIS_DATA": str(data), "DJANGO_SETTINGS_MODULE": "parvis_portal.settings"}
    environment.pop("PYTEST_CURRENT_TEST", None)
    parvis = [sys.executable, "-m", "parvis.cli.main"]
    code = (
        "import sys; from pathlib import Path; from parvis_portal import verbs\n"
        "data = Path(sys.argv[1]); verbs.opened(data)\n"
        "from parvis_portal.people import actions as people; from parvis_portal.intake import actions\n"
        "from parvis.store.folder import Folder\n"
        "town = people.organisation('v', name='V')\n"
        "actions.receive(Folder(data), town, None, 'grand.csv', open(sys.argv[2], 'rb'), origin='test')\n"
    )
    subprocess.run([sys.executable, "-c", code, str(data), str(file)], env=environment, check=True, timeout=120)
    process = subprocess.Popen([*parvis, "worker", "--data", str(data)], env=environment, start_new_session=True)
    time.sleep(2.5)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    look = (
        "import sys, json; from pathlib import Path; from parvis_portal import verbs\n"
        "verbs.opened(Path(sys.argv[1]))\n"
        "import datetime as dt; from parvis_portal.jobs.models import JobRun\n"
        "from parvis_portal.intake.models import Submission\n"
        "if len(sys.argv) > 2: JobRun.objects.update(lease_until=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))\n"
        "runs = JobRun.objects.exclude(name='intake.tend')\n"
        "told = [list(m.values_list('state', flat=True)) for m in (Submission.objects.all(), runs)]\n"
        "print(json.dumps(told))"
    )
    subprocess.run([sys.executable, "-c", look, str(data), "expire"], env=environment, check=True, timeout=120)
    subprocess.run([*parvis, "worker", "--once", "--data", str(data)], env=environment, check=True, timeout=180)
    told = subprocess.run(
        [sys.executable, "-c", look, str(data)],
        env=environment,
        check=True,
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip().splitlines()[-1] == '[["ready"], ["done"]]'
