"""Who asks, by the key of a program, and how much of a day's calls is left: for the dialect whose clients expect both.

Calls are counted in the memory of this process: a key by its number, any other caller by a digest of his address that is
drawn anew each day and written nowhere.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import ipaddress
import secrets
import threading
from collections import Counter
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest

from parvis.dialects.ods_request import CALLS, Quota, key_of, too_many, unknown_key
from parvis.web import Request, Response
from parvis_portal.people import queries
from parvis_portal.people.models import User

CROWD = 100_000  # callers remembered: beyond, those who asked least are forgotten


class Counted:
    """The calls of each caller since midnight, UTC. Usable from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._day = datetime.date.min
        self._salt = b""
        self._calls: Counter[str] = Counter()

    def call(self, caller: str, limit: int, now: datetime.datetime) -> Quota:
        """Count a call, and return what is left: less than nothing when there was nothing left."""
        with self._lock:
            if now.date() != self._day:
                self._day, self._salt = now.date(), secrets.token_bytes(16)
                self._calls.clear()
            if len(self._calls) > CROWD:
                self._calls = Counter(dict(self._calls.most_common(CROWD // 2)))
            mark = hashlib.blake2b(caller.encode(), key=self._salt, digest_size=12).hexdigest()
            self._calls[mark] += 1
            left = limit - self._calls[mark]
        return Quota(limit, left, midnight(now))


_counted = Counted()


def midnight(now: datetime.datetime) -> datetime.datetime:
    """Return the next one, UTC."""
    return datetime.datetime.combine(now.date(), datetime.time(), datetime.UTC) + datetime.timedelta(days=1)


def answered(
    request: HttpRequest, told: Request, answer: Callable[[User | None], Response], *, first: bool = False
) -> Response:
    """Return the answer made for who a request's key names, None for anybody; 401 for a wrong key, 429 beyond the quota.

    What a key opens is for its holder alone: no cache keeps it.
    """
    now = datetime.datetime.now(datetime.UTC)
    key = key_of(told)
    token = queries.token(key) if key else None
    if key and token is None:
        return unknown_key(first)
    limit = settings.CALLS_PER_DAY
    if limit:
        quota = _counted.call(f"key {token.pk}" if token else _place(request), limit, now)
        if quota.left < 0:
            return too_many(quota, now)
    else:
        quota = Quota(CALLS, CALLS, midnight(now))
    response = answer(token.user if token else None)
    headers = {**response.headers, **quota.headers()}
    if token is not None:
        headers |= {"cache-control": "private, max-age=60", "vary": "Authorization"}
    return dataclasses.replace(
        response, headers=headers, cacheable=response.cacheable and token is None and not limit
    )  # a kept answer would tell what was left to another


def _place(request: HttpRequest) -> str:
    """Return the address that counts for a caller: of the newer kind, one home has as many as it likes in 64 bits."""
    said = str(request.META.get("REMOTE_ADDR", ""))
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return said
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else said
