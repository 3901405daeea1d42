"""How often each dataset is downloaded, month by month: a number, and nothing of who.

A middleware counts in memory, by the address alone, and brings the numbers to the database every half minute.
"""

from __future__ import annotations

import atexit
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import unquote

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from parvis.dialects.metrics import Line
from parvis_portal.catalogue import actions, queries

EVERY = 30.0  # seconds
_FILES = re.compile(
    r"/api/v1/datasets/(?P<native>[^/]+)/(?:versions/[^/]+/)?exports/[^/]+/?"
    r"|/api/(?:explore/)?v2(?:\.[01])?/\w+/datasets/(?P<explore>[^/]+)/exports/[^/]+/?"
    r"|/explore/dataset/(?P<old>[^/]+)/download/?"
    r"|/api/resources/(?P<tabular>[^/]+)/data/(?:csv|json)/?"
    r"|/datastore/dump/(?P<dump>[^/]+)/?"
)


class Tally:
    """Downloads by (name in the address, month), until they are brought. Usable from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._at = time.monotonic()

    def count(self, name: str) -> None:
        month = f"{timezone.localdate():%Y-%m}"
        with self._lock:
            self._counts[name[:100], month] += 1
            due = time.monotonic() - self._at > EVERY
        if due:
            self.bring()

    def bring(self) -> None:
        """Bring what was counted to the database; what it does not take now is brought the next time."""
        with self._lock:
            counts, self._counts, self._at = self._counts, Counter(), time.monotonic()
        if not counts:
            return
        try:
            actions.add_downloads(counts)
        except DatabaseError:
            with self._lock:
                self._counts.update(counts)


tally = Tally()


def downloads(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Count each file that is given."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.method == "GET" and response.status_code == 200 and (name := downloaded(request)):
            tally.count(name)
        return response

    return middleware


def downloaded(request: HttpRequest) -> str:
    """Return the dataset, by the name in the address, whose file is asked for; "" for anything else."""
    if match := _FILES.fullmatch(request.path):
        return unquote(next(g for g in match.groups() if g))
    if request.path.rstrip("/") == "/api/records/1.0/download":
        return str(request.GET.get("dataset", ""))
    return ""


def counted(kind: str) -> list[Line]:
    """Return the lines of a kind of things, those that anybody may see."""
    tally.bring()
    return queries.downloads(by_organisation=kind == "organizations")


def _last() -> None:
    with suppress(Exception):  # the database may be gone before us
        tally.bring()


atexit.register(_last)
