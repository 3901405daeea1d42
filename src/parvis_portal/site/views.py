"""The public pages. Each is whole without a script, and the same for everybody."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from csp.decorators import csp_replace
from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from parvis.catalogue.licences import LICENCES
from parvis.catalogue.themes import THEMES
from parvis.dialects import openapi
from parvis.errors import UnknownName
from parvis.privacy import proof as proving
from parvis.privacy.proof import Proof
from parvis.reports import sheet as sheets
from parvis.store import export, proofs
from parvis.store.folder import Folder
from parvis.values import msg
from parvis.web import Entry
from parvis_portal.api import engine
from parvis_portal.api.views import KEEP, base, negotiated
from parvis_portal.catalogue import queries, search
from parvis_portal.catalogue.models import Dataset, Release
from parvis_portal.people.models import Organisation
from parvis_portal.site import pages
from parvis_portal.site.context import in_language

P = ParamSpec("P")
PAGE = 20  # entries of the catalogue


def kept(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A page that is the same for all visitors: the layer before Django may give it again."""

    @wraps(view)
    def marked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if not request.COOKIES and response.status_code == 200:
            response[KEEP] = "1"
            patch_vary_headers(response, ["Accept"])  # a program may prefer statements to the page
            response["Cache-Control"] = "public, max-age=60"
        return response

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", marked)


@require_safe
@kept
def home(request: HttpRequest) -> HttpResponseBase:
    latest = queries.listing(order="recent", limit=6)
    counts = dict(latest.facets["theme"])
    themes = [
        (slug, _(theme.title), counts.get(slug, 0), f"{reverse('site:catalogue')}?{urlencode({'theme': slug})}")
        for slug, theme in THEMES.items()
    ]
    context = {
        "counts": queries.counts(),
        "themes": [t for t in themes if t[2]],
        "latest": latest.entries,
        "organisations": Organisation.objects.filter(datasets__in=queries.visible()).distinct(),
    }
    return render(request, "site/home.html", context)


@require_safe
@kept
def catalogue(request: HttpRequest) -> HttpResponseBase:
    if (told := negotiated(request, "/catalog")) is not None:
        return told
    words = request.GET.get("q", "")[:200].replace("\x00", "")
    chosen = {name: request.GET.get(name, "")[:100].replace("\x00", "") for name in queries.FACETS}
    sort = request.GET.get("sort", "")
    number = pages.whole(request.GET.get("page", ""), 1)
    listing = queries.listing(words=words, filters=chosen, order=sort, limit=PAGE, offset=(number - 1) * PAGE)
    if not listing.entries and number > 1:
        number = pages.last(listing.total, number, PAGE)
        listing = queries.listing(words=words, filters=chosen, order=sort, limit=PAGE, offset=(number - 1) * PAGE)
    context = {
        "listing": listing,
        "facets": pages.facets(request, listing, chosen),
        "words": words,
        "sort": sort,
        "pages": pages.numbering(request, listing.total, number, PAGE),
        "chosen": {k: v for k, v in chosen.items() if v},
        "nearest": search.nearest(queries.visible(), words) if words and not listing.total else "",
    }
    return render(request, "site/catalogue.html", context)


@require_safe
@kept
def dataset(request: HttpRequest, slug: str) -> HttpResponseBase:
    found = queries.find(None, slug)
    if slug != found.slug:  # by its id, which never changes
        return redirect("site:dataset", found.slug)
    if (told := negotiated(request, f"/dataset/{found.pk}")) is not None:
        return told
    return render(request, "site/dataset.html", pages.dataset(request, found, queries.entry(found)))


@require_safe
@kept
def dataset_elsewhere(request: HttpRequest, slug: str, tab: str = "") -> HttpResponseBase:
    """The page of a dataset at the address that links of a former portal name, whatever its tab; nothing is redirected."""
    found = queries.find(None, slug)
    page, home = reverse("site:dataset", args=[found.slug]), base(request)
    known = {"here": home + page, **{code: home + in_language(page, code) for code in ("fr", "en")}}
    context = {**pages.dataset(request, found, queries.entry(found)), "addresses": known}
    return render(request, "site/dataset.html", context)


@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]  # its stubs know no lists
def dataset_framed(request: HttpRequest, slug: str, tab: str = "") -> HttpResponseBase:
    """A light page for the frames of other sites: it holds no form that a click could be stolen for."""
    context = pages.framed(request, queries.entry(queries.find(None, slug)), tab)
    return render(request, "site/embed.html", context)


@require_safe
@kept
def version(request: HttpRequest, slug: str, number: str) -> HttpResponseBase:
    """An older version, as it was: it never changes."""
    found = queries.find(None, slug)
    release = queries.release(None, found, number)
    return render(request, "site/dataset.html", pages.dataset(request, found, queries.entry(found), release))


@require_safe
@kept
def changes(request: HttpRequest, slug: str, number: str) -> HttpResponseBase:
    """What changed in a version since the one before it, or since the one that « depuis » names."""
    found = queries.find(None, slug)
    release, since = queries.release(None, found, number), request.GET.get("depuis", "")
    before = queries.release(None, found, since) if since else queries.preceding(found, release)
    return render(request, "site/changes.html", pages.changed(found, queries.entry(found), release, before))


@require_safe
@kept
def proof(request: HttpRequest, slug: str, number: str) -> HttpResponseBase:
    """What was found in the file of a version, what was done, and what an outsider could still do."""
    found, release, told = _proved(slug, number)
    context = {"entry": queries.entry(found), "version": release.version, "sheet": sheets.sheet(told, say=_)}
    return render(request, "site/proof.html", context)


