"""The query workers of this web process, and the answers it keeps: started at the first question, one set a process."""

from __future__ import annotations

import atexit
import threading

from django.conf import settings

from parvis.store.cache import Cache
from parvis.store.folder import Folder
from parvis.store.pool import Pool

_lock = threading.Lock()
_made: dict[str, tuple[Pool, Cache]] = {}


def folder() -> Folder:
    return Folder(settings.DATA)


def pool() -> Pool:
    """Return the pool of this process: its workers read the shelf and nothing else."""
    return _engine()[0]


def cache() -> Cache:
    return _engine()[1]


def close() -> None:
    """End the workers, for a clean stop."""
    with _lock:
        for running, _ in _made.values():
            running.close()
        _made.clear()


def _engine() -> tuple[Pool, Cache]:
    key = str(settings.DATA)
    with _lock:
        if key not in _made:
            _made[key] = (Pool(Folder(settings.DATA), workers=settings.QUERY_WORKERS), Cache(settings.CACHE_BYTES))
        return _made[key]


atexit.register(close)
