"""A process that does jobs: the task library's own loop, with the reaper of dead ones, the clock, and beside it a lane
for the jobs that wait for other machines."""

from __future__ import annotations

import logging
import threading
import time

from django.db import close_old_connections, connection
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker

from parvis_portal.jobs.tasks import reap, tick

REAP_EVERY = 15.0  # seconds
PAUSE = 0.3  # seconds between two looks at an empty queue
PATIENCE = 5.0  # seconds left to a job that waits for another machine when the worker stops


def run(*, once: bool = False) -> int:
    """Do jobs until told to stop (SIGINT, SIGTERM: the current one is finished), or until none waits with ``once``.

    Returns how many were done.
    """
    logging.getLogger("django_tasks").setLevel(logging.WARNING)
    logging.getLogger("django_tasks_db").setLevel(logging.ERROR)
    stop = threading.Event()
    reap()
    tick()
    if once:
        worker = _worker(["default", "outside"], once)
        worker.run()
        return worker._run_tasks
    worker, outside = _worker(["default"], once), _worker(["outside"], once)
    threading.Thread(target=_reap_always, args=(stop,), daemon=True).start()
    lane = threading.Thread(target=_run_apart, args=(outside,), daemon=True)
    lane.start()
    if threading.current_thread() is threading.main_thread():
        worker.configure_signals()
    try:
        worker.run()
    finally:
        stop.set()
        outside.running = False
        lane.join(PATIENCE)  # what is cut then is taken again: its lease ends with this process
    return worker._run_tasks + outside._run_tasks


def _worker(queues: list[str], once: bool) -> Worker:
    return Worker(
        queue_names=queues,
        interval=PAUSE,
        batch=once,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(32),
        excluded_queue_names=[],
    )


def _run_apart(worker: Worker) -> None:
    """Do the jobs that wait for other machines, beside the others; what stops the loop only starts it again."""
    while worker.running:
        try:
            worker.run()
        except Exception:
            logging.getLogger("parvis.jobs").exception("lane")
            time.sleep(PAUSE)
    connection.close()


def _reap_always(stop: threading.Event) -> None:
    while not stop.wait(REAP_EVERY):
        try:
            close_old_connections()
            reap()
            tick()
        except Exception:
            logging.getLogger("parvis.jobs").exception("reaper")
    connection.close()
