"""Reading what is known of people."""

from __future__ import annotations

import hashlib

from django.utils import timezone

from parvis_portal.people.models import Token, User

LONGEST = 200  # signs of a key


def digest(key: str) -> str:
    """Return what is kept of a key: it is drawn at random, long enough that nobody finds it back from this."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def token(key: str) -> Token | None:
    """Return a key that is good: known, and of a person whose account is open. The day is noted, once."""
    if not 0 < len(key) <= LONGEST:
        return None
    found = Token.objects.select_related("user").filter(digest=digest(key), user__is_active=True).first()
    today = timezone.localdate()
    if found is not None and found.used_on != today:
        Token.objects.filter(pk=found.pk).update(used_on=today)
    return found


def tokens(user: User) -> list[Token]:
    """Return a person's keys, newest first."""
    return list(user.tokens.all())
