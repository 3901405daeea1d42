"""A schema at an https address: fetched with limits, never from inside the network it runs in."""

from __future__ import annotations

from parvis.outgoing import Client
from parvis.schemas.schema import SIZE

SECONDS = 10.0  # for one answer to begin, and each of its parts to come
WHOLE = 30.0  # for all of it, redirections too


def fetch(address: str) -> bytes:
    """Return the bytes of a schema of 5 MB at most.

    Only https on its usual port, and only hosts whose every address is public: each redirection is checked the same.
    Raises: InputError or RefusedError for an address that is not so, RemoteError when it does not answer, LimitError
    when too large.
    """
    with Client(seconds=SECONDS, whole=WHOLE) as client:
        accepted = {"Accept": "application/json, */*;q=0.1"}
        with client.ask(address, headers=accepted, size=SIZE, only_https=True) as answer:
            return answer.read()
