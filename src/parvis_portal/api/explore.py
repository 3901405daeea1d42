"""Old addresses of Opendatasoft: its first API, and the downloads that links of other sites still name."""

from __future__ import annotations

import datetime

from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from parvis.dialects import ods_v1
from parvis_portal.api import engine
from parvis_portal.api.catalogue import PortalCatalogue
from parvis_portal.api.views import asked, sent

app_name = "explore"


@csrf_exempt
def first(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Answer the programs and links that know the first API."""
    now = datetime.datetime.now(datetime.UTC)
    return sent(ods_v1.answer(asked(request), PortalCatalogue(), engine.pool(), engine.cache(), now))


urlpatterns = [
    path("explore/dataset/<str:rest>/download", first, name="download"),
    path("explore/dataset/<str:rest>/download/", first),
]
