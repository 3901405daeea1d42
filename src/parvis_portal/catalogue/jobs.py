"""What workers do for the catalogue, which nobody waits for: the common files of a version, written after its release."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from django.conf import settings

from parvis.store import readying, shelf
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis_portal.catalogue import actions
from parvis_portal.jobs.actions import enqueue
from parvis_portal.jobs.models import JobRun, State

Progress = Callable[[float, str], None]
_asked: dict[str, int] = {}  # the catalogue's stamp at the last look, by data folder


def write_files(argument: str, progress: Progress) -> None:
    """Write the files of the current versions that have none, those released last first."""
    folder = Folder(settings.DATA)
    waiting = readying.missing(folder)
    if not waiting:
        return
    pool = Pool(folder, workers=1, exports=1)
    try:
        for n, version in enumerate(waiting):
            found = shelf.load(folder, version)
            progress(n / len(waiting), found.metadata.title)
            readying.write(pool, found)
    finally:
        pool.close()
        actions.turn(folder)  # pages and catalogues tell their sizes


def tick(now: dt.datetime) -> None:
    """Ask for the files of what was released, once nothing more comes. Called every few seconds by the workers."""
    stamp = Folder(settings.DATA).stamp
    if not stamp.exists():
        return
    moved, key = stamp.stat(), str(settings.DATA)
    if _asked.get(key) == moved.st_mtime_ns or time.time() - moved.st_mtime < settings.FILES_AFTER:
        return
    _asked[key] = moved.st_mtime_ns
    busy = JobRun.objects.filter(name="catalogue.write_files", state__in=(State.WAITING, State.RUNNING)).exists()
    if not busy and readying.missing(Folder(settings.DATA)):
        enqueue("catalogue.write_files", "")
