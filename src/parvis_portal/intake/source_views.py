"""The pages of sources: what there is, adding one, its settings, trying it, what it brought."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from parvis import connectors
from parvis.errors import ParvisError
from parvis_portal.intake import queries, schedule, sources
from parvis_portal.intake.models import Source, Visit
from parvis_portal.intake.source_forms import SourceForm
from parvis_portal.people.access import needs
from parvis_portal.people.models import Membership

_SHOWN = 30


@never_cache
@require_safe
@needs("review")
def index(request: HttpRequest, member: Membership) -> HttpResponseBase:
    """Where the town's files come from, how each place does, and when the next visit is."""
    rows = queries.sources(request.user).select_related("organisation")
    return render(request, "intake/sources.html", {"sources": [_line(s) for s in rows]})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs("sources")
def add(request: HttpRequest, member: Membership) -> HttpResponseBase:
    """Choose a kind of place, then fill in what it asks."""
    name = request.GET.get("genre", "")
    known = connectors.plugins()
    if name not in known:
        return render(request, "intake/source_kinds.html", {"kinds": [(n, m.TITLE, m.HELP) for n, m in known.items()]})
    form = SourceForm(known[name], request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            source = sources.create(
                member.organisation, member.user, form.cleaned_data["name"], name, form.settled,
                form.cleaned_data.get("secret", ""), form.rhythm_written,
            )  # fmt: skip
        except ParvisError as error:
            form.refuse(error)
        else:
            sources.visit(source, member.user)
            messages.success(request, _("La source est enregistrée."))
            return redirect("intake:source", source.pk)
    context = {"form": form, "kind": known[name], "folder": _folder(name, member)}
    return render(request, "intake/source_form.html", context, status=400 if form.errors else 200)


@never_cache
@require_safe
@needs("review")
def source(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    """One source: its settings, its visits, what arrived."""
    found = _source(request, pk)
    visits = list(found.visits.select_related("job", "asked_by")[:_SHOWN])
    context = {
        "line": _line(found),
        "source": found,
        "told": _told(found),
        "visits": visits,
        "current": next((v for v in visits if v.open), None),
        "arrivals": queries.submissions(request.user).filter(source=found)[:_SHOWN],
    }
    return render(request, "intake/source.html", context)


@never_cache
@require_safe
@needs("review")
def progress(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    """How far the visit under way is, for the page's script: {share, said, state, next}."""
    found = _source(request, pk)
    current = found.visits.filter(state__in=[Visit.State.WAITING, Visit.State.RUNNING]).select_related("job").first()
    job = current.job if current else None
    return JsonResponse(
        {
            "share": job.share if job else 0,
            "said": job.said if job else "",
            "state": "running" if current else "done",
            "next": "" if current else reverse("intake:source", args=[pk]),
        }
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs("sources")
def change(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    """Change a source's name, settings, secret or rhythm."""
    found = _source(request, pk)
    plugin = connectors.kind(found.connector)
    form = SourceForm(plugin, request.POST or None, initial=SourceForm.initial_of(found), source=found)
    if request.method == "POST" and form.is_valid():
        try:
            sources.change(
                found, member.user, form.cleaned_data["name"], form.settled, form.cleaned_data.get("secret", ""),
                form.rhythm_written,
            )  # fmt: skip
        except ParvisError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Les réglages sont enregistrés."))
            return redirect("intake:source", pk)
    context = {"form": form, "kind": plugin, "source": found, "folder": _folder(found.connector, member)}
    return render(request, "intake/source_form.html", context, status=400 if form.errors else 200)


@never_cache
@require_POST
@needs("sources")
def visit(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    """Go there now."""
    sources.visit(_source(request, pk), member.user)
    return redirect("intake:source", pk)


@never_cache
@require_POST
@needs("sources")
def pause(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    """Stop the schedule, or start it again."""
    found = sources.pause(_source(request, pk), member.user)
    said = _("La source reprend.") if found.enabled else _("La source est en pause : Parvis n'y va plus tout seul.")
    messages.success(request, said)
    return redirect("intake:source", pk)


@never_cache
@require_POST
@needs("sources")
def again(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    """Bring everything again, what was already seen too."""
    found = _source(request, pk)
    try:
        sources.visit(sources.forget_marks(found, member.user), member.user)
    except ParvisError as error:
        messages.error(request, error.text)
    return redirect("intake:source", pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs("sources")
def remove(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    """Remove a source, once it was asked again."""
    found = _source(request, pk)
    if request.method == "POST":
        try:
            sources.remove(found, member.user)
        except ParvisError as error:
            messages.error(request, error.text)
            return redirect("intake:source", pk)
        messages.success(request, _("La source « %(name)s » est supprimée.") % {"name": found.name})
        return redirect("intake:sources")
    return render(request, "intake/source_remove.html", {"source": found})


def _source(request: HttpRequest, pk: int) -> Source:
    return get_object_or_404(queries.sources(request.user).select_related("organisation"), pk=pk)


def _line(found: Source) -> dict[str, Any]:
    """Return a source as a line of a list says it."""
    known = connectors.plugins().get(found.connector)
    return {
        "source": found,
        "title": _(known.TITLE) if known else found.connector,
        "when": schedule.said(found.schedule),
        "state": "pause" if not found.enabled else "bad" if found.failed else "good" if found.last_at else "new",
    }


def _told(found: Source) -> list[tuple[str, str]]:
    """Return the settings as people read them; of the secret, only that there is one."""
    known = connectors.plugins().get(found.connector)
    out = []
    for setting in known.SETTINGS if known else ():
        value = found.settings.get(setting.name)
        if setting.kind == "flag":
            out.append((_(setting.label), _("oui") if value else _("non")))
        elif setting.kind == "choice":
            out.append((_(setting.label), _(dict(setting.choices).get(str(value), str(value)))))
        elif value:
            out.append((_(setting.label), ", ".join(value) if isinstance(value, list) else str(value)))
    if found.secret and known and known.SECRET:
        out.append((_(known.SECRET.label), _("enregistré, jamais montré")))
    return out


def _folder(connector: str, member: Membership) -> str:
    """Return the folder opened to a town's watched folders, for the page that asks for a subfolder."""
    place = sources.opened_folder(member.organisation) if connector == "folder" else None
    return str(place or "")
