"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from parvis_portal.people.access import membership, rights
from parvis_portal.people.models import Organisation


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """Return the portal's owner, the reader's rights and the address of this page in the other language."""
    user = getattr(request, "user", None)
    return {
        "site": SimpleLazyObject(owner),
        "can": SimpleLazyObject(lambda: rights(user)),
        "membership": SimpleLazyObject(lambda: membership(user)),
        "other_language_url": other_language(request.path),
        "other_language": "en" if get_language() == "fr" else "fr",
        "map_tiles": settings.MAP_TILES,
    }


def owner() -> Organisation:
    """Return who holds the portal: the first organisation made."""
    return Organisation.objects.order_by("pk").first() or Organisation(name="Parvis", slug="parvis")


def other_language(path: str) -> str:
    """Return the same page's address in the other language; programs' addresses have only one."""
    if path.startswith("/en/"):
        return path[3:]
    return "/en" + path