@require_safe
@kept
def proof_file(request: HttpRequest, slug: str, number: str, kind: str) -> HttpResponseBase:
    """The same to keep: PDF to read, JSON for programs."""
    found, release, told = _proved(slug, number)
    name = f"{found.slug}-v{release.number}-preuve.{kind}"
    headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment"}
    if kind == "json":
        return HttpResponse(proving.dump(told), content_type="application/json", headers=headers)
    if kind != "pdf":
        raise Http404
    language = get_language() or "fr"
    return HttpResponse(
        sheets.document(told, say=_, language=language), content_type="application/pdf", headers=headers
    )


def _proved(slug: str, number: str) -> tuple[Dataset, Release, Proof]:
    found = queries.find(None, slug)
    release = queries.release(None, found, number)
    told = proofs.public(Folder(settings.DATA), release.version_id)
    if told is None:
        raise UnknownName("La version {number} n'a pas de fiche de preuve.", number=release.number)
    return found, release, told


@require_safe
@kept
def organisation(request: HttpRequest, slug: str) -> HttpResponseBase:
    found = get_object_or_404(Organisation, slug=slug)
    total = queries.listing(filters={"organisation": slug}, limit=0).total
    number = pages.last(total, pages.whole(request.GET.get("page", ""), 1), PAGE)
    listing = queries.listing(filters={"organisation": slug}, order="recent", limit=PAGE, offset=(number - 1) * PAGE)
    context = {
        "organisation": found,
        "listing": listing,
        "pages": pages.numbering(request, listing.total, number, PAGE),
    }
    return render(request, "site/organisation.html", context)


@require_safe
@kept
def legal(request: HttpRequest) -> HttpResponseBase:
    return render(request, "site/legal.html", {"licences": LICENCES})


@require_safe
@kept
def accessibility(request: HttpRequest) -> HttpResponseBase:
    return render(request, "site/accessibility.html")


@require_safe
@kept
def api(request: HttpRequest) -> HttpResponseBase:
    """The documentation of the API, drawn from the OpenAPI document itself."""
    example = queries.listing(order="recent", limit=1).entries
    context = {
        "address": base(request),
        "address_path": openapi.PREFIX,
        "operations": pages.operations(base(request)),
        "example": example[0] if example else None,
        "formats": export.FORMATS,
    }
    return render(request, "site/api_docs.html", context)


@require_safe
@kept
def atom(request: HttpRequest) -> HttpResponseBase:
    listing = queries.listing(order="recent", limit=50, faceted=False)
    return HttpResponse(
        pages.feed(base(request), queries.owner(), listing.entries), content_type="application/atom+xml; charset=utf-8"
    )


@require_safe
@kept
def rss(request: HttpRequest) -> HttpResponseBase:
    listing = queries.listing(order="recent", limit=50, faceted=False)
    return HttpResponse(
        pages.rss(base(request), queries.owner(), listing.entries), content_type="application/rss+xml; charset=utf-8"
    )


@require_safe
@kept
def sitemap(request: HttpRequest) -> HttpResponseBase:
    entries: list[Entry] = []
    while batch := queries.listing(order="stable", limit=queries.MOST, offset=len(entries), faceted=False).entries:
        entries += batch
        if len(entries) >= 20_000:  # each in two languages; a site map holds 50,000 addresses
            break
    owners = list(Organisation.objects.filter(datasets__in=queries.visible()).distinct().values_list("slug", flat=True))
    return HttpResponse(pages.site_map(base(request), entries, owners), content_type="application/xml; charset=utf-8")


@require_safe
def robots(request: HttpRequest) -> HttpResponseBase:
    lines = ["User-agent: *", "Disallow: /mairie/", "Disallow: /en/mairie/", f"Sitemap: {base(request)}/sitemap.xml"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponseBase:
    return redirect(f"{settings.STATIC_URL}dist/icon.svg", permanent=True)


@require_safe
def health(request: HttpRequest) -> HttpResponseBase:
    """Whether the portal answers, for whoever watches over it."""
    return JsonResponse({"state": "ok", "datasets": queries.counts()["datasets"], "workers": bool(engine.pool())})


# --- What went wrong ------------------------------------------------------------------------------

_TITLES = {
    400: msg("Cette demande n'est pas comprise"),
    403: msg("Cette page vous est fermée"),
    404: msg("Cette page n'existe pas"),
    405: msg("Cette page se lit, sans plus"),
    410: msg("Ces données ont été retirées"),
    500: msg("Une panne de notre fait"),
    503: msg("Trop de demandes à la fois"),
}


def error_page(request: HttpRequest, status: int, message: str = "", hint: str = "") -> HttpResponse:
    """Return a page that says what happened and where to go."""
    context = {"status": status, "title": _(_TITLES.get(status, _TITLES[500])), "message": message, "hint": hint}
    return render(request, "site/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, TooManyFilesSent):
        said = _("Vous avez envoyé plus de {most} fichiers à la fois.").format(
            most=settings.DATA_UPLOAD_MAX_NUMBER_FILES
        )
        return error_page(
            request, 400, said, _("Déposez-les en plusieurs fois, ou réunissez-les dans une archive ZIP.")
        )
    return error_page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 403, str(exception) if exception.args else "")


def not_from_here(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form came without the mark of our own pages (CSRF): most often they were open for too long."""
    return error_page(
        request,
        403,
        _(
            "Ce formulaire n'a pas pu être vérifié : la page est restée ouverte trop longtemps, ou les cookies sont refusés."
        ),
        _("Revenez à la page, rechargez-la, puis recommencez. Rien n'a été enregistré."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """Say that we failed, with nothing that could fail again."""
    try:
        return error_page(request, 500)
    except Exception:
        said = "Une panne de notre fait est survenue." if get_language() == "fr" else "Something broke on our side."
        return HttpResponse(said, status=500, content_type="text/plain; charset=utf-8")
