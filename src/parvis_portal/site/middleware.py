"""Manners of the house: a visitor gets no cookie, French signs keep with their words, an error is said in kind French."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from parvis.errors import BusyError, GoneError, InputError, LimitError, ParvisError, RefusedError, UnknownName
from parvis.text import spaced

Handler = Callable[[HttpRequest], HttpResponseBase]
STATUS: tuple[tuple[type[ParvisError], int], ...] = (
    (GoneError, 410),
    (UnknownName, 404),
    (InputError, 400),
    (RefusedError, 403),
    (BusyError, 503),
    (LimitError, 503),
)
# Tags, and what is not a sentence of ours: programs, what a person types, code, the cells of the data.
_KEPT = re.compile(r"(<(script|style|textarea|option|pre|code|td)\b.*?</\2\s*>|<[^>]*>)", re.DOTALL | re.IGNORECASE)

_LOOSE = re.compile("« | »| [:;?!]")


def visitors_without_cookie(get_response: Handler) -> Handler:
    """Take off any cookie set on a public page to somebody who came without a session."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponse) and not _in_town_hall(request.path):
            if settings.SESSION_COOKIE_NAME not in request.COOKIES:
                response.cookies.clear()
            response.headers.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY or "same-origin")
        return response

    return middleware


def french_signs(get_response: Handler) -> Handler:
    """Keep « », « : » and « ? » on the line of the word they belong to, in French pages."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        html = isinstance(response, HttpResponse) and response.get("Content-Type", "").startswith("text/html")
        if html and isinstance(response, HttpResponse) and get_language() == "fr":
            response.content = typeset(response.content.decode(response.charset)).encode(response.charset)
        return response

    return middleware


def typeset(page: str) -> str:
    """Return a page whose sentences hold French no-break spaces; its tags, scripts, code and data are as they were."""
    out, at = [], 0
    for kept in _KEPT.finditer(page):
        if kept.start() > at:
            said = page[at : kept.start()]
            out.append(spaced(said) if _LOOSE.search(said) else said)
        out.append(kept[0])
        at = kept.end()
    return "".join([*out, spaced(page[at:])])


def kind_errors(get_response: Handler) -> Handler:
    """Show an error of the engine as a page with its own status."""

    class Middleware:
        def __call__(self, request: HttpRequest) -> HttpResponseBase:
            response = get_response(request)
            if isinstance(response, HttpResponseNotAllowed) and not response.content:
                from parvis_portal.site.views import error_page

                said = error_page(request, 405)
                said["Allow"] = response["Allow"]
                return said
            return response

        def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
            from parvis_portal.site.views import error_page

            if not isinstance(error, ParvisError):
                return None
            status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
            message, hint = (_(part).format(**error.values) if part else "" for part in (error.message, error.hint))
            response = error_page(request, status, message, hint)
            if isinstance(error, BusyError):
                response["Retry-After"] = str(error.retry_after)
            return response

    return Middleware()


def _in_town_hall(path: str) -> bool:
    return path.startswith(("/mairie/", "/en/mairie/"))
