"""The journal: one line for each act that matters, written in the act's own transaction."""

from __future__ import annotations

from typing import Any

from parvis_portal.people.models import Act, Organisation, User


def write(user: User | None, organisation: Organisation, verb: str, target: str = "", **details: Any) -> Act:
    """Add a line; ``user`` None is the machine itself (a job, a command)."""
    return Act.objects.create(
        organisation=organisation,
        user=user,
        by=str(user) if user else "Parvis",
        verb=verb,
        target=target,
        details=details,
    )
