"""A process that does jobs: the task library's own loop, with the reaper of dead ones and the clock beside it."""

from __future__ import annotations

import logging
import threading

from django.db import close_old_connections, connection
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker

from parvis_portal.jobs.tasks import reap, tick

REAP_EVERY = 15.0  # seconds
PAUSE = 0.3  # seconds between two looks at an empty queue


def run(*, once: bool = False) -> int:
    """Do jobs until told to stop (SIGINT, SIGTERM: the current one is finished), or until none waits with ``once``.

    Returns how many were done.
    """
    logging.getLogger("django_tasks").setLevel(logging.WARNING)
    logging.getLogger("django_tasks_db").setLevel(logging.ERROR)
    stop = threading.Event()
    reap()
    tick()
    reaper = threading.Thread(target=_reap_always, args=(stop,), daemon=True)
    if not once:
        reaper.start()
    worker = Worker(
        queue_names=["default"],
        interval=PAUSE,
        batch=once,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(32),
        excluded_queue_names=[],
    )
    if threading.current_thread() is threading.main_thread() and not once:
        worker.configure_signals()
    try:
        worker.run()
    finally:
        stop.set()
    return worker._run_tasks


def _reap_always(stop: threading.Event) -> None:
    while not stop.wait(REAP_EVERY):
        try:
            close_old_connections()
            reap()
            tick()
        except Exception:
            logging.getLogger("parvis.jobs").exception("reaper")
    connection.close()
