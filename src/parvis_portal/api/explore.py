"""Old addresses of Opendatasoft: its first API, and the downloads that links of other sites still name."""

from __future__ import annotations

import dataclasses
import datetime

from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from parvis.dialects import ods_push, ods_v1
from parvis.web import Response
from parvis_portal.api import engine, keys
from parvis_portal.api.catalogue import PortalCatalogue, RowsCatalogue
from parvis_portal.api.views import asked, sent
from parvis_portal.intake import pushed as receiving
from parvis_portal.people.models import User

app_name = "explore"


@csrf_exempt
def first(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Answer the programs and links that know the first API, which may ask by a form."""
    now = datetime.datetime.now(datetime.UTC)
    told = asked(request)
    if request.method == "POST":
        form = tuple((n, v) for n, values in request.POST.lists() for v in values if isinstance(v, str))
        told = dataclasses.replace(told, query=(*told.query, *form))

    def answer(user: User | None) -> Response:
        rows = user is None and "/datasets/1.0/" not in request.path
        catalogue = RowsCatalogue() if rows else PortalCatalogue(user)
        return ods_v1.answer(told, catalogue, engine.pool(), engine.cache(), now)

    return sent(keys.answered(request, told, answer, first=True))


@csrf_exempt
def pushed(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Answer a program that pushes its measures to a dataset whose key it has."""
    body = request.read(ods_push.BODY + 1) if request.method == "POST" else b""
    return sent(ods_push.answer(dataclasses.replace(asked(request), body=body), receiving.receive))


urlpatterns = [
    path("explore/dataset/<str:rest>/download", first, name="download"),
    path("explore/dataset/<str:rest>/download/", first),
]
