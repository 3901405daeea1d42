"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from parvis_portal.api.views import base
from parvis_portal.catalogue.queries import owner
from parvis_portal.people.access import membership, rights


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """Return the portal's owner, the reader's rights and the address of this page in the other language."""
    user = getattr(request, "user", None)
    return {
        "site": SimpleLazyObject(owner),
        "can": SimpleLazyObject(lambda: rights(user)),
        "membership": SimpleLazyObject(lambda: membership(user)),
        "other_language_url": other_language(request.path) + query(request),
        "addresses": SimpleLazyObject(lambda: addresses(request)),
        "other_language": "en" if get_language() == "fr" else "fr",
        "map_tiles": settings.MAP_TILES,
    }


def addresses(request: HttpRequest) -> dict[str, str]:
    """Return the whole address of this page, and of the same in each language, for search engines and shared links."""
    home = base(request)
    return {"here": home + request.path, **{code: home + in_language(request.path, code) for code in ("fr", "en")}}


def query(request: HttpRequest) -> str:
    """Return what the reader asked for, to keep it when he changes language."""
    asked = request.META.get("QUERY_STRING", "")
    return f"?{asked}" if asked and request.method == "GET" and len(asked) < 2000 else ""


def in_language(path: str, code: str) -> str:
    """Return the address of the same page in a language."""
    bare = path[3:] if path.startswith("/en/") else path
    return bare if code == "fr" else f"/en{bare}"


def other_language(path: str) -> str:
    """Return the same page's address in the other language; programs' addresses have only one."""
    return in_language(path, "fr" if path.startswith("/en/") else "en")
