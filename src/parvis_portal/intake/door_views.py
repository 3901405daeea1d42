"""The page of a dataset's door: the key by which a program sends its rows."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from parvis_portal.catalogue import queries as catalogue
from parvis_portal.intake import pushed
from parvis_portal.intake.models import Door
from parvis_portal.people.access import needs, require
from parvis_portal.people.models import Membership


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs("sources")
def door(request: HttpRequest, member: Membership, slug: str) -> HttpResponseBase:
    """Open the door of a published dataset, change its key or close it; a key is read once."""
    rows = catalogue.managed(request.user).select_related("organisation", "current")
    dataset, made = get_object_or_404(rows, slug=slug), ""
    require(request.user, "sources", dataset.organisation)
    if dataset.current is None:
        raise Http404
    if request.method == "POST" and request.POST.get("act") == "open":
        made = pushed.open_door(dataset, member.user)
    elif request.method == "POST" and request.POST.get("act") == "close":
        pushed.close_door(dataset, member.user)
    path = reverse("api:push", args=[f"{dataset.slug}/realtime/push/"])
    base = settings.ADDRESS or f"{request.scheme}://{request.get_host()}"
    shown = {"dataset": dataset, "door": Door.objects.filter(dataset=dataset).first(), "made": made}
    return render(request, "intake/door.html", {**shown, "address": f"{base}{path}"})
